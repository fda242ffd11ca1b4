// SPDX-License-Identifier: GPL-2.0

//! Token tables: SMBIOS structures as any firmware may have them, and all that is made of them.

use crate::machine::{encode, listed, structure, FIXED};
use crate::memory::limited;
use milspec::report::collect::collect;
use milspec::root::{Files, Root};
use milspec::training::profile;
use milspec_posture::control::{Answer, Class, Presence, Reading};
use milspec_posture::listed::{Cells, Listed, Model};
use milspec_posture::setting::Listing;
use milspec_posture::token_table::{parse, structures, Fault, Token, TYPE};
use std::cell::RefCell;

/// The first byte says what is to be done with the rest.
pub fn check(data: &[u8]) {
    let Some((&how, bytes)) = data.split_first() else {
        return;
    };
    limited(bytes.len(), 2000, || match how % 3 {
        0 => {
            let tokens = one_structure(bytes);
            written_again(&tokens);
            settings(&tokens, how);
        }
        1 => several(bytes, how),
        _ => in_a_report(bytes),
    });
}

/// Parses, and returns what was found and how it ended.
fn parsed(structure: &[u8]) -> (Vec<Token>, Result<(), Fault>) {
    let mut tokens = Vec::new();
    let end = parse(structure, |token| tokens.push(token));
    (tokens, end)
}

/// Promise: the tokens are the bytes of the structure up to its end, each once and in order, and the
/// end is what stands behind them.
fn one_structure(bytes: &[u8]) -> Vec<Token> {
    let (tokens, end) = parsed(bytes);
    let Some(area) = bytes.get(FIXED..) else {
        assert_eq!((tokens.len(), end), (0, Err(Fault::Short)));
        return tokens;
    };
    let encoded: Vec<u8> = tokens.iter().flat_map(encode).collect();
    let rest = area.strip_prefix(&encoded[..]);
    let rest = rest.expect("the tokens are not those of the structure");
    assert!(tokens.iter().all(|token| token.id != 0xFFFF));
    let expected = match rest {
        [0xFF, 0xFF, ..] => Ok(()),
        [] => Err(Fault::Unterminated),
        cut if cut.len() < 6 => Err(Fault::Truncated),
        more => panic!("{} bytes behind the last token were not read", more.len()),
    };
    assert_eq!(end, expected);
    tokens
}

/// Promise: what was parsed, and is written again, parses to the same.
fn written_again(tokens: &[Token]) {
    assert_eq!(parsed(&structure(tokens)), (tokens.to_vec(), Ok(())));
    let mut all = Vec::new();
    let whole = structures(&profile::structures(tokens), |structure| {
        assert_eq!(parse(structure, |token| all.push(token)), Ok(()));
    });
    assert_eq!((all.as_slice(), whole), (tokens, Some(())));
}

/// Promise: structures are handed over whole, in order, and nothing else is.
fn several(bytes: &[u8], how: u8) {
    let mut all = Vec::new();
    let mut tokens = Vec::new();
    let whole = structures(bytes, |structure| {
        assert!(structure.len() >= FIXED && structure[0] == TYPE);
        assert_eq!(usize::from(structure[1]), structure.len());
        all.extend(structure);
        tokens.extend(one_structure(structure));
    });
    let rest = bytes.strip_prefix(&all[..]);
    let rest = rest.expect("the structures are not those of the table");
    assert_eq!(whole.is_some(), rest.is_empty());
    if let (None, &[TYPE, length, ..]) = (whole, rest) {
        let length = usize::from(length);
        assert!(length < FIXED || length > rest.len(), "one was left out");
    }
    settings(&tokens, how);
}

/// Promise: a setting is what its tokens say, and what is read of it rests on answers.
fn settings(tokens: &[Token], how: u8) {
    let model = Model {
        product: b"Latitude 7490",
        portable: how & 4 != 0,
        filtered: how & 8 != 0,
    };
    let listed = listed(tokens, &model);
    for (at, one) in listed.iter().enumerate() {
        let mut others = listed.iter().enumerate().filter(|(other, _)| *other != at);
        let locations: Vec<u16> = one.listings.locations().collect();
        let shared = |(_, other): (usize, &Listed)| {
            let mut there = other.listings.locations();
            there.any(|location| locations.contains(&location))
        };
        assert_eq!(one.entangled, others.any(shared));
        let fact = one.fact();
        assert_eq!(fact.writable, one.is_writable());
        if one.is_writable() {
            assert!(!one.entangled && one.class < Class::ReadOnly);
            assert!(one.presence != Presence::Contradictory && locations.len() > 1);
        }
        for (value, listing) in one.setting.values.iter().zip(one.listings.0) {
            let here = || tokens.iter().filter(|token| token.id == value.token);
            let mut good = here().filter(|t| t.location != 0xFFFF && t.value != 0xFFFF);
            let said = match (good.next(), good.next()) {
                (None, _) => Listing::Absent,
                (Some(one), more) if more.into_iter().chain(good).all(|other| other == one) => {
                    Listing::Listed {
                        location: one.location,
                        value: one.value,
                    }
                }
                _ => Listing::Contradictory,
            };
            assert_eq!(listing, said, "{}", one.setting.name);
        }
        for firmware in 0..3 {
            reading(one, how, firmware);
        }
    }
}

