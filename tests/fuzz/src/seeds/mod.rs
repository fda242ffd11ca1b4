// SPDX-License-Identifier: GPL-2.0

//! What libFuzzer begins with, made of the files of this repository: tables of real machines, files that
//! packages bring, documents that tests and docs show.

mod dsmil;
mod journal;

pub use journal::journal;

use crate::machine::{structures, Machine};
use crate::recording;
use milspec_uapi as uapi;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use zerocopy::{FromZeros, IntoBytes};

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The name of a target, and its seeds.
pub type Seeds = (&'static str, Vec<Vec<u8>>);

/// The seeds of all targets.
pub fn all() -> io::Result<Vec<Seeds>> {
    let toml = |schema: &str| texts(schema);
    Ok(vec![
        ("attestation", edits(&[1])),
        ("attestation_list", toml("milspec.attestations/1")?),
        ("config", toml("milspec.config/1")?),
        ("dsmil_answers", dsmil::answers()?),
        ("exceptions", toml("milspec.exceptions/1")?),
        ("journal", journal::records()),
        ("monitor_rules", toml("milspec.monitor-site/1")?),
        ("recording", recordings()),
        ("report", edits(&[0, 1])),
        ("scenario", toml("milspec.scenario/1")?),
        ("token_table", tables()?),
    ])
}

/// Words for the dictionary of a target: what stands in its seeds, and what docs set in code.
pub fn words(seeds: &[Vec<u8>]) -> io::Result<BTreeSet<String>> {
    let split = |c: char| !(c.is_ascii_alphanumeric() || "-_/.".contains(c));
    let mut words = BTreeSet::new();
    for text in seeds
        .iter()
        .filter_map(|seed| std::str::from_utf8(seed).ok())
    {
        let all = text
            .split(split)
            .filter(|word| (2..40).contains(&word.len()));
        words.extend(all.map(String::from));
    }
    let mut paths = Vec::new();
    files(&repository().join("docs"), &mut paths)?;
    for path in paths
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
    {
        let text = fs::read_to_string(path)?;
        let code = text.split('`').skip(1).step_by(2);
        let short = code.filter(|code| (2..40).contains(&code.len()) && !code.contains(split));
        words.extend(short.map(String::from));
    }
    Ok(words)
}

/// Files below a directory, in order.
fn files(dir: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        match path.is_dir() {
            true => files(&path, found)?,
            false => found.push(path),
        }
    }
    Ok(())
}

/// Documents of a schema: files, and what stands between fences in docs.
fn texts(schema: &str) -> io::Result<Vec<Vec<u8>>> {
    let (mut found, mut paths) = (Vec::new(), Vec::new());
    for dir in ["docs", "packaging", "milspec-cli/src"] {
        files(&repository().join(dir), &mut paths)?;
    }
    let says = format!("schema = \"{schema}\"");
    for path in paths {
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let ends = |end: &str| path.extension().is_some_and(|other| other == end);
        if ends("toml") && text.contains(&says) {
            found.push(text.into_bytes());
        } else if ends("md") {
            let blocks = text.split("```toml\n").skip(1);
            let blocks = blocks.filter_map(|block| block.split("```").next());
            let blocks = blocks.filter(|block| block.contains(&says));
            found.extend(blocks.map(|block| block.as_bytes().to_vec()));
        }
    }
    Ok(found)
}

/// Good documents, unchanged and changed a little.
fn edits(kinds: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for kind in [&[0], kinds].concat() {
        all.push(vec![0, kind]);
        for place in 0..20 {
            all.push(vec![0, kind, 1, place, 0, 8, 3, place, 1]);
            all.push(vec![0, kind, 1, place, 0, 1, place, 0, 8, 5, 2, b'a', b'b']);
        }
    }
    all
}

/// The tables of all profiles: each structure, all together, and as SMBIOS has them.
fn tables() -> io::Result<Vec<Vec<u8>>> {
    let (mut found, mut paths) = (Vec::new(), Vec::new());
    files(&repository().join("tests/machine/profiles"), &mut paths)?;
    for path in paths
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
    {
        let profile: toml::Table = toml::from_str(&fs::read_to_string(path)?)
            .map_err(|error| io::Error::other(error.to_string()))?;
        let structures = structures(&profile);
        if structures.is_empty() {
            continue;
        }
        found.extend(
            structures
                .iter()
                .take(2)
                .map(|one| [&[0], &one[..]].concat()),
        );
        found.push([&[1], &structures.concat()[..]].concat());
        let with_texts = structures.iter().map(|one| [&one[..], &[0, 0]].concat());
        found.push([&[2], &with_texts.collect::<Vec<_>>().concat()[..]].concat());
    }
    Ok(found)
}

/// Recordings of machines with the tables of profiles, with plans and records.
fn recordings() -> Vec<Vec<u8>> {
    let mut plan = uapi::Apply::new_zeroed();
    plan.head.size = size_of::<uapi::Apply>() as u32;
    plan.step_stride = size_of::<uapi::Step>() as u32;
    plan.outcome = uapi::OUTCOME_PLANNED;
    let mut step = uapi::Step::new_zeroed();
    step.control = 1 << 16;
    let plan = [plan.as_bytes(), step.as_bytes(), step.as_bytes()].concat();
    let part = |place: usize, bytes: &[u8]| {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        let kept = &bytes[..usize::from(length)];
        [&[place as u8], &length.to_le_bytes()[..], kept].concat()
    };
    let place = |path: &str| recording::PATHS.iter().position(|other| *other == path);
    let mut found = vec![Vec::new()];
    for (path, bytes) in [
        ("recording/plan-enhanced.bin", &plan[..]),
        ("recording/lines-enhanced.bin", &plan[..]),
        ("recording/journal.bin", journal().as_slice().as_bytes()),
        ("proc/uptime", b"12.34 0.00"),
    ] {
        found.extend(place(path).map(|place| part(place, bytes)));
    }
    let machine = Machine::of_profile("latitude-7490");
    for (path, bytes) in machine.files() {
        found.extend(place(&path).map(|place| part(place, &bytes)));
    }
    let few = [
        &machine.listing()[..size_of::<uapi::Controls>()],
        machine.controls[..3].as_bytes(),
    ];
    found.push(part(2, &few.concat()));
    found
}
