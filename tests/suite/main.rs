//! Tests that run the built programs, or look at the project as a whole.

mod architecture;
mod cli;
#[path = "../support/daemon.rs"]
mod daemon;
mod mta;
mod xmlrpc;
