//! The keys that lists sign with, and the resolver that tells whether an author may stand in From.
//!
//! Keys come from the configuration (`[[dkim]]`, files or credentials of systemd), and from the daemon's own folder beside the
//! database, where `dkim.create` puts them: `dkim/DOMAIN/SELECTOR.pem`. One that ends with `.new` is not used before
//! `dkim.activate`. What stands there and is no key is left alone, with a word in the log: it must not stop all mail.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mailjam_core::message::Message;
use mailjam_signature::{Key, KeyError, Resolver, Signer, SignerError, Timeouts, should_rewrite};

use crate::config::{Config, DkimKey};
use crate::daemon::now;

/// Authors of a post whose domains are asked about.
const AUTHORS: usize = 5;

/// The port of name servers.
const DNS: u16 = 53;

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read or written.
    #[error("the DKIM key {}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// It is none.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// Keys that do not go together.
    #[error("{0}")]
    Signer(#[from] SignerError),
    /// A key of the same kind stands in the configuration.
    #[error("{domain} signs with the key {selector} of mailjam.toml, of the same kind; take that out there first")]
    Configured {
        /// The domain.
        domain: String,
        /// The other key.
        selector: String,
    },
    /// systemd gave the daemon no credentials.
    #[error("the DKIM key credential:{0}: systemd passed no credentials; see LoadCredential= in systemd.exec(5)")]
    NoCredentials(String),
}

/// A key, and where it is.
#[derive(Debug)]
pub struct Stored {
    /// The domain that signs with it.
    pub domain: String,
    /// Its name in the DNS.
    pub selector: String,
    /// Its file.
    pub path: PathBuf,
    /// Whether it is used.
    pub active: bool,
    /// Whether the configuration names it; otherwise it is one of the daemon's own.
    pub configured: bool,
    /// The key.
    pub key: Key,
}

/// What is needed to sign.
pub struct Signing {
    signers: BTreeMap<String, Arc<Signer>>,
    resolver: Option<Resolver>,
    silent: Silent,
}

/// Domains whose name servers did not answer a moment ago. Posts from there are treated at once as they were then: each
/// would hold up the mail of others for as long as the first.
#[derive(Default)]
pub struct Silent(Mutex<HashMap<String, (Instant, String)>>);

/// How long a domain counts as silent.
const SILENCE: Duration = Duration::from_secs(60);

/// Domains that are remembered at most.
const MOST_SILENT: usize = 1000;

impl Silent {
    /// What was said when the domain was silent, if that was a moment ago.
    pub fn heard(&self, domain: &str) -> Option<String> {
        let silent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        silent.get(domain).filter(|(since, _)| since.elapsed() < SILENCE).map(|(_, why)| why.clone())
    }

    /// Remembers that a domain is silent.
    pub fn note(&self, domain: &str, why: &str) {
        let mut silent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        silent.retain(|_, (since, _)| since.elapsed() < SILENCE);
        if silent.len() < MOST_SILENT {
            silent.insert(domain.to_owned(), (Instant::now(), why.to_owned()));
        }
    }
}

/// What is to become of From.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Whether the list stands there in the author's place.
    pub rewrite: bool,
    /// Why, for people.
    pub why: String,
}

impl Signing {
    /// Reads all keys.
    ///
    /// # Errors
    /// One cannot be used.
    pub fn load(config: &Config) -> Result<Signing, Error> {
        let mut domains: BTreeMap<String, Vec<(String, Key)>> = BTreeMap::new();
        for stored in stored(config)?.into_iter().filter(|stored| stored.active) {
            let keys: &mut Vec<(String, Key)> = domains.entry(stored.domain).or_default();
            // Of the daemon's own there may be two, if it ended while one took the other's place.
            if stored.configured || !keys.iter().any(|(_, key)| key.algorithm() == stored.key.algorithm()) {
                keys.push((stored.selector, stored.key));
            }
        }
        let mut signers = BTreeMap::new();
        for (domain, keys) in domains {
            let signer = Signer::new(&domain, keys)?;
            signers.insert(signer.domain().to_owned(), Arc::new(signer));
        }
        Ok(Signing { signers, resolver: resolver(config), silent: Silent::default() })
    }

    /// Who signs for lists in a domain, given in A-labels: the domain itself, or else the nearest above it that has a key.
    #[must_use]
    pub fn signer(&self, domain: &str) -> Option<&Arc<Signer>> {
        let mut name = domain;
        loop {
            if let Some(signer) = self.signers.get(name) {
                return Some(signer);
            }
            name = name.split_once('.')?.1;
        }
    }

