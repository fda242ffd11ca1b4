// SPDX-License-Identifier: GPL-2.0

//! Exceptions from checks: `milspec.exceptions/1`.

use crate::memory::limited;
use milspec::compliance::exceptions::{Excepted, Exceptions};
use milspec::compliance::REGISTRY;
use toml::{Table, Value};

/// Names of machines beside those in the file.
const NAMES: [&str; 3] = ["Latitude 5430 Rugged", "", "a*b?[c]"];

/// The input is the file.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let registry = &*REGISTRY;
    let parse = |text: &str| Exceptions::parse(text, registry);
    let Ok(exceptions) = limited(data.len(), 2000, || parse(&text)) else {
        return;
    };
    let table: Table = toml::from_str(&text).expect("TOML, for it was read");
    // Promise: what was parsed, and is written again, parses to the same.
    let again = parse(&table.to_string()).expect("what was written");
    let entries = table.get("exception").and_then(Value::as_array);
    let entries: Vec<Entry> = entries.into_iter().flatten().map(Entry::of).collect();
    // Each pattern by itself, and without its stars.
    let patterns = entries.iter().filter_map(|entry| entry.machine.as_deref());
    let patterns: Vec<&str> = patterns.take(4).collect();
    let bare = patterns
        .iter()
        .flat_map(|of| [of.replace('*', ""), of.replace("*/", "")]);
    let bare: Vec<String> = bare.collect();
    let machines = patterns.into_iter().chain(bare.iter().map(String::as_str));
    let machines: Vec<&str> = NAMES.into_iter().chain(machines).collect();
    for check in registry.checks.iter().map(|check| check.id.as_str()) {
        let mut of_check = entries.iter().filter(|entry| entry.check == check);
        for machine in &machines {
            let found = exceptions.of(check, &[machine]);
            assert_eq!(again.of(check, &[machine]), found);
            right(&entries, check, machine, found.as_ref());
        }
        if of_check.next().is_none() {
            assert_eq!(exceptions.of(check, &machines), None);
        }
    }
}

/// An exception as it stands in the file.
struct Entry {
    check: String,
    machine: Option<String>,
    owner: String,
    until: String,
}

impl Entry {
    fn of(value: &Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(String::from);
        let must = |name: &str| text(name).expect("what every exception has");
        assert!(!must("owner").trim().is_empty() && !must("reason").trim().is_empty());
        Self {
            check: must("check"),
            machine: text("machine"),
            owner: must("owner"),
            until: must("until"),
        }
    }

    fn is_for(&self, machine: &str) -> bool {
        let pattern = self.machine.as_deref();
        pattern.is_none_or(|pattern| matches(pattern.as_bytes(), machine.as_bytes()))
    }
}

/// Whether a pattern in which `*` stands for any text, and nothing else for more than itself, matches.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut star) = ((0, 0), None);
    while at.1 < text.len() {
        match pattern.get(at.0) {
            Some(b'*') => {
                star = Some(at);
                at.0 += 1;
            }
            Some(byte) if *byte == text[at.1] => at = (at.0 + 1, at.1 + 1),
            _ => match star {
                Some((pattern, text)) => {
                    star = Some((pattern, text + 1));
                    at = (pattern + 1, text + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at.0..].iter().all(|byte| *byte == b'*')
}

/// Promise: a machine is excepted where an entry names it, and nowhere else; one that names it in full
/// decides before all patterns; and what is honoured has not ended.
fn right(entries: &[Entry], check: &str, machine: &str, found: Option<&Excepted>) {
    let fitting = entries.iter().filter(|entry| entry.check == check);
    let fitting: Vec<&Entry> = fitting.filter(|entry| entry.is_for(machine)).collect();
    let Some(found) = found else {
        assert!(
            fitting.is_empty(),
            "{check} of {machine:?}: nothing was found"
        );
        return;
    };
    let is_it = |entry: &&Entry| entry.owner == found.owner && entry.until == found.until;
    let in_full = |entry: &Entry| {
        let named = entry.machine.as_deref();
        named == Some(machine) && !machine.contains('*')
    };
    let closest = fitting.iter().any(|entry| in_full(entry));
    let mut those = fitting.iter().filter(|entry| !closest || in_full(entry));
    assert!(those.any(is_it), "{check} of {machine:?}: {found:?}");
}
