// SPDX-License-Identifier: GPL-2.0

//! Plans: what every one of them keeps to, whatever the machine is and whoever asks for what.

mod common;

use common::{device, dsmil, execute, is_active, plan, platform, setting, steps, value, wants};
use common::{OPEN, USUAL};
use milspec_posture::control::{Class, Family, Reading};
use milspec_posture::fact::{Fact, Policy, Reason, Refusal, Want, ACTIVE};
use milspec_posture::mode::{Mode, MODES};
use milspec_posture::order::{Order, FACTS};
use milspec_posture::plan::{overview, Stands, Step, ACCEPT, LEAVE};
use milspec_posture::settings::SETTINGS;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Why nothing may be done to the control, worked out from DESIGN's words for the classes.
fn is_gated(fact: &Fact, policy: &Policy) -> bool {
    match fact.class {
        Class::Quarantined | Class::ReadOnly => true,
        Class::Restricted if !policy.restricted_allowed => true,
        Class::Restricted | Class::Monitored | Class::Safe => !fact.writable || fact.denied,
    }
}

/// Where a set of devices can get to, in any order: every set of active devices that legal changes
/// lead to. By brute force, to judge the planner's one order.
struct Reachable {
    /// Where no change is left that is legal.
    ends: BTreeSet<u32>,
}

impl Reachable {
    /// `change[n]` is what is wanted of device n, `needs[n]` what it needs; `None` is not there.
    fn new(start: u32, change: &[Option<bool>], needs: &[Vec<Option<usize>>]) -> Self {
        let has = |set: u32, n: usize| set >> n & 1 == 1;
        let (mut seen, mut todo) = (BTreeSet::from([start]), vec![start]);
        let mut ends = BTreeSet::new();
        while let Some(set) = todo.pop() {
            let mut is_end = true;
            for (n, change) in change.iter().enumerate() {
                let legal = match change {
                    Some(true) => {
                        !has(set, n) && needs[n].iter().all(|m| m.is_some_and(|m| has(set, m)))
                    }
                    Some(false) => {
                        let needed = |m: usize| has(set, m) && needs[m].contains(&Some(n));
                        has(set, n) && !(0..needs.len()).any(needed)
                    }
                    None => false,
                };
                if legal {
                    is_end = false;
                    let next = set ^ 1 << n;
                    if seen.insert(next) {
                        todo.push(next);
                    }
                }
            }
            if is_end {
                ends.insert(set);
            }
        }
        Self { ends }
    }
}

/// Devices as [`Reachable`] takes them: start, what is wanted, what each needs.
type Graph = (u32, Vec<Option<bool>>, Vec<Vec<Option<usize>>>);

fn graph(facts: &[Fact], wants: &[Want]) -> Graph {
    let set =
        |is: &dyn Fn(usize) -> bool| (0..facts.len()).filter(|n| is(*n)).map(|n| 1 << n).sum();
    let change = facts.iter().zip(wants).map(|(fact, want)| match want {
        Want::Value(value) if fact.family == Family::Dsmil && fact.current() != Some(*value) => {
            Some(*value == ACTIVE)
        }
        _ => None,
    });
    let needs = facts.iter().map(|fact| {
        let needs = fact.depends.iter().flatten().map(|n| usize::from(*n));
        let there = |n: &usize| facts.get(*n).is_some_and(|f| f.family == Family::Dsmil);
        needs.map(|n| Some(n).filter(there)).collect()
    });
    (
        set(&|n| is_active(&facts[n])),
        change.collect(),
        needs.collect(),
    )
}

