// SPDX-License-Identifier: GPL-2.0

//! Machines in a mode, and the driver's answers to plan and apply.

use crate::machines::*;
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::{Apply, Control, Status, Step};
use zerocopy::FromZeros;

/// A rugged machine in mode standard but for two deviations, with every mark that a control can
/// have.
pub fn marked_controls() -> Vec<Control> {
    let mut controls = rugged_controls();
    let mut mark = |name: &str, bits: u32, [baseline, written, wanted]: [u8; 3]| {
        let control = by_name(&mut controls, name);
        control.properties |= bits;
        control.baseline = baseline;
        control.written = written;
        control.wanted = wanted;
    };
    const NONE: u8 = uapi::INDEX_NONE;
    mark(
        "camera",
        uapi::CONTROL_DEVIATES | uapi::CONTROL_DRIFTED,
        [0, 1, 1],
    );
    mark("bluetooth", uapi::CONTROL_PENDING_REBOOT, [0, 1, 1]);
    mark("usb-external", uapi::CONTROL_DENIED, [NONE; 3]);
    mark(
        "stealth-lcd",
        uapi::CONTROL_DEVIATES | uapi::CONTROL_DEGRADED,
        [1, 0, 0],
    );
    mark("DSMIL0D1", uapi::CONTROL_UNREACHED, [NONE, NONE, 1]);
    mark("microphone", uapi::CONTROL_UNREACHED, [NONE, NONE, 1]);
    let needs = by_name(&mut controls, "DSMIL0D6").id;
    let unreached = by_name(&mut controls, "DSMIL0D1");
    (unreached.unreached_reason, unreached.unreached_needs) = (uapi::REASON_DEPENDENCY, needs);
    by_name(&mut controls, "microphone").unreached_reason = uapi::REASON_RESTRICTED;
    controls
}

/// The status that goes with [`marked_controls`].
pub fn marked_status(controls: &[Control]) -> Status {
    let mut status = status(controls);
    status.mode = uapi::MODE_STANDARD;
    status.standing = uapi::STANDING_DEVIATES;
    status.properties =
        uapi::STATUS_PENDING_REBOOT | uapi::STATUS_RESTRICTED_ALLOWED | uapi::STATUS_TPM_REQUIRED;
    status.deviations = 2;
    status.drifted = 1;
    status.degraded = 1;
    (status.mode_lines, status.mode_present, status.mode_reached) = (17, 12, 9);
    status.mode_unreached = 2;
    (status.last_request, status.last_sequence, status.last_pid) = (3, 17, 812);
    (status.last_outcome, status.last_mode) = (uapi::OUTCOME_DEGRADED, uapi::MODE_STANDARD);
    let stuck = controls
        .iter()
        .find(|c| uapi::text(&c.name) == Some("stealth-lcd"));
    status.last_control = stuck.map_or(0, |control| control.id);
    status.last_error = nix::errno::Errno::EIO as u32;
    status
}

/// The machine with every mark.
pub fn marked(name: &str) -> Tree {
    let controls = marked_controls();
    let [vendor, product, bios] = RUGGED;
    Tree::loaded(name).dmi(vendor, product, bios).answers(
        &info(vendor, product, bios),
        &marked_status(&controls),
        &controls,
    )
}

/// The rugged machine with this status.
pub fn rugged_in(name: &str, status: &Status) -> Tree {
    let [vendor, product, bios] = RUGGED;
    Tree::loaded(name).dmi(vendor, product, bios).answers(
        &info(vendor, product, bios),
        status,
        &rugged_controls(),
    )
}

/// A step of a plan on the rugged machine, by the names of its control and values.
pub fn step(name: &str, from: &str, to: &str) -> Step {
    let mut controls = rugged_controls();
    let control = by_name(&mut controls, name);
    let value = |wanted: &str| {
        let mut values = control.values.iter();
        let at = values.position(|value| uapi::text(&value.name) == Some(wanted));
        at.unwrap_or_else(|| panic!("no value {wanted}")) as u8
    };
    Step {
        control: control.id,
        from: value(from),
        to: value(to),
        now: uapi::INDEX_NONE,
        ..Step::default()
    }
}

/// Three steps that a mode takes on the rugged machine.
pub fn steps() -> Vec<Step> {
    vec![
        step("DSMIL0D1", "inactive", "active"),
        step("camera", "enabled", "disabled"),
        step("thunderbolt-security", "user", "dp-only"),
    ]
}

/// An answer to PLAN or APPLY.
pub fn answered(mode: u8, outcome: u8, steps: &[Step]) -> Apply {
    let mut apply = Apply::new_zeroed();
    apply.head.size = size_of::<Apply>() as u32;
    apply.generation = 1;
    apply.mode = mode;
    apply.outcome = outcome;
    apply.step_count = steps.len() as u32;
    apply.step_stride = size_of::<Step>() as u32;
    if mode != uapi::MODE_NONE {
        (apply.mode_lines, apply.mode_present, apply.mode_reached) = (17, 12, 9);
    }
    if outcome == uapi::OUTCOME_DONE {
        apply.generation = 2;
        apply.firmware_calls = 2 * steps.len() as u32;
    }
    apply
}

/// The same steps, each in this state.
pub fn all_in(state: u8, steps: &[Step]) -> Vec<Step> {
    steps.iter().map(|step| Step { state, ..*step }).collect()
}
