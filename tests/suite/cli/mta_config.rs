//! What mail servers are told, and what is said about them: printed parts, and checks that ask programs made up for the
//! test, which answer in the words of the real ones. Postfix is asked in earnest elsewhere, with the private one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use mailjam_rpc::records::{Domain, Page};
use mailjam_rpc::{Code, Value};
use tempfile::TempDir;

use super::daemon::{Answer, Call, Daemon, fault, value};
use super::program::{Cli, Outcome};
use super::site::{NOW, list, member_of, page};

const LISTS: [&str; 2] = ["news@lists.example.org", "talk@lists.example.org"];
const REGEXPS: &str = "^news@lists$\n^talk@lists$\n";

/// A daemon with two lists in one domain.
fn answer(call: &Call) -> Answer {
    let domain = Domain { name: "lists.example.org".to_owned(), description: String::new(), lists: 2, created: NOW };
    match (call.method.as_str(), call.params.first()) {
        ("domain.list", _) => value(page(vec![domain])),
        ("list.list", _) => value(page(LISTS.map(|address| list(address, 1, false, "")).to_vec())),
        ("mta.maps", Some(Value::String(format))) => value(match format.as_str() {
            "plain" => LISTS.map(|list| format!("{list}\n")).concat(),
            "sendmail" => format!("mailjam.table\n{}", LISTS.map(|list| format!("{list}\n")).concat()),
            _ => REGEXPS.to_owned(),
        }),
        (method, _) => fault(Code::NoSuchMethod, &format!("no method {method}")),
    }
}

/// A folder with programs that stand for a mail server's, a table, and a mailjam-mta.
struct Host {
    folder: TempDir,
    daemon: Daemon,
}