/// Derives the reason of a refusal again. `wants` is what was wanted where planning came so far.
fn assert_truthful(
    refusal: &Refusal,
    mode: Option<Mode>,
    list: &[(u32, u8)],
    facts: &[Fact],
    policy: &Policy,
    wants: Option<&[Want]>,
) {
    let plus = mode == Some(Mode::ParanoidPlus);
    let fact = facts.iter().find(|fact| fact.id == refusal.id);
    let listed = |id| list.iter().filter(|(other, _)| *other == id).count();
    let target = list
        .iter()
        .find(|(id, _)| *id == refusal.id)
        .map(|(_, value)| *value);
    let class = || fact.map(|fact| fact.class);
    let at = || common::position(facts, refusal.id);
    let needs = |a: usize, b: usize| facts[a].depends.contains(&Some(u16::try_from(b).unwrap()));
    // Where two changes stand in each other's way it depends on the order which of them is done.
    let ends = || {
        let (start, change, needs) = graph(facts, wants.unwrap());
        let ends = Reachable::new(start, &change, &needs).ends;
        let waits = |end: u32, n: usize| change[n].is_some_and(|up| up != (end >> n & 1 == 1));
        let whole = |end: &u32| !(0..facts.len()).any(|n| waits(*end, n));
        assert!(
            !ends.iter().any(whole),
            "{refusal:?}, and all can be reached"
        );
        let mine = ends.into_iter().filter(|end| waits(*end, at()));
        let mine = mine.map(|end| (end, (0..facts.len()).map(|n| waits(end, n)).collect()));
        let mine: Vec<(u32, Vec<bool>)> = mine.collect();
        (change, mine)
    };
    let holds = match refusal.reason {
        Reason::Latched => policy.latched && (!plus || !list.is_empty()) && refusal.id == 0,
        // The engine's, not the planner's.
        Reason::NoTpm => false,
        Reason::Unconfirmed => plus && !policy.confirmed && !policy.latched && refusal.id == 0,
        Reason::NoControl => fact.is_none() && listed(refusal.id) > 0,
        Reason::Twice => listed(refusal.id) > 1,
        Reason::NoValue => target.is_some_and(|v| v >= 8 || fact.unwrap().values >> v & 1 == 0),
        Reason::Quarantined => class() == Some(Class::Quarantined),
        Reason::ReadOnly => class() == Some(Class::ReadOnly) || !fact.unwrap().writable,
        Reason::Restricted => class() == Some(Class::Restricted) && !policy.restricted_allowed,
        Reason::Denied => fact.unwrap().denied,
        Reason::Unreadable => {
            let failed = matches!(fact.unwrap().reading, Reading::Failed(_));
            failed && (target == Some(ACCEPT) || matches!(wants.unwrap()[at()], Want::Value(_)))
        }
        // A mode leaves it out.
        Reason::Unknown => {
            let strange = match fact.unwrap().reading {
                Reading::Known(v) => v >= 8 || fact.unwrap().values >> v & 1 == 0,
                Reading::Unknown | Reading::Ambiguous => true,
                Reading::Failed(_) => false,
            };
            strange && listed(refusal.id) > 0
        }
        Reason::Dependency(0) => {
            let there = |n: &u16| usize::from(*n) < facts.len();
            ends().0[at()] == Some(true) && !fact.unwrap().depends.iter().flatten().all(there)
        }
        Reason::Dependency(id) => {
            let (change, ends) = ends();
            let need = common::position(facts, id);
            let mut missing = ends.iter().map(|(end, _)| end >> need & 1 == 0);
            change[at()] == Some(true) && needs(at(), need) && missing.any(|missing| missing)
        }
        Reason::Needed(id) => {
            let (change, ends) = ends();
            let other = common::position(facts, id);
            let mut stays = ends.iter().map(|(end, _)| end >> other & 1 == 1);
            change[at()] == Some(false) && needs(other, at()) && stays.any(|stays| stays)
        }
        Reason::Cycle => {
            let (change, ends) = ends();
            ends.iter().any(|(_, waiting)| {
                let mut reached = BTreeSet::from([at()]);
                let mut todo = vec![at()];
                let mut leads_back = false;
                while let Some(a) = todo.pop() {
                    for b in (0..facts.len()).filter(|b| needs(a, *b)) {
                        let same = waiting[b] && change[b] == change[at()];
                        leads_back |= same && b == at();
                        if same && reached.insert(b) {
                            todo.push(b);
                        }
                    }
                }
                leads_back
            })
        }
    };
    assert!(holds, "{refusal:?} is not true");
}

/// The overview has a line for each control of which something is wanted, and of these lines the
/// open ones are the steps.
fn assert_overview(facts: &[Fact], wants: &[Want], steps: &BTreeSet<u32>) {
    let lines: Vec<_> = overview(facts, wants).collect();
    let wanted = wants.iter().filter(|want| **want != Want::Nothing).count();
    assert_eq!(lines.len(), wanted);
    for line in lines {
        let at = common::position(facts, line.id);
        let known = match facts[at].reading {
            Reading::Known(value) => Some(value),
            _ => None,
        };
        assert_eq!(line.from, known);
        let (value, reason) = match wants[at] {
            Want::Value(value) => (value, None),
            Want::OutOfReach(value, reason) => (value, Some(reason)),
            Want::Nothing => panic!("{line:?} is not wanted"),
        };
        assert_eq!(line.to, value);
        let is_step = steps.contains(&line.id);
        match line.stands {
            Stands::Open => assert!(is_step && reason.is_none(), "{line:?}"),
            Stands::Holds => assert!(!is_step && known == Some(value), "{line:?}"),
            Stands::OutOfReach(why) => {
                assert!(
                    !is_step && reason == Some(why) && known != Some(value),
                    "{line:?}"
                );
            }
        }
    }
}

