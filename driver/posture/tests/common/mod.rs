// SPDX-License-Identifier: GPL-2.0

//! Machines for the tests: those of `tests/machine/profiles` as facts, and shorthands.

#![allow(dead_code, reason = "each test uses its own part")]

pub mod believed;
pub mod figures;

use milspec_posture::control::{Answer, Class, Family, Reading};
use milspec_posture::deny::{self, Gate};
use milspec_posture::fact::{Fact, Policy, Reason, Refusal, Want, ACTIVE, DEPENDS};
use milspec_posture::listed::{entangle, Listed, Model};
use milspec_posture::mode::Mode;
use milspec_posture::plan::{self, Coverage, Request, Step, LEAVE};
use milspec_posture::setting::{Listings, Setting};
use milspec_posture::settings::SETTINGS;
use milspec_posture::token_table::Token;
use std::path::PathBuf;

const DSMIL_CSV: &str = include_str!("../../../../tests/data/dsmil-devices.csv");

/// Everything is open.
pub const OPEN: Policy = Policy {
    restricted_allowed: true,
    latched: false,
    blind: false,
    confirmed: true,
};

/// As the module is loaded without parameters.
pub const USUAL: Policy = Policy {
    restricted_allowed: false,
    ..OPEN
};

/// A machine: what its controls are and how they stand.
#[derive(Clone)]
pub struct Machine {
    pub name: String,
    pub facts: Vec<Fact>,
}

/// Id of the setting with this name.
pub fn setting(name: &str) -> u32 {
    let position = SETTINGS.iter().position(|s| s.name == name);
    0x1_0000 + u32::try_from(position.unwrap_or_else(|| panic!("no setting {name}"))).unwrap()
}

/// A setting as a machine with these tokens lists it, if it does.
pub fn listed(setting: &'static Setting, tokens: &[Token], model: &Model<'_>) -> Option<Listed> {
    let mut listings = Listings::default();
    tokens
        .iter()
        .for_each(|token| listings.take(setting, *token));
    Listed::new(self::setting(setting.name), setting, listings, model)
}

/// A setting as a machine lists it that has a token for each of its values.
pub fn listed_whole(setting: &'static Setting, model: &Model<'_>) -> Listed {
    let tokens = (0..).zip(setting.values).map(|(number, value)| Token {
        id: value.token,
        location: value.token,
        value: number,
    });
    listed(setting, &tokens.collect::<Vec<_>>(), model).unwrap()
}

/// A machine that can be worked with when nothing is plugged in.
pub const PORTABLE: Model = Model {
    product: b"",
    portable: true,
    filtered: false,
};

/// Index of a value of a setting.
pub fn value(setting: &str, value: &str) -> u8 {
    let setting = SETTINGS.iter().find(|s| s.name == setting).unwrap();
    let position = setting.values.iter().position(|v| v.name == value);
    let position = position.unwrap_or_else(|| panic!("{} has no {value}", setting.name));
    u8::try_from(position).unwrap()
}

/// Id of the device of the family `dsmil` with this group and position.
pub fn device(group: u8, position: u8) -> u32 {
    0x2_0000 + u32::from(group) * 0x100 + u32::from(position)
}

/// A platform control that can be set to all its values.
pub fn platform(name: &str, current: &str) -> Fact {
    let found = SETTINGS.iter().find(|s| s.name == name).unwrap();
    let writable = |v: &milspec_posture::setting::Value| deny::token(v.token) != Gate::Forbidden;
    let values = found.values.iter().enumerate();
    let values = values.map(|(n, v)| u8::from(writable(v)) << n).sum();
    let reading = match current {
        "-" => Reading::Unknown,
        _ => Reading::Known(value(name, current)),
    };
    Fact {
        id: setting(name),
        class: found.class,
        writable: true,
        reading,
        values,
        ..Fact::NEW
    }
}

/// A device of the family `dsmil`, of class `safe`.
pub fn dsmil(group: u8, position: u8, state: u8, needs: &[u16]) -> Fact {
    let mut depends = [None; DEPENDS];
    for (place, need) in depends.iter_mut().zip(needs) {
        *place = Some(*need);
    }
    Fact {
        id: device(group, position),
        family: Family::Dsmil,
        class: Class::Safe,
        writable: true,
        group,
        reading: Reading::Known(state),
        values: 0b11,
        depends,
        ..Fact::NEW
    }
}

