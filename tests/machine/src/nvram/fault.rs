// SPDX-License-Identifier: GPL-2.0

//! Faults: what the host wants firmware to do wrong, and to which call.

use super::layout::*;
use super::Nvram;
use anyhow::{bail, Result};

/// Which calls a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    space: u32,
    key: u32,
    select: u32,
    argument: u32,
}

impl Call {
    /// Every SMBIOS call.
    pub const SMBIOS: Call = Call {
        space: SPACE_SMBIOS,
        key: ANY,
        select: ANY,
        argument: ANY,
    };
    /// SMBIOS token reads.
    pub const TOKEN_READ: Call = Call::class(0);
    /// SMBIOS token writes.
    pub const TOKEN_WRITE: Call = Call::class(1);
    /// Every `_DSM` call of DSML0001.
    pub const DSML: Call = Call {
        space: SPACE_DSML,
        key: ANY,
        select: ANY,
        argument: ANY,
    };
    /// dell-wmi-sysman sets an attribute.
    pub const SYSMAN_SET: Call = Call {
        space: SPACE_SYSMAN,
        key: super::layout::SYSMAN_SET,
        select: ANY,
        argument: ANY,
    };

    /// SMBIOS calls of one class.
    pub const fn class(class: u16) -> Call {
        Call {
            space: SPACE_SMBIOS,
            key: class as u32,
            select: ANY,
            argument: ANY,
        }
    }

    /// Calls of one function of DSML0001.
    pub const fn dsml(function: u32) -> Call {
        Call {
            space: SPACE_DSML,
            key: function,
            select: ANY,
            argument: ANY,
        }
    }

    /// Of these calls, those with this select only.
    pub const fn select(mut self, select: u16) -> Call {
        self.select = select as u32;
        self
    }

    /// Of these calls, those for one token location (SMBIOS) or one device
    /// index (DSML0001) only.
    pub const fn at(mut self, argument: u32) -> Call {
        self.argument = argument;
        self
    }
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The call answers with this status and does nothing. SMBIOS: -1 error,
    /// -2 unsupported; DSML0001 and sysman: their own numbers.
    Fail(i32),
    /// The call does nothing; the caller's buffer goes back as it came.
    Ignore,
    /// The call does its work but shows this value.
    Readback(u16),
    /// The call takes so many milliseconds longer, 2000 at most: the kernel's interpreter sleeps no
    /// longer at once. Other faults still strike.
    Delay(u32),
    /// The call reports success and changes nothing.
    Lie,
    /// The call does its work but reports this status.
    Status(i32),
    /// DSML0001: an Integer comes back instead of a Buffer.
    Integer(u32),
    /// DSML0001: a String comes back instead of a Buffer.
    String,
    /// DSML0001: a Package with the Buffer comes back.
    Package,
    /// DSML0001: nothing comes back.
    Nothing,
    /// DSML0001: the method ends with an AML error.
    Abort,
    /// DSML0001: the Buffer has this many bytes, the header is as it was.
    Size(u32),
    /// DSML0001: the header claims this many bytes, the Buffer is as it was.
    Length(u32),
    /// DSML0001: Buffer and header are this many bytes longer.
    Grow(u32),
    /// DSML0001: the call answers with this status in a header alone, and does nothing.
    Bare(u32),
}

impl Wrong {
    /// Whether firmware implements it for calls of this interface and key; with `ANY`, whether for any
    /// of them. Of the others it would count strikes that nobody feels.
    fn is_implemented(self, space: u32, key: u32) -> bool {
        let any = |keys: &[u32]| key == ANY || keys.contains(&key);
        match (space, self) {
            (_, Wrong::Delay(_)) => true,
            // smm.asl
            (SPACE_SMBIOS, Wrong::Lie) => any(&[1]),
            (
                SPACE_SMBIOS,
                Wrong::Fail(_) | Wrong::Ignore | Wrong::Readback(_) | Wrong::Status(_),
            ) => true,
            // dsml.asl. The answer of function 0 is one byte: it has no status and no length.
            (SPACE_DSML, Wrong::Ignore) => false,
            (SPACE_DSML, Wrong::Lie) => any(&[5]),
            (SPACE_DSML, Wrong::Readback(_)) => any(&[3, 5]),
            (SPACE_DSML, Wrong::Fail(_) | Wrong::Status(_) | Wrong::Length(_) | Wrong::Grow(_)) => {
                key != 0
            }
            (SPACE_DSML, _) => true,
            // smm-attributes.asl; of what sysman.asl answers a query with, nothing is changed.
            (SPACE_SYSMAN, Wrong::Fail(_) | Wrong::Ignore | Wrong::Lie | Wrong::Status(_)) => {
                any(&[super::layout::SYSMAN_SET])
            }
            _ => false,
        }
    }

