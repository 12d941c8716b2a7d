//! TAB, in real shells on a terminal, with a real daemon; and what happens when there is none, or one that hangs.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::daemon::Daemon as Fake;
use super::program::Cli;
use super::site;
use crate::daemon::{Daemon, run};
use crate::skip::skipped;

/// What bash has in COMP_WORDBREAKS unless somebody changes it.
const BREAKS: &str = " \t\n\"'@><=;|&(:";

/// Lines, and what TAB makes of them: the same in all shells.
const LINES: [(&str, &str); 20] = [
    ("mailjam-cli rol", "mailjam-cli role "),
    ("mailjam-cli member sh", "mailjam-cli member show "),
    ("mailjam-cli list set talk@lists.example.org --dry", "mailjam-cli list set talk@lists.example.org --dry-run "),
    ("mailjam-cli list show ta", "mailjam-cli list show talk@lists.example.org "),
    ("mailjam-cli list show talk@li", "mailjam-cli list show talk@lists.example.org "),
    ("mailjam-cli list show -- talk@li", "mailjam-cli list show -- talk@lists.example.org "),
    ("mailjam-cli list show 'talk@li", "mailjam-cli list show 'talk@lists.example.org' "),
    ("mailjam-cli list show \"talk@li", "mailjam-cli list show \"talk@lists.example.org\" "),
    ("mailjam-cli list show TALK@l", "mailjam-cli list show TALK@lists.example.org "),
    ("mailjam-cli list create news@li", "mailjam-cli list create news@lists.example.org "),
    ("mailjam-cli member get talk@lists.example.org ann", "mailjam-cli member get talk@lists.example.org ann@x.org "),
    (
        "mailjam-cli member get talk@lists.example.org o",
        "mailjam-cli member get talk@lists.example.org o\\'brien@x.org ",
    ),
    ("mailjam-cli list set talk@lists.example.org subj", "mailjam-cli list set talk@lists.example.org subject_prefix="),
    ("mailjam-cli list set talk@lists.example.org verp=al", "mailjam-cli list set talk@lists.example.org verp=always "),
    ("mailjam-cli token create x --scope ow", "mailjam-cli token create x --scope owner:"),
    ("mailjam-cli token create x --scope owner:t", "mailjam-cli token create x --scope owner:talk@lists.example.org "),
    ("mailjam-cli queue list --list=ta", "mailjam-cli queue list --list=talk@lists.example.org "),
    (
        "mailjam-cli member import talk@lists.example.org ~/mem",
        "mailjam-cli member import talk@lists.example.org ~/members.txt ",
    ),
    ("mailjam-cli --token-file=members.t", "mailjam-cli --token-file=members.txt "),
    (
        "mailjam-cli explain talk@lists.example.org --sender a < mem",
        "mailjam-cli explain talk@lists.example.org --sender a < members.txt ",
    ),
];

const BASH: &str = r#"
PS1='rea''dy>'
bind -x '"\C-t": printf "%s\n" "$READLINE_LINE" >>"$TYPED"'
source "$SCRIPTS/mailjam-cli.bash"
echo 'ready-''soon'
"#;

const ZSH: &str = r#"
PS1='rea''dy>'
fpath=($SCRIPTS $fpath)
autoload -Uz compinit
compinit -u -D
dump() { print -r -- "$BUFFER" >>$TYPED }
zle -N dump
bindkey -e
bindkey '^T' dump
echo 'ready-''soon'
"#;

const FISH: &str = r#"
function fish_prompt; echo -n 'rea''dy>'; end
source $SCRIPTS/mailjam-cli.fish
function dump; commandline >>$TYPED; end
bind \ct dump
echo 'ready-''soon'
"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A daemon with a list of a few members.
fn a_site() -> Daemon {
    let daemon = Daemon::start("127.0.0.1:9");
    daemon.create_list("talk@lists.example.org", &["ann@x.org", "bea@x.org", "o'brien@x.org"]);
    daemon.create_list("announce@lists.example.org", &[]);
    daemon
}