/// The 84 devices of `tests/data/dsmil-devices.csv`, at position `first` and after.
pub fn devices(first: usize, active: &[String]) -> Vec<Fact> {
    let rows: Vec<Vec<&str>> = DSMIL_CSV
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    let position = |name: &str| {
        let found = rows.iter().position(|row| row[0] == name).unwrap();
        u16::try_from(first + found).unwrap()
    };
    let fact = |row: &Vec<&str>| {
        let needs: Vec<u16> = row[5].split_whitespace().map(position).collect();
        let state = u8::from(active.iter().any(|name| name == row[0]));
        let group = row[1].parse().unwrap();
        let class = match row[4] {
            "safe" => Class::Safe,
            "monitored" => Class::Monitored,
            "quarantined" => Class::Quarantined,
            other => panic!("class {other}"),
        };
        Fact {
            class,
            ..dsmil(group, row[2].parse().unwrap(), state, &needs)
        }
    };
    rows.iter().map(fact).collect()
}

/// Reads a profile, with what it starts from.
fn profile(file: &str) -> toml::Table {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/machine/profiles");
    let text = std::fs::read_to_string(root.join(file)).unwrap();
    let mine: toml::Table = text.parse().unwrap();
    let Some(base) = mine.get("base") else {
        return mine;
    };
    let mut whole = profile(&format!("{}.toml", base.as_str().unwrap()));
    for (key, value) in mine {
        match (whole.get_mut(&key), value) {
            (Some(toml::Value::Table(into)), toml::Value::Table(table)) => into.extend(table),
            (_, value) => {
                whole.insert(key, value);
            }
        }
    }
    whole
}

fn strings(table: &toml::Table, key: &str, inner: &str) -> Vec<String> {
    let list = table.get(key).and_then(|t| t.get(inner));
    let list = list.and_then(|l| l.as_array()).cloned().unwrap_or_default();
    list.iter()
        .map(|s| s.as_str().unwrap().to_owned())
        .collect()
}

/// A token of a profile: `ID=VALUE` or `ID@LOCATION=VALUE`.
fn token(text: &str) -> Token {
    let (place, value) = text.split_once('=').unwrap();
    let (id, location) = place.split_once('@').unwrap_or((place, place));
    let hex = |digits| u16::from_str_radix(digits, 16).unwrap();
    Token {
        id: hex(id),
        location: hex(location),
        value: value.parse().unwrap(),
    }
}

/// The tokens of a profile, without those that it leaves out.
fn tokens(profile: &toml::Table) -> Vec<Token> {
    let table = &profile["tokens"];
    let structures = table["structure"].as_array().unwrap().iter();
    let texts = structures.map(|s| s["tokens"].as_str().unwrap());
    let omitted = table.get("omit").and_then(|omit| omit.as_array()).cloned();
    let omitted: Vec<i64> = omitted
        .iter()
        .flatten()
        .map(|id| id.as_integer().unwrap())
        .collect();
    let all = texts.flat_map(str::split_whitespace).map(token);
    all.filter(|token| !omitted.contains(&i64::from(token.id)))
        .collect()
}

