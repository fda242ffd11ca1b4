// SPDX-License-Identifier: GPL-2.0

//! Why a change was refused or failed, and what to do about it.

use crate::failure::{case, errno_name, Exit, Failure, Result};
use crate::model::{name_of, reason_word, Control, Step};
use crate::root::Root;
use crate::snapshot::Snapshot;
use crate::source::Answer;
use crate::{catalogue, system};
use glob::Pattern;
use milspec_uapi as uapi;
use nix::errno::Errno;

/// What went wrong with an answer; `None` where nothing did. `change` is what was asked for, in words.
pub fn failure(
    root: &Root,
    snapshot: &Snapshot,
    change: &str,
    answer: &Answer,
    steps: &[Step],
) -> Option<Failure> {
    match answer.apply.outcome {
        uapi::OUTCOME_PLANNED | uapi::OUTCOME_DONE => None,
        uapi::OUTCOME_REFUSED => Some(refused(root, snapshot, change, answer)),
        uapi::OUTCOME_UNDONE => Some(undone(snapshot, change, answer, steps)),
        uapi::OUTCOME_DEGRADED => Some(degraded(snapshot, change, answer, steps)),
        uapi::OUTCOME_CONFLICT => Some(conflict(snapshot, change, answer, steps)),
        other => Some(
            Failure::new(
                "apply-failed",
                format!("cannot tell what became of setting {change}"),
                format!("the driver gave outcome {other}, which milspecctl does not know"),
                "run \"milspecctl status\"; update milspecctl",
            )
            .with(answer.errno),
        ),
    }
}

fn refused(root: &Root, snapshot: &Snapshot, change: &str, answer: &Answer) -> Failure {
    let apply = &answer.apply;
    let control = name_of(apply.control, &snapshot.controls);
    let needs = name_of(apply.needs, &snapshot.controls);
    let (or, instead) = match apply.mode {
        uapi::MODE_NONE => {
            let instead = format!("leave {control} out");
            (format!(", or {instead}"), instead)
        }
        _ => {
            let instead = format!("\"milspecctl control show {control}\" tells more");
            (String::new(), instead)
        }
    };
    // Then restricted controls stay as they are, whatever the module allows.
    let lockdown = system::lockdown(root).filter(|level| level != "none");
    let word = reason_word(apply.reason).unwrap_or_default();
    let [code, why, next] = match (apply.reason, &lockdown) {
        (uapi::REASON_RESTRICTED, Some(_)) => case("refused", "locked-down"),
        _ => case("refused", &word),
    };
    let filled = |text: &str| {
        text.replace("{or}", &or)
            .replace("{instead}", &instead)
            .replace("{control}", &control)
            .replace("{needs}", &needs)
            .replace("{lockdown}", lockdown.as_deref().unwrap_or_default())
            .replace("{reason}", &word.replace('-', " "))
    };
    let what = format!("refused to set {change}");
    Failure::new(code, what, filled(why), filled(next))
}

/// The latch was not accepted.
pub fn latch_not_accepted(why: &str) -> Failure {
    Failure::new(
        "refused-unconfirmed",
        "refused to set mode paranoid-plus",
        why,
        case("refused", "unconfirmed")[2],
    )
}

/// What latches cannot be undone, be it confirmed or not.
pub fn latch_cannot_be_undone() -> Failure {
    Failure::new(
        "refused-latch",
        "refused to set mode paranoid-plus with --confirm-within",
        "it latches until the next boot: without a confirmation it would stay",
        "try mode paranoid that way first, or leave out --confirm-within",
    )
}

/// A deadline that outlives this process, and a password that must not.
pub fn password_not_on_disk(change: &str) -> Failure {
    Failure::new(
        "refused-password",
        format!("refused to set {change} with --confirm-within"),
        "undoing it after a reboot takes the BIOS administrator password, which must not lie \
         on disk",
        "leave out --confirm-within, and make sure that somebody can get to the machine",
    )
}

/// What asks for a password cannot be had with such a deadline.
pub fn key_would_be_needed(failure: &mut Failure, change: &str) {
    if failure.code == "password-needed" {
        *failure = password_not_on_disk(change);
    }
}

/// Which step failed, for people: `step 2 of 5, camera to disabled,`.
fn which(snapshot: &Snapshot, answer: &Answer, steps: &[Step]) -> String {
    let control = name_of(answer.apply.control, &snapshot.controls);
    match steps.iter().position(|step| step.control == control) {
        Some(at) => format!(
            "step {} of {}, {control} to {},",
            at + 1,
            steps.len(),
            steps.get(at).map_or("", |step| step.to.as_str())
        ),
        None => "a step".into(),
    }
}

fn errno_of(answer: &Answer) -> Errno {
    i32::try_from(answer.apply.error).map_or(Errno::UnknownErrno, Errno::from_raw)
}

/// Why the first step failed.
fn why(snapshot: &Snapshot, answer: &Answer, steps: &[Step]) -> String {
    let which = which(snapshot, answer, steps);
    let [_, why, _] = case("step", &errno_name(errno_of(answer) as i32));
    why.replace("{step}", &which)
        .replace("{at}", which.trim_end_matches(','))
}

fn undone(snapshot: &Snapshot, change: &str, answer: &Answer, steps: &[Step]) -> Failure {
    let what = format!("{change} failed and was undone");
    Failure {
        why: why(snapshot, answer, steps),
        ..Failure::of("step", what, errno_of(answer))
    }
}

