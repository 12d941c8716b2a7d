//! The manual pages: what they say of options, keys, defaults, exit codes and mail servers is what the programs say, and
//! the formatters have nothing to complain about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::daemon::{Daemon, free_port, run};
use crate::roff::{escape, with_part};
use crate::site::said;
use crate::skip::skipped;

const PAGES: [&str; 6] =
    ["mailjamd.8", "mailjam-mta.8", "mailjam-web.8", "mailjam-cli.1", "mailjam.toml.5", "web.toml.5"];

/// Mail servers that `mta-config` knows, and the parts of what it prints.
const MAIL_SERVERS: [(&str, &[&str]); 4] = [
    ("postfix", &["master.cf", "main.cf"]),
    ("exim", &["main", "router", "transport"]),
    ("opensmtpd", &["smtpd.conf"]),
    ("sendmail", &["mailjam.m4"]),
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn path_of(page: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/man").join(page)
}

fn source(page: &str) -> String {
    read(&format!("docs/man/{page}"))
}

/// A page without its requests, fonts and escapes, line by line.
fn plain(page: &str) -> Vec<String> {
    source(page).lines().filter(|line| !line.starts_with(".\\\"")).map(bare).collect()
}

/// The section or subsection `heading` of a page's source, up to the next one of its kind.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let start = format!("\n{heading}\n");
    let at = page.find(&start).unwrap_or_else(|| panic!("no {heading}"));
    // With the end of the heading's line, which begins the first item's.
    let rest = &page[at + start.len() - 1..];
    let end = if heading.starts_with(".SH") { "\n.SH " } else { "\n.S" };
    rest.split(end).next().unwrap_or_default()
}

/// The tags of a section's items and what stands below each.
fn items(section: &str) -> Vec<(String, &str)> {
    let items = section.split("\n.TP\n").skip(1);
    items.map(|item| item.split_once('\n').unwrap_or((item, ""))).map(|(tag, text)| (bare(tag), text)).collect()
}

/// A tag without request, fonts and escapes.
fn bare(tag: &str) -> String {
    let tag = tag.strip_prefix('.').and_then(|request| request.split_once(' ')).map_or(tag, |(_, words)| words);
    let fonts = ["\\fB", "\\fI", "\\fR"].iter().fold(tag.to_owned(), |tag, font| tag.replace(font, ""));
    fonts.replace("\\-", "-").replace("\\(dq", "\"").replace("\\~", " ").replace(" ,", ",")
}

/// Words that begin with two dashes.
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words.filter(|word| word.len() > 2 && word.starts_with("--")).map(str::to_owned).collect()
}

fn options_of(page: &str) -> BTreeSet<String> {
    let page = source(page);
    items(section(&page, ".SH OPTIONS")).iter().flat_map(|(tag, _)| options(tag)).collect()
}

#[test]
fn pages_of_programs_have_their_options() {
    let help = run(Command::new(env!("CARGO_BIN_EXE_mailjamd")).arg("--help"), b"");
    assert_eq!(options(&String::from_utf8_lossy(&help.stdout)), options_of("mailjamd.8"));
    let help = run(Command::new(env!("CARGO_BIN_EXE_mailjam-web")).arg("--help"), b"");
    assert_eq!(options(&String::from_utf8_lossy(&help.stdout)), options_of("mailjam-web.8"));

    // This one shows its help on a terminal only.
    let code = read("src/mta/src/args.rs");
    let (_, help) = code.split_once("pub const HELP: &str = ").expect("the help");
    let (help, _) = help.split_once("\n\";").expect("its end");
    assert_eq!(options(help), options_of("mailjam-mta.8"));
}

/// The exit codes of a page, each with the status codes that are named with it.
fn exit_codes(page: &str) -> BTreeSet<(u8, String)> {
    let page = source(page);
    let mut codes = BTreeSet::new();
    for (tag, text) in items(section(&page, ".SH EXIT STATUS")) {
        let code = tag.parse().unwrap_or_else(|_| panic!("{tag} is no exit code"));
        codes.extend(statuses(text).into_iter().map(|status| (code, status)));
    }
    codes
}