impl Host {
    /// Where a program of this name is the shell script; `DIR` in it stands for the folder.
    fn with(program: &str, script: &str) -> Host {
        let host = Host { folder: tempfile::tempdir().unwrap(), daemon: Daemon::start(answer) };
        host.program("mailjam-mta", "exit 75");
        host.program(program, script);
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text.replace("DIR", &self.folder.path().display().to_string())).unwrap();
    }

    fn program(&self, name: &str, script: &str) {
        self.write(name, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn cli(&self, arguments: &[&str]) -> Cli {
        let path = format!("{}:/usr/bin:/bin", self.folder.path().display());
        Cli::of(&self.daemon, &[&["mta-config"], arguments].concat()).env("PATH", &path)
    }

    /// Checks the mail server whose configuration is in this file of the folder.
    fn check(&self, server: &str, config: &str) -> Outcome {
        let (config, table) = (self.shown(config), self.shown("lists"));
        let options = ["--check", "--user", "daemon:daemon", "--config-file", &config, "--table", &table];
        self.cli(&[&[server], &options[..]].concat()).run()
    }

    /// The same with a text in one of the files replaced: the check fails and names `complaint`.
    fn complains(&self, server: &str, config: &str, file: &str, [from, to]: [&str; 2], complaint: &str) {
        let before = fs::read_to_string(self.path(file)).unwrap();
        assert!(before.contains(from), "{file} has no {from:?}");
        fs::write(self.path(file), before.replacen(from, to, 1)).unwrap();
        let outcome = self.check(server, config);
        fs::write(self.path(file), before).unwrap();
        let said = format!("{from:?} → {to:?}: {outcome:?}");
        assert_eq!(outcome.exit, 1, "{said}");
        assert!(outcome.out.lines().any(|line| line.starts_with("wrong: ") && line.contains(complaint)), "{said}");
        assert!(outcome.err.contains(" is not set up for mailjam: "), "{said}");
    }
}

#[test]
fn each_part_is_printed_alone_and_all_together() {
    let daemon = Daemon::start(answer);
    for (server, parts) in [
        ("postfix", &["master.cf", "main.cf"][..]),
        ("exim", &["main", "router", "transport"]),
        ("opensmtpd", &["smtpd.conf"]),
        ("sendmail", &["mailjam.m4"]),
    ] {
        let print = |options: &[&str]| {
            let outcome = Cli::of(&daemon, &[&["mta-config", server], options].concat()).run();
            assert_eq!((outcome.exit, outcome.err.as_str()), (0, ""), "{server} {options:?}");
            outcome.out
        };
        let alone: Vec<String> = parts.iter().map(|part| print(&["--part", part])).collect();
        assert_eq!(alone.join("\n"), print(&[]), "{server}");
        assert!(alone.concat().contains("lists.example.org"), "{server}");
        assert!(!alone.concat().contains("Put your own"), "{server}");
    }
}

#[test]
fn printing_needs_no_daemon_and_takes_what_is_given() {
    let options = ["--mta", "/opt/mta", "--config", "/opt/conf", "--user", "who:they", "--table", "/opt/table"];
    for server in ["postfix", "exim", "opensmtpd", "sendmail"] {
        let print = |more: &[&str]| {
            let arguments = [&["--server", "unix:/nonexistent", "mta-config", server], &options[..], more].concat();
            Cli::new(&arguments).run()
        };
        let outcome = print(&["--domain", "a.example", "--domain", "b.example"]);
        assert_eq!((outcome.exit, outcome.err.as_str()), (0, ""), "{server}");
        for given in ["/opt/mta", "--config /opt/conf", "who", "/opt/table", "a.example", "b.example"] {
            assert!(outcome.out.contains(given), "{server}: {given} is not in\n{}", outcome.out);
        }
        let outcome = print(&[]);
        assert!(outcome.out.contains("Put your own for lists.example.org"), "{server}: {}", outcome.out);
    }
}

#[test]
fn the_socket_for_mail_servers_is_enough() {
    let daemon = Daemon::start(|call| match call.method.as_str() {
        "mta.maps" => answer(call),
        _ => fault(Code::NotAllowed, "not at this socket"),
    });
    let outcome = Cli::of(&daemon, &["mta-config", "exim", "--part", "main"]).run();
    assert!(outcome.out.contains("\ndomainlist mailjam_domains = lists.example.org\n"), "{outcome:?}");
}

#[test]
fn the_table_is_written_for_everybody_to_read() {
    let host = Host::with("exim4", "");
    let (file, other) = (host.shown("lists"), host.shown("other"));
    let wrote = host.cli(&["exim", "--maps", &file]).run();
    wrote.prints(&format!("wrote {file}; Exim reads it with the next message\n"));
    assert_eq!(fs::read_to_string(host.path("lists")).unwrap(), REGEXPS);
    host.cli(&["exim", "--maps", &file]).run().prints(&format!("{file} is up to date\n"));

    // As root with a careful umask, which the mail server's own user would suffer from.
    let command = format!(
        "umask 077; exec {} --server {} mta-config opensmtpd --maps {other}",
        env!("CARGO_BIN_EXE_mailjam-cli"),
        host.daemon.url
    );
    assert!(std::process::Command::new("sh").args(["-c", &command]).output().unwrap().status.success());
    assert_eq!(fs::metadata(host.path("other")).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn what_cannot_go_together_is_said() {
    let daemon = Daemon::start(answer);
    for options in [&["--check", "--part", "main"][..], &["--maps", "--check"], &["--maps", "--part", "main"]] {
        let outcome = Cli::of(&daemon, &[&["mta-config", "exim"], options].concat()).run();
        assert!(outcome.exit == 2 && outcome.out.is_empty() && outcome.err.contains("leave "), "{outcome:?}");
    }
}

/// Exim as far as the check asks it; the transport and the router are files, `-bt` knows two lists, and a host from
/// elsewhere is told about them as well.
const EXIM: &str = r#"
shift 2
case "$*" in
-bV) ;;
"-bP transport mailjam") cat DIR/transport ;;
"-bP router mailjam") cat DIR/router ;;
"-bP message_size_limit"|"-bP smtp_accept_queue_per_connection") grep "^$2 =" DIR/options ;;
-bt\ news*) echo "$2"; echo "  router = mailjam, transport = mailjam" ;;
-bt\ *) grep "^nobody" DIR/options | sed "s/^nobody =/$2/" ;;
-brt\ *) grep "^Retry rule" DIR/options ;;
-bh\ *) cat DIR/session ;;
*) exit 1 ;;
esac
"#;

