// SPDX-License-Identifier: GPL-2.0

//! The document as a page that prints well: one file, without scripts and without anything from
//! elsewhere.

use super::document::{Assessment, Checked, Document, Id, NotJudged};
use super::framework::{Framework, TIES};
use super::period::{shown, Period};
use crate::model::Actor;
use crate::words::escape_html;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// The document.
pub fn text(document: &Document) -> String {
    let mut html = String::new();
    // Writing to a string does not fail.
    let _ = page(&mut html, document);
    html
}

fn page(html: &mut String, document: &Document) -> std::fmt::Result {
    let (made_at, made_with) = (&document.made_at, document.made_with);
    write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Compliance evidence</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>Compliance evidence</h1>\n<p>Made at {made_at} by milspecctl {made_with}.{}</p>\n\
         <p>A check covers settings of one machine, and never a whole control of a framework. What \
         could not be read is not satisfied.</p>\n",
        escape_html(&selection(document))
    )?;
    let framework = document
        .selection
        .framework
        .as_deref()
        .and_then(Framework::named);
    if let Some(framework) = framework.filter(|framework| !framework.note.is_empty()) {
        writeln!(
            html,
            "<p>{}: {}</p>",
            escape_html(framework.title),
            escape_html(framework.note)
        )?;
    }
    if document.assessments.len() > 1 {
        overview(html, &document.assessments)?;
    }
    not_judged(html, &document.not_judged)?;
    for of in &document.assessments {
        machine(html, of)?;
    }
    if let Some(told) = &document.period {
        period(html, told)?;
    }
    sources(html, document)?;
    html.push_str("</body>\n</html>\n");
    Ok(())
}

fn selection(document: &Document) -> String {
    let parts = document.selection.in_words();
    match parts.is_empty() {
        true => String::new(),
        false => format!(" Selected: only what is {}.", parts.join(" and ")),
    }
}

fn not_judged(html: &mut String, all: &[NotJudged]) -> std::fmt::Result {
    if all.is_empty() {
        return Ok(());
    }
    html.push_str(
        "<h2>Not judged</h2>\n<p>Nothing is said of the machines of these files.</p>\n<ul>\n",
    );
    for not in all {
        let (file, why) = (escape_html(&not.file), escape_html(&not.why));
        writeln!(html, "<li>{file}: {why}; {}</li>", escape_html(&not.next))?;
    }
    html.push_str("</ul>\n");
    Ok(())
}

fn overview(html: &mut String, all: &[Assessment]) -> std::fmt::Result {
    html.push_str("<table>\n<thead><tr><th>Machine</th><th>File</th><th>Evidence</th><th>Marks</th><th>Checks</th></tr></thead>\n<tbody>\n");
    for of in all {
        writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape_html(&of.name()),
            escape_html(of.evidence.file.as_deref().unwrap_or_default()),
            of.evidence.kind,
            of.mark_words().join(" "),
            of.tally.in_words()
        )?;
    }
    html.push_str("</tbody>\n</table>\n");
    Ok(())
}

