// SPDX-License-Identifier: GPL-2.0

//! The screen: at most 80 columns, glyph and word, ASCII where the locale or terminal asks.

use anstyle::{AnsiColor, Style};
use milspec::model::Reading;
use milspec::words::shown;

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

    fn glyph(self, in_ascii: bool) -> &'static str {
        let (glyph, ascii) = match self {
            Self::Good => ("✓", "+"),
            Self::Plain => ("●", "*"),
            Self::None => ("·", "-"),
            Self::Warning => ("!", "!"),
            Self::Ambiguous => ("≈", "~"),
            Self::Unknown => ("?", "?"),
            Self::Bad => ("✗", "x"),
            Self::Next => ("→", ">"),
        };
        if in_ascii {
            ascii
        } else {
            glyph
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
        if self.color && !text.is_empty() {
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
            c => c.to_string(),
        };
        shown(text).chars().map(spelled).collect()
    }

    /// The arrow between before and after.
    pub fn arrow(&self) -> &'static str {
        match self.ascii {
            true => "->",
            false => "→",
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
