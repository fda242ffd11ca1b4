// SPDX-License-Identifier: GPL-2.0

//! Lists of names where there is only so much room.

use core::fmt::{self, Write};

/// Writes names with a space between them, in at most `room` bytes. `names` is called more than once,
/// and must give the same names each time.
///
/// Where they do not all fit, the first ones are written as a whole, and the last word is `+N`: so
/// many are left out. No name begins with a `+`. That word is written even where there is no room
/// for it.
pub fn write<'a, I: Iterator<Item = &'a str>>(
    out: &mut impl Write,
    names: impl Fn() -> I,
    room: usize,
) -> fmt::Result {
    let count = names().count();
    let shown = shown(names(), count, room);
    for (n, name) in names().take(shown).enumerate() {
        let space = if n == 0 { "" } else { " " };
        write!(out, "{space}{name}")?;
    }
    match count.saturating_sub(shown) {
        0 => Ok(()),
        left if shown == 0 => write!(out, "+{left}"),
        left => write!(out, " +{left}"),
    }
}

/// How many of `count` names fit into `room` bytes with what has to be said of the others.
fn shown<'a>(names: impl Iterator<Item = &'a str>, count: usize, room: usize) -> usize {
    let mut used = 0usize;
    let mut shown = 0usize;
    let mut fitting = 0usize;
    for name in names {
        let space = usize::from(shown > 0);
        used = used.saturating_add(space).saturating_add(name.len());
        shown = shown.saturating_add(1);
        if used > room {
            break;
        }
        let word = match count.saturating_sub(shown) {
            0 => 0,
            left => " +".len().saturating_add(digits(left)),
        };
        if used.saturating_add(word) <= room {
            fitting = shown;
        }
    }
    fitting
}

fn digits(number: usize) -> usize {
    let log = number.checked_ilog10().unwrap_or(0);
    (log as usize).saturating_add(1)
}
