//! `member import` and `member sync`: many members at once, from a file or standard input.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mailjam_rpc::records::{ImportItem, ImportOptions, Imported, Refused, Synced};
use mailjam_rpc::{Code, Shape, Value};

use crate::command::{Args, Outcome};
use crate::error::{Error, name_of};
use crate::output::Screen;
use crate::session::{Session, param, text, understand};

use super::roster::{Entry, Roster};

/// Members a call: few enough that the daemon's other writers are not kept waiting and memory stays flat, many enough
/// that the commit of each call does not count.
const PORTION: usize = 2_000;

/// How often a progress bar that nobody can see the end of moves.
const SPIN: Duration = Duration::from_millis(100);

pub fn import(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let file = args.file("file").unwrap_or(Path::new("-"));
    let (input, bar) = open(session, file)?;
    let mut roster = Roster::new(bar.wrap_read(input).buffered());
    let (list, dry_run) = (args.text("list"), args.flag("dry-run"));
    let mut import = Import { list, dry_run, bar, begun: Instant::now(), sum: Sum::default() };
    let mut done = None;
    // Whoever stops it is to know what is done.
    session.daemon.finish_calls();
    let stopped = loop {
        let entries = match roster.take(PORTION) {
            Ok(entries) => entries,
            Err(cause) => break Some(Error::read(file)(cause)),
        };
        let last = entries.len() < PORTION;
        // An empty file is sent as well, for the daemon to say whether there is such a list.
        if (!entries.is_empty() || done.is_none())
            && let Err(cause) = import.send(session, entries)
        {
            break Some(cause);
        }
        if last {
            break None;
        }
        done = Some(roster.line());
        if session.daemon.is_interrupted() {
            break Some(Error::Interrupted);
        }
    };
    match (stopped, done) {
        (None, _) => Ok(import.finish(session)),
        (Some(cause), None) => Err(cause),
        (Some(cause), Some(line)) => {
            import.finish(session);
            Err(Error::ImportStopped { what: name_of(file), line, cause: Box::new(cause) })
        }
    }
}

/// An import under way.
struct Import<'a> {
    list: &'a str,
    dry_run: bool,
    bar: ProgressBar,
    begun: Instant,
    sum: Sum,
}

/// What all portions so far came to.
#[derive(Default)]
struct Sum {
    sent: u64,
    added: i32,
    already: i32,
    refused: i32,
    /// The refused ones as they will be printed, for JSON only: there may be many.
    listed: Vec<Value>,
}

impl Import<'_> {
    fn send(&mut self, session: &mut Session, entries: Vec<Entry>) -> Result<(), Error> {
        let mut lines = Vec::with_capacity(entries.len());
        let mut items = Vec::with_capacity(entries.len());
        let mut refusals = Vec::new();
        for Entry { line, member } in entries {
            match member {
                Ok(item) => {
                    lines.push((line, item.address.clone()));
                    items.push(item);
                }
                Err(reason) => {
                    let code = Code::BadAddress as i32;
                    refusals.push((line, Refused { address: String::new(), code, reason }));
                }
            }
        }
        let answer = self.call(session, items)?;
        self.sum.sent += lines.len() as u64;
        self.sum.added += answer.added;
        self.sum.already += answer.already;
        refusals.extend(with_lines(&lines, answer.refused));
        refusals.sort_by_key(|(line, _)| *line);
        for (line, refused) in refusals {
            self.refuse(session, line, refused);
        }
        let Sum { sent, added, already, .. } = self.sum;
        let rate = sent * 1_000 / u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        self.bar.set_message(format!("{added} added, {already} known, {rate}/s"));
        Ok(())
    }

    fn call(&self, session: &mut Session, items: Vec<ImportItem>) -> Result<Imported, Error> {
        let options = ImportOptions { dry_run: self.dry_run.then_some(true) };
        session.ask("member.import", vec![text(self.list), param(items), param(options)])
    }

    fn refuse(&mut self, session: &mut Session, line: u64, refused: Refused) {
        self.sum.refused += 1;
        self.bar.suspend(|| session.screen.complain(format_args!("{}", describe(line, &refused))));
        if session.json
            && let Some(Value::Struct(mut members)) = refused.to_value()
        {
            members.insert("line".to_owned(), Value::Integer(i32::try_from(line).unwrap_or(i32::MAX)));
            self.sum.listed.push(Value::Struct(members));
        }
    }

    fn finish(self, session: &mut Session) -> Outcome {
        self.bar.finish_and_clear();
        let Sum { added, already, refused, listed, .. } = self.sum;
        if session.json {
            let members = [
                ("added", Value::Integer(added)),
                ("already", Value::Integer(already)),
                ("refused", Value::Array(listed)),
            ];
            session.screen.json(&Value::Struct(members.map(|(name, value)| (name.to_owned(), value)).into()));
        } else {
            let verb = if self.dry_run { "would add" } else { "added" };
            writeln!(session.screen, "{verb} {added}, already members {already}, refused {refused}");
        }
        if refused > 0 { Outcome::SomeRefused } else { Outcome::Done }
    }
}

