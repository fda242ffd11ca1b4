// SPDX-License-Identifier: GPL-2.0

//! `milspecctl monitor`

use milspec::cli::MonitorRules;
use milspec::model::Word;
use milspec::monitor::site::Site;
use milspec::monitor::SITE;
use milspec::{Result, Root};
use serde::Serialize;
use std::io::ErrorKind;
use std::path::Path;

/// `milspec.monitor-rule-list/1`
#[derive(Debug, Serialize)]
pub struct RulesDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// The rules, in the order in which they are asked.
    pub rules: Vec<RuleDoc>,
}

/// One rule.
#[derive(Debug, Serialize)]
pub struct RuleDoc {
    /// Its name.
    pub id: String,
    /// How much a finding matters.
    pub severity: Word,
    /// What a finding means.
    pub title: String,
    /// More about that.
    pub about: Option<String>,
    /// What it looks for, in words.
    pub when: String,
    /// How many times that has to come.
    pub count: u32,
    /// Within how many seconds; null where once is enough.
    pub within_s: Option<u64>,
}

/// What the site says about the rules: this file, or the one in its place where there is one.
pub fn site(root: &Root, named: Option<&Path>) -> Result<Site> {
    match named {
        Some(path) => Site::read(path),
        // A report has none.
        None if !root.is_on_disk() => Ok(Site::default()),
        // One that is there and may not be looked at is no site without rules of its own.
        None => match root.path(SITE).symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Site::default()),
            _ => Site::read(&root.path(SITE)),
        },
    }
}

/// `milspecctl monitor rules`
pub fn rules(root: &Root, asked: &MonitorRules) -> Result<RulesDoc> {
    let site = site(root, asked.site.as_deref())?;
    let rules = site.rules.into_iter().map(|rule| RuleDoc {
        when: rule.in_words(),
        within_s: (rule.count > 1).then_some(rule.within_ns / 1_000_000_000),
        id: rule.id,
        severity: rule.severity,
        title: rule.title,
        about: rule.about,
        count: rule.count,
    });
    Ok(RulesDoc {
        schema: "milspec.monitor-rule-list/1",
        rules: rules.collect(),
    })
}