/// The machine of a file of `tests/machine/profiles`, as it leaves the factory.
pub fn machine(file: &str) -> Machine {
    let profile = profile(file);
    let initial = |setting: &str| {
        let own = profile
            .get("initial")
            .and_then(|initial| initial.get(setting));
        let own = own.and_then(|value| value.as_str()).map(str::to_owned);
        let usual = self::profile("initial.toml").get(setting).cloned();
        own.or_else(|| Some(usual?.as_str()?.to_owned()))
    };
    let table = tokens(&profile);
    let listed = SETTINGS.iter();
    let listed = listed.filter_map(|known| self::listed(known, &table, &PORTABLE));
    let mut listed: Vec<Listed> = listed.collect();
    entangle(&mut listed);
    let mut facts = Vec::new();
    for listed in listed {
        // No cells here: a value is in force, or none is.
        let index = initial(listed.setting.name);
        let values = listed.setting.values.iter();
        let index = values
            .zip(0..)
            .find(|(v, _)| index.as_deref() == Some(v.name));
        let holds = index.and_then(|(_, index)| listed.token(index));
        let mut answers = listed.answers(|_| Ok(0xEEEE));
        for (answer, index) in answers.iter_mut().zip(0..) {
            if let (Answer::Read { read, expected }, Some(token)) = (answer, listed.token(index)) {
                if Some(token) == holds {
                    *read = u32::from(*expected);
                }
            }
        }
        listed.imply(&mut answers);
        facts.push(Fact {
            reading: listed.reading(&answers),
            ..listed.fact()
        });
    }
    let dsml = profile.get("firmware").and_then(|f| f.get("dsml"));
    if dsml.and_then(|dsml| dsml.as_bool()) == Some(true) {
        let active = strings(&profile, "dsmil", "active");
        facts.extend(devices(facts.len(), &active));
    }
    let name = file.trim_end_matches(".toml").to_owned();
    Machine { name, facts }
}

/// Machines of every kind.
pub fn machines() -> Vec<Machine> {
    let mut machines: Vec<Machine> = ["rugged.toml", "latitude-7490.toml", "optiplex-7090.toml"]
        .into_iter()
        .chain(["bad/partial-settings.toml"])
        .map(machine)
        .collect();
    assert!(
        machines[0].facts.len() > 84 + 40,
        "rugged is the one with DSMIL"
    );
    // One that has every setting there is, so that no line goes without a walk.
    let everything = SETTINGS.iter().map(|s| platform(s.name, s.values[0].name));
    machines.push(Machine {
        name: "everything".to_owned(),
        facts: everything.collect(),
    });
    machines
}

/// What is wanted, and how far the mode reaches.
pub fn wants(
    mode: Option<Mode>,
    list: &[(u32, u8)],
    facts: &[Fact],
    policy: &Policy,
) -> Result<(Vec<Want>, Coverage), Refusal> {
    let mut wants = vec![Want::default(); facts.len()];
    let coverage = plan::wants(&Request { mode, list }, facts, policy, &mut wants)?;
    Ok((wants, coverage))
}

/// The steps of a plan.
pub fn steps(facts: &[Fact], wants: &[Want]) -> Result<Vec<Step>, Refusal> {
    let mut steps = vec![Step::default(); facts.len()];
    let count = plan::steps(facts, wants, &mut steps)?;
    steps.truncate(count);
    Ok(steps)
}

/// The steps that a request comes to.
pub fn plan(
    mode: Option<Mode>,
    list: &[(u32, u8)],
    facts: &[Fact],
    policy: &Policy,
) -> Result<Vec<Step>, Refusal> {
    let (wants, _) = wants(mode, list, facts, policy)?;
    steps(facts, &wants)
}

/// The steps that a mode comes to, without the controls that cannot be read: those are left alone,
/// and returned.
pub fn plan_readable(mode: Mode, facts: &[Fact], policy: &Policy) -> (Vec<Step>, Vec<(u32, u8)>) {
    let mut left = Vec::new();
    loop {
        match plan(Some(mode), &left, facts, policy) {
            Ok(steps) => return (steps, left),
            Err(Refusal {
                id,
                reason: Reason::Unreadable,
            }) => left.push((id, LEAVE)),
            Err(refusal) => panic!("{refusal:?}"),
        }
    }
}

/// Position of the fact with this id.
pub fn position(facts: &[Fact], id: u32) -> usize {
    facts.iter().position(|fact| fact.id == id).unwrap()
}

/// Does the steps, each of which must begin where the control is, and records the baseline.
pub fn execute(facts: &mut [Fact], steps: &[Step]) {
    for step in steps {
        let fact = &mut facts[position(facts, step.id)];
        assert_eq!(fact.reading, Reading::Known(step.from), "{:#x}", step.id);
        fact.reading = Reading::Known(step.to);
        fact.mark.baseline = fact.mark.baseline.or(Some(step.from));
    }
}

/// Tells whether the device is active.
pub fn is_active(fact: &Fact) -> bool {
    fact.family == Family::Dsmil && fact.reading == Reading::Known(ACTIVE)
}
