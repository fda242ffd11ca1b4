// SPDX-License-Identifier: GPL-2.0

//! One token table through the driver's own rules, on a model of what lies behind it.
//!
//! Each table starts as `initial.toml` has it and, where a setting has tokens that the driver's
//! catalogue lacks, once more with such a token in force.
//!
//! The rules are those that the module runs, `driver/posture`: the table is parsed, each setting
//! read, each mode planned and applied, a change made to fail at each of its steps, and everything
//! taken back. The model of the firmware (`cells.rs`) then says whether that is what has happened.
//! What the engine does around the rules is not in it.

use crate::cells::{self, Layout, Locations};
use crate::findings::{Count, Findings, Weight};
use crate::table::{self, Command, Token, MOST, TERMINATOR};
use crate::tokens::Plan;
use anyhow::{ensure, Result};
use milspec_posture::apply::{self, Firmware, Outcome};
use milspec_posture::control::{Answer, Reading};
use milspec_posture::deny::{self, Gate};
use milspec_posture::fact::{Fact, Policy, Reason, Refusal};
use milspec_posture::listed::{entangle, Listed};
use milspec_posture::mode::{Mode, MODES};
use milspec_posture::plan::{self, Coverage, Request, Step, Want, LEAVE};
use milspec_posture::setting::{Listings, VALUES};
use milspec_posture::settings::SETTINGS;
use milspec_posture::token_table;
use std::collections::{BTreeMap, BTreeSet};

/// What is tried of a table.
pub const LAYOUTS: [Layout; 2] = [Layout::Inferred, Layout::Apart];

/// Ids of the family `platform` begin here.
const FIRST_ID: u32 = 0x1_0000;
const EIO: u32 = 5;
const EPERM: u32 = 1;

/// As the module is loaded without parameters, and with `allow_restricted=1`.
const POLICIES: [(&str, Policy); 2] = [
    (
        "closed",
        Policy {
            restricted_allowed: false,
            latched: false,
            confirmed: true,
        },
    ),
    (
        "open",
        Policy {
            restricted_allowed: true,
            latched: false,
            confirmed: true,
        },
    ),
];

