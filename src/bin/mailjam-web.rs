//! mailjam-web: lists in a browser.

use std::process::ExitCode;

fn main() -> ExitCode {
    mailjam_web::main()
}
