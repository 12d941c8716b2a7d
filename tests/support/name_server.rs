//! A name server in the test's own process: answers from a zone that the test writes, by UDP and TCP on a port of its own,
//! as a resolver for others would, and remembers what it was asked.
//!
//! A zone has a line for each record, with names in full and without a last dot:
//!
//! ```text
//! _dmarc.example.com   TXT    "v=DMARC1; p=reject" " of two strings"
//! www.example.com      CNAME  example.com
//! example.com          A
//! mail.example.com     A      192.0.2.7
//! mail.example.com     AAAA   2001:db8::7
//! 7.2.0.192.in-addr.arpa  PTR  mail.example.com
//! example.com          MX
//! broken.example.com   SERVFAIL
//! silent.example.com   SILENT
//! ```
//!
//! Addresses and mail servers need no value where it matters only that they are there. A name with nothing at it is there if
//! one below it is. Answers of more than 512 octets come by TCP alone.
#![allow(dead_code, reason = "each test binary that includes this file uses a part of it")]

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// Octets that an answer by UDP may have (RFC 1035 4.2.1).
const UDP_LIMIT: usize = 512;
/// How long answers hold, in seconds.
const TTL: u32 = 60;

/// A record of a zone.
#[derive(Clone, Debug)]
enum Record {
    Txt(Vec<String>),
    Cname(String),
    Ptr(String),
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Mx,
    ServFail,
    Silent,
}

impl Record {
    fn parse(line: &str) -> Option<(String, Record)> {
        let (name, rest) = line.trim().split_once(char::is_whitespace)?;
        let (kind, value) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
        let strings = value.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        let record = match kind {
            "TXT" => Record::Txt(strings),
            "CNAME" => Record::Cname(value.trim().to_ascii_lowercase()),
            "PTR" => Record::Ptr(value.trim().to_ascii_lowercase()),
            "A" if value.is_empty() => Record::A(Ipv4Addr::new(192, 0, 2, 1)),
            "A" => Record::A(value.trim().parse().ok()?),
            "AAAA" if value.is_empty() => Record::Aaaa(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
            "AAAA" => Record::Aaaa(value.trim().parse().ok()?),
            "MX" => Record::Mx,
            "SERVFAIL" => Record::ServFail,
            "SILENT" => Record::Silent,
            _ => return None,
        };
        Some((name.to_ascii_lowercase(), record))
    }

    /// Its type in numbers (RFC 1035 3.2.2) and its data; `None` for what is no record.
    fn encoded(&self) -> Option<(u16, Vec<u8>)> {
        Some(match self {
            Record::Txt(strings) => {
                let string = |text: &String| {
                    let length = u8::try_from(text.len()).expect("strings of at most 255 octets");
                    [&[length], text.as_bytes()].concat()
                };
                (16, strings.iter().flat_map(string).collect())
            }
            Record::Cname(target) => (5, encoded_name(target)),
            Record::Ptr(target) => (12, encoded_name(target)),
            Record::A(address) => (1, address.octets().to_vec()),
            Record::Aaaa(address) => (28, address.octets().to_vec()),
            Record::Mx => (15, [&[0, 10], &encoded_name("mx.example")[..]].concat()),
            Record::ServFail | Record::Silent => return None,
        })
    }
}

/// A record of an answer.
struct Answer {
    name: String,
    kind: u16,
    data: Vec<u8>,
}

struct Shared {
    zone: Mutex<BTreeMap<String, Vec<Record>>>,
    asked: Mutex<Vec<String>>,
    stopping: AtomicBool,
}

/// A running server; dropping it closes its port.
pub struct NameServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    threads: Vec<JoinHandle<()>>,
}

impl NameServer {
    /// Serves a zone on a port of 127.0.0.1.
    pub fn start(zone: &str) -> NameServer {
        let shared = Arc::new(Shared {
            zone: Mutex::new(parse(zone)),
            asked: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let (udp, tcp) = sockets();
        let address = udp.local_addr().expect("the server's port");
        let by_udp = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.serve_udp(&udp)
        });
        let by_tcp = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.serve_tcp(&tcp)
        });
        NameServer { shared, address, threads: vec![by_udp, by_tcp] }
    }

    /// `host:port` for a configuration.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names that were asked for so far, each with the number of its type, in order.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.shared.asked).clone()
    }

    /// Serves another zone from now on.
    pub fn change(&self, zone: &str) {
        *lock(&self.shared.zone) = parse(zone);
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Both threads wake up, and see that they are to stop.
        let waker = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(&[0], self.address));
        let _ = (waker, TcpStream::connect(self.address));
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn parse(zone: &str) -> BTreeMap<String, Vec<Record>> {
    let mut records: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for line in zone.lines().filter(|line| !line.trim().is_empty()) {
        let (name, record) = Record::parse(line).unwrap_or_else(|| panic!("no line of a zone: {line:?}"));
        records.entry(name).or_default().push(record);
    }
    records
}

/// One port for both transports: another program may have one of the two.
fn sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a loopback port for the name server");
        let address = tcp.local_addr().expect("the server's port");
        if let Ok(udp) = UdpSocket::bind(address) {
            return (udp, tcp);
        }
    }
    panic!("no port is free for both UDP and TCP");
}

