//! The configuration file, as `--check-config` and `--print-config` see it. `tests/cases/config` has a file for each
//! mistake, whose first line is the error that it must bring.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::daemon::run;
use crate::site::said;

fn mailjamd(option: &str, config: &Path) -> std::process::Output {
    run(Command::new(env!("CARGO_BIN_EXE_mailjamd")).arg(option).arg("--config").arg(config), b"")
}

#[test]
fn each_mistake_is_told_with_its_place_and_what_to_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/config");
    let mut files = 0;
    for entry in fs::read_dir(folder).expect("the cases") {
        let path = entry.expect("a case").path();
        let text = fs::read_to_string(&path).expect("a case");
        let error = text.lines().next().and_then(|line| line.strip_prefix("# ")).expect("the error in the first line");
        for option in ["--check-config", "--print-config"] {
            let output = mailjamd(option, &path);
            let said = said(&output);
            assert_eq!(output.status.code(), Some(78), "{}: {said}", path.display());
            assert_eq!(said, format!("mailjamd: {}: {error}\n", path.display()));
            assert!(output.stdout.is_empty());
        }
        files += 1;
    }
    assert!(files >= 10, "{files} cases");
}

#[test]
fn a_file_that_was_named_and_is_not_there_is_an_error() {
    let output = mailjamd("--check-config", Path::new("/nonexistent/mailjam.toml"));
    assert_eq!(output.status.code(), Some(78));
    assert!(said(&output).contains("cannot read /nonexistent/mailjam.toml: No such file"), "{}", said(&output));
}

#[test]
fn what_is_printed_says_every_key_and_means_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mailjam.toml");
    fs::write(&path, "[xmlrpc_server]\nport = 1234\n").expect("a configuration");
    let output = mailjamd("--check-config", &path);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{} is good\n", path.display()));
    let printed = mailjamd("--print-config", &path);
    let text = String::from_utf8(printed.stdout).expect("UTF-8");
    for line in [
        "[sockets]",
        "mta = \"/run/mailjam/mta.sock\"",
        "control = \"/run/mailjam/control.sock\"",
        "web = \"/run/mailjam/web.sock\"",
        "[xmlrpc_server]",
        "enabled = false",
        "address = \"localhost\"",
        "port = 1234",
        "[storage]",
        "backend = \"sqlite\"",
        "path = \"/var/lib/mailjam/mailjam.db\"",
        "retain_posts = 30",
        "[smtp]",
        "server = \"127.0.0.1:25\"",
    ] {
        assert!(text.lines().any(|printed| printed == line), "{line} is not in\n{text}");
    }
    fs::write(&path, &text).expect("a configuration");
    assert_eq!(String::from_utf8(mailjamd("--print-config", &path).stdout).expect("UTF-8"), text);
}
