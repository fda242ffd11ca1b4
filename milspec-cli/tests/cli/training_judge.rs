// SPDX-License-Identifier: GPL-2.0

//! How records are judged, those that are missing and those that come too late too.

use crate::journal::{by, of, Journal};
use crate::machines::{devices, setting};
use crate::training_commands::answered;
use crate::training_plays::{scenarios, Played};
use milspec::model::Control;
use milspec::training::check::Check;
use milspec::training::judge::{Answer, State};
use milspec::training::records::MAX;
use milspec::training::run::{Ended, Happened, Run};
use milspec::training::scenario::{Happening, Scenario};
use milspec::training::view::View;
use milspec_uapi as uapi;
use milspec_uapi::Event;

/// A run with one objective, with devices 0 to 2 active to begin with, or not.
fn run(check: &str, active: &[&str], records: &Journal) -> Run {
    let mut scenario: Scenario = scenarios()["first-steps"].0.clone();
    let check: std::collections::BTreeMap<String, Check> =
        toml::from_str(&format!("check.{check}")).unwrap();
    scenario.objective.truncate(1);
    scenario.objective[0].check = check["check"].clone();
    let mut controls = devices(&[]);
    controls.extend(["camera", "esata"].map(|name| setting(name, "enabled")));
    let mut run = Run::new(scenario, &answered(true), Control::all(&controls));
    for name in active {
        run.start.insert((*name).into(), "active".into());
    }
    let root = milspec::machine::open(None).unwrap();
    run.take(&root, &records.events);
    run.seen_ns = records.events.last().unwrap().boot_ns;
    run.ended = Some(Ended::Decided);
    run
}

fn state(run: &Run) -> (State, String) {
    let decided = run.judge().remove(0);
    (decided.state, decided.why)
}

#[track_caller]
fn judged(check: &str, records: &Journal, met: bool) {
    let (state, why) = state(&run(check, &["DSMIL0D0", "DSMIL0D1"], records));
    assert_eq!(state == State::Met, met, "{check}: {why}");
}

/// The id of a control.
fn id(name: &str) -> u32 {
    let run = run("latch = {}", &[], &Journal::of_training(9, 1));
    Control::named(&run.controls, name).unwrap().id
}

fn begun() -> Journal {
    Journal::of_training(9, 1)
}

/// An apply with a list or without one, that has this outcome and these steps.
fn apply(to: &mut Journal, mode: u8, list: bool, outcome: u8, steps: &[(u32, u8, u8)]) {
    let properties = if list { uapi::EVENT_LIST } else { 0 };
    let about = to.add(by(
        1000,
        Event {
            mode,
            properties,
            ..of(uapi::KIND_APPLY_BEGUN)
        },
    ));
    for (control, to_value, step) in steps {
        to.add(by(
            1000,
            Event {
                about,
                control: *control,
                from: 1 - to_value,
                to: *to_value,
                step: *step,
                ..of(uapi::KIND_STEP)
            },
        ));
    }
    to.add(by(
        1000,
        Event {
            about,
            mode,
            outcome,
            ..of(uapi::KIND_APPLY_ENDED)
        },
    ));
}

const DONE: u8 = uapi::OUTCOME_DONE;

/// Promise: a mode is reached by an apply of all of it, or with those exceptions that the check allows.
#[test]
fn reach_of_the_whole_mode() {
    let mut whole = begun();
    apply(&mut whole, uapi::MODE_ENHANCED, false, DONE, &[]);
    let mut listed = begun();
    apply(&mut listed, uapi::MODE_ENHANCED, true, DONE, &[]);
    judged("reach = { mode = \"enhanced\" }", &whole, true);
    judged("reach = { mode = \"enhanced\" }", &listed, false);
    // esata is on, and the devices of the mode are inactive: they were left out as well.
    judged(
        "reach = { mode = \"enhanced\", except = [\"esata\"] }",
        &listed,
        false,
    );
    let mut run = run(
        "reach = { mode = \"enhanced\", except = [\"esata\"] }",
        &[],
        &listed,
    );
    run.controls.retain(|control| control.name == "esata");
    assert_eq!(state(&run).0, State::Met);
    run.controls = Control::all(&["esata", "camera"].map(|name| setting(name, "enabled")));
    let check = Check::Reach {
        mode: "enhanced".into(),
        within: None,
        clean: false,
        except: Some(Vec::new()),
    };
    run.scenario.objective[0].check = check;
    assert_eq!(state(&run).0, State::Missed);
}

