// SPDX-License-Identifier: GPL-2.0

//! What a monitor sees, made up: records as the driver makes them, and what it notices itself.

use milspec::monitor::observation::Observation;
use milspec::monitor::{Direction, Record};
use std::collections::BTreeMap;

/// A second, in nanoseconds, as all times here.
pub const SECOND: u64 = 1_000_000_000;
/// A minute.
pub const MINUTE: u64 = 60 * SECOND;
/// An hour.
pub const HOUR: u64 = 60 * MINUTE;
/// A day.
pub const DAY: u64 = 24 * HOUR;
/// 2026-11-02T00:00:00Z, a Monday.
pub const START: u64 = 1_793_577_600 * SECOND;

/// One thing that a monitor sees.
#[derive(Clone)]
pub struct Seen {
    /// When.
    pub wall_ns: u64,
    /// What.
    pub what: What,
}

/// A record, or what the monitor has noticed without one.
#[derive(Clone)]
pub enum What {
    /// A record of the journal.
    Record(Box<Record>),
    /// What the monitor has noticed.
    Noticed(Box<Observation>),
}

/// Somebody, or something, that does something.
#[derive(Clone, Copy)]
pub struct Actor {
    /// The user that has logged in.
    pub login: Option<u32>,
    /// Name of the command.
    pub command: &'static str,
    /// How it comes to the driver.
    pub origin: &'static str,
    /// The systemd unit that it runs in.
    pub unit: Option<&'static str>,
}

/// Of itself.
pub const DRIVER: Actor = Actor {
    login: None,
    command: "kworker/u16:2",
    origin: "driver",
    unit: None,
};
/// What a site has named as one that may weaken with nobody logged in.
pub const ENFORCER: Actor = Actor {
    login: None,
    command: "milspecctl",
    origin: "ioctl",
    unit: Some("/system.slice/milspec-enforce.service"),
};

/// Somebody who has logged in, and uses `milspecctl`.
pub fn login(uid: u32) -> Actor {
    Actor {
        login: Some(uid),
        command: "milspecctl",
        origin: "ioctl",
        unit: None,
    }
}

/// A record of something.
pub fn record(kind: &'static str, by: Actor) -> Record {
    Record {
        load: "ab".repeat(16),
        kind: kind.into(),
        origin: Some(by.origin.into()),
        uid: Some(0),
        login_uid: by.login,
        login: by.login.map(|uid| format!("desk-{uid}")),
        command: Some(by.command.into()),
        unit: by.unit.map(Into::into),
        ..Record::default()
    }
}

/// Controls that people change, and their classes. Each is `enabled`, which is the weaker value, or
/// `disabled`, on a 5430 Rugged at least.
pub const CONTROLS: [(&str, &str); 6] = [
    ("camera", "monitored"),
    ("microphone", "monitored"),
    ("bluetooth", "monitored"),
    ("media-card", "safe"),
    ("nfc", "safe"),
    ("usb-external", "monitored"),
];

/// The values of one of [`CONTROLS`] before and after.
fn values(way: Direction) -> (&'static str, &'static str) {
    match way {
        Direction::Weaker => ("disabled", "enabled"),
        _ => ("enabled", "disabled"),
    }
}

