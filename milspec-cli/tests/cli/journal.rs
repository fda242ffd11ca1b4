// SPDX-License-Identifier: GPL-2.0

//! Makes journals. The chain is computed here anew, from what docs/security.md says of it.

use crate::machines::rugged;
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::{field, Event, Status};
use sha2::{Digest, Sha256};
use zerocopy::{FromBytes, IntoBytes};

/// When the first record was recorded: 2026-11-24T08:00:00Z.
pub const START: u64 = 1_795_507_200_000_000_000;

/// Ids of controls of the recorded machines: the camera and the first device.
pub const CAMERA: u32 = 1 << 16;
/// The device with this number.
pub const DEVICE: u32 = 2 << 16;

/// The records of one load, and the value of the PCR.
#[derive(Clone)]
pub struct Journal {
    /// The records.
    pub events: Vec<Event>,
    /// What the PCR holds after them.
    pub pcr: [u8; 32],
    load: [u8; 16],
    chain: [u8; 32],
    /// `EVENT_` bits of all records.
    properties: u8,
    /// By how much the clock was set, in nanoseconds.
    set_ns: i64,
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// What a PCR holds after a record.
pub fn extended(pcr: &[u8; 32], event: &Event) -> [u8; 32] {
    sha256(&[pcr, &sha256(&[event.as_bytes()])])
}

impl Journal {
    /// Begins with the record of the load, at which the PCR holds `pcr`.
    pub fn new(load: u8, pcr: [u8; 32]) -> Self {
        let mut journal = Self {
            events: Vec::new(),
            pcr,
            load: [load; 16],
            chain: [0; 32],
            properties: 0,
            set_ns: 0,
        };
        journal.add(Event {
            properties: uapi::EVENT_PCR,
            pcr: 13,
            extra: pcr,
            origin: uapi::ORIGIN_DRIVER,
            comm: field(b"modprobe"),
            pid: 301,
            ..of(uapi::KIND_LOAD)
        });
        journal
    }

    /// The records of the training with this number, from its beginning by root.
    pub fn of_training(load: u8, session: u32) -> Self {
        let mut journal = Self {
            events: Vec::new(),
            pcr: [0; 32],
            load: [load; 16],
            chain: [0; 32],
            properties: uapi::EVENT_TRAINING,
            set_ns: 0,
        };
        journal.add(by(
            uapi::LOGIN_UID_NONE,
            Event {
                count: session,
                ..of(uapi::KIND_TRAINING_BEGUN)
            },
        ));
        journal
    }

    /// Adds a record, one second after the last.
    pub fn add(&mut self, event: Event) -> u64 {
        let sequence = self.events.len() as u64 + 1;
        let mut event = Event {
            sequence,
            load: self.load,
            boot_ns: 10_000_000_000 + sequence * 1_000_000_000,
            wall_ns: (START + (sequence - 1) * 1_000_000_000).wrapping_add_signed(self.set_ns),
            properties: event.properties | self.properties,
            ..event
        };
        event.chain = sha256(&[&self.chain, &event.as_bytes()[..144]]);
        self.chain = event.chain;
        if event.properties & uapi::EVENT_ANCHORED != 0 {
            self.pcr = extended(&self.pcr, &event);
        }
        self.events.push(event);
        sequence
    }

    /// Sets the clock, for the records that follow.
    pub fn shift(&mut self, ns: i64) {
        self.set_ns += ns;
    }

    /// Adds an apply to mode enhanced that changes the camera and two devices.
    pub fn change(&mut self) {
        let changes = [(CAMERA, 0, 1), (DEVICE, 1, 0), (DEVICE + 1, 1, 0)];
        self.apply(uapi::MODE_ENHANCED, &changes);
    }

    /// Adds an apply by root, whom alice has become: controls with their old and new values.
    pub fn apply(&mut self, mode: u8, changes: &[(u32, u8, u8)]) {
        let listed = if mode == uapi::MODE_NONE {
            uapi::EVENT_LIST
        } else {
            0
        };
        let count = changes.len() as u32;
        let begun = self.add(by(
            1000,
            Event {
                mode,
                count,
                properties: listed,
                ..of(uapi::KIND_APPLY_BEGUN)
            },
        ));
        for (control, from, to) in changes {
            self.add(by(
                1000,
                Event {
                    about: begun,
                    control: *control,
                    from: *from,
                    to: *to,
                    step: uapi::STEP_DONE,
                    properties: uapi::EVENT_ANCHORED,
                    pcr: 13,
                    ..of(uapi::KIND_STEP)
                },
            ));
        }
        self.add(by(
            1000,
            Event {
                about: begun,
                mode,
                outcome: uapi::OUTCOME_DONE,
                count,
                properties: listed,
                ..of(uapi::KIND_APPLY_ENDED)
            },
        ));
    }

    /// The bytes of a saved one.
    pub fn bytes(&self) -> Vec<u8> {
        bytes(&self.events)
    }

    /// A machine that has it.
    pub fn on(&self, name: &str) -> Tree {
        self.to(rugged(name))
    }

