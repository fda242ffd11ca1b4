// SPDX-License-Identifier: GPL-2.0

//! Lists of names in a room that may be too small.

use milspec_posture::names::write;
use proptest::prelude::*;

fn list(names: &[&str], room: usize) -> String {
    let mut out = String::new();
    write(&mut out, || names.iter().copied(), room).unwrap();
    out
}

#[test]
fn what_fits_is_written_and_nothing_else() {
    assert_eq!(list(&[], 0), "");
    assert_eq!(list(&["camera"], 6), "camera");
    assert_eq!(list(&["camera", "DSMIL0D1"], 15), "camera DSMIL0D1");
}

#[test]
fn what_does_not_fit_is_counted() {
    assert_eq!(list(&["camera", "DSMIL0D1"], 14), "camera +1");
    assert_eq!(list(&["camera", "DSMIL0D1", "nfc"], 14), "camera +2");
    assert_eq!(list(&["camera", "DSMIL0D1"], 8), "+2");
    // The last word would be in the way of a name that fits without it.
    assert_eq!(list(&["a", "b", "c"], 5), "a b c");
    assert_eq!(list(&["a", "b", "cc"], 5), "a +2");
    // There is no room for anything, and it is said all the same.
    assert_eq!(list(&["camera"], 0), "+1");
}

/// A page of sysfs, and as many devices as DSML0001 can have.
#[test]
fn a_page_says_how_many_it_leaves_out() {
    let names: Vec<String> = (0..400).map(|n| format!("DSMIL{n:07}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let text = list(&names, 4094);
    assert!(text.len() <= 4094, "{}", text.len());
    let words: Vec<&str> = text.split(' ').collect();
    let (last, shown) = words.split_last().unwrap();
    assert_eq!(shown, &names[..shown.len()]);
    assert_eq!(*last, format!("+{}", names.len() - shown.len()));
    assert!(
        text.len() + 1 + names[shown.len()].len() > 4094,
        "room is left"
    );
}

proptest! {
    /// Whole names from the first on, then how many there are more; as many names as fit, and never
    /// more bytes than allowed, but for the word that stands for all of them.
    #[test]
    fn nothing_is_lost(names in prop::collection::vec("[a-z]{1,12}", 0..120), room in 0usize..700) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let text = list(&names, room);
        let mut shown: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let left = match shown.last().and_then(|word| word.strip_prefix('+')) {
            Some(number) => number.parse().unwrap(),
            None => 0,
        };
        if left > 0 {
            shown.pop();
        }
        prop_assert_eq!(shown.len() + left, names.len());
        prop_assert_eq!(&shown[..], &names[..shown.len()]);
        prop_assert!(text.len() <= room || shown.is_empty());
        for more in shown.len() + 1..=names.len() {
            let mut longer = names[..more].join(" ");
            if more < names.len() {
                longer += &format!(" +{}", names.len() - more);
            }
            prop_assert!(longer.len() > room, "{longer:?} would have fitted");
        }
    }
}
