// SPDX-License-Identifier: GPL-2.0

//! The machines that the tests show. Their answers are made with the wire types, so that a change
//! of those does not compile here until it is thought through.

use crate::tree::Tree;
use milspec_posture::control::Class;
use milspec_posture::settings::SETTINGS;
use milspec_uapi as uapi;
use milspec_uapi::{Control, ControlValue, FamilyStatus, Info, Refresh, Status};
use nix::errno::Errno;
use zerocopy::FromZeros;

/// The devices of the simulated platform.
const DEVICES: &str = include_str!("../../../tests/data/dsmil-devices.csv");

/// Ids of DSMIL devices begin here.
const DSMIL: u32 = 2 << 16;

/// A driver of this version on a machine with these DMI strings.
pub fn info(vendor: &str, product: &str, bios: &str) -> Info {
    let mut info = Info::new_zeroed();
    info.head.size = size_of::<Info>() as u32;
    info.abi_major = uapi::ABI_MAJOR;
    info.abi_minor = uapi::ABI_MINOR;
    info.driver_version = uapi::field(b"0.9.0");
    info.vendor = uapi::field(vendor.as_bytes());
    info.product = uapi::field(product.as_bytes());
    info.bios_version = uapi::field(bios.as_bytes());
    info
}

/// A platform control with its value in force; a token's answer is 1 where it is active.
pub fn setting(name: &str, current: &str) -> Control {
    let (number, setting) = SETTINGS
        .iter()
        .enumerate()
        .find(|(_, setting)| setting.name == name)
        .unwrap_or_else(|| panic!("no setting {name}"));
    let mut control = Control::new_zeroed();
    control.id = (1 << 16) + number as u32;
    control.family = uapi::FAMILY_PLATFORM;
    control.control_class = match setting.class {
        Class::Safe => uapi::CLASS_SAFE,
        Class::Monitored => uapi::CLASS_MONITORED,
        Class::Restricted => uapi::CLASS_RESTRICTED,
        Class::ReadOnly => uapi::CLASS_READ_ONLY,
        Class::Quarantined => uapi::CLASS_QUARANTINED,
    };
    control.access = match setting.class {
        Class::ReadOnly => uapi::ACCESS_READ_ONLY,
        _ => uapi::ACCESS_READ_WRITE,
    };
    control.changed = 1;
    untouched(&mut control);
    control.name = uapi::field(name.as_bytes());
    control.label = uapi::field(setting.label.as_bytes());
    control.value_count = setting.values.len() as u8;
    for (to, (at, value)) in control
        .values
        .iter_mut()
        .zip(setting.values.iter().enumerate())
    {
        *to = ControlValue {
            name: uapi::field(value.name.as_bytes()),
            token: value.token,
            location: 0x1000 + number as u16,
            expected: at as u16,
            properties: match value.cuts_network {
                true => uapi::VALUE_CUTS_NETWORK,
                false => 0,
            },
            ..ControlValue::default()
        };
    }
    gated(&mut control);
    let at = setting
        .values
        .iter()
        .position(|value| value.name == current);
    answer(
        &mut control,
        at.unwrap_or_else(|| panic!("no value {current}")) as u32,
    );
    control
}

/// Each value has the class of the control, and is refused as that says.
fn gated(control: &mut Control) {
    let count = usize::from(control.value_count);
    for value in control.values.iter_mut().take(count) {
        value.value_class = control.control_class;
        value.gate = match control.control_class {
            uapi::CLASS_RESTRICTED => uapi::REASON_RESTRICTED,
            uapi::CLASS_QUARANTINED => uapi::REASON_QUARANTINED,
            uapi::CLASS_READ_ONLY => uapi::REASON_READ_ONLY,
            _ => uapi::REASON_NONE,
        };
    }
}

/// The driver never changed the control, and no mode asks anything of it.
fn untouched(control: &mut Control) {
    control.baseline = uapi::INDEX_NONE;
    control.written = uapi::INDEX_NONE;
    control.wanted = uapi::INDEX_NONE;
}

/// The firmware answers `read`, the same for all values.
pub fn answer(control: &mut Control, read: u32) {
    control.reading = uapi::READING_UNKNOWN;
    control.current = uapi::INDEX_NONE;
    control.error = 0;
    let count = usize::from(control.value_count);
    for (at, value) in control.values.iter_mut().take(count).enumerate() {
        value.read = read;
        value.properties &= uapi::VALUE_CUTS_NETWORK;
        value.properties |= uapi::VALUE_PRESENT | uapi::VALUE_READ;
        if u32::from(value.expected) == read {
            value.properties |= uapi::VALUE_ACTIVE;
            control.reading = uapi::READING_KNOWN;
            control.current = at as u8;
        }
    }
}

