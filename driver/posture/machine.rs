// SPDX-License-Identifier: GPL-2.0

//! What the driver believes of the machine, and how that changes: a reading is observed, a request
//! planned, its steps settled, and all of it committed to a generation.
//!
//! Nothing else changes what is believed. Whoever holds a [`Machine`] makes the firmware calls; the
//! order of these is in [`transaction`](super::transaction).

use super::control::{Class, Family, Reading};
use super::fact::{Fact, Mark, Policy, Reason, Refusal, Want, ACTIVE};
use super::mode::Mode;
use super::plan::{self, Coverage, Progress, Request, Step, ACCEPT};
use super::standing::{self, Standing};
use core::ops::DerefMut;

/// What was read of one control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How it stands.
    pub reading: Reading,
    /// Whether tampering with it is reported; `None` where that is not known.
    pub tamper: Option<bool>,
    /// Something of what the firmware answered is different from before, though the reading may be
    /// the same.
    pub altered: bool,
}

/// What nobody has asked the driver for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Somebody else has changed the control.
    pub outside: Option<Outside>,
    /// Tampering is reported that was not before.
    pub tampered: bool,
}

/// A change that nobody has asked the driver for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The control.
    pub id: u32,
    /// The value that it was last known to have.
    pub from: u8,
    /// The value that it has now; `None` where it is none that the driver knows.
    pub to: Option<u8>,
    /// It had the value that the driver had last written, or found where it should be.
    pub drift: bool,
}

/// A request, planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// How many steps it has.
    pub steps: usize,
    /// How far the mode reaches.
    pub coverage: Coverage,
}

/// What a [`Machine::commit`] has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The generation.
    pub generation: u64,
    /// Controls of which something else is read than at the commit before.
    pub changed: u32,
}

/// What the driver believes of the machine. `L` is the list of its controls: the module and the host
/// have different allocators, and nothing here allocates.
#[derive(Clone, Debug)]
pub struct Machine<L> {
    /// From the lowest id to the highest.
    facts: L,
    generation: u64,
    /// What is believed differs from what the generation stands for.
    altered: bool,
    changed: u32,
    applied: Option<Mode>,
    latched: bool,
    standing: Standing,
}

impl<L: DerefMut<Target = [Fact]>> Machine<L> {
    /// A machine with these controls, from the lowest id to the highest, of which nothing is read.
    pub fn new(facts: L) -> Self {
        Self {
            facts,
            generation: 0,
            altered: true,
            changed: 0,
            applied: None,
            latched: false,
            standing: Standing::default(),
        }
    }

    /// Its controls, from the lowest id to the highest.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Grows whenever anything else is believed.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Which mode it is in.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Tells whether it is latched in `paranoid-plus`, until the next boot.
    pub fn is_latched(&self) -> bool {
        self.latched
    }

    /// Number of controls that an apply could not put back.
    pub fn degraded(&self) -> usize {
        let degraded = |fact: &&Fact| fact.mark.degraded;
        self.facts.iter().filter(degraded).count()
    }

    /// The place of the control `id`.
    pub fn position(&self, id: u32) -> Option<usize> {
        self.facts.binary_search_by_key(&id, |fact| fact.id).ok()
    }

    /// The control `id`.
    pub fn fact(&self, id: u32) -> Option<&Fact> {
        self.facts.get(self.position(id)?)
    }

    /// What is remembered of the control `id`: for a list that [`replace`](Self::replace) takes.
    pub fn mark(&self, id: u32) -> Mark {
        self.fact(id).map_or(Mark::default(), |fact| fact.mark)
    }

    /// A machine with other controls, of which all else is believed that is believed of this one. Its
    /// generations begin behind `past`.
    pub fn like<M: DerefMut<Target = [Fact]>>(&self, facts: M, past: u64) -> Machine<M> {
        Machine {
            facts,
            generation: self.generation.max(past),
            altered: true,
            changed: 0,
            applied: self.applied,
            latched: self.latched,
            standing: self.standing,
        }
    }

    /// Its next generation is behind `past`.
    pub fn move_past(&mut self, past: u64) {
        self.generation = self.generation.max(past);
        self.altered = true;
    }

    /// Takes another list of controls, from the lowest id to the highest, and returns the old one.
    pub fn replace(&mut self, facts: L) -> L {
        self.altered = true;
        core::mem::replace(&mut self.facts, facts)
    }

    /// The controls of a family are not there any more.
    pub fn withdraw(&mut self, family: Family) {
        for fact in self.facts.iter_mut().filter(|fact| fact.family == family) {
            self.altered = true;
            *fact = withdrawn(fact);
        }
    }

