// SPDX-License-Identifier: GPL-2.0

//! BIOS attributes as a witness: settings by name, as business Dells from 2018 on show them through
//! mainline's `dell-wmi-sysman`. They are read and put beside the controls; nothing here writes.
//!
//! A value that cannot be read, that the machine does not list, or of which nobody knows what it
//! stands for, is never taken for one that agrees.

mod modifier;
mod others;
mod pairs;
mod sysfs;
mod witness;

pub use others::is_destructive;
pub use pairs::Evidence;
pub use sysfs::State;
pub use witness::{Verdict, Witness};

use crate::model::{Control, ErrnoDoc};
use crate::root::Root;
use crate::warning::Warning;
use others::{Known, OTHERS};
use pairs::PAIRS;
use serde::Serialize;
use sysfs::{Class, Now};

/// What the attributes of this machine say.
#[derive(Clone, Debug, Serialize)]
pub struct Attributes {
    /// How the machine stands with them.
    pub state: State,
    /// The same for people.
    pub reason: String,
    /// What to do about it; null where nothing is to be done.
    pub remedy: Option<&'static str>,
    /// How many there are; null where that is not known.
    pub count: Option<u64>,
    /// Whether one was set through the driver of the attributes since the last boot; null where it
    /// does not say.
    pub pending_reboot: Option<bool>,
    /// Whether the firmware wants its administrator password for setting one; null where no command
    /// is shown that sets one, and where it does not say.
    pub password: Option<bool>,
    /// Those that stand beside a control that was asked for.
    pub witnesses: Vec<Witness>,
}

impl Attributes {
    fn new(class: &Class<'_>, witnesses: Vec<Witness>) -> Self {
        Self {
            state: class.state,
            reason: class.reason.clone(),
            remedy: class.remedy,
            count: match class.state {
                State::Present => Some(class.names.len() as u64),
                State::Absent => Some(0),
                _ => None,
            },
            pending_reboot: class.pending_reboot,
            password: None,
            witnesses,
        }
    }

    /// Those beside these controls, which may have been changed just now.
    pub fn beside(root: &Root, controls: &[&Control], just_written: bool) -> Self {
        let class = Class::read(root);
        let witnesses = witnesses(&class, controls, just_written);
        Self::new(&class, witnesses)
    }

    /// How many agree, disagree, and were not compared.
    pub fn tally(&self) -> [u64; 3] {
        let number = |verdict| {
            let all = self.witnesses.iter();
            all.filter(|witness| witness.verdict == verdict).count() as u64
        };
        [
            number(Verdict::Agrees),
            number(Verdict::Disagrees),
            number(Verdict::NotCompared),
        ]
    }

    /// What speaks against a change that was made, where something does.
    pub fn warning(&self) -> Option<Warning> {
        let against = || {
            let all = self.witnesses.iter();
            all.filter(|witness| witness.verdict == Verdict::Disagrees)
        };
        let texts: Vec<String> = against()
            .map(|witness| {
                let reason = witness.reason.as_deref().unwrap_or("nobody knows why");
                format!("{}: {}; {reason}", witness.control, witness.in_words())
            })
            .collect();
        (!texts.is_empty()).then(|| {
            Warning::new(
                "attribute-disagrees",
                format!("a BIOS attribute says otherwise: {}", texts.join("; ")),
                "look again after the next boot: \"milspecctl control list --attributes\"",
            )
            .about(against().map(|witness| witness.control.clone()).collect())
        })
    }
}

/// Whether some attribute is known to speak of a control.
pub fn is_known(control: &Control) -> bool {
    PAIRS.iter().any(|pair| pair.control == control.name)
}

/// In the order of the controls.
fn witnesses(class: &Class<'_>, controls: &[&Control], just_written: bool) -> Vec<Witness> {
    let mut all = Vec::new();
    for control in controls {
        let mine = PAIRS.iter().filter(|pair| pair.control == control.name);
        all.extend(mine.filter_map(|pair| witness::compare(class, pair, control, just_written)));
    }
    all
}