fn exim() -> Host {
    let host = Host::with("exim4", EXIM);
    let transport = "driver = pipe\nreturn_path_add\nuser = daemon\ngroup = daemon\nbatch_max = 1\n\
        command = DIR/mailjam-mta --queue-id $message_exim_id\nfreeze_signal\nno_ignore_status\nlog_output\n\
        message_prefix = \nmessage_suffix = \nreturn_fail_output\nno_use_bsmtp\nno_use_crlf\nno_use_shell\n\
        temp_errors = 1 : 2 : 64 : 66 : 68 : 70 : 71 : 72 : 73 : 74 : 75 : 76 : 78 : 101 : 126 : 127\n\
        timeout = 1h\ntimeout_defer\n";
    host.write("transport", transport);
    let router = "caseful_local_part\ndriver = accept\ndomains = +mailjam_domains\n\
        condition = ${lookup{$local_part@$domain}nwildlsearch{DIR/lists}{yes}{no}}\n\
        local_parts = ! nwildlsearch;DIR/lists\ntransport = mailjam\n";
    host.write("router", router);
    host.write("options", "message_size_limit = 50M\nsmtp_accept_queue_per_connection = 0\nnobody = is undeliverable: no such list\nRetry rule: *  *  F,2h,15m;\n");
    host.write("session", "\n**** SMTP testing session as if from host 192.0.2.1\n\n220 mx\n250 mx Hello\n250 OK\n250 Accepted\n550 no such list\n221 bye\n");
    host.write("lists", REGEXPS);
    host
}

#[test]
fn an_exim_that_is_set_up_gives_no_cause_for_complaint() {
    let host = exim();
    host.check("exim", "conf").prints("Exim is set up for mailjam\n");
}

#[test]
fn what_is_wrong_with_exim_is_found() {
    let host = exim();
    for (file, change, complaint) in [
        ("transport", ["driver = pipe", "driver = smtp"], "its driver is smtp"),
        (
            "transport",
            ["driver =", "x ="],
            "Exim has no such transport; \"mailjam-cli mta-config exim --part transport\"",
        ),
        ("transport", ["mailjam-mta --queue-id", "nothing --queue-id"], "nothing does not exist"),
        ("transport", ["$message_exim_id", "${local_part}"], "command has ${local_part}, which Exim takes for tainted"),
        ("transport", ["user = daemon", "user = no-such-user"], "there is no user no-such-user"),
        ("transport", ["user = daemon", "user = "], "there is no user;"),
        ("transport", ["message_prefix = ", "message_prefix = From x"], "message_prefix is not empty"),
        ("transport", ["message_suffix = ", "message_suffix = \\n"], "message_suffix is not empty"),
        ("transport", ["timeout_defer", "no_timeout_defer"], "timeout_defer is not set"),
        ("transport", ["freeze_signal", "no_freeze_signal"], "freeze_signal is not set"),
        ("transport", ["return_fail_output", "no_return_fail_output"], "return_fail_output is not set"),
        ("transport", ["no_use_shell", "use_shell"], "use_shell is set"),
        ("transport", ["batch_max = 1", "batch_max = 9"], "batch_max is not 1"),
        ("transport", ["70 : 71", "71"], "temp_errors lacks 70, so that"),
        ("transport", [" 127", " 127 : 67"], "temp_errors has codes by which mailjam refuses posts"),
        ("transport", ["timeout = 1h", "timeout = 30s"], "the time limit of 30 s is not above the deadline"),
        ("router", ["driver =", "x ="], "Exim has no such router"),
        ("router", ["nwildlsearch{", "lsearch{"], "its condition does not ask the table"),
        ("router", ["nwildlsearch;", "lsearch;"], "while the table cannot be read, mail is refused"),
        ("options", ["50M", "60000"], "60000 octets are less than the largest max_size of a list, 65536"),
        ("options", ["connection = 0", "connection = 10"], "10 messages of a connection go out at once"),
        ("options", ["Retry rule", "No rule"], "no retry rule is for the lists"),
        (
            "options",
            ["is undeliverable: no such list", "  router = local"],
            "Exim would take mail for an address that does not exist",
        ),
        (
            "session",
            ["250 Accepted", "550 relay not permitted"],
            "Exim refuses mail from elsewhere: 550 relay not permitted",
        ),
        ("session", ["550 no such list", "250 Accepted"], "bounces it later"),
        (
            "lists",
            ["^talk", "^tlak"],
            "the table is out of date: 1 lines are missing, 1 should not be there; run: mailjam-cli mta-config exim --maps",
        ),
        ("exim4", ["-bt\\ news*", "-bt\\ other*"], "news@lists.example.org: Exim would not hand it over"),
    ] {
        host.complains("exim", "conf", file, change, complaint);
    }
}

