// SPDX-License-Identifier: GPL-2.0

//! Why a change was refused or failed, and what to do about it.

use crate::failure::{Exit, Failure, Result};
use crate::model::{name_of, Control, Step};
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
    // A list can do without a control. A mode cannot.
    let or_without = |first: &str| match (apply.mode, first) {
        (uapi::MODE_NONE, "") => format!("leave {control} out"),
        (uapi::MODE_NONE, first) => format!("{first}, or leave {control} out"),
        (_, "") => format!("\"milspecctl control show {control}\" tells more"),
        (_, first) => first.to_string(),
    };
    let (code, why, next) = match apply.reason {
        uapi::REASON_NO_CONTROL => (
            "refused-no-control",
            format!("{control} is not there any more"),
            "\"milspecctl control list\" shows what is there".to_string(),
        ),
        uapi::REASON_NO_VALUE => (
            "refused-no-value",
            format!("{control} has no such value on this machine"),
            format!("\"milspecctl control show {control}\" shows its values"),
        ),
        uapi::REASON_TWICE => (
            "refused-twice",
            format!("{control} is named more than once"),
            "name each control once".into(),
        ),
        uapi::REASON_QUARANTINED => (
            "refused-quarantined",
            format!("{control} is quarantined: it is never changed, by no path"),
            format!("{}; no option lifts this", or_without("")),
        ),
        uapi::REASON_READ_ONLY => (
            "refused-read-only",
            format!("{control} cannot be changed on this machine"),
            or_without(""),
        ),
        uapi::REASON_RESTRICTED => {
            let (why, next) = match locked_down(root) {
                Some(level) => (
                    format!("{control} is restricted, and the kernel is locked down ({level})"),
                    or_without("boot without lockdown"),
                ),
                None => (
                    format!("{control} is restricted, and the module does not allow that class"),
                    "read up on the risk, then reload the module with allow_restricted=1".into(),
                ),
            };
            ("refused-restricted", why, next)
        }
        uapi::REASON_DENIED => (
            "refused-denied",
            format!("this model is known not to survive a change of {control}"),
            format!("{}; no option lifts this", or_without("")),
        ),
        uapi::REASON_UNREADABLE => (
            "refused-unreadable",
            format!("{control} could not be read: there would be no way back"),
            format!("\"milspecctl control show {control} --refresh\" reads it again"),
        ),
        uapi::REASON_DEPENDENCY => (
            "refused-dependency",
            format!("{control} needs {needs} to be active, which it would not be"),
            or_without(&format!("set {needs}=active too")),
        ),
        uapi::REASON_NEEDED => (
            "refused-needed",
            format!("{needs} depends on {control} and would stay active"),
            or_without(&format!("set {needs}=inactive too")),
        ),
        uapi::REASON_CYCLE => (
            "refused-cycle",
            format!("what {control} depends on leads back to {control} itself"),
            "this is a fault of the firmware: look for a BIOS update".into(),
        ),
        uapi::REASON_LATCHED => (
            "refused-latched",
            "the machine is latched in mode paranoid-plus until the next boot".into(),
            "reboot, then run it again".into(),
        ),
        uapi::REASON_UNCONFIRMED => (
            "refused-unconfirmed",
            "mode paranoid-plus latches until the next boot; nobody accepted that".into(),
            ACCEPT.into(),
        ),
        uapi::REASON_NO_TPM => (
            "refused-no-tpm",
            "the TPM cannot be read, and the module was loaded with require_tpm=1".into(),
            "see \"dmesg | grep -i tpm\", or reload the module without require_tpm".into(),
        ),
        uapi::REASON_UNKNOWN => (
            "refused-unknown",
            format!("the present value of {control} is none that could be put back"),
            or_without("set it once in the BIOS setup"),
        ),
        other => (
            "refused",
            format!("the driver gave reason {other}, which milspecctl does not know"),
            "update milspecctl to the version of the driver".into(),
        ),
    };
    Failure::new(code, format!("refused to set {change}"), why, next)
}

/// How far the kernel is locked down, if it is: then restricted controls stay as they are, whatever
/// the module allows.
fn locked_down(root: &Root) -> Option<String> {
    system::lockdown(root).filter(|level| level != "none")
}

const ACCEPT: &str =
    "run it on a terminal to be asked, or add --accept-latch; a file says accept-latch = true";

/// The latch was not accepted.
pub fn latch_not_accepted(why: &str) -> Failure {
    Failure::new(
        "refused-unconfirmed",
        "refused to set mode paranoid-plus",
        why,
        ACCEPT,
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
    match errno_of(answer) {
        Errno::EKEYREJECTED => {
            format!("{which} needs the BIOS administrator password")
        }
        Errno::EINTR => format!("a signal stopped it at {}", which.trim_end_matches(',')),
        Errno::EREMOTEIO => format!("{which} was accepted by the firmware and not done"),
        _ => format!("{which} failed"),
    }
}

fn undone(snapshot: &Snapshot, change: &str, answer: &Answer, steps: &[Step]) -> Failure {
    let errno = errno_of(answer);
    let (code, next) = match errno {
        Errno::EKEYREJECTED => (
            "password-needed",
            "run it on a terminal to be asked, or add --bios-password-fd",
        ),
        Errno::EINTR => ("interrupted", "run it again"),
        _ => (
            "undone",
            "see \"dmesg | grep milspec\"; once the cause is gone, run it again",
        ),
    };
    Failure::new(
        code,
        format!("{change} failed and was undone"),
        why(snapshot, answer, steps),
        next,
    )
    .with(errno)
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
