// SPDX-License-Identifier: GPL-2.0

//! The time of day: as documents say it, as people read it, and as they write it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use nix::time::{clock_gettime, ClockId};
use std::time::Duration;

/// Now, in UTC, as in RFC 3339: `2026-11-23T23:12:58Z`.
pub fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second())
        .unwrap_or(now)
        .to_string()
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

/// A moment that a person wrote, in nanoseconds since 1970: how long ago (`10m`, `2h 30m`, `3d`),
/// a date, or a date and a time, in the local time zone unless it names one.
pub fn moment(text: &str) -> Result<u64, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    let ago = match days {
        Some(days) => Some(SignedDuration::from_hours(24i64.saturating_mul(days))),
        None => text.parse::<SignedDuration>().ok(),
    };
    let then = if let Some(ago) = ago {
        Timestamp::now().checked_sub(ago.abs()).ok()
    } else if let Ok(then) = text.parse::<Timestamp>() {
        Some(then)
    } else {
        let local = text.parse::<DateTime>().ok();
        local
            .and_then(|local| local.to_zoned(TimeZone::system()).ok())
            .map(|zoned| zoned.timestamp())
    };
    then.and_then(|then| u64::try_from(then.as_nanosecond()).ok())
        .ok_or_else(|| {
            "it is how long ago (10m, 2h 30m, 3d), or when (2026-11-24 08:30)".to_string()
        })
}

fn timestamp(ns: u64) -> Timestamp {
    // The year 2554 is as far as 64 bits reach, and less than a timestamp does.
    Timestamp::from_nanosecond(ns.into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{moment, utc};

    #[test]
    fn known_moments() {
        for (ns, text) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (951_782_399_000_000_001, "2000-02-28T23:59:59.000000001Z"),
            (4_107_542_400_120_000_000, "2100-03-01T00:00:00.120000000Z"),
        ] {
            assert_eq!(utc(ns), text);
            assert_eq!(moment(text), Ok(ns));
        }
    }

    #[test]
    fn how_long_ago() {
        let (now, minute) = (moment("0s").unwrap(), 60_000_000_000);
        for (text, minutes) in [("90m", 90), ("1h 30m", 90), ("2d", 2880)] {
            let ago = now - moment(text).unwrap();
            // The clock goes on between the two.
            assert_eq!((ago + minute / 2) / minute, minutes, "{text}");
        }
        for text in ["", "soon", "10", "-5000000d", "2026-13-01", "d"] {
            assert!(moment(text).is_err(), "{text}");
        }
    }
}
