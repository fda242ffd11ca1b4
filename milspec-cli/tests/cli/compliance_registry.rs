// SPDX-License-Identifier: GPL-2.0

//! The reference checker: holds the registry of checks to the catalogue of controls, to its own rules,
//! and every id to the documents that have it (`tests/data/compliance-ids.txt`).

use crate::docs::source;
use milspec::catalogue;
use milspec::compliance::facts::FACTS;
use milspec::compliance::framework::FRAMEWORKS;
use milspec::compliance::registry::{Check, Registry, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// The texts that are checked.
#[derive(Clone)]
struct Texts {
    checks: String,
    sources: String,
}

impl Texts {
    fn read() -> Self {
        let text = |name: &str| {
            fs::read_to_string(source(&format!("milspec-cli/src/compliance/{name}"))).unwrap()
        };
        Self {
            checks: text("checks.toml"),
            sources: text("sources.toml"),
        }
    }

    /// The same with an error planted in one of them.
    fn planted(&self, from: &str, to: &str) -> Self {
        let mut texts = self.clone();
        let text = match texts.checks.contains(from) {
            true => &mut texts.checks,
            false => &mut texts.sources,
        };
        assert!(text.contains(from), "nothing to plant at: {from}");
        *text = text.replacen(from, to, 1);
        texts
    }

    /// Everything that is wrong.
    fn faults(&self) -> Vec<String> {
        match Registry::parse(&self.checks, &self.sources) {
            Ok(registry) => faults(&registry),
            Err(why) => vec![format!("cannot be read: {why}")],
        }
    }
}

/// Ids that the documents have, by framework.
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(source("tests/data/compliance-ids.txt")).unwrap();
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (framework, id) = line.split_once(' ').unwrap();
        known
            .entry(framework.into())
            .or_default()
            .extend(spread(id));
    }
    known
}

/// `AC-{1-3,7}` stands for four ids; numbers keep their leading zeros.
fn spread(id: &str) -> Vec<String> {
    let Some((before, rest)) = id.split_once('{') else {
        return vec![id.into()];
    };
    let (numbers, after) = rest.split_once('}').unwrap();
    let mut ids = Vec::new();
    for range in numbers.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let width = first.len();
        let (first, last): (u32, u32) = (first.parse().unwrap(), last.parse().unwrap());
        ids.extend((first..=last).map(|number| format!("{before}{number:0width$}{after}")));
    }
    ids
}

/// Everything that is wrong with a registry.
fn faults(registry: &Registry) -> Vec<String> {
    let known = known();
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for check in &registry.checks {
        let mut fault = |what: String| faults.push(format!("{}: {what}", check.id));
        if !seen.insert(&check.id) {
            fault("there are two".into());
        }
        if check.why.is_empty() || check.terms.is_empty() || check.references.is_empty() {
            fault("it has no why, no term or no reference".into());
        }
        terms(check, &mut fault);
        for other in check.or.iter().chain(&check.only_where) {
            match registry.check(other) {
                None => fault(format!("there is no check {other} to lean on")),
                Some(other) if other.or.is_some() || other.only_where.is_some() => {
                    fault(format!("{} leans itself", other.id));
                }
                Some(_) => {}
            }
        }
        references(registry, check, &known, &mut fault);
    }
    faults.extend(sources(registry));
    let used: BTreeSet<&String> = registry
        .checks
        .iter()
        .flat_map(|check| &check.references)
        .filter(|one| one.framework.name == "800-53")
        .map(|one| &one.id)
        .collect();
    for (name, baseline) in &registry.baselines {
        if !registry
            .sources
            .iter()
            .any(|source| source.key == baseline.source)
        {
            faults.push(format!("baseline {name}: no source {}", baseline.source));
        }
        for id in baseline.ids.split_whitespace() {
            if !used.contains(&id.to_string()) {
                faults.push(format!("baseline {name}: no check has {id}"));
            }
        }
    }
    for pair in ["low", "moderate", "high"].windows(2) {
        let lower = registry.baselines.get(pair[0]);
        for id in lower.iter().flat_map(|known| known.ids.split_whitespace()) {
            if !registry.is_in_baseline(pair[1], id) {
                faults.push(format!("{id} is in {} and not in {}", pair[0], pair[1]));
            }
        }
    }
    faults
}