    /// Takes in what was read of the control `id`.
    pub fn observe(&mut self, id: u32, seen: Seen) -> News {
        let next = self.generation.saturating_add(1);
        let Some(at) = self.position(id) else {
            return News::default();
        };
        let Some(fact) = self.facts.get_mut(at) else {
            return News::default();
        };
        if seen.altered || fact.reading != seen.reading || fact.tamper != seen.tamper {
            self.altered = true;
            if fact.changed != next {
                fact.changed = next;
                self.changed = self.changed.saturating_add(1);
            }
        }
        fact.reading = seen.reading;
        fact.tamper = seen.tamper;
        // A state that nobody can have given it, such as a device's that has failed, passes.
        let settable = matches!(seen.reading, Reading::Known(now) if fact.has(now));
        let mark = &mut fact.mark;
        let mut news = News::default();
        if let Some(tampered) = seen.tamper {
            news.tampered = tampered && !mark.tampered;
            mark.tampered = tampered;
        }
        match (seen.reading, mark.seen) {
            (Reading::Known(now), before) => {
                if let Some(before) = before.filter(|before| *before != now) {
                    news.outside = Some(Outside {
                        id,
                        from: before,
                        to: Some(now),
                        drift: mark.written == Some(before),
                    });
                }
                if settable {
                    // Theirs: a mode that does not name it leaves it alone.
                    if mark.held.is_some_and(|held| held != now) {
                        mark.baseline = None;
                    }
                    mark.held = Some(now);
                }
                mark.strange = false;
                mark.seen = Some(now);
                mark.first = mark.first.or(Some(now));
            }
            // Said once. Whose it is shows when it can be made out again.
            (Reading::Unknown | Reading::Ambiguous, Some(before)) if !mark.strange => {
                mark.strange = true;
                news.outside = Some(Outside {
                    id,
                    from: before,
                    to: None,
                    drift: mark.written == Some(before),
                });
            }
            _ => {}
        }
        news
    }

    /// Takes in what was read after the driver itself has written the control `id`.
    pub(super) fn written(&mut self, id: u32, reading: Reading) {
        let next = self.generation.saturating_add(1);
        let fact = self.position(id).and_then(|at| self.facts.get_mut(at));
        let Some(fact) = fact else { return };
        if fact.reading != reading {
            self.altered = true;
            fact.reading = reading;
            if fact.changed != next {
                fact.changed = next;
                self.changed = self.changed.saturating_add(1);
            }
        }
        fact.mark.seen = match reading {
            Reading::Known(now) => Some(now),
            _ => None,
        };
        fact.mark.held = fact.mark.seen.filter(|now| fact.has(*now));
    }

    /// Something of what the firmware answers is different from before, though no reading is.
    pub fn alter(&mut self) {
        self.altered = true;
    }

    /// Says what keeps the device `id` from being given the value `to`, by what was read last: what
    /// it needs and is not active, or what needs it and may be active.
    pub(super) fn blocks(&self, id: u32, to: u8) -> Option<Reason> {
        let at = self.position(id)?;
        let fact = self.facts.get(at)?;
        if fact.family != Family::Dsmil {
            return None;
        }
        if to == ACTIVE {
            let mut needs = fact.depends.iter().flatten();
            let missing = needs.find(|need| {
                let need = self.facts.get(usize::from(**need));
                !need.is_some_and(Fact::is_active)
            })?;
            let id = self.facts.get(usize::from(*missing)).map_or(0, |f| f.id);
            return Some(Reason::Dependency(id));
        }
        let needs = |other: &&Fact| {
            let mut needs = other.depends.iter().flatten();
            needs.any(|need| usize::from(*need) == at)
        };
        let holder = self
            .facts
            .iter()
            .filter(|fact| fact.may_be_active())
            .find(needs)?;
        Some(Reason::Needed(holder.id))
    }

    /// Tells whether a caller has decided on another state of things.
    pub fn is_stale(&self, generation: u64) -> bool {
        generation != 0 && generation != self.generation
    }

    /// The refusal of a request as a whole, which needs no reading.
    pub fn refusal_of(&self, request: &Request<'_>, policy: &Policy) -> Option<Refusal> {
        let policy = Policy {
            latched: self.latched,
            ..*policy
        };
        plan::refusal_of(request, &policy)
    }

    /// Works out what a request comes to, by what was read last. `wants` and `steps` must have room
    /// for one entry for each control.
    ///
    /// # Errors
    ///
    /// The refusal of the request, or of the first control that cannot be had.
    pub fn plan(
        &self,
        request: &Request<'_>,
        policy: &Policy,
        wants: &mut [Want],
        steps: &mut [Step],
    ) -> Result<Plan, Refusal> {
        let policy = Policy {
            latched: self.latched,
            ..*policy
        };
        plan(&self.facts, request, &policy, wants, steps)
    }

