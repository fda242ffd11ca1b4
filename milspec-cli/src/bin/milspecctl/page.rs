// SPDX-License-Identifier: GPL-2.0

//! Text for people under way, line by line: running text, notes with a glyph, keys with values,
//! tables.

use crate::screen::{wrap, Mark, Screen};
use milspec::model::{ErrnoDoc, Provenance, Step};
use milspec::words::with;
use milspec::Warning;

/// What is said first where it is of a training.
pub const TRAINING: &str = "TRAINING: this is a copy to practise on, and not the machine";

/// More of a cell of a table is cut off: whoever wrote it, the columns beside it stay in sight.
pub const CELL_MAX: usize = 200;

/// What is to be shown.
pub struct Page<'a> {
    /// Where.
    pub screen: &'a Screen,
    text: String,
    /// Columns of the keys.
    keys: usize,
}

/// A row of a table.
pub struct Row {
    /// How it stands.
    pub mark: Mark,
    /// As many as in the other rows.
    pub cells: Vec<String>,
    /// What that means.
    pub said: String,
    /// What stands in a line of its own below.
    pub below: Option<String>,
}

impl<'a> Page<'a> {
    /// An empty one.
    pub fn new(screen: &'a Screen) -> Self {
        Self {
            screen,
            text: String::new(),
            keys: 0,
        }
    }

    /// The finished text.
    pub fn finish(self) -> String {
        self.text
    }

    /// Adds text as it is.
    pub fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds a line as it is, without white space at its end.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref().trim_end());
        self.text.push('\n');
    }

    /// Adds a heading.
    pub fn heading(&mut self, text: &str) {
        self.line(self.screen.bold(text));
    }

    /// Adds running text.
    pub fn wrapped(&mut self, indent: usize, text: &str) {
        for part in wrap(text, self.screen.columns().saturating_sub(indent)) {
            self.line(format!("{:indent$}{part}", ""));
        }
    }

    /// Adds a line that begins with a glyph, and goes on below where it is too long.
    pub fn note(&mut self, indent: usize, mark: Mark, text: &str) {
        let lead = format!("{:indent$}{} ", "", self.screen.glyph(mark));
        self.hang(&lead, indent + 2, mark, &[text]);
    }

    /// Adds a key with its value.
    pub fn row(&mut self, key: &str, value: &str) {
        let lead = format!("{}  ", self.key(key));
        self.hang(&lead, self.keys + 2, Mark::Plain, &[value]);
    }

    /// Adds a key with a value that begins with a glyph.
    pub fn marked(&mut self, key: &str, mark: Mark, value: &str) {
        let lead = format!("{}  {} ", self.key(key), self.screen.glyph(mark));
        self.hang(&lead, self.keys + 4, mark, &[value]);
    }

    /// Sets the width of the longest key of the rows that follow.
    pub fn keys(&mut self, width: usize) {
        self.keys = width;
    }

    /// A key, as wide as all.
    pub fn key(&self, key: &str) -> String {
        self.screen
            .bold(&format!("{key:<width$}", width = self.keys))
    }

    /// Adds texts behind `lead`, each on lines of its own, which begin at `indent`.
    pub fn hang(&mut self, lead: &str, indent: usize, mark: Mark, texts: &[impl AsRef<str>]) {
        self.hang_within(self.screen.columns(), lead, indent, mark, texts);
    }

    /// [`Page::hang`] within so many columns.
    pub fn hang_within(
        &mut self,
        columns: usize,
        lead: &str,
        indent: usize,
        mark: Mark,
        texts: &[impl AsRef<str>],
    ) {
        let screen = self.screen;
        let columns = columns.saturating_sub(indent);
        let parts = texts
            .iter()
            .flat_map(|text| wrap(&screen.foreign(text.as_ref()), columns));
        for (at, part) in parts.enumerate() {
            let part = screen.marked(mark, &part);
            match at {
                0 => self.line(format!("{lead}{part}")),
                _ => self.line(format!("{:indent$}{part}", "")),
            }
        }
    }

    /// Adds a table without headings, a glyph before each row.
    pub fn table(&mut self, indent: usize, rows: &[Row]) {
        let cell = |cell: &String| -> String {
            let cell = self.screen.foreign(cell);
            match cell.char_indices().nth(CELL_MAX) {
                Some((at, _)) => format!("{}...", cell.get(..at).unwrap_or_default()),
                None => cell,
            }
        };
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| row.cells.iter().map(cell).collect())
            .collect();
        let widths: Vec<usize> = cells.iter().fold(Vec::new(), |mut widths, cells| {
            widths.resize(cells.len(), 0);
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = cell.chars().count().max(*width);
            }
            widths
        });
        for (row, cells) in rows.iter().zip(&cells) {
            let mut line = format!("{:indent$}{} ", "", self.screen.glyph(row.mark));
            for (cell, width) in cells.iter().zip(&widths) {
                line.push_str(&format!("{cell:<width$}  "));
            }
            let said = self.screen.foreign(&row.said);
            self.line(line + &self.screen.marked(row.mark, &said));
            if let Some(below) = &row.below {
                self.wrapped(indent + 4, below);
            }
        }
    }

    /// Adds what keeps a copy, a recording or a simulated machine from being taken for a real one.
    pub fn provenance(&mut self, from: &Provenance) {
        if from.training == Some(true) {
            self.note(0, Mark::Warning, TRAINING);
        }
        if let Some(from) = &from.recording {
            let line = format!("recording, not this machine: {from}");
            self.note(0, Mark::Warning, &line);
        }
        if let Some(because) = &from.simulated_because {
            let line = format!("simulated machine: {because}");
            self.note(0, Mark::Warning, &line);
        }
    }

    /// Adds steps, a line for each.
    pub fn steps(&mut self, steps: &[Step], indent: usize) {
        let width = |of: fn(&Step) -> &str| steps.iter().map(|step| of(step).len()).max();
        let from = width(|step| &step.from).unwrap_or(0);
        // In a plan all have the same state, which goes without saying.
        let planned = steps.iter().all(|step| step.state == "planned");
        let arrow = self.screen.arrow();
        let row = |step: &Step| {
            let error = ErrnoDoc::behind(&step.error);
            let now = with(", is ", step.now.as_ref());
            Row {
                mark: match step.state.as_ref() {
                    "done" => Mark::Good,
                    "planned" => Mark::None,
                    "undone" | "moved" => Mark::Warning,
                    _ => Mark::Bad,
                },
                cells: vec![
                    step.control.clone(),
                    format!("{:<from$} {arrow} {}", step.from, step.to),
                ],
                said: match planned {
                    true => String::new(),
                    false => format!("{}{error}{now}", step.state),
                },
                below: None,
            }
        };
        let rows: Vec<Row> = steps.iter().map(row).collect();
        self.table(indent, &rows);
    }

    /// Adds what needs attention, with what to do about it.
    pub fn warnings(&mut self, warnings: &[Warning]) {
        for warning in warnings {
            self.note(0, Mark::Warning, &warning.text);
            self.note(0, Mark::Next, warning.remedy);
        }
    }
}
