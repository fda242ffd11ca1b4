// SPDX-License-Identifier: GPL-2.0

//! The report as a page: one file, without scripts and without anything from elsewhere.

use super::{plot, Kind, Machine, Report, Tally};
use crate::words::{count, escape_html, shown};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");
/// So many machines are drawn and listed one by one; of the rest only the line in the first table is there.
const DRAWN: usize = 200;
/// So many entries of a machine stand in its table, the last of them. The document has more.
const LISTED: usize = 400;

/// The document.
pub fn text(report: &Report) -> String {
    let mut html = String::new();
    // Writing to a string does not fail.
    let _ = page(&mut html, report);
    html
}

fn page(html: &mut String, report: &Report) -> std::fmt::Result {
    let (made_at, made_with) = (&report.made_at, report.made_with);
    write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>What monitors told</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>What monitors told</h1>\n<p>Made at {made_at} by milspecctl {made_with}, of what monitors wrote. \
         Times are UTC, by the clocks of the machines. A file like this can be changed by whoever keeps it: \
         whether a journal is whole, <code>milspecctl journal verify</code> says.</p>\n"
    )?;
    if report.machines.iter().any(|machine| machine.simulated) {
        html.push_str("<p class=\"mark\">Some of this is of simulated machines.</p>\n");
    }
    fleet(html, report)?;
    files(html, report)?;
    key(html);
    for (number, machine) in report.machines.iter().take(DRAWN).enumerate() {
        self::machine(html, machine, number)?;
    }
    let more = report.machines.len().saturating_sub(DRAWN);
    if more > 0 {
        let more = count(more as u64, "machine");
        writeln!(
            html,
            "<p>{more} more in the first table, and not drawn.</p>"
        )?;
    }
    html.push_str("</body>\n</html>\n");
    Ok(())
}

/// Columns of what is counted.
const COLUMNS: [&str; 8] = [
    "Findings",
    "Notices",
    "Weaker",
    "Refused",
    "Lost or missing",
    "Not running",
    "Silences",
    "Records",
];

fn numbers(of: &Tally) -> [u64; 8] {
    [
        of.findings,
        of.notices,
        of.weakenings,
        of.refusals,
        of.lost.saturating_add(of.missing),
        of.not_running,
        of.silences,
        of.records,
    ]
}

/// How many of the columns are bad when they are not 0.
const BAD: [bool; 8] = [true, false, true, false, true, true, false, false];

fn cells(html: &mut String, of: &Tally) {
    for (number, bad) in numbers(of).into_iter().zip(BAD) {
        let class = match bad && number > 0 {
            true => " class=\"bad\"",
            false => "",
        };
        html.push_str(&format!("<td{class}>{number}</td>"));
    }
}

fn fleet(html: &mut String, report: &Report) -> std::fmt::Result {
    let machines = count(report.machines.len() as u64, "machine");
    write!(
        html,
        "<section>\n<h2>{machines}</h2>\n<div class=\"wide\"><table class=\"numbers\">\n<thead><tr><th>Machine</th>\
         <th>From</th><th>To</th><th>Mode last set</th>"
    )?;
    for column in COLUMNS {
        write!(html, "<th>{column}</th>")?;
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for (number, machine) in report.machines.iter().enumerate() {
        let name = words(machine.name());
        let name = match number < DRAWN {
            true => format!("<a href=\"#m{number}\">{name}</a>"),
            false => name,
        };
        let mark = if machine.simulated {
            " (simulated)"
        } else {
            ""
        };
        write!(
            html,
            "<tr><td>{name}{mark}</td><td>{}</td><td>{}</td><td>{}</td>",
            day(&machine.from),
            day(&machine.to),
            mode(machine)
        )?;
        cells(html, &machine.tally);
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n<tfoot><tr><th colspan=\"4\">All</th>");
    cells(html, &report.fleet);
    html.push_str("</tr></tfoot>\n</table></div>\n</section>\n");
    Ok(())
}

/// The day of a time.
fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

fn mode(machine: &Machine) -> String {
    machine.mode.as_deref().map_or("not told".into(), words)
}

fn files(html: &mut String, report: &Report) -> std::fmt::Result {
    html.push_str("<section>\n<h2>What was read</h2>\n<div class=\"wide\"><table class=\"numbers\">\n<thead><tr><th>File</th><th>Lines</th><th>There before</th><th>Broken</th><th>Of a schema or type not known</th></tr></thead>\n<tbody>\n");
    for file in &report.files {
        let bad = |number: u64| if number > 0 { " class=\"bad\"" } else { "" };
        writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td{}>{}</td><td{}>{}</td></tr>",
            words(&file.file),
            file.lines,
            file.duplicates,
            bad(file.broken),
            file.broken,
            bad(file.unknown),
            file.unknown
        )?;
    }
    html.push_str("</tbody>\n</table></div>\n");
    if report.left_out > 0 {
        let lines = count(report.left_out, "line");
        writeln!(
            html,
            "<p class=\"mark\">{lines} left out, because there are too many lines or machines: they are in no \
             number of this page.</p>"
        )?;
    }
    html.push_str("</section>\n");
    Ok(())
}

