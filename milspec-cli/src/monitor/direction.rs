// SPDX-License-Identifier: GPL-2.0

//! Which way a change goes.

use milspec_posture::dsmil::STATES;
use milspec_posture::fact::ACTIVE;
use milspec_posture::mode::{GROUPS, LINES};
use serde::{Deserialize, Serialize};

/// Which way a change goes, by what the modes ask for. It says nothing of a control that no mode speaks
/// of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Away from what the stricter modes ask for.
    Weaker,
    /// Towards that.
    Harder,
    /// No mode tells the two values apart.
    Neither,
    /// One of the two values is not known.
    Unknown,
}

impl Direction {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Weaker => "weaker",
            Self::Harder => "harder",
            Self::Neither => "neither",
            Self::Unknown => "unknown",
        }
    }

    /// Of a setting, by the names of its values.
    pub fn of_setting(setting: &str, from: Option<&str>, to: Option<&str>) -> Self {
        Self::between(
            from.map(|value| strictness(setting, value)),
            to.map(|value| strictness(setting, value)),
        )
    }

    /// Of a DSMIL device of this group, by the names of its states.
    pub fn of_device(group: Option<u32>, from: Option<&str>, to: Option<&str>) -> Self {
        let Some(group) = group else {
            return Self::Unknown;
        };
        let line = GROUPS.iter().find(|line| u32::from(line.group) == group);
        let active = STATES.get(usize::from(ACTIVE)).copied();
        let strict = |state: &str| match (line, Some(state) == active) {
            (Some(line), true) => line.mode.number(),
            _ => 0,
        };
        Self::between(from.map(strict), to.map(strict))
    }

    fn between(from: Option<u8>, to: Option<u8>) -> Self {
        match (from, to) {
            (Some(from), Some(to)) if to < from => Self::Weaker,
            (Some(from), Some(to)) if to > from => Self::Harder,
            (Some(_), Some(_)) => Self::Neither,
            _ => Self::Unknown,
        }
    }
}

/// The number of the highest mode that asks for this value; 0 where none does.
fn strictness(setting: &str, value: &str) -> u8 {
    let asking = LINES
        .iter()
        .filter(|line| line.setting == setting && line.value == value);
    asking.map(|line| line.mode.number()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: what a mode asks for is harder than what none asks for, whatever the setting is; the way
    /// back is weaker.
    #[test]
    fn every_line_of_a_mode_is_harder() {
        for line in LINES {
            let other = Some("a value that no mode asks for");
            let asked = Some(line.value);
            let there = Direction::of_setting(line.setting, other, asked);
            assert_eq!(there, Direction::Harder, "{}", line.setting);
            let back = Direction::of_setting(line.setting, asked, other);
            assert_eq!(back, Direction::Weaker, "{}", line.setting);
        }
    }

    /// Promise: of what no mode asks for nothing is said, and what is not known is not guessed.
    #[test]
    fn nothing_is_guessed() {
        let keyboard = Direction::of_setting("keyboard-backlight", Some("off"), Some("on"));
        assert_eq!(keyboard, Direction::Neither);
        let unread = Direction::of_setting("camera", None, Some("disabled"));
        assert_eq!(unread, Direction::Unknown);
        let device = Direction::of_device(None, Some("active"), Some("inactive"));
        assert_eq!(device, Direction::Unknown);
    }

    /// Promise: a device of a group that a mode asks for gets weaker when it is no longer active.
    #[test]
    fn devices() {
        let of = |group, from, to| Direction::of_device(Some(group), Some(from), Some(to));
        assert_eq!(of(0, "active", "inactive"), Direction::Weaker);
        assert_eq!(of(0, "inactive", "active"), Direction::Harder);
        assert_eq!(of(6, "active", "inactive"), Direction::Neither);
    }
}
