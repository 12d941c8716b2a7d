//! The daemon.

fn main() -> std::process::ExitCode {
    mailjam_daemon::main()
}
