// SPDX-License-Identifier: GPL-2.0

//! A stand-in for the driver, for tests that take a machine through a day: what it answers comes
//! from the driver's own logic, in `posture`, and what was changed is changed for the next command.
//! Each command gets a recorded tree of how things stand just then.

use crate::machines::{answer, by_name, info, status};
use crate::tree::Tree;
use milspec::change::Assignment;
use milspec::cli::{Cli, Command, ConfigCommand, ControlCommand, ModeCommand};
use milspec_posture::control::{Class, Family, Reading};
use milspec_posture::fact::{Fact, Mark, Policy, Want};
use milspec_posture::mode::{Mode, MODES};
use milspec_posture::plan;
use milspec_posture::standing;
use milspec_uapi as uapi;
use milspec_uapi::{Apply, Control, Status, Step};
use nix::errno::Errno;
use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;
use zerocopy::FromZeros;

/// The machine and what the driver remembers.
#[derive(Clone)]
pub struct Driver {
    controls: Vec<Control>,
    generation: u64,
    applied: Option<Mode>,
    /// What the last change asked for.
    asked: Option<Mode>,
    calls: u64,
    /// Whether the firmware wants its administrator password.
    pub password: bool,
}

/// A request: what is asked for, and whether it is to be done.
struct Asked {
    mode: Option<Mode>,
    list: Vec<(u32, u8)>,
    does: bool,
    has_password: bool,
    /// Whether it goes back: nobody confirms what has to be confirmed.
    goes_back: bool,
}

impl Driver {
    /// A driver that was just loaded.
    pub fn new(mut controls: Vec<Control>) -> Self {
        controls.sort_by_key(|control| control.id);
        Self {
            calls: controls.len() as u64,
            controls,
            generation: 1,
            applied: None,
            asked: None,
            password: false,
        }
    }

    /// Something else than the driver puts a value in force, e.g. somebody in the BIOS setup.
    pub fn meddle(&mut self, name: &str, value: &str) {
        let control = by_name(&mut self.controls, name);
        let mut values = control.values.iter();
        let at = values.position(|v| uapi::text(&v.name) == Some(value));
        answer(control, at.unwrap() as u32);
    }

    /// Records how things stand, and what this command line will ask. Returns what is so once it
    /// was done.
    pub fn record(&self, tree: Tree, words: &[&str]) -> (Tree, Self) {
        let asked = self.asked(&tree, words);
        let (controls, status) = self.now();
        let info = info("Dell Inc.", "Latitude 5450 Simulated", "1.9.1");
        let mut tree = tree.answers(&info, &status, &controls);
        for mode in MODES {
            let (apply, steps) = self.plan(Some(mode), &[]);
            tree = tree.answer(&format!("plan-{}", mode.name()), &apply, &steps);
        }
        let Some(asked) = asked else {
            return (tree, self.clone());
        };
        let name = asked.mode.map_or("list", Mode::name);
        let (planned, steps) = self.plan(asked.mode, &asked.list);
        tree = tree.answer(&format!("plan-{name}"), &planned, &steps);
        let after = self.after(asked.mode, &asked.list, &steps);
        let rejected = self.password && !asked.has_password && !steps.is_empty();
        let (done, steps) = if rejected {
            undone(&planned, &steps, self.controls.len())
        } else {
            done(&planned, &steps, after.generation, self.calls_of(&steps))
        };
        tree = tree.answer(&format!("apply-{name}"), &done, &steps);
        if rejected || !asked.does || planned.outcome != uapi::OUTCOME_PLANNED {
            return (tree, self.clone());
        }
        let (controls, status) = after.now();
        tree = tree.applied(&status, &controls);
        if asked.goes_back {
            tree = self.record_back(tree, &after, &steps);
        }
        (tree, after)
    }

    /// Records how a machine goes back from how it is `after` these steps of a mode.
    fn record_back(&self, tree: Tree, after: &Self, steps: &[Step]) -> Tree {
        let list: Vec<_> = steps.iter().map(|step| (step.control, step.from)).collect();
        let (planned, steps) = after.plan(None, &list);
        let back = after.after(None, &[], &steps);
        let (done, done_steps) = done(&planned, &steps, back.generation, after.calls_of(&steps));
        let (controls, status) = back.now();
        tree.answer("plan-list", &planned, &steps)
            .answer("apply-list", &done, &done_steps)
            .applied_twice(&status, &controls)
    }

    /// What led from here to `after`: the mode that was asked for, and each control with its old and
    /// its new value.
    pub fn changes(&self, after: &Self) -> (u8, Vec<(u32, u8, u8)>) {
        let both = self.controls.iter().zip(&after.controls);
        let changed = both.filter(|(before, now)| before.current != now.current);
        (
            after.asked.map_or(uapi::MODE_NONE, Mode::number),
            changed
                .map(|(b, now)| (now.id, b.current, now.current))
                .collect(),
        )
    }

