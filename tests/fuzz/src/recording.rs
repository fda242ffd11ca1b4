// SPDX-License-Identifier: GPL-2.0

//! Recordings of the driver: the files that stand in for its answers.

use crate::input::{assert_shown, Bytes};
use crate::machine::Machine;
use crate::memory::limited;
use milspec::compliance::{judge, Subject, REGISTRY};
use milspec::model::{Control, Event, Family, Line, Naming, Reading, Standing, Step};
use milspec::recording::Recording;
use milspec::root::{Files, Root};
use milspec::source::{Request, Source, TrainingRequest, Wait};
use milspec::{doctor, Snapshot};
use milspec_uapi as uapi;
use milspec_uapi::{APPLY_LINES, MODE_ENHANCED, TRAINING_STATE};
use std::sync::LazyLock;

/// The files that an input can have; it names them by their places here.
pub const PATHS: [&str; 14] = [
    "recording/info.bin",
    "recording/status.bin",
    "recording/controls.bin",
    "recording/controls.json",
    "recording/journal.bin",
    "recording/refresh.bin",
    "recording/plan-enhanced.bin",
    "recording/lines-enhanced.bin",
    "recording/training-state.bin",
    "recording/smbios/0.answer",
    "recording/smbios/0.request",
    "sys/class/dmi/id/product_name",
    "proc/uptime",
    "sys/firmware/dmi/tables/DMI",
];

/// The files of a machine.
static GOOD: LazyLock<Files> = LazyLock::new(|| Machine::of_profile("latitude-d630").files());

/// The recorded answers of the driver that are always there are those of a machine, where the input has
/// no others. Each file of the input is its place in [`PATHS`], its length in two bytes, and its bytes.
pub fn check(data: &[u8]) {
    let mut files = GOOD.clone();
    let mut input = Bytes(data);
    while !input.0.is_empty() {
        let path = PATHS[usize::from(input.byte()) % PATHS.len()];
        let length = input.word().into();
        files.insert(path.into(), input.take(length).to_vec());
    }
    let length = files.values().map(Vec::len).sum();
    limited(length, 400, || machine(files));
}

fn machine(files: Files) {
    let bytes = files.get("recording/controls.bin").map_or(0, Vec::len);
    let in_words = files.contains_key("recording/controls.json");
    let records = files.get("recording/journal.bin").map_or(0, Vec::len) / uapi::EVENT_SIZE;
    let root = Root::of_files("made by a fuzzer".into(), None, files);
    let note = root.note().expect("a recording").clone();
    let Ok(mut source) = Recording::open(&root, &note) else {
        panic!("the recording has an answer to INFO");
    };
    let asked = Snapshot::read(&source);
    let subject = Subject::new(&root, asked.as_ref().map_err(ToString::to_string));
    for outcome in judge(&REGISTRY, &subject).into_values() {
        assert!(serde_json::to_string(&format!("{outcome:?}")).is_ok());
    }
    let checks = doctor::run(&root).checks;
    assert!(!checks.is_empty());
    let Ok(snapshot) = asked else {
        return;
    };
    // Promise: there are no more controls than the answer has room for.
    let most = bytes / uapi::Control::SIZE_MIN as usize;
    assert!(in_words || snapshot.controls.len() <= most);
    if !in_words {
        snapshot.controls.iter().for_each(control);
    }
    same_again(&snapshot.controls);
    assert_shown(&snapshot.machine().in_words());
    let standing = Standing::new(&snapshot.status, &snapshot.controls);
    let family = Family::all(&snapshot.status);
    let texts = [
        serde_json::to_string(&standing),
        serde_json::to_string(&family),
    ];
    assert!(texts.iter().all(Result::is_ok));
    let there = source.records(Wait::No).unwrap_or_default();
    assert_eq!(there.len(), records);
    for event in Event::all(&there, &Naming::of(&root, &snapshot)) {
        assert!(serde_json::to_string(&event).is_ok());
    }
    changes(&mut source, &snapshot.controls);
}

/// Promise: what is said of a control is one of the things that can be, in text that can be shown.
fn control(control: &Control) {
    let texts = [&control.name, &control.label];
    let values = control.values.iter().map(|value| &value.name);
    for text in texts.into_iter().chain(values) {
        assert_shown(text);
        assert!(text.is_ascii());
    }
    assert!(control.values.len() <= uapi::CONTROL_VALUES);
    assert!(control.depends.len() <= uapi::CONTROL_DEPENDS);
    assert_eq!(control.value.is_some(), control.reading == Reading::Known);
    for name in [
        &control.value,
        &control.baseline,
        &control.written,
        &control.wanted,
    ] {
        let name = name.as_deref();
        assert!(
            name.is_none_or(|name| control.value_index(name).is_some()),
            "{name:?}"
        );
    }
    assert_shown(&control.in_words());
}

/// Promise: controls are the same when they were written in the words of documents, and read.
fn same_again(controls: &[Control]) {
    let text = serde_json::to_vec(controls).expect("JSON");
    let again: Vec<Control> = serde_json::from_slice(&text).expect("what was written");
    assert!(again == controls);
}

/// Promise: a plan has no more steps than its answer.
fn changes(source: &mut Recording<'_>, controls: &[Control]) {
    for options in [0, APPLY_LINES] {
        let request = Request {
            mode: MODE_ENHANCED,
            options,
            ..Request::default()
        };
        let Ok(answer) = source.plan(&request) else {
            continue;
        };
        assert!(answer.apply.outcome != uapi::OUTCOME_NONE);
        let steps = Step::all(&answer.steps, controls);
        let lines = Line::all(&answer.steps, controls);
        assert_eq!(
            (steps.len(), lines.len()),
            (answer.steps.len(), answer.steps.len())
        );
        assert!(serde_json::to_string(&(steps, lines)).is_ok());
    }
    let training = TrainingRequest {
        operation: TRAINING_STATE,
        ..TrainingRequest::default()
    };
    // An answer or an errno: either ends.
    let _ = source.training(&training);
    let _ = source.refresh();
}
