// SPDX-License-Identifier: GPL-2.0

//! What a monitor sees, made up: records as the driver makes them, and what it notices itself.

use milspec::monitor::observation::Observation;
use milspec::monitor::{Direction, Record};

pub const SECOND: u64 = 1_000_000_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
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
    Record(Box<Record>),
    Noticed(Box<Observation>),
}

/// Somebody, or something, that does something.
#[derive(Clone, Copy)]
pub struct Actor {
    pub login: Option<u32>,
    pub command: &'static str,
    pub origin: &'static str,
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

/// Controls that people change, and their classes.
pub const CONTROLS: [(&str, &str); 6] = [
    ("camera", "safe"),
    ("microphone", "safe"),
    ("bluetooth", "safe"),
    ("sd-card", "safe"),
    ("usb-ports", "monitored"),
    ("thunderbolt-security", "restricted"),
];

/// A step of a change.
pub fn step(
    by: Actor,
    control: (&str, &'static str),
    way: Direction,
    state: &'static str,
) -> Record {
    let (from, to) = match way {
        Direction::Weaker => ("disabled", "enabled"),
        _ => ("enabled", "disabled"),
    };
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

/// Something that the monitor notices itself.
pub fn noticed(kind: &'static str) -> Observation {
    Observation {
        kind: kind.into(),
        ..Observation::default()
    }
}

/// What is otherwise than before a boot.
pub fn difference(way: Direction, bios: [&str; 2]) -> Observation {
    Observation {
        control: Some("camera".into()),
        class: Some("safe".into()),
        direction: Some(way),
        cause: Some("boot"),
        bios: Some((bios[0].into(), bios[1].into())),
        ..noticed("difference")
    }
}

/// Puts things one after the other, so many seconds apart.
pub struct Tape {
    pub seen: Vec<Seen>,
    pub now: u64,
}

impl Tape {
    pub fn at(now: u64) -> Self {
        Self {
            seen: Vec::new(),
            now,
        }
    }

    pub fn put(&mut self, record: Record) {
        self.push(What::Record(Box::new(record)), 50_000_000);
    }

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
        self.put(record("load", udev));
    }
}
