// SPDX-License-Identifier: GPL-2.0

//! The scenarios of the package, and how each is solved and missed: the records of a model solution, and
//! of a plausible mistake.

use crate::docs::source;
use crate::journal::{by, of, Journal};
use crate::machines::{answer, by_name, devices, setting};
use milspec::model;
use milspec::training::judge::Answer;
use milspec::training::run::{Ended, Run};
use milspec::training::scenario::Scenario;
use milspec_uapi as uapi;
use milspec_uapi::{Control, Event};
use std::collections::BTreeMap;
use std::fs;

/// All scenarios of the package, by their names, with their texts.
pub fn scenarios() -> BTreeMap<String, (Scenario, String)> {
    let entries = fs::read_dir(source("packaging/scenarios")).unwrap();
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        let text = fs::read_to_string(&path).unwrap();
        let scenario = Scenario::parse(&name, &text).unwrap_or_else(|e| panic!("{e:?}"));
        (name, (scenario, text))
    };
    entries.map(read).collect()
}

/// A training that is played.
pub struct Played {
    scenario: Scenario,
    records: Journal,
    controls: Vec<Control>,
    start: BTreeMap<String, String>,
    answers: Vec<(&'static str, &'static str)>,
}

impl Played {
    /// One that begins as the scenario has it.
    pub fn new(scenario: &Scenario) -> Self {
        let mut controls = devices(&[]);
        let names = [
            "camera",
            "microphone",
            "wake-on-lan",
            "esata",
            "firewire",
            "vt-d",
        ];
        controls.extend(names.map(|name| setting(name, milspec::catalogue::values(name)[0])));
        let mut played = Self {
            scenario: scenario.clone(),
            records: Journal::of_training(9, 1),
            controls,
            start: BTreeMap::new(),
            answers: Vec::new(),
        };
        for (name, value) in &scenario.start.set {
            played.set(name, value);
        }
        for control in model::Control::all(&played.controls) {
            played.start.insert(control.name, control.value.unwrap());
        }
        played
    }

    /// Its id, and the index of the value that it had.
    fn set(&mut self, name: &str, value: &str) -> (u32, u8, u8) {
        let control = by_name(&mut self.controls, name);
        let mut values = control.values.iter();
        let to = values.position(|v| uapi::text(&v.name) == Some(value));
        let (id, from) = (control.id, control.current);
        answer(
            control,
            to.unwrap_or_else(|| panic!("{name} has no {value}")) as u32,
        );
        (id, from, to.unwrap() as u8)
    }

    fn apply(&mut self, mode: u8, changes: &[(&str, &str)]) {
        let changes: Vec<_> = changes
            .iter()
            .map(|(name, to)| self.set(name, to))
            .collect();
        self.records.apply(mode, &changes);
    }

    /// An apply that ends with this outcome at a control, and changes nothing in the end.
    fn fails(&mut self, mode: u8, outcome: u8, step: u8, name: &str) {
        let control = by_name(&mut self.controls, name).id;
        let begun = self.records.add(by(
            1000,
            Event {
                mode,
                ..of(uapi::KIND_APPLY_BEGUN)
            },
        ));
        self.records.add(Event {
            about: begun,
            control,
            step,
            ..of(uapi::KIND_STEP)
        });
        self.records.add(Event {
            about: begun,
            mode,
            outcome,
            control,
            ..of(uapi::KIND_APPLY_ENDED)
        });
    }

    fn outside(&mut self, name: &str, value: &str) {
        let (control, from, to) = self.set(name, value);
        self.records.add(Event {
            control,
            from,
            to,
            ..of(uapi::KIND_OUTSIDE_CHANGE)
        });
    }

    fn record(&mut self, kind: u16, name: &str) {
        let control = by_name(&mut self.controls, name).id;
        self.records.add(by(
            1000,
            Event {
                control,
                ..of(kind)
            },
        ));
    }

