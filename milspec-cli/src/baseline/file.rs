// SPDX-License-Identifier: GPL-2.0

//! The file of the record. A power cut at any moment leaves the old file or the new one: the new one
//! is complete on disk before it takes the place of the old one.

use super::{Record, SCHEMA};
use crate::failure::{Exit, Failure, Result};
use crate::root::Root;
use crate::signals;
use crate::words::shown;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

/// Where it is. Root's alone: it tells what somebody could switch on again.
pub const PATH: &str = "/var/lib/milspecctl/baseline.json";
/// Takes its place when it is complete.
const NEW: &str = "/var/lib/milspecctl/baseline.json.new";
/// Who changes the machine or the record has this locked. A file of its own, because the record's
/// is replaced.
const LOCK: &str = "/var/lib/milspecctl/lock";
const DIR: &str = "/var/lib/milspecctl";

/// More than any record has.
const LENGTH_MAX: u64 = 4 << 20;

/// Nobody else changes the record as long as this lives.
pub struct Lock {
    _held: Flock<File>,
}

/// Takes the lock; `waiting` is called before it waits for somebody else. Call
/// [`signals::catch`] first.
pub fn lock(root: &Root, waiting: &dyn Fn()) -> Result<Lock> {
    let dir = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(root.path(DIR));
    let file = dir
        .and_then(|()| private().write(true).create(true).open(root.path(LOCK)))
        .map_err(not_recorded)?;
    let held = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Err((file, Errno::EWOULDBLOCK)) => {
            waiting();
            // A signal between the look and the wait is noticed when the wait is over.
            Flock::lock(file, FlockArg::LockExclusive)
        }
        result => result,
    };
    match held {
        Ok(held) if !signals::arrived() => Ok(Lock { _held: held }),
        Ok(_) | Err((_, Errno::EINTR)) => Err(Failure {
            code: "interrupted",
            exit: Exit::Failed,
            errno: Some(Errno::EINTR),
            what: "nothing was changed".into(),
            why: "a signal arrived before the change began".into(),
            next: "run it again".into(),
        }),
        Err((_, errno)) => Err(not_recorded(errno.into())),
    }
}

/// The record; `None` where there is none.
pub fn load(root: &Root) -> Result<Option<Record>> {
    let mut text = String::new();
    let read = private()
        .read(true)
        .open(root.path(PATH))
        .and_then(|file| file.take(LENGTH_MAX).read_to_string(&mut text));
    match read {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Err(damaged("it is not UTF-8 text"))
        }
        Err(error) => return Err(unreadable(&error)),
    }
    let record: Record =
        serde_json::from_str(&text).map_err(|error| damaged(&shown(&error.to_string())))?;
    if record.schema == SCHEMA {
        Ok(Some(record))
    } else {
        Err(damaged(&format!(
            "its schema is \"{}\"",
            shown(&record.schema)
        )))
    }
}

/// Writes the record.
pub fn save(root: &Root, _lock: &Lock, record: &Record) -> Result<()> {
    let write = || -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(record)?;
        text.push('\n');
        let mut file = private()
            .write(true)
            .create(true)
            .truncate(true)
            .open(root.path(NEW))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(root.path(NEW), root.path(PATH))?;
        File::open(root.path(DIR))?.sync_all()
    };
    write().map_err(not_recorded)
}

/// Removes the record.
pub fn remove(root: &Root, _lock: &Lock) -> Result<()> {
    let remove = || -> io::Result<()> {
        fs::remove_file(root.path(PATH))?;
        File::open(root.path(DIR))?.sync_all()
    };
    match remove() {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(not_recorded(error)),
        _ => Ok(()),
    }
}

/// For files of root alone. Whatever somebody put there instead of a file is not followed.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits());
    options
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw)
}

fn damaged(why: &str) -> Failure {
    Failure {
        code: "baseline-damaged",
        exit: Exit::Failed,
        errno: None,
        what: "the record of the baseline is damaged".into(),
        why: format!("{PATH}: {why}"),
        next: "put a backup of it in its place, or move it away to begin a new one".into(),
    }
}

fn unreadable(error: &io::Error) -> Failure {
    let denied = error.kind() == ErrorKind::PermissionDenied;
    Failure {
        code: if denied {
            "no-permission"
        } else {
            "baseline-unreadable"
        },
        exit: if denied {
            Exit::Permission
        } else {
            Exit::Failed
        },
        errno: errno(error),
        what: "cannot read the recorded baseline".into(),
        why: format!("the kernel does not let milspecctl read {PATH}"),
        next: if denied {
            "run it as root".into()
        } else {
            "see that it is a file, on a disk without errors".into()
        },
    }
}

fn not_recorded(error: io::Error) -> Failure {
    Failure {
        code: "baseline-not-recorded",
        exit: Exit::Failed,
        errno: errno(&error),
        what: "nothing was changed".into(),
        why: format!("what the controls are now could not be recorded in {DIR}"),
        next: "see that it is on a disk with space that can be written, then run it again".into(),
    }
}
