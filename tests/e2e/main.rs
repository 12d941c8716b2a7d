//! mailjam with a real MTA: every story goes in by SMTP, through a private Postfix, mailjam-mta, mailjamd and Postfix
//! again, and is read in the members' mailboxes.

#[path = "../support/daemon.rs"]
mod daemon;
#[path = "../support/dkimpy.rs"]
mod dkimpy;
mod mailbox;
mod postfix;
mod site;
#[path = "../support/skip.rs"]
mod skip;
mod smtp;

mod bounces;
mod crash;
mod delivery;
mod digest;
mod life;
mod mta_check;
mod refusal;
mod verp;