    fn degrade(&mut self, name: &str, is: bool) {
        let control = by_name(&mut self.controls, name);
        control.properties &= !uapi::CONTROL_DEGRADED;
        control.properties |= if is { uapi::CONTROL_DEGRADED } else { 0 };
    }

    /// The controls of the copy, and its records.
    pub fn driver(&self) -> (Vec<Control>, Vec<Event>) {
        (self.controls.clone(), self.records.events.clone())
    }

    /// The run, over.
    pub fn run(mut self) -> Run {
        self.records.add(Event {
            count: 1,
            ..of(uapi::KIND_TRAINING_ENDED)
        });
        let training = uapi::Training {
            session: 1,
            load: [9; 16],
            ..uapi::Training::default()
        };
        let controls = model::Control::all(&self.controls);
        let mut run = Run::new(self.scenario, &training, controls);
        run.start = self.start;
        let root = milspec::machine::open(None).unwrap();
        assert_eq!(
            run.take(&root, &self.records.events).len(),
            self.records.events.len()
        );
        run.users.insert(65534, "nobody".into());
        run.seen_ns = self.records.events.last().unwrap().boot_ns;
        run.answers = self
            .answers
            .iter()
            .map(|(name, value)| Answer {
                name: (*name).into(),
                value: (*value).into(),
                uid: 1000,
                boottime_ns: run.seen_ns,
            })
            .collect();
        run.ended = Some(Ended::Decided);
        run
    }
}

/// A way to play it.
pub type Play = fn(&mut Played);

