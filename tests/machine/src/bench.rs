// SPDX-License-Identifier: GPL-2.0

//! A machine on the bench: the driver's rules, as the module runs them, on a model of firmware that
//! can fail, and on which somebody else can change something at any moment.
//!
//! The rules are those of `driver/posture`: `machine` and `transaction`. What the module's engine does
//! with them (look, plan, carry out, settle, commit) is done here in the same order. Settings lie in
//! the cells of `cells.rs`, devices of DSML0001 have a state each and compare before they change.

use crate::cells::{self, Layout, Locations, Sorted};
use crate::table::{self, Command, Token, MOST, TERMINATOR};
use crate::tokens::Plan;
use anyhow::{ensure, Result};
use milspec_posture::control::{Answer, Class, Family, Reading};
use milspec_posture::deny::{self, Gate};
use milspec_posture::errno::EAGAIN;
use milspec_posture::fact::{Fact, Mark, Policy, Refusal, Want, ACTIVE};
use milspec_posture::listed::{entangle, Cells, Listed, Model};
use milspec_posture::machine::{Machine, Outside, Seen};
use milspec_posture::plan::{self, Coverage, Request, Step};
use milspec_posture::setting::{Listings, VALUES};
use milspec_posture::settings::SETTINGS;
use milspec_posture::token_table;
use milspec_posture::transaction::{self, Firmware, Outcome};
use std::collections::BTreeSet;
use std::convert::Infallible;

/// Ids of the family `platform` begin here.
pub const FIRST_ID: u32 = 0x1_0000;
/// Ids of the family `dsmil` begin here.
const FIRST_DEVICE: u32 = 0x2_0000;
const EIO: u32 = 5;
/// As on a notebook: on a desktop more is restricted.
const NOTEBOOK: Model = Model {
    product: b"",
    portable: true,
    filtered: false,
};
const EPERM: u32 = 1;

/// A device of DSML0001.
#[derive(Clone, Debug)]
pub struct Device {
    /// Number of its group.
    pub group: u8,
    /// Its place in the group.
    pub position: u8,
    /// What may be done to it.
    pub class: Class,
    /// Its state at first.
    pub state: u8,
    /// The devices that it needs, by group and position.
    pub needs: Vec<(u8, u8)>,
}

impl Device {
    fn id(group: u8, position: u8) -> u32 {
        FIRST_DEVICE | u32::from(group) << 8 | u32::from(position)
    }
}

/// What is true of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    cells: Sorted,
    /// The id and the state of each device, in the order of their ids.
    devices: Vec<(u32, u8)>,
}

/// What goes wrong in a call. The first three concern writes, the others reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing changes, and the firmware says so.
    Fails,
    /// Nothing changes, and the firmware says that it was done.
    Ignored,
    /// It is done, and the firmware says that it failed.
    Lies,
    /// Reads as nothing that is known.
    Strange,
    /// Reads what it should no longer be: the old value, and while undoing the new one. That it is
    /// what it should be is the one lie that nobody can see through.
    Stale,
    /// Cannot be read.
    Unreadable,
}

impl Kind {
    /// Those that concern writes.
    pub const WRITES: [Self; 3] = [Self::Fails, Self::Ignored, Self::Lies];
    /// Those that concern reads.
    pub const READS: [Self; 3] = [Self::Strange, Self::Stale, Self::Unreadable];
}

/// A failure, from call number `at` of the steps on.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// The call, from 0.
    pub at: usize,
    /// What goes wrong.
    pub kind: Kind,
    /// For how long.
    pub lasts: Lasts,
}

/// For how long something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// In that call.
    Once,
    /// From that call on, for the control that it is about.
    ForOne(u32),
    /// From that call on.
    ForAll,
}

/// A change that somebody else makes.
#[derive(Clone, Copy, Debug)]
pub struct Foreign {
    /// Before this call of the steps, from 0.
    pub at: usize,
    /// The control.
    pub id: u32,
    /// The value that it is given.
    pub value: u8,
}

/// Everything that happens to an apply but what it does itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Script<'a> {
    /// What goes wrong.
    pub failures: &'a [Failure],
    /// What somebody else does.
    pub foreign: Option<Foreign>,
    /// The caller is asked to stop before this step, from 0.
    pub stops_at: Option<usize>,
}

impl<'a> Script<'a> {
    /// Nothing but these failures.
    pub fn failing(failures: &'a [Failure]) -> Self {
        Self {
            failures,
            ..Self::default()
        }
    }
}

