// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! Text in fields of fixed size.

use milspec_uapi::{field, text};

/// Calls `check` with every sequence of up to `length` bytes out of a few that matter: the zero
/// byte, ASCII, the two halves of `é`, and one that is in no UTF-8 text.
fn every_text(length: usize, check: &mut impl FnMut(&[u8])) {
    fn extend(bytes: &mut Vec<u8>, length: usize, check: &mut impl FnMut(&[u8])) {
        check(bytes);
        if bytes.len() < length {
            for next in [0, b'a', b'Z', 0xC3, 0xA9, 0xFF] {
                bytes.push(next);
                extend(bytes, length, check);
                bytes.pop();
            }
        }
    }
    extend(&mut Vec::new(), length, check);
}

/// Text ends before the first zero byte or with its field; what follows has no influence; what is
/// not UTF-8 is not text.
#[test]
fn text_ends_at_the_first_zero_byte() {
    every_text(5, &mut |bytes| {
        let used: Vec<u8> = bytes.iter().copied().take_while(|b| *b != 0).collect();
        let expected = String::from_utf8(used).ok();
        assert_eq!(text(bytes), expected.as_deref(), "{bytes:?}");
    });
}

/// A field holds as much as fits, then zero bytes.
#[test]
fn field_is_cut_off_or_padded() {
    fn check<const N: usize>(bytes: &[u8]) {
        let mut expected = bytes.to_vec();
        expected.resize(N, 0);
        assert_eq!(field::<N>(bytes)[..], expected, "{bytes:?}");
    }
    every_text(5, &mut |bytes| {
        check::<0>(bytes);
        check::<1>(bytes);
        check::<3>(bytes);
        check::<5>(bytes);
        check::<8>(bytes);
    });
}

/// What fits into a field comes back out of it, a field that it fills included.
#[test]
fn text_comes_back_out_of_its_field() {
    for word in ["", "a", "enabled", "DSMIL0D5", "exactly-sixteen-"] {
        assert_eq!(text(&field::<16>(word.as_bytes())), Some(word));
    }
    assert_eq!(text(&field::<4>(b"enabled")), Some("enab"));
}
