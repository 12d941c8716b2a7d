//! Tokens in the hands of those who should not have them.

use mail_parser::MessageParser;
use mailjam_rpc::records::{Held, Page};

use crate::calls::{Door, post, text};
use crate::daemon::{Daemon, PATIENCE};
use crate::smtp_sink::{Behaviour, Sink};

const TALK: &str = "talk@lists.example.org";
const MOD: &str = "mod@example.org";
const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Base32 as tokens are written in, and back.
fn decode(text: &str) -> Vec<u8> {
    let (mut octets, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte).expect("a character of base32");
        bits = bits << 5 | u32::try_from(value).expect("below 32");
        held += 5;
        if held >= 8 {
            held -= 8;
            octets.push(u8::try_from(bits >> held & 0xff).expect("an octet"));
        }
    }
    octets
}

fn encode(octets: &[u8]) -> String {
    let (mut text, mut bits, mut held) = (String::new(), 0_u32, 0);
    for octet in octets {
        bits = bits << 8 | u32::from(*octet);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(ALPHABET[(bits >> held & 31) as usize].into());
        }
    }
    if held > 0 {
        text.push(ALPHABET[(bits << (5 - held) & 31) as usize].into());
    }
    text
}

#[test]
fn a_token_made_longer_gives_no_right_that_its_bearer_has_lost() {
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start(&sink.server());
    daemon.create_list(TALK, &["ann@example.org"]);
    daemon.cli_prints(&["role", "grant", TALK, "owner@example.org", "owner"]);
    daemon.cli_prints(&["role", "grant", TALK, MOD, "moderator"]);
    daemon.cli_prints(&["list", "set", TALK, "post_policy=moderated", "notify_poster=no"]);
    let mta = Door::named(&daemon, "mta");
    assert_eq!(mta.submit("ann@example.org", TALK, &post("once")).action, "hold");
    let told = sink.wait_for(|state| state.messages == 2, PATIENCE).deliveries;
    let mail = told.iter().find(|mail| mail.recipients == [MOD]).expect("the moderator's mail");
    let mail = MessageParser::default().parse(&mail.message).expect("a message");
    let reply_to = mail.header_raw("Reply-To").expect("a signed address").trim().to_owned();
    let short = reply_to.split(['+', '@']).nth(1).expect("a token");

    let full = encode(&[&decode(short)[..], &1_u32.to_be_bytes(), MOD.as_bytes()].concat());
    daemon.cli_prints(&["role", "revoke", TALK, MOD, "moderator"]);
    for subject in [format!("confirm {full}"), format!("confirm {short}")] {
        let message = format!("From: {MOD}\nSubject: {subject}\nMessage-ID: <{}@x>\n\n", subject.len());
        assert_eq!(mta.submit(MOD, "talk-request@lists.example.org", message.as_bytes()).action, "accept");
    }
    let held: Page<Held> = Door::control(&daemon).call("moderation.list", vec![text(TALK)]);
    assert_eq!(held.items.len(), 1, "the post waits");

    // With the role, the longer form would be as good as the short one.
    daemon.cli_prints(&["role", "grant", TALK, MOD, "moderator"]);
    let message = format!("From: {MOD}\nSubject: confirm {full}\nMessage-ID: <again@x>\n\n");
    mta.submit(MOD, "talk-request@lists.example.org", message.as_bytes());
    let held: Page<Held> = Door::control(&daemon).call("moderation.list", vec![text(TALK)]);
    assert_eq!(held.items.len(), 0, "the token is well formed");
}
