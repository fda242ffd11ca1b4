// SPDX-License-Identifier: GPL-2.0

//! The machine of which calls at random are made: what happens to it beside them, and its order
//! afterwards.

use crate::ask::{self, ask, ask_one, one};
use crate::common::DRIVER;
use crate::model::Image;
use anyhow::{ensure, Context, Result};
use milspec_machine::machine::Machine;
use milspec_machine::{dsmil, Call, Fault, Wrong};
use milspec_posture::mode::Mode;
use milspec_uapi::OUTCOME_DONE;

/// Of what the host changes behind the driver's back, the setting.
const FOREIGN: &str = "camera";

/// How a machine was before calls were made.
pub struct Before {
    factory: Image,
    /// What the host changes behind the driver's back: the value of a setting, and a device that none
    /// needs and that needs none.
    setting: String,
    device: u16,
}

impl Before {
    /// The machine now.
    pub fn of(machine: &Machine) -> Result<Self> {
        let nvram = machine.nvram()?;
        let devices = dsmil::devices()?;
        let alone = |device: &&dsmil::Device| {
            let mut needed = devices.iter().flat_map(|other| &other.depends_on);
            device.class == 0 && device.depends_on.is_empty() && !needed.any(|n| *n == device.index)
        };
        Ok(Self {
            factory: Image::of(nvram)?,
            setting: nvram
                .setting(machine.plan(), FOREIGN)?
                .with_context(|| format!("no {FOREIGN}"))?,
            device: devices.iter().find(alone).context("no device")?.index,
        })
    }

    /// What the host has changed is as it was.
    fn put_back(&self, machine: &Machine) -> Result<()> {
        let nvram = machine.nvram()?;
        nvram.set_setting(machine.plan(), FOREIGN, &self.setting)?;
        nvram.dsmil_set_state(self.device, self.factory.device(self.device), 0)
    }

    /// Fails unless the machine is in order after calls: nothing is half done or taken for what it is
    /// not, and the baseline leads back to what there was.
    pub fn settle(&self, machine: &Machine) -> Result<()> {
        machine.nvram()?.clear_faults()?;
        if !machine.exists(&format!("{DRIVER}/DSML0001:00"))? {
            let bind = format!("echo DSML0001:00 >{DRIVER}/bind");
            machine.sh(&bind)?.ok()?;
        }
        self.put_back(machine)?;
        ask(machine, "refresh")?;
        let status = ask_one(machine, "status")?;
        for nothing in ["step", "steps"] {
            ensure!(status.number(nothing)? == 0, "{nothing}: {status:?}");
        }
        one(machine, &format!("apply {}", ask::mode(Mode::Baseline)))?.ends(0, OUTCOME_DONE)?;
        let status = ask_one(machine, "status")?;
        ensure!(status.number("degraded")? == 0, "{status:?}");
        // Of these two the driver may have taken for its own what was the host's.
        self.put_back(machine)?;
        let left = self.factory.differs(&Image::of(machine.nvram()?)?);
        ensure!(left.is_empty(), "baseline leaves {left:?}");
        Ok(())
    }
}

/// What happens to a machine besides calls. One thing fails at a time: it is then undone, and what the
/// baseline is stays known.
pub struct Host<'a> {
    machine: &'a Machine,
    before: &'a Before,
    state: u64,
    /// How often something has happened.
    pub turns: u32,
}

impl<'a> Host<'a> {
    /// One for a run with this seed.
    pub fn new(machine: &'a Machine, before: &'a Before, seed: u64) -> Self {
        Self {
            machine,
            before,
            state: seed | 1,
            turns: 0,
        }
    }

    fn below(&mut self, most: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % most
    }

    /// Has one thing happen.
    pub fn disturb(&mut self) -> Result<()> {
        self.turns += 1;
        let nvram = self.machine.nvram()?;
        let nth = 1 + self.below(20) as u32;
        match self.below(8) {
            0 => {
                // A fault can keep it from being bound; at the end it is.
                let pause = self.below(5);
                let line = format!(
                    "echo DSML0001:00 >{DRIVER}/unbind; sleep 0.{pause}; \
                     echo DSML0001:00 >{DRIVER}/bind"
                );
                self.machine.sh(&line).map(drop)
            }
            1 => self.machine.raise_event(&[0x0000, 0x0150]),
            2 => self.machine.raise_wordless_event(),
            3 => {
                let state = self.below(2) as u8;
                self.machine.dsmil_change(self.before.device, state, 0)
            }
            4 => {
                let value = ["enabled", "disabled"][self.below(2) as usize];
                nvram.set_setting(self.machine.plan(), FOREIGN, value)
            }
            5 => {
                nvram.clear_faults()?;
                nvram.delay(Call::SMBIOS, nth).map(drop)
            }
            _ => {
                nvram.clear_faults()?;
                let faults = [
                    Fault::new(Call::TOKEN_WRITE, Wrong::Fail(-1)),
                    Fault::new(Call::TOKEN_READ, Wrong::Fail(-1)),
                    Fault::new(Call::TOKEN_WRITE, Wrong::Ignore),
                    Fault::new(Call::DSML, Wrong::Abort),
                ];
                let fault = faults[self.below(faults.len() as u64) as usize];
                nvram.arm(fault.nth(nth)).map(drop)
            }
        }
    }
}
