// SPDX-License-Identifier: GPL-2.0

//! Writes the seeds of all targets, and a dictionary for each: `seeds DIRECTORY`. A target like the
//! others, for what cargo-fuzz instruments does not link without libFuzzer; but before its first run
//! it ends.

#![no_main]

use milspec_fuzz::seeds::{all, words};
use std::path::PathBuf;
use std::{env, fs, io, process};

libfuzzer_sys::fuzz_target!(init: write_and_end(), |_data: &[u8]| {});

fn write_and_end() {
    write().expect("seeds");
    process::exit(0);
}

fn write() -> io::Result<()> {
    let directory = env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.ok_or_else(|| io::Error::other("usage: seeds DIRECTORY"))?;
    for (target, seeds) in all()? {
        let corpus = directory.join(target);
        fs::create_dir_all(&corpus)?;
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(corpus.join(format!("{number:04}")), seed)?;
        }
        let words = words(&seeds)?.into_iter();
        let lines: Vec<String> = words.map(|word| format!("\"{word}\"\n")).collect();
        fs::write(directory.join(format!("{target}.dict")), lines.concat())?;
    }
    Ok(())
}
