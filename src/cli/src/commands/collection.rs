//! Collections, page by page: what is shown is forgotten before the next page comes.

use std::collections::BTreeMap;

use mailjam_rpc::records::Page;
use mailjam_rpc::{Shape, Value};

use crate::command::{Args, Outcome};
use crate::error::Error;
use crate::output::table::{Column, Table};
use crate::session::{Session, param, text, understand};

/// The largest page that the catalogue permits.
const PAGE: i32 = 10_000;

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
        let wanted = query.iter().filter_map(|(name, value)| Some(((*name).to_owned(), text((*value)?))));
        let mut query: BTreeMap<String, Value> = wanted.collect();
        let mut left = args.number("limit").unwrap_or(i32::MAX);
        let mut view = if session.json { View::Json { first: true } } else { View::Table(Table::new(self.columns)) };
        loop {
            query.insert("limit".to_owned(), param(left.clamp(1, PAGE)));
            let params = params.iter().cloned().chain([Value::Struct(query.clone())]).collect();
            let page: Page<Value> = session.ask(self.method, params)?;
            left = left.saturating_sub(i32::try_from(page.items.len()).unwrap_or(i32::MAX));
            let next = page.next.filter(|_| !page.items.is_empty());
            let empty = page.items.is_empty();
            self.add(session, &mut view, page.items)?;
            match next {
                Some(next) if left > 0 && !session.screen.is_closed() => {
                    query.insert("cursor".to_owned(), Value::String(next));
                }
                next => {
                    self.end(session, &view, empty, page.total, next);
                    return Ok(Outcome::Done);
                }
            }
        }
    }

    fn add(&self, session: &mut Session, view: &mut View<N>, items: Vec<Value>) -> Result<(), Error> {
        let screen = &mut session.screen;
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

    fn end(&self, session: &mut Session, view: &View<N>, empty: bool, total: i32, next: Option<String>) {
        let screen = &mut session.screen;
        match view {
            View::Json { first } => {
                write!(screen, "{}", if *first { "{\"items\":[" } else { "\n]" });
                write!(screen, "{}", if *first { "]" } else { "" });
                if let Some(next) = next {
                    write!(screen, ",\"next\":");
                    screen.json_part(&Value::String(next));
                }
                writeln!(screen, ",\"total\":{total}}}");
            }
            View::Table(table) if empty && !table.has_begun() => screen.note(format_args!("no {}", self.called)),
            View::Table(_) => {
                if next.is_some() && !screen.is_closed() {
                    screen.note(format_args!("there are more {}, {total} in all", self.called));
                }
            }
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