/// Promise: where records are missing, what speaks of all of them is not met, and says so; what a record
/// proves is met all the same.
#[test]
fn gaps_are_not_hidden() {
    let camera = id("camera");
    let mut records = begun();
    for _ in 0..3 {
        records.add(by(1000, of(uapi::KIND_REFUSED)));
    }
    records.add(by(
        1000,
        Event {
            control: camera,
            ..of(uapi::KIND_TAMPER)
        },
    ));
    records.add(Event {
        control: camera,
        from: 0,
        to: 1,
        ..of(uapi::KIND_OUTSIDE_CHANGE)
    });
    records.add(by(
        1000,
        Event {
            control: camera,
            ..of(uapi::KIND_ACCEPTED)
        },
    ));
    apply(
        &mut records,
        uapi::MODE_STANDARD,
        false,
        DONE,
        &[(id("esata"), 1, uapi::STEP_DONE)],
    );
    let mut with_gap = records.clone();
    let last = with_gap.events[2];
    let mut gap = milspec::journal::chain::gap(last.load, 3, 3, last.chain);
    gap.properties |= uapi::EVENT_TRAINING;
    with_gap.events.splice(..3, [gap]);
    for (check, needs_all) in [
        ("reach = { mode = \"standard\" }", false),
        ("reach = { mode = \"standard\", clean = true }", true),
        ("keep = { controls = [\"camera\"] }", true),
        ("refrain = { mode = \"paranoid\" }", true),
        ("accept = { control = \"camera\" }", true),
        ("order = { controls = [\"esata\"] }", false),
    ] {
        judged(check, &records, true);
        judged(check, &with_gap, !needs_all);
        let (_, why) = state(&run(check, &[], &with_gap));
        assert_eq!(
            why.contains("records are missing"),
            needs_all,
            "{check}: {why}"
        );
    }
}

/// Promise: a run that goes on keeps the records that it has; what was lost meanwhile is a gap.
#[test]
fn records_are_kept() {
    let mut records = begun();
    for _ in 0..9 {
        records.add(by(1000, of(uapi::KIND_REFUSED)));
    }
    let all = records.events.clone();
    let mut run = run("latch = {}", &[], &begun());
    let root = milspec::machine::open(None).unwrap();
    run.take(&root, &all[..3]);
    let mut gap = milspec::journal::chain::gap(all[5].load, 6, 6, all[5].chain);
    gap.properties |= uapi::EVENT_TRAINING;
    let driver: Vec<Event> = [gap].iter().chain(&all[6..]).copied().collect();
    run.take(&root, &driver);
    let sequences: Vec<u64> = run
        .records
        .all()
        .iter()
        .map(|event| event.sequence)
        .collect();
    assert_eq!(sequences, [1, 2, 3, 6, 7, 8, 9, 10]);
    assert_eq!(run.records.all()[3].count, 3);
    let text = serde_json::to_string(&run).unwrap();
    assert_eq!(Run::parse("kept", &text).unwrap().records, run.records);
    // Nothing new, nothing lost.
    assert!(run.take(&root, &driver).is_empty());
}

/// Promise: a run keeps so many records, then a gap; what is kept can be read again, and is judged soon.
#[test]
fn many_records() {
    let mut records = begun();
    let camera = id("camera");
    while records.events.len() < MAX + 500 {
        let step = [(camera, 1, uapi::STEP_DONE)];
        apply(&mut records, uapi::MODE_NONE, true, DONE, &step);
    }
    let tree = crate::tree::Tree::bare("training-many");
    let root = milspec::machine::open(Some(std::path::Path::new(tree.dir()))).unwrap();
    let mut run = run("refrain = { mode = \"paranoid\" }", &[], &begun());
    run.scenario.minutes = 600;
    for some in records.events.chunks(1000) {
        run.take(&root, some);
    }
    let kept = run.records.all();
    assert_eq!(kept.len(), MAX + 1);
    let gap = kept.last().unwrap();
    let lost = records.events.len() - MAX;
    assert_eq!((gap.kind, gap.count as usize), (uapi::KIND_GAP, lost));
    let lock = milspec::kept::lock(&root, &|| {}).unwrap();
    milspec::training::run::FILE
        .save(&root, &lock, &run)
        .unwrap();
    let again = Run::load(&root).unwrap().unwrap();
    assert_eq!(again.records, run.records);
    let before = std::time::Instant::now();
    assert_eq!(state(&again).0, State::Missed);
    assert!(before.elapsed() < std::time::Duration::from_secs(2));
}