/// Everything that a plan promises, for one request on one machine.
fn assert_promises(mode: Option<Mode>, list: &[(u32, u8)], facts: &[Fact], policy: &Policy) {
    let wants = match wants(mode, list, facts, policy) {
        Ok((wants, _)) => wants,
        Err(refusal) => return assert_truthful(&refusal, mode, list, facts, policy, None),
    };
    for (want, fact) in wants.iter().zip(facts) {
        match want {
            Want::OutOfReach(_, reason) => {
                let gated = |reason| {
                    use Reason::{Denied, Quarantined, ReadOnly, Restricted};
                    matches!(reason, Denied | Quarantined | ReadOnly | Restricted)
                };
                assert_eq!(is_gated(fact, policy), gated(*reason), "{reason:?}");
                assert!(list.iter().all(|(id, v)| *id != fact.id || *v == LEAVE));
            }
            Want::Value(_) => assert!(!is_gated(fact, policy)),
            Want::Nothing => {}
        }
    }
    let steps = match steps(facts, &wants) {
        Ok(steps) => steps,
        Err(refusal) => {
            // Who looks at the lines finds the one that is in the way.
            let mut lines = overview(facts, &wants);
            let unreadable = Stands::OutOfReach(Reason::Unreadable);
            let found = lines.any(|line| line.id == refusal.id && line.stands == unreadable);
            assert!(found || refusal.reason != Reason::Unreadable);
            // A mode leaves out what it cannot reach: what it refuses is a matter of the list, or
            // of a value that is not known.
            let listed = list.iter().any(|(id, _)| *id == refusal.id);
            assert!(
                listed || refusal.reason == Reason::Unreadable,
                "{refusal:?}"
            );
            return assert_truthful(&refusal, mode, list, facts, policy, Some(&wants));
        }
    };

    let ids: BTreeSet<u32> = steps.iter().map(|step| step.id).collect();
    assert_eq!(ids.len(), steps.len(), "a control has two steps");
    assert_overview(facts, &wants, &ids);
    let mut now = facts.to_vec();
    let lacks = |facts: &[Fact], fact: &Fact| {
        let there = |n: &u16| facts.get(usize::from(*n)).is_some_and(is_active);
        is_active(fact) && !fact.depends.iter().flatten().all(there)
    };
    for step in &steps {
        let fact = facts.iter().find(|fact| fact.id == step.id).unwrap();
        assert!(!is_gated(fact, policy), "{step:?} of a gated control");
        assert!(
            fact.reading != Reading::Known(step.to),
            "{step:?} holds already"
        );
        assert!(
            fact.values >> step.from & 1 == 1,
            "{step:?} cannot be undone"
        );
        assert!(fact.values >> step.to & 1 == 1, "{step:?} cannot be done");
        execute(&mut now, std::slice::from_ref(step));
        for (before, after) in facts.iter().zip(&now) {
            let newly = lacks(&now, after) && !lacks(facts, before);
            assert!(!newly, "{:#x} lacks what it needs after {step:?}", after.id);
        }
    }
    for (want, fact) in wants.iter().zip(&now) {
        if let Want::Value(value) = want {
            assert_eq!(fact.reading, Reading::Known(*value), "{:#x}", fact.id);
        }
    }
    let again = plan(mode, list, &now, policy);
    assert_eq!(again, Ok(Vec::new()), "a repeat of {steps:?} has steps");
}

