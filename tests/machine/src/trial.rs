// SPDX-License-Identifier: GPL-2.0

//! One change of a machine on the bench, tried again and again with something else going wrong each
//! time, and what its end has to keep to.

use crate::bench::{Bench, Ended, Foreign, Kind, Lasts, Prepared, Saved, Script};
use milspec_posture::control::Family;
use milspec_posture::fact::{Policy, Refusal, Want};
use milspec_posture::mode::Mode;
use milspec_posture::plan::{Progress, Request, Step};
use milspec_posture::transaction::Outcome;
use std::collections::BTreeMap;

/// One change: a mode on a machine as it stands.
pub struct Trial {
    mode: Mode,
    policy: Policy,
    list: Vec<(u32, u8)>,
    start: Saved,
    ids: Vec<u32>,
    old: Vec<Option<u8>>,
    prepared: Prepared,
    position: BTreeMap<u32, usize>,
}

impl Trial {
    /// A mode, with exceptions.
    ///
    /// # Errors
    ///
    /// Its refusal.
    pub fn new(
        bench: &mut Bench,
        mode: Mode,
        list: &[(u32, u8)],
        policy: &Policy,
    ) -> Result<Self, Refusal> {
        bench.look();
        let request = Request {
            mode: Some(mode),
            list,
        };
        let prepared = bench.prepare(&request, policy)?;
        let ids: Vec<u32> = bench.machine.facts().iter().map(|fact| fact.id).collect();
        let position = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        Ok(Self {
            mode,
            policy: *policy,
            list: list.to_vec(),
            start: bench.save(),
            old: bench.values(),
            ids,
            prepared,
            position,
        })
    }

    /// The steps that it comes to.
    pub fn steps(&self) -> &[Step] {
        &self.prepared.steps
    }

