//! What cannot be tested here is not passed over in silence.

use std::fs::OpenOptions;
use std::io::Write;

/// Says what is not tested here, and why, as in `a locked database: sqlite3 is not installed`.
///
/// A harness keeps to itself what a test says that passes, so it is said into the file that `MAILJAM_SKIPPED` names as
/// well; `make` shows that in the end.
pub fn skipped(what: &str) {
    let line = format!("skipped: {what}\n");
    let _ = std::io::stdout().write_all(line.as_bytes());
    if let Some(path) = std::env::var_os("MAILJAM_SKIPPED") {
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
        written.unwrap_or_else(|error| panic!("{} cannot be told into {}: {error}", line.trim_end(), path.display()));
    }
}
