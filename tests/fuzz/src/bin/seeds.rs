// SPDX-License-Identifier: GPL-2.0

//! Writes the seeds of all targets, none of more than so many bytes, and a dictionary for each: `seeds
//! DIRECTORY BYTES`. A target like the others, for what cargo-fuzz instruments does not link without
//! libFuzzer; but before its first run it ends.

#![no_main]

use milspec_fuzz::seeds::{all, repository, words};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs, io, process};

libfuzzer_sys::fuzz_target!(init: write_and_end(), |_data: &[u8]| {});

fn write_and_end() {
    write().expect("seeds");
    process::exit(0);
}

fn write() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1);
    let directory = arguments.next().map(PathBuf::from);
    let most = arguments
        .next()
        .and_then(|most| most.to_str()?.parse().ok());
    let (directory, most): (PathBuf, usize) = directory
        .zip(most)
        .ok_or_else(|| io::Error::other("usage: seeds DIRECTORY BYTES"))?;
    let all = all()?;
    let named: BTreeSet<String> = all.iter().map(|(target, _)| target.to_string()).collect();
    let there = fs::read_dir(repository().join("tests/fuzz/targets"))?.map(|entry| {
        let path = entry?.path();
        Ok(path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned())
    });
    assert_eq!(
        there.collect::<io::Result<BTreeSet<_>>>()?,
        named,
        "targets, and those with seeds"
    );
    for (target, seeds) in all {
        assert!(!seeds.is_empty(), "{target} has no seeds");
        let longest = seeds.iter().map(Vec::len).max().unwrap_or_default();
        // libFuzzer cuts it off, and what is left may be no input that leads anywhere.
        assert!(
            longest <= most,
            "a seed of {target} has {longest} bytes of {most}"
        );
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
