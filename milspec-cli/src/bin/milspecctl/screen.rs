// SPDX-License-Identifier: GPL-2.0

//! The screen: at most 80 columns, glyph and word, ASCII where the locale or terminal asks.

use anstyle::{AnsiColor, Style};
use milspec::model::{Reading, Step};
use milspec::warning::Warning;

/// Columns that text for people keeps to.
pub const COLUMNS: usize = 80;

/// What the reader's terminal can show.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Whether to use colour.
    pub color: bool,
    /// Whether to keep to ASCII.
    pub ascii: bool,
    /// Columns of the terminal; `None` when the output is no terminal, where lines of tables are
    /// never broken, so that `grep` and `awk` see whole records.
    pub width: Option<usize>,
    /// Whether to print more.
    pub verbose: bool,
}

/// How a state is shown: each has a glyph, and text that says the same in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it should be.
    Good,
    /// Neither good nor bad: just so.
    Plain,
    /// Not there, or does not matter here.
    None,
    /// Wants attention.
    Warning,
    /// More than one answer.
    Ambiguous,
    /// Not known.
    Unknown,
    /// Broken.
    Bad,
    /// What to do next.
    Next,
}

impl Mark {
    /// The mark of a reading.
    pub fn of(reading: Reading) -> Self {
        match reading {
            Reading::Known => Self::Plain,
            Reading::Unknown => Self::Unknown,
            Reading::Ambiguous => Self::Ambiguous,
            Reading::Failed => Self::Bad,
        }
    }

    fn glyph(self, ascii: bool) -> &'static str {
        match (self, ascii) {
            (Self::Good, false) => "✓",
            (Self::Good, true) => "+",
            (Self::Plain, false) => "●",
            (Self::Plain, true) => "*",
            (Self::None, false) => "·",
            (Self::None, true) => "-",
            (Self::Warning, _) => "!",
            (Self::Ambiguous, false) => "≈",
            (Self::Ambiguous, true) => "~",
            (Self::Unknown, _) => "?",
            (Self::Bad, false) => "✗",
            (Self::Bad, true) => "x",
            (Self::Next, false) => "→",
            (Self::Next, true) => ">",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Plain | Self::Next => Style::new(),
            Self::None => Style::new().dimmed(),
            Self::Warning | Self::Ambiguous | Self::Unknown => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

impl Screen {
    /// `text` in `style`, if colour is wanted.
    pub fn paint(&self, style: Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }

    /// The glyph of a mark.
    pub fn glyph(&self, mark: Mark) -> String {
        self.paint(mark.style(), mark.glyph(self.ascii))
    }

    /// `text` in the colour of a mark.
    pub fn marked(&self, mark: Mark, text: &str) -> String {
        self.paint(mark.style(), text)
    }

    /// `text` as a heading.
    pub fn bold(&self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    /// Text that somebody else wrote: what the terminal cannot show, or would act on, is spelled out.
    pub fn foreign(&self, text: &str) -> String {
        let spelled = |c: char| match c {
            _ if self.ascii && !c.is_ascii() => c.escape_unicode().to_string(),
            '"' | '\'' | '\\' => c.to_string(),
            _ => c.escape_debug().to_string(),
        };
        text.chars().map(spelled).collect()
    }

    /// The arrow between before and after.
    pub fn arrow(&self) -> &'static str {
        if self.ascii {
            "->"
        } else {
            "→"
        }
    }

    /// Columns for running text.
    pub fn columns(&self) -> usize {
        // Below 40 columns, breaking lines makes things worse.
        self.width.unwrap_or(COLUMNS).clamp(40, COLUMNS)
    }
}

/// Breaks `text` at spaces so that each line has at most `width` columns. A word that is longer
/// stays whole: nothing is cut off.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Keys on the left, values on the right.
pub struct Rows<'a> {
    screen: &'a Screen,
    key_width: usize,
    text: String,
}

impl<'a> Rows<'a> {
    /// `key_width` is the width of the longest key.
    pub fn new(screen: &'a Screen, key_width: usize) -> Self {
        Self {
            screen,
            key_width,
            text: String::new(),
        }
    }

