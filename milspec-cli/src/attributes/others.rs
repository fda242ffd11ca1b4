// SPDX-License-Identifier: GPL-2.0

//! Attributes that matter for security and that no control stands beside, and the one place where
//! a command is made of an attribute's name. The sources are those of [`super::pairs`].

use super::pairs::Evidence;
use std::sync::LazyLock;

/// What is known about an attribute.
#[derive(Debug)]
pub struct Known {
    /// Its name.
    pub name: &'static str,
    /// What that stands on.
    pub evidence: Evidence,
    /// What it is, and whom it could lock out.
    pub about: &'static str,
    /// The value that hardens, where that is beyond doubt.
    pub hardened: Option<&'static str>,
}

/// From memory and boot to wake-up and the destructive ones.
const TABLE: &str = include_str!("others.csv");

/// All of them.
pub static OTHERS: LazyLock<Vec<Known>> =
    LazyLock::new(|| TABLE.lines().skip(1).filter_map(known).collect());

fn known(line: &'static str) -> Option<Known> {
    let fields: Vec<&str> = line.splitn(4, ',').collect();
    let [name, evidence, hardened, about] = fields[..] else {
        return None;
    };
    Some(Known {
        name,
        evidence: Evidence::of(evidence)?,
        about,
        hardened: Some(hardened).filter(|value| !value.is_empty()),
    })
}

/// What is said of an attribute that is here only because its name is one of those that destroy.
pub const DESTROYS: &str = "can destroy data or keys";

/// Whether setting an attribute can destroy something or lock out for ever. Names begin so: what a
/// machine has beyond the known ones is taken for as dangerous.
pub fn is_destructive(name: &str) -> bool {
    const NAMES: [&str; 6] = [
        "RemoteWipe",
        "TpmClear",
        "TpmPpi",
        "MasterPasswordLockout",
        "Absolute",
        "reset_bios",
    ];
    const PARTS: [&str; 3] = ["psidrevert", "sedblock", "wipe"];
    let lower = name.to_ascii_lowercase();
    NAMES
        .iter()
        .any(|start| lower.starts_with(&start.to_ascii_lowercase()))
        || lower.starts_with("sed")
        || PARTS.iter().any(|part| lower.contains(part))
}

/// The command that sets an attribute; `value` is one that hardens, or what the reader is to fill
/// in. There is none for what destroys, and none with anything that a shell would not take as one
/// word: names and values come from firmware.
pub fn command(name: &str, value: Option<&str>) -> Option<String> {
    let plain = |word: &str| {
        let mut bytes = word.bytes();
        !word.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let value = value.unwrap_or("VALUE");
    (!is_destructive(name) && plain(name) && plain(value))
        .then(|| format!("fwupdmgr set-bios-setting {name} {value}"))
}
