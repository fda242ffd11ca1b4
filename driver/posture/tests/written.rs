// SPDX-License-Identifier: GPL-2.0

//! What the driver believes of a control that it has written, and which it does not write.

mod common;

use common::believed::{commit, ids, machine, seen, step, Controls, LIST};
use common::{device, dsmil, platform};
use milspec_posture::control::Reading;
use milspec_posture::errno::EBUSY;
use milspec_posture::fact::ACTIVE;
use milspec_posture::machine::{Machine, Outside};
use milspec_posture::plan::{Progress, Step};
use milspec_posture::transaction::{self, Firmware};
use std::collections::BTreeMap;

/// Firmware in which all goes well.
struct Cells(BTreeMap<u32, u8>);

impl Firmware for Cells {
    fn write(&mut self, id: u32, _: u8, to: u8) -> Result<(), u32> {
        self.0.insert(id, to);
        Ok(())
    }

    fn read(&mut self, id: u32, _: u8, _: u8) -> Reading {
        Reading::Known(self.0[&id])
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}

/// Gives a control another value, and says how far that came.
fn change(machine: &mut Controls, id: u32, to: u8) -> Progress {
    let cells = machine.facts().iter();
    let cells = cells.filter_map(|fact| Some((fact.id, fact.current()?)));
    let mut firmware = Cells(cells.collect());
    let mut steps = [Step {
        from: firmware.0[&id],
        to,
        ..step(id, Progress::Planned)
    }];
    transaction::run(machine, &mut steps, &mut firmware);
    steps[0].progress
}

/// Promise: what the driver has written is believed, counts as changed once, and is nobody else's.
#[test]
fn what_is_written_is_believed() {
    let [_, device] = ids();
    let mut machine = machine();
    for to in [0, 1, 0] {
        assert_eq!(change(&mut machine, device, to), Progress::Done);
        assert_eq!(machine.fact(device).unwrap().reading, Reading::Known(to));
    }
    assert_eq!(commit(&mut machine), (2, 1));
    assert_eq!(machine.fact(device).unwrap().changed, 2);
    let back = Outside {
        id: device,
        from: 0,
        to: Some(1),
        drift: false,
    };
    for (value, outside) in [(0, None), (1, Some(back))] {
        let news = machine.clone().observe(device, seen(Reading::Known(value)));
        assert_eq!(news.outside, outside);
    }
}

/// Promise: what was before the driver is remembered until somebody else gives the control another
/// value; one that nobody can have given it, and what cannot be read, is no such value.
#[test]
fn what_others_change_is_theirs() {
    let [_, device] = ids();
    let mut machine = machine();
    change(&mut machine, device, 0);
    machine.settle(&LIST, &[], &[step(device, Progress::Done)], false);
    for (reading, baseline) in [
        (Reading::Known(0), Some(1)),
        (Reading::Known(9), Some(1)),
        (Reading::Failed(5), Some(1)),
        (Reading::Unknown, Some(1)),
        (Reading::Known(0), Some(1)),
        (Reading::Known(1), None),
    ] {
        machine.observe(device, seen(reading));
        assert_eq!(machine.mark(device).baseline, baseline, "{reading:?}");
    }
}

/// Promise: a device is not activated while what it needs is not, and not deactivated while what needs
/// it is; settings keep nothing from being changed.
#[test]
fn what_is_needed_keeps_a_device_from_being_changed() {
    // The second needs the first, and the third what is not there.
    let devices = |states: [u8; 3]| {
        let needs: [&[u16]; 3] = [&[], &[0], &[9]];
        let all = (0..).zip(states).zip(needs);
        all.map(|((n, state), needs)| dsmil(0, n, state, needs))
            .collect::<Vec<_>>()
    };
    let kept = Progress::Failed(EBUSY);
    for (states, at, to, expected) in [
        ([1, 1, 0], 0, 0, kept),
        ([1, 0, 0], 0, 0, Progress::Done),
        ([1, 1, 0], 1, 0, Progress::Done),
        ([0, 0, 0], 1, 1, kept),
        ([1, 0, 0], 1, 1, Progress::Done),
        ([1, 0, 0], 2, 1, kept),
    ] {
        let mut machine = Machine::new(devices(states));
        assert_eq!(change(&mut machine, device(0, at), to), expected);
        let now = machine.fact(device(0, at)).unwrap().current();
        assert_eq!(now == Some(to), expected == Progress::Done);
    }
    let setting = platform("camera", "enabled");
    let mut machine = Machine::new(vec![setting, dsmil(0, 0, ACTIVE, &[0])]);
    assert_eq!(change(&mut machine, setting.id, 1), Progress::Done);
}
