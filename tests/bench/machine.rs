//! Where the benchmark runs, and what a process costs there.

use std::fs;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::report::median;

/// A folder on a real disk for the daemon's database: where the programs were built, which is seldom a tmpfs.
pub fn disk() -> PathBuf {
    let built = Path::new(env!("CARGO_BIN_EXE_mailjamd"));
    built.parent().expect("a folder around mailjamd").to_owned()
}

/// The machine in a sentence, because figures of another one say little.
pub fn describe() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").ok();
    let processor = processor.as_deref().and_then(|text| text.lines().find(|line| line.starts_with("model name")));
    let processor = processor.and_then(|line| line.split_once(": ")).map_or("an unknown processor", |(_, name)| name);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (kind, device) = file_system(&disk()).unwrap_or_default();
    format!(
        "Machine: {cores} cores of {processor}, Linux {}; the database is on {kind} ({device}).\n\
         Ratios can be compared between machines, times and rates only with others of the same run.",
        kernel.trim()
    )
}

/// Type and device of the file system that holds a path.
fn file_system(path: &Path) -> Option<(String, String)> {
    let path = path.canonicalize().ok()?;
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let fields = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        Some((fields.next()?, fields.next()?, fields.next()?))
    });
    let mounted = fields.filter(|(_, place, _)| path.starts_with(place)).max_by_key(|(_, place, _)| place.len());
    mounted.map(|(device, _, kind)| (kind.to_owned(), device.to_owned()))
}

/// What it costs to get 8 KiB onto that disk, into a file that has the room already, in microseconds: the floor of every
/// commit.
pub fn sync_cost() -> f64 {
    const TIMES: usize = 200;
    let mut file = tempfile::tempfile_in(disk()).expect("a file on the disk");
    file.write_all(&vec![0; 8192 * TIMES]).expect("room on the disk");
    file.sync_all().expect("the room on the disk");
    file.rewind().expect("the file's beginning");
    let costs = (0..TIMES).map(|_| {
        let started = Instant::now();
        file.write_all(&[1; 8192]).expect("8 KiB written");
        file.sync_data().expect("8 KiB on the disk");
        started.elapsed().as_secs_f64() * 1e6
    });
    median(costs.collect())
}

/// The memory of a process that is its own, shared pages counted in proportion (PSS), in MiB.
pub fn memory(process: u32) -> f64 {
    let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).expect("the memory of a process");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).expect("its PSS");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

/// The most memory that a process has while this is done, as [`memory`] counts it.
pub fn peak_memory(process: u32, work: impl FnOnce()) -> f64 {
    let done = AtomicBool::new(false);
    thread::scope(|threads| {
        let observer = threads.spawn(|| {
            let mut peak: f64 = 0.0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(memory(process));
                thread::sleep(Duration::from_millis(2));
            }
            peak
        });
        work();
        done.store(true, Ordering::Relaxed);
        observer.join().expect("the observer")
    })
}

/// A message of about 5 KB from a member, as an MTA's pipe brings it; the run of # in its Message-ID is to be replaced by
/// something new each time.
pub fn message() -> Vec<u8> {
    let head = "Return-Path: <member0@example.org>\n\
                From: Anna <member0@example.org>\n\
                To: bench@lists.example.org\n\
                Subject: What it costs\n\
                Date: Tue, 24 Nov 2026 08:00:00 +0000\n\
                Message-ID: <################.bench.example.org>\n\
                MIME-Version: 1.0\n\
                Content-Type: text/plain; charset=utf-8\n\n";
    let line = "Seventy characters of text, as mail has them in most of its lines...\n";
    let mut message = head.to_owned();
    while message.len() + line.len() <= 5000 {
        message.push_str(line);
    }
    message.into_bytes()
}

/// The same with this number.
pub fn numbered(number: usize) -> Vec<u8> {
    let text = String::from_utf8(message()).expect("ASCII");
    text.replace("################", &format!("{number:016}")).into_bytes()
}
