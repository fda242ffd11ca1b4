// SPDX-License-Identifier: GPL-2.0

//! The journal of the driver and what its PCR holds, at one moment.

use super::{of_machine, read};
use crate::diagnose;
use crate::failure::Result;
use crate::root::Root;
use crate::source::Source;
use hex::FromHex;
use milspec_posture::journal::Digest;
use milspec_uapi::{Event, Status, ANCHOR_NONE, STATUS_TRAINING};
use std::time::Duration;

/// How long to wait for a TPM that has not extended all yet, in steps of [`STEP`].
const STEPS: u32 = 100;
const STEP: Duration = Duration::from_millis(100);
/// The step at which somebody is told.
const SAID: u32 = 10;

/// What to say then.
pub const WAITS: &str = "waiting for the TPM to take all records ...\n";

/// The driver's records and the PCR that belongs to them.
pub struct Live {
    /// The records.
    pub records: Vec<Event>,
    /// The PCR.
    pub anchor: Anchor,
}

/// The PCR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// There is no TPM, or none that the driver can use.
    None,
    /// The TPM does not answer.
    Silent(u8),
    /// There is a training, and of the machine's PCR the driver says nothing.
    Training,
    /// The machine did not come to rest: records wait for the TPM.
    Busy(u8),
    /// Number and value.
    Holds(u8, Digest),
}

impl Live {
    /// Reads both so that they belong together; `waits` is called when that takes more than a
    /// second. Takes no right but that to read.
    pub fn read(root: &Root, source: &mut dyn Source, waits: &dyn Fn()) -> Result<Self> {
        let mut records = of_machine(read(source)?);
        let status = |source: &dyn Source| -> Result<Status> {
            source.status().map_err(|e| diagnose::read("status", e))
        };
        let before = status(source)?;
        let number = before.anchor_pcr;
        if before.properties & STATUS_TRAINING != 0 {
            return Ok(Self {
                records,
                anchor: Anchor::Training,
            });
        }
        if before.anchor == ANCHOR_NONE {
            return Ok(Self {
                records,
                anchor: Anchor::None,
            });
        }
        for step in 0..STEPS {
            if step == SAID {
                waits();
            }
            let before = status(source)?;
            if before.properties & STATUS_TRAINING != 0 {
                break;
            }
            let value = held(root, number);
            records.extend(of_machine(read(source)?));
            let last = records.last().map_or(0, |event| event.sequence);
            if before.anchor_pending == 0 && before.journal_next == last.saturating_add(1) {
                let anchor = value.map_or(Anchor::Silent(number), |v| Anchor::Holds(number, v));
                return Ok(Self { records, anchor });
            }
            std::thread::sleep(STEP);
        }
        Ok(Self {
            records,
            anchor: Anchor::Busy(number),
        })
    }
}

/// The SHA-256 bank of the first TPM: the one that the driver uses.
const BANK: &str = "/sys/class/tpm/tpm0/pcr-sha256";

/// What a PCR holds, as the kernel reads it; `None` where there is no TPM, or where it does not
/// answer.
fn held(root: &Root, number: u8) -> Option<Digest> {
    let digits = root.text(&format!("{BANK}/{number}"))?;
    Digest::from_hex(digits).ok()
}