/// What a location reads.
fn firmware(location: u16, how: u8, kind: u8) -> Result<u32, u32> {
    match kind {
        // One cell, whatever the location.
        0 => Ok(u32::from(how % 4)),
        1 => Ok(u32::from((location ^ u16::from(how)) % 3)),
        _ if location % 5 == u16::from(how % 5) => Err(5),
        _ => Ok(u32::from(location % 2)),
    }
}

/// Promise: no value is taken to be in force whose own location was not read, and a second look, which
/// takes no more calls, finds the same.
fn reading(one: &Listed, how: u8, kind: u8) {
    let mut cells = Cells::Unseen;
    let look = |cells: &mut Cells, known: Option<u8>| {
        let read = RefCell::new(Vec::new());
        let answers = one.read::<()>(cells, known, |location| {
            read.borrow_mut().push(location);
            Ok(firmware(location, how, kind))
        });
        let answers = answers.expect("nothing fails");
        let read = read.into_inner();
        assert!(read
            .iter()
            .all(|l| one.listings.locations().any(|t| t == *l)));
        for (answer, listing) in answers.iter().zip(one.listings.0) {
            match (answer, listing) {
                (Answer::Read { .. }, Listing::Listed { location, .. }) => {
                    assert!(read.contains(&location), "not read, and yet answered");
                }
                (Answer::Read { .. }, _) => panic!("an answer for what is not listed"),
                _ => {}
            }
        }
        (one.reading(&answers), read.len())
    };
    let (first, calls) = look(&mut cells, None);
    if let Reading::Known(at) = first {
        assert!(usize::from(at) < one.value_count());
        let (second, fewer) = look(&mut cells, Some(at));
        assert_eq!(second, first, "{}", one.setting.name);
        assert!(fewer <= calls);
    }
}

/// The tokens of a table, where all of it can be taken apart: up to its end, or to the structure that
/// ends it.
fn all_tokens(table: &[u8]) -> Option<Vec<Token>> {
    let (mut all, mut at) = (Vec::new(), 0);
    while at < table.len() {
        let length = usize::from(*table.get(at + 1)?);
        let area = table.get(at..at + length).filter(|_| length >= 4)?;
        if area[0] == TYPE {
            all.extend(parsed(area).0);
        }
        at += length;
        while table.get(at..at + 2)? != [0, 0] {
            at += 1;
        }
        at += 2;
        if area[0] == 127 {
            break;
        }
    }
    Some(all)
}

/// Promise: a report has every token of every structure, and no more, and says how each ended; and it
/// is the same when it was written and read.
fn in_a_report(table: &[u8]) {
    const DMI: &str = "sys/firmware/dmi/tables/DMI";
    let files = Files::from([(DMI.to_string(), table.to_vec())]);
    let root = Root::of_files("made by a fuzzer".into(), None, files);
    let report = collect(&root, false, &|_| {});
    let expected = all_tokens(table);
    let Some(found) = &report.token_table else {
        assert!(expected.is_none_or(|all| all.is_empty()), "no table");
        return;
    };
    let tokens = found.tokens();
    let words = found.structures.iter();
    let words: usize = words.map(|s| s.tokens.split_whitespace().count()).sum();
    assert_eq!(
        tokens.len(),
        words,
        "a token does not read as it was written"
    );
    if let Some(expected) = expected {
        assert_eq!(tokens, expected);
    }
    let encoded: Vec<[u8; 6]> = tokens.iter().map(encode).collect();
    let mut there = table.windows(6);
    let each = encoded.iter().all(|one| there.any(|six| six == one));
    assert!(each, "a token of the report is not in the table");
    let text = serde_json::to_vec(&report).expect("JSON");
    let again: milspec::report::Report = serde_json::from_slice(&text).expect("a report");
    assert_eq!(again.token_table.as_ref(), Some(found));
}