/// What the drawings mean.
fn key(html: &mut String) {
    html.push_str(
        "<section>\n<h2>How to read the drawings</h2>\n<dl>\n\
         <dt>mode</dt><dd>as last set through the driver; what was changed outside since then is not in it</dd>\n\
         <dt>weaker</dt><dd>triangle: something became weaker; cross: a request was refused</dd>\n\
         <dt>findings</dt><dd>red: error or warning; grey: anything else</dd>\n\
         <dt>not told</dt><dd>dark band: no monitor ran; light band: nothing came for more than seven hours, \
         because the machine slept, was off, or its monitor was silent; red bar: records or lines lost</dd>\n\
         <dt>looks</dt><dd>bar: the driver looked at the firmware and has a record of it, other looks leave \
         none; dot: a checkpoint of the chain</dd>\n</dl>\n</section>\n",
    );
}

fn machine(html: &mut String, of: &Machine, number: usize) -> std::fmt::Result {
    writeln!(
        html,
        "<section id=\"m{number}\">\n<h2>{}</h2>",
        words(of.name())
    )?;
    if of.simulated {
        html.push_str("<p class=\"mark\">simulated machine</p>\n");
    }
    let missing = match of.tally.missing {
        0 => String::new(),
        missing => format!(
            " {} in none of the files, though earlier and later ones of the same load are.",
            count(missing, "record")
        ),
    };
    writeln!(
        html,
        "<p>{} to {}, {}, {}. Mode last set: {}.{missing}</p>",
        of.from,
        of.to,
        count(of.boots as u64, "boot"),
        count(of.tally.lines, "line"),
        mode(of)
    )?;
    plot::draw(html, of)?;
    if !of.rules.is_empty() {
        html.push_str("<div class=\"wide\"><table>\n<thead><tr><th>Rule</th><th>Severity</th><th>Means</th><th>Times</th><th>Last</th></tr></thead>\n<tbody>\n");
        for rule in &of.rules {
            writeln!(
                html,
                "<tr><td>{}</td><td class=\"{}\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                words(&rule.rule),
                severity(&rule.severity),
                words(&rule.severity),
                words(&rule.title),
                rule.count,
                rule.last
            )?;
        }
        html.push_str("</tbody>\n</table></div>\n");
    }
    entries(html, of)?;
    html.push_str("</section>\n");
    Ok(())
}

/// What happened, but for checkpoints, with the times in which nothing was told.
fn entries(html: &mut String, of: &Machine) -> std::fmt::Result {
    let mut rows: Vec<(u64, String)> = Vec::new();
    let said = of.entries.iter();
    for entry in said.filter(|entry| entry.kind != Kind::Checkpoint) {
        rows.push((
            entry.wall_ns,
            format!(
                "<tr><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{}</td></tr>\n",
                entry.time,
                entry.kind.word(),
                severity(&entry.severity),
                words(&entry.severity),
                words(&entry.message)
            ),
        ));
    }
    for span in &of.spans {
        let what = match span.kind {
            "not-running" => "no monitor ran",
            _ => "nothing was told",
        };
        let until = span.to.as_deref().unwrap_or("the last line and after");
        rows.push((
            span.from_ns,
            format!(
                "<tr><td>{}</td><td>{}</td><td></td><td>{what} until {until}</td></tr>\n",
                span.from, span.kind
            ),
        ));
    }
    rows.sort_by_key(|(time, _)| *time);
    if rows.is_empty() {
        return Ok(());
    }
    let hidden = rows.len().saturating_sub(LISTED);
    let unlisted = of.entries_left_out.saturating_add(hidden as u64);
    writeln!(
        html,
        "<details open>\n<summary>What happened ({})</summary>",
        rows.len()
    )?;
    if unlisted > 0 {
        writeln!(html, "<p>{unlisted} more are not listed here.</p>")?;
    }
    html.push_str("<div class=\"wide\"><table>\n<thead><tr><th>Time</th><th>Kind</th><th>Severity</th><th>What</th></tr></thead>\n<tbody>\n");
    for (_, row) in rows.iter().skip(hidden) {
        html.push_str(row);
    }
    html.push_str("</tbody>\n</table></div>\n</details>\n");
    Ok(())
}

/// A class for a severity: a word that the style sheet knows, whatever a line says.
fn severity(word: &str) -> &'static str {
    match word {
        "error" => "error",
        "warning" => "warning",
        _ => "other",
    }
}

/// Text of a line, with what nobody would see spelled out.
pub(super) fn words(text: &str) -> String {
    escape_html(&shown(text))
}