    /// What a command line asks of the driver, if it does.
    fn asked(&self, tree: &Tree, words: &[&str]) -> Option<Asked> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        let cli = Cli::read(&words).ok()?;
        let asked = |mode: Option<&str>, list: Vec<Assignment>| {
            let control = |one: Assignment| {
                let mut controls = self.controls.clone();
                let control = by_name(&mut controls, &one.name);
                let mut values = control.values.iter();
                let at = values.position(|value| uapi::text(&value.name) == Some(&one.value));
                (control.id, at.map_or(uapi::TARGET_LEAVE, |at| at as u8))
            };
            let known = |one: &Assignment| {
                let mut all = self.controls.iter();
                all.any(|control| uapi::text(&control.name) == Some(&one.name))
            };
            Asked {
                mode: mode.and_then(|mode| Mode::from_name(mode.as_bytes())),
                list: list.into_iter().filter(known).map(control).collect(),
                does: false,
                has_password: false,
                goes_back: false,
            }
        };
        let how = |asked: Asked, how: milspec::cli::How| Asked {
            does: !how.dry_run,
            has_password: how.bios_password_fd.is_some(),
            ..asked
        };
        let config = |file: &Path| {
            let text = std::fs::read_to_string(tree.path(file.to_str()?)).ok()?;
            let config: toml::Table = toml::from_str(&text).ok()?;
            let tables = ["controls", "if-present"].map(|table| config.get(table)?.as_table());
            let entries = tables.into_iter().flatten().flatten();
            let list = entries.map(|(name, value)| Assignment {
                name: name.clone(),
                value: value.as_str().unwrap().into(),
            });
            let mode = config.get("mode").and_then(|mode| mode.as_str());
            Some(asked(mode, list.collect()))
        };
        let left = |target: milspec::cli::Target| -> Vec<Assignment> {
            let names = target.except.into_iter().map(|name| Assignment {
                name,
                value: "leave".into(),
            });
            names.collect()
        };
        match cli.command {
            Command::Mode(ModeCommand::Set(set)) => {
                let number = MODES
                    .into_iter()
                    .find(|mode| mode.number() == set.target.mode as u8)?;
                let recorded = match number {
                    Mode::Baseline => recorded(tree),
                    _ => Vec::new(),
                };
                let list = [left(set.target), recorded].concat();
                Some(Asked {
                    goes_back: set.trial.confirm_within.is_some(),
                    ..how(asked(Some(number.name()), list), set.how)
                })
            }
            Command::Control(ControlCommand::Set(set)) => {
                Some(how(asked(None, set.assignments), set.how))
            }
            Command::Config(ConfigCommand::Show(show)) => config(&show.file),
            Command::Config(ConfigCommand::Diff { file, .. }) => config(&file.file),
            Command::Config(ConfigCommand::Apply(apply)) => {
                Some(how(config(&apply.file.file)?, apply.how))
            }
            _ => None,
        }
    }

    fn facts(&self) -> Vec<Fact> {
        self.controls.iter().map(fact).collect()
    }

    fn plan(&self, mode: Option<Mode>, list: &[(u32, u8)]) -> (Apply, Vec<Step>) {
        let facts = self.facts();
        let policy = Policy {
            confirmed: true,
            ..Policy::default()
        };
        let mut wants = vec![Want::Nothing; facts.len()];
        let mut steps = vec![plan::Step::default(); facts.len()];
        let request = plan::Request { mode, list };
        let mut apply = Apply::new_zeroed();
        apply.head.size = size_of::<Apply>() as u32;
        apply.generation = self.generation;
        apply.step_stride = size_of::<Step>() as u32;
        apply.mode = mode.map_or(uapi::MODE_NONE, Mode::number);
        let planned = plan::wants(&request, &facts, &policy, &mut wants).and_then(|coverage| {
            apply.mode_lines = coverage.lines;
            apply.mode_present = coverage.present;
            apply.mode_reached = coverage.reached;
            plan::steps(&facts, &wants, &mut steps)
        });
        match planned {
            Ok(count) => {
                apply.outcome = uapi::OUTCOME_PLANNED;
                apply.step_count = count as u32;
                let steps = steps.iter().take(count).map(|step| Step {
                    control: step.id,
                    from: step.from,
                    to: step.to,
                    now: uapi::INDEX_NONE,
                    ..Step::default()
                });
                (apply, steps.collect())
            }
            Err(refusal) => {
                apply.outcome = uapi::OUTCOME_REFUSED;
                apply.control = refusal.id;
                apply.reason = refusal.reason.number();
                apply.needs = refusal.reason.needs();
                (apply, Vec::new())
            }
        }
    }

    /// The firmware calls of these steps: each control is read first, and then each step is a read, a
    /// write and a read.
    fn calls_of(&self, steps: &[Step]) -> u64 {
        (self.controls.len() + 3 * steps.len()) as u64
    }

    /// The driver after a reboot: it remembers nothing, and nothing waits for the next boot.
    pub fn rebooted(&self) -> Self {
        let mut controls = self.controls.clone();
        for control in &mut controls {
            (control.baseline, control.written) = (uapi::INDEX_NONE, uapi::INDEX_NONE);
        }
        Self {
            password: self.password,
            ..Self::new(controls)
        }
    }

    /// The driver when these steps were done.
    fn after(&self, mode: Option<Mode>, list: &[(u32, u8)], steps: &[Step]) -> Self {
        let mut after = self.clone();
        after.applied = mode.or(self.applied);
        after.asked = mode;
        if !steps.is_empty() {
            after.generation += 1;
            after.calls += self.calls_of(steps);
        }
        for step in steps {
            let mut controls = after.controls.iter_mut();
            let control = controls.find(|control| control.id == step.control).unwrap();
            answer(control, u32::from(step.to));
            control.changed = after.generation;
            control.written = step.to;
            if control.baseline == uapi::INDEX_NONE {
                control.baseline = step.from;
            }
        }
        for (id, value) in list.iter().filter(|_| mode == Some(Mode::Baseline)) {
            let mut controls = after.controls.iter_mut();
            let control = controls.find(|control| control.id == *id).unwrap();
            if *value != uapi::TARGET_LEAVE {
                control.baseline = *value;
            }
        }
        after
    }

    /// Controls and status, as the driver tells them.
    fn now(&self) -> (Vec<Control>, Status) {
        let (facts, mut controls) = (self.facts(), self.controls.clone());
        let mut wants = vec![Want::Nothing; facts.len()];
        let stands = standing::derive(&facts, &Policy::default(), self.applied, &mut wants);
        let mut status = status(&controls);
        status.generation = self.generation;
        status.platform.firmware_calls = self.calls;
        status.mode = stands.mode.map_or(uapi::MODE_NONE, Mode::number);
        status.standing = match (stands.mode, stands.deviations) {
            (None, _) => uapi::STANDING_CUSTOM,
            (_, 0) => uapi::STANDING_EXACT,
            _ => uapi::STANDING_DEVIATES,
        };
        status.deviations = stands.deviations;
        status.mode_lines = stands.coverage.lines;
        status.mode_present = stands.coverage.present;
        status.mode_reached = stands.coverage.reached;
        for ((control, fact), want) in controls.iter_mut().zip(&facts).zip(wants) {
            if let Want::Value(value) | Want::OutOfReach(value, _) = want {
                control.wanted = value;
            }
            if standing::deviates(fact, want) {
                control.properties |= uapi::CONTROL_DEVIATES;
            }
            if control.baseline != uapi::INDEX_NONE && control.baseline != control.current {
                control.properties |= uapi::CONTROL_PENDING_REBOOT;
                status.properties |= uapi::STATUS_PENDING_REBOOT;
            }
        }
        (controls, status)
    }
}

