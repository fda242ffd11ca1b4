// SPDX-License-Identifier: GPL-2.0

//! The modes: what each asks of which control, and why.
//!
//! A mode asks for what its own lines say and what those of the modes below it say. Of the lines
//! for one control the highest counts whose value the machine has. It asks only for what hardens:
//! what the owner had tighter, as a higher mode would ask for it, stays; and where a mode has no
//! line for a control that the driver has changed, the control goes back to what it was before. So
//! no mode switches anything on that its owner had switched off.

use super::control::{Class, Family};
use super::fact::{Fact, ACTIVE};
use super::mode::Mode::{Enhanced, Paranoid, ParanoidPlus, Standard};
use super::setting::same;
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
    /// Its name in every interface. None contains `enable` or `disable`, and none is `on`, `off`,
    /// `true`, `false`, `1` or `0`: fwupd would take it for a switch.
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
        MODES.into_iter().find(|mode| mode.number() == number)
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

    /// The value that it asks of the control, if it asks for one that the control has.
    pub fn asks(self, fact: &Fact) -> Option<u8> {
        match fact.family {
            Family::Platform => self.asks_setting(fact),
            Family::Dsmil => {
                let mut groups = GROUPS.iter().filter(|line| line.mode <= self);
                let asked = fact.class != Class::Quarantined && fact.has(ACTIVE);
                (asked && groups.any(|line| line.group == fact.group)).then_some(ACTIVE)
            }
        }
    }

    fn asks_setting(self, fact: &Fact) -> Option<u8> {
        let asks = || ASKS.get(fact.number()).into_iter().flatten().flatten();
        // From the lowest mode to the highest.
        let mut mine = asks().filter(|(mode, value)| *mode <= self && fact.has(*value));
        let (_, asked) = mine.next_back()?;
        let own = fact.own();
        let mut higher = asks().filter(|(mode, value)| *mode > self && fact.has(*value));
        match own.is_some() && higher.any(|(_, value)| Some(*value) == own) {
            true => own,
            false => Some(*asked),
        }
    }

    /// How many settings it has lines for.
    pub fn settings(self) -> u32 {
        let mine = |asks: &&Asks| asks.iter().flatten().any(|(mode, _)| *mode <= self);
        u32::try_from(ASKS.iter().filter(mine).count()).unwrap_or(u32::MAX)
    }
}

/// Most lines that there are for one setting.
const MOST: usize = 4;

/// The lines for one setting, from the lowest mode to the highest: the mode, and the index of the
/// value that it asks for.
type Asks = [Option<(Mode, u8)>; MOST];

/// [`LINES`] by the number of the setting, worked out at compile time, where indexing is checked.
static ASKS: [Asks; SETTINGS.len()] = {
    let mut all = [[None; MOST]; SETTINGS.len()];
    let mut n = 0;
    while n < LINES.len() {
        let line = &LINES[n];
        let mut setting = 0;
        while !same(SETTINGS[setting].name, line.setting) {
            setting += 1;
        }
        let values = SETTINGS[setting].values;
        let mut value = 0;
        while !same(values[value].name, line.value) {
            value += 1;
        }
        let mut place = 0;
        while let Some((before, _)) = all[setting][place] {
            assert!(
                (before as u8) < line.mode as u8,
                "from the lowest to the highest"
            );
            place += 1;
        }
        all[setting][place] = Some((line.mode, value as u8));
        n += 1;
    }
    all
};

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

