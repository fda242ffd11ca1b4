// SPDX-License-Identifier: GPL-2.0

//! Attacks by somebody who has not seen the rules: he knows what the driver records, and what
//! happens on machines that nobody attacks. Some of them nobody is expected to find.

use crate::attack::{attack, Attack, When};
use crate::benign::lose;
use crate::lot::Lot;
use crate::told::*;
use milspec::monitor::observation::Observation;
use milspec::monitor::Direction::{self, Harder, Weaker};
use milspec::monitor::Record;

/// All of them.
pub const UNSEEN: [Attack; 20] = [
    // A thief has the key and password of somebody of the helpdesk, who comes here anyway. He does
    // what they do, at their hours, and once more some days later if he needs more.
    attack(
        "Stolen helpdesk login at its usual hours",
        When::Working,
        |tape, lot, desk| {
            let by = login(desk[usize::from(lot.happens(0.2))]);
            let steps = weakened(by, &picked(lot, 1, 2));
            tape.apply(by, &steps, "done");
            if lot.happens(0.4) {
                workdays(tape, lot.number(1, 4));
                tape.wait(lot.number(0, 20 * MINUTE));
                let steps = weakened(by, &picked(lot, 1, 1));
                tape.apply(by, &steps, "done");
            }
        },
    ),
    // Malware with root wants sensors and ports for later, and has patience. It hides among the
    // system's services and switches on one thing a day, while the machine is in use.
    attack(
        "Malware weakens one control a day",
        When::Working,
        |tape, lot, _| {
            let by = malware(lot);
            for control in picked(lot, 3, 6) {
                tape.apply(by, &[done(by, control, Weaker)], "done");
                tape.wait(lot.number(22 * HOUR, 26 * HOUR));
            }
        },
    ),
    // Malware with root lets the enforcing unit do it: it writes another state into the unit's
    // file and waits for the timer, and sometimes puts the file back when it has what it wants.
    attack(
        "Enforcing unit given another file",
        When::Any,
        |tape, lot, _| {
            tape.wait(lot.number(0, HOUR));
            let controls = picked(lot, 1, 4);
            tape.apply(ENFORCER, &weakened(ENFORCER, &controls), "done");
            if lot.happens(0.5) {
                tape.wait(lot.number(HOUR, 30 * HOUR));
                tape.apply(ENFORCER, &hardened(ENFORCER, &controls), "done");
            }
        },
    ),
    // Somebody who cleans at night knows the password of the setup, or finds none. He switches
    // on there what he wants to use, and shuts the machine down again.
    attack("Setup entered overnight", When::Morning, |tape, lot, _| {
        tape.boot(SAME);
        for control in picked(lot, 1, 3) {
            tape.notice(differs(control, SAME));
        }
    }),
    // A technician brings the update of the BIOS that the fleet gets anyway, and goes through the
    // setup in the same boot. What he opens looks like what some updates set back.
    attack(
        "Weakened under cover of a BIOS update",
        When::Morning,
        |tape, lot, _| {
            let bios = ["1.10.0", "1.11.0"];
            tape.boot(bios);
            for control in picked(lot, 1, 2) {
                tape.notice(differs(control, bios));
            }
        },
    ),
    // Somebody with root wants a hole back that an update has closed: he allows the downgrade,
    // waits, and flashes old firmware by night. Sometimes he flashes the present one afterwards.
    attack("Firmware taken back to an old one", When::Night, downgrade),
    // Malware with root never asks this driver: it writes through mainline's dell-wmi-sysman. The
    // driver finds that when it looks, and sometimes the malware then has it take that as meant.
    attack("Past the driver through mainline's", When::Any, past),
    // Somebody who has had root once leaves a job behind, which writes a word into a file by
    // night: the baseline, and with it all that was ever closed is open.
    attack(
        "Baseline brought back by a nightly job",
        When::Night,
        |tape, lot, _| {
            let by = Actor {
                command: lot.one(&["sh", "tee", "bash", "python3"]),
                origin: "sysfs",
                unit: lot.one(&[
                    Some("/system.slice/cron.service"),
                    Some("/system.slice/atd.service"),
                    Some("/system.slice/sysstat-collect.service"),
                ]),
                login: None,
            };
            let steps = weakened(by, &picked(lot, 4, 6));
            tape.apply(by, &steps, "done");
        },
    ),
    // Somebody with root stops the readers, takes the driver out, writes the tokens with
    // libsmbios, and puts it in again: it knows of nothing. Half of them also delete what the
    // monitor had noted, so that it has nothing to compare with.
    attack(
        "Module taken out while tokens are written",
        When::Night,
        |tape, lot, _| {
            tape.wait(lot.number(2 * MINUTE, 90 * MINUTE));
            tape.reload(None);
            if lot.happens(0.5) {
                for control in picked(lot, 1, 3) {
                    tape.notice(Observation {
                        cause: Some("load"),
                        ..differs(control, SAME)
                    });
                }
            }
        },
    ),
    // Malware with root stops the monitor's process, weakens, and asks for what holds already
    // until the driver has forgotten the evidence. Then the monitor may go on.
    attack(
        "Evidence overwritten by empty requests",
        When::Any,
        |tape, lot, _| {
            let by = malware(lot);
            tape.wait(lot.number(4 * MINUTE, 12 * MINUTE));
            lose(tape, lot.number(4, 2_000) as u32);
            // What the driver remembers: 4096 records, two for each request.
            for _ in 0..2_048 {
                tape.apply(by, &[], "done");
            }
        },
    ),
    // Malware with root has the night look like office hours: it sets the clock, gives itself the
    // login of the helpdesk (root can write loginuid), weakens, and sets the clock right.
    attack(
        "Clock set to office hours by night",
        When::Night,
        |tape, lot, desk| {
            let office = lot.number(10 * HOUR, 15 * HOUR);
            tape.wait((office + DAY - tape.now.saturating_sub(START) % DAY) % DAY);
            workdays(tape, 0);
            tape.notice(noticed("clock-moved"));
            tape.wait(lot.number(5 * SECOND, 3 * MINUTE));
            let by = login(desk[usize::from(lot.happens(0.3))]);
            let steps = weakened(by, &picked(lot, 1, 3));
            tape.apply(by, &steps, "done");
            tape.wait(lot.number(5 * SECOND, 10 * MINUTE));
            tape.notice(noticed("clock-moved"));
        },
    ),
    // Somebody with root wants records that he can edit: he takes the TPM from its driver, so that
    // nothing is extended, then makes his changes, and gives the TPM back.
    attack("Changes made while the TPM is away", When::Any, unanchored),
    // Somebody with root lacks the password of the BIOS. He tries one or two a day, so that the
    // firmware does not lock, and with a change that would be welcome, so that nobody minds.
    attack(
        "BIOS password guessed a little each day",
        When::Working,
        guesses,
    ),
    // A user who may only read has a script try what he can do besides: he wants to know whether
    // anybody stops him, or notices. He does it all at once, or now and then.
    attack("Reader tries what he may not", When::Working, reader),
    // Somebody with root finds that the controls that he wants are closed as a class. He loads the
    // module anew with the parameter that opens it, weakens them, and loads it as it was.
    attack(
        "Restricted class opened by a parameter",
        When::Night,
        opened,
    ),
    // Somebody with root begins a training: who looks, and the unit that enforces, see a copy that
    // is as it should be, while the machine itself is opened through mainline's driver.
    attack("Training as a curtain", When::Working, |tape, lot, _| {
        let by = somebody(lot);
        let training = |kind| Record {
            count: 1,
            ..record(kind, by)
        };
        tape.put(training("training-begun"));
        let opened = picked(lot, 1, 3);
        for _ in &opened {
            tape.wait(lot.number(5 * MINUTE, 3 * HOUR));
        }
        if lot.happens(0.6) {
            tape.wait(lot.number(10 * MINUTE, 30 * HOUR));
            tape.put(training("training-ended"));
            // The driver does not look at the machine before that.
            for control in opened {
                tape.put(outside(control, Weaker));
            }
        }
    }),
    // Somebody who was given notice wants the machine to be of no use: he takes it to the highest
    // mode, with the latch, so that radios, ports and sensors are off and nobody can undo it.
    attack("Latched out of spite", When::Working, latched),
    // Somebody at an unlocked session uses what is there on any desktop: fwupd's daemon changes
    // settings for him through the kernel's class, and the driver sees the daemon.
    attack("Set by fwupd's daemon", When::Working, |tape, lot, _| {
        let by = Actor {
            login: None,
            command: "fwupd",
            origin: "firmware-attributes",
            unit: Some("/system.slice/fwupd.service"),
        };
        for control in picked(lot, 1, 3) {
            tape.apply(by, &[done(by, control, Weaker)], "done");
            tape.wait(lot.number(15 * SECOND, 3 * MINUTE));
        }
    }),
    // An employee with sudo comes at the weekend to carry data out: he switches a port on, boots,
    // copies, and leaves everything as he found it.
    attack("Port borrowed at the weekend", When::Any, weekend),
    // A thief with time boots his own system from a stick, copies the disk, and changes nothing,
    // or has put all of it back. All that is left is that the machine boots in the morning.
    attack(
        "Another system overnight, nothing left behind",
        When::Morning,
        |tape, _, _| tape.boot(SAME),
    ),
];

