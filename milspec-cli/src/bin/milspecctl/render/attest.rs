// SPDX-License-Identifier: GPL-2.0

//! `attest ...` for people.

use super::{json, Document};
use crate::cmd::attest_enroll::AttestEnrollDoc;
use crate::cmd::attest_verify::AttestVerifyDoc;
use crate::page::Page;
use crate::screen::Mark;
use milspec::attestation::{Attestation, State};
use milspec::words::count;
use milspec::Failure;

impl Document for AttestEnrollDoc {
    /// What was made, and what to do with it.
    fn human(&self, page: &mut Page<'_>) {
        page.keys(6);
        let made = match self.made {
            true => "made now, and kept by the TPM",
            false => "was there already",
        };
        page.row("Key", &format!("at {}: {made}", self.handle));
        page.row("File", &self.file);
        page.row("SHA256", &self.sha256);
        page.marked(
            "",
            Mark::Next,
            "take the file from here only while you trust this machine: who has another key in its \
             place believes another machine",
        );
    }
}

impl Document for AttestVerifyDoc {
    /// What the machine says, and what each check gave.
    fn human(&self, page: &mut Page<'_>) {
        page.keys(9);
        if let Some(state) = &self.state {
            machine(page, state);
        }
        if let Some(boot) = self.boot {
            let restarts = count(boot.restart_count, "restart");
            let reset = boot.reset_count;
            page.row(
                "Boot",
                &format!("number {reset} of this TPM, with {restarts}"),
            );
        }
        for load in &self.loads {
            let records = count(load.records, "record");
            let line = format!("{records} up to {}, {}", load.last, load.to);
            page.row("Journal", &line);
        }
        for check in &self.checks {
            let mark = match check.result {
                "holds" => Mark::Good,
                "fails" => Mark::Bad,
                _ => Mark::Unknown,
            };
            page.marked(check.id, mark, &check.why);
        }
        for (number, value) in self.pcrs.iter().flatten().filter(|_| page.screen.verbose) {
            page.row(&format!("PCR {number}"), value);
        }
        page.warnings(&self.warnings);
    }

    fn failure(&self) -> Option<&Failure> {
        self.error.as_ref()
    }
}

fn machine(page: &mut Page<'_>, state: &State) {
    if let Some(because) = &state.simulated_because {
        page.note(0, Mark::Warning, &format!("simulated machine: {because}"));
    }
    page.row("Machine", &state.machine.in_words());
    page.row("Time", &format!("{}, by its own clock", state.time));
    let latched = if state.latched { "; latched" } else { "" };
    let mode = state.mode.in_words();
    page.row("Mode", &format!("{mode}{latched}"));
    if let Some(unreached) = state.mode.unreached_in_words() {
        page.marked("", Mark::Warning, &unreached);
    }
    for (what, names) in [
        ("Tamper", &state.tamper),
        ("Drifted", &state.drifted),
        ("Degraded", &state.degraded),
        ("Pending", &state.pending_reboot),
    ] {
        if !names.is_empty() {
            page.marked(what, Mark::Warning, &names.join(", "));
        }
    }
}

impl Document for Attestation {
    /// The same for people as for programs: a file to be sent.
    fn human(&self, page: &mut Page<'_>) {
        page.put(&json(self));
    }
}
