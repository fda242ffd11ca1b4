// SPDX-License-Identifier: GPL-2.0

//! The modes: what each asks of which control, and why.
//!
//! A mode asks for what its own lines say and what those of the modes below it say, the highest
//! line for a control counting. It asks only for what hardens: where a mode has no line for a
//! control that the driver has changed, the control goes back to what it was before. So stepping
//! down from a mode never switches anything on that its owner had switched off.

use super::control::{Class, Family};
use super::fact::{Fact, ACTIVE};
use super::settings::SETTINGS;

/// A named target for many controls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// What each control had before the driver first changed it.
    Baseline,
    /// What costs no function of the machine.
    Standard,
    /// Closes paths into the machine that few people use.
    Enhanced,
    /// Sensors, radios and removable media off.
    Paranoid,
    /// All of that, and stealth. Latches until the next boot.
    ParanoidPlus,
}

/// All modes, from the lowest to the highest.
pub const MODES: [Mode; 5] = [
    Mode::Baseline,
    Mode::Standard,
    Mode::Enhanced,
    Mode::Paranoid,
    Mode::ParanoidPlus,
];

impl Mode {
    /// Its name in every interface. None contains enable, disable, on or off as a word: fwupd
    /// would take it for a switch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Standard => "standard",
            Self::Enhanced => "enhanced",
            Self::Paranoid => "paranoid",
            Self::ParanoidPlus => "paranoid-plus",
        }
    }

    /// The mode with this name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        MODES
            .into_iter()
            .find(|mode| mode.name().as_bytes() == name)
    }

    /// The mode with this number on the wire.
    pub fn from_number(number: u8) -> Option<Self> {
        let mut numbered = (1u8..).zip(MODES);
        numbered.find_map(|(n, mode)| (n == number).then_some(mode))
    }

    /// Its number on the wire, from 1.
    pub fn number(self) -> u8 {
        match self {
            Self::Baseline => 1,
            Self::Standard => 2,
            Self::Enhanced => 3,
            Self::Paranoid => 4,
            Self::ParanoidPlus => 5,
        }
    }

    /// The value that its lines ask of the control, if any does.
    pub fn asks(self, fact: &Fact) -> Option<u8> {
        match fact.family {
            Family::Platform => {
                let setting = SETTINGS.get(fact.number())?;
                let value = self.line(setting.name)?.value;
                let position = setting.values.iter().position(|v| v.name == value)?;
                u8::try_from(position).ok()
            }
            Family::Dsmil => {
                let asked = fact.class != Class::Quarantined
                    && GROUPS
                        .iter()
                        .any(|line| line.mode <= self && line.group == fact.group);
                asked.then_some(ACTIVE)
            }
        }
    }

    /// The line that counts for a setting.
    fn line(self, setting: &str) -> Option<&'static Line> {
        let mine = LINES.iter().filter(|line| line.setting == setting);
        mine.filter(|line| line.mode <= self)
            .max_by_key(|line| line.mode)
    }

    /// How many settings it has lines for.
    pub fn settings(self) -> u32 {
        let asked = SETTINGS.iter().filter(|s| self.line(s.name).is_some());
        u32::try_from(asked.count()).unwrap_or(u32::MAX)
    }
}

/// What a mode, and those above it, ask of one setting.
pub struct Line {
    /// The lowest mode that asks for it.
    pub mode: Mode,
    /// Name of the setting.
    pub setting: &'static str,
    /// Name of the value.
    pub value: &'static str,
    /// Why, for people.
    pub reason: &'static str,
}

/// Shortens the table.
const fn line(
    mode: Mode,
    setting: &'static str,
    value: &'static str,
    reason: &'static str,
) -> Line {
    Line {
        mode,
        setting,
        value,
        reason,
    }
}

use Mode::{Enhanced, Paranoid, ParanoidPlus, Standard};