impl Shared {
    fn serve_udp(&self, socket: &UdpSocket) {
        let mut query = [0; 1500];
        while let Ok((length, client)) = socket.recv_from(&mut query) {
            if self.stopping.load(Ordering::SeqCst) {
                break;
            }
            if let Some(answer) = self.answer(&query[..length], UDP_LIMIT) {
                // A client that has gone away needs no answer.
                let _ = socket.send_to(&answer, client);
            }
        }
    }

    fn serve_tcp(&self, listener: &TcpListener) {
        std::thread::scope(|threads| {
            let mut streams = Vec::new();
            for stream in listener.incoming().flatten() {
                if self.stopping.load(Ordering::SeqCst) {
                    break;
                }
                streams.extend(stream.try_clone());
                threads.spawn(move || self.serve_stream(stream));
            }
            for stream in streams {
                let _ = stream.shutdown(std::net::Shutdown::Both);
            }
        });
    }

    /// Each message has its length before it (RFC 1035 4.2.2).
    fn serve_stream(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut length = [0; 2];
        loop {
            stream.read_exact(&mut length)?;
            let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut query)?;
            if let Some(answer) = self.answer(&query, usize::from(u16::MAX)) {
                let length = u16::try_from(answer.len()).expect("an answer that fits").to_be_bytes();
                stream.write_all(&[&length[..], &answer].concat())?;
            }
        }
    }

    /// The answer to a query; `None` where the zone says that there is none.
    fn answer(&self, query: &[u8], limit: usize) -> Option<Vec<u8>> {
        let (name, end) = read_name(query, 12)?;
        let question = query.get(12..end + 4)?;
        let kind = u16::from_be_bytes([question[question.len() - 4], question[question.len() - 3]]);
        lock(&self.asked).push(format!("{name} {kind}"));
        let (code, records) = self.look_up(&name, kind)?;
        let mut body = Vec::new();
        for record in &records {
            body.extend(encoded_name(&record.name));
            push_record(&mut body, record.kind, &record.data);
        }
        let mut authorities = 0;
        if records.is_empty() && code != SERVFAIL {
            // How long it holds that there is nothing (RFC 2308 5).
            authorities = 1;
            body.extend(encoded_name("test"));
            let names = [encoded_name("ns.test"), encoded_name("admin.test")].concat();
            let numbers = [1, TTL, TTL, TTL, TTL].map(u32::to_be_bytes).concat();
            push_record(&mut body, 6, &[names, numbers].concat());
        }
        let counts = [1, u16::try_from(records.len()).expect("few records"), authorities, 0];
        let truncated = 12 + question.len() + body.len() > limit;
        // A response to a standard query, recursion desired and available.
        let flags = 0x8180 | u16::from(code) | if truncated { 0x0200 } else { 0 };
        let mut answer = query[..2].to_vec();
        answer.extend(flags.to_be_bytes());
        answer.extend((if truncated { [1, 0, 0, 0] } else { counts }).map(u16::to_be_bytes).concat());
        answer.extend(question);
        if !truncated {
            answer.extend(body);
        }
        Some(answer)
    }

    /// The code of the response, and the records in it; `None` where there is none.
    fn look_up(&self, name: &str, kind: u16) -> Option<(u8, Vec<Answer>)> {
        let zone = lock(&self.zone);
        let (mut name, mut found) = (name.to_owned(), Vec::new());
        // Longer chains are loops.
        for _ in 0..10 {
            let Some(records) = zone.get(&name) else {
                let below = format!(".{name}");
                let code = if zone.keys().any(|known| known.ends_with(&below)) { 0 } else { NXDOMAIN };
                return Some((code, found));
            };
            let mut alias = None;
            for record in records {
                match record {
                    Record::Silent => return None,
                    Record::ServFail => return Some((SERVFAIL, Vec::new())),
                    Record::Cname(target) => alias = Some(target.clone()),
                    _ => {}
                }
                let encoded = record.encoded().filter(|(own, _)| *own == kind || alias.is_some());
                found.extend(encoded.map(|(kind, data)| Answer { name: name.clone(), kind, data }));
            }
            match alias {
                Some(target) => name = target,
                None => return Some((0, found)),
            }
        }
        Some((SERVFAIL, Vec::new()))
    }
}

/// Response codes of RFC 1035 4.1.1.
const SERVFAIL: u8 = 2;
const NXDOMAIN: u8 = 3;

/// Type, class IN, how long it holds, data.
fn push_record(out: &mut Vec<u8>, kind: u16, data: &[u8]) {
    out.extend(kind.to_be_bytes());
    out.extend([0, 1]);
    out.extend(TTL.to_be_bytes());
    out.extend(u16::try_from(data.len()).expect("data that fits").to_be_bytes());
    out.extend(data);
}

/// A name of a query, in lower case, and where it ends. Queries have no pointers in it.
fn read_name(query: &[u8], start: usize) -> Option<(String, usize)> {
    let (mut at, mut labels) = (start, Vec::new());
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_ascii_lowercase());
        at += length;
    }
}

fn encoded_name(name: &str) -> Vec<u8> {
    let label = |label: &str| [&[u8::try_from(label.len()).expect("a label")], label.as_bytes()].concat();
    name.split('.').flat_map(label).chain([0]).collect()
}
