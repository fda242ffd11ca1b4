// SPDX-License-Identifier: GPL-2.0

//! What is said of a new snapshot: lines in the kernel log, and an event for user space.

use super::snapshot::{
    Part,
    Snapshot, //
};
use crate::{
    kapi::uevent::Announcer,
    posture::mode::Mode,
    provider::Control,
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
            drifted: snapshot.count(Control::has_drifted),
            degraded: snapshot.count(|control| control.mark.degraded),
            tampered: snapshot.count(|control| control.tampered),
            latched: snapshot.latched,
            pending_reboot: snapshot.count(Control::is_pending) > 0,
        }
    }
}

/// Says what is new. Sleeps.
pub(super) fn changes(old: &Snapshot, new: &Snapshot, announcer: Option<&Announcer>) {
    family(&old.platform, &new.platform, "platform");
    family(&old.dsmil, &new.dsmil, "dsmil");
    for control in new.controls() {
        let known = old.controls().find(|known| known.id == control.id);
        let is_new = |is: fn(&Control) -> bool| is(control) && !known.is_some_and(is);
        let name = uapi::text(&control.name).unwrap_or_default();
        if is_new(Control::has_drifted) {
            pr_warn!("{name}: something else has changed what this driver had set\n");
        }
        if is_new(|control| control.tampered) {
            pr_warn!("{name}: the firmware reports tampering\n");
        }
        if is_new(|control| control.mark.degraded) {
            pr_err!("{name}: could not be put back after a failure\n");
        }
    }
    let (before, now) = (Summary::of(old), Summary::of(new));
    if before == now {
        return;
    }
    if before.mode != now.mode || before.deviations != now.deviations {
        pr_info!("mode {}, {} deviations\n", now.mode, now.deviations);
    }
    if let Some(announcer) = announcer {
        if let Err(error) = announce(announcer, &now) {
            pr_warn!("no event sent: {error:?}\n");
        }
    }
}

fn announce(announcer: &Announcer, now: &Summary) -> Result {
    announcer.send(&[
        &*CString::try_from_fmt(fmt!("MILSPEC_MODE={}", now.mode))?,
        &*CString::try_from_fmt(fmt!("MILSPEC_DEVIATIONS={}", now.deviations))?,
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
fn family(old: &Part, new: &Part, name: &str) {
    let (error, unreadable) = (new.state.error, new.state.unreadable);
    if error != 0 && error != old.state.error {
        let error = Error::from_errno((error as i32).wrapping_neg());
        pr_warn!("{name}: the firmware cannot be read: {error:?}\n");
    } else if error == 0 && unreadable > 0 && unreadable != old.state.unreadable {
        let all = new.controls().len();
        pr_warn!("{name}: {unreadable} of {all} controls have no known value\n");
    }
}