/// Status codes as in RFC 3463.
fn statuses(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_end_matches('.'));
    words.filter(|word| word.split('.').count() == 3).map(str::to_owned).collect()
}

#[test]
fn the_exit_codes_of_mailjam_mta_are_those_of_the_table() {
    let document = read("docs/mta.md");
    let (_, table) = document.split_once("\n## Exit codes\n").expect("the exit codes");
    let (table, _) = table.split_once("\n## ").expect("their end");
    let mut codes = BTreeSet::new();
    for row in table.lines().filter(|row| row.starts_with("| ")) {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let (Some(Ok(code)), Some(statuses)) = (cells.next().map(str::parse), cells.next().map(statuses)) else {
            continue;
        };
        codes.extend(statuses.into_iter().map(|status| (code, status)));
    }
    assert!(codes.len() >= 9, "{codes:?}");
    assert_eq!(exit_codes("mailjam-mta.8"), codes);
    // And those are all that there are.
    let code = read("src/wire/src/exit.rs");
    let known: BTreeSet<u8> =
        code.lines().filter_map(|line| line.strip_suffix(';')?.split(" = ").nth(1)?.parse().ok()).collect();
    assert_eq!(codes.into_iter().map(|(code, _)| code).collect::<BTreeSet<u8>>(), known);
}

#[test]
fn the_page_of_the_configuration_has_every_key_and_its_default() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mailjam.toml");
    fs::write(&path, "").expect("an empty configuration");
    let printed =
        run(Command::new(env!("CARGO_BIN_EXE_mailjamd")).arg("--print-config").arg("--config").arg(&path), b"");
    let printed = String::from_utf8(printed.stdout).expect("UTF-8");
    let page = source("mailjam.toml.5");
    let documented = |heading: &str| -> BTreeMap<String, bool> {
        let items = items(section(&page, &format!(".SS {heading}"))).into_iter();
        items.map(|(key, text)| (key, text.contains("Needs a restart."))).collect()
    };
    let mut sections = 0;
    for part in printed.split("\n\n") {
        let (heading, keys) = part.split_once('\n').expect("a heading");
        let keys: BTreeMap<String, bool> =
            keys.lines().map(|key| (key.to_owned(), needs_restart(heading, key))).collect();
        let mut documented = documented(heading);
        if heading == "[xmlrpc_server]" {
            // They have no default, and are not printed.
            for key in ["ssl_key", "ssl_crt"] {
                assert_eq!(documented.remove(key), Some(true), "{key}");
            }
        }
        assert_eq!(documented, keys, "{heading}");
        sections += 1;
    }
    // There is no key by default.
    assert_eq!(documented("[[dkim]]").keys().collect::<Vec<_>>(), ["domain", "key", "selector"]);
    assert_eq!(page.matches("\n.SS [").count(), sections + 1);
}

/// Whether the sample marks a key, or its whole section.
fn needs_restart(heading: &str, key: &str) -> bool {
    let sample = read("etc/mailjam.toml");
    let mut lines = sample.lines().skip_while(|line| !line.starts_with(heading));
    let heading = lines.next().expect("the section");
    let line = lines.find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("no {key}"));
    heading.contains("(restart)") || line.contains("(restart)")
}

#[test]
fn the_page_of_the_web_clients_configuration_has_every_key_and_its_default() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("web.toml");
    fs::write(&path, "").expect("an empty configuration");
    let printed =
        run(Command::new(env!("CARGO_BIN_EXE_mailjam-web")).arg("--print-config").arg("--config").arg(&path), b"");
    let printed = String::from_utf8(printed.stdout).expect("UTF-8");
    let page = source("web.toml.5");
    // What stands in no section comes first, on the page as in the file.
    let documented: Vec<String> = items(section(&page, ".SH KEYS")).into_iter().map(|(key, _)| key).collect();
    let keys: Vec<&str> = printed.lines().filter(|line| line.contains(" = ")).collect();
    assert_eq!(documented, keys);
}

