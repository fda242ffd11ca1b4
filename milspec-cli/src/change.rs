// SPDX-License-Identifier: GPL-2.0

//! From a wish to its outcome: plan, warn, ask, apply. The driver decides; what is decided here is
//! only whether the person still wants it.

use crate::bios_password;
use crate::cli::Assignment;
use crate::cmd::apply::ApplyDoc;
use crate::diagnose;
use crate::facts;
use crate::failure::{Exit, Failure, Result};
use crate::interrupt;
use crate::model::{mode_word, Control, Step};
use crate::refusal;
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::source::{self, Access, Answer, Request, Source};
use crate::ui::Ui;
use crate::warning;
use milspec_uapi::{
    Target, APPLY_CONFIRM_LATCH, MODE_NONE, MODE_PARANOID_PLUS, OUTCOME_PLANNED, OUTCOME_REFUSED,
    OUTCOME_UNDONE, STATUS_LATCHED,
};
use nix::errno::Errno;

/// What somebody wants.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// `MODE_` number.
    pub mode: u8,
    /// Controls and their values.
    pub assignments: Vec<Assignment>,
    /// Whether it is accepted that the mode latches.
    pub accept_latch: bool,
    /// File descriptor with the BIOS administrator password.
    pub password_fd: Option<u16>,
}

impl Wish {
    /// In a few words, after "set".
    pub fn in_words(&self) -> String {
        match (self.mode, self.assignments.as_slice()) {
            (MODE_NONE, [one]) => format!("{}={}", one.name, one.value),
            (MODE_NONE, several) => format!("{} controls", several.len()),
            (mode, _) => format!("mode {}", mode_word(mode)),
        }
    }

    /// The request for a plan. A plan confirms nothing, so that of a mode that latches may as well
    /// show its steps.
    fn request(&self, controls: &[Control]) -> Result<Request> {
        let targets: Result<Vec<Target>> = self
            .assignments
            .iter()
            .map(|assignment| target(assignment, controls))
            .collect();
        Ok(Request {
            mode: self.mode,
            targets: targets?,
            options: if self.mode == MODE_PARANOID_PLUS {
                APPLY_CONFIRM_LATCH
            } else {
                0
            },
            ..Request::default()
        })
    }
}

fn target(assignment: &Assignment, controls: &[Control]) -> Result<Target> {
    let control = refusal::find(&assignment.name, controls)?;
    let value = control.value_index(&assignment.value);
    Ok(Target {
        control: control.id,
        value: value.ok_or_else(|| refusal::no_such_value(control, &assignment.value))?,
        ..Target::default()
    })
}

/// What would be done. Writes nothing and makes no firmware call.
pub fn plan(root: &Root, wish: &Wish) -> Result<ApplyDoc> {
    let source = source::open(root, Access::Read)?;
    let snapshot = Snapshot::read_with_modes(source.as_ref())?;
    let answer = ask_plan(source.as_ref(), &wish.request(&snapshot.controls)?, wish)?;
    let steps = Step::all(&answer.steps, &snapshot.controls);
    let mut document = ApplyDoc::new("milspec.plan/1", root, &snapshot, wish, &answer);
    document.warnings = warning::before(&steps, std::env::var_os("SSH_CONNECTION").as_deref());
    Ok(document)
}

fn ask_plan(source: &dyn Source, request: &Request, wish: &Wish) -> Result<Answer> {
    source
        .plan(request)
        .map_err(|errno| diagnose::plan(&wish.in_words(), errno))
}

