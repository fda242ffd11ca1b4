// SPDX-License-Identifier: GPL-2.0

//! Where lines go: journald, a file or standard output as NDJSON; and the file of metrics.
//!
//! None of them waits for who is slow: that is an error, and the caller keeps the lines and comes back.

pub mod catalog;
pub mod fields;
pub mod journald;
pub mod ndjson;
pub mod prometheus;
pub mod stream;

pub use journald::Journald;
pub use ndjson::Ndjson;
pub use stream::Stream;

use super::Line;
use std::io;

/// Takes lines.
pub trait Sink {
    /// Its name, e.g. `journald`.
    fn name(&self) -> &'static str;

    /// Takes the first of these lines, in their order, and returns how many: all, or fewer where the next
    /// one failed or the slice is long. It is an error where the first one fails. What is not counted was
    /// not taken, or that is not known: it is to come again, and can then be there twice.
    fn put(&mut self, lines: &[Line]) -> io::Result<usize>;
}

/// Hands over one after the other; stops at the first that fails.
fn each(lines: &[Line], mut put: impl FnMut(&Line) -> io::Result<()>) -> io::Result<usize> {
    for (taken, line) in lines.iter().enumerate() {
        match put(line) {
            Ok(()) => {}
            Err(error) if taken == 0 => return Err(error),
            Err(_) => return Ok(taken),
        }
    }
    Ok(lines.len())
}

/// A line as it stands in a file, with its end.
fn json(line: &Line) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
pub(super) mod tests {
    use crate::monitor::direction::Direction;
    use crate::monitor::{line, Checkpoint, Finding, Line, Note, Record, What};
    use std::path::PathBuf;

    /// A line about this.
    pub fn line(message: &str, what: What) -> Line {
        Line {
            schema: line::SCHEMA.into(),
            time: "2026-11-27T10:00:00.000000000Z".into(),
            wall_ns: 1_795_773_600_000_000_000,
            host: Some("laptop".into()),
            boot_id: Some("5f2c1cf0cf0b4b53a1b5f2f6f1f1a2b3".into()),
            simulated: true,
            severity: "notice".into(),
            message: message.into(),
            what,
        }
    }

    /// A step, as somebody who logged in has it made.
    pub fn step(sequence: u64) -> Line {
        let record = Record {
            load: "ab".repeat(16),
            sequence,
            kind: "step".into(),
            control: Some("camera".into()),
            from: Some("disabled".into()),
            to: Some("enabled".into()),
            direction: Some(Direction::Weaker),
            login: Some("ann".into()),
            command: Some("milspecctl".into()),
            ..Record::default()
        };
        line("camera was changed", What::Record(Box::new(record)))
    }

    /// One line of each of the other types.
    pub fn others() -> [Line; 3] {
        let finding = Finding {
            id: "tamper:abab:7".into(),
            rule: "tamper".into(),
            sequences: vec![7, 9],
            because: vec!["a".into(), "b c".into()],
            surprise: Some(6.5),
            ..Finding::default()
        };
        let note = Note {
            note: "sink-failed".into(),
            sink: Some("journald".into()),
            count: None,
        };
        [
            line("found", What::Finding(Box::new(finding))),
            line("so far", What::Checkpoint(Checkpoint::default())),
            line("by itself", What::Note(note)),
        ]
    }

    /// An empty directory of this test; it goes with this.
    pub struct Dir(PathBuf);

    /// That of the test with this name.
    pub fn dir(test: &str) -> Dir {
        let dir = std::env::temp_dir().join(format!("milspec-sink-{}-{test}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        Dir(dir)
    }

    impl std::ops::Deref for Dir {
        type Target = PathBuf;

        fn deref(&self) -> &PathBuf {
            &self.0
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}
