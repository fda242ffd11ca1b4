// SPDX-License-Identifier: GPL-2.0

//! `milspecctl status`

use super::Abi;
use milspec::cli::Refresh;
use milspec::failure::Result;
use milspec::model::{
    clean, is_drift_known, is_tamper_known, names, tampered, Anchor, Control, Family, Journal,
    LastRequest, Machine,
};
use milspec::model::{Reading, Standing};
use milspec::root::Root;
use milspec::snapshot::{Refreshed, Snapshot};
use milspec::system::{self, Npu, SecureBoot, Tpm};
use milspec::unconfirmed::Told;
use milspec::warning::{self, Warning};
use milspec::words::count;
use milspec_uapi::{INFO_FORCED, STATUS_RESTRICTED_ALLOWED, STATUS_TPM_REQUIRED};
use serde::Serialize;

/// `milspec.status/1`
#[derive(Debug, Serialize)]
pub struct Status {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where a recording is from; null on the live machine.
    pub recording: Option<String>,
    /// Whether the machine is the project's simulated Dell.
    pub simulated: bool,
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
    /// The mode.
    pub mode: Standing,
    /// Whether it is latched until the next boot.
    pub latched: bool,
    /// Names of the controls that were changed and wait for the next boot.
    pub pending_reboot: Vec<String>,
    /// Names of the controls that something else has changed.
    pub drifted: Vec<String>,
    /// Names of the controls that could not be put back.
    pub degraded: Vec<String>,
    /// Whether every control was read: else one could have drifted, or be degraded, unseen.
    pub drift_known: bool,
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
    /// What needs attention.
    pub warnings: Vec<Warning>,
    /// What `--refresh` did; null without it.
    pub refresh: Option<Refreshed>,
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
    let read_age_ms = root
        .boottime_ns()
        .map(|now| now.saturating_sub(status.refreshed_ns) / 1_000_000);
    let families = Family::all(status);
    let tamper = tampered(controls);
    let forced = info.properties & INFO_FORCED != 0;
    let machine = Machine::new(info, status);
    let anchor = Anchor::new(status);
    let latched = snapshot.is_latched();
    let unconfirmed = Told::read(root);
    let mut warned = warnings(forced, latched, &families, &tamper, controls, &anchor);
    warned.extend(unconfirmed.iter().map(Told::warning));
    Ok(Status {
        schema: "milspec.status/1",
        recording: root.recording(),
        simulated: machine.simulated_because.is_some(),
        simulated_because: machine.simulated_because.clone(),
        machine,
        driver: Driver {
            version: clean(&info.driver_version),
            abi: Abi::of(info),
            forced,
        },
        client: Client {
            version: env!("CARGO_PKG_VERSION"),
            abi: Abi::OWN,
        },
        generation: status.generation,
        read_boottime_ns: status.refreshed_ns,
        read_age_ms,
        unconfirmed,
        warnings: warned,
        tamper_known: is_tamper_known(&families, controls),
        drift_known: is_drift_known(&families, controls),
        families,
        tamper,
        mode: Standing::new(status, controls),
        latched,
        pending_reboot: names(controls, |control| control.pending_reboot),
        drifted: names(controls, |control| control.drifted),
        degraded: names(controls, |control| control.degraded),
        restricted_allowed: status.properties & STATUS_RESTRICTED_ALLOWED != 0,
        tpm_required: status.properties & STATUS_TPM_REQUIRED != 0,
        last_request: LastRequest::new(status, controls),
        tpm: system::tpm(root),
        anchor,
        journal: Journal::new(status),
        secure_boot: system::secure_boot(root),
        lockdown: system::lockdown(root),
        npu: system::npu(root),
        refresh: snapshot.refreshed,
    })
}

fn warnings(
    forced: bool,
    latched: bool,
    families: &[Family],
    tamper: &[String],
    controls: &[Control],
    anchor: &Anchor,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, text: String, remedy, controls| {
        warnings.push(Warning::new(code, text, remedy).about(controls));
    };
    if !tamper.is_empty() {
        warn(
            "tamper",
            "the firmware reports tampering".into(),
            "inspect the machine; only the firmware can take the report back",
            tamper.to_vec(),
        );
    }
    let degraded = names(controls, |control| control.degraded);
    if !degraded.is_empty() {
        warn(
            "degraded",
            format!("an apply could not put back {}", degraded.join(", ")),
            match latched {
                // No other mode can be set.
                true => "set paranoid-plus again: that puts them right",
                false => "set the mode of before again: that puts them right",
            },
            degraded,
        );
    }
    let drifted = names(controls, |control| control.drifted);
    if !drifted.is_empty() {
        warn(
            "drifted",
            format!(
                "something else than the driver changed {}",
                drifted.join(", ")
            ),
            match latched {
                true => "find out what did; then set paranoid-plus again",
                false => {
                    "find out what did; then set the mode again, or \"milspecctl control accept\" them"
                }
            },
            drifted,
        );
    }
    if forced {
        warn(
            "forced",
            "the driver was loaded with force on a machine that is not a Dell".into(),
            "reload the module without force",
            Vec::new(),
        );
    }
    for family in families.iter().filter(|family| family.state == "failed") {
        let error = family
            .error
            .as_ref()
            .map(|error| format!(": {}", error.name))
            .unwrap_or_default();
        warn(
            "family-failed",
            format!("family {} could not be read{error}", family.name),
            "see \"dmesg | grep milspec\", then \"milspecctl status --refresh\" as root",
            Vec::new(),
        );
    }
    if families.iter().all(|family| family.state == "absent") {
        warn(
            "no-controls",
            "this machine offers no control".into(),
            "run \"milspecctl doctor\" for what is missing",
            Vec::new(),
        );
    }
    // A family that failed as a whole is one warning, not one more for all that is in it.
    let failed = |control: &Control| {
        let mut families = families.iter();
        families.any(|family| family.name == control.family && family.state == "failed")
    };
    let unreadable = names(controls, |c| c.reading != Reading::Known && !failed(c));
    if !unreadable.is_empty() {
        warn(
            "unreadable",
            format!(
                "{} without a known value",
                count(unreadable.len() as u64, "control")
            ),
            "\"milspecctl control list\" shows which, and why",
            unreadable,
        );
    }
    let failed = names(controls, Control::device_failed);
    if !failed.is_empty() {
        warn(
            "device-failed",
            format!(
                "{} in state failed",
                count(failed.len() as u64, "DSMIL device")
            ),
            "\"milspecctl control list --family dsmil\" shows which",
            failed,
        );
    }
    let contradictory = names(controls, |control| control.presence == "contradictory");
    if !contradictory.is_empty() {
        warn(
            "contradictory",
            format!(
                "the machine's tables contradict themselves about {}",
                count(contradictory.len() as u64, "control")
            ),
            "look for a BIOS update; \"milspecctl control list\" shows which",
            contradictory,
        );
    }
    if anchor.state == "failed" {
        let error = anchor.error.as_ref().map_or("", |error| &error.name);
        warn(
            "anchor-failed",
            format!("the TPM cannot be used ({error}): changes are not anchored"),
            "run \"milspecctl doctor\"",
            Vec::new(),
        );
    }
    warnings.extend(warning::after(controls));
    warnings
}
