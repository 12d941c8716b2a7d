//! What mailjam costs: start-up, fan-out, throughput, import, memory, decisions, bounces, digests, signatures, the shell, pages.
//! Prints a table; asserts nothing about time.
//!
//! `make bench` runs it; `cargo bench --bench bench -- B1 B4` measures only those. `MTA_MUSL` and `MTA_GLIBC` name the
//! two builds of mailjam-mta; `make` sets them.

#[path = "../support/daemon.rs"]
mod daemon;
#[path = "../support/smtp_sink.rs"]
mod smtp_sink;

mod bounces;
mod decide;
mod digest;
mod fanout;
mod import;
mod machine;
mod peers;
mod report;
mod shell;
mod signing;
mod startup;
#[path = "../support/terminal.rs"]
mod terminal;
mod throughput;
mod web;

use report::Report;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
    let mut report = Report::default();
    report.note(&machine::describe());
    if wants("B1") {
        startup::measure(&mut report);
    }
    if wants("B2") {
        fanout::measure(&mut report);
    }
    if wants("B3") {
        throughput::measure(&mut report);
    }
    if wants("B4") {
        import::measure(&mut report);
    }
    if wants("B6") {
        decide::measure(&mut report);
    }
    if wants("B7") {
        bounces::measure(&mut report);
    }
    if wants("B8") {
        digest::measure(&mut report);
    }
    if wants("B9") {
        signing::measure(&mut report);
    }
    if wants("B10") {
        shell::measure(&mut report);
    }
    if wants("B11") {
        web::measure(&mut report);
    }
    report.print();
}
