// SPDX-License-Identifier: GPL-2.0

//! The time of day: as documents say it, as people read it, and as they write it.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Zoned};
use nix::time::{clock_gettime, ClockId};
use std::time::Duration;

/// Now, in UTC, as in RFC 3339: `2026-11-23T23:12:58Z`.
pub fn now() -> String {
    format!("{:.0}", Timestamp::now())
}

/// Now, since 1970.
pub fn wall() -> Duration {
    clock_gettime(ClockId::CLOCK_REALTIME).map_or(Duration::ZERO, Into::into)
}

/// Now, in nanoseconds since 1970.
pub fn wall_ns() -> u64 {
    wall().as_nanos().try_into().unwrap_or(u64::MAX)
}

/// The time since boot that nobody sets, without what the machine slept.
pub fn monotonic() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Into::into)
}

/// Nanoseconds since 1970 in UTC, as in RFC 3339, with all their digits.
pub fn utc(ns: u64) -> String {
    format!("{:.9}", timestamp(ns))
}

/// Nanoseconds since 1970 in the time zone of whoever reads it: `2026-11-24 00:12:58`.
pub fn local(ns: u64) -> String {
    let local = timestamp(ns).to_zoned(TimeZone::system());
    local.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A moment that a person wrote, in nanoseconds since 1970: how long ago (`10m`, `2 hours ago`), a
/// day (`yesterday`, `monday`, `2026-11-24`), a time of today, or a day and a time; in the local time
/// zone unless it names one.
pub fn moment(text: &str) -> Result<u64, String> {
    let then = moment_from(text.trim(), &Zoned::now());
    then.and_then(|then| u64::try_from(then.as_nanosecond()).ok())
        .ok_or_else(|| {
            "it is how long ago (2 hours ago), a day (monday, 2026-11-24), or a time".to_string()
        })
}

/// The same, seen from some other time; `None` for what says none.
pub fn moment_from(text: &str, now: &Zoned) -> Option<Timestamp> {
    if let Ok(ago) = text.parse::<Span>() {
        return Some(now.checked_sub(ago.abs()).ok()?.timestamp());
    }
    if let Ok(then) = text.parse::<Timestamp>() {
        return Some(then);
    }
    let local = text.parse::<DateTime>().ok().or_else(|| {
        // Without a colon it could be a number of anything.
        let time = |text: &str| text.contains(':').then(|| text.parse::<Time>().ok())?;
        Some(match text.split_once(' ') {
            Some((word, at)) => day(word, now.date())?.to_datetime(time(at)?),
            None => match day(text, now.date()) {
                Some(day) => day.to_datetime(Time::midnight()),
                None => now.date().to_datetime(time(text)?),
            },
        })
    });
    let zoned = local?.to_zoned(now.time_zone().clone()).ok()?;
    Some(zoned.timestamp())
}

/// `today`, `yesterday`, or the last day with this name.
fn day(word: &str, today: Date) -> Option<Date> {
    match word.to_lowercase().as_str() {
        "today" => Some(today),
        "yesterday" => today.checked_sub(1.day()).ok(),
        name => {
            let name = ["%A", "%a"].map(|form| strtime::parse(form, name).ok()?.weekday());
            today
                .nth_weekday(-1, name.into_iter().flatten().next()?)
                .ok()
        }
    }
}

fn timestamp(ns: u64) -> Timestamp {
    // The year 2554 is as far as 64 bits reach, and less than a timestamp does.
    Timestamp::from_nanosecond(ns.into()).unwrap_or_default()
}