#[test]
fn an_opensmtpd_with_the_printed_lines_gives_no_cause_for_complaint() {
    let host = opensmtpd();
    host.check("opensmtpd", "smtpd.conf").prints("OpenSMTPD is set up for mailjam\n");
}

/// OpenSMTPD with what is printed for it, in a file of its own.
fn opensmtpd() -> Host {
    let host = Host::with("smtpd", "test ! -e DIR/broken || { echo \"$3:7: syntax error\" >&2; exit 1; }");
    host.write("lists", REGEXPS);
    host.write(
        "smtpd.conf",
        "listen on lo\ninclude \"DIR/mailjam.conf\"\naction \"relay\" relay\nmatch from local for any action \"relay\"\n",
    );
    let (mta, table) = (host.shown("mailjam-mta"), host.shown("lists"));
    let printed = host.cli(&["opensmtpd", "--mta", &mta, "--user", "daemon:daemon", "--table", &table]).run();
    fs::write(host.path("mailjam.conf"), printed.out).unwrap();
    host
}

#[test]
fn what_is_wrong_with_opensmtpd_is_found() {
    let host = opensmtpd();
    for (file, change, complaint) in [
        ("smtpd.conf", ["include", "#include"], "there is no action \"mailjam\""),
        (
            "smtpd.conf",
            ["listen", "match from any for any action \"relay\"\nlisten"],
            "\"match from any for any action relay\" comes before it",
        ),
        (
            "smtpd.conf",
            ["match from local for any", "match from local for local"],
            "copies for members elsewhere are refused",
        ),
        ("smtpd.conf", ["listen", "smtp max-message-size 60K\nlisten"], "add a line: smtp max-message-size 1114112"),
        ("mailjam.conf", ["exec", "SENDER=$SENDER exec"], "is run by a shell"),
        ("mailjam.conf", ["mda \"", "mda \"echo %{sender}; "], "is run by a shell"),
        ("mailjam.conf", ["|| exit 75", ""], "while mailjam-mta is missing, posts are returned"),
        ("mailjam.conf", ["75; exec ", "75; exec /nonexistent"], "mailjam-mta does not exist"),
        ("mailjam.conf", ["user daemon", "user no-such-user"], "there is no user no-such-user"),
        ("mailjam.conf", ["user daemon", ""], "there is no user;"),
        ("mailjam.conf", ["virtual <mailjam_user>", ""], "there is no virtual table"),
        ("mailjam.conf", ["  mda \"", "  lmtp \""], "it is no mda"),
        ("mailjam.conf", ["\ntable mailjam_lists", "\ntable mailjam_other"], "there is no table mailjam_lists"),
        ("mailjam.conf", ["match from any for rcpt-to", "match for rcpt-to"], "it is not from any"),
        ("mailjam.conf", ["rcpt-to regex", "rcpt-to"], "it is not for rcpt-to regex <mailjam_lists>"),
        ("mailjam.conf", ["match from any for rcpt-to", "#"], "no match has the action \"mailjam\""),
        ("lists", ["^talk", ""], "the table is out of date"),
    ] {
        host.complains("opensmtpd", "smtpd.conf", file, change, complaint);
    }
    host.write("broken", "");
    let outcome = host.check("opensmtpd", "smtpd.conf");
    assert!(outcome.exit == 1 && outcome.out.contains("smtpd.conf:7: syntax error"), "{outcome:?}");
}

