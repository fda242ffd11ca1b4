// SPDX-License-Identifier: GPL-2.0

//! Judges a journal: by its own chain, by the records that the driver has, and by the TPM. Each of
//! the three is asked only where those before it have nothing against it.

use super::chain::{self, Chains, Load};
use super::file::Saved;
use super::live::Live;
use super::replay::since_boot;
use super::verdict::{Broken, LoadDoc, Pcr};
use crate::failure::{Exit, Failure, Result};
use crate::words::count;
use milspec_uapi::{Event, KIND_GAP};
use serde::Serialize;

/// Why something was not compared.
const BEFORE: &str = "what comes before does not hold";

/// What became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// `proven`, `not-provable` or `wrong`.
    pub result: &'static str,
    /// The loads of the module whose records hold, the oldest first.
    pub loads: Vec<LoadDoc>,
    /// The first record that does not fit.
    pub broken: Option<Broken>,
    /// What comparing with the driver's records gave; `None` where these are what is judged.
    pub driver: Option<Driver>,
    /// What comparing the running load with the TPM gave.
    pub tpm: Pcr,
    /// Why it is not proven.
    pub error: Option<Failure>,
}

/// What comparing with the driver's records gave.
#[derive(Clone, Debug, Serialize)]
pub struct Driver {
    /// `same`, `lacks`, `differs` or `not-compared`.
    pub result: &'static str,
    /// How many records both have.
    pub compared: usize,
    /// How many the driver has that are newer than the last one here.
    pub newer: usize,
    /// How many the driver has that should be here and are not.
    pub missing: usize,
    /// What that means.
    pub why: String,
}

impl Driver {
    fn new(result: &'static str, why: impl Into<String>) -> Self {
        Self {
            result,
            compared: 0,
            newer: 0,
            missing: 0,
            why: why.into(),
        }
    }
}

/// Judges files that follow each other, or without files the driver's own records. `live` is what the
/// driver has, or why that is not known.
pub fn judge(files: &[Saved], live: std::result::Result<&Live, &Failure>) -> Verdict {
    let mut parts: Vec<&[Event]> = files.iter().map(|saved| &saved.events[..]).collect();
    let own = live.ok().filter(|_| files.is_empty());
    parts.extend(own.map(|live| &live.records[..]));
    let chains = chain::verify(parts.iter().copied());
    let mut verdict = Verdict {
        result: "proven",
        loads: LoadDoc::all(&chains.loads),
        broken: None,
        driver: own.is_none().then(|| Driver::new("not-compared", BEFORE)),
        tpm: Pcr::not_compared(None, BEFORE),
        error: None,
    };
    if let Err(error) = verdict.weigh(files, &chains, live) {
        verdict.result = match error.exit {
            Exit::Differs => "not-provable",
            _ => "wrong",
        };
        verdict.error = Some(error);
    }
    verdict
}

impl Verdict {
    fn weigh(
        &mut self,
        files: &[Saved],
        chains: &Chains,
        live: std::result::Result<&Live, &Failure>,
    ) -> Result<()> {
        if let Some(broken) = Broken::first(chains, files) {
            return Err(self.broken(broken));
        }
        let live = live.map_err(|failure| {
            self.driver = Some(Driver::new("not-compared", &failure.what));
            self.tpm = Pcr::not_compared(None, &failure.what);
            let why = format!("neither driver nor TPM was asked: {}", failure.what);
            let next = "run it on the machine that it is of, as root or in group milspec";
            not_proven(why, next)
        })?;
        let load = self.compare(files, chains, live)?;
        self.tpm = Pcr::compare(&load, live.anchor);
        if let Some(failure) = self.tpm.failure() {
            return Err(failure);
        }
        if self.tpm.result != "matches" {
            let why = format!("it was not compared with a PCR: {}", self.tpm.why);
            return Err(not_proven(
                why,
                "until then only chain and driver speak for it",
            ));
        }
        let last = chains.loads.last().map_or(0, Load::last);
        LoadDoc::prove(&mut self.loads, last);
        let unproven = self.loads.iter().filter(|load| load.proven_to.is_none());
        let unproven = unproven.count() as u64;
        if unproven > 0 {
            let loads = count(unproven, "load");
            let why = format!("only the chain speaks for {loads} before the running one");
            let next = "see \"milspecctl attest verify --journal\" with a quote of that time";
            return Err(not_proven(why, next));
        }
        if !since_boot(&chains.loads) {
            let why = "the PCR was not zero before the first record: others had extended it, or \
                       the module had been loaded before";
            let next = "name all its files, the oldest first";
            return Err(not_proven(why.into(), next));
        }
        Ok(())
    }

