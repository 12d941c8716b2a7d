//! Tests that run the built programs, or look at the project as a whole.

mod accounts;
mod architecture;
mod bounces;
mod calls;
mod cli;
mod collections;
mod config;
#[path = "../support/daemon.rs"]
mod daemon;
mod digests;
#[path = "../support/dkimpy.rs"]
mod dkimpy;
mod doctor;
mod documents;
mod doors;
mod faults;
mod handover;
mod installing;
mod life;
mod loops;
mod manual;
mod mta;
mod mta_door;
#[path = "../support/name_server.rs"]
mod name_server;
mod odd_mail;
mod one_click;
mod packaging;
mod parity;
mod queue;
#[path = "../support/roff.rs"]
mod roff;
mod sending;
mod service;
mod signing;
mod site;
#[path = "../support/skip.rs"]
mod skip;
#[path = "../support/smtp_sink.rs"]
mod smtp_sink;
mod sockets;
mod storage;
mod systemd;
#[path = "../support/terminal.rs"]
mod terminal;
mod tokens;
mod web;
mod xmlrpc;
