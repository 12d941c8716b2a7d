//! A private Postfix: its own configuration, queue, data, log and port, and never the machine's.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use nix::unistd::{Uid, User};
use tempfile::TempDir;

use crate::daemon::{eventually, mta_program, run};
use crate::mailbox::Mailbox;
use crate::smtp::Client;

/// Everybody has a mailbox at `members.test` and at `outside.test`.
pub const PEOPLE: [&str; 5] = ["anna", "bert", "carla", "dora", "stranger"];

/// Who mail is delivered as, and who mailjam-mta runs as: somebody without any rights.
const NOBODY: &str = "nobody";

/// A running Postfix, which tries deferred mail again every second; dropping it stops it and removes everything it had.
pub struct Postfix {
    folder: TempDir,
    port: u16,
    /// A shell that stops Postfix when its standard input ends, so that none outlives a test that was killed.
    guard: Child,
}

/// What a story wants different.
#[derive(Default)]
pub struct Setup {
    /// Lines for the end of main.cf.
    pub main_cf: &'static str,
    /// Lines for the end of master.cf; `@BIN@` is a folder with the programs.
    pub master_cf: &'static str,
    /// Another program in that folder, with its name.
    pub program: Option<(&'static str, &'static str)>,
    /// The program to call in its place; it finds mailjam-mta beside it.
    pub wrapper: Option<&'static str>,
    /// The table that routes and vouches for the lists' addresses; without one every address at `lists.test` goes to
    /// mailjam-mta.
    pub maps: Option<String>,
}

/// Why no private Postfix can run here, if it cannot.
pub fn obstacle() -> Option<&'static str> {
    if !Uid::effective().is_root() {
        return Some("Postfix needs root");
    }
    let program = Command::new("postfix").arg("-c").arg("/nonexistent").stderr(Stdio::null()).status();
    if program.is_err() {
        return Some("Postfix is not installed");
    }
    match User::from_name("postfix") {
        Ok(Some(_)) => None,
        _ => Some("there is no user postfix"),
    }
}

