//! The documents say what is there: links lead somewhere, and tests, targets and keys that they name exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::daemon::{mta_program, run};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below the folders with this extension.
fn files(folders: &[&str], extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The documents, with their paths.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = files(&["docs"], "md");
    paths.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name)));
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

/// What stands between backquotes, outside of code blocks.
fn quoted(document: &str) -> Vec<&str> {
    document.split("```").step_by(2).flat_map(|text| text.split('`').skip(1).step_by(2)).collect()
}

/// The anchors of a document's headings, as Git hosts make them.
fn anchors(document: &str) -> Vec<String> {
    let headings =
        document.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let letters = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings
        .map(|heading| heading.to_lowercase().chars().filter(letters).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    for (path, document) in documents() {
        let here = path.display();
        for target in document.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            assert!(file.exists(), "{here}: {target} does not exist");
            if !anchor.is_empty() {
                let found = anchors(&read(&file)).into_iter().filter(|known| known == anchor).count();
                assert_eq!(found, 1, "{here}: headings for {target}");
            }
        }
    }
}

#[test]
fn tests_and_targets_that_are_named_exist() {
    let sources: Vec<String> = files(&["src", "tests"], "rs").iter().map(|path| read(path)).collect();
    let functions: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.split("fn ").skip(1))
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default())
        .collect();
    let makefile = read(&root().join("Makefile"));
    for (path, document) in documents() {
        let here = path.display();
        for words in quoted(&document) {
            // A name of four words and more is a test's; keys and methods have fewer.
            let is_name = words.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if is_name && words.matches('_').count() >= 3 {
                assert!(functions.contains(words), "{here}: there is no {words}, or a key was taken for a test");
            }
            if let Some(target) = words.strip_prefix("make ").and_then(|rest| rest.split(' ').next()) {
                assert!(makefile.contains(&format!("\n{target}:")), "{here}: there is no target {target}");
            }
        }
        let kinds = ["bounces", "compose", "dmarc", "life", "mime", "parse"];
        let words = document.split_whitespace().map(|word| word.trim_end_matches([',', '.', ';']));
        for (kind, case) in words.filter_map(|word| word.split_once('/')).filter(|(kind, _)| kinds.contains(kind)) {
            let folder = fs::read_dir(root().join("tests/cases").join(kind)).expect("cases");
            let mut names = folder.map(|entry| entry.expect("a case").file_name().into_string().expect("UTF-8"));
            // A case is a folder or a file, and a star stands for several.
            let is_it = |name: String| match case.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => case.is_empty() || name.split('.').next() == Some(case),
            };
            assert!(names.any(is_it), "{here}: there is no case {kind}/{case}");
        }
    }
}

#[test]
fn each_decision_has_a_number_of_its_own() {
    let mut numbers = BTreeSet::new();
    for path in files(&["docs/decisions"], "md") {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let number = name.get(..4).and_then(|digits| digits.parse::<u32>().ok()).expect("a number of four digits");
        assert!(numbers.insert(number), "two decisions have the number {number}");
        assert!(read(&path).starts_with(&format!("# {number}. ")), "{name} has another number in its title");
    }
}

#[test]
fn the_documents_need_nothing_but_the_project() {
    for (path, document) in documents() {
        for word in ["/root/", "/home/", "TODO", "FIXME", "lorem"] {
            assert!(!document.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn the_sample_for_mailjam_mta_is_understood() {
    let sample = read(&root().join("etc/mta.conf"));
    let keys = ["server", "token_file", "deadline"];
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("token");
    fs::write(&token, "secret\n").expect("a token");
    let mut config = sample.clone();
    for key in keys {
        assert!(sample.contains(&format!("\n#{key} = ")), "etc/mta.conf lacks {key}");
        config = config.replace(&format!("\n#{key} = "), &format!("\n{key} = "));
    }
    let config = config.replace("/etc/mailjam/mta.token", &token.display().to_string());
    let path = folder.path().join("mta.conf");
    for text in [&sample, &config] {
        fs::write(&path, text).expect("a configuration");
        let mut program = Command::new(mta_program());
        program
            .args(["--server", "unix:/nonexistent", "--sender", "a@b.c", "--config"])
            .arg(&path)
            .args(["--", "d@e.f"]);
        let output = run(&mut program, b"From: a@b.c\n\nbody\n");
        let said = String::from_utf8_lossy(&output.stdout);
        // It has read its configuration when it comes to the server.
        assert!(said.starts_with("4.3.0 unix:/nonexistent: cannot connect"), "{said}");
    }
}
