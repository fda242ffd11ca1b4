// SPDX-License-Identifier: GPL-2.0

//! The one door: every change of the machine's state comes through here.

use super::{
    families::Families,
    record::About,
    report,
    Engine,
    Work, //
};
use crate::{
    journal::Origin,
    kapi::{
        compat::ekeyrejected,
        module::Hold,
        privilege::Right,
        signal::is_interrupted, //
    },
    posture::{
        control::{
            Family,
            Reading, //
        },
        fact::{
            Fact,
            Policy,
            Reason,
            Refusal,
            Want, //
        },
        machine::{
            self,
            Outside, //
        },
        mode::Mode,
        plan::{
            self,
            Coverage,
            Line,
            Step, //
        },
        transaction::{
            self,
            Firmware,
            Outcome, //
        }, //
    },
    provider::{
        errno,
        Details,
        Provider, //
    },
    uapi, //
};
use kernel::{
    prelude::*,
    sync::atomic::Relaxed, //
};

/// What a caller asks for.
pub(crate) struct Request<'a> {
    /// The mode, if any.
    pub(crate) mode: Option<Mode>,
    /// Ids of controls and their values, exceptions from the mode where there is one.
    pub(crate) list: &'a [(u32, u8)],
    /// Generation that the caller has decided on, 0 for any.
    pub(crate) generation: u64,
    /// The caller accepts that `paranoid-plus` latches.
    pub(crate) confirmed: bool,
    /// Security key of the firmware's administrator password, 0 without one.
    pub(crate) key: u16,
    /// Most steps, or lines, that the caller has room for.
    pub(crate) room: usize,
    /// Of a plan: not the steps are asked for, but all that is wanted.
    pub(crate) overview: bool,
    /// How it came here.
    pub(crate) origin: Origin,
}

/// How a request ended.
#[derive(Clone, Copy)]
pub(crate) enum Ending {
    /// The steps are what an apply would do.
    Planned,
    /// All of it was done.
    Done,
    /// Refused: nothing was done.
    Refused(Refusal),
    /// There are more steps than the caller has room for: nothing was done.
    NoRoom,
    /// The control's step failed with a positive errno; all is as before.
    Undone { control: u32, error: u32 },
    /// Somebody else has changed the control; all the rest is as before.
    Conflict { control: u32, error: u32 },
    /// The control's step failed, and not all could be undone.
    Degraded { control: u32, error: u32 },
}

/// What became of a request.
pub(crate) struct Applied {
    pub(crate) ending: Ending,
    pub(crate) steps: KVVec<Step>,
    /// All that is wanted, where that was asked for.
    pub(crate) lines: Option<KVVec<Line>>,
    pub(crate) coverage: Coverage,
    /// Generation after it.
    pub(crate) generation: u64,
    pub(crate) firmware_calls: u64,
    /// Sequence of the record that says how it ended, 0 without one.
    pub(crate) sequence: u64,
}

impl Request<'_> {
    /// Asks for nothing yet, on whatever generation, and has room for every answer.
    pub(crate) fn new(origin: Origin) -> Self {
        Self {
            mode: None,
            list: &[],
            generation: 0,
            confirmed: false,
            key: 0,
            room: usize::MAX,
            overview: false,
            origin,
        }
    }

    fn asked(&self) -> plan::Request<'_> {
        plan::Request {
            mode: self.mode,
            list: self.list,
        }
    }

    fn policy(&self, allowed: Policy, latched: bool, blind: bool) -> Policy {
        Policy {
            latched,
            blind,
            confirmed: self.confirmed,
            ..allowed
        }
    }

    /// A request that ends before anything is done.
    fn ends(&self, ending: Ending, generation: u64, firmware_calls: u64) -> Applied {
        Applied {
            ending,
            steps: KVVec::new(),
            lines: None,
            coverage: Coverage::default(),
            generation,
            firmware_calls,
            sequence: 0,
        }
    }
}