/// Every line. Argue with them here; `docs/modes.md` is made from this table.
#[rustfmt::skip]
pub const LINES: &[Line] = &[
    line(Standard, "intrusion-reporting", "enabled", "an opened chassis is reported at the next start"),
    line(Standard, "thunderbolt-security", "user", "a new device gets no memory access before its owner says so"),
    line(Standard, "thunderbolt-preboot", "disabled", "nothing plugged in reaches memory before the system is up"),
    line(Standard, "thunderbolt-boot", "disabled", "the machine starts from nothing plugged in there"),
    line(Standard, "bios-downgrade", "denied", "no way back to firmware with known holes"),
    line(Standard, "wake-on-lan", "disabled", "the network cannot start the machine"),
    line(Standard, "legacy-option-roms", "disabled", "they run outside Secure Boot"),
    line(Standard, "strong-password", "enabled", "firmware passwords cannot be trivial"),
    line(Standard, "wlan-off-when-wired", "enabled", "no bridge between two networks"),
    line(Standard, "wwan-off-when-wired", "enabled", "no bridge between two networks"),

    line(Enhanced, "firewire", "disabled", "it reads and writes memory"),
    line(Enhanced, "express-card", "disabled", "it reads and writes memory"),
    line(Enhanced, "esata", "disabled", "storage that leaves with a visitor"),
    line(Enhanced, "thunderbolt-security", "secure", "a new device must also prove that it is the one approved"),
    line(Enhanced, "dell-docks-always-allowed", "disabled", "a dock is a Thunderbolt device like any other"),
    line(Enhanced, "uefi-network-stack", "disabled", "firmware has no business on the network"),
    line(Enhanced, "sd-card-read-only", "enabled", "data comes in by card, it does not leave"),
    line(Enhanced, "serial-port-1", "disabled", "a console that nobody watches"),
    line(Enhanced, "nfc", "disabled", "a radio that few people use"),
    line(Enhanced, "admin-setup-lockout", "enabled", "no look at the setup without the password"),
    line(Enhanced, "txt", "enabled", "a measured launch needs it"),

    line(Paranoid, "camera", "disabled", "it cannot see"),
    line(Paranoid, "camera-rear", "disabled", "it cannot see"),
    line(Paranoid, "microphone", "disabled", "it cannot hear"),
    line(Paranoid, "sound-device", "disabled", "loudspeakers can hear as well"),
    line(Paranoid, "gps", "disabled", "it does not know where it is"),
    line(Paranoid, "wireless-adapter", "disabled", "no radio"),
    line(Paranoid, "radio-transmission", "disabled", "no radio"),
    line(Paranoid, "wlan", "disabled", "no radio"),
    line(Paranoid, "bluetooth", "disabled", "no radio"),
    line(Paranoid, "wwan", "disabled", "no radio"),
    line(Paranoid, "wxan-radio", "both-off", "no radio"),
    line(Paranoid, "sd-card", "disabled", "no removable media"),
    line(Paranoid, "media-card", "disabled", "no removable media"),
    line(Paranoid, "thunderbolt", "disabled", "no external bus that reaches memory"),
    line(Paranoid, "thunderbolt-security", "dp-only", "where the ports stay in use, for displays alone"),
    line(Paranoid, "usb-rear", "disabled", "no removable media; side and front ports stay for a keyboard"),
    line(Paranoid, "usb3-rear", "disabled", "no removable media; side and front ports stay for a keyboard"),

    line(ParanoidPlus, "stealth", "enabled", "no light, no sound, no radio"),
    line(ParanoidPlus, "unobtrusive", "enabled", "lights and sounds off at one key"),
    line(ParanoidPlus, "stealth-bluetooth", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-fans", "off", "part of stealth; the firmware still guards the temperature"),
    line(ParanoidPlus, "stealth-gps", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-lcd", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-leds", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-speakers", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-wlan", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-wwan", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-wigig", "off", "part of stealth"),
    line(ParanoidPlus, "speaker", "disabled", "no sound"),
    line(ParanoidPlus, "usb-external", "disabled", "no device that was not there before"),
    line(ParanoidPlus, "usb-user-ports", "all-off", "no device that was not there before"),
    line(ParanoidPlus, "usb-side", "disabled", "no device that was not there before"),
    line(ParanoidPlus, "usb3-front", "disabled", "no device that was not there before"),
];

/// A group of DSMIL devices that a mode, and those above it, want active.
pub struct GroupLine {
    /// The lowest mode that wants it.
    pub mode: Mode,
    /// Number of the group.
    pub group: u8,
    /// Why, for people.
    pub reason: &'static str,
}

/// Shortens the table.
const fn group(mode: Mode, group: u8, reason: &'static str) -> GroupLine {
    GroupLine {
        mode,
        group,
        reason,
    }
}

/// Every group that a mode wants active. Quarantined devices are never among them, and group 6,
/// training, is never part of a mode.
#[rustfmt::skip]
pub const GROUPS: &[GroupLine] = &[
    group(Standard, 0, "the core: keys, audit, integrity"),
    group(Enhanced, 1, "detection and prevention of intrusions"),
    group(Paranoid, 2, "control of the network"),
    group(Paranoid, 4, "control of storage"),
    group(Paranoid, 3, "storage control needs it"),
    group(ParanoidPlus, 5, "control of peripherals"),
];
