// SPDX-License-Identifier: GPL-2.0

//! What the host may do to a machine through its NVRAM, besides faults.

use super::layout::*;
use super::Nvram;
use crate::tokens::{self, Plan};
use anyhow::{bail, Result};

/// Calls of the operating system, as firmware counted them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    spaces: [[u32; NV_COUNTER_KEYS as usize]; 4],
}

impl Counts {
    /// SMBIOS calls of one class.
    pub fn class(&self, class: u16) -> u32 {
        self.key(SPACE_SMBIOS, u32::from(class))
    }

    /// Token reads.
    pub fn token_reads(&self) -> u32 {
        self.class(0)
    }

    /// Token writes.
    pub fn token_writes(&self) -> u32 {
        self.class(1)
    }

    /// All SMBIOS calls.
    pub fn smbios(&self) -> u32 {
        self.sum(SPACE_SMBIOS)
    }

    /// `_DSM` calls of DSML0001 with one function.
    pub fn dsml(&self, function: u32) -> u32 {
        self.key(SPACE_DSML, function)
    }

    /// All `_DSM` calls of DSML0001.
    pub fn dsml_total(&self) -> u32 {
        self.sum(SPACE_DSML)
    }

    /// `_DSM` calls of the second DSML0001, where there is one.
    pub fn dsml_second(&self) -> u32 {
        self.key(SPACE_OTHER, OTHER_SECOND_DSML)
    }

    /// dell-wmi-sysman: reads, sets, defaults, password changes.
    pub fn sysman(&self, method: u32) -> u32 {
        self.key(SPACE_SYSMAN, method)
    }

    /// Everything else: privacy block, event data.
    pub fn other(&self, key: u32) -> u32 {
        self.key(SPACE_OTHER, key)
    }

    /// What came since an earlier count.
    pub fn since(&self, earlier: &Counts) -> Counts {
        let mut spaces = self.spaces;
        for (now, then) in spaces
            .iter_mut()
            .flatten()
            .zip(earlier.spaces.iter().flatten())
        {
            *now = now.wrapping_sub(*then);
        }
        Counts { spaces }
    }

    /// (space, key, count) of all that are not zero.
    pub fn nonzero(&self) -> Vec<(u32, u32, u32)> {
        let mut rows = Vec::new();
        for (space, keys) in self.spaces.iter().enumerate() {
            for (key, &count) in keys.iter().enumerate() {
                if count != 0 {
                    rows.push((space as u32, key as u32, count));
                }
            }
        }
        rows
    }

    fn key(&self, space: u32, key: u32) -> u32 {
        self.spaces[space as usize][key.min(NV_COUNTER_KEYS - 1) as usize]
    }

    fn sum(&self, space: u32) -> u32 {
        self.spaces[space as usize]
            .iter()
            .fold(0, |sum, n| sum.wrapping_add(*n))
    }
}

/// One call of the operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Which interface: `SPACE_*` of [`super::layout`].
    pub space: u32,
    /// Class, function or method.
    pub key: u32,
    /// Select.
    pub select: u32,
    /// Location (SMBIOS), device index (DSML0001).
    pub argument: u32,
}

/// State of a DSMIL device, as firmware holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DsmilState {
    /// 0 inactive, 1 active, 2 failed; others are reserved.
    pub state: u8,
    /// Bit 0: tamper.
    pub flags: u8,
}

impl Nvram {
    /// Calls so far.
    pub fn counts(&self) -> Result<Counts> {
        let mut spaces = [[0; NV_COUNTER_KEYS as usize]; 4];
        for (space, keys) in spaces.iter_mut().enumerate() {
            for (key, count) in keys.iter_mut().enumerate() {
                let at = NV_COUNTERS + space as u32 * NV_COUNTER_STRIDE + key as u32 * 4;
                *count = self.read_u32(at)?;
            }
        }
        Ok(Counts { spaces })
    }

    /// How many calls the log has seen; where a later [`Nvram::log_since`] starts.
    pub fn log_position(&self) -> Result<u32> {
        self.read_u32(NV_LOG_HEAD)
    }

