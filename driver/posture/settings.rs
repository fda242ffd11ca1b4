// SPDX-License-Identifier: GPL-2.0

//! The platform settings that the driver knows, by their SMBIOS tokens.
//!
//! Source: the token list of libsmbios (`doc/token_list.csv`); the classes are this project's own.
//! The position in this table is the setting's number in the ABI: append, never insert, reorder or
//! remove. `tests/data/dell-settings.csv` holds the same facts independently, and a test compares
//! the two.

use super::control::Class::{Monitored, ReadOnly, Restricted, Safe};
use super::setting::{Setting, Value, VALUES};

/// Shortens the table.
const fn v(name: &'static str, token: u16) -> Value {
    Value { name, token }
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
        class: Restricted,
        values: &[v("enabled", 0x01DF), v("disabled", 0x01DE)],
    },
    Setting {
        name: "wireless-adapter",
        label: "Wireless adapter",
        class: Safe,
        values: &[v("enabled", 0x029D), v("disabled", 0x029C)],
    },
    Setting {
        name: "radio-transmission",
        label: "All radio transmission",
        class: Safe,
        values: &[v("enabled", 0x010C), v("disabled", 0x010D)],
    },
    Setting {
        name: "wlan",
        label: "Wireless LAN",
        class: Restricted,
        values: &[v("enabled", 0x0180), v("disabled", 0x017F)],
    },
    Setting {
        name: "bluetooth",
        label: "Bluetooth",
        class: Restricted,
        values: &[v("enabled", 0x0152), v("disabled", 0x0153)],
    },
    Setting {
        name: "wwan",
        label: "Mobile broadband (WWAN)",
        class: Restricted,
        values: &[v("enabled", 0x017C), v("disabled", 0x017B)],
    },
    Setting {
        name: "wxan-radio",
        label: "WLAN and WWAN radio",
        class: Safe,
        values: &[
            v("both-off", 0x0287),
            v("wlan-on", 0x0288),
            v("wwan-on", 0x0289),
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
        values: &[v("enabled", 0x032B), v("disabled", 0x032C)],
    },
    Setting {
        name: "wwan-off-when-wired",
        label: "Switch the WWAN radio off on a wired network",
        class: Safe,
        values: &[v("enabled", 0x0329), v("disabled", 0x032A)],
    },
    Setting {
        name: "usb-external",
        label: "External USB ports",
        class: Restricted,
        values: &[v("enabled", 0x018A), v("disabled", 0x0189)],
    },
    Setting {
        name: "usb-user-ports",
        label: "User-accessible USB ports",
        class: Restricted,
        values: &[
            v("all-on", 0x016C),
            v("rear-only", 0x016B),
            v("all-off", 0x016A),
        ],
    },
    Setting {
        name: "usb-rear",
        label: "Rear USB ports",
        class: Safe,
        values: &[v("enabled", 0x041A), v("disabled", 0x041B)],
    },
    Setting {
        name: "usb-side",
        label: "Side USB ports",
        class: Safe,
        values: &[v("enabled", 0x041C), v("disabled", 0x041D)],
    },
    Setting {
        name: "usb3-front",
        label: "Front USB 3 ports",
        class: Safe,
        values: &[v("enabled", 0x0422), v("disabled", 0x0423)],
    },
    Setting {
        name: "usb3-rear",
        label: "Rear USB 3 ports",
        class: Safe,
        values: &[v("enabled", 0x0424), v("disabled", 0x0425)],
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
        values: &[v("enabled", 0x0294), v("disabled", 0x0295)],
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
        values: &[v("enabled", 0x02B4), v("disabled", 0x02B5)],
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
        values: &[v("enabled", 0x03A2), v("disabled", 0x03A3)],
    },
    Setting {
        name: "thunderbolt-security",
        label: "Thunderbolt security level",
        class: Monitored,
        values: &[
            v("none", 0x03C5),
            v("user", 0x03C1),
            v("secure", 0x03C2),
            v("dp-only", 0x03C3),
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
        label: "Dell docks work while Thunderbolt is disabled",
        class: Safe,
        values: &[v("enabled", 0x0444), v("disabled", 0x0445)],
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
        ],
    },
    Setting {
        name: "stealth",
        label: "Stealth mode",
        class: Monitored,
        values: &[v("enabled", 0x02ED), v("disabled", 0x02EE)],
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
        values: &[v("unchanged", 0x0416), v("off", 0x0417)],
    },
    Setting {
        name: "stealth-wwan",
        label: "WWAN in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x0418), v("off", 0x0419)],
    },
    Setting {
        name: "stealth-wigig",
        label: "WiGig in stealth mode",
        class: Safe,
        values: &[v("unchanged", 0x03A4), v("off", 0x03A5)],
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
        values: &[v("auto", 0x0010), v("disabled", 0x000F)],
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
        values: &[v("enabled", 0x0022), v("disabled", 0x0023)],
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
