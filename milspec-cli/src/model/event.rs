// SPDX-License-Identifier: GPL-2.0

//! Records of the journal.

use super::{clean, mode_word, outcome_word, reason_word, step_word, Control, ErrnoDoc, Word};
use crate::root::Root;
use crate::snapshot::Snapshot;
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
    /// Whether it is of a training: nothing of it has happened to the machine.
    pub training: bool,
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
    /// In the machine's records, at the begin and the end of a training: the load of its records.
    pub training_load: Option<String>,
    /// What somebody had the copy of a training do; `control`, `to` and `error` belong to it.
    pub injection: Option<Injection>,
}

/// What somebody had the copy of a training do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Injection {
    /// E.g. `write-fails`.
    pub kind: Word,
    /// How long each read or write takes from then on, where it is that.
    pub slow_ms: Option<u32>,
}

impl Injection {
    fn new(wire: &uapi::Event) -> Option<Self> {
        (wire.kind == uapi::KIND_INJECTED).then(|| Self {
            kind: injection_word(wire.count),
            slow_ms: (wire.count == uapi::INJECT_SLOW).then_some(wire.error),
        })
    }

    /// In words: what, where, and more of it.
    pub fn in_words(&self, event: &Event) -> String {
        let control = event.control.as_deref().unwrap_or("any control");
        let error = ErrnoDoc::behind(&event.error);
        let to = event.to.as_deref().unwrap_or("unknown");
        match (self.kind.as_ref(), self.slow_ms) {
            ("clear", _) => "injections taken back".into(),
            ("look", _) => "injected: the driver looks".into(),
            ("value", _) => format!("injected: {control} becomes {to} behind the driver's back"),
            ("tamper", _) => format!("injected: tampering with {control} is {to}"),
            (_, Some(ms)) => format!("injected: {control} takes {ms} ms"),
            (kind, None) => format!("injected: {kind} at {control}{error}"),
        }
    }
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
    /// Whether these are the controls of a training: its records have other controls than the
    /// machine's, and names of their own.
    training: bool,
    users: Option<&'a Root>,
}

impl<'a> Naming<'a> {
    /// For a journal that may be another machine's.
    pub const NONE: Self = Self {
        controls: &[],
        training: false,
        users: None,
    };

    /// For the records of a training with these controls.
    pub fn of_training(controls: &'a [Control]) -> Self {
        Self {
            controls,
            training: true,
            users: None,
        }
    }

    /// For the journal of this machine alone, whose controls these are: in a training the driver has
    /// others.
    pub fn of_machine(root: &'a Root, controls: &'a [Control]) -> Self {
        Self {
            controls,
            training: false,
            users: Some(root),
        }
    }

    /// For the journal of this machine and of its last training.
    pub fn of(root: &'a Root, snapshot: &'a Snapshot) -> Self {
        Self {
            controls: &snapshot.controls,
            training: snapshot.is_training(),
            users: Some(root),
        }
    }
}

impl Naming<'_> {
    /// The controls that a record speaks of.
    fn controls_of(&self, event: &uapi::Event) -> &[Control] {
        match self.training == (event.properties & uapi::EVENT_TRAINING != 0) {
            true => self.controls,
            false => &[],
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
            .map(|event| Self::new(event, naming.controls_of(event), &users))
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
        let injects = |number| wire.kind == uapi::KIND_INJECTED && wire.count == number;
        let reported = match wire.to {
            0 => "not reported",
            _ => "reported",
        };
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
            to: match injects(uapi::INJECT_TAMPER) {
                true => Some(reported.into()),
                false => value(wire.to).filter(|_| !gap),
            },
            step: (wire.kind == uapi::KIND_STEP).then(|| step_word(wire.step)),
            outcome: (wire.kind == uapi::KIND_APPLY_ENDED).then(|| outcome_word(wire.outcome)),
            reason: reason_word(wire.reason),
            needs: name(wire.needs),
            error: ErrnoDoc::new(wire.error).filter(|_| !injects(uapi::INJECT_SLOW)),
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
            training: has(uapi::EVENT_TRAINING),
            drift: has(uapi::EVENT_DRIFT),
            anchored: has(uapi::EVENT_ANCHORED),
            pcr: (has(uapi::EVENT_ANCHORED) || has(uapi::EVENT_PCR)).then_some(wire.pcr),
            pcr_value: has(uapi::EVENT_PCR).then(|| hex::encode(wire.extra)),
            load: hex::encode(wire.load),
            chain: hex::encode(wire.chain),
            training_load: matches!(
                wire.kind,
                uapi::KIND_TRAINING_BEGUN | uapi::KIND_TRAINING_ENDED
            )
            .then(|| wire.extra.first_chunk::<16>().map(hex::encode))
            .flatten()
            .filter(|_| !has(uapi::EVENT_TRAINING)),
            injection: Injection::new(wire),
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

/// The word of a `KIND_` number.
pub fn kind_word(number: u16) -> Word {
    word!("kind", number, KIND_LOAD KIND_BIND KIND_UNBIND KIND_APPLY_BEGUN KIND_APPLY_ENDED
        KIND_STEP KIND_REFUSED KIND_SUPPRESSED KIND_OUTSIDE_CHANGE KIND_TAMPER KIND_LATCH
        KIND_RESUME KIND_ANCHOR_FAILED KIND_ACCEPTED KIND_TRAINING_BEGUN KIND_TRAINING_ENDED
        KIND_INJECTED KIND_GAP)
}

/// The word of an `INJECT_` number.
fn injection_word(number: u32) -> Word {
    word!("injection", number, INJECT_WRITE_FAILS INJECT_WRITE_IGNORED INJECT_READ_FAILS
        INJECT_VALUE INJECT_TAMPER INJECT_SLOW INJECT_CLEAR INJECT_LOOK)
}

/// The `INJECT_` number of a word.
pub fn injection_number(word: &str) -> Option<u32> {
    (uapi::INJECT_WRITE_FAILS..=uapi::INJECT_LOOK).find(|number| injection_word(*number) == word)
}

fn severity_word(number: u8) -> Word {
    word!("severity", number, SEVERITY_ERROR SEVERITY_WARNING SEVERITY_NOTICE SEVERITY_INFO)
}

fn origin_word(number: u8) -> Word {
    word!("origin", number, ORIGIN_IOCTL ORIGIN_SYSFS ORIGIN_DRIVER
        ORIGIN_FIRMWARE_ATTRIBUTES)
}
