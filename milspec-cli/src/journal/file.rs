// SPDX-License-Identifier: GPL-2.0

//! A saved journal: the records as the driver gives them, one after the other, and nothing else.
//!
//! Whoever saves again to the same file adds what is new. When the file has been moved away, or was
//! emptied, a new one begins with a gap that stands for what is in the old one: then the two
//! together are as good as one.

use super::chain;
use crate::failure::{Exit, Failure, Result};
use milspec_uapi::{Event, EVENT_SIZE, KIND_GAP};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zerocopy::{FromBytes, IntoBytes};

/// More than a journal that somebody keeps in one file: a record for each second of five years.
const LENGTH_MAX: u64 = 32 << 30;

/// What is in a file.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The records.
    pub events: Vec<Event>,
    /// Bytes of a record that was not written to its end.
    pub torn: usize,
}

/// Takes records apart.
pub fn parse(bytes: &[u8]) -> Saved {
    let records = bytes.chunks_exact(EVENT_SIZE);
    Saved {
        torn: records.remainder().len(),
        events: records
            .filter_map(|b| Event::read_from_bytes(b).ok())
            .collect(),
    }
}

/// Reads a file, or standard input for `-`.
pub fn read(path: &Path) -> Result<Saved> {
    let mut bytes = Vec::new();
    let done = if path == Path::new("-") {
        io::stdin().lock().take(LENGTH_MAX).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(LENGTH_MAX).read_to_end(&mut bytes))
    };
    done.map_err(|error| unreadable(path, &error))?;
    Ok(parse(&bytes))
}

/// A file that records are added to.
pub struct Saver {
    path: PathBuf,
    file: Flock<File>,
    /// Where the next record goes.
    length: u64,
    /// The last record that was saved, here or in the file before.
    last: Option<Event>,
    /// Bytes of a torn record that were cut off.
    torn: usize,
}

impl Saver {
    /// Opens the file, or makes it, for one process at a time. A record that was not written to its
    /// end is cut off.
    pub fn open(path: &Path) -> Result<Self> {
        let file = open(path).map_err(|error| not_saved(path, &error))?;
        let file = lock(path, file)?;
        let mut saver = Self {
            path: path.to_path_buf(),
            file,
            length: 0,
            last: None,
            torn: 0,
        };
        saver.find_end().map_err(|error| not_saved(path, &error))?;
        Ok(saver)
    }

    fn find_end(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let size = EVENT_SIZE as u64;
        self.torn = usize::try_from(length % size).unwrap_or(0);
        self.length = length - length % size;
        if self.torn > 0 {
            self.file.set_len(self.length)?;
        }
        if let Some(at) = self.length.checked_sub(size) {
            let mut last = Event::default();
            self.file.read_exact_at(last.as_mut_bytes(), at)?;
            self.last = Some(last);
        }
        Ok(())
    }

    /// How many bytes of a torn record were cut off, since this was last asked.
    pub fn take_torn(&mut self) -> usize {
        std::mem::take(&mut self.torn)
    }

    /// Adds those of `events` that are not there yet, and returns them. They are on disk when this
    /// returns.
    pub fn add(&mut self, events: &[Event]) -> Result<Vec<Event>> {
        let new = self.new_among(events)?;
        let Some(newest) = new.last() else {
            return Ok(new);
        };
        let path = self.path.clone();
        self.follow_rotation()?;
        self.append(&new)
            .map_err(|error| not_saved(&path, &error))?;
        self.last = Some(*newest);
        Ok(new)
    }

    /// What comes after the last record that was saved.
    fn new_among(&self, events: &[Event]) -> Result<Vec<Event>> {
        let Some(last) = &self.last else {
            return Ok(events.to_vec());
        };
        let here = |event: &&Event| event.load == last.load && event.sequence == last.sequence;
        match events.iter().rfind(here) {
            Some(event) if event.chain != last.chain => return Err(another(&self.path, last)),
            _ => {}
        }
        let known = |event: &Event| event.load == last.load && event.sequence <= last.sequence;
        let start = events.iter().rposition(known).map_or(0, |at| at + 1);
        let mut new = events.get(start..).unwrap_or_default().to_vec();
        if let Some(first) = new.first_mut() {
            if first.kind == KIND_GAP && first.load == last.load {
                // It counts from where the reader began; here it stands for less.
                first.count = count(first.sequence - last.sequence);
            }
        }
        Ok(new)
    }

