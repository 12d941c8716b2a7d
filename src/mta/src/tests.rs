//! The whole of mailjam-mta over a system made up in memory, where every call can be cut short, interrupted or refused.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::process::Command;

use proptest::prelude::*;

use crate::sys::{Endpoint, Errno, Fd, Ready, STDIN, STDOUT, Sys};
use crate::{Memory, run};

const SOCKET: Fd = 9;

/// What happens to a system call that would otherwise do all it can.
#[derive(Debug, Clone, Copy)]
enum Disturbance {
    /// It does so many bytes at most.
    Short(usize),
    /// A signal comes first.
    Interrupted,
    /// It would have to wait.
    WouldBlock,
}

/// A system with one message on standard input and one daemon that answers when it has read to `</methodCall>`.
struct Fake {
    input: VecDeque<u8>,
    /// Bytes that follow the input, whichever.
    more_input: u64,
    answer: VecDeque<u8>,
    sent: Vec<u8>,
    sends: usize,
    output: Vec<u8>,
    /// Used up one a call, then all goes well.
    disturbances: VecDeque<Disturbance>,
    /// Milliseconds that pass with each wait.
    tick: u64,
    clock: u64,
    memory_left: usize,
    connected_to: Vec<String>,
    /// What sending fails with.
    send_failure: Option<Errno>,
}

impl Fake {
    fn new(message: &[u8], answer: &str) -> Self {
        Self {
            input: message.iter().copied().collect(),
            more_input: 0,
            answer: answer.bytes().collect(),
            sent: vec![],
            sends: 0,
            output: vec![],
            disturbances: VecDeque::new(),
            tick: 0,
            clock: 1_000_000,
            memory_left: usize::MAX,
            connected_to: vec![],
            send_failure: None,
        }
    }

    /// How many of `wanted` bytes the next call does.
    fn disturbed(&mut self, wanted: usize) -> Result<usize, Errno> {
        match self.disturbances.pop_front() {
            None => Ok(wanted),
            Some(Disturbance::Short(limit)) => Ok(wanted.min(limit.max(1))),
            Some(Disturbance::Interrupted) => Err(Errno::INTERRUPTED),
            Some(Disturbance::WouldBlock) => Err(Errno::WOULD_BLOCK),
        }
    }

    fn take(from: &mut VecDeque<u8>, into: &mut [u8]) -> usize {
        let size = into.len().min(from.len());
        for (place, byte) in into.iter_mut().zip(from.drain(..size)) {
            *place = byte;
        }
        size
    }

    fn run(&mut self, arguments: &[&str]) -> (u8, String) {
        let memory = Box::leak(Box::new(Memory::new()));
        let arguments: Vec<Vec<u8>> = arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
        let arguments: &'static [Vec<u8>] = arguments.leak();
        let exit = run(self, arguments.iter().map(Vec::as_slice), std::iter::empty(), memory);
        (exit, String::from_utf8(self.output.clone()).unwrap())
    }
}

impl Sys for Fake {
    fn now(&mut self) -> u64 {
        self.clock
    }

    fn is_terminal(&mut self, _: Fd) -> bool {
        false
    }

    fn open(&mut self, _: &[u8]) -> Result<Fd, Errno> {
        Err(Errno::NOT_FOUND)
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, Errno> {
        assert_eq!(fd, STDIN);
        let size = self.disturbed(into.len())?;
        if self.input.is_empty() {
            let size = self.more_input.min(size as u64);
            self.more_input -= size;
            return Ok(size as usize);
        }
        Ok(Self::take(&mut self.input, &mut into[..size]))
    }

    fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize, Errno> {
        assert_eq!(fd, STDOUT);
        let size = bytes.len().min(7);
        self.output.extend(&bytes[..size]);
        Ok(size)
    }

    fn close(&mut self, fd: Fd) {
        assert_eq!(fd, SOCKET);
    }

    fn connect(&mut self, to: Endpoint<'_>, limit: u64) -> Result<Fd, Errno> {
        self.connected_to.push(format!("{to:?} {limit}"));
        Ok(SOCKET)
    }

    fn send(&mut self, _: Fd, bytes: &[u8]) -> Result<usize, Errno> {
        let size = self.disturbed(bytes.len())?;
        if let Some(errno) = self.send_failure {
            return Err(errno);
        }
        self.sends += 1;
        self.sent.extend(&bytes[..size]);
        Ok(size)
    }

    fn receive(&mut self, _: Fd, into: &mut [u8]) -> Result<usize, Errno> {
        let size = self.disturbed(into.len())?;
        Ok(Self::take(&mut self.answer, &mut into[..size]))
    }

    fn wait(&mut self, fd: Fd, also_writable: bool, limit: u64) -> Result<Ready, Errno> {
        self.clock += self.tick.min(limit);
        if limit == 0 {
            return Ok(Ready::default());
        }
        let answered = fd == STDIN || self.send_failure.is_some() || self.sent.ends_with(b"</methodCall>");
        Ok(Ready { readable: answered, writable: also_writable })
    }

    fn allocate(&mut self, size: usize) -> Option<&'static mut [u8]> {
        self.memory_left = self.memory_left.checked_sub(size)?;
        Some(vec![0; size].leak())
    }
}

const ARGUMENTS: [&str; 4] = ["--sender", "a@b", "--", "c@d"];

