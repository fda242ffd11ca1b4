// SPDX-License-Identifier: GPL-2.0

//! What happens on machines that nobody attacks. All of it is made up: no records of real fleets were there
//! to take rates from. Each rate says what it was thought to be.

use crate::lot::Lot;
use crate::told::*;
use milspec::monitor::Direction::{Harder, Neither, Weaker};
use milspec::monitor::Record;

/// How often what happens.
#[derive(Clone, Copy)]
pub struct Rates {
    /// Boots on a day at work: most laptops sleep, and updates want a boot every week.
    pub boot: f64,
    /// Sleeps in the course of such a day: meetings, lunch.
    pub sleep: f64,
    /// Evenings at home.
    pub evening: f64,
    /// Weekends at work.
    pub weekend: f64,
    /// Changes by the helpdesk, a day at work: each machine every month.
    pub helpdesk: f64,
    /// Of these, those that weaken: somebody needs the camera, or a stick.
    pub weakens: f64,
    /// Of these, those out of hours: a helpdesk that works late.
    pub late: f64,
    /// Of changes, those with a mistyped BIOS password before; so is the next try.
    pub typo: f64,
    /// Of changes, those that are refused at first.
    pub refused: f64,
    /// Of changes, those that go to and fro: somebody looks for what breaks a dock.
    pub to_and_fro: f64,
    /// Settings that a key changes and no mode asks for, a day at work.
    pub hotkey: f64,
    /// Updates of the BIOS, a day: four a year.
    pub bios: f64,
    /// Of these, those that set something back.
    pub sets_back: f64,
    /// Repairs in which settings are lost, a day: a board every 14 years.
    pub repair: f64,
    /// The module reloaded by hand or by a package, a day.
    pub reload: f64,
    /// The clock set by more than five minutes, a day: an empty battery.
    pub clock: f64,
    /// Records lost, a day: a monitor that was stopped for long.
    pub gap: f64,
    /// A TPM that does not answer, a day.
    pub anchor: f64,
}

/// What a fleet's were thought to be.
pub const RATES: Rates = Rates {
    boot: 0.2,
    sleep: 3.0,
    evening: 0.15,
    weekend: 0.1,
    helpdesk: 0.05,
    weakens: 0.3,
    late: 0.02,
    typo: 0.05,
    refused: 0.05,
    to_and_fro: 0.005,
    hotkey: 0.03,
    bios: 1.0 / 90.0,
    sets_back: 0.15,
    repair: 1.0 / 5_000.0,
    reload: 1.0 / 10_000.0,
    clock: 1.0 / 10_000.0,
    gap: 1.0 / 20_000.0,
    anchor: 1.0 / 10_000.0,
};

impl Rates {
    /// All of them so many times as often; what is a share stays one.
    pub fn times(self, by: f64) -> Self {
        let share = |share: f64| (share * by).min(0.9);
        Self {
            boot: share(self.boot),
            sleep: self.sleep * by,
            evening: share(self.evening),
            weekend: share(self.weekend),
            helpdesk: self.helpdesk * by,
            weakens: share(self.weakens),
            late: share(self.late),
            typo: share(self.typo),
            refused: share(self.refused),
            to_and_fro: share(self.to_and_fro),
            hotkey: self.hotkey * by,
            bios: self.bios * by,
            sets_back: share(self.sets_back),
            repair: self.repair * by,
            reload: self.reload * by,
            clock: self.clock * by,
            gap: self.gap * by,
            anchor: self.anchor * by,
        }
    }
}

/// Who changes something on a machine, when it is used, and how often what happens there.
pub struct Machine {
    rates: Rates,
    lot: Lot,
    /// Logins of the helpdesk that come to it, the usual one first.
    pub desk: [u32; 2],
    /// When a day begins and ends, in hours.
    from: f64,
    to: f64,
    enforced: bool,
}

impl Machine {
    /// The machine of a fleet with this number.
    pub fn new(seed: u64, fleet: &str, number: u64, rates: Rates) -> Self {
        let mut lot = Lot::new(seed, fleet, number);
        let first = lot.number(1001, 1006) as u32;
        // Machines differ: each has its rates, from a half to twice the fleet's.
        let own = 2_f64.powf(lot.between(-1.0, 1.0));
        Self {
            rates: Rates {
                sleep: rates.sleep * own,
                helpdesk: rates.helpdesk * 2_f64.powf(lot.between(-1.0, 1.0)),
                hotkey: rates.hotkey * own,
                ..rates
            },
            desk: [first, 1001 + (first - 1000) % 6],
            from: lot.between(7.2, 9.5),
            to: lot.between(16.0, 18.5),
            enforced: lot.happens(0.7),
            lot,
        }
    }

    /// All that its monitor sees in so many days.
    pub fn days(&mut self, days: u64) -> Vec<Seen> {
        let mut seen: Vec<Seen> = (0..days).flat_map(|day| self.day(day)).collect();
        seen.sort_by_key(|seen| seen.wall_ns);
        settle(seen)
    }

