//! The configuration: what may stand in `mailjam.toml`, its defaults, and what contradicts itself.

use std::fmt;
use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};

use mailjam_core::settings::Settings;
use serde::Deserialize;

use crate::signing;

/// Where the configuration stands unless `--config` names another file.
pub const DEFAULT_PATH: &str = "/etc/mailjam/mailjam.toml";

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Unix sockets, for those that systemd did not pass.
    pub sockets: Sockets,
    /// The TCP socket.
    pub xmlrpc_server: XmlRpcServer,
    /// Where lists and mail are kept.
    pub storage: Storage,
    /// The next hop.
    pub smtp: Smtp,
    /// What the mail server says of senders.
    pub authentication: Authentication,
    /// Where the web client is.
    pub web: Web,
    /// Who is asked about domains.
    pub dns: Dns,
    /// Keys that lists sign with, besides the daemon's own.
    pub dkim: Vec<DkimKey>,
    /// What is logged.
    pub log: Log,
}

/// `[sockets]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sockets {
    /// For mailjam-mta.
    pub mta: PathBuf,
    /// For mailjam-cli.
    pub control: PathBuf,
    /// For the web client.
    pub web: PathBuf,
}

impl Default for Sockets {
    fn default() -> Sockets {
        Sockets {
            mta: "/run/mailjam/mta.sock".into(),
            control: "/run/mailjam/control.sock".into(),
            web: "/run/mailjam/web.sock".into(),
        }
    }
}

/// `[xmlrpc_server]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct XmlRpcServer {
    /// Whether to listen on TCP.
    pub enabled: bool,
    /// Host name or address; every address it resolves to is bound.
    pub address: String,
    /// TCP port.
    pub port: u16,
    /// TLS, not available yet.
    pub ssl: bool,
    /// Key for TLS.
    pub ssl_key: Option<PathBuf>,
    /// Certificate for TLS.
    pub ssl_crt: Option<PathBuf>,
}

impl Default for XmlRpcServer {
    fn default() -> XmlRpcServer {
        XmlRpcServer {
            enabled: false,
            address: "localhost".to_owned(),
            port: 9876,
            ssl: false,
            ssl_key: None,
            ssl_crt: None,
        }
    }
}

/// `[storage]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// The only one so far is `sqlite`.
    pub backend: String,
    /// The database.
    pub path: PathBuf,
    /// Days for which a post that everybody has is kept.
    pub retain_posts: u32,
}

impl Default for Storage {
    fn default() -> Storage {
        Storage { backend: "sqlite".to_owned(), path: "/var/lib/mailjam/mailjam.db".into(), retain_posts: 30 }
    }
}

/// `[smtp]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Smtp {
    /// `host:port` of the mail server that takes the copies.
    pub server: String,
    /// The name to greet it with; this host's if empty.
    pub helo: String,
    /// Connections at the same time.
    pub connections: u32,
    /// Recipients in one transaction at most.
    pub recipients: u32,
}

impl Default for Smtp {
    fn default() -> Smtp {
        Smtp { server: "127.0.0.1:25".to_owned(), helo: String::new(), connections: 4, recipients: 500 }
    }
}

/// `[authentication]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Authentication {
    /// The name with which the mail server signs its Authentication-Results (RFC 8601 2.5); empty if it writes none.
    pub authserv_id: String,
}

/// `[web]`
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Web {
    /// The address of the web client as members reach it, such as `https://lists.example.org`; empty if there is none.
    pub public_url: String,
}

/// `[dns]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dns {
    /// Whether the DNS is asked at all: for DMARC policies of authors' domains, and the keys of their signatures.
    pub enabled: bool,
    /// Name servers that resolve for others, as `ADDRESS` or `ADDRESS:PORT`; the system's if there are none.
    pub servers: Vec<String>,
    /// Seconds that the questions about the domain of one author may take in all.
    pub patience: u32,
}

impl Default for Dns {
    fn default() -> Dns {
        Dns { enabled: true, servers: Vec::new(), patience: 30 }
    }
}

