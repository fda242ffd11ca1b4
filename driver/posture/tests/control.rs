// SPDX-License-Identifier: GPL-2.0

//! How a control stands, from what firmware answered: known only when nothing speaks against it.

use milspec_posture::control::{reading, Answer, Reading};
use proptest::prelude::*;

/// Answers of every kind that matters: absent, failures that differ, inactive, active, one that is
/// active only to somebody who forgets the upper half of what was read, and implied ones.
const ANSWERS: [Answer; 10] = [
    Answer::Absent,
    Answer::Failed(5),
    Answer::Failed(61),
    Answer::Read {
        read: 0,
        expected: 1,
    },
    Answer::Read {
        read: 1,
        expected: 1,
    },
    Answer::Read {
        read: 0,
        expected: 0,
    },
    Answer::Read {
        read: 0xFFFF,
        expected: 0xFFFF,
    },
    Answer::Read {
        read: 0x1_0001,
        expected: 1,
    },
    Answer::Implied(false),
    Answer::Implied(true),
];

/// Which of [`ANSWERS`] mean that the value is in force, written down by hand.
const ACTIVE: [bool; 10] = [
    false, false, false, false, true, true, true, false, false, true,
];

/// Calls `check` with every sequence of `length` numbers below `ANSWERS.len()`.
fn every_sequence(length: usize, check: &mut impl FnMut(&[usize])) {
    fn extend(sequence: &mut Vec<usize>, length: usize, check: &mut impl FnMut(&[usize])) {
        if sequence.len() == length {
            return check(sequence);
        }
        for next in 0..ANSWERS.len() {
            sequence.push(next);
            extend(sequence, length, check);
            sequence.pop();
        }
    }
    extend(&mut Vec::new(), length, check);
}

/// Every combination of answers for up to four values: a failure outweighs all, then exactly one
/// active value is known, none is unknown, more are ambiguous.
#[test]
fn every_combination_of_answers_for_four_values() {
    let mut checked = 0;
    for length in 0..=4 {
        every_sequence(length, &mut |kinds| {
            let failed = kinds.iter().find_map(|kind| match ANSWERS[*kind] {
                Answer::Failed(errno) => Some(errno),
                _ => None,
            });
            let active: Vec<usize> = (0..length).filter(|i| ACTIVE[kinds[*i]]).collect();
            let expected = match (failed, &active[..]) {
                (Some(errno), _) => Reading::Failed(errno),
                (None, []) => Reading::Unknown,
                (None, [one]) => Reading::Known(*one as u8),
                (None, _) => Reading::Ambiguous,
            };
            let answers = kinds.iter().map(|kind| ANSWERS[*kind]);
            assert_eq!(reading(answers.clone()), expected, "{answers:?}");
            checked += 1;
        });
    }
    assert_eq!(checked, 1 + 10 + 100 + 1000 + 10_000);
}

/// However many answers there are, and wherever the active ones stand: no panic, and never known
/// unless it is the only one. An index that does not fit the type is not passed off as another.
#[test]
fn any_number_of_answers_is_survived() {
    let at = |active: &[usize], count: usize| {
        let answer = |i| match active.contains(&i) {
            true => ANSWERS[4],
            false => ANSWERS[3],
        };
        reading((0..count).map(answer))
    };
    for count in [8, 254, 255, 256, 257, 1000] {
        assert_eq!(at(&[], count), Reading::Unknown, "{count}");
        assert_eq!(at(&[count - 1, 0], count), Reading::Ambiguous, "{count}");
        let last = match u8::try_from(count - 1) {
            Ok(index) => Reading::Known(index),
            Err(_) => Reading::Ambiguous,
        };
        assert_eq!(at(&[count - 1], count), last, "{count}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(1000)
    })]

    /// A value is in force when all 32 bits that were read are the expected ones.
    #[test]
    fn active_means_equal(read: u32, expected: u16) {
        let answer = |read| Answer::Read { read, expected };
        prop_assert_eq!(answer(read).is_active(), read == expected as u32);
        prop_assert!(answer(expected as u32).is_active());
        prop_assert!(!answer(expected as u32 | (read | 1) << 16).is_active());
        prop_assert!(!Answer::Failed(read).is_active());
    }
}