/// What is found otherwise while the driver is there, and not by it.
pub fn outside(control: (&str, &'static str), way: Direction) -> Record {
    Record {
        kind: "outside-change".into(),
        step: None,
        drift: true,
        ..step(DRIVER, control, way, "done")
    }
}

/// A step of a change.
pub fn step(
    by: Actor,
    control: (&str, &'static str),
    way: Direction,
    state: &'static str,
) -> Record {
    let (from, to) = values(way);
    Record {
        control: Some(control.0.into()),
        class: Some(control.1.into()),
        from: Some(from.into()),
        to: Some(to.into()),
        direction: Some(way),
        step: Some(state.into()),
        error: (state == "failed").then(|| "EIO".into()),
        ..record("step", by)
    }
}

/// A refusal.
pub fn refused(by: Actor, class: &'static str, reason: &'static str) -> Record {
    Record {
        control: Some("a-control".into()),
        class: Some(class.into()),
        reason: Some(reason.into()),
        ..record("refused", by)
    }
}

/// What is recorded of somebody who may not ask: a refusal, or how many more there were.
pub fn without_right(by: Actor, error: &str, kind: &'static str, count: u32) -> Record {
    Record {
        uid: by.login,
        count,
        error: Some(error.into()),
        ..record(kind, by)
    }
}

/// Something that the monitor notices itself.
pub fn noticed(kind: &'static str) -> Observation {
    Observation {
        kind: kind.into(),
        ..Observation::default()
    }
}

/// What is otherwise than before a boot.
pub fn difference(way: Direction, bios: [&str; 2]) -> Observation {
    let (from, to) = values(way);
    Observation {
        control: Some("camera".into()),
        class: Some("monitored".into()),
        from: Some(from.into()),
        to: Some(to.into()),
        direction: Some(way),
        cause: Some("boot"),
        bios: Some((bios[0].into(), bios[1].into())),
        ..noticed("difference")
    }
}

/// Puts things one after the other, so many seconds apart.
pub struct Tape {
    /// What there is so far.
    pub seen: Vec<Seen>,
    /// When it goes on, in nanoseconds since 1970.
    pub now: u64,
}

impl Tape {
    /// An empty one that begins then.
    pub fn at(now: u64) -> Self {
        Self {
            seen: Vec::new(),
            now,
        }
    }

    /// A record.
    pub fn put(&mut self, record: Record) {
        self.push(What::Record(Box::new(record)), 50_000_000);
    }

    /// Something that the monitor notices.
    pub fn notice(&mut self, observation: Observation) {
        self.push(What::Noticed(Box::new(observation)), 1);
    }

    fn push(&mut self, what: What, takes: u64) {
        self.seen.push(Seen {
            wall_ns: self.now,
            what,
        });
        self.now += takes;
    }

    /// Lets so much time pass.
    pub fn wait(&mut self, ns: u64) {
        self.now += ns;
    }

    /// An apply with these steps.
    pub fn apply(&mut self, by: Actor, steps: &[Record], outcome: &'static str) {
        self.put(record("apply-begun", by));
        for step in steps {
            self.put(step.clone());
        }
        self.put(Record {
            outcome: Some(outcome.into()),
            error: (outcome == "undone").then(|| "EKEYREJECTED".into()),
            ..record("apply-ended", by)
        });
    }

    /// The module is taken out and put in again, with its guard down where `reason` is `unguarded`.
    pub fn reload(&mut self, reason: Option<&'static str>) {
        let by = Actor {
            command: "modprobe",
            ..DRIVER
        };
        self.notice(Observation {
            cause: Some("load"),
            reason: reason.map(Into::into),
            ..noticed("load")
        });
        self.loaded(by);
    }

    /// The module's own records of its load.
    fn loaded(&mut self, by: Actor) {
        self.put(record("load", by));
        self.put(record("bind", by));
    }

    /// A boot: the module is loaded.
    pub fn boot(&mut self, bios: [&str; 2]) {
        self.notice(Observation {
            cause: Some("boot"),
            bios: Some((bios[0].into(), bios[1].into())),
            ..noticed("load")
        });
        let udev = Actor {
            command: "(udev-worker)",
            ..DRIVER
        };
        self.loaded(udev);
    }
}

/// What is seen of it on one machine: a control that has a value by then is not given it. A step that would
/// do so is none, and neither is a difference; what has failed, and what others do, goes the other way.
pub fn settle(seen: Vec<Seen>) -> Vec<Seen> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    let settled = seen.into_iter().filter_map(|mut seen| {
        let has = |control: &Option<String>, to: &Option<String>| {
            let value = control.as_ref().and_then(|control| values.get(control));
            value.is_some() && value == to.as_ref()
        };
        let (control, after) = match &mut seen.what {
            What::Record(record) => {
                let failed = record.step.as_deref() == Some("failed");
                if has(&record.control, &record.to) {
                    match record.kind.as_ref() {
                        "step" if !failed => return None,
                        "step" | "outside-change" => turn(record),
                        _ => (),
                    }
                }
                // What could not be set is as it was.
                let after = if failed { &record.from } else { &record.to };
                (record.control.clone(), after.clone())
            }
            What::Noticed(noticed) => {
                if has(&noticed.control, &noticed.to) {
                    return None;
                }
                (noticed.control.clone(), noticed.to.clone())
            }
        };
        if let (Some(control), Some(after)) = (control, after) {
            values.insert(control, after);
        }
        Some(seen)
    });
    settled.collect()
}

/// The other way.
fn turn(record: &mut Record) {
    std::mem::swap(&mut record.from, &mut record.to);
    record.direction = record.direction.map(|way| match way {
        Direction::Weaker => Direction::Harder,
        Direction::Harder => Direction::Weaker,
        other => other,
    });
}
