// SPDX-License-Identifier: GPL-2.0

//! The parser of SMBIOS structures of type 0xDA, on good, bad and cut off structures.

use milspec_posture::control::Presence;
use milspec_posture::setting::Listings;
use milspec_posture::settings::SETTINGS;
use milspec_posture::token_table::{parse, structures, Fault, Token, TYPE};
use proptest::collection::vec;
use proptest::prelude::*;

/// Bytes before the first token: SMBIOS header, command address, command code, commands.
const FIXED: usize = 11;

/// Bytes of one token.
const TOKEN: usize = 6;

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(500)
    }
}

/// Parses, and returns what was found and how it ended.
fn parsed(structure: &[u8]) -> (Vec<Token>, Result<(), Fault>) {
    let mut tokens = Vec::new();
    let end = parse(structure, |token| tokens.push(token));
    (tokens, end)
}

fn entry(token: Token) -> impl Iterator<Item = u8> {
    [token.id, token.location, token.value]
        .into_iter()
        .flat_map(u16::to_le_bytes)
}

/// A structure without terminator.
fn open(tokens: &[Token]) -> Vec<u8> {
    let length = u8::try_from(FIXED + TOKEN * (tokens.len() + 1)).unwrap_or(u8::MAX);
    let mut structure = vec![TYPE, length, 0x34, 0x12];
    structure.extend([0xB2, 0x00, 0x01, 0xFF, 0x7F, 0x00, 0x00]);
    assert_eq!(structure.len(), FIXED);
    structure.extend(tokens.iter().copied().flat_map(entry));
    structure
}

/// A structure as firmware writes it.
fn structure(tokens: &[Token]) -> Vec<u8> {
    let mut structure = open(tokens);
    structure.extend([0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00]);
    structure
}

/// Any token but a terminator.
fn token() -> impl Strategy<Value = Token> {
    (0..0xFFFFu16, any::<u16>(), any::<u16>()).prop_map(|(id, location, value)| Token {
        id,
        location,
        value,
    })
}

proptest! {
    #![proptest_config(config())]

    /// Nothing that firmware writes there makes the parser panic or find more than there is.
    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..300)) {
        let (tokens, _) = parsed(&bytes);
        prop_assert!(tokens.len() * TOKEN <= bytes.len().saturating_sub(FIXED));
        prop_assert!(tokens.iter().all(|token| token.id != 0xFFFF));
    }

    /// Tokens of any content come out as they went in, in the order of the table.
    #[test]
    fn tables_parse_back(tokens in vec(token(), 0..60)) {
        prop_assert_eq!(parsed(&structure(&tokens)), (tokens, Ok(())));
    }

    /// Content of the fixed part has no influence.
    #[test]
    fn fixed_part_is_not_looked_at(
        tokens in vec(token(), 0..5),
        fixed in proptest::array::uniform11(any::<u8>()),
    ) {
        let mut structure = structure(&tokens);
        structure[..FIXED].copy_from_slice(&fixed);
        prop_assert_eq!(parsed(&structure), (tokens, Ok(())));
    }

    /// A structure that is cut off gives the tokens wholly before the cut, no other, and says
    /// what is wrong.
    #[test]
    fn cut_off_tables_give_what_is_whole(tokens in vec(token(), 0..20)) {
        let whole = structure(&tokens);
        for cut in 0..=whole.len() {
            let (found, end) = parsed(&whole[..cut]);
            let bytes = cut.saturating_sub(FIXED);
            let (complete, rest) = (bytes / TOKEN, bytes % TOKEN);
            prop_assert_eq!(&found, &tokens[..complete.min(tokens.len())], "cut at {}", cut);
            let terminator = FIXED + TOKEN * tokens.len();
            let expected = match cut {
                // The id alone says that it is the end.
                _ if cut >= terminator + 2 => Ok(()),
                _ if cut < FIXED => Err(Fault::Short),
                _ if rest == 0 => Err(Fault::Unterminated),
                _ => Err(Fault::Truncated),
            };
            prop_assert_eq!(end, expected, "cut at {}", cut);
        }
    }

    /// What stands after the terminator is not there, whatever the terminator's other fields are.
    #[test]
    fn first_terminator_ends_the_table(
        before in vec(token(), 0..10),
        rest_of_terminator in any::<[u8; 4]>(),
        after in vec(any::<u8>(), 0..100),
    ) {
        let mut structure = open(&before);
        structure.extend([0xFF, 0xFF]);
        structure.extend(rest_of_terminator);
        structure.extend(after);
        prop_assert_eq!(parsed(&structure), (before, Ok(())));
    }

    /// A missing terminator costs no token.
    #[test]
    fn unterminated_tables_give_every_token(tokens in vec(token(), 0..40)) {
        prop_assert_eq!(parsed(&open(&tokens)), (tokens, Err(Fault::Unterminated)));
    }
}