fn answer(action: &str, dsn: &str) -> String {
    let member = |name, value| format!("<member><name>{name}</name><value><string>{value}</string></value></member>");
    let members = member("action", action) + &member("dsn", dsn) + &member("text", "why") + &member("post_id", "7");
    let document = format!(
        "<methodResponse><params><param><value><struct>{members}</struct></value></param></params></methodResponse>"
    );
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{document}", document.len())
}

fn disturbance() -> impl Strategy<Value = Disturbance> {
    prop_oneof![
        (1usize..5000).prop_map(Disturbance::Short),
        Just(Disturbance::Interrupted),
        Just(Disturbance::WouldBlock),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn however_system_calls_are_cut_the_same_goes_out(
        message in proptest::collection::vec(any::<u8>(), 1..120_000),
        disturbances in proptest::collection::vec(disturbance(), 0..200),
    ) {
        let mut smooth = Fake::new(&message, &answer("refuse", "5.7.2"));
        let mut rough = Fake::new(&message, &answer("refuse", "5.7.2"));
        rough.disturbances = disturbances.into();
        prop_assert_eq!(smooth.run(&ARGUMENTS), (77, "5.7.2 why\n".to_owned()));
        prop_assert_eq!(rough.run(&ARGUMENTS), (77, "5.7.2 why\n".to_owned()));
        prop_assert_eq!(&smooth.sent, &rough.sent);
        let sent = String::from_utf8(smooth.sent).unwrap();
        let (head, body) = sent.split_once("\r\n\r\n").unwrap();
        let announced = format!("Content-Length: {}", body.len());
        prop_assert!(head.contains(&announced));
    }

    #[test]
    fn no_answer_brings_down_anything_but_75_or_a_whole_verdict(document in "(<[/]?(methodResponse|params|param|value|struct|member|name)>|accept|2.0.0|action|dsn| )*") {
        let mut fake = Fake::new(b"x", &format!("HTTP/1.0 200 OK\r\n\r\n{document}"));
        let (exit, line) = fake.run(&ARGUMENTS);
        prop_assert!(exit == 75 && line.starts_with("4.3.0 ") || exit == 0 && line.starts_with("2.0.0"));
    }

    #[test]
    fn no_command_line_ends_in_anything_but_75_or_a_verdict(arguments in proptest::collection::vec("(--(sender|config|server|help|deadline|queue-id)?=?)?.{0,9}", 0..6)) {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (exit, line) = Fake::new(b"x", &answer("accept", "2.0.0")).run(&arguments);
        prop_assert!(exit == 75 && line.starts_with("4.3.") || exit == 0 && line == "2.0.0 7\n", "{exit} {line}");
    }
}

#[test]
fn an_ordinary_post_leaves_in_one_piece_and_needs_no_memory() {
    let mut fake = Fake::new(&[b'x'; crate::message::FIRST_PART - 1], &answer("accept", "2.0.0"));
    fake.memory_left = 0;
    assert_eq!(fake.run(&ARGUMENTS), (0, "2.0.0 7\n".to_owned()));
    assert_eq!(fake.sends, 1);
    let mut fake = Fake::new(&[b'x'; crate::message::FIRST_PART], &answer("accept", "2.0.0"));
    fake.memory_left = 0;
    assert_eq!(fake.run(&ARGUMENTS), (75, "4.3.0 not enough memory to hold the message\n".to_owned()));
}

#[test]
fn what_fits_nowhere_is_too_large_and_read_to_its_end() {
    let mut fake = Fake::new(b"x", "");
    fake.more_input = 400 << 20;
    let (exit, line) = fake.run(&ARGUMENTS);
    assert!(exit == 69 && line.starts_with("5.3.4 "), "{exit} {line}");
    assert_eq!(fake.more_input, 0);
}

#[test]
fn each_server_has_its_share_of_the_time_left() {
    let mut fake = Fake::new(b"x", "");
    fake.send_failure = Some(Errno::BROKEN_PIPE);
    fake.tick = 6_000;
    let servers = ["--server=unix:/a", "--server=unix:/b", "--server=unix:/c", "--deadline=30"];
    let (exit, line) = fake.run(&[&servers[..], &ARGUMENTS].concat());
    assert_eq!((exit, line.as_str()), (75, "4.3.0 unix:/c: closed without an answer\n"));
    assert_eq!(fake.connected_to, ["Unix(\"/a\") 10000", "Unix(\"/b\") 12000", "Unix(\"/c\") 18000"]);
}

#[test]
fn an_unexpected_error_has_at_least_its_number() {
    let mut fake = Fake::new(b"x", "");
    fake.send_failure = Some(Errno(libc::EDOM));
    let expected = "4.3.0 unix:/run/mailjam/mta.sock: cannot send the message: error 33\n";
    assert_eq!(fake.run(&ARGUMENTS), (75, expected.to_owned()));
}

#[test]
fn a_panic_is_75() {
    const INSIDE: &str = "MAILJAM_TEST_PANICS";
    if std::env::var_os(INSIDE).is_some() {
        std::panic::set_hook(Box::new(|_| crate::glue::panicked()));
        panic!("5.0.0 whatever a panic says");
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "tests::a_panic_is_75", "--nocapture"]).env(INSIDE, "1");
    let output = child.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(75), "{text}");
    assert!(text.contains("4.3.0 mailjam-mta has a bug") && !text.contains("whatever"), "{text}");
    assert_eq!(output.stderr, b"");
}