/// What asks for a password asks in vain when there was one.
pub fn key_was_given(failure: &mut Failure) {
    if failure.code == "password-needed" {
        failure.code = "password-rejected";
        failure.why = "the firmware gave a key for the password, and now rejects that key".into();
        failure.next = "change the settings in the BIOS setup, or look for a BIOS update".into();
    }
}

fn degraded(snapshot: &Snapshot, change: &str, answer: &Answer, steps: &[Step]) -> Failure {
    let stuck: Vec<&str> = steps
        .iter()
        .filter(|step| step.state == "degraded")
        .map(|step| step.control.as_str())
        .collect();
    Failure::new(
        "degraded",
        format!("{change} failed and was not all undone"),
        format!(
            "{}; not put back: {}",
            why(snapshot, answer, steps),
            stuck.join(", ")
        ),
        "run it again, or set the mode of before: either puts them right",
    )
    .with(errno_of(answer))
}

/// Somebody else was at it at the same time.
fn conflict(snapshot: &Snapshot, change: &str, answer: &Answer, steps: &[Step]) -> Failure {
    let control = name_of(answer.apply.control, &snapshot.controls);
    let mut moved = steps.iter().filter(|step| step.state == "moved");
    let is = moved
        .find(|step| step.control == control)
        .and_then(|step| step.now.as_ref())
        .map_or_else(String::new, |now| format!(" to {now}"));
    Failure::new(
        "conflict",
        format!("{change} met a change by something else"),
        format!(
            "something else changed {control}{is} meanwhile; that stays, and all else is as it was"
        ),
        "find out what did, then run it again: it is planned anew",
    )
    .with(answer.errno)
}

/// What is asked for is about the machine, and what the driver says is of the copy of a training.
pub fn in_training(what: &str) -> Failure {
    Failure::new(
        "training",
        format!("cannot {what} during a training"),
        "what the driver says and does now is of a copy, and not of the machine",
        "run it when the training has ended: \"milspecctl training stop\" as root",
    )
}

/// What is asked for is about a training, and there is none.
pub fn no_training() -> Failure {
    Failure::new(
        "no-training",
        "cannot change the copy of a training",
        "there is no training",
        "begin one: \"milspecctl training start\" as root",
    )
}

/// The training that a change was meant for has ended.
pub fn training_ended(change: &str) -> Failure {
    Failure::new(
        "training-ended",
        format!("cannot set {change}"),
        "it was meant for the training, which has ended meanwhile: nothing was done",
        "see \"milspecctl status\"; changes of the machine need root",
    )
    .with(Errno::ENODEV)
}

/// The control with this name.
pub fn find<'a>(name: &str, controls: &'a [Control]) -> Result<&'a Control> {
    Control::named(controls, name).ok_or_else(|| no_such_control(name, controls))
}

/// The controls with these names, or whose names fit patterns such as `usb-*`: each once, in the
/// order in which they are asked for.
pub fn find_all<'a>(names: &[String], controls: &'a [Control]) -> Result<Vec<&'a Control>> {
    let mut all: Vec<&Control> = Vec::new();
    for name in names {
        let found = match Pattern::new(name) {
            Ok(pattern) if name.contains(['*', '?', '[']) => {
                let fits = controls.iter().filter(|c| pattern.matches(&c.name));
                fits.collect()
            }
            _ => vec![find(name, controls)?],
        };
        if found.is_empty() {
            return Err(no_such_control(name, controls));
        }
        let known = |control: &&Control| all.iter().any(|other| other.id == control.id);
        let new: Vec<&Control> = found.into_iter().filter(|c| !known(c)).collect();
        all.extend(new);
    }
    Ok(all)
}

fn no_such_control(name: &str, controls: &[Control]) -> Failure {
    let known = catalogue::knows(name);
    let here = controls.iter().map(|control| control.name.as_str());
    let here = near(name, here);
    let near = match here.is_empty() {
        true => near(name, catalogue::names()),
        false => here,
    };
    let next = if known || near.is_empty() {
        "\"milspecctl control list\" shows all names".to_string()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    let (exit, why) = match known {
        true => (
            Exit::Unsupported,
            "other machines have it, and the firmware of this one does not offer it".into(),
        ),
        false => (
            Exit::Failed,
            format!("none of its {} controls has this name", controls.len()),
        ),
    };
    Failure::new(
        "no-such-control",
        format!("there is no control \"{name}\" on this machine"),
        why,
        next,
    )
    .exits(exit)
}

/// The control has no value with this name.
pub fn no_such_value(control: &Control, value: &str) -> Failure {
    let names: Vec<&str> = control.values.iter().map(|v| v.name.as_str()).collect();
    Failure::new(
        "no-such-value",
        format!("{} has no value \"{value}\"", control.name),
        format!("its values are {}", names.join(", ")),
        "name one of them",
    )
}

/// At most three names that could have been meant, the nearest first.
pub fn near<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|name| {
            let have = name.to_lowercase();
            let distance = strsim::damerau_levenshtein(&wanted, &have);
            let part = wanted.len() >= 3 && (have.contains(&wanted) || wanted.contains(&have));
            (distance <= 1 + wanted.len() / 4 || part).then_some((distance, name))
        })
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.truncate(3);
    near.into_iter().map(|(_, name)| name).collect()
}