fn terms(check: &Check, fault: &mut impl FnMut(String)) {
    for term in &check.terms {
        let values: Vec<&str> = match term.fact() {
            Some(fact) => FACTS
                .iter()
                .find(|(name, _)| *name == fact)
                .map_or(Vec::new(), |(_, values)| values.to_vec()),
            None => catalogue::values(&term.name),
        };
        if values.is_empty() {
            fault(format!("there is nothing called {}", term.name));
        }
        for wanted in term
            .wanted
            .iter()
            .filter(|wanted| !values.contains(&wanted.as_str()))
        {
            fault(format!("{} has no value {wanted}", term.name));
        }
        if term.wanted.len() >= values.len().max(1) {
            fault(format!("{} can have no other value", term.name));
        }
    }
}

fn references(
    registry: &Registry,
    check: &Check,
    known: &BTreeMap<String, BTreeSet<String>>,
    fault: &mut impl FnMut(String),
) {
    let mut seen = BTreeSet::new();
    let has = |ties: [&str; 2]| {
        let mut controls = check
            .references
            .iter()
            .filter(|one| one.framework.name == "800-53");
        controls.any(|one| ties.contains(&one.tie.letter))
    };
    for one in &check.references {
        let (framework, id) = (one.framework.name, &one.id);
        if !known.get(framework).is_some_and(|ids| ids.contains(id)) {
            fault(format!("no document of {framework} has {id}"));
        }
        if !seen.insert((framework, id)) {
            fault(format!("{framework} {id} stands there twice"));
        }
        for key in &one.by {
            if !registry.sources.iter().any(|source| &source.key == key) {
                fault(format!("there is no source {key}"));
            }
        }
        let own = registry
            .sources
            .iter()
            .filter(|source| source.has(one.framework, id));
        match (own.count(), one.by.is_empty()) {
            (0, true) => fault(format!("nothing says where {framework} {id} stands")),
            (0 | 1, _) => {}
            _ => fault(format!("{framework} {id} stands in several documents")),
        }
        let crossed = matches!(framework, "800-171r3" | "cci" | "hipaa");
        match one.tie.letter {
            "d" | "dj" if !crossed => fault(format!("{id}: no crosswalk leads to {framework}")),
            "d" if !has(["m", "n"]) => fault(format!("{id} is derived from judgement alone")),
            "dj" if !has(["j", "j"]) => fault(format!("{id} is derived from no judgement")),
            _ => {}
        }
    }
}

fn sources(registry: &Registry) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let all = registry.checks.iter().flat_map(|check| &check.references);
    let cited: BTreeSet<&String> = all
        .flat_map(|one| registry.sources_of(one))
        .map(|source| &source.key)
        .chain(registry.baselines.values().map(|baseline| &baseline.source))
        .collect();
    for source in &registry.sources {
        let Source { key, commit, .. } = source;
        if !seen.insert(key) {
            faults.push(format!("there are two sources {key}"));
        }
        if !cited.contains(key) {
            faults.push(format!("nothing cites {key}"));
        }
        let place = [&source.repository, &source.path, commit];
        if place.iter().any(|part| part.is_some()) && !place.iter().all(|part| part.is_some()) {
            faults.push(format!("{key} lacks repository, path or commit"));
        }
        let is_hash =
            |text: &String| text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if commit.as_ref().is_some_and(|commit| !is_hash(commit)) {
            faults.push(format!("{key}: its commit is none"));
        }
        if commit.is_none() && source.version.is_none() {
            faults.push(format!("{key} has neither version nor commit"));
        }
    }
    faults
}

/// Promise: every control, value and fact of the registry is one of the catalogue, every id is in a
/// document of its framework, and every id leads to a document at a version.
#[test]
fn registry() {
    let texts = Texts::read();
    assert_eq!(texts.faults(), [""; 0]);
    let registry = Registry::parse(&texts.checks, &texts.sources).unwrap();
    assert!(registry.checks.len() >= 44);
    assert!(
        registry
            .checks
            .iter()
            .map(|check| check.references.len())
            .sum::<usize>()
            >= 409
    );
    assert_eq!(registry.baselines.len(), 3);
}