    fn day(&mut self, day: u64) -> Vec<Seen> {
        let rates = self.rates;
        let midnight = START + day * DAY;
        let at = |hour: f64| midnight + (hour * HOUR as f64) as u64;
        let is_weekend = day % 7 >= 5;
        if is_weekend && !self.lot.happens(rates.weekend) {
            return Vec::new();
        }
        let (from, to) = match is_weekend {
            true => (self.lot.between(9.0, 14.0), self.lot.between(15.0, 19.0)),
            false => (
                self.from + self.lot.between(-0.4, 0.4),
                self.to + self.lot.between(-0.5, 0.8),
            ),
        };
        let mut all = Vec::new();
        let mut morning = Tape::at(at(from));
        self.begin(&mut morning);
        all.append(&mut morning.seen);
        for _ in 0..self.lot.times(rates.sleep) {
            let mut nap = Tape::at(at(self.lot.between(from + 0.5, to)));
            nap.put(record("resume", DRIVER));
            all.append(&mut nap.seen);
        }
        if self.lot.happens(rates.evening) {
            let mut evening = Tape::at(at(self.lot.between(19.5, 22.5)));
            evening.put(record("resume", DRIVER));
            all.append(&mut evening.seen);
        }
        for _ in 0..self.lot.times(rates.hotkey) {
            let mut key = Tape::at(at(self.lot.between(from + 0.2, to)));
            key.put(Record {
                drift: false,
                direction: Some(Neither),
                ..outside(("touchscreen", "safe"), Neither)
            });
            all.append(&mut key.seen);
        }
        if self.enforced && day % 7 == 2 {
            let mut noon = Tape::at(at(self.lot.between(12.0, 12.5)));
            let step = step(ENFORCER, CONTROLS[0], Harder, "done");
            let deviates = self.lot.happens(0.1);
            noon.apply(
                ENFORCER,
                if deviates {
                    std::slice::from_ref(&step)
                } else {
                    &[]
                },
                "done",
            );
            all.append(&mut noon.seen);
        }
        if !is_weekend {
            for _ in 0..self.lot.times(rates.helpdesk) {
                let hour = match self.lot.happens(rates.late) {
                    true => self.lot.between(19.0, 22.0),
                    false => self.lot.between(9.0, 16.5),
                };
                let mut visit = Tape::at(at(hour));
                self.helpdesk(&mut visit);
                all.append(&mut visit.seen);
            }
        }
        let mut odd = Tape::at(at(self.lot.between(from + 0.3, to)));
        self.oddities(&mut odd);
        all.append(&mut odd.seen);
        all
    }

    /// The machine is switched on, or opened.
    fn begin(&mut self, tape: &mut Tape) {
        let rates = self.rates;
        if self.lot.happens(rates.bios) {
            tape.boot(["1.10.0", "1.11.0"]);
            if self.lot.happens(rates.sets_back) {
                tape.notice(difference(Weaker, ["1.10.0", "1.11.0"]));
            }
        } else if self.lot.happens(rates.repair) {
            tape.boot(["1.10.0", "1.10.0"]);
            tape.notice(difference(Weaker, ["1.10.0", "1.10.0"]));
            tape.put(record("tamper", DRIVER));
        } else if self.lot.happens(rates.boot) {
            tape.boot(["1.10.0", "1.10.0"]);
        } else {
            tape.put(record("resume", DRIVER));
        }
    }

    fn helpdesk(&mut self, tape: &mut Tape) {
        let rates = self.rates;
        let usual = self.lot.happens(0.8);
        let by = Actor {
            command: if self.lot.happens(0.1) {
                "python3"
            } else {
                "milspecctl"
            },
            ..login(self.desk[usize::from(!usual)])
        };
        let way = if self.lot.happens(rates.weakens) {
            Weaker
        } else {
            Harder
        };
        let control = self.lot.one(&CONTROLS);
        if self.lot.happens(rates.refused) {
            tape.put(refused(
                by,
                "restricted",
                self.lot.one(&["restricted", "dependency", "unconfirmed"]),
            ));
            tape.wait(2 * MINUTE);
        }
        while self.lot.happens(rates.typo) {
            tape.apply(by, &[step(by, control, way, "failed")], "undone");
            tape.wait(20 * SECOND);
        }
        let steps: Vec<Record> = (0..self.lot.number(1, 3))
            .map(|_| step(by, self.lot.one(&CONTROLS), way, "done"))
            .collect();
        tape.apply(by, &steps, "done");
        if self.lot.happens(rates.to_and_fro) {
            for way in [Harder, Weaker, Harder, Weaker, Harder] {
                tape.wait(5 * MINUTE);
                tape.apply(by, &[step(by, control, way, "done")], "done");
            }
        }
    }

    fn oddities(&mut self, tape: &mut Tape) {
        let rates = self.rates;
        if self.lot.happens(rates.reload) {
            tape.reload(None);
        }
        if self.lot.happens(rates.clock) {
            tape.notice(noticed("clock-moved"));
        }
        if self.lot.happens(rates.gap) {
            lose(tape, self.lot.number(1, 200) as u32);
        }
        if self.lot.happens(rates.anchor) {
            // It takes a record to notice.
            tape.put(record("resume", DRIVER));
            tape.put(record("anchor-failed", DRIVER));
        }
    }
}

/// Records were overwritten before they were read.
pub fn lose(tape: &mut Tape, count: u32) {
    tape.notice(noticed("records-lost"));
    tape.put(Record {
        count,
        origin: None,
        uid: None,
        command: None,
        ..record("gap", DRIVER)
    });
}
