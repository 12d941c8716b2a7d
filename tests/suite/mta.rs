//! mailjam-mta as an MTA sees it: the built program, a daemon made up for each test, exit code and one line.
#![expect(clippy::unwrap_used, reason = "a test that unwraps says enough by failing")]

mod answers;
mod daemon;
mod input;
mod program;
mod servers;
