// SPDX-License-Identifier: GPL-2.0

//! `docs/controls.md` says what the catalogue and the figures of real tables say.
//!
//! `UPDATE_DOCS=1 cargo test -p milspec-posture --test controls_page` rewrites its table.

mod common;

use common::figures::{figures, Figures, BUSINESS, MACHINES, RUGGED};
use milspec_posture::control::Class;
use milspec_posture::deny::{self, Gate};
use milspec_posture::setting::Setting;
use milspec_posture::settings::SETTINGS;
use std::fmt::Write;
use std::path::Path;

/// Ends the part that is written by hand.
const MARK: &str = "--test controls_page -->\n";

fn class(setting: &Setting) -> &'static str {
    match setting.class {
        Class::Safe => "safe",
        Class::Monitored => "monitored",
        Class::Restricted => "restricted",
        Class::ReadOnly => "read-only",
        Class::Quarantined => "quarantined",
    }
}

/// How much of a hundred.
fn share(part: u32, whole: u32) -> String {
    match (part * 100 + whole / 2) / whole {
        0 if part > 0 => "< 1 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

fn table() -> String {
    let figures = figures();
    let mut text = format!(
        "\nHow many list it is the share of {MACHINES} machines, of the {BUSINESS} Latitude, Precision, OptiPlex and Pro \
         among them with a BIOS of 2019 and later, and of {RUGGED} Rugged ones.\n\n\
         | control | is | class | values and tokens | all | business | Rugged |\n|---|---|---|---|---|---|---|\n"
    );
    for setting in SETTINGS {
        let (name, label) = (setting.name, setting.label);
        let mut class = class(setting).to_owned();
        if setting.class < Class::Restricted && deny::takes_keyboard(name) {
            class.push_str(", restricted on what is not portable");
        }
        let values = setting.values.iter().map(|value| {
            let untried = deny::token(value.token) == Gate::Filtered;
            let mark = if untried && setting.class < Class::ReadOnly {
                "¹"
            } else {
                ""
            };
            let none = if figures[&value.token].machines == 0 {
                "²"
            } else {
                ""
            };
            format!("`{}` {:#06X}{mark}{none}", value.name, value.token).replace("0X", "0x")
        });
        let values: Vec<String> = values.collect();
        let most = |number: fn(&Figures) -> u32| {
            let all = setting
                .values
                .iter()
                .map(|value| number(&figures[&value.token]));
            all.max().unwrap_or(0)
        };
        let (all, business, rugged) = (
            most(|f| f.machines),
            most(|f| f.business),
            most(|f| f.rugged),
        );
        let shown = match all {
            0 => "no machine known | |".to_owned(),
            _ => format!(
                "{} | {} | {}",
                share(all, MACHINES),
                share(business, BUSINESS),
                share(rugged, RUGGED)
            ),
        };
        writeln!(
            text,
            "| `{name}` | {label} | {class} | {} | {shown} |",
            values.join(", ")
        )
        .unwrap();
    }
    text
}

/// The table is that of the source, line by line.
#[test]
fn is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/controls.md");
    let mut text = std::fs::read_to_string(&path).unwrap();
    let wanted = table();
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value != "0") {
        let (by_hand, _) = text.split_once(MARK).expect("the page has lost its mark");
        text = format!("{by_hand}{MARK}{wanted}");
        std::fs::write(&path, &text).unwrap();
    }
    let (_, have) = text.split_once(MARK).expect("the page has lost its mark");
    assert!(
        wanted == have,
        "docs/controls.md differs from the catalogue: UPDATE_DOCS=1 cargo test -p milspec-posture \
         --test controls_page rewrites it"
    );
}

/// Every setting that the page speaks of by hand is in the catalogue, or in bold where it is not.
#[test]
fn names_what_there_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/controls.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (by_hand, _) = text.split_once(MARK).unwrap();
    let rows = by_hand.lines().filter(|line| line.starts_with("| "));
    let mut named = 0;
    for row in rows.skip(1) {
        let cell = row.split('|').nth(1).unwrap_or_default();
        let there = |name: &str| SETTINGS.iter().any(|setting| setting.name == name);
        for name in cell.split('`').skip(1).step_by(2) {
            named += 1;
            assert_eq!(there(name), !cell.contains("**"), "{row}");
        }
    }
    assert!(named > 10);
}
