// SPDX-License-Identifier: GPL-2.0

//! The driver's tables against the facts in `tests/data`, which were collected independently.
//!
//! A wrong token id here would be a wrong write to somebody's firmware later.

use milspec_posture::control::Class;
use milspec_posture::dsmil::QUARANTINED;
use milspec_posture::setting::Setting;
use milspec_posture::settings::SETTINGS;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

const SETTINGS_CSV: &str = include_str!("../../../tests/data/dell-settings.csv");
const FILTER_CSV: &str = include_str!("../../../tests/data/mainline-token-filter.csv");
const DSMIL_CSV: &str = include_str!("../../../tests/data/dsmil-devices.csv");

/// Tokens that no setting may use, with whatever class: writing them cannot be undone, or they
/// are not settings at all. On purpose not taken from the CSV.
const NEVER: [RangeInclusive<u16>; 6] = [
    0x0175..=0x0176, // Write once.
    0x049E..=0x04A3, // Manufacturing and diagnostics.
    0x4000..=0x7FFF, // Internal.
    0x9000..=0x9001, // Internal.
    0xA000..=0xBFFF, // Write only.
    0xEFF0..=0xEFFF, // Internal.
];

/// One line of `dell-settings.csv`.
struct Row {
    setting: &'static str,
    value: &'static str,
    token: u16,
    read_only: bool,
    refused: bool,
    cuts_network: bool,
}

/// Splits a table into the fields of its lines, after checking its first line.
fn csv<const N: usize>(text: &'static str, head: &str) -> Vec<[&'static str; N]> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(head));
    lines
        .map(|line| {
            let fields: Vec<_> = line.split(',').collect();
            fields.try_into().unwrap_or_else(|_| panic!("line {line}"))
        })
        .collect()
}

fn token(text: &str) -> u16 {
    let digits = text.strip_prefix("0x").expect("tokens are hexadecimal");
    u16::from_str_radix(digits, 16).expect("tokens are 16 bits wide")
}

/// Reads a column that has one of two words.
fn either(text: &str, no: &str, yes: &str) -> bool {
    assert!(text == no || text == yes, "{text} is not {no} or {yes}");
    text == yes
}

fn rows() -> Vec<Row> {
    let head = "setting,value,token,access,refused_by_mainline_ioctl_filter,cuts_network";
    csv(SETTINGS_CSV, head)
        .into_iter()
        .map(|[setting, value, id, access, refused, cuts]| Row {
            setting,
            value,
            token: token(id),
            read_only: either(access, "rw", "ro"),
            refused: either(refused, "no", "yes"),
            cuts_network: either(cuts, "no", "yes"),
        })
        .collect()
}

/// The ranges of mainline's filter, each with its reason.
fn filter() -> Vec<(RangeInclusive<u16>, &'static str)> {
    csv(FILTER_CSV, "first,last,reason")
        .into_iter()
        .map(|[first, last, reason]| (token(first)..=token(last), reason))
        .collect()
}

fn setting(name: &str) -> &'static Setting {
    let mut found = SETTINGS.iter().filter(|setting| setting.name == name);
    let setting = found.next().unwrap_or_else(|| panic!("no setting {name}"));
    assert!(found.next().is_none(), "two settings {name}");
    setting
}

/// Checks that a name is fit for sysfs, for a shell and for fwupd, which splits at `,` and `;`.
fn assert_name(name: &str) {
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    assert!(!name.is_empty() && name.bytes().all(good), "name {name:?}");
    assert!(
        !name.starts_with('-') && !name.ends_with('-'),
        "name {name:?}"
    );
}

/// Every setting, value and token that the facts list, and no other.
#[test]
fn settings_are_exactly_those_of_the_facts() {
    let rows = rows();
    let facts: BTreeSet<_> = rows.iter().map(|r| (r.setting, r.value, r.token)).collect();
    assert_eq!(
        facts.len(),
        rows.len(),
        "a line of the facts is there twice"
    );
    let driver: BTreeSet<_> = SETTINGS
        .iter()
        .flat_map(|s| s.values.iter().map(|v| (s.name, v.name, v.token)))
        .collect();
    let missing: Vec<_> = facts.difference(&driver).collect();
    let invented: Vec<_> = driver.difference(&facts).collect();
    assert!(missing.is_empty(), "not in the driver: {missing:x?}");
    assert!(invented.is_empty(), "not in the facts: {invented:x?}");
}

