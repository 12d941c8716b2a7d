//! What people ask a list by mail: commands in address, subject or body, and what the list answers.
//!
//! Nothing that a mail says changes anything, since anybody can write anything in anybody's name: [`answer`] asks back, and
//! only a token from that mail acts.

use std::borrow::Cow;

use crate::decide::Standing;
use crate::list::List;
use crate::member::{Mode, Preference, day};
use crate::mime;
use crate::recipient::{Extension, Kind};
use crate::settings::{Roster, SubscribePolicy};
use crate::template::Name;
use crate::token::{self, Act, Token};

/// One thing that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// How to use the list.
    Help,
    /// What is asked often.
    Faq,
    /// Who is a member.
    Who,
    /// To become a member.
    Subscribe(Mode),
    /// To leave.
    Unsubscribe,
    /// Another way to get mail.
    Set(Preference),
    /// Nothing more of the thread of this Message-ID.
    Mute(String),
    /// What a token says.
    Confirm(Token),
    /// Something else.
    Unknown,
}

/// A mail with commands.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// Where it was sent.
    pub extension: Extension<'a>,
    /// Its subject, decoded.
    pub subject: &'a str,
    /// Its text, see [`text`].
    pub text: &'a str,
    /// The message that it answers.
    pub in_reply_to: Option<&'a str>,
    /// Unix seconds.
    pub now: i64,
}

/// Commands in one mail at most: each may be answered by a mail.
const MOST: usize = 5;

/// Lines of a body that are looked at.
const LINES: usize = 40;

/// The text of a message, decoded; of HTML what a person would read.
#[must_use]
pub fn text(raw: &[u8]) -> String {
    mime::parse(raw).ok().and_then(|message| message.body_text(0).map(Cow::into_owned)).unwrap_or_default()
}

/// What somebody wrote, without what is quoted, its introduction and a signature. No signed address is left in it: who is
/// told the reason of a decision must not be able to decide.
#[must_use]
pub fn own_words(text: &str) -> String {
    let mut own: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if is_end(line) {
            break;
        }
        if line.starts_with('>') {
            drop_introduction(&mut own);
        } else if !line.contains("-confirm+") && token::find(&line.replace("%20", " ")).is_none() {
            own.push(line);
        }
    }
    // Some programs quote below an introduction without marks.
    drop_introduction(&mut own);
    own.join("\n").trim().to_owned()
}

/// A signature, or a quote as some programs begin it: a rule, or a header.
fn is_end(line: &str) -> bool {
    let is_rule = |mark: char| line.len() >= 5 && line.chars().all(|c| c == mark);
    line == "--"
        || line.starts_with("-----")
        || is_rule('_')
        || is_rule('=')
        || ["From:", "Von:", "De:", "De :", "差出人:"].iter().any(|field| line.starts_with(field))
}

/// Takes the last paragraph away if it ends like `Ann wrote:`, over as many as three lines.
fn drop_introduction(own: &mut Vec<&str>) {
    while own.last().is_some_and(|line| line.trim().is_empty()) {
        own.pop();
    }
    if !own.last().is_some_and(|line| line.ends_with(':')) {
        return;
    }
    let start = own.iter().rposition(|line| line.trim().is_empty()).map_or(0, |empty| empty + 1);
    let start = start.max(own.len().saturating_sub(3));
    own.truncate(start);
}

/// Reads the commands of a mail; at least one.
#[must_use]
pub fn read(mail: &Mail<'_>) -> Vec<Command> {
    let signed = || token::read(mail.extension.detail).or_else(|| token::find(mail.subject));
    match mail.extension.kind {
        Kind::Subscribe => {
            let wish = [mail.extension.detail, mail.subject]
                .into_iter()
                .find_map(|text| Mode::from_name(&text.trim().to_lowercase()));
            vec![Command::Subscribe(wish.unwrap_or_default())]
        }
        Kind::Unsubscribe => vec![signed().map_or(Command::Unsubscribe, Command::Confirm)],
        Kind::Confirm => {
            let found = signed().or_else(|| mail.text.lines().take(LINES).find_map(token::find));
            vec![found.map_or(Command::Unknown, Command::Confirm)]
        }
        Kind::Help => vec![Command::Help],
        Kind::Request | Kind::Post | Kind::Owner | Kind::Bounces => read_request(mail),
    }
}

fn read_request(mail: &Mail<'_>) -> Vec<Command> {
    if let Some(token) = token::find(mail.subject) {
        return vec![Command::Confirm(token)];
    }
    if let Some(command) = line(without_prefixes(mail.subject), mail) {
        return vec![command];
    }
    let lines = mail.text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('>'));
    let commands: Vec<Command> = lines
        .take(LINES)
        .take_while(|line| !["end", "stop", "quit", "--"].iter().any(|end| line.eq_ignore_ascii_case(end)))
        .map_while(|text| line(text, mail))
        .take(MOST)
        .collect();
    if commands.is_empty() { vec![Command::Unknown] } else { commands }
}