    /// The calls since a position, in order.
    pub fn log_since(&self, position: u32) -> Result<Vec<LogEntry>> {
        let head = self.read_u32(NV_LOG_HEAD)?;
        let count = head.wrapping_sub(position);
        if count > NV_LOG_MAX {
            bail!("{count} calls were made, the log keeps {NV_LOG_MAX}");
        }
        (0..count)
            .map(|i| {
                let slot = position.wrapping_add(i) % NV_LOG_MAX;
                let at = NV_LOG + slot * NV_LOG_ENTRY;
                Ok(LogEntry {
                    space: self.read_u32(at)?,
                    key: self.read_u32(at + 4)?,
                    select: self.read_u32(at + 8)?,
                    argument: self.read_u32(at + 12)?,
                })
            })
            .collect()
    }

    /// What reading a location shows, without a fault.
    pub fn location(&self, location: u16) -> Result<u16> {
        self.read_u16(entry(self.cell(location)?) + LOC_VALUE)
    }

    /// Moves a cell behind the operating system's back.
    pub fn set_location(&self, location: u16, value: u16) -> Result<()> {
        self.write_u16(entry(self.cell(location)?) + LOC_VALUE, value)
    }

    /// Makes one token of a setting the active one, behind the operating
    /// system's back.
    pub fn set_setting(&self, plan: &Plan, setting: &str, value: &str) -> Result<()> {
        let active = plan.token(setting, value)?;
        for (_, token) in plan.setting(setting) {
            if token.location != active.location && self.location(token.location)? == token.value {
                // Clearing is for locations of their own only: an alias shows
                // the cell that is set below.
                if self.cell(token.location)? != self.cell(active.location)? {
                    let idle = plan.locations.get(&token.location).map_or(0, |l| l.idle);
                    self.set_location(token.location, idle)?;
                }
            }
        }
        self.set_location(active.location, active.value)
    }

    /// The value of a setting: the one whose token is active, if there is exactly one, or what is in
    /// force when none is.
    pub fn setting(&self, plan: &Plan, setting: &str) -> Result<Option<String>> {
        let listed = plan.setting(setting);
        let mut active = Vec::new();
        for (value, token) in &listed {
            if self.location(token.location)? == token.value {
                active.push(*value);
            }
        }
        Ok(match active[..] {
            [value] => Some(value.to_owned()),
            // Two names of one value.
            ["enabled", "on-board"] | ["on-board", "enabled"] => Some("on-board".to_owned()),
            [] => tokens::implied(setting, &listed)?,
            _ => None,
        })
    }

    /// Makes a location refuse writes, or accept them again.
    pub fn set_read_only(&self, location: u16, read_only: bool) -> Result<()> {
        let at = entry(location) + LOC_FLAGS;
        let flags = self.read_u8(at)? & !(LOC_READ_ONLY as u8);
        self.write_u8(
            at,
            if read_only {
                flags | LOC_READ_ONLY as u8
            } else {
                flags
            },
        )
    }

    /// Tells whether a location is there: whether reads and writes of it can succeed.
    pub fn is_present(&self, location: u16) -> Result<bool> {
        Ok(self.read_u8(entry(location) + LOC_FLAGS)? & LOC_PRESENT as u8 != 0)
    }

    /// Makes a location vanish (reads and writes fail), or come back.
    pub fn set_present(&self, location: u16, present: bool) -> Result<()> {
        let at = entry(location) + LOC_FLAGS;
        let flags = self.read_u8(at)? & !(LOC_PRESENT as u8);
        self.write_u8(
            at,
            if present {
                flags | LOC_PRESENT as u8
            } else {
                flags
            },
        )
    }

    fn cell(&self, location: u16) -> Result<u16> {
        self.read_u16(entry(location) + LOC_CELL)
    }

    /// Installs an administrator password and its security key; an empty text
    /// takes the password away.
    pub fn set_password(&self, password: &str, key: u16) -> Result<()> {
        let mut text = [0; NV_PW_TEXT_LEN as usize];
        match text.get_mut(..password.len()) {
            Some(room) if password.len() < NV_PW_TEXT_LEN as usize => {
                room.copy_from_slice(password.as_bytes());
            }
            _ => bail!("the password is longer than {} bytes", NV_PW_TEXT_LEN - 1),
        }
        self.write(NV_PW_TEXT, &text)?;
        self.write_u32(NV_PW_KEY, u32::from(key))?;
        self.write_u32(NV_PW_TRIES, 0)?;
        self.write_u32(NV_PW_SET, u32::from(!password.is_empty()))
    }