/// Of each scenario: its model solution; a plausible mistake, and the objective that it misses.
pub const PLAYS: [(&str, Play, Play, &str); 10] = [
    (
        "first-steps",
        |p| {
            p.apply(uapi::MODE_STANDARD, &[("wake-on-lan", "disabled")]);
            p.apply(0, &[("camera", "disabled")]);
        },
        // A mode puts back what was set one by one before it.
        |p| {
            p.apply(0, &[("camera", "disabled")]);
            let mode = [("wake-on-lan", "disabled"), ("camera", "enabled")];
            p.apply(uapi::MODE_STANDARD, &mode);
        },
        "camera",
    ),
    (
        "there-and-back",
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("DSMIL0D0", "active")],
            );
            p.apply(
                uapi::MODE_BASELINE,
                &[("esata", "enabled"), ("DSMIL0D0", "inactive")],
            );
        },
        // A lower mode is no way back.
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("DSMIL0D0", "active")],
            );
            p.apply(uapi::MODE_STANDARD, &[("esata", "enabled")]);
        },
        "back",
    ),
    (
        "keep-what-is-needed",
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("wake-on-lan", "enabled"), ("DSMIL0D0", "active")],
            )
        },
        // Off with everything, and on again afterwards.
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("firewire", "disabled")],
            );
            p.apply(0, &[("esata", "enabled"), ("firewire", "enabled")]);
        },
        "instruments",
    ),
    (
        "what-needs-what",
        |p| {
            let all = ["DSMIL0D0", "DSMIL3D0", "DSMIL4D0"].map(|name| (name, "active"));
            p.apply(0, &all);
        },
        // The driver refuses, and that was it.
        |p| p.record(uapi::KIND_REFUSED, "DSMIL4D0"),
        "chain",
    ),
    (
        "drift",
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("wake-on-lan", "disabled")],
            );
            p.outside("esata", "enabled");
            p.outside("wake-on-lan", "enabled");
            p.record(uapi::KIND_ACCEPTED, "esata");
            p.apply(0, &[("wake-on-lan", "disabled")]);
        },
        // The mode again takes back what was approved as well.
        |p| {
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("wake-on-lan", "disabled")],
            );
            p.outside("esata", "enabled");
            p.outside("wake-on-lan", "enabled");
            p.apply(
                uapi::MODE_ENHANCED,
                &[("esata", "disabled"), ("wake-on-lan", "disabled")],
            );
        },
        "announced",
    ),
    (
        "false-order",
        |p| p.apply(uapi::MODE_ENHANCED, &[("DSMIL0D0", "active")]),
        // Refused, and tried all the same.
        |p| {
            p.apply(uapi::MODE_ENHANCED, &[("DSMIL0D0", "active")]);
            p.record(uapi::KIND_REFUSED, "DSMIL0D9");
        },
        "no-wipe",
    ),
    (
        "tamper",
        |p| {
            p.record(uapi::KIND_TAMPER, "DSMIL4D2");
            p.apply(0, &[("DSMIL4D2", "inactive")]);
        },
        // To be on the safe side, its neighbour too.
        |p| {
            p.record(uapi::KIND_TAMPER, "DSMIL4D2");
            p.apply(0, &[("DSMIL4D2", "inactive"), ("DSMIL4D3", "inactive")]);
        },
        "isolate",
    ),
    (
        "broken-firmware",
        |p| {
            let (bad, failed) = (uapi::OUTCOME_DEGRADED, uapi::STEP_DEGRADED);
            p.fails(uapi::MODE_STANDARD, bad, failed, "DSMIL0D0");
            p.degrade("DSMIL0D0", true);
            p.apply(uapi::MODE_STANDARD, &[("DSMIL0D0", "active")]);
            p.degrade("DSMIL0D0", false);
        },
        // Something else is set, and what is degraded stays.
        |p| {
            let (bad, failed) = (uapi::OUTCOME_DEGRADED, uapi::STEP_DEGRADED);
            p.fails(uapi::MODE_STANDARD, bad, failed, "DSMIL0D0");
            p.degrade("DSMIL0D0", true);
            p.apply(0, &[("vt-d", "enabled")]);
        },
        "recover",
    ),
    (
        "two-hands",
        |p| {
            let (conflict, moved) = (uapi::OUTCOME_CONFLICT, uapi::STEP_MOVED);
            p.fails(uapi::MODE_STANDARD, conflict, moved, "DSMIL0D8");
            p.apply(uapi::MODE_STANDARD, &[("wake-on-lan", "disabled")]);
        },
        // One control of it by hand is not the mode.
        |p| {
            let (conflict, moved) = (uapi::OUTCOME_CONFLICT, uapi::STEP_MOVED);
            p.fails(uapi::MODE_STANDARD, conflict, moved, "DSMIL0D8");
            p.apply(0, &[("wake-on-lan", "disabled")]);
        },
        "finish",
    ),
    (
        "incident",
        |p| {
            let (control, from, to) = p.set("camera", "enabled");
            let uid = 65534;
            let begun = p.records.add(Event {
                uid,
                ..by(u32::MAX, of(uapi::KIND_APPLY_BEGUN))
            });
            let step = Event {
                about: begun,
                control,
                from,
                to,
                ..of(uapi::KIND_STEP)
            };
            p.records.add(Event {
                uid,
                step: uapi::STEP_DONE,
                ..step
            });
            p.record(uapi::KIND_TAMPER, "DSMIL4D5");
            p.answers = vec![("who", "nobody"), ("where", "DSMIL4D5")];
            p.apply(uapi::MODE_PARANOID_PLUS, &[("camera", "disabled")]);
            p.record(uapi::KIND_LATCH, "camera");
        },
        // Who is logged in is not who did it.
        |p| {
            let (control, from, to) = p.set("camera", "enabled");
            let step = Event {
                control,
                from,
                to,
                ..of(uapi::KIND_STEP)
            };
            p.records.add(Event {
                uid: 65534,
                step: uapi::STEP_DONE,
                ..step
            });
            p.record(uapi::KIND_TAMPER, "DSMIL4D5");
            p.answers = vec![("who", "root"), ("where", "DSMIL4D5")];
            p.apply(uapi::MODE_PARANOID_PLUS, &[("camera", "disabled")]);
            p.record(uapi::KIND_LATCH, "camera");
        },
        "who",
    ),
];
