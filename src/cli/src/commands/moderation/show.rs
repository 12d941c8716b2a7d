//! `moderation show`: one held post, and the beginning of what it says.

use std::path::Path;

use mailjam_rpc::records::{Held, HeldDetail};

use crate::command::{Args, Outcome};
use crate::error::Error;
use crate::output::{Screen, clean, clean_lines, or_dash, replace_file};
use crate::session::{Session, text, understand};

/// Lines of the body that are shown: enough to see what it is.
const LINES: usize = 20;

pub fn show(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let answer = session.call("moderation.get", vec![text(args.text("id"))])?;
    let detail: HeldDetail = understand("moderation.get", answer.clone())?;
    if let Some(file) = args.file("raw") {
        if file == Path::new("-") {
            session.screen.bytes(&detail.raw);
            return Ok(Outcome::Done);
        }
        replace_file(file, &detail.raw)?;
    }
    if session.json {
        session.screen.json(&answer);
    } else {
        show_detail(&mut session.screen, &detail);
    }
    Ok(Outcome::Done)
}

fn show_detail(screen: &mut Screen, detail: &HeldDetail) {
    let HeldDetail { item, raw } = detail;
    let Held { id, list, sender, subject, message_id, size, rule, reason, received, expires } = item;
    let title = screen.title(id);
    writeln!(screen, "{title}");
    let fields = [
        ("list", clean(list).into_owned()),
        ("sender", or_dash(sender)),
        ("subject", or_dash(subject)),
        ("message-id", or_dash(message_id)),
        ("size", format!("{size} octets")),
        ("held by", format!("{}: {}", clean(rule), clean(reason))),
        ("received", received.to_string()),
        ("expires", expires.to_string()),
    ];
    screen.fields(2, &fields);
    writeln!(screen);
    let (beginning, more) = beginning(raw);
    for line in beginning {
        writeln!(screen, "{}", format_args!("  {line}").to_string().trim_end());
    }
    if more > 0 {
        writeln!(screen, "  and {more} more lines; --raw shows all");
    }
}

/// The first lines of the body of a message, and how many more there are.
fn beginning(raw: &[u8]) -> (Vec<String>, usize) {
    let text = String::from_utf8_lossy(raw);
    let mut body = text.lines().skip_while(|line| !line.is_empty()).skip(1);
    let first = body.by_ref().take(LINES).map(|line| clean_lines(line).into_owned()).collect();
    (first, body.count())
}

#[cfg(test)]
mod tests {
    use super::beginning;

    #[test]
    fn the_body_begins_behind_the_first_empty_line_and_commands_no_terminal() {
        let (lines, more) = beginning(b"Subject: a\r\n\r\n\x1b[2Jone\r\n\r\ncaf\xe9\r\n");
        assert_eq!(lines, ["\u{fffd}[2Jone", "", "caf\u{fffd}"]);
        assert_eq!(more, 0);
        let long = format!("\n{}", "line\n".repeat(25));
        assert_eq!(beginning(long.as_bytes()), (vec!["line".to_owned(); 20], 5));
        assert_eq!(beginning(b"Subject: nothing else"), (vec![], 0));
        assert_eq!(beginning(b""), (vec![], 0));
    }
}
