//! Adding a set to a copy (RFC 8617 5.1).

use data_encoding::BASE64;
use mailjam_core::authentication;
use mailjam_core::message::Message;

use super::{Chain, ChainStatus, RESULTS, SEAL, SIGNATURE};
use crate::canonical::push_relaxed;
use crate::dkim::{Prepared, SignError, Signer, canonical_header, push_names, signed_names};
use crate::fold::Fold;

/// What our own mail server found out about a message, as one list of results behind its name: the content of its
/// Authentication-Results fields (RFC 8617 4.1.1), or `none` where it wrote none. To be asked of the message as it came in;
/// the copy has these fields no more. A mail server without a name of its own there is called by any that is its own.
#[must_use]
pub fn authentication_results(message: &Message, authserv_id: &str) -> String {
    let own = message.fields().iter().filter(|field| authentication::is_own(field, authserv_id));
    let results: Vec<String> = own.filter_map(|field| results(&field.text())).collect();
    let results = if results.is_empty() { "none".to_owned() } else { results.join("; ") };
    format!("{authserv_id}; {results}")
}

/// What stands behind the name of the server, without what may not stand in a field.
fn results(text: &str) -> Option<String> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    let end = text.char_indices().find(|(_, c)| {
        let was_escaped = std::mem::take(&mut escaped);
        match c {
            _ if was_escaped => {}
            '\\' if quoted || depth > 0 => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ';' if !quoted && depth == 0 => return true,
            _ => {}
        }
        false
    });
    let (end, _) = end?;
    // What was no UTF-8 must not make a message an internationalized one.
    let results = text[end + 1..].trim().trim_end_matches(';').replace('\u{fffd}', "?").replace(char::is_control, " ");
    (!results.is_empty() && results != "none").then_some(results)
}

impl Prepared {
    /// The set for a copy with this header, its own DKIM-Signature fields included: ARC-Seal, ARC-Message-Signature and
    /// ARC-Authentication-Results, to go before it. Empty when the chain may not be extended: it says itself that it failed,
    /// or it is as long as a chain may be.
    ///
    /// `results` is what [`authentication_results`] says of the message as it came in, `chain` what [`Chain::validate`] does.
    ///
    /// # Errors
    /// When the header is none, or the system is short of something.
    pub fn seal(
        &self,
        signer: &Signer,
        header: &[u8],
        chain: &Chain,
        results: &str,
        now: i64,
    ) -> Result<Vec<u8>, SignError> {
        let Some((selector, key)) = signer.first().filter(|_| chain.can_be_sealed()) else { return Ok(Vec::new()) };
        let message = Message::parse(header)?;
        let instance = format!("i={};", chain.instances + 1);

        let mut recorded = Fold::new(RESULTS);
        recorded.word(&instance);
        results.split_ascii_whitespace().for_each(|word| recorded.word(word));

        let names = signed_names(&message, &["DKIM-Signature"]);
        let mut signed = self.begin(SIGNATURE, std::slice::from_ref(&instance), signer, selector, key, now);
        push_names(&mut signed, &names);
        let signature = key.sign(&canonical_header(&message, &names, SIGNATURE, &signed));
        signed.join_long(&BASE64.encode(&signature.ok_or_else(|| signer.failed(key))?));

        let mut seal = Fold::new(SEAL);
        seal.word(&instance);
        seal.word(&format!("a={};", key.algorithm().tag()));
        seal.word(&format!("t={};", now.max(0)));
        seal.word(&format!("cv={};", chain.status));
        seal.word(&format!("d={};", signer.domain()));
        seal.word(&format!("s={selector};"));
        seal.word("b=");
        // A seal on a chain that failed signs its own set alone (RFC 8617 5.1.2).
        let mut sealed = if chain.status == ChainStatus::Pass { chain.sealed.clone() } else { Vec::new() };
        push_relaxed(&mut sealed, RESULTS, recorded.value());
        push_relaxed(&mut sealed, SIGNATURE, signed.value());
        push_relaxed(&mut sealed, SEAL, seal.value());
        sealed.truncate(sealed.len() - b"\r\n".len());
        let signature = key.sign(&sealed).ok_or_else(|| signer.failed(key))?;
        seal.join_long(&BASE64.encode(&signature));

        Ok([seal.finish(), signed.finish(), recorded.finish()].concat())
    }
}
