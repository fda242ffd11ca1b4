// SPDX-License-Identifier: GPL-2.0

//! `milspecctl mode list`

use super::Head;
use milspec::change::Plan;
use milspec::cli::ModeList;
use milspec::compliance::modes::{self, InMode};
use milspec::compliance::{Selection, Subject, REGISTRY};
use milspec::model::{
    mode_summary, mode_word, modes as all_modes, name_of, outcome_word, reason_word, Line, Reach,
    Standing, Step, Word,
};
use milspec::{diagnose, driver, Access, Change, Result, Root, Snapshot, Source, Warning};
use milspec_uapi::{APPLY_LINES, MODE_PARANOID_PLUS, OUTCOME_PLANNED};
use nix::errno::Errno;
use serde::Serialize;

/// `milspec.mode-list/1`
#[derive(Debug, Serialize)]
pub struct ModeListDoc {
    /// What it is about.
    #[serde(flatten)]
    pub head: Head,
    /// The mode that the machine is in.
    pub mode: Standing,
    /// The modes that were asked for.
    pub modes: Vec<ModeEntry>,
    /// What needs attention.
    pub warnings: Vec<Warning>,
    /// Whether people are to see the steps.
    #[serde(skip)]
    pub with_steps: bool,
}

/// One mode.
#[derive(Debug, Serialize)]
pub struct ModeEntry {
    /// Its name.
    pub name: Word,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Whether it cannot be left before the next boot.
    pub latches: bool,
    /// How far it reaches on this machine.
    pub reach: Reach,
    /// `planned`, or `refused` where it cannot be set now.
    pub outcome: Word,
    /// Why it would be refused.
    pub reason: Option<Word>,
    /// The control that this is about.
    pub control: Option<String>,
    /// What setting it would change.
    pub steps: Vec<Step>,
    /// All that it asks of this machine; null where the driver cannot say it: of a recorded baseline,
    /// and in a recording that has no answer to that.
    pub lines: Option<Vec<Line>>,
    /// What it would do for the framework that was asked for; null where none was, or where the mode
    /// cannot be set now.
    pub compliance: Option<InMode>,
}

/// Fetches the document.
pub fn run(root: &Root, list: &ModeList, verbose: bool) -> Result<ModeListDoc> {
    let source = driver::open(root, Access::Read)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let only = list.mode.map(|mode| mode as u8);
    let mut warnings = Vec::new();
    let selection = list.framework.clone().map(|framework| Selection {
        framework: Some(framework),
        ..Selection::default()
    });
    let asked = selection.map(|selection| (Subject::new(root, Ok(&snapshot)), selection));
    let modes: Result<Vec<ModeEntry>> = all_modes()
        .filter(|number| only.is_none_or(|only| only == *number))
        .map(|number| {
            entry(
                root,
                source.as_ref(),
                &snapshot,
                number,
                asked.as_ref(),
                &mut warnings,
            )
        })
        .collect();
    Ok(ModeListDoc {
        head: Head::new("milspec.mode-list/1", root, &snapshot),
        mode: Standing::new(&snapshot.status, &snapshot.controls),
        modes: modes?,
        warnings,
        with_steps: verbose || only.is_some(),
    })
}

fn entry(
    root: &Root,
    source: &dyn Source,
    snapshot: &Snapshot,
    number: u8,
    asked: Option<&(Subject, Selection)>,
    warnings: &mut Vec<Warning>,
) -> Result<ModeEntry> {
    let name = mode_word(number);
    let mode = Change::of_mode(number, &[])?;
    // Without the record there is still what the driver remembers.
    let change = mode
        .clone()
        .with_record(root, snapshot)
        .unwrap_or_else(|failure| {
            warnings.push(Warning::new(
                "record-unreadable",
                failure.to_string(),
                "run it as root to see what was before; \"milspecctl doctor\" tells more",
            ));
            mode
        });
    // A plan confirms nothing: of a mode that latches, it shows the steps.
    let Plan {
        mut request,
        answer,
        ..
    } = change.plan(root, source, snapshot)?;
    request.options |= APPLY_LINES;
    let lines = match request.targets.is_empty().then(|| source.plan(&request)) {
        // A recording may have the plan only.
        None | Some(Err(Errno::EOPNOTSUPP)) => None,
        Some(lines) => Some(lines.map_err(|e| diagnose::plan(&format!("mode {name}"), e))?),
    };
    let apply = &answer.apply;
    let steps = Step::all(&answer.steps, &snapshot.controls);
    let planned = apply.outcome == OUTCOME_PLANNED;
    let compliance = asked.filter(|_| planned).map(|(subject, selection)| {
        modes::after(&REGISTRY, number, steps.clone(), subject, selection)
    });
    Ok(ModeEntry {
        name,
        summary: mode_summary(number),
        latches: number == MODE_PARANOID_PLUS,
        reach: Reach::of_plan(apply),
        outcome: outcome_word(apply.outcome),
        reason: reason_word(apply.reason),
        control: (apply.control != 0).then(|| name_of(apply.control, &snapshot.controls)),
        steps,
        compliance,
        lines: lines.map(|lines| Line::all(&lines.steps, &snapshot.controls)),
    })
}