    fn encode(self) -> (u32, u32) {
        match self {
            Wrong::Fail(status) => (KIND_FAIL, status as u32),
            Wrong::Ignore => (KIND_IGNORE, 0),
            Wrong::Readback(value) => (KIND_READBACK, u32::from(value)),
            Wrong::Delay(ms) => (KIND_DELAY, ms),
            Wrong::Lie => (KIND_LIE, 0),
            Wrong::Status(status) => (KIND_STATUS, status as u32),
            Wrong::Integer(value) => (KIND_INTEGER, value),
            Wrong::String => (KIND_STRING, 0),
            Wrong::Package => (KIND_PACKAGE, 0),
            Wrong::Nothing => (KIND_NOTHING, 0),
            Wrong::Abort => (KIND_ABORT, 0),
            Wrong::Size(size) => (KIND_SIZE, size),
            Wrong::Length(length) => (KIND_LENGTH, length),
            Wrong::Grow(bytes) => (KIND_GROW, bytes),
            Wrong::Bare(status) => (KIND_BARE, status),
        }
    }
}

/// A fault: which calls, what, from the how-manieth and how often.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    call: Call,
    wrong: Wrong,
    skip: u32,
    times: u32,
}

impl Fault {
    /// Strikes every matching call until it is cleared.
    pub const fn new(call: Call, wrong: Wrong) -> Fault {
        Fault {
            call,
            wrong,
            skip: 0,
            times: ANY,
        }
    }

    /// Strikes the `n`-th matching call from now (1 is the next), and no other.
    pub const fn nth(mut self, n: u32) -> Fault {
        self.skip = n.saturating_sub(1);
        self.times = 1;
        self
    }

    /// What goes wrong.
    pub const fn wrong(&self) -> Wrong {
        self.wrong
    }

    /// Strikes so many matching calls.
    pub const fn times(mut self, times: u32) -> Fault {
        self.times = times;
        self
    }
}

/// A fault that is in place.
#[derive(Clone, Copy, Debug)]
#[must_use = "the number of strikes is asked through it"]
pub struct Armed {
    slot: u32,
    serial: u32,
}

/// A call that is held back: see [`Nvram::hold`].
#[derive(Debug)]
#[must_use = "it ends when it is released, or by itself"]
pub struct Held {
    first: Armed,
    last: Armed,
}

/// Delays that one held call has, one after the other, and how long each is. Together they stay
/// below the 30 s after which the kernel's interpreter gives a loop up.
const HOLDS: u32 = 12;
const HOLD_MS: u32 = DELAY_MAX_MS;
/// The longest delay: `ACPI_MAX_SLEEP` of the kernel, which makes it of a longer one without a word.
const DELAY_MAX_MS: u32 = 2000;

const KIND: u32 = 0;
const TIMES: u32 = 24;
const HITS: u32 = 32;
const SERIAL: u32 = 36;

