//! mailjam-web: lists in a browser. It has no power of its own: what a person may do, the daemon decides at each call.
//!
//! [`serve`] takes connections, [`gate`] looks at each request before anybody else does and clothes each answer in the same
//! strict headers, [`routes`] is the one table of what may be asked, [`pages`] answers, and [`daemon`] is the way to
//! mailjamd. All pages work without a script; the one script makes some of them handier.
#![forbid(unsafe_code)]

mod ask;
mod config;
mod connections;
mod cookie;
mod daemon;
mod gate;
mod listen;
mod log;
mod message;
mod pages;
mod problem;
mod reply;
mod routes;
mod serve;
mod shown;
mod site;
mod statics;
mod words;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::config::Config;
pub use crate::routes::{Guard, Verb, table};

/// The web client for mailing lists. systemd starts it through its socket; by hand it listens where it is told.
#[derive(Debug, Parser)]
#[command(name = "mailjam-web", version)]
struct Arguments {
    /// Configuration file
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
    /// Listen here, on this host only, such as 127.0.0.1:8080; instead of what the configuration says
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Check the configuration and say what is wrong with it
    #[arg(long)]
    check_config: bool,
    /// Print the configuration with every key and its value
    #[arg(long, conflicts_with = "check_config")]
    print_config: bool,
}

/// A configuration that cannot be used (sysexits.h EX_CONFIG).
const EX_CONFIG: u8 = 78;

/// Runs the web client; what goes wrong is on standard error.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(error) => return fail(&error, ExitCode::from(EX_CONFIG)),
    };
    if arguments.check_config {
        return say(&format!("{} is good\n", arguments.config.display()));
    }
    if arguments.print_config {
        return say(&config.to_string());
    }
    if let Some(listen) = arguments.listen {
        config.listen = listen;
    }
    if let Err(error) = log::start(&config.log.level) {
        return fail(&error, ExitCode::FAILURE);
    }
    match serve::run(&config) {
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
    let _ = writeln!(std::io::stderr(), "mailjam-web: {error}");
    code
}
