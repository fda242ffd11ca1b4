// SPDX-License-Identifier: GPL-2.0

//! The one door: every change of the machine's state comes through here.

use super::{
    draft::Draft,
    policy,
    record::About,
    Engine,
    Families,
    Snapshot,
    Work, //
};
use crate::{
    journal::Origin,
    kapi::module::Pin,
    posture::{
        apply::{
            self,
            Firmware,
            Outcome, //
        },
        control::{
            Family,
            Reading, //
        },
        errno::EINTR,
        fact::{
            Policy,
            Reason,
            Refusal, //
        },
        mode::Mode,
        plan::{
            self,
            Coverage,
            Line,
            Step, //
        }, //
    },
    provider::{
        errno,
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

/// A request, decided.
struct Decided {
    steps: KVVec<Step>,
    coverage: Coverage,
    refusal: Option<Refusal>,
}

/// Decides a request on a draft, in which the wants of the request are left. The same for a plan
/// and an apply: they cannot disagree.
fn decide(draft: &mut Draft, request: &Request<'_>, policy: &Policy) -> Result<Decided> {
    let (facts, wants) = draft.facts_and_wants();
    let mut steps = KVVec::from_elem(Step::default(), facts.len(), GFP_KERNEL)?;
    let asked = plan::Request {
        mode: request.mode,
        list: request.list,
    };
    let decided = plan::wants(&asked, facts, policy, wants)
        .and_then(|coverage| Ok((coverage, plan::steps(facts, wants, &mut steps)?)));
    Ok(match decided {
        Ok((coverage, count)) => {
            steps.truncate(count);
            Decided {
                steps,
                coverage,
                refusal: None,
            }
        }
        Err(refusal) => {
            steps.clear();
            Decided {
                steps,
                coverage: Coverage::default(),
                refusal: Some(refusal),
            }
        }
    })
}

impl Request<'_> {
    fn policy(&self, latched: bool) -> Policy {
        Policy {
            latched,
            confirmed: self.confirmed,
            ..policy()
        }
    }

    /// Tells whether the caller has decided on another state of things.
    fn is_stale(&self, now: &Snapshot) -> bool {
        self.generation != 0 && self.generation != now.generation
    }

    /// Says why nothing is to be done, if so.
    fn end_early(&self, decided: &Decided) -> Option<Ending> {
        match decided.refusal {
            Some(refusal) => Some(Ending::Refused(refusal)),
            None if decided.steps.len() > self.room => Some(Ending::NoRoom),
            None => None,
        }
    }
}

impl Engine {
    /// Works out what [`Engine::apply`] would do now. Makes no firmware call, and waits for none.
    ///
    /// # Errors
    ///
    /// `EAGAIN` for a stale generation, `ENOMEM`.
    pub(crate) fn plan(&self, request: &Request<'_>) -> Result<Applied> {
        let snapshot = self.snapshot();
        if request.is_stale(&snapshot) {
            return Err(EAGAIN);
        }
        let mut draft = Draft::copy(&snapshot)?;
        let decided = decide(&mut draft, request, &request.policy(snapshot.latched))?;
        let lines = request.overview.then(|| draft.overview()).transpose()?;
        let ending = match &lines {
            Some(lines) if lines.len() > request.room => Ending::NoRoom,
            _ => request.end_early(&decided).unwrap_or(Ending::Planned),
        };
        Ok(Applied {
            ending,
            steps: decided.steps,
            lines,
            coverage: decided.coverage,
            generation: snapshot.generation,
            firmware_calls: 0,
            sequence: 0,
        })
    }

    /// Brings the controls to what is asked for, all of them or none. Sleeps, makes firmware
    /// calls. A signal stops it between two steps, and what was done is undone.
    ///
    /// # Errors
    ///
    /// `EAGAIN` for a stale generation, `ENOMEM`, `EINTR`: nothing was written to the firmware.
    pub(crate) fn apply(&self, request: &Request<'_>) -> Result<Applied> {
        let mut work = self.work.lock();
        let work = &mut *work;
        let before = self.snapshot();
        if request.is_stale(&before) {
            return Err(self.record_stale(request));
        }
        // What a failure left behind may read well by now. If so, the caller has not seen that.
        if before.count(|control| control.mark.degraded) > 0 {
            self.refresh_with(work, request.origin)?;
        }
        let old = self.snapshot();
        if request.is_stale(&old) {
            return Err(self.record_stale(request));
        }

        let mut draft = Draft::copy(&old)?;
        let policy = request.policy(old.latched);
        let decided = decide(&mut draft, request, &policy)?;
        let early = request
            .end_early(&decided)
            .or_else(|| self.end_unwitnessed(&decided));
        let Decided {
            mut steps,
            coverage,
            ..
        } = decided;
        if let Some(ending) = early {
            let sequence = self.record_early(request, &ending);
            return Ok(Applied {
                ending,
                steps,
                lines: None,
                coverage,
                generation: old.generation,
                firmware_calls: calls_between(&before, &old),
                sequence,
            });
        }
        work.ledger.reserve(steps.len())?;
        let pin = match request.mode {
            Some(Mode::ParanoidPlus) => Some(Pin::new()?),
            _ => None,
        };

        // From here on nothing is allocated, and nothing returns before it is told.
        let about = self.record_begun(request, &steps);
        let outcome = self.run(work, &mut draft, &mut steps, request.key, &about);
        work.ledger.take_steps(&steps);
        if outcome == Outcome::Done {
            work.ledger.take_wants(&draft);
            if let Some(mode) = request.mode {
                work.ledger.applied = Some(mode);
            }
            if let Some(pin) = pin {
                work.ledger.latch(pin);
            }
        }
        let ending = end(outcome, &steps, &work.families);
        let new = self.commit(work, &old, draft, request.origin);
        let sequence = self.record_ended(&about, &ending, &steps, &new);
        log(request, &ending, &steps);
        Ok(Applied {
            ending,
            steps,
            lines: None,
            coverage,
            generation: new.generation,
            firmware_calls: calls_between(&before, &new),
            sequence,
        })
    }

    /// Refuses steps that nobody could witness, where the administrator wants a witness.
    fn end_unwitnessed(&self, decided: &Decided) -> Option<Ending> {
        let wanted = crate::is_tpm_required() && !decided.steps.is_empty();
        (wanted && self.journal.check_anchor().is_err()).then_some(Ending::Refused(Refusal {
            id: 0,
            reason: Reason::NoTpm,
        }))
    }

    fn run(
        &self,
        work: &Work,
        draft: &mut Draft,
        steps: &mut [Step],
        key: u16,
        about: &About,
    ) -> Outcome {
        let count = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        self.steps.store(count, Relaxed);
        let mut door = Door {
            engine: self,
            families: &work.families,
            draft,
            key,
            about,
        };
        let outcome = apply::run(steps, &mut door);
        self.steps.store(0, Relaxed);
        self.step.store(0, Relaxed);
        outcome
    }

    /// Step that an apply under way is at, from 1, and number of its steps; zeros without one.
    pub(crate) fn progress(&self) -> (u32, u32) {
        (self.step.load(Relaxed), self.steps.load(Relaxed))
    }
}

/// Firmware calls made between two snapshots.
fn calls_between(before: &Snapshot, after: &Snapshot) -> u64 {
    after
        .firmware_calls()
        .saturating_sub(before.firmware_calls())
}

/// The firmware, as a plan is carried out on it.
struct Door<'a> {
    engine: &'a Engine,
    families: &'a Families,
    draft: &'a mut Draft,
    key: u16,
    about: &'a About,
}

