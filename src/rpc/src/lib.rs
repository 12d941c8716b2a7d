//! The XML-RPC catalogue: every method, record and fault that crosses a mailjam socket, and nothing about sockets.
//!
//! The daemon answers from it, the clients call by it, `system.methodHelp` and the reference in `docs/` are printed
//! from it. [`catalogue`] has the methods, [`records`] what they take and give, [`fault`] what may go wrong,
//! [`codec`] the XML on both sides.
#![forbid(unsafe_code)]

pub mod catalogue;
pub mod codec;
pub mod fault;
pub mod records;
mod shape;

pub use dxr::Value;
pub use fault::{Code, Fault};
pub use shape::{Form, Member, Mismatch, Record, Shape, Time};
