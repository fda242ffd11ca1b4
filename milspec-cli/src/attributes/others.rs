// SPDX-License-Identifier: GPL-2.0

//! Attributes that matter for security and that no control stands beside, and the one place where
//! a command is made of an attribute's name. The sources are those of [`super::pairs`].

use super::pairs::Evidence::{self, Derived, Seen};

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

const fn seen(name: &'static str, about: &'static str) -> Known {
    Known {
        name,
        evidence: Seen,
        about,
        hardened: None,
    }
}

const fn derived(name: &'static str, about: &'static str) -> Known {
    Known {
        evidence: Derived,
        ..seen(name, about)
    }
}

const fn best(known: Known, value: &'static str) -> Known {
    Known {
        hardened: Some(value),
        ..known
    }
}

/// All of them, from memory and boot to wake-up and the destructive ones.
pub const OTHERS: &[Known] = &[
    best(seen("KernelDma", "kernel DMA protection"), "Enabled"),
    best(
        seen("PreBootDma", "the IOMMU is on before the system starts"),
        "Enabled",
    ),
    best(
        seen(
            "InternalDmaCompatibility",
            "internal ports do DMA past the IOMMU",
        ),
        "Disabled",
    ),
    best(
        seen(
            "DisUsb4Pcie",
            "inverted: Enabled stops PCIe over USB4, display and USB stay",
        ),
        "Enabled",
    ),
    best(derived("IntelTME", "memory is encrypted"), "Enabled"),
    best(
        seen("SmmSecurityMitigation", "mitigations of SMM"),
        "Enabled",
    ),
    best(
        seen(
            "SecureBootMode",
            "how Secure Boot stands: AuditMode enforces nothing",
        ),
        "DeployedMode",
    ),
    seen(
        "MSUefiCA",
        "trust in the third-party UEFI CA; without it no distribution boots through shim",
    ),
    seen(
        "UefiBootPathSecurity",
        "when the boot list of F12 asks for the password",
    ),
    seen("FirmwareTamperDet", "detection of tampering with firmware"),
    derived(
        "BlockBootUntilChasIntrusionClr",
        "no boot after an intrusion until somebody is at the machine",
    ),
    seen(
        "CapsuleFirmwareUpdate",
        "firmware updates by the system; without it fwupd updates nothing",
    ),
    seen("BIOSConnect", "HTTPS client of the firmware"),
    seen("FOTA", "firmware updates that come over the network"),
    seen(
        "SupportAssistOSRecovery",
        "recovery environment of the firmware",
    ),
    seen(
        "AutoOSRecoveryThreshold",
        "failed boots until recovery starts",
    ),
    seen("TelemetryAccessLvl", "how much telemetry the firmware has"),
    derived(
        "LegacyInterfaceAccess",
        "interface of old tools; may shut the way to the tokens",
    ),
    seen(
        "UsbEmu",
        "USB before the system starts; without it no USB key unlocks the disk at boot",
    ),
    derived(
        "UsbEmuNoUsbBoot",
        "USB before the system starts, without booting from it",
    ),
    seen("SdCardBoot", "boot from SD cards"),
    seen(
        "HttpsBoot",
        "boot over HTTPS; acts only while UefiNwStack is Enabled",
    ),
    seen(
        "IPv4PXEBoot",
        "boot over the network; acts only while UefiNwStack is Enabled",
    ),
    seen(
        "IPv6PXEBoot",
        "boot over the network; acts only while UefiNwStack is Enabled",
    ),
    derived("EmbNic1", "wired network, and booting over it"),
    seen("WakeOnAc", "the charger starts the machine"),
    seen("PowerOnLidOpen", "opening the lid starts the machine"),
    seen("FingerprintReader", "fingerprint reader"),
    seen("PasswordLock", "whether users may change passwords"),
    seen("PwdLowerCaseRqd", "what a password must have"),
    seen("PwdUpperCaseRqd", "what a password must have"),
    seen("PwdDigitRqd", "what a password must have"),
    seen("PwdSpecialCharRqd", "what a password must have"),
    seen("PwdMinLen", "how long a password must be"),
    derived("TypeCDockOverride", "limits of docks at USB-C"),
    derived("TypeCDockLan", "limits of docks at USB-C"),
    derived("TypeCDockAudio", "limits of docks at USB-C"),
    derived("GpsAntSwitch", "antenna of the machine or of its dock"),
    derived("WlanAntSwitch", "antenna of the machine or of its dock"),
    seen("WwanAntSwitch", "antenna of the machine or of its dock"),
    seen(
        "MasterPasswordLockout",
        "with it on, a lost administrator password costs the board",
    ),
    seen(
        "Absolute",
        "theft protection; PermanentlyDisabled is for ever",
    ),
    seen("RemoteWipeInternalDrives", "erases the disks"),
    derived("TpmClear", "destroys the keys in the TPM"),
    seen(
        "TpmPpiClearOverride",
        "the system clears the TPM without a question",
    ),
    seen(
        "TpmPpiPo",
        "the system switches the TPM on without a question",
    ),
    seen(
        "TpmPpiDpo",
        "the system switches the TPM off without a question",
    ),
    derived(
        "NonAdminPsidRevert",
        "anybody may reset a self-encrypting disk",
    ),
    derived("SedBlockSidAuthentication", "self-encrypting disks"),
    derived("PpiBypassSedBlockSidCommand", "self-encrypting disks"),
];

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: no attribute that destroys gets a command, however it is spelled and whether it is
    /// known or not.
    #[test]
    fn destructive() {
        for name in [
            "RemoteWipeInternalDrives",
            "TpmClear",
            "TpmPpiPo",
            "TpmPpiDpo",
            "TpmPpiAcpiSomethingNew",
            "NonAdminPsidRevert",
            "MasterPasswordLockout",
            "Absolute",
            "AbsoluteEnable",
            "SedBlockSidAuthentication",
            "SEDUnlock",
            "PpiBypassSedBlockSidCommand",
            "DataWipe",
            "reset_bios",
        ] {
            assert_eq!(command(name, None), None, "{name}");
            assert_eq!(command(name, Some("Disabled")), None, "{name}");
        }
        assert_eq!(command("Camera", Some("a;b")), None);
        assert_eq!(command("Came$ra", None), None);
        assert!(command("KernelDma", Some("Enabled")).is_some());
    }

    /// Promise: nothing that destroys is said to have a value that hardens, and no name is there
    /// twice.
    #[test]
    fn table() {
        for (at, known) in OTHERS.iter().enumerate() {
            assert!(!is_destructive(known.name) || known.hardened.is_none());
            assert!(OTHERS.iter().skip(at + 1).all(|it| it.name != known.name));
        }
    }
}
