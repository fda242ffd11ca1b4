// SPDX-License-Identifier: GPL-2.0

//! What a power cut, or somebody else, left of a file that records are saved to.

use crate::input::{contents, with_file};
use milspec::journal::chain;
use milspec::journal::file::Saver;
use milspec_uapi::{Event, EVENT_SIZE};
use zerocopy::IntoBytes;

/// Promise: what a power cut tore while records were saved is completed, and the file is then what it
/// would have been.
pub fn torn(events: &[Event], cut: usize, how: u8) {
    // What the driver gives at once; it tells of one load.
    let load = events[0].load;
    let events: Vec<Event> = events
        .iter()
        .take_while(|e| e.load == load)
        .copied()
        .collect();
    let whole = events.as_slice().as_bytes();
    let cut = cut % (whole.len() + 1);
    // It takes a whole record to know that this is a journal at all.
    let cut = if cut < EVENT_SIZE { 0 } else { cut };
    let zeros = if cut == 0 { 0 } else { usize::from(how >> 3) };
    let left = [&whole[..cut], &vec![0; zeros]].concat();
    with_file(&left, |path| {
        let mut saver = Saver::open(path).expect("what a power cut left");
        saver.add(&events).expect("a file in memory");
        drop(saver);
        assert!(contents(path) == whole, "cut at {cut}, and {zeros} zeros");
    });
}

/// Promise: of a file that somebody else wrote, nothing is cut off but a torn record behind one that
/// holds; else it stays as it is.
pub fn anything(bytes: &[u8], events: &[Event]) {
    with_file(bytes, |path| match Saver::open(path) {
        Err(_) => assert!(contents(path) == bytes, "it was refused, and changed"),
        Ok(mut saver) => {
            let left = contents(path);
            assert!(left.len() % EVENT_SIZE == 0 && bytes.starts_with(&left));
            let torn = bytes.len() - left.len();
            assert_eq!(saver.take_torn(), torn);
            let kept = left.len() / EVENT_SIZE;
            if !bytes.is_empty() && kept <= events.len() {
                let last = chain::last_that_holds(&events[..kept]);
                assert_eq!(last, kept.checked_sub(1), "what does not hold was kept");
            }
        }
    });
}
