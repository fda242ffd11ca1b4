// SPDX-License-Identifier: GPL-2.0

//! SMBIOS structures of a profile: what QEMU's options cannot say goes into
//! files of one raw structure each.

use crate::profile::Profile;
use crate::tokens::{Plan, Token};
use anyhow::{bail, Result};

/// Header, port, code and supported classes of a 0xDA structure.
const DA_FIXED: usize = 11;
const TOKEN: usize = 6;

/// Raw structures, each with its strings and end marks.
pub fn structures(profile: &Profile, plan: &Plan) -> Result<Vec<Vec<u8>>> {
    let mut all = vec![chassis(profile)];
    if profile.dmi.vendor != "Dell Inc." {
        return Ok(all);
    }
    all.push(bios_flags());
    if profile.tokens.absent {
        return Ok(all);
    }
    let per_structure = profile.tokens.per_structure;
    if !(1..=39).contains(&per_structure) {
        bail!(
            "profile {}: 1 to 39 tokens fit into a structure",
            profile.name
        );
    }
    for (number, tokens) in plan.tokens.chunks(per_structure).enumerate() {
        all.push(calling_interface(profile, number as u16, tokens));
    }
    Ok(all)
}

/// Options for the structures that QEMU makes itself.
pub fn options(profile: &Profile) -> Vec<String> {
    let dmi = &profile.dmi;
    let mut options = vec![
        format!(
            "type=0,vendor={},version={},date={},release=0.1",
            escape(&dmi.vendor),
            escape(&dmi.bios_version),
            escape(&dmi.bios_date)
        ),
        format!(
            "type=1,manufacturer={},product={},version=simulated,serial={},sku={},family={}",
            escape(&dmi.vendor),
            escape(&dmi.product),
            escape(&dmi.serial),
            escape(&dmi.sku),
            escape(&dmi.family)
        ),
    ];
    if !dmi.oem_strings.is_empty() {
        let values: Vec<String> = dmi
            .oem_strings
            .iter()
            .map(|s| format!("value={}", escape(s)))
            .collect();
        options.push(format!("type=11,{}", values.join(",")));
    }
    options
}

/// A comma separates QEMU's options; two stand for one.
fn escape(text: &str) -> String {
    text.replace(',', ",,")
}

/// Type 3. dell-laptop looks at the chassis type and binds to portables only.
fn chassis(profile: &Profile) -> Vec<u8> {
    let mut s = vec![3, 0x15, 0x00, 0x03];
    s.extend([1, profile.dmi.chassis_type, 0, 2, 0]); // maker, type, version, serial, tag
    s.extend([3, 3, 3, 2]); // boot-up, power and thermal state safe, no security
    s.extend([0; 4]); // OEM
    s.extend([0, 0, 0, 0]); // height, cords, no elements
    for text in [&profile.dmi.vendor, &profile.dmi.serial] {
        s.extend(text.as_bytes());
        s.push(0);
    }
    s.push(0);
    s
}

/// Type 0xB1: bit 1 of its flags says that calls go through WMI.
fn bios_flags() -> Vec<u8> {
    let mut s = vec![0xB1, 12, 0x00, 0xB1];
    s.extend([0x02, 0, 0, 0, 0, 0, 0, 0]);
    s.extend([0, 0]);
    s
}

/// Type 0xDA: tokens.
fn calling_interface(profile: &Profile, number: u16, tokens: &[Token]) -> Vec<u8> {
    let mut s = vec![0xDA, 0];
    s.extend(0xDA00_u16.wrapping_add(number).to_le_bytes());
    // The SMI port and code of real machines. Nothing uses them here: 0xB1
    // says WMI, which mainline prefers.
    s.extend(0xB2_u16.to_le_bytes());
    s.push(0);
    s.extend(profile.tokens.classes.to_le_bytes());
    debug_assert_eq!(s.len(), DA_FIXED);
    for token in tokens {
        for word in [token.id, token.location, token.value] {
            s.extend(word.to_le_bytes());
        }
    }
    if profile.tokens.terminator {
        s.extend([0xFF, 0xFF, 0, 0, 0, 0]);
    }
    s.truncate(s.len().saturating_sub(profile.tokens.truncate).max(4));
    s[1] = s.len() as u8;
    s.extend([0, 0]);
    s
}

/// The tokens that mainline's dell-smbios makes of a profile's structures: it
/// takes the last entry of each for the terminator, whatever it is, ignores
/// structures without room for one entry, and drops repeated ids and id 0.
pub fn as_mainline_lists(profile: &Profile, plan: &Plan) -> Result<Vec<Token>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut listed = Vec::new();
    for s in structures(profile, plan)? {
        let length = usize::from(s[1]);
        if s[0] != 0xDA || length < DA_FIXED + TOKEN {
            continue;
        }
        let count = (length - DA_FIXED) / TOKEN - 1;
        for entry in s[DA_FIXED..].chunks_exact(TOKEN).take(count) {
            let word = |i: usize| u16::from_le_bytes([entry[i], entry[i + 1]]);
            if word(0) != 0 && seen.insert(word(0)) {
                listed.push(Token {
                    id: word(0),
                    location: word(2),
                    value: word(4),
                });
            }
        }
    }
    Ok(listed)
}
