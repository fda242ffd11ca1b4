// SPDX-License-Identifier: GPL-2.0

//! Facts about the machine that stand in files, and the environment: for `doctor`, and for the "why"
//! of an error.

use crate::root::Root;
use nix::unistd::{Group, User};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;

/// Name of the module, as the kernel spells it.
pub const MODULE: &str = "dell_milspec";

/// Where a module of this kernel stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
    /// In `modules.dep`; its path below `/lib/modules/RELEASE`.
    Yes(String),
    /// The file is there, but `modules.dep` does not know it.
    NotIndexed(String),
    /// Part of the kernel itself.
    BuiltIn,
    /// Not for this kernel.
    No,
}

/// A variable of the environment, where it is set and not empty.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Whether who runs this came through SSH, as far as that can be told: sudo and su take the variable away,
/// and leave who has started whom.
pub fn is_through_ssh(root: &Root) -> bool {
    let is_live = root.note().is_none();
    variable("SSH_CONNECTION").is_some() || is_live && descends_from_ssh(root, std::process::id())
}

fn descends_from_ssh(root: &Root, mut pid: u32) -> bool {
    // More than there ever are, and an end where a number has been used again.
    for _ in 0..64 {
        // "PID (NAME) STATE PARENT ...", and a name may have anything in it.
        let Some(stat) = root.text(&format!("/proc/{pid}/stat")) else {
            return false;
        };
        let Some((name, rest)) = stat.rsplit_once(") ") else {
            return false;
        };
        let name = name.split_once('(').map_or("", |(_, name)| name);
        if name.starts_with("sshd") || name == "dropbear" {
            return true;
        }
        let parent = rest.split_whitespace().nth(1);
        match parent.and_then(|parent| parent.parse().ok()) {
            None | Some(0) => return false,
            Some(parent) => pid = parent,
        }
    }
    false
}

/// Release of the running kernel, e.g. `7.3.4-amd64`.
pub fn release(root: &Root) -> Option<String> {
    root.text("/proc/sys/kernel/osrelease")
        .filter(|release| !release.is_empty())
}

/// What is another one after each boot.
pub fn boot_id(root: &Root) -> Option<String> {
    root.text("/proc/sys/kernel/random/boot_id")
        .filter(|id| !id.is_empty())
}

/// Whether `module` is loaded (or built in and initialised).
pub fn loaded(root: &Root, module: &str) -> bool {
    root.exists(&format!("/sys/module/{module}"))
}

/// Whether the machine names Dell as its vendor; `None` where DMI tells no vendor.
pub fn is_dell(root: &Root) -> Option<bool> {
    let vendor = dmi(root, "sys_vendor")?;
    Some(vendor.starts_with("Dell"))
}

/// A DMI string of the machine.
pub fn dmi(root: &Root, name: &str) -> Option<String> {
    root.text(&format!("/sys/class/dmi/id/{name}"))
        .filter(|text| !text.is_empty())
}

/// How far the kernel is locked down, e.g. `none`, `integrity`; `None` where that cannot be read.
pub fn lockdown(root: &Root) -> Option<String> {
    // The mode in force stands in brackets: none [integrity] confidentiality
    let text = root.text("/sys/kernel/security/lockdown")?;
    let (_, rest) = text.split_once('[')?;
    Some(rest.split_once(']')?.0.to_string())
}

/// Whether the firmware checks what it boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecureBoot {
    /// It does.
    On,
    /// It does not.
    Off,
    /// There is no such thing on this machine, as it was booted.
    NotUefi,
    /// The variable cannot be read.
    Unknown,
}

/// How the machine was booted.
pub fn secure_boot(root: &Root) -> SecureBoot {
    if root.exists("/sys") && !root.exists("/sys/firmware/efi") {
        return SecureBoot::NotUefi;
    }
    let variable =
        root.bytes("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
    // Four bytes of attributes come before the value.
    match variable.ok().and_then(|bytes| bytes.get(4).copied()) {
        Some(1) => SecureBoot::On,
        Some(0) => SecureBoot::Off,
        _ => SecureBoot::Unknown,
    }
}

/// Whether the machine has something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum There {
    /// It has.
    Present,
    /// The kernel knows of none.
    Absent,
    /// There is no /sys to look at.
    #[default]
    Unknown,
}

