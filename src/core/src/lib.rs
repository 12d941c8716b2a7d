//! Room under construction.
#![forbid(unsafe_code)]

pub mod address;
pub mod message;
