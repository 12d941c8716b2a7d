//! Collections, page by page: what is shown is forgotten, and while it is shown the daemon prepares the next page.

use std::collections::BTreeMap;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use mailjam_rpc::records::Page;
use mailjam_rpc::{Shape, Value};
use mailjam_wire::reply;

use crate::command::{Args, Outcome};
use crate::error::Error;
use crate::output::Screen;
use crate::output::table::{Column, Table};
use crate::session::{Daemon, Session, decode, param, subject, text, understand};

/// Rows a call: few enough that neither side holds much memory for them, many enough that the calls do not count.
const PAGE: i32 = 2_000;

/// A collection, and how its items look in a table.
pub struct Collection<T, const N: usize> {
    /// The method that answers pages.
    pub method: &'static str,
    /// What its items are called, for the reader who finds none.
    pub called: &'static str,
    /// Columns of the table.
    pub columns: [Column; N],
    /// Cells of one item.
    pub row: fn(T) -> [String; N],
}

impl<T: Shape, const N: usize> Collection<T, N> {
    /// Shows what the query matches, to the end or to the limit that `args` set. `params` come before the query.
    pub fn show(
        &self,
        session: &mut Session,
        args: &Args<'_>,
        params: &[Value],
        query: &[(&str, Option<&str>)],
    ) -> Result<Outcome, Error> {
        let Session { daemon, json, screen, .. } = session;
        let server = daemon.server().clone();
        let wanted = query.iter().filter_map(|(name, value)| Some(((*name).to_owned(), text((*value)?))));
        let request = Request {
            method: self.method,
            params,
            query: wanted.collect(),
            left: args.number("limit").unwrap_or(i32::MAX),
        };
        let mut view = if *json { View::Json { first: true } } else { View::Table(Table::new(self.columns)) };
        // Without a place to wait in, at most one page is ahead of the one that is shown.
        let (pages, arriving) = sync_channel(0);
        thread::scope(|scope| {
            scope.spawn(move || request.fetch_all(daemon, &pages));
            let mut total = 0;
            let mut next = None;
            for xml in arriving {
                let value = decode(&server, self.method, params.first().and_then(subject), &xml?)?;
                let page: Page<Value> = understand(self.method, value)?;
                (total, next) = (page.total, page.next);
                self.add(screen, &mut view, page.items)?;
                if screen.is_closed() {
                    return Ok(Outcome::Done);
                }
            }
            self.end(screen, &view, total, next);
            Ok(Outcome::Done)
        })
    }

    fn add(&self, screen: &mut Screen, view: &mut View<N>, items: Vec<Value>) -> Result<(), Error> {
        match view {
            View::Json { first } => {
                for item in items {
                    write!(screen, "{}", if *first { "{\"items\":[\n" } else { ",\n" });
                    *first = false;
                    screen.json_part(&item);
                }
            }
            View::Table(table) => {
                let rows = items.into_iter().map(|item| understand(self.method, item).map(self.row));
                table.rows(screen, &rows.collect::<Result<Vec<_>, _>>()?);
            }
        }
        Ok(())
    }

    fn end(&self, screen: &mut Screen, view: &View<N>, total: i32, next: Option<String>) {
        match view {
            View::Json { first } => {
                write!(screen, "{}", if *first { "{\"items\":[]" } else { "\n]" });
                if let Some(next) = next {
                    write!(screen, ",\"next\":");
                    screen.json_part(&Value::String(next));
                }
                writeln!(screen, ",\"total\":{total}}}");
            }
            View::Table(table) if !table.has_begun() => screen.note(format_args!("no {}", self.called)),
            View::Table(_) if next.is_some() => {
                screen.note(format_args!("there are more {}, {total} in all", self.called));
            }
            View::Table(_) => {}
        }
    }
}

/// How a collection is shown.
enum View<const N: usize> {
    /// One document in the shape of a page, one item a line; `first` until there was an item.
    Json {
        first: bool,
    },
    Table(Table<N>),
}

/// What is asked of the daemon, page after page.
struct Request<'a> {
    method: &'static str,
    params: &'a [Value],
    query: BTreeMap<String, Value>,
    /// How many items may still come.
    left: i32,
}

impl Request<'_> {
    /// Asks for all pages and hands the XML of each over, until nobody takes it.
    fn fetch_all(mut self, daemon: &mut Daemon, pages: &SyncSender<Result<Vec<u8>, Error>>) {
        loop {
            match self.fetch(daemon) {
                Ok((xml, more)) => {
                    if pages.send(Ok(xml)).is_err() || !more {
                        return;
                    }
                }
                Err(error) => {
                    // If nobody takes the error either, nobody is interested in it.
                    let _ = pages.send(Err(error));
                    return;
                }
            }
        }
    }

    /// The next page, and whether there is another one to ask for. Pages are full but for the last.
    fn fetch(&mut self, daemon: &mut Daemon) -> Result<(Vec<u8>, bool), Error> {
        let count = self.left.min(PAGE);
        self.left -= count;
        self.query.insert("limit".to_owned(), param(count));
        let params = self.params.iter().cloned().chain([Value::Struct(self.query.clone())]).collect();
        let xml = daemon.fetch(self.method, params)?;
        let cursor = next_cursor(&xml).map_err(|reason| Error::NotOurs { server: daemon.server().clone(), reason })?;
        let more = self.left > 0 && cursor.is_some();
        self.query.extend(cursor.map(|cursor| ("cursor".to_owned(), Value::String(cursor))));
        Ok((xml, more))
    }
}

/// The member `next` of a page, without taking the page apart.
fn next_cursor(xml: &[u8]) -> Result<Option<String>, String> {
    let mut cursor = None;
    let document = std::str::from_utf8(xml).map_err(|error| error.to_string())?;
    let read = reply::read(document, |name, value| {
        if name.is("next") {
            cursor = Some(value.chars().collect());
        }
    });
    read.map(|_| cursor).map_err(|malformed| malformed.to_string())
}
