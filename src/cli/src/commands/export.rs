//! `member export`: the members of a list as a file, in the form that the next program wants.

use std::path::Path;

use mailjam_rpc::Shape;
use mailjam_rpc::records::{Member, Page, Query};

use crate::command::{Args, Outcome};
use crate::error::Error;
use crate::output::{json, replace_file_with};
use crate::session::{Session, param, text};

/// Members a call.
const PAGE: i32 = 2_000;

/// Columns of the CSV, and its first line.
const COLUMNS: [&str; 8] = ["address", "name", "mode", "since", "language", "away_until", "own_posts", "posting"];

/// Forms by their names: RFC 4180, <https://jsonlines.org>, and what "member import" reads.
pub const FORMS: &[&str] = &["csv", "jsonl", "text"];

pub fn export(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let list = args.text("list");
    let form = match args.optional("format") {
        None if session.json => "jsonl",
        form => form.unwrap_or("csv"),
    };
    match args.file("file").filter(|file| *file != Path::new("-")) {
        Some(file) => {
            let mut count = 0;
            replace_file_with(file, |out| {
                pages(session, list, form, |_, text, members| {
                    count += members;
                    out.write_all(text).map_err(Error::write(file))
                })
            })?;
            session.screen.note(format_args!("members written to {}: {count}", file.display()));
        }
        None => pages(session, list, form, |session, text, _| {
            session.screen.bytes(text);
            Ok(())
        })?,
    }
    Ok(Outcome::Done)
}

/// Hands over all members, a page at a time, with their number.
fn pages(
    session: &mut Session,
    list: &str,
    form: &str,
    mut write: impl FnMut(&mut Session, &[u8], usize) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut cursor = None;
    let mut text_so_far = if form == "csv" { csv(&COLUMNS.map(str::to_owned)) } else { Vec::new() };
    loop {
        let query = Query { cursor, limit: Some(PAGE), filter: None };
        let page: Page<Member> = session.ask("member.list", vec![text(list), param(query)])?;
        let members = page.items.len();
        for member in page.items {
            text_so_far.extend(line(member, form));
        }
        write(session, &text_so_far, members)?;
        text_so_far.clear();
        cursor = page.next;
        if cursor.is_none() || session.screen.is_closed() {
            return Ok(());
        }
    }
}

fn line(member: Member, form: &str) -> Vec<u8> {
    match form {
        "jsonl" => {
            let mut line = Vec::new();
            // A Vec takes all.
            let _ = member.to_value().map(|value| json::write(&value, &mut line));
            line.push(b'\n');
            line
        }
        "text" => format!("{}\n", named(&member)).into_bytes(),
        _ => csv(&[
            member.address,
            member.name,
            member.mode,
            member.since.to_string(),
            member.language.unwrap_or_default(),
            member.away_until.map(|time| time.to_string()).unwrap_or_default(),
            if member.own_posts { "yes" } else { "no" }.to_owned(),
            member.posting,
        ]),
    }
}

/// `ADDRESS` or `"Name" <ADDRESS>`, as "member import" reads it.
fn named(member: &Member) -> String {
    if member.name.is_empty() {
        return member.address.clone();
    }
    let name = member.name.replace('\\', "\\\\").replace('"', "\\\"").replace(char::is_control, " ");
    format!("\"{name}\" <{}>", member.address)
}

/// A line of RFC 4180: quotes around what needs them, doubled where they stand within.
fn csv(fields: &[String]) -> Vec<u8> {
    let quoted = |field: &String| {
        let needs = field.contains(['"', ',', '\r', '\n']);
        if needs { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() }
    };
    let mut line = fields.iter().map(quoted).collect::<Vec<_>>().join(",").into_bytes();
    line.extend(b"\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::csv;

    #[test]
    fn fields_are_quoted_where_they_have_to_be() {
        let fields = ["a@x.org", "Doe, \"J\"", "two\nlines", ""].map(str::to_owned);
        assert_eq!(csv(&fields), b"a@x.org,\"Doe, \"\"J\"\"\",\"two\nlines\",\r\n");
    }
}
