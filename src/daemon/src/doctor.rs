//! Looks whether all that lists need is there: storage, sockets, the mail server, the way back from it, keys and the DNS.
//! Each finding says what to do.

mod names;
mod reverse;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mailjam_relay::{Body, Connection, Envelope, Outcome, ReturnPath};
use mailjam_store::{Error, ListRow, PageQuery, Session};

use crate::daemon::{Daemon, now};
use crate::pool::Pool;

/// What can be looked at, in the order of the report.
pub const CHECKS: [&str; 10] =
    ["storage", "clock", "sockets", "next-hop", "queue", "loop", "keys", "policies", "reverse", "one-click"];

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All is well.
    Ok,
    /// It could not be looked at, or need not be.
    Skipped,
    /// Mail flows, but not as well as it might.
    Warn,
    /// Mail does not flow, or is lost on the way.
    Fail,
}

impl Status {
    /// The word that is sent.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Skipped => "skipped",
            Status::Warn => "warn",
            Status::Fail => "fail",
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// One of [`CHECKS`].
    pub check: &'static str,
    /// How it ended.
    pub status: Status,
    /// What was seen.
    pub detail: String,
    /// What to do; empty if nothing is to be done.
    pub fix: String,
}

impl Finding {
    fn new(check: &'static str, status: Status, detail: impl Into<String>, fix: impl Into<String>) -> Finding {
        Finding { check, status, detail: detail.into(), fix: fix.into() }
    }

    fn ok(check: &'static str, detail: impl Into<String>) -> Finding {
        Finding::new(check, Status::Ok, detail, "")
    }
}

/// Free space below which mail may soon not be taken any more, in octets.
const SCARCE: u64 = 500 << 20;

/// Seconds after which mail in the queue is worth a word, and a warning.
const LATE: (i64, i64) = (3600, 86_400);

/// How long a mail to a list may be on its way through the mail server of this host.
const ROUND: Duration = Duration::from_secs(20);

/// How long the DNS may take for one check.
const NAMES: Duration = Duration::from_secs(25);

/// How often to look for it.
const LOOK: Duration = Duration::from_millis(200);

/// Looks at what is wanted; everything if nothing is named.
pub async fn examine(daemon: &Arc<Daemon>, wanted: &[String]) -> Vec<Finding> {
    let wants = |check: &str| wanted.is_empty() || wanted.iter().any(|name| name == check);
    let mut findings = Vec::new();
    if wants("storage") {
        findings.push(storage(daemon).await);
    }
    if wants("clock") {
        findings.push(clock(daemon).await);
    }
    if wants("sockets") {
        findings.extend(sockets(daemon));
    }
    if wants("next-hop") {
        findings.push(next_hop(daemon).await);
    }
    if wants("queue") {
        findings.push(queue(daemon).await);
    }
    if wants("loop") {
        findings.push(round(daemon).await);
    }
    match list_domains(daemon).await {
        Ok(domains) => {
            if wants("keys") {
                findings.extend(in_time("keys", names::keys(daemon, &domains)).await);
            }
            if wants("policies") {
                findings.extend(in_time("policies", names::policies(daemon, &domains)).await);
            }
        }
        Err(error) => {
            findings.push(Finding::new("storage", Status::Fail, error.to_string(), "see the log of mailjamd"))
        }
    }
    if wants("reverse") {
        findings.extend(in_time("reverse", reverse::reverse(daemon)).await);
    }
    if wants("one-click") {
        findings.extend(in_time("one-click", async { vec![names::one_click(daemon).await] }).await);
    }
    findings
}

/// What a check finds, unless the DNS keeps it waiting for longer than a person waits.
async fn in_time(check: &'static str, looking: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    tokio::time::timeout(NAMES, looking).await.unwrap_or_else(|_| {
        let fix = "see whether the name servers of [dns] servers, or of /etc/resolv.conf, answer";
        vec![Finding::new(
            check,
            Status::Warn,
            format!("the DNS gave no answer within {} seconds", NAMES.as_secs()),
            fix,
        )]
    })
}

