//! mailjamd: the daemon that owns the lists. Glue between sockets, storage, rules and the way out; no policy.
//!
//! [`listen`] opens the doors, [`http`] reads requests there, [`dispatch`] finds the method in [`methods`]; a hand-over is
//! judged in [`judge`]; mail with commands is answered by [`commands`], by way of [`subscription`] and [`moderation`], which
//! calls use as well, and [`letters`] writes what lists have to say. [`login`] knows who is logged in at the web socket. [`runner`] looks for posts with something to do and
//! [`deliver`] sends them; [`chores`] does what is due by the clock.
#![forbid(unsafe_code)]

mod actor;
mod bounces;
mod caller;
mod chores;
mod commands;
mod config;
mod daemon;
mod deliver;
mod digests;
mod dispatch;
mod doctor;
mod health;
mod http;
mod judge;
mod letters;
mod listen;
mod log;
mod login;
mod methods;
mod moderation;
mod mta_door;
mod notify;
mod outgoing;
mod params;
mod passwords;
mod patient;
mod pool;
mod runner;
mod service;
mod signing;
mod subscription;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::config::Config;
use crate::signing::Signing;

/// The mailing list daemon. Started by systemd through its sockets; by hand it makes its sockets itself.
#[derive(Debug, Parser)]
#[command(name = "mailjamd", version)]
struct Arguments {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Check the configuration and say what is wrong with it
    #[arg(long)]
    check_config: bool,
    /// Print the configuration with every key and its value
    #[arg(long, conflicts_with = "check_config")]
    print_config: bool,
}

/// A configuration that cannot be used (sysexits.h EX_CONFIG).
const EX_CONFIG: u8 = 78;

/// Runs the daemon; what goes wrong is on standard error.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(error) => return fail(&error, ExitCode::from(EX_CONFIG)),
    };
    if arguments.check_config {
        // Keys that cannot be used would only be missed when mail goes out.
        if let Err(error) = Signing::load(&config) {
            return fail(&error, ExitCode::from(EX_CONFIG));
        }
        return say(&format!("{} is good\n", arguments.config.display()));
    }
    if arguments.print_config {
        return say(&config.to_string());
    }
    let log = match log::start(&config.log.level) {
        Ok(log) => log,
        Err(error) => return fail(&error, ExitCode::FAILURE),
    };
    match service::run(config, arguments.config, log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(error: &dyn std::fmt::Display, code: ExitCode) -> ExitCode {
    // With standard error closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "mailjamd: {error}");
    code
}
