// SPDX-License-Identifier: GPL-2.0

//! Machines that a person has running, so that another command finds them.

use crate::machine::Machine;
use crate::prepare::Cache;
use anyhow::{bail, Context, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A machine that a person runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    /// Process id of the command that runs it.
    pub pid: u32,
    /// Profile.
    pub profile: String,
    /// Where its files are.
    pub directory: PathBuf,
}

/// The note about a running machine; it goes with this object.
#[derive(Debug)]
pub struct Announced {
    file: PathBuf,
}

impl Drop for Announced {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

/// Makes a machine known to `machine nvram`.
pub fn announce(cache: &Cache, machine: &Machine) -> Result<Announced> {
    let directory = cache.path("running");
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let pid = std::process::id();
    let running = Running {
        pid,
        profile: profile_name(machine)?,
        directory: machine.directory().to_path_buf(),
    };
    let file = directory.join(format!("{pid}.json"));
    let text = serde_json::to_vec(&running).context("cannot encode a note")?;
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(Announced { file })
}

/// The name by which the profile of a machine is loaded again. The table of a report is kept beside
/// the machine: the report itself may be another one by then.
fn profile_name(machine: &Machine) -> Result<String> {
    let profile = machine.profile();
    if profile.report.is_empty() {
        return Ok(profile.name.clone());
    }
    let file = machine.directory().join("token-table");
    let mut table = Vec::new();
    for structure in &profile.report {
        table.extend(structure);
        table.extend([0, 0]);
    }
    std::fs::write(&file, table).with_context(|| format!("cannot write {}", file.display()))?;
    let dsml = if profile.firmware.dsml { "+dsml" } else { "" };
    Ok(format!("dmi:{}{dsml}", file.display()))
}

/// The machine of this process id, or the only one that runs.
pub fn find(cache: &Cache, pid: Option<u32>) -> Result<Running> {
    let mut machines = all(&cache.path("running"))?;
    if let Some(pid) = pid {
        machines.retain(|m| m.pid == pid);
    }
    match machines.as_slice() {
        [machine] => Ok(machine.clone()),
        [] => bail!("no such machine is running: start one with `machine shell`"),
        several => {
            let list: Vec<String> = several
                .iter()
                .map(|m| format!("{} ({})", m.pid, m.profile))
                .collect();
            bail!(
                "several machines are running, choose one with --pid: {}",
                list.join(", ")
            )
        }
    }
}

fn all(directory: &Path) -> Result<Vec<Running>> {
    let mut machines = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Ok(machines);
    };
    for entry in entries {
        let path = entry.context("cannot list running machines")?.path();
        let Ok(text) = std::fs::read(&path) else {
            continue;
        };
        match serde_json::from_slice::<Running>(&text) {
            Ok(machine) if machine.directory.is_dir() => machines.push(machine),
            // Its command was killed.
            _ => {
                let _ = std::fs::remove_file(&path);
            }
        }
    }
    Ok(machines)
}