impl Engine {
    /// Works out what [`Engine::apply`] would do, by what was last read. Makes no firmware call, and
    /// waits for none.
    ///
    /// # Errors
    ///
    /// `EAGAIN` for a stale generation, `ENOMEM`.
    pub(crate) fn plan(&self, request: &Request<'_>) -> Result<Applied> {
        let snapshot = self.snapshot();
        if request.generation != 0 && request.generation != snapshot.generation {
            return Err(EAGAIN);
        }
        let facts = snapshot.facts();
        let mut wants = KVVec::from_elem(Want::Nothing, facts.len(), GFP_KERNEL)?;
        let mut steps = KVVec::from_elem(Step::default(), facts.len(), GFP_KERNEL)?;
        let policy = request.policy(self.policy(), snapshot.latched, snapshot.is_blind());
        let planned = machine::plan(facts, &request.asked(), &policy, &mut wants, &mut steps);
        let planned_lines = || overview(facts, &wants);
        let lines = request.overview.then(planned_lines).transpose()?;
        let mut applied = request.ends(Ending::Planned, snapshot.generation, 0);
        match planned {
            Ok(plan) => {
                steps.truncate(plan.steps);
                applied.steps = steps;
                applied.coverage = plan.coverage;
            }
            Err(refusal) => applied.ending = Ending::Refused(refusal),
        }
        let length = lines
            .as_ref()
            .map_or(applied.steps.len(), |lines| lines.len());
        if length > request.room {
            applied.ending = Ending::NoRoom;
        }
        applied.lines = lines;
        Ok(applied)
    }

    /// Brings the controls to what is asked for, all of them or none. Sleeps, makes firmware calls:
    /// everything is read first, and each step reads its control, writes it and reads it back. A
    /// signal stops it between two steps, and what was done is undone.
    ///
    /// # Errors
    ///
    /// `EAGAIN` for a generation that is stale after that reading, `ENOMEM`, `EINTR`: nothing was
    /// written to the firmware.
    /// `EAGAIN` too when a training has begun or ended since the caller came here.
    pub(crate) fn apply(&self, right: &Right, request: &Request<'_>) -> Result<Applied> {
        self.admit(right)?;
        let mut work = self.work.lock()?;
        let work = &mut *work;
        if work.closed {
            return Err(EAGAIN);
        }
        let calls = work.families.all_calls();

        // Read, unless it is clear without that: what is stale only becomes more so.
        if work.machine.is_stale(request.generation) {
            return Err(self.record_stale(request));
        }
        let asked = request.asked();
        let policy = request.policy(self.policy(), false, false);
        if let Some(refusal) = work.machine.refusal_of(&asked, &policy) {
            let ending = Ending::Refused(refusal);
            let sequence = self.record_early(request, &ending);
            return Ok(Applied {
                sequence,
                ..request.ends(ending, work.machine.generation(), 0)
            });
        }
        let read = self.look(work, request.origin)?;
        if work.machine.is_stale(request.generation) {
            return Err(self.record_stale(request));
        }

        // Plan.
        let policy = Policy {
            blind: read.is_blind(),
            ..policy
        };
        let count = work.machine.facts().len();
        let mut steps = KVVec::from_elem(Step::default(), count, GFP_KERNEL)?;
        let planned = work
            .machine
            .plan(&asked, &policy, &mut work.wants, &mut steps);
        let early = match &planned {
            Err(refusal) => Some(Ending::Refused(*refusal)),
            Ok(plan) if plan.steps > request.room => Some(Ending::NoRoom),
            Ok(plan) => self.end_unwitnessed(plan.steps)?,
        };
        let plan = planned.unwrap_or_default();
        steps.truncate(plan.steps);
        if let Some(ending) = early {
            let sequence = self.record_early(request, &ending);
            let calls = work.families.all_calls().saturating_sub(calls);
            return Ok(Applied {
                steps: match ending {
                    Ending::NoRoom => steps,
                    _ => KVVec::new(),
                },
                coverage: plan.coverage,
                sequence,
                ..request.ends(ending, read.generation, calls)
            });
        }
        let room = work.room()?;
        let hold = match request.mode {
            // Of a copy nothing keeps the module loaded.
            Some(Mode::ParanoidPlus) if work.latch.is_none() && !self.is_copy() => {
                Some(Hold::new()?)
            }
            _ => None,
        };

        // Carry out. From here on nothing is allocated, and nothing returns before it is told.
        let about = self.record_begun(request, &steps);
        if let Some(practice) = &self.practice {
            practice.begin_apply();
        }
        let (outcome, met, unheeded) = self.carry_out(work, &mut steps, request.key, &about);

        // Commit.
        let done = outcome == Outcome::Done;
        if done {
            self.record_accepted(&about, request, &work.machine);
        }
        work.machine.settle(&asked, &work.wants, &steps, done);
        if done {
            work.latch = work.latch.take().or(hold);
        }
        let ending = end(outcome, &steps, unheeded, &work.families);
        let new = self.commit(work, room, met, request.origin);
        let sequence = self.record_ended(&about, &ending, &steps, &new);
        if !self.is_copy() {
            log(request, &ending, &steps);
        }
        let calls = work.families.all_calls().saturating_sub(calls);
        Ok(Applied {
            steps,
            coverage: plan.coverage,
            sequence,
            ..request.ends(ending, new.generation, calls)
        })
    }

