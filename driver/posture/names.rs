// SPDX-License-Identifier: GPL-2.0

//! Lists of names in a place of limited size: what does not fit is counted, never left out in
//! silence.

use core::fmt;

/// What the mark for what is left out takes at most: a space, `+` and ten digits.
const MARK: usize = 12;

/// Names with one space between them, in at most so many bytes. Where not all fit, the last entry is
/// `+` and how many more there are. No name begins with `+`.
pub struct Fitting<F> {
    /// What gives the names, each time anew.
    pub names: F,
    /// Most bytes.
    pub room: usize,
}

impl<'a, F, I> fmt::Display for Fitting<F>
where
    F: Fn() -> I,
    I: Iterator<Item = &'a str>,
{
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with_space = |name: &str| name.len().saturating_add(1);
        let whole = (self.names)().map(with_space);
        // One space less than names.
        let all_fit = whole.fold(0, usize::saturating_add) <= self.room.saturating_add(1);
        let room = if all_fit {
            self.room
        } else {
            self.room.saturating_sub(MARK)
        };
        let mut used = 0usize;
        let mut left_out = 0usize;
        for name in (self.names)() {
            let space = if used == 0 { "" } else { " " };
            let next = used.saturating_add(space.len()).saturating_add(name.len());
            // After the first that does not fit none is shown: the order says which are missing.
            if left_out > 0 || next > room {
                left_out = left_out.saturating_add(1);
            } else {
                write!(out, "{space}{name}")?;
                used = next;
            }
        }
        match (left_out, used) {
            (0, _) => Ok(()),
            (_, 0) => write!(out, "+{left_out}"),
            _ => write!(out, " +{left_out}"),
        }
    }
}