    /// Moves the privacy switches: bit 0 microphone, 1 camera, 2 screen.
    pub fn set_privacy(&self, current: u32) -> Result<()> {
        self.write_u32(NV_PRIVACY_NOW, current)
    }

    /// Puts an event into the ring. The guest hears of it when its interrupt is
    /// raised: use `Machine::raise_event`.
    pub fn queue_event(&self, words: &[u16]) -> Result<()> {
        // The first word counts those that follow; the rest must stay zero.
        let room = NV_EVENT_SIZE as usize / 2 - 1;
        if words.is_empty() || words.len() > room {
            bail!("an event has 1 to {room} words");
        }
        let head = self.read_u32(NV_EVENT_HEAD)?;
        if head.wrapping_sub(self.read_u32(NV_EVENT_TAKEN)?) >= NV_EVENT_MAX {
            bail!("{NV_EVENT_MAX} events are waiting: the guest takes none");
        }
        let mut bytes = Vec::with_capacity(NV_EVENT_SIZE as usize);
        bytes.extend((words.len() as u16).to_le_bytes());
        for word in words {
            bytes.extend(word.to_le_bytes());
        }
        bytes.resize(NV_EVENT_SIZE as usize, 0);
        self.write(
            NV_EVENT_SLOTS + (head % NV_EVENT_MAX) * NV_EVENT_SIZE,
            &bytes,
        )?;
        self.write_u32(NV_EVENT_HEAD, head.wrapping_add(1))
    }

    /// Whether the guest has taken all events and notifications.
    pub fn events_taken(&self) -> Result<bool> {
        Ok(self.read_u32(NV_EVENT_HEAD)? == self.read_u32(NV_EVENT_TAKEN)? && self.told()?)
    }

    /// Whether firmware has announced all events and notifications. Whether
    /// anybody fetches the events is another question.
    pub(crate) fn told(&self) -> Result<bool> {
        Ok(
            self.read_u32(NV_EVENT_HEAD)? == self.read_u32(NV_EVENT_TOLD)?
                && self.read_u32(NV_NOTIFY_HEAD)? == self.read_u32(NV_NOTIFY_DONE)?
                && self.read_u32(NV_FOREIGN_HEAD)? == self.read_u32(NV_FOREIGN_DONE)?,
        )
    }

    /// Has firmware announce an event once more than there are events: what
    /// comes then has no words. Use `Machine::raise_wordless_event`.
    pub(crate) fn queue_wordless_event(&self) -> Result<()> {
        let told = self.read_u32(NV_EVENT_TOLD)?;
        self.write_u32(NV_EVENT_TOLD, told.wrapping_sub(1))
    }

    /// How often the guest's kernel has asked for a Dell event, whether it was
    /// given one or not.
    pub fn events_asked(&self) -> Result<u32> {
        self.read_u32(NV_EVENT_ASKED)
    }

    /// Whether the guest's kernel wants Dell events. Without that it is told
    /// that there are some, and given none.
    pub fn events_wanted(&self) -> Result<bool> {
        Ok(self.read_u32(NV_WMI_EVENTS)? != 0)
    }

    /// Queues a notification of the WMI device that is not Dell's: use
    /// `Machine::foreign_notify`.
    pub fn queue_foreign(&self) -> Result<()> {
        let head = self.read_u32(NV_FOREIGN_HEAD)?;
        self.write_u32(NV_FOREIGN_HEAD, head.wrapping_add(1))
    }

    /// How often the guest's kernel has asked that device for its event.
    pub fn foreign_asked(&self) -> Result<u32> {
        self.read_u32(NV_FOREIGN_ASKED)
    }

    /// Queues a notification of DSML0001: use `Machine::dsmil_notify`.
    pub fn queue_notify(&self, code: u8) -> Result<()> {
        let head = self.read_u32(NV_NOTIFY_HEAD)?;
        if head.wrapping_sub(self.read_u32(NV_NOTIFY_DONE)?) >= NV_NOTIFY_MAX {
            bail!("{NV_NOTIFY_MAX} notifications are waiting: the guest takes none");
        }
        self.write_u32(
            NV_NOTIFY_SLOTS + (head % NV_NOTIFY_MAX) * 4,
            u32::from(code),
        )?;
        self.write_u32(NV_NOTIFY_HEAD, head.wrapping_add(1))
    }

