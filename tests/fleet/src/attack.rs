// SPDX-License-Identifier: GPL-2.0

//! Attacks, by the author of the rules: what finds these is plumbing that works, and no proof that it would
//! find somebody else's.

use crate::benign::lose;
use crate::lot::Lot;
use crate::told::*;
use crate::unseen::UNSEEN;
use milspec::monitor::Direction::{Harder, Weaker};
use milspec::monitor::Record;

/// An attack: its name, when it is, and what a monitor sees of it.
pub struct Attack {
    /// Its name.
    pub name: &'static str,
    /// When it is.
    pub when: When,
    /// Puts it on a tape: with its own lot, and the logins of the helpdesk that come to the machine.
    pub tape: fn(&mut Tape, &mut Lot, [u32; 2]),
}

/// When somebody attacks.
#[derive(Clone, Copy)]
pub enum When {
    /// On a day at work, in its hours.
    Working,
    /// Between 23 and 5.
    Night,
    /// In the morning, when the machine is switched on.
    Morning,
    /// Whenever.
    Any,
}

impl When {
    /// An hour of a day.
    pub fn hour(self, lot: &mut Lot) -> f64 {
        match self {
            Self::Working => lot.between(9.5, 16.5),
            Self::Night => lot.between(23.0, 29.0),
            Self::Morning => lot.between(6.5, 7.0),
            Self::Any => lot.between(0.0, 24.0),
        }
    }
}

impl Attack {
    /// What a monitor sees of it, from then on.
    pub fn seen(&self, at: u64, lot: &mut Lot, desk: [u32; 2]) -> Vec<Seen> {
        let mut tape = Tape::at(at);
        (self.tape)(&mut tape, lot, desk);
        settle(tape.seen)
    }
}

/// An attack of that name.
pub const fn attack(
    name: &'static str,
    when: When,
    tape: fn(&mut Tape, &mut Lot, [u32; 2]),
) -> Attack {
    Attack { name, when, tape }
}

/// Both authors' attacks: those of [`ATTACKS`] first.
pub fn all() -> impl Iterator<Item = &'static Attack> {
    ATTACKS.iter().chain(&UNSEEN)
}

/// All of the rules' author.
pub const ATTACKS: [Attack; 11] = [
    attack("evil maid between boots", When::Morning, |tape, _, _| {
        tape.boot(["1.10.0", "1.10.0"]);
        tape.notice(difference(Weaker, ["1.10.0", "1.10.0"]));
    }),
    attack("weakened past the driver", When::Working, |tape, lot, _| {
        tape.put(outside(lot.one(&CONTROLS), Weaker));
    }),
    attack("weakened without a login", When::Any, |tape, lot, _| {
        let by = Actor {
            login: None,
            command: lot.one(&["bash", "python3", "milspecctl"]),
            origin: lot.one(&["ioctl", "firmware-attributes"]),
            unit: None,
        };
        weaken(tape, lot, by);
    }),
    attack("weakened out of hours", When::Night, |tape, lot, desk| {
        weaken(tape, lot, login(desk[0]));
    }),
    attack("guessing the BIOS password", When::Any, |tape, lot, _| {
        let by = login(2000);
        for _ in 0..lot.number(3, 8) {
            let control = lot.one(&CONTROLS);
            tape.apply(by, &[step(by, control, Weaker, "failed")], "undone");
            tape.wait((lot.between(5.0, 90.0) * SECOND as f64) as u64);
        }
    }),
    attack(
        "requests refused again and again",
        When::Any,
        |tape, lot, _| {
            let by = login(2000);
            for _ in 0..lot.number(5, 20) {
                tape.put(refused(
                    by,
                    "restricted",
                    lot.one(&["restricted", "no-control", "read-only"]),
                ));
                tape.wait((lot.between(0.0, 5.0) * HOUR as f64) as u64);
            }
        },
    ),
    attack("quarantined control tried", When::Any, |tape, lot, _| {
        for _ in 0..lot.number(1, 3) {
            tape.put(refused(login(2000), "quarantined", "quarantined"));
            tape.wait(MINUTE);
        }
    }),
    attack(
        "module reloaded for a new journal",
        When::Any,
        |tape, _, _| tape.reload(None),
    ),
    attack("changed to and fro", When::Working, |tape, lot, desk| {
        let control = lot.one(&CONTROLS);
        for round in 0..lot.number(4, 8) {
            let way = if round % 2 == 0 { Weaker } else { Harder };
            let by = login(desk[0]);
            tape.apply(by, &[step(by, control, way, "done")], "done");
            tape.wait((lot.between(1.0, 8.0) * MINUTE as f64) as u64);
        }
    }),
    attack(
        "insider of the helpdesk, in working hours",
        When::Working,
        |tape, lot, desk| {
            weaken(tape, lot, login(desk[0]));
        },
    ),
    attack(
        "flood that overwrites records",
        When::Any,
        |tape, lot, _| {
            let by = login(2000);
            // So many are recorded at once; then one in ten seconds, and how many there were meanwhile.
            for _ in 0..16 {
                tape.put(without_right(by, "EPERM", "refused", 0));
            }
            tape.wait(10 * SECOND);
            let more = lot.number(100, 100_000) as u32;
            tape.put(without_right(by, "EPERM", "suppressed", more));
            tape.put(without_right(by, "EPERM", "refused", 0));
            lose(tape, lot.number(1, 5_000) as u32);
        },
    ),
];

/// Some controls made weaker.
fn weaken(tape: &mut Tape, lot: &mut Lot, by: Actor) {
    let steps: Vec<Record> = (0..lot.number(1, 3))
        .map(|_| step(by, lot.one(&CONTROLS), Weaker, "done"))
        .collect();
    tape.apply(by, &steps, "done");
}
