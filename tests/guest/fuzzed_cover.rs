// SPDX-License-Identifier: GPL-2.0

//! How much of the module's code calls at random have reached: on the debug kernel, which has KCOV.

use anyhow::{Context, Result};
use milspec_machine::image::repository;
use milspec_machine::machine::{prepared, Machine};
use milspec_machine::prepare::Bind;
use milspec_machine::progress::Progress;
use std::collections::BTreeSet;

/// Where `fuzz_cover.h` writes what was reached.
const REACHED: &str = "/tmp/reached";
/// A call of it is 4 bytes of address behind the relocation.
const TRACE: &str = "__sanitizer_cov_trace_pc";

/// A function of the module: its name, and where in `.text` it is.
struct Function {
    name: String,
    from: u32,
    to: u32,
}

/// The places that can be reached, and the functions.
fn places() -> Result<(BTreeSet<u32>, Vec<Function>)> {
    let prepared = prepared(&Progress::new())?;
    let module = prepared.build_module(&repository(), false, &Progress::new())?;
    let directory = module.parent().context("a module has a directory")?;
    let name = module.file_name().context("a module has a name")?;
    let path = format!("/mnt/{}", name.to_string_lossy());
    let binds = [Bind::new(directory, "/mnt")];
    let relocations = prepared.run_in_root(&["readelf", "-rW", &path], &binds)?;
    let mut places = BTreeSet::new();
    let mut is_text = false;
    for line in relocations.lines() {
        if let Some(section) = line.strip_prefix("Relocation section '") {
            is_text = section.starts_with(".rela.text'");
        }
        let offset = line.split_whitespace().next().unwrap_or_default();
        if is_text && line.contains(TRACE) {
            places.insert(u32::from_str_radix(offset, 16)? + 4);
        }
    }
    let symbols = prepared.run_in_root(&["objdump", "-tC", "-j", ".text", &path], &binds)?;
    let mut functions = Vec::new();
    for line in symbols.lines() {
        // 0000000000001230 l     F .text	0000000000000045 name
        let Some((left, right)) = line.split_once(" F .text\t") else {
            continue;
        };
        let address = left.split(' ').next().unwrap_or_default();
        let (size, name) = right.split_once(' ').context(line.to_owned())?;
        let from = u32::from_str_radix(address, 16)?;
        functions.push(Function {
            name: name.trim().trim_start_matches(".hidden ").to_owned(),
            from,
            to: from + u32::from_str_radix(size, 16)?,
        });
    }
    Ok((places, functions))
}

/// Says how much the last run of calls has reached, and which functions it has not; nothing where the
/// kernel has no KCOV. Of `cut` calls not all was seen.
pub fn tell(machine: &Machine, cut: Option<u64>) -> Result<()> {
    if !prepared(&Progress::new())?.debug {
        return Ok(());
    }
    let cut = cut.context("the kernel has KCOV, and nothing was seen of any call")?;
    let bytes = machine.guest()?.read(REACHED)?;
    let bytes = bytes.map_err(|errno| anyhow::anyhow!("{REACHED}: errno {errno}"))?;
    let offsets = bytes
        .chunks_exact(4)
        .filter_map(|bytes| bytes.try_into().ok());
    let reached: BTreeSet<u32> = offsets.map(u32::from_le_bytes).collect();
    let (places, functions) = places()?;
    let of = |from: u32, to: u32| places.range(from..=to).copied().collect::<Vec<_>>();
    let untouched = functions.iter().filter(|function| {
        let places = of(function.from, function.to);
        !places.is_empty() && !places.iter().any(|place| reached.contains(place))
    });
    let untouched: BTreeSet<&str> = untouched.map(|function| &*function.name).collect();
    for name in &untouched {
        println!("  not reached: {name}");
    }
    // What is reached and is no place was not counted with this module.
    anyhow::ensure!(
        !reached.is_empty() && reached.is_subset(&places),
        "reached: {} places, {} of them none of the module",
        reached.len(),
        reached.difference(&places).count()
    );
    println!(
        "figure: fuzzed calls: reached {} of {} places in the module's code, {cut} calls seen in part; {} of \
         {} functions not",
        reached.len(),
        places.len(),
        untouched.len(),
        functions.len()
    );
    Ok(())
}
