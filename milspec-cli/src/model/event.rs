// SPDX-License-Identifier: GPL-2.0

//! Records of the journal.

use super::{clean, mode_word, outcome_word, reason_word, step_word, Control, ErrnoDoc, Word};
use crate::root::Root;
use crate::{clock, system};
use milspec_posture::dsmil::STATES;
use milspec_posture::setting::Setting;
use milspec_posture::settings::SETTINGS;
use milspec_uapi as uapi;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One record.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Its number, from 1 at load.
    pub sequence: u64,
    /// When, in UTC.
    pub time: String,
    /// When, in nanoseconds since 1970.
    #[serde(skip)]
    pub wall_ns: u64,
    /// When, on the clock that counts from boot, sleep included.
    pub boottime_ns: u64,
    /// What happened.
    pub kind: Word,
    /// How much it matters.
    pub severity: Word,
    /// The mode that it speaks of.
    pub mode: Option<Word>,
    /// Whether an apply has a list of controls, exceptions from the mode where there is one.
    pub listed: bool,
    /// Name of the control.
    pub control: Option<String>,
    /// Name of the value that the control had.
    pub from: Option<String>,
    /// Name of the value that it has, or should have.
    pub to: Option<String>,
    /// What became of a step.
    pub step: Option<Word>,
    /// How an apply ended.
    pub outcome: Option<Word>,
    /// Why a request was refused.
    pub reason: Option<Word>,
    /// The other control that the reason speaks of.
    pub needs: Option<String>,
    /// What made it fail.
    pub error: Option<ErrnoDoc>,
    /// A number that the kind gives a meaning.
    pub count: u32,
    /// Sequence of the record that it speaks of.
    pub about: Option<u64>,
    /// Generation of the controls.
    pub generation: u64,
    /// Who; where the driver or the firmware did it, the task that it happened to run in. Null for
    /// a gap.
    pub actor: Option<Actor>,
    /// How it came to the driver.
    pub origin: Option<Word>,
    /// Whether something else has changed what the driver had set.
    pub drift: bool,
    /// Whether it is extended into the PCR, unless a later record says otherwise.
    pub anchored: bool,
    /// Number of the PCR.
    pub pcr: Option<u8>,
    /// What the PCR held when the module was loaded.
    pub pcr_value: Option<String>,
    /// Which load of the module it belongs to.
    pub load: String,
    /// Its chain value.
    pub chain: String,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// Process id.
    pub pid: u32,
    /// Real user id.
    pub uid: u32,
    /// Name of that user; null where it has none here, and in a saved journal.
    pub user: Option<String>,
    /// The user that logged in, whatever user id it has by now; null for none.
    pub login_uid: Option<u32>,
    /// Name of that user.
    pub login: Option<String>,
    /// Name of the command.
    pub command: String,
}

impl Actor {
    /// For people: `by root, logged in as alice, milspecctl (pid 812)`.
    pub fn in_words(&self) -> String {
        let name = |uid: u32, name: &Option<String>| match name {
            Some(name) => name.clone(),
            None => format!("uid {uid}"),
        };
        let mut text = format!("by {}", name(self.uid, &self.user));
        if let Some(uid) = self.login_uid.filter(|uid| *uid != self.uid) {
            text.push_str(&format!(", logged in as {}", name(uid, &self.login)));
        }
        match self.command.as_str() {
            "" => text.push_str(&format!(", pid {}", self.pid)),
            command => text.push_str(&format!(", {command} (pid {})", self.pid)),
        }
        text
    }
}

/// Where names come from. Without the driver's, those of controls are the catalogue's; without the
/// machine's, users have none.
pub struct Naming<'a> {
    controls: &'a [Control],
    users: Option<&'a Root>,
}

impl<'a> Naming<'a> {
    /// For a journal that may be another machine's.
    pub const NONE: Self = Self {
        controls: &[],
        users: None,
    };

    /// For this machine's journal.
    pub fn of(root: &'a Root, controls: &'a [Control]) -> Self {
        Self {
            controls,
            users: Some(root),
        }
    }
}

impl Event {
    /// Puts records into words.
    pub fn all(wire: &[uapi::Event], naming: &Naming<'_>) -> Vec<Self> {
        // Once for all: there are thousands of records, and a few users.
        let numbers = wire.iter().flat_map(|event| [event.uid, event.login_uid]);
        let numbers: BTreeSet<u32> = numbers.filter(|uid| *uid != uapi::LOGIN_UID_NONE).collect();
        let named = |uid: u32| Some((uid, system::user_name(naming.users?, uid)?));
        let users: BTreeMap<u32, String> = numbers.into_iter().filter_map(named).collect();
        let events = wire.iter();
        events
            .map(|event| Self::new(event, naming.controls, &users))
            .collect()
    }