/// The BIOS before and after a boot that has changed nothing of it.
const SAME: [&str; 2] = ["1.10.0", "1.10.0"];

/// A control and its class.
type Control = (&'static str, &'static str);

fn downgrade(tape: &mut Tape, lot: &mut Lot, _: [u32; 2]) {
    let by = somebody(lot);
    let allowed = done(by, ("bios-downgrade", "monitored"), Weaker);
    tape.apply(by, &[allowed], "done");
    tape.wait(lot.number(0, 3) * DAY + lot.number(2 * MINUTE, 40 * MINUTE));
    let old = lot.one(&["1.9.1", "1.8.2", "1.6.0"]);
    tape.boot(["1.10.0", old]);
    if lot.happens(0.6) {
        for control in picked(lot, 1, 2) {
            tape.notice(differs(control, ["1.10.0", old]));
        }
    }
    if lot.happens(0.4) {
        tape.wait(lot.number(30 * MINUTE, 20 * HOUR));
        tape.boot([old, "1.10.0"]);
    }
}

fn past(tape: &mut Tape, lot: &mut Lot, _: [u32; 2]) {
    let controls = picked(lot, 1, 3);
    let on_waking = lot.happens(0.5);
    let slowly = lot.happens(0.5);
    for &control in &controls {
        tape.put(outside(control, Weaker));
        if on_waking {
            tape.put(Record {
                count: 1,
                ..record("resume", DRIVER)
            });
        }
        tape.wait(match slowly {
            true => lot.number(20 * HOUR, 40 * HOUR),
            false => lot.number(0, 2 * HOUR),
        });
    }
    if lot.happens(0.4) {
        let by = malware(lot);
        let accepted: Vec<Record> = controls
            .iter()
            .map(|&control| Record {
                kind: "accepted".into(),
                step: None,
                ..done(by, control, Weaker)
            })
            .collect();
        tape.apply(by, &accepted, "done");
    }
}

