// SPDX-License-Identifier: GPL-2.0

//! What a mode asks of the controls of a copy.

use crate::model::Control;
use milspec_posture::control::{Class, Family};
use milspec_posture::fact::{Fact, Mark};
use milspec_posture::mode::Mode;
use milspec_uapi::FAMILY_DSMIL;
use std::collections::BTreeMap;

/// Names of the controls that are not as this mode asks, and could be.
pub fn left_out(mode: u8, controls: &[Control], start: &BTreeMap<String, String>) -> Vec<String> {
    let Some(mode) = Mode::from_number(mode) else {
        return Vec::new();
    };
    let left = |control: &&Control| {
        let own = start.get(&control.name);
        let asked = mode.asks(&fact(control, own.map(String::as_str)));
        let asked = asked.and_then(|value| control.values.get(usize::from(value)));
        asked.is_some_and(|asked| {
            Some(&asked.name) != control.value.as_ref()
                && asked.gate.is_none()
                && can_be(control, controls)
        })
    };
    let left = controls.iter().filter(left);
    left.map(|control| control.name.clone()).collect()
}

/// Whether what it depends on is active.
fn can_be(control: &Control, controls: &[Control]) -> bool {
    control.depends.iter().all(|name| {
        let needed = Control::named(controls, name);
        needed.is_some_and(|needed| needed.value.as_deref() == Some("active"))
    })
}

fn fact(control: &Control, own: Option<&str>) -> Fact {
    let present = control.values.iter().enumerate();
    let present = present.filter(|(_, value)| value.present);
    let class = match &*control.class {
        "quarantined" => Class::Quarantined,
        _ => Class::Safe,
    };
    Fact {
        id: control.id,
        family: match control.id >> 16 {
            family if family == u32::from(FAMILY_DSMIL) => Family::Dsmil,
            _ => Family::Platform,
        },
        class,
        group: control
            .group
            .and_then(|group| group.try_into().ok())
            .unwrap_or(u8::MAX),
        values: present.fold(0, |bits, (at, _)| {
            bits | 1_u8.checked_shl(at as u32).unwrap_or(0)
        }),
        mark: Mark {
            baseline: own.and_then(|value| control.value_index(value)),
            ..Mark::default()
        },
        ..Fact::NEW
    }
}
