// SPDX-License-Identifier: GPL-2.0

//! A file of lines that need not be there yet: its directory may come, or its disk.

use super::{Ndjson, Sink};
use crate::monitor::Line;
use std::io;
use std::path::{Path, PathBuf};

/// A file that is opened when there is something to write, and again after that has failed.
pub struct Reopened {
    path: PathBuf,
    file: Option<Ndjson>,
}

impl Reopened {
    /// The file at this path.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            file: None,
        }
    }
}

impl Sink for Reopened {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn put(&mut self, lines: &[Line]) -> io::Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(Ndjson::open(&self.path)?),
        };
        file.put(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{dir, step};
    use super::*;

    /// Promise: a file whose directory comes later is written then.
    #[test]
    fn comes_later() {
        let dir = dir("reopened");
        let path = dir.join("later/events.ndjson");
        let mut sink = Reopened::new(&path);
        assert!(sink.put(&[step(1)]).is_err());
        std::fs::create_dir(dir.join("later")).unwrap();
        assert_eq!(sink.put(&[step(1), step(2)]).unwrap(), 2);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
    }
}
