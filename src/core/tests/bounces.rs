//! Runs the mails in tests/cases/bounces: each must be read as `expect.toml` there says. To add a case, add a mail and its
//! entry.

#![expect(clippy::unwrap_used, reason = "a case that cannot be read fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use mailjam_core::bounce::{self, FeedbackType, Kind, Mail, Report};
use proptest::prelude::*;
use serde::Deserialize;

/// What is named is compared; exactly one kind is named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    shows: String,
    bounce: Option<Vec<String>>,
    delayed: Option<Vec<String>>,
    delivered: Option<Vec<String>>,
    disposition: Option<String>,
    feedback: Option<String>,
    automatic: Option<bool>,
    other: Option<bool>,
    /// Of the message that came back.
    message_id: Option<String>,
    /// Of the first report.
    forwarded_to: Option<String>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/bounces")
}

fn cases() -> BTreeMap<String, Case> {
    toml::from_str(&fs::read_to_string(folder().join("expect.toml")).unwrap()).unwrap()
}

fn mail(name: &str) -> Vec<u8> {
    fs::read(folder().join(format!("{name}.eml"))).unwrap()
}

fn line(report: &Report) -> String {
    let address = report.address.as_deref().unwrap_or("-");
    let hard = if report.hard { "hard" } else { "soft" };
    let status = report.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    format!("{address} {} {hard} {status}", report.class.name())
}

fn lines(reports: &[Report]) -> String {
    reports.iter().map(line).collect::<Vec<_>>().join(", ")
}

/// A mail as the cases write it.
fn described(kind: &Kind) -> String {
    match kind {
        Kind::Bounce(reports) => format!("bounce {}", lines(reports)),
        Kind::Delayed(reports) => format!("delayed {}", lines(reports)),
        Kind::Delivered(addresses) => format!("delivered {}", addresses.join(", ")),
        Kind::Disposition(address) => format!("disposition {}", address.as_deref().unwrap_or("-")),
        Kind::Feedback(feedback) => {
            let name = match feedback.feedback_type {
                FeedbackType::Abuse => "abuse",
                FeedbackType::OptOut => "opt-out",
                FeedbackType::Fraud => "fraud",
                FeedbackType::Virus => "virus",
                FeedbackType::NotSpam => "not-spam",
                FeedbackType::AuthFailure => "auth-failure",
                FeedbackType::Other => "other",
            };
            format!("feedback {name} {}", feedback.recipients.join(" ")).trim_end().to_owned()
        }
        Kind::Automatic => "automatic".to_owned(),
        Kind::Other => "other".to_owned(),
    }
}

fn expected(case: &Case) -> String {
    let all = [
        case.bounce.as_ref().map(|reports| format!("bounce {}", reports.join(", "))),
        case.delayed.as_ref().map(|reports| format!("delayed {}", reports.join(", "))),
        case.delivered.as_ref().map(|addresses| format!("delivered {}", addresses.join(", "))),
        case.disposition.as_ref().map(|address| format!("disposition {address}")),
        case.feedback.as_ref().map(|feedback| format!("feedback {feedback}")),
        case.automatic.map(|_| "automatic".to_owned()),
        case.other.map(|_| "other".to_owned()),
    ];
    all.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

fn reports(mail: &Mail) -> &[Report] {
    match &mail.kind {
        Kind::Bounce(reports) | Kind::Delayed(reports) => reports,
        _ => &[],
    }
}

#[test]
fn mails_are_read_as_expected() {
    let mut failed = Vec::new();
    for (name, case) in cases() {
        let mail = bounce::read(&mail(&name));
        let (expected, found) = (expected(&case), described(&mail.kind));
        if expected != found {
            let diagnostics: Vec<&str> = reports(&mail).iter().map(|report| report.diagnostic.as_str()).collect();
            failed.push(format!(
                "{name} ({}):\n  expected {expected}\n  found    {found}\n  {diagnostics:?}",
                case.shows
            ));
        }
        let id = mail.original.get("Message-ID").map(str::to_owned);
        if case.message_id.is_some() && id != case.message_id {
            failed.push(format!("{name}: the message that came back is {id:?}"));
        }
        let forwarded_to = reports(&mail).first().and_then(|report| report.forwarded_to.clone());
        if case.forwarded_to.is_some() && forwarded_to != case.forwarded_to {
            failed.push(format!("{name}: was forwarded to {forwarded_to:?}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_mail_has_an_expectation() {
    let mails: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str().unwrap().strip_suffix(".eml").map(str::to_owned))
        .collect();
    let expected: BTreeSet<String> = cases().into_keys().collect();
    assert_eq!(mails, expected);
    assert!(mails.len() >= 80, "cases may not go missing unseen");
}

#[test]
fn line_ends_do_not_matter() {
    for name in cases().into_keys() {
        let text = mail(&name);
        let text = String::from_utf8_lossy(&text).replace("\r\n", "\n").replace('\r', "\n");
        let read = |text: String| bounce::read(text.as_bytes());
        let plain = read(text.clone());
        assert_eq!(read(text.replace('\n', "\r\n")), plain, "{name} with CRLF");
        assert_eq!(read(text.replace('\n', "\r")), plain, "{name} with CR");
    }
}

/// Lines of bounces, to be put together at random.
const LINES: [&str; 20] = [
    "From: MAILER-DAEMON@mx.example.net",
    "Subject: Undelivered Mail Returned to Sender",
    "X-Failed-Recipients: ann@example.com",
    "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    "Content-Type: message/delivery-status",
    "Content-Type: message/rfc822",
    "Content-Type: text/html",
    "Content-Transfer-Encoding: quoted-printable",
    "--b",
    "--b--",
    "",
    "Final-Recipient: rfc822; ann@example.com",
    "Original-Recipient: rfc822; bob@example.com",
    "Action: failed",
    "Status: 5.1.1",
    "<ann@example.com>:",
    "    550 5.2.2 mailbox full",
    "The following addresses failed:",
    "(generated from eve@example.com)",
    "------ This is a copy of the message ------",
];

proptest! {
    #[test]
    fn any_lines_are_read_the_same_with_any_ends(
        chosen in prop::collection::vec((0..LINES.len(), "[ -~ü]{0,12}"), 0..40),
    ) {
        let text = |end: &str| {
            let lines = chosen.iter().map(|(line, more)| format!("{}{}{end}", LINES[*line], more));
            lines.collect::<String>()
        };
        let plain = bounce::read(text("\n").as_bytes());
        prop_assert_eq!(&bounce::read(text("\r\n").as_bytes()), &plain);
        prop_assert_eq!(&bounce::read(text("\r").as_bytes()), &plain);
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = bounce::read(&bytes);
    }
}
