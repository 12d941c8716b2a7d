//! The house as it was drawn: which room may use which, who knows SQL, who may be unsafe.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each package of the workspace, and those of the workspace it may use. Nothing else.
const ARROWS: &[(&str, &[&str])] = &[
    ("mailjam", &["mailjam-cli", "mailjam-daemon", "mailjam-mta", "mailjam-web"]),
    ("mailjam-cli", &["mailjam-rpc", "mailjam-wire"]),
    ("mailjam-core", &[]),
    (
        "mailjam-daemon",
        &["mailjam-core", "mailjam-relay", "mailjam-rpc", "mailjam-signature", "mailjam-store", "mailjam-wire"],
    ),
    ("mailjam-mta", &["mailjam-wire"]),
    ("mailjam-relay", &["mailjam-core"]),
    ("mailjam-rpc", &[]),
    ("mailjam-signature", &["mailjam-core"]),
    ("mailjam-store", &["mailjam-core"]),
    ("mailjam-web", &["mailjam-rpc", "mailjam-wire"]),
    ("mailjam-wire", &[]),
];

/// The files that call C, or are called by it.
const UNSAFE: [&str; 2] = ["src/bin/mailjam-mta.rs", "src/mta/src/glue.rs"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8 from cargo")
}

/// The normal dependencies of each package of the workspace, by name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON from cargo");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let list = |value: &Value| value.as_array().expect("an array").clone();
    list(&metadata["packages"])
        .iter()
        .map(|package| {
            let normal = list(&package["dependencies"]).into_iter().filter(|dependency| dependency["kind"].is_null());
            (text(&package["name"]), normal.map(|dependency| text(&dependency["name"])).collect())
        })
        .collect()
}

/// Rust files below `src`, with their paths from the root.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of src") {
            let path: PathBuf = entry.expect("a file of src").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("a path below the root").display().to_string();
                found.push((name, fs::read_to_string(&path).expect("a source file")));
            }
        }
    }
    found
}

#[test]
fn rooms_use_only_the_rooms_they_may() {
    let rooms: BTreeMap<String, BTreeSet<String>> = dependencies()
        .into_iter()
        .map(|(room, uses)| (room, uses.into_iter().filter(|name| name.starts_with("mailjam")).collect()))
        .collect();
    let drawn =
        ARROWS.iter().map(|(room, uses)| ((*room).to_owned(), uses.iter().map(|&name| name.to_owned()).collect()));
    for (room, may_use) in drawn.clone() {
        let uses: &BTreeSet<String> = rooms.get(&room).unwrap_or_else(|| panic!("{room} is drawn, but is not there"));
        let forbidden: Vec<_> = uses.difference(&may_use).collect();
        assert!(forbidden.is_empty(), "{room} may not use {forbidden:?}");
    }
    for room in rooms.keys() {
        assert!(drawn.clone().any(|(name, _)| name == *room), "{room} is there, but not drawn");
    }
}

#[test]
fn the_mta_client_needs_nothing_but_wire_and_libc() {
    let tree =
        cargo(&["tree", "--package", "mailjam-mta", "--edges", "normal", "--prefix", "none", "--offline", "--locked"]);
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, BTreeSet::from(["libc", "mailjam-mta", "mailjam-wire"]));
}

#[test]
fn the_daemon_needs_nothing_of_what_edits_lines() {
    let arguments =
        ["tree", "--package", "mailjam-daemon", "--edges", "normal", "--prefix", "none", "--offline", "--locked"];
    let tree = cargo(&arguments);
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    for name in ["rustyline", "indicatif", "signal-hook"] {
        assert!(!names.contains(name), "mailjam-daemon uses {name}");
    }
}

#[test]
fn sql_is_spoken_in_the_store_only() {
    for (room, uses) in dependencies() {
        assert!(room == "mailjam-store" || !uses.contains("rusqlite"), "{room} uses rusqlite");
    }
    let statements = ["SELECT ", "INSERT INTO ", "INSERT OR ", "DELETE FROM ", "CREATE TABLE ", "PRAGMA "];
    for (file, text) in sources() {
        if !file.starts_with("src/store/") {
            let found = statements.iter().find(|&&statement| text.contains(statement));
            assert_eq!(found, None, "{file} speaks SQL");
        }
    }
}

#[test]
fn only_the_files_at_the_border_to_c_are_unsafe() {
    const FORBIDDEN: &str = "#![forbid(unsafe_code)]";
    for (file, text) in sources() {
        if UNSAFE.contains(&file.as_str()) {
            continue;
        }
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let uses = code.clone().find(|line| line.contains("unsafe ") || line.contains("#[unsafe("));
        assert_eq!(uses, None, "{file} is unsafe");
        // In a room without a file of those, the room's own file forbids it for all; in the other each file does.
        let opens_a_room = file.ends_with("/src/lib.rs") && file != "src/mta/src/lib.rs";
        let beside_the_glue = file.starts_with("src/mta/") && file != "src/mta/src/lib.rs";
        if opens_a_room || beside_the_glue {
            assert!(text.contains(FORBIDDEN), "{file} lacks {FORBIDDEN}");
        }
    }
}