/// sendmail as far as the check asks it, in test mode and about addresses.
const SENDMAIL: &str = r#"
shift
case "$1" in
-bt) cat DIR/test ;;
-bv) case "$2" in
  news*) echo "$2... deliverable: mailer mailjam, host lists.example.org, user $2" ;;
  *) sed "s/^/$2... /" DIR/nobody ;;
  esac ;;
esac
"#;

fn sendmail() -> Host {
    let host = Host::with("sendmail", SENDMAIL);
    host.write("lists", &format!("mailjam.table\n{}", LISTS.map(|list| format!("{list}\n")).concat()));
    host.write("sendmail.cf", "O MaxMessageSize=50000000\nKmailjam text -k0 -v0 DIR/lists\n");
    host.write("nobody", "No such list\n");
    let id = |database: &str| {
        let said = std::process::Command::new("getent").args([database, "daemon"]).output().unwrap();
        String::from_utf8(said.stdout).unwrap().split(':').nth(2).unwrap().to_owned()
    };
    let (user, group) = (id("passwd"), id("group"));
    host.write("test", &format!("Version 8.17.1.9\n> mailer 0 (prog): P=/bin/sh S=EnvFromL/HdrFromL M=0 U=-1:-1 F=9DFMeloqsu L=0 A=sh -c $u\nmailer 9 (mailjam): P=DIR/mailjam-mta S=EnvFromSMTP/HdrFromSMTP M=0 U={user}:{group} F=8PShlnu L=0 E=\\n T=DNS/RFC822/X-Unix r=100 A=mailjam-mta --queue-id $i --sender $f -- $u\n> map_lookup: mailjam (mailjam.table) returns mailjam.table (0)\n"));
    host
}

#[test]
fn a_sendmail_that_is_set_up_gives_no_cause_for_complaint() {
    let host = sendmail();
    host.check("sendmail", "sendmail.cf").prints("sendmail is set up for mailjam\n");
}

#[test]
fn what_is_wrong_with_sendmail_is_found() {
    let host = sendmail();
    for (file, change, complaint) in [
        ("test", ["(mailjam): ", "(other): "], "there is no such mailer"),
        ("test", ["/mailjam-mta S=", "/nothing S="], "nothing does not exist"),
        ("test", ["8PShlnu", "8Phlnu"], "the flag S is missing"),
        ("test", ["8PShlnu", "8PShlu"], "the flag n is missing"),
        ("test", ["8PShlnu", "PShlnu"], "the flag 8 is missing"),
        ("test", ["8PShlnu", "8PShlmnu"], "the flag m is set"),
        ("test", ["8PShlnu", "8EPShlnu"], "the flag E is set"),
        ("test", ["-- $u\n>", "$u\n>"], "A= has no --"),
        ("test", ["--sender $f", ""], "A= has no $f"),
        ("test", ["S=EnvFromSMTP/HdrFromSMTP M=0 U=", "M=0 U=-1:-1 X="], "there is no U=, or it is root"),
        ("test", [" returns mailjam.table", ": no match"], "the table of the lists is not there"),
        ("test", ["map_lookup: ", "no map"], "there is no such map"),
        ("sendmail.cf", ["50000000", "60000"], "write define(`confMAX_MESSAGE_SIZE', `1114112') into sendmail.mc"),
        ("sendmail.cf", ["/lists", "/others"], "others, not "),
        ("lists", ["talk", "tlak"], "the table is out of date"),
        (
            "nobody",
            ["No such list", "deliverable: mailer local"],
            "sendmail would take mail for an address that does not exist",
        ),
        ("sendmail", ["  news*", "  other*"], "news@lists.example.org: sendmail would not hand it over"),
    ] {
        host.complains("sendmail", "sendmail.cf", file, change, complaint);
    }
}

