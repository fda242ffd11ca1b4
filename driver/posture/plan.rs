// SPDX-License-Identifier: GPL-2.0

//! From what is wanted to ordered steps, or a refusal.

use super::apply::Progress;
use super::control::Family;
use super::fact::{Fact, Policy, Reason, Refusal, ACTIVE};
use super::mode::Mode;

/// Value of a target that leaves its control alone, whatever the mode asks for.
pub const LEAVE: u8 = 0xFF;

/// What somebody asks for: a mode, a list, or a mode with a list of exceptions.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The mode, if any.
    pub mode: Option<Mode>,
    /// Ids of controls, and the value that each shall have, or [`LEAVE`].
    pub list: &'a [(u32, u8)],
}

/// What is wanted of one control.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Want {
    /// Nothing.
    #[default]
    Nothing,
    /// This value.
    Value(u8),
    /// This value, by a line of the mode that cannot reach the control, for this reason.
    OutOfReach(u8, Reason),
}

/// How far a mode reaches on a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Controls that it speaks of.
    pub lines: u32,
    /// Those that the machine has, with the value asked for.
    pub present: u32,
    /// Those of them that it can change.
    pub reached: u32,
}

/// One step of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The control.
    pub id: u32,
    /// The value that it has.
    pub from: u8,
    /// The value that it shall have.
    pub to: u8,
    /// How far it has come.
    pub progress: Progress,
}

/// Works out what a mode asks of each control: `wants` gets one entry for each fact, which must
/// be as many.
pub fn mode_wants(mode: Mode, facts: &[Fact], policy: &Policy, wants: &mut [Want]) -> Coverage {
    let mut coverage = Coverage {
        lines: mode.settings(),
        ..Coverage::default()
    };
    for (want, fact) in wants.iter_mut().zip(facts) {
        let asked = mode.asks(fact);
        if fact.family == Family::Dsmil && asked.is_some() {
            coverage.lines = coverage.lines.saturating_add(1);
        }
        *want = match (asked.filter(|value| fact.has(*value)), fact.baseline) {
            (Some(value), _) => {
                coverage.present = coverage.present.saturating_add(1);
                Want::Value(value)
            }
            // Changed by the driver once, and not this mode's business: back to what it was.
            (None, Some(value)) => Want::Value(value),
            (None, None) => Want::Nothing,
        };
        if mode == Mode::Baseline && fact.baseline.is_some() {
            coverage.lines = coverage.lines.saturating_add(1);
            coverage.present = coverage.present.saturating_add(1);
        }
        if let (Want::Value(value), Some(reason)) = (*want, fact.gate(policy)) {
            *want = Want::OutOfReach(value, reason);
        }
    }
    leave_out_dependents(facts, wants);

    let reached = |(want, fact): (&Want, &Fact)| {
        matches!(want, Want::Value(_)) && (mode == Mode::Baseline || mode.asks(fact).is_some())
    };
    let count = wants
        .iter()
        .zip(facts)
        .filter(|pair| reached(*pair))
        .count();
    coverage.reached = u32::try_from(count).unwrap_or(u32::MAX);
    coverage
}