fn unanchored(tape: &mut Tape, lot: &mut Lot, _: [u32; 2]) {
    let by = somebody(lot);
    let error = lot.one(&["ENODEV", "EIO", "ETIME"]);
    for _ in 0..lot.number(1, 3) {
        let steps = weakened(by, &picked(lot, 1, 3));
        tape.apply(by, &steps, "done");
        tape.wait(lot.number(SECOND, 20 * SECOND));
        tape.put(Record {
            // The steps, and the end of the apply.
            count: steps.len() as u32 + 1,
            error: Some(error.into()),
            ..record("anchor-failed", DRIVER)
        });
        tape.wait(lot.number(2 * MINUTE, 5 * HOUR));
    }
}

fn guesses(tape: &mut Tape, lot: &mut Lot, _: [u32; 2]) {
    let by = somebody(lot);
    let control = lot.one(&CONTROLS);
    let way = match lot.happens(0.6) {
        true => Harder,
        false => Weaker,
    };
    for _ in 0..lot.number(4, 6) {
        for _ in 0..lot.number(1, 2) {
            let wrong = Record {
                step: Some("failed".into()),
                error: Some("EKEYREJECTED".into()),
                ..done(by, control, way)
            };
            tape.apply(by, &[wrong], "undone");
            tape.wait(lot.number(MINUTE, 90 * MINUTE));
        }
        tape.wait(lot.number(20 * HOUR, 25 * HOUR));
    }
    if lot.happens(0.3) {
        let steps = weakened(by, &picked(lot, 1, 3));
        tape.apply(by, &steps, "done");
    }
}