/// A subject without the marks of answers: a few letters and a colon.
fn without_prefixes(subject: &str) -> &str {
    let mut rest = subject.trim();
    while let Some((mark, behind)) = rest.split_once(':')
        && mark.chars().count() <= 4
        && mark.chars().all(char::is_alphabetic)
    {
        rest = behind.trim();
    }
    rest
}

/// A line as a command.
fn line(text: &str, mail: &Mail<'_>) -> Option<Command> {
    let words: Vec<String> = text.split_whitespace().take(5).map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Some(match words.as_slice() {
        ["help" | "info" | "?"] => Command::Help,
        ["faq"] => Command::Faq,
        ["who" | "members" | "review"] => Command::Who,
        ["subscribe" | "join"] => Command::Subscribe(Mode::Post),
        ["subscribe" | "join", "digest"] => Command::Subscribe(Mode::Digest),
        ["subscribe" | "join", "nomail"] => Command::Subscribe(Mode::NoMail),
        ["unsubscribe" | "leave" | "signoff" | "remove"] => Command::Unsubscribe,
        ["confirm", ..] => text.split_whitespace().nth(1).and_then(token::read).map(Command::Confirm)?,
        ["set", "digest"] | ["set", "digest", "on"] => Command::Set(Preference::Mode(Mode::Digest)),
        ["set", "plain-digest"] | ["set", "digest", "plain"] => Command::Set(Preference::Mode(Mode::PlainDigest)),
        ["set", "nomail"] | ["set", "nomail", "on"] => Command::Set(Preference::Mode(Mode::NoMail)),
        ["set", "mail" | "post"] | ["set", "digest" | "plain-digest" | "nomail", "off"] => {
            Command::Set(Preference::Mode(Mode::Post))
        }
        ["set", "own" | "myposts", "on"] => Command::Set(Preference::OwnPosts(true)),
        ["set", "own" | "myposts", "off"] => Command::Set(Preference::OwnPosts(false)),
        ["set", "vacation", "off"] => Command::Set(Preference::Away(0)),
        ["set", "vacation", "until", date] | ["set", "vacation", date] => {
            Command::Set(Preference::Away(day(date, mail.now)?))
        }
        ["mute"] => Command::Mute(mail.in_reply_to?.to_owned()),
        ["mute", _] => {
            let id = text.split_whitespace().nth(1)?;
            Command::Mute(if id.starts_with('<') { id.to_owned() } else { format!("<{id}>") })
        }
        _ => return None,
    })
}

/// What a list answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A mail that asks whether this is really wanted; about the preference.
    Ask(Act, u32),
    /// The same about a thread, which is to be looked up.
    AskMute(String),
    /// A text.
    Tell(Name),
    /// That the command is not known.
    Unknown,
    /// The members, if they may be told.
    Members(bool),
    /// What the token says, if it is genuine.
    Obey(Token),
}

