//! What cannot be undone is asked before, and answered by typing the name of what will be gone.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::error::Error;
use crate::output::clean;

/// Makes sure that there is a terminal to ask on; `what` says what for.
pub fn somebody_there(what: impl FnOnce() -> String) -> Result<(), Error> {
    if io::stdin().is_terminal() { Ok(()) } else { Err(Error::NobodyToAsk { what: what() }) }
}

/// Says what will happen and has the address typed in.
pub fn by_typing(what: &str, address: &str) -> Result<(), Error> {
    let mut stderr = io::stderr().lock();
    let asked = write!(stderr, "{}\nType the address to go on: ", clean(what));
    asked.map_err(|cause| Error::Write { what: "to the terminal".to_owned(), cause })?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|cause| Error::Read { what: "the terminal".to_owned(), cause })?;
    if answer.trim() == address { Ok(()) } else { Err(Error::NotConfirmed) }
}
