//! Whether mail in words alone is a notice of a mail system, an answer of a program, or something else.

use super::fault::{says, squeezed};
use super::found::addresses;
use super::parts::Parts;
use super::phrases::{DELAY_SUBJECTS, FAILURE, SUCCESS_SUBJECTS};

/// What mail in words alone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A mail system tells of a failure or a delay.
    Notice,
    /// A program answers.
    Automatic,
    /// A person wrote it, or nobody knows.
    Other,
}

/// Who writes notices: local parts.
const SENDERS: &str = "\
    mailer-daemon|mailerdaemon|mailer_daemon|mail-daemon|maildaemon|mailer|postmaster|postmast|mdaemon|daemon|\
    smtpd|mailsystem|mail-system|bounce|bounces|majordomo-owner|mailadmin|mailadm|mailmaster|nondelivery";

/// Who writes notices: display names.
const NAMES: &str = "\
    mail delivery|mailer-daemon|mailer daemon|postmaster|system administrator|mail administrator|mail system|\
    systemadministrator|administrateur syst|mail deliver|systemverwaltung|mailsystem|email system|internet mail";

/// Subjects of answers that programs give.
const ANSWERS: &str = "\
    out of office|out of the office|automatic reply|autoreply|auto-reply|auto reply|auto response|autoresponse|\
    auto-response|autoresponder|automated reply|automated response|vacation|on leave|away from|abwesen|absence|\
    automatische antwort|réponse automatique|risposta automatica|respuesta automática|resposta automática|\
    автоответ|fuera de la oficina|fuera de oficina|on holiday|not in the office|i am away|i'm away|自動返信|自动回复|\
    urlaub|automatisk|automatisch antwoord|afwezig";

/// Sentences at the beginning of notices that nothing else begins with.
const BEGINNINGS: &str = "\
    this is the qmail-send program|could not be delivered|could not be sent|couldn't be delivered|\
    cannot be delivered|unable to deliver|undeliverable|permanent fatal errors|transcript of session follows|\
    delivery failed|delivery failure|delivery to the following|did not reach the following|\
    your message was not delivered|not able to deliver|was not delivered|returned mail|message was undeliverable|\
    failed recipient|mail could not be|the following addresses failed|the following recipients|\
    message that you sent could not|could not deliver|your mail message to the following address|undelivered|\
    the following message to|your message cannot be|has been delayed|unknown user|user unknown";

/// Decides by the header first, then by how the text begins.
pub fn sort(parts: &Parts) -> Sort {
    let subject = squeezed(&parts.header.decoded("Subject"));
    let from = squeezed(&parts.header.decoded("From"));
    let is_answer = says(&subject, ANSWERS);
    if parts.header.get("X-Failed-Recipients").is_some() || is_sender(&from) && !is_answer {
        return Sort::Notice;
    }
    let is_reply = ["re:", "aw:", "fw:", "fwd:"].iter().any(|mark| subject.starts_with(mark));
    if !is_answer && !is_reply && [FAILURE, DELAY_SUBJECTS, SUCCESS_SUBJECTS].iter().any(|words| says(&subject, words))
    {
        return Sort::Notice;
    }
    if is_answer || is_automatic(parts) {
        return Sort::Automatic;
    }
    let beginning: Vec<&str> =
        parts.text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('>')).take(8).collect();
    if says(&squeezed(&beginning.join(" ")), BEGINNINGS) { Sort::Notice } else { Sort::Other }
}

/// Whether a disposition notification tells of a rejection.
pub fn is_rejection(parts: &Parts) -> bool {
    let subject = squeezed(&parts.header.decoded("Subject"));
    let text = squeezed(&parts.text);
    let words = "automatically rejected|was rejected|rejected mail|has been rejected|refused by the mail filter";
    says(&subject, words) || says(&text, words)
}

fn is_sender(from: &str) -> bool {
    let address = addresses(from).last().map_or(from, |found| found.address);
    let local = address.split('@').next().unwrap_or_default().trim_matches(['<', '>', '"', ' ']);
    // Nobody else writes an empty address there.
    SENDERS.split('|').any(|name| name == local) || says(from, NAMES) || from.ends_with("<>")
}

/// RFC 3834 5 and the older signs.
fn is_automatic(parts: &Parts) -> bool {
    let is =
        |name: &str, value: &str| parts.header.all(name).any(|found| found.to_ascii_lowercase().starts_with(value));
    is("Auto-Submitted", "auto-")
        || ["X-Autoreply", "X-Autorespond", "X-Autoresponder"].iter().any(|name| parts.header.get(name).is_some())
        || is("Precedence", "auto_reply")
}
