//! B7: reading what comes back: the cases of tests/cases/bounces in turn, and the largest mail that is looked at.

use std::fs;
use std::path::Path;
use std::time::Instant;

use mailjam_core::bounce;

use crate::daemon::say;
use crate::report::{Report, Target, median, seconds};

const RUNS: usize = 20;

pub fn measure(report: &mut Report) {
    say("B7: what comes back");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/bounces");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the cases").map(|entry| entry.expect("a case").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    let mails: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).expect("a case")).collect();
    let rate = |mails: &[Vec<u8>]| {
        let rates = (0..9).map(|_| {
            let started = Instant::now();
            for _ in 0..RUNS {
                for mail in mails {
                    std::hint::black_box(bounce::read(mail));
                }
            }
            (RUNS * mails.len()) as f64 / seconds(started.elapsed())
        });
        median(rates.collect())
    };
    report.row(&format!("B7 bounces read a second, {} of many kinds", mails.len()), rate(&mails), "/s", Target::None);
    // Words alone, in which everything has to be looked for.
    let prose = files.iter().position(|path| path.ends_with("qmail.eml")).expect("a bounce in words");
    let mut large = mails[prose].clone();
    large.extend(b"Words that say nothing about anybody.\n".repeat(30_000));
    report.row("… one in words, of more than a MiB", 1000.0 / rate(&[large]), "ms", Target::None);
}