/// A setting of one token, which is not active: the other value is in force for that reason.
pub fn flag(name: &str) -> Control {
    let mut control = setting(name, "yes");
    control.values[0].expected = 1;
    control.value_count = 1;
    answer(&mut control, 0);
    control.value_count = 2;
    control.values[1].name = uapi::field(b"no");
    control.values[1].properties = uapi::VALUE_PRESENT | uapi::VALUE_ACTIVE;
    gated(&mut control);
    if control.values[1].gate == uapi::REASON_NONE {
        control.values[1].gate = uapi::REASON_NO_VALUE;
    }
    control.reading = uapi::READING_KNOWN;
    control.current = 1;
    control
}

/// Two values are in force at once.
pub fn ambiguous(control: &mut Control) {
    control.reading = uapi::READING_AMBIGUOUS;
    control.current = uapi::INDEX_NONE;
    for value in control.values.iter_mut().take(2) {
        value.expected = 1;
        value.read = 1;
        value.properties = uapi::VALUE_PRESENT | uapi::VALUE_READ | uapi::VALUE_ACTIVE;
    }
}

/// Reading fails.
pub fn fail(control: &mut Control, errno: Errno) {
    control.reading = uapi::READING_FAILED;
    control.current = uapi::INDEX_NONE;
    control.error = errno as u32;
    let count = usize::from(control.value_count);
    for value in control.values.iter_mut().take(count) {
        value.expected = 0;
        value.read = 0;
        value.properties = uapi::VALUE_PRESENT;
    }
}

/// All 84 devices, the named ones active.
pub fn devices(active: &[&str]) -> Vec<Control> {
    let rows: Vec<Vec<&str>> = DEVICES
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect();
    let id = |row: &[&str]| {
        let (group, position): (u32, u32) = (row[1].parse().unwrap(), row[2].parse().unwrap());
        DSMIL + (group << 8) + position
    };
    let find = |name: &str| id(rows.iter().find(|row| row[0] == name).unwrap());
    rows.iter()
        .map(|row| {
            let mut control = Control::new_zeroed();
            control.id = id(row);
            control.family = uapi::FAMILY_DSMIL;
            control.control_class = match row[4] {
                "safe" => uapi::CLASS_SAFE,
                "monitored" => uapi::CLASS_MONITORED,
                "restricted" => uapi::CLASS_RESTRICTED,
                "quarantined" => uapi::CLASS_QUARANTINED,
                _ => uapi::CLASS_READ_ONLY,
            };
            control.access = match row[4] {
                "quarantined" | "read-only" => uapi::ACCESS_READ_ONLY,
                _ => uapi::ACCESS_READ_WRITE,
            };
            control.group = row[1].parse().unwrap();
            control.changed = 1;
            untouched(&mut control);
            control.name = uapi::field(row[0].as_bytes());
            control.label = uapi::field(row[3].as_bytes());
            for (to, name) in control.depends.iter_mut().zip(row[5].split_whitespace()) {
                *to = find(name);
                control.depend_count += 1;
            }
            control.value_count = 3;
            let names = ["inactive", "active", "failed"];
            for (to, (at, name)) in control.values.iter_mut().zip((0u16..).zip(names)) {
                to.name = uapi::field(name.as_bytes());
                to.expected = at;
            }
            gated(&mut control);
            control.values[2].gate = uapi::REASON_NO_VALUE;
            answer(&mut control, u32::from(active.contains(&row[0])));
            control
        })
        .collect()
}

/// The status that goes with these controls. They were read 12.25 s ago.
pub fn status(controls: &[Control]) -> Status {
    let mut status = Status::new_zeroed();
    status.head.size = size_of::<Status>() as u32;
    status.generation = 1;
    status.refreshed_ns = 988_000_000_000;
    (status.journal_next, status.anchored) = (4, 3);
    (status.anchor, status.anchor_pcr) = (uapi::ANCHOR_READY, 12);
    let family = |number: u8, calls: u64| {
        let of = || controls.iter().filter(|control| control.family == number);
        FamilyStatus {
            state: u32::from(of().count() != 0),
            error: 0,
            controls: of().count() as u32,
            unreadable: of().filter(|c| c.reading != uapi::READING_KNOWN).count() as u32,
            firmware_calls: if of().count() == 0 { 0 } else { calls },
            refreshed_ns: if of().count() == 0 {
                0
            } else {
                988_000_000_000
            },
            reserved: 0,
        }
    };
    status.platform = family(uapi::FAMILY_PLATFORM, 14);
    status.dsmil = family(uapi::FAMILY_DSMIL, 87);
    if status.dsmil.controls != 0 {
        status.dsmil_major = 1;
        status.dsmil_implementation = uapi::field(b"SIMULATED-DELL");
    }
    status
}

