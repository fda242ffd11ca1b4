// SPDX-License-Identifier: GPL-2.0

//! BIOS attributes, as the kernel shows them: `/sys/class/firmware-attributes`.
//!
//! Of an enumeration, values are one of a few words that the firmware has for everybody. What is
//! free text says whose machine it is: an asset tag, an owner, a password. None of that is opened.

use super::owner::{self, Owner};
use super::unread::Unread;
use crate::root::Root;
use serde::{Deserialize, Serialize};

const CLASS: &str = "/sys/class/firmware-attributes";

/// Our own: what it shows is in the answers of the driver.
const OWN: &str = "dell-milspec";

/// Longest name or value; the longest that is known has 30 characters.
const LONGEST: usize = 48;

/// The attributes of one driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributes {
    /// Name of the driver, e.g. `dell-wmi-sysman`.
    pub driver: String,
    /// Those that have one of a few values.
    pub enumerations: Vec<Enumeration>,
    /// Names of those that are a number.
    pub integers: Vec<String>,
    /// How many others there are: text, of which not even the name is here, and what this program
    /// does not know.
    pub left_out: u32,
}

/// An attribute that has one of a few values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enumeration {
    /// Name.
    pub name: String,
    /// Its value; null where that could not be read.
    pub value: Option<String>,
    /// The values that it can have.
    pub possible: Vec<String>,
}

/// Reads what may be read.
pub fn read(root: &Root, unread: &mut Vec<Unread>) -> Vec<Attributes> {
    let owner = owner::numbers(root);
    let drivers = root.names(CLASS).into_iter();
    let (mut closed, mut strange) = (0, 0);
    let all: Vec<Attributes> = drivers
        .filter(|driver| driver != OWN && is_plain(driver))
        .map(|driver| of(root, driver, &owner, &mut closed, &mut strange))
        .collect();
    if all.is_empty() {
        unread.push(Unread::new(
            "attributes",
            format!(
                "no driver shows any in {CLASS}; on a Dell of 2018 or later, \"modprobe \
                 dell-wmi-sysman\" may"
            ),
        ));
    }
    let total: usize = all.iter().map(|of| of.enumerations.len()).sum();
    for (silent, why) in [
        (closed, "root's to read"),
        (strange, "none of those that it can have"),
    ] {
        if silent != 0 {
            let why = format!("of {silent} of {total} enumerations the present value is {why}");
            unread.push(Unread::new("attribute-values", why));
        }
    }
    all
}

/// Counts the enumerations whose value cannot be read, or is none of those that they can have.
fn of(
    root: &Root,
    driver: String,
    owner: &Owner,
    closed: &mut usize,
    strange: &mut usize,
) -> Attributes {
    let directory = format!("{CLASS}/{driver}/attributes");
    let mut found = Attributes {
        driver,
        enumerations: Vec::new(),
        integers: Vec::new(),
        left_out: 0,
    };
    for name in root.names(&directory) {
        let file = |file: &str| root.text(&format!("{directory}/{name}/{file}"));
        // pending_reboot and reset_bios are files that stand beside the attributes.
        let Some(kind) = file("type") else {
            continue;
        };
        match kind.as_str() {
            "enumeration" if is_plain(&name) => {
                let possible = file("possible_values").unwrap_or_default();
                let possible = possible.split(';').map(str::trim).filter(|v| !v.is_empty());
                let possible: Vec<String> = possible.map(Into::into).collect();
                let theirs = |value: &String| is_plain(value) && !owner.is_in(value);
                if !possible.iter().all(theirs) || owner.is_in(&name) {
                    found.left_out += 1;
                    continue;
                }
                let value = file("current_value");
                match &value {
                    None => *closed += 1,
                    Some(value) if possible.contains(value) => {}
                    Some(_) => *strange += 1,
                }
                found.enumerations.push(Enumeration {
                    name,
                    value: value.filter(|value| possible.contains(value)),
                    possible,
                });
            }
            "integer" if is_plain(&name) && !owner.is_in(&name) => found.integers.push(name),
            _ => found.left_out += 1,
        }
    }
    found
}

/// Whether it is a name as firmware gives them to everybody: a short word of letters, digits and a
/// few signs.
fn is_plain(text: &str) -> bool {
    let sign = |c: char| c.is_ascii_alphanumeric() || "_-+.".contains(c);
    !text.is_empty() && text.len() <= LONGEST && text.chars().all(sign)
}
