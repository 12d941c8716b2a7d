//! `digest`: what waits for a list's next digest.

use std::path::Path;

use mailjam_rpc::Time;
use mailjam_rpc::records::{DigestPreview, DigestStatus};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::replace_file;
use crate::session::{Session, text, understand};

use super::LIST;

const OUTPUT: Arg =
    Arg::new("output", Form::Value, "FILE", "Write the digest to FILE; else to standard output").names(Names::File);

pub const NOUN: Command = Command::group(
    "digest",
    "Several posts in one mail, for members who want that",
    &[
        Command::new("status", "Show what waits for the next digest", &["digest.status"], &[LIST], status).details(
            "\
A digest goes out when its first post has waited for digest_period, or when there are digest_size octets of posts.",
        ),
        Command::new("send", "Send the next digest now", &["digest.send"], &[LIST], send),
        Command::new("preview", "Write the next digest to a file", &["digest.preview"], &[LIST, OUTPUT], preview),
    ],
);

fn status(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let list = args.text("list");
    session.show("digest.status", vec![text(list)], |screen, status: DigestStatus| {
        let time = |time: Option<Time>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
        let last = match status.sent {
            Some(at) => format!("volume {}, issue {}, {at}", status.volume, status.issue),
            None => "-".to_owned(),
        };
        let title = screen.title(list);
        writeln!(screen, "{title}");
        let fields = [
            ("members", format!("{} whole messages, {} plain text", status.mime, status.plain)),
            ("last", last),
            ("waiting", format!("{} posts, {} octets", status.posts, status.octets)),
            ("oldest", time(status.oldest)),
            ("next", time(status.next)),
        ];
        screen.fields(2, &fields);
    })
}

fn send(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let list = args.text("list");
    session.show("digest.send", vec![text(list)], |screen, posts: i32| {
        writeln!(screen, "sent a digest of {posts} posts");
    })
}

fn preview(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let list = args.text("list");
    let answer = session.call("digest.preview", vec![text(list)])?;
    let preview: DigestPreview = understand("digest.preview", answer.clone())?;
    if session.json {
        session.screen.json(&answer);
    } else if preview.posts == 0 {
        session.screen.note(format_args!("nothing waits for a digest of {list}"));
    } else {
        match args.file("output").filter(|file| *file != Path::new("-")) {
            Some(file) => replace_file(file, &preview.message)?,
            None => session.screen.bytes(&preview.message),
        }
    }
    Ok(Outcome::Done)
}