impl Families {
    fn provider(&self, family: Family) -> Result<&dyn Provider> {
        Ok(match family {
            Family::Platform => self.platform.found()?,
            Family::Dsmil => self.dsmil.found()?,
        })
    }
}

impl Firmware for Door<'_> {
    fn write(&mut self, id: u32, from: u8, to: u8) -> Result<(), u32> {
        let control = self.draft.control_mut(id).ok_or(errno(ENOENT))?;
        let provider = self.families.provider(control.family).map_err(errno)?;
        provider.write(id, from, to, self.key).map_err(errno)
    }

    fn read(&mut self, id: u32, from: u8, to: u8) -> Reading {
        let Some(control) = self.draft.control_mut(id) else {
            return Reading::Failed(errno(ENOENT));
        };
        match self.families.provider(control.family) {
            Ok(provider) => provider.read_back(control, from, to),
            Err(error) => control.reading = Reading::Failed(errno(error)),
        }
        control.reading
    }

    fn is_interrupted(&self) -> bool {
        kernel::current!().signal_pending()
    }

    fn begins(&mut self, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.engine.step.store(number, Relaxed);
    }

    fn settled(&mut self, step: &Step) {
        self.engine.record_step(self.about, step);
    }
}

/// Says how it ended, and asks the firmware whether a password was the reason.
fn end(outcome: Outcome, steps: &[Step], families: &Families) -> Ending {
    let (at, error) = match outcome {
        Outcome::Done => return Ending::Done,
        Outcome::Undone { step, error } | Outcome::Degraded { step, error } => (step, error),
    };
    let control = steps.get(at).map_or(0, |step| step.id);
    let of_platform = control >> 16 == u32::from(uapi::FAMILY_PLATFORM);
    let asks_for_key = || {
        let tokens = families.platform.found();
        tokens.is_ok_and(Provider::asks_for_key)
    };
    let error = match error != EINTR && of_platform && asks_for_key() {
        true => errno(EKEYREJECTED),
        false => error,
    };
    match outcome {
        Outcome::Degraded { .. } => Ending::Degraded { control, error },
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
        Ending::Degraded { control, error } => {
            pr_err!("{what} failed at control {control:#x} with errno {error}: degraded\n");
        }
        _ => {}
    }
}