/// Promise: what comes after the time is over does not count, be it a record or an answer.
#[test]
fn too_late_does_not_count() {
    let mut records = begun();
    let seconds = |run: &Run| run.scenario.minutes * 60;
    let minutes = seconds(&run("latch = {}", &[], &records));
    while (records.events.len() as u64) < minutes {
        records.add(by(1000, of(uapi::KIND_RESUME)));
    }
    let mut in_time = records.clone();
    in_time.add(by(1000, of(uapi::KIND_LATCH)));
    judged("latch = {}", &in_time, true);
    records.add(by(1000, of(uapi::KIND_RESUME)));
    records.add(by(1000, of(uapi::KIND_LATCH)));
    judged("latch = {}", &records, false);
    let mut run = run("answer = { name = \"who\", is = \"alice\" }", &[], &begun());
    let answer = |boottime_ns| Answer {
        name: "who".into(),
        value: "alice".into(),
        uid: 0,
        boottime_ns,
    };
    let over = run.begun_ns() + minutes * 1_000_000_000;
    run.answers = vec![answer(over + 1)];
    assert_eq!(state(&run).0, State::Missed);
    run.answers = vec![answer(over)];
    assert_eq!(state(&run).0, State::Met);
}

/// Promise: what is asked about has to have happened before it is answered.
#[test]
fn no_answer_in_advance() {
    let mut records = begun();
    let tamper = records.add(Event {
        control: id("DSMIL0D1"),
        ..of(uapi::KIND_TAMPER)
    });
    let mut run = run(
        "answer = { name = \"where\", which = { kind = \"tamper\" } }",
        &[],
        &records,
    );
    let at = records.events[tamper as usize - 1].boot_ns;
    for (boottime_ns, expected) in [(at - 1, State::Missed), (at, State::Met)] {
        run.answers = vec![Answer {
            name: "where".into(),
            value: "DSMIL0D1".into(),
            uid: 1,
            boottime_ns,
        }];
        assert_eq!(state(&run).0, expected);
    }
}

/// Promise: a device counts as wrongly isolated where it was active to begin with, whenever that was.
#[test]
fn isolated_and_no_other() {
    let [tampered, active, idle] = ["DSMIL0D0", "DSMIL0D1", "DSMIL0D2"].map(id);
    let off = |device| (device, 0, uapi::STEP_DONE);
    let tamper = Event {
        control: tampered,
        ..of(uapi::KIND_TAMPER)
    };
    for (before, after, met) in [
        (vec![], vec![tampered], true),
        (vec![], vec![tampered, idle], true),
        (vec![], vec![tampered, active], false),
        (vec![active], vec![tampered], false),
    ] {
        let mut records = begun();
        let list = |some: Vec<u32>| some.into_iter().map(off).collect::<Vec<_>>();
        apply(&mut records, uapi::MODE_NONE, true, DONE, &list(before));
        records.add(tamper);
        apply(&mut records, uapi::MODE_NONE, true, DONE, &list(after));
        judged("isolate = {}", &records, met);
    }
}

/// Promise: the same after a conflict is the mode without new exceptions, or the same controls.
#[test]
fn retry_is_of_the_same() {
    let conflict = uapi::OUTCOME_CONFLICT;
    let [one, other] = ["DSMIL0D1", "DSMIL0D2"].map(id);
    let step = |control, step| (control, 1, step);
    for (mode, list, steps, met) in [
        (uapi::MODE_STANDARD, false, vec![], true),
        (uapi::MODE_STANDARD, true, vec![], false),
        (uapi::MODE_ENHANCED, false, vec![], false),
    ] {
        let mut records = begun();
        apply(&mut records, uapi::MODE_STANDARD, false, conflict, &[]);
        apply(&mut records, mode, list, DONE, &steps);
        judged("retry = {}", &records, met);
    }
    for (control, met) in [(one, true), (other, false)] {
        let mut records = begun();
        let first = [step(one, uapi::STEP_MOVED)];
        apply(&mut records, uapi::MODE_NONE, true, conflict, &first);
        apply(
            &mut records,
            uapi::MODE_NONE,
            true,
            DONE,
            &[step(control, uapi::STEP_DONE)],
        );
        judged("retry = {}", &records, met);
    }
}

/// Promise: to refrain counts where something was done, and where all that was to happen had happened.
#[test]
fn refrained_while_at_work() {
    let check = "refrain = { mode = \"paranoid\" }";
    judged(check, &begun(), false);
    let mut records = begun();
    let step = [(id("camera"), 1, uapi::STEP_DONE)];
    apply(&mut records, uapi::MODE_NONE, true, DONE, &step);
    judged(check, &records, true);
    let mut run = run(check, &[], &records);
    run.scenario.event = vec![Happening {
        at: 60,
        ..Happening::default()
    }];
    run.ended = Some(Ended::Stopped);
    assert_eq!(state(&run).0, State::Missed);
    run.happened = vec![Happened {
        event: 0,
        failed: None,
    }];
    assert_eq!(state(&run).0, State::Met);
}

