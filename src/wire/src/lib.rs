//! What crosses a socket.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]