impl Nvram {
    /// Puts a fault in place.
    ///
    /// # Errors
    ///
    /// When firmware does not implement it for these calls.
    pub fn arm(&self, fault: Fault) -> Result<Armed> {
        let Fault { call, wrong, .. } = fault;
        if !wrong.is_implemented(call.space, call.key) {
            bail!("firmware does not implement {wrong:?} for {call:?}");
        }
        if matches!(wrong, Wrong::Delay(ms) if ms > DELAY_MAX_MS) {
            bail!("{wrong:?}: a delay has {DELAY_MAX_MS} ms at most; a call that is held waits longer");
        }
        let used = self.read_u32(NV_FAULT_COUNT)?;
        let mut slot = used;
        for candidate in 0..used {
            let at = NV_FAULT_SLOTS + candidate * NV_FAULT_SIZE;
            if self.read_u32(at + KIND)? == KIND_NONE || self.read_u32(at + TIMES)? == 0 {
                slot = candidate;
                break;
            }
        }
        if slot >= NV_FAULT_MAX {
            bail!("all {NV_FAULT_MAX} fault slots are in use");
        }
        let (kind, param) = fault.wrong.encode();
        // 0 is an empty slot's.
        let serial = self.read_u32(NV_FAULT_SERIAL)?.wrapping_add(1).max(1);
        self.write_u32(NV_FAULT_SERIAL, serial)?;
        let at = NV_FAULT_SLOTS + slot * NV_FAULT_SIZE;
        let words = [
            fault.call.space,
            fault.call.key,
            fault.call.select,
            fault.call.argument,
            fault.skip,
            fault.times,
            param,
            0,
            serial,
        ];
        // The kind goes last: firmware may look at the slot meanwhile.
        self.write_u32(at + KIND, KIND_NONE)?;
        for (i, word) in words.into_iter().enumerate() {
            self.write_u32(at + 4 + 4 * i as u32, word)?;
        }
        self.write_u32(at + KIND, kind)?;
        self.write_u32(NV_FAULT_COUNT, used.max(slot + 1))?;
        Ok(Armed { slot, serial })
    }

    /// How often a fault has struck.
    ///
    /// # Errors
    ///
    /// When nobody counts it any more: all faults were taken away, or it was spent and another one has
    /// its slot.
    pub fn hits(&self, fault: Armed) -> Result<u32> {
        if !self.is_its_own(fault)? {
            bail!("{fault:?} was taken away, or has made room for another one");
        }
        self.read_u32(NV_FAULT_SLOTS + fault.slot * NV_FAULT_SIZE + HITS)
    }

    /// Takes one fault away, and no other that has its slot.
    pub fn disarm(&self, fault: Armed) -> Result<()> {
        if !self.is_its_own(fault)? {
            return Ok(());
        }
        self.write_u32(
            NV_FAULT_SLOTS + fault.slot * NV_FAULT_SIZE + KIND,
            KIND_NONE,
        )
    }

    /// Whether the slot is this fault's, and not a later one's.
    fn is_its_own(&self, fault: Armed) -> Result<bool> {
        let at = NV_FAULT_SLOTS + fault.slot * NV_FAULT_SIZE + SERIAL;
        Ok(self.read_u32(at)? == fault.serial)
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) -> Result<()> {
        self.write_u32(NV_FAULT_COUNT, 0)?;
        self.write(
            NV_FAULT_SLOTS,
            &[0; (NV_FAULT_SIZE * NV_FAULT_MAX) as usize],
        )
    }

    /// The `n`-th matching call from now fails with `status`.
    pub fn fail_call(&self, call: Call, n: u32, status: i32) -> Result<Armed> {
        self.arm(Fault::new(call, Wrong::Fail(status)).nth(n))
    }

    /// Every matching call is ignored.
    pub fn ignore_call(&self, call: Call) -> Result<Armed> {
        self.arm(Fault::new(call, Wrong::Ignore))
    }

    /// Reading `location` shows `value`, whatever the cell holds.
    pub fn wrong_readback(&self, location: u16, value: u16) -> Result<Armed> {
        self.arm(Fault::new(
            Call::TOKEN_READ.at(u32::from(location)),
            Wrong::Readback(value),
        ))
    }

    /// Holds the `n`-th matching call from now back until [`Nvram::release`], for 24 s at most. No
    /// other fault may be in place.
    ///
    /// It is not one long delay but several, which the call has one after the other: what is taken
    /// away meanwhile does not strike any more.
    pub fn hold(&self, call: Call, n: u32) -> Result<Held> {
        self.clear_faults()?;
        let delay = Fault::new(call, Wrong::Delay(HOLD_MS)).nth(n);
        let first = self.arm(delay)?;
        let mut last = first;
        for _ in 1..HOLDS {
            last = self.arm(delay)?;
        }
        Ok(Held { first, last })
    }