    fn request(&self) -> Request<'_> {
        Request {
            mode: Some(self.mode),
            list: &self.list,
        }
    }

    /// Puts the machine back to where the change begins.
    pub fn restart(&self, bench: &mut Bench) {
        bench.restore(&self.start);
    }

    /// Tries it, from its beginning. Returns how it has ended, and the promises that this breaks.
    pub fn run(&self, bench: &mut Bench, script: &Script<'_>) -> (Ended, Vec<String>) {
        self.restart(bench);
        // The look and the plan that come first would find what they have found.
        let mut ended = bench.carry_out(&self.request(), &self.policy, &self.prepared, script);
        let mut broken = std::mem::take(&mut ended.broken);
        match ended.outcome {
            Ok(outcome) => self.judge(bench, script, &ended, outcome, &mut broken),
            Err(refusal) => broken.push(format!("refused at the second time: {refusal:?}")),
        }
        (ended, broken)
    }

    /// The value that a control has at the start.
    fn old(&self, id: u32) -> Option<u8> {
        self.old[self.position[&id]]
    }

    fn judge(
        &self,
        bench: &Bench,
        script: &Script<'_>,
        ended: &Ended,
        outcome: Outcome,
        broken: &mut Vec<String>,
    ) {
        let mut expected: Vec<Option<Option<u8>>> = self.old.iter().copied().map(Some).collect();
        let (mut moved, mut degraded, mut done) = (0, 0, 0);
        for step in &ended.steps {
            expected[self.position[&step.id]] = match step.progress {
                Progress::Done => {
                    done += 1;
                    Some(Some(step.to))
                }
                Progress::Planned | Progress::Undone | Progress::Failed(_) => Some(Some(step.from)),
                Progress::Degraded(_) => {
                    degraded += 1;
                    None
                }
                Progress::Moved => {
                    moved += 1;
                    if script.foreign.is_none_or(|foreign| foreign.id != step.id) {
                        broken
                            .push("says that somebody else has changed what nobody did".to_owned());
                    }
                    continue;
                }
            };
        }
        let fits = match outcome {
            Outcome::Done => done == ended.steps.len(),
            Outcome::Undone { .. } => done + moved + degraded == 0,
            Outcome::Conflict { .. } => moved > 0 && done + degraded == 0,
            Outcome::Degraded { .. } => degraded > 0 && done == 0,
        };
        // What goes wrong once leaves nothing behind, nor do two things; but two reads in a row that
        // say nothing of a device leave what it needs as it is.
        let all = script.failures;
        let passes = all.iter().all(|failure| failure.lasts == Lasts::Once);
        let blind = all.len() > 1 && all.iter().all(|f| Kind::READS.contains(&f.kind));
        if degraded > 0 && passes && !blind && script.foreign.is_none() {
            broken.push("gives up what could have been put back".to_owned());
        }
        if !fits {
            broken.push(format!("{outcome:?} is not what the steps say"));
        }
        for ((id, now), expected) in self.ids.iter().zip(bench.values()).zip(&expected) {
            let Some(expected) = expected else { continue };
            let theirs = script.foreign.filter(|foreign| foreign.id == *id);
            if now != *expected && theirs.is_none_or(|foreign| now != Some(foreign.value)) {
                broken.push(format!("{} is {now:?}, not {expected:?}", bench.name(*id)));
            }
        }
        // That a control reads as nothing that is known is said, whoever has made it so.
        let lies = script
            .failures
            .iter()
            .any(|failure| failure.kind == Kind::Strange);
        let blamed = ended
            .met
            .iter()
            .find(|change| !(is_of(script.foreign, change.id) || lies && change.to.is_none()));
        if let Some(change) = blamed {
            broken.push(format!("blames others for {change:?}"));
        }
    }

    /// What comes after a run: a look, the same again without anything in the way, and the baseline.
    /// Returns the promises that are broken.
    pub fn follow(&self, bench: &mut Bench, script: &Script<'_>, ended: &Ended) -> Vec<String> {
        let mut broken = Vec::new();
        let foreign = script.foreign;
        bench.commit(&self.policy);
        let before = bench.values();
        let found = bench.look();
        for change in &found {
            if !is_of(foreign, change.id) {
                broken.push(format!("a look blames others for {change:?}"));
            }
        }
        let mut seen = ended.seen;
        if let Some(foreign) = foreign {
            let at = self.position[&foreign.id];
            let step = ended.steps.iter().find(|step| step.id == foreign.id);
            let named = step.is_some_and(|step| {
                matches!(step.progress, Progress::Degraded(_) | Progress::Moved)
            });
            let ours = match step.map(|step| (step.progress, step)) {
                Some((Progress::Done, step)) => Some(step.to),
                _ => self.old(foreign.id),
            };
            let told = named || [&found, &ended.met].into_iter().flatten().count() > 0;
            let visible = before[at] == Some(foreign.value) && ours != before[at];
            if visible && !told {
                broken.push("a change by somebody else is told nowhere".to_owned());
            }
            // Of what it could not put back the driver does not know who has made it what it is.
            let lost = step.is_some_and(|step| matches!(step.progress, Progress::Degraded(_)));
            seen = (seen || visible) && !lost;
        }

        let again = bench.apply(&self.request(), &self.policy, &Script::default());
        broken.extend(again.broken);
        if again.outcome != Ok(Outcome::Done) {
            broken.push(format!("again: {:?}", again.outcome));
            return broken;
        }
        let repeat = bench.prepare(&self.request(), &self.policy);
        match &repeat {
            Ok(repeat) if repeat.steps.is_empty() => {
                for (fact, want) in bench.machine.facts().iter().zip(&repeat.wants) {
                    let wanted = matches!(want, Want::Value(_));
                    if wanted && (fact.mark.degraded || fact.has_drifted()) {
                        broken.push(format!("{} is not settled by it", bench.name(fact.id)));
                    }
                }
            }
            Ok(repeat) => broken.push(format!("a repeat has steps: {:?}", repeat.steps)),
            Err(refusal) => broken.push(format!("a repeat is refused: {refusal:?}")),
        }

        // What devices need can hold others back, so that these are judged without a stranger.
        let strange_device = foreign.is_some_and(|foreign| self.is_device(bench, foreign.id));
        let back = Request {
            mode: Some(Mode::Baseline),
            list: &[],
        };
        let back = bench.apply(&back, &self.policy, &Script::default());
        if bench.machine.is_latched() {
            if back.outcome.is_ok() {
                broken.push("it leaves what is latched".to_owned());
            }
            return broken;
        }
        broken.extend(back.broken);
        if back.outcome != Ok(Outcome::Done) && !strange_device {
            broken.push(format!("baseline: {:?}", back.outcome));
        }
        for (id, now) in self.ids.iter().zip(bench.values()) {
            let old = self.start_baseline(*id).or(self.old(*id));
            let theirs = foreign.filter(|foreign| foreign.id == *id);
            let right = match theirs {
                Some(foreign) if seen => now == Some(foreign.value),
                Some(foreign) => now == Some(foreign.value) || now == old,
                None => now == old,
            };
            if !(right || strange_device && self.is_device(bench, *id)) {
                broken.push(format!(
                    "{}: baseline leads to {now:?}, not {old:?}",
                    bench.name(*id)
                ));
            }
        }
        broken
    }

    fn is_device(&self, bench: &Bench, id: u32) -> bool {
        let fact = bench.machine.fact(id);
        fact.is_some_and(|fact| fact.family == Family::Dsmil)
    }

    fn start_baseline(&self, id: u32) -> Option<u8> {
        self.start.mark(id).baseline
    }
}

fn is_of(foreign: Option<Foreign>, id: u32) -> bool {
    foreign.is_some_and(|foreign| foreign.id == id)
}
