//! Looking at this machine: programs, what they say, users, processes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;

/// Where programs of administrators are, for whoever has not got them in PATH.
const MORE_PLACES: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// What a program said and how it ended.
pub struct Said {
    pub success: bool,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The first line of its complaint, or of what it said at all.
    pub fn complaint(&self) -> &str {
        let line = self.err.lines().chain(self.out.lines()).map(str::trim).find(|line| !line.is_empty());
        line.unwrap_or("it said nothing")
    }
}

/// The first of these programs that is installed.
///
/// # Errors
/// None is; `server` is what they belong to.
pub fn find(server: &'static str, names: &[&'static str]) -> Result<PathBuf, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = std::env::split_paths(&path).chain(MORE_PLACES.map(PathBuf::from)).collect();
    let mut candidates = names.iter().flat_map(|name| places.iter().map(move |place| place.join(name)));
    let found = candidates.find(|program| why_not_executable(program).is_none());
    found.ok_or_else(|| Error::NotInstalled { server, program: names.join(" or ") })
}

/// Runs a program to its end with this to read.
pub fn run<S: AsRef<OsStr>>(program: &Path, arguments: &[S], input: &str) -> Result<Said, Error> {
    let failed = |cause| Error::Run { program: program.display().to_string(), cause };
    let mut child = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        // A program that does not want to read all of it says why in its own words.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input.as_bytes())));
        child.wait_with_output()
    });
    let output = output.map_err(failed)?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Said { success: output.status.success(), out: text(&output.stdout), err: text(&output.stderr) })
}

/// Why a program cannot be started, if it cannot.
pub fn why_not_executable(program: &Path) -> Option<&'static str> {
    match std::fs::metadata(program) {
        Err(_) => Some("does not exist"),
        Ok(metadata) if !metadata.is_file() => Some("is no file"),
        Ok(metadata) if metadata.permissions().mode() & 0o111 == 0 => Some("is not executable"),
        Ok(_) => None,
    }
}

/// Whether a user (`passwd`) or group (`group`) exists, in files or wherever the system keeps them. Where nobody can be
/// asked, it is taken to exist.
pub fn exists(database: &'static str, name: &str) -> bool {
    run(Path::new("getent"), &[database, name], "").map_or(true, |said| said.success)
}

/// Whether a user or group of this name has this number.
pub fn is_number_of(database: &'static str, number: &str, name: &str) -> bool {
    let Ok(said) = run(Path::new("getent"), &[database, name], "") else { return true };
    said.out.split(':').nth(2) == Some(number)
}

/// Whether a process of this name runs.
pub fn runs(names: &[&str]) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return true };
    let called = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
    processes.flatten().any(|entry| names.contains(&called(entry).trim_end()))
}

/// Lines `name = value` as a map; a line without `=` is a name with an empty value.
pub fn settings(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().map(|line| line.split_once('=').unwrap_or((line, "")));
    lines.map(|(name, value)| (name.trim(), value.trim())).collect()
}

/// A number with K, M or G behind it, in octets.
pub fn octets(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" => 1,
        "K" | "KB" => 1 << 10,
        "M" | "MB" => 1 << 20,
        "G" | "GB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// A time such as `1000s`, `1h` or `2h30m`, in seconds; a bare number is seconds already.
pub fn seconds(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let unit = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let factor = match rest.as_bytes()[unit] {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        total = total.checked_add(rest[..unit].parse::<u64>().ok()?.checked_mul(factor)?)?;
        rest = &rest[unit + 1..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(
            [octets("50M"), octets("0"), octets("12KB"), octets("12x"), octets("")].map(|found| found.unwrap_or(7)),
            [50 << 20, 0, 12 << 10, 7, 7]
        );
        assert_eq!(
            [seconds("1000s"), seconds("90"), seconds("2h30m"), seconds("5y"), seconds("h")]
                .map(|found| found.unwrap_or(7)),
            [1000, 90, 9000, 7, 7]
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_said_to_be_missing() {
        let error = find("Postfix", &["no-such-program", "nor-this"]).unwrap_err();
        assert_eq!(error.to_string(), "Postfix is not installed: there is no no-such-program or nor-this");
    }

    #[test]
    fn settings_are_names_and_values() {
        let found = settings("a = b = c\nno_x\nempty =\n");
        assert_eq!((found["a"], found["no_x"], found["empty"]), ("b = c", "", ""));
    }
}
