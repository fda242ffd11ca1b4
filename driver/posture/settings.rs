// SPDX-License-Identifier: GPL-2.0

//! The platform settings that the driver knows, by their SMBIOS tokens.
//!
//! Source: the token list of libsmbios (`doc/token_list.csv`); the classes are this project's own.
//! The position in this table is the setting's number in the ABI: append, never insert, reorder or
//! remove. `tests/data/dell-settings.csv` holds the same facts independently, and a test compares
//! the two.

use super::control::Class::{Monitored, Quarantined, ReadOnly, Restricted, Safe};
use super::setting::{Setting, Value, VALUES};

/// Shortens the table.
const fn v(name: &'static str, token: u16) -> Value {
    Value {
        name,
        token,
        cuts_network: false,
    }
}

/// A value that may cut the machine off from a network.
const fn cut(name: &'static str, token: u16) -> Value {
    Value {
        cuts_network: true,
        ..v(name, token)
    }
}

/// Every setting that the driver knows.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "camera",
        label: "Integrated front camera",
        class: Monitored,
        values: &[v("enabled", 0x0285), v("disabled", 0x0286)],
    },
    Setting {
        name: "camera-rear",
        label: "Integrated rear camera",
        class: Monitored,
        values: &[v("enabled", 0x039F), v("disabled", 0x0400)],
    },
    Setting {
        name: "microphone",
        label: "Integrated microphone",
        class: Monitored,
        values: &[v("enabled", 0x01DF), v("disabled", 0x01DE)],
    },
    Setting {
        name: "wireless-adapter",
        label: "Wireless adapter",
        class: Safe,
        values: &[v("enabled", 0x029D), cut("disabled", 0x029C)],
    },
    Setting {
        name: "radio-transmission",
        label: "All radio transmission",
        class: Safe,
        values: &[v("enabled", 0x010C), cut("disabled", 0x010D)],
    },
    Setting {
        name: "wlan",
        label: "Wireless LAN",
        class: Monitored,
        values: &[v("enabled", 0x0180), cut("disabled", 0x017F)],
    },
    Setting {
        name: "bluetooth",
        label: "Bluetooth",
        class: Monitored,
        values: &[v("enabled", 0x0152), v("disabled", 0x0153)],
    },
    Setting {
        name: "wwan",
        label: "Mobile broadband (WWAN)",
        class: Monitored,
        values: &[v("enabled", 0x017C), cut("disabled", 0x017B)],
    },
    Setting {
        name: "wxan-radio",
        label: "WLAN and WWAN radio",
        class: Safe,
        values: &[
            cut("both-off", 0x0287),
            cut("wlan-on", 0x0288),
            cut("wwan-on", 0x0289),
        ],
    },
    Setting {
        name: "gps",
        label: "GPS receiver on the WWAN card",
        class: Safe,
        values: &[v("enabled", 0x039B), v("disabled", 0x039C)],
    },
    Setting {
        name: "nfc",
        label: "Near field communication",
        class: Safe,
        values: &[v("enabled", 0x0397), v("disabled", 0x0398)],
    },
    Setting {
        name: "wlan-off-when-wired",
        label: "Switch the WLAN radio off on a wired network",
        class: Safe,
        values: &[cut("enabled", 0x032B), v("disabled", 0x032C)],
    },
    Setting {
        name: "wwan-off-when-wired",
        label: "Switch the WWAN radio off on a wired network",
        class: Safe,
        values: &[cut("enabled", 0x0329), v("disabled", 0x032A)],
    },
    Setting {
        name: "usb-external",
        label: "External USB ports",
        class: Monitored,
        values: &[v("enabled", 0x018A), cut("disabled", 0x0189)],
    },
    Setting {
        name: "usb-user-ports",
        label: "User-accessible USB ports",
        class: Restricted,
        values: &[
            v("all-on", 0x016C),
            cut("rear-only", 0x016B),
            cut("all-off", 0x016A),
        ],
    },
    Setting {
        name: "usb-rear",
        label: "Rear USB ports",
        class: Safe,
        values: &[v("enabled", 0x041A), cut("disabled", 0x041B)],
    },
    Setting {
        name: "usb-side",
        label: "Side USB ports",
        class: Safe,
        values: &[v("enabled", 0x041C), cut("disabled", 0x041D)],
    },
    Setting {
        name: "usb3-front",
        label: "Front USB 3 ports",
        class: Safe,
        values: &[v("enabled", 0x0422), cut("disabled", 0x0423)],
    },
    Setting {
        name: "usb3-rear",
        label: "Rear USB 3 ports",
        class: Safe,
        values: &[v("enabled", 0x0424), cut("disabled", 0x0425)],
    },
    Setting {
        name: "sd-card",
        label: "SD card slot",
        class: Safe,
        values: &[v("enabled", 0x0214), v("disabled", 0x0213)],
    },
    Setting {
        name: "sd-card-read-only",
        label: "SD card slot is read-only",
        class: Safe,
        values: &[v("enabled", 0x03FE), v("disabled", 0x03FF)],
    },
    Setting {
        name: "media-card",
        label: "Media card, SD card and ExpressCard slots",
        class: Safe,
        values: &[v("enabled", 0x0294), cut("disabled", 0x0295)],
    },
    Setting {
        name: "firewire",
        label: "IEEE 1394 (FireWire) port",
        class: Safe,
        values: &[v("enabled", 0x0095), v("disabled", 0x0096)],
    },
    Setting {
        name: "express-card",
        label: "ExpressCard slot",
        class: Safe,
        values: &[v("enabled", 0x02B4), cut("disabled", 0x02B5)],
    },
    Setting {
        name: "esata",
        label: "eSATA ports",
        class: Safe,
        values: &[v("enabled", 0x0244), v("disabled", 0x0245)],
    },
    Setting {
        name: "thunderbolt",
        label: "Thunderbolt ports",
        class: Safe,
        values: &[v("enabled", 0x03A2), cut("disabled", 0x03A3)],
    },
    Setting {
        name: "thunderbolt-security",
        label: "Thunderbolt security level",
        class: Monitored,
        values: &[
            v("none", 0x03C5),
            cut("user", 0x03C1),
            cut("secure", 0x03C2),
            cut("dp-only", 0x03C3),
        ],
    },
    Setting {
        name: "thunderbolt-boot",
        label: "Booting from Thunderbolt devices",
        class: Monitored,
        values: &[v("enabled", 0x0440), v("disabled", 0x0441)],
    },
    Setting {
        name: "thunderbolt-preboot",
        label: "Thunderbolt devices before boot",
        class: Monitored,
        values: &[v("enabled", 0x0442), v("disabled", 0x0443)],
    },
    Setting {
        name: "dell-docks-always-allowed",
        label: "Dell docks work with Thunderbolt off",
        class: Safe,
        values: &[v("enabled", 0x0444), cut("disabled", 0x0445)],
    },
    Setting {
        name: "smartcard",
        label: "Smart card reader",
        class: Restricted,
        values: &[v("enabled", 0x0143), v("disabled", 0x0142)],
    },
    Setting {
        name: "intrusion-reporting",
        label: "Chassis intrusion reporting",
        class: Safe,
        values: &[
            v("enabled", 0x0090),
            v("disabled", 0x0091),
            v("silent", 0x0092),
        ],
    },
    Setting {
        name: "intrusion-latch",
        label: "Chassis intrusion, as latched",
        class: ReadOnly,
        values: &[v("tripped", 0x8000), v("clear", 0x8001)],
    },
    Setting {
        name: "chassis-door",
        label: "Chassis door",
        class: ReadOnly,
        values: &[v("open", 0x8002), v("closed", 0x8003)],
    },
    Setting {
        name: "tpm",
        label: "TPM visible to the operating system",
        class: Restricted,
        values: &[v("visible", 0x0145), v("hidden", 0x0144)],
    },
    Setting {
        name: "tpm-deactivated",
        label: "TPM is deactivated",
        class: ReadOnly,
        values: &[v("yes", 0x800C)],
    },
    Setting {
        name: "tpm-owned",
        label: "TPM has an owner",
        class: ReadOnly,
        values: &[v("yes", 0x800E)],
    },
    Setting {
        name: "secure-boot",
        label: "UEFI Secure Boot",
        class: ReadOnly,
        values: &[v("enabled", 0x034F), v("disabled", 0x0350)],
    },
    Setting {
        name: "boot-mode",
        label: "Boot mode",
        class: Restricted,
        values: &[v("uefi", 0x022D), v("bios", 0x022E)],
    },
    Setting {
        name: "legacy-option-roms",
        label: "Legacy option ROMs",
        class: Monitored,
        values: &[v("enabled", 0x0358), v("disabled", 0x0357)],
    },
    Setting {
        name: "uefi-network-stack",
        label: "UEFI network stack",
        class: Monitored,
        values: &[v("enabled", 0x0361), v("disabled", 0x0362)],
    },
    Setting {
        name: "bios-downgrade",
        label: "BIOS downgrade",
        class: Monitored,
        values: &[v("allowed", 0x03C9), v("denied", 0x03CA)],
    },
    Setting {
        name: "wake-on-lan",
        label: "Wake on LAN",
        class: Safe,
        values: &[
            v("disabled", 0x0055),
            v("add-in-card", 0x0056),
            v("on-board", 0x0057),
            v("enabled", 0x006D),
            v("wlan", 0x0216),
            v("pxe", 0x0383),
            v("lan-or-wlan", 0x0198),
        ],
    },
    Setting {
        name: "stealth",
        label: "Stealth mode",
        class: Monitored,
        values: &[cut("enabled", 0x02ED), v("disabled", 0x02EE)],
    },
    Setting {
        name: "unobtrusive",
        label: "Unobtrusive mode",
        class: Monitored,
        values: &[v("enabled", 0x034D), v("disabled", 0x034E)],
    },
    Setting {
        name: "stealth-bluetooth",
        label: "Bluetooth in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x040A), v("off", 0x040B)],
    },
    Setting {
        name: "stealth-fans",
        label: "Fans in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x040C), v("off", 0x040D)],
    },
    Setting {
        name: "stealth-gps",
        label: "GPS receiver in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x040E), v("off", 0x040F)],
    },
    Setting {
        name: "stealth-lcd",
        label: "Display backlight in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x0410), v("off", 0x0411)],
    },
    Setting {
        name: "stealth-leds",
        label: "LEDs in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x0412), v("off", 0x0413)],
    },
    Setting {
        name: "stealth-speakers",
        label: "Speakers in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x0414), v("off", 0x0415)],
    },
    Setting {
        name: "stealth-wlan",
        label: "WLAN in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x0416), cut("off", 0x0417)],
    },
    Setting {
        name: "stealth-wwan",
        label: "WWAN in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x0418), cut("off", 0x0419)],
    },
    Setting {
        name: "stealth-wigig",
        label: "WiGig in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x03A4), cut("off", 0x03A5)],
    },
    Setting {
        name: "admin-setup-lockout",
        label: "BIOS setup locked while an administrator password is set",
        class: Restricted,
        values: &[v("enabled", 0x02BD), v("disabled", 0x02BE)],
    },
    Setting {
        name: "strong-password",
        label: "BIOS passwords must be strong",
        class: Monitored,
        values: &[v("enabled", 0x02A7), v("disabled", 0x02A8)],
    },
    Setting {
        name: "serial-port-1",
        label: "First serial port",
        class: Safe,
        values: &[
            v("auto", 0x0010),
            v("disabled", 0x000F),
            v("com1", 0x0011),
            v("com2", 0x0005),
            v("com3", 0x0012),
            v("com4", 0x0006),
        ],
    },
    Setting {
        name: "speaker",
        label: "Internal speaker",
        class: Safe,
        values: &[v("enabled", 0x0050), v("disabled", 0x001E)],
    },
    Setting {
        name: "sound-device",
        label: "Sound device",
        class: Safe,
        values: &[
            v("enabled", 0x0022),
            v("disabled", 0x0023),
            v("auto", 0x01CE),
        ],
    },
    Setting {
        name: "touchscreen",
        label: "Touchscreen",
        class: Safe,
        values: &[v("enabled", 0x0438), v("disabled", 0x0439)],
    },
    Setting {
        name: "txt",
        label: "Intel Trusted Execution Technology",
        class: Monitored,
        values: &[v("enabled", 0x0203), v("disabled", 0x0202)],
    },
    Setting {
        name: "vt-d",
        label: "Intel VT for directed I/O (IOMMU)",
        class: Monitored,
        values: &[v("enabled", 0x0205), v("disabled", 0x0204)],
    },
    Setting {
        name: "cpu-xd",
        label: "CPU marks data as not executable",
        class: Monitored,
        values: &[v("enabled", 0x0141), v("disabled", 0x0140)],
    },
    Setting {
        name: "wake-on-sfp",
        label: "Wake on SFP network devices",
        class: Safe,
        values: &[v("enabled", 0x044B), v("disabled", 0x044C)],
    },
    Setting {
        name: "tpm-deprovision-override",
        label: "TPM is cleared without physical presence",
        class: Monitored,
        values: &[v("enabled", 0x035F), v("disabled", 0x0360)],
    },
    Setting {
        name: "tpm-provision-override",
        label: "TPM is provisioned without physical presence",
        class: Monitored,
        values: &[v("enabled", 0x035D), v("disabled", 0x035E)],
    },
    Setting {
        name: "usb-boot",
        label: "Booting from USB devices",
        class: Restricted,
        values: &[v("enabled", 0x009B), v("disabled", 0x0109)],
    },
    Setting {
        name: "pxe-next-boot",
        label: "Next start goes to the network first",
        class: Monitored,
        values: &[v("enabled", 0x0093), v("disabled", 0x0094)],
    },
    Setting {
        name: "orom-keyboard",
        label: "Hot keys into option ROM setups",
        class: Monitored,
        values: &[
            v("disabled", 0x0369),
            v("enabled", 0x036A),
            v("once", 0x036B),
        ],
    },
    Setting {
        name: "mebx-hotkey",
        label: "Hot key into Intel MEBx (AMT) at start",
        class: Monitored,
        values: &[v("enabled", 0x01E9), v("disabled", 0x01E8)],
    },
    Setting {
        name: "password-bypass",
        label: "Firmware passwords are skipped",
        class: Restricted,
        values: &[
            v("never", 0x019B),
            v("reboot", 0x019C),
            v("resume", 0x019D),
            v("reboot-resume", 0x019E),
        ],
    },
    Setting {
        name: "system-password-lock",
        label: "System password is locked as it is",
        class: Restricted,
        values: &[v("locked", 0x009F), v("unlocked", 0x00A0)],
    },
    Setting {
        name: "auto-on",
        label: "Start by the clock",
        class: Safe,
        values: &[
            v("disabled", 0x0028),
            v("daily", 0x0029),
            v("weekdays", 0x002A),
            v("by-day", 0x0312),
        ],
    },
    Setting {
        name: "wake-on-dock",
        label: "Wake when a dock is connected",
        class: Safe,
        values: &[v("enabled", 0x0446), v("disabled", 0x0447)],
    },
    Setting {
        name: "wake-on-usb",
        label: "Wake by USB devices",
        class: Monitored,
        values: &[v("enabled", 0x0147), v("disabled", 0x0146)],
    },
    Setting {
        name: "ac-recovery",
        label: "After a power failure",
        class: Monitored,
        values: &[v("off", 0x00A1), v("last", 0x00A2), v("on", 0x00A3)],
    },
    Setting {
        name: "post-warnings",
        label: "Start after warnings and errors",
        class: Monitored,
        values: &[
            v("prompt", 0x044D),
            v("skip-warnings", 0x044E),
            v("skip-all", 0x044F),
        ],
    },
    Setting {
        name: "service-os",
        label: "Service OS (recovery over disk and network)",
        class: Monitored,
        values: &[v("enabled", 0x03D6), v("disabled", 0x03D7)],
    },
    Setting {
        name: "smart-connect",
        label: "Intel Smart Connect (wakes to fetch mail)",
        class: Safe,
        values: &[v("enabled", 0x033A), v("disabled", 0x033B)],
    },
    Setting {
        name: "mic-mute",
        label: "Global microphone mute",
        class: ReadOnly,
        values: &[v("on", 0x0364), v("off", 0x0365)],
    },
    Setting {
        name: "usb-front",
        label: "Front USB ports",
        class: Monitored,
        values: &[v("enabled", 0x014F), cut("disabled", 0x014E)],
    },
    Setting {
        name: "modem",
        label: "Modem",
        class: Safe,
        values: &[v("enabled", 0x010A), cut("disabled", 0x010B)],
    },
    Setting {
        name: "module-bay",
        label: "Module bay device",
        class: Restricted,
        values: &[v("enabled", 0x01D9), v("disabled", 0x01D8)],
    },
    Setting {
        name: "second-nic",
        label: "Second wired network port",
        class: Monitored,
        values: &[v("enabled", 0x0407), cut("disabled", 0x0408)],
    },
    Setting {
        name: "rugged-dock",
        label: "Rugged dock without its display ports",
        class: Monitored,
        values: &[v("enabled", 0x038C), cut("disabled", 0x038D)],
    },
    Setting {
        name: "embedded-nic",
        label: "Wired network port",
        class: Monitored,
        values: &[
            v("enabled", 0x006E),
            v("pxe", 0x002D),
            cut("disabled", 0x002E),
            v("rpl", 0x0127),
        ],
    },
    Setting {
        name: "virtualization",
        label: "CPU virtualisation (VT-x)",
        class: Monitored,
        values: &[v("enabled", 0x014B), v("disabled", 0x014A)],
    },
    Setting {
        name: "hyper-threading",
        label: "CPU hyper-threading",
        class: Monitored,
        values: &[v("enabled", 0x00D1), v("disabled", 0x00D2)],
    },
    Setting {
        name: "sgx",
        label: "Intel SGX",
        class: Monitored,
        values: &[v("enabled", 0x041E), v("disabled", 0x041F)],
    },
    Setting {
        name: "tpm-ppi",
        label: "TPM takes requests of the system",
        class: Restricted,
        values: &[v("enabled", 0x035B), v("disabled", 0x035C)],
    },
    Setting {
        name: "bios-recovery",
        label: "BIOS recovery image on disk",
        class: Monitored,
        values: &[v("enabled", 0x0432), v("disabled", 0x0433)],
    },
    Setting {
        name: "block-s3",
        label: "Suspend to RAM is blocked",
        class: Monitored,
        values: &[v("blocked", 0x02E5), v("allowed", 0x02E4)],
    },
    Setting {
        name: "wireless-switch-lock",
        label: "Wireless switch settings are locked",
        class: Restricted,
        values: &[v("locked", 0x0193), v("unlocked", 0x0194)],
    },
    Setting {
        name: "unsigned-firmware",
        label: "Firmware without signature is accepted",
        class: ReadOnly,
        values: &[v("yes", 0x800D)],
    },
    Setting {
        name: "flash-without-password",
        label: "Firmware is flashed without administrator password",
        class: ReadOnly,
        values: &[v("on", 0x0268), v("off", 0x0269)],
    },
    Setting {
        name: "remote-bios-update",
        label: "A firmware update waits for the next start",
        class: ReadOnly,
        values: &[v("enabled", 0x005C), v("disabled", 0x005D)],
    },
    Setting {
        name: "data-wipe",
        label: "All disks are wiped at the next start",
        class: Quarantined,
        values: &[v("enabled", 0x0436), v("disabled", 0x0437)],
    },
    Setting {
        name: "service-os-clear",
        label: "Service OS storage is erased",
        class: Quarantined,
        values: &[v("enabled", 0x03D4), v("disabled", 0x03D5)],
    },
];

// The wire format has room for this much. Indexing is checked here, at compile time.
const _: () = {
    let mut i = 0;
    while i < SETTINGS.len() {
        let setting = &SETTINGS[i];
        assert!(setting.name.len() <= 32 && setting.label.len() <= 64);
        assert!(!setting.values.is_empty() && setting.values.len() <= VALUES);
        let mut j = 0;
        while j < setting.values.len() {
            assert!(setting.values[j].name.len() <= 16);
            j += 1;
        }
        i += 1;
    }
};
