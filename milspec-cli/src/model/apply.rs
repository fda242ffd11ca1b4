// SPDX-License-Identifier: GPL-2.0

//! Modes, plans, and what became of them.

use super::{Control, ErrnoDoc, Word};
use crate::words::count;
use milspec_posture::mode::Mode;
use milspec_uapi as uapi;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// All modes of this version, from the least to the most.
pub fn modes() -> RangeInclusive<u8> {
    uapi::MODE_BASELINE..=uapi::MODE_PARANOID_PLUS
}

/// Word of a `MODE_` number.
pub fn mode_word(number: u8) -> Word {
    match Mode::from_number(number) {
        Some(mode) => mode.name().into(),
        None => format!("mode-{number}").into(),
    }
}

/// What a mode is, in one line.
pub fn mode_summary(number: u8) -> &'static str {
    match number {
        uapi::MODE_BASELINE => "what each control had before it was first changed",
        uapi::MODE_STANDARD => "what costs no function of the machine",
        uapi::MODE_ENHANCED => "closes paths into the machine that few people use",
        uapi::MODE_PARANOID => "sensors, radios and removable media off",
        uapi::MODE_PARANOID_PLUS => "all of that and stealth; latches until the next boot",
        _ => "",
    }
}

/// Word of an `OUTCOME_` number.
pub fn outcome_word(number: u8) -> Word {
    word!("outcome", number, OUTCOME_PLANNED OUTCOME_DONE OUTCOME_REFUSED OUTCOME_UNDONE
        OUTCOME_DEGRADED OUTCOME_CONFLICT)
}

/// Word of a `REASON_` number; `None` where nothing was refused.
pub fn reason_word(number: u8) -> Option<Word> {
    (number != uapi::REASON_NONE).then(|| {
        word!("reason", number, REASON_NO_CONTROL
        REASON_NO_VALUE REASON_TWICE REASON_QUARANTINED REASON_READ_ONLY REASON_RESTRICTED
        REASON_DENIED REASON_UNREADABLE REASON_DEPENDENCY REASON_NEEDED REASON_CYCLE
        REASON_LATCHED REASON_UNCONFIRMED REASON_NO_TPM REASON_UNKNOWN)
    })
}

/// Word of a `STEP_` number.
pub fn step_word(number: u8) -> Word {
    word!("state", number, STEP_PLANNED STEP_DONE STEP_FAILED STEP_UNDONE STEP_DEGRADED STEP_MOVED)
}

/// How far a mode reaches on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// How many controls the mode speaks of.
    pub lines: u32,
    /// How many of them this machine has, with the value that the mode asks for.
    pub present: u32,
    /// How many of those can be changed.
    pub changeable: u32,
}

impl Reach {
    /// That of the mode of an answer.
    pub fn of_plan(apply: &uapi::Apply) -> Self {
        Self {
            lines: apply.mode_lines,
            present: apply.mode_present,
            changeable: apply.mode_reached,
        }
    }

    /// That of the mode that the machine is in.
    pub fn of_status(status: &uapi::Status) -> Self {
        Self {
            lines: status.mode_lines,
            present: status.mode_present,
            changeable: status.mode_reached,
        }
    }

    /// For people.
    pub fn in_words(self) -> String {
        let controls = count(self.lines, "control");
        let exist = if self.present == 1 { "exists" } else { "exist" };
        format!(
            "{} of {controls} {exist} here, {} can be changed",
            self.present, self.changeable
        )
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Name of the control.
    pub control: String,
    /// Where the control comes from.
    pub family: Word,
    /// Name of the value that it had.
    pub from: String,
    /// Name of the value that it shall have.
    pub to: String,
    /// Whether nobody has yet reported a write of that value on hardware: that it may be written rests
    /// on tables of real machines alone.
    pub untried: bool,
    /// Whether a machine that is reached over a network may be out of reach with that value.
    pub cuts_network: bool,
    /// Name of the value that was found in force at the end of a step that is `moved` or `degraded`;
    /// null where that is not known, and of any other step.
    pub now: Option<String>,
    /// `planned`, `done`, `failed`, `undone`, `degraded` or `moved`.
    pub state: Word,
    /// Why it failed, or could not be undone.
    pub error: Option<ErrnoDoc>,
}

impl Step {
    /// Whether it is in force after the next boot only, as far as that is known: what a setting's
    /// token says is what the firmware will do then.
    pub fn waits_for_reboot(&self) -> bool {
        self.family == "platform"
    }

    /// All steps of an answer.
    pub fn all(wire: &[uapi::Step], controls: &[Control]) -> Vec<Self> {
        wire.iter().map(|step| Self::new(step, controls)).collect()
    }

