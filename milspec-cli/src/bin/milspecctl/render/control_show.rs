// SPDX-License-Identifier: GPL-2.0

//! `control show` for people.

use super::{attributes, refreshed, Document};
use crate::cmd::control_get::ControlValue;
use crate::cmd::control_show::{ControlShow, Shown};
use crate::screen::{provenance, Mark, Rows, Screen};
use milspec::model::{Control, Reading};

/// The controls, one after the other.
pub fn control_show(screen: &Screen, doc: &ControlShow) -> String {
    let mut text = provenance(
        screen,
        doc.recording.as_deref(),
        doc.simulated_because.as_deref(),
    );
    let controls = doc.controls.iter().map(|shown| one(screen, doc, shown));
    text.push_str(&controls.collect::<Vec<_>>().join("\n"));
    if let Some(done) = &doc.refresh {
        text.push('\n');
        text.push_str(&refreshed(screen, done));
    }
    text
}

/// Key and value, one thing per line.
fn one(screen: &Screen, doc: &ControlShow, shown: &Shown) -> String {
    let control = &shown.control;
    let mut rows = Rows::new(screen, 8);
    rows.add("Name", &control.name);
    if !control.label.is_empty() {
        rows.add("Label", &control.label);
    }
    rows.add_marked("Value", Mark::of(control.reading), &control.in_words());
    rows.add("Family", &control.family);
    if let Some(group) = control.group {
        rows.add("Group", &group.to_string());
    }
    rows.add(
        "Class",
        &with(&control.class, class_meaning(&control.class)),
    );
    rows.add("Access", &control.access);
    rows.add(
        "Presence",
        &with(
            &control.presence,
            presence_meaning(&control.family, &control.presence),
        ),
    );
    if !shown.depends.is_empty() {
        let list: Vec<String> = shown
            .depends
            .iter()
            .map(|(name, value)| format!("{name} ({value})"))
            .collect();
        rows.add("Depends", &list.join(", "));
    }
    if control.tamper {
        rows.add_marked("Tamper", Mark::Bad, "reported by the firmware");
    }
    if control.degraded {
        rows.add_marked("Degraded", Mark::Bad, "an apply could not put it back");
    }
    if control.denied {
        rows.add_marked(
            "Denied",
            Mark::Warning,
            "never changed on this model, which is known not to survive it",
        );
    }
    if let Some(wanted) = &control.wanted {
        let (mark, text) = match &control.unreached {
            Some(refusal) => {
                let reason = refusal.reason.as_deref().unwrap_or("unknown");
                let needs = refusal.needs.as_ref();
                let needs = needs.map_or_else(String::new, |needs| format!(", {needs}"));
                (
                    Mark::Warning,
                    format!("{wanted}, which is out of reach: {reason}{needs}"),
                )
            }
            None if control.deviates => {
                (Mark::Warning, format!("{wanted}, from which it deviates"))
            }
            None => (Mark::Good, wanted.clone()),
        };
        rows.add_marked("Wanted", mark, &text);
    }
    if let Some(written) = &control.written {
        let (mark, text) = match (control.drifted, control.pending_reboot) {
            (true, _) => (
                Mark::Warning,
                format!("{written}; drifted: something else has changed it since"),
            ),
            (false, true) => (
                Mark::Warning,
                format!("{written}, in force after the next boot"),
            ),
            (false, false) => (Mark::Good, written.clone()),
        };
        rows.add_marked("Written", mark, &text);
    }
    attributes::rows(&mut rows, &doc.attributes, control);
    if let Some(baseline) = &control.baseline {
        rows.add("Baseline", baseline);
    }
    rows.add(
        "Changed",
        &format!(
            "at generation {} (now {})",
            control.changed_generation, doc.generation
        ),
    );
    rows.add("Id", &control.id.to_string());
    rows.finish() + &values(screen, control)
}

fn with(word: &str, meaning: &str) -> String {
    if meaning.is_empty() {
        word.to_string()
    } else {
        format!("{word}: {meaning}")
    }
}

fn class_meaning(class: &str) -> &'static str {
    match class {
        "safe" => "may be changed",
        "monitored" => "may be changed, with attention",
        "restricted" => "changed only where a module parameter allows it",
        "quarantined" => "never changed",
        "read-only" => "cannot be changed",
        _ => "",
    }
}

fn presence_meaning(family: &str, presence: &str) -> &'static str {
    match presence {
        "full" if family == "dsmil" => "described by the firmware, with all it depends on",
        "full" => "the machine lists every value",
        "partial" if family == "dsmil" => "something that it depends on is missing",
        "partial" => "the machine lists some of the values",
        "contradictory" => "the machine's tables contradict themselves",
        _ => "",
    }
}

/// The raw side: what stands where in the firmware, and what it answered.
fn values(screen: &Screen, control: &Control) -> String {
    let values = &control.values;
    let name = values.iter().map(|v| v.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (at, value) in values.iter().enumerate() {
        let mark = match (value.active, control.reading) {
            (true, Reading::Ambiguous) => Mark::Ambiguous,
            (true, _) => Mark::Plain,
            (false, _) => Mark::None,
        };
        let place = match (value.token, value.location) {
            (Some(token), Some(location)) if value.present => {
                format!("token {token:#06x} at {location:#06x}, ")
            }
            (Some(token), _) => format!("token {token:#06x}, "),
            _ => String::new(),
        };
        let read = match (value.read, value.expected) {
            _ if !value.present && value.active => {
                "not listed here: in force because the other one is not".to_string()
            }
            _ if !value.present => "not on this machine".to_string(),
            (Some(read), Some(expected)) => {
                format!("in force at {expected:#06x}, read {read:#06x}")
            }
            _ if control.family == "platform" && value.token.is_none() => {
                "in force when no token is active".to_string()
            }
            _ => "not read".to_string(),
        };
        let mut read = read;
        // That of the control stands above.
        if value.class != control.class {
            read.push_str(&format!(", {}", value.class));
        }
        if value.untried {
            read.push_str(", never yet seen written on hardware");
        }
        let key = if at == 0 { "Values" } else { "" };
        text.push_str(&format!(
            "{}  {} {:<name$}  {place}{read}\n",
            screen.bold(&format!("{key:<8}")),
            screen.glyph(mark),
            value.name,
        ));
    }
    text
}

impl Document for ControlShow {
    fn human(&self, screen: &Screen) -> String {
        control_show(screen, self)
    }
}

impl Document for ControlValue {
    /// The value and nothing else: it is for scripts.
    fn human(&self, _screen: &Screen) -> String {
        format!("{}\n", self.value)
    }
}
