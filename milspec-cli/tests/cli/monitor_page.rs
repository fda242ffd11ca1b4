// SPDX-License-Identifier: GPL-2.0

//! `docs/monitoring.md` says what the rules say: `UPDATE_DOCS=1 cargo test -p milspecctl monitor_page`
//! writes that.

use crate::docs::{source, update};
use milspec::monitor::rule;
use milspec::monitor::site::Site;
use std::fs;

const PAGE: &str = "docs/monitoring.md";
const BEGIN: &str = "<!-- rules -->\n";
const END: &str = "<!-- end of rules -->";

fn table() -> String {
    let mut text = "| rule | severity | finding | what fits |\n|---|---|---|---|\n".to_string();
    for rule in rule::ours() {
        let about = rule.about.as_ref().map(|about| format!(": {about}"));
        text.push_str(&format!(
            "| `{}` | {} | {}{} | {} |\n",
            rule.id,
            rule.severity,
            rule.title,
            about.unwrap_or_default(),
            rule.in_words()
        ));
    }
    text
}

/// Promise: the page has every rule, with what it looks for.
#[test]
fn is_current() {
    let path = source(PAGE);
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("it has lost its mark");
    let (have, after) = rest.split_once(END).expect("it has lost its mark");
    if update() {
        fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
    } else {
        let how = "UPDATE_DOCS=1 cargo test -p milspecctl monitor_page writes it";
        assert!(have == table(), "{PAGE} is not as the rules are: {how}");
    }
}

/// Promise: the site's file that the page shows is one, and its schema takes it.
#[test]
fn example() {
    let text = fs::read_to_string(source(PAGE)).unwrap();
    let (_, rest) = text.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let site = Site::parse(example).unwrap();
    assert_eq!(site.rules.len(), rule::ours().len());
    assert!(site.rules.iter().any(|rule| rule.id == "camera-on"));
    let value: toml::Table = toml::from_str(example).unwrap();
    crate::run::validate(&serde_json::to_value(&value).unwrap());
}
