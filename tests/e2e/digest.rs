//! Signed mail and digests, as they lie in mailboxes.

use mailjam_rpc::records::DkimRecord;
use mailjam_rpc::{Shape, Value};

use crate::dkimpy::{self, Folder};
use crate::mailbox::Mail;
use crate::site::{LIST, Site, address, message};

/// As it came by SMTP.
fn on_the_wire(mail: &Mail) -> Vec<u8> {
    let lines = mail.bytes.split(|byte| *byte == b'\n').collect::<Vec<_>>();
    lines.join(&b"\r\n"[..])
}

#[test]
fn a_signature_holds_behind_the_mail_server_in_a_post_and_in_a_digest() {
    let Some(site) = Site::open() else { return };
    site.daemon.cli_prints(&["member", "update", LIST, &address("bert"), "--mode", "digest"]);
    site.daemon.cli_prints(&["member", "update", LIST, &address("carla"), "--mode", "plain-digest"]);
    site.daemon.cli_prints(&["list", "set", LIST, "footer=Grüße von {{ list }}", "subject_prefix=[staff]"]);
    for (selector, algorithm) in [("r1", "rsa"), ("e1", "ed25519")] {
        site.daemon.cli_prints(&["dkim", "create", "lists.test", "--selector", selector, "--algorithm", algorithm]);
        site.daemon.cli_prints(&["dkim", "activate", "lists.test", selector]);
    }
    for (subject, text) in [("Dinner", "At eight?\n.\n..dots\nFrom here"), ("Käse", "Grüße aus dem Süden")] {
        site.send(&address("anna"), LIST, &message("anna", subject, text));
    }
    let posts = site.postfix.mailbox("anna").wait_for(2);
    site.daemon.call("digest.send", vec![Value::String(LIST.to_owned())]);
    let digest = site.postfix.mailbox("bert").wait_for_one();
    assert!(digest.header("Subject").is_some_and(|subject| subject.contains("staff Digest")), "{}", digest.text());
    for part in ["multipart/digest", "At eight?", "Grüße aus dem Süden", "End of staff Digest"] {
        assert!(digest.text().contains(part), "{part} is not in {}", digest.text());
    }
    assert!(digest.text().matches("Message-ID: <").count() == 2, "{}", digest.text());
    let plain = site.postfix.mailbox("carla").wait_for_one();
    assert_eq!(plain.header("List-Id").as_deref(), Some("<staff.lists.test>"));

    if !dkimpy::is_there() {
        return;
    }
    let found = site.daemon.call("dkim.list", vec![]);
    let keys: Vec<DkimRecord> = Vec::from_value(found).expect("keys");
    let records: Vec<_> = keys.into_iter().map(|key| (key.name, key.strings.concat())).collect();
    let folder = Folder::new("e2e");
    let mails: Vec<Vec<u8>> = posts.iter().chain([&digest, &plain]).map(on_the_wire).collect();
    // No name server is asked in these stories, so that nothing is sealed.
    assert_eq!(dkimpy::opinions(&folder, &records, &mails), ["pass pass none"; 4]);
}
