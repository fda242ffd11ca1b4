// SPDX-License-Identifier: GPL-2.0

//! The 84 DSMIL devices, as firmware would describe them: answers to DESCRIBE of
//! docs/dsmil-interface.md, made of the project's list of devices.

use milspec_posture::control::Class;
use milspec_uapi::{FAMILY_DSMIL, TRAINING_DEVICE_SIZE};

/// The list, which the simulated Dell has as well.
const DEVICES: &str = include_str!("../../../tests/data/dsmil-devices.csv");

/// One answer to DESCRIBE.
pub type Description = [u8; TRAINING_DEVICE_SIZE as usize];

/// An unused place among the dependencies.
const NO_DEVICE: u16 = 0xFFFF;

/// A line of the list.
struct Device {
    name: &'static str,
    group: u8,
    position: u8,
    function: &'static str,
    class: Class,
    needs: Vec<&'static str>,
}

fn devices() -> Vec<Device> {
    let device = |line: &'static str| {
        let mut fields = line.split(',');
        Some(Device {
            name: fields.next()?,
            group: fields.next()?.parse().ok()?,
            position: fields.next()?.parse().ok()?,
            function: fields.next()?,
            class: match fields.next()? {
                "safe" => Class::Safe,
                "monitored" => Class::Monitored,
                "restricted" => Class::Restricted,
                "read-only" => Class::ReadOnly,
                _ => Class::Quarantined,
            },
            needs: fields.next()?.split_whitespace().collect(),
        })
    };
    DEVICES.lines().skip(1).filter_map(device).collect()
}

/// All of them, in the order of their indices.
pub fn descriptions() -> Vec<Description> {
    let all = devices();
    let index = |name: &str| {
        let at = all.iter().position(|device| device.name == name);
        at.map_or(NO_DEVICE, |at| at as u16)
    };
    let describe = |(at, device): (usize, &Device)| {
        let class: u8 = match device.class {
            Class::Safe => 0,
            Class::Monitored => 1,
            Class::Restricted => 2,
            Class::Quarantined => 3,
            Class::ReadOnly => 4,
        };
        let mut bytes = Vec::new();
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend(TRAINING_DEVICE_SIZE.to_le_bytes());
        bytes.extend((at as u16).to_le_bytes());
        bytes.extend([device.group, device.position, class, 0, 0, 0]);
        let needs = device.needs.iter().map(|name| index(name));
        for need in needs.chain([NO_DEVICE; 4]).take(4) {
            bytes.extend(need.to_le_bytes());
        }
        let text = |text: &str, room: usize| -> Vec<u8> {
            text.bytes()
                .chain(std::iter::repeat(0))
                .take(room)
                .collect()
        };
        bytes.extend(text(device.name, 12));
        bytes.extend(text(device.function, 28));
        let mut description = [0; TRAINING_DEVICE_SIZE as usize];
        for (to, from) in description.iter_mut().zip(bytes) {
            *to = from;
        }
        description
    };
    all.iter().enumerate().map(describe).collect()
}

/// The id of the device with this name.
pub fn id(name: &str) -> Option<u32> {
    let mut all = devices().into_iter();
    let device = all.find(|device| device.name == name)?;
    let number = u32::from(device.group) << 8 | u32::from(device.position);
    Some(u32::from(FAMILY_DSMIL) << 16 | number)
}
