// SPDX-License-Identifier: GPL-2.0

//! `docs/modes.md` says what the table of modes says.
//!
//! `UPDATE_DOCS=1 cargo test -p milspec-posture --test modes_page` rewrites its tables.

mod common;

use common::figures::figures;
use milspec_posture::control::Class;
use milspec_posture::deny::{self, Gate};
use milspec_posture::mode::{Mode, GROUPS, LINES, MODES};
use milspec_posture::settings::SETTINGS;
use std::fmt::Write;
use std::path::Path;
use std::sync::OnceLock;

/// Ends the part that is written by hand.
const MARK: &str = "--test modes_page -->\n";

/// The tables: for each mode its own lines.
fn tables() -> String {
    let mut text = String::new();
    let figures = figures();
    for mode in MODES {
        let lines = LINES.iter().filter(|line| line.mode == mode);
        let groups = GROUPS.iter().filter(|line| line.mode == mode);
        if mode == Mode::Baseline {
            assert_eq!(lines.count() + groups.count(), 0);
            continue;
        }
        let head = "| control | value | is | why |\n|---|---|---|---|";
        writeln!(text, "\n### {}\n\n{head}", mode.name()).unwrap();
        for line in lines {
            let setting = SETTINGS.iter().find(|s| s.name == line.setting).unwrap();
            let value = setting
                .values
                .iter()
                .find(|v| v.name == line.value)
                .unwrap();
            let mut mark = match setting.class {
                Class::Restricted => " (restricted)",
                _ if deny::token(value.token) == Gate::Filtered => "¹",
                _ => "",
            }
            .to_owned();
            if setting
                .values
                .iter()
                .all(|v| figures[&v.token].machines == 0)
            {
                mark.push('²');
            }
            let (name, label) = (setting.name, setting.label);
            writeln!(
                text,
                "| `{name}`{mark} | `{}` | {label} | {} |",
                line.value, line.reason
            )
            .unwrap();
        }
        for line in groups {
            let (group, reason) = (line.group, line.reason);
            writeln!(
                text,
                "| dsmil devices of group {group} | `active` | | {reason} |"
            )
            .unwrap();
        }
    }
    text
}

/// The page, rewritten first where that is asked for.
fn page() -> &'static str {
    static PAGE: OnceLock<String> = OnceLock::new();
    PAGE.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/modes.md");
        let mut text = std::fs::read_to_string(&path).unwrap();
        if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value != "0") {
            let (by_hand, _) = text
                .split_once(MARK)
                .expect("docs/modes.md has lost its mark");
            text = format!("{by_hand}{MARK}{}", tables());
            std::fs::write(&path, &text).unwrap();
        }
        text
    })
}

/// The tables are those of the source, line by line.
#[test]
fn is_current() {
    let page = page();
    let (_, have) = page
        .split_once(MARK)
        .expect("docs/modes.md has lost its mark");
    let wanted = tables();
    let (wanted, have): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), have.lines().collect());
    let same = wanted.iter().zip(&have).take_while(|(a, b)| a == b).count();
    assert!(
        wanted == have,
        "docs/modes.md differs from driver/posture/mode.rs:\n  wanted: {:?}\n  have:   {:?}\n\
         UPDATE_DOCS=1 cargo test -p milspec-posture --test modes_page rewrites it",
        wanted.get(same),
        have.get(same)
    );
}

/// What the page says by hand of single controls is true: the rows of "What no mode touches" name
/// controls that exist and that no line is about, and every mode has its row at the top.
#[test]
fn is_true_where_it_is_written_by_hand() {
    let page = page();
    let (_, rest) = page.split_once("## What no mode touches\n").unwrap();
    let (section, _) = rest.split_once("\n## ").unwrap();
    let first = |row: &str| row.split('|').nth(1).unwrap_or_default().to_owned();
    let cells = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(first);
    let cells = cells.collect::<Vec<_>>().join(" ");
    let names: Vec<&str> = cells.split('`').skip(1).step_by(2).collect();
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        assert!(SETTINGS.iter().any(|s| s.name == name), "{name}");
        assert!(!LINES.iter().any(|line| line.setting == name), "{name}");
    }
    for mode in MODES {
        assert!(
            page.contains(&format!("\n| `{}` | ", mode.name())),
            "{}",
            mode.name()
        );
    }
}
