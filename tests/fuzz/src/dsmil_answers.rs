// SPDX-License-Identifier: GPL-2.0

//! Answers of `DSML0001`, as any firmware may give them.

use crate::input::Bytes;
use milspec_posture::control::Class;
use milspec_posture::dsmil::{
    is_busy, status, Change, Descriptor, Fault, Functions, Identity, State, States, DEVICES,
    GROUPS, REVISION,
};
use std::fmt::Debug;

/// What the devices are, told independently of the driver.
const KNOWN: &str = include_str!("../../../tests/data/dsmil-devices.csv");

/// Bytes before the answer: what it answers, index, devices, groups, and what to put right in it.
pub const HEAD: usize = 8;

/// The answer has a header that fits, and a good one behind it, where the last byte of the head says so.
pub fn check(data: &[u8]) {
    let mut head = Bytes(data);
    let (question, index, devices) = (head.byte() % 6, head.word(), head.word());
    let (groups, right) = (head.word(), head.byte());
    let mut answer = head.0.to_vec();
    if right & 1 != 0 && answer.len() >= 8 {
        let length = answer.len() as u32;
        answer[..4].copy_from_slice(&status::OK.to_le_bytes());
        answer[4..8].copy_from_slice(&length.to_le_bytes());
    }
    if right & 2 != 0 && answer.len() >= 10 {
        answer[8..10].copy_from_slice(&index.to_le_bytes());
    }
    let answer = answer.as_slice();
    let identity = Identity {
        devices: devices % DEVICES + 1,
        groups: groups % GROUPS + 1,
        ..Identity::default()
    };
    match question {
        0 => functions(answer),
        1 => whole(answer, Identity::parse, good_identity),
        2 => whole(
            answer,
            |answer| Descriptor::parse(answer, index, &identity),
            |descriptor| good_descriptor(descriptor, answer, index, &identity),
        ),
        3 => whole(
            answer,
            |answer| State::parse(answer, index),
            |state| {
                assert_eq!(answer[8..10], index.to_le_bytes());
                assert_eq!(
                    (state.state, state.tamper),
                    (answer[10], answer[11] & 1 != 0)
                );
            },
        ),
        4 => states(answer, devices % 300),
        _ => change(answer, index),
    }
    if is_busy(answer) {
        assert_eq!(answer[..4], status::BUSY.to_le_bytes());
    }
}

/// Promise: an answer is taken only where its header says OK, and where all of it is there: cut off
/// anywhere before the end that its header names, it is no answer.
fn whole<T: Debug + PartialEq>(
    answer: &[u8],
    parse: impl Fn(&[u8]) -> Result<T, Fault>,
    good: impl FnOnce(&T),
) {
    let Ok(parsed) = parse(answer) else {
        return;
    };
    assert_eq!(answer[..4], status::OK.to_le_bytes(), "{parsed:?}");
    let end = length(answer);
    assert!(end <= answer.len());
    for cut in (0..end.min(600)).chain(end.checked_sub(1)) {
        assert_eq!(parse(&answer[..cut]), Err(Fault::Malformed), "cut at {cut}");
    }
    // What stands behind it is not read.
    assert_eq!(parse(&answer[..end]).as_ref(), Ok(&parsed));
    good(&parsed);
}

fn length(answer: &[u8]) -> usize {
    let length = answer[4..8].try_into().map(u32::from_le_bytes);
    length.expect("four bytes") as usize
}

/// Promise: without the five functions that every device has, it is of no use.
fn functions(answer: &[u8]) {
    let bit = |bit: u8| answer.first().is_some_and(|byte| byte >> bit & 1 == 1);
    match Functions::parse(answer) {
        Ok(functions) => {
            assert!((0..5).all(bit));
            assert_eq!(functions.can_set(), bit(5));
        }
        Err(fault) => assert!(fault == Fault::Malformed && !(0..5).all(bit)),
    }
}

