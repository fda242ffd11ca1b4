// SPDX-License-Identifier: GPL-2.0

//! What BIOS attributes say, for people.

use crate::page::Page;
use crate::screen::Mark;
use milspec::attributes::{self, Attributes, Evidence, Other, State, Verdict, Witness};
use milspec::model::{Control, ErrnoDoc};

/// The mark of what came of a comparison.
fn mark(witness: &Witness) -> Mark {
    match witness.verdict {
        Verdict::Agrees => Mark::Good,
        Verdict::Disagrees => Mark::Warning,
        Verdict::NotCompared => Mark::Unknown,
    }
}

/// What is said of a name that no published list has.
fn derived(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Seen => "",
        Evidence::Derived => " (derived name)",
    }
}

/// `Camera=Enabled: agrees`, with the reason where it does not.
fn sentence(witness: &Witness) -> String {
    let reason = match (&witness.reason, witness.verdict) {
        (None, _) => String::new(),
        (Some(reason), Verdict::Disagrees) => format!(", likely because {reason}"),
        (Some(reason), _) => format!(": {reason}"),
    };
    format!(
        "attribute {}{}: {}{reason}",
        witness.in_words(),
        derived(witness.evidence),
        witness.verdict_in_words()
    )
}

/// The rows of `control show`: what stands beside the control, or why nothing does.
pub fn rows(page: &mut Page<'_>, attributes: &Attributes, control: &Control) {
    let mine: Vec<&Witness> = of(attributes, control).collect();
    for witness in &mine {
        page.marked("Witness", mark(witness), &sentence(witness));
    }
    if !mine.is_empty() || !attributes::is_known(control) {
        return;
    }
    match attributes.state {
        State::Absent => {}
        State::Present => {
            let line = format!("{}, none of them known to be this", attributes.reason);
            page.marked("Witness", Mark::None, &line);
        }
        State::Vanished | State::NotBound | State::Unknown => {
            page.marked("Witness", Mark::Unknown, &attributes.reason);
            if let Some(remedy) = attributes.remedy {
                page.marked("", Mark::Next, remedy);
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
pub fn summary(page: &mut Page<'_>, attributes: &Attributes) {
    let said = &attributes.reason;
    if attributes.state == State::Present {
        let [agree, disagree, open] = attributes.tally();
        page.line(format!(
            "{said}: {agree} agree, {disagree} disagree, {open} not compared"
        ));
        return each(page, attributes, |verdict| verdict != Verdict::Agrees);
    }
    let mark = match attributes.state {
        State::Absent => Mark::None,
        _ => Mark::Unknown,
    };
    page.note(0, mark, &format!("BIOS attributes: {said}"));
    if let Some(remedy) = attributes.remedy {
        page.note(0, Mark::Next, remedy);
    }
}

/// A line for each of these, but one for all that this user may not read.
fn each(page: &mut Page<'_>, attributes: &Attributes, wanted: impl Fn(Verdict) -> bool) {
    let wanted = attributes.witnesses.iter().filter(|it| wanted(it.verdict));
    let (closed, open): (Vec<&Witness>, Vec<&Witness>) = wanted.partition(|it| it.is_closed());
    for witness in open {
        let is = witness.is.as_deref().unwrap_or("unknown");
        let said = format!("{}={is}: {}", witness.control, sentence(witness));
        page.note(0, mark(witness), &said);
    }
    if !closed.is_empty() {
        let names: Vec<&str> = closed.iter().map(|it| it.control.as_str()).collect();
        let names = names.join(", ");
        let said = format!("not compared, only root may read them: {names}");
        page.note(0, Mark::Unknown, &said);
    }
}

/// The lines after a change. What speaks against it is a warning, further down.
pub fn after_change(page: &mut Page<'_>, attributes: &Attributes) {
    match attributes.state {
        State::Present => each(page, attributes, |verdict| verdict != Verdict::Disagrees),
        State::Absent => {}
        State::Vanished | State::NotBound | State::Unknown => {
            let said = "BIOS attributes could not be compared: \"milspecctl doctor\" says why";
            page.note(0, Mark::Unknown, said);
        }
    }
}

/// What `doctor` shows below its checks: the attributes beside the controls, and the others.
pub fn doctor(page: &mut Page<'_>, attributes: &Attributes, others: &[Other], asked: bool) {
    if !attributes.witnesses.is_empty() {
        page.line("");
        page.heading("BIOS attributes beside controls");
        each(page, attributes, |_| true);
    }
    if others.is_empty() {
        return;
    }
    page.line("");
    page.heading(match asked {
        true => "BIOS attributes without a control",
        false => "BIOS attributes; the driver cannot be asked for its controls",
    });
    let (known, unknown): (Vec<&Other>, Vec<&Other>) =
        others.iter().partition(|other| other.value.is_some());
    for other in known {
        one(page, other);
    }
    if let Some(first) = unknown.first() {
        let error = ErrnoDoc::behind(&first.error);
        let names: Vec<&str> = unknown.iter().map(|it| it.attribute.as_str()).collect();
        let said = format!("not readable{error}: {}", names.join(", "));
        page.note(0, Mark::Unknown, &said);
        page.note(0, Mark::Next, "run \"milspecctl doctor\" as root");
    }
    if others.iter().any(|other| other.command.is_some()) {
        let said = match attributes.password {
            Some(true) => {
                "fwupdmgr cannot give the administrator password, which the firmware wants: set \
                 them in the BIOS setup"
            }
            _ => "to set one: fwupdmgr set-bios-setting NAME VALUE (-v: the line for each)",
        };
        page.note(0, Mark::Next, said);
    }
}

fn one(page: &mut Page<'_>, other: &Other) {
    let mark = match (other.destructive, other.is_open()) {
        (false, true) => Mark::Warning,
        _ => Mark::Plain,
    };
    let verbose = page.screen.verbose;
    let value = other.value.as_deref().unwrap_or_default();
    let derived = derived(other.evidence);
    let said = format!("{}={value}{derived}: {}", other.attribute, other.about);
    page.note(0, mark, &said);
    if verbose && !other.possible_values.is_empty() {
        let said = format!("can be {}", other.possible_values.join(", "));
        page.note(2, Mark::None, &said);
    }
    match (&other.command, &other.no_command) {
        (Some(command), _) if other.is_open() || verbose => page.note(2, Mark::Next, command),
        (None, Some(why)) if other.destructive || verbose => page.note(2, Mark::None, why),
        _ => {}
    }
}
