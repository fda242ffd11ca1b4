// SPDX-License-Identifier: GPL-2.0

//! `attest ...` for people.

use super::Document;
use crate::cmd::attest_enroll::AttestEnrollDoc;
use crate::cmd::attest_verify::AttestVerifyDoc;
use crate::screen::{provenance, warnings, Mark, Rows, Screen};
use milspec::attestation::Attestation;
use milspec::attestation::State;
use milspec::failure::Failure;
use milspec::words::count;

/// What was made, and what to do with it.
pub fn attest_enroll(screen: &Screen, doc: &AttestEnrollDoc) -> String {
    let mut rows = Rows::new(screen, 6);
    let made = if doc.made {
        "made now, and kept by the TPM"
    } else {
        "was there already"
    };
    rows.add("Key", &format!("at {}: {made}", doc.handle));
    rows.add("File", &doc.file);
    rows.add("SHA256", &doc.sha256);
    rows.add_marked(
        "",
        Mark::Next,
        "take the file from here only while you trust this machine: who has another key in its \
         place believes another machine",
    );
    rows.finish()
}

/// What the machine says, and what each check gave.
pub fn attest_verify(screen: &Screen, doc: &AttestVerifyDoc) -> String {
    let because = doc
        .state
        .as_ref()
        .and_then(|state| state.simulated_because.as_deref());
    let mut text = provenance(screen, None, because);
    let mut rows = Rows::new(screen, 9);
    if let Some(state) = &doc.state {
        machine(&mut rows, state);
    }
    if let Some(boot) = doc.boot {
        let counters = format!(
            "number {} of this TPM, with {}",
            boot.reset_count,
            count(boot.restart_count, "restart")
        );
        rows.add("Boot", &counters);
    }
    for load in &doc.loads {
        let records = count(load.records as u64, "record");
        rows.add(
            "Journal",
            &format!("{records} up to {}, {}", load.last, load.to),
        );
    }
    for check in &doc.checks {
        let mark = match check.result {
            "holds" => Mark::Good,
            "fails" => Mark::Bad,
            _ => Mark::Unknown,
        };
        rows.add_marked(check.id, mark, &check.why);
    }
    for (number, value) in doc.pcrs.iter().flatten().filter(|_| screen.verbose) {
        rows.add(&format!("PCR {number}"), value);
    }
    text.push_str(&rows.finish());
    text.push_str(&warnings(screen, &doc.warnings));
    text
}

fn machine(rows: &mut Rows<'_>, state: &State) {
    let machine = &state.machine;
    let name = format!(
        "{} {}, BIOS {}",
        machine.vendor, machine.product, machine.bios_version
    );
    rows.add("Machine", &name);
    rows.add("Time", &format!("{}, by its own clock", state.time));
    let latched = if state.latched { "; latched" } else { "" };
    let mode = state.mode.in_words();
    rows.add("Mode", &format!("{mode}{latched}"));
    if let Some(unreached) = state.mode.unreached_in_words() {
        rows.add_marked("", Mark::Warning, &unreached);
    }
    for (what, names) in [
        ("Tamper", &state.tamper),
        ("Drifted", &state.drifted),
        ("Degraded", &state.degraded),
        ("Pending", &state.pending_reboot),
    ] {
        if !names.is_empty() {
            rows.add_marked(what, Mark::Warning, &names.join(", "));
        }
    }
}

impl Document for AttestEnrollDoc {
    fn human(&self, screen: &Screen) -> String {
        attest_enroll(screen, self)
    }
}

impl Document for AttestVerifyDoc {
    fn human(&self, screen: &Screen) -> String {
        attest_verify(screen, self)
    }

    fn failure(&self) -> Option<&Failure> {
        self.error.as_ref()
    }
}

impl Document for Attestation {
    /// The same for people as for programs: a file to be sent.
    fn human(&self, _screen: &Screen) -> String {
        super::json(self)
    }
}