/// Leaves out of a mode what would need a control that is not active and that the mode does not
/// reach. Begins with what can be active for certain, so that a circle is left out as well.
fn leave_out_dependents(facts: &[Fact], wants: &mut [Want]) {
    let activates = |want: Option<&Want>, fact: &Fact| {
        fact.family == Family::Dsmil && want == Some(&Want::Value(ACTIVE))
    };
    // Marks what is not known to be activable yet, then clears marks until nothing changes.
    for (want, fact) in wants.iter_mut().zip(facts) {
        if activates(Some(want), fact) && !fact.is_active() {
            *want = Want::OutOfReach(ACTIVE, Reason::Cycle);
        }
    }
    loop {
        let mut progress = false;
        for at in 0..facts.len() {
            let (Some(fact), Some(Want::OutOfReach(_, Reason::Cycle))) =
                (facts.get(at), wants.get(at))
            else {
                continue;
            };
            let mut missing = fact.depends.iter().flatten().filter(|need| {
                let need = usize::from(**need);
                !facts.get(need).is_some_and(|needed| match wants.get(need) {
                    Some(Want::Nothing | Want::OutOfReach(..)) | None => needed.is_active(),
                    Some(Want::Value(value)) => *value == ACTIVE,
                })
            });
            if missing.next().is_none() {
                if let Some(want) = wants.get_mut(at) {
                    *want = Want::Value(ACTIVE);
                    progress = true;
                }
            }
        }
        if !progress {
            break;
        }
    }
    // What is still marked needs something: name it.
    for at in 0..facts.len() {
        let (Some(fact), Some(Want::OutOfReach(value, Reason::Cycle))) =
            (facts.get(at), wants.get(at).copied())
        else {
            continue;
        };
        let mut needs = fact.depends.iter().flatten();
        let need = needs.find_map(|need| {
            let need = usize::from(*need);
            let needed = facts.get(need)?;
            match wants.get(need)? {
                Want::Value(ACTIVE) | Want::OutOfReach(_, Reason::Cycle) => None,
                _ => (!needed.is_active()).then_some(needed.id),
            }
        });
        if let (Some(id), Some(want)) = (need, wants.get_mut(at)) {
            *want = Want::OutOfReach(value, Reason::Dependency(id));
        }
    }
}

/// Works out what a request asks of each control: `wants` gets one entry for each fact, which must
/// be as many.
///
/// # Errors
///
/// The refusal of the request, or of the first control of the list that cannot be had.
pub fn wants(
    request: &Request<'_>,
    facts: &[Fact],
    policy: &Policy,
    wants: &mut [Want],
) -> Result<Coverage, Refusal> {
    let whole = |reason| Err(Refusal { id: 0, reason });
    let plus = request.mode == Some(Mode::ParanoidPlus);
    if policy.latched && (!plus || !request.list.is_empty()) {
        return whole(Reason::Latched);
    }
    if plus && !policy.latched && !policy.confirmed {
        return whole(Reason::Unconfirmed);
    }
    let coverage = match request.mode {
        Some(mode) => mode_wants(mode, facts, policy, wants),
        None => {
            wants.fill(Want::Nothing);
            Coverage::default()
        }
    };
    for (at, (id, value)) in request.list.iter().enumerate() {
        let refuse = |reason| Err(Refusal { id: *id, reason });
        let mut before = request.list.iter().take(at);
        if before.any(|(other, _)| other == id) {
            return refuse(Reason::Twice);
        }
        let mut all = facts.iter().zip(wants.iter_mut());
        let Some((fact, want)) = all.find(|(fact, _)| fact.id == *id) else {
            return refuse(Reason::NoControl);
        };
        if *value == LEAVE {
            *want = Want::Nothing;
            continue;
        }
        if let Some(reason) = fact.gate(policy) {
            return refuse(reason);
        }
        if !fact.has(*value) {
            return refuse(Reason::NoValue);
        }
        *want = Want::Value(*value);
    }
    Ok(coverage)
}

/// Orders the steps that bring the facts to what is wanted, and puts them at the start of
/// `steps`, which must have room for one for each fact. Returns their number. What holds already
/// is no step.
///
/// Devices are deactivated before those that they need, and activated after them.
///
/// # Errors
///
/// The refusal of the first control that cannot be had.
pub fn steps(facts: &[Fact], wants: &[Want], steps: &mut [Step]) -> Result<usize, Refusal> {
    let mut plan = Plan {
        facts,
        wants,
        steps,
        count: 0,
    };
    for (fact, want) in facts.iter().zip(wants) {
        let Want::Value(value) = want else { continue };
        let Some(current) = fact.current() else {
            return Err(Refusal {
                id: fact.id,
                reason: Reason::Unreadable,
            });
        };
        if current != *value && fact.family == Family::Platform {
            plan.push(fact, current, *value);
        }
    }
    plan.until_done(Plan::deactivate)?;
    plan.until_done(Plan::activate)?;
    Ok(plan.count)
}

struct Plan<'a> {
    facts: &'a [Fact],
    wants: &'a [Want],
    steps: &'a mut [Step],
    count: usize,
}

/// What one pass over the devices came to.
struct Pass {
    progress: bool,
    /// The first that could not be done, and why.
    stuck: Option<Refusal>,
}

