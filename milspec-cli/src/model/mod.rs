// SPDX-License-Identifier: GPL-2.0

//! What the wire types say, in the words of people and of the JSON documents.
//!
//! Everything here is checked: an index that does not fit, or a number that this version has no
//! word for, is shown as such and never guessed.

/// The word of the one of these constants that a number is; of another, e.g. `kind-9`.
macro_rules! word {
    ($kind:literal, $number:expr, $($name:ident)+) => {
        match $number {
            $(milspec_uapi::$name => super::spelled(stringify!($name)),)+
            other => format!("{}-{other}", $kind).into(),
        }
    };
}

mod apply;
mod control;
mod event;
mod event_words;
mod machine;
mod topic;

pub use apply::{
    mode_summary, mode_word, modes, name_of, names, outcome_word, reason_word, step_word, Line,
    Reach, Standing, Step,
};
pub use control::{diff, Control, Difference, Reading};
pub use event::{injection_number, kind_word, Actor, Event, Injection, Naming};
pub use machine::{
    is_drift_known, is_tamper_known, simulated_because, tampered, Anchor, Family, Journal,
    LastRequest, Machine, Provenance,
};
pub use topic::{group_number, topic, topics, Group};

use crate::failure::errno_name;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A word of the ABI, e.g. `platform`; a number without a word becomes e.g. `family-9`.
pub type Word = Cow<'static, str>;

/// An errno in a JSON document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrnoDoc {
    /// E.g. `EIO`.
    pub name: String,
    /// E.g. 5.
    pub number: u32,
}

impl ErrnoDoc {
    /// `None` for 0, which is no error.
    pub fn new(number: u32) -> Option<Self> {
        (number != 0).then(|| Self {
            name: i32::try_from(number).map_or_else(|_| format!("errno {number}"), errno_name),
            number,
        })
    }

    /// For people, behind something else: ` (EIO)`, and nothing where there is no error.
    pub fn behind(error: &Option<Self>) -> String {
        error
            .as_ref()
            .map_or_else(String::new, |error| format!(" ({})", error.name))
    }
}

/// The word of a constant of the ABI: `apply-begun` of `KIND_APPLY_BEGUN`.
fn spelled(name: &str) -> Word {
    let word = name.split_once('_').map_or(name, |(_, word)| word);
    word.to_lowercase().replace('_', "-").into()
}

/// The text of a zero-padded field. It comes from firmware in the end: what is not printable ASCII
/// is spelled out, so that no terminal acts on it.
pub fn clean(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0);
    let mut text = String::new();
    for byte in field.get(..end.unwrap_or(field.len())).unwrap_or_default() {
        match byte {
            b'\\' => text.push_str("\\\\"),
            0x20..=0x7E => text.push(char::from(*byte)),
            other => text.push_str(&format!("\\x{other:02x}")),
        }
    }
    text.trim().to_string()
}
