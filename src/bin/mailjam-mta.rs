//! mailjam-mta. With `--profile mta`, where a panic aborts, it does without Rust's standard library, whose start would
//! cost more than everything else it does; see `scripts/build-mta`.
#![no_main]
#![cfg_attr(panic = "abort", no_std)]

use core::ffi::{c_char, c_int};

/// Where the C library's start-up code goes.
#[expect(clippy::missing_safety_doc, reason = "nobody calls it but the C library")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(_: c_int, arguments: *const *const c_char, environment: *const *const c_char) -> c_int {
    // A panic must never look like a verdict: exit code 101 returns the mail to its sender.
    #[cfg(not(panic = "abort"))]
    std::panic::set_hook(Box::new(|_| mailjam_mta::glue::panicked()));
    // SAFETY: handed on as the C library gave it.
    unsafe { mailjam_mta::glue::main(arguments, environment) }
}

#[cfg(panic = "abort")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    mailjam_mta::glue::panicked()
}