fn reader(tape: &mut Tape, lot: &mut Lot, _: [u32; 2]) {
    let by = Actor {
        command: lot.one(&["python3", "milspecctl", "a.out"]),
        ..employee(lot)
    };
    let error = lot.one(&["EBADF", "EPERM"]);
    if lot.happens(0.5) {
        for _ in 0..lot.number(3, 9) {
            tape.put(without_right(by, error, "refused", 0));
            tape.wait(lot.number(5 * MINUTE, 4 * HOUR));
        }
        return;
    }
    // The driver writes down 16 of them, then one in ten seconds and how many more there were.
    for _ in 0..16 {
        tape.put(without_right(by, error, "refused", 0));
    }
    for _ in 0..lot.number(1, 12) {
        tape.wait(10 * SECOND);
        let more = lot.number(5, 5_000) as u32;
        tape.put(without_right(by, error, "suppressed", more));
        tape.put(without_right(by, error, "refused", 0));
    }
}

fn opened(tape: &mut Tape, lot: &mut Lot, _: [u32; 2]) {
    const WANTED: [Control; 4] = [
        ("system-password-lock", "restricted"),
        ("usb-boot", "restricted"),
        ("password-bypass", "restricted"),
        ("admin-setup-lockout", "restricted"),
    ];
    let by = somebody(lot);
    let controls: Vec<Control> = WANTED
        .into_iter()
        .skip(lot.number(0, 2) as usize)
        .take(lot.number(1, 3) as usize)
        .collect();
    // Who has read the manual does not try first.
    if lot.happens(0.7) {
        for &(name, class) in &controls {
            tape.put(Record {
                control: Some(name.into()),
                ..refused(by, class, "restricted")
            });
            tape.wait(lot.number(5 * SECOND, 3 * MINUTE));
        }
    }
    tape.wait(lot.number(MINUTE, 2 * HOUR));
    tape.reload(Some("unguarded"));
    tape.wait(lot.number(2 * SECOND, 5 * MINUTE));
    tape.apply(by, &weakened(by, &controls), "done");
    if lot.happens(0.5) {
        tape.wait(lot.number(2 * SECOND, 10 * MINUTE));
        tape.reload(None);
    }
}

fn latched(tape: &mut Tape, lot: &mut Lot, desk: [u32; 2]) {
    let by = match lot.happens(0.5) {
        true => employee(lot),
        false => login(desk[1]),
    };
    if lot.happens(0.3) {
        tape.put(Record {
            control: None,
            class: None,
            ..refused(by, "monitored", "unconfirmed")
        });
        tape.wait(lot.number(10 * SECOND, 2 * MINUTE));
    }
    let mut steps = hardened(by, &picked(lot, 3, 6));
    for control in [
        ("wlan", "monitored"),
        ("wwan", "monitored"),
        ("speaker", "safe"),
        ("usb-external", "monitored"),
    ] {
        if lot.happens(0.8) {
            steps.push(done(by, control, Harder));
        }
    }
    steps.push(record("latch", by));
    tape.apply(by, &steps, "done");
}

