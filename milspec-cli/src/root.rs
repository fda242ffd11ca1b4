// SPDX-License-Identifier: GPL-2.0

//! The machine's files, relocatable: a recorded tree stands in for a machine, and so do files that
//! are not on disk.

use crate::failure::{Failure, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a recorded tree keeps the answers of the driver.
pub const RECORDING_DIR: &str = "recording";

/// More than any file that is read here has; a file that is longer is cut off, not trusted.
pub const FILE_MAX: u64 = 32 << 20;

/// `recording/recording.json` of a recorded tree. Without this file a tree is not a recording, so
/// that a directory given by mistake is never shown as a machine.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Note {
    /// `milspec.recording/1`.
    pub schema: String,
    /// Where the recording is from, for people.
    pub from: String,
    /// The errno with which `/dev/milspec` refused to be opened, where it did.
    pub open_error: Option<i32>,
    /// Owner and mode of `/dev/milspec`.
    pub node: Option<Node>,
    /// Errnos of requests to plan or apply that got no answer, by the name of the request.
    #[serde(default)]
    pub errors: BTreeMap<String, i32>,
    /// Errnos of files and directories of the machine that could not be read, by their paths.
    #[serde(default)]
    pub unreadable: BTreeMap<String, i32>,
    /// How long an apply took.
    #[serde(default)]
    pub apply_ms: u64,
}

/// Owner and permission bits of `/dev/milspec`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Node {
    /// Permission bits.
    pub mode: u32,
    /// Numeric owner.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
}

/// Files without a directory, by their paths without the first `/`.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The directory below which the machine's files are.
#[derive(Clone, Debug)]
pub struct Root {
    dir: PathBuf,
    note: Option<Note>,
    /// The files, where they are not on disk.
    files: Option<Arc<Files>>,
}

impl Root {
    /// The live machine without `dir`, else the recorded tree at `dir`.
    pub fn open(dir: Option<&Path>) -> Result<Self> {
        let Some(dir) = dir.filter(|dir| *dir != Path::new("/")) else {
            return Ok(Self {
                dir: PathBuf::from("/"),
                note: None,
                files: None,
            });
        };
        let path = dir.join(RECORDING_DIR).join("recording.json");
        let note: Note = fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()))
            .and_then(|note: Note| match note.schema.as_str() {
                "milspec.recording/1" => Ok(note),
                other => Err(format!("unknown schema \"{other}\"")),
            })
            .map_err(|why| {
                Failure::new(
                    "bad-recording",
                    format!("{} is not a recorded tree", dir.display()),
                    format!("{RECORDING_DIR}/recording.json: {why}"),
                    "name a recorded tree, or leave out --root",
                )
            })?;
        Ok(Self {
            dir: dir.to_path_buf(),
            note: Some(note),
            files: None,
        })
    }

    /// Files that are not on disk, as a recording from `from`. What is not among them is not there.
    pub fn of_files(from: String, open_error: Option<i32>, files: Files) -> Self {
        Self {
            // Nothing is below it.
            dir: PathBuf::from("/dev/null"),
            note: Some(Note {
                schema: "milspec.recording/1".into(),
                from,
                open_error,
                ..Note::default()
            }),
            files: Some(Arc::new(files)),
        }
    }

    /// Whether the files are on disk: else what is not among them is just not known.
    pub fn is_on_disk(&self) -> bool {
        self.files.is_none()
    }

    /// The note of the recording, `None` on the live machine.
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// Where a recording is from; `None` on the live machine.
    pub fn recording(&self) -> Option<String> {
        self.note().map(|note| note.from.clone())
    }

    /// Where `path`, which starts with `/`, really is.
    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.join(path.trim_start_matches('/'))
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &str) -> io::Result<Vec<u8>> {
        self.readable(path)?;
        if let Some(files) = self.files.as_deref() {
            let bytes = files.get(path.trim_start_matches('/'));
            return bytes.cloned().ok_or(io::ErrorKind::NotFound.into());
        }
        let mut bytes = Vec::new();
        fs::File::open(self.path(path))?
            .take(FILE_MAX)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Fails where the recording says that what is at `path` could not be read.
    fn readable(&self, path: &str) -> io::Result<()> {
        let unreadable = self.note.as_ref().map(|note| &note.unreadable);
        match unreadable.and_then(|paths| paths.get(path)) {
            Some(errno) => Err(io::Error::from_raw_os_error(*errno)),
            None => Ok(()),
        }
    }

    /// The text of a file without white space around it; `None` where it cannot be read.
    pub fn text(&self, path: &str) -> Option<String> {
        let bytes = self.bytes(path).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim().to_string())
    }

    /// Whether there is something at `path`.
    pub fn exists(&self, path: &str) -> bool {
        if let Some(files) = self.files.as_deref() {
            let path = path.trim_matches('/');
            let below = format!("{path}/");
            return files.contains_key(path) || files.keys().any(|name| name.starts_with(&below));
        }
        self.path(path).exists()
    }

    /// Names in a directory, sorted; none where it cannot be read.
    pub fn names(&self, path: &str) -> Vec<String> {
        self.list(path).unwrap_or_default()
    }

    /// Names in a directory, sorted.
    pub fn list(&self, path: &str) -> io::Result<Vec<String>> {
        self.readable(path)?;
        if let Some(files) = self.files.as_deref() {
            let below = format!("{}/", path.trim_matches('/'));
            let inside = files.keys().filter_map(|name| name.strip_prefix(&below));
            let mut names: Vec<String> = inside
                .filter_map(|name| name.split('/').next())
                .map(str::to_string)
                .collect();
            names.dedup();
            return match names.is_empty() {
                true => Err(io::ErrorKind::NotFound.into()),
                false => Ok(names),
            };
        }
        let entries = fs::read_dir(self.path(path))?;
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// Time since boot in nanoseconds, sleep included: the clock of `Status::refreshed_ns`.
    pub fn boottime_ns(&self) -> Option<u64> {
        let uptime = self.text("/proc/uptime")?;
        let (seconds, fraction) = uptime.split_whitespace().next()?.split_once('.')?;
        let hundredths: u64 = fraction.get(..2)?.parse().ok()?;
        seconds
            .parse::<u64>()
            .ok()?
            .checked_mul(1_000_000_000)?
            .checked_add(hundredths * 10_000_000)
    }
}
