//! How fast recipients and transactions go; run with `--release -- --ignored --nocapture`.

use std::io::Write;
use std::time::Instant;

use super::*;
use mailjam_relay::PersonalCopy;

fn report(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
#[ignore = "measures; says nothing in a debug build"]
fn recipients_and_transactions_a_second() {
    let message = [b"Subject: speed\n\n".to_vec(), b"A line of text as long as others are.\n".repeat(130)].concat();
    let body = Body::new(&message);
    let sink = Sink::start(Behaviour { count_only: true, ..Behaviour::default() });
    let members = addresses(10_000);
    block_on(async {
        for _ in 0..3 {
            let mut connection = connect(&sink).await;
            for batch in [100, 1000] {
                let start = Instant::now();
                for recipients in members.chunks(batch) {
                    let envelope = Envelope { return_path: RETURN_PATH, recipients };
                    connection.send(&envelope, &body).await.expect("an unbroken connection");
                }
                report(&format!("10,000 recipients, {batch} a transaction: {:?}", start.elapsed()));
            }
            let start = Instant::now();
            for recipients in members.chunks(1) {
                let envelope = Envelope { return_path: RETURN_PATH, recipients };
                connection.send(&envelope, &body).await.expect("an unbroken connection");
            }
            report(&format!("10,000 transactions, one after the other: {:?}", start.elapsed()));
            let start = Instant::now();
            let each = members.iter().map(|member| PersonalCopy {
                return_path: "all-bounces@lists.test".to_owned(),
                recipient: member.clone(),
                head: Vec::new(),
            });
            connection.send_each(each, &body, |_, _| ()).await.expect("an unbroken connection");
            report(&format!("10,000 transactions, overlapping: {:?}", start.elapsed()));
        }
    });
    assert_eq!(sink.state().recipients, 3 * 40_000);
}