fn machine(html: &mut String, of: &Assessment) -> std::fmt::Result {
    writeln!(html, "<section>\n<h2>{}</h2>", escape_html(&of.name()))?;
    for mark in of.marks() {
        writeln!(html, "<p class=\"mark\">{}</p>", escape_html(&mark))?;
    }
    let or = |text: &Option<String>| escape_html(text.as_deref().unwrap_or("not known"));
    let evidence = &of.evidence;
    writeln!(
        html,
        "<dl>\n<dt>Machine</dt><dd>{}</dd>\n<dt>Service tag, hashed</dt><dd>{}</dd>\n\
         <dt>Rests on</dt><dd>{}{}</dd>\n<dt>Time</dt><dd>{}</dd>\n<dt>Read by the driver</dt><dd>{}</dd>\n\
         <dt>Checks</dt><dd>{}</dd>\n</dl>",
        escape_html(&of.machine.in_words()),
        or(&of.service_tag_hash),
        escape_html(&evidence.file.as_ref().map_or(String::new(), |file| format!("{file}: "))),
        escape_html(&evidence.rests_on),
        or(&evidence.time),
        escape_html(&evidence.read_in_words()),
        of.tally.in_words()
    )?;
    html.push_str("<table>\n<thead><tr><th>Check</th><th>Result</th><th>Found, wanted, why</th><th>Asked for by</th></tr></thead>\n<tbody>\n");
    for check in &of.checks {
        row(html, check)?;
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
    Ok(())
}

fn row(html: &mut String, check: &Checked) -> std::fmt::Result {
    let word = check.word();
    write!(
        html,
        "<tr class=\"{}\"><td>{}</td><td>{word}</td><td>{}<br>Wanted: {}<br>{}",
        word.replace(' ', "-"),
        escape_html(&check.id),
        escape_html(&check.told),
        escape_html(&check.wanted),
        escape_html(&check.why)
    )?;
    if let Some(remedy) = &check.remedy {
        write!(html, "<br>To do: {}", escape_html(remedy))?;
    }
    if let Some(excepted) = &check.exception {
        let how = match excepted.honoured {
            true => "Excepted",
            false => "Exception that is expired",
        };
        write!(
            html,
            "<br><strong>{how}</strong> by {} until {}: {}",
            escape_html(&excepted.owner),
            escape_html(&excepted.until),
            escape_html(&excepted.reason)
        )?;
    }
    writeln!(html, "</td><td>{}</td></tr>", ids(&check.ids))
}

/// The ids by framework, each with the first letter of how it is tied.
fn ids(ids: &[Id]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut last = "";
    for id in ids {
        let mark = TIES
            .iter()
            .find(|tie| tie.name == id.tie)
            .map_or("", |tie| tie.letter);
        let text = format!("<span>{}<sup>{mark}</sup></span>", escape_html(&id.id));
        match lines.last_mut() {
            Some(line) if last == id.framework => {
                line.push(' ');
                line.push_str(&text);
            }
            _ => lines.push(format!("<b>{}</b> {text}", id.framework)),
        }
        last = id.framework;
    }
    lines.join("<br>")
}

fn period(html: &mut String, told: &Period) -> std::fmt::Result {
    let why = told.verdict_why.as_ref();
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    writeln!(
        html,
        "<section>\n<h2>Since {}</h2>\n<p>The journal is {}{}.</p>",
        shown(&told.since),
        told.verdict,
        escape_html(&why)
    )?;
    let or = |text: &Option<String>| escape_html(text.as_deref().unwrap_or("unknown"));
    html.push_str("<table>\n<thead><tr><th>Time</th><th>Control</th><th>Change</th><th>By</th></tr></thead>\n<tbody>\n");
    for change in &told.changes {
        let by = change.by.as_ref().map(Actor::in_words);
        writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{} to {}</td><td>{}</td></tr>",
            shown(&change.time),
            escape_html(&change.control),
            or(&change.from),
            or(&change.to),
            escape_html(by.as_deref().unwrap_or("something else than the driver"))
        )?;
    }
    html.push_str("</tbody>\n</table>\n<ul>\n");
    for gap in &told.gaps {
        let from = gap.from.as_deref().map_or("the beginning".into(), shown);
        let to = shown(&gap.to);
        let why = escape_html(&gap.why);
        writeln!(
            html,
            "<li>From {from} to {to} nobody knows what changed: {why}</li>"
        )?;
    }
    let until = told.until.as_deref().map_or("not known".into(), shown);
    write!(
        html,
        "</ul>\n<p>The driver last read the firmware at: {until}. Between two readings nothing is seen.</p>\n\
         <table>\n<thead><tr><th>Check</th><th>Satisfied all the time until then</th></tr></thead>\n<tbody>\n"
    )?;
    for held in &told.checks {
        let word = match held.throughout {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not known",
        };
        writeln!(
            html,
            "<tr><td>{}</td><td>{word}</td></tr>",
            escape_html(&held.check)
        )?;
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
    Ok(())
}

fn sources(html: &mut String, document: &Document) -> std::fmt::Result {
    html.push_str("<section>\n<h2>How ids are tied, and their sources</h2>\n<dl>\n");
    for tie in &TIES {
        writeln!(
            html,
            "<dt><sup>{}</sup> {}</dt><dd>{}</dd>",
            tie.letter, tie.name, tie.means
        )?;
    }
    html.push_str("</dl>\n<table>\n<thead><tr><th>Source</th><th>Version</th><th>Where</th></tr></thead>\n<tbody>\n");
    for source in &document.sources {
        let or = |text: &Option<String>| escape_html(text.as_deref().unwrap_or_default());
        writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{} {} {}</td></tr>",
            escape_html(&source.title),
            or(&source.version),
            or(&source.repository),
            or(&source.path),
            or(&source.commit)
        )?;
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
    Ok(())
}
