// SPDX-License-Identifier: GPL-2.0

//! Files that are read whole, where `-` is standard input.

use crate::failure::{Exit, Failure, Result};
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Whether this stands for standard input, or output.
pub fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// Its name for people.
pub fn name(path: &Path) -> String {
    match is_standard(path) {
        true => "standard input".into(),
        false => path.display().to_string(),
    }
}

/// Reads at most so many bytes.
pub fn read(path: &Path, max: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let done = if is_standard(path) {
        io::stdin().lock().take(max).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(max).read_to_end(&mut bytes))
    };
    match done {
        Ok(_) => Ok(bytes),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// What is said where it cannot be opened or read.
pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let (exit, why) = match error.kind() {
        ErrorKind::NotFound => (Exit::Failed, "there is no such file"),
        ErrorKind::PermissionDenied => (Exit::Permission, "its permissions forbid it"),
        ErrorKind::IsADirectory => (Exit::Failed, "it is a directory"),
        _ => (Exit::Failed, "reading it failed"),
    };
    Failure::new(
        "file-unreadable",
        format!("cannot read {}", name(path)),
        why,
        "name a file that you can read, or - for standard input",
    )
    .exits(exit)
    .with_error(error)
}