/// Promise: every value that switches off a port, a radio, or what a network adapter sits on says so,
/// docks behind Thunderbolt among them; no other does.
#[test]
fn values_that_cut_a_network_off_are_those_of_the_facts() {
    let facts: Vec<_> = rows().iter().map(|r| (r.token, r.cuts_network)).collect();
    for (token, cuts) in &facts {
        let mut values = SETTINGS.iter().flat_map(|setting| setting.values);
        let value = values.find(|value| value.token == *token).unwrap();
        assert_eq!(value.cuts_network, *cuts, "{} {token:#06x}", value.name);
    }
    for dock in ["thunderbolt", "dell-docks-always-allowed", "rugged-dock"] {
        let values = setting(dock).values.iter();
        assert_eq!(
            values.filter(|value| value.cuts_network).count(),
            1,
            "{dock}"
        );
    }
    let security = setting("thunderbolt-security").values.iter();
    let open: Vec<_> = security
        .filter(|v| !v.cuts_network)
        .map(|v| v.name)
        .collect();
    assert_eq!(open, ["none"]);
}

/// The position in the table is the control's number in the ABI. A new setting is appended here
/// as well; any other change of this list breaks clients.
#[test]
fn positions_of_settings_never_change() {
    let names: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
    let abi = [
        "camera",
        "camera-rear",
        "microphone",
        "wireless-adapter",
        "radio-transmission",
        "wlan",
        "bluetooth",
        "wwan",
        "wxan-radio",
        "gps",
        "nfc",
        "wlan-off-when-wired",
        "wwan-off-when-wired",
        "usb-external",
        "usb-user-ports",
        "usb-rear",
        "usb-side",
        "usb3-front",
        "usb3-rear",
        "sd-card",
        "sd-card-read-only",
        "media-card",
        "firewire",
        "express-card",
        "esata",
        "thunderbolt",
        "thunderbolt-security",
        "thunderbolt-boot",
        "thunderbolt-preboot",
        "dell-docks-always-allowed",
        "smartcard",
        "intrusion-reporting",
        "intrusion-latch",
        "chassis-door",
        "tpm",
        "tpm-deactivated",
        "tpm-owned",
        "secure-boot",
        "boot-mode",
        "legacy-option-roms",
        "uefi-network-stack",
        "bios-downgrade",
        "wake-on-lan",
        "stealth",
        "unobtrusive",
        "stealth-bluetooth",
        "stealth-fans",
        "stealth-gps",
        "stealth-lcd",
        "stealth-leds",
        "stealth-speakers",
        "stealth-wlan",
        "stealth-wwan",
        "stealth-wigig",
        "admin-setup-lockout",
        "strong-password",
        "serial-port-1",
        "speaker",
        "sound-device",
        "touchscreen",
        "txt",
        "vt-d",
        "cpu-xd",
        "wake-on-sfp",
        "tpm-deprovision-override",
        "tpm-provision-override",
        "usb-boot",
        "pxe-next-boot",
        "orom-keyboard",
        "mebx-hotkey",
        "password-bypass",
        "system-password-lock",
        "auto-on",
        "wake-on-dock",
        "wake-on-usb",
        "ac-recovery",
        "post-warnings",
        "service-os",
        "smart-connect",
        "mic-mute",
        "usb-front",
        "modem",
        "module-bay",
        "second-nic",
        "rugged-dock",
        "embedded-nic",
        "virtualization",
        "hyper-threading",
        "sgx",
        "tpm-ppi",
        "bios-recovery",
        "block-s3",
        "wireless-switch-lock",
        "unsigned-firmware",
        "flash-without-password",
        "remote-bios-update",
        "data-wipe",
        "service-os-clear",
    ];
    assert_eq!(names, abi);
}

/// A token that firmware only reports makes its setting read-only.
#[test]
fn settings_with_read_only_tokens_are_read_only() {
    for row in rows().iter().filter(|row| row.read_only) {
        assert_eq!(
            setting(row.setting).class,
            Class::ReadOnly,
            "{}",
            row.setting
        );
    }
}