    /// Takes in how the steps of a request have ended, and what it wanted. `done` says that all of
    /// it is as it wanted.
    pub fn settle(&mut self, request: &Request<'_>, wants: &[Want], steps: &[Step], done: bool) {
        for step in steps {
            let fact = self.position(step.id).and_then(|at| self.facts.get_mut(at));
            let Some(fact) = fact else { continue };
            let mark = &mut fact.mark;
            match step.progress {
                Progress::Done => {
                    mark.baseline = mark.baseline.or(Some(step.from));
                    mark.written = Some(step.to);
                    mark.degraded = false;
                }
                Progress::Degraded(_) => {
                    mark.baseline = mark.baseline.or(Some(step.from));
                    // What it has now is nobody's doing but the driver's.
                    mark.written = None;
                    mark.seen = None;
                    mark.held = None;
                    mark.degraded = true;
                }
                // It is theirs, also where the driver had lost sight of it.
                Progress::Moved => mark.baseline = None,
                // As before, or as `observe` has it.
                Progress::Planned | Progress::Failed(_) | Progress::Undone => continue,
            }
            self.altered = true;
        }
        if !done {
            return;
        }
        // What holds without a step is settled as well.
        for (fact, want) in self.facts.iter_mut().zip(wants) {
            let mark = &mut fact.mark;
            let known = mark.written.is_some() || mark.degraded;
            if let (Want::Value(value), true) = (want, known) {
                self.altered |= mark.degraded || mark.written != Some(*value);
                mark.written = Some(*value);
                mark.degraded = false;
            }
        }
        if request.mode == Some(Mode::Baseline) {
            // The caller knows what was before this driver, or before it was loaded anew.
            for (id, value) in request.list {
                let fact = self.position(*id).and_then(|at| self.facts.get_mut(at));
                if let Some(fact) = fact.filter(|fact| fact.has(*value)) {
                    self.altered |= fact.mark.baseline != Some(*value);
                    fact.mark.baseline = Some(*value);
                }
            }
        }
        for (id, _) in request.list.iter().filter(|(_, value)| *value == ACCEPT) {
            let fact = self.position(*id).and_then(|at| self.facts.get_mut(at));
            if let Some(Fact { mark, .. }) = fact {
                self.altered |= mark.degraded || mark.written.is_some();
                mark.written = None;
                mark.baseline = None;
                mark.degraded = false;
            }
        }
        if let Some(mode) = request.mode {
            self.altered |= self.applied != Some(mode);
            self.applied = Some(mode);
            self.latched |= mode == Mode::ParanoidPlus;
        }
    }

    /// Commits what is believed: derives the mode, and moves on to another generation where anything
    /// is different. `wants` must have room for one entry for each control.
    pub fn commit(&mut self, policy: &Policy, wants: &mut [Want]) -> Committed {
        let standing = standing::derive(&self.facts, policy, self.applied, wants);
        self.altered |= standing != self.standing;
        self.standing = standing;
        for (fact, want) in self.facts.iter_mut().zip(wants.iter()) {
            let (wanted, unreached) = match *want {
                Want::Nothing => (None, None),
                Want::Value(value) => (Some(value), None),
                // What it has already it does not lack.
                Want::OutOfReach(value, reason) => (
                    Some(value),
                    (fact.current() != Some(value)).then_some(reason),
                ),
            };
            self.altered |= (fact.wanted, fact.unreached) != (wanted, unreached);
            fact.wanted = wanted;
            fact.unreached = unreached;
        }
        if self.altered {
            self.generation = self.generation.saturating_add(1);
        }
        self.altered = false;
        Committed {
            generation: self.generation,
            changed: core::mem::take(&mut self.changed),
        }
    }
}

/// Works out what a request comes to on these controls: see [`Machine::plan`].
///
/// # Errors
///
/// The refusal of the request, or of the first control that cannot be had.
pub fn plan(
    facts: &[Fact],
    request: &Request<'_>,
    policy: &Policy,
    wants: &mut [Want],
    steps: &mut [Step],
) -> Result<Plan, Refusal> {
    let coverage = plan::wants(request, facts, policy, wants)?;
    let steps = plan::steps(facts, wants, steps)?;
    Ok(Plan { steps, coverage })
}

/// A control that is not there any more: nothing can be read of it or done to it.
pub fn withdrawn(fact: &Fact) -> Fact {
    Fact {
        class: Class::ReadOnly,
        writable: false,
        values: 0,
        gone: true,
        reading: Reading::Unknown,
        tamper: None,
        wanted: None,
        unreached: None,
        ..*fact
    }
}
