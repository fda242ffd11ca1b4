// SPDX-License-Identifier: GPL-2.0

//! What is asked of a record, and in view of what.

use super::{DAY_NS, HOUR_NS, MINUTE_NS};
use crate::monitor::Record;
use serde::{Deserialize, Serialize};

/// The longest word of a record in a reason, in characters. Names of commands and users are whatever
/// somebody chose.
const LONGEST_WORD: usize = 32;

/// Upper ends of the times between two records, in nanoseconds, and their words.
const GAPS: [(u64, &str); 7] = [
    (1_000_000_000, "under a second"),
    (MINUTE_NS, "under a minute"),
    (30 * MINUTE_NS, "under half an hour"),
    (4 * HOUR_NS, "under 4 hours"),
    (DAY_NS, "under a day"),
    (4 * DAY_NS, "under 4 days"),
    (30 * DAY_NS, "under 30 days"),
];
/// First hours of the parts of a day, and their words.
const PARTS: [(u8, &str); 6] = [
    (0, "night"),
    (6, "early morning"),
    (8, "morning"),
    (12, "afternoon"),
    (17, "evening"),
    (21, "late evening"),
];

/// How many answers to a question there may be, for the probability of one that never was. Those of the
/// time are counted; how many commands or users there are nobody knows.
const SYMBOLS: f64 = 256.0;
const NAMES: f64 = 64.0;
const INTERFACES: f64 = 8.0;

/// What was before, in numbers: see [`number`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Before {
    symbols: [u32; 2],
    actor: u32,
    part: u32,
}

/// A question to a record with its answer.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// In words.
    pub(super) about: About,
    /// In view of what: the most first, then ever less of it.
    pub(super) contexts: [u32; 3],
    /// The answer.
    pub(super) answer: u32,
    /// How many there may be.
    pub(super) ways: f64,
}

/// What a question is about, and its answer.
#[derive(Clone, Debug)]
pub(super) struct About(&'static str, String);

impl About {
    /// `hour: night`
    pub(super) fn in_words(&self) -> String {
        let word: String = self.1.chars().take(LONGEST_WORD).collect();
        format!("{}: {word}", self.0)
    }
}

/// All that is asked of a record, which then is what was before.
pub(super) fn questions(
    record: &Record,
    before: &mut Before,
    passed_ns: u64,
    local_hour: u8,
) -> [Question; 6] {
    let symbol_words = symbol(record);
    let (actor, actor_words) = actor(record);
    let command_words = record.command.clone().unwrap_or_else(|| "none".into());
    let interface_words = record.origin.as_deref().unwrap_or("none");
    let gap_words = gap(passed_ns);
    let part_words = part(local_hour);
    let symbol = number(&symbol_words);
    let actor = number(&actor);
    let command = number(&command_words);
    let gap = number(gap_words);
    let part = number(part_words);
    let [second, first] = before.symbols;
    let ask = |about, words: String, [far, near]: [u32; 2], answer, ways| Question {
        contexts: [
            context(about, &[far, near]),
            context(about, &[near]),
            context(about, &[]),
        ],
        about: About(about, words),
        answer,
        ways,
    };
    let (gaps, parts) = (GAPS.len() + 1, PARTS.len());
    let asked = [
        ask("what", symbol_words, [second, first], symbol, SYMBOLS),
        ask("after", gap_words.into(), [first, symbol], gap, gaps as f64),
        ask(
            "hour",
            part_words.into(),
            [before.part, gap],
            part,
            parts as f64,
        ),
        ask("actor", actor_words, [before.actor, symbol], actor, NAMES),
        ask("command", command_words, [actor, symbol], command, NAMES),
        ask(
            "interface",
            interface_words.into(),
            [command, symbol],
            number(interface_words),
            INTERFACES,
        ),
    ];
    *before = Before {
        symbols: [first, symbol],
        actor,
        part,
    };
    asked
}

/// What happened, without who and when: kind, direction, class, and how it ended.
fn symbol(record: &Record) -> String {
    let parts = [
        Some(record.kind.as_ref()),
        record.direction.map(|direction| direction.word()),
        record.class.as_deref(),
        record.outcome.as_deref(),
        record.step.as_deref(),
        record.reason.as_deref(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Who: the driver of itself, the user that has logged in, or a user id that nobody has logged in for. By
/// number, and in words.
fn actor(record: &Record) -> (String, String) {
    let same = |words: String| (words.clone(), words);
    match (record.origin.as_deref(), record.login_uid, record.uid) {
        (Some("driver"), _, _) => same("the driver".into()),
        (_, Some(login), _) => {
            let by_number = format!("login {login}");
            let name = record.login.as_ref();
            let words = name.map_or_else(|| by_number.clone(), |name| format!("login {name}"));
            (by_number, words)
        }
        (_, None, Some(0)) => same("root without a login".into()),
        (_, None, Some(uid)) => same(format!("user {uid} without a login")),
        (_, None, None) => same("unknown".into()),
    }
}

fn gap(passed_ns: u64) -> &'static str {
    let found = GAPS.iter().find(|(end, _)| passed_ns < *end);
    found.map_or("30 days or more", |(_, words)| words)
}

fn part(local_hour: u8) -> &'static str {
    let hour = local_hour % 24;
    let found = PARTS.iter().rev().find(|(first, _)| *first <= hour);
    found.map_or("night", |(_, words)| words)
}

/// A number for a text, the same in every version: FNV-1a, folded. Two texts may have the same; who chooses
/// a text for that could have chosen the other text itself.
fn number(text: &str) -> u32 {
    folded(text.bytes())
}

/// The number of a question in view of these.
fn context(about: &str, parts: &[u32]) -> u32 {
    let numbers = parts.iter().flat_map(|part| part.to_le_bytes());
    folded(about.bytes().chain(numbers))
}

fn folded(bytes: impl Iterator<Item = u8>) -> u32 {
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // What is cut off is folded in.
    (hash ^ (hash >> 32)) as u32
}
