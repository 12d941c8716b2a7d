//! A laboratory for loops: what lists send to each other, to programs that answer, and to addresses that bounce, is brought
//! back as a mail server would, until nothing moves any more; the number of mails is then what it must be.

use std::collections::{BTreeSet, VecDeque};

use mail_parser::MessageParser;
use mailjam_rpc::Value;
use mailjam_rpc::records::{Page, QueueItem, Verdict};

use crate::calls::{Door, members, text};
use crate::daemon::{Daemon, eventually};
use crate::smtp_sink::{Behaviour, Delivery, Sink};

const DOMAIN: &str = "lists.example.org";

/// A mail on its way.
struct Letter {
    sender: String,
    recipient: String,
    message: Vec<u8>,
}

/// What answers at an address outside, if anything does.
type Responder = fn(&Delivery, &str) -> Option<Letter>;

struct Laboratory {
    daemon: Daemon,
    sink: Sink,
    responder: Responder,
}

impl Laboratory {
    fn new(responder: Responder) -> Laboratory {
        let sink = Sink::start(Behaviour::default());
        let daemon = Daemon::start(&sink.server());
        Laboratory { daemon, sink, responder }
    }

    fn list(&self, name: &str, people: &[&str]) -> String {
        let list = format!("{name}@{DOMAIN}");
        self.daemon.create_list(&list, people);
        self.daemon.cli_prints(&["list", "set", &list, "post_policy=open"]);
        list
    }

    /// Hands over a mail and all that follows; answers how many mails the lists sent, and the verdicts.
    fn settle(&self, first: Letter) -> (usize, Vec<String>) {
        let mut seen = self.sink.state().deliveries.len();
        let start = seen;
        let mut letters = VecDeque::from([first]);
        let mut answered = BTreeSet::new();
        let mut verdicts = Vec::new();
        while let Some(letter) = letters.pop_front() {
            assert!(verdicts.len() < 50, "this does not settle: {verdicts:#?}");
            let mta = Door::named(&self.daemon, "mta");
            let verdict: Verdict = mta.submit(&letter.sender, &letter.recipient, &letter.message);
            verdicts.push(format!("{}: {}", letter.recipient, verdict.action));
            // A mail server returns what is refused, unless it was a report itself.
            if verdict.code != 0 && !letter.sender.is_empty() && letter.sender.ends_with(DOMAIN) {
                letters.push_back(report(&letter.sender, &letter.message));
            }
            self.wait_until_sent();
            let deliveries = self.sink.state().deliveries;
            for delivery in &deliveries[seen..] {
                for recipient in &delivery.recipients {
                    if recipient.ends_with(DOMAIN) {
                        let (sender, message) = (delivery.mail_from.clone(), delivery.message.clone());
                        letters.push_back(Letter { sender, recipient: recipient.clone(), message });
                    } else {
                        let answer = (self.responder)(delivery, recipient);
                        // Even the rudest program writes to each address once.
                        let new = |answer: &Letter| {
                            answer.sender.is_empty() || answered.insert((recipient.clone(), answer.recipient.clone()))
                        };
                        letters.extend(answer.filter(new));
                    }
                }
            }
            seen = deliveries.len();
        }
        (seen - start, verdicts)
    }

    fn wait_until_sent(&self) {
        eventually("all mail to go out", || {
            let queue: Page<QueueItem> = Door::control(&self.daemon).call("queue.list", vec![]);
            queue.items.is_empty().then_some(())
        });
    }
}

/// A delivery report from a mail server.
fn report(to: &str, about: &[u8]) -> Letter {
    let message = [b"From: MAILER-DAEMON\nAuto-Submitted: auto-replied\nSubject: Undelivered\n\n", about].concat();
    Letter { sender: String::new(), recipient: to.to_owned(), message }
}

fn nobody(_: &Delivery, _: &str) -> Option<Letter> {
    None
}

/// A vacation program that knows no better than to answer everything that has somebody to answer to, From or Reply-To.
fn rude_vacation(delivery: &Delivery, recipient: &str) -> Option<Letter> {
    let mail = MessageParser::default().parse(&delivery.message)?;
    let field = mail.header_raw("Reply-To").or_else(|| mail.header_raw("From"))?;
    let to = field.rsplit('<').next()?.trim().trim_end_matches('>').to_owned();
    let subject = format!("Re: {}", mail.subject().unwrap_or_default());
    let message = format!("From: {recipient}\nTo: {to}\nSubject: {subject}\nPrecedence: bulk\n\nI am away.\n");
    Some(Letter { sender: recipient.to_owned(), recipient: to, message: message.into_bytes() })
}