/// A call that a step has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called {
    /// The control.
    pub id: u32,
    /// It was a write.
    pub write: bool,
}

/// How an apply has ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How, unless it was refused.
    pub outcome: Result<Outcome, Refusal>,
    /// What has become of its steps.
    pub steps: Vec<Step>,
    /// How far its mode reaches.
    pub coverage: Coverage,
    /// The calls that its steps have made, in their order.
    pub calls: Vec<Called>,
    /// What of a change by somebody else the steps have met.
    pub met: Vec<Outside>,
    /// Promises that were broken on the way.
    pub broken: Vec<String>,
    /// The change of somebody else was made, and the driver has seen it.
    pub seen: bool,
}

/// A machine, and what the driver believes of it.
pub struct Bench {
    listed: Vec<Listed>,
    /// What is true of it.
    pub truth: Truth,
    /// What the driver believes of it.
    pub machine: Machine<Vec<Fact>>,
    answers: Vec<[Answer; VALUES]>,
    /// What the driver has seen of the cells of each setting.
    cells: Vec<Cells>,
    /// The locations that the last look has read.
    pub looked_at: usize,
}

/// The settings of a table, parsed as the module parses it.
fn listed(tokens: &[Token], model: &Model) -> Result<Vec<Listed>> {
    let command = Command {
        port: 0xB2,
        code: 0,
        classes: 0,
    };
    let mut all = vec![Listings::default(); SETTINGS.len()];
    let mut parsed = Vec::new();
    for (number, chunk) in tokens.chunks(MOST).enumerate() {
        let bytes = table::structure(number as u16, command, chunk, &TERMINATOR)?;
        let result = token_table::parse(&bytes, |token| {
            parsed.push((token.id, token.location, token.value));
            for (listings, setting) in all.iter_mut().zip(SETTINGS) {
                listings.take(setting, token);
            }
        });
        ensure!(result.is_ok(), "structure {number}: {result:?}");
    }
    let given = tokens.iter().map(|t| (t.id, t.location, t.value));
    ensure!(given.eq(parsed), "the driver parses other tokens");
    let settings = (FIRST_ID..).zip(SETTINGS).zip(all);
    let mut listed: Vec<Listed> = settings
        .filter_map(|((id, setting), listings)| Listed::new(id, setting, listings, model))
        .collect();
    entangle(&mut listed);
    Ok(listed)
}

impl Bench {
    /// A machine with a token table and devices, which the driver has looked at once.
    pub fn new(tokens: &[Token], layout: Layout, devices: &[Device]) -> Result<Self> {
        let cells = Plan::new(tokens.to_vec(), layout)?.locations;
        Self::with_cells(tokens, cells, devices)
    }

    /// A machine with a token table that can be worked with when nothing is plugged in, or not.
    pub fn on(tokens: &[Token], layout: Layout, portable: bool) -> Result<Self> {
        let cells = Plan::new(tokens.to_vec(), layout)?.locations;
        let model = Model {
            portable,
            ..NOTEBOOK
        };
        Self::with(listed(tokens, &model)?, cells, &[])
    }

    /// The same, with cells as they are.
    pub fn with_cells(tokens: &[Token], cells: Locations, devices: &[Device]) -> Result<Self> {
        Self::with(listed(tokens, &NOTEBOOK)?, cells, devices)
    }

    fn with(listed: Vec<Listed>, cells: Locations, devices: &[Device]) -> Result<Self> {
        let mut devices = devices.to_vec();
        devices.sort_by_key(|device| (device.group, device.position));
        let position = |(group, position): &(u8, u8)| {
            let mut all = devices.iter();
            let at = all.position(|other| (other.group, other.position) == (*group, *position));
            at.map_or(u16::MAX, |at| (listed.len() + at) as u16)
        };
        let facts = devices.iter().map(|device| {
            let mut depends = [None; 4];
            for (place, need) in depends.iter_mut().zip(&device.needs) {
                *place = Some(position(need));
            }
            Fact {
                id: Device::id(device.group, device.position),
                family: Family::Dsmil,
                class: device.class,
                writable: device.class < Class::ReadOnly,
                group: device.group,
                values: 0b11,
                depends,
                ..Fact::NEW
            }
        });
        let facts: Vec<Fact> = listed.iter().map(Listed::fact).chain(facts).collect();
        let mut bench = Self {
            answers: vec![[Answer::Absent; VALUES]; listed.len()],
            cells: vec![Cells::Unseen; listed.len()],
            looked_at: 0,
            listed,
            truth: Truth {
                cells: Sorted::new(&cells),
                devices: devices
                    .iter()
                    .map(|device| (Device::id(device.group, device.position), device.state))
                    .collect(),
            },
            machine: Machine::new(facts),
        };
        bench.look();
        Ok(bench)
    }

