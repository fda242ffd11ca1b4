// SPDX-License-Identifier: GPL-2.0

//! `milspecctl status`

use super::mode_get::ModeNow;
use super::Abi;
use milspec::cli::Refresh;
use milspec::model::{
    clean, is_tamper_known, names, tampered, Anchor, Control, Family, Journal, LastRequest,
    Machine, Provenance, Reading,
};
use milspec::monitor::alive::Monitor;
use milspec::snapshot::Refreshed;
use milspec::system::{self, Npu, SecureBoot, Tpm};
use milspec::unconfirmed::Told;
use milspec::words::{count, with};
use milspec::{warning, Result, Root, Snapshot, Warning};
use milspec_uapi::{ABI_MAJOR, ABI_MINOR, INFO_FORCED, STATUS_TPM_REQUIRED};
use serde::Serialize;

/// `milspec.status/1`
#[derive(Debug, Serialize)]
pub struct Status {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Which machine it is of.
    #[serde(flatten)]
    pub from: Provenance,
    /// How that was recognised.
    pub simulated_because: Option<String>,
    /// The machine.
    pub machine: Machine,
    /// The driver.
    pub driver: Driver,
    /// This program.
    pub client: Client,
    /// Grows whenever a read of the firmware finds anything different.
    pub generation: u64,
    /// When the controls were last read, on the clock that counts from boot, sleep included.
    pub read_boottime_ns: u64,
    /// How long ago that was; null where the clock cannot be read.
    pub read_age_ms: Option<u64>,
    /// The families of controls.
    pub families: Vec<Family>,
    /// Names of the controls with which the firmware reports tampering.
    pub tamper: Vec<String>,
    /// Whether all that could report it was read.
    pub tamper_known: bool,
    /// The mode, and what is left to do about it.
    #[serde(flatten)]
    pub now: ModeNow,
    /// Whether controls of class restricted may be changed.
    pub restricted_allowed: bool,
    /// Whether changes are refused while the TPM cannot be read.
    pub tpm_required: bool,
    /// How the request for a change that ended last ended; null where none has since the module was
    /// loaded.
    pub last_request: Option<LastRequest>,
    /// The TPM.
    pub tpm: Tpm,
    /// What ties the journal to it.
    pub anchor: Anchor,
    /// The journal.
    pub journal: Journal,
    /// Whether the firmware checks what it boots.
    pub secure_boot: SecureBoot,
    /// How far the kernel is locked down; null where that cannot be read.
    pub lockdown: Option<String>,
    /// The processor for neural networks.
    pub npu: Npu,
    /// The change that has to be confirmed, or was undone; null where there is none.
    pub unconfirmed: Option<Told>,
    /// The monitor that `milspec-monitor.service` runs.
    pub monitor: MonitorNow,
    /// What needs attention.
    pub warnings: Vec<Warning>,
    /// What `--refresh` did; null without it.
    pub refresh: Option<Refreshed>,
}

/// A monitor.
#[derive(Debug, Serialize)]
pub struct MonitorNow {
    /// `watches`, `silent` where it has said nothing for minutes, or `none`.
    pub state: &'static str,
    /// The last record that it has seen; null without one that watches.
    pub sequence: Option<u64>,
    /// How many findings it had, ever.
    pub findings: Option<u64>,
    /// Places that lines go to, and take none now.
    pub failing: Vec<String>,
}

impl MonitorNow {
    fn of(root: &Root) -> Self {
        let (state, alive) = match Monitor::of(root) {
            Monitor::None => ("none", None),
            Monitor::Silent(alive) => ("silent", Some(alive)),
            Monitor::Watches(alive) => ("watches", Some(alive)),
        };
        let sinks = alive.iter().flat_map(|alive| &alive.sinks);
        let failing = sinks.filter(|sink| !sink.works);
        Self {
            state,
            sequence: alive.as_ref().map(|alive| alive.sequence),
            findings: alive.as_ref().map(|alive| alive.findings),
            failing: failing.map(|sink| sink.name.clone()).collect(),
        }
    }

    fn warning(&self) -> Option<Warning> {
        let (code, text) = match (self.state, self.failing.is_empty()) {
            ("silent", _) => ("monitor-silent", "the monitor has said nothing for minutes"),
            ("watches", false) => (
                "monitor-not-heard",
                "what the monitor has to tell is not taken",
            ),
            _ => return None,
        };
        let remedy = "\"journalctl -u milspec-monitor\" says why; see \"milspecctl doctor\"";
        Some(Warning::new(code, text, remedy))
    }
}

/// The driver.
#[derive(Debug, Serialize)]
pub struct Driver {
    /// Its version.
    pub version: String,
    /// Its ABI.
    pub abi: Abi,
    /// Whether it was loaded with `force` on a machine that is not a Dell.
    pub forced: bool,
}

/// This program.
#[derive(Debug, Serialize)]
pub struct Client {
    /// Its version.
    pub version: &'static str,
    /// The ABI it was built for.
    pub abi: Abi,
}