    /// Compares with what the driver has. Returns all that both have of the running load.
    fn compare(&mut self, files: &[Saved], chains: &Chains, live: &Live) -> Result<Load> {
        let driver = chain::verify([&live.records[..]]);
        if let Some(found) = driver.broken {
            return Err(self.broken(Broken::of(&found, &[])));
        }
        let Some(running) = driver.loads.last() else {
            let why = "the driver has no records to compare it with".into();
            return Err(not_proven(why, "see \"milspecctl doctor\""));
        };
        let same_load = |load: &&Load| load.id == running.id;
        let Some(load) = chains.loads.last().filter(same_load) else {
            let number = records(running).count();
            return Err(self.lacks(number, "of the running load, which is not here"));
        };
        let other = |event: &&Event| load.find(event.sequence).is_some_and(|e| e != *event);
        if let Some(event) = records(running).find(other) {
            return Err(self.differs(files, event));
        }
        let both = |event: &&Event| load.find(event.sequence).is_some();
        let (older, newer): (Vec<_>, Vec<_>) =
            records(running).partition(|event| event.sequence <= load.last());
        let compared = older.iter().filter(|event| both(event)).count();
        if compared < older.len() {
            let missing = older.len() - compared;
            return Err(self.lacks(missing, "that should be here, and are not"));
        }
        // Either may have what the other has lost.
        let last = load.records.last().copied().unwrap_or_default();
        let all = [&load.records[..], &chain::after(&last, &live.records)].concat();
        let mut all = chain::verify([&all[..]]);
        let Some(all) = all.loads.pop().filter(|_| all.broken.is_none()) else {
            return Err(self.differs(files, &last));
        };
        if self.driver.is_some() {
            let newer = newer.len();
            let more = match newer {
                0 => String::new(),
                1 => ", and 1 that is newer".into(),
                newer => format!(", and {newer} that are newer"),
            };
            let why = format!("has the same {}{more}", count(compared, "record"));
            self.driver = Some(Driver {
                compared,
                newer,
                ..Driver::new("same", why)
            });
        }
        Ok(all)
    }

    fn broken(&mut self, broken: Broken) -> Failure {
        let failure = broken.failure();
        self.broken = Some(broken);
        failure
    }

    /// The driver has another record than this one.
    fn differs(&mut self, files: &[Saved], event: &Event) -> Failure {
        let is_it = |other: &Event| (other.load, other.sequence) == (event.load, event.sequence);
        let place = |saved: &Saved| saved.events.iter().position(is_it);
        let found = files.iter().find_map(|saved| Some((saved, place(saved)?)));
        let (file, at) = found.unzip();
        let (at, sequence) = (at.unwrap_or_default(), event.sequence);
        self.driver = Some(Driver::new(
            "differs",
            format!("has another record {sequence}"),
        ));
        self.broken(Broken::new(file, at, Some(sequence), "driver"))
    }

    /// The driver has so many records that should be here.
    fn lacks(&mut self, missing: usize, which: &str) -> Failure {
        let why = format!("has {} {which}", count(missing, "record"));
        let failure = Failure::new(
            "journal-lacks-records",
            "records are missing from the journal",
            format!("the driver {why}"),
            "name all its files, the oldest first; if you did, records were taken out",
        );
        self.driver = Some(Driver {
            missing,
            ..Driver::new("lacks", why)
        });
        failure
    }
}

/// The records of a load without its gaps.
fn records(load: &Load) -> impl Iterator<Item = &Event> {
    load.records.iter().filter(|event| event.kind != KIND_GAP)
}

fn not_proven(why: String, next: &str) -> Failure {
    Failure::new(
        "journal-not-proven",
        "the journal is not proven here",
        why,
        next,
    )
}
