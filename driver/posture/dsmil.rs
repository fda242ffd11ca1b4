// SPDX-License-Identifier: GPL-2.0

//! Answers of the ACPI device `DSML0001`, as `docs/dsmil-interface.md` specifies them.
//!
//! Everything here is parsed from bytes that are not trusted. A value of one of these types has
//! passed every check that the specification asks of a driver.

use super::control::Class;

/// Numbers of the `_DSM` functions.
pub mod function {
    /// Which functions exist.
    pub const QUERY: u32 = 0;
    /// Version and counts.
    pub const IDENTITY: u32 = 1;
    /// Description of one device.
    pub const DESCRIBE: u32 = 2;
    /// State of one device.
    pub const STATE: u32 = 3;
    /// States of all devices.
    pub const STATE_ALL: u32 = 4;
    /// Change of one device.
    pub const SET_IF: u32 = 5;
}

/// `_DSM` revision that this code speaks, and the major version that comes with it.
pub const REVISION: u16 = 1;

/// Most devices that firmware may have.
pub const DEVICES: u16 = 256;

/// Most groups that firmware may have.
pub const GROUPS: u16 = 16;

/// Names of a device's states, in the order of their numbers.
pub const STATES: [&str; 3] = ["inactive", "active", "failed"];

/// Devices that are quarantined whatever firmware says of them: by what they are for, they
/// destroy data or take the machine off the air. `tests/data/dsmil-devices.csv` holds the same
/// facts independently, and a test compares the two.
pub const QUARANTINED: &[&str] = &["DSMIL0D9", "DSMIL0DA", "DSMIL0DB", "DSMIL1D9", "DSMIL2D9"];

/// Unused place among the dependencies.
const NO_DEVICE: u16 = 0xFFFF;

/// Functions without which the device is of no use: 0 to 4.
const MANDATORY: u32 = 0x1F;

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too short, or it contradicts itself, the question or an earlier answer.
    Malformed,
    /// Well-formed, but outside the limits of the specification.
    Limits,
    /// Another version of the interface.
    Version(u16),
    /// The firmware reports failure, with this status.
    Status(u32),
}

/// The functions that firmware offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Functions(u32);

impl Functions {
    /// Parses an answer to QUERY.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let mut mask = [0; 4];
        for (to, from) in mask.iter_mut().zip(bytes) {
            *to = *from;
        }
        let mask = u32::from_le_bytes(mask);
        match mask & MANDATORY {
            MANDATORY => Ok(Self(mask)),
            _ => Err(Fault::Malformed),
        }
    }

    /// Tells whether devices can be switched.
    pub fn can_set(&self) -> bool {
        self.0 & (1 << function::SET_IF) != 0
    }
}

/// The valid bytes of an answer whose header says OK.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    /// Checks the header and that there are at least `size` valid bytes, header included.
    fn parse(bytes: &'a [u8], size: usize) -> Result<Self, Fault> {
        let body = Self(bytes);
        let status = body.u32(0)?;
        let length = usize::try_from(body.u32(4)?).map_err(|_| Fault::Malformed)?;
        let valid = bytes.get(..length).ok_or(Fault::Malformed)?;
        if status != 0 && length >= 8 {
            return Err(Fault::Status(status));
        }
        match length < size {
            true => Err(Fault::Malformed),
            false => Ok(Self(valid)),
        }
    }

    fn array<const N: usize>(&self, at: usize) -> Result<[u8; N], Fault> {
        let bytes = self.0.get(at..).and_then(|tail| tail.get(..N));
        bytes
            .and_then(|b| b.try_into().ok())
            .ok_or(Fault::Malformed)
    }

    fn u8(&self, at: usize) -> Result<u8, Fault> {
        self.array::<1>(at).map(|[byte]| byte)
    }

    fn u16(&self, at: usize) -> Result<u16, Fault> {
        self.array(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Result<u32, Fault> {
        self.array(at).map(u32::from_le_bytes)
    }

    /// Text padded with zero bytes, each byte of which `allowed` accepts.
    fn text<const N: usize>(&self, at: usize, allowed: fn(&u8) -> bool) -> Result<[u8; N], Fault> {
        let text: [u8; N] = self.array(at)?;
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(N);
        let (used, padding) = text.split_at_checked(end).ok_or(Fault::Malformed)?;
        match used.iter().all(allowed) && padding.iter().all(|byte| *byte == 0) {
            true => Ok(text),
            false => Err(Fault::Malformed),
        }
    }
}

fn is_printable(byte: &u8) -> bool {
    matches!(byte, b' '..=b'~')
}

fn is_name(byte: &u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

/// Answer to IDENTITY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Major version of the interface: [`REVISION`].
    pub major: u16,
    /// Minor version of the interface.
    pub minor: u16,
    /// Number of devices, 1 to [`DEVICES`].
    pub devices: u16,
    /// Number of groups, 1 to [`GROUPS`].
    pub groups: u16,
    /// Who made the firmware, in its own words.
    pub implementation: [u8; 16],
}

impl Identity {
    /// Parses an answer to IDENTITY.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let body = Body::parse(bytes, 36)?;
        let major = body.u16(8)?;
        // First: what the other fields of another version mean is not known.
        if major != REVISION {
            return Err(Fault::Version(major));
        }
        let identity = Self {
            major,
            minor: body.u16(10)?,
            devices: body.u16(12)?,
            groups: body.u16(14)?,
            implementation: body.text(20, is_printable)?,
        };
        match (1..=DEVICES).contains(&identity.devices) && (1..=GROUPS).contains(&identity.groups) {
            true => Ok(identity),
            false => Err(Fault::Limits),
        }
    }
}

