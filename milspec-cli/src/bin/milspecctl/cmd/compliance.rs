// SPDX-License-Identifier: GPL-2.0

//! `milspecctl compliance`

use super::attest_verify;
use milspec::attestation::{self, Parts};
use milspec::baseline::Identity;
use milspec::cli::{AttestVerify, Compliance, Format, Nonce};
use milspec::compliance::attestations::{self, Attested};
use milspec::compliance::document::NotJudged;
use milspec::compliance::exceptions::Exceptions;
use milspec::compliance::period::{self, Clocks, Period, Span};
use milspec::compliance::{csv, document, facts, html, modes, oscal};
use milspec::compliance::{About, Assessment, Document, Evidence, Selection, Subject, REGISTRY};
use milspec::journal::file::{self, Saved};
use milspec::journal::live::Live;
use milspec::model::{Machine, Naming, Provenance};
use milspec::root::FILE_MAX;
use milspec::{clock, driver, input, report, system};
use milspec::{Access, Failure, Result, Root, Snapshot};
use std::path::{Path, PathBuf};

/// What everything is judged by.
struct Asked {
    selection: Selection,
    exceptions: Exceptions,
}

/// Judges this machine, or what stands in files.
pub fn run(root: &Root, asked: &Compliance) -> Result<Document> {
    if asked.since.is_some() && matches!(asked.format, Some(Format::Csv | Format::Oscal)) {
        return Err(Failure::new(
            "usage",
            "nothing was judged",
            "CSV and OSCAL have no place for how posture stood over a period",
            "leave out --since, or take another format",
        ));
    }
    if asked.since.is_some_and(|since| since > clock::wall_ns()) {
        return Err(Failure::new(
            "usage",
            "nothing was judged",
            "--since names a time that is still to come",
            "name one that is over, e.g. 30d or monday",
        ));
    }
    let exceptions = asked.exceptions.as_deref();
    let exceptions = exceptions.map(|path| Exceptions::read(path, &REGISTRY));
    let by = Asked {
        selection: Selection {
            framework: asked.framework.clone(),
            baseline: asked.baseline.map(|baseline| baseline.name().into()),
            checks: asked.check.clone(),
        },
        exceptions: exceptions.transpose()?.unwrap_or_default(),
    };
    if by.selection.of(&REGISTRY).is_empty() {
        return Err(Failure::new(
            "no-checks-selected",
            "nothing was judged",
            format!("no check is {}", by.selection.in_words().join(" and ")),
            "select more: docs/compliance.md lists what asks for each check",
        ));
    }
    let mut period = None;
    let listed = asked.attestations.as_deref().map(attestations::read);
    let listed = listed.transpose()?.unwrap_or_default();
    let mut not_judged = Vec::new();
    let assessments = match (asked.file.as_slice(), listed.as_slice()) {
        ([], []) => {
            let (assessment, told) = by.live(root, asked)?;
            period = told;
            vec![assessment]
        }
        ([file], []) => vec![by.file(file, asked)?],
        (files, listed) => {
            let files = files.iter().map(|file| (file, by.file(file, asked)));
            let listed = listed.iter().map(|one| {
                let parts = Parts::read(&one.file);
                (&one.file, parts.and_then(|parts| by.attested(one, &parts)))
            });
            let mut judged = Vec::new();
            for (file, result) in files.chain(listed) {
                match result {
                    Ok(assessment) => judged.push(assessment),
                    Err(failure) => not_judged.push(NotJudged::new(input::name(file), &failure)),
                }
            }
            judged
        }
    };
    Ok(Document {
        schema: document::SCHEMA,
        made_at: clock::now(),
        made_with: env!("CARGO_PKG_VERSION"),
        sources: Document::cited(&REGISTRY, &assessments),
        selection: by.selection,
        assessments,
        not_judged,
        period,
    })
}

/// The document in another form.
pub fn text(document: &Document, format: Format) -> Result<String> {
    match format {
        Format::Csv => Ok(csv::text(document)),
        Format::Html => Ok(html::text(document)),
        Format::Oscal => oscal::text(document),
    }
}

impl Asked {
    fn assess(&self, subject: &Subject, about: About) -> Assessment {
        Assessment::new(&REGISTRY, subject, &self.selection, &self.exceptions, about)
    }

    /// This machine, or the recording that stands in for it.
    fn live(&self, root: &Root, asked: &Compliance) -> Result<(Assessment, Option<Period>)> {
        let mut source = driver::open(root, Access::Read)?;
        let mut snapshot = Snapshot::read(source.as_ref())?;
        if asked.since.is_some() {
            snapshot = snapshot.of_machine("say how posture stood over a period")?;
        }
        let now = clocks(root);
        let (kind, rests_on) = match root.note() {
            None => ("machine", "what kernel and driver of the machine say"),
            Some(_) => ("recording", "a recording, which nobody has signed"),
        };
        let evidence = Evidence {
            kind,
            file: None,
            time: root.note().is_none().then(clock::now),
            read_at: snapshot.read_at(root),
            read_age_ms: snapshot.read_age_ms(root),
            rests_on: rests_on.into(),
            key_sha256: None,
        };
        let subject = Subject::new(root, Ok(&snapshot));
        let mut assessment = self.assess(&subject, about(root, Ok(&snapshot), evidence));
        let selection = &self.selection;
        assessment.modes = modes::all(
            &REGISTRY,
            root,
            source.as_ref(),
            &snapshot,
            &subject,
            selection,
        );
        let Some(since) = asked.since else {
            return Ok((assessment, None));
        };
        let files = journals(root, &asked.journal)?;
        let live = Live::read(root, source.as_mut(), &|| {})?;
        let naming = Naming::of(root, &snapshot);
        let span = Span {
            since,
            now,
            read_ns: snapshot.status.refreshed_ns,
            subject: &subject,
        };
        let period = period::since(&REGISTRY, selection, &span, files, &live, &naming);
        Ok((assessment, Some(period)))
    }

