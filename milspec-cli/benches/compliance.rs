// SPDX-License-Identifier: GPL-2.0

//! What judging a machine costs, for fifty reports of machines that have every setting.
//!
//! A program of its own that prints a table and judges nothing: `cargo bench -p milspecctl`. The best
//! of several rounds counts.

use milspec::baseline::Identity;
use milspec::compliance::exceptions::Exceptions;
use milspec::compliance::{
    csv, document, html, oscal, About, Assessment, Document, Evidence, Selection, Subject, REGISTRY,
};
use milspec::{clock, machine, Snapshot};
use milspec_posture::settings::SETTINGS;
use serde_json::{json, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// A report that a test keeps.
const REPORT: &str = include_str!("../tests/cli/snapshots/report.json");
const MACHINES: usize = 50;
const ROUNDS: usize = 7;

/// The report, with every setting in the place of its camera.
fn report() -> String {
    let mut report: Value = serde_json::from_str(REPORT).expect("a report");
    let camera = report["driver"]["controls"][0].clone();
    let setting = |(at, setting): (usize, &milspec_posture::setting::Setting)| {
        let mut control = camera.clone();
        let value = |value: &milspec_posture::setting::Value| {
            let mut one = camera["values"][0].clone();
            one["name"] = json!(value.name);
            one["active"] = json!(value.name == setting.values[0].name);
            one
        };
        control["id"] = json!(65536 + at);
        control["name"] = json!(setting.name);
        control["value"] = json!(setting.values[0].name);
        control["values"] = setting.values.iter().map(value).collect();
        control
    };
    report["driver"]["controls"] = SETTINGS.iter().enumerate().map(setting).collect();
    report.to_string()
}

fn assess(file: &Path) -> Assessment {
    let root = machine::open(Some(file)).expect("a report");
    let snapshot = Snapshot::take(&root, false).expect("answers");
    let about = About {
        from: snapshot.provenance(&root),
        evidence: Evidence {
            read_at: None,
            read_age_ms: None,
            kind: "report",
            file: Some(file.display().to_string()),
            time: None,
            rests_on: String::new(),
            key_sha256: None,
        },
        machine: snapshot.machine(),
        service_tag_hash: Identity::of(&root).service_tag_hash,
    };
    let subject = Subject::new(&root, Ok(&snapshot));
    let exceptions = Exceptions::default();
    Assessment::new(
        &REGISTRY,
        &subject,
        &Selection::default(),
        &exceptions,
        about,
    )
}

/// Milliseconds that the best round of something takes.
fn best<T>(mut work: impl FnMut() -> T) -> f64 {
    let round = |_| {
        let begun = Instant::now();
        std::hint::black_box(work());
        begun.elapsed().as_secs_f64() * 1000.0
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

fn main() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compliance-bench");
    fs::create_dir_all(&directory).expect("a directory");
    let report = report();
    let files: Vec<PathBuf> = (0..MACHINES)
        .map(|number| {
            let file = directory.join(format!("{number}.json"));
            fs::write(&file, &report).expect("a file");
            file
        })
        .collect();
    let once = Instant::now();
    let checks = REGISTRY.checks.len();
    let parsed = once.elapsed().as_secs_f64() * 1000.0;
    let judged = best(|| files.iter().map(|file| assess(file)).collect::<Vec<_>>());
    let assessments: Vec<Assessment> = files.iter().map(|file| assess(file)).collect();
    let made = Document {
        schema: document::SCHEMA,
        made_at: clock::now(),
        made_with: env!("CARGO_PKG_VERSION"),
        selection: Selection::default(),
        sources: Document::cited(&REGISTRY, &assessments),
        assessments,
        not_judged: Vec::new(),
        period: None,
    };
    let each = |all: f64| all / MACHINES as f64;
    println!(
        "{checks} checks of {MACHINES} reports with {} settings each, in ms\n",
        SETTINGS.len()
    );
    println!("{:<34}{:>10}{:>10}", "", "all", "each");
    println!("{:<34}{parsed:>10.2}", "the registry is read, once");
    for (name, all) in [
        ("reports are read and judged", judged),
        (
            "made into JSON",
            best(|| serde_json::to_string_pretty(&made).map(|text| text.len())),
        ),
        ("made into CSV", best(|| csv::text(&made))),
        ("made into a page", best(|| html::text(&made))),
        (
            "made into OSCAL results",
            best(|| oscal::text(&made).map(|text| text.len())),
        ),
    ] {
        println!("{name:<34}{all:>10.1}{:>10.2}", each(all));
    }
    let _ = fs::remove_dir_all(&directory);
}
