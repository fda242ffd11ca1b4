// SPDX-License-Identifier: GPL-2.0

//! Which kind of message a line is, for journald: `packaging/systemd/milspec-monitor.catalog` has the
//! words that `journalctl --catalog` shows with each.

use crate::monitor::{Line, What};

/// Of a record of a kind that this version has no word for.
const OTHER: &str = "record";

/// The kinds of records, the other types of lines, and their ids. An id never changes.
pub const MESSAGES: &[(&str, &str)] = &[
    ("load", "f71d460f5a2842a49476af8147e13122"),
    ("bind", "af77c60c7d4c4b80a9bef5758f967b6a"),
    ("unbind", "769ce879f3c74635ab30a57cfba2a13c"),
    ("apply-begun", "a15615840f974e4a81e05fbb1e61fcb1"),
    ("apply-ended", "1f0f9ccfe86749bab1eb788ce7aeb6be"),
    ("step", "8f9768b31c314aa697c8c167a2afdf05"),
    ("refused", "0565b3c8f7dc4a3399787424882a2755"),
    ("suppressed", "b3ceb72c5887459b9344f339b1a57317"),
    ("outside-change", "98c94bca0cda466ea63fca26a82c4313"),
    ("tamper", "a92bd3c2864a4f2fad12d9d2f904ab35"),
    ("latch", "09c9470a0c3a4f64acfd00819bce333d"),
    ("resume", "e8fd37ca660d4318b2c79a6ac77ecc6d"),
    ("anchor-failed", "a84777e320dc4aea893244ac562fdeab"),
    ("accepted", "758c8bbd0e034cbfbc1fd9b4399ead15"),
    ("training-begun", "2cd8f50270684e2db1c89d28a800d9c3"),
    ("training-ended", "1d152713fb92414f839eaa18376b2074"),
    ("injected", "8b527a4b90254064ae5c5f86496cc0dd"),
    ("gap", "da8c41a2b9c74ea98c09a70276e95335"),
    ("record", "a214d3bfa77c4d7b8c9da16e890335c2"),
    ("finding", "7c92fa0791f34fe792e97e5d336ae1e7"),
    ("checkpoint", "17cf6890b69349998a40a62ab2c6db21"),
    ("note", "38278882b89f4fd4b472c8f228b6f70a"),
];

/// The id of a line.
pub fn message_id(line: &Line) -> &'static str {
    let id = |wanted: &str| {
        let found = MESSAGES.iter().find(|(word, _)| *word == wanted);
        found.map(|(_, id)| *id)
    };
    let word = match &line.what {
        What::Record(record) => record.kind.as_ref(),
        _ => line.kind(),
    };
    id(word).or_else(|| id(OTHER)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{line, others, step};
    use super::*;
    use crate::model::kind_word;
    use crate::monitor::Record;
    use milspec_uapi::{KIND_GAP, KIND_INJECTED};
    use std::collections::BTreeSet;

    const CATALOG: &str = include_str!("../../../../packaging/systemd/milspec-monitor.catalog");

    /// Promise: the catalog has an entry for each id, and no other.
    #[test]
    fn catalog_has_every_id() {
        let there: Vec<&str> = CATALOG
            .lines()
            .filter_map(|line| line.strip_prefix("-- "))
            .collect();
        let ids: Vec<&str> = MESSAGES.iter().map(|(_, id)| *id).collect();
        assert_eq!(there, ids);
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(distinct.len(), ids.len());
        let is_id = |id: &&str| id.len() == 32 && uuid::Uuid::parse_str(id).is_ok();
        assert!(ids.iter().all(is_id));
    }

    /// Promise: every kind that the driver records has an id of its own, and so has each type of line.
    #[test]
    fn every_kind_has_one() {
        let of = |kind: &str| {
            let record = Record {
                kind: kind.to_string().into(),
                ..Record::default()
            };
            message_id(&line("", What::Record(Box::new(record))))
        };
        let kinds = (1..=KIND_INJECTED).chain([KIND_GAP]).map(kind_word);
        let mut ids: BTreeSet<&str> = kinds.map(|kind| of(&kind)).collect();
        assert_eq!(of("step"), message_id(&step(1)));
        assert!(ids.insert(of("kind-9999")));
        assert!(others().iter().all(|line| ids.insert(message_id(line))));
        assert_eq!(ids.len(), MESSAGES.len());
    }
}
