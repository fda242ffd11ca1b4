// SPDX-License-Identifier: GPL-2.0

//! What an objective can ask for.

use super::scenario::{is_name, Match, SECONDS_MAX};
use crate::model::{mode_word, modes};
use serde::{Deserialize, Serialize};

/// What has to be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Check {
    /// A mode was set as it is, or with exceptions that are among those of `except`; within so many
    /// seconds; `clean`: and no step had failed before.
    Reach {
        /// Name of the mode.
        mode: String,
        /// In seconds from the begin.
        within: Option<u64>,
        /// Whether no step may have failed before.
        #[serde(default)]
        clean: bool,
        /// What may be left out; without it nothing may.
        except: Option<Vec<String>>,
    },
    /// A control has a value, and the driver was asked for that.
    Value {
        /// Name of the control.
        control: String,
        /// Name of the value.
        value: String,
    },
    /// Something was changed, and never one of these.
    Keep {
        /// Names of the controls.
        controls: Vec<String>,
    },
    /// Everything is as it was to begin with, and was not in between.
    Back {},
    /// These were changed, in this order.
    Order {
        /// Names of the controls.
        controls: Vec<String>,
    },
    /// What something else had changed was accepted as it is.
    Accept {
        /// Name of the control.
        control: String,
    },
    /// What something else had changed was changed back, within so many seconds.
    Restore {
        /// Name of the control.
        control: String,
        /// In seconds from that change.
        within: Option<u64>,
    },
    /// Something was done, and nobody has tried this: to set a mode, or to change a control.
    Refrain {
        /// Name of the mode.
        mode: Option<String>,
        /// Name of the control.
        control: Option<String>,
    },
    /// The device that reports tampering was made inactive, within so many seconds, and no other that
    /// was active to begin with.
    Isolate {
        /// In seconds from the report.
        within: Option<u64>,
    },
    /// After an apply that could not be undone, everything is as the driver wants it.
    Recover {},
    /// After a conflict, the same was done.
    Retry {},
    /// The machine is latched.
    Latch {},
    /// The trainee has found out something: a given text, or what the first such record says.
    Answer {
        /// Name of the answer.
        name: String,
        /// The answer.
        is: Option<String>,
        /// Who did it: name or number of the user.
        who: Option<Box<Match>>,
        /// Which control it speaks of.
        which: Option<Box<Match>>,
    },
}

impl Check {
    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reach { .. } => "reach",
            Self::Value { .. } => "value",
            Self::Keep { .. } => "keep",
            Self::Back {} => "back",
            Self::Order { .. } => "order",
            Self::Accept { .. } => "accept",
            Self::Restore { .. } => "restore",
            Self::Refrain { .. } => "refrain",
            Self::Isolate { .. } => "isolate",
            Self::Recover {} => "recover",
            Self::Retry {} => "retry",
            Self::Latch {} => "latch",
            Self::Answer { .. } => "answer",
        }
    }

    /// The name of the answer that it asks for.
    pub fn answer(&self) -> Option<&str> {
        match self {
            Self::Answer { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Whether it says what has not happened, or what has happened first: then it is not met where
    /// records are missing.
    pub fn needs_every_record(&self) -> bool {
        match self {
            Self::Reach { clean, .. } => *clean,
            Self::Keep { .. } | Self::Refrain { .. } | Self::Isolate { .. } => true,
            Self::Accept { .. } | Self::Restore { .. } => true,
            Self::Answer { is, .. } => is.is_none(),
            Self::Value { .. } | Self::Back {} | Self::Order { .. } => false,
            Self::Recover {} | Self::Retry {} | Self::Latch {} => false,
        }
    }

    fn within(&self) -> Option<u64> {
        match self {
            Self::Reach { within, .. }
            | Self::Restore { within, .. }
            | Self::Isolate { within } => *within,
            _ => None,
        }
    }

    /// What is wrong with it.
    pub fn fault(&self) -> Option<String> {
        let unknown = |mode: &str| {
            let known = modes().any(|number| mode_word(number) == mode);
            (!known).then(|| format!("there is no mode \"{mode}\""))
        };
        if self.within().is_some_and(|within| within > SECONDS_MAX) {
            return Some(format!("\"within\" is at most {SECONDS_MAX}"));
        }
        match self {
            Self::Reach { mode, .. } => unknown(mode),
            Self::Keep { controls } | Self::Order { controls } if controls.is_empty() => {
                Some("names no control".into())
            }
            Self::Refrain { mode, control } => match (mode, control) {
                (Some(mode), None) => unknown(mode),
                (None, Some(_)) => None,
                _ => Some("names either a mode or a control".into()),
            },
            Self::Answer {
                name,
                is,
                who,
                which,
            } => {
                let ways = [is.is_some(), who.is_some(), which.is_some()];
                let one = ways.iter().filter(|way| **way).count() == 1;
                if !one {
                    return Some("has one of \"is\", \"who\" and \"which\"".into());
                }
                let named = is_name(name);
                (!named).then(|| "the answer's name is not of small letters, digits and -".into())
            }
            _ => None,
        }
    }
}