/// Fetches the document.
pub fn run(root: &Root, refresh: Refresh) -> Result<Status> {
    let snapshot = Snapshot::take(root, refresh.refresh)?;
    let (info, status, controls) = (&snapshot.info, &snapshot.status, &snapshot.controls);
    let from = snapshot.provenance(root);
    let read_ago = |now: u64| now.saturating_sub(status.refreshed_ns) / 1_000_000;
    let families = Family::all(status);
    let mut document = Status {
        schema: "milspec.status/1",
        simulated_because: from.simulated_because.clone(),
        from,
        machine: snapshot.machine(),
        driver: Driver {
            version: clean(&info.driver_version),
            abi: Abi {
                major: info.abi_major,
                minor: info.abi_minor,
            },
            forced: info.properties & INFO_FORCED != 0,
        },
        client: Client {
            version: env!("CARGO_PKG_VERSION"),
            abi: Abi {
                major: ABI_MAJOR,
                minor: ABI_MINOR,
            },
        },
        generation: status.generation,
        read_boottime_ns: status.refreshed_ns,
        read_age_ms: root.boottime_ns().map(read_ago),
        tamper: tampered(controls),
        tamper_known: is_tamper_known(&families, controls),
        families,
        now: ModeNow::of(&snapshot),
        restricted_allowed: snapshot.is_restricted_allowed(),
        tpm_required: status.properties & STATUS_TPM_REQUIRED != 0,
        last_request: LastRequest::new(status, controls),
        tpm: system::tpm(root),
        anchor: Anchor::new(status),
        journal: Journal {
            next: status.journal_next,
            overwritten: status.journal_overwritten,
        },
        secure_boot: system::secure_boot(root),
        lockdown: system::lockdown(root),
        npu: system::npu(root),
        unconfirmed: Told::read(root),
        monitor: MonitorNow::of(root),
        warnings: Vec::new(),
        refresh: snapshot.refreshed,
    };
    document.warnings = warnings(&document, controls);
    Ok(document)
}

fn warnings(doc: &Status, controls: &[Control]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let about = |code, controls: Vec<String>, text: String, remedy| {
        (!controls.is_empty()).then(|| Warning::new(code, text, remedy).about(controls))
    };
    warnings.extend(about(
        "tamper",
        doc.tamper.clone(),
        "the firmware reports tampering".into(),
        "inspect the machine; only the firmware can take the report back",
    ));
    let degraded = &doc.now.degraded;
    warnings.extend(about(
        "degraded",
        degraded.clone(),
        format!("an apply could not put back {}", degraded.join(", ")),
        match doc.now.latched {
            // No other mode can be set.
            true => "set paranoid-plus again: that puts them right",
            false => "set the mode of before again: that puts them right",
        },
    ));
    let drifted = &doc.now.drifted;
    let names_of_drifted = drifted.join(", ");
    warnings.extend(about(
        "drifted",
        drifted.clone(),
        format!("something else than the driver changed {names_of_drifted}"),
        match doc.now.latched {
            true => "find out what did; then set paranoid-plus again",
            false => {
                "find out what did; then set the mode again, or \"milspecctl control accept\" them"
            }
        },
    ));
    if doc.driver.forced {
        warnings.push(Warning::new(
            "forced",
            "the driver was loaded with force on a machine that is not a Dell",
            "reload the module without force",
        ));
    }
    let failed = |family: &&Family| family.state == "failed";
    for family in doc.families.iter().filter(failed) {
        let error = with(": ", family.error.as_ref().map(|error| &error.name));
        warnings.push(Warning::new(
            "family-failed",
            format!("family {} could not be read{error}", family.name),
            "see \"dmesg | grep milspec\", then \"milspecctl status --refresh\" as root",
        ));
    }
    if doc.families.iter().all(|family| family.state == "absent") {
        warnings.push(Warning::new(
            "no-controls",
            "this machine offers no control",
            "run \"milspecctl doctor\" for what is missing",
        ));
    }
    // A family that failed as a whole is one warning, not one more for all that is in it.
    let failed = |control: &Control| {
        let mut families = doc.families.iter().filter(failed);
        families.any(|family| family.name == control.family)
    };
    let unreadable = names(controls, |c| c.reading != Reading::Known && !failed(c));
    let number = count(unreadable.len(), "control");
    warnings.extend(about(
        "unreadable",
        unreadable,
        format!("{number} without a known value"),
        "\"milspecctl control list\" shows which, and why",
    ));
    let failed = names(controls, Control::device_failed);
    let number = count(failed.len(), "DSMIL device");
    warnings.extend(about(
        "device-failed",
        failed,
        format!("{number} in state failed"),
        "\"milspecctl control list --family dsmil\" shows which",
    ));
    let contradictory = names(controls, |control| control.presence == "contradictory");
    let number = count(contradictory.len(), "control");
    warnings.extend(about(
        "contradictory",
        contradictory,
        format!("the machine's tables contradict themselves about {number}"),
        "look for a BIOS update; \"milspecctl control list\" shows which",
    ));
    if doc.anchor.state == "failed" {
        let error = doc.anchor.error.as_ref().map_or("", |error| &error.name);
        warnings.push(Warning::new(
            "anchor-failed",
            format!("the TPM cannot be used ({error}): changes are not anchored"),
            "run \"milspecctl doctor\"",
        ));
    }
    warnings.extend(warning::after(controls));
    warnings.extend(doc.unconfirmed.iter().map(Told::warning));
    warnings.extend(doc.monitor.warning());
    warnings
}