/// Domains that have lists, in A-labels.
async fn list_domains(daemon: &Daemon) -> Result<BTreeSet<String>, Error> {
    let domains = daemon.store.read(|session| session.domains(&PageQuery { limit: 1000, ..PageQuery::default() }));
    Ok(domains.await?.items.into_iter().filter(|row| row.lists > 0).map(|row| row.name).collect())
}

async fn storage(daemon: &Daemon) -> Finding {
    const CHECK: &str = "storage";
    let path = daemon.config().storage.path.clone();
    if let Err(error) = daemon.store.write(|_| Ok::<_, Error>(())).await {
        let fix = "see the log of mailjamd; a full or read-only disk is the usual reason";
        return Finding::new(CHECK, Status::Fail, format!("{}: {error}", path.display()), fix);
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    match nix::sys::statvfs::statvfs(folder) {
        Ok(disk) => {
            let free = disk.blocks_available().saturating_mul(disk.fragment_size());
            let detail = format!("{} is written to; {} MiB are free", path.display(), free >> 20);
            if free < SCARCE {
                return Finding::new(CHECK, Status::Warn, detail, "make room: without it no mail is taken");
            }
            Finding::ok(CHECK, detail)
        }
        Err(error) => Finding::ok(CHECK, format!("{} is written to; its disk: {error}", path.display())),
    }
}

/// Posts from the future mean that the clock was set back: what waits for a time waits longer.
async fn clock(daemon: &Daemon) -> Finding {
    const CHECK: &str = "clock";
    let newest = daemon.store.read(|session| session.newest_post()).await;
    let time = mailjam_rpc::Time(now());
    match newest {
        Ok(Some(received)) if received > now() + 60 => {
            let detail = format!("it is {time}, but the last mail came at {}", mailjam_rpc::Time(received));
            Finding::new(CHECK, Status::Fail, detail, "set the clock, and let systemd-timesyncd or chrony keep it")
        }
        Ok(_) => Finding::ok(CHECK, format!("it is {time}")),
        Err(error) => Finding::new(CHECK, Status::Skipped, error.to_string(), ""),
    }
}

/// Whoever may write to a socket may do all that can be done there.
fn sockets(daemon: &Daemon) -> Vec<Finding> {
    const CHECK: &str = "sockets";
    let sockets = daemon.config().sockets.clone();
    let look = |(name, path): (&str, &Path)| match std::fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o006 != 0 => {
            let detail = format!("everybody on this host may use the {name} socket {}", path.display());
            Finding::new(CHECK, Status::Fail, detail, format!("chmod 0660 {}", path.display()))
        }
        Ok(_) => Finding::ok(CHECK, format!("{} is for its group alone", path.display())),
        Err(error) => {
            let fix = format!("systemctl enable --now mailjamd.socket, or see [sockets] {name}");
            Finding::new(CHECK, Status::Warn, format!("{}: {error}", path.display()), fix)
        }
    };
    [("mta", &sockets.mta), ("control", &sockets.control), ("web", &sockets.web)]
        .map(|(name, path)| look((name, path.as_path())))
        .to_vec()
}

async fn next_hop(daemon: &Daemon) -> Finding {
    const CHECK: &str = "next-hop";
    let config = daemon.config();
    let server = &config.smtp.server;
    match Pool::connect(&config.smtp).await {
        Ok(connection) => {
            let offers = connection.offers();
            let lacks: Vec<&str> = [("8BITMIME", offers.eight_bit_mime), ("SMTPUTF8", offers.smtputf8)]
                .into_iter()
                .filter_map(|(name, offered)| (!offered).then_some(name))
                .collect();
            let each = if offers.xverp { "; XVERP names members in one transaction" } else { "" };
            connection.quit().await;
            if lacks.is_empty() {
                return Finding::ok(CHECK, format!("{server} takes mail{each}"));
            }
            let lacks = lacks.join(" and ");
            let fix = format!("let the mail server offer {lacks}, or mail that needs it is refused");
            Finding::new(CHECK, Status::Warn, format!("{server} takes mail, but does not offer {lacks}"), fix)
        }
        Err(error) => {
            let fix = "start the mail server, or correct [smtp] server; posts wait meanwhile";
            Finding::new(CHECK, Status::Fail, error.to_string(), fix)
        }
    }
}

