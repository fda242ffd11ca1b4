// SPDX-License-Identifier: GPL-2.0

//! From the engine's types to the wire types of `uapi`.

use crate::{
    engine::{
        Engine,
        Part, //
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
        mode::Mode, //
    },
    provider,
    uapi, //
};
use kernel::prelude::*;

/// Version of the driver, as in the module's metadata.
const VERSION: &[u8] = b"0.1.0";

fn dmi_text<const N: usize>(field: Field) -> [u8; N] {
    uapi::field(dmi::text(field).map_or(&[], CStr::to_bytes))
}

/// Makes the answer to `IOC_INFO`.
pub(super) fn info(engine: &Engine) -> uapi::Info {
    uapi::Info {
        head: uapi::Head::default(),
        abi_major: uapi::ABI_MAJOR,
        abi_minor: uapi::ABI_MINOR,
        properties: match engine.parameters().forced {
            true => uapi::INFO_FORCED,
            false => 0,
        },
        driver_version: uapi::field(VERSION),
        vendor: dmi_text(Field::Vendor),
        product: dmi_text(Field::Product),
        bios_version: dmi_text(Field::BiosVersion),
    }
}

/// Makes the answer to `IOC_STATUS`.
pub(super) fn status(engine: &Engine) -> uapi::Status {
    let snapshot = &engine.snapshot();
    let (step, steps) = engine.progress();
    let journal = engine.journal().standing();
    let interface = snapshot.interface;
    let standing = &snapshot.standing;
    let bits = [
        (snapshot.latched, uapi::STATUS_LATCHED),
        (
            snapshot.count(provider::Control::is_pending) > 0,
            uapi::STATUS_PENDING_REBOOT,
        ),
        (
            engine.is_restricted_allowed(),
            uapi::STATUS_RESTRICTED_ALLOWED,
        ),
    ];
    uapi::Status {
        head: uapi::Head::default(),
        generation: snapshot.generation,
        refreshed_ns: snapshot.refreshed_ns,
        platform: family(&snapshot.platform),
        dsmil: family(&snapshot.dsmil),
        dsmil_major: interface.map_or(0, |interface| interface.major),
        dsmil_minor: interface.map_or(0, |interface| interface.minor),
        reserved: 0,
        dsmil_implementation: interface.map_or([0; 16], |interface| interface.implementation),
        properties: properties(bits),
        mode: standing.mode.map_or(uapi::MODE_NONE, Mode::number),
        standing: match (standing.mode, standing.deviations) {
            (None, _) => uapi::STANDING_CUSTOM,
            (Some(_), 0) => uapi::STANDING_EXACT,
            (Some(_), _) => uapi::STANDING_DEVIATES,
        },
        reserved2: 0,
        deviations: standing.deviations,
        drifted: snapshot.count(provider::Control::has_drifted),
        degraded: snapshot.count(|control| control.mark.degraded),
        tampered: snapshot.count(|control| control.tamper == Some(true)),
        apply_step: step,
        apply_steps: steps,
        mode_lines: standing.coverage.lines,
        mode_present: standing.coverage.present,
        mode_reached: standing.coverage.reached,
        reserved3: 0,
        journal_next: journal.next,
        journal_overwritten: journal.overwritten,
        anchored: journal.anchored,
        anchor_pending: journal.pending,
        anchor_failures: journal.failures,
        anchor_error: journal.error,
        suppressed: journal.suppressed,
        anchor: match (journal.pcr, journal.error) {
            (None, _) => uapi::ANCHOR_NONE,
            (Some(_), 0) => uapi::ANCHOR_READY,
            (Some(_), _) => uapi::ANCHOR_FAILED,
        },
        anchor_pcr: journal.pcr.unwrap_or_default(),
        reserved4: [0; 6],
    }
}

/// The bits of those properties that hold.
fn properties<const N: usize>(bits: [(bool, u32); N]) -> u32 {
    let held = bits.into_iter().filter(|(holds, _)| *holds);
    held.fold(0, |all, (_, bit)| all | bit)
}