impl Postfix {
    /// Starts one on `port` that delivers to [`PEOPLE`] itself and hands everything for `lists.test` to mailjam-mta,
    /// and that to the daemon at `server`.
    pub fn start(port: u16, server: &str, setup: &Setup) -> Postfix {
        let folder = tempfile::Builder::new().prefix("postfix-").tempdir().expect("a temporary folder");
        lay_out(folder.path(), port, server, setup);
        postfix_command(folder.path(), "postfix", &["check"]);
        let daemons = postfix_command(folder.path(), "postconf", &["-h", "daemon_directory"]);
        let master = Path::new(daemons.trim()).join("master");
        let guard = Command::new("sh")
            .args(["-c", "\"$0\" -s -c \"$1\" & read nothing; kill $! && wait", &master.display().to_string()])
            .arg(folder.path().join("config"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Whoever ends the test by its process group leaves the guard to do its work.
            .process_group(0)
            .spawn()
            .expect("Postfix started");
        let postfix = Postfix { folder, port, guard };
        eventually("Postfix to start", || postfix.log().contains("daemon started").then_some(()));
        postfix
    }

    /// `host:port` where it takes mail.
    pub fn server(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.port)
    }

    /// The mailbox of one of [`PEOPLE`].
    pub fn mailbox(&self, name: &str) -> Mailbox {
        Mailbox::new(self.folder.path().join("mail").join(name), name)
    }

    /// The folder with main.cf, master.cf and the table of the lists' addresses.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// What Postfix has logged.
    pub fn log(&self) -> String {
        fs::read(self.folder.path().join("maillog")).map_or_else(|_| String::new(), |log| lossy(&log))
    }

    /// Waits for a line of the log that has all of these.
    pub fn wait_for_log(&self, parts: &[&str]) -> String {
        eventually(&format!("a log line with {parts:?}"), || {
            let log = self.log();
            log.lines().find(|line| parts.iter().all(|part| line.contains(part))).map(str::to_owned)
        })
    }

    /// Lines of the log that have all of these.
    pub fn count_log(&self, parts: &[&str]) -> usize {
        self.log().lines().filter(|line| parts.iter().all(|part| line.contains(part))).count()
    }

    /// Replaces the table of the lists' addresses.
    pub fn write_maps(&self, maps: &str) {
        fs::write(self.folder.path().join("config/lists"), maps).expect("the maps written");
        postfix_command(self.folder.path(), "postfix", &["reload"]);
    }

    /// Gives more people a mailbox at `members.test`.
    pub fn open_mailbox(&self, name: &str) {
        let table = self.folder.path().join("config/mailboxes");
        let mut text = fs::read_to_string(&table).expect("the mailboxes");
        text.push_str(&format!("{name}@members.test {name}/\n"));
        fs::write(&table, text).expect("the mailboxes written");
        postfix_command(self.folder.path(), "postfix", &["reload"]);
    }

    /// Has Postfix try again what it has put off until there are log lines enough with all these parts. It does so by itself,
    /// but a queue manager that looks at a message just while its attempt ends ("skipped, still being delivered") leaves it
    /// alone until it is started anew; and a new one begins when it is woken.
    pub fn try_again(&self, parts: &[&str], lines: usize) {
        postfix_command(self.folder.path(), "postfix", &["reload"]);
        eventually(&format!("{lines} lines with {parts:?} in the log of Postfix"), || {
            postfix_command(self.folder.path(), "postqueue", &["-f"]);
            (self.count_log(parts) >= lines).then_some(())
        });
    }

    /// How many messages are in the queue.
    pub fn queued(&self) -> usize {
        postfix_command(self.folder.path(), "postqueue", &["-j"]).lines().count()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
        if thread::panicking() {
            let _ = writeln!(std::io::stderr(), "---- the log of Postfix\n{}----", self.log());
        }
    }
}

/// Runs one of Postfix's own commands on the instance in `folder`.
fn postfix_command(folder: &Path, program: &str, arguments: &[&str]) -> String {
    let output = run(Command::new(program).arg("-c").arg(folder.join("config")).args(arguments), b"");
    assert!(output.status.success(), "{program} {arguments:?}: {}\n{}", output.status, lossy(&output.stderr));
    lossy(&output.stdout)
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// Writes the configuration, and makes the folders that Postfix does not make itself.
fn lay_out(folder: &Path, port: u16, server: &str, setup: &Setup) {
    let user = |name: &str| User::from_name(name).ok().flatten().unwrap_or_else(|| panic!("there is no user {name}"));
    let (owner, nobody) = (user("postfix"), user(NOBODY));
    fs::set_permissions(folder, Permissions::from_mode(0o755)).expect("a folder that others may enter");
    for (name, owner) in [("config", None), ("queue", None), ("data", Some(&owner)), ("mail", Some(&nobody))] {
        fs::create_dir(folder.join(name)).expect("a folder");
        if let Some(owner) = owner {
            chown(folder.join(name), Some(owner.uid.as_raw()), None).expect("the folder's owner");
        }
    }
    // A place of its own for the program: the one it was built in need not be open to everybody.
    let programs = folder.join("bin");
    fs::create_dir(&programs).expect("a folder");
    chown(&programs, Some(nobody.uid.as_raw()), None).expect("the folder's owner");
    fs::copy(mta_program(), programs.join("mailjam-mta")).expect("mailjam-mta copied");
    let mut called = programs.join("mailjam-mta");
    if let Some(wrapper) = setup.wrapper {
        called = programs.join("wrapper");
        fs::write(&called, wrapper).expect("the wrapper written");
    }
    fs::set_permissions(&called, Permissions::from_mode(0o755)).expect("a program");
    if let Some((name, text)) = setup.program {
        fs::write(programs.join(name), text.replace("@PORT@", &port.to_string())).expect("a program written");
        fs::set_permissions(programs.join(name), Permissions::from_mode(0o755)).expect("a program");
    }

    let config = folder.join("config");
    let write = |name: &str, text: &str| {
        let text = text.replace("@FOLDER@", &folder.display().to_string());
        fs::write(config.join(name), text).expect("a file of the configuration");
    };
    let main_cf = MAIN_CF.replace("@UID@", &nobody.uid.to_string()).replace("@GID@", &nobody.gid.to_string());
    let routes = if setup.maps.is_some() { MAPPED } else { UNMAPPED };
    write("main.cf", &[&main_cf, routes, setup.main_cf].concat());
    write("lists", setup.maps.as_deref().unwrap_or_default());
    let mailboxes = PEOPLE.map(|name| format!("{name}@members.test {name}/\n{name}@outside.test {name}/\n"));
    write("mailboxes", &mailboxes.concat());
    let master_cf = [MASTER_CF, setup.master_cf]
        .concat()
        .replace("@BIN@", &programs.display().to_string())
        .replace("@PORT@", &port.to_string())
        .replace("@USER@", NOBODY)
        .replace("@MTA@", &called.display().to_string())
        .replace("@SERVER@", server);
    write("master.cf", &master_cf);
}

const MAIN_CF: &str = "\
compatibility_level = 3.6
queue_directory = @FOLDER@/queue
data_directory = @FOLDER@/data
maillog_file = @FOLDER@/maillog
maillog_file_prefixes = @FOLDER@
myhostname = mx.lists.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
virtual_mailbox_domains = members.test, outside.test
virtual_mailbox_base = @FOLDER@/mail
virtual_mailbox_maps = texthash:@FOLDER@/config/mailboxes
virtual_uid_maps = static:@UID@
virtual_gid_maps = static:@GID@
relay_domains = lists.test
mailjam_destination_recipient_limit = 1
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
transport_retry_time = 1s
";

const UNMAPPED: &str = "transport_maps = inline:{{lists.test = mailjam:}}\n";

const MAPPED: &str = "\
transport_maps = regexp:@FOLDER@/config/lists
relay_recipient_maps = regexp:@FOLDER@/config/lists
";

const MASTER_CF: &str = "\
127.0.0.1:@PORT@ inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
mailjam unix - n n - 16 pipe
  flags=RqX user=@USER@ null_sender=
  argv=@MTA@ --server @SERVER@ --queue-id ${queue_id} --sender ${sender} -- ${recipient}
";
