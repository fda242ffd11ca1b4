// SPDX-License-Identifier: GPL-2.0

//! What the driver believes of a small machine.

use super::{device, dsmil, platform, setting, OPEN};
use milspec_posture::control::Reading;
use milspec_posture::fact::{Fact, Mark, Want, ACTIVE};
use milspec_posture::machine::{Machine, Seen};
use milspec_posture::plan::{Progress, Request, Step};

/// What is believed of one.
pub type Controls = Machine<Vec<Fact>>;

/// Nothing but a list.
pub const LIST: Request<'_> = Request {
    mode: None,
    list: &[],
};

pub fn seen(reading: Reading) -> Seen {
    Seen {
        reading,
        tamper: Some(false),
        altered: false,
    }
}

pub fn facts() -> Vec<Fact> {
    vec![platform("camera", "enabled"), dsmil(0, 0, ACTIVE, &[])]
}

pub fn ids() -> [u32; 2] {
    [setting("camera"), device(0, 0)]
}

/// A machine of one setting and one device, read and committed: its generation is 1.
pub fn machine() -> Controls {
    let mut machine = Machine::new(facts());
    for fact in facts() {
        machine.observe(fact.id, seen(fact.reading));
    }
    assert_eq!(commit(&mut machine), (1, 2));
    machine
}

/// The generation that is committed, and of how many controls something else was read.
pub fn commit(machine: &mut Controls) -> (u64, u32) {
    let committed = machine.commit(&OPEN, &mut vec![Want::Nothing; machine.facts().len()]);
    assert_eq!(committed.generation, machine.generation());
    (committed.generation, committed.changed)
}

pub fn step(id: u32, progress: Progress) -> Step {
    Step {
        id,
        from: 1,
        to: 0,
        progress,
        now: None,
    }
}

/// What is remembered of the setting.
pub fn mark(machine: &Controls) -> Mark {
    machine.mark(ids()[0])
}