fn family(part: &Part) -> uapi::FamilyStatus {
    uapi::FamilyStatus {
        state: match (part.state.present, part.state.error) {
            (false, _) => uapi::FAMILY_ABSENT,
            (true, 0) => uapi::FAMILY_READY,
            (true, _) => uapi::FAMILY_FAILED,
        },
        error: part.state.error,
        controls: part.controls().len() as u32,
        unreadable: part.state.unreadable,
        firmware_calls: part.state.firmware_calls,
    }
}

/// Makes one element of the answer to `IOC_CONTROLS`.
pub(super) fn control(control: &provider::Control) -> uapi::Control {
    let index = |value: Option<u8>| value.unwrap_or(uapi::INDEX_NONE);
    let bits = [
        (control.tamper == Some(true), uapi::CONTROL_TAMPER),
        (control.deviates(), uapi::CONTROL_DEVIATES),
        (control.has_drifted(), uapi::CONTROL_DRIFTED),
        (control.mark.degraded, uapi::CONTROL_DEGRADED),
        (control.is_pending(), uapi::CONTROL_PENDING_REBOOT),
        (control.denied, uapi::CONTROL_DENIED),
    ];
    let mut wire = uapi::Control {
        id: control.id,
        family: match control.family {
            Family::Platform => uapi::FAMILY_PLATFORM,
            Family::Dsmil => uapi::FAMILY_DSMIL,
        },
        class: match control.class {
            Class::Safe => uapi::CLASS_SAFE,
            Class::Monitored => uapi::CLASS_MONITORED,
            Class::Restricted => uapi::CLASS_RESTRICTED,
            Class::ReadOnly => uapi::CLASS_READ_ONLY,
            Class::Quarantined => uapi::CLASS_QUARANTINED,
        },
        access: match control.writable {
            true => uapi::ACCESS_READ_WRITE,
            false => uapi::ACCESS_READ_ONLY,
        },
        presence: match control.presence {
            Presence::Full => uapi::PRESENCE_FULL,
            Presence::Partial => uapi::PRESENCE_PARTIAL,
            Presence::Contradictory => uapi::PRESENCE_CONTRADICTORY,
        },
        reading: match control.reading {
            Reading::Known(_) => uapi::READING_KNOWN,
            Reading::Unknown => uapi::READING_UNKNOWN,
            Reading::Ambiguous => uapi::READING_AMBIGUOUS,
            Reading::Failed(_) => uapi::READING_FAILED,
        },
        current: index(control.current()),
        value_count: control.values().len() as u8,
        depend_count: control.depends().len() as u8,
        error: match control.reading {
            Reading::Failed(errno) => errno,
            _ => 0,
        },
        properties: properties(bits),
        group: control.group.into(),
        changed: control.changed,
        depends: [0; uapi::CONTROL_DEPENDS],
        name: control.name,
        label: control.label,
        values: [uapi::ControlValue::default(); uapi::CONTROL_VALUES],
        baseline: index(control.mark.baseline),
        written: index(control.mark.written),
        wanted: index(control.wanted),
        reserved: [0; 5],
    };
    for (to, from) in wire.depends.iter_mut().zip(control.depends()) {
        *to = *from;
    }
    for (to, from) in wire.values.iter_mut().zip(control.values()) {
        *to = value(from, control.family);
    }
    wire
}

fn value(value: &provider::Value, family: Family) -> uapi::ControlValue {
    let (properties, expected, read) = match value.answer {
        Answer::Absent => (0, 0, 0),
        Answer::Failed(_) | Answer::Implied(false) => (uapi::VALUE_PRESENT, 0, 0),
        Answer::Implied(true) => (uapi::VALUE_PRESENT | uapi::VALUE_ACTIVE, 0, 0),
        Answer::Read { read, expected } => {
            let active = match value.answer.is_active() {
                true => uapi::VALUE_ACTIVE,
                false => 0,
            };
            let properties = uapi::VALUE_PRESENT | uapi::VALUE_READ | active;
            (properties, expected, read)
        }
    };
    let (token, location) = match family {
        Family::Platform => (value.token, value.location),
        Family::Dsmil => (0, 0),
    };
    uapi::ControlValue {
        name: uapi::field(value.name.as_bytes()),
        token,
        location,
        expected,
        properties,
        read,
        reserved: 0,
    }
}
