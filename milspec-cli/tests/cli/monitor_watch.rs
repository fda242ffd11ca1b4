// SPDX-License-Identifier: GPL-2.0

//! What the monitor finds over several looks: what is otherwise, and how old a look is.

use crate::journal::{by, of, Journal, CAMERA};
use crate::machines::{by_name, fail, info, rugged_controls, status};
use milspec::model::Control;
use milspec::monitor::site::Site;
use milspec::monitor::standing::Now;
use milspec::monitor::told::Teller;
use milspec::monitor::watch::{Seen, Watch};
use milspec::monitor::{Line, What};
use milspec::{Root, Snapshot};
use milspec_uapi as uapi;
use milspec_uapi::Event;
use nix::errno::Errno;
use std::collections::BTreeSet;

const SECOND: u64 = 1_000_000_000;

/// A machine that is watched.
struct Watched {
    watch: Watch,
    root: Root,
    controls: Vec<uapi::Control>,
    /// `STATUS_` bits.
    properties: u32,
    bios: &'static str,
    boot_s: u64,
    /// When the driver last looked at the firmware.
    looked_s: u64,
    generation: u64,
    suppressed: u32,
    /// What names the findings so far.
    ids: Vec<String>,
}

impl Watched {
    fn new() -> Self {
        let mut watched = Self {
            watch: watch("one", None),
            root: Root::of_files("a test".into(), None, Default::default()),
            controls: rugged_controls(),
            properties: 0,
            bios: "1.29.0",
            boot_s: 100,
            looked_s: 90,
            generation: 7,
            suppressed: 0,
            ids: Vec::new(),
        };
        let found = watched.look(&Journal::new(7, [0; 32]).events);
        assert!(found.is_empty(), "{found:?}");
        watched
    }

    /// What is found one minute later.
    fn look(&mut self, records: &[Event]) -> Vec<String> {
        self.boot_s += 60;
        let mut status = status(&self.controls);
        status.properties |= self.properties;
        status.refreshed_ns = self.looked_s * SECOND;
        status.generation = self.generation;
        status.suppressed = self.suppressed;
        let snapshot = Snapshot {
            info: info("Dell Inc.", "Latitude 5430 Rugged", self.bios),
            status,
            controls: Control::all(&self.controls),
            refreshed: None,
        };
        let lines = self.watch.step(Seen {
            root: &self.root,
            now: Now {
                wall_ns: (1_000_000 + self.boot_s) * SECOND,
                boottime_ns: self.boot_s * SECOND,
            },
            snapshot: &snapshot,
            records: records.to_vec(),
        });
        self.ids
            .extend(lines.iter().filter_map(|line| match &line.what {
                What::Finding(finding) => Some(finding.id.clone()),
                _ => None,
            }));
        found(&lines)
    }

    fn camera(&mut self, value: u8) {
        by_name(&mut self.controls, "camera").current = value;
    }

    /// The machine boots anew, and the monitor with it.
    fn boot(&mut self) {
        let state = std::mem::take(&mut self.watch.state);
        self.watch = watch("two", Some(state));
        self.boot_s = 100;
    }
}

fn watch(boot: &str, state: Option<milspec::monitor::state::State>) -> Watch {
    let teller = Teller {
        boot_id: Some(boot.into()),
        ..Teller::default()
    };
    Watch::new(Site::default(), teller, state)
}

fn found(lines: &[Line]) -> Vec<String> {
    let named = lines.iter().filter_map(|line| match &line.what {
        What::Finding(finding) => {
            let control = finding.control.clone().unwrap_or_default();
            Some(format!("{} {control}", finding.rule).trim().to_string())
        }
        _ => None,
    });
    named.collect()
}

/// The records of a journal from this sequence on.
fn after(journal: &Journal, sequence: usize) -> &[Event] {
    &journal.events[sequence..]
}

