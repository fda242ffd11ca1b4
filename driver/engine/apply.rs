// SPDX-License-Identifier: GPL-2.0

//! The one door: every change of the machine's state comes through here.

use super::{
    draft::Draft,
    policy,
    Engine,
    Families,
    Snapshot,
    Work, //
};
use crate::{
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
            Refusal, //
        },
        mode::Mode,
        plan::{
            self,
            Coverage,
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
    /// Most steps that the caller has room for.
    pub(crate) room: usize,
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
    pub(crate) coverage: Coverage,
    /// Generation after it.
    pub(crate) generation: u64,
    pub(crate) firmware_calls: u64,
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

    fn ending(&self, decided: &Decided) -> Option<Ending> {
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
        if !matches!(request.generation, 0) && request.generation != snapshot.generation {
            return Err(EAGAIN);
        }
        let mut draft = Draft::replay(&snapshot)?;
        let decided = decide(&mut draft, request, &request.policy(snapshot.latched))?;
        Ok(Applied {
            ending: request.ending(&decided).unwrap_or(Ending::Planned),
            steps: decided.steps,
            coverage: decided.coverage,
            generation: snapshot.generation,
            firmware_calls: 0,
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
        let is_stale = |now: &Snapshot| !matches!(request.generation, 0) && request.generation != now.generation;
        if is_stale(&before) {
            return Err(EAGAIN);
        }
        // What a failure left behind may read well by now. If it does, the caller has not seen it.
        if before.controls().any(|control| control.mark.degraded) {
            self.refresh_with(work)?;
            if is_stale(&self.snapshot()) {
                return Err(EAGAIN);
            }
        }
        let old = self.snapshot();
        let mut draft = Draft::copy(&old, &work.ledger)?;
        let policy = request.policy(work.ledger.is_latched());
        let Decided {
            mut steps,
            coverage,
            refusal,
        } = decide(&mut draft, request, &policy)?;
        let decided = Decided {
            steps: KVVec::new(),
            coverage,
            refusal,
        };
        let _ = decided;
        work.ledger.reserve(steps.len())?;
        todo!()
    }
}
