// SPDX-License-Identifier: GPL-2.0

//! Reads lines, of which somebody may have made some up.

use super::machine::Gathered;
use super::{Report, Tally, SCHEMA};
use crate::clock;
use crate::failure::Result;
use crate::input;
use crate::monitor::{line, Line, What};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

/// No line of a monitor is longer, in bytes.
const LINE_MAX: u64 = 64 * 1024;
/// So many lines are told apart: two numbers of each are kept.
const LINES_MAX: usize = 2_000_000;
/// So many machines.
const MACHINES_MAX: usize = 1_000;
/// The longest name of a machine, in characters.
const HOST_MAX: usize = 255;

/// What was read of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Read {
    /// Its name.
    pub file: String,
    /// Lines in it that are not empty.
    pub lines: u64,
    /// Of these, what was there before.
    pub duplicates: u64,
    /// Of these, what is no line of a monitor: no JSON, cut off, too long.
    pub broken: u64,
    /// Of these, what is of a schema, or of a type, that this version does not know.
    pub unknown: u64,
}

/// What was read so far.
#[derive(Default)]
pub(super) struct Reader {
    files: Vec<Read>,
    machines: BTreeMap<Option<String>, Gathered>,
    /// What names a line, hashed with a key of this run: nobody can make two that collide.
    seen: HashSet<u64>,
    hasher: RandomState,
    left_out: u64,
}

/// What every document begins with.
#[derive(Deserialize)]
struct Head<'a> {
    schema: Option<std::borrow::Cow<'a, str>>,
    #[serde(rename = "type")]
    kind: Option<std::borrow::Cow<'a, str>>,
}

impl Reader {
    /// Opens a file and reads it; `-` is standard input.
    pub(super) fn open(&mut self, path: &Path) -> Result<()> {
        let name = input::name(path);
        let done = match input::is_standard(path) {
            true => self.read(&name, io::stdin().lock()),
            // Once: what was read of a pipe is gone.
            false => File::open(path).and_then(|file| self.read(&name, BufReader::new(file))),
        };
        done.map_err(|error| input::unreadable(path, &error))
    }

    /// Reads lines.
    pub(super) fn read(&mut self, name: &str, mut from: impl BufRead) -> io::Result<()> {
        let mut read = Read {
            file: name.into(),
            lines: 0,
            duplicates: 0,
            broken: 0,
            unknown: 0,
        };
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let taken = from.by_ref().take(LINE_MAX).read_until(b'\n', &mut bytes)?;
            if taken == 0 {
                break;
            }
            let is_whole = bytes.ends_with(b"\n") || (taken as u64) < LINE_MAX;
            if !is_whole {
                skip(&mut from)?;
            }
            let text = bytes.trim_ascii();
            if text.is_empty() && is_whole {
                continue;
            }
            read.lines += 1;
            match is_whole {
                true => self.line(text, &mut read),
                false => read.broken += 1,
            }
        }
        self.files.push(read);
        Ok(())
    }

    fn line(&mut self, text: &[u8], read: &mut Read) {
        let Ok(line) = serde_json::from_slice::<Line>(text) else {
            let head = serde_json::from_slice::<Head<'_>>(text);
            match head.is_ok_and(|head| is_newer(&head)) {
                true => read.unknown += 1,
                false => read.broken += 1,
            }
            return;
        };
        if line.schema != line::SCHEMA {
            read.unknown += 1;
            return;
        }
        let host = line.host.as_ref();
        let host: Option<String> = host.map(|host| host.chars().take(HOST_MAX).collect());
        let named = self.hasher.hash_one((&host, name_of(&line)));
        if self.seen.contains(&named) {
            read.duplicates += 1;
            return;
        }
        let is_new = !self.machines.contains_key(&host);
        if self.seen.len() >= LINES_MAX || (is_new && self.machines.len() >= MACHINES_MAX) {
            self.left_out += 1;
            return;
        }
        self.seen.insert(named);
        self.machines.entry(host).or_default().take(&line);
    }

    /// The document.
    pub(super) fn report(self) -> Report {
        let machines = self.machines.into_iter();
        let machines: Vec<_> = machines
            .map(|(host, gathered)| gathered.done(host))
            .collect();
        let mut fleet = Tally::default();
        for machine in &machines {
            fleet.add(&machine.tally);
        }
        Report {
            schema: SCHEMA,
            made_at: clock::now(),
            made_with: env!("CARGO_PKG_VERSION"),
            files: self.files,
            left_out: self.left_out,
            fleet,
            machines,
        }
    }
}

/// What names a line on its machine: it is there once, however often it was sent.
fn name_of(line: &Line) -> (&'static str, String, u64) {
    let kind = line.kind();
    match &line.what {
        What::Record(record) => (kind, record.load.clone(), record.sequence),
        What::Finding(finding) => (kind, finding.id.clone(), 0),
        // The chain can stand still between two.
        What::Checkpoint(at) => (kind, format!("{} {}", at.load, at.sequence), line.wall_ns),
        // Several sinks can have the same to say at one time.
        What::Note(note) => {
            let sink = note.sink.as_deref().unwrap_or_default();
            (kind, format!("{} {sink}", note.note), line.wall_ns)
        }
    }
}

/// Whether it is a line that a later version may know how to read.
fn is_newer(head: &Head<'_>) -> bool {
    let types = ["record", "finding", "checkpoint", "note"];
    let schema = head.schema.as_deref().unwrap_or_default();
    let (name, _) = line::SCHEMA.split_once('/').unwrap_or_default();
    let is_ours = schema.split('/').next() == Some(name);
    let is_known = |kind: &str| types.contains(&kind);
    is_ours && (schema != line::SCHEMA || !head.kind.as_deref().is_some_and(is_known))
}

/// Reads on to the end of a line without keeping it.
fn skip(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = from.fill_buf()?;
        let (length, ends) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        from.consume(length);
        if ends {
            return Ok(());
        }
    }
}