    /// Asks the DNS; `None` where that is switched off or cannot be.
    #[must_use]
    pub fn resolver(&self) -> Option<&Resolver> {
        self.resolver.as_ref()
    }

    /// Domains that do not answer.
    #[must_use]
    pub fn silent(&self) -> &Silent {
        &self.silent
    }

    /// Whether a copy may go out with its authors in From.
    pub async fn judge(&self, copy: &Message<'_>) -> Author {
        let Some(resolver) = &self.resolver else {
            return Author { rewrite: false, why: "the DNS is not asked".to_owned() };
        };
        let mut domains: Vec<String> = copy
            .from()
            .iter()
            .filter_map(|author| Some(author.address.as_ref()?.ascii_domain().into_owned()))
            .take(AUTHORS)
            .collect();
        domains.dedup();
        let mut why = "nobody stands there".to_owned();
        for domain in domains {
            if let Some(why) = self.silent.heard(&domain) {
                return Author { rewrite: true, why };
            }
            let decision = should_rewrite(resolver, &domain, copy, now()).await;
            why = decision.why.to_string();
            if decision.why.is_temporary() {
                self.silent.note(&domain, &why);
            }
            if decision.rewrite {
                return Author { rewrite: true, why };
            }
        }
        Author { rewrite: false, why }
    }
}

/// The resolver of the configuration, or that of the system.
fn resolver(config: &Config) -> Option<Resolver> {
    if !config.dns.enabled {
        return None;
    }
    let servers: Vec<SocketAddr> = config.dns.servers.iter().filter_map(|server| server_address(server)).collect();
    let decision = Duration::from_secs(u64::from(config.dns.patience));
    let timeouts = Timeouts { query: Timeouts::default().query.min(decision), decision };
    match Resolver::new(&servers, timeouts) {
        Ok(resolver) => Some(resolver),
        Err(error) => {
            tracing::warn!("{error}; until then authors' DMARC policies are not looked at");
            None
        }
    }
}

/// `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:53`.
pub fn server_address(text: &str) -> Option<SocketAddr> {
    text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse::<IpAddr>().ok()?, DNS)))
}

/// Every key that there is.
///
/// # Errors
/// One cannot be read.
pub fn stored(config: &Config) -> Result<Vec<Stored>, Error> {
    let mut found = Vec::new();
    for DkimKey { domain, selector, key } in &config.dkim {
        let path = key_path(key)?;
        let key = read(&path)?;
        let (domain, selector) = (domain.to_ascii_lowercase(), selector.clone());
        found.push(Stored { domain, selector, path, active: true, configured: true, key });
    }
    let own = own_folder(config);
    for domain in entries(&own)? {
        for file in entries(&own.join(&domain))? {
            let (selector, active) = match file.strip_suffix(".pem") {
                Some(selector) => (selector, true),
                None => match file.strip_suffix(".pem.new") {
                    Some(selector) => (selector, false),
                    None => continue,
                },
            };
            let path = own.join(&domain).join(&file);
            match read(&path) {
                Ok(key) => {
                    let (domain, selector) = (domain.clone(), selector.to_owned());
                    found.push(Stored { domain, selector, path, active, configured: false, key });
                }
                Err(error) => tracing::error!("{error}; nobody signs with it"),
            }
        }
    }
    Ok(found)
}

fn key_path(key: &str) -> Result<PathBuf, Error> {
    let Some(name) = key.strip_prefix("credential:") else { return Ok(key.into()) };
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY");
    folder.map(|folder| Path::new(&folder).join(name)).ok_or_else(|| Error::NoCredentials(name.to_owned()))
}

fn read(path: &Path) -> Result<Key, Error> {
    let pem = fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
    Ok(Key::from_pem(&path.display().to_string(), &pem)?)
}

/// Names in a folder, in order; none if it is not there.
fn entries(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |source| Error::File { path: folder.to_owned(), source };
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(source) => return Err(failed(source)),
    };
    let mut names = Vec::new();
    for entry in read {
        names.extend(entry.map_err(failed)?.file_name().into_string());
    }
    names.sort_unstable();
    Ok(names)
}

/// Where the daemon's own keys are: beside the database.
fn own_folder(config: &Config) -> PathBuf {
    config.storage.path.parent().unwrap_or(Path::new(".")).join("dkim")
}

