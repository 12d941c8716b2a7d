//! The configuration: what may stand in `web.toml`, its defaults, and what cannot work.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::listen;
use crate::site::Site;

/// Where the configuration stands unless `--config` names another file.
pub const DEFAULT_PATH: &str = "/etc/mailjam/web.toml";

/// Everything that can be configured.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The address that people see; empty for a trial on this host.
    pub public_url: String,
    /// Where to listen when systemd passed no socket.
    pub listen: String,
    /// The daemon's socket for web clients.
    pub daemon: PathBuf,
    /// The field in which a proxy says who asks, such as `X-Forwarded-For`; empty if there is none to be believed.
    pub address_header: String,
    /// What is logged.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            public_url: String::new(),
            listen: "127.0.0.1:8080".to_owned(),
            daemon: "/run/mailjam/web.sock".into(),
            address_header: String::new(),
            log: Log::default(),
        }
    }
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,mailjam_web=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Log {
        Log { level: "info".to_owned() }
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file is not TOML, or has a key that is not known.
    #[error("{path}: {detail}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line and reason.
        detail: String,
    },
    /// A value that cannot work.
    #[error("{path}: {key}: {detail}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The key, with its section if it stands in one.
        key: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

impl Config {
    /// Reads and checks a file. The default path may be missing, then everything has its default.
    pub fn load(path: &Path) -> Result<Config, Error> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && path == Path::new(DEFAULT_PATH) => {
                String::new()
            }
            Err(source) => return Err(Error::Read { path: path.to_owned(), source }),
        };
        Config::parse(&text, path)
    }

    /// Reads and checks the text of a file; `path` is for the errors.
    pub fn parse(text: &str, path: &Path) -> Result<Config, Error> {
        let config: Config = toml::from_str(text)
            .map_err(|error| Error::Syntax { path: path.to_owned(), detail: explain(text, &error) })?;
        config.check().map_err(|(key, detail)| Error::Value { path: path.to_owned(), key, detail })?;
        Ok(config)
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        Site::read(&self.public_url).map_err(|detail| ("public_url", detail))?;
        listen::address(&self.listen).map_err(|detail| ("listen", detail))?;
        if !self.daemon.is_absolute() {
            return Err(("daemon", format!("{:?} is no path of a socket", self.daemon)));
        }
        let header = &self.address_header;
        if header.len() > 64 || !header.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(("address_header", format!("{header:?} is no name of a field, such as X-Forwarded-For")));
        }
        crate::log::filter(&self.log.level).map(drop).map_err(|detail| ("[log] level", detail))
    }
}

/// TOML's message on one line, with a guess for a key that is not known.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = error.message().replace('\n', " ");
    let mut guess = String::new();
    if message.starts_with("unknown field") {
        let mut quoted = message.split('`').skip(1).step_by(2);
        if let Some(unknown) = quoted.next()
            && let Some(known) = quoted.find(|known| strsim::levenshtein(known, unknown) <= 2)
        {
            guess = format!("; did you mean `{known}`?");
        }
    }
    format!("line {line}: {message}{guess}")
}

/// The configuration as a file that says every key, for `--print-config`.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "public_url = {}", quoted(&self.public_url))?;
        writeln!(f, "listen = {}", quoted(&self.listen))?;
        writeln!(f, "daemon = {}", quoted(&self.daemon.to_string_lossy()))?;
        writeln!(f, "address_header = {}", quoted(&self.address_header))?;
        writeln!(f, "\n[log]")?;
        writeln!(f, "level = {}", quoted(&self.log.level))
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, Error> {
        Config::parse(text, Path::new("web.toml"))
    }

    #[test]
    fn the_sample_says_every_key_with_its_default() {
        let sample = include_str!("../../../etc/web.toml");
        assert_eq!(parse(sample).expect("the sample"), Config::default());
        let said: Vec<&str> = sample.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).collect();
        for line in Config::default().to_string().lines() {
            assert!(said.contains(&line), "etc/web.toml lacks {line}");
        }
        assert_eq!(parse(&Config::default().to_string()).expect("printed"), Config::default());
    }

    #[test]
    fn mistakes_are_named_with_line_and_remedy() {
        for (text, message) in [
            ("public_ulr = \"\"\n", "web.toml: line 1: unknown field `public_ulr`"),
            ("public_ulr = \"\"\n", "did you mean `public_url`?"),
            ("[log]\nlevle = \"info\"\n", "line 2: unknown field `levle`"),
            ("public_url = \"lists.example.org\"\n", "public_url: \"lists.example.org\" is no address"),
            ("public_url = \"http://lists.example.org\"\n", "passwords"),
            ("public_url = \"https://lists.example.org/a b\"\n", "public_url:"),
            ("listen = \"192.0.2.1:80\"\n", "which others can reach"),
            ("listen = \"8080\"\n", "listen:"),
            ("daemon = \"web.sock\"\n", "no path"),
            ("address_header = \"X Y\"\n", "no name of a field"),
            ("[log]\nlevel = \"a=b=c\"\n", "[log] level"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