    /// Refuses steps that nobody could witness, where the administrator wants a witness.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, which says nothing of the TPM.
    fn end_unwitnessed(&self, steps: usize) -> Result<Option<Ending>> {
        if !self.parameters.require_tpm || steps == 0 {
            return Ok(None);
        }
        match self.journal.check_anchor() {
            Ok(()) => Ok(None),
            Err(ENOMEM) => Err(ENOMEM),
            Err(_) => Ok(Some(Ending::Refused(Refusal {
                id: 0,
                reason: Reason::NoTpm,
            }))),
        }
    }

    /// Carries the steps out. Returns how that ended, how many controls it has met that somebody else
    /// had changed, and whether the firmware did not heed the write of the step that failed.
    fn carry_out(
        &self,
        work: &mut Work,
        steps: &mut [Step],
        key: u16,
        about: &About,
    ) -> (Outcome, u32, bool) {
        let count = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        self.steps.store(count, Relaxed);
        let mut calls = Calls {
            engine: self,
            families: &work.families,
            details: &mut work.details,
            key,
            about,
            begun: false,
            wrote: false,
            last: Reading::Unknown,
            unheeded: false,
            altered: false,
            met: 0,
        };
        let outcome = transaction::run(&mut work.machine, steps, &mut calls);
        let Calls {
            unheeded,
            altered,
            met,
            ..
        } = calls;
        if altered {
            work.machine.alter();
        }
        self.steps.store(0, Relaxed);
        self.step.store(0, Relaxed);
        (outcome, met, unheeded)
    }

    /// Step that an apply under way is at, from 1, and number of its steps; zeros without one.
    pub(crate) fn progress(&self) -> (u32, u32) {
        (self.step.load(Relaxed), self.steps.load(Relaxed))
    }
}

/// All that is wanted, and how that stands.
fn overview(facts: &[Fact], wants: &[Want]) -> Result<KVVec<Line>> {
    let mut lines = KVVec::with_capacity(facts.len(), GFP_KERNEL)?;
    for line in plan::overview(facts, wants) {
        lines.push(line, GFP_KERNEL)?;
    }
    Ok(lines)
}

/// The firmware calls of an apply, and what they lead to.
struct Calls<'a> {
    engine: &'a Engine,
    families: &'a Families,
    details: &'a mut [Details],
    key: u16,
    about: &'a About,
    /// A step has begun, and has not written yet.
    begun: bool,
    /// It has written, and not read back yet.
    wrote: bool,
    /// What was last read.
    last: Reading,
    /// The step that failed had written, and the old value stayed in force.
    unheeded: bool,
    /// An answer was another one than before.
    altered: bool,
    /// Controls that somebody else was found to have changed.
    met: u32,
}