#[test]
fn the_page_of_mailjam_mta_has_every_key_of_its_configuration() {
    let page = source("mailjam-mta.8");
    let documented: BTreeSet<String> = items(section(&page, ".SH CONFIGURATION"))
        .into_iter()
        .filter_map(|(tag, _)| Some(tag.split_once(" = ")?.0.to_owned()))
        .collect();
    let sample = read("etc/mta.conf");
    let keys = sample.lines().filter_map(|line| Some(line.strip_prefix('#')?.split_once(" = ")?.0.to_owned()));
    assert_eq!(documented, keys.filter(|key| !key.contains(' ')).collect());
}

#[test]
fn pages_units_and_documents_that_are_named_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut units = 0;
    for page in PAGES {
        for line in plain(page) {
            let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"-./_".contains(c));
            for word in words.map(|word| word.trim_end_matches('.')) {
                if (word.starts_with("mailjamd") || word.starts_with("mailjam-web"))
                    && [".service", ".socket", ".timer"].iter().any(|kind| word.ends_with(kind))
                {
                    assert!(root.join("systemd").join(word).exists(), "{page}: there is no unit {word}");
                    units += 1;
                }
                if let Some(document) = word.strip_prefix("/usr/share/doc/mailjam/") {
                    assert!(root.join(document).exists(), "{page}: there is no {document}");
                }
            }
            // As in `.BR mailjamd (8),`
            if let Some((name, chapter)) = line.split_once(" (")
                && name.starts_with("mailjam")
            {
                let chapter = chapter.split(')').next().unwrap_or_default();
                assert!(path_of(&format!("{name}.{chapter}")).exists(), "{page}: there is no {name}({chapter})");
            }
        }
    }
    assert!(units > 0, "no unit is named");
}

/// Compares a page with what it should be, or makes it that.
fn compare(page: &str, current: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path_of(page), current).expect("the page written");
    } else {
        let remedy = "UPDATE_DOCS=1 cargo test --test suite manual";
        assert!(source(page) == current, "docs/man/{page} is out of date; run: {remedy}");
    }
}