/// Every line. Argue with them here; `docs/modes.md` is made from this table, and says what is left
/// out on purpose: what the machine needs to start, and what would leave nothing to type on or look
/// at where that cannot be seen coming.
#[rustfmt::skip]
pub const LINES: &[Line] = &[
    line(Standard, "intrusion-reporting", "enabled", "an opened chassis is reported at the next start"),
    line(Standard, "thunderbolt-security", "user", "a new device gets no memory access before somebody says so"),
    line(Standard, "thunderbolt-preboot", "disabled", "no code from a plugged-in device runs before the system does"),
    line(Standard, "thunderbolt-boot", "disabled", "the machine starts from nothing plugged in there"),
    line(Standard, "bios-downgrade", "denied", "no way back to firmware with known holes"),
    line(Standard, "wake-on-lan", "disabled", "the network cannot start the machine"),
    line(Standard, "strong-password", "enabled", "a new firmware password cannot be trivial"),
    line(Standard, "vt-d", "enabled", "a device reaches only the memory that it was given"),
    line(Standard, "cpu-xd", "enabled", "data does not run as code"),
    line(Standard, "wake-on-sfp", "disabled", "the network cannot start the machine"),
    line(Standard, "tpm-deprovision-override", "disabled", "software alone does not clear the TPM and what is sealed to it"),

    line(Enhanced, "thunderbolt-security", "secure", "a device must prove to be the one that was approved"),
    line(Enhanced, "dell-docks-always-allowed", "disabled", "a dock is a Thunderbolt device like any other"),
    line(Enhanced, "firewire", "disabled", "it reads and writes memory"),
    line(Enhanced, "express-card", "disabled", "it reads and writes memory"),
    line(Enhanced, "esata", "disabled", "storage that leaves with a visitor"),
    line(Enhanced, "sd-card-read-only", "enabled", "data comes in by card, it does not leave"),
    line(Enhanced, "uefi-network-stack", "disabled", "firmware has no business on the network"),
    line(Enhanced, "wlan-off-when-wired", "enabled", "no bridge between two networks"),
    line(Enhanced, "wwan-off-when-wired", "enabled", "no bridge between two networks"),
    line(Enhanced, "admin-setup-lockout", "enabled", "no look at the setup without its password"),
    line(Enhanced, "tpm-provision-override", "disabled", "software alone does not take the TPM over"),
    line(Enhanced, "usb-boot", "disabled", "the machine starts from no stick that somebody brings"),
    line(Enhanced, "pxe-next-boot", "disabled", "the next start is not sent to the network"),
    line(Enhanced, "orom-keyboard", "disabled", "no way into RAID and management engine setup at start"),
    line(Enhanced, "mebx-hotkey", "disabled", "nobody provisions AMT with the factory password in passing"),
    line(Enhanced, "password-bypass", "never", "no start without the password that somebody set"),
    line(Enhanced, "system-password-lock", "locked", "no visitor sets or takes away the password of the start"),
    line(Enhanced, "auto-on", "disabled", "no start while nobody is there"),
    line(Enhanced, "ac-recovery", "off", "no start while nobody is there"),
    line(Enhanced, "smart-connect", "disabled", "no start while nobody is there"),
    line(Enhanced, "wake-on-dock", "disabled", "nothing that is plugged in wakes the machine"),
    line(Enhanced, "wake-on-usb", "disabled", "nothing that is plugged in wakes the machine"),
    line(Enhanced, "post-warnings", "prompt", "nobody overlooks that the chassis was opened"),

    line(Paranoid, "camera", "disabled", "it cannot see"),
    line(Paranoid, "camera-rear", "disabled", "it cannot see"),
    line(Paranoid, "microphone", "disabled", "it cannot hear"),
    line(Paranoid, "sound-device", "disabled", "loudspeakers can hear as well"),
    line(Paranoid, "gps", "disabled", "it does not know where it is"),
    line(Paranoid, "nfc", "disabled", "no radio"),
    line(Paranoid, "wireless-adapter", "disabled", "no radio"),
    line(Paranoid, "radio-transmission", "disabled", "no radio"),
    line(Paranoid, "wlan", "disabled", "no radio"),
    line(Paranoid, "bluetooth", "disabled", "no radio"),
    line(Paranoid, "wwan", "disabled", "no radio"),
    line(Paranoid, "wxan-radio", "both-off", "no radio"),
    line(Paranoid, "sd-card", "disabled", "no removable media"),
    line(Paranoid, "media-card", "disabled", "no removable media"),
    line(Paranoid, "usb-side", "disabled", "no removable media"),
    line(Paranoid, "usb3-front", "disabled", "no removable media where a visitor reaches; the rear keeps a keyboard"),
    line(Paranoid, "usb-front", "disabled", "no removable media where a visitor reaches; the rear keeps a keyboard"),
    line(Paranoid, "module-bay", "disabled", "no removable media"),
    line(Paranoid, "usb-user-ports", "rear-only", "no removable media where a visitor reaches; the rear keeps a keyboard"),
    line(Paranoid, "thunderbolt", "disabled", "no external bus that reaches memory"),
    line(Paranoid, "thunderbolt-security", "dp-only", "should the ports be switched on again, for displays alone"),
    line(Paranoid, "serial-port-1", "disabled", "a console that nobody watches"),
    line(Paranoid, "modem", "disabled", "a way in by telephone"),
    line(Paranoid, "second-nic", "disabled", "a port that nobody watches"),

    line(ParanoidPlus, "stealth-bluetooth", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-gps", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-lcd", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-leds", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-speakers", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-wlan", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-wwan", "off", "part of stealth"),
    line(ParanoidPlus, "stealth-wigig", "off", "part of stealth"),
    line(ParanoidPlus, "stealth", "enabled", "no light, no sound, no radio"),
    line(ParanoidPlus, "unobtrusive", "enabled", "one key switches every light off"),
    line(ParanoidPlus, "speaker", "disabled", "no sound"),
    line(ParanoidPlus, "usb-external", "disabled", "no device that was not there before, at a dock neither"),
    line(ParanoidPlus, "rugged-dock", "disabled", "no device that was not there before, at a dock neither"),
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
