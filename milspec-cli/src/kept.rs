// SPDX-License-Identifier: GPL-2.0

//! Records that outlive this program, in a directory of root. A power cut at any moment leaves the
//! old file or the new one: the new one is complete on disk before it takes the place of the old one.

use crate::failure::{Failure, Result};
use crate::root::Root;
use crate::signals;
use crate::words::shown;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::Value;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where they are. Who is not root can see whether there is a record, and not what is in it.
pub const DIR: &str = "/var/lib/milspecctl";
/// Who changes the machine or a record has this locked. A file of its own, because a record's is
/// replaced.
const LOCK: &str = "/var/lib/milspecctl/lock";

/// More than any record has.
const LENGTH_MAX: u64 = 4 << 20;

/// Nobody else changes a record as long as this lives.
pub struct Lock {
    _held: Flock<File>,
}

/// Takes the lock; `waiting` is called before it waits for somebody else. Call
/// [`signals::catch`] first.
pub fn lock(root: &Root, waiting: &dyn Fn()) -> Result<Lock> {
    let file = lock_file(root, LOCK).map_err(not_written)?;
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
        Ok(_) | Err((_, Errno::EINTR)) => Err(Failure::new(
            "interrupted",
            "nothing was changed",
            "a signal arrived before the change began",
            "run it again",
        )
        .with(Errno::EINTR)),
        Err((_, errno)) => Err(not_written(errno.into())),
    }
}

/// Takes the lock, whatever signals arrive: they are to be [blocked](signals::Blocked).
pub fn lock_whatever_arrives(root: &Root) -> Result<Lock> {
    let file = lock_file(root, LOCK).map_err(not_written)?;
    let held = Flock::lock(file, FlockArg::LockExclusive);
    held.map(|held| Lock { _held: held })
        .map_err(|(_, errno)| not_written(errno.into()))
}

/// Takes another lock, a file in [`DIR`]; `None` where somebody else has it.
pub fn claim(root: &Root, path: &str) -> Result<Option<Lock>> {
    let file = lock_file(root, path).map_err(not_written)?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(held) => Ok(Some(Lock { _held: held })),
        Err((_, Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, errno)) => Err(not_written(errno.into())),
    }
}

fn lock_file(root: &Root, path: &str) -> io::Result<File> {
    // A disk that takes no more can still be locked.
    let path = root.path(path);
    match private().read(true).open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        opened => return opened,
    }
    make_dir(root)?;
    private().write(true).create(true).open(path)
}

/// Makes the directory, where it is not there, and returns where it is.
pub fn make_dir(root: &Root) -> io::Result<PathBuf> {
    let dir = root.path(DIR);
    if !dir.is_dir() {
        DirBuilder::new().recursive(true).mode(0o711).create(&dir)?;
        // The umask of who makes it is not asked.
        fs::set_permissions(&dir, Permissions::from_mode(0o711))?;
    }
    Ok(dir)
}

/// One kind of record.
pub struct Kept {
    /// Where it is.
    pub path: &'static str,
    /// Name and major version of its document.
    pub schema: &'static str,
    /// What it is, after "the record of".
    pub of: &'static str,
}

impl Kept {
    /// The record; `None` where there is none.
    pub fn load<T: DeserializeOwned>(&self, root: &Root) -> Result<Option<T>> {
        if !root.is_on_disk() {
            return Ok(None);
        }
        let mut text = String::new();
        let read = private()
            .read(true)
            .open(root.path(self.path))
            .and_then(|file| file.take(LENGTH_MAX).read_to_string(&mut text));
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                return Err(self.damaged("it is not UTF-8 text"))
            }
            Err(error) => return Err(self.unreadable(&error)),
        }
        let damaged = |error: serde_json::Error| self.damaged(&shown(&error.to_string()));
        let document: Value = serde_json::from_str(&text).map_err(damaged)?;
        match document.get("schema").and_then(Value::as_str) {
            Some(schema) if schema == self.schema => {
                serde_json::from_str(&text).map(Some).map_err(damaged)
            }
            Some(other) => Err(self.damaged(&format!("its schema is \"{}\"", shown(other)))),
            None => Err(self.damaged("it does not say what it is")),
        }
    }

    /// Writes the record.
    pub fn save(&self, root: &Root, _lock: &Lock, record: &impl Serialize) -> Result<()> {
        let write = || -> io::Result<()> {
            let mut text = serde_json::to_string_pretty(record)?;
            text.push('\n');
            replace(&root.path(self.path), text.as_bytes())
        };
        write().map_err(not_written)
    }

    /// Removes the record.
    pub fn remove(&self, root: &Root, _lock: &Lock) -> Result<()> {
        let remove = || -> io::Result<()> {
            fs::remove_file(root.path(self.path))?;
            File::open(root.path(DIR))?.sync_all()
        };
        match remove() {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(not_written(error)),
            _ => Ok(()),
        }
    }

    /// It is not what milspecctl wrote.
    pub fn damaged(&self, why: &str) -> Failure {
        Failure::new(
            "record-damaged",
            format!("the record of {} is damaged", self.of),
            format!("{}: {why}", self.path),
            "put a backup of it in its place, or move it away to begin a new one",
        )
    }

    fn unreadable(&self, error: &io::Error) -> Failure {
        let (code, next) = match error.kind() {
            ErrorKind::PermissionDenied => ("no-permission", "run it as root"),
            _ => (
                "record-unreadable",
                "see that it is a file, on a disk without errors",
            ),
        };
        let what = format!("cannot read the record of {}", self.of);
        let why = format!("the kernel does not let milspecctl read {}", self.path);
        Failure::new(code, what, why, next).with_error(error)
    }
}

/// Replaces a file: a power cut leaves the old one or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file = private()
        .write(true)
        .create(true)
        .truncate(true)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    File::open(path.parent().unwrap_or(Path::new("/")))?.sync_all()
}

/// For files of their owner alone. Whatever somebody put there instead of a file is not followed.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options
        .mode(0o600)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits());
    options
}

fn not_written(error: io::Error) -> Failure {
    Failure::new(
        "not-recorded",
        "nothing was changed",
        format!("how to bring back what is now could not be recorded in {DIR}"),
        "see that it is on a disk with space that can be written, then run it again",
    )
    .with_error(&error)
}
