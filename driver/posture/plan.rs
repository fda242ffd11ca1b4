// SPDX-License-Identifier: GPL-2.0

//! From what is wanted to ordered steps, or a refusal.

use super::control::{Class, Family, Reading};
use super::fact::{Fact, Policy, Reason, Refusal, Want};
use super::mode::Mode;
use super::order::{self, Order, Set, FACTS, TURNS};

/// Value of a target that leaves its control alone, whatever the mode asks for.
pub const LEAVE: u8 = 0xFF;

/// Value of a target that takes what its control has as it is: what somebody else has made of it,
/// or a failure left.
pub const ACCEPT: u8 = 0xFE;

/// What somebody asks for: a mode, a list, or a mode with a list of exceptions.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The mode, if any.
    pub mode: Option<Mode>,
    /// Ids of controls, and the value that each shall have, [`LEAVE`] or [`ACCEPT`].
    pub list: &'a [(u32, u8)],
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
    /// The value that it was found to have where that is not the one that it had or shall have.
    pub now: Option<u8>,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Not begun.
    #[default]
    Planned,
    /// Done, and read back.
    Done,
    /// Failed, with a positive errno; the old value is in force.
    Failed(u32),
    /// Was done; the old value is in force again, and was read back.
    Undone,
    /// The old value could not be put back, for this positive errno.
    Degraded(u32),
    /// Somebody else has changed the control: it was left as it was found.
    Moved,
}

/// What is wanted of a control, and how that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The control.
    pub id: u32,
    /// The value that it has, if that is known.
    pub from: Option<u8>,
    /// The value that it shall have.
    pub to: u8,
    /// How that stands.
    pub stands: Stands,
}

/// How it stands with what is wanted of a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// There is a step for it.
    Open,
    /// It is so already.
    Holds,
    /// It cannot be had.
    OutOfReach(Reason),
}

/// All that is wanted, whether there is a step for it or not.
pub fn overview<'a>(facts: &'a [Fact], wants: &'a [Want]) -> impl Iterator<Item = Line> + 'a {
    facts.iter().zip(wants).filter_map(|(fact, want)| {
        let (to, reason) = match *want {
            Want::Nothing => return None,
            Want::Value(to) => (to, check(fact, to).err().map(|refusal| refusal.reason)),
            Want::OutOfReach(to, reason) => (to, Some(reason)),
        };
        let from = match fact.reading {
            Reading::Known(value) => Some(value),
            _ => None,
        };
        let stands = match reason {
            _ if from == Some(to) => Stands::Holds,
            Some(reason) => Stands::OutOfReach(reason),
            None => Stands::Open,
        };
        Some(Line {
            id: fact.id,
            from,
            to,
            stands,
        })
    })
}

/// Works out what a mode asks of each control: `wants` gets one entry for each fact, which must
/// be as many.
pub fn mode_wants(mode: Mode, facts: &[Fact], policy: &Policy, wants: &mut [Want]) -> Coverage {
    let coverage = lines(mode, facts, policy, wants);
    leave_out(mode, facts, wants, &Set::default(), coverage)
}

/// What the lines of a mode ask of each control by itself.
fn lines(mode: Mode, facts: &[Fact], policy: &Policy, wants: &mut [Want]) -> Coverage {
    let mut coverage = Coverage {
        lines: mode.settings(),
        ..Coverage::default()
    };
    for (want, fact) in wants.iter_mut().zip(facts) {
        let asked = mode.asks(fact);
        let baseline = fact.mark.baseline.filter(|value| fact.has(*value));
        // Changed by the driver once, and not this mode's business: back to what it was.
        *want = match asked.or(baseline) {
            None => Want::Nothing,
            Some(value) => match fact.refuses(value, policy) {
                Some(reason) => Want::OutOfReach(value, reason),
                // By itself it stands in nobody's way.
                None if fact.is_strange() => Want::OutOfReach(value, Reason::Unknown),
                None => Want::Value(value),
            },
        };
        let restored = mode == Mode::Baseline && baseline.is_some();
        if restored || asked.is_some() {
            let reached = u32::from(matches!(want, Want::Value(_)));
            coverage.present = coverage.present.saturating_add(1);
            coverage.reached = coverage.reached.saturating_add(reached);
        }
        if restored || asked.is_some() && fact.family == Family::Dsmil {
            coverage.lines = coverage.lines.saturating_add(1);
        }
    }
    coverage
}

/// Tells whether a mode speaks of the control: it is not only put back to what it was.
fn is_of(mode: Mode, fact: &Fact) -> bool {
    mode == Mode::Baseline || mode.asks(fact).is_some()
}

/// Leaves out of a mode what would need a control that is not active, or is needed by one that is,
/// and that the mode does not reach. What is named, by its position, is not left out but refused later.
/// Returns how far the mode reaches then.
fn leave_out(
    mode: Mode,
    facts: &[Fact],
    wants: &mut [Want],
    named: &Set,
    mut coverage: Coverage,
) -> Coverage {
    let mut order = Order::new(facts, wants);
    order.run(|_| ());
    order.stuck(|at, reason| {
        let (Some(fact), Some(want)) = (facts.get(at), wants.get_mut(at)) else {
            return;
        };
        match *want {
            Want::Value(value) if !named.contains(at) => {
                *want = Want::OutOfReach(value, reason);
                let lost = u32::from(is_of(mode, fact));
                coverage.reached = coverage.reached.saturating_sub(lost);
            }
            _ => {}
        }
    });
    coverage
}