async fn queue(daemon: &Daemon) -> Finding {
    const CHECK: &str = "queue";
    let counts = match daemon.store.read(|session| session.counts()).await {
        Ok(counts) => counts,
        Err(error) => return Finding::new(CHECK, Status::Skipped, error.to_string(), ""),
    };
    let age = counts.oldest.map_or(0, |oldest| now() - oldest);
    let detail = format!(
        "{} under way, {} recipients deferred, the oldest for {} minutes",
        counts.queued,
        counts.deferred,
        age / 60
    );
    let fix = "mailjam-cli queue list shows what waits, queue show ID why";
    match age {
        _ if age > LATE.1 => Finding::new(CHECK, Status::Fail, detail, fix),
        _ if age > LATE.0 => Finding::new(CHECK, Status::Warn, detail, fix),
        _ => Finding::ok(CHECK, detail),
    }
}

/// Sends a mail to a list's bounce address by way of the mail server, and waits until it comes back.
async fn round(daemon: &Arc<Daemon>) -> Finding {
    const CHECK: &str = "loop";
    let first = daemon.store.read(|session| session.lists(&PageQuery { limit: 1, ..PageQuery::default() })).await;
    let Some(row) = first.ok().and_then(|page| page.items.into_iter().next()) else {
        return Finding::new(CHECK, Status::Skipped, "there is no list to send a mail to", "");
    };
    let connection = match Pool::connect(&daemon.config().smtp).await {
        Ok(connection) => connection,
        Err(_) => return Finding::new(CHECK, Status::Skipped, "the mail server cannot be reached; see next-hop", ""),
    };
    match send_round(daemon, connection, &row).await {
        Ok(true) => Finding::ok(CHECK, format!("a mail to {} came back by way of the mail server", row.list.address)),
        Ok(false) => {
            let detail = format!(
                "the mail server took a mail to {}, which did not come within {} seconds",
                row.list.address,
                ROUND.as_secs()
            );
            let fix =
                "lead the addresses of lists to mailjam-mta: mailjam-cli mta-config shows how, --check what is missing";
            Finding::new(CHECK, Status::Fail, detail, fix)
        }
        Err(problem) => {
            let fix = "lead the addresses of lists to mailjam-mta: mailjam-cli mta-config shows how";
            Finding::new(CHECK, Status::Fail, problem, fix)
        }
    }
}

async fn send_round(daemon: &Daemon, mut connection: Connection, row: &ListRow) -> Result<bool, String> {
    let list = &row.list.address;
    let id = format!("<mailjam.doctor.{:x}.{:x}@{}>", now(), getrandom::u64().unwrap_or_default(), list.ascii_domain());
    let to = list.with_suffix("-bounces").envelope();
    // Mail that is no report is stored there, and nothing follows from it.
    let message = format!(
        "From: {to}\r\nTo: {to}\r\nSubject: mailjam-cli doctor\r\nMessage-ID: {id}\r\nAuto-Submitted: auto-generated\r\n\r\n\
         This mail finds out whether mail for lists reaches mailjam.\r\n"
    );
    let recipients = [to];
    let envelope = Envelope { return_path: ReturnPath::Shared(""), recipients: &recipients };
    let sent = connection.send(&envelope, &Body::new(message.as_bytes())).await;
    connection.quit().await;
    match sent.map_err(|interrupted| interrupted.cause.to_string())?.first() {
        Some(Outcome::Delivered) => {}
        Some(Outcome::Refused(reply) | Outcome::Deferred(reply) | Outcome::Unconfirmed(reply)) => {
            return Err(format!("the mail server does not take mail for {}: {reply}", recipients[0]));
        }
        Some(Outcome::TooMany) | None => return Err("the mail server takes no recipient".to_owned()),
    }
    let deadline = tokio::time::Instant::now() + ROUND;
    while tokio::time::Instant::now() < deadline {
        let (list, wanted) = (row.id, id.clone());
        let found = daemon.store.read(move |session: &dyn Session| session.post_by_message_id(list, &wanted)).await;
        if found.map_err(|error| error.to_string())?.is_some() {
            return Ok(true);
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(false)
}
