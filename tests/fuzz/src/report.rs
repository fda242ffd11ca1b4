// SPDX-License-Identifier: GPL-2.0

//! Reports of machines: `milspec.report/1`, which open as recordings.

use crate::input::{document, with_file};
use crate::machine::Machine;
use crate::memory::limited;
use milspec::compliance::{judge, Subject, REGISTRY};
use milspec::report::collect::collect;
use milspec::report::{self, Driver, Report};
use milspec::root::Root;
use milspec::source::Access;
use milspec::training::profile::Profile;
use milspec::{doctor, driver, Snapshot};
use milspec_posture::token_table::{self, Token};
use serde_json::Value;
use std::path::Path;
use std::sync::LazyLock;

/// A report that a test keeps, and one of a machine with a whole table.
static GOOD: LazyLock<[Value; 2]> = LazyLock::new(|| {
    let kept = include_str!("../../../milspec-cli/tests/cli/snapshots/report.json");
    let made = collect(&Machine::of_profile("latitude-d630").root(), false, &|_| {});
    [
        serde_json::from_str(kept).expect("a report"),
        serde_json::to_value(made).expect("JSON"),
    ]
});

/// The input is the report, or what is to be changed in a good one.
pub fn check(data: &[u8]) {
    let text = document(data, |which| GOOD[usize::from(which) % GOOD.len()].clone());
    with_file(&text, |path| limited(text.len(), 400, || read(path)));
}

fn read(path: &Path) {
    let Ok(root) = report::root(path) else {
        return;
    };
    let report = report::of(&root).expect("the report that was opened");
    // Promise: what was parsed, and is written again, parses to the same.
    let text = serde_json::to_string(&report).expect("JSON");
    let again: Report = serde_json::from_str(&text).expect("what was written");
    assert_eq!(serde_json::to_string(&again).expect("JSON"), text);
    let asked = Snapshot::take(&root, false);
    let subject = Subject::new(&root, asked.as_ref().map_err(ToString::to_string));
    assert!(!judge(&REGISTRY, &subject).is_empty());
    assert!(!doctor::run(&root).checks.is_empty());
    if let (Some(said), Ok(snapshot)) = (&report.driver, &asked) {
        opened_again(said, &root);
        training(path, snapshot, &report);
    }
}

/// Promise: a report opens as the driver that it is of: asked again, that says the same.
fn opened_again(said: &Driver, root: &Root) {
    let source = driver::try_open(root, Access::Read).expect("the driver of the report");
    let again = Driver::ask(source.as_ref(), root.boottime_ns()).expect("its answers");
    let mut status = again.status.clone();
    // What stands for a time that does not fit in is another one.
    status.read_ms_ago = said.status.read_ms_ago;
    assert_eq!(status, said.status);
    let values = |driver: &Driver| {
        let controls = driver.controls.iter();
        let each = controls.map(|c| (c.id, c.name.clone(), c.value.clone(), c.values.clone()));
        each.collect::<Vec<_>>()
    };
    assert!(values(&again) == values(said));
    assert_eq!(again.readings(), said.readings());
}

/// Promise: a copy to practise on has every token of the report.
fn training(path: &Path, snapshot: &Snapshot, report: &Report) {
    let Ok(described) = Profile::Report(path.into()).describe(snapshot, &[]) else {
        return;
    };
    let mut tokens: Vec<Token> = Vec::new();
    let whole = token_table::structures(&described.tokens, |structure| {
        let end = token_table::parse(structure, |token| tokens.push(token));
        assert_eq!(end, Ok(()));
    });
    assert_eq!(whole, Some(()));
    let table = report.token_table.as_ref().map(|table| table.tokens());
    assert_eq!(Some(tokens), table);
}