/// A shell, in a home of its own with a file, for a daemon. mailjam-cli is in its PATH.
fn in_home(shell: &mut Command, home: &Path, server: &str) {
    fs::write(home.join("members.txt"), "ann@x.org\n").unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_mailjam-cli")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    shell
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("PATH", path)
        .env("TERM", "xterm")
        .env("LC_ALL", "C.UTF-8");
    shell.env("MAILJAM_SERVER", server).env("SCRIPTS", root().join("completions"));
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// What a shell makes of each line at TAB, on a terminal; `None` where that cannot be tested.
fn at_tab(shell: &[&str], setup: &str, server: &str, lines: &[&str]) -> Option<Vec<String>> {
    for program in ["python3", shell[0]] {
        if !is_installed(program) {
            skipped(&format!("completion in {}: {program} is not installed", shell[0]));
            return None;
        }
    }
    let home = tempfile::tempdir().unwrap();
    let mut python = Command::new("python3");
    python.arg(root().join("tests/support/press_tab.py")).arg(setup.trim()).args(shell);
    in_home(&mut python, home.path(), server);
    let output = run(&mut python, lines.join("\n").as_bytes());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shell:?}: {errors}");
    Some(String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect())
}

#[track_caller]
fn all_lines_are_completed(shell: &[&str], setup: &str) {
    let daemon = a_site();
    let lines = LINES.map(|(typed, _)| typed);
    if let Some(completed) = at_tab(shell, setup, &daemon.control(), &lines) {
        assert_eq!(completed, LINES.map(|(_, becomes)| becomes));
    }
}

#[test]
fn bash_completes() {
    all_lines_are_completed(&["bash", "--norc", "--noprofile", "-i"], BASH);
}

#[test]
fn bash_completes_with_the_package_bash_completion_too() {
    const PACKAGE: &str = "/usr/share/bash-completion/bash_completion";
    if !Path::new(PACKAGE).exists() {
        return skipped("completion in bash beside bash-completion: that package is not installed");
    }
    let setup = format!("source {PACKAGE}\n{}", BASH.trim());
    all_lines_are_completed(&["bash", "--norc", "--noprofile", "-i"], &setup);
    // What starts other commands hands their lines on in a form of its own.
    let daemon = a_site();
    let lines = ["nohup mailjam-cli list show talk@li", "nohup mailjam-cli list set t verp=al"];
    let completed = at_tab(&["bash", "--norc", "--noprofile", "-i"], &setup, &daemon.control(), &lines);
    let expected = ["nohup mailjam-cli list show talk@lists.example.org ", "nohup mailjam-cli list set t verp=always "];
    assert!(completed.is_none_or(|completed| completed == expected));
}

#[test]
fn zsh_completes() {
    all_lines_are_completed(&["zsh", "-f", "-i"], ZSH);
}

#[test]
fn fish_completes() {
    all_lines_are_completed(&["fish", "--no-config", "-i"], FISH);
}

/// COMPREPLY for a line with the cursor at its end.
fn compreply(server: &str, program: &str, line: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-c"]);
    bash.arg(
        r#"source "$SCRIPTS/mailjam-cli.bash"
        # As bash itself does it, but for the words: they are not looked at.
        COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMP_KEY=9 COMP_WORDS=($2) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _mailjam_cli "$1" "${COMP_WORDS[COMP_CWORD]}" ''
        printf '%s\n' "${COMPREPLY[@]}""#,
    );
    bash.args(["bash", program, line]);
    in_home(&mut bash, home.path(), server);
    let output = run(&mut bash, b"this is for nobody");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), errors.as_ref()), (Some(0), ""), "{line}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn bash_gets_what_it_puts_in_the_place_of_a_part_of_the_word() {
    let daemon = a_site();
    let both = "announce@lists.example.org\ntalk@lists.example.org\n";
    let cases = [
        ("mailjam-cli list show ", both),
        ("mailjam-cli list show talk@li", "@lists.example.org\n"),
        ("mailjam-cli list set talk@lists.example.org post_policy=", "open\nmembers\nmoderated\nmoderators\nclosed\n"),
        ("mailjam-cli --server=unix:/nonexistent list show ", "\n"),
        ("mailjam-cli list show nobody@", "\n"),
    ];
    for (line, expected) in cases {
        assert_eq!(compreply(&daemon.control(), "mailjam-cli", line), expected, "{line}");
    }
    assert_eq!(compreply(&daemon.control(), env!("CARGO_BIN_EXE_mailjam-cli"), "x list show "), both);
    for missing in ["no-such-mailjam-cli", "/nonexistent/mailjam-cli", "~/mailjam-cli"] {
        assert_eq!(compreply(&daemon.control(), missing, "x list show "), "\n", "{missing}");
    }
}