/// An attribute that no control of this machine stands beside.
#[derive(Clone, Debug, Serialize)]
pub struct Other {
    /// Its name.
    pub attribute: String,
    /// What it is, for people.
    pub about: String,
    /// What the name stands on.
    pub evidence: Evidence,
    /// Its value; null where it could not be read.
    pub value: Option<String>,
    /// Why it could not be read.
    pub error: Option<ErrnoDoc>,
    /// What it can be, where it lists that.
    pub possible_values: Vec<String>,
    /// The value that hardens, as the machine spells it; null where that depends, or where the
    /// machine lists no such value.
    pub hardened: Option<String>,
    /// Whether setting it can destroy something or lock out for ever.
    pub destructive: bool,
    /// The command that sets it; null where there is none to give.
    pub command: Option<String>,
    /// Why there is none, for people; null where there is.
    pub no_command: Option<String>,
}

impl Other {
    /// Whether it is known what hardens, and that it is not so.
    pub fn is_open(&self) -> bool {
        match (&self.value, &self.hardened) {
            (Some(value), Some(hardened)) => !value.eq_ignore_ascii_case(hardened),
            _ => false,
        }
    }
}

/// All attributes that matter: those beside the controls, and the others. `controls` is `None` where
/// the driver cannot be asked which there are.
pub fn all(root: &Root, controls: Option<&[Control]>) -> (Attributes, Vec<Other>) {
    let class = Class::read(root);
    let listed: Vec<&Control> = controls.unwrap_or_default().iter().collect();
    let mut attributes = Attributes::new(&class, witnesses(&class, &listed, false));
    let beside = |name: &str| {
        let mut all = attributes.witnesses.iter();
        all.any(|witness| witness.attribute == name)
    };
    let mut others = Vec::new();
    for name in class.names.iter().filter(|name| !beside(name)) {
        let known = OTHERS.iter().find(|known| known.name == *name);
        let pair = PAIRS.iter().find(|pair| pair.attribute == *name);
        let (about, evidence) = match (known, pair) {
            (Some(known), _) => (known.about.to_string(), known.evidence),
            (None, Some(pair)) => (speaks_of(pair.control, controls), pair.evidence),
            (None, None) if others::is_destructive(name) => {
                (others::DESTROYS.to_string(), Evidence::Derived)
            }
            (None, None) => continue,
        };
        // What a control could do, where there is one, is not for another program to do.
        let open = pair.is_none() || controls.is_some();
        others.extend(other(&class, name, about, evidence, known, open));
    }
    if others.iter().any(|other| other.command.is_some()) {
        attributes.password = class.password();
    }
    // As in the table, what is not there at the end.
    let place = |other: &Other| {
        let at = OTHERS
            .iter()
            .position(|known| known.name == other.attribute);
        at.unwrap_or(OTHERS.len())
    };
    others.sort_by_key(place);
    (attributes, others)
}

fn speaks_of(control: &str, controls: Option<&[Control]>) -> String {
    match controls {
        Some(_) => format!("as control {control}, which this machine lists no token for"),
        None => format!("as control {control}; the driver cannot be asked for that"),
    }
}

fn other(
    class: &Class<'_>,
    name: &str,
    about: String,
    evidence: Evidence,
    known: Option<&Known>,
    open: bool,
) -> Option<Other> {
    let attribute = class.attribute(name)?;
    let (value, error) = match &attribute.now {
        Now::Value(value) => (Some(value.clone()), None),
        Now::NotAllowed(errno) | Now::Failed(errno) => (None, ErrnoDoc::new(*errno as u32)),
    };
    let listed = |wanted: &str| {
        let mut all = attribute.possible.iter();
        all.find(|one| one.eq_ignore_ascii_case(wanted)).cloned()
    };
    let hardened = known.and_then(|known| known.hardened).and_then(listed);
    // Only where that would change something.
    let harder = hardened.as_ref().filter(|wanted| {
        let now = value.as_ref();
        now.is_none_or(|now| !now.eq_ignore_ascii_case(wanted))
    });
    let destructive = others::is_destructive(name);
    let no_command = if destructive {
        Some("shown only: setting it can destroy something for ever".to_string())
    } else if !open {
        Some("load the driver first".to_string())
    } else if value.is_none() {
        Some("its value is not known".to_string())
    } else {
        class.closed(&attribute)
    };
    let command = match no_command {
        None => others::command(name, harder.map(String::as_str)),
        Some(_) => None,
    };
    Some(Other {
        attribute: name.to_string(),
        about,
        evidence,
        value,
        error,
        hardened,
        destructive,
        no_command: match (&command, no_command) {
            (None, None) => Some("its name or value is not one word".to_string()),
            (_, why) => why,
        },
        command,
        possible_values: attribute.possible,
    })
}
