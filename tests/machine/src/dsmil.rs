// SPDX-License-Identifier: GPL-2.0

//! What firmware answers for DSML0001, made from the project's list of devices.
//! The layout of the answers is the one of `docs/dsmil-interface.md`.

use crate::nvram::layout::*;
use crate::profile::Profile;
use anyhow::{bail, Context, Result};

const DEVICES: &str = include_str!("../../data/dsmil-devices.csv");

/// A DSMIL device.
#[derive(Clone, Debug)]
pub struct Device {
    /// Index, the place in the list.
    pub index: u16,
    /// Name.
    pub name: String,
    /// Group.
    pub group: u8,
    /// Position in the group.
    pub position: u8,
    /// What it is for.
    pub function: String,
    /// Class number of the interface.
    pub class: u8,
    /// Indices of the devices that it needs.
    pub depends_on: Vec<u16>,
}

/// All devices of the project's data.
pub fn devices() -> Result<Vec<Device>> {
    let rows: Vec<Vec<&str>> = DEVICES
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    let index_of = |name: &str| {
        rows.iter()
            .position(|row| row.first() == Some(&name))
            .map(|i| i as u16)
            .with_context(|| format!("no device is called {name}"))
    };
    rows.iter()
        .enumerate()
        .map(|(index, row)| {
            let &[name, group, position, function, class, depends_on] = row.as_slice() else {
                bail!(
                    "dsmil-devices.csv: line {} has {} fields",
                    index + 2,
                    row.len()
                );
            };
            Ok(Device {
                index: index as u16,
                name: name.to_owned(),
                group: group.parse().context("group is not a number")?,
                position: position.parse().context("position is not a number")?,
                function: function.to_owned(),
                class: match class {
                    "safe" => 0,
                    "monitored" => 1,
                    "restricted" => 2,
                    "quarantined" => 3,
                    "read-only" => 4,
                    other => bail!("{name}: unknown class {other}"),
                },
                depends_on: depends_on
                    .split_whitespace()
                    .map(index_of)
                    .collect::<Result<_>>()?,
            })
        })
        .collect()
}

/// Puts the factory contents of the DSML0001 area through `put`.
pub fn fill(profile: &Profile, mut put: impl FnMut(u32, &[u8])) -> Result<()> {
    let devices = devices()?;
    let wanted = &profile.dsmil;
    let count = devices.len() as u16;
    let groups = devices
        .iter()
        .map(|d| u16::from(d.group) + 1)
        .max()
        .unwrap_or(0);

    let mut identity = header(36);
    for word in [1, 0, count, groups] {
        identity.extend(word.to_le_bytes());
    }
    identity.extend([0; 4]); // change count: firmware puts it in
    identity.extend(b"SIMULATED-DELL\0\0");
    put(NV_DSML_IDENTITY, &identity);

    put(NV_DSML_QUERY, &0x3F_u32.to_le_bytes());
    put(NV_DSML_STA, &wanted.sta.unwrap_or(0x0F).to_le_bytes());
    put(NV_DSML_COUNT, &u32::from(count).to_le_bytes());
    put(NV_DSML_STATE_COUNT, &u32::from(count).to_le_bytes());

    for name in &wanted.active {
        if !devices.iter().any(|d| &d.name == name) {
            bail!("profile {}: no device is called {name}", profile.name);
        }
    }
    for device in &devices {
        let bytes = descriptor(device)?;
        let index = u32::from(device.index);
        put(NV_DSML_DESCRIPTOR + index * NV_DSML_DESC_SIZE, &bytes);
        put(
            NV_DSML_STATE + index * 2,
            &[u8::from(wanted.active.contains(&device.name)), 0],
        );
    }
    Ok(())
}

fn header(length: u32) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    bytes.extend(length.to_le_bytes());
    bytes
}

fn descriptor(device: &Device) -> Result<Vec<u8>> {
    let mut bytes = header(NV_DSML_DESC_SIZE);
    bytes.extend(device.index.to_le_bytes());
    bytes.extend([device.group, device.position, device.class, 0, 0, 0]);
    for i in 0..4 {
        bytes.extend(
            device
                .depends_on
                .get(i)
                .copied()
                .unwrap_or(0xFFFF)
                .to_le_bytes(),
        );
    }
    for (text, room) in [(&device.name, 12), (&device.function, 28)] {
        if text.len() > room || device.depends_on.len() > 4 {
            bail!("{}: does not fit into a descriptor", device.name);
        }
        let mut field = text.clone().into_bytes();
        field.resize(room, 0);
        bytes.extend(field);
    }
    Ok(bytes)
}