/// `[[dkim]]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DkimKey {
    /// The domain that signs, for its lists and those of domains below it that have no key.
    pub domain: String,
    /// The name of the key in the DNS: `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// The file with the private key, or `credential:NAME` for one that systemd passes.
    pub key: String,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,mailjam_relay=debug`.
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
        /// Section and key.
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

    /// What is well-formed and cannot work all the same.
    fn check(&self) -> Result<(), (&'static str, String)> {
        let server = &self.xmlrpc_server;
        if server.ssl || server.ssl_key.is_some() || server.ssl_crt.is_some() {
            let detail = "TLS is not available yet; keep ssl = false and reach a remote daemon through an SSH tunnel";
            return Err(("[xmlrpc_server] ssl", detail.to_owned()));
        }
        if server.enabled {
            check_loopback(server).map_err(|detail| ("[xmlrpc_server] address", detail))?;
        }
        if self.storage.backend != "sqlite" {
            let detail = format!("{:?} is no storage backend; there is \"sqlite\"", self.storage.backend);
            return Err(("[storage] backend", detail));
        }
        let (host, port) = self.smtp.server.rsplit_once(':').unwrap_or((&self.smtp.server, ""));
        if host.is_empty() || !port.parse::<u16>().is_ok_and(|port| port > 0) {
            let detail = format!("{:?} has not the form HOST:PORT, such as 127.0.0.1:25", self.smtp.server);
            return Err(("[smtp] server", detail));
        }
        let helo = &self.smtp.helo;
        if !helo.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte)) {
            let detail = format!("{helo:?} is no host name such as lists.example.org");
            return Err(("[smtp] helo", detail));
        }
        let id = &self.authentication.authserv_id;
        if id.len() > 255 || !id.bytes().all(|byte| byte.is_ascii_graphic() && !b";()\"".contains(&byte)) {
            let detail = format!("{id:?} is no name as in Authentication-Results, such as mx.example.org");
            return Err(("[authentication] authserv_id", detail));
        }
        let url = &self.web.public_url;
        let rest = url.strip_prefix("https://").unwrap_or_default();
        if !url.is_empty()
            && (rest.is_empty()
                || url.len() > 200
                || rest.bytes().any(|b| !b.is_ascii_graphic() || b"<>?#\"".contains(&b)))
        {
            let detail = format!("{url:?} is no address such as https://lists.example.org; mail programs want https");
            return Err(("[web] public_url", detail));
        }
        if let Some(server) = self.dns.servers.iter().find(|server| signing::server_address(server).is_none()) {
            let detail = format!("{server:?} is no address of a name server such as 192.0.2.1 or 192.0.2.1:5353");
            return Err(("[dns] servers", detail));
        }
        let Sockets { mta, control, web } = &self.sockets;
        if mta == control || mta == web || control == web {
            let detail = "mta, control and web need a path each: what may be called depends on it";
            return Err(("[sockets]", detail.to_owned()));
        }
        for (key, value, range) in [
            ("[smtp] connections", self.smtp.connections, 1..=100),
            // RFC 5321 4.5.3.1.8: a server takes at least 100.
            ("[smtp] recipients", self.smtp.recipients, 1..=10_000),
            ("[storage] retain_posts", self.storage.retain_posts, 0..=36_500),
            ("[dns] patience", self.dns.patience, 1..=300),
        ] {
            if !range.contains(&value) {
                return Err((key, format!("{value} is not between {} and {}", range.start(), range.end())));
            }
        }
        crate::log::filter(&self.log.level).map(drop).map_err(|detail| ("[log] level", detail))
    }

    /// Where links to leave with one click lead, if the copies of a list have such links.
    #[must_use]
    pub fn one_click(&self, settings: &Settings) -> Option<&str> {
        Some(self.web.public_url.as_str()).filter(|url| settings.one_click && !url.is_empty())
    }

    /// What both have different and only a restart can change, for the log after a reload.
    #[must_use]
    pub fn fixed_differences(&self, other: &Config) -> Vec<&'static str> {
        let mut sections = Vec::new();
        if self.sockets != other.sockets {
            sections.push("[sockets]");
        }
        if self.xmlrpc_server != other.xmlrpc_server {
            sections.push("[xmlrpc_server]");
        }
        if (&self.storage.backend, &self.storage.path) != (&other.storage.backend, &other.storage.path) {
            sections.push("[storage] backend, path");
        }
        if self.smtp.connections != other.smtp.connections {
            sections.push("[smtp] connections");
        }
        sections
    }
}

/// Without TLS a token must not cross a network.
fn check_loopback(server: &XmlRpcServer) -> Result<(), String> {
    let addresses = (server.address.as_str(), server.port)
        .to_socket_addrs()
        .map_err(|error| format!("cannot look up {:?}: {error}", server.address))?;
    for address in addresses {
        if !address.ip().is_loopback() {
            return Err(format!(
                "{:?} is {}, which others can reach, and there is no TLS yet to protect tokens; \
                 use localhost and an SSH tunnel",
                server.address,
                address.ip()
            ));
        }
    }
    Ok(())
}

/// TOML's message on one line, with a guess for a key that is not known.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let message = error.message().replace('\n', " ");
    let mut guess = String::new();
    if message.starts_with("unknown field") {
        let mut quoted = message.split('`').skip(1).step_by(2);
        if let Some(unknown) = quoted.next()
            && let Some(known) = quoted.find(|known| mailjam_core::near(known, unknown))
        {
            guess = format!("; did you mean `{known}`?");
        }
    }
    format!("line {line}: {message}{guess}")
}