pub fn sync(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let file = args.file("file").unwrap_or(Path::new("-"));
    let (input, bar) = open(session, file)?;
    let mut roster = Roster::new(bar.wrap_read(input).buffered());
    let entries = roster.take(usize::MAX).map_err(Error::read(file))?;
    bar.finish_and_clear();

    // Who is missing from the file leaves the list, so one line that cannot be read is reason enough to do nothing.
    let mut lines = Vec::with_capacity(entries.len());
    let mut unread = 0;
    for Entry { line, member } in entries {
        match member {
            Ok(item) => lines.push((line, item.address)),
            Err(reason) => {
                unread += 1;
                session.screen.complain(format_args!("line {line}: {reason}"));
            }
        }
    }
    if unread > 0 {
        return Err(Error::SyncRefused { refused: unread });
    }

    let addresses: Vec<String> = lines.iter().map(|(_, address)| address.clone()).collect();
    let dry_run = args.flag("dry-run");
    let options = ImportOptions { dry_run: dry_run.then_some(true) };
    let params = vec![text(args.text("list")), param(addresses), param(options)];
    let answer = session.call("member.sync", params)?;
    if session.json {
        session.screen.json(&answer);
    }
    let synced: Synced = understand("member.sync", answer)?;
    if !synced.refused.is_empty() {
        let refused = synced.refused.len();
        for (line, item) in with_lines(&lines, synced.refused) {
            session.screen.complain(format_args!("{}", describe(line, &item)));
        }
        return Err(Error::SyncRefused { refused });
    }
    if !session.json {
        show_synced(&mut session.screen, &synced, dry_run);
    }
    Ok(Outcome::Done)
}

/// Who came and who went.
fn show_synced(screen: &mut Screen, synced: &Synced, dry_run: bool) {
    for (mark, addresses) in [('+', &synced.added), ('-', &synced.removed)] {
        for address in addresses {
            let line = screen.marked(mark, address);
            writeln!(screen, "{line}");
        }
    }
    let (add, remove) = if dry_run { ("would add", "would remove") } else { ("added", "removed") };
    let (added, removed) = (synced.added.len(), synced.removed.len());
    writeln!(screen, "{add} {added}, {remove} {removed}, kept {}", synced.kept);
}

/// The reader of a file and the bar that shows on a terminal how far it is.
fn open(session: &mut Session, file: &Path) -> Result<(Box<dyn io::Read>, ProgressBar), Error> {
    let input = session.input(file)?;
    let bar = |length, template| {
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.with_style(style.progress_chars("=> "))
    };
    if file == Path::new("-") {
        let bar = bar(None, "{spinner}  {msg}");
        bar.enable_steady_tick(SPIN);
        return Ok((input, bar));
    }
    let length = std::fs::metadata(file).map_err(Error::read(file))?.len();
    Ok((input, bar(Some(length), "{percent:>3} %  [{bar:16}]  {msg}, {eta} left")))
}

/// Reads in large pieces.
trait Buffered: io::Read + Sized {
    fn buffered(self) -> impl BufRead {
        BufReader::with_capacity(64 << 10, self)
    }
}

impl<R: io::Read> Buffered for R {}

/// Finds the lines that refused addresses stand in; the daemon names them in the order they were sent.
fn with_lines(sent: &[(u64, String)], refused: Vec<Refused>) -> Vec<(u64, Refused)> {
    let mut rest = sent.iter();
    let located = refused.into_iter().map(|item| {
        let line = rest.by_ref().find(|(_, address)| *address == item.address).map_or(0, |(line, _)| *line);
        (line, item)
    });
    located.collect()
}

fn describe(line: u64, refused: &Refused) -> String {
    if refused.address.is_empty() {
        format!("line {line}: {}", refused.reason)
    } else {
        format!("line {line}: {}: {}", refused.address, refused.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_addresses_find_their_lines_again_even_when_repeated() {
        let sent = [(1, "a"), (2, "bad"), (5, "b"), (6, "bad")].map(|(line, address)| (line, address.to_owned()));
        let refused = |address: &str| Refused { address: address.into(), code: 302, reason: String::new() };
        let lines = with_lines(&sent, vec![refused("bad"), refused("bad")]);
        assert_eq!(lines.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 6]);
    }
}
