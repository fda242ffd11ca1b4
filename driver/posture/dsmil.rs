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
/// destroy data or take the machine off the air. A device is one of them by its name, or by its
/// number ([`Descriptor::number`]): one of the two that firmware has changed frees none.
/// `tests/data/dsmil-devices.csv` holds the same facts independently, and a test compares the two.
pub const QUARANTINED: &[(&str, u32)] = &[
    ("DSMIL0D9", 0x0009),
    ("DSMIL0DA", 0x000A),
    ("DSMIL0DB", 0x000B),
    ("DSMIL1D9", 0x0109),
    ("DSMIL2D9", 0x0209),
];

/// Unused place among the dependencies.
const NO_DEVICE: u16 = 0xFFFF;

/// Functions without which the device is of no use: 0 to 4.
const MANDATORY: u32 = 0x1F;

/// Statuses of the answer header.
pub mod status {
    /// The call did what was asked.
    pub const OK: u32 = 0;
    /// There is no such function.
    pub const NOT_SUPPORTED: u32 = 1;
    /// There is no such device.
    pub const BAD_INDEX: u32 = 2;
    /// An argument is missing, or not allowed.
    pub const BAD_VALUE: u32 = 3;
    /// The device is not in the expected state.
    pub const CONFLICT: u32 = 4;
    /// The firmware's policy forbids it.
    pub const REFUSED: u32 = 5;
    /// To be tried again.
    pub const BUSY: u32 = 6;
}

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

/// The valid bytes of an answer.
struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    /// Checks the header, and returns the status and the valid bytes, header included.
    fn header(bytes: &'a [u8]) -> Result<(u32, Self), Fault> {
        let header = Self(bytes);
        let status = header.u32(0)?;
        let length = usize::try_from(header.u32(4)?).map_err(|_| Fault::Malformed)?;
        let valid = bytes.get(..length).ok_or(Fault::Malformed)?;
        Ok((status, Self(valid).of_size(8)?))
    }

    /// Checks that the header says OK and that there are at least `size` valid bytes.
    fn parse(bytes: &'a [u8], size: usize) -> Result<Self, Fault> {
        match Self::header(bytes)? {
            (status::OK, body) => body.of_size(size),
            (status, _) => Err(Fault::Status(status)),
        }
    }

    /// Itself, when there are at least `size` valid bytes.
    fn of_size(self, size: usize) -> Result<Self, Fault> {
        match self.0.len() < size {
            true => Err(Fault::Malformed),
            false => Ok(self),
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

/// Tells whether an answer of STATE or STATE_ALL says BUSY.
pub fn is_busy(bytes: &[u8]) -> bool {
    matches!(Body::header(bytes), Ok((status::BUSY, _)))
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
            class: class(body.u8(12)?, &name, number(group, position)),
            depends_on,
            name,
            function: body.text(36, is_printable)?,
        })
    }

    /// Number of the device that is the same on every machine: group and position.
    pub fn number(&self) -> u32 {
        number(self.group, self.position)
    }
}

fn number(group: u8, position: u8) -> u32 {
    u32::from(group) << 8 | u32::from(position)
}

/// The stricter of what firmware claims and what is known of a device of this name or number.
fn class(claim: u8, name: &[u8], number: u32) -> Class {
    let claimed = match claim {
        0 => Class::Safe,
        1 => Class::Monitored,
        2 => Class::Restricted,
        4 => Class::ReadOnly,
        // 3, and what a later version may add: nothing that is known to be safe.
        _ => Class::Quarantined,
    };
    let is_called = |known: &str| {
        name.strip_prefix(known.as_bytes())
            .is_some_and(|r| r.iter().all(|b| *b == 0))
    };
    let mut known = QUARANTINED.iter();
    match known.any(|(name, place)| is_called(name) || *place == number) {
        true => Class::Quarantined,
        false => claimed,
    }
}

/// Bytes of an answer that describes the state of one device.
const STATE_SIZE: usize = 16;

/// State of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Number of the state: an index into [`STATES`], or a value that this version does not know.
    pub state: u8,
    /// Tampering was seen on this device since power-on.
    pub tamper: bool,
}

impl State {
    /// Parses an answer to STATE for device `index`.
    pub fn parse(bytes: &[u8], index: u16) -> Result<Self, Fault> {
        Self::of(&Body::parse(bytes, STATE_SIZE)?, index)
    }

    /// The state that an answer of [`STATE_SIZE`] bytes tells of device `index`.
    fn of(body: &Body<'_>, index: u16) -> Result<Self, Fault> {
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

/// Answer to SET_IF: how it went, and how the device stands after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The status: OK, CONFLICT, REFUSED, BUSY or FAILED, or one of no known meaning, which means
    /// FAILED.
    pub status: u32,
    /// The state.
    pub state: State,
}

impl Change {
    /// Parses an answer to SET_IF for device `index`. It describes the device whatever the status
    /// is, but for those that say that there is nothing to describe.
    pub fn parse(bytes: &[u8], index: u16) -> Result<Self, Fault> {
        match Body::header(bytes)? {
            (status @ (status::NOT_SUPPORTED | status::BAD_INDEX | status::BAD_VALUE), _) => {
                Err(Fault::Status(status))
            }
            (status, body) => Ok(Self {
                status,
                state: State::of(&body.of_size(STATE_SIZE)?, index)?,
            }),
        }
    }

    /// The state, when the change was made.
    pub fn made(self) -> Result<State, Fault> {
        match self.status {
            status::OK => Ok(self.state),
            status => Err(Fault::Status(status)),
        }
    }

    /// Tells whether to ask for the same change again: the firmware is busy, and the device is in
    /// the state `expected` as before.
    ///
    /// One that says BUSY and shows another state has made the change after all, or somebody else
    /// has changed the device. Asked again it would say CONFLICT, from which nobody could tell
    /// which of the two it was.
    pub fn is_to_be_repeated(&self, expected: u8) -> bool {
        self.status == status::BUSY && self.state.state == expected
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
