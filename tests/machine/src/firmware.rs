// SPDX-License-Identifier: GPL-2.0

//! ACPI tables: compiled from `firmware/*.asl`, kept in the user's cache.

use crate::prepare::{digest, Prepared};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

const LAYOUT: &str = include_str!("../firmware/layout.h");

fn source(table: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("firmware")
        .join(format!("{table}.asl"))
}

/// The compiled form of a table.
pub fn compiled(prepared: &Prepared, table: &str) -> Result<PathBuf> {
    let source = source(table);
    let text = std::fs::read_to_string(&source)
        .with_context(|| format!("no ACPI table is called {table} ({})", source.display()))?;
    let name = format!("acpi-{table}-{}", &digest([LAYOUT, &text])[..16]);
    let directory = prepared
        .cache
        .directory(&name, |to| prepared.iasl(&source, &to.join("table.aml")))?;
    Ok(directory.join("table.aml"))
}
