// SPDX-License-Identifier: GPL-2.0

//! What the monitor keeps on disk: its place in the journal, how the controls stood, what it has
//! counted, and what no sink has taken yet. A power cut leaves the old file or the new one.

use super::judge::Judge;
use super::standing::Standing;
use super::{Counters, Counts, Line};
use crate::failure::{Failure, Result};
use crate::kept::{self, private};
use crate::model::Word;
use crate::words::shown;
use base64::prelude::{Engine, BASE64_STANDARD};
use milspec_uapi::Event;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use zerocopy::{FromBytes, IntoBytes};

/// Name and major version of the document.
pub const SCHEMA: &str = "milspec.monitor-state/1";

/// More than any such file has.
const LENGTH_MAX: u64 = 16 << 20;

/// What is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// [`SCHEMA`].
    pub schema: Word,
    /// Vendor, product: of which machine this is.
    pub machine: String,
    /// Which boot it was.
    pub boot_id: Option<String>,
    /// Version of the BIOS.
    pub bios: String,
    /// The last record that was judged; null before the first.
    pub last: Option<Base64>,
    /// How the controls stood.
    pub standing: Standing,
    /// How far the wall clock was ahead of the time since boot.
    pub ahead_ns: Option<i64>,
    /// When the last checkpoint was told, in nanoseconds since 1970.
    pub checkpoint_ns: u64,
    /// What rules have counted so far.
    pub judge: Judge,
    /// What each sink has not taken yet, by its name.
    pub pending: BTreeMap<String, VecDeque<Line>>,
    /// How many lines each sink has lost since it last worked, because there was no room for more.
    pub lost: BTreeMap<String, u64>,
    /// How often what happens on this machine.
    pub counts: Counts,
    /// What was counted for metrics.
    pub counters: Counters,
}

/// A record as the driver gives it, in base64.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Base64(String);

impl Base64 {
    /// Of a record.
    pub fn new(event: &Event) -> Self {
        Self(BASE64_STANDARD.encode(event.as_bytes()))
    }

    /// The record; `None` where it is none.
    pub fn event(&self) -> Option<Event> {
        let bytes = BASE64_STANDARD.decode(&self.0).ok()?;
        Event::read_from_bytes(&bytes).ok()
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }
}

/// The directory of the state, which one monitor has at a time.
pub struct Kept {
    dir: PathBuf,
    _held: Flock<File>,
}

impl Kept {
    /// Takes the directory, which has to be there.
    pub fn open(dir: &Path) -> Result<Self> {
        let lock = private()
            .read(true)
            .write(true)
            .create(true)
            .open(dir.join("lock"))
            .map_err(|error| unusable(dir, &error))?;
        let held = Flock::lock(lock, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| {
            Failure::new(
                "monitor-busy",
                format!("cannot watch with {}", dir.display()),
                "another monitor does so",
                "stop that one (systemctl stop milspec-monitor), or name another directory",
            )
            .with(errno)
        })?;
        Ok(Self {
            dir: dir.to_path_buf(),
            _held: held,
        })
    }

    fn path(&self) -> PathBuf {
        self.dir.join("state.json")
    }

    /// The state; `None` where there is none, an error in words where there is one that cannot be used. Fails
    /// where it cannot be read: it may be whole.
    pub fn load(&self) -> Result<std::result::Result<Option<State>, String>> {
        let mut text = Vec::new();
        let read = private()
            .read(true)
            .open(self.path())
            .and_then(|file| file.take(LENGTH_MAX).read_to_end(&mut text));
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Ok(None)),
            Err(error) => return Err(unusable(&self.dir, &error)),
        }
        Ok(match serde_json::from_slice::<State>(&text) {
            Ok(state) if state.schema == SCHEMA => Ok(Some(state)),
            Ok(state) => Err(format!("its schema is \"{}\"", shown(&state.schema))),
            Err(error) => Err(shown(&error.to_string())),
        })
    }

    /// Moves a state that cannot be used away, so that it can be looked at.
    pub fn set_aside(&self) -> io::Result<()> {
        fs::rename(self.path(), self.dir.join("state.json.damaged"))
    }

    /// Writes the state.
    pub fn save(&self, state: &State) -> io::Result<()> {
        kept::replace(&self.path(), &serde_json::to_vec(state)?)
    }
}

fn unusable(dir: &Path, error: &io::Error) -> Failure {
    Failure::new(
        "monitor-state-unusable",
        format!("cannot watch with {}", dir.display()),
        "the directory is not there, or what is in it cannot be read or written",
        "make it, as the user that watches, or let systemd do so: systemctl start milspec-monitor",
    )
    .with_error(error)
}