    /// The settings of the machine.
    pub fn settings(&self) -> &[Listed] {
        &self.listed
    }

    /// As if the driver did not know which settings share a location.
    pub fn forget_entangled(&mut self) {
        for listed in &mut self.listed {
            listed.entangled = false;
        }
        let mut facts = self.machine.facts().to_vec();
        for (fact, listed) in facts.iter_mut().zip(&self.listed) {
            fact.writable = listed.is_writable();
        }
        self.machine.replace(facts);
    }

    /// Name of the control `id`.
    pub fn name(&self, id: u32) -> String {
        match self.listed.iter().find(|listed| listed.id == id) {
            Some(listed) => listed.setting.name.to_owned(),
            None if id == 0 => "the request".to_owned(),
            None => format!("device {:#x}", id & 0xFFFF),
        }
    }

    /// What is true and what is believed, to come back to.
    pub fn save(&self) -> Saved {
        Saved {
            truth: self.truth.clone(),
            machine: self.machine.clone(),
            answers: self.answers.clone(),
            cells: self.cells.clone(),
        }
    }

    /// Comes back to that.
    pub fn restore(&mut self, saved: &Saved) {
        self.truth.cells.copy_from(&saved.truth.cells);
        self.truth.devices.copy_from_slice(&saved.truth.devices);
        self.answers.copy_from_slice(&saved.answers);
        self.cells.copy_from_slice(&saved.cells);
        self.machine.clone_from(&saved.machine);
    }

    /// What the firmware answers for a location, as the provider has it.
    fn answer(cells: &Sorted, location: u16) -> Result<u32, u32> {
        cells::read(cells, location).map(u32::from).ok_or(EIO)
    }

    /// Reads everything and commits it, as `Engine::look` does. Returns what somebody else was found
    /// to have changed.
    pub fn look(&mut self) -> Vec<Outside> {
        let mut outside = Vec::new();
        let mut asked = BTreeSet::new();
        let believed = self
            .listed
            .iter()
            .zip(&mut self.answers)
            .zip(&mut self.cells);
        for ((listed, answers), cells) in believed {
            let known = self.machine.fact(listed.id).and_then(Fact::current);
            let Ok(new) = listed.read(cells, known, |at| {
                asked.insert(at);
                Ok::<_, Infallible>(Self::answer(&self.truth.cells, at))
            });
            let mut altered = false;
            for (before, new) in answers.iter_mut().zip(new) {
                if new != Answer::Unread {
                    altered |= *before != new;
                    *before = new;
                }
            }
            let seen = Seen {
                reading: listed.reading(&new),
                tamper: Some(false),
                altered,
            };
            outside.extend(self.machine.observe(listed.id, seen).outside);
        }
        for (id, state) in &self.truth.devices {
            let seen = Seen {
                reading: Reading::Known(*state),
                tamper: Some(false),
                altered: false,
            };
            outside.extend(self.machine.observe(*id, seen).outside);
        }
        self.looked_at = asked.len();
        self.commit(&Policy::default());
        outside
    }

    /// Commits what is believed.
    pub fn commit(&mut self, policy: &Policy) {
        let mut wants = vec![Want::default(); self.machine.facts().len()];
        self.machine.commit(policy, &mut wants);
    }

    /// The values of a control that are in force, a bit for each; for a device its state.
    pub fn active(&self, id: u32) -> u8 {
        active(&self.listed, &self.truth, id)
    }

    /// The value of each control, by the truth; `None` where none or several are in force.
    pub fn values(&self) -> Vec<Option<u8>> {
        let facts = self.machine.facts().iter();
        facts
            .map(|fact| value(&self.listed, &self.truth, fact.id))
            .collect()
    }

    /// Looks, plans, carries out, settles and commits, as `Engine::apply` does.
    pub fn apply(&mut self, request: &Request<'_>, policy: &Policy, script: &Script<'_>) -> Ended {
        self.look();
        match self.prepare(request, policy) {
            Ok(prepared) => {
                let ended = self.carry_out(request, policy, &prepared, script);
                self.commit(policy);
                ended
            }
            Err(refusal) => Ended {
                outcome: Err(refusal),
                steps: Vec::new(),
                coverage: Coverage::default(),
                calls: Vec::new(),
                met: Vec::new(),
                broken: Vec::new(),
                seen: false,
            },
        }
    }