/// The column of the facts that says so agrees with the ranges of mainline's filter.
#[test]
fn facts_agree_with_the_filter_of_mainline() {
    let filter = filter();
    for row in rows() {
        let refused = filter.iter().any(|(range, _)| range.contains(&row.token));
        assert_eq!(row.refused, refused, "{}: {:#06x}", row.setting, row.token);
    }
}

/// Classes order from the most permissive to the least: "or stricter" above relies on it.
#[test]
fn classes_are_ordered_by_strictness() {
    use Class::{Monitored, Quarantined, ReadOnly, Restricted, Safe};
    let all = [Safe, Monitored, Restricted, ReadOnly, Quarantined];
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
}

/// No setting uses a token that must never be written.
#[test]
fn no_setting_uses_a_forbidden_token() {
    for setting in SETTINGS {
        for value in setting.values {
            let forbidden = NEVER.iter().any(|range| range.contains(&value.token));
            assert!(!forbidden, "{}: {:#06x}", setting.name, value.token);
        }
    }
}

/// Mainline refuses some ranges for another reason than "sata shadow", which also covers ordinary
/// documented settings. A setting with a token in one of those can never be changed.
#[test]
fn settings_with_a_token_in_a_manufacturing_range_are_read_only() {
    let filter = filter();
    let used: Vec<_> = SETTINGS
        .iter()
        .flat_map(|setting| setting.values.iter().map(move |v| (setting, v.token)))
        .filter(|(_, id)| {
            let mut reasons = filter.iter().filter(|(range, _)| range.contains(id));
            reasons.any(|(_, reason)| *reason != "sata shadow")
        })
        .collect();
    assert!(!used.is_empty(), "nothing is compared");
    for (setting, token) in used {
        let class = setting.class;
        assert!(class >= Class::ReadOnly, "{}: {token:#06x}", setting.name);
    }
}

/// Names are unique and fit for every interface that shows them.
#[test]
fn names_of_settings_are_unique_and_plain() {
    let mut seen = BTreeSet::new();
    for setting in SETTINGS {
        assert_name(setting.name);
        assert!(seen.insert(setting.name), "twice: {}", setting.name);
    }
}

/// Names of values are plain and unique in their setting.
#[test]
fn names_of_values_are_unique_and_plain() {
    for setting in SETTINGS {
        let mut seen = BTreeSet::new();
        for value in setting.values {
            assert_name(value.name);
            assert!(
                seen.insert(value.name),
                "{}: twice {}",
                setting.name,
                value.name
            );
        }
    }
}

/// Labels are text for people: printable ASCII, as the wire format promises.
#[test]
fn labels_are_printable() {
    for setting in SETTINGS {
        let label = setting.label;
        let printable = |byte| matches!(byte, b' '..=b'~');
        assert!(!label.is_empty() && label.bytes().all(printable), "{label}");
        assert_eq!(label.trim(), label);
    }
}

/// One token belongs to one value of one setting, and none is the table's terminator.
#[test]
fn no_token_is_used_twice() {
    let mut users = BTreeMap::new();
    for setting in SETTINGS {
        for value in setting.values {
            assert_ne!(value.token, 0xFFFF);
            let before = users.insert(value.token, setting.name);
            assert_eq!(before, None, "{:#06x} in {}", value.token, setting.name);
        }
    }
}

/// The devices that the driver quarantines by name and by number are exactly those of the facts.
#[test]
fn quarantined_devices_are_exactly_those_of_the_facts() {
    let facts: BTreeSet<(&str, u32)> = csv(DSMIL_CSV, "name,group,index,function,class,depends_on")
        .into_iter()
        .filter(|[_, _, _, _, class, _]| *class == "quarantined")
        .map(|[name, group, position, ..]| {
            let number = |text: &str| text.parse::<u32>().unwrap();
            (name, number(group) << 8 | number(position))
        })
        .collect();
    let driver: BTreeSet<_> = QUARANTINED.iter().copied().collect();
    assert_eq!(driver.len(), QUARANTINED.len(), "twice in the driver");
    assert!(!facts.is_empty());
    assert_eq!(driver, facts);
}
