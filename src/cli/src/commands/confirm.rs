//! What cannot be undone is asked before, and answered by typing the name of what will be gone.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use crate::error::Error;
use crate::interrupt::Stdin;
use crate::output::clean;
use crate::session::Session;

/// Makes sure that there is somebody to ask; `what` says what for.
pub fn somebody_there(session: &Session, what: impl FnOnce() -> String) -> Result<(), Error> {
    if session.can_ask() { Ok(()) } else { Err(Error::NobodyToAsk { what: what() }) }
}

/// Says what will happen and has the address typed in.
pub fn by_typing(what: &str, address: &str) -> Result<(), Error> {
    let mut stderr = io::stderr().lock();
    let asked = write!(stderr, "{}\nType the address to go on: ", clean(what));
    asked.map_err(|cause| Error::Write { what: "to the terminal".to_owned(), cause })?;
    let mut answer = String::new();
    BufReader::new(Stdin).read_line(&mut answer).map_err(Error::read(Path::new("the terminal")))?;
    if answer.trim() == address { Ok(()) } else { Err(Error::NotConfirmed) }
}
