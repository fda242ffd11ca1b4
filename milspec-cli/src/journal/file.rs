// SPDX-License-Identifier: GPL-2.0

//! A saved journal: the records as the driver gives them, one after the other, and nothing else.
//!
//! Whoever saves again to the same file adds what is new. When the file has been moved away, or was
//! emptied, a new one begins with a gap that stands for what is in the old one: then the two
//! together are as good as one.

use super::chain;
use crate::doctor::KEPT_JOURNAL;
use crate::failure::{Failure, Result};
use crate::input;
use crate::root::Root;
use milspec_uapi::{Event, EVENT_SIZE, KIND_GAP, ORIGIN_FIRMWARE_ATTRIBUTES, SEVERITY_INFO};
use nix::fcntl::{Flock, FlockArg, OFlag};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::mem::offset_of;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zerocopy::{FromBytes, IntoBytes};

/// More than a journal that somebody keeps in one file: six million records. A part that logrotate has moved
/// away has a sixtieth of that.
const LENGTH_MAX: u64 = 1 << 30;

/// How many records are looked at to find the end of a journal: all that the driver can give at
/// once, and some before them.
const TAIL: u64 = 4096 + 16;

/// What is in a file.
#[derive(Clone, Debug)]
pub struct Saved {
    /// Its name, for people.
    pub name: String,
    /// The records.
    pub events: Vec<Event>,
    /// Bytes of a record that was not written to its end.
    pub torn: usize,
}

/// The records in these bytes, and how many bytes of another one are left.
pub fn parse(bytes: &[u8]) -> (Vec<Event>, usize) {
    let records = bytes.chunks_exact(EVENT_SIZE);
    let torn = records.remainder().len();
    let events = records.filter_map(|bytes| Event::read_from_bytes(bytes).ok());
    (events.collect(), torn)
}

/// Reads a file, or standard input for `-`. It can be empty, but is nothing else than a journal.
pub fn read(path: &Path) -> Result<Saved> {
    let bytes = input::read(path, LENGTH_MAX + 1)?;
    if bytes.len() as u64 > LENGTH_MAX {
        return Err(Failure::new(
            "journal-too-long",
            format!("cannot read {}", input::name(path)),
            "it is longer than 1 GiB",
            "name a journal, or cut it into parts of whole records, and name them one after the other",
        ));
    }
    let (events, torn) = parse(&bytes);
    if !bytes.is_empty() && chain::last_that_holds(&events).is_none() {
        return Err(no_journal(path));
    }
    Ok(Saved {
        name: input::name(path),
        events,
        torn,
    })
}

/// The journal that milspec-journal.service keeps, with the parts of it that were moved away, the oldest
/// first; none where it keeps none.
pub fn kept(root: &Root) -> Result<Vec<Saved>> {
    let parts = parts(root)?;
    parts.iter().map(|path| read(&root.path(path))).collect()
}

/// Where they are.
pub fn parts(root: &Root) -> Result<Vec<String>> {
    let (dir, name) = KEPT_JOURNAL.rsplit_once('/').unwrap_or_default();
    let names = match root.list(dir) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(input::unreadable(&root.path(dir), &error)),
    };
    let number = |other: &String| {
        other
            .strip_prefix(name)?
            .strip_prefix('.')?
            .parse::<u32>()
            .ok()
    };
    let mut parts: Vec<u32> = names.iter().filter_map(number).collect();
    parts.sort_unstable_by(|one, other| other.cmp(one));
    let parts = parts
        .iter()
        .map(|number| format!("{KEPT_JOURNAL}.{number}"));
    let last = names.iter().any(|other| other == name);
    Ok(parts.chain(last.then(|| KEPT_JOURNAL.to_owned())).collect())
}

/// There is no record of a journal in this file.
pub fn no_journal(path: &Path) -> Failure {
    Failure::new(
        "not-a-journal",
        format!("{} is no journal", input::name(path)),
        "there is no record of a journal in it",
        "name a file that \"milspecctl journal save\" wrote",
    )
}

