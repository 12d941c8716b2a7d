//! New keys.
//!
//! ring makes Ed25519 keys but none for RSA; those come from the crate rsa, which is used for nothing else. What is known
//! against its older versions (RUSTSEC-2023-0071) is that the time of its private operations tells of the key; whoever
//! makes a key gives nobody an operation to time.

use ring::error::Unspecified;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::Ed25519KeyPair;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};

use super::{Algorithm, KeyError, Pem, der};

/// Bits of a new RSA key: what verifiers have to take (RFC 8301 3.2), and what fits into one UDP answer of a name server.
const BITS: usize = 2048;

/// Makes a private key as a PEM file has it: PKCS#1 for RSA, of 2048 bits, and PKCS#8 for Ed25519. One for RSA may take some
/// seconds.
///
/// # Errors
/// When the system has no random numbers.
pub fn generate(algorithm: Algorithm) -> Result<Pem, KeyError> {
    let pem = match algorithm {
        Algorithm::Rsa => rsa_key(),
        Algorithm::Ed25519 => Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map(|der| Pem::new("PRIVATE KEY", der.as_ref()))
            .map_err(|_| "the system has no random numbers".to_owned()),
    };
    pem.map_err(|problem| KeyError::Generation { problem })
}

fn rsa_key() -> Result<Pem, String> {
    let key = rsa::PrivateKey::new(&mut Random(SystemRandom::new()), BITS).map_err(|error| error.to_string())?;
    let ([p, q], Some(dp), Some(dq), Some(qinv)) = (key.primes(), key.dp(), key.dq(), key.qinv()) else {
        return Err("the library made a key in another form".to_owned());
    };
    let qinv = qinv.retrieve();
    let numbers = [key.n().as_ref(), key.e(), key.d(), p.as_ref(), q.as_ref(), dp, dq, &qinv];
    let numbers = numbers.map(|number| number.to_be_bytes());
    // RSAPrivateKey, version 0 (RFC 8017 A.1.2).
    let version: &[u8] = &[0];
    let content: Vec<&[u8]> = std::iter::once(version).chain(numbers.iter().map(AsRef::as_ref)).collect();
    Ok(Pem::new("RSA PRIVATE KEY", &der::integers(&content)))
}

/// The random numbers of ring, in the form that the crate rsa asks for.
struct Random(SystemRandom);

impl TryRng for Random {
    type Error = NoRandomNumbers;

    fn try_next_u32(&mut self) -> Result<u32, NoRandomNumbers> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandomNumbers> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), NoRandomNumbers> {
        Ok(self.0.fill(bytes)?)
    }
}

impl TryCryptoRng for Random {}

#[derive(Debug, thiserror::Error)]
#[error("the system has no random numbers")]
struct NoRandomNumbers;

impl From<Unspecified> for NoRandomNumbers {
    fn from(_: Unspecified) -> NoRandomNumbers {
        NoRandomNumbers
    }
}