    /// Adds a row; long values continue on lines of their own.
    pub fn add(&mut self, key: &str, value: &str) {
        self.put(key, None, value);
    }

    /// Adds a row whose value starts with a glyph.
    pub fn add_marked(&mut self, key: &str, mark: Mark, value: &str) {
        self.put(key, Some(mark), value);
    }

    fn put(&mut self, key: &str, mark: Option<Mark>, value: &str) {
        let padded = format!("{key:<width$}", width = self.key_width);
        let indent = self.key_width + 2;
        let inner = if mark.is_some() { indent + 2 } else { indent };
        let columns = self.screen.columns().saturating_sub(inner);
        let value = self.screen.foreign(value);
        for (at, line) in wrap(&value, columns).iter().enumerate() {
            match (at, mark) {
                (0, Some(mark)) => {
                    self.text.push_str(&format!(
                        "{}  {} {}\n",
                        self.screen.bold(&padded),
                        self.screen.glyph(mark),
                        self.screen.marked(mark, line)
                    ));
                }
                (0, None) => {
                    let key = self.screen.bold(&padded);
                    self.text.push_str(format!("{key}  {line}").trim_end());
                    self.text.push('\n');
                }
                _ => self.text.push_str(&format!("{:inner$}{line}\n", "")),
            }
        }
    }

    /// The finished text.
    pub fn finish(self) -> String {
        self.text
    }
}

/// The lines that keep a recording or a simulated machine from being taken for a real one.
pub fn provenance(screen: &Screen, recording: Option<&str>, simulated: Option<&str>) -> String {
    let mut text = String::new();
    let said = [
        recording.map(|from| format!("recording, not this machine: {from}")),
        simulated.map(|because| format!("simulated machine: {because}")),
    ];
    for line in said.iter().flatten() {
        lines(screen, &mut text, Mark::Warning, line);
    }
    text
}

/// A table of steps, one line for each.
pub fn steps(screen: &Screen, steps: &[Step], indent: usize) -> String {
    let width = |of: fn(&Step) -> &str| steps.iter().map(|step| of(step).len()).max().unwrap_or(0);
    let control = width(|step| &step.control);
    let (from, to) = (width(|step| &step.from), width(|step| &step.to));
    // In a plan all have the same state, which goes without saying.
    let planned = steps.iter().all(|step| step.state == "planned");
    let mut text = String::new();
    for step in steps {
        let mark = match step.state.as_ref() {
            "done" => Mark::Good,
            "planned" => Mark::None,
            "undone" | "moved" => Mark::Warning,
            _ => Mark::Bad,
        };
        let error = step
            .error
            .as_ref()
            .map(|error| format!(" ({})", error.name))
            .unwrap_or_default();
        let change = format!(
            "{:indent$}{} {:<control$}  {:<from$} {} {:<to$}",
            "",
            screen.glyph(mark),
            step.control,
            step.from,
            screen.arrow(),
            step.to,
        );
        if planned {
            text.push_str(&format!("{}\n", change.trim_end()));
        } else {
            let now = step.now.as_ref();
            let now = now.map_or_else(String::new, |now| format!(", is {now}"));
            let state = screen.marked(mark, &format!("{}{error}{now}", step.state));
            text.push_str(&format!("{change}  {state}\n"));
        }
    }
    text
}

/// What needs attention, with what to do about it.
pub fn warnings(screen: &Screen, warnings: &[Warning]) -> String {
    let mut text = String::new();
    for warning in warnings {
        lines(screen, &mut text, Mark::Warning, &warning.text);
        lines(screen, &mut text, Mark::Next, warning.remedy);
    }
    text
}

/// A line with a glyph, broken where it is too long.
pub fn lines(screen: &Screen, text: &mut String, mark: Mark, line: &str) {
    let parts = wrap(&screen.foreign(line), screen.columns().saturating_sub(2));
    for (at, part) in parts.iter().enumerate() {
        let lead = if at == 0 {
            screen.glyph(mark)
        } else {
            " ".to_string()
        };
        text.push_str(&format!("{lead} {}\n", screen.marked(mark, part)));
    }
}