/// Writes a new key, which is not used yet.
///
/// # Errors
/// There is one with this selector, or it cannot be written.
pub fn keep(config: &Config, domain: &str, selector: &str, pem: &str) -> Result<PathBuf, Error> {
    let folder = own_folder(config).join(domain);
    let failed = |path: &Path, source| Error::File { path: path.to_owned(), source };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|source| failed(&folder, source))?;
    let path = folder.join(format!("{selector}.pem.new"));
    for taken in [&folder.join(format!("{selector}.pem")), &path] {
        if taken.exists() {
            return Err(failed(taken, io::ErrorKind::AlreadyExists.into()));
        }
    }
    // Under its name it is whole or not there.
    let half = folder.join(format!(".{selector}.half"));
    let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half);
    file.and_then(|mut file| file.write_all(pem.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&half, &path))
        .and_then(|()| fs::File::open(&folder)?.sync_all())
        .map_err(|source| failed(&path, source))?;
    Ok(path)
}

/// Removes a key of the daemon's own.
///
/// # Errors
/// Its file cannot be removed.
pub fn remove(key: &Stored) -> Result<(), Error> {
    fs::remove_file(&key.path).map_err(|source| Error::File { path: key.path.clone(), source })
}

/// Lets a key be used, and no other key of the daemon's own of the same kind in its domain.
///
/// # Errors
/// One of the configuration stands in the way, or a file cannot be renamed.
pub fn activate(key: &Stored, all: &[Stored]) -> Result<(), Error> {
    let rename =
        |from: &Path, to: &Path| fs::rename(from, to).map_err(|source| Error::File { path: from.to_owned(), source });
    let twins: Vec<&Stored> = all
        .iter()
        .filter(|other| {
            other.active
                && other.path != key.path
                && other.domain == key.domain
                && other.key.algorithm() == key.key.algorithm()
        })
        .collect();
    // With two of a kind no daemon would start.
    if let Some(other) = twins.iter().find(|other| other.configured) {
        return Err(Error::Configured { domain: other.domain.clone(), selector: other.selector.clone() });
    }
    // First the new one: at no time there is none.
    if !key.active {
        rename(&key.path, &key.path.with_extension(""))?;
    }
    for twin in twins {
        // Its record stays good for what was signed with it.
        rename(&twin.path, &twin.path.with_extension("pem.old"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_domain_is_remembered_and_others_are_not() {
        let silent = Silent::default();
        silent.note("example.org", "no answer");
        assert_eq!(silent.heard("example.org").as_deref(), Some("no answer"));
        assert_eq!(silent.heard("example.com"), None);
        for number in 0..2 * MOST_SILENT {
            silent.note(&format!("{number}.example"), "");
        }
        assert!(silent.0.lock().expect("a lock").len() <= MOST_SILENT);
    }

    #[test]
    fn a_key_is_kept_for_its_owner_alone_and_never_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::default();
        config.storage.path = folder.path().join("mailjam.db");
        let pem = mailjam_signature::generate(mailjam_signature::Algorithm::Ed25519).expect("a key");
        let path = keep(&config, "lists.example.org", "one", pem.as_str()).expect("a file");
        let mode =
            |path: &Path| std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).expect("it").permissions());
        assert_eq!((mode(&path) & 0o777, mode(path.parent().expect("a folder")) & 0o777), (0o600, 0o700));
        assert!(keep(&config, "lists.example.org", "one", pem.as_str()).is_err());

        let all = stored(&config).expect("keys");
        assert!(Signing::load(&config).expect("keys").signer("lists.example.org").is_none(), "not used yet");
        activate(&all[0], &all).expect("renamed");
        assert!(keep(&config, "lists.example.org", "one", pem.as_str()).is_err(), "one that is used is not replaced");
        let signing = Signing::load(&config).expect("keys");
        assert!(signing.signer("lists.example.org").is_some() && signing.signer("sub.lists.example.org").is_some());
        assert!(signing.signer("example.org").is_none());

        // A second one of its kind takes its place.
        keep(&config, "lists.example.org", "two", pem.as_str()).expect("a file");
        let all = stored(&config).expect("keys");
        let two = all.iter().find(|key| key.selector == "two").expect("the second");
        activate(two, &all).expect("renamed");
        let left: Vec<_> = stored(&config).expect("keys").into_iter().map(|key| (key.selector, key.active)).collect();
        assert_eq!(left, [("two".to_owned(), true)]);
        // What is no key stops nobody, unless the configuration names it.
        let broken = path.parent().expect("a folder").join("three.pem");
        fs::write(&broken, "none").expect("a file");
        fs::write(own_folder(&config).join("README"), "words").expect("a file");
        assert!(Signing::load(&config).expect("keys").signer("lists.example.org").is_some());
        let (domain, selector) = ("example.com".to_owned(), "x".to_owned());
        config.dkim.push(DkimKey { domain, selector, key: broken.display().to_string() });
        let error = Signing::load(&config).err().expect("no key").to_string();
        assert!(error.contains("three.pem"), "{error}");
    }
}