/// Promise: what is otherwise without a record is found at the second look, once: at the first the record
/// may be on its way.
#[test]
fn unrecorded() {
    let mut watched = Watched::new();
    watched.camera(1);
    assert!(watched.look(&[]).is_empty());
    assert_eq!(watched.look(&[]), ["changed-unrecorded camera"]);
    assert!(watched.look(&[]).is_empty());
    // What went back by itself is no finding.
    watched.camera(0);
    assert!(watched.look(&[]).is_empty());
    watched.camera(1);
    assert!(watched.look(&[]).is_empty());
}

/// Promise: a change that has a record is none without one, whether the record comes before the change is
/// seen, as in a long apply, or after.
#[test]
fn recorded() {
    for early in [true, false] {
        let mut journal = Journal::new(7, [0; 32]);
        journal.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
        let mut watched = Watched::new();
        if early {
            assert!(watched.look(after(&journal, 1)).is_empty());
            assert!(watched.look(&[]).is_empty());
            watched.camera(1);
        } else {
            watched.camera(1);
            assert!(watched.look(&[]).is_empty());
            assert!(watched.look(after(&journal, 1)).is_empty());
        }
        for _ in 0..20 {
            assert!(watched.look(&[]).is_empty(), "{early}");
        }
    }
}

/// Promise: another value than the record's is found all the same.
#[test]
fn another_value() {
    let mut journal = Journal::new(7, [0; 32]);
    journal.apply(uapi::MODE_NONE, &[(CAMERA + 1, 0, 1)]);
    let mut watched = Watched::new();
    watched.camera(1);
    watched.look(after(&journal, 1));
    assert_eq!(watched.look(&[]), ["changed-unrecorded camera"]);
}

/// Promise: a device that is listed only some time after a boot is compared with what it was before, then.
#[test]
fn compared_when_it_comes() {
    let mut watched = Watched::new();
    by_name(&mut watched.controls, "DSMIL0D0").current = 1;
    let mut journal = Journal::new(7, [0; 32]);
    journal.apply(uapi::MODE_NONE, &[(2 << 16, 0, 1)]);
    watched.look(after(&journal, 1));
    watched.look(&[]);
    watched.boot();
    by_name(&mut watched.controls, "DSMIL0D0").current = 0;
    let all = watched.controls.clone();
    watched
        .controls
        .retain(|control| control.family != uapi::FAMILY_DSMIL);
    let next = Journal::new(8, [0; 32]);
    assert!(watched.look(&next.events).is_empty());
    watched.controls = all;
    let mut bound = next.clone();
    bound.add(of(uapi::KIND_BIND));
    let found = watched.look(after(&bound, 1));
    assert_eq!(found, ["weaker-since-boot DSMIL0D0"]);
    assert!(watched.look(&[]).is_empty());
}

/// Promise: an old look is found once, and again after one that was not old.
#[test]
fn old_look() {
    let mut watched = Watched::new();
    let late = 90 + 2 * 3600;
    watched.boot_s = late;
    // The machine may just have woken up, and the driver be about to look.
    assert!(watched.look(&[]).is_empty());
    // A record that comes meanwhile has the monitor look again at once.
    watched.boot_s -= 55;
    assert!(watched.look(&[]).is_empty());
    assert_eq!(watched.look(&[]), ["look-old"]);
    assert!(watched.look(&[]).is_empty());
    watched.looked_s = late;
    assert!(watched.look(&[]).is_empty());
    watched.boot_s = 2 * late;
    assert!(watched.look(&[]).is_empty());
    assert_eq!(watched.look(&[]), ["look-old"]);
}

/// Promise: a reading that fails is no change, and makes none forgotten: neither in one boot nor over two.
#[test]
fn unread() {
    let mut watched = Watched::new();
    watched.camera(1);
    let mut journal = Journal::new(7, [0; 32]);
    journal.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
    watched.look(after(&journal, 1));
    fail(by_name(&mut watched.controls, "camera"), Errno::EIO);
    for _ in 0..3 {
        assert!(watched.look(&[]).is_empty());
    }
    watched.boot();
    let next = Journal::new(8, [0; 32]);
    assert!(watched.look(&next.events).is_empty());
    watched.controls = rugged_controls();
    watched.camera(0);
    assert_eq!(watched.look(&[]), ["weaker-since-boot camera"]);
    fail(by_name(&mut watched.controls, "camera"), Errno::EIO);
    assert!(watched.look(&[]).is_empty());
    watched.controls = rugged_controls();
    watched.camera(1);
    assert!(watched.look(&[]).is_empty());
    assert_eq!(watched.look(&[]), ["changed-unrecorded camera"]);
}