/// Settings of a business machine.
pub fn business_controls() -> Vec<Control> {
    vec![
        setting("camera", "enabled"),
        setting("microphone", "enabled"),
        setting("wlan", "enabled"),
        setting("bluetooth", "disabled"),
        setting("usb-external", "enabled"),
        setting("thunderbolt-security", "user"),
        setting("intrusion-latch", "clear"),
        setting("tpm", "visible"),
        setting("secure-boot", "enabled"),
        setting("wake-on-lan", "disabled"),
    ]
}

/// Settings and devices of a rugged machine.
pub fn rugged_controls() -> Vec<Control> {
    let mut controls = business_controls();
    controls.push(setting("stealth", "disabled"));
    controls.push(setting("stealth-lcd", "off"));
    controls.push(setting("dell-docks-always-allowed", "enabled"));
    controls.extend(devices(&["DSMIL0D0", "DSMIL0D5", "DSMIL0D8"]));
    controls
}

/// The control with this name.
pub fn by_name<'a>(controls: &'a mut [Control], name: &str) -> &'a mut Control {
    controls
        .iter_mut()
        .find(|control| uapi::text(&control.name) == Some(name))
        .unwrap_or_else(|| panic!("no control {name}"))
}

/// A business machine on which everything works.
pub fn business(name: &str) -> Tree {
    let controls = business_controls();
    Tree::loaded(name).answers(
        &info("Dell Inc.", "Latitude 5450", "1.9.1"),
        &status(&controls),
        &controls,
    )
}

/// Vendor, product and BIOS version of the simulated rugged machine.
pub const RUGGED: [&str; 3] = ["Dell Inc.", "Latitude Rugged Simulated", "0.0.1-simulated"];

/// The simulated rugged machine with these controls.
pub fn rugged_with(name: &str, controls: &[Control]) -> Tree {
    let [vendor, product, bios] = RUGGED;
    Tree::loaded(name)
        .dmi(vendor, product, bios)
        .dsml0001()
        .answers(&info(vendor, product, bios), &status(controls), controls)
}

/// The simulated rugged machine on which everything works.
pub fn rugged(name: &str) -> Tree {
    rugged_with(name, &rugged_controls())
}

/// A rugged machine with every way in which a value can be not known, and a device that failed.
pub fn odd_controls() -> Vec<Control> {
    let mut controls = rugged_controls();
    answer(by_name(&mut controls, "camera"), 7);
    ambiguous(by_name(&mut controls, "microphone"));
    fail(by_name(&mut controls, "wlan"), Errno::EIO);
    answer(by_name(&mut controls, "intrusion-latch"), 0);
    let bluetooth = by_name(&mut controls, "bluetooth");
    bluetooth.presence = uapi::PRESENCE_PARTIAL;
    bluetooth.values[0].properties = 0;
    // The driver trusts no answer where the tables contradict themselves.
    let thunderbolt = by_name(&mut controls, "thunderbolt-security");
    thunderbolt.presence = uapi::PRESENCE_CONTRADICTORY;
    thunderbolt.reading = uapi::READING_AMBIGUOUS;
    thunderbolt.current = uapi::INDEX_NONE;
    controls.insert(10, flag("tpm-owned"));
    answer(by_name(&mut controls, "DSMIL0D3"), 2);
    answer(by_name(&mut controls, "DSMIL0D4"), 9);
    by_name(&mut controls, "DSMIL0D6").properties = uapi::CONTROL_TAMPER;
    controls
}

/// The firmware of the family `dsmil` cannot be read at all.
pub fn failed_family(name: &str) -> Tree {
    let mut controls = rugged_controls();
    for control in &mut controls {
        if control.family == uapi::FAMILY_DSMIL {
            fail(control, Errno::EPROTO);
        }
    }
    let mut status = status(&controls);
    status.dsmil.state = uapi::FAMILY_FAILED;
    status.dsmil.error = Errno::EPROTO as u32;
    let [vendor, product, bios] = RUGGED;
    Tree::loaded(name)
        .dmi(vendor, product, bios)
        .dsml0001()
        .answers(&info(vendor, product, bios), &status, &controls)
}

/// A rugged machine whose host changed two controls behind the driver's back.
pub fn moved(name: &str) -> Tree {
    let before = rugged_controls();
    let mut after = before.clone();
    answer(by_name(&mut after, "camera"), 1);
    answer(by_name(&mut after, "DSMIL0D5"), 0);
    for name in ["camera", "DSMIL0D5"] {
        by_name(&mut after, name).changed = 2;
    }
    let mut status = status(&after);
    status.generation = 2;
    status.refreshed_ns = 1_000_250_000_000;
    let mut refresh = Refresh::new_zeroed();
    refresh.head.size = size_of::<Refresh>() as u32;
    refresh.generation = 2;
    refresh.changed = 2;
    refresh.firmware_calls = 15;
    rugged_with(name, &before).refreshed(&refresh, &status, &after)
}
