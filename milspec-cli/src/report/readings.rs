// SPDX-License-Identifier: GPL-2.0

//! What locations read.
//!
//! Where the driver is there, its last reading is taken: that makes no firmware call. It has read
//! the locations of its own controls only. The others are read through the kernel's own door,
//! `/dev/wmi/dell-smbios`, as libsmbios reads them: class 0, select 0, which changes nothing, and
//! which the kernel refuses for tokens that are none of user space's business.
//!
//! Only locations are read at which the table lists a choice. What else firmware keeps behind a
//! token, a number, a text or something that nobody has described, is not asked for.

use super::cells::{self, NOWHERE, NUMBER};
use super::driver::Driver;
use super::unread::{errno_of, Unread};
use crate::failure::errno_name;
use crate::root::Root;
use crate::smbios::Smbios;
use crate::words::count;
use milspec_posture::token_table::Token;
use nix::errno::Errno;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Class of the calls that read a token, and which of them reads the present value.
const READ: u16 = 0;
const PRESENT: u16 = 0;

/// What locations read, and who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readings {
    /// By the driver's last reading, each `LOCATION=VALUE`.
    pub driver: String,
    /// Through the kernel's `dell-smbios`, the same.
    pub kernel: String,
    /// Locations that were not read, by the reason.
    pub unread: Vec<Silent>,
}

/// Locations that were not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silent {
    /// Why.
    pub why: String,
    /// The locations.
    pub locations: String,
}

/// Locations with what they read.
type Read = BTreeMap<u16, u32>;

/// Takes what the driver has read, and reads the rest.
pub fn read(
    root: &Root,
    tokens: &[Token],
    driver: Option<&Driver>,
    calls: bool,
    say: &dyn Fn(&str),
) -> Readings {
    let known = driver.map(Driver::readings).unwrap_or_default();
    let choices = choices(tokens);
    let listed: BTreeSet<u16> = tokens.iter().map(|token| token.location).collect();
    let (mut kernel, mut unread) = (Read::new(), BTreeMap::<String, Vec<String>>::new());
    let mut leave = |at: u16, why: String| unread.entry(why).or_default().push(format!("{at:04X}"));
    for at in listed.into_iter().filter(|at| !known.contains_key(at)) {
        if at == NOWHERE {
            leave(at, "the table says that nothing is there".into());
        } else if !choices.contains(&at) {
            let why = "the table lists no known choice there: not asked for";
            leave(at, why.into());
        }
    }
    let rest = choices.into_iter().filter(|at| !known.contains_key(at));
    let rest: Vec<u16> = rest.collect();
    let smbios = match calls && !rest.is_empty() {
        true => open(root),
        false => Err("no firmware call was to be made".into()),
    };
    if smbios.is_ok() {
        say(&format!(
            "Reading {} locations of the firmware; nothing is written to it.\n",
            rest.len()
        ));
    }
    for at in rest {
        match smbios
            .as_ref()
            .map_err(String::clone)
            .and_then(|it| ask(it, at))
        {
            Ok(value) => drop(kernel.insert(at, value)),
            Err(why) => leave(at, why),
        }
    }
    let unread = unread.into_iter().map(|(why, locations)| Silent {
        why,
        locations: locations.join(" "),
    });
    Readings {
        driver: notation(&known),
        kernel: notation(&kernel),
        unread: unread.collect(),
    }
}

/// Locations at which one of several known tokens can be in force.
fn choices(tokens: &[Token]) -> BTreeSet<u16> {
    let names = cells::names();
    let mut seen = BTreeSet::new();
    let first = tokens.iter().filter(|token| seen.insert(token.id));
    first
        .filter(|token| token.location != NOWHERE && token.value != NUMBER)
        .filter(|token| names.contains_key(&token.id))
        .map(|token| token.location)
        .collect()
}

fn open(root: &Root) -> Result<Smbios<'_>, String> {
    Smbios::open(root).map_err(|errno| match errno {
        Errno::ENOENT => "there is no /dev/wmi/dell-smbios".to_string(),
        Errno::EACCES | Errno::EPERM => "/dev/wmi/dell-smbios is root's".to_string(),
        errno => format!("/dev/wmi/dell-smbios: {}", errno_name(errno as i32)),
    })
}

/// Asks the firmware what a location reads; fails with the reason.
fn ask(smbios: &Smbios<'_>, location: u16) -> Result<u32, String> {
    let argument = u32::from(location).to_ne_bytes();
    let mut call = smbios.prepare(READ, PRESENT).with_arguments(&argument);
    match (smbios.make(&mut call), call.status()) {
        (Ok(()), 0) => Ok(call.output(1)),
        (Ok(()), status) => Err(format!("the firmware answered with status {status}")),
        (Err(errno @ (Errno::EINVAL | Errno::EACCES | Errno::EPERM)), _) => {
            let name = errno_name(errno as i32);
            Err(format!("the kernel lets nobody read it ({name})"))
        }
        (Err(errno), _) => Err(errno_of(errno as i32)),
    }
}

/// Readings as they stand in a report.
pub fn notation(read: &Read) -> String {
    let words = read.iter().map(|(at, value)| format!("{at:04X}={value}"));
    words.collect::<Vec<_>>().join(" ")
}

impl Readings {
    /// All that was read, by location.
    pub fn all(&self) -> BTreeMap<u16, u32> {
        let both = [&self.kernel, &self.driver].into_iter();
        let words = both.flat_map(|text| text.split_whitespace());
        words
            .filter_map(|word| {
                let (location, value) = word.split_once('=')?;
                let location = u16::from_str_radix(location, 16).ok()?;
                Some((location, value.parse().ok()?))
            })
            .collect()
    }

    /// How many locations were not read.
    pub fn unread_count(&self) -> usize {
        let all = self.unread.iter();
        all.map(|silent| silent.locations.split_whitespace().count())
            .sum()
    }

    /// What was not read, for the list of that.
    pub fn note(&self) -> Option<Unread> {
        let reason = |silent: &Silent| {
            let number = silent.locations.split_whitespace().count();
            format!("{}: {}", count(number, "location"), silent.why)
        };
        let reasons: Vec<String> = self.unread.iter().map(reason).collect();
        (!reasons.is_empty()).then(|| Unread::new("readings", reasons.join("; ")))
    }
}
