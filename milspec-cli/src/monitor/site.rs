// SPDX-License-Identifier: GPL-2.0

//! What a site says about the rules: `/etc/milspecctl/monitor.toml`.

use super::rule::{self, Entry, Rule};
use crate::failure::{Failure, Result};
use crate::input;
use crate::words::shown;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::Timestamp;
use serde::Deserialize;
use std::path::Path;

/// Name and major version of the file.
pub const SCHEMA: &str = "milspec.monitor-site/1";

/// More than any such file has.
const LENGTH_MAX: u64 = 1 << 20;
/// What the package itself runs, for changes that somebody has made and not confirmed.
const UNATTENDED: &str = "milspec-confirm.service";
/// A look that is older than this is old, unless the site says otherwise.
pub const LOOK_AGE_NS: u64 = 2 * 3600 * 1_000_000_000;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The rules, and what they need to know of the site.
#[derive(Clone, Debug)]
pub struct Site {
    /// The rules that are wanted.
    pub rules: Vec<Rule>,
    /// Units that may weaken something with nobody logged in, below `system.slice`.
    unattended: Vec<String>,
    /// When people work; `None` where that was not said.
    hours: Option<Hours>,
    /// A look at the firmware that is older is old.
    pub look_age_ns: u64,
}

#[derive(Clone, Debug, PartialEq)]
struct Hours {
    /// The days, from Monday.
    days: [bool; 7],
    from: Time,
    to: Time,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    schema: String,
    #[serde(default)]
    without: Vec<String>,
    #[serde(default)]
    unattended: Vec<String>,
    hours: Option<String>,
    look_age: Option<String>,
    #[serde(default)]
    rule: Vec<Entry>,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            rules: rule::ours(),
            unattended: vec![UNATTENDED.into()],
            hours: None,
            look_age_ns: LOOK_AGE_NS,
        }
    }
}

impl Site {
    /// Reads a file; `-` is standard input.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = input::read(path, LENGTH_MAX)?;
        Self::parse(&String::from_utf8_lossy(&bytes)).map_err(|why| {
            Failure::new(
                "monitor-site-invalid",
                format!("cannot watch by {}", input::name(path)),
                shown(why.trim()),
                "put it right: docs/monitoring.md shows such a file",
            )
        })
    }

    /// Reads its text; else, in words, what is wrong.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        if file.schema != SCHEMA {
            return Err(format!("its schema is not \"{SCHEMA}\""));
        }
        let mut site = Self::default();
        for id in &file.without {
            let there = site.rules.iter().position(|rule| rule.id == *id);
            let at = there.ok_or_else(|| format!("there is no rule \"{id}\" to be without"))?;
            site.rules.remove(at);
        }
        for rule in rule::checked(file.rule)? {
            if site.rules.iter().any(|other| other.id == rule.id) {
                return Err(format!("rule \"{}\" is there already", rule.id));
            }
            site.rules.push(rule);
        }
        if let Some(unit) = file
            .unattended
            .iter()
            .find(|unit| !unit.ends_with(".service"))
        {
            return Err(format!("\"{unit}\" is no name of a service"));
        }
        site.unattended.extend(file.unattended);
        site.hours = file.hours.as_deref().map(hours).transpose()?;
        if let Some(age) = &file.look_age {
            let time = rule::time(age).and_then(|time| u64::try_from(time.as_nanos()).ok());
            site.look_age_ns = time.ok_or("\"look-age\" is a time such as 2h")?;
        }
        Ok(site)
    }

    /// Whether this unit may weaken something with nobody logged in. Only root can start a service
    /// below `system.slice`: one of the same name elsewhere is somebody else's.
    pub fn is_unattended(&self, unit: &str) -> bool {
        let Some(below) = unit.strip_prefix("/system.slice/") else {
            return false;
        };
        let name = below.rsplit('/').next().unwrap_or(below);
        self.unattended.iter().any(|unit| unit == name)
    }

    /// Whether people work then, in this time zone; `None` where the site has not said when.
    pub fn is_at_work(&self, wall_ns: u64, zone: &TimeZone) -> Option<bool> {
        let hours = self.hours.as_ref()?;
        let then = Timestamp::from_nanosecond(wall_ns.into()).ok()?;
        let local = then.to_zoned(zone.clone());
        let day = usize::try_from(local.weekday().to_monday_zero_offset()).ok()?;
        let on = hours.days.get(day).copied().unwrap_or(false);
        Some(on && (hours.from..hours.to).contains(&local.time()))
    }
}

