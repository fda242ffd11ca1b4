// SPDX-License-Identifier: GPL-2.0

//! `milspecctl journal verify`

use super::events::Provenance;
use crate::ui::Ui;
use milspec::cli::JournalVerify;
use milspec::driver;
use milspec::failure::{Failure, Result};
use milspec::journal::chain::{self, Chains, Load};
use milspec::journal::file::{self, Saved};
use milspec::journal::live::{Live, WAITS};
use milspec::journal::verdict::{Broken, LoadDoc, Pcr};
use milspec::root::Root;
use milspec::snapshot::Snapshot;
use milspec::source::Access;
use milspec::warning::Warning;
use milspec::words::count;
use milspec_uapi::{Event, KIND_GAP};
use serde::Serialize;

/// `milspec.journal-verify/1`
#[derive(Debug, Serialize)]
pub struct JournalVerifyDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Where it is from.
    #[serde(flatten)]
    pub from: Provenance,
    /// The files; none for the driver's records.
    pub files: Vec<String>,
    /// The loads of the module whose records hold, the oldest first.
    pub loads: Vec<LoadDoc>,
    /// The first record that does not fit.
    pub broken: Option<Broken>,
    /// What comparing the last load with the driver's records gave; null where that is not the
    /// present one, or there is no driver.
    pub driver: Option<DriverDoc>,
    /// What comparing the last load with the TPM gave; null where that is not the present one.
    pub tpm: Option<Pcr>,
    /// What needs attention.
    pub warnings: Vec<Warning>,
    /// What is wrong.
    pub error: Option<Failure>,
}

/// What comparing with the driver's records gave.
#[derive(Debug, Serialize)]
pub struct DriverDoc {
    /// How many records both have.
    pub compared: usize,
    /// How many the driver has that are newer.
    pub newer: usize,
}

/// Verifies.
pub fn run(root: &Root, ui: &Ui, verify: &JournalVerify) -> Result<JournalVerifyDoc> {
    let files = &verify.files;
    let saved: Vec<Saved> = files.iter().map(|f| file::read(f)).collect::<Result<_>>()?;
    let live = live(root, ui);
    let parts: Vec<&[Event]> = match &live {
        Err(failure) if files.is_empty() => return Err(failure.clone()),
        Ok((_, live)) if files.is_empty() => vec![&live.records],
        _ => saved.iter().map(|saved| saved.events.as_slice()).collect(),
    };
    let chains = chain::verify(parts.iter().copied());
    let mut document = JournalVerifyDoc {
        schema: "milspec.journal-verify/1",
        from: live
            .as_ref()
            .map(|(from, _)| from.clone())
            .unwrap_or_default(),
        files: files.iter().map(|f| f.display().to_string()).collect(),
        loads: LoadDoc::all(&chains.loads),
        broken: None,
        driver: None,
        tpm: None,
        warnings: Vec::new(),
        error: None,
    };
    document.broken = document.first_broken(&chains, &saved);
    match (&live, &document.broken) {
        (Ok((_, live)), None) => document.compare(&parts, &chains, live),
        (Err(failure), None) => document.warnings.push(not_compared(failure)),
        (_, Some(_)) => {}
    }
    document.conclude();
    Ok(document)
}

/// The driver's journal, and where it is from.
fn live(root: &Root, ui: &Ui) -> Result<(Provenance, Live)> {
    let mut source = driver::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let live = Live::read(root, source.as_mut(), &|| ui.say(WAITS))?;
    Ok((Provenance::of(root, &snapshot), live))
}

impl JournalVerifyDoc {
    fn first_broken(&self, chains: &Chains, saved: &[Saved]) -> Option<Broken> {
        let torn = saved.iter().position(|saved| saved.torn > 0);
        let cut_off = torn.map(|part| {
            let at = saved.get(part).map_or(0, |saved| saved.events.len());
            (part, Broken::new(self.files.get(part), at, None, "cut-off"))
        });
        match (&chains.broken, cut_off) {
            // What is cut off is the last of its file.
            (Some(found), Some((part, cut_off))) if part < found.part => Some(cut_off),
            (Some(found), _) => Some(Broken::of(found, &self.files)),
            (None, cut_off) => cut_off.map(|(_, cut_off)| cut_off),
        }
    }

    /// Compares the present load with the driver's records and the TPM.
    fn compare(&mut self, parts: &[&[Event]], chains: &Chains, live: &Live) {
        let present = live.records.last().map(|event| event.load);
        let Some(load) = chains.loads.last().filter(|l| Some(l.id) == present) else {
            return;
        };
        let records = || live.records.iter().filter(|event| event.kind != KIND_GAP);
        let both = |event: &&Event| load.find(event.sequence).is_some();
        let differs = |event: &&Event| load.find(event.sequence).is_some_and(|e| e != *event);
        if let Some(event) = records().find(differs) {
            self.broken = Some(self.differs(parts, load, event.sequence));
            return;
        }
        let newer = live
            .records
            .iter()
            .filter(|event| event.sequence > load.last());
        let newer: Vec<Event> = newer.copied().collect();
        let all = [
            chain::verify([live.records.as_slice()]),
            chain::verify([load.records.as_slice(), &newer]),
        ];
        if let Some(found) = all.iter().find_map(|chains| chains.broken) {
            self.broken = Some(Broken::of(&found, &[]));
            return;
        }
        if !self.files.is_empty() {
            self.driver = Some(DriverDoc {
                compared: records().filter(both).count(),
                newer: newer.len(),
            });
        }
        if let Some(last) = self.loads.last_mut() {
            last.end_known = true;
        }
        // Either may have what the other has lost.
        let mut loads = all.iter().filter_map(|chains| chains.loads.last());
        let whole = loads.clone().find(|load| load.lost == 0);
        self.tpm = whole
            .or_else(|| loads.next())
            .map(|load| Pcr::compare(load, live.anchor));
    }

    /// The record with which the driver does not agree, in its file.
    fn differs(&self, parts: &[&[Event]], load: &Load, sequence: u64) -> Broken {
        let is_it = |event: &Event| event.load == load.id && event.sequence == sequence;
        let mut places = parts.iter().enumerate();
        let place = places.find_map(|(part, events)| Some((part, events.iter().position(is_it)?)));
        let (part, at) = place.unwrap_or_default();
        Broken::new(self.files.get(part), at, Some(sequence), "driver")
    }

    fn conclude(&mut self) {
        for load in self.loads.iter().filter(|load| load.lost > 0) {
            self.warnings.push(Warning {
                code: "records-lost",
                text: format!(
                    "{} up to {} not here: overwritten, or in another file",
                    count(load.lost, "record"),
                    load.last
                ),
                remedy: "nothing proves what they were; name the files before it as well",
                controls: Vec::new(),
            });
        }
        if let Some(tpm) = self.tpm.as_ref().filter(|tpm| tpm.result == "not-compared") {
            self.warnings.push(Warning {
                code: "tpm-not-compared",
                text: format!("not compared with a PCR: {}", tpm.why),
                remedy: "until then, only the chain speaks for the records",
                controls: Vec::new(),
            });
        }
        self.error = match (&self.broken, &self.tpm) {
            (Some(broken), _) => Some(broken.failure()),
            (None, Some(tpm)) => tpm.failure(),
            (None, None) => None,
        };
    }
}

/// The files were verified; the driver could not be asked.
fn not_compared(failure: &Failure) -> Warning {
    Warning {
        code: "driver-not-compared",
        text: format!("not compared with driver and TPM: {}", failure.what),
        remedy: "run it on the machine that the journal is of, as root or in group milspec",
        controls: Vec::new(),
    }
}