/// The refusal of a request as a whole, whatever the machine is: it takes no reading.
pub fn refusal_of(request: &Request<'_>, policy: &Policy) -> Option<Refusal> {
    let plus = request.mode == Some(Mode::ParanoidPlus);
    let reason = if policy.latched && (!plus || !request.list.is_empty()) {
        Reason::Latched
    } else if plus && !policy.latched && !policy.confirmed {
        Reason::Unconfirmed
    } else {
        return None;
    };
    Some(Refusal { id: 0, reason })
}

/// Works out what a request asks of each control: `wants` gets one entry for each fact, which must
/// be as many; the facts go from the lowest id to the highest.
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
    if let Some(refusal) = refusal_of(request, policy) {
        return Err(refusal);
    }
    if policy.blind && request.mode.is_some() {
        return Err(Refusal {
            id: 0,
            reason: Reason::Unreadable,
        });
    }
    let mut coverage = match request.mode {
        Some(mode) => lines(mode, facts, policy, wants),
        None => {
            wants.fill(Want::Nothing);
            Coverage::default()
        }
    };
    let mut named = Set::default();
    for (id, value) in request.list {
        let refuse = |reason| Err(Refusal { id: *id, reason });
        let Ok(at) = facts.binary_search_by_key(id, |fact| fact.id) else {
            return refuse(Reason::NoControl);
        };
        let (Some(fact), Some(want)) = (facts.get(at), wants.get_mut(at)) else {
            return refuse(Reason::NoControl);
        };
        if named.contains(at) {
            return refuse(Reason::Twice);
        }
        named.insert(at);
        let before = *want;
        *want = match *value {
            _ if fact.gone => return refuse(Reason::NoControl),
            LEAVE => Want::Nothing,
            ACCEPT if !matches!(fact.reading, Reading::Known(_)) => return Err(unreadable(fact)),
            ACCEPT => Want::Nothing,
            value => match fact.refuses(value, policy) {
                Some(reason) => return refuse(reason),
                None => Want::Value(value),
            },
        };
        if request.mode == Some(Mode::Baseline) && before == Want::Nothing && *want != before {
            // What the driver does not remember is of that mode because the list says so.
            coverage.lines = coverage.lines.saturating_add(1);
            coverage.present = coverage.present.saturating_add(1);
        }
        if request.mode.is_some_and(|mode| is_of(mode, fact)) {
            let reached = |want| u32::from(matches!(want, Want::Value(_)));
            let others = coverage.reached.saturating_sub(reached(before));
            coverage.reached = others.saturating_add(reached(*want));
        }
    }
    // Only now: an exception can give what a line of the mode needs, and take it.
    match request.mode {
        Some(mode) => Ok(leave_out(mode, facts, wants, &named, coverage)),
        None => Ok(coverage),
    }
}

/// Orders the steps that bring the facts to what is wanted, and puts them at the start of `steps`,
/// which must have room for one for each fact. Returns their number. What holds already is no
/// step.
///
/// # Errors
///
/// The refusal of the first control that cannot be had.
pub fn steps(facts: &[Fact], wants: &[Want], steps: &mut [Step]) -> Result<usize, Refusal> {
    let wanted = || {
        let all = facts.iter().zip(wants);
        all.filter_map(|(fact, want)| match want {
            Want::Value(value) => Some((fact, *value)),
            Want::Nothing | Want::OutOfReach(..) => None,
        })
    };
    for (fact, value) in wanted() {
        check(fact, value)?;
    }
    if let Some(fact) = facts.get(FACTS) {
        return Err(refusal(fact, Reason::NoControl));
    }

    let mut count = 0usize;
    let mut push = |fact: &Fact, to| {
        let (Some(from), step) = (fact.current(), steps.get_mut(count)) else {
            return;
        };
        if let Some(step) = step {
            *step = Step {
                id: fact.id,
                from,
                to,
                ..Step::default()
            };
        }
        // Counts what there is no room for as well, so that nobody takes a part for the whole.
        count = count.saturating_add(1);
    };
    for turn in TURNS {
        let mine = |(fact, to): &(&Fact, u8)| {
            fact.family == Family::Platform && order::turn(fact, *to) == turn
        };
        for (fact, to) in wanted().filter(mine) {
            if fact.current() != Some(to) {
                push(fact, to);
            }
        }
    }
    let mut order = Order::new(facts, wants);
    order.run(|at| {
        if let (Some(fact), Some(Want::Value(to))) = (facts.get(at), wants.get(at)) {
            push(fact, *to);
        }
    });
    match order.refusal() {
        Some(refusal) => Err(refusal),
        None => Ok(count),
    }
}

/// The last look before a control is written: whatever led here, what is not known cannot be put
/// back, and what is quarantined is not touched.
fn check(fact: &Fact, value: u8) -> Result<(), Refusal> {
    if fact.class == Class::Quarantined {
        Err(refusal(fact, Reason::Quarantined))
    } else if !fact.has(value) {
        Err(refusal(fact, Reason::NoValue))
    } else if fact.current().is_none() {
        Err(unreadable(fact))
    } else {
        Ok(())
    }
}

/// The refusal of a control whose present value is not known.
fn unreadable(fact: &Fact) -> Refusal {
    let reason = match fact.is_strange() {
        true => Reason::Unknown,
        false => Reason::Unreadable,
    };
    refusal(fact, reason)
}

fn refusal(fact: &Fact, reason: Reason) -> Refusal {
    Refusal {
        id: fact.id,
        reason,
    }
}