/// What the record of the baseline has.
fn recorded(tree: &Tree) -> Vec<Assignment> {
    let Ok(record) = std::fs::read(tree.path("var/lib/milspecctl/baseline.json")) else {
        return Vec::new();
    };
    let record: Value = serde_json::from_slice(&record).unwrap();
    let recorded = record["controls"].as_array().unwrap().iter();
    let list = recorded.map(|one| Assignment {
        name: one["name"].as_str().unwrap().into(),
        value: one["value"].as_str().unwrap().into(),
    });
    list.collect()
}

fn fact(control: &Control) -> Fact {
    let present = |at: &usize| control.values[*at].properties & uapi::VALUE_PRESENT != 0;
    Fact {
        id: control.id,
        family: Family::Platform,
        class: match control.control_class {
            uapi::CLASS_SAFE => Class::Safe,
            uapi::CLASS_MONITORED => Class::Monitored,
            uapi::CLASS_RESTRICTED => Class::Restricted,
            uapi::CLASS_QUARANTINED => Class::Quarantined,
            _ => Class::ReadOnly,
        },
        writable: control.access == uapi::ACCESS_READ_WRITE,
        reading: match control.reading {
            uapi::READING_KNOWN => Reading::Known(control.current),
            _ => Reading::Unknown,
        },
        values: (0..usize::from(control.value_count))
            .filter(present)
            .fold(0, |bits, at| bits | 1 << at),
        mark: Mark {
            baseline: Some(control.baseline).filter(|value| *value != uapi::INDEX_NONE),
            ..Mark::default()
        },
        ..Fact::NEW
    }
}

fn done(planned: &Apply, steps: &[Step], generation: u64, calls: u64) -> (Apply, Vec<Step>) {
    let mut apply = *planned;
    if planned.outcome == uapi::OUTCOME_PLANNED {
        apply.outcome = uapi::OUTCOME_DONE;
        apply.generation = generation;
        apply.firmware_calls = calls as u32;
    }
    (apply, crate::answers::all_in(uapi::STEP_DONE, steps))
}

/// The first step is refused by the firmware, for want of its password.
fn undone(planned: &Apply, steps: &[Step], controls: usize) -> (Apply, Vec<Step>) {
    let (mut apply, mut steps) = (*planned, steps.to_vec());
    steps[0].state = uapi::STEP_FAILED;
    steps[0].error = Errno::EKEYREJECTED as u32;
    apply.outcome = uapi::OUTCOME_UNDONE;
    apply.control = steps[0].control;
    apply.error = Errno::EKEYREJECTED as u32;
    // A look, then the first step: a read, a write, a read.
    apply.firmware_calls = controls as u32 + 3;
    (apply, steps)
}