/// Does it.
pub fn apply(root: &Root, ui: &Ui, wish: &Wish) -> Result<ApplyDoc> {
    let mut source = source::open(root, Access::Change)?;
    let snapshot = Snapshot::read_with_modes(source.as_ref())?;
    let mut request = wish.request(&snapshot.controls)?;
    let planned = ask_plan(source.as_ref(), &request, wish)?;
    let document =
        |answer: &Answer| ApplyDoc::new("milspec.apply/1", root, &snapshot, wish, answer);
    if planned.apply.outcome != OUTCOME_PLANNED {
        return Ok(document(&planned));
    }
    let steps = Step::all(&planned.steps, &snapshot.controls);
    let mut warnings = warning::before(&steps, std::env::var_os("SSH_CONNECTION").as_deref());
    ui.warn(&warnings);
    interrupt::catch().map_err(|errno| diagnose::apply(cannot(wish), errno))?;
    let latched = snapshot.status.properties & STATUS_LATCHED != 0;
    if wish.mode == MODE_PARANOID_PLUS && !latched && !wish.accept_latch {
        confirm_latch(root, ui)?;
    }
    if let Some(number) = wish.password_fd {
        // Without a step that the firmware could want it for, no try is spent.
        if steps.iter().any(|step| step.family == "platform") {
            request.security_key =
                bios_password::key(root, &bios_password::from_descriptor(number)?)?;
        }
    }
    request.generation = planned.apply.generation;
    let name = |number: u32| {
        let at = usize::try_from(number).unwrap_or(0).saturating_sub(1);
        steps
            .get(at)
            .map_or_else(String::new, |step| format!("{} {}", step.control, step.to))
    };
    let mut carry_out = |request: &mut Request| {
        let dressed = &mut |work: Work<'_>| ui.during(root, &name, work);
        carry_out(source.as_mut(), request, &planned, wish, dressed)
    };
    let mut answer = carry_out(&mut request)?;
    let wants_key =
        answer.apply.outcome == OUTCOME_UNDONE && answer.apply.error == Errno::EKEYREJECTED as u32;
    if wants_key && wish.password_fd.is_none() && ui.can_ask() {
        request.security_key = bios_password::key(root, &bios_password::from_terminal(ui)?)?;
        request.generation = answer.apply.generation;
        answer = carry_out(&mut request)?;
    }
    // What waits for the next boot is told by the controls, afterwards. When they cannot be read
    // any more, what became of the change must be told all the same.
    if answer.apply.outcome != OUTCOME_REFUSED {
        if let Ok(now) = Snapshot::read(source.as_ref()) {
            warnings.extend(warning::after(&now.controls));
        }
    }
    let mut document = document(&answer);
    document.warnings = warnings;
    if *request.security_key != 0 {
        if let Some(failure) = document.error.as_mut() {
            refusal::key_was_given(failure);
        }
    }
    Ok(document)
}

/// The request, as a closure that the caller may dress up.
type Work<'a> = &'a mut dyn FnMut() -> nix::Result<Answer>;

/// Applies what was planned. If the machine has moved on meanwhile, plans again once, and goes on
/// only if that makes no difference to what was decided.
fn carry_out(
    source: &mut dyn Source,
    request: &mut Request,
    planned: &Answer,
    wish: &Wish,
    dressed: &mut dyn FnMut(Work<'_>) -> nix::Result<nix::Result<Answer>>,
) -> Result<Answer> {
    for last in [false, true] {
        if interrupt::arrived() {
            return Err(diagnose::apply(cannot(wish), Errno::EINTR));
        }
        let result = dressed(&mut || source.apply(request));
        match result.and_then(|result| result) {
            Err(Errno::EAGAIN) if !last => {
                request.generation = 0;
                let again = ask_plan(source, request, wish)?;
                let same = again.apply.outcome == OUTCOME_PLANNED && again.steps == planned.steps;
                if !same {
                    return Err(machine_changed(wish));
                }
                request.generation = again.apply.generation;
            }
            Err(Errno::EAGAIN) => return Err(machine_changed(wish)),
            result => return result.map_err(|errno| diagnose::apply(cannot(wish), errno)),
        }
    }
    Err(machine_changed(wish))
}

fn cannot(wish: &Wish) -> String {
    format!("cannot set {}", wish.in_words())
}

fn machine_changed(wish: &Wish) -> Failure {
    Failure {
        code: "machine-changed",
        exit: Exit::Failed,
        errno: Some(Errno::EAGAIN),
        what: cannot(wish),
        why: "the machine changed meanwhile: the plan is no longer the one decided on".into(),
        next: "look at the plan again with --dry-run, then run it again".into(),
    }
}

/// What a latch means, and whether that is wanted.
fn confirm_latch(root: &Root, ui: &Ui) -> Result<()> {
    if !ui.can_ask() {
        return Err(refusal::latch_not_accepted(
            "it latches until the next boot, and there is nobody to ask",
        ));
    }
    let preface = "Mode paranoid-plus latches. Before the next boot\n\
                   - no other mode can be set, and no control can be set to another value;\n\
                   - the module cannot be unloaded.\n\
                   Nothing but a reboot undoes this.\n";
    let tag = facts::dmi(root, "product_serial").and_then(|tag| {
        let start = tag.char_indices().rev().nth(3).map(|(at, _)| at)?;
        tag.get(start..).map(str::to_string)
    });
    let (question, wanted) = match tag {
        Some(tag) => (
            "To accept that, type the last four characters of the service tag:",
            tag,
        ),
        None => (
            "To accept that, type the name of the mode:",
            mode_word(MODE_PARANOID_PLUS).to_string(),
        ),
    };
    if ui.ask(preface, question)?.eq_ignore_ascii_case(&wanted) {
        Ok(())
    } else {
        Err(refusal::latch_not_accepted("the answer was another one"))
    }
}