/// The TPM, as the kernel has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tpm {
    /// Whether there is one.
    pub state: There,
    /// Its name, e.g. `tpm0`.
    pub chip: Option<String>,
    /// Its major version.
    pub version: Option<u32>,
}

/// Looks for a TPM.
pub fn tpm(root: &Root) -> Tpm {
    let chips = root.names("/sys/class/tpm").into_iter();
    let chip = chips.into_iter().find(|name| name.starts_with("tpm"));
    let version = chip.as_ref().and_then(|chip| {
        let version = root.text(&format!("/sys/class/tpm/{chip}/tpm_version_major"))?;
        version.parse().ok()
    });
    Tpm {
        state: match &chip {
            Some(_) => There::Present,
            None if root.exists("/sys/class") => There::Absent,
            None => There::Unknown,
        },
        chip,
        version,
    }
}

/// A processor for neural networks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Npu {
    /// Whether there is one.
    pub state: There,
    /// Its PCI vendor and device, e.g. `8086:7D1D`.
    pub pci_id: Option<String>,
    /// Name of the driver that has it, e.g. `intel_vpu`.
    pub driver: Option<String>,
    /// Its node below `/dev/accel`.
    pub device: Option<String>,
}

/// Looks for an NPU: a PCI device of the class of processing accelerators, which Intel's are.
pub fn npu(root: &Root) -> Npu {
    const DEVICES: &str = "/sys/bus/pci/devices";
    // PCI_CLASS_ACCELERATOR_PROCESSING, and any programming interface.
    const CLASS: &str = "PCI_CLASS=1200";
    let found = root.names(DEVICES).into_iter().find_map(|slot| {
        let text = root.text(&format!("{DEVICES}/{slot}/uevent"))?;
        let mut lines = text.lines();
        lines
            .any(|line| line.starts_with(CLASS))
            .then_some((slot, text))
    });
    let Some((slot, text)) = found else {
        return Npu {
            state: match root.exists(DEVICES) {
                true => There::Absent,
                false => There::Unknown,
            },
            ..Npu::default()
        };
    };
    let value = |key| text.lines().find_map(|line| line.strip_prefix(key));
    let nodes = root.names(&format!("{DEVICES}/{slot}/accel"));
    Npu {
        state: There::Present,
        pci_id: value("PCI_ID=").map(str::to_string),
        driver: value("DRIVER=").map(str::to_string),
        device: nodes.into_iter().find(|name| name.starts_with("accel")),
    }
}

/// Whether `module` is installed for the kernel `release`.
pub fn installed(root: &Root, release: &str, module: &str) -> Installed {
    let dir = format!("/lib/modules/{release}");
    let find = |index: &str| -> Option<String> {
        root.text(&format!("{dir}/{index}"))?
            .lines()
            .map(|line| line.split(':').next().unwrap_or(line).trim())
            .find(|path| is_module(path, module))
            .map(str::to_string)
    };
    if let Some(path) = find("modules.dep") {
        return Installed::Yes(path);
    }
    if find("modules.builtin").is_some() {
        return Installed::BuiltIn;
    }
    // Where out-of-tree modules are put: by hand and by DKMS, in all its variants.
    for below in ["updates", "updates/dkms", "extra", "extra/dkms"] {
        for name in root.names(&format!("{dir}/{below}")) {
            if is_module(&name, module) {
                return Installed::NotIndexed(format!("{below}/{name}"));
            }
        }
    }
    Installed::No
}

/// Why DKMS made no module for a kernel: packaging/dkms/pre-build writes it down.
pub fn skipped(root: &Root, release: &str) -> Option<String> {
    root.text(&format!("/var/lib/dell-milspec/build-{release}.txt"))
        .filter(|why| !why.is_empty())
}

/// Kernel releases for which `module` is installed.
pub fn installed_releases(root: &Root, module: &str) -> Vec<String> {
    root.names("/lib/modules")
        .into_iter()
        .filter(|release| installed(root, release, module) != Installed::No)
        .collect()
}

/// Whether `path` is the file of `module`, compressed or not; `-` and `_` are the same in names of
/// modules.
fn is_module(path: &str, module: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path).replace('-', "_");
    ["ko", "ko.xz", "ko.zst", "ko.gz"]
        .iter()
        .any(|end| file == format!("{module}.{end}"))
}

