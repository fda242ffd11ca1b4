// SPDX-License-Identifier: GPL-2.0

//! What BIOS attributes say, for people.

use crate::screen::{wrap, Mark, Rows, Screen};
use milspec::attributes::{self, Attributes, Evidence, Other, State, Verdict, Witness};
use milspec::model::Control;

/// The mark of what came of a comparison.
fn mark(witness: &Witness) -> Mark {
    match witness.verdict {
        Verdict::Agrees => Mark::Good,
        Verdict::Disagrees => Mark::Warning,
        Verdict::NotCompared => Mark::Unknown,
    }
}

/// A line with a glyph, broken where it is too long.
fn line(screen: &Screen, text: &mut String, mark: Mark, indent: usize, line: &str) {
    let columns = screen.columns().saturating_sub(indent + 2);
    for (at, part) in wrap(line, columns).iter().enumerate() {
        let lead = if at == 0 {
            screen.glyph(mark)
        } else {
            " ".to_string()
        };
        let part = screen.marked(mark, part);
        text.push_str(&format!("{:indent$}{lead} {part}\n", ""));
    }
}

/// `Camera=Enabled: agrees`, with the reason where it does not.
fn sentence(witness: &Witness) -> String {
    let derived = match witness.evidence {
        Evidence::Seen => "",
        Evidence::Derived => " (derived name)",
    };
    let reason = match &witness.reason {
        None => String::new(),
        Some(reason) if witness.verdict == Verdict::Disagrees => {
            format!(", likely because {reason}")
        }
        Some(reason) => format!(": {reason}"),
    };
    format!(
        "attribute {}{derived}: {}{reason}",
        witness.in_words(),
        witness.verdict_in_words()
    )
}

/// The rows of `control show`: what stands beside the control, or why nothing does.
pub fn rows(rows: &mut Rows<'_>, attributes: &Attributes, control: &Control) {
    let mine: Vec<&Witness> = of(attributes, control).collect();
    for witness in &mine {
        rows.add_marked("Witness", mark(witness), &sentence(witness));
    }
    if !mine.is_empty() || !attributes::is_known(control) {
        return;
    }
    match attributes.state {
        State::Absent => {}
        State::Present => rows.add_marked(
            "Witness",
            Mark::None,
            &format!("{}, none of them known to be this", attributes.reason),
        ),
        State::Vanished | State::NotBound | State::Unknown => {
            rows.add_marked("Witness", Mark::Unknown, &attributes.reason);
            if let Some(remedy) = &attributes.remedy {
                rows.add_marked("", Mark::Next, remedy);
            }
        }
    }
}

/// The notes of one control in a list.
pub fn notes(attributes: &Attributes, control: &Control) -> Vec<String> {
    let mine = of(attributes, control);
    mine.map(|witness| match (witness.verdict, &witness.value) {
        (Verdict::Agrees, _) | (_, None) => witness.in_words(),
        _ => format!("{} {}", witness.in_words(), witness.verdict_in_words()),
    })
    .collect()
}

/// Whether one of them speaks against the control.
pub fn disagrees(attributes: &Attributes, control: &Control) -> bool {
    of(attributes, control).any(|witness| witness.verdict == Verdict::Disagrees)
}

fn of<'a>(attributes: &'a Attributes, control: &'a Control) -> impl Iterator<Item = &'a Witness> {
    let all = attributes.witnesses.iter();
    all.filter(|witness| witness.control == control.name)
}

/// The lines below a list of controls: how many agree, and why others do not.
pub fn summary(screen: &Screen, attributes: &Attributes) -> String {
    let mut text = String::new();
    if attributes.state != State::Present {
        let mark = match attributes.state {
            State::Absent => Mark::None,
            _ => Mark::Unknown,
        };
        let said = format!("BIOS attributes: {}", attributes.reason);
        line(screen, &mut text, mark, 0, &said);
        if let Some(remedy) = &attributes.remedy {
            line(screen, &mut text, Mark::Next, 0, remedy);
        }
        return text;
    }
    let [agree, disagree, open] = attributes.tally();
    text.push_str(&format!(
        "{}: {agree} agree, {disagree} disagree, {open} not compared\n",
        attributes.reason
    ));
    text.push_str(&each(screen, attributes, |verdict| {
        verdict != Verdict::Agrees
    }));
    text
}

