// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! The pages of `docs/ABI/testing` about `/dev/milspec`. What structures and numbers are is written
//! once, in the Rust source; the page `dev-milspec-types` is made of that. The others are written by
//! hand, and held to the sources here: whatever one side has and the other lacks is a failure.

use crate::generate::{source, Names, FILES};
use crate::{committed, layouts, updates, Layout};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const HEAD: &str = "Date:\t\tNovember 2026\nKernelVersion:\t7.2\n\
                    Contact:\tthe dell_milspec maintainers\nDescription:\n";

/// A path below the root of the repository.
pub fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// A file of the repository.
pub fn text(path: &str) -> String {
    fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn abi(name: &str) -> String {
    text(&format!("docs/ABI/testing/{name}"))
}

/// An item of the source with what is said of it: `pub const A: u8 = 1;` or, in a structure, `field`.
pub struct Item {
    /// The line of code.
    pub line: String,
    /// Its documentation.
    pub prose: String,
}

/// The documented lines of a source, or of a part of one.
pub fn items(source: &str, names: &Names) -> Vec<Item> {
    let mut items = Vec::new();
    let mut prose = String::new();
    for line in source.lines() {
        match line.trim_start().strip_prefix("///") {
            Some("") => prose.push_str("\n\n"),
            Some(more) => {
                let space = if prose.is_empty() || prose.ends_with('\n') {
                    ""
                } else {
                    " "
                };
                prose.push_str(space);
                prose.push_str(names.prose(more).trim());
            }
            None if line.trim_start().starts_with("#[") || is_derive(line) => {}
            None => {
                items.push(Item {
                    line: line.trim().to_string(),
                    prose: std::mem::take(&mut prose),
                });
            }
        }
    }
    items
}

/// The lines of a derive that stands on several.
fn is_derive(line: &str) -> bool {
    line.starts_with(')') || line.starts_with("    Clone,")
}

/// Words of a paragraph in lines, with so many tabs before each.
fn wrapped(prose: &str, tabs: usize) -> String {
    let width = 80 - 8 * tabs;
    let mut text = String::new();
    for (at, paragraph) in prose.split("\n\n").enumerate() {
        if at > 0 {
            text.push('\n');
        }
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.len() + 1 + word.len() > width {
                text.push_str(&format!("{}{line}\n", "\t".repeat(tabs)));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        text.push_str(&format!("{}{line}\n", "\t".repeat(tabs)));
    }
    text
}

/// The page about structures and numbers.
fn types() -> String {
    let sources: Vec<String> = FILES.iter().map(|file| source(file)).collect();
    let names = Names::of(&sources);
    let mut page = String::new();
    for Layout { name, size, fields } in layouts() {
        let (rust, text) = sources
            .iter()
            .find_map(|source| {
                let rust = names.rust(name)?;
                let start = source.find(&format!("pub struct {rust} {{"))?;
                Some((rust, source.split_at(start)))
            })
            .unwrap_or_else(|| panic!("no source of {name}"));
        let (before, after) = text;
        let about = items(&format!("{before}\n"), &names);
        let about = about.last().map_or("", |item| &item.prose);
        let body = after.split_once("\n}").map_or("", |(body, _)| body);
        let documented = items(body.split_once('\n').map_or("", |(_, body)| body), &names);
        page.push_str(&format!("What:\t\t/dev/milspec struct {name}\n{HEAD}"));
        page.push_str(&wrapped(about, 2));
        page.push_str(&format!("\n\t\t{size} bytes in version 1.0.\n\n"));
        for (field, offset, size) in &fields {
            let item = documented
                .iter()
                .find(|item| item.line.starts_with(&format!("pub {field}:")))
                .unwrap_or_else(|| panic!("{rust}::{field} is not documented"));
            page.push_str(&format!("\t\t{field}: {size} bytes at {offset}\n"));
            page.push_str(&wrapped(&item.prose, 3));
        }
        page.push('\n');
    }
    page.push_str(&format!("What:\t\t/dev/milspec constants\n{HEAD}"));
    page.push_str("\t\tNumbers and bits in the fields above.\n\n");
    for item in sources.iter().flat_map(|source| items(source, &names)) {
        let constant = item.line.strip_prefix("pub const ");
        let parts = constant.and_then(|rest| rest.strip_suffix(';')?.split_once(" = "));
        // The requests have entries of their own.
        let Some((declared, value)) = parts.filter(|(_, value)| !value.starts_with("iowr(")) else {
            continue;
        };
        let name = declared.split(':').next().unwrap_or_default();
        if name == "SIZE_MIN" {
            continue;
        }
        page.push_str(&format!(
            "\t\tMILSPEC_{name} = {}\n",
            value.replace('_', "")
        ));
        page.push_str(&wrapped(&item.prose, 3));
    }
    page
}

/// Promise: every structure with every field, and every number, is on the page as it is in the
/// source: `UPDATE_HEADER=1 cargo test -p milspec-uapi` writes it anew.
#[test]
fn types_are_current() {
    const PAGE: &str = "docs/ABI/testing/dev-milspec-types";
    let wanted = types();
    if updates() {
        fs::write(root(PAGE), &wanted).unwrap();
    }
    let have = fs::read_to_string(root(PAGE)).unwrap_or_default();
    let same = |(a, b): &(&str, &str)| a == b;
    let line = wanted.lines().zip(have.lines()).take_while(same).count();
    assert!(
        wanted == have,
        "{PAGE} differs from the Rust source in line {}:\n  wanted: {:?}\n  have:   {:?}\n\
         UPDATE_HEADER=1 cargo test -p milspec-uapi rewrites it",
        line + 1,
        wanted.lines().nth(line),
        have.lines().nth(line)
    );
    // What C sees is there, by the names that C has for it.
    for define in committed()
        .lines()
        .filter_map(|line| line.strip_prefix("#define MILSPEC_"))
    {
        let name = define.split(' ').next().unwrap_or_default();
        let elsewhere = name.starts_with("IOC_") && name != "IOC_TYPE";
        if !elsewhere && !name.ends_with("SIZE_MIN") {
            assert!(have.contains(&format!("\t\tMILSPEC_{name} = ")), "{name}");
        }
    }
}

/// The parts of a page, by what each begins with.
pub fn entries(page: &str) -> Vec<(String, String)> {
    let parts = page.split("What:\t\t").skip(1);
    parts
        .map(|part| {
            let (what, text) = part.split_once('\n').unwrap_or((part, ""));
            (what.to_string(), text.to_string())
        })
        .collect()
}

/// Words in capitals that begin with `start`, e.g. `MILSPEC_IOC_PLAN`.
pub fn words(text: &str, start: &str) -> BTreeSet<String> {
    let of_word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let mut words = BTreeSet::new();
    for (at, _) in text.match_indices(start) {
        let before = text[..at].chars().next_back();
        let word: String = text[at..].chars().take_while(|c| of_word(*c)).collect();
        let whole = !text[at + word.len()..].starts_with(|c: char| c.is_ascii_lowercase());
        if whole && !before.is_some_and(|c| of_word(c) || c.is_ascii_lowercase()) {
            words.insert(word);
        }
    }
    words
}

/// Promise: every request has an entry, with every errno that its source speaks of, and no entry is
/// of a request that is not there.
#[test]
fn requests() {
    let sources: Vec<String> = FILES.iter().map(|file| source(file)).collect();
    let names = Names::of(&sources);
    let entries = entries(&abi("dev-milspec"));
    let mut known = BTreeSet::new();
    for item in items(&sources[0], &names) {
        let Some(name) = item.line.strip_prefix("pub const IOC_") else {
            continue;
        };
        let name = name.split(':').next().unwrap_or_default();
        if name == "TYPE" {
            continue;
        }
        let what = format!("/dev/milspec MILSPEC_IOC_{name}");
        let entry = entries.iter().find(|(entry, _)| *entry == what);
        let (_, text) =
            entry.unwrap_or_else(|| panic!("docs/ABI/testing/dev-milspec lacks {what}"));
        for errno in words(&item.prose, "E").iter().filter(|word| is_errno(word)) {
            assert!(
                text.contains(&format!("\t\t{errno} ")),
                "{what}: {errno} has no row"
            );
        }
        assert!(committed().contains(&format!("#define MILSPEC_IOC_{name} _IOWR(")));
        known.insert(what);
    }
    assert!(known.len() >= 6);
    for (what, _) in entries.iter().filter(|(what, _)| what.contains("_IOC_")) {
        assert!(known.contains(what), "{what} is no request");
    }
}

fn is_errno(word: &str) -> bool {
    word.len() > 3 && !word.contains('_') && !["EVENT", "ENDED", "EXACT"].contains(&word)
}

/// All hand-written pages.
fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for directory in ["docs", "docs/ABI/testing"] {
        for entry in fs::read_dir(root(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                pages.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(pages.len() > 8);
    pages
}

/// Promise: what a page calls by its name in the header, the header has.
#[test]
fn pages_name_what_is_there() {
    let defined = words(committed(), "MILSPEC_");
    let variables = uevent_variables();
    // A field of what the monitor tells is that with capitals in journald.
    let line = fs::read_to_string(root("docs/schema/milspec.monitor-line-1.json")).unwrap();
    let field = |word: &str| {
        let name = word.trim_start_matches("MILSPEC_").to_lowercase();
        line.contains(&format!("\"{name}\": {{"))
    };
    for (page, text) in pages() {
        let watched = ["fleet.md", "monitoring.md"].contains(&page.as_str());
        for word in words(&text, "MILSPEC_")
            .into_iter()
            .filter(|word| !(watched && field(word)))
        {
            // `MILSPEC_STEP_...` and the like speak of a group.
            let group = word.ends_with('_') && defined.iter().any(|name| name.starts_with(&word));
            // Variables of the tests' environment are no part of the header.
            let environment = text.contains(&format!("{word}=")) || page == "testing.md";
            assert!(
                group || environment || defined.contains(&word) || variables.contains(&word),
                "{page}: the header has no {word}"
            );
        }
    }
}

/// All sources of the driver.
fn driver() -> String {
    let mut all = String::new();
    let mut directories = vec![root("driver")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                all.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    all
}

/// Variables of the driver's uevents.
fn uevent_variables() -> BTreeSet<String> {
    let source = driver();
    let starts = source.match_indices("\"MILSPEC_");
    let variables = starts.filter_map(|(at, _)| source[at + 1..].split_once('='));
    let variables = variables.map(|(name, _)| name.to_string());
    variables
        .filter(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .collect()
}

/// Promise: every file in sysfs and every variable of an event is on the page, and nothing else is.
#[test]
fn sysfs() {
    const DEVICE: &str = "/sys/devices/faux/dell_milspec/";
    let page = abi("sysfs-devices-faux-dell_milspec");
    let entries = entries(&page);
    let documented: BTreeSet<&str> = entries
        .iter()
        .filter_map(|(what, _)| what.strip_prefix(DEVICE))
        .filter(|file| !file.is_empty())
        .collect();
    let source = text("driver/surface/sysfs.rs");
    let names = |start: &str| -> BTreeSet<String> {
        let parts = source.split(start).skip(1);
        let names = parts.filter_map(|rest| rest.split_once('"'));
        names.map(|(name, _)| name.to_string()).collect()
    };
    let mut files = names("const NAME: &'static CStr = c\"");
    for part in source.split("shown!(").skip(1) {
        let name = part
            .split_once("c\"")
            .and_then(|(_, rest)| rest.split_once('"'));
        files.extend(name.map(|(name, _)| name.to_string()));
    }
    let files: BTreeSet<&str> = files.iter().map(String::as_str).collect();
    assert!(files.len() > 10, "{files:?}");
    assert_eq!(files, documented, "files of the driver, and of the page");

    let device = entries.iter().find(|(what, _)| what == DEVICE);
    let rows: BTreeSet<String> = device
        .unwrap()
        .1
        .lines()
        .filter_map(|line| line.strip_prefix("\t\tMILSPEC_"))
        .filter_map(|line| line.split_once(' '))
        .map(|(name, _)| format!("MILSPEC_{name}"))
        .collect();
    assert!(rows.len() > 3, "{rows:?}");
    assert_eq!(
        uevent_variables(),
        rows,
        "variables of the driver, and of the page"
    );
}