    /// Whether the call is under way and has not returned, nor will before it is released or at
    /// least two seconds have gone.
    pub fn is_held(&self, held: &Held) -> Result<bool> {
        Ok(self.hits(held.first)? > 0 && self.hits(held.last)? == 0)
    }

    /// Lets a held call go: it returns within two seconds.
    pub fn release(&self, _held: Held) -> Result<()> {
        self.clear_faults()
    }

    /// Every matching call takes `ms` longer.
    pub fn delay(&self, call: Call, ms: u32) -> Result<Armed> {
        self.arm(Fault::new(call, Wrong::Delay(ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nvram::tests::blank;

    /// Fails when a fault is taken that firmware does not implement for its calls, or one is refused
    /// that it does.
    #[test]
    fn what_is_not_implemented_is_refused() {
        let calls = [
            Call::SMBIOS,
            Call::TOKEN_READ,
            Call::TOKEN_WRITE,
            Call::class(10),
            Call::DSML,
            Call::dsml(0),
            Call::dsml(1),
            Call::dsml(3),
            Call::dsml(4),
            Call::dsml(5),
            Call::SYSMAN_SET,
        ];
        // Of these calls, in this order: y is implemented.
        let table = [
            (Wrong::Fail(1), "yyyyynyyyyy"),
            (Wrong::Ignore, "yyyynnnnnny"),
            (Wrong::Readback(1), "yyyyynnynyn"),
            (Wrong::Delay(2000), "yyyyyyyyyyy"),
            (Wrong::Lie, "ynynynnnnyy"),
            (Wrong::Status(1), "yyyyynyyyyy"),
            (Wrong::Integer(1), "nnnnyyyyyyn"),
            (Wrong::String, "nnnnyyyyyyn"),
            (Wrong::Package, "nnnnyyyyyyn"),
            (Wrong::Nothing, "nnnnyyyyyyn"),
            (Wrong::Abort, "nnnnyyyyyyn"),
            (Wrong::Size(1), "nnnnyyyyyyn"),
            (Wrong::Length(1), "nnnnynyyyyn"),
            (Wrong::Grow(1), "nnnnynyyyyn"),
            (Wrong::Bare(1), "nnnnyyyyyyn"),
            (Wrong::Delay(2001), "nnnnnnnnnnn"),
        ];
        blank(|nvram| {
            for (wrong, wanted) in table {
                let taken = calls.map(|call| {
                    let armed = nvram.arm(Fault::new(call, wrong));
                    nvram.clear_faults().unwrap();
                    if armed.is_ok() {
                        'y'
                    } else {
                        'n'
                    }
                });
                assert_eq!(String::from_iter(taken), wanted, "{wrong:?}");
            }
        });
    }

    /// Fails when a spent fault shows the strikes of the one that has its slot, or takes it away.
    #[test]
    fn a_slot_is_of_one_fault() {
        blank(|nvram| {
            let spent = nvram
                .arm(Fault::new(Call::SMBIOS, Wrong::Ignore).nth(1))
                .unwrap();
            nvram.write_u32(NV_FAULT_SLOTS + HITS, 1).unwrap();
            nvram.write_u32(NV_FAULT_SLOTS + TIMES, 0).unwrap();
            assert_eq!(nvram.hits(spent).unwrap(), 1);
            let next = nvram.arm(Fault::new(Call::SMBIOS, Wrong::Ignore)).unwrap();
            assert_eq!(next.slot, spent.slot);
            nvram.hits(spent).unwrap_err();
            nvram.disarm(spent).unwrap();
            assert_eq!(nvram.read_u32(NV_FAULT_SLOTS + KIND).unwrap(), KIND_IGNORE);
            assert_eq!(nvram.hits(next).unwrap(), 0);
            nvram.clear_faults().unwrap();
            nvram.hits(next).unwrap_err();
        });
    }
}
