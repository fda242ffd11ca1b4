// SPDX-License-Identifier: GPL-2.0

//! What milspecctl keeps on disk, and what it needs beside the driver.

use super::check::{About, Check, Context};
use crate::baseline::Record;
use crate::failure::{Exit, Failure};
use crate::journal::{chain, file};
use crate::words::count;
use crate::{system, tpm_tools, unconfirmed};
use milspec_uapi::{STATUS_LATCHED, STATUS_TPM_REQUIRED};
use nix::sys::statvfs::statvfs;
use std::path::Path;

/// Where milspec-journal.service keeps the journal.
pub const JOURNAL: &str = "/var/lib/milspec/journal";

/// With less space than this a record may not find its place: room for a day of a busy machine.
const SPACE: u64 = 16 << 20;

/// Can something be changed at all?
pub fn changes(context: &Context<'_>) -> Check {
    let about = About("changes", "Changes");
    let Some(status) = context.status() else {
        return about.not_applicable("the driver cannot be asked");
    };
    match unconfirmed::refuse_another(context.root) {
        Ok(()) => {}
        Err(failure) if failure.exit == Exit::Permission => {
            return about.not_applicable("whether one waits to be confirmed is root's to read")
        }
        Err(failure) => return about.warning(failure.why, failure.next),
    }
    if status.properties & STATUS_LATCHED != 0 {
        return about.warning(
            "the machine is latched in paranoid-plus: nothing can be changed",
            "reboot before you want to change something",
        );
    }
    let needs_tpm = status.properties & STATUS_TPM_REQUIRED != 0;
    if needs_tpm && system::tpm(context.root).chip.is_none() {
        return about.problem(
            Exit::Failed,
            "the module was loaded with require_tpm=1, and there is no TPM: every change is refused",
            "switch the TPM on in the BIOS setup, or load the module without it",
        );
    }
    about.ok("root can make them")
}

/// Is the record of what was before the first change one that a change can add to?
pub fn record(context: &Context<'_>) -> Check {
    let about = About("baseline", "Baseline record");
    let loaded = Record::load(context.root);
    match loaded {
        Ok(None) => about.not_applicable("nothing was changed yet"),
        Ok(Some(record)) => about.ok(count(record.controls.len(), "control")),
        Err(failure) if failure.exit == Exit::Permission => {
            about.not_applicable("it is root's to read")
        }
        Err(failure) => about.problem(
            Exit::Failed,
            format!("it stops every change: {}", failure.why),
            failure.next,
        ),
    }
}

/// Does the journal on disk hold?
pub fn journal(context: &Context<'_>) -> Check {
    let about = About("kept-journal", "Journal on disk");
    let unread = |failure: Failure| match failure.exit {
        Exit::Permission => about.not_applicable("it is root's to read"),
        _ => about.warning(failure.why, failure.next),
    };
    let parts = match file::parts(context.root) {
        Ok(parts) => parts,
        Err(failure) => return unread(failure),
    };
    // The newest: that one may have been moved away, with nothing saved since.
    let Some(path) = parts.last() else {
        return about.not_applicable("none is kept: milspec-journal.service is not enabled");
    };
    let saved = match file::read(&context.root.path(path)) {
        Ok(saved) => saved,
        Err(failure) => return unread(failure),
    };
    if chain::verify([saved.events.as_slice()]).broken.is_some() {
        return about.warning(
            "its records are not as they were recorded",
            format!("\"milspecctl journal verify {path}\" says which"),
        );
    }
    match saved.events.last() {
        Some(last) => about.ok(format!(
            "{} up to {}, the chain holds",
            count(saved.events.len(), "record"),
            last.sequence
        )),
        None => about.not_applicable("it has no records yet"),
    }
}

/// Is there space for what is kept?
pub fn space(context: &Context<'_>) -> Check {
    let about = About("disk-space", "Disk space");
    // What a recording lies on is not the machine's.
    if context.root.note().is_some() {
        return about.not_applicable("a recording does not say");
    }
    // The directory is made when it is needed.
    let dirs = [Path::new("/var/lib/milspecctl"), Path::new("/var/lib")];
    let found = dirs.iter().find_map(|dir| statvfs(*dir).ok());
    match found {
        Some(on) => enough(on.blocks_available() * on.fragment_size()),
        None => about.not_applicable("the kernel does not say"),
    }
}

/// Judges how many bytes are free.
fn enough(free: u64) -> Check {
    let about = About("disk-space", "Disk space");
    let text = format!("{} MiB free for record and journal", free >> 20);
    match free < SPACE {
        true => about.warning(text, "make room below /var: without it nothing is changed"),
        false => about.ok(text),
    }
}

/// Are there the programs that speak to the TPM?
pub fn tools(context: &Context<'_>) -> Check {
    let about = About("tpm-tools", "TPM tools");
    if system::tpm(context.root).version != Some(2) {
        return about.not_applicable("there is no TPM of version 2");
    }
    match tpm_tools::installed(context.root) {
        true => about.ok("tpm2-tools are installed"),
        false => about.warning(
            "tpm2-tools are not installed: attest cannot work",
            "install the package tpm2-tools, if this machine is to be attested",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    /// Promise: a full disk, which stops every change, is a warning.
    #[test]
    fn full_disk() {
        assert_eq!(enough(SPACE - 1).result, Verdict::Warning);
        assert_eq!(enough(SPACE).result, Verdict::Ok);
    }
}