    fn append(&mut self, events: &[Event]) -> io::Result<()> {
        let bytes = events.as_bytes();
        let written = self
            .file
            .seek(SeekFrom::Start(self.length))
            .and_then(|_| self.file.write_all(bytes))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // No half record stays, where that can be had.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Goes on in a new file where the one that was open is no longer at its path, or is empty.
    fn follow_rotation(&mut self) -> Result<()> {
        let failed = |error: io::Error| not_saved(&self.path, &error);
        let mine = self.file.metadata().map_err(failed)?;
        let there = match std::fs::symlink_metadata(&self.path) {
            Ok(there) => (there.dev(), there.ino()) == (mine.dev(), mine.ino()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(failed(error)),
        };
        if there && mine.len() == self.length {
            return Ok(());
        }
        if there && mine.len() > 0 {
            return Err(meddled(&self.path));
        }
        if !there {
            let new = Self::open(&self.path)?;
            if new.length > 0 {
                return Err(meddled(&self.path));
            }
            self.file = new.file;
        }
        self.length = 0;
        match self.last.map(|last| stand_in(&last)) {
            Some(gap) => self
                .append(&[gap])
                .map_err(|error| not_saved(&self.path, &error)),
            None => Ok(()),
        }
    }
}

/// A gap that stands for all records up to `last`, which are in the file before.
fn stand_in(last: &Event) -> Event {
    chain::gap(last.load, last.sequence, count(last.sequence), last.chain)
}

/// A number of records as a gap has it.
fn count(records: u64) -> u32 {
    u32::try_from(records).unwrap_or(u32::MAX)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits())
        .open(path)
}

fn lock(path: &Path, file: File) -> Result<Flock<File>> {
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| Failure {
        code: "journal-busy",
        exit: Exit::Failed,
        errno: Some(errno),
        what: format!("cannot save to {}", path.display()),
        why: "somebody else saves to this file".into(),
        next: "stop that (systemctl stop milspec-journal), or name another file".into(),
    })
}

fn not_saved(path: &Path, error: &io::Error) -> Failure {
    Failure {
        code: "journal-not-saved",
        exit: Exit::Failed,
        errno: error.raw_os_error().map(Errno::from_raw),
        what: format!("cannot save to {}", path.display()),
        why: "the file or the disk it is on cannot be written".into(),
        next: "see that it is a file, in a directory that exists, on a disk with space".into(),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let denied = error.kind() == io::ErrorKind::PermissionDenied;
    Failure {
        code: "journal-unreadable",
        exit: if denied {
            Exit::Permission
        } else {
            Exit::Failed
        },
        errno: error.raw_os_error().map(Errno::from_raw),
        what: format!("cannot read {}", path.display()),
        why: "the kernel does not let milspecctl read the file".into(),
        next: if denied {
            "run it as root: a saved journal is root's".into()
        } else {
            "see that it is a file, on a disk without errors".into()
        },
    }
}

fn another(path: &Path, last: &Event) -> Failure {
    Failure {
        code: "journal-differs",
        exit: Exit::Failed,
        errno: None,
        what: format!("cannot save to {}", path.display()),
        why: format!(
            "its last record, {}, is not what the driver has there",
            last.sequence
        ),
        next: "see \"milspecctl journal verify\"; move the file away to begin a new one".into(),
    }
}

fn meddled(path: &Path) -> Failure {
    Failure {
        code: "journal-differs",
        exit: Exit::Failed,
        errno: None,
        what: format!("cannot save to {}", path.display()),
        why: "somebody else has written to the file, or cut it".into(),
        next: "see \"milspecctl journal verify\"; move the file away to begin a new one".into(),
    }
}
