//! The keys of a domain: private ones sign, public ones stand in the DNS.

mod der;
mod generate;
mod pem;

use std::fmt;

use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{self, Ed25519KeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey};

pub use generate::generate;
pub use pem::Pem;

/// How a signature is made (RFC 8301, RFC 8463). Both sign a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSA with PKCS#1 v1.5, which every verifier knows.
    Rsa,
    /// Ed25519: short keys and fast, but large mail systems do not look at it. Sign with RSA beside it.
    Ed25519,
}

impl Algorithm {
    /// The value of `a` in a signature.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Algorithm::Rsa => "rsa-sha256",
            Algorithm::Ed25519 => "ed25519-sha256",
        }
    }

    /// The value of `k` in a key record.
    fn key_type(self) -> &'static str {
        match self {
            Algorithm::Rsa => "rsa",
            Algorithm::Ed25519 => "ed25519",
        }
    }

    /// The algorithm that `a` names. RSA with SHA-1 is none any more (RFC 8301 3.1).
    pub(crate) fn of_tag(tag: &str) -> Option<Algorithm> {
        [Algorithm::Rsa, Algorithm::Ed25519].into_iter().find(|algorithm| algorithm.tag().eq_ignore_ascii_case(tag))
    }

    /// The algorithm whose keys `k` names.
    pub(crate) fn of_key_type(name: &str) -> Option<Algorithm> {
        [Algorithm::Rsa, Algorithm::Ed25519].into_iter().find(|one| one.key_type().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Algorithm::Rsa => "RSA",
            Algorithm::Ed25519 => "Ed25519",
        })
    }
}

/// Why there is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM block of a private key.
    #[error("{file} has no private key in PEM format; it has to begin with -----BEGIN PRIVATE KEY-----")]
    NoPem {
        /// Where it was looked for.
        file: String,
    },
    /// The key needs a passphrase, and nobody is there to type it.
    #[error("{file}: the key is encrypted; write it without a passphrase: openssl pkey -in {file} -out NEW-FILE")]
    Encrypted {
        /// Where it is.
        file: String,
    },
    /// Neither RSA nor Ed25519, or damaged.
    #[error("{file}: no RSA or Ed25519 key can be read ({problem}); make one with mailjam-cli dkim create")]
    Unreadable {
        /// Where it is.
        file: String,
        /// What the library says.
        problem: String,
    },
    /// An RSA key that verifiers need not believe (RFC 8301 3.2), or that is too long for them.
    #[error("{file}: an RSA key has to have 2048 to 4096 bits; make another with mailjam-cli dkim create")]
    Size {
        /// Where it is.
        file: String,
    },
    /// The system has no random numbers, or they made no key.
    #[error("no key could be made: {problem}; try again")]
    Generation {
        /// What the library says.
        problem: String,
    },
}

/// A private key. What it is made of is in no output, `Debug` included.
pub struct Key(Kind);

enum Kind {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl Key {
    /// Reads the first private key of a PEM file: PKCS#8 (`PRIVATE KEY`, RFC 5958) or, for RSA, PKCS#1 (`RSA PRIVATE
    /// KEY`, RFC 8017). `file` is named in errors.
    ///
    /// # Errors
    /// When there is none, or none to sign with.
    pub fn from_pem(file: &str, pem: &[u8]) -> Result<Key, KeyError> {
        let file = file.to_owned();
        let Some(block) = pem::private_key(pem) else { return Err(KeyError::NoPem { file }) };
        if block.encrypted {
            return Err(KeyError::Encrypted { file });
        }
        let rsa = if block.label == "RSA PRIVATE KEY" {
            RsaKeyPair::from_der(&block.der)
        } else if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&block.der) {
            return Ok(Key(Kind::Ed25519(Box::new(key))));
        } else {
            RsaKeyPair::from_pkcs8(&block.der)
        };
        match rsa.map_err(|error| error.to_string()) {
            Ok(key) => Ok(Key(Kind::Rsa(Box::new(key)))),
            Err(problem) if matches!(problem.as_str(), "TooSmall" | "TooLarge") => Err(KeyError::Size { file }),
            Err(problem) => Err(KeyError::Unreadable { file, problem }),
        }
    }

    /// What it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Kind::Rsa(_) => Algorithm::Rsa,
            Kind::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The other half, for the DNS.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let bytes = match &self.0 {
            Kind::Rsa(key) => key.public_key().as_ref().to_vec(),
            Kind::Ed25519(key) => key.public_key().as_ref().to_vec(),
        };
        PublicKey { algorithm: self.algorithm(), bytes }
    }

    /// The signature of `data`; `None` when the library cannot make one, for want of memory or of random numbers.
    pub(crate) fn sign(&self, data: &[u8]) -> Option<Vec<u8>> {
        match &self.0 {
            Kind::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), data, &mut signature).ok()?;
                Some(signature)
            }
            // Not the data: its SHA-256 (RFC 8463 3).
            Kind::Ed25519(key) => Some(key.sign(digest(&SHA256, data).as_ref()).as_ref().to_vec()),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} …)", self.algorithm())
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    /// RSAPublicKey (RFC 8017 A.1.1) in DER, or the 32 octets of RFC 8032.
    bytes: Vec<u8>,
}

impl PublicKey {
    /// The value of `p` in a key record. For RSA it is a SubjectPublicKeyInfo in the DNS, but the RSAPublicKey alone is
    /// seen as well: RFC 6376 3.6.1 can be read both ways.
    pub(crate) fn of_record(algorithm: Algorithm, value: &[u8]) -> Option<PublicKey> {
        let bytes = match algorithm {
            Algorithm::Rsa => der::rsa_public_key(value).unwrap_or(value),
            Algorithm::Ed25519 => value,
        };
        let fits = match algorithm {
            Algorithm::Rsa => !bytes.is_empty(),
            Algorithm::Ed25519 => bytes.len() == 32,
        };
        fits.then(|| PublicKey { algorithm, bytes: bytes.to_vec() })
    }

    /// What it verifies.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The value of `p` in a key record.
    pub(crate) fn to_record(&self) -> Vec<u8> {
        match self.algorithm {
            Algorithm::Rsa => der::subject_public_key_info(&self.bytes),
            Algorithm::Ed25519 => self.bytes.clone(),
        }
    }

    /// Whether a signature of `data` is genuine. RSA keys of less than 1024 bits prove nothing (RFC 8301 3.2).
    pub(crate) fn verifies(&self, data: &[u8], signature: &[u8]) -> bool {
        let verified = match self.algorithm {
            Algorithm::Rsa => {
                let rule = &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY;
                UnparsedPublicKey::new(rule, &self.bytes).verify(data, signature)
            }
            Algorithm::Ed25519 => UnparsedPublicKey::new(&signature::ED25519, &self.bytes)
                .verify(digest(&SHA256, data).as_ref(), signature),
        };
        verified.is_ok()
    }
}

#[cfg(test)]
mod tests;