/// Promise: the checker finds errors of these kinds, each planted alone.
#[test]
fn planted() {
    let texts = Texts::read();
    for (from, to, finds) in [
        // Ids that are like known ones.
        (
            "AC-18(3)",
            "AC-18(33)",
            "no document of 800-53 has AC-18(33)",
        ),
        ("03.01.16", "3.01.16", "no document of 800-171r3"),
        ("RHEL-08-040110", "RHEL-08-040119", "no document of stig"),
        ("CCI-001449", "CCI-009449", "no document of cci"),
        (
            "SRG-OS-000299-GPOS-00117",
            "SRG-OS-000299-GPOS-00118",
            "no document of srg",
        ),
        (
            "debian12-1.1.0:3.1.2",
            "debian12-1.2.0:3.1.2",
            "no document of cis",
        ),
        ("4.2.1.2", "4.2.1.9", "no document of pci-dss"),
        ("164.312(b)", "164.312(z)", "no document of hipaa"),
        ("hsi.Iommu", "hsi.IOMMU", "no document of hsi"),
        // An id of another framework, a tie and a framework that there are not.
        ("cci m CCI-001443", "cci m AC-18", "no document of cci"),
        ("800-53 j", "800-53 k", "no such tie"),
        ("bsi m", "bis m", "no such framework"),
        ("\"800-53 m AC-18(1) <", "\"800-53 m <", "it has no id"),
        ("AC-18 AC-18(3) <", "AC-18 AC-18 <", "stands there twice"),
        // Sources.
        (
            "< cac:wireless_disable_in_bios\"",
            "< cac:wireless_in_bios\"",
            "no source cac:wireless_in_bios",
        ),
        (
            "cobit m DSS05.02 DSS05.03 DSS05.05 DSS06.06 <",
            "cobit m DSS05.02\",\n\"cobit m DSS05.03 <",
            "nothing says where cobit DSS05.02",
        ),
        (
            "commit = \"a849dbca\"",
            "commit = \"master\"",
            "its commit is none",
        ),
        (
            "commit = \"a849dbca\"\n",
            "",
            "lacks repository, path or commit",
        ),
        (
            "key = \"nist-147\"",
            "key = \"nist-53\"",
            "two sources nist-53",
        ),
        (
            "prefix = \"RHEL-09-\"",
            "prefix = \"RHEL-0\"",
            "stands in several documents",
        ),
        // Controls, values and facts.
        (
            "\"nfc=disabled\"",
            "\"nfcc=disabled\"",
            "nothing called nfcc",
        ),
        ("\"nfc=disabled\"", "\"nfc=off\"", "nfc has no value off"),
        (
            "\"nfc=disabled\"",
            "\"nfc=disabled|enabled\"",
            "can have no other value",
        ),
        ("@lockdown=", "@lock-down=", "nothing called @lock-down"),
        ("@secure-boot=on", "@secure-boot=yes", "has no value yes"),
        // Checks.
        (
            "id = \"bluetooth-off\"",
            "id = \"wlan-off\"",
            "there are two",
        ),
        (
            "or = \"wlan-off\"",
            "or = \"wlan-on\"",
            "no check wlan-on to lean on",
        ),
        (
            "or = \"thunderbolt-off\"",
            "or = \"thunderbolt-security\"",
            "leans itself",
        ),
        ("each = [\"nfc=disabled\"]\n", "", "one of any and each"),
        (
            "each = [\"gps=disabled\"]",
            "eech = [\"gps=disabled\"]",
            "cannot be read",
        ),
        (
            "800-171r3 dj 03.13.10",
            "800-171r3 d 03.13.10",
            "derived from judgement alone",
        ),
        // Baselines.
        ("AC-3 AC-18 AU-2", "AC-3 AC-18 AU-1", "no check has AU-1"),
        (
            "AC-3 AC-4 AC-6 AC-6(9) AC-18 AC-18(1)",
            "AC-3 AC-4 AC-6 AC-6(9) AC-18(1)",
            "AC-18 is in low and not in moderate",
        ),
        (
            "source = \"nist-53b-low\"",
            "source = \"nist-53b-none\"",
            "no source nist-53b-none",
        ),
    ] {
        let faults = texts.planted(from, to).faults();
        let found = faults.iter().any(|fault| fault.contains(finds));
        assert!(found, "{from} to {to}: {faults:#?}");
    }
}

/// Promise: what is said of SP 800-53 names exactly the ids that are in no baseline.
#[test]
fn in_no_baseline() {
    let texts = Texts::read();
    let registry = Registry::parse(&texts.checks, &texts.sources).unwrap();
    let all = registry.checks.iter().flat_map(|check| &check.references);
    let of_53 = all.filter(|one| one.framework.name == "800-53");
    let none = of_53.filter(|one| !registry.is_in_baseline("high", &one.id));
    let none: BTreeSet<&str> = none.map(|one| one.id.as_str()).collect();
    let (names, _) = FRAMEWORKS[0]
        .note
        .split_once(" are in no baseline")
        .unwrap();
    let named = names.split([' ', ',']).filter(|word| word.contains('-'));
    assert_eq!(named.collect::<BTreeSet<&str>>(), none);
}