/// What a list answers to a command by somebody with this standing, which the mail claims and does not prove: what is told goes
/// to the address of that person alone.
#[must_use]
pub fn answer(command: Command, list: &List, standing: Standing) -> Answer {
    let settings = &list.settings;
    match command {
        Command::Help => Answer::Tell(Name::Help),
        Command::Faq => Answer::Tell(Name::Faq),
        Command::Who => {
            let allowed = standing.moderator || (settings.roster == Roster::Members && standing.member);
            Answer::Members(allowed)
        }
        Command::Subscribe(_) if settings.subscribe_policy == SubscribePolicy::Closed => Answer::Tell(Name::Closed),
        // Members are asked as strangers are: who writes in another's name learns nothing.
        Command::Subscribe(mode) => Answer::Ask(Act::Subscribe, Preference::Mode(mode).number()),
        Command::Unsubscribe => Answer::Ask(Act::Unsubscribe, 0),
        Command::Set(preference) => Answer::Ask(Act::Set, preference.number()),
        Command::Mute(id) => Answer::AskMute(id),
        Command::Confirm(token) => Answer::Obey(token),
        Command::Unknown => Answer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::Settings;

    const NOW: i64 = 1_800_000_000;

    fn mail<'a>(kind: Kind, detail: &'a str, subject: &'a str, text: &'a str) -> Mail<'a> {
        Mail { extension: Extension { kind, detail }, subject, text, in_reply_to: Some("<1@x>"), now: NOW }
    }

    fn asked(subject: &str, text: &str) -> Vec<Command> {
        read(&mail(Kind::Request, "", subject, text))
    }

    #[test]
    fn commands_are_read_from_subject_and_body() {
        use Preference::{Away, OwnPosts};
        for (subject, command) in [
            ("help", Command::Help),
            ("Re: AW: Help", Command::Help),
            ("subscribe", Command::Subscribe(Mode::Post)),
            ("JOIN digest", Command::Subscribe(Mode::Digest)),
            ("leave", Command::Unsubscribe),
            ("set digest", Command::Set(Preference::Mode(Mode::Digest))),
            ("set digest off", Command::Set(Preference::Mode(Mode::Post))),
            ("set digest plain", Command::Set(Preference::Mode(Mode::PlainDigest))),
            ("set nomail", Command::Set(Preference::Mode(Mode::NoMail))),
            ("set own off", Command::Set(OwnPosts(false))),
            ("set vacation until 2027-02-01", Command::Set(Away(20_850))),
            ("set vacation off", Command::Set(Away(0))),
            ("Re: mute", Command::Mute("<1@x>".to_owned())),
            ("mute <Ab@x>", Command::Mute("<Ab@x>".to_owned())),
            ("who", Command::Who),
            ("faq", Command::Faq),
        ] {
            assert_eq!(asked(subject, "unsubscribe\n"), [command], "{subject}");
        }
        assert_eq!(asked("", "\n> help\nfaq\n\nunsubscribe\nend\nhelp\n"), [Command::Faq, Command::Unsubscribe]);
        assert_eq!(asked("Hello", "Dear list,\nhelp\n"), [Command::Unknown]);
        assert_eq!(asked("set vacation until 2020-01-01", ""), [Command::Unknown]);
        assert_eq!(asked("", &"help\n".repeat(100)).len(), MOST);
    }

    #[test]
    fn addresses_are_commands_too() {
        assert_eq!(read(&mail(Kind::Subscribe, "", "x", "")), [Command::Subscribe(Mode::Post)]);
        assert_eq!(read(&mail(Kind::Subscribe, "digest", "x", "")), [Command::Subscribe(Mode::Digest)]);
        assert_eq!(read(&mail(Kind::Unsubscribe, "", "x", "")), [Command::Unsubscribe]);
        assert_eq!(read(&mail(Kind::Confirm, "nonsense", "x", "")), [Command::Unknown]);
    }

    #[test]
    fn tokens_come_in_address_subject_or_body() {
        let bearer = token::Bearer { list: 1, key: "ann@example.org" };
        let text = token::write_full(&[1; 32], Act::Subscribe, 0, Some(NOW), bearer);
        let command = [Command::Confirm(token::read(&text).expect("a token"))];
        assert_eq!(read(&mail(Kind::Confirm, &text, "Re: x", "")), command);
        assert_eq!(read(&mail(Kind::Confirm, "", &format!("Re: confirm {text}"), "")), command);
        assert_eq!(read(&mail(Kind::Confirm, "", "x", &format!("> talk-confirm+{text}@x"))), command);
        assert_eq!(asked(&format!("AW: confirm {text}"), ""), command);
        assert_eq!(asked("", &format!("confirm {text}\n")), command);
        assert_eq!(read(&mail(Kind::Unsubscribe, "", &format!("unsubscribe {text}"), "")), command);
    }

    #[test]
    fn own_words_are_what_is_not_quoted() {
        assert_eq!(own_words("No.\n\nAnn wrote:\n> Hi\n"), "No.");
        assert_eq!(own_words("> Hi\nPlease post\nelsewhere.\n-- \nBob\n"), "Please post\nelsewhere.");
        assert_eq!(own_words("Nein.\n-----Original Message-----\nFrom: x\n"), "Nein.");
        assert_eq!(own_words("Non.\n\n________________________________\nDe : x\n"), "Non.");
        assert_eq!(own_words("No.\n\nOn Friday Ann <ann@example.org>\nwrote:\n> Hi\n"), "No.");
        assert_eq!(own_words("Ann wrote:\n> Hi\n\nNo, not here.\n"), "No, not here.");
        assert_eq!(own_words("No.\n  talk-confirm+abc@lists.example.org\n"), "No.");
        assert_eq!(own_words(""), "");
    }

    fn talk() -> List {
        let address = crate::address::Address::parse("talk@lists.example.org").expect("an address");
        List { list_id: crate::list::list_id(&address), address, closed: false, settings: Settings::default() }
    }

    proptest! {
        #[test]
        fn no_command_changes_anything_without_a_token(
            subject in "(set|mute|subscribe|unsubscribe|confirm|who|help|[a-z0-9<>@. ]{0,20}| )*",
            text in "((set|mute|subscribe|unsubscribe|confirm|who|digest|off|on| )*\n)*",
            detail in "[a-z2-7]{0,40}", member: bool, moderator: bool, kind in 0_usize..5,
        ) {
            let kind = [Kind::Request, Kind::Subscribe, Kind::Unsubscribe, Kind::Confirm, Kind::Help][kind];
            for command in read(&mail(kind, &detail, &subject, &text)) {
                let standing = Standing { member, moderator, ..Standing::default() };
                if let Answer::Obey(token) = answer(command, &talk(), standing) {
                    let bearer = token::Bearer { list: 1, key: "ann@example.org" };
                    prop_assert!(!token.is_for(&[1; 32], bearer));
                }
            }
        }
    }
}
