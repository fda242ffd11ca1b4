// SPDX-License-Identifier: GPL-2.0

//! One token table through the driver's own rules, on a model of what lies behind it.
//!
//! Each table starts as `initial.toml` has it and, where a setting has tokens that the driver's
//! catalogue lacks, once more with such a token in force.
//!
//! The rules are those that the module runs, on the bench (`bench.rs`): each setting is read, each mode
//! planned and applied, made to fail and disturbed by somebody else at each of its calls, and
//! everything taken back. What its end has to keep to is in `trial.rs`.

use crate::bench::{Bench, Failure, Foreign, Kind, Lasts, Script};
use crate::cells::{self, Layout};
use crate::findings::{Count, Findings, Weight};
use crate::table::Token;
use crate::tokens::Plan;
use crate::trial::Trial;
use anyhow::Result;
use milspec_posture::control::Reading;
use milspec_posture::fact::{Policy, Reason, Refusal};
use milspec_posture::mode::{Mode, MODES};
use milspec_posture::plan::{Request, LEAVE};
use milspec_posture::settings::SETTINGS;
use milspec_posture::transaction::Outcome;
use std::collections::{BTreeMap, BTreeSet};

/// What is tried of a table.
pub const LAYOUTS: [Layout; 2] = [Layout::Inferred, Layout::Apart];

/// As the module is loaded without parameters, and with `allow_restricted=1`.
const POLICIES: [(&str, Policy); 2] = [
    (
        "closed",
        Policy {
            restricted_allowed: false,
            latched: false,
            blind: false,
            confirmed: true,
        },
    ),
    (
        "open",
        Policy {
            restricted_allowed: true,
            latched: false,
            blind: false,
            confirmed: true,
        },
    ),
];

/// A table, and what is found of it.
struct Walker<'a> {
    name: &'a str,
    weight: Weight,
    layout: Layout,
    bench: Bench,
    /// Refusals, and what was left out, that were told of.
    told: BTreeSet<String>,
}

/// Walks one table; what is found goes to `findings`.
///
/// # Errors
///
/// When the table cannot be a table at all.
pub fn table(
    name: &str,
    weight: Weight,
    tokens: &[Token],
    layout: Layout,
    findings: &mut Findings,
) -> Result<()> {
    let mut cells = Plan::new(tokens.to_vec(), layout)?.locations;
    let mut walker = Walker {
        name,
        weight,
        layout,
        bench: Bench::with_cells(tokens, cells.clone(), &[])?,
        told: BTreeSet::new(),
    };
    if layout == Layout::Inferred {
        findings.tables += weight.tables;
        findings.machines += weight.machines;
    }
    // Once more, as later ones are.
    walker.bench.look();
    walker.reads(findings);
    walker.all_modes("", findings);
    let strangers = strangers(tokens)?;
    for token in &strangers {
        cells::activate(&mut cells, *token);
    }
    if !strangers.is_empty() {
        walker.bench = Bench::with_cells(tokens, cells, &[])?;
        walker.all_modes(" from unlisted values", findings);
    }
    Ok(())
}

/// What the driver can see of a table: the tokens of its catalogue, those of their groups, those at
/// the same locations, and so on. Tables that are alike in this are alike to it.
pub fn relevant(tokens: &[Token]) -> Result<Vec<Token>> {
    let groups = cells::groups()?;
    let values = SETTINGS.iter().flat_map(|setting| setting.values);
    let mut ids: BTreeSet<u16> = values.map(|value| value.token).collect();
    loop {
        let named: BTreeSet<&str> = ids
            .iter()
            .filter_map(|id| groups.get(id).copied())
            .collect();
        let seen = tokens.iter().filter(|token| ids.contains(&token.id));
        let places: BTreeSet<u16> = seen.map(|token| token.location).collect();
        let more = tokens.iter().filter(|token| {
            let group = groups.get(&token.id);
            places.contains(&token.location) || group.is_some_and(|name| named.contains(name))
        });
        let before = ids.len();
        ids.extend(more.map(|token| token.id));
        if ids.len() == before {
            let all = tokens.iter().filter(|token| ids.contains(&token.id));
            return Ok(all.copied().collect());
        }
    }
}

/// Of each group in which the catalogue has a setting, a token that the catalogue lacks.
fn strangers(tokens: &[Token]) -> Result<Vec<Token>> {
    let values = || SETTINGS.iter().flat_map(|setting| setting.values);
    let known = |token: &&Token| values().any(|value| value.token == token.id);
    let mut found = Vec::new();
    for group in cells::grouped(tokens)? {
        let (ours, others): (Vec<Token>, Vec<Token>) = group.iter().partition(known);
        // A synonym of a known value is no stranger.
        let mut others = others.into_iter().filter(|other| {
            let mut ours = ours.iter();
            !ours.any(|token| token.value == other.value)
        });
        found.extend(others.next_back().filter(|_| !ours.is_empty()));
    }
    Ok(found)
}