    /// A recording, a report or an attestation.
    fn file(&self, path: &Path, asked: &Compliance) -> Result<Assessment> {
        if path.is_dir() {
            return self.recorded(path, &Root::open(Some(path))?);
        }
        // Once: of a pipe there is nothing more to read.
        let bytes = input::read(path, FILE_MAX)?;
        if attestation::is_one(&bytes) {
            let (Some(key), Some(nonce)) = (&asked.key, &asked.nonce) else {
                return Err(Failure::new(
                    "attestation-needs-key",
                    format!("cannot judge {}", input::name(path)),
                    "an attestation is verified first, with the key of the machine and the nonce that was \
                     sent to it",
                    "add --key and --nonce, or name it in a list for --attestations",
                ));
            };
            let one = Attested {
                file: path.to_path_buf(),
                key: key.clone(),
                nonce: nonce.0.clone(),
                pcr: asked.pcr,
            };
            return self.attested(&one, &Parts::parse(path, &bytes)?);
        }
        self.recorded(path, &report::root_of(path, bytes)?)
    }

    fn recorded(&self, path: &Path, root: &Root) -> Result<Assessment> {
        let (kind, rests_on) = match report::of(root) {
            Some(_) => ("report", "a report, which nobody has signed"),
            None => ("recording", "a recording, which nobody has signed"),
        };
        // Without a driver nothing is proven of its controls; that is an answer too.
        let snapshot = Snapshot::take(root, false);
        let asked = snapshot.as_ref().ok();
        let evidence = Evidence {
            kind,
            file: Some(input::name(path)),
            time: None,
            read_at: None,
            read_age_ms: asked.and_then(|snapshot| snapshot.read_age_ms(root)),
            rests_on: rests_on.into(),
            key_sha256: None,
        };
        let known = || snapshot.as_ref().map_err(|failure| failure.what.clone());
        let about = about(root, known(), evidence);
        Ok(self.assess(&Subject::new(root, known()), about))
    }

    /// What a machine says of itself, once its TPM's signature holds.
    fn attested(&self, one: &Attested, parts: &Parts) -> Result<Assessment> {
        let asked = AttestVerify {
            file: one.file.clone(),
            key: one.key.clone(),
            nonce: Nonce(one.nonce.clone()),
            pcr: one.pcr,
            journal: Vec::new(),
        };
        let verified = attest_verify::of(parts, &asked)?;
        // What the journal lacks is a finding of its checks; all else has to hold first.
        let mut others = verified.checks.iter().filter(|check| check.id != "journal");
        let wrong = others.find_map(|check| check.failure.clone());
        let Some(state) = verified.state.as_ref().filter(|_| wrong.is_none()) else {
            return Err(wrong.or(verified.error).unwrap_or_else(not_signed));
        };
        let held = checks_hold(&verified, "journal");
        let records = verified.loads.last().map_or(0, |load| load.last);
        let journal = facts::of_attested_journal(records, held, verified.since_boot);
        let evidence = Evidence {
            kind: "attestation",
            file: Some(input::name(&one.file)),
            time: Some(state.time.clone()),
            read_at: state.read_at.clone(),
            read_age_ms: None,
            rests_on: "the machine's own words, signed by its TPM and verified with its key".into(),
            key_sha256: Some(verified.key_sha256.clone()),
        };
        let about = About {
            from: Provenance {
                recording: None,
                simulated: Some(state.simulated),
                // In a training there is no quote.
                training: Some(false),
                simulated_because: state.simulated_because.clone(),
            },
            evidence,
            machine: state.machine.clone(),
            service_tag_hash: state.service_tag_hash.clone(),
        };
        Ok(self.assess(&Subject::attested(state, journal), about))
    }
}

/// Both clocks of this machine; `None` where a recording stands in for it.
fn clocks(root: &Root) -> Option<Clocks> {
    let boot_ns = root.boottime_ns().filter(|_| root.note().is_none())?;
    Some(Clocks {
        wall_ns: clock::wall_ns(),
        boot_ns,
    })
}

/// Which machine it is, by its driver, or else by DMI.
fn about(root: &Root, asked: std::result::Result<&Snapshot, String>, evidence: Evidence) -> About {
    let dmi = |name| system::dmi(root, name).unwrap_or_default();
    let (from, machine) = match asked {
        Ok(snapshot) => (snapshot.provenance(root), snapshot.machine()),
        Err(_) => (
            Provenance::of_dmi(root),
            Machine {
                vendor: dmi("sys_vendor"),
                product: dmi("product_name"),
                bios_version: dmi("bios_version"),
                simulated_because: None,
            },
        ),
    };
    About {
        from,
        evidence,
        machine,
        service_tag_hash: Identity::of(root).service_tag_hash,
    }
}

/// The saved journals that were named, or the one that is kept.
fn journals(root: &Root, named: &[PathBuf]) -> Result<Vec<Saved>> {
    match named {
        [] => file::kept(root),
        named => named.iter().map(|path| file::read(path)).collect(),
    }
}

fn checks_hold(verified: &attest_verify::AttestVerifyDoc, id: &str) -> bool {
    verified
        .checks
        .iter()
        .any(|check| check.id == id && check.holds())
}

fn not_signed() -> Failure {
    Failure::new(
        "attest-signature",
        "the attestation does not hold",
        "its state is not among what was signed",
        "ask the machine again, with a new nonce",
    )
}
