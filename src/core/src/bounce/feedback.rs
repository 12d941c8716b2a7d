//! Complaints of receivers: feedback reports (RFC 5965), and the older ones of Hotmail.

use super::delivery::typed_address;
use super::header::Header;
use super::parts::Parts;

/// What somebody complains of (RFC 5965 7.3, RFC 6430, RFC 6591).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedbackType {
    /// Unwanted mail.
    Abuse,
    /// Somebody wants no more of it.
    OptOut,
    /// Phishing.
    Fraud,
    /// A virus.
    Virus,
    /// It was taken for spam and is none.
    NotSpam,
    /// SPF, DKIM or DMARC did not pass.
    AuthFailure,
    /// Something else.
    Other,
}

/// A feedback report. The header of the message that it is about is [`super::Mail::original`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// What it is about.
    pub feedback_type: FeedbackType,
    /// To whom the message was sent, where the receiver tells: most hide it.
    pub recipients: Vec<String>,
}

/// The feedback report of a mail.
pub fn read(parts: &Parts) -> Option<Feedback> {
    let Some(text) = &parts.feedback else { return of_hotmail(&parts.original) };
    // An empty line before or between the fields does no harm.
    let lines: Vec<&str> = text.split('\n').filter(|line| !line.trim().is_empty()).collect();
    let fields = Header::read(&lines.join("\n"));
    let feedback_type = match fields.get("Feedback-Type").unwrap_or_default().to_ascii_lowercase().as_str() {
        "abuse" => FeedbackType::Abuse,
        "opt-out" | "opt-out-list" | "optout" => FeedbackType::OptOut,
        "fraud" => FeedbackType::Fraud,
        "virus" => FeedbackType::Virus,
        "not-spam" => FeedbackType::NotSpam,
        "auth-failure" => FeedbackType::AuthFailure,
        _ => FeedbackType::Other,
    };
    let named = ["Original-Rcpt-To", "Removal-Recipient"].iter().flat_map(|name| fields.all(name));
    let mut recipients: Vec<String> = named.filter_map(typed_address).collect();
    recipients.dedup();
    Some(Feedback { feedback_type, recipients })
}

/// Hotmail sends the message back and names the recipient in its header.
fn of_hotmail(original: &Header) -> Option<Feedback> {
    let recipients: Vec<String> = original.all("X-HmXmrOriginalRecipient").filter_map(typed_address).collect();
    (!recipients.is_empty()).then_some(Feedback { feedback_type: FeedbackType::Abuse, recipients })
}