#[test]
fn another_program_that_is_called_sendmail_is_none() {
    let host = Host::with("sendmail", "echo 'sendmail: fatal: unsupported: -bt' >&2; exit 64");
    let outcome = host.check("sendmail", "sendmail.cf");
    assert_eq!((outcome.exit, outcome.out.as_str()), (1, ""));
    assert!(outcome.err.contains("it is no sendmail 8") && outcome.err.contains("unsupported: -bt"), "{outcome:?}");
}

#[test]
fn findings_are_shown_to_programs_as_well() {
    let host = exim();
    host.write("lists", "");
    let table = host.shown("lists");
    let config = host.shown("conf");
    let options = ["exim", "--check", "--user", "daemon:daemon", "--config-file", &config, "--table", &table, "--json"];
    let outcome = host.cli(&options).run();
    let findings: serde_json::Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(outcome.exit, 1);
    assert_eq!(findings[0]["status"], "wrong");
    assert_eq!(findings[0]["where"], table);
    assert_eq!(findings[0]["do"], format!("run: mailjam-cli mta-config exim --maps {table}"));
    assert_eq!(findings.as_array().unwrap().len(), 1);
}

#[test]
fn without_a_daemon_what_was_found_is_shown_before_that() {
    let host = exim();
    let transport = fs::read_to_string(host.path("transport")).unwrap();
    fs::write(host.path("transport"), transport.replace("timeout_defer\n", "")).unwrap();
    let path = format!("{}:/usr/bin:/bin", host.folder.path().display());
    let (config, table) = (host.shown("conf"), host.shown("lists"));
    let options =
        ["mta-config", "exim", "--check", "--user", "daemon:daemon", "--config-file", &config, "--table", &table];
    let outcome = Cli::new(&[&["--server", "unix:/nonexistent"], &options[..]].concat()).env("PATH", &path).run();
    assert_eq!(outcome.exit, 3);
    assert!(outcome.out.starts_with("wrong: transport mailjam: timeout_defer is not set"), "{outcome:?}");
    assert!(outcome.err.starts_with("mailjam-cli: cannot reach unix:/nonexistent"), "{outcome:?}");
}

#[test]
fn pages_of_domains_are_all_asked_for() {
    let domain = |name: &str| Domain { name: name.to_owned(), description: String::new(), lists: 1, created: NOW };
    let daemon = Daemon::start(move |call| {
        let next = member_of(&call.params[0], "cursor").is_none().then(|| "more".to_owned());
        let name = if next.is_some() { "a.example" } else { "b.example" };
        value(Page { total: 2, items: vec![domain(name)], next })
    });
    let outcome = Cli::of(&daemon, &["mta-config", "exim", "--part", "main"]).run();
    assert!(outcome.out.contains("mailjam_domains = a.example : b.example\n"), "{outcome:?}");
}

/// The one thing that is known in two places: which words may follow the name of a list.
#[test]
fn extensions_for_sendmail_are_those_of_the_daemon() {
    let daemon = crate::daemon::Daemon::start("127.0.0.1:9");
    daemon.create_list("talk@lists.example.org", &[]);
    let pattern = daemon.cli_prints(&["mta-config", "exim", "--maps"]);
    let words = pattern.strip_prefix("^talk([-+](").and_then(|rest| rest.split(')').next()).unwrap();
    let printed = daemon.cli_prints(&["mta-config", "sendmail"]);
    assert!(printed.contains(&format!("regex -s1 ^(.+)[-+]({words})([-+].*)?$\n")), "{words} is not in\n{printed}");
    let table = daemon.cli_prints(&["mta-config", "sendmail", "--maps"]);
    assert_eq!(table, "mailjam.table\ntalk@lists.example.org\n");
}
