// SPDX-License-Identifier: GPL-2.0

//! The NVRAM as it leaves the factory: made from a profile.

use super::layout::*;
use crate::dsmil;
use crate::firmware::{Firmware, ReadOnly};
use crate::profile::{Attribute, AttributeKind, Profile};
use crate::tokens::Plan;
use anyhow::{bail, Context, Result};

/// The contents of a new NVRAM file.
pub fn image(profile: &Profile, plan: &Plan) -> Result<Vec<u8>> {
    let mut image = Image {
        bytes: vec![0; NV_SIZE as usize],
    };
    image.u32(NV_MAGIC, NV_MAGIC_VALUE);
    image.u32(NV_VERSION, super::layout::VERSION);
    locations(&mut image, plan);
    password(&mut image, profile)?;
    firmware(&mut image, &profile.firmware);
    attributes(&mut image, profile, plan)?;
    if profile.firmware.dsml {
        dsmil::fill(profile, |offset, bytes| image.put(offset, bytes))?;
    }
    Ok(image.bytes)
}

struct Image {
    bytes: Vec<u8>,
}

impl Image {
    fn put(&mut self, offset: u32, bytes: &[u8]) {
        let at = offset as usize;
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn u16(&mut self, offset: u32, value: u16) {
        self.put(offset, &value.to_le_bytes());
    }

    fn u32(&mut self, offset: u32, value: u32) {
        self.put(offset, &value.to_le_bytes());
    }

    /// A text padded with zeros; one zero at the end is kept free.
    fn text(&mut self, offset: u32, room: u32, text: &str) -> Result<()> {
        if text.len() >= room as usize || !text.is_ascii() {
            bail!("{text:?} is not ASCII or longer than {} bytes", room - 1);
        }
        self.put(offset, text.as_bytes());
        Ok(())
    }
}

fn locations(image: &mut Image, plan: &Plan) {
    for (&location, entry) in &plan.locations {
        let at = NV_LOCATIONS + u32::from(location) * NV_LOCATION_SIZE;
        let mut flags = LOC_PRESENT;
        if entry.read_only {
            flags |= LOC_READ_ONLY;
        }
        if entry.next != location {
            flags |= LOC_ONE_HOT;
        }
        image.u16(at + LOC_VALUE, entry.value);
        image.put(at + LOC_FLAGS, &[flags as u8, entry.max]);
        image.u16(at + LOC_NEXT, entry.next);
        image.u16(at + LOC_CELL, entry.cell);
    }
}

fn firmware(image: &mut Image, firmware: &Firmware) {
    if let Some(wmi) = firmware.wmi {
        image.u32(NV_WMI_VERSION, wmi.version);
        image.u32(NV_WMI_SIZE, wmi.size);
        image.u32(NV_WMI_HOTFIX, wmi.hotfix);
        image.u32(NV_WMI_LIMIT, wmi.limit);
    }
    if let Some(privacy) = firmware.privacy {
        image.u32(NV_WMI_PRIVACY, 1);
        image.u32(NV_PRIVACY_HAS, privacy.supported);
        image.u32(NV_PRIVACY_NOW, privacy.current);
    }
    let read_only = match firmware.sysman.unwrap_or_default().read_only {
        ReadOnly::Absent => READ_ONLY_ABSENT,
        ReadOnly::First => READ_ONLY_FIRST,
        ReadOnly::Last => READ_ONLY_LAST,
    };
    image.u32(NV_SYSMAN_READ_ONLY, read_only);
}

fn password(image: &mut Image, profile: &Profile) -> Result<()> {
    let password = &profile.password;
    image.u32(NV_PW_SET, u32::from(!password.admin.is_empty()));
    image.u32(NV_PW_KEY, u32::from(password.key));
    image.u32(NV_PW_MAX_TRIES, password.max_tries);
    image.u32(NV_PW_MIN_LEN, 4);
    image.u32(NV_PW_MAX_LEN, NV_PW_TEXT_LEN - 1);
    image.u32(NV_PW_SILENT, u32::from(password.silent));
    image.text(NV_PW_TEXT, NV_PW_TEXT_LEN, &password.admin)
}

/// The attributes that a machine has: of a setting that it does not list whole there is none.
pub fn present<'a>(profile: &'a Profile, plan: &Plan) -> Vec<&'a Attribute> {
    let has = |attribute: &&Attribute| {
        let mut values = attribute.setting_values.iter();
        values.all(|value| plan.token(&attribute.setting, value).is_ok())
    };
    profile.attribute.iter().filter(has).collect()
}

fn attributes(image: &mut Image, profile: &Profile, plan: &Plan) -> Result<()> {
    let kinds = [
        (ATTR_ENUM, AttributeKind::Enumeration),
        (ATTR_INT, AttributeKind::Integer),
        (ATTR_STR, AttributeKind::String),
        (ATTR_PASSWORD, AttributeKind::Password),
    ];
    let mut index = 0;
    for (number, kind) in kinds {
        let first = index;
        let mine = present(profile, plan).into_iter();
        for attribute in mine.filter(|attribute| attribute.kind == kind) {
            if index >= NV_ATTR_MAX {
                bail!("profile {}: too many attributes", profile.name);
            }
            one_attribute(image, NV_ATTRS + index * NV_ATTR_SIZE, attribute, plan)
                .with_context(|| format!("attribute {}", attribute.name))?;
            index += 1;
        }
        image.u32(NV_ATTR_RANGES + number * 8, first);
        image.u32(NV_ATTR_RANGES + number * 8 + 4, index - first);
    }
    Ok(())
}

fn one_attribute(image: &mut Image, at: u32, attribute: &Attribute, plan: &Plan) -> Result<()> {
    let linked = !attribute.setting.is_empty();
    image.u32(
        at + ATTR_FLAGS,
        u32::from(attribute.read_only) | u32::from(linked) << 1,
    );
    image.u32(at + ATTR_MIN, attribute.min);
    image.u32(at + ATTR_MAX, attribute.max);
    image.u32(at + ATTR_STEP, attribute.step);
    image.text(at + ATTR_NAME, ATTR_NAME_LEN, &attribute.name)?;
    image.text(at + ATTR_DISPLAY, ATTR_TEXT_LEN, &attribute.display)?;
    if attribute.kind == AttributeKind::Integer {
        let value = attribute
            .default
            .parse()
            .context("the default is not a number")?;
        image.u32(at + ATTR_DEFAULT_INT, value);
        image.u32(at + ATTR_CURRENT_INT, value);
        return Ok(());
    }
    image.text(at + ATTR_DEFAULT, ATTR_TEXT_LEN, &attribute.default)?;
    image.text(at + ATTR_CURRENT, ATTR_TEXT_LEN, &attribute.default)?;
    if attribute.values.len() > ATTR_VALUE_MAX as usize {
        bail!("more than {ATTR_VALUE_MAX} values");
    }
    image.u32(at + ATTR_VALUES, attribute.values.len() as u32);
    for (i, value) in attribute.values.iter().enumerate() {
        let i = i as u32;
        image.text(at + ATTR_VALUE + i * ATTR_VALUE_LEN, ATTR_VALUE_LEN, value)?;
    }
    if !linked {
        return Ok(());
    }
    if attribute.setting_values.len() != attribute.values.len() {
        bail!("setting_values and values differ in number");
    }
    for (i, value) in attribute.setting_values.iter().enumerate() {
        let token = plan.token(&attribute.setting, value)?;
        image.u16(at + ATTR_LINK + i as u32 * 4, token.location);
        image.u16(at + ATTR_LINK + i as u32 * 4 + 2, token.value);
    }
    Ok(())
}
