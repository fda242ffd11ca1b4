// SPDX-License-Identifier: GPL-2.0

//! What it costs to list all settings: with milspecctl, and with fwupd, whose daemon reads the files of
//! the kernel's class when it starts, and then no more.
//!
//! Cold is the first time: no page of any file is in memory, and fwupd's daemon is not running; it is
//! started by systemctl, since D-Bus would wait for it no longer than 25 s. What is waited for, a disk
//! above all, counts by the host's clock, so that the cold figures are approximate.

use anyhow::{ensure, Context, Result};
use milspec_machine::{GuestCommand, Machine, Options};
use std::time::Duration;

/// A client, its command, what starts what it needs, and what counts its settings.
const CLIENTS: [(&str, &str, &str, &str); 2] = [
    (
        "milspecctl control list --json",
        "milspecctl --json control list",
        ":",
        "\"presence\":",
    ),
    (
        "fwupdmgr get-bios-settings --json",
        "fwupdmgr --json get-bios-settings",
        "systemctl start fwupd",
        "\"BiosSettingId\"",
    ),
];

/// Warm runs, of which the best counts.
const RUNS: usize = 5;

const PATIENCE: Duration = Duration::from_secs(900);

/// Runs it, on a machine with systemd.
pub fn run(profile: &str, options: &Options) -> Result<()> {
    let machine = Machine::boot(
        profile,
        &Options {
            systemd: true,
            ..options.clone()
        },
    )?;
    println!("Listing all settings, in ms by the guest's clock; warm: best of {RUNS}\n");
    println!("{:<36}{:>8}{:>8}{:>10}", "", "cold", "warm", "settings");
    let mut warm = Vec::new();
    for (name, command, start, word) in CLIENTS {
        let cold = "systemctl stop fwupd; sync; echo 3 >/proc/sys/vm/drop_caches";
        machine.sh(cold)?.ok()?;
        let first = time(&machine, &format!("{start} && {command}"))?;
        let mut best = f64::INFINITY;
        for _ in 0..RUNS {
            best = best.min(time(&machine, command)?);
        }
        let count = format!("{command} | grep -c '{word}'");
        let count = machine.sh(&count)?.ok()?.text();
        println!("{name:<36}{first:>8.0}{best:>8.0}{:>10}", count.trim());
        warm.push(best);
    }
    if let [ours, theirs] = warm[..] {
        println!(
            "\nWarm, milspecctl takes {:.2} of what fwupd takes.\n",
            ours / theirs
        );
    }
    machine.check_kernel_log()
}

/// Milliseconds that a command takes.
fn time(machine: &Machine, command: &str) -> Result<f64> {
    let line = format!(
        "a=$EPOCHREALTIME; {{ {command}; }} >/dev/null || exit 1; \
         echo $((${{EPOCHREALTIME/./}} - ${{a/./}}))"
    );
    let argv = ["bash", "-c", &line];
    let output = machine.run_command(GuestCommand::new(argv).timeout(PATIENCE))?;
    let text = output.ok()?.text();
    let microseconds: f64 = text.trim().parse().with_context(|| format!("{text:?}"))?;
    ensure!(microseconds > 0.0, "{command} took {microseconds}");
    Ok(microseconds / 1000.0)
}