impl Walker<'_> {
    fn found(&self, counts: &mut BTreeMap<String, Count>, what: &str) {
        let layout = match self.layout {
            Layout::Inferred => "",
            Layout::Apart => " (a cell for each location)",
        };
        let count = counts.entry(format!("{what}{layout}")).or_default();
        count.add(self.weight, self.name);
    }

    /// What reading shows.
    fn reads(&self, findings: &mut Findings) {
        let mut changeable = 0;
        for (listed, fact) in self.bench.settings().iter().zip(self.bench.machine.facts()) {
            let mut values = 0..listed.setting.values.len() as u8;
            let policy = &POLICIES[0].1;
            let can = values.any(|value| {
                fact.current() != Some(value) && fact.refuses(value, policy).is_none()
            });
            changeable += usize::from(can);
            let name = listed.setting.name;
            let active = self.bench.active(listed.id);
            let reading = match fact.reading {
                Reading::Known(value) if active == 1 << value => continue,
                Reading::Known(value) if listed.token(value).is_none() && active == 0 => continue,
                Reading::Known(_) => {
                    self.found(
                        &mut findings.broken,
                        &format!("{name} is shown as it is not"),
                    );
                    continue;
                }
                Reading::Unknown => "no token is active",
                Reading::Ambiguous => "several are active, or it is contradictory",
                Reading::Failed(_) => "cannot be read",
            };
            self.found(&mut findings.odd, &format!("{name}: {reading}"));
        }
        if self.layout == Layout::Inferred {
            for listed in self
                .bench
                .settings()
                .iter()
                .filter(|listed| listed.entangled)
            {
                let what = format!("{}: shares a location", listed.setting.name);
                self.found(&mut findings.odd, &what);
            }
            let machines = self.weight.machines;
            findings.spread(
                "settings listed".to_owned(),
                self.bench.settings().len(),
                machines,
            );
            findings.spread(
                "settings that can be changed".to_owned(),
                changeable,
                machines,
            );
            findings.spread(
                "firmware calls of a refresh".to_owned(),
                self.bench.looked_at,
                machines,
            );
        }
    }

    fn all_modes(&mut self, start: &str, findings: &mut Findings) {
        for (name, policy) in POLICIES {
            for mode in &MODES[1..] {
                self.walk(*mode, name, start, &policy, findings);
            }
        }
    }

    /// A mode: planned, applied, failed at each step, disturbed at each call, and taken back.
    fn walk(
        &mut self,
        mode: Mode,
        policy_name: &str,
        start: &str,
        policy: &Policy,
        findings: &mut Findings,
    ) {
        let what = format!("{}, {policy_name}{start}", mode.name());
        let begin = self.bench.save();
        let mut left = Vec::new();
        let trial = loop {
            match Trial::new(&mut self.bench, mode, &left, policy) {
                Ok(trial) => break trial,
                Err(Refusal { id, reason }) => {
                    let name = self.bench.name(id);
                    let why = format!("{}{start}: {name} {reason:?}", mode.name());
                    // Once for both policies.
                    if self.told.insert(why.clone()) {
                        self.found(&mut findings.refused, &why);
                    }
                    if id == 0 || left.iter().any(|(there, _)| *there == id) {
                        return;
                    }
                    left.push((id, LEAVE));
                }
            }
        };

        let mut judge = |walker: &Self, how: &str, broken: Vec<String>| {
            findings.runs += 1;
            for broken in broken {
                walker.found(&mut findings.broken, &format!("{what}{how}: {broken}"));
            }
        };
        // A write fails at each step, and somebody else changes a control before each call: the
        // one that is called next.
        let (undisturbed, broken) = trial.run(&mut self.bench, &Script::default());
        if undisturbed.outcome != Ok(Outcome::Done) {
            judge(
                self,
                "",
                vec![format!("not done: {:?}", undisturbed.outcome)],
            );
        }
        judge(self, "", broken);
        for at in 0..undisturbed.calls.len() {
            let Some(step) = trial.steps().get(at / 3) else {
                break;
            };
            // One look that fails is tried again: it takes two.
            let kind = [Kind::Unreadable, Kind::Fails, Kind::Unreadable][at % 3];
            for tries in 1..=if at % 3 == 0 { 2 } else { 1 } {
                let failures = [at, at + 1].map(|at| Failure {
                    at,
                    kind,
                    lasts: Lasts::Once,
                });
                let script = Script::failing(&failures[..tries]);
                let (ended, broken) = trial.run(&mut self.bench, &script);
                judge(self, ", a call fails", broken);
                let kept = match ended.outcome {
                    Ok(Outcome::Done) => at % 3 == 0 && tries == 1,
                    Ok(Outcome::Undone { .. }) => at % 3 != 0 || tries == 2,
                    _ => false,
                };
                if !kept {
                    let text = format!("ends otherwise: {:?}", ended.outcome);
                    judge(self, ", a call fails", vec![text]);
                }
            }
            // To what it had, where the driver has written it, else to what it shall have.
            let value = if at % 3 == 2 { step.from } else { step.to };
            let script = Script {
                foreign: Some(Foreign {
                    at,
                    id: step.id,
                    value,
                }),
                ..Script::default()
            };
            let (_, broken) = trial.run(&mut self.bench, &script);
            judge(self, ", disturbed", broken);
        }
        let (ended, _) = trial.run(&mut self.bench, &Script::default());
        let broken = trial.follow(&mut self.bench, &Script::default(), &ended);
        judge(self, ", afterwards", broken);
        if self.layout == Layout::Inferred && start.is_empty() {
            findings.spread(
                format!("{what}: reached of {} lines", ended.coverage.lines),
                ended.coverage.reached as usize,
                self.weight.machines,
            );
        }
        trial.restart(&mut self.bench);
        self.left_out(mode, start, policy, findings);
        self.bench.restore(&begin);
    }

    /// What a mode leaves out because it does not know the value in force.
    fn left_out(&mut self, mode: Mode, start: &str, policy: &Policy, findings: &mut Findings) {
        let request = Request {
            mode: Some(mode),
            list: &[],
        };
        let ended = self.bench.apply(&request, policy, &Script::default());
        if ended.outcome != Ok(Outcome::Done) {
            return;
        }
        for fact in self.bench.machine.facts() {
            if fact.unreached == Some(Reason::Unknown) {
                let name = self.bench.name(fact.id);
                let what = format!(
                    "{}{start}: {name} left out, its value is unknown",
                    mode.name()
                );
                if self.told.insert(what.clone()) {
                    self.found(&mut findings.odd, &what);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;
    use crate::Profile;

    const ONE: Weight = Weight {
        tables: 1,
        machines: 1,
    };

    /// Every machine of the tree: fails when a mode does not come about, is not undone, or takes
    /// something else with it.
    #[test]
    fn every_profile_keeps_the_promises() {
        let mut findings = Findings::default();
        for name in Profile::names().unwrap() {
            let profile = Profile::load(&name).unwrap();
            if profile.source.is_empty() || name.starts_with("bad/") {
                continue;
            }
            let tokens = Plan::of(&profile).unwrap().tokens;
            for layout in LAYOUTS {
                table(&name, ONE, &tokens, layout, &mut findings).unwrap();
            }
        }
        assert_eq!(
            findings.broken_count(),
            0,
            "{}",
            findings.report("profiles", 3)
        );
        assert!(findings.runs > 500, "{} changes", findings.runs);
        assert!(findings.refused.is_empty(), "{:?}", findings.refused);
        // One machine has the same expected reading for a network port that is on and one that is off.
        let left_out = findings.odd.keys().filter(|what| what.contains("left out"));
        assert_eq!(left_out.count(), 0, "{:?}", findings.odd);
        let told = |what: &&String| {
            !what.ends_with(": no token is active") && !what.contains("(a cell for each location)")
        };
        let strange: Vec<_> = findings.odd.keys().filter(told).collect();
        assert_eq!(
            strange,
            ["embedded-nic: several are active, or it is contradictory"]
        );
    }

    /// Fails when the walk is blind: a firmware that puts a setting where nobody asked is seen.
    #[test]
    fn a_broken_promise_is_seen() {
        let tokens = table::parse("0285=1 0286=0 0152@0285=1 0153@0286=0").unwrap();
        let mut findings = Findings::default();
        let mut walker = Walker {
            name: "entangled",
            weight: ONE,
            layout: Layout::Inferred,
            bench: Bench::new(&tokens, Layout::Inferred, &[]).unwrap(),
            told: BTreeSet::new(),
        };
        // As if the driver did not know that camera and bluetooth share their cells.
        walker.bench.forget_entangled();
        walker.all_modes("", &mut findings);
        assert!(findings.broken_count() > 0, "{}", findings.report("", 1));
    }
}