#[test]
fn what_a_member_chose_as_an_address_is_not_obeyed() {
    let daemon = a_site();
    daemon.cli_prints(&["member", "add", "announce@lists.example.org", "`touch${IFS}gone`@x.org", "$x{a}!#&@x.org"]);
    let line = "mailjam-cli member remove announce@lists.example.org ";
    let offered = compreply(&daemon.control(), "mailjam-cli", line);
    assert_eq!(offered, "\\$x\\{a\\}\\!\\#\\&@x.org\n\\`touch\\$\\{IFS\\}gone\\`@x.org\n");
}

#[test]
fn without_a_daemon_there_is_what_the_table_knows_and_silence() {
    let ask = |server: &str| Cli::new(&["complete", "zsh", "--server", server, "role", "grant", ""]);
    for server in ["unix:/nonexistent", "nonsense", "https://x:1", "http://127.0.0.1:1"] {
        ask(server).run().prints("\n site\n");
    }
    Cli::new(&["complete", "fish", "list", "show", ""]).env("MAILJAM_SERVER", "unix:/nonexistent").run().prints("\n");
    Cli::new(&["complete", "bash", "mailjam-cli domain g", BREAKS]).run().prints("\nget\n");
    Cli::new(&["complete", "bash", "", BREAKS]).run().prints("");
}

#[test]
fn a_daemon_that_hangs_does_not_hang_the_shell() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("control.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let server = format!("unix:{}", socket.display());
    let began = Instant::now();
    Cli::new(&["complete", "zsh", "--server", &server, "role", "grant", ""]).run().prints("\n site\n");
    // It was asked: the kernel has taken the connection, and nobody has answered.
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_ok());
    // A busy machine takes its time to start a program; a call would wait for two minutes.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn the_line_and_the_environment_say_which_daemon_is_asked_and_with_which_token() {
    let daemon = Fake::start_tcp(site::answer);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    fs::write(&file, "mjt_secret\n").unwrap();
    let lists = "\nannounce@lists.example.org\t\ntalk@lists.example.org\tTalk about everything, in every language that anybody speaks\n";
    let named =
        ["complete", "fish", "list", "--server", &daemon.url, "show", "--token-file", file.to_str().unwrap(), ""];
    Cli::new(&named).run().prints(lists);
    Cli::new(&["complete", "fish", "--token-file", "~/token", "list", "show", ""])
        .env("MAILJAM_SERVER", &daemon.url)
        .env("HOME", folder.path().to_str().unwrap())
        .run()
        .prints(lists);
    let calls = daemon.calls();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert!(call.head.contains("Bearer mjt_secret\r\n"), "{}", call.head);
    }
}

#[test]
fn no_secret_is_read_from_where_the_command_will_read_it() {
    let daemon = Fake::start_tcp(site::answer);
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    mkfifo(&pipe, Mode::S_IRWXU).unwrap();
    for file in [pipe.to_str().unwrap(), "/dev/stdin", "/dev/tty", "-"] {
        let words = ["complete", "zsh", "--server", &daemon.url, "--token-file", file, "role", "grant", ""];
        Cli::new(&words).fed(b"mjt_secret\n").prints("\n site\n");
    }
    assert_eq!(daemon.calls().len(), 0);
}
