// SPDX-License-Identifier: GPL-2.0

//! What is said of a new snapshot: lines in the kernel log, and an event for user space.

use super::snapshot::{
    FamilyState,
    Snapshot, //
};
use crate::{
    kapi::uevent::Announcer,
    posture::{
        fact::Fact,
        machine::Outside,
        mode::Mode, //
    },
    provider::Details,
    uapi, //
};
use kernel::{
    prelude::*,
    str::CString, //
};

/// Name for what is in no mode.
pub(crate) const CUSTOM: &str = "custom";

/// What of a snapshot is worth an event.
#[derive(PartialEq, Eq)]
struct Summary {
    mode: &'static str,
    deviations: u32,
    drifted: u32,
    degraded: u32,
    tampered: u32,
    latched: bool,
    pending_reboot: bool,
}

impl Summary {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            mode: snapshot.standing.mode.map_or(CUSTOM, Mode::name),
            deviations: snapshot.standing.deviations,
            drifted: snapshot.count(Fact::has_drifted),
            degraded: snapshot.count(|fact| fact.mark.degraded),
            tampered: snapshot.count(|fact| fact.mark.tampered),
            latched: snapshot.latched,
            pending_reboot: snapshot.count(Fact::is_pending) > 0,
        }
    }
}

fn name(details: &Details) -> &str {
    uapi::text(&details.name).unwrap_or_default()
}

/// Says that somebody else has changed a control.
pub(super) fn outside(change: &Outside, details: &Details) {
    let value = |index: u8| {
        let value = details.values().get(usize::from(index));
        value.map_or("?", |value| value.name)
    };
    let (from, to) = (value(change.from), change.to.map_or("?", value));
    pr_warn!(
        "{}: something else has changed it from {from} to {to}\n",
        name(details)
    );
}

/// Says that tampering is reported.
pub(super) fn tampered(details: &Details) {
    pr_warn!("{}: the firmware reports tampering\n", name(details));
}

/// Says what is new; somebody else has changed `outside` controls. Sleeps.
pub(super) fn changes(old: &Snapshot, new: &Snapshot, outside: u32, announcer: Option<&Announcer>) {
    family(&old.platform, &new.platform, "platform");
    family(&old.dsmil, &new.dsmil, "dsmil");
    for (fact, details) in new.controls().filter(|(fact, _)| fact.mark.degraded) {
        if !old.fact(fact.id).is_some_and(|known| known.mark.degraded) {
            pr_err!("{}: could not be put back after a failure\n", name(details));
        }
    }
    let (before, now) = (Summary::of(old), Summary::of(new));
    if before == now && outside == 0 {
        return;
    }
    if before.mode != now.mode || before.deviations != now.deviations {
        pr_info!("mode {}, {} deviations\n", now.mode, now.deviations);
    }
    announce(announcer, &now, outside, false);
}

/// Tells whether the two differ in what an event says.
pub(super) fn differ(old: &Snapshot, new: &Snapshot) -> bool {
    Summary::of(old) != Summary::of(new)
}

/// Sends an event of what is shown.
pub(super) fn shown(new: &Snapshot, outside: u32, announcer: Option<&Announcer>, of_copy: bool) {
    announce(announcer, &Summary::of(new), outside, of_copy);
}

fn announce(announcer: Option<&Announcer>, now: &Summary, outside: u32, of_copy: bool) {
    let sent = announcer.map(|announcer| send(announcer, now, outside, of_copy));
    if let Some(Err(error)) = sent {
        pr_warn!("no event sent: {error:?}\n");
    }
}

fn send(announcer: &Announcer, now: &Summary, outside: u32, of_copy: bool) -> Result {
    announcer.send(&[
        &*CString::try_from_fmt(fmt!("MILSPEC_TRAINING={}", u8::from(of_copy)))?,
        &*CString::try_from_fmt(fmt!("MILSPEC_MODE={}", now.mode))?,
        &*CString::try_from_fmt(fmt!("MILSPEC_DEVIATIONS={}", now.deviations))?,
        &*CString::try_from_fmt(fmt!("MILSPEC_OUTSIDE_CHANGES={outside}"))?,
        &*CString::try_from_fmt(fmt!("MILSPEC_DRIFTED={}", now.drifted))?,
        &*CString::try_from_fmt(fmt!("MILSPEC_DEGRADED={}", now.degraded))?,
        &*CString::try_from_fmt(fmt!("MILSPEC_TAMPERED={}", now.tampered))?,
        &*CString::try_from_fmt(fmt!("MILSPEC_LATCHED={}", u8::from(now.latched)))?,
        &*CString::try_from_fmt(fmt!(
            "MILSPEC_PENDING_REBOOT={}",
            u8::from(now.pending_reboot)
        ))?,
    ])
}

/// Writes one line to the kernel log when more is wrong than before.
fn family(old: &FamilyState, new: &FamilyState, name: &str) {
    let (error, unreadable) = (new.error, new.unreadable);
    if error != 0 && error != old.error {
        let error = Error::from_errno((error as i32).wrapping_neg());
        pr_warn!("{name}: the firmware cannot be read: {error:?}\n");
    } else if error == 0 && unreadable > 0 && unreadable != old.unreadable {
        let all = new.controls;
        pr_warn!("{name}: {unreadable} of {all} controls have no known value\n");
    }
}