/// Promise: an order that was not kept is open until it is over: it can be done again.
#[test]
fn order_can_be_done_again() {
    let [first, second] = ["DSMIL0D1", "DSMIL0D2"].map(|name| (id(name), 1, uapi::STEP_DONE));
    let check = "order = { controls = [\"DSMIL0D1\", \"DSMIL0D2\"] }";
    let mut records = begun();
    apply(&mut records, uapi::MODE_NONE, true, DONE, &[second, first]);
    let mut open = run(check, &[], &records);
    open.ended = None;
    assert_eq!(
        state(&open),
        (State::Open, "DSMIL0D2 was changed too early".into())
    );
    apply(&mut records, uapi::MODE_NONE, true, DONE, &[second]);
    judged(check, &records, true);
}

/// Promise: no file makes it panic: runs and scenarios with bytes and numbers that nobody wrote.
#[test]
fn hostile_files() {
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below.max(1) as u64) as usize
    };
    let numbers = [
        "0",
        "-1",
        "18446744073709551615",
        "18446744073709551616",
        "1e308",
        "null",
        "\"\"",
    ];
    let mut changed = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(6) {
                0 => bytes[at] = random(256) as u8,
                1 => drop(bytes.drain(at..(at + random(40)).min(bytes.len()))),
                2 => drop(bytes.splice(at..at, numbers[random(numbers.len())].bytes())),
                _ => {
                    // Another number in the place of one, each as likely as the other.
                    let is_begin = |at: &usize| {
                        bytes[*at].is_ascii_digit() && (*at == 0 || !bytes[at - 1].is_ascii_digit())
                    };
                    let begins: Vec<usize> = (0..bytes.len()).filter(is_begin).collect();
                    let from = begins.get(random(begins.len())).copied().unwrap_or(at);
                    let digit = |byte: &u8| byte.is_ascii_digit();
                    let to = bytes[from..].iter().take_while(|byte| digit(byte)).count();
                    let number = numbers[random(numbers.len())].bytes();
                    drop(bytes.splice(from..from + to, number));
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let mut read = 0;
    for (name, (scenario, text)) in scenarios() {
        let mut small = Played::new(&scenario).run();
        small.controls.truncate(3);
        small.start.clear();
        small.answers = vec![Answer {
            name: "who".into(),
            value: "x".into(),
            uid: 1,
            boottime_ns: 5,
        }];
        let run = serde_json::to_string(&small).unwrap();
        for _ in 0..400 {
            if let Ok(scenario) = Scenario::parse(&name, &changed(&text)) {
                drop(View::of(&scenario));
                read += 1;
            }
            if let Ok(run) = Run::parse(&name, &changed(&run)) {
                drop((run.judge(), run.left_s(), run.is_played()));
                read += 1;
            }
        }
    }
    // Some of them were good enough to be read.
    assert!(read > 100, "{read}");
}

/// Promise: numbers that no training reaches are refused in a scenario, and in the run of one.
#[test]
fn limits() {
    let base = "schema = \"milspec.scenario/1\"\nname = \"x\"\ntitle = \"x\"\ngrade = \"basic\"\n\
                minutes = 10\nstory = \"x\"\n[[event]]\nat = 1\n\
                change = { uid = 1, control = \"camera\", value = \"enabled\" }\n\
                [[objective]]\nname = \"o\"\ntext = \"x\"\npoints = 1\n\
                check.reach = { mode = \"standard\", within = 1 }\n";
    let good = Scenario::parse("x", base).unwrap();
    for (from, to, why) in [
        ("minutes = 10", "minutes = 601", "\"minutes\""),
        ("at = 1", "at = 36001", "\"at\""),
        ("within = 1", "within = 36001", "\"within\""),
        ("points = 1", "points = 1001", "counts more"),
        ("uid = 1", "uid = 0", "root"),
    ] {
        let failure = Scenario::parse("x", &base.replacen(from, to, 1)).unwrap_err();
        assert!(failure.why.contains(why), "{to}: {}", failure.why);
    }
    let mut run = Run::new(good, &answered(true), Vec::new());
    run.scenario.minutes = u64::MAX;
    let failure = Run::parse("x", &serde_json::to_string(&run).unwrap()).unwrap_err();
    assert!(failure.why.contains("\"minutes\""), "{}", failure.why);
}