/// Promise: counts are in the limits of the specification, and texts are printable.
fn good_identity(identity: &Identity) {
    assert_eq!(identity.major, REVISION);
    assert!((1..=256).contains(&identity.devices) && (1..=16).contains(&identity.groups));
    padded(&identity.implementation, |byte| {
        (b' '..=b'~').contains(&byte)
    });
}

fn padded(text: &[u8], allowed: impl Fn(u8) -> bool) {
    let end = text.iter().position(|byte| *byte == 0);
    let (used, padding) = text.split_at(end.unwrap_or(text.len()));
    assert!(used.iter().all(|byte| allowed(*byte)));
    assert!(padding.iter().all(|byte| *byte == 0));
}

/// Promise: a descriptor names only devices and groups that there are, and no firmware frees a device
/// that is known to be destructive.
fn good_descriptor(one: &Descriptor, answer: &[u8], index: u16, identity: &Identity) {
    assert_eq!(one.index, index);
    assert!(u16::from(one.group) < identity.groups && one.position <= 15);
    let depends = one.depends_on.iter().flatten();
    assert!(depends
        .clone()
        .all(|on| *on < identity.devices && *on != index));
    let used = one.depends_on.iter().position(Option::is_none).unwrap_or(4);
    assert_eq!(depends.count(), used, "a free place between two");
    assert!(one.name[0] != 0);
    padded(&one.name, |b| b.is_ascii_uppercase() || b.is_ascii_digit());
    padded(&one.function, |byte| (b' '..=b'~').contains(&byte));
    let name: Vec<u8> = one.name.iter().copied().filter(|byte| *byte != 0).collect();
    let quarantined = KNOWN.lines().skip(1).any(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields[at].parse().expect("a number");
        let place: (u8, u8) = (number(1), number(2));
        let is_it = fields[0].as_bytes() == name || place == (one.group, one.position);
        fields[4] == "quarantined" && is_it
    });
    let claimed = match answer[12] {
        0 => Class::Safe,
        1 => Class::Monitored,
        2 => Class::Restricted,
        4 => Class::ReadOnly,
        _ => Class::Quarantined,
    };
    let class = if quarantined {
        Class::Quarantined
    } else {
        claimed
    };
    assert_eq!(one.class, class);
    assert_eq!(
        one.number(),
        u32::from(one.group) * 256 + u32::from(one.position)
    );
}

/// Promise: there is a state for each device, and for none that there is not.
fn states(answer: &[u8], devices: u16) {
    let all = |bytes: &[u8]| -> Result<Vec<State>, Fault> {
        let states = States::parse(bytes, devices)?;
        assert_eq!(states.get(devices), None);
        let each = (0..devices).map(|index| states.get(index));
        let each: Option<Vec<State>> = each.collect();
        Ok(each.expect("a state for each device"))
    };
    let Ok(found) = all(answer) else {
        return;
    };
    assert_eq!(answer[12..14], devices.to_le_bytes());
    for (state, bytes) in found.iter().zip(answer[16..].chunks(2)) {
        assert_eq!((state.state, state.tamper), (bytes[0], bytes[1] & 1 != 0));
    }
    whole(answer, all, |_| {});
}

/// Promise: a change was made only where the firmware says so.
fn change(answer: &[u8], index: u16) {
    let Ok(change) = Change::parse(answer, index) else {
        return;
    };
    assert_eq!(answer[..4], change.status.to_le_bytes());
    assert_eq!(answer[8..10], index.to_le_bytes());
    assert!(length(answer) >= 16 && length(answer) <= answer.len());
    assert_eq!(change.made().is_ok(), change.status == status::OK);
    let again = change.is_to_be_repeated(answer[10]);
    assert_eq!(again, change.status == status::BUSY);
    assert!(!change.is_to_be_repeated(answer[10].wrapping_add(1)));
    for cut in 0..16 {
        assert!(
            Change::parse(&answer[..cut], index).is_err(),
            "cut at {cut}"
        );
    }
}
