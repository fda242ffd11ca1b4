// SPDX-License-Identifier: GPL-2.0

//! What the programs that a fleet has already take from a machine: those of docs/fleet.md that Debian has.

use crate::access::wait_until;
use crate::common::{field, milspecctl};
use anyhow::{ensure, Context, Result};
use milspec_machine::machine::Machine;
use serde_json::Value;

/// How the rules of auditd are loaded.
const AUDIT: &str = "auditctl -R /usr/share/milspecctl/audit/dell-milspec.rules";

/// The page that has the recipes.
const PAGE: &str = include_str!("../../docs/fleet.md");
/// What the monitor tells.
const TOLD: &str = "/var/log/milspec-monitor/events.ndjson";
/// What rsyslog is told to do with it.
const CONFIGURED: &str = "/etc/rsyslog.d/milspec.conf";
/// Where rsyslog puts it.
const TAKEN: &str = "/var/log/milspec-lines";
/// Where Debian's node_exporter looks for files.
const TEXTFILES: &str = "/var/lib/prometheus/node-exporter";

/// Promise: with auditd and the rules that come with milspecctl, who talks to the firmware past the driver
/// is recorded, doctor says so, and the check of compliance that asks for an audit is satisfied.
pub fn audited(machine: &Machine) -> Result<()> {
    let row = || -> Result<Value> {
        let doctor = milspecctl(machine, &["doctor"])?;
        let mut checks = doctor["checks"].as_array().into_iter().flatten();
        let row = checks.find(|check| check["id"] == "audit-rule");
        row.cloned().with_context(|| format!("{doctor:#}"))
    };
    let before = row()?;
    ensure!(before["result"] == "warning", "{before:#}");
    machine.sh(AUDIT)?.ok()?;
    let after = row()?;
    ensure!(after["result"] == "ok", "{after:#}");
    machine.sh("head -c 1 /dev/wmi/dell-smbios >/dev/null")?;
    wait_until("auditd has recorded it", || {
        let seen = machine
            .sh("ausearch --input-logs -i -k dell_smbios")?
            .text();
        Ok(seen.contains("name=/dev/wmi/dell-smbios"))
    })?;
    let judged = milspecctl(machine, &["compliance", "--check", "kernel-audit-on"])?;
    let result = &judged["assessments"][0]["checks"][0]["result"];
    ensure!(result == "satisfied", "{judged:#}");
    Ok(())
}

/// The first block of code of a section of the page.
fn recipe(section: &str) -> Result<String> {
    let heading = format!("\n## {section}\n");
    let (_, text) = PAGE.split_once(&heading).context("no such section")?;
    let code = text.split("```").nth(1).context("no code there")?;
    let (_, code) = code.split_once('\n').context("no line there")?;
    Ok(code.into())
}

/// Promise: rsyslog takes each line that the monitor tells, once and as it is, over a rotation by logrotate;
/// node_exporter shows each metric of its file.
pub fn collected(machine: &Machine) -> Result<()> {
    let guest = machine.guest()?;
    guest.create(CONFIGURED, recipe("rsyslog")?.as_bytes(), 0o644)?;
    machine.sh("systemctl restart rsyslog")?.ok()?;
    machine
        .sh(&format!(
            "ln -sf /run/milspec-monitor/milspec.prom {TEXTFILES}"
        ))?
        .ok()?;

    // What the mode has changed goes back, and comes again.
    let controls = milspecctl(machine, &["control", "list"])?;
    let controls = controls["controls"].as_array().context("no controls")?;
    let changed = |control: &&Value| {
        control["baseline"].is_string() && control["baseline"] != control["value"]
    };
    let changed = controls
        .iter()
        .find(changed)
        .context("nothing is changed")?;
    let control = field(changed, "name")?.to_owned();
    let before = field(changed, "baseline")?.to_owned();
    let told = || -> Result<String> {
        let told = format!("cat {TOLD}.1 {TOLD} 2>/dev/null");
        Ok(machine.sh(&told)?.text())
    };
    let lines = |text: &str| text.matches(&format!("\"control\":\"{control}\"")).count();
    let had = lines(&told()?);
    let is_told = |count: usize| {
        wait_until("the monitor has told it", || {
            Ok(lines(&told()?) >= had + count)
        })
    };
    let set = format!("{control}={before}");
    milspecctl(machine, &["control", "set", &set])?;
    is_told(1)?;
    machine
        .sh("logrotate -f /etc/logrotate.d/milspec-monitor")?
        .ok()?;
    ensure!(machine.exists(&format!("{TOLD}.1"))?, "nothing was rotated");
    milspecctl(machine, &["mode", "set", "enhanced"])?;
    is_told(2)?;
    wait_until("rsyslog has taken it all", || {
        let taken = machine.sh(&format!("cat {TAKEN}"))?.text();
        Ok(taken == told()?)
    })?;

    let metrics =
        "exec 3<>/dev/tcp/127.0.0.1/9100; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3";
    let shown = machine.run(["bash", "-c", metrics])?.ok()?.text();
    let ours = machine.read("/run/milspec-monitor/milspec.prom")?;
    for line in ours.lines().filter(|line| line.starts_with("# TYPE ")) {
        ensure!(shown.contains(line), "no {line}: {shown}");
    }
    ensure!(shown.contains("node_textfile_scrape_error 0"), "{shown}");
    Ok(())
}
