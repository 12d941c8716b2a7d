//! The command line. Whatever is wrong with it must not bounce mail, so it is read by hand: no parser that exits by itself.
#![forbid(unsafe_code)]

use mailjam_wire::server::{AddressError, Server};

use crate::trouble::Trouble;

/// What `--help` shows.
pub const HELP: &str = "\
mailjam-mta hands one message from an MTA to mailjamd and exits with the verdict.

Usage: mailjam-mta [OPTION]... --sender ADDRESS -- RECIPIENT < message

  --config FILE       read FILE instead of /etc/mailjam/mta.conf
  --server URL        unix:/path or http://host:port; repeat it for servers to try in turn
  --deadline SECONDS  give up after so long, from 1 to 900 (60)
  --queue-id ID       the MTA's name for the message, for the log
  --sender ADDRESS    envelope sender; empty, <> or MAILER-DAEMON for none (else from SENDER)
  --help, --version   say this, or the version, on a terminal

The recipient is else taken from RECIPIENT, or LOCAL_PART and DOMAIN, in the environment.

Exit codes: 0 taken over, 65 no message, 67 no such list, 69 not deliverable, 77 not allowed,
75 try again later, which is also the answer to everything that is wrong here.
";

/// What `--version` shows.
pub const VERSION: &str = concat!("mailjam-mta ", env!("CARGO_PKG_VERSION"), "\n");

/// What mailjam-mta was started for.
#[derive(Debug, PartialEq)]
pub enum Purpose {
    /// To hand over a message.
    Submit,
    /// To show [`HELP`].
    Help,
    /// To show [`VERSION`].
    Version,
}

/// What the command line says.
#[derive(Debug, Default)]
pub struct Options<'a> {
    /// `--config`
    pub config: Option<&'a [u8]>,
    /// `--server`, in order
    pub servers: Servers<'a>,
    /// `--deadline`, in seconds
    pub deadline: Option<u64>,
    /// `--queue-id`
    pub queue_id: Option<&'a [u8]>,
    /// `--sender`
    pub sender: Option<&'a [u8]>,
    /// The operand.
    pub recipient: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    /// Reads the arguments behind the program's name.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(&mut self, mut arguments: impl Iterator<Item = &'a [u8]>) -> Result<Purpose, Trouble<'a>> {
        while let Some(argument) = arguments.next() {
            match argument {
                b"--help" => return Ok(Purpose::Help),
                b"--version" => return Ok(Purpose::Version),
                b"--" => break,
                option if option.starts_with(b"-") => self.option(option, &mut arguments)?,
                operand => self.operand(operand)?,
            }
        }
        // Behind `--`: a recipient may begin with a dash.
        arguments.try_for_each(|operand| self.operand(operand))?;
        Ok(Purpose::Submit)
    }

    fn operand(&mut self, operand: &'a [u8]) -> Result<(), Trouble<'a>> {
        match self.recipient.replace(operand) {
            Some(_) => Err(Trouble::TwoRecipients),
            None => Ok(()),
        }
    }

    fn option(
        &mut self,
        argument: &'a [u8],
        arguments: &mut impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), Trouble<'a>> {
        const OPTIONS: [&str; 5] = ["--config", "--server", "--deadline", "--queue-id", "--sender"];
        let equals = argument.iter().position(|&byte| byte == b'=');
        let given = &argument[..equals.unwrap_or(argument.len())];
        let Some(name) = OPTIONS.into_iter().find(|name| name.as_bytes() == given) else {
            return Err(Trouble::UnknownOption(given));
        };
        let value = match equals {
            Some(at) => &argument[at + 1..],
            // `--sender --` is a sender that got lost on its way, not an address.
            None => arguments.next().filter(|&value| value != b"--").ok_or(Trouble::MissingValue(name))?,
        };
        match name {
            "--server" => self.servers.push(value),
            "--deadline" => set_once(&mut self.deadline, seconds(value)?, name),
            "--config" => set_once(&mut self.config, value, name),
            "--queue-id" => set_once(&mut self.queue_id, value, name),
            _ => set_once(&mut self.sender, value, name),
        }
    }
}

/// Fills a place that must have been empty.
///
/// # Errors
/// When it was not; `name` is for the words.
pub fn set_once<'a, T>(place: &mut Option<T>, value: T, name: &'static str) -> Result<(), Trouble<'a>> {
    match place.replace(value) {
        Some(_) => Err(Trouble::Repeated(name)),
        None => Ok(()),
    }
}

/// Reads a deadline: from one second to fifteen minutes, because Postfix bounces what takes a transport 1000 seconds.
///
/// # Errors
/// When it is anything else.
pub fn seconds(text: &[u8]) -> Result<u64, Trouble<'_>> {
    let number = core::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    number.filter(|number| (1..=900).contains(number)).ok_or(Trouble::Deadline(text))
}

/// Servers in the order in which they are tried.
#[derive(Debug, Default, Clone, Copy)]
pub struct Servers<'a> {
    list: [Option<(&'a str, Server<&'a str>)>; 8],
    count: usize,
}

impl<'a> Servers<'a> {
    /// Appends one.
    ///
    /// # Errors
    /// When it is not understood, or is the ninth.
    pub fn push(&mut self, text: &'a [u8]) -> Result<(), Trouble<'a>> {
        let unreadable = |why| Trouble::Server { text, why };
        let name = core::str::from_utf8(text).map_err(|_| unreadable(AddressError::Encoding))?;
        let server = Server::parse(name).map_err(unreadable)?;
        *self.list.get_mut(self.count).ok_or(Trouble::TooManyServers)? = Some((name, server));
        self.count += 1;
        Ok(())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each with the words it was given in, and how many are left, itself included.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Server<&'a str>, u64)> + '_ {
        let left = (1..=self.count as u64).rev();
        self.list.iter().flatten().zip(left).map(|(&(name, server), left)| (name, server, left))
    }
}