/// Answer to DESCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Index of the device.
    pub index: u16,
    /// Number of its group, below [`Identity::groups`].
    pub group: u8,
    /// Its place in the group, 0 to 15.
    pub position: u8,
    /// What may be done to it: the stricter of what firmware says and [`QUARANTINED`].
    pub class: Class,
    /// Indices of the devices that it depends on; the used places come first.
    pub depends_on: [Option<u16>; 4],
    /// Name: upper-case letters and digits, padded with zero bytes.
    pub name: [u8; 12],
    /// What it does, for people.
    pub function: [u8; 28],
}

impl Descriptor {
    /// Parses an answer to DESCRIBE for device `index`, below `identity.devices`.
    pub fn parse(bytes: &[u8], index: u16, identity: &Identity) -> Result<Self, Fault> {
        let body = Body::parse(bytes, 64)?;
        if body.u16(8)? != index {
            return Err(Fault::Malformed);
        }
        let (group, position) = (body.u8(10)?, body.u8(11)?);
        if u16::from(group) >= identity.groups || position > 15 {
            return Err(Fault::Limits);
        }
        let name = body.text(24, is_name)?;
        if name.first() == Some(&0) {
            return Err(Fault::Malformed);
        }
        let mut depends_on = [None; 4];
        let mut ended = false;
        for (at, place) in (16..).step_by(2).zip(depends_on.iter_mut()) {
            match body.u16(at)? {
                NO_DEVICE => ended = true,
                device if ended || device == index => return Err(Fault::Malformed),
                device if device >= identity.devices => return Err(Fault::Limits),
                device => *place = Some(device),
            }
        }
        Ok(Self {
            index,
            group,
            position,
            class: class(body.u8(12)?, &name),
            depends_on,
            name,
            function: body.text(36, is_printable)?,
        })
    }

    /// Number of the device that is the same on every machine: group and position.
    pub fn number(&self) -> u32 {
        u32::from(self.group) << 8 | u32::from(self.position)
    }
}

fn class(number: u8, name: &[u8]) -> Class {
    let claimed = match number {
        0 => Class::Safe,
        1 => Class::Monitored,
        2 => Class::Restricted,
        4 => Class::ReadOnly,
        // 3, and what a later version may add: nothing that is known to be safe.
        _ => Class::Quarantined,
    };
    let is = |known: &&str| {
        name.strip_prefix(known.as_bytes())
            .is_some_and(|r| r.iter().all(|b| *b == 0))
    };
    match QUARANTINED.iter().any(is) {
        true => Class::Quarantined,
        false => claimed,
    }
}

/// State of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Number of the state: an index into [`STATES`], or a value that this version does not know.
    pub state: u8,
    /// Tampering was seen on this device since power-on.
    pub tamper: bool,
}

impl State {
    /// Parses an answer to STATE or SET_IF for device `index`.
    ///
    /// What SET_IF tells of a device that it did not change (CONFLICT, REFUSED, BUSY, FAILED) is
    /// not used: the status is the answer, and whoever wants the state asks for it.
    pub fn parse(bytes: &[u8], index: u16) -> Result<Self, Fault> {
        let body = Body::parse(bytes, 16)?;
        match body.u16(8)? == index {
            true => Ok(Self::new(body.u8(10)?, body.u8(11)?)),
            false => Err(Fault::Malformed),
        }
    }

    fn new(state: u8, flags: u8) -> Self {
        Self {
            state,
            tamper: flags & 1 != 0,
        }
    }
}

/// Answer to STATE_ALL: the states of all devices, at one moment.
#[derive(Clone, Copy, Debug)]
pub struct States<'a>(&'a [u8]);

impl<'a> States<'a> {
    /// Parses an answer to STATE_ALL of firmware that has `devices` devices.
    pub fn parse(bytes: &'a [u8], devices: u16) -> Result<Self, Fault> {
        const FIRST: usize = 16;
        let size = usize::from(devices).saturating_mul(2);
        let body = Body::parse(bytes, FIRST.saturating_add(size))?;
        if body.u16(12)? != devices {
            return Err(Fault::Malformed);
        }
        let states = body.0.get(FIRST..).and_then(|tail| tail.get(..size));
        states.map(Self).ok_or(Fault::Malformed)
    }

    /// Returns the state of device `index`, or `None` when there is no such device.
    pub fn get(&self, index: u16) -> Option<State> {
        match self.0.chunks_exact(2).nth(usize::from(index)) {
            Some(&[state, flags]) => Some(State::new(state, flags)),
            _ => None,
        }
    }
}
