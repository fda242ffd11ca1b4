// SPDX-License-Identifier: GPL-2.0

//! `machine tables`: the driver's rules over a whole set of token tables, on the host.

use anyhow::{bail, Context, Result};
use clap::Args;
use milspec_machine::coverage::{self, Reach};
use milspec_machine::findings::{Findings, Weight};
use milspec_machine::table::{self, Token};
use milspec_machine::walk::{self, LAYOUTS};
use serde::Deserialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs token tables through the driver's rules: parse, read, plan, apply, undo
///
/// FILE has one table in a line, as JSON: {"product": "...", "machines": 1, "tokens": "0285=1
/// 0286=0 002D@000B=2"}, ids and locations hexadecimal, values decimal; compressed by xz or not.
/// Each table is read, put into every mode and back, and has a change fail at each step, on two
/// models of what lies behind the locations. Ends with 1 when one of the driver's promises is
/// broken. A refusal breaks none; it is counted.
#[derive(Args)]
pub struct Tables {
    /// The tables
    file: PathBuf,
    /// How many examples of each finding to show
    #[arg(long, default_value_t = 3)]
    examples: usize,
    /// Write what the tables come to into the pages below this directory, and walk nothing
    #[arg(long, value_name = "DIR")]
    docs: Option<PathBuf>,
}

/// One line of the file.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    product: String,
    #[serde(default)]
    bios_year: Option<u16>,
    #[serde(default = "one")]
    machines: u32,
    tokens: String,
}

fn one() -> u32 {
    1
}

impl Tables {
    /// Runs it.
    pub fn run(&self) -> Result<()> {
        let lines = read(&self.file)?;
        if let Some(root) = &self.docs {
            let all = lines.iter().enumerate().map(|(at, line)| {
                let wrong = || format!("line {}", at + 1);
                let line: Line = serde_json::from_str(line).with_context(wrong)?;
                let tokens = table::parse(&line.tokens).with_context(wrong)?;
                let year = line.bios_year.unwrap_or(0);
                Reach::of(&line.product, year, line.machines, &tokens).with_context(wrong)
            });
            let all = all.collect::<Result<Vec<_>>>()?;
            coverage::write(root, &all)?;
            println!("no machine lists: {}", coverage::unlisted(&all).join(", "));
            return Ok(());
        }
        let findings = walk_all(&lines)?;
        print!(
            "{}",
            findings.report(&self.file.display().to_string(), self.examples)
        );
        match findings.broken_count() {
            0 => Ok(()),
            broken => bail!("{broken} promises are broken"),
        }
    }
}

/// The lines of the file, decompressed where its first bytes are those of xz.
fn read(path: &Path) -> Result<Vec<String>> {
    let cannot = || format!("cannot read {}", path.display());
    let mut file = BufReader::new(File::open(path).with_context(cannot)?);
    let mut text = Vec::new();
    match file
        .fill_buf()
        .with_context(cannot)?
        .starts_with(b"\xFD7zXZ\0")
    {
        true => {
            let unpacked = lzma_rs::xz_decompress(&mut file, &mut text);
            unpacked.map_err(|error| anyhow::anyhow!("{}: {error:?}", cannot()))?;
        }
        false => {
            std::io::Read::read_to_end(&mut file, &mut text).with_context(cannot)?;
        }
    }
    let text = String::from_utf8(text).with_context(cannot)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(str::to_owned).collect())
}

/// Tables that are alike to the driver.
struct Alike {
    /// The first of them.
    name: String,
    weight: Weight,
    tokens: Vec<Token>,
}

/// Puts together what is alike to the driver.
fn alike(lines: &[String]) -> Result<Vec<Alike>> {
    let mut places: HashMap<Vec<u16>, usize> = HashMap::new();
    let mut all: Vec<Alike> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let wrong = || format!("line {}", at + 1);
        let line: Line = serde_json::from_str(line).with_context(wrong)?;
        let tokens = table::parse(&line.tokens).with_context(wrong)?;
        let tokens = walk::relevant(&tokens)?;
        let words = tokens
            .iter()
            .flat_map(|token| [token.id, token.location, token.value]);
        let place = *places.entry(words.collect()).or_insert(all.len());
        if place == all.len() {
            let year = line
                .bios_year
                .map_or(String::new(), |year| format!(", BIOS of {year}"));
            all.push(Alike {
                name: format!("line {}: {}{year}", at + 1, line.product),
                weight: Weight {
                    tables: 0,
                    machines: 0,
                },
                tokens,
            });
        }
        all[place].weight.tables += 1;
        all[place].weight.machines += line.machines;
    }
    Ok(all)
}

/// Walks all of them, a thread for each processor.
fn walk_all(lines: &[String]) -> Result<Findings> {
    let all = alike(lines)?;
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let next = AtomicUsize::new(0);
    let shown = std::io::stderr().is_terminal();
    let work = || -> Result<Findings> {
        let mut findings = Findings::default();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(alike) = all.get(at) else {
                return Ok(findings);
            };
            if shown && at % 200 == 0 {
                eprintln!("  {at} of {} tables that differ to the driver", all.len());
            }
            for layout in LAYOUTS {
                walk::table(
                    &alike.name,
                    alike.weight,
                    &alike.tokens,
                    layout,
                    &mut findings,
                )
                .with_context(|| alike.name.clone())?;
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Findings::default();
        for worker in workers {
            match worker.join() {
                Ok(findings) => all.add(findings?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })
}
