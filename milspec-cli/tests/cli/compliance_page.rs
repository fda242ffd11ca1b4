// SPDX-License-Identifier: GPL-2.0

//! `docs/compliance.md` says what the registry says: `UPDATE_DOCS=1 cargo test -p milspecctl
//! compliance_page` writes its tables.

use crate::docs::{source, update};
use milspec::compliance::framework::{FRAMEWORKS, TIES};
use milspec::compliance::registry::{Check, Reference, Source};
use milspec::compliance::REGISTRY;
use milspec_posture::settings::SETTINGS;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;

/// Ends the part that is written by hand.
const MARK: &str = "compliance_page -->\n";

fn frameworks(text: &mut String) {
    text.push_str("\n## Frameworks\n\n| `--framework` | is | checks | ids | what to know |\n|---|---|---|---|---|\n");
    for framework in &FRAMEWORKS {
        let mine = |one: &&Reference| one.framework == framework;
        let checks = REGISTRY.checks.iter();
        let checks = checks.filter(|check| check.references.iter().any(|one| mine(&one)));
        let all = REGISTRY.checks.iter().flat_map(|check| &check.references);
        let ids: BTreeSet<&String> = all.filter(mine).map(|one| &one.id).collect();
        let also = framework.also.iter().map(|name| format!(", `{name}`"));
        writeln!(
            text,
            "| `{}`{} | {} | {} | {} | {} |",
            framework.name,
            also.collect::<String>(),
            framework.title,
            checks.count(),
            ids.len(),
            framework.note
        )
        .unwrap();
    }
}

fn check(text: &mut String, check: &Check) {
    writeln!(
        text,
        "\n### `{}`\n\n{}\nWanted: {}.",
        check.id,
        check.why,
        check.wanted()
    )
    .unwrap();
    if let Some(other) = &check.only_where {
        writeln!(text, "Only where `{other}` is satisfied.").unwrap();
    }
    text.push_str("\n| framework | ids | by |\n|---|---|---|\n");
    let mut rows: Vec<(&str, String, Vec<&String>)> = Vec::new();
    for one in &check.references {
        let id = format!("{}<sup>{}</sup>", one.id, one.tie.letter);
        let sources: Vec<&String> = REGISTRY
            .sources_of(one)
            .iter()
            .map(|source| &source.key)
            .collect();
        match rows.last_mut() {
            Some((framework, ids, known))
                if *framework == one.framework.name && *known == sources =>
            {
                ids.push_str(&format!(" {id}"));
            }
            _ => rows.push((one.framework.name, id, sources)),
        }
    }
    for (framework, ids, sources) in rows {
        let sources: Vec<String> = sources.iter().map(|key| format!("`{key}`")).collect();
        writeln!(text, "| {framework} | {ids} | {} |", sources.join(" ")).unwrap();
    }
}

/// Settings that no check looks at.
fn unasked() -> Vec<&'static str> {
    let looked: BTreeSet<&str> = REGISTRY
        .checks
        .iter()
        .flat_map(|check| &check.terms)
        .map(|term| term.subject())
        .collect();
    let names = SETTINGS.iter().map(|setting| setting.name);
    names.filter(|name| !looked.contains(name)).collect()
}

fn place(source: &Source) -> String {
    match (&source.repository, &source.path, &source.commit) {
        (Some(repository), Some(path), Some(commit)) => {
            format!(
                "[{path}](https://github.com/{repository}/blob/{commit}/{path}) of {repository}"
            )
        }
        _ => "read elsewhere".into(),
    }
}

fn tables() -> String {
    let mut text = String::new();
    frameworks(&mut text);
    text.push_str("\n## Checks\n\nBehind each id stands how it is tied to the check:\n\n");
    for tie in &TIES {
        writeln!(
            text,
            "- <sup>{}</sup> {}: {}.",
            tie.letter, tie.name, tie.means
        )
        .unwrap();
    }
    for one in &REGISTRY.checks {
        check(&mut text, one);
    }
    text.push_str("\n## Settings that no check looks at\n\nNothing that was read asks for them; USB ports at the rear are left to the keyboard:\n");
    let names: Vec<String> = unasked().iter().map(|name| format!("`{name}`")).collect();
    writeln!(text, "{}.", names.join(", ")).unwrap();
    text.push_str("\n## Sources\n\n| key | document | version | where |\n|---|---|---|---|\n");
    for source in &REGISTRY.sources {
        let version = source.version.as_deref().unwrap_or_default();
        let (key, title) = (&source.key, &source.title);
        writeln!(
            text,
            "| `{key}` | {title} | {version} | {} |",
            place(source)
        )
        .unwrap();
    }
    text
}

/// Promise: the page has every framework, check, id and source of the registry, and says for which
/// settings nothing asks.
#[test]
fn is_current() {
    let path = source("docs/compliance.md");
    let mut text = fs::read_to_string(&path).unwrap();
    if update() {
        let (by_hand, _) = text.split_once(MARK).expect("it has lost its mark");
        text = format!("{by_hand}{MARK}{}", tables());
        fs::write(&path, &text).unwrap();
    }
    let (_, have) = text.split_once(MARK).expect("it has lost its mark");
    let how = "UPDATE_DOCS=1 cargo test -p milspecctl compliance_page writes it";
    assert!(
        have == tables(),
        "docs/compliance.md is not as the registry is: {how}"
    );
    assert!(unasked().contains(&"stealth") && !unasked().contains(&"camera"));
}

/// Promise: the file of exceptions that the page shows is one.
#[test]
fn example() {
    let text = fs::read_to_string(source("docs/compliance.md")).unwrap();
    let at = text.find("schema = \"milspec.exceptions/1\"").unwrap();
    let rest = &text[at..];
    let (example, _) = rest.split_once("```").unwrap();
    milspec::compliance::exceptions::Exceptions::parse(example, &REGISTRY).unwrap();
    let value: toml::Table = toml::from_str(example).unwrap();
    crate::run::validate(&serde_json::to_value(&value).unwrap());
}
