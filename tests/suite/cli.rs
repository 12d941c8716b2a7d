//! mailjam-cli as people and scripts see it: the built program, a daemon made up for each test, and what is printed.
#![expect(clippy::unwrap_used, reason = "a test that unwraps says enough by failing")]

mod changes;
mod completion;
mod configuration;
pub mod daemon;
mod export;
mod failures;
mod files;
mod import;
mod mta_config;
mod program;
mod screens;
mod scripts;
mod shell;
mod site;