    /// Plans a request, by what was last looked at.
    ///
    /// # Errors
    ///
    /// Its refusal.
    pub fn prepare(&self, request: &Request<'_>, policy: &Policy) -> Result<Prepared, Refusal> {
        let count = self.machine.facts().len();
        let mut wants = vec![Want::default(); count];
        let mut steps = vec![Step::default(); count];
        let plan = self.machine.plan(request, policy, &mut wants, &mut steps)?;
        steps.truncate(plan.steps);
        Ok(Prepared {
            wants,
            steps,
            coverage: plan.coverage,
        })
    }

    /// Carries out and settles what is prepared. What comes of it is not committed.
    pub fn carry_out(
        &mut self,
        request: &Request<'_>,
        policy: &Policy,
        prepared: &Prepared,
        script: &Script<'_>,
    ) -> Ended {
        let mut steps = prepared.steps.clone();
        let facts = self.machine.facts().to_vec();
        let mut calls = Calls {
            listed: &self.listed,
            truth: &mut self.truth,
            answers: &mut self.answers,
            facts: &facts,
            policy: *policy,
            script: *script,
            calls: Vec::new(),
            begun: 0,
            written: None,
            foreign_made: false,
            foreign_seen: false,
            doubted: false,
            step_wrote: false,
            undoing: false,
            met: Vec::new(),
            broken: Vec::new(),
        };
        let outcome = transaction::run(&mut self.machine, &mut steps, &mut calls);
        calls.foreign(true);
        let Calls {
            calls,
            met,
            broken,
            foreign_seen,
            ..
        } = calls;
        let done = outcome == Outcome::Done;
        self.machine.settle(request, &prepared.wants, &steps, done);
        Ended {
            outcome: Ok(outcome),
            steps,
            coverage: prepared.coverage,
            calls,
            met,
            broken,
            seen: foreign_seen,
        }
    }

    /// Has somebody else give a control a value.
    pub fn meddle(&mut self, id: u32, value: u8) {
        meddle(&self.listed, &mut self.truth, id, value);
    }
}

/// A request, planned.
pub struct Prepared {
    /// What it wants of each control.
    pub wants: Vec<Want>,
    /// Its steps.
    pub steps: Vec<Step>,
    coverage: Coverage,
}

impl Prepared {
    /// How many lines of its mode are reached.
    pub fn reached(&self) -> u32 {
        self.coverage.reached
    }
}

/// A machine at one moment.
pub struct Saved {
    truth: Truth,
    machine: Machine<Vec<Fact>>,
    answers: Vec<[Answer; VALUES]>,
    cells: Vec<Cells>,
}

impl Saved {
    /// What the driver remembers of a control.
    pub fn mark(&self, id: u32) -> Mark {
        self.machine.mark(id)
    }
}

fn setting(listed: &[Listed], id: u32) -> Option<(usize, &Listed)> {
    let at = listed.binary_search_by_key(&id, |listed| listed.id).ok()?;
    Some((at, &listed[at]))
}

/// The values of a control that are in force, a bit for each.
fn active(listed: &[Listed], truth: &Truth, id: u32) -> u8 {
    let Some((_, listed)) = setting(listed, id) else {
        return truth.device(id).map_or(0, |state| 1 << state);
    };
    let mut active = 0u8;
    for index in 0..listed.setting.values.len() as u8 {
        let Some((_, at, value)) = listed.token(index) else {
            continue;
        };
        if cells::read(&truth.cells, at) == Some(value) {
            // Another name of one that is in force is no other value.
            let first = listed.synonym(index.into());
            if first.is_none_or(|first| active >> first & 1 == 0) {
                active |= 1 << index;
            }
        }
    }
    active
}

impl Truth {
    fn device(&self, id: u32) -> Option<u8> {
        let at = self.devices.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.devices[at].1)
    }

    fn set_device(&mut self, id: u32, state: u8) {
        if let Ok(at) = self.devices.binary_search_by_key(&id, |(id, _)| *id) {
            self.devices[at].1 = state;
        }
    }
}

fn value(listed: &[Listed], truth: &Truth, id: u32) -> Option<u8> {
    let active = active(listed, truth, id);
    active
        .is_power_of_two()
        .then(|| active.trailing_zeros() as u8)
}