/// Random bytes, as decisions.
struct Dice(std::vec::IntoIter<u8>);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u8) -> u8 {
        self.0.next().unwrap_or_default() % sides
    }

    fn one_in(&mut self, sides: u8) -> bool {
        self.roll(sides) == sides - 1
    }

    fn class(&mut self) -> Class {
        match self.roll(16) {
            15 => Class::Quarantined,
            14 => Class::ReadOnly,
            12..=13 => Class::Restricted,
            n if n % 2 == 0 => Class::Safe,
            _ => Class::Monitored,
        }
    }

    /// A machine with some settings and some devices that need each other in any way, themselves
    /// and what is not there included.
    fn facts(&mut self) -> Vec<Fact> {
        let mut facts = Vec::new();
        for _ in 0..self.roll(8) {
            let known = &SETTINGS[usize::from(self.roll(SETTINGS.len().try_into().unwrap()))];
            facts.push((platform(known.name, "-"), known.values.len()));
        }
        for _ in 0..self.roll(9) {
            facts.push((dsmil(self.roll(8), self.roll(3), 0, &[]), 2));
        }
        let mut seen = BTreeSet::new();
        facts.retain(|(fact, _)| seen.insert(fact.id));
        facts.sort_by_key(|(fact, _)| fact.id);
        let count = u8::try_from(facts.len()).unwrap();
        let facts = facts.into_iter();
        facts
            .map(|(fact, values)| self.fact(fact, u8::try_from(values).unwrap(), count))
            .collect()
    }

    /// Fills in how a control stands.
    fn fact(&mut self, mut fact: Fact, values: u8, count: u8) -> Fact {
        if fact.family == Family::Dsmil || self.one_in(4) {
            fact.class = self.class();
        }
        if fact.family == Family::Dsmil {
            for place in &mut fact.depends {
                *place = match self.roll(16) {
                    0..=8 => None,
                    9..=14 => Some(u16::from(self.roll(count))),
                    _ => Some(u16::MAX),
                };
            }
        }
        fact.writable = !self.one_in(16);
        fact.denied = self.one_in(16);
        fact.values = 0xFF >> (8 - values);
        if self.one_in(12) {
            fact.values &= !(1 << self.roll(values));
        }
        fact.mark.baseline = match self.roll(3) {
            0 => Some(self.roll(values)),
            _ => None,
        };
        fact.reading = match self.roll(64) {
            63 => Reading::Known(values),
            62 => Reading::Unknown,
            61 => Reading::Ambiguous,
            60 => Reading::Failed(5),
            n => Reading::Known(n % values),
        };
        fact
    }

    fn request(&mut self, facts: &[Fact]) -> (Option<Mode>, Vec<(u32, u8)>) {
        let mode = MODES.get(usize::from(self.roll(7))).copied();
        let list = (0..self.roll(5)).map(|_| {
            let at = usize::from(self.roll(24)) % (facts.len() + 1);
            let id = facts.get(at).map_or(device(15, 15), |fact| fact.id);
            let value = match self.roll(12) {
                11 => LEAVE,
                10 => self.roll(255),
                n => n % 2,
            };
            (id, value)
        });
        (mode, list.collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    /// The promises hold for any machine and any request.
    #[test]
    fn plans_keep_their_promises(bytes in vec(any::<u8>(), 40..250)) {
        let mut dice = Dice(bytes.into_iter());
        let policy = Policy {
            blind: false,
            restricted_allowed: dice.one_in(2),
            latched: dice.one_in(8),
            confirmed: !dice.one_in(4),
        };
        let facts = dice.facts();
        let (mode, list) = dice.request(&facts);
        assert_promises(mode, &list, &facts, &policy);
    }

    /// Devices alone, all of them to be switched by a list: here the graph is what matters.
    #[test]
    fn graphs_of_any_shape_are_ordered(bytes in vec(any::<u8>(), 60)) {
        let mut dice = Dice(bytes.into_iter());
        let mut list = Vec::new();
        let mut facts = Vec::new();
        for n in 0..=dice.roll(8) {
            let mut fact = dsmil(0, n, dice.roll(2), &[]);
            for place in &mut fact.depends {
                *place = dice.one_in(3).then(|| u16::from(dice.roll(9)));
            }
            facts.push(fact);
            list.push((device(0, n), dice.roll(2)));
        }
        assert_promises(None, &list, &facts, &USUAL);
    }
}

/// The strategies above do reach refusals of every kind and plans of some length.
#[test]
fn each_reason_has_an_example() {
    let facts = [
        platform("camera", "enabled"),
        platform("gps", "-"),
        platform("nfc", "enabled"),
        platform("secure-boot", "enabled"),
        platform("module-bay", "enabled"),
        dsmil(0, 9, 0, &[]),
        // A circle, and one that needs it.
        dsmil(1, 0, 0, &[7]),
        dsmil(1, 1, 0, &[6]),
        dsmil(1, 2, 0, &[6]),
        // An active pair, and a circle of two that are active.
        dsmil(2, 0, ACTIVE, &[]),
        dsmil(2, 1, ACTIVE, &[9]),
        dsmil(3, 0, ACTIVE, &[12]),
        dsmil(3, 1, ACTIVE, &[11]),
        // What it needs is not there.
        dsmil(4, 0, 0, &[u16::MAX]),
        dsmil(4, 1, 0, &[14]),
        // Firmware that cannot switch it; a device that failed.
        dsmil(5, 0, 0, &[]),
        dsmil(5, 1, 2, &[]),
    ];
    let mut facts = facts;
    facts[2].denied = true;
    facts[5].class = Class::Quarantined;
    facts[15].writable = false;
    let latched = Policy {
        latched: true,
        ..OPEN
    };
    let unconfirmed = Policy {
        confirmed: false,
        ..OPEN
    };
    let plus = Some(Mode::ParanoidPlus);
    let (camera, off) = (setting("camera"), 1);
    let refused = |mode, list: &[(u32, u8)], policy: &Policy, id, reason| {
        let refusal = plan(mode, list, &facts, policy).unwrap_err();
        assert_eq!(refusal, Refusal { id, reason });
        assert_promises(mode, list, &facts, policy);
    };
    let one = |id, value, reason| refused(None, &[(id, value)], &USUAL, id, reason);

    one(setting("wwan"), off, Reason::NoControl);
    one(device(0, 8), ACTIVE, Reason::NoControl);
    one(camera, 2, Reason::NoValue);
    one(camera, ACCEPT - 1, Reason::NoValue);
    one(device(0, 9), 0, Reason::Quarantined);
    one(setting("secure-boot"), off, Reason::ReadOnly);
    one(device(5, 0), ACTIVE, Reason::ReadOnly);
    one(setting("module-bay"), off, Reason::Restricted);
    one(setting("nfc"), off, Reason::Denied);
    one(setting("gps"), off, Reason::Unknown);
    one(setting("gps"), ACCEPT, Reason::Unknown);
    one(device(5, 1), ACTIVE, Reason::Unknown);
    one(device(1, 2), ACTIVE, Reason::Dependency(device(1, 0)));
    one(device(4, 0), ACTIVE, Reason::Dependency(0));
    one(device(4, 1), ACTIVE, Reason::Cycle);
    one(device(2, 0), 0, Reason::Needed(device(2, 1)));
    one(device(3, 0), 0, Reason::Needed(device(3, 1)));
    let circle = [(device(3, 0), 0), (device(3, 1), 0)];
    refused(None, &circle, &USUAL, device(3, 0), Reason::Cycle);
    let circle = [(device(1, 1), 1), (device(1, 0), 1)];
    refused(None, &circle, &USUAL, device(1, 0), Reason::Cycle);
    // One that needs a circle is not in it: the circle is the reason for both.
    let circle = [(device(1, 2), 1), (device(1, 1), 1), (device(1, 0), 1)];
    refused(None, &circle, &USUAL, device(1, 0), Reason::Cycle);
    // What has another reason than a circle comes first.
    let circle = [(device(1, 1), 1), (device(1, 0), 1), (device(4, 0), 1)];
    refused(None, &circle, &USUAL, device(4, 0), Reason::Dependency(0));
    // Also with a value that holds: what is asked for is refused, not what it would come to.
    refused(
        None,
        &[(camera, off), (camera, off)],
        &USUAL,
        camera,
        Reason::Twice,
    );
    refused(
        None,
        &[(camera, off), (camera, LEAVE)],
        &USUAL,
        camera,
        Reason::Twice,
    );
    refused(None, &[(camera, off)], &latched, 0, Reason::Latched);
    refused(Some(Mode::Baseline), &[], &latched, 0, Reason::Latched);
    refused(plus, &[(camera, LEAVE)], &latched, 0, Reason::Latched);
    refused(plus, &[], &unconfirmed, 0, Reason::Unconfirmed);
    // Latched, the mode can be applied again, without being confirmed again.
    let again = Policy {
        confirmed: false,
        ..latched
    };
    assert!(wants(plus, &[], &facts, &again).is_ok());
}

/// A request for nothing wants nothing, also of a machine where much is wrong.
#[test]
fn nothing_comes_of_nothing() {
    let facts = [platform("gps", "-"), dsmil(0, 0, 2, &[0])];
    assert_eq!(plan(None, &[], &facts, &USUAL), Ok(Vec::new()));
    let leave = [(setting("gps"), LEAVE), (device(0, 0), LEAVE)];
    assert_eq!(
        plan(Some(Mode::Paranoid), &leave, &facts, &USUAL),
        Ok(Vec::new())
    );
    assert_eq!(plan(Some(Mode::Baseline), &[], &[], &USUAL), Ok(Vec::new()));
}

/// A list overrides the mode, value by value.
#[test]
fn exceptions_come_before_the_mode() {
    let facts = [
        platform("camera", "enabled"),
        platform("gps", "enabled"),
        platform("nfc", "enabled"),
    ];
    let list = [
        (setting("camera"), LEAVE),
        (setting("gps"), 0),
        (setting("nfc"), 1),
    ];
    let steps = plan(Some(Mode::Paranoid), &list, &facts, &USUAL).unwrap();
    let ids: Vec<u32> = steps.iter().map(|step| step.id).collect();
    assert_eq!(ids, [setting("nfc")]);
}

/// Stealth does on entry what its elements say at that moment: they come before it, and it ends
/// before they change.
#[test]
fn stealth_begins_last_and_ends_first() {
    let names = [
        "stealth",
        "stealth-lcd",
        "unobtrusive",
        "camera",
        "stealth-leds",
    ];
    let off = |name: &str| {
        if name.starts_with("stealth-") {
            "unchanged"
        } else {
            "disabled"
        }
    };
    let mut facts = names.map(|name| platform(name, off(name)));
    facts[3] = platform("camera", "enabled");
    let entry = plan(Some(Mode::ParanoidPlus), &[], &facts, &USUAL).unwrap();
    let ids = |steps: &[Step]| steps.iter().map(|step| step.id).collect::<Vec<_>>();
    let expected = [
        "stealth-lcd",
        "camera",
        "stealth-leds",
        "stealth",
        "unobtrusive",
    ];
    assert_eq!(ids(&entry), expected.map(setting));
    execute(&mut facts, &entry);
    let exit = plan(Some(Mode::Baseline), &[], &facts, &USUAL).unwrap();
    let expected = [
        "stealth",
        "unobtrusive",
        "stealth-lcd",
        "camera",
        "stealth-leds",
    ];
    assert_eq!(ids(&exit), expected.map(setting));
}

/// Platform settings come first, then devices down, then devices up.
#[test]
fn devices_are_switched_down_before_up() {
    let facts = [
        platform("camera", "enabled"),
        dsmil(0, 0, 0, &[2]),
        dsmil(0, 1, 0, &[]),
        dsmil(1, 0, ACTIVE, &[]),
        dsmil(1, 1, ACTIVE, &[3]),
    ];
    let list = [
        (device(0, 0), 1),
        (device(0, 1), 1),
        (device(1, 0), 0),
        (device(1, 1), 0),
        (setting("camera"), value("camera", "disabled")),
    ];
    let steps = plan(None, &list, &facts, &USUAL).unwrap();
    let ids: Vec<u32> = steps.iter().map(|step| step.id).collect();
    let expected = [
        setting("camera"),
        device(1, 1),
        device(1, 0),
        device(0, 1),
        device(0, 0),
    ];
    assert_eq!(ids, expected);
}

/// The planner looks again itself: wants that came about in some other way touch nothing that is
/// quarantined, and write nothing that could not be put back.
#[test]
fn steps_are_refused_whatever_is_wanted() {
    let mut fact = dsmil(0, 9, 0, &[]);
    let refused = |fact: &Fact, value| {
        let mut room = [Step::default()];
        let wants = [Want::Value(value)];
        let result = milspec_posture::plan::steps(std::slice::from_ref(fact), &wants, &mut room);
        result.unwrap_err().reason
    };
    assert_eq!(refused(&fact, 2), Reason::NoValue);
    fact.reading = Reading::Known(2);
    assert_eq!(refused(&fact, 1), Reason::Unknown);
    fact.reading = Reading::Failed(5);
    assert_eq!(refused(&fact, 1), Reason::Unreadable);
    fact.class = Class::Quarantined;
    for value in 0..=u8::MAX {
        assert_eq!(refused(&fact, value), Reason::Quarantined);
    }
}

/// With too little room nothing is passed off as the whole plan.
#[test]
fn a_plan_that_does_not_fit_says_how_long_it_is() {
    let facts = [
        platform("camera", "enabled"),
        platform("gps", "enabled"),
        dsmil(0, 0, 0, &[]),
    ];
    let (wants, _) = wants(Some(Mode::Paranoid), &[], &facts, &USUAL).unwrap();
    for room in 0..3 {
        let mut steps = vec![Step::default(); room];
        assert_eq!(
            milspec_posture::plan::steps(&facts, &wants, &mut steps),
            Ok(3)
        );
        assert_eq!(steps.get(..3), None);
    }
}

/// More facts than can be ordered are refused, not left out.
#[test]
fn too_many_facts_are_refused() {
    let facts = vec![dsmil(0, 0, 0, &[]); FACTS + 1];
    let wants = vec![Want::Nothing; FACTS + 1];
    assert_eq!(steps(&facts, &wants).unwrap_err().reason, Reason::NoControl);
    assert_eq!(steps(&facts[..FACTS], &wants[..FACTS]), Ok(Vec::new()));
}

/// Graphs of 256 devices that are meant to be expensive: chains in the worst order, a circle of
/// all, ladders where each needs four, and all of them stuck at the far end.
fn hostile_graphs() -> Vec<(&'static str, Vec<Fact>)> {
    const COUNT: u16 = 256;
    let build = |needs: &dyn Fn(u16) -> Vec<u16>| {
        let id = |n: u16| (u8::try_from(n / 16).unwrap(), u8::try_from(n % 16).unwrap());
        let fact = |n| dsmil(id(n).0, id(n).1, 0, &needs(n));
        let settings = SETTINGS.iter().map(|s| platform(s.name, s.values[0].name));
        (0..COUNT).map(fact).chain(settings).collect::<Vec<_>>()
    };
    let four = |range: std::ops::Range<u16>| range.take(4).collect::<Vec<_>>();
    vec![
        ("up", build(&|n| if n == 0 { vec![] } else { vec![n - 1] })),
        (
            "down",
            build(&|n| if n + 1 == COUNT { vec![] } else { vec![n + 1] }),
        ),
        ("circle", build(&|n| vec![(n + 1) % COUNT])),
        ("ladder up", build(&|n| four(n.saturating_sub(4)..n))),
        (
            "ladder down",
            build(&|n| four((n + 1).min(COUNT)..(n + 5).min(COUNT))),
        ),
        (
            "stuck",
            build(&|n| {
                if n + 1 == COUNT {
                    vec![u16::MAX]
                } else {
                    vec![n + 1]
                }
            }),
        ),
        (
            "ladder stuck",
            build(&|n| {
                if n + 1 == COUNT {
                    vec![u16::MAX]
                } else {
                    four(n + 1..(n + 5).min(COUNT))
                }
            }),
        ),
        (
            "circles",
            build(&|n| vec![n ^ 1, (n + 2) % COUNT, (n + 7) % COUNT, (n + 64) % COUNT]),
        ),
        (
            "circle at the end",
            build(&|n| vec![(n + 1).min(COUNT - 2) ^ u16::from(n == COUNT - 2)]),
        ),
    ]
}

/// Planning is done in the kernel with a mutex held. Whatever graph the firmware tells, it takes
/// fewer looks at a device than the square of their number, three times, with all reasons worked out.
#[test]
fn hostile_graphs_are_cheap() {
    for (name, facts) in hostile_graphs() {
        for state in [0, ACTIVE] {
            let mut facts = facts.clone();
            for fact in facts.iter_mut().filter(|fact| fact.family == Family::Dsmil) {
                fact.reading = Reading::Known(state);
            }
            let wants: Vec<Want> = facts
                .iter()
                .map(|fact| match fact.family {
                    Family::Dsmil => Want::Value(1 - state),
                    Family::Platform => Want::Nothing,
                })
                .collect();
            let mut order = Order::new(&facts, &wants);
            let mut count = 0;
            order.run(|_| count += 1);
            let mut stuck = 0;
            order.stuck(|_, _| stuck += 1);
            assert_eq!(order.refusal().is_some(), stuck > 0);
            assert_eq!(count + stuck, 256, "{name}");
            assert!(order.looks() <= 3 * 256 * 256, "{name}: {}", order.looks());
            assert!(order.looks() >= 256);
        }
    }
}
