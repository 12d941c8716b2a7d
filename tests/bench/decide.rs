//! B6: what it costs to read a message and let all rules decide, without storage; the limits and types that make them look.

use std::time::Instant;

use mailjam_core::address::Address;
use mailjam_core::decide::{Content, Facts, Standing, Verdict, decide};
use mailjam_core::list::{List, list_id};
use mailjam_core::message::Message;
use mailjam_core::recipient::Extension;
use mailjam_core::settings::Settings;
use mailjam_core::{attachment, authentication};

use crate::daemon::say;
use crate::report::{Report, Target, median, seconds};

pub fn measure(report: &mut Report) {
    say("B6: parse and decide");
    let address = Address::parse("talk@lists.example.org").expect("an address");
    let settings = Settings {
        reject_types: vec!["application/x-msdownload".to_owned(), ".exe".to_owned()],
        ..Settings::default()
    };
    let list = List { list_id: list_id(&address), address, closed: false, settings };
    for (what, octets, runs) in [("5 KB", 5_000, 2_000), ("5 MB", 5_000_000, 20)] {
        let message = message(octets);
        let times: Vec<f64> = (0..9)
            .map(|_| {
                let started = Instant::now();
                for _ in 0..runs {
                    assert_eq!(judge(&list, &message), Verdict::Post);
                }
                seconds(started.elapsed()) * 1000.0 / f64::from(runs)
            })
            .collect();
        report.row(&format!("B6 parse and decide, {what}"), median(times), "ms", Target::None);
    }
}

fn judge(list: &List, raw: &[u8]) -> Verdict {
    let message = Message::parse(raw).expect("a message");
    let content = Content {
        authentication: authentication::evaluate(&message, "mx.example.org", None),
        refused_type: attachment::find(raw, &list.settings.reject_types),
        automatic: message.is_automatic(),
        addressed: true,
        answerable: true,
        ..Content::default()
    };
    let facts = Facts {
        list,
        extension: Extension::NONE,
        null_sender: false,
        size: Some(raw.len() as u64),
        content: Some(content),
        standing: Standing { member: true, ..Standing::default() },
        banned: None,
        posts_before: 0,
        thread_before: 0,
    };
    decide(&facts).verdict
}

/// A post with text and an attachment that make up so many octets.
fn message(octets: usize) -> Vec<u8> {
    let head = "Received: from a.example ([192.0.2.1]) by mx.example.org; Fri, 1 Mar 2024 10:00:01 +0000\n\
                Authentication-Results: mx.example.org; dkim=pass header.d=example.org; dmarc=pass header.from=example.org\n\
                From: Ann <ann@example.org>\nTo: talk@lists.example.org\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\
                Message-ID: <1@example.org>\nReferences: <0@example.org>\nMIME-Version: 1.0\n\
                Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHello\n\
                --b\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n";
    let line = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA\n";
    let mut message = head.as_bytes().to_vec();
    message.extend(line.bytes().cycle().take(octets.saturating_sub(head.len()) / line.len() * line.len()));
    message.extend_from_slice(b"--b--\n");
    message
}