/// Whether this is what a power cut can leave of a record that comes after `last`: its first bytes,
/// zeros, or both.
fn is_torn(rest: &[u8], last: &Event) -> bool {
    let written = rest.iter().rposition(|byte| *byte != 0);
    let written = written.map_or(0, |at| at + 1);
    let mut begun = Event::default();
    if written == 0 || written >= EVENT_SIZE {
        return written == 0;
    }
    begun.as_mut_bytes()[..written].copy_from_slice(&rest[..written]);
    let seen = rest.len().min(size_of::<u64>());
    let numbered = |sequence: u64| sequence.to_ne_bytes()[..seen] == rest[..seen];
    let seen = written.saturating_sub(offset_of!(Event, load));
    let seen = seen.min(last.load.len());
    let same_load = begun.load[..seen] == last.load[..seen];
    let comes_next = numbered(last.sequence.saturating_add(1)) && same_load;
    let is_first = numbered(1);
    let is_gap = begun.kind == KIND_GAP && begun.sequence > last.sequence;
    let is_event = begun.severity <= SEVERITY_INFO && begun.origin <= ORIGIN_FIRMWARE_ATTRIBUTES;
    is_event && (comes_next || is_first || is_gap && same_load)
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
    /// end is cut off; nothing else is, and nothing from a file that is no journal.
    pub fn open(path: &Path) -> Result<Self> {
        let file = open(path).map_err(not_saved(path))?;
        let mut saver = Self {
            path: path.to_path_buf(),
            file: lock(path, file)?,
            length: 0,
            last: None,
            torn: 0,
        };
        let metadata = saver.file.metadata();
        let metadata = metadata.map_err(not_saved(path))?;
        let left_alone = || Failure {
            next: "name another file: this one stays as it is".into(),
            ..no_journal(path)
        };
        // A disk has no length, and is no empty file.
        if !metadata.is_file() {
            return Err(left_alone());
        }
        let tail = saver.tail(metadata.len());
        let (start, tail) = tail.map_err(not_saved(path))?;
        if tail.is_empty() {
            return Ok(saver);
        }
        let (events, _) = parse(&tail);
        let at = chain::last_that_holds(&events).ok_or_else(left_alone)?;
        let end = (at + 1) * EVENT_SIZE;
        let rest = tail.get(end..).unwrap_or_default();
        saver.last = events.get(at).copied();
        if !saver.last.is_some_and(|last| is_torn(rest, &last)) {
            return Err(meddled(path));
        }
        saver.length = start + end as u64;
        saver.torn = rest.len();
        if saver.torn > 0 {
            let cut = saver.file.set_len(saver.length);
            cut.map_err(not_saved(path))?;
        }
        Ok(saver)
    }

    /// The end of the file, from the beginning of a record on, and where that is: more than is
    /// written at once.
    fn tail(&self, length: u64) -> io::Result<(u64, Vec<u8>)> {
        let size = EVENT_SIZE as u64;
        let start = (length / size).saturating_sub(TAIL) * size;
        let mut bytes = vec![0; usize::try_from(length - start).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok((start, bytes))
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
        self.append(&new).map_err(not_saved(&path))?;
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
            Some(event) if event.chain != last.chain => {
                let last = last.sequence;
                let why = format!("its last record, {last}, is not what the driver has there");
                Err(differs(&self.path, why))
            }
            _ => Ok(chain::after(last, events)),
        }
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
        let mine = self.file.metadata().map_err(not_saved(&self.path))?;
        let there = match std::fs::symlink_metadata(&self.path) {
            Ok(there) => (there.dev(), there.ino()) == (mine.dev(), mine.ino()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(not_saved(&self.path)(error)),
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
        match self.last.map(|last| chain::stand_in(&last)) {
            Some(gap) => self.append(&[gap]).map_err(not_saved(&self.path)),
            None => Ok(()),
        }
    }
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
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| {
        Failure::new(
            "journal-busy",
            format!("cannot save to {}", path.display()),
            "somebody else saves to this file",
            "stop that (systemctl stop milspec-journal), or name another file",
        )
        .with(errno)
    })
}

fn not_saved(path: &Path) -> impl Fn(io::Error) -> Failure + '_ {
    move |error| {
        let what = format!("cannot save to {}", path.display());
        let why = "the file or the disk it is on cannot be written";
        let next = "see that it is a file, in a directory that exists, on a disk with space";
        Failure::new("journal-not-saved", what, why, next).with_error(&error)
    }
}

/// What is in the file is not what was saved there.
fn differs(path: &Path, why: impl Into<String>) -> Failure {
    let what = format!("cannot save to {}", path.display());
    let next = "see \"milspecctl journal verify\"; move the file away to begin a new one";
    Failure::new("journal-differs", what, why, next)
}

fn meddled(path: &Path) -> Failure {
    differs(path, "somebody else has written to the file, or cut it")
}
