// SPDX-License-Identifier: GPL-2.0

//! A machine over time, drawn. Colours stand in each shape too, so that it reads without the style sheet;
//! every shape has a title in words.

use super::html::words as escape;
use super::{utc, Entry, Kind, Machine, Span};
use std::fmt::{Result, Write};

/// Where the time begins, and where it ends.
const LEFT: f64 = 118.0;
const RIGHT: f64 = 890.0;
const ROW: f64 = 26.0;
const TOP: f64 = 8.0;
const ROWS: [&str; 5] = ["mode", "weaker", "findings", "not told", "looks"];
/// A label of the axis is so wide, as its text is set.
const LABEL: f64 = 130.0;
/// A letter is at most so wide.
const LETTER: f64 = 7.0;

/// Fills of modes, from none to the strictest.
const MODES: [(&str, &str); 5] = [
    ("baseline", "#9aa5b1"),
    ("standard", "#8fb8de"),
    ("enhanced", "#5b9bd5"),
    ("paranoid", "#2f6fa8"),
    ("paranoid-plus", "#1b3f66"),
];

/// The time of a machine, and where it is drawn.
struct Scale {
    from: u64,
    length: f64,
}

impl Scale {
    fn x(&self, at: u64) -> f64 {
        let share = at.saturating_sub(self.from) as f64 / self.length;
        LEFT + share.min(1.0) * (RIGHT - LEFT)
    }
}

/// Draws it.
pub(super) fn draw(html: &mut String, machine: &Machine) -> Result {
    let (from, to) = machine.range;
    let scale = Scale {
        from,
        length: (to.saturating_sub(from) as f64).max(1.0),
    };
    let bottom = TOP + ROW * ROWS.len() as f64;
    writeln!(
        html,
        "<svg viewBox=\"0 0 900 {:.0}\" role=\"img\" aria-label=\"Timeline of {}, {} to {}: what is drawn \
         stands in the table below\">",
        bottom + 26.0,
        escape(machine.name()),
        machine.from,
        machine.to
    )?;
    for (row, name) in ROWS.iter().enumerate() {
        let y = middle(row);
        writeln!(
            html,
            "<text x=\"0\" y=\"{:.1}\" font-size=\"13\" fill=\"#555\">{name}</text>\
             <line class=\"rule\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#bbb\"/>",
            y + 4.5
        )?;
    }
    axis(html, &scale, bottom, machine)?;
    modes(html, &scale, machine)?;
    for span in &machine.spans {
        self::span(html, &scale, span, to)?;
    }
    for entry in &machine.entries {
        mark(html, &scale, entry)?;
    }
    html.push_str("</svg>\n");
    Ok(())
}

fn middle(row: usize) -> f64 {
    TOP + ROW * (row as f64 + 0.5)
}

/// Times at the bottom.
fn axis(html: &mut String, scale: &Scale, bottom: f64, machine: &Machine) -> Result {
    let (from, to) = machine.range;
    let labels = match from == to {
        true => 1,
        false => ((RIGHT - LEFT) / LABEL) as u64,
    };
    for label in 0..labels {
        let share = (to.saturating_sub(from) / labels.max(1)).saturating_mul(label);
        let at = from.saturating_add(share);
        let x = scale.x(at);
        let time = utc(at);
        let text = time.get(..16).unwrap_or(&time).replace('T', " ");
        writeln!(
            html,
            "<line class=\"rule\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"12\" fill=\"#555\">{text}</text>",
            bottom + 4.0,
            bottom + 18.0
        )?;
    }
    Ok(())
}

/// The mode, from where it was set to where another was.
fn modes(html: &mut String, scale: &Scale, machine: &Machine) -> Result {
    let set = machine.entries.iter();
    let set: Vec<(&Entry, &str)> = set
        .filter_map(|entry| Some((entry, entry.mode.as_deref()?)))
        .collect();
    let mut all = set.iter().peekable();
    while let Some((entry, mode)) = all.next() {
        // The same set anew is the same.
        while all.next_if(|(_, next)| next == mode).is_some() {}
        let until = all.peek().map_or(machine.range.1, |(next, _)| next.wall_ns);
        let (x, end) = (scale.x(entry.wall_ns), scale.x(until));
        let width = (end - x).max(3.0);
        let fill = MODES.iter().find(|(name, _)| name == mode);
        let fill = fill.map_or("#777", |(_, fill)| fill);
        let y = middle(0);
        write!(
            html,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"18\" fill=\"{fill}\">\
             <title>{} from {} to {}</title></rect>",
            y - 9.0,
            escape(mode),
            entry.time,
            utc(until)
        )?;
        if width > mode.len() as f64 * LETTER + 8.0 {
            let ink = match *mode {
                "paranoid" | "paranoid-plus" => "#fff",
                _ => "#000",
            };
            write!(
                html,
                "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"12\" fill=\"{ink}\" class=\"on\">{}</text>",
                x + 4.0,
                y + 4.0,
                escape(mode)
            )?;
        }
        html.push('\n');
    }
    Ok(())
}

/// A time in which nothing was told.
fn span(html: &mut String, scale: &Scale, span: &Span, to: u64) -> Result {
    let (x, end) = (scale.x(span.from_ns), scale.x(span.to_ns.unwrap_or(to)));
    let (class, fill, words) = match span.kind {
        "not-running" => ("off", "#8a6d00", "no monitor ran"),
        _ => ("silent", "#cdbf8a", "nothing was told"),
    };
    writeln!(
        html,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"14\" fill=\"{fill}\">\
         <title>{words} from {} to {}</title></rect>",
        middle(3) - 7.0,
        (end - x).max(2.0),
        span.from,
        span.to.as_deref().unwrap_or("the end")
    )
}

/// A thing that happened.
fn mark(html: &mut String, scale: &Scale, entry: &Entry) -> Result {
    let x = scale.x(entry.wall_ns);
    let is_loud = matches!(entry.severity.as_ref(), "error" | "warning");
    let (row, class, fill) = match entry.kind {
        Kind::Mode | Kind::Note => return Ok(()),
        Kind::Weakening => (1, "weaker", "#c05000"),
        Kind::Refusal => (1, "refused", "#555555"),
        Kind::Finding if is_loud => (2, "found", "#b00020"),
        Kind::Finding => (2, "noticed", "#7a7a7a"),
        Kind::Lost => (3, "lost", "#b00020"),
        Kind::Look => (4, "look", "#3a7d44"),
        Kind::Checkpoint => (4, "checkpoint", "#3a7d44"),
    };
    let y = middle(row);
    // Each kind has a shape of its own: colours are not all that tells them apart.
    let shape = match entry.kind {
        Kind::Weakening => format!("M{:.1} {:.1}h10l-5 10z", x - 5.0, y - 5.0),
        Kind::Refusal => format!(
            "M{:.1} {:.1}l8 8l-2 2l-8 -8zm8 0l2 2l-8 8l-2 -2z",
            x - 4.0,
            y - 5.0
        ),
        Kind::Finding => format!("M{x:.1} {:.1}l6 6l-6 6l-6 -6z", y - 6.0),
        Kind::Lost => format!("M{:.1} {:.1}h4v18h-4z", x - 2.0, y - 9.0),
        Kind::Checkpoint => format!("M{:.1} {y:.1}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z", x - 3.0),
        _ => format!("M{:.1} {:.1}h2v12h-2z", x - 1.0, y - 6.0),
    };
    writeln!(
        html,
        "<path class=\"{class}\" d=\"{shape}\" fill=\"{fill}\"><title>{}: {}</title></path>",
        entry.time,
        escape(&entry.message)
    )
}
