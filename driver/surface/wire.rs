// SPDX-License-Identifier: GPL-2.0

//! From the engine's types to the wire types of `uapi`.

use crate::{
    engine::{
        Ended,
        Ending,
        Engine,
        FamilyState,
        Snapshot, //
    },
    kapi::dmi::{
        self,
        Field, //
    },
    posture::{
        control::{
            Answer,
            Class,
            Family,
            Presence,
            Reading, //
        },
        fact::{
            Fact,
            Policy,
            Reason,
            Refusal, //
        },
        mode::Mode,
        plan::{
            Line,
            Stands,
            Step, //
        }, //
    },
    provider::{
        Details,
        Value, //
    },
    uapi, //
};
use kernel::prelude::*;

/// Version of the driver. A test holds it to that of the crates.
const VERSION: &[u8] = b"0.9.0";

fn dmi_text<const N: usize>(field: Field) -> [u8; N] {
    uapi::field(dmi::text(field).map_or(&[], CStr::to_bytes))
}

/// Makes the answer to `IOC_INFO`.
pub(super) fn info(engine: &Engine) -> uapi::Info {
    uapi::Info {
        head: uapi::Head::default(),
        abi_major: uapi::ABI_MAJOR,
        abi_minor: uapi::ABI_MINOR,
        properties: properties([(engine.parameters().forced, uapi::INFO_FORCED)]),
        driver_version: uapi::field(VERSION),
        vendor: dmi_text(Field::Vendor),
        product: dmi_text(Field::Product),
        bios_version: dmi_text(Field::BiosVersion),
    }
}

/// Makes the part of the answer to `IOC_STATUS` that a snapshot has.
pub(super) fn status(engine: &Engine, snapshot: &Snapshot) -> uapi::Status {
    let interface = snapshot.interface;
    let standing = &snapshot.standing;
    let bits = [
        (snapshot.latched, uapi::STATUS_LATCHED),
        (
            snapshot.count(Fact::is_pending) > 0,
            uapi::STATUS_PENDING_REBOOT,
        ),
        (snapshot.restricted_allowed, uapi::STATUS_RESTRICTED_ALLOWED),
        (engine.parameters().require_tpm, uapi::STATUS_TPM_REQUIRED),
        (engine.is_copy(), uapi::STATUS_TRAINING),
    ];
    uapi::Status {
        generation: snapshot.generation,
        refreshed_ns: snapshot.read_ns(),
        properties: properties(bits),
        mode: standing.mode.map_or(uapi::MODE_NONE, Mode::number),
        standing: match (standing.mode, standing.deviations) {
            (None, _) => uapi::STANDING_CUSTOM,
            (Some(_), 0) => uapi::STANDING_EXACT,
            (Some(_), _) => uapi::STANDING_DEVIATES,
        },
        deviations: standing.deviations,
        drifted: snapshot.count(Fact::has_drifted),
        degraded: snapshot.count(|fact| fact.mark.degraded),
        tampered: snapshot.count(|fact| fact.tamper == Some(true)),
        mode_lines: standing.coverage.lines,
        mode_present: standing.coverage.present,
        mode_reached: standing.coverage.reached,
        mode_unreached: snapshot.count(|fact| fact.unreached.is_some()),
        platform: family(&snapshot.platform),
        dsmil: family(&snapshot.dsmil),
        dsmil_major: interface.map_or(0, |interface| interface.major),
        dsmil_minor: interface.map_or(0, |interface| interface.minor),
        dsmil_implementation: interface.map_or([0; 16], |interface| interface.implementation),
        ..uapi::Status::default()
    }
}

/// Adds what is no part of a snapshot.
pub(super) fn add_present(status: &mut uapi::Status, engine: &Engine) {
    let (step, steps) = engine.progress();
    let journal = engine.journal().standing();
    status.apply_step = step;
    status.apply_steps = steps;
    status.journal_next = journal.next;
    status.journal_overwritten = journal.overwritten;
    status.anchored = journal.anchored;
    status.anchor_pending = journal.pending;
    status.anchor_failures = journal.failures;
    status.anchor_error = journal.error;
    status.suppressed = journal.suppressed;
    status.anchor = match (journal.pcr, journal.error) {
        _ if engine.is_copy() => uapi::ANCHOR_TRAINING,
        (None, _) => uapi::ANCHOR_NONE,
        (Some(_), 0) => uapi::ANCHOR_READY,
        (Some(_), _) => uapi::ANCHOR_FAILED,
    };
    status.anchor_pcr = journal.pcr.unwrap_or_default();
}

