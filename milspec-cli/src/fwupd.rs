// SPDX-License-Identifier: GPL-2.0

//! What fwupd, which updates the BIOS, knows of this machine's.

use crate::program;
use crate::root::Root;
use serde::Deserialize;

/// Seconds for fwupd to answer: it may have to start, and to look at all devices.
const PATIENCE: &str = "20";

/// What `fwupdmgr get-updates --json` prints, as far as it is needed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Updates {
    devices: Vec<Device>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Device {
    name: Option<String>,
    plugin: Option<String>,
    #[serde(default)]
    releases: Vec<Release>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Release {
    version: String,
}

/// Versions of the BIOS that are newer than this machine's, the newest first; `None` where fwupd is
/// not there, or does not say. It asks no network for that: it knows what it has fetched before.
pub fn newer_bios(root: &Root) -> Option<Vec<String>> {
    let mut argv = vec!["timeout", PATIENCE, "fwupdmgr", "get-updates", "--json"];
    argv.extend(["--no-metadata-check", "--no-unreported-check"]);
    // Its exit status is not 0 either where there is no update.
    let updates: Updates = serde_json::from_str(&program::ask(root, &argv)?.text).ok()?;
    let is_bios = |device: &Device| {
        device.plugin.as_deref() == Some("uefi_capsule")
            && device.name.as_deref() == Some("System Firmware")
    };
    let bios = updates.devices.into_iter().filter(is_bios);
    let releases = bios.flat_map(|device| device.releases);
    Some(releases.map(|release| release.version).collect())
}
