// SPDX-License-Identifier: GPL-2.0

//! Lists of names that are limited in size.

use milspec_posture::names::Fitting;

fn fitting(names: &[&str], room: usize) -> String {
    let names = || names.iter().copied();
    Fitting { names, room }.to_string()
}

/// Promise: all are there where all fit, to the last byte.
#[test]
fn all_that_fit() {
    assert_eq!(fitting(&[], 0), "");
    assert_eq!(fitting(&["camera"], 6), "camera");
    assert_eq!(fitting(&["camera", "gps", "wlan"], 15), "camera gps wlan");
}

/// Promise: where one byte lacks, the list says how many are missing, and keeps to its room.
#[test]
fn what_does_not_fit_is_counted() {
    let names: Vec<String> = (0..317)
        .map(|n| format!("control-with-a-name-of-32-by{n:04}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let whole = fitting(&names, usize::MAX);
    assert_eq!(whole.len(), 317 * 33 - 1);
    assert_eq!(fitting(&names, whole.len()), whole);
    for room in [0, 5, 12, 44, 45, 4094, whole.len() - 1] {
        let text = fitting(&names, room);
        let (shown, left_out) = text.rsplit_once('+').unwrap();
        let shown: Vec<&str> = shown.split_whitespace().collect();
        let left_out: usize = left_out.parse().unwrap();
        assert_eq!(shown.len() + left_out, names.len(), "{room}");
        assert_eq!(shown, names[..shown.len()], "{room}");
        assert!(text.len() <= room.max(4), "{room}: {}", text.len());
    }
    assert!(fitting(&names, 4094).len() > 4094 - 12 - 33);
}

/// Promise: what is shown is the beginning of the list, though a shorter name further on would fit.
#[test]
fn nothing_is_skipped() {
    assert_eq!(fitting(&["a", "b-b-b-b-b-b-b-b-b-b-b", "c"], 20), "a +2");
}
