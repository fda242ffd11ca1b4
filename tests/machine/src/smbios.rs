// SPDX-License-Identifier: GPL-2.0

//! SMBIOS structures of a profile: what QEMU's options cannot say goes into files of one raw
//! structure each.

use crate::profile::Profile;
use crate::table::{self, Command, Token, FIXED, MOST, TERMINATOR, TOKEN};
use anyhow::{bail, Context, Result};

/// What every simulated machine says of its BIOS and of itself, whatever table it has: milspecctl
/// knows it by this, and says so wherever it shows the machine.
const MARK: &str = "simulated";

/// Raw structures, each with its strings and end marks.
pub fn structures(profile: &Profile) -> Result<Vec<Vec<u8>>> {
    let mut all = vec![chassis(profile)];
    if profile.is_dell() {
        all.push(bios_flags());
        for mut structure in calling_interface(profile)? {
            structure.extend([0, 0]);
            all.push(structure);
        }
    }
    Ok(all)
}

/// Options for the structures that QEMU makes itself.
pub fn options(profile: &Profile) -> Vec<String> {
    let dmi = &profile.dmi;
    let mut options = vec![
        format!(
            "type=0,vendor={},version={}-{MARK},date={},release=0.1",
            escape(&dmi.vendor),
            escape(&dmi.bios_version),
            escape(&dmi.bios_date)
        ),
        format!(
            "type=1,manufacturer={},product={},version={MARK},serial={},sku={},family={}",
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

/// Type 0xDA: the formatted areas of the token table, those of a report as it has them.
pub fn calling_interface(profile: &Profile) -> Result<Vec<Vec<u8>>> {
    let wanted = &profile.tokens;
    if wanted.absent {
        return Ok(Vec::new());
    }
    if !profile.report.is_empty() {
        return Ok(profile.report.clone());
    }
    let command = Command {
        port: wanted.port,
        code: wanted.code,
        classes: wanted.classes,
    };
    let mut structures = Vec::new();
    for tokens in contents(profile)? {
        let number = u16::try_from(structures.len()).unwrap_or(u16::MAX);
        let end = match wanted.terminator {
            true => &TERMINATOR[..],
            false => &[],
        };
        let mut bytes = table::structure(number, command, &tokens, end)
            .with_context(|| format!("profile {}", profile.name))?;
        bytes.truncate(bytes.len().saturating_sub(wanted.truncate).max(4));
        bytes[1] = bytes.len() as u8;
        structures.push(bytes);
    }
    Ok(structures)
}

/// The tokens of each structure.
fn contents(profile: &Profile) -> Result<Vec<Vec<Token>>> {
    let wanted = &profile.tokens;
    let mut all = Vec::new();
    for structure in &wanted.structures {
        let mut tokens =
            table::parse(&structure.tokens).with_context(|| format!("profile {}", profile.name))?;
        tokens.retain(|token| !wanted.omit.contains(&token.id));
        all.push(tokens);
    }
    for other in table::parse(&wanted.replace)? {
        let mut tokens = all.iter_mut().flatten();
        let token = tokens.find(|token| token.id == other.id);
        *token.with_context(|| format!("profile {}: no token {other}", profile.name))? = other;
    }
    let mut more = table::parse(&wanted.extra)?;
    more.extend((0..wanted.filler).map(|n| Token {
        id: 0x5000 + n,
        location: 0xC000 + n / 2,
        value: n % 2,
    }));
    all.extend(more.chunks(MOST).map(<[Token]>::to_vec));
    if let Some(per_structure) = wanted.per_structure {
        if !(1..=MOST).contains(&per_structure) {
            bail!(
                "profile {}: 1 to {MOST} tokens fit into a structure",
                profile.name
            );
        }
        let tokens = all.concat();
        all = tokens
            .chunks(per_structure)
            .map(<[Token]>::to_vec)
            .collect();
    }
    Ok(all)
}

/// The tokens that mainline's dell-smbios makes of a profile's structures: it takes the last
/// entry of each for the terminator, whatever it is, ignores structures without room for one
/// entry, and drops repeated ids and id 0.
pub fn as_mainline_lists(profile: &Profile) -> Result<Vec<Token>> {
    let mut seen = std::collections::BTreeSet::new();
    let mut listed = Vec::new();
    for s in calling_interface(profile)? {
        let length = usize::from(s[1]);
        if length < FIXED + TOKEN {
            continue;
        }
        let count = (length - FIXED) / TOKEN - 1;
        for entry in s[FIXED..].chunks_exact(TOKEN).take(count) {
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