/// The family of the control `id`.
fn family(id: u32) -> Family {
    match id >> 16 == u32::from(uapi::FAMILY_DSMIL) {
        true => Family::Dsmil,
        false => Family::Platform,
    }
}

impl Firmware for Calls<'_> {
    fn write(&mut self, id: u32, from: u8, to: u8) -> Result<(), u32> {
        // What an undo writes is another matter.
        self.wrote = self.begun;
        self.begun = false;
        let provider = self.families.provider(family(id)).map_err(errno)?;
        provider.write(id, from, to, self.key).map_err(errno)
    }

    fn read(&mut self, id: u32, from: u8, _to: u8) -> Reading {
        let at = self.details.binary_search_by_key(&id, |details| details.id);
        let details = at.ok().and_then(|at| self.details.get_mut(at));
        self.last = match (details, self.families.provider(family(id))) {
            (Some(details), Ok(provider)) => {
                let readout = provider.read_back(details);
                self.altered |= details.take(&readout.answers);
                readout.reading
            }
            (None, _) => Reading::Failed(errno(ENOENT)),
            (_, Err(error)) => Reading::Failed(errno(error)),
        };
        let holds = self.last == Reading::Known(from);
        self.unheeded |= self.wrote && holds;
        self.wrote = false;
        // A step that does not begin with the old value does not come to its write.
        self.begun &= holds;
        self.last
    }

    fn is_interrupted(&self) -> bool {
        is_interrupted()
    }

    fn begins(&mut self, number: usize) {
        self.begun = true;
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.engine.step.store(number, Relaxed);
    }

    fn settled(&mut self, step: &Step) {
        self.engine.record_step(self.about, step);
    }

    fn changed_outside(&mut self, change: &Outside) {
        self.met = self.met.saturating_add(1);
        self.engine.record_met(self.about, change);
        let at = self
            .details
            .binary_search_by_key(&change.id, |details| details.id);
        let details = at.ok().and_then(|at| self.details.get(at));
        if let Some(details) = details.filter(|_| !self.engine.is_copy()) {
            report::outside(change, details);
        }
    }
}

/// Says how it ended. Where the firmware did not heed a write, asks it whether a password was the
/// reason.
fn end(outcome: Outcome, steps: &[Step], unheeded: bool, families: &Families) -> Ending {
    let (at, error) = match outcome {
        Outcome::Done => return Ending::Done,
        Outcome::Undone { step, error }
        | Outcome::Conflict { step, error }
        | Outcome::Degraded { step, error } => (step, error),
    };
    let control = steps.get(at).map_or(0, |step| step.id);
    let of_platform = family(control) == Family::Platform;
    let asks_for_key = || {
        let tokens = families.platform.found();
        tokens.is_ok_and(Provider::asks_for_key)
    };
    let plain = matches!(outcome, Outcome::Undone { .. } | Outcome::Degraded { .. });
    let error = match plain && unheeded && of_platform && asks_for_key() {
        true => errno(ekeyrejected()),
        false => error,
    };
    match outcome {
        Outcome::Degraded { .. } => Ending::Degraded { control, error },
        Outcome::Conflict { .. } => Ending::Conflict { control, error },
        _ => Ending::Undone { control, error },
    }
}

/// One line about a change, or about the failure of one.
fn log(request: &Request<'_>, ending: &Ending, steps: &[Step]) {
    let what = request.mode.map_or("a list of controls", Mode::name);
    let count = steps.len();
    match ending {
        Ending::Done if count > 0 => pr_notice!("applied {what}: {count} changes\n"),
        Ending::Undone { control, error } => {
            pr_warn!("{what} failed at control {control:#x} with errno {error}: all undone\n");
        }
        Ending::Conflict { control, .. } => {
            pr_warn!("{what}: something else has changed control {control:#x} meanwhile: undone\n");
        }
        Ending::Degraded { control, error } => {
            pr_err!("{what} failed at control {control:#x} with errno {error}: degraded\n");
        }
        _ => {}
    }
}
