// SPDX-License-Identifier: GPL-2.0

//! `monitor rules` for people.

use super::Document;
use crate::cmd::monitor::RulesDoc;
use crate::page::Page;
use crate::screen::Mark;

impl Document for RulesDoc {
    fn human(&self, page: &mut Page<'_>) {
        for rule in &self.rules {
            let mark = match rule.severity.as_ref() {
                "error" => Mark::Bad,
                "warning" => Mark::Warning,
                _ => Mark::Plain,
            };
            page.note(0, mark, &format!("{}: {}", rule.id, rule.title));
            page.line(format!("    {}", rule.when));
            if let Some(about) = &rule.about {
                page.line(format!("    {about}"));
            }
        }
    }
}