impl Plan<'_> {
    fn push(&mut self, fact: &Fact, from: u8, to: u8) {
        if let Some(step) = self.steps.get_mut(self.count) {
            *step = Step {
                id: fact.id,
                from,
                to,
                progress: Progress::Planned,
            };
            self.count = self.count.saturating_add(1);
        }
    }

    fn is_planned(&self, fact: &Fact) -> bool {
        let planned = self.steps.get(..self.count).unwrap_or_default();
        planned.iter().any(|step| step.id == fact.id)
    }

    /// Whether the device will be active when the steps so far are done.
    fn will_be_active(&self, at: usize) -> bool {
        let Some(fact) = self.facts.get(at) else {
            return false;
        };
        let planned = self.steps.get(..self.count).unwrap_or_default();
        match planned.iter().find(|step| step.id == fact.id) {
            Some(step) => step.to == ACTIVE,
            None => fact.is_active(),
        }
    }

    /// The change that is wanted of the device at `at` and not planned yet: from, to.
    fn open(&self, at: usize) -> Option<(Fact, u8, u8)> {
        let fact = self.facts.get(at)?;
        let Some(Want::Value(value)) = self.wants.get(at) else {
            return None;
        };
        let current = fact.current()?;
        let open = fact.family == Family::Dsmil && current != *value && !self.is_planned(fact);
        open.then_some((*fact, current, *value))
    }

    fn until_done(&mut self, pass: fn(&mut Self) -> Pass) -> Result<(), Refusal> {
        loop {
            match pass(self) {
                Pass { stuck: None, .. } => return Ok(()),
                Pass {
                    progress: false,
                    stuck: Some(refusal),
                } => return Err(refusal),
                Pass { progress: true, .. } => {}
            }
        }
    }

    fn activate(&mut self) -> Pass {
        let mut pass = Pass {
            progress: false,
            stuck: None,
        };
        for at in 0..self.facts.len() {
            let Some((fact, from, to @ ACTIVE)) = self.open(at) else {
                continue;
            };
            let mut needs = fact.depends.iter().flatten().map(|need| usize::from(*need));
            match needs.find(|need| !self.will_be_active(*need)) {
                None => {
                    self.push(&fact, from, to);
                    pass.progress = true;
                }
                Some(need) => {
                    let waits = self.open(need).is_some_and(|(_, _, to)| to == ACTIVE);
                    let reason = match (waits, self.facts.get(need)) {
                        (false, Some(needed)) => Reason::Dependency(needed.id),
                        _ => Reason::Cycle,
                    };
                    pass.stick(fact.id, reason);
                }
            }
        }
        pass
    }

    fn deactivate(&mut self) -> Pass {
        let mut pass = Pass {
            progress: false,
            stuck: None,
        };
        for at in 0..self.facts.len() {
            let Some((fact, from, to)) = self.open(at).filter(|(_, _, to)| *to != ACTIVE) else {
                continue;
            };
            match (0..self.facts.len()).find(|other| self.holds_up(*other, at)) {
                None => {
                    self.push(&fact, from, to);
                    pass.progress = true;
                }
                Some(other) => {
                    let waits = self.open(other).is_some_and(|(_, _, to)| to != ACTIVE);
                    let reason = match (waits, self.facts.get(other)) {
                        (false, Some(needing)) => Reason::Needed(needing.id),
                        _ => Reason::Cycle,
                    };
                    pass.stick(fact.id, reason);
                }
            }
        }
        pass
    }

    /// Tells whether the device at `other` depends on that at `at` and is active still.
    fn holds_up(&self, other: usize, at: usize) -> bool {
        let needs = self.facts.get(other).is_some_and(|fact| {
            let mut needs = fact.depends.iter().flatten();
            needs.any(|need| usize::from(*need) == at)
        });
        needs && self.will_be_active(other)
    }
}

impl Pass {
    /// Notes what cannot be done. A reason that names a control says more than a circle does.
    fn stick(&mut self, id: u32, reason: Reason) {
        let better = match &self.stuck {
            None => true,
            Some(stuck) => stuck.reason == Reason::Cycle && reason != Reason::Cycle,
        };
        if better {
            self.stuck = Some(Refusal { id, reason });
        }
    }
}
