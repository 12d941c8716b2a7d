//! Passwords: argon2id, computed beside the runtime and only a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use mailjam_rpc::Code;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

use crate::methods::Failed;

/// Characters of a new password at least.
const SHORTEST: usize = 10;

/// Octets of a password at most: what is longer is no password, and would be hashed for nothing.
const LONGEST: usize = 512;

/// Memory in KiB, passes and lanes: what OWASP's Password Storage Cheat Sheet asks of argon2id (RFC 9106) at least.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Computations at the same time. Each takes a processor and 19 MiB, and posts want some of both; the others wait.
const AT_ONCE: usize = 2;

/// What the password of somebody who has none is compared with, so that this takes as long. It is nobody's: whatever
/// comes of it does not count.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyBpdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and compares passwords.
#[derive(Debug)]
pub struct Passwords {
    room: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Passwords {
        Passwords { room: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// The hash of a new password as a PHC string.
    ///
    /// # Errors
    /// It is too short or too long.
    pub async fn hash(&self, password: &str) -> Result<String, Failed> {
        let prepared = prepare(password);
        if prepared.chars().count() < SHORTEST || prepared.len() > LONGEST {
            let text = format!("a password has {SHORTEST} characters at least and {LONGEST} octets at most");
            return Err(Failed::new(Code::BadPassword, text));
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|error| defect(&error))?;
        self.compute(move |argon2| argon2.hash_password_with_salt(prepared.as_bytes(), &salt))
            .await?
            .map(|hash| hash.to_string())
            .map_err(|error| defect(&error))
    }

    /// Whether this is the password with that hash; where there is none, finding out takes as long.
    pub async fn is(&self, password: &str, hash: Option<String>) -> Result<bool, Failed> {
        let mut prepared = prepare(password);
        let possible = hash.is_some() && prepared.len() <= LONGEST;
        if !possible {
            prepared.truncate(prepared.floor_char_boundary(LONGEST));
        }
        let hash = hash.unwrap_or_else(|| NOBODYS.to_owned());
        let parsed = PasswordHash::new(&hash).map_err(|error| defect(&error))?;
        let is = self.compute(move |argon2| argon2.verify_password(prepared.as_bytes(), &parsed).is_ok()).await?;
        Ok(is && possible)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(Argon2<'_>) -> T + Send + 'static,
    ) -> Result<T, Failed> {
        let (memory, passes, lanes) = COST;
        let params = Params::new(memory, passes, lanes, None).map_err(|error| defect(&error))?;
        let permit = self.room.clone().acquire_owned().await.map_err(|error| defect(&error))?;
        let computed = tokio::task::spawn_blocking(move || {
            let result = work(Argon2::new(Algorithm::Argon2id, Version::V0x13, params));
            // Not before: a caller that goes away does not end the computation.
            drop(permit);
            result
        });
        computed.await.map_err(|error| defect(&error))
    }
}

/// A password in the form in which it is hashed, whatever keyboard it was typed on (OpaqueString, RFC 8265 4.2.1).
fn prepare(password: &str) -> String {
    password.chars().map(|c| if c.is_whitespace() && !c.is_control() { ' ' } else { c }).nfc().collect()
}

fn defect(error: &dyn std::fmt::Display) -> Failed {
    tracing::error!("passwords cannot be hashed: {error}");
    Failed::new(Code::Internal, "a password cannot be hashed; the log of mailjamd has the details")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
    }

    #[test]
    fn a_password_is_known_by_its_hash_and_no_other_is() {
        let passwords = Passwords::default();
        run(async {
            let hash = passwords.hash("correct horse battery").await.expect("a hash");
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
            assert_ne!(passwords.hash("correct horse battery").await.expect("a hash"), hash, "each has its salt");
            assert!(passwords.is("correct horse battery", Some(hash.clone())).await.expect("an answer"));
            for wrong in ["", "correct horse batterz", "correct horse battery ", &"x".repeat(10_000)] {
                assert!(!passwords.is(wrong, Some(hash.clone())).await.expect("an answer"), "{wrong}");
                assert!(!passwords.is(wrong, None).await.expect("an answer"), "{wrong}");
            }
            assert!(passwords.is("x", Some("nonsense".to_owned())).await.is_err());
        });
    }

    #[test]
    fn a_password_is_the_same_from_every_keyboard() {
        let passwords = Passwords::default();
        run(async {
            let hash = passwords.hash("Gr\u{fc}\u{df}e aus Ulm").await.expect("a hash");
            let typed = "Gru\u{308}\u{df}e\u{a0}aus Ulm";
            assert!(passwords.is(typed, Some(hash)).await.expect("an answer"));
        });
    }

    #[test]
    fn what_is_too_short_or_too_long_is_no_new_password() {
        let passwords = Passwords::default();
        run(async {
            for (password, good) in [
                ("123456789".to_owned(), false),
                ("1234567890".to_owned(), true),
                ("ü".repeat(9), false),
                ("x".repeat(LONGEST), true),
                ("x".repeat(LONGEST + 1), false),
                ("ü".repeat(300), false),
            ] {
                assert_eq!(passwords.hash(&password).await.is_ok(), good, "{} octets", password.len());
            }
        });
    }

    #[test]
    fn nobodys_password_costs_what_somebodys_does() {
        let nobodys = PasswordHash::new(NOBODYS).expect("a hash");
        let params = Params::try_from(&nobodys).expect("parameters");
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), COST);
    }
}
