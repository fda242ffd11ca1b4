// SPDX-License-Identifier: GPL-2.0

//! Takes inputs apart, and puts them where a parser reads them.

use serde_json::Value;
use std::cell::RefCell;
use std::fs;
use std::io::{Seek, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// The bytes of an input, from the first on; zeros where there are no more.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// The next two bytes, as a number.
    pub fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// The next bytes, as many of these as there are.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A number below `end`; 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.word()).checked_rem(end).unwrap_or(0)
    }
}

/// Calls `read` with the path of a file that has these bytes. It is one file, in memory, for all
/// inputs of a process.
pub fn with_file<T>(bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    thread_local! {
        static FILE: RefCell<NamedTempFile> = RefCell::new(
            NamedTempFile::new_in("/dev/shm").expect("a file in memory"),
        );
    }
    FILE.with_borrow_mut(|file| {
        let write = |file: &mut NamedTempFile| {
            file.as_file().set_len(0)?;
            file.rewind()?;
            file.write_all(bytes)
        };
        write(file).expect("a file that can be written");
        read(file.path())
    })
}

/// What is in a file that [`with_file`] has made.
pub fn contents(path: &Path) -> Vec<u8> {
    fs::read(path).expect("the file that was written")
}

/// The document that is meant: the text itself, or with a zero as its first byte a good document of
/// which the rest says what is to be changed.
pub fn document(data: &[u8], good: impl FnOnce(u8) -> Value) -> Vec<u8> {
    let [0, which, edits @ ..] = data else {
        return data.to_vec();
    };
    let mut value = good(*which);
    let mut edits = Bytes(edits);
    while !edits.0.is_empty() {
        edit(&mut value, &mut edits);
    }
    value.to_string().into_bytes()
}

/// Changes a part of a document that the input chooses.
fn edit(value: &mut Value, edits: &mut Bytes<'_>) {
    let down = edits.byte();
    match value {
        Value::Object(fields) if down % 8 != 0 && !fields.is_empty() => {
            let at = edits.below(fields.len());
            if let Some(field) = fields.values_mut().nth(at) {
                return edit(field, edits);
            }
        }
        Value::Array(all) if down % 8 == 1 && !all.is_empty() => {
            let at = edits.below(all.len());
            let again = all[at].clone();
            return all.push(again);
        }
        Value::Array(all) if down % 8 == 2 && !all.is_empty() => {
            let at = edits.below(all.len());
            all.remove(at);
            return;
        }
        Value::Array(all) if down % 8 != 0 && !all.is_empty() => {
            let at = edits.below(all.len());
            return edit(&mut all[at], edits);
        }
        _ => {}
    }
    *value = match edits.byte() % 8 {
        0 => Value::Null,
        1 => Value::Bool(edits.byte() % 2 == 1),
        2 => edits.byte().into(),
        3 => edits.word().into(),
        4 => {
            let bytes = edits.take(8).iter();
            bytes
                .fold(0u64, |all, byte| all << 8 | u64::from(*byte))
                .into()
        }
        5 => {
            let length = edits.byte().into();
            String::from_utf8_lossy(edits.take(length)).into()
        }
        6 => match value {
            // Part of what stood there.
            Value::String(text) => {
                let length = edits.below(text.chars().count() + 1);
                text.chars().take(length).collect::<String>().into()
            }
            _ => Value::Array(Vec::new()),
        },
        _ => match value {
            // One character of it is another.
            Value::String(text) => {
                let (at, other) = (edits.below(text.chars().count()), edits.byte());
                let other = |(place, c): (usize, char)| match place == at {
                    true => char::from(other),
                    false => c,
                };
                text.chars()
                    .enumerate()
                    .map(other)
                    .collect::<String>()
                    .into()
            }
            _ => Value::Object(serde_json::Map::new()),
        },
    };
}

/// What a terminal would act on, or not show, is in no text for people.
///
/// # Panics
///
/// When it is.
pub fn assert_shown(text: &str) {
    let bad = text.chars().find(|c| c.is_control() && *c != '\n');
    assert!(bad.is_none(), "{bad:?} is shown: {text:?}");
}
