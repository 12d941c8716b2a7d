//! What goes out of a message: the list's copy, whether its author can stand in From, and what signs it.
//!
//! Nothing changes a copy once it is signed; ARC seals last of all. A signature that cannot be made is missed in the log and
//! in the copy: mail is not kept from anybody for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use mailjam_core::compose::{self, Context};
use mailjam_core::list::List;
use mailjam_core::message::Message;
use mailjam_core::settings::DmarcRewrite;
use mailjam_signature::{Chain, Prepared, Resolver, Signer, authentication_results};
use mailjam_store::PostKind;

use crate::config::Config;
use crate::daemon::now;
use crate::signing::{Author, Signing};

/// A message that a list sends, without what is different for each member.
pub struct Outgoing {
    /// The message.
    pub bytes: Vec<u8>,
    /// What was done, in words.
    pub changes: Vec<String>,
    /// What signs it, if anything does.
    pub seal: Option<Seal>,
}

/// What signs copies.
pub struct Seal {
    signer: Arc<Signer>,
    /// The header that all copies have.
    header: Vec<u8>,
    body: Prepared,
    /// The chain of the message as it came in, and what the mail server found out about it.
    chain: Option<(Chain, String)>,
    now: i64,
}

/// What a copy is made of.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What the message is.
    pub kind: PostKind,
    /// Its number; 0 if it is not stored.
    pub id: i64,
    /// Unix seconds.
    pub received: i64,
    /// As it was handed over, or as the list wrote it.
    pub bytes: &'a [u8],
    /// Whether each member's copy has a link of its own.
    pub one_click: bool,
}

/// Makes the copy.
///
/// # Errors
/// Why it cannot be made. A message that makes the code panic must not come back for ever.
pub async fn make(config: &Config, signing: &Signing, list: &List, source: Source<'_>) -> Result<Outgoing, String> {
    let always = list.settings.dmarc_rewrite == DmarcRewrite::Always;
    let (mut bytes, mut changes) = composed(config, list, source, always)?;
    if source.kind == PostKind::Post {
        let author = match list.settings.dmarc_rewrite {
            DmarcRewrite::Always => Author { rewrite: true, why: "dmarc_rewrite=always".to_owned() },
            DmarcRewrite::Never => Author { rewrite: false, why: "dmarc_rewrite=never".to_owned() },
            DmarcRewrite::Auto => {
                let copy = Message::parse(&bytes).map_err(|error| error.to_string())?;
                signing.judge(&copy).await
            }
        };
        if author.rewrite && !always {
            (bytes, changes) = composed(config, list, source, true)?;
        }
        let fate = if author.rewrite { "the list stands in From" } else { "From stays" };
        changes.push(format!("{fate}: {}", author.why));
    }
    let seal = seal(config, signing, list, source, &bytes, &mut changes).await;
    Ok(Outgoing { bytes, changes, seal })
}

fn composed(
    config: &Config,
    list: &List,
    source: Source<'_>,
    rewrite_from: bool,
) -> Result<(Vec<u8>, Vec<String>), String> {
    let composed = catch_unwind(AssertUnwindSafe(|| {
        let message = Message::parse(source.bytes).map_err(|error| error.to_string())?;
        let copy = match source.kind {
            PostKind::Post => {
                let context = Context {
                    now: source.received,
                    post_id: source.id,
                    authserv_id: &config.authentication.authserv_id,
                    rewrite_from,
                    one_click: source.one_click,
                };
                let copied = compose::post_copy(source.bytes, list, &context, true);
                return copied.map_err(|error| error.to_string());
            }
            PostKind::Notice => return Ok((source.bytes.to_vec(), Vec::new())),
            PostKind::Digest | PostKind::PlainDigest => compose::list_mail(&message, list, source.one_click),
            PostKind::Owner | PostKind::Command | PostKind::Bounce => compose::owner_copy(&message, list),
        };
        Ok((copy.to_vec(), copy.changes))
    }));
    let composed = composed.unwrap_or_else(|_| Err("composing the copy made the code panic; please report it".into()));
    composed.map(|(bytes, changes)| (bytes, changes.iter().map(ToString::to_string).collect()))
}

async fn seal(
    config: &Config,
    signing: &Signing,
    list: &List,
    source: Source<'_>,
    bytes: &[u8],
    changes: &mut Vec<String>,
) -> Option<Seal> {
    let signer = signing.signer(&list.address.ascii_domain())?.clone();
    let copy = Message::parse(bytes).ok()?;
    changes.push(format!("signed by {} (DKIM)", signer.domain()));
    let chain = match (signing.resolver(), source.kind) {
        // Mail to the owners is for this site, as a rule, and anybody may send it: nobody is asked about its chain.
        (Some(resolver), PostKind::Post) => {
            let incoming = Message::parse(source.bytes).ok()?;
            match validated(signing, resolver, &incoming).await {
                Ok(chain) if chain.can_be_sealed() => {
                    changes.push(format!(
                        "sealed by {} (ARC {}, {})",
                        signer.domain(),
                        chain.instances() + 1,
                        chain.status()
                    ));
                    let own = &config.authentication.authserv_id;
                    let id = if own.is_empty() { &*list.address.ascii_domain() } else { own.as_str() };
                    let results = authentication_results(&incoming, id);
                    Some((chain, results.replace(|c: char| !c.is_ascii(), "?")))
                }
                Ok(chain) => {
                    changes.push(format!("not sealed: the ARC chain cannot be extended ({})", chain.status()));
                    None
                }
                Err(why) => {
                    changes.push(format!("not sealed: {why}"));
                    None
                }
            }
        }
        _ => None,
    };
    let header = copy.header().to_vec();
    Some(Seal { signer, header, body: Prepared::new(copy.body()), chain, now: now() })
}

/// The chain of a message as it came in, or why nothing is known of it. Whose chain cannot be looked at now is known by the
/// domain of its last seal.
async fn validated(signing: &Signing, resolver: &Resolver, incoming: &Message<'_>) -> Result<Chain, String> {
    let last = incoming.field("ARC-Seal").next().map(|field| field.text().into_owned()).unwrap_or_default();
    let domain = last.split(';').filter_map(|tag| tag.trim().strip_prefix("d=")).next().unwrap_or_default();
    if let Some(why) = signing.silent().heard(domain) {
        return Err(why);
    }
    Chain::validate(resolver, incoming, now()).await.map_err(|temporary| {
        let why = temporary.to_string();
        signing.silent().note(domain, &why);
        why
    })
}

impl Seal {
    /// The fields that go before a copy whose header begins with `head`.
    pub fn fields(&self, head: &[u8]) -> Vec<u8> {
        let header = [head, &self.header].concat();
        let signed = self.body.sign(&self.signer, &header, self.now);
        let signed = signed.and_then(|signatures| {
            let Some((chain, results)) = &self.chain else { return Ok(signatures) };
            let header = [&signatures, &header[..]].concat();
            let set = self.body.seal(&self.signer, &header, chain, results, self.now)?;
            Ok([set, signatures].concat())
        });
        signed.unwrap_or_else(|error| {
            tracing::error!("a copy goes out without the signature of {}: {error}", self.signer.domain());
            Vec::new()
        })
    }
}