/// Promise: controls that do not come back after a boot are told of, once and together.
#[test]
fn missing() {
    let mut watched = Watched::new();
    watched.look(&[]);
    watched.boot();
    let family = uapi::FAMILY_DSMIL;
    watched.controls.retain(|control| control.family != family);
    let next = Journal::new(8, [0; 32]);
    let mut found = watched.look(&next.events);
    for _ in 0..20 {
        found.extend(watched.look(&[]));
    }
    assert_eq!(found, ["changed-since-boot"]);
}

/// Promise: a doubt outlives the program: one that is run now and then finds the change too, and again
/// where it comes again.
#[test]
fn doubt_is_kept() {
    let mut watched = Watched::new();
    watched.camera(1);
    watched.look(&[]);
    let state = serde_json::to_string(&watched.watch.state).unwrap();
    watched.watch = watch("one", serde_json::from_str(&state).ok());
    assert_eq!(watched.look(&[]), ["changed-unrecorded camera"]);
    let first = watched.ids.clone();
    watched.camera(0);
    watched.look(&[]);
    watched.look(&[]);
    watched.camera(1);
    watched.generation += 1;
    watched.look(&[]);
    watched.look(&[]);
    let all: BTreeSet<&String> = watched.ids.iter().collect();
    assert_eq!((first.len(), all.len()), (1, 3), "{:?}", watched.ids);
}

/// Promise: what a record said while there was a training explains what is seen after it.
#[test]
fn recorded_in_a_training() {
    let mut watched = Watched::new();
    watched.properties = uapi::STATUS_TRAINING;
    let mut journal = Journal::new(7, [0; 32]);
    journal.apply(uapi::MODE_NONE, &[(CAMERA, 0, 1)]);
    assert!(watched.look(after(&journal, 1)).is_empty());
    for _ in 0..30 {
        assert!(watched.look(&[]).is_empty());
    }
    watched.properties = 0;
    watched.camera(1);
    for _ in 0..3 {
        assert!(watched.look(&[]).is_empty());
    }
}

/// Promise: refusals that have no record yet are found without one.
#[test]
fn suppressed() {
    let mut watched = Watched::new();
    watched.suppressed = 7;
    assert_eq!(watched.look(&[]), ["refusals-suppressed"]);
    assert!(watched.look(&[]).is_empty());
}

/// Promise: what the copy of a training is, is not taken for the machine.
#[test]
fn training() {
    let mut watched = Watched::new();
    watched.properties = uapi::STATUS_TRAINING;
    watched.camera(1);
    watched.boot_s = 3 * 3600;
    for _ in 0..3 {
        assert!(watched.look(&[]).is_empty());
    }
    watched.watch.state.ahead_ns = None;
    watched.properties = 0;
    watched.camera(0);
    watched.boot_s = 600;
    assert!(watched.look(&[]).is_empty());
    assert!(watched.look(&[]).is_empty());
}

/// Promise: a clock that was set between two records is found, with the way and by how much; one that
/// was adjusted a little is not.
#[test]
fn clock_set() {
    for (seconds, expected) in [(299, 0), (301, 1), (-301, 1)] {
        let mut journal = Journal::new(7, [0; 32]);
        journal.add(by(1000, of(uapi::KIND_RESUME)));
        journal.shift(seconds * SECOND as i64);
        journal.add(by(1000, of(uapi::KIND_RESUME)));
        let mut watched = Watched::new();
        let found = watched.look(after(&journal, 1));
        let clock = found.iter().filter(|rule| *rule == "clock-moved").count();
        assert_eq!(clock, expected, "{seconds}");
    }
}