/// Byte for byte, as `struct calling_interface_structure` of the kernel has it: `camera` disabled
/// at location 0x1234 with value 0x0001.
#[test]
fn layout_is_that_of_the_kernel() {
    let bytes = [
        0xDA, 0x17, 0x00, 0xDA, // Header.
        0xB2, 0x00, 0x01, 0xFF, 0x7F, 0x00, 0x00, // Command address, code, commands.
        0x86, 0x02, 0x34, 0x12, 0x01, 0x00, // Token.
        0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, // Terminator.
    ];
    let camera = Token {
        id: 0x0286,
        location: 0x1234,
        value: 0x0001,
    };
    assert_eq!(parsed(&bytes), (vec![camera], Ok(())));
}

/// Thousands of tokens over many structures: none is lost, and settings are found wherever they
/// are. All ids that exist are listed, 39 to a structure, which is what one has room for.
#[test]
fn settings_are_found_among_thousands_of_tokens() {
    let every: Vec<_> = (0..0xFFFFu16)
        .map(|id| Token {
            id,
            location: id ^ 0x5555,
            value: id & 1,
        })
        .collect();
    let mut all = vec![Listings::default(); SETTINGS.len()];
    let mut found = Vec::new();
    for part in every.chunks(39) {
        let structure = structure(part);
        assert!(structure.len() <= 255);
        let end = parse(&structure, |token| {
            found.push(token);
            for (listings, setting) in all.iter_mut().zip(SETTINGS) {
                listings.take(setting, token);
            }
        });
        assert_eq!(end, Ok(()));
    }
    assert!(found == every);
    for (listings, setting) in all.iter().zip(SETTINGS) {
        assert_eq!(
            listings.presence(setting),
            Some(Presence::Full),
            "{}",
            setting.name
        );
    }
}

proptest! {
    #![proptest_config(config())]

    /// Promise: structures one behind the other are taken apart as they were put together, and no bytes
    /// are read twice or beyond the end.
    #[test]
    fn structures_are_taken_apart(lengths in vec(11..=255u8, 0..5), cut in 0..300usize) {
        let mut bytes = Vec::new();
        for length in &lengths {
            bytes.extend([TYPE, *length]);
            bytes.resize(bytes.len() + usize::from(*length) - 2, 0xAB);
        }
        let taken = |bytes: &[u8]| {
            let mut taken = Vec::new();
            let whole = structures(bytes, |structure| taken.push(structure.len()));
            (taken, whole)
        };
        let all: Vec<usize> = lengths.iter().map(|length| usize::from(*length)).collect();
        prop_assert_eq!(taken(&bytes), (all.clone(), Some(())));
        let cut = cut.min(bytes.len());
        let (some, whole) = taken(&bytes[..cut]);
        prop_assert_eq!(&all[..some.len()], &some[..]);
        prop_assert_eq!(whole.is_some(), some.iter().sum::<usize>() == cut);
    }

    /// Promise: any bytes at all are taken apart or refused.
    #[test]
    fn any_bytes_are_taken_or_refused(bytes in vec(any::<u8>(), 0..600)) {
        let mut sum = 0;
        let whole = structures(&bytes, |structure| sum += structure.len());
        prop_assert!(sum <= bytes.len());
        prop_assert_eq!(whole.is_some(), sum == bytes.len());
    }
}

/// Promise: what is of another type, or too short to have tokens, ends it; what came before is taken.
#[test]
fn nothing_but_tables_is_taken() {
    let good = structure(&[]);
    let mut other = good.clone();
    other[0] = TYPE + 1;
    let short = [&[TYPE, 10], &good[2..10]].concat();
    for bad in [other, short] {
        let mut taken = 0;
        let whole = structures(&[&good[..], &bad].concat(), |_| taken += 1);
        assert_eq!((taken, whole), (1, None), "{bad:?}");
    }
}
