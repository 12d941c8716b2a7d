//! Mail out: hands messages to the next mail server by ESMTP and brings back a result for every recipient.
//!
//! A [`Body`] is prepared once per message and shared by all its transactions. A [`Connection`] carries any number
//! of them, either [`Connection::send`] with many recipients each, or [`Connection::send_each`] with one recipient
//! and a return path of its own each (VERP). Nothing here knows lists, stores or queues; the caller decides
//! what a deferral means, with [`backoff`] for when to try again.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use mailjam_relay::{Body, Connection, Envelope, NextHop, ReturnPath, Timeouts};
//!
//! let next_hop = NextHop {
//!     server: "127.0.0.1:25".into(),
//!     helo: "lists.example.org".into(),
//!     timeouts: Timeouts::default(),
//! };
//! let body = Body::new(b"Subject: hello\n\nText\n");
//! let recipients = ["a@example.org".to_owned(), "b@example.org".to_owned()];
//! let mut connection = Connection::open(&next_hop).await?;
//! let envelope = Envelope {
//!     return_path: ReturnPath::Shared("all-bounces@lists.example.org"),
//!     recipients: &recipients,
//! };
//! let outcomes = connection.send(&envelope, &body).await?;
//! assert_eq!(outcomes.len(), recipients.len());
//! connection.quit().await;
//! # Ok(()) }
//! ```
#![forbid(unsafe_code)]

pub mod backoff;
mod body;
mod channel;
mod connection;
mod envelope;
mod error;
mod extensions;
mod reply;
mod transaction;

pub use body::Body;
pub use channel::Timeouts;
pub use connection::{Connection, NextHop};
pub use envelope::{Envelope, PersonalCopy, ReturnPath};
pub use error::{Error, Interrupted, Step};
pub use extensions::Extensions;
pub use reply::{Outcome, SmtpReply};