fn meddle(listed: &[Listed], truth: &mut Truth, id: u32, value: u8) {
    match setting(listed, id) {
        Some((_, listed)) => {
            if let Some((token, location, value)) = listed.token(value) {
                let token = Token {
                    id: token,
                    location,
                    value,
                };
                cells::activate(&mut truth.cells, token);
            }
        }
        None => truth.set_device(id, value),
    }
}

/// The firmware calls of an apply, on which everything of its script happens, and which judge it.
struct Calls<'a> {
    listed: &'a [Listed],
    truth: &'a mut Truth,
    answers: &'a mut [[Answer; VALUES]],
    /// Id and class of each control, and what it depends on, by id.
    facts: &'a [Fact],
    policy: Policy,
    script: Script<'a>,
    calls: Vec<Called>,
    begun: usize,
    /// The last write of the control that somebody else changes.
    written: Option<Written>,
    /// Somebody else has made the change of the script, so that the control has another value.
    foreign_made: bool,
    /// The driver has seen it since.
    foreign_seen: bool,
    /// The driver has seen it, and cannot know that it is not its own doing.
    doubted: bool,
    /// The step under way has written.
    step_wrote: bool,
    /// The driver has seen that something is wrong with what it wrote.
    undoing: bool,
    met: Vec<Outside>,
    broken: Vec<String>,
}

/// A write that the driver has made.
#[derive(Clone, Copy)]
struct Written {
    from: u8,
    to: u8,
    /// Bit n: value n was written by now.
    ordered: u8,
    /// The firmware said that it was done.
    accepted: bool,
    /// It was read back.
    shown: bool,
}

impl Written {
    /// Whether a value that is read can be the driver's own doing, for all that it knows: one that it
    /// has written also late, and the old one as long as the new one was not read back.
    fn could_be(&self, value: u8) -> bool {
        self.ordered >> value & 1 == 1 || value == self.from && !self.shown
    }
}

impl Calls<'_> {
    fn is_theirs(&self, id: u32) -> bool {
        self.script.foreign.is_some_and(|foreign| foreign.id == id)
    }

    /// Has somebody else make a change, if it is time: at the next call, or at the end.
    fn foreign(&mut self, ends: bool) {
        let Some(foreign) = self.script.foreign else {
            return;
        };
        let calls = self.calls.len();
        if foreign.at == calls || ends && foreign.at > calls {
            let before = active(self.listed, self.truth, foreign.id);
            meddle(self.listed, self.truth, foreign.id, foreign.value);
            self.foreign_made = before != active(self.listed, self.truth, foreign.id);
        }
    }

    fn failure(&mut self, id: u32, kinds: [Kind; 3]) -> Option<Kind> {
        self.foreign(false);
        let call = self.calls.len();
        self.calls.push(Called {
            id,
            write: kinds == Kind::WRITES,
        });
        let hits = |f: &&Failure| match f.lasts {
            Lasts::Once => f.at == call,
            Lasts::ForOne(one) => f.at <= call && one == id,
            Lasts::ForAll => f.at <= call,
        };
        let mut failures = self.script.failures.iter();
        let failure = failures.find(|f| kinds.contains(&f.kind) && hits(f))?;
        Some(failure.kind)
    }

    fn may_be_written(&mut self, id: u32, to: u8) {
        let fact = self.facts.iter().find(|fact| fact.id == id);
        let Some(fact) = fact else {
            self.broken
                .push(format!("{id:#x} is written and not there"));
            return;
        };
        let class = fact.class_of(to);
        let closed = class == Class::Restricted && !self.policy.restricted_allowed;
        if class >= Class::ReadOnly || closed {
            self.broken
                .push(format!("{id:#x} is written, of class {class:?}"));
        }
        let theirs = self.script.foreign.filter(|foreign| foreign.id == id);
        let changes = value(self.listed, self.truth, id) != Some(to);
        if theirs.is_some() && self.foreign_made && self.foreign_seen && changes {
            self.broken.push(format!(
                "{id:#x} is written after somebody else was seen to change it"
            ));
        }
    }

    fn needs_are_met(&self) -> bool {
        let devices = self
            .facts
            .iter()
            .filter(|fact| fact.family == Family::Dsmil);
        let is_active = |fact: &Fact| self.truth.device(fact.id) == Some(ACTIVE);
        let mut active = devices.filter(|fact| is_active(fact));
        active.all(|fact| {
            let mut needs = fact.depends.iter().flatten();
            needs.all(|need| self.facts.get(usize::from(*need)).is_some_and(is_active))
        })
    }

    fn write_through(
        &mut self,
        id: u32,
        from: u8,
        to: u8,
        failure: Option<Kind>,
    ) -> Result<(), u32> {
        let stops = matches!(failure, Some(Kind::Fails | Kind::Ignored));
        let done = match setting(self.listed, id) {
            Some((_, listed)) => {
                let (token, location, value) = listed.token(to).ok_or(EIO)?;
                if deny::token(token) == Gate::Forbidden {
                    return Err(EPERM);
                }
                stops || cells::write(&mut self.truth.cells, location, value)
            }
            // SET_IF compares.
            None if self.truth.device(id) != Some(from) => return Err(EAGAIN),
            None => {
                let meets = self.needs_are_met();
                if !stops {
                    self.truth.set_device(id, to);
                }
                let theirs = self.script.foreign.is_some_and(|f| f.id >= FIRST_DEVICE);
                let lies = self.script.failures.iter().any(|f| f.kind == Kind::Stale);
                if meets && !theirs && !lies && !self.needs_are_met() {
                    let text =
                        format!("{id:#x} is switched to {to} against what needs it or it needs");
                    self.broken.push(text);
                }
                true
            }
        };
        match failure {
            Some(Kind::Fails | Kind::Lies) => Err(EIO),
            _ if !done => Err(EIO),
            _ => Ok(()),
        }
    }
}