    fn new(wire: &uapi::Event, controls: &[Control], users: &BTreeMap<u32, String>) -> Self {
        let find = |id: u32| controls.iter().find(|control| control.id == id);
        let name = |id: u32| (id != 0).then(|| control_name(id, find(id)));
        let here = find(wire.control);
        let login_uid = (wire.login_uid != uapi::LOGIN_UID_NONE).then_some(wire.login_uid);
        let value =
            |index: u8| (index != uapi::INDEX_NONE).then(|| value_name(wire.control, here, index));
        let has = |bit: u8| wire.properties & bit != 0;
        let gap = wire.kind == uapi::KIND_GAP;
        Self {
            sequence: wire.sequence,
            time: clock::utc(wire.wall_ns),
            wall_ns: wire.wall_ns,
            boottime_ns: wire.boot_ns,
            kind: kind_word(wire.kind),
            severity: severity_word(wire.severity),
            mode: (wire.mode != uapi::MODE_NONE).then(|| mode_word(wire.mode)),
            listed: has(uapi::EVENT_LIST),
            control: name(wire.control),
            from: value(wire.from).filter(|_| !gap),
            to: value(wire.to).filter(|_| !gap),
            step: (wire.kind == uapi::KIND_STEP).then(|| step_word(wire.step)),
            outcome: (wire.kind == uapi::KIND_APPLY_ENDED).then(|| outcome_word(wire.outcome)),
            reason: reason_word(wire.reason),
            needs: name(wire.needs),
            error: ErrnoDoc::new(wire.error),
            count: wire.count,
            about: (wire.about != 0).then_some(wire.about),
            generation: wire.generation,
            actor: (!gap).then(|| Actor {
                pid: wire.pid,
                uid: wire.uid,
                user: users.get(&wire.uid).cloned(),
                login: login_uid.and_then(|uid| users.get(&uid).cloned()),
                login_uid,
                command: clean(&wire.comm),
            }),
            origin: (!gap).then(|| origin_word(wire.origin)),
            drift: has(uapi::EVENT_DRIFT),
            anchored: has(uapi::EVENT_ANCHORED),
            pcr: (has(uapi::EVENT_ANCHORED) || has(uapi::EVENT_PCR)).then_some(wire.pcr),
            pcr_value: has(uapi::EVENT_PCR).then(|| hex::encode(wire.extra)),
            load: hex::encode(wire.load),
            chain: hex::encode(wire.chain),
        }
    }
}

/// The setting with this id of a control; `None` where that is of another family.
fn setting(id: u32) -> Option<&'static Setting> {
    let ours = id >> 16 == u32::from(uapi::FAMILY_PLATFORM);
    SETTINGS.get((id & 0xFFFF) as usize).filter(|_| ours)
}

fn is_device(id: u32) -> bool {
    id >> 16 == u32::from(uapi::FAMILY_DSMIL)
}

/// Name of a control that may be of another machine.
fn control_name(id: u32, here: Option<&Control>) -> String {
    match (here, setting(id)) {
        (Some(control), _) => control.name.clone(),
        (None, Some(setting)) => setting.name.into(),
        (None, None) if is_device(id) => format!("dsmil-{}", id & 0xFFFF),
        (None, None) => format!("control-{id:#x}"),
    }
}

/// Name of one of its values.
fn value_name(id: u32, here: Option<&Control>, index: u8) -> String {
    let at = usize::from(index);
    let catalogued = match setting(id) {
        Some(setting) => {
            let beyond = setting.otherwise().filter(|_| at == 1);
            setting.values.get(at).map(|value| value.name).or(beyond)
        }
        None => STATES.get(at).copied().filter(|_| is_device(id)),
    };
    here.and_then(|control| control.value_name(index))
        .or_else(|| catalogued.map(str::to_string))
        .unwrap_or_else(|| format!("value-{index}"))
}

fn kind_word(number: u16) -> Word {
    word!("kind", number, KIND_LOAD KIND_BIND KIND_UNBIND KIND_APPLY_BEGUN KIND_APPLY_ENDED
        KIND_STEP KIND_REFUSED KIND_SUPPRESSED KIND_OUTSIDE_CHANGE KIND_TAMPER KIND_LATCH
        KIND_RESUME KIND_ANCHOR_FAILED KIND_ACCEPTED KIND_GAP)
}

fn severity_word(number: u8) -> Word {
    word!("severity", number, SEVERITY_ERROR SEVERITY_WARNING SEVERITY_NOTICE SEVERITY_INFO)
}

fn origin_word(number: u8) -> Word {
    word!("origin", number, ORIGIN_IOCTL ORIGIN_SYSFS ORIGIN_DRIVER
        ORIGIN_FIRMWARE_ATTRIBUTES)
}
