//! The reference of the XML-RPC surface, docs/xmlrpc.md: what stands below its mark is printed from the catalogue.
//!
//! `UPDATE_DOCS=1 cargo test -p mailjam-rpc` writes it anew; otherwise the test compares.

use std::fmt::Write as _;
use std::path::Path;

use mailjam_rpc::catalogue::{Access, METHODS, Method};
use mailjam_rpc::{Code, Form, Record};

/// Ends what people write; everything below it is printed.
const MARK: &str = "<!-- Below this line: printed from the catalogue. UPDATE_DOCS=1 cargo test -p mailjam-rpc -->\n";

#[test]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/xmlrpc.md");
    let committed = std::fs::read_to_string(&path).expect("docs/xmlrpc.md");
    let (written, _) = committed.split_once(MARK).expect("the mark in docs/xmlrpc.md");
    let current = format!("{written}{MARK}{}", reference());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, current).expect("docs/xmlrpc.md written");
    } else {
        assert!(committed == current, "docs/xmlrpc.md is out of date; run: UPDATE_DOCS=1 cargo test -p mailjam-rpc");
    }
}

fn reference() -> String {
    let mut text = String::from("\n## Methods\n");
    let mut records = Vec::new();
    let mut noun = "";
    for method in METHODS {
        let group = method.name.split('.').next().unwrap_or_default();
        if group != noun {
            noun = group;
            write!(text, "\n### {noun} methods\n").expect("a String takes all");
        }
        write!(text, "\n{}", entry(method)).expect("a String takes all");
        method.params.iter().for_each(|param| collect(param.form, &mut records));
        collect(method.answer, &mut records);
    }
    text.push_str("\n## Records\n");
    records.sort_by_key(|record| record.name);
    for record in records {
        write!(text, "\n{}", table(record)).expect("a String takes all");
    }
    text + "\n" + &faults()
}

/// One method: how it is called, what it does, who may.
fn entry(method: &Method) -> String {
    let params: Vec<String> = method
        .params
        .iter()
        .map(|param| {
            let text = format!("{}: {}", param.name, words(param.form));
            if param.optional { format!("\\[{text}\\]") } else { text }
        })
        .collect();
    let answer = words(method.answer);
    let (name, params, help) = (method.name, params.join(", "), prose(method.help));
    format!("**{name}**({params}) → {answer}  \n{help}  \n*{}*\n", access(method.access))
}

const fn access(access: Access) -> &'static str {
    match access {
        Access::Anyone => "any token",
        Access::Metrics => "metrics, read, admin",
        Access::Mta => "mta, admin",
        Access::Read => "read, admin",
        Access::ListRead => "read, admin, owner:LIST, moderate:LIST",
        Access::ListOwner => "admin, owner:LIST",
        Access::Moderate => "admin, owner:LIST, moderate:LIST",
        Access::Public => "any token, the web socket",
        Access::Person => "a session, at the web socket",
        Access::Admin => "admin",
    }
}

/// A form in words, with links to the records.
fn words(form: &Form) -> String {
    match form {
        Form::Scalar(name) => (*name).to_owned(),
        Form::Array(item) => format!("array of {}", words(item)),
        Form::Record(record) => format!("[{}](#{})", record.name, record.name.to_lowercase()),
        Form::Page(item) => format!("page of {}", words(item)),
        Form::Struct => "struct".to_owned(),
        Form::Any => "any".to_owned(),
    }
}

/// Notes a record and those in it.
fn collect(form: &Form, records: &mut Vec<&'static Record>) {
    match form {
        Form::Record(record) if records.iter().all(|known| known.name != record.name) => {
            records.push(record);
            record.members.iter().for_each(|member| collect(member.form, records));
        }
        Form::Array(item) | Form::Page(item) => collect(item, records),
        Form::Record(_) | Form::Scalar(_) | Form::Struct | Form::Any => {}
    }
}

fn table(record: &Record) -> String {
    let mut text = format!("### {}\n\n{}\n\n", record.name, docs(record.docs));
    text.push_str("| member | type | |\n|---|---|---|\n");
    for member in record.members {
        let optional = if member.optional { ", may be absent" } else { "" };
        let (form, docs) = (words(member.form), docs(member.docs).replace('|', "\\|"));
        writeln!(text, "| {} | {form}{optional} | {docs} |", member.name).expect("a String takes all");
    }
    text
}

/// The lines of a doc comment as a paragraph.
fn docs(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// Text for `system.methodHelp` as Markdown.
fn prose(text: &str) -> String {
    text.replace('{', "`{").replace('}', "}`")
}

fn faults() -> String {
    let mut text = String::from("## Faults\n\n| code | name | meaning |\n|---|---|---|\n");
    for code in Code::ALL {
        writeln!(text, "| {} | {} | {} |", *code as i32, code.name(), code.meaning()).expect("a String takes all");
    }
    text
}
