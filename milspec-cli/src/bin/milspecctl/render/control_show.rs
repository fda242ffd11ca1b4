// SPDX-License-Identifier: GPL-2.0

//! `control show` for people.

use super::{attributes, refreshed, Document};
use crate::cmd::control_get::ControlValue;
use crate::cmd::control_show::{ControlShow, Shown};
use crate::page::Page;
use crate::screen::Mark;
use milspec::model::{Control, Reading};
use milspec::words::with;

/// Key and value, one thing per line.
fn one(page: &mut Page<'_>, doc: &ControlShow, shown: &Shown) {
    let control = &shown.control;
    page.row("Name", &control.name);
    if !control.label.is_empty() {
        page.row("Label", &control.label);
    }
    page.marked("Value", Mark::of(control.reading), &control.in_words());
    page.row("Family", &control.family);
    if let Some(group) = control.group {
        page.row("Group", &group.to_string());
    }
    let class = with(": ", class_meaning(&control.class));
    page.row("Class", &format!("{}{class}", control.class));
    page.row("Access", &control.access);
    let presence = with(": ", presence_meaning(&control.family, &control.presence));
    page.row("Presence", &format!("{}{presence}", control.presence));
    if !shown.depends.is_empty() {
        let list = shown.depends.iter();
        let list = list.map(|(name, value)| format!("{name} ({value})"));
        page.row("Depends", &list.collect::<Vec<_>>().join(", "));
    }
    if control.tamper {
        page.marked("Tamper", Mark::Bad, "reported by the firmware");
    }
    if control.degraded {
        page.marked("Degraded", Mark::Bad, "an apply could not put it back");
    }
    if control.denied {
        let why = "never changed on this model, which is known not to survive it";
        page.marked("Denied", Mark::Warning, why);
    }
    if let Some(wanted) = &control.wanted {
        let (mark, text) = match &control.unreached {
            Some(refusal) => {
                let reason = refusal.reason.as_deref().unwrap_or("unknown");
                let needs = with(", ", refusal.needs.as_ref());
                let text = format!("{wanted}, which is out of reach: {reason}{needs}");
                (Mark::Warning, text)
            }
            None if control.deviates => {
                (Mark::Warning, format!("{wanted}, from which it deviates"))
            }
            None => (Mark::Good, wanted.clone()),
        };
        page.marked("Wanted", mark, &text);
    }
    if let Some(written) = &control.written {
        let (mark, what) = match (control.drifted, control.pending_reboot) {
            (true, _) => (
                Mark::Warning,
                "; drifted: something else has changed it since",
            ),
            (false, true) => (Mark::Warning, ", in force after the next boot"),
            (false, false) => (Mark::Good, ""),
        };
        page.marked("Written", mark, &format!("{written}{what}"));
    }
    attributes::rows(page, &doc.attributes, control);
    if let Some(baseline) = &control.baseline {
        page.row("Baseline", baseline);
    }
    let (changed, now) = (control.changed_generation, doc.head.generation);
    let changed = format!("at generation {changed} (now {now})");
    page.row("Changed", &changed);
    page.row("Id", &control.id.to_string());
    values(page, control);
}

fn class_meaning(class: &str) -> Option<&'static str> {
    Some(match class {
        "safe" => "may be changed",
        "monitored" => "may be changed, with attention",
        "restricted" => "changed only where a module parameter allows it",
        "quarantined" => "never changed",
        "read-only" => "cannot be changed",
        _ => return None,
    })
}

fn presence_meaning(family: &str, presence: &str) -> Option<&'static str> {
    Some(match presence {
        "full" if family == "dsmil" => "described by the firmware, with all it depends on",
        "full" => "the machine lists every value",
        "partial" if family == "dsmil" => "something that it depends on is missing",
        "partial" => "the machine lists some of the values",
        "contradictory" => "the machine's tables contradict themselves",
        _ => return None,
    })
}

/// The raw side: what stands where in the firmware, and what it answered.
fn values(page: &mut Page<'_>, control: &Control) {
    let values = &control.values;
    let name = values.iter().map(|v| v.name.len()).max().unwrap_or(0);
    let mut key = "Values";
    for value in values {
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
        let mut read = match (value.read, value.expected) {
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
        // That of the control stands above.
        if value.class != control.class {
            read.push_str(&format!(", {}", value.class));
        }
        if value.untried {
            read.push_str(", never yet seen written on hardware");
        }
        let (key, glyph) = (page.key(std::mem::take(&mut key)), page.screen.glyph(mark));
        page.line(format!(
            "{key}  {glyph} {:<name$}  {place}{read}",
            value.name
        ));
    }
}

impl Document for ControlShow {
    /// The controls, one after the other.
    fn human(&self, page: &mut Page<'_>) {
        page.provenance(&self.head.from);
        page.keys(8);
        for (at, shown) in self.controls.iter().enumerate() {
            if at > 0 {
                page.line("");
            }
            one(page, self, shown);
        }
        if let Some(done) = &self.refresh {
            page.line("");
            refreshed(page, done);
        }
    }
}

impl Document for ControlValue {
    /// The value and nothing else: it is for scripts.
    fn human(&self, page: &mut Page<'_>) {
        page.line(&self.value);
    }
}
