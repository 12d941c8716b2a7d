//! The table at the end.

use std::time::Duration;

use crate::daemon::say;

/// Rows and remarks, collected while the benchmarks run.
#[derive(Default)]
pub struct Report {
    notes: Vec<String>,
    rows: Vec<[String; 4]>,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// It is shown for comparison.
    None,
}

impl Report {
    /// A remark above the table.
    pub fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    /// A row: what was measured, the figure, its unit, and its target.
    pub fn row(&mut self, what: &str, figure: f64, unit: &str, target: Target) {
        let show = |number: f64| format!("{} {unit}", significant(number)).trim_end().to_owned();
        let (wanted, missed_by) = match target {
            Target::AtMost(limit) => (format!("≤ {}", show(limit)), figure / limit - 1.0),
            Target::AtLeast(limit) => (format!("≥ {}", show(limit)), limit / figure - 1.0),
            Target::None => (String::new(), f64::NAN),
        };
        let verdict = match target {
            Target::None => String::new(),
            _ if missed_by > 0.0 => format!("missed by {:.0} %", (missed_by * 100.0).ceil()),
            _ => "met".to_owned(),
        };
        say(&format!("  {what}: {}", show(figure)));
        self.rows.push([what.to_owned(), show(figure), wanted, verdict]);
    }

    /// Prints everything as a Markdown table.
    pub fn print(&self) {
        let head = ["measured", "figure", "target", ""].map(str::to_owned);
        let all = || std::iter::once(&head).chain(&self.rows);
        let width = |column: usize| all().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths = [0, 1, 2, 3].map(width);
        let line = |row: &[String; 4]| {
            let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            format!("| {} |", cells.join(" | "))
        };
        say("");
        for note in &self.notes {
            say(note);
        }
        say("");
        say(&line(&head));
        say(&format!("|{}|", widths.map(|width| "-".repeat(width + 2)).join("|")));
        for row in &self.rows {
            say(&line(row));
        }
    }
}

/// A number with about three digits that mean something.
fn significant(number: f64) -> String {
    match number {
        n if n >= 100.0 => format!("{n:.0}"),
        n if n >= 10.0 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

/// The middle one of several figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    if figures.len() % 2 == 1 { figures[middle] } else { f64::midpoint(figures[middle - 1], figures[middle]) }
}

/// Seconds.
pub fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