    fn new(wire: &uapi::Step, controls: &[Control]) -> Self {
        let control = controls.iter().find(|control| control.id == wire.control);
        let to = control.and_then(|control| control.values.get(usize::from(wire.to)));
        let value = |index: u8| {
            control
                .and_then(|control| control.value_name(index))
                .unwrap_or_else(|| format!("value-{index}"))
        };
        Self {
            control: name_of(wire.control, controls),
            family: control.map_or("unknown".into(), |control| control.family.clone()),
            from: value(wire.from),
            to: value(wire.to),
            untried: to.is_some_and(|value| value.untried),
            cuts_network: to.is_some_and(|value| value.cuts_network),
            now: (wire.now != uapi::INDEX_NONE).then(|| value(wire.now)),
            state: step_word(wire.state),
            error: ErrnoDoc::new(wire.error),
        }
    }
}

/// What a mode asks of one control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Name of the control.
    pub control: String,
    /// Where the control comes from.
    pub family: Word,
    /// Name of the value that it has; null where that is not known.
    pub now: Option<String>,
    /// Name of the value that the mode asks for.
    pub wanted: String,
    /// `open`, `holds` or `out-of-reach`.
    pub state: Word,
    /// Why it is out of reach.
    pub reason: Option<Word>,
    /// The other control that the reason speaks of.
    pub needs: Option<String>,
}

impl Line {
    /// All lines of an answer.
    pub fn all(wire: &[uapi::Step], controls: &[Control]) -> Vec<Self> {
        wire.iter().map(|line| Self::new(line, controls)).collect()
    }

    fn new(wire: &uapi::Step, controls: &[Control]) -> Self {
        let step = Step::new(wire, controls);
        Self {
            control: step.control,
            family: step.family,
            now: (wire.from != uapi::INDEX_NONE).then_some(step.from),
            wanted: step.to,
            state: match wire.state {
                uapi::STEP_PLANNED => "open".into(),
                other => word!("state", other, STEP_HOLDS STEP_OUT_OF_REACH),
            },
            reason: reason_word(wire.reason),
            needs: (wire.needs != 0).then(|| name_of(wire.needs, controls)),
        }
    }
}

/// Name of the control with this id; one that is not in the listing becomes e.g. `id-7`.
pub fn name_of(id: u32, controls: &[Control]) -> String {
    controls
        .iter()
        .find(|control| control.id == id)
        .map_or_else(|| format!("id-{id}"), |control| control.name.clone())
}

/// A control that cannot have what the mode of the machine asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreached {
    /// Name of the control.
    pub control: String,
    /// Name of the value that the mode asks for.
    pub wanted: Option<String>,
    /// Why it cannot have that.
    pub reason: Option<Word>,
    /// The other control that the reason speaks of.
    pub needs: Option<String>,
}

impl Unreached {
    /// For people: `microphone (restricted)`.
    fn in_words(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or("unknown");
        match &self.needs {
            Some(needs) => format!("{} ({reason}, {needs})", self.control),
            None => format!("{} ({reason})", self.control),
        }
    }
}

/// The mode that the machine is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Name of the mode; null where the machine is in none.
    pub name: Option<Word>,
    /// `exact`, `deviates` or `custom`.
    pub standing: Word,
    /// Controls that are not as the mode asks for.
    pub deviations: Vec<String>,
    /// Controls that cannot have what the mode asks for, and have not got it.
    pub unreached: Vec<Unreached>,
    /// How far the mode reaches; null where the machine is in none.
    pub reach: Option<Reach>,
}

impl Standing {
    /// Reads what the driver said.
    pub fn new(status: &uapi::Status, controls: &[Control]) -> Self {
        let custom = status.standing == uapi::STANDING_CUSTOM;
        Self {
            name: (!custom).then(|| mode_word(status.mode)),
            standing: word!("standing", status.standing, STANDING_CUSTOM STANDING_EXACT
                STANDING_DEVIATES),
            deviations: if custom {
                Vec::new()
            } else {
                names(controls, |control| control.deviates)
            },
            unreached: controls.iter().filter_map(unreached).collect(),
            reach: (!custom).then(|| Reach::of_status(status)),
        }
    }

    /// Whether the machine is in a mode, and in all of it.
    pub fn is_whole(&self) -> bool {
        self.standing == "exact" && self.unreached.is_empty()
    }

    /// For people: `standard, 1 out of reach, with 2 deviations: camera, gps`.
    pub fn in_words(&self) -> String {
        let Some(name) = &self.name else {
            return "custom: in none of the modes".into();
        };
        let name = match self.unreached.len() {
            0 => name.to_string(),
            count => format!("{name}, {count} out of reach"),
        };
        let comma = if self.unreached.is_empty() { "" } else { "," };
        match self.deviations.as_slice() {
            [] => name,
            [one] => format!("{name}{comma} with 1 deviation: {one}"),
            several => format!(
                "{name}{comma} with {} deviations: {}",
                several.len(),
                several.join(", ")
            ),
        }
    }

    /// What is out of reach, and why, for people; `None` where nothing is.
    pub fn unreached_in_words(&self) -> Option<String> {
        let all: Vec<String> = self.unreached.iter().map(Unreached::in_words).collect();
        (!all.is_empty()).then(|| format!("out of reach: {}", all.join(", ")))
    }
}

fn unreached(control: &Control) -> Option<Unreached> {
    let refusal = control.unreached.as_ref()?;
    Some(Unreached {
        control: control.name.clone(),
        wanted: control.wanted.clone(),
        reason: refusal.reason.clone(),
        needs: refusal.needs.clone(),
    })
}

/// Names of the controls of which something is true.
pub fn names(controls: &[Control], wanted: impl Fn(&Control) -> bool) -> Vec<String> {
    controls
        .iter()
        .filter(|control| wanted(control))
        .map(|control| control.name.clone())
        .collect()
}
