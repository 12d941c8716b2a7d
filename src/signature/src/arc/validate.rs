//! Validating a chain that came in (RFC 8617 5.2).

use mailjam_core::message::Message;
use tokio::time::timeout;

use super::chain::{Found, Set};
use super::{Chain, ChainStatus};
use crate::canonical::{BodyHashes, Canonicalization, push_field};
use crate::dkim::{Verdict, key_record, push_own, verify};
use crate::dns::{Resolver, Temporary};

impl Chain {
    /// Validates the chain of a message as it came in. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When a key could not be looked up now. A seal would have to say that the chain passed or failed; better to add none.
    pub async fn validate(resolver: &Resolver, message: &Message<'_>, now: i64) -> Result<Chain, Temporary> {
        let limit = resolver.timeouts().decision;
        match timeout(limit, validate(resolver, message, now)).await {
            Ok(chain) => chain,
            Err(_) => {
                let problem = format!("not all answers came in {limit:?}");
                Err(Temporary { name: "the keys of the ARC chain".to_owned(), problem })
            }
        }
    }
}

async fn validate(resolver: &Resolver, message: &Message<'_>, now: i64) -> Result<Chain, Temporary> {
    let Some(found) = Found::in_message(message) else { return Ok(Chain::none()) };
    let failed = |ended| Chain { status: ChainStatus::Fail, instances: found.highest, ended, sealed: Vec::new() };
    if found.last_word == Some(ChainStatus::Fail) {
        return Ok(failed(true));
    }
    let Some(sets) = found.sets else { return Ok(failed(false)) };
    let Some(last) = sets.last() else { return Ok(failed(false)) };
    // A failure within the chain that a later seal passed over.
    if sets.iter().any(|set| set.seal.1.status == ChainStatus::Fail) {
        return Ok(failed(false));
    }
    let mut body = BodyHashes::new(message.body());
    match verify(resolver, message, &mut body, last.message.0, &last.message.1, now).await {
        Verdict::Pass => {}
        Verdict::Fail(_) => return Ok(failed(false)),
        Verdict::Unknown(temporary) => return Err(temporary),
    }
    let mut sealed = Vec::new();
    for set in &sets {
        if !seal_holds(resolver, &mut sealed, set).await? {
            return Ok(failed(false));
        }
    }
    Ok(Chain { status: ChainStatus::Pass, instances: found.highest, ended: false, sealed })
}

/// Whether the seal of a set holds for it and the sets before (RFC 8617 5.1.1), to which the set is added.
async fn seal_holds(resolver: &Resolver, sealed: &mut Vec<u8>, set: &Set<'_, '_>) -> Result<bool, Temporary> {
    let (field, seal) = &set.seal;
    let record = key_record(resolver, &seal.domain, &seal.selector).await?;
    let Some(key) = record.and_then(|record| record.key) else { return Ok(false) };
    push_field(sealed, Canonicalization::Relaxed, set.results);
    push_field(sealed, Canonicalization::Relaxed, set.message.0);
    let before_seal = sealed.len();
    push_own(sealed, Canonicalization::Relaxed, field);
    let holds = key.algorithm() == seal.algorithm && key.verifies(sealed, &seal.signature);
    sealed.truncate(before_seal);
    push_field(sealed, Canonicalization::Relaxed, field);
    Ok(holds)
}
