// SPDX-License-Identifier: GPL-2.0

//! Which attribute speaks of which control.
//!
//! Source: published dumps of `dell-wmi-sysman`'s tree and descriptions by owners: XPS 13 9310 (all
//! 108 attributes, among fwupd's test data), XPS 15 9520, Latitude 7420, a rugged tablet of 2024,
//! OptiPlex 7060, Inspiron 7506. What stands in none of them is derived: from lists that Windows
//! tools of Dell print, which go through the same interface of the firmware, or by analogy. Models
//! differ, so the values here are spellings that are looked for among those that the machine itself
//! lists, and no more than that.

use Evidence::{Derived, Seen};

/// What a name stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// It stands in a published dump.
    Seen,
    /// It does not.
    Derived,
}

/// A value of an attribute, and the values of the control that it can stand for.
pub type Says = (&'static str, &'static [&'static str]);

/// An attribute beside a control.
#[derive(Debug)]
pub struct Pair {
    /// Name of the control.
    pub control: &'static str,
    /// Name of the attribute.
    pub attribute: &'static str,
    /// What that stands on.
    pub evidence: Evidence,
    /// What its values say.
    pub says: &'static [Says],
    /// What is special about it.
    pub special: Special,
}

/// What to know about an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// Nothing.
    Plain,
    /// Its name says what is off: `Enabled` turns the device off, and that only while this
    /// attribute is `Enabled`.
    Inverted(&'static str),
    /// It is this attribute only where the name for people has this word.
    Displays(&'static str),
    /// It speaks of this control as well, where the name for people has this word.
    Shared(&'static str, &'static str),
}

const ON_OFF: &[Says] = &[("Enabled", &["enabled"]), ("Disabled", &["disabled"])];

/// In stealth mode a device stays as it is, or is off.
const DIS: &[Says] = &[("Enabled", &["off"]), ("Disabled", &["unchanged"])];

const fn plain(control: &'static str, attribute: &'static str, evidence: Evidence) -> Pair {
    says(control, attribute, evidence, ON_OFF)
}

const fn says(
    control: &'static str,
    attribute: &'static str,
    evidence: Evidence,
    says: &'static [Says],
) -> Pair {
    Pair {
        control,
        attribute,
        evidence,
        says,
        special: Special::Plain,
    }
}

const fn special(pair: Pair, special: Special) -> Pair {
    Pair { special, ..pair }
}

const fn dis(control: &'static str, attribute: &'static str, evidence: Evidence) -> Pair {
    let pair = says(control, attribute, evidence, DIS);
    special(pair, Special::Inverted("StealthMode"))
}

/// All pairs.
pub const PAIRS: &[Pair] = &[
    plain("camera", "Camera", Seen),
    plain("camera-rear", "Camera2", Derived),
    plain("microphone", "Microphone", Seen),
    plain("wlan", "WirelessLan", Seen),
    plain("bluetooth", "BluetoothDevice", Seen),
    special(
        plain("wwan", "WirelessWwan", Seen),
        Special::Shared("gps", "GPS"),
    ),
    special(
        plain("gps", "WirelessWwan", Derived),
        Special::Displays("GPS"),
    ),
    plain("wlan-off-when-wired", "WlanAutoSense", Seen),
    plain("wwan-off-when-wired", "WwanAutoSense", Seen),
    plain("usb-external", "UsbPortsExternal", Seen),
    says(
        "usb-user-ports",
        "UsbPortsFront",
        Derived,
        &[
            ("Enabled", &["all-on"]),
            ("Disabled", &["rear-only", "all-off"]),
        ],
    ),
    says(
        "usb-user-ports",
        "UsbPortsRear",
        Derived,
        &[
            ("Enabled", &["all-on", "rear-only"]),
            ("Disabled", &["all-off"]),
        ],
    ),
    plain("usb-rear", "UsbPortsRear", Derived),
    plain("usb-side", "UsbPortsSide", Derived),
    plain("usb3-rear", "UsbPortsRear30", Derived),
    plain("sd-card", "SdCard", Seen),
    plain("sd-card-read-only", "SdCardReadOnly", Seen),
    plain("media-card", "MediaCard", Derived),
    plain("express-card", "ExpressCard", Derived),
    plain("esata", "EsataPorts", Derived),
    plain("thunderbolt", "ThunderboltPorts", Seen),
    plain("thunderbolt", "Thunderbolt", Derived),
    // Of four levels two spellings are known.
    says(
        "thunderbolt-security",
        "ThunderboltSecLvl",
        Derived,
        &[("NoSec", &["none"]), ("UserAuth", &["user"])],
    ),
    plain("thunderbolt-boot", "ThunderboltBoot", Seen),
    plain("thunderbolt-preboot", "ThunderboltPreboot", Seen),
    plain("dell-docks-always-allowed", "AlwaysAllowDellDocks", Derived),
    says(
        "intrusion-reporting",
        "ChasIntrusion",
        Derived,
        &[
            ("Enabled", &["enabled"]),
            ("Disabled", &["disabled"]),
            ("SilentEnable", &["silent"]),
        ],
    ),
    // One attribute has latch and door in one value: what it says of the one, it does not say of the
    // other.
    special(
        says(
            "intrusion-latch",
            "ChassisIntrusionStatus",
            Derived,
            &[("Tripped", &["tripped"]), ("TripReset", &["clear"])],
        ),
        Special::Shared("chassis-door", ""),
    ),
    special(
        says(
            "chassis-door",
            "ChassisIntrusionStatus",
            Derived,
            &[("DoorOpen", &["open"]), ("DoorClosed", &["closed"])],
        ),
        Special::Shared("intrusion-latch", ""),
    ),
    says(
        "tpm",
        "TpmSecurity",
        Seen,
        &[("Enabled", &["visible"]), ("Disabled", &["hidden"])],
    ),
    says(
        "tpm-deactivated",
        "TpmActivation",
        Derived,
        &[("Disabled", &["yes"]), ("Enabled", &["no"])],
    ),
    plain("secure-boot", "SecureBoot", Seen),
    plain("legacy-option-roms", "LegacyOrom", Derived),
    plain("uefi-network-stack", "UefiNwStack", Seen),
    says(
        "bios-downgrade",
        "AllowBiosDowngrade",
        Seen,
        &[("Enabled", &["allowed"]), ("Disabled", &["denied"])],
    ),
    says(
        "wake-on-lan",
        "WakeOnLan",
        Seen,
        &[
            ("Disabled", &["disabled"]),
            ("AddInCard", &["add-in-card"]),
            ("Onboard", &["on-board"]),
            ("LanOnly", &["enabled", "on-board"]),
            ("WlanOnly", &["wlan"]),
            ("LanWlan", &["lan-or-wlan"]),
            ("LanWithPxeBoot", &["pxe"]),
        ],
    ),
    plain("stealth", "StealthMode", Derived),
    plain("unobtrusive", "UnobtrusiveMode", Derived),
    dis("stealth-bluetooth", "DisBluetoothRadio", Derived),
    dis("stealth-fans", "DisOnboardFans", Derived),
    dis("stealth-gps", "DisGPSReceiver", Derived),
    dis("stealth-lcd", "DisOnboardLCDScreen", Derived),
    dis("stealth-leds", "DisOnboardLEDs", Derived),
    dis("stealth-speakers", "DisOnboardSpeakers", Derived),
    dis("stealth-wlan", "DisWLANRadio", Derived),
    dis("stealth-wwan", "DisWWANRadio", Seen),
    plain("admin-setup-lockout", "AdminSetupLockout", Seen),
    plain("strong-password", "StrongPassword", Seen),
    says(
        "serial-port-1",
        "Serial1",
        Derived,
        &[
            ("Disabled", &["disabled"]),
            ("Auto", &["auto"]),
            ("Com1", &["com1"]),
            ("Com2", &["com2"]),
            ("Com3", &["com3"]),
            ("Com4", &["com4"]),
        ],
    ),
    says(
        "speaker",
        "InternalSpeaker",
        Seen,
        &[
            ("Enabled", &["enabled"]),
            ("Disabled", &["disabled"]),
            ("Low", &["enabled"]),
            ("Medium", &["enabled"]),
            ("High", &["enabled"]),
        ],
    ),
    plain("sound-device", "IntegratedAudio", Seen),
    plain("touchscreen", "Touchscreen", Seen),
    plain("txt", "TrustExecution", Seen),
    plain("vt-d", "VtForDirectIo", Seen),
    plain("virtualization", "Virtualization", Derived),
    plain("hyper-threading", "LogicProc", Derived),
    plain("wake-on-dock", "WakeOnDock", Seen),
    plain("wake-on-usb", "UsbWake", Derived),
    plain("bios-recovery", "BiosRcvrFrmHdd", Seen),
    says(
        "password-bypass",
        "PasswordBypass",
        Seen,
        &[("Disabled", &["never"]), ("RebootBypass", &["reboot"])],
    ),
];
