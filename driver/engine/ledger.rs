// SPDX-License-Identifier: GPL-2.0

//! What the driver remembers of its own changes. Outlives the controls: a DSML0001 device can be
//! unbound and bound again.

use super::draft::Draft;
use crate::{
    kapi::module::Hold,
    posture::{
        apply::Progress,
        mode::Mode,
        plan::{
            Step,
            Want, //
        }, //
    },
    provider::Mark, //
};
use kernel::prelude::*;

/// What the driver remembers.
pub(super) struct Ledger {
    marks: KVVec<(u32, Mark)>,
    /// The mode that was applied last.
    pub(super) applied: Option<Mode>,
    /// Keeps the module loaded while it is latched.
    latch: Option<Hold>,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            marks: KVVec::new(),
            applied: None,
            latch: None,
        }
    }

    /// Tells whether it is latched in `paranoid-plus`.
    pub(super) fn is_latched(&self) -> bool {
        self.latch.is_some()
    }

    /// Latches, until the next boot: nothing takes the hold away again.
    pub(super) fn latch(&mut self, hold: Hold) {
        self.latch.get_or_insert(hold);
    }

    /// What it remembers of a control.
    pub(super) fn mark(&self, id: u32) -> Mark {
        let found = self.marks.iter().find(|(known, _)| *known == id);
        found.map_or(Mark::default(), |(_, mark)| *mark)
    }

    /// Makes room for what `steps` steps can add, so that taking them in cannot fail.
    pub(super) fn reserve(&mut self, steps: usize) -> Result {
        self.marks.reserve(steps, GFP_KERNEL)?;
        Ok(())
    }

    /// Takes in what became of a plan, for whose steps room was made.
    pub(super) fn take_steps(&mut self, steps: &[Step]) {
        for step in steps {
            let mut mark = self.mark(step.id);
            match step.progress {
                Progress::Done => {
                    mark.baseline = mark.baseline.or(Some(step.from));
                    mark.written = Some(step.to);
                    mark.degraded = false;
                }
                Progress::Degraded(_) => {
                    mark.baseline = mark.baseline.or(Some(step.from));
                    mark.degraded = true;
                }
                // As it was before.
                Progress::Planned | Progress::Failed(_) | Progress::Undone => continue,
            }
            match self.marks.iter_mut().find(|(known, _)| *known == step.id) {
                Some((_, known)) => *known = mark,
                None => {
                    // Room was made, so this cannot fail.
                    let _ = self.marks.push((step.id, mark), GFP_KERNEL);
                }
            }
        }
    }

    /// Takes in that every control is as wanted: what holds without a step is settled as well.
    pub(super) fn take_wants(&mut self, draft: &Draft) {
        for (fact, want) in draft.facts().iter().zip(draft.wants()) {
            let Want::Value(value) = want else { continue };
            if let Some((_, mark)) = self.marks.iter_mut().find(|(id, _)| *id == fact.id) {
                mark.written = Some(*value);
                mark.degraded = false;
            }
        }
    }
}