/// What `mta-config` prints, without a daemon.
fn mta_config(mail_server: &str, part: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailjam-cli"));
    command.args(["mta-config", mail_server, "--part", part, "--domain", "lists.example.org"]);
    let output = run(command.args(["--server", "unix:/nonexistent"]), b"");
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Comments broken for 80 columns; what counts stays as it is.
fn folded(configuration: &str) -> String {
    const WIDTH: usize = 70;
    let mut text = String::new();
    let mut room = 0;
    for line in configuration.lines() {
        let Some(comment) = line.strip_prefix("# ").filter(|comment| !comment.starts_with(' ')) else {
            text.push_str(&format!("{}{line}", if text.is_empty() { "" } else { "\n" }));
            room = 0;
            continue;
        };
        for word in comment.split(' ') {
            if word.len() < room {
                text.push(' ');
                room -= word.len() + 1;
            } else {
                text.push_str(if text.is_empty() { "# " } else { "\n# " });
                room = WIDTH.saturating_sub(2 + word.len());
            }
            text.push_str(word);
        }
    }
    text
}

#[test]
fn the_lines_for_mail_servers_are_those_that_mta_config_prints() {
    let mut page = source("mailjam-mta.8");
    for (mail_server, parts) in MAIL_SERVERS {
        for part in parts {
            let text = escape(&folded(&mta_config(mail_server, part)));
            page = with_part(&page, &format!("{mail_server} {part}"), &text);
        }
    }
    compare("mailjam-mta.8", &page);
}

#[test]
fn every_mail_server_that_mta_config_knows_is_in_the_page() {
    let help = run(Command::new(env!("CARGO_BIN_EXE_mailjam-cli")).args(["mta-config", "--help"]), b"");
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let verbs = help.lines().skip_while(|line| *line != "Verbs:").skip(1).take_while(|line| !line.is_empty());
    let known: Vec<&str> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    let documented: Vec<&str> = MAIL_SERVERS.iter().map(|(mail_server, _)| *mail_server).collect();
    assert_eq!(
        documented, known,
        "give each a section in docs/man/mailjam-mta.8 like Postfix's, and a row in MAIL_SERVERS"
    );
}

#[test]
fn the_settings_of_a_list_are_those_that_the_daemon_knows() {
    let daemon = Daemon::start(&format!("127.0.0.1:{}", free_port()));
    let settings = daemon.cli_prints(&["--json", "list", "settings"]);
    let settings: Vec<BTreeMap<String, Value>> = serde_json::from_str(&settings).expect("JSON");
    let mut text = String::new();
    for setting in &settings {
        let member = |name: &str| setting.get(name).and_then(Value::as_str).map(escape).unwrap_or_default();
        let (key, kind, default, help) = (member("key"), member("type"), member("default"), member("help"));
        let default = if default.is_empty() { "Empty by default.".to_owned() } else { format!("Default: {default}.") };
        text.push_str(&format!(".TP\n\\fB{key}\\fR = \\fI{kind}\\fR\n{help}\n{default}\n"));
    }
    compare("mailjam-cli.1", &with_part(&source("mailjam-cli.1"), "settings", &text));
}

/// Runs a program on a page; `None`, said aloud, where it is not installed.
fn formatted(program: &str, arguments: &[&str], page: &str) -> Option<Output> {
    let output = Command::new(program)
        .args(arguments)
        .arg(path_of(page))
        // Letters are bold by being printed twice, not by commands to a terminal.
        .env("GROFF_NO_SGR", "1")
        .output();
    match output {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skipped(&format!("manual pages: {program} is not installed"));
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

#[test]
fn formatters_have_nothing_to_complain_about() {
    let checks: [(&str, &[&str]); 3] = [
        ("mandoc", &["-T", "lint", "-W", "warning"]),
        ("groff", &["-man", "-ww", "-z", "-T", "utf8"]),
        ("groff", &["-man", "-ww", "-z", "-T", "ascii"]),
    ];
    for page in PAGES {
        for (program, arguments) in checks {
            let Some(output) = formatted(program, arguments, page) else { continue };
            let complaint = format!("{}{}", String::from_utf8_lossy(&output.stdout), said(&output));
            assert!(output.status.success() && complaint.is_empty(), "{program} {arguments:?} {page}: {complaint}");
        }
    }
}

#[test]
fn pages_fit_eighty_columns() {
    let configurations: Vec<String> = MAIL_SERVERS
        .iter()
        .flat_map(|(mail_server, parts)| parts.iter().map(|part| words_of(&mta_config(mail_server, part))))
        .collect();
    let formatters: [(&str, &[&str]); 2] =
        [("groff", &["-man", "-T", "utf8", "-r", "LL=80n"]), ("mandoc", &["-T", "utf8", "-O", "width=80"])];
    for page in PAGES {
        for (program, arguments) in formatters {
            let Some(output) = formatted(program, arguments, page) else { continue };
            assert!(output.status.success() && output.stderr.is_empty(), "{program} {page}: {}", said(&output));
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            for line in text.lines().map(without_overstrikes) {
                // Lines of a configuration are as long as they are.
                let fits = line.chars().count() <= 80;
                assert!(
                    fits || configurations.iter().any(|text| text.contains(&words_of(&line))),
                    "{program} {page}: {line}"
                );
            }
        }
    }
}

/// A text with one space wherever it has spaces, tabs or line ends.
fn words_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line as it is read: printers print a letter over itself for bold, and over a line for italic.
fn without_overstrikes(line: &str) -> String {
    let mut letters = String::new();
    for c in line.chars() {
        if c == '\u{8}' {
            letters.pop();
        } else {
            letters.push(c);
        }
    }
    letters
}