/// `Mon-Fri 07:00-19:00`
fn hours(text: &str) -> std::result::Result<Hours, String> {
    let wrong = || "\"hours\" are days and times such as Mon-Fri 07:00-19:00".to_string();
    let (days, times) = text.split_once(' ').ok_or_else(wrong)?;
    let day = |name: &str| {
        let name = name.to_lowercase();
        DAYS.iter().position(|day| *day == name).ok_or_else(wrong)
    };
    let (first, last) = match days.split_once('-') {
        Some((first, last)) => (day(first)?, day(last)?),
        None => (day(days)?, day(days)?),
    };
    let time = |text: &str| text.trim().parse::<Time>().map_err(|_| wrong());
    let (from, to) = times.split_once('-').ok_or_else(wrong)?;
    let (from, to) = (time(from)?, time(to)?);
    if first > last || from >= to {
        return Err(wrong());
    }
    let mut on = [false; 7];
    on.iter_mut()
        .enumerate()
        .filter(|(at, _)| (first..=last).contains(at))
        .for_each(|(_, on)| *on = true);
    Ok(Hours { days: on, from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(lines: &str) -> std::result::Result<Site, String> {
        Site::parse(&format!("schema = \"{SCHEMA}\"\n{lines}"))
    }

    /// Promise: a service may be named, and one of the same name that anybody could start is not it.
    #[test]
    fn only_the_systems_units() {
        let site = site("unattended = [\"milspec-enforce.service\"]").unwrap();
        assert!(site.is_unattended("/system.slice/milspec-enforce.service"));
        let user =
            "/user.slice/user-1000.slice/user@1000.service/app.slice/milspec-enforce.service";
        assert!(!site.is_unattended(user));
        assert!(!site.is_unattended("/system.slice/other.service"));
    }

    /// Promise: hours are those of the days that are named, and to the minute.
    #[test]
    fn hours_of_work() {
        let site = site("hours = \"Mon-Fri 07:00-19:00\"").unwrap();
        let at = |text: &str| {
            let then: Timestamp = text.parse().unwrap();
            let ns = u64::try_from(then.as_nanosecond()).unwrap();
            site.is_at_work(ns, &TimeZone::UTC)
        };
        assert_eq!(at("2026-11-27T07:00:00Z"), Some(true));
        assert_eq!(at("2026-11-27T18:59:59Z"), Some(true));
        assert_eq!(at("2026-11-27T19:00:00Z"), Some(false));
        assert_eq!(at("2026-11-27T06:59:59Z"), Some(false));
        assert_eq!(at("2026-11-28T12:00:00Z"), Some(false), "a Saturday");
        let none = Site::default();
        assert_eq!(none.is_at_work(0, &TimeZone::UTC), None);
    }

    /// Promise: what would quietly have no effect is refused.
    #[test]
    fn nothing_is_ignored() {
        assert!(site("without = [\"tampr\"]").unwrap_err().contains("tampr"));
        assert!(site("unattended = [\"cron\"]").is_err());
        assert!(site("look-age = \"soon\"").is_err());
        assert!(site("hour = \"Mon 07:00-19:00\"").is_err());
        for hours in ["Fri-Mon 07:00-19:00", "Mon-Fri 19:00-07:00", "always"] {
            assert!(site(&format!("hours = \"{hours}\"")).is_err(), "{hours}");
        }
        let again = "[[rule]]\nid = \"tamper\"\nseverity = \"info\"\ntitle = \"a\"\nwhen = { kind = \"tamper\" }";
        assert!(site(again).unwrap_err().contains("already"));
        assert!(site(&format!("without = [\"tamper\"]\n{again}")).is_ok());
    }
}
