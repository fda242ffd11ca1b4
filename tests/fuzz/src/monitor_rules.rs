// SPDX-License-Identifier: GPL-2.0

//! What a site tells its monitor: `milspec.monitor-site/1`, with rules of its own.

use crate::memory::limited;
use jiff::tz::TimeZone;
use milspec::monitor::observation::{Observation, FIELDS};
use milspec::monitor::site::Site;
use milspec::monitor::Record;
use std::collections::BTreeSet;
use toml::Table;

/// A month, in nanoseconds.
const MONTH: u64 = 31 * 24 * 3_600_000_000_000;

/// The input is the file.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let read = limited(data.len(), 2000, || Site::parse(&text));
    let Ok(site) = read else {
        return;
    };
    good(&site);
    // Promise: what was parsed, and is written again, parses to the same.
    let table: Table = toml::from_str(&text).expect("TOML, for it was read");
    let again = Site::parse(&table.to_string()).expect("what was written");
    assert_eq!(again.rules, site.rules);
    assert_eq!(again.look_age_ns, site.look_age_ns);
    for hour in 0..24 * 7 {
        let ns = 1_795_507_200_000_000_000 + hour * 3_600_000_000_000;
        let at_work = |site: &Site| site.is_at_work(ns, &TimeZone::UTC);
        assert_eq!(at_work(&again), at_work(&site));
        assert_eq!(
            site.is_at_work(ns, &TimeZone::UTC).is_some(),
            table.contains_key("hours")
        );
    }
    site.is_at_work(u64::MAX, &TimeZone::UTC);
    let units = table.get("unattended").and_then(toml::Value::as_array);
    for unit in units.into_iter().flatten().filter_map(toml::Value::as_str) {
        // Promise: only what root can start is trusted, and all of it that is named.
        let trusted = site.is_unattended(&format!("/system.slice/{unit}"));
        assert!(
            trusted || unit.contains('/'),
            "{unit} is named, and not trusted"
        );
        assert!(!site.is_unattended(&format!("/user.slice/{unit}")));
    }
}

/// Promise: each rule has a name of its own, can find something, and counts what can be kept.
fn good(site: &Site) {
    let names: BTreeSet<&str> = site.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(names.len(), site.rules.len(), "two rules of one name");
    for rule in &site.rules {
        assert!((1..=100).contains(&rule.count), "{}", rule.id);
        assert!(rule.within_ns <= MONTH, "{}", rule.id);
        assert_eq!(rule.count > 1, rule.within_ns > 0, "{}", rule.id);
        assert!(["error", "warning", "notice", "info"].contains(&rule.severity.as_ref()));
        assert!(rule.in_words().contains("kind: "), "{}", rule.id);
        let observation = Observation::of(&Record::default(), 0);
        assert!(!rule.fits(&observation), "a record of no kind is a finding");
        rule.key(&observation);
        for field in FIELDS {
            observation.field(field);
        }
    }
}