fn weekend(tape: &mut Tape, lot: &mut Lot, desk: [u32; 2]) {
    // The next Saturday or Sunday, at an hour at which somebody might work.
    let since = tape.now.saturating_sub(START);
    let week = 7 * DAY;
    let when = lot.number(5, 6) * DAY + lot.number(9 * HOUR, 20 * HOUR);
    tape.wait((when + week - since % week) % week);
    tape.put(record("resume", DRIVER));
    tape.wait(lot.number(2 * MINUTE, 30 * MINUTE));
    let by = match lot.happens(0.7) {
        true => employee(lot),
        false => login(desk[0]),
    };
    let control = lot.one(&[
        ("usb-external", "monitored"),
        ("media-card", "safe"),
        ("bluetooth", "monitored"),
    ]);
    tape.apply(by, &[done(by, control, Weaker)], "done");
    tape.wait(lot.number(30 * SECOND, 4 * MINUTE));
    tape.boot(SAME);
    tape.wait(lot.number(15 * MINUTE, 2 * HOUR));
    tape.apply(by, &[done(by, control, Harder)], "done");
    if lot.happens(0.6) {
        tape.wait(lot.number(30 * SECOND, 4 * MINUTE));
        tape.boot(SAME);
    }
}

/// A process of root's that nobody logged in for, with a name that says little.
fn malware(lot: &mut Lot) -> Actor {
    Actor {
        login: None,
        command: lot.one(&[
            "python3",
            "milspecctl",
            "perl",
            "kworker/u16:3",
            "sd-resolved",
        ]),
        origin: lot.one(&["ioctl", "ioctl", "firmware-attributes"]),
        unit: lot.one(&[
            None,
            Some("/system.slice/cron.service"),
            Some("/system.slice/packagekit.service"),
            Some("/system.slice/milspec-enforced.service"),
        ]),
    }
}

/// Somebody who has an account, is not of the helpdesk, and has become root.
fn employee(lot: &mut Lot) -> Actor {
    Actor {
        command: lot.one(&["milspecctl", "milspecctl", "python3"]),
        ..login(lot.number(2_001, 2_900) as u32)
    }
}

/// Root, by whatever way.
fn somebody(lot: &mut Lot) -> Actor {
    match lot.happens(0.5) {
        true => employee(lot),
        false => malware(lot),
    }
}

/// So many controls, each once.
fn picked(lot: &mut Lot, fewest: u64, most: u64) -> Vec<Control> {
    let count = lot.number(fewest, most) as usize;
    let first = lot.number(0, CONTROLS.len() as u64 - 1) as usize;
    CONTROLS
        .iter()
        .copied()
        .cycle()
        .skip(first)
        .take(count)
        .collect()
}

/// A step that was done, with values that the control has.
fn done(by: Actor, control: Control, way: Direction) -> Record {
    let (weak, hard) = match control.0 {
        "system-password-lock" => ("unlocked", "locked"),
        "bios-downgrade" => ("allowed", "denied"),
        "password-bypass" => ("reboot", "never"),
        "admin-setup-lockout" => ("disabled", "enabled"),
        _ => ("enabled", "disabled"),
    };
    let (from, to) = match way {
        Weaker => (hard, weak),
        _ => (weak, hard),
    };
    Record {
        from: Some(from.into()),
        to: Some(to.into()),
        ..step(by, control, way, "done")
    }
}

fn weakened(by: Actor, controls: &[Control]) -> Vec<Record> {
    controls
        .iter()
        .map(|&control| done(by, control, Weaker))
        .collect()
}

fn hardened(by: Actor, controls: &[Control]) -> Vec<Record> {
    controls
        .iter()
        .map(|&control| done(by, control, Harder))
        .collect()
}

/// After a boot a control is open that was closed before it.
fn differs(control: Control, bios: [&str; 2]) -> Observation {
    Observation {
        control: Some(control.0.into()),
        class: Some(control.1.into()),
        ..difference(Weaker, bios)
    }
}

/// Waits so many days, and then for a day at work.
fn workdays(tape: &mut Tape, days: u64) {
    tape.wait(days * DAY);
    while tape.now.saturating_sub(START) / DAY % 7 >= 5 {
        tape.wait(DAY);
    }
}