    /// State of a DSMIL device.
    pub fn dsmil_state(&self, index: u16) -> Result<DsmilState> {
        let mut bytes = [0; 2];
        self.read(dsmil(index)?, &mut bytes)?;
        Ok(DsmilState {
            state: bytes[0],
            flags: bytes[1],
        })
    }

    /// Changes a DSMIL device behind the operating system's back, without a
    /// notification: the change count grows by one, as the interface demands, if that is a change.
    pub fn dsmil_set_state(&self, index: u16, state: u8, flags: u8) -> Result<()> {
        if self.dsmil_state(index)? == (DsmilState { state, flags }) {
            return Ok(());
        }
        self.write(dsmil(index)?, &[state, flags])?;
        let ours = self.read_u32(NV_DSML_BY_HOST)?;
        self.write_u32(NV_DSML_BY_HOST, ours.wrapping_add(1))
    }

    /// What DSML0001 forgets without power and in S5: that somebody has tampered.
    pub(crate) fn dsmil_lose_power(&self) -> Result<()> {
        for index in 0..NV_DSML_MAX as u16 {
            let DsmilState { state, flags } = self.dsmil_state(index)?;
            self.dsmil_set_state(index, state, flags & !1)?;
        }
        Ok(())
    }

    /// The change count of DSML0001.
    pub fn dsmil_changes(&self) -> Result<u32> {
        let firmware = self.read_u32(NV_DSML_CHANGES)?;
        Ok(firmware.wrapping_add(self.read_u32(NV_DSML_BY_HOST)?))
    }

    /// Changes bytes of the answer of DESCRIBE for a device.
    pub fn dsmil_patch_descriptor(&self, index: u16, offset: u8, bytes: &[u8]) -> Result<()> {
        if index >= NV_DSML_MAX as u16 || usize::from(offset) + bytes.len() > 64 {
            bail!("no such place in a descriptor");
        }
        let at = NV_DSML_DESCRIPTOR + u32::from(index) * NV_DSML_DESC_SIZE;
        self.write(at + u32::from(offset), bytes)
    }

    /// Changes bytes of the answer of IDENTITY.
    pub fn dsmil_patch_identity(&self, offset: u8, bytes: &[u8]) -> Result<()> {
        if usize::from(offset) + bytes.len() > 36 {
            bail!("no such place in the identity");
        }
        self.write(NV_DSML_IDENTITY + u32::from(offset), bytes)
    }

    /// Opens the chassis: the door stands open and the latch is tripped; where both are values of
    /// one cell, that holds the latter.
    pub fn trip_intrusion(&self, plan: &Plan) -> Result<()> {
        self.set_setting(plan, "chassis-door", "open")?;
        self.set_setting(plan, "intrusion-latch", "tripped")
    }
}

fn entry(location: u16) -> u32 {
    NV_LOCATIONS + u32::from(location) * NV_LOCATION_SIZE
}

fn dsmil(index: u16) -> Result<u32> {
    if u32::from(index) >= NV_DSML_MAX {
        bail!("there is no DSMIL device {index}");
    }
    Ok(NV_DSML_STATE + 2 * u32::from(index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvram::tests::blank;

    /// Fails when the change count grows by anything but one with each change, wherever firmware's own
    /// count is, or when a tamper flag, and only that, does not end with the power.
    #[test]
    fn changes_are_counted_and_tamper_ends_with_the_power() {
        blank(|nvram| {
            nvram.write_u32(NV_DSML_CHANGES, u32::MAX).unwrap();
            let count = || nvram.dsmil_changes().unwrap();
            assert_eq!(count(), u32::MAX);
            nvram.dsmil_set_state(3, 0, 0).unwrap();
            assert_eq!(count(), u32::MAX, "nothing has changed");
            nvram.dsmil_set_state(3, 1, 3).unwrap();
            assert_eq!(count(), 0);
            // Firmware, between a reading and a writing of the host's.
            nvram.write_u32(NV_DSML_CHANGES, 0).unwrap();
            assert_eq!(count(), 1);
            nvram.dsmil_lose_power().unwrap();
            let left = DsmilState { state: 1, flags: 2 };
            assert_eq!(nvram.dsmil_state(3).unwrap(), left);
            assert_eq!(count(), 2);
        });
    }
}