impl Firmware for Calls<'_> {
    fn write(&mut self, id: u32, from: u8, to: u8) -> Result<(), u32> {
        let look = Called { id, write: false };
        if self.calls.last() != Some(&look) {
            self.broken
                .push(format!("{id:#x} is written without a look"));
        }
        let failure = self.failure(id, Kind::WRITES);
        self.may_be_written(id, to);
        let result = self.write_through(id, from, to, failure);
        self.step_wrote = true;
        self.undoing |= result.is_err();
        // What it is now is the driver's doing, until somebody comes again.
        if self.is_theirs(id) {
            let before = self.written.map_or(0, |written| written.ordered);
            self.written = Some(Written {
                from,
                to,
                ordered: before | 1 << to,
                accepted: result.is_ok(),
                shown: false,
            });
            self.foreign_seen = false;
            let stopped = matches!(failure, Some(Kind::Fails | Kind::Ignored));
            if !stopped && value(self.listed, self.truth, id) == Some(to) {
                self.foreign_made = false;
                self.doubted = false;
            }
        }
        result
    }

    fn read(&mut self, id: u32, from: u8, to: u8) -> Reading {
        let failure = self.failure(id, Kind::READS);
        let reading = match failure {
            Some(Kind::Stale) if self.undoing => Reading::Known(to),
            Some(Kind::Stale) => Reading::Known(from),
            Some(Kind::Strange) => Reading::Unknown,
            Some(_) => Reading::Failed(EIO),
            None => self.read_through(id),
        };
        if let (None, Some(foreign)) = (failure, self.script.foreign) {
            let doubt = self
                .written
                .is_some_and(|written| written.could_be(foreign.value));
            if self.foreign_made && foreign.id == id {
                self.doubted |= doubt;
                let seen = reading == Reading::Known(foreign.value);
                self.foreign_seen |= seen && !self.doubted;
            }
        }
        if let (true, Some(written)) = (self.is_theirs(id), &mut self.written) {
            written.shown |= written.accepted && reading == Reading::Known(written.to);
        }
        let odd = reading != Reading::Known(to) && reading != Reading::Known(from);
        self.undoing |= self.step_wrote && odd;
        reading
    }

    fn is_interrupted(&self) -> bool {
        self.script.stops_at == Some(self.begun)
    }

    fn begins(&mut self, number: usize) {
        self.begun = number;
        self.step_wrote = false;
    }

    fn settled(&mut self, step: &Step) {
        self.undoing |= step.progress != plan::Progress::Done;
    }

    fn changed_outside(&mut self, change: &Outside) {
        self.met.push(*change);
    }
}

impl Calls<'_> {
    fn read_through(&mut self, id: u32) -> Reading {
        let Some((at, listed)) = setting(self.listed, id) else {
            return self
                .truth
                .device(id)
                .map_or(Reading::Failed(EIO), Reading::Known);
        };
        for there in listed.concerned() {
            for (index, answer) in listed.answers_at(there, Bench::answer(&self.truth.cells, there))
            {
                self.answers[at][index] = answer;
            }
        }
        listed.imply(&mut self.answers[at]);
        listed.reading(&self.answers[at])
    }
}