/// A line for each of these, but one for all that this user may not read.
fn each(screen: &Screen, attributes: &Attributes, wanted: impl Fn(Verdict) -> bool) -> String {
    let mut text = String::new();
    let wanted = attributes.witnesses.iter().filter(|it| wanted(it.verdict));
    let (closed, open): (Vec<&Witness>, Vec<&Witness>) = wanted.partition(|it| it.is_closed());
    for witness in open {
        let is = witness.is.as_deref().unwrap_or("unknown");
        let said = format!("{}={is}: {}", witness.control, sentence(witness));
        line(screen, &mut text, mark(witness), 0, &said);
    }
    if !closed.is_empty() {
        let names: Vec<&str> = closed.iter().map(|it| it.control.as_str()).collect();
        let said = format!(
            "not compared, only root may read them: {}",
            names.join(", ")
        );
        line(screen, &mut text, Mark::Unknown, 0, &said);
    }
    text
}

/// The lines after a change. What speaks against it is a warning, further down.
pub fn after_change(screen: &Screen, attributes: &Attributes) -> String {
    match attributes.state {
        State::Present => each(screen, attributes, |verdict| verdict != Verdict::Disagrees),
        State::Absent => String::new(),
        State::Vanished | State::NotBound | State::Unknown => {
            let mut text = String::new();
            let said = "BIOS attributes could not be compared: \"milspecctl doctor\" says why";
            line(screen, &mut text, Mark::Unknown, 0, said);
            text
        }
    }
}

/// What `doctor` shows below its checks: the attributes beside the controls, and the others.
pub fn doctor(screen: &Screen, attributes: &Attributes, others: &[Other], asked: bool) -> String {
    let mut text = String::new();
    if !attributes.witnesses.is_empty() {
        let heading = "BIOS attributes beside controls";
        text.push_str(&format!("\n{}\n", screen.bold(heading)));
        text.push_str(&each(screen, attributes, |_| true));
    }
    if others.is_empty() {
        return text;
    }
    let heading = match asked {
        true => "BIOS attributes without a control",
        false => "BIOS attributes; the driver cannot be asked for its controls",
    };
    text.push_str(&format!("\n{}\n", screen.bold(heading)));
    let (known, unknown): (Vec<&Other>, Vec<&Other>) =
        others.iter().partition(|other| other.value.is_some());
    for other in known {
        one(screen, &mut text, other);
    }
    if !unknown.is_empty() {
        let names: Vec<&str> = unknown.iter().map(|it| it.attribute.as_str()).collect();
        let error = unknown.iter().find_map(|other| other.error.as_ref());
        let error = error.map_or_else(String::new, |error| format!(" ({})", error.name));
        let said = format!("not readable{error}: {}", names.join(", "));
        line(screen, &mut text, Mark::Unknown, 0, &said);
        let next = "run \"milspecctl doctor\" as root";
        line(screen, &mut text, Mark::Next, 0, next);
    }
    if others.iter().any(|other| other.command.is_some()) {
        let said = match attributes.password {
            Some(true) => {
                "fwupdmgr cannot give the administrator password, which the firmware wants: set \
                 them in the BIOS setup"
            }
            _ => "to set one: fwupdmgr set-bios-setting NAME VALUE (-v: the line for each)",
        };
        line(screen, &mut text, Mark::Next, 0, said);
    }
    text
}

fn one(screen: &Screen, text: &mut String, other: &Other) {
    let mark = match (other.destructive, other.is_open()) {
        (false, true) => Mark::Warning,
        _ => Mark::Plain,
    };
    let value = other.value.as_deref().unwrap_or_default();
    let derived = match other.evidence {
        Evidence::Seen => "",
        Evidence::Derived => " (derived name)",
    };
    let said = format!("{}={value}{derived}: {}", other.attribute, other.about);
    line(screen, text, mark, 0, &said);
    if screen.verbose && !other.possible_values.is_empty() {
        let said = format!("can be {}", other.possible_values.join(", "));
        line(screen, text, Mark::None, 2, &said);
    }
    match (&other.command, &other.no_command) {
        (Some(command), _) if other.is_open() || screen.verbose => {
            line(screen, text, Mark::Next, 2, command);
        }
        (None, Some(why)) if other.destructive || screen.verbose => {
            line(screen, text, Mark::None, 2, why);
        }
        _ => {}
    }
}