/// A table on the bench.
struct Bench<'a> {
    name: &'a str,
    weight: Weight,
    layout: Layout,
    listed: Vec<Listed>,
    cells: Locations,
    answers: Vec<[Answer; VALUES]>,
    writes: usize,
    /// The write that fails, from 1.
    fails: Option<usize>,
    /// Refusals that were told of.
    refused: BTreeSet<String>,
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
    let listed = listed(tokens)?;
    if layout == Layout::Inferred {
        findings.tables += weight.tables;
        findings.machines += weight.machines;
    }
    let mut bench = Bench {
        name,
        weight,
        layout,
        cells: Plan::new(tokens.to_vec(), layout)?.locations,
        answers: Vec::new(),
        listed,
        writes: 0,
        fails: None,
        refused: BTreeSet::new(),
    };
    bench.look();
    bench.reads(findings);
    bench.all_modes("", findings);
    let strangers = strangers(tokens)?;
    for token in &strangers {
        cells::activate(&mut bench.cells, *token);
    }
    if !strangers.is_empty() {
        bench.look();
        bench.all_modes(" from unlisted values", findings);
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

/// The settings of a table, parsed as the module parses it.
fn listed(tokens: &[Token]) -> Result<Vec<Listed>> {
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
        .filter_map(|((id, setting), listings)| Listed::new(id, setting, listings, b""))
        .collect();
    entangle(&mut listed);
    Ok(listed)
}

impl Bench<'_> {
    fn found(&self, counts: &mut BTreeMap<String, Count>, what: &str) {
        let layout = match self.layout {
            Layout::Inferred => "",
            Layout::Apart => " (a cell for each location)",
        };
        let count = counts.entry(format!("{what}{layout}")).or_default();
        count.add(self.weight, self.name);
    }

    /// What the firmware answers for a location, as the provider has it.
    fn answer(&self, location: u16) -> Result<u32, u32> {
        cells::read(&self.cells, location).map(u32::from).ok_or(EIO)
    }

    /// Reads everything.
    fn look(&mut self) {
        let answers = self
            .listed
            .iter()
            .map(|listed| listed.answers(|at| self.answer(at)));
        self.answers = answers.collect();
    }

    fn facts(&self, baseline: &BTreeMap<u32, u8>) -> Vec<Fact> {
        let all = self.listed.iter().zip(&self.answers);
        all.map(|(listed, answers)| listed.fact(answers, baseline.get(&listed.id).copied()))
            .collect()
    }

    /// The values of a setting whose tokens are active, by the model.
    fn active(&self, listed: &Listed) -> Vec<u8> {
        let indices = 0..listed.setting.values.len() as u8;
        let holds = |index: &u8| {
            let token = listed.token(*index);
            token.is_some_and(|(_, at, value)| cells::read(&self.cells, at) == Some(value))
        };
        indices.filter(holds).collect()
    }

    /// What reading shows.
    fn reads(&self, findings: &mut Findings) {
        let mut locations = BTreeSet::new();
        let mut changeable = 0;
        for (listed, fact) in self.listed.iter().zip(self.facts(&BTreeMap::new())) {
            locations.extend(listed.listings.locations());
            changeable += usize::from(fact.gate(&POLICIES[0].1).is_none());
            let name = listed.setting.name;
            let active = self.active(listed);
            let reading = match fact.reading {
                Reading::Known(value) if active == [value] => continue,
                Reading::Known(value) if listed.token(value).is_none() && active.is_empty() => {
                    continue
                }
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
            for listed in self.listed.iter().filter(|listed| listed.entangled) {
                let what = format!("{}: shares a location", listed.setting.name);
                self.found(&mut findings.odd, &what);
            }
            let machines = self.weight.machines;
            findings.spread("settings listed".to_owned(), self.listed.len(), machines);
            findings.spread(
                "settings that can be changed".to_owned(),
                changeable,
                machines,
            );
            findings.spread(
                "firmware calls of a refresh".to_owned(),
                locations.len(),
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

    /// A mode: planned, applied, undone at each step, and taken back.
    fn walk(
        &mut self,
        mode: Mode,
        policy_name: &str,
        start: &str,
        policy: &Policy,
        findings: &mut Findings,
    ) {
        let what = format!("{}, {policy_name}{start}", mode.name());
        let before = self.cells.clone();
        let mut left = Vec::new();
        let (steps, coverage) = loop {
            let facts = self.facts(&BTreeMap::new());
            match plan(mode, &left, &facts, policy) {
                Ok(found) => break found,
                Err(Refusal { id, reason }) => {
                    let name = self.setting(id);
                    let why = format!("{}{start}: {name} {}", mode.name(), word(reason));
                    // Once for both policies.
                    if self.refused.insert(why.clone()) {
                        self.found(&mut findings.refused, &why);
                    }
                    if id == 0 || left.iter().any(|(there, _)| *there == id) {
                        return;
                    }
                    left.push((id, LEAVE));
                }
            }
        };
        if self.layout == Layout::Inferred && start.is_empty() {
            let reached = coverage.reached as usize;
            findings.spread(
                format!("{what}: reached of {} lines", coverage.lines),
                reached,
                self.weight.machines,
            );
        }

        // A failure at each step, and everything is as before.
        for at in 1..=steps.len() {
            findings.runs += 1;
            let (outcome, _) = self.carry_out(&steps, Some(at));
            if !matches!(outcome, Outcome::Undone { .. }) || self.cells != before {
                self.found(&mut findings.broken, &format!("{what}: not undone"));
            }
            self.cells.clone_from(&before);
            self.look();
        }
        findings.runs += 1;
        let (outcome, done) = self.carry_out(&steps, None);
        if outcome != Outcome::Done || !self.holds(&done) {
            self.found(&mut findings.broken, &format!("{what}: not done"));
        }
        if !self.only_changed(&before, &done) {
            self.found(
                &mut findings.broken,
                &format!("{what}: changed another setting"),
            );
        }
        let baseline = done.iter().map(|step| (step.id, step.from)).collect();
        let again = plan(mode, &left, &self.facts(&baseline), policy);
        if !matches!(&again, Ok((steps, _)) if steps.is_empty()) {
            self.found(&mut findings.broken, &format!("{what}: a repeat has steps"));
        }
        findings.runs += 1;
        let back = plan(Mode::Baseline, &left, &self.facts(&baseline), policy);
        let back = back.map(|(steps, _)| self.carry_out(&steps, None).0);
        if back != Ok(Outcome::Done) || self.cells != before {
            self.found(&mut findings.broken, &format!("{what}: not taken back"));
        }
        self.cells = before;
        self.look();
    }

    /// Carries steps out; the write `fails`, from 1, does.
    fn carry_out(&mut self, steps: &[Step], fails: Option<usize>) -> (Outcome, Vec<Step>) {
        let mut steps = steps.to_vec();
        self.writes = 0;
        self.fails = fails;
        let outcome = apply::run(&mut steps, self);
        self.look();
        (outcome, steps)
    }

    /// Whether each step's value, and no other one of its setting, is in force.
    fn holds(&self, steps: &[Step]) -> bool {
        let mut listed = self.listed.iter();
        listed.all(
            |listed| match steps.iter().find(|step| step.id == listed.id) {
                Some(step) => self.active(listed) == [step.to],
                None => true,
            },
        )
    }

    /// Whether a setting without a step stands as it did.
    fn only_changed(&mut self, before: &Locations, steps: &[Step]) -> bool {
        let now: Vec<Vec<u8>> = self
            .listed
            .iter()
            .map(|listed| self.active(listed))
            .collect();
        let after = std::mem::replace(&mut self.cells, before.clone());
        let then: Vec<Vec<u8>> = self
            .listed
            .iter()
            .map(|listed| self.active(listed))
            .collect();
        self.cells = after;
        let all = self.listed.iter().zip(now.iter().zip(&then));
        let others = |(listed, _): &(&Listed, _)| !steps.iter().any(|step| step.id == listed.id);
        let mut others = all.filter(others);
        others.all(|(_, (now, then))| now == then)
    }

    fn position(&self, id: u32) -> Option<usize> {
        self.listed.iter().position(|listed| listed.id == id)
    }

    fn setting(&self, id: u32) -> &'static str {
        let at = self.position(id);
        at.map_or("the request", |at| self.listed[at].setting.name)
    }
}

impl Firmware for Bench<'_> {
    fn write(&mut self, id: u32, _: u8, to: u8) -> Result<(), u32> {
        let at = self.position(id).ok_or(EIO)?;
        let (token, location, value) = self.listed[at].token(to).ok_or(EIO)?;
        if deny::token(token) == Gate::Forbidden {
            return Err(EPERM);
        }
        self.writes += 1;
        if self.fails == Some(self.writes) || !cells::write(&mut self.cells, location, value) {
            return Err(EIO);
        }
        Ok(())
    }

    fn read(&mut self, id: u32, from: u8, to: u8) -> Reading {
        let Some(at) = self.position(id) else {
            return Reading::Failed(EIO);
        };
        let listed = self.listed[at];
        for there in listed.concerned(from, to) {
            for (index, answer) in listed.answers_at(there, self.answer(there)) {
                self.answers[at][index] = answer;
            }
        }
        listed.reading(self.answers[at].iter().copied())
    }

    fn is_interrupted(&self) -> bool {
        false
    }

    fn begins(&mut self, _: usize) {}
}

/// The steps of a mode without the controls of `left`, and how far it reaches.
fn plan(
    mode: Mode,
    left: &[(u32, u8)],
    facts: &[Fact],
    policy: &Policy,
) -> Result<(Vec<Step>, Coverage), Refusal> {
    let request = Request {
        mode: Some(mode),
        list: left,
    };
    let mut wants = vec![Want::default(); facts.len()];
    let coverage = plan::wants(&request, facts, policy, &mut wants)?;
    let mut steps = vec![Step::default(); facts.len()];
    let count = plan::steps(facts, &wants, &mut steps)?;
    steps.truncate(count);
    Ok((steps, coverage))
}

fn word(reason: Reason) -> String {
    match reason {
        Reason::Unreadable => "cannot be read".to_owned(),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;

    const ONE: Weight = Weight {
        tables: 1,
        machines: 1,
    };

    /// What the rules refuse on these machines: modes, where a setting that they speak of has a value
    /// that the catalogue lacks.
    const REFUSED: &[(&str, &[&str])] = &[
        ("enhanced", &["wake-on-lan"]),
        (
            "paranoid",
            &["serial-port-1", "sound-device", "wake-on-lan"],
        ),
        (
            "paranoid-plus",
            &["serial-port-1", "sound-device", "wake-on-lan"],
        ),
        ("standard", &["wake-on-lan"]),
    ];

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
        let refused: Vec<&str> = findings.refused.keys().map(String::as_str).collect();
        let mut expected = Vec::new();
        for (mode, settings) in REFUSED {
            for setting in *settings {
                let why = format!("{mode} from unlisted values: {setting} cannot be read");
                expected.push(format!("{why} (a cell for each location)"));
                expected.push(why);
            }
        }
        expected.sort();
        assert_eq!(refused, expected);
    }

    /// Fails when the walk is blind: a firmware that puts a setting where nobody asked is seen.
    #[test]
    fn a_broken_promise_is_seen() {
        let tokens = table::parse("0285=1 0286=0 0152@0285=1 0153@0286=0").unwrap();
        let mut findings = Findings::default();
        let mut bench = Bench {
            name: "entangled",
            weight: ONE,
            layout: Layout::Inferred,
            listed: listed(&tokens).unwrap(),
            cells: Plan::new(tokens, Layout::Inferred).unwrap().locations,
            answers: Vec::new(),
            writes: 0,
            fails: None,
            refused: BTreeSet::new(),
        };
        // As if the driver did not know that camera and bluetooth share their cells.
        for listed in &mut bench.listed {
            listed.entangled = false;
        }
        bench.look();
        bench.all_modes("", &mut findings);
        assert!(findings.broken_count() > 0, "{}", findings.report("", 1));
    }
}