/// The groups in `/etc/group`: name, number and members of each.
fn groups(root: &Root) -> Vec<(String, u32, Vec<String>)> {
    let text = root.text("/etc/group").unwrap_or_default();
    let group = |line: &str| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?.to_string(), fields.nth(1)?.parse().ok()?);
        let members = fields.next().unwrap_or_default().split(',');
        Some((name, number, members.map(str::to_string).collect()))
    };
    text.lines().filter_map(group).collect()
}

/// Number and members of a group: on the live machine of whoever knows it, LDAP for one.
pub fn group(root: &Root, name: &str) -> Option<(u32, Vec<String>)> {
    if let (None, Ok(Some(group))) = (root.note(), Group::from_name(name)) {
        return Some((group.gid.as_raw(), group.mem));
    }
    let mut all = groups(root).into_iter();
    all.find_map(|(known, number, members)| (known == name).then_some((number, members)))
}

/// Name of a group number, or the number.
pub fn group_name(root: &Root, number: u32) -> String {
    if let (None, Ok(Some(group))) = (root.note(), Group::from_gid(number.into())) {
        return group.name;
    }
    let mut all = groups(root).into_iter();
    let name = all.find_map(|(name, known, _)| (known == number).then_some(name));
    name.unwrap_or_else(|| number.to_string())
}

/// Name of a user number: on the live machine of whoever knows it, LDAP for one.
pub fn user_name(root: &Root, number: u32) -> Option<String> {
    if let (None, Ok(Some(user))) = (root.note(), User::from_uid(number.into())) {
        return Some(user.name);
    }
    users(root).remove(&number)
}

/// Names of the users in `/etc/passwd`, by their numbers; of several, the first.
pub fn users(root: &Root) -> BTreeMap<u32, String> {
    let mut users = BTreeMap::new();
    for line in root.text("/etc/passwd").unwrap_or_default().lines() {
        let mut fields = line.split(':');
        let (name, uid) = (fields.next(), fields.nth(1));
        if let (Some(name), Some(Ok(uid))) = (name, uid.map(str::parse)) {
            users.entry(uid).or_insert_with(|| name.to_string());
        }
    }
    users
}

/// The effective user and all groups of this process.
pub struct Me {
    /// Effective user.
    pub uid: u32,
    /// Effective and supplementary groups.
    pub groups: Vec<u32>,
}

impl Me {
    /// Reads `/proc/self/status`.
    pub fn read(root: &Root) -> Option<Self> {
        let status = root.text("/proc/self/status")?;
        let field = |name: &str| -> Option<Vec<u32>> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            Some(
                line.split_whitespace()
                    .filter_map(|number| number.parse().ok())
                    .collect(),
            )
        };
        // Real, effective, saved and file system id: the second decides.
        let uid = *field("Uid:")?.get(1)?;
        let mut groups = field("Groups:").unwrap_or_default();
        groups.extend(field("Gid:").and_then(|gids| gids.get(1).copied()));
        Some(Self { uid, groups })
    }

    /// Name of the user.
    pub fn name(&self, root: &Root) -> Option<String> {
        user_name(root, self.uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: who has come by sudo or su is known to have come through SSH.
    #[test]
    fn through_ssh() {
        let processes = |processes: &[(u32, &str, u32)]| {
            let files = processes.iter().map(|(pid, name, parent)| {
                let stat = format!("{pid} ({name}) S {parent} {pid} {pid} 34816\n");
                (format!("proc/{pid}/stat"), stat.into_bytes())
            });
            Root::of_files("a test".into(), None, files.collect())
        };
        let ours = [(40, "milspecctl", 30), (30, "sudo", 20), (20, "bash", 10)];
        for (name, is) in [
            ("sshd", true),
            ("sshd-session", true),
            ("dropbear", true),
            ("login", false),
            ("a) S 1 (sshd", false),
        ] {
            let root = processes(&[&ours[..], &[(10, name, 1), (1, "systemd", 0)]].concat());
            assert_eq!(descends_from_ssh(&root, 40), is, "{name}");
        }
        let circle = processes(&[(40, "a", 30), (30, "b", 40)]);
        assert!(!descends_from_ssh(&circle, 40));
    }
}