/// The configuration as a file that says every key, for `--print-config`.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = |path: &Path| quoted(&path.to_string_lossy());
        writeln!(f, "[sockets]")?;
        writeln!(f, "mta = {}", path(&self.sockets.mta))?;
        writeln!(f, "control = {}", path(&self.sockets.control))?;
        writeln!(f, "web = {}", path(&self.sockets.web))?;
        writeln!(f, "\n[xmlrpc_server]")?;
        writeln!(f, "enabled = {}", self.xmlrpc_server.enabled)?;
        writeln!(f, "address = {}", quoted(&self.xmlrpc_server.address))?;
        writeln!(f, "port = {}", self.xmlrpc_server.port)?;
        writeln!(f, "ssl = {}", self.xmlrpc_server.ssl)?;
        writeln!(f, "\n[storage]")?;
        writeln!(f, "backend = {}", quoted(&self.storage.backend))?;
        writeln!(f, "path = {}", path(&self.storage.path))?;
        writeln!(f, "retain_posts = {}", self.storage.retain_posts)?;
        writeln!(f, "\n[smtp]")?;
        writeln!(f, "server = {}", quoted(&self.smtp.server))?;
        writeln!(f, "helo = {}", quoted(&self.smtp.helo))?;
        writeln!(f, "connections = {}", self.smtp.connections)?;
        writeln!(f, "recipients = {}", self.smtp.recipients)?;
        writeln!(f, "\n[authentication]")?;
        writeln!(f, "authserv_id = {}", quoted(&self.authentication.authserv_id))?;
        writeln!(f, "\n[web]")?;
        writeln!(f, "public_url = {}", quoted(&self.web.public_url))?;
        writeln!(f, "\n[dns]")?;
        writeln!(f, "enabled = {}", self.dns.enabled)?;
        let servers: Vec<String> = self.dns.servers.iter().map(|server| quoted(server)).collect();
        writeln!(f, "servers = [{}]", servers.join(", "))?;
        writeln!(f, "patience = {}", self.dns.patience)?;
        for DkimKey { domain, selector, key } in &self.dkim {
            writeln!(f, "\n[[dkim]]")?;
            writeln!(f, "domain = {}", quoted(domain))?;
            writeln!(f, "selector = {}", quoted(selector))?;
            writeln!(f, "key = {}", quoted(key))?;
        }
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
        Config::parse(text, Path::new("test.toml"))
    }

    #[test]
    fn what_is_printed_is_what_was_read() {
        let config =
            parse(
            "[smtp]\nserver = \"mx.example.org:2525\"\n[storage]\npath = \"/a \\\"b\\\"\"\n[dns]\nservers = [\"192.0.2.1\"]\n\
             [[dkim]]\ndomain = \"a.example\"\nselector = \"x\"\nkey = \"/k\"\n",
        )
        .expect("good");
        assert_eq!(parse(&config.to_string()).expect("printed"), config);
        assert_eq!(parse("").expect("empty"), Config::default());
    }

    #[test]
    fn the_sample_says_every_key_with_its_default() {
        let sample = include_str!("../../../etc/mailjam.toml");
        assert_eq!(parse(sample).expect("the sample"), Config::default());
        let said: Vec<&str> = sample.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).collect();
        for line in Config::default().to_string().lines() {
            assert!(said.contains(&line), "etc/mailjam.toml lacks {line}");
        }
        for key in ["#ssl_key", "#ssl_crt", "#[[dkim]]", "#domain", "#selector", "#key"] {
            assert!(sample.lines().any(|line| line.starts_with(key)), "etc/mailjam.toml lacks {key}");
        }
    }

    #[test]
    fn mistakes_are_named_with_line_and_remedy() {
        for (text, message) in [
            ("[smtp]\nsrever = \"a:1\"\n", "test.toml: line 2: unknown field `srever`"),
            ("[smtp]\nsrever = \"a:1\"\n", "did you mean `server`?"),
            ("[storage\n", "test.toml: line 1:"),
            ("[xmlrpc_server]\nssl = true\n", "[xmlrpc_server] ssl: TLS is not available yet"),
            ("[xmlrpc_server]\nenabled = true\naddress = \"192.0.2.1\"\n", "which others can reach"),
            ("[storage]\nbackend = \"oracle\"\n", "no storage backend"),
            ("[dns]\nservers = [\"dns.example.org\"]\n", "no address of a name server"),
            ("[[dkim]]\ndomain = \"a.example\"\n", "missing field `selector`"),
            ("[smtp]\nserver = \"localhost\"\n", "HOST:PORT"),
            ("[smtp]\nconnections = 0\n", "not between 1 and 100"),
            ("[log]\nlevel = \"a=b=c\"\n", "[log] level"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