    /// The machine, with this journal.
    pub fn to(&self, tree: Tree) -> Tree {
        tree.put("recording/journal.bin", &self.bytes());
        let bytes = tree.bytes("recording/status.bin");
        let mut status = Status::read_from_bytes(&bytes).unwrap();
        status.journal_next = self.events.len() as u64 + 1;
        status.anchor = uapi::ANCHOR_READY;
        status.anchor_pcr = 13;
        tree.put("recording/status.bin", status.as_bytes());
        pcr(tree, &self.pcr)
    }
}

/// The machine, with this value in PCR 13.
pub fn pcr(tree: Tree, value: &[u8]) -> Tree {
    let hex: String = value.iter().map(|byte| format!("{byte:02X}")).collect();
    tree.file("sys/class/tpm/tpm0/pcr-sha256/13", &format!("{hex}\n"))
}

/// A record of a kind.
pub fn of(kind: u16) -> Event {
    Event {
        kind,
        severity: uapi::SEVERITY_NOTICE,
        origin: uapi::ORIGIN_DRIVER,
        from: uapi::INDEX_NONE,
        to: uapi::INDEX_NONE,
        login_uid: uapi::LOGIN_UID_NONE,
        ..Event::default()
    }
}

/// The record, of somebody who has become root.
pub fn by(login_uid: u32, event: Event) -> Event {
    Event {
        pid: 812,
        uid: 0,
        login_uid,
        comm: field(b"milspecctl"),
        origin: uapi::ORIGIN_IOCTL,
        ..event
    }
}

/// The gap that stands for `lost` records up to `last`.
pub fn gap(lost: u32, last: &Event) -> Event {
    Event {
        sequence: last.sequence,
        kind: uapi::KIND_GAP,
        severity: uapi::SEVERITY_WARNING,
        properties: uapi::EVENT_UNCHAINED,
        count: lost,
        load: last.load,
        chain: last.chain,
        ..Event::default()
    }
}

/// The bytes of records.
pub fn bytes(events: &[Event]) -> Vec<u8> {
    events.iter().flat_map(|e| e.as_bytes().to_vec()).collect()
}

/// A journal with a record of each kind.
pub fn varied() -> Journal {
    let mut journal = Journal::new(7, [0; 32]);
    journal.add(Event {
        count: 84,
        origin: uapi::ORIGIN_DRIVER,
        ..of(uapi::KIND_BIND)
    });
    journal.change();
    for event in [
        Event {
            mode: uapi::MODE_PARANOID_PLUS,
            reason: uapi::REASON_UNCONFIRMED,
            ..of(uapi::KIND_REFUSED)
        },
        Event {
            properties: uapi::EVENT_LIST,
            reason: uapi::REASON_DEPENDENCY,
            control: DEVICE,
            needs: DEVICE + 1,
            ..of(uapi::KIND_REFUSED)
        },
        Event {
            error: 1,
            uid: 1000,
            ..of(uapi::KIND_REFUSED)
        },
        Event {
            error: 1,
            count: 12,
            ..of(uapi::KIND_SUPPRESSED)
        },
    ] {
        journal.add(Event {
            uid: event.uid,
            severity: uapi::SEVERITY_WARNING,
            ..by(1000, event)
        });
    }
    let begun = journal.add(by(
        uapi::LOGIN_UID_NONE,
        Event {
            count: 2,
            properties: uapi::EVENT_LIST,
            ..of(uapi::KIND_APPLY_BEGUN)
        },
    ));
    for (step, error) in [
        (uapi::STEP_DONE, 0),
        (uapi::STEP_FAILED, 5),
        (uapi::STEP_UNDONE, 0),
    ] {
        journal.add(Event {
            about: begun,
            control: CAMERA + u32::from(step == uapi::STEP_FAILED),
            from: 0,
            to: 1,
            step,
            error,
            ..of(uapi::KIND_STEP)
        });
    }
    for event in [
        Event {
            about: begun,
            control: CAMERA + 1,
            outcome: uapi::OUTCOME_UNDONE,
            error: 5,
            severity: uapi::SEVERITY_ERROR,
            ..of(uapi::KIND_APPLY_ENDED)
        },
        Event {
            control: CAMERA,
            from: 1,
            to: 0,
            severity: uapi::SEVERITY_WARNING,
            origin: uapi::ORIGIN_DRIVER,
            properties: uapi::EVENT_DRIFT,
            ..of(uapi::KIND_OUTSIDE_CHANGE)
        },
        Event {
            control: DEVICE + 5,
            severity: uapi::SEVERITY_ERROR,
            ..of(uapi::KIND_TAMPER)
        },
        Event {
            mode: uapi::MODE_PARANOID_PLUS,
            properties: uapi::EVENT_ANCHORED,
            pcr: 13,
            ..of(uapi::KIND_LATCH)
        },
        Event {
            count: 1,
            severity: uapi::SEVERITY_INFO,
            ..of(uapi::KIND_RESUME)
        },
        Event {
            control: 9 << 16 | 4,
            ..of(200)
        },
        of(uapi::KIND_UNBIND),
    ] {
        journal.add(event);
    }
    journal
}