/// Adds how the last request has ended.
pub(super) fn add_last(status: &mut uapi::Status, last: &Ended) {
    status.last_request = last.number;
    status.last_sequence = last.sequence;
    status.last_outcome = last.outcome;
    status.last_reason = last.reason;
    status.last_mode = last.mode;
    status.last_control = last.control;
    status.last_needs = last.needs;
    status.last_error = last.error;
    status.last_pid = last.pid;
}

/// What answers say of whose they are.
pub(super) fn answer(engine: &Engine) -> u32 {
    properties([(engine.is_copy(), uapi::ANSWER_TRAINING)])
}

/// The bits of those properties that hold.
fn properties<const N: usize>(bits: [(bool, u32); N]) -> u32 {
    let held = bits.into_iter().filter(|(holds, _)| *holds);
    held.fold(0, |all, (_, bit)| all | bit)
}

fn family(family: &FamilyState) -> uapi::FamilyStatus {
    uapi::FamilyStatus {
        state: match (family.present, family.error) {
            (false, _) => uapi::FAMILY_ABSENT,
            (true, 0) => uapi::FAMILY_READY,
            (true, _) => uapi::FAMILY_FAILED,
        },
        error: family.error,
        controls: family.controls,
        unreadable: family.unreadable,
        firmware_calls: family.firmware_calls,
        refreshed_ns: family.read_ns,
        reserved: 0,
    }
}

/// What was allowed when the snapshot was made.
pub(super) fn policy(snapshot: &Snapshot) -> Policy {
    Policy {
        restricted_allowed: snapshot.restricted_allowed,
        latched: snapshot.latched,
        blind: snapshot.is_blind(),
        confirmed: false,
    }
}

fn index(value: Option<u8>) -> u8 {
    value.unwrap_or(uapi::INDEX_NONE)
}

fn class(class: Class) -> u8 {
    match class {
        Class::Safe => uapi::CLASS_SAFE,
        Class::Monitored => uapi::CLASS_MONITORED,
        Class::Restricted => uapi::CLASS_RESTRICTED,
        Class::ReadOnly => uapi::CLASS_READ_ONLY,
        Class::Quarantined => uapi::CLASS_QUARANTINED,
    }
}

/// Makes one element of the answer to `IOC_CONTROLS`.
pub(super) fn control(fact: &Fact, details: &Details, policy: &Policy) -> uapi::Control {
    let bits = [
        (fact.tamper == Some(true), uapi::CONTROL_TAMPER),
        (fact.deviates(), uapi::CONTROL_DEVIATES),
        (fact.has_drifted(), uapi::CONTROL_DRIFTED),
        (fact.mark.degraded, uapi::CONTROL_DEGRADED),
        (fact.is_pending(), uapi::CONTROL_PENDING_REBOOT),
        (fact.denied, uapi::CONTROL_DENIED),
        (fact.unreached.is_some(), uapi::CONTROL_UNREACHED),
    ];
    let mut wire = uapi::Control {
        id: fact.id,
        family: match fact.family {
            Family::Platform => uapi::FAMILY_PLATFORM,
            Family::Dsmil => uapi::FAMILY_DSMIL,
        },
        control_class: class(fact.class),
        access: if fact.writable {
            uapi::ACCESS_READ_WRITE
        } else {
            uapi::ACCESS_READ_ONLY
        },
        presence: match details.presence {
            Presence::Full => uapi::PRESENCE_FULL,
            Presence::Partial => uapi::PRESENCE_PARTIAL,
            Presence::Contradictory => uapi::PRESENCE_CONTRADICTORY,
        },
        reading: match fact.reading {
            Reading::Known(_) => uapi::READING_KNOWN,
            Reading::Unknown => uapi::READING_UNKNOWN,
            Reading::Ambiguous => uapi::READING_AMBIGUOUS,
            Reading::Failed(_) => uapi::READING_FAILED,
        },
        current: match fact.reading {
            Reading::Known(value) => value,
            _ => uapi::INDEX_NONE,
        },
        value_count: details.values().len() as u8,
        depend_count: details.depends().len() as u8,
        error: match fact.reading {
            Reading::Failed(errno) => errno,
            _ => 0,
        },
        properties: properties(bits),
        group: fact.group.into(),
        changed: fact.changed,
        baseline: index(fact.mark.baseline),
        written: index(fact.mark.written),
        wanted: index(fact.wanted),
        unreached_reason: fact.unreached.map_or(uapi::REASON_NONE, Reason::number),
        unreached_needs: fact.unreached.map_or(0, Reason::needs),
        reserved: [0; 2],
        depends: [0; uapi::CONTROL_DEPENDS],
        name: details.name,
        label: details.label,
        values: [uapi::ControlValue::default(); uapi::CONTROL_VALUES],
    };
    for (to, from) in wire.depends.iter_mut().zip(details.depends()) {
        *to = *from;
    }
    for (number, (to, from)) in (0u8..).zip(wire.values.iter_mut().zip(details.values())) {
        *to = value(fact, number, from, policy);
    }
    wire
}

