// SPDX-License-Identifier: GPL-2.0

//! What a machine's tokens say of a setting: listed or not, once or several times, alike or not.

use milspec_posture::control::{Class, Presence};
use milspec_posture::setting::{Listing, Listings, Setting, Value, VALUES};
use milspec_posture::settings::SETTINGS;
use milspec_posture::token_table::Token;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A setting with as many values as one can have.
const WIDE: Setting = Setting {
    name: "wide",
    label: "Made for this test",
    class: Class::Safe,
    values: &[
        value("a", 1),
        value("b", 2),
        value("c", 3),
        value("d", 4),
        value("e", 5),
        value("f", 6),
        value("g", 7),
        value("h", 8),
    ],
};

const fn value(name: &'static str, token: u16) -> Value {
    Value {
        name,
        token,
        cuts_network: false,
    }
}

const fn token(id: u16, location: u16, value: u16) -> Token {
    Token {
        id,
        location,
        value,
    }
}

fn taken(setting: &Setting, tokens: &[Token]) -> Listings {
    let mut listings = Listings::default();
    for token in tokens {
        listings.take(setting, *token);
    }
    listings
}

/// What the promise says, in other words than the driver's: the different things that are listed
/// for each value, in whatever order.
fn model(setting: &Setting, tokens: &[Token]) -> (Vec<Listing>, Option<Presence>) {
    let places: Vec<BTreeSet<(u16, u16)>> = setting
        .values
        .iter()
        .map(|value| {
            let alike = tokens.iter().filter(|token| token.id == value.token);
            alike.map(|token| (token.location, token.value)).collect()
        })
        .collect();
    let listings = places
        .iter()
        .map(|places| match places.iter().collect::<Vec<_>>()[..] {
            [] => Listing::Absent,
            [&(location, value)] => Listing::Listed { location, value },
            _ => Listing::Contradictory,
        })
        .collect();

    let listed: Vec<_> = places.iter().filter(|places| !places.is_empty()).collect();
    let different: BTreeSet<_> = listed.iter().flat_map(|places| places.iter()).collect();
    let unclear = listed.iter().any(|places| places.len() > 1);
    let presence = match listed.len() {
        0 => None,
        _ if unclear || different.len() < listed.len() => Some(Presence::Contradictory),
        n if n < setting.values.len() => Some(Presence::Partial),
        _ => Some(Presence::Full),
    };
    (listings, presence)
}

/// A setting, and tokens few enough in kind that they collide.
fn machine() -> impl Strategy<Value = (Setting, Vec<Token>)> {
    let setting = prop_oneof![
        1 => Just(WIDE),
        2 => proptest::sample::select(SETTINGS),
    ];
    setting.prop_flat_map(|setting| {
        let mut ids: Vec<u16> = setting.values.iter().map(|value| value.token).collect();
        ids.push(0x7777);
        let one = (proptest::sample::select(ids), 0..4u16, 0..3u16);
        let one = one.prop_map(|(id, location, value)| token(id, location, value));
        (Just(setting), vec(one, 0..12))
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(3000)
    })]

    /// Whatever a machine lists, in whatever order and however often.
    #[test]
    fn listings_are_as_the_model((setting, tokens) in machine()) {
        let listings = taken(&setting, &tokens);
        let (expected, presence) = model(&setting, &tokens);
        let (used, unused) = listings.0.split_at(setting.values.len());
        prop_assert_eq!(used, &expected);
        prop_assert!(unused.iter().all(|listing| *listing == Listing::Absent));
        prop_assert_eq!(listings.presence(&setting), presence);
    }
}

/// A machine that lists none of a setting's tokens does not have it.
#[test]
fn setting_without_tokens_is_not_there() {
    assert_eq!(taken(&WIDE, &[token(99, 1, 1)]).presence(&WIDE), None);
    assert_eq!(Listings::default().presence(&WIDE), None);
}

