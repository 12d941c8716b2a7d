//! mailjam-cli: the administrator on the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    mailjam_cli::main()
}