fn value(fact: &Fact, number: u8, value: &Value, policy: &Policy) -> uapi::ControlValue {
    let (properties, expected, read) = match value.answer {
        Answer::Absent => (0, 0, 0),
        Answer::Unread | Answer::Failed(_) => (uapi::VALUE_PRESENT, 0, 0),
        // `no` of a flag, or the one of two values that the machine does not list.
        Answer::Implied(active) => {
            let active = if active { uapi::VALUE_ACTIVE } else { 0 };
            let present = if value.token == 0 {
                uapi::VALUE_PRESENT
            } else {
                0
            };
            (present | active, 0, 0)
        }
        Answer::Copied(active) => {
            let active = if active { uapi::VALUE_ACTIVE } else { 0 };
            (uapi::VALUE_PRESENT | active, 0, 0)
        }
        Answer::Read { read, expected } => {
            let active = if value.answer.is_active() {
                uapi::VALUE_ACTIVE
            } else {
                0
            };
            let properties = uapi::VALUE_PRESENT | uapi::VALUE_READ | active;
            (properties, expected, read)
        }
    };
    let untried = match fact.is_untried(number) {
        true => uapi::VALUE_UNTRIED,
        false => 0,
    };
    let cuts_network = match value.cuts_network {
        true => uapi::VALUE_CUTS_NETWORK,
        false => 0,
    };
    let (token, location) = match fact.family {
        Family::Platform => (value.token, value.location),
        Family::Dsmil => (0, 0),
    };
    uapi::ControlValue {
        name: uapi::field(value.name.as_bytes()),
        token,
        location,
        expected,
        properties: properties | untried | cuts_network,
        read,
        value_class: class(fact.class_of(number)),
        gate: fact
            .refusal(number, policy)
            .map_or(uapi::REASON_NONE, Reason::number),
        ..uapi::ControlValue::default()
    }
}

/// How a request ended.
#[derive(Clone, Copy, Default)]
pub(super) struct Outcome {
    pub(super) outcome: u8,
    pub(super) reason: u8,
    pub(super) control: u32,
    pub(super) needs: u32,
    pub(super) error: u32,
}

/// What became of a request; nothing, where there is no room for the answer.
pub(super) fn outcome(ending: &Ending) -> Outcome {
    match *ending {
        Ending::Planned => Outcome {
            outcome: uapi::OUTCOME_PLANNED,
            ..Outcome::default()
        },
        Ending::Done => Outcome {
            outcome: uapi::OUTCOME_DONE,
            ..Outcome::default()
        },
        Ending::NoRoom => Outcome {
            error: ENOSPC.to_errno().unsigned_abs(),
            ..Outcome::default()
        },
        Ending::Refused(Refusal { id, reason }) => Outcome {
            outcome: uapi::OUTCOME_REFUSED,
            reason: reason.number(),
            control: id,
            needs: reason.needs(),
            error: 0,
        },
        Ending::Undone { control, error } => Outcome {
            outcome: uapi::OUTCOME_UNDONE,
            control,
            error,
            ..Outcome::default()
        },
        Ending::Conflict { control, error } => Outcome {
            outcome: uapi::OUTCOME_CONFLICT,
            control,
            error,
            ..Outcome::default()
        },
        Ending::Degraded { control, error } => Outcome {
            outcome: uapi::OUTCOME_DEGRADED,
            control,
            error,
            ..Outcome::default()
        },
    }
}

/// A step.
pub(super) fn step(step: &Step) -> uapi::Step {
    uapi::Step {
        control: step.id,
        from: step.from,
        to: step.to,
        now: index(step.now),
        state: step.progress.number(),
        error: step.progress.error(),
        ..uapi::Step::default()
    }
}

/// A line, where it looks like a step.
pub(super) fn line(line: &Line) -> uapi::Step {
    let (state, reason) = match line.stands {
        Stands::Open => (uapi::STEP_PLANNED, None),
        Stands::Holds => (uapi::STEP_HOLDS, None),
        Stands::OutOfReach(reason) => (uapi::STEP_OUT_OF_REACH, Some(reason)),
    };
    uapi::Step {
        control: line.id,
        from: index(line.from),
        to: line.to,
        now: uapi::INDEX_NONE,
        state,
        reason: reason.map_or(uapi::REASON_NONE, Reason::number),
        needs: reason.map_or(0, Reason::needs),
        ..uapi::Step::default()
    }
}