/// One that follows RFC 3834 and answers the envelope sender, once, marked.
fn polite_vacation(delivery: &Delivery, recipient: &str) -> Option<Letter> {
    if delivery.mail_from.is_empty() {
        return None;
    }
    let message = format!("From: {recipient}\nSubject: Away\nAuto-Submitted: auto-replied\n\nI am away.\n");
    Some(Letter { sender: String::new(), recipient: delivery.mail_from.clone(), message: message.into_bytes() })
}

/// A mailbox that does not exist: whatever comes is returned to the envelope sender.
fn bouncing(delivery: &Delivery, _: &str) -> Option<Letter> {
    (!delivery.mail_from.is_empty()).then(|| report(&delivery.mail_from, &delivery.message))
}

fn letter(sender: &str, recipient: &str, message: &str) -> Letter {
    let message = format!("From: {sender}\nTo: {recipient}\n{message}");
    Letter { sender: sender.to_owned(), recipient: recipient.to_owned(), message: message.into_bytes() }
}

#[test]
fn two_lists_on_each_other_send_a_post_once_each() {
    let laboratory = Laboratory::new(nobody);
    let talk = laboratory.list("talk", &["ann@example.org", &format!("dev@{DOMAIN}")]);
    laboratory.list("dev", &["bob@example.org", &talk]);
    let (sent, verdicts) = laboratory.settle(letter("ann@example.org", &talk, "Subject: x\nMessage-ID: <1@x>\n\nx\n"));
    assert_eq!(sent, 2, "{verdicts:#?}");
    assert_eq!(verdicts.len(), 4, "the post, its copy, the copy that came back, the report of that: {verdicts:#?}");
}

#[test]
fn a_rude_vacation_program_hears_of_its_answer_once_at_most() {
    let laboratory = Laboratory::new(rude_vacation);
    let talk = laboratory.list("talk", &["ann@example.org"]);
    laboratory.daemon.cli_prints(&["list", "set", &talk, "reply_to=list"]);
    let (sent, verdicts) = laboratory.settle(letter("bob@example.org", &talk, "Subject: x\nMessage-ID: <1@x>\n\nx\n"));
    // The post, and the answer that the program posts because replies go to the list.
    assert_eq!((sent, verdicts.len()), (2, 2), "{verdicts:#?}");
}

#[test]
fn a_polite_vacation_program_and_a_dead_address_end_at_the_bounce_address() {
    for responder in [polite_vacation as Responder, bouncing] {
        let laboratory = Laboratory::new(responder);
        let talk = laboratory.list("talk", &["ann@example.org", "carl@example.org"]);
        let (sent, verdicts) =
            laboratory.settle(letter("bob@example.org", &talk, "Subject: x\nMessage-ID: <1@x>\n\nx\n"));
        assert_eq!(sent, 1, "{verdicts:#?}");
        assert_eq!(verdicts.len(), 3, "{verdicts:#?}");
    }
}

#[test]
fn questions_to_programs_that_answer_are_asked_once() {
    for (responder, most) in [(rude_vacation as Responder, 2), (polite_vacation, 1), (bouncing, 1)] {
        let laboratory = Laboratory::new(responder);
        let talk = laboratory.list("talk", &["bob@example.org"]);
        let request = talk.replace('@', "-subscribe@");
        let (sent, verdicts) =
            laboratory.settle(letter("robot@example.org", &request, "Subject: x\nMessage-ID: <1@x>\n\n"));
        assert!((1..=most).contains(&sent), "{sent} {verdicts:#?}");
        let found: Value = laboratory.daemon.call("member.list", vec![text(&talk)]);
        let Value::Struct(page) = found else { panic!("{found:?}") };
        // Precedence: bulk, as the rude one has it, is no answer of a person.
        assert_eq!(page["total"], Value::Integer(1), "a program does not become a member");
    }
}

#[test]
fn command_addresses_of_two_lists_do_not_talk_to_each_other() {
    let laboratory = Laboratory::new(nobody);
    let talk = laboratory.list("talk", &["ann@example.org"]);
    let dev = laboratory.list("dev", &["ann@example.org"]);
    for (author, command) in [(&dev, "-request@"), (&dev, "-subscribe@"), (&dev, "-confirm@")] {
        for suffix in ["@", "-request@", "-subscribe@"] {
            let author = author.replace('@', suffix);
            let to = talk.replace('@', command);
            let (sent, verdicts) =
                laboratory.settle(letter(&author, &to, "Subject: help\nMessage-ID: <1@x>\n\nhelp\n"));
            // One answer goes to the other list's address; it says that a program wrote it, and ends there.
            assert!(sent <= 1, "{author} to {to}: {sent} {verdicts:#?}");
            let query = members([("state", text("held"))]);
            let held: Page<QueueItem> = Door::control(&laboratory.daemon).call("queue.list", vec![query]);
            assert!(held.items.is_empty(), "{:#?}", held.items);
        }
    }
}