/// Some values are partial, every value is full: for each setting that the driver knows.
#[test]
fn presence_counts_the_values() {
    for setting in SETTINGS {
        let ids = setting.values.iter().map(|value| value.token);
        let tokens: Vec<_> = ids.zip(1..).map(|(id, at)| token(id, at, 1)).collect();
        for count in 1..=tokens.len() {
            let expected = match count == tokens.len() {
                true => Presence::Full,
                false => Presence::Partial,
            };
            let listings = taken(setting, &tokens[..count]);
            assert_eq!(listings.presence(setting), Some(expected));
        }
    }
    assert_eq!(WIDE.values.len(), VALUES);
}

/// A token that is listed twice alike is listed.
#[test]
fn duplicates_alike_are_harmless() {
    let listings = taken(&WIDE, &[token(1, 7, 9), token(1, 7, 9), token(1, 7, 9)]);
    let listed = Listing::Listed {
        location: 7,
        value: 9,
    };
    assert_eq!(listings.0[0], listed);
    assert_eq!(listings.presence(&WIDE), Some(Presence::Partial));
}

/// A token that is listed twice differently is not to be used, and stays so when the first one
/// comes again.
#[test]
fn duplicates_that_differ_are_contradictory_for_good() {
    for other in [token(1, 8, 9), token(1, 7, 8)] {
        let listings = taken(&WIDE, &[token(1, 7, 9), other, token(1, 7, 9), other]);
        assert_eq!(listings.0[0], Listing::Contradictory);
        assert_eq!(listings.presence(&WIDE), Some(Presence::Contradictory));
    }
}

/// Two values that would read alike cannot be told apart, wherever they stand in the setting.
#[test]
fn twins_are_contradictory() {
    for first in 1..=8 {
        for second in first + 1..=8 {
            let listings = taken(&WIDE, &[token(first, 3, 4), token(second, 3, 4)]);
            assert_eq!(listings.presence(&WIDE), Some(Presence::Contradictory));
        }
    }
}

/// The values of one setting may share a location or a value, but not both.
#[test]
fn sharing_only_a_location_or_only_a_value_is_allowed() {
    let location: Vec<_> = (1..=8).map(|id| token(id, 3, id)).collect();
    let value: Vec<_> = (1..=8).map(|id| token(id, id, 1)).collect();
    for tokens in [location, value] {
        assert_eq!(taken(&WIDE, &tokens).presence(&WIDE), Some(Presence::Full));
    }
}

/// Different settings at one location do not get in each other's way.
#[test]
fn settings_may_share_a_location() {
    let ids = SETTINGS.iter().flat_map(|setting| setting.values);
    let tokens: Vec<_> = ids.zip(0..).map(|(v, n)| token(v.token, 0x42, n)).collect();
    for setting in SETTINGS {
        let listings = taken(setting, &tokens);
        assert_eq!(listings.presence(setting), Some(Presence::Full));
    }
}

/// A flag, whose only token stands for `yes`, is `no` otherwise. There is no token with which `no`
/// could be written, so a flag is read-only. No other setting has a value without a token, and none
/// has only one value: that would tell nothing.
#[test]
fn flags_are_read_only_and_nothing_else_is_a_flag() {
    for setting in SETTINGS {
        let names: Vec<_> = setting.values.iter().map(|value| value.name).collect();
        let flag = names == ["yes"];
        assert_eq!(
            setting.otherwise(),
            flag.then_some("no"),
            "{}",
            setting.name
        );
        assert!(
            !flag || setting.class == Class::ReadOnly,
            "{}",
            setting.name
        );
        assert!(flag || names.len() > 1, "{}", setting.name);
    }
    assert_eq!(WIDE.otherwise(), None);
}

/// Promise: a token at location 0xFFFF, or with the value 0xFFFF, is not there; the location of every
/// other one that is clear is told, in the order of the values.
#[test]
fn placeholders_have_no_location() {
    let none = 0xFFFF;
    let tokens = [
        token(2, 20, 0),
        token(1, 10, 0),
        token(3, none, 0),
        token(4, 40, none),
        token(5, 50, 0),
        token(5, 51, 0),
    ];
    let listings = taken(&WIDE, &tokens);
    assert_eq!(listings.locations().collect::<Vec<_>>(), [10, 20]);
    assert_eq!(listings.0[2..4], [Listing::Absent; 2]);
}
