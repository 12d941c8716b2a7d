//! Tables without boxes: columns as wide as what is in them, cut only where a terminal is narrower.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Screen, clean};

const GAP: usize = 2;

/// How narrow a column that may be cut can get.
const NARROWEST: usize = 12;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words, cut where a terminal has no room.
    Text,
    /// Ids, times and states: worthless when cut.
    Whole,
    /// Numbers, to the right.
    Number,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    title: &'static str,
    kind: Kind,
}

/// A column of words.
pub const fn words(title: &'static str) -> Column {
    Column { title, kind: Kind::Text }
}

/// A column of ids, times or states.
pub const fn whole(title: &'static str) -> Column {
    Column { title, kind: Kind::Whole }
}

/// A column of numbers.
pub const fn number(title: &'static str) -> Column {
    Column { title, kind: Kind::Number }
}

/// A table that is written row by row; the first rows decide how wide its columns are.
pub struct Table<const N: usize> {
    columns: [Column; N],
    widths: Option<[usize; N]>,
}

impl<const N: usize> Table<N> {
    pub fn new(columns: [Column; N]) -> Table<N> {
        Table { columns, widths: None }
    }

    /// Whether there were rows.
    pub fn has_begun(&self) -> bool {
        self.widths.is_some()
    }

    /// Writes rows, with the titles in front of the first.
    pub fn rows(&mut self, screen: &mut Screen, rows: &[[String; N]]) {
        let widths = match self.widths {
            Some(widths) => widths,
            None if rows.is_empty() => return,
            None => {
                let widths = self.fit(rows, screen.width);
                let titles = self.columns.map(|column| column.title.to_owned());
                let line = self.line(&titles, &widths, screen.width.is_some());
                let line = screen.title(&line);
                writeln!(screen, "{line}");
                *self.widths.insert(widths)
            }
        };
        for row in rows {
            let line = self.line(row, &widths, screen.width.is_some());
            writeln!(screen, "{line}");
        }
    }

    /// As wide as titles and cells need, less what a terminal does not have.
    fn fit(&self, rows: &[[String; N]], terminal: Option<usize>) -> [usize; N] {
        let mut widths = self.columns.map(|column| width(column.title));
        for row in rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(&clean(cell)));
            }
        }
        let room = terminal.unwrap_or(usize::MAX).saturating_sub(GAP * (N - 1));
        while widths.iter().sum::<usize>() > room {
            let text = self.columns.iter().zip(&mut widths).filter(|(column, _)| column.kind == Kind::Text);
            match text.map(|(_, width)| width).max().filter(|width| **width > NARROWEST) {
                Some(widest) => *widest -= 1,
                None => break,
            }
        }
        widths
    }

    fn line(&self, cells: &[String; N], widths: &[usize; N], cut: bool) -> String {
        let mut line = String::new();
        for (position, ((column, cell), &room)) in self.columns.iter().zip(cells).zip(widths).enumerate() {
            let cell = clean(cell);
            let shown = if cut && column.kind == Kind::Text { shorten(&cell, room) } else { cell.into_owned() };
            let padding = " ".repeat(room.saturating_sub(width(&shown)));
            if column.kind == Kind::Number {
                line.push_str(&padding);
            }
            line.push_str(&shown);
            if position + 1 < N {
                if column.kind != Kind::Number {
                    line.push_str(&padding);
                }
                line.push_str(&" ".repeat(GAP));
            }
        }
        line
    }
}

/// How many columns of a terminal a text takes.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text, or its beginning and an ellipsis where it is wider than `room`.
fn shorten(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut taken = 0;
    let kept = text.chars().take_while(|&c| {
        taken += c.width().unwrap_or(0);
        taken < room
    });
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<3> {
        Table::new([words("ADDRESS"), number("MEMBERS"), words("DESCRIPTION")])
    }

    fn row(address: &str, members: &str, description: &str) -> [String; 3] {
        [address, members, description].map(str::to_owned)
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_nothing_trails() {
        let rows = [row("a@b", "7", "short"), row("talk@lists.example.org", "12345678", "")];
        let table = table();
        let widths = table.fit(&rows, None);
        assert_eq!(table.line(&rows[0], &widths, false), "a@b                            7  short");
        assert_eq!(table.line(&rows[1], &widths, false), "talk@lists.example.org  12345678  ");
    }

    #[test]
    fn the_widest_text_gives_way_to_the_terminal_and_wide_letters_count_twice() {
        let rows = [row("talk@lists.example.org", "1", &"説明".repeat(30))];
        let table = table();
        let widths = table.fit(&rows, Some(80));
        let line = table.line(&rows[0], &widths, true);
        assert!(width(&line) <= 80 && line.ends_with('…'), "{line}");
        assert!(line.starts_with("talk@lists.example.org"), "{line}");
        assert_eq!(table.fit(&rows, None)[2], 120);
    }

    #[test]
    fn cells_cannot_command_the_terminal() {
        let rows = [row("a@b", "1", "\x1b[2Jgone\u{202e}")];
        let table = table();
        let line = table.line(&rows[0], &table.fit(&rows, None), false);
        assert!(line.ends_with("\u{fffd}[2Jgone\u{fffd}"), "{line:?}");
    }
}
