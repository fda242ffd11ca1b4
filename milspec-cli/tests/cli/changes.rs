// SPDX-License-Identifier: GPL-2.0

//! `milspecctl mode set` and `control set`: every outcome, and every reason for a refusal.

use crate::answers::*;
use crate::assert_shows;
use crate::machines::*;
use crate::run::{command, document, finish, json, on, Output};
use crate::tree::Tree;
use milspec_uapi as uapi;
use milspec_uapi::{Apply, Step, Target};
use nix::errno::Errno;
use zerocopy::FromZeros;

/// The mode that most tests set.
pub const MODE: u8 = uapi::MODE_PARANOID;

/// A rugged machine that plans three steps for paranoid.
pub fn ready(name: &str) -> Tree {
    let planned = answered(MODE, uapi::OUTCOME_PLANNED, &steps());
    rugged(name).answer("plan-paranoid", &planned, &steps())
}

/// [`ready`], and the apply ends like this.
fn ends(name: &str, apply: &Apply, steps: &[Step]) -> Tree {
    ready(name).answer("apply-paranoid", apply, steps)
}

/// [`ready`], and the apply succeeds.
pub fn succeeds(name: &str) -> Tree {
    let done = all_in(uapi::STEP_DONE, &steps());
    ends(name, &answered(MODE, uapi::OUTCOME_DONE, &done), &done)
}

/// An apply whose second step failed.
fn failed(outcome: u8, errno: Errno, states: [u8; 3]) -> (Apply, Vec<Step>) {
    let mut steps = steps();
    for (step, state) in steps.iter_mut().zip(states) {
        step.state = state;
    }
    steps[1].error = errno as u32;
    let mut apply = answered(MODE, outcome, &steps);
    apply.control = steps[1].control;
    apply.error = errno as u32;
    apply.firmware_calls = 5;
    (apply, steps)
}

/// An apply that is undone for this errno.
pub fn undone(name: &str, errno: Errno) -> Tree {
    let states = [uapi::STEP_UNDONE, uapi::STEP_FAILED, uapi::STEP_PLANNED];
    let (apply, steps) = failed(uapi::OUTCOME_UNDONE, errno, states);
    ends(name, &apply, &steps)
}

/// An apply that could not be undone.
pub fn degraded(name: &str) -> Tree {
    let states = [uapi::STEP_DEGRADED, uapi::STEP_FAILED, uapi::STEP_PLANNED];
    let (apply, mut steps) = failed(uapi::OUTCOME_DEGRADED, Errno::EIO, states);
    steps[0].error = Errno::ETIMEDOUT as u32;
    ends(name, &apply, &steps)
}

/// An apply that something else interferes with.
pub fn conflict(name: &str) -> Tree {
    let states = [uapi::STEP_UNDONE, uapi::STEP_MOVED, uapi::STEP_PLANNED];
    let (mut apply, mut steps) = failed(uapi::OUTCOME_CONFLICT, Errno::EBUSY, states);
    (apply.error, steps[1].error) = (0, 0);
    steps[1].now = steps[1].to;
    ends(name, &apply, &steps)
}

/// Sets it.
pub const SET: [&str; 3] = ["mode", "set", "paranoid"];

/// What came out, for a snapshot.
pub fn shown(title: &str, output: &Output) -> String {
    for line in output.stdout.lines().chain(output.stderr.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    format!(
        "# {title}: exit {}\n{}--- standard error\n{}\n",
        output.status, output.stdout, output.stderr
    )
}

/// Promise: every outcome says what became of each step, has its own exit status, and is a document
/// of the same form.
#[test]
fn outcomes() {
    let mut text = String::new();
    let mut add = |title: &str, tree: &Tree, exit: i32, outcome: &str, code: Option<&str>| {
        let output = on(tree, &SET);
        assert_eq!(output.status, exit, "{title}");
        text.push_str(&shown(title, &output));
        let (status, document) = json(tree, &SET);
        assert_eq!(status, exit, "{title}");
        assert_eq!(document["schema"], "milspec.apply/1");
        assert_eq!(document["outcome"], outcome);
        match code {
            Some(code) => {
                assert_eq!(document["error"]["code"], code);
                assert_eq!(document["error"]["exit"], exit);
            }
            None => assert!(document["error"].is_null()),
        }
    };
    add("done", &succeeds("set-done"), 0, "done", None);

    let nothing = rugged("set-nothing")
        .answer(
            "plan-paranoid",
            &answered(MODE, uapi::OUTCOME_PLANNED, &[]),
            &[],
        )
        .answer(
            "apply-paranoid",
            &answered(MODE, uapi::OUTCOME_DONE, &[]),
            &[],
        );
    add("nothing to do", &nothing, 0, "done", None);

    let controls = marked_controls();
    let pending = succeeds("set-pending").applied(&marked_status(&controls), &controls);
    add("pending reboot", &pending, 0, "done", None);

    for (title, errno, code) in [
        ("undone", Errno::EIO, "undone"),
        ("not kept", Errno::EREMOTEIO, "undone"),
        ("signal", Errno::EINTR, "interrupted"),
        ("password", Errno::EKEYREJECTED, "password-needed"),
    ] {
        let tree = undone(&format!("set-{}", title.replace(' ', "-")), errno);
        add(title, &tree, 1, "undone", Some(code));
    }
    add(
        "degraded",
        &degraded("set-degraded"),
        1,
        "degraded",
        Some("degraded"),
    );

    add(
        "conflict",
        &conflict("set-conflict"),
        1,
        "conflict",
        Some("conflict"),
    );
    let (_, document) = json(&conflict("set-conflict-json"), &SET);
    assert_eq!(document["steps"][1]["state"], "moved");
    assert_eq!(document["steps"][1]["now"], document["steps"][1]["to"]);
    assert_eq!(document["control"], document["steps"][1]["control"]);
    assert_eq!(document["changes"], 0);
    assert_eq!(document["error"]["errno"], "EBUSY");
    assert!(document["steps"][0]["now"].is_null());

    let mut late = answered(MODE, uapi::OUTCOME_REFUSED, &[]);
    late.reason = uapi::REASON_LATCHED;
    let late = ends("set-late", &late, &[]);
    add(
        "refused after the plan",
        &late,
        5,
        "refused",
        Some("refused-latched"),
    );

    let odd = ends("set-odd", &answered(MODE, 77, &[]), &[]);
    add("newer driver", &odd, 1, "outcome-77", Some("apply-failed"));
    assert_shows!(text, "set-outcomes.txt");

    let (_, document) = json(&degraded("set-degraded-json"), &SET);
    assert_shows!(format!("{document:#}\n"), "set-degraded.json");
    let (_, document) = json(&pending, &SET);
    let warnings = document["warnings"].as_array().unwrap().iter();
    let codes: Vec<_> = warnings.map(|warning| warning["code"].clone()).collect();
    assert_eq!(codes, ["measured-boot", "pending-reboot"]);
}

/// Promise: when there is no answer, nothing was changed, and the error says why.
#[test]
fn errors() {
    let mut text = String::new();
    for (name, errno, exit, code) in [
        ("rights", Errno::EPERM, 4, "no-permission"),
        ("descriptor", Errno::EBADF, 4, "no-permission"),
        ("gone", Errno::ENODEV, 3, "no-driver"),
        ("stale", Errno::EAGAIN, 1, "machine-changed"),
        ("signal", Errno::EINTR, 1, "interrupted"),
        ("bug", Errno::EINVAL, 1, "apply-failed"),
    ] {
        let tree = ready(&format!("set-error-{name}")).request_error("apply-paranoid", errno);
        let output = on(&tree, &SET);
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (exit, ""),
            "{name}"
        );
        text.push_str(&shown(name, &output));
        let (status, document) = json(&tree, &SET);
        assert_eq!(status, exit);
        assert_eq!(document["error"]["code"], code);
    }
    let tree = ready("set-closed").open_error(Errno::EACCES);
    let output = on(&tree, &SET);
    assert_eq!(output.status, 4);
    text.push_str(&shown("may not open", &output));

    let tree = rugged("set-nothing-recorded");
    let output = on(&tree, &SET);
    assert_eq!(output.status, 3);
    text.push_str(&shown("nothing to change here", &output));
    assert_shows!(text, "set-errors.txt");
}

/// The request that an apply is to make.
pub fn request(generation: u64, options: u32, mode: u8, targets: u32) -> Apply {
    let mut request = Apply::new_zeroed();
    request.head.size = size_of::<Apply>() as u32;
    request.generation = generation;
    request.options = options;
    request.mode = mode;
    request.target_count = targets;
    request
}

/// Promise: what is applied is what was planned: with its generation. When the machine has moved on
/// and the plan is the same, it is applied with the new generation, once; when it is not, nothing
/// is.
#[test]
fn generation() {
    let done = all_in(uapi::STEP_DONE, &steps());
    let mut moved_on = answered(MODE, uapi::OUTCOME_PLANNED, &steps());
    moved_on.generation = 7;
    let apply = answered(MODE, uapi::OUTCOME_DONE, &done);
    let again = |name: &str, steps: &[Step]| {
        ready(name)
            .request("apply-paranoid", &request(1, 0, MODE, 0), &[])
            .request_error("apply-paranoid", Errno::EAGAIN)
            .answer("plan-paranoid-2", &moved_on, steps)
            .request("apply-paranoid-2", &request(7, 0, MODE, 0), &[])
            .answer("apply-paranoid-2", &apply, &done)
    };
    let (status, document) = json(&again("set-again", &steps()), &SET);
    assert_eq!((status, &document["outcome"]), (0, &"done".into()));
    let (status, document) = json(&again("set-again-other", &steps()[..2]), &SET);
    assert_eq!(status, 1);
    assert_eq!(document["error"]["code"], "machine-changed");
}

/// Promise: `control accept` asks that the named controls be taken as they are, and writes nothing.
#[test]
fn accepts() {
    let controls = ["camera", "DSMIL0D1"];
    let targets = [
        step("camera", "enabled", "disabled"),
        step("DSMIL0D1", "inactive", "active"),
    ]
    .map(|step| Target {
        control: step.control,
        value: uapi::TARGET_ACCEPT,
        ..Target::default()
    });
    let tree = rugged("control-accept")
        .request("plan-list", &request(0, 0, 0, 2), &targets)
        .answer("plan-list", &answered(0, uapi::OUTCOME_PLANNED, &[]), &[])
        .request("apply-list", &request(1, 0, 0, 2), &targets)
        .answer("apply-list", &answered(0, uapi::OUTCOME_DONE, &[]), &[]);
    let accept = [&["control", "accept"], controls.as_slice()].concat();
    let output = on(&tree, &accept);
    assert_eq!(output.status, 0);
    assert!(output
        .stdout
        .contains("Accepted as it is: camera, DSMIL0D1."));
    assert!(!tree.has("var/lib/milspecctl/baseline.json"));
    let (status, document) = json(&tree, &accept);
    assert_eq!((status, &document["outcome"]), (0, &"done".into()));
    assert_eq!(document["target"]["controls"][0]["value"], "accept");
    assert_eq!(document["changes"], 0);
    let dry = on(&tree, &[accept.as_slice(), &["--dry-run"]].concat());
    assert_eq!(dry.status, 0);
    assert!(dry.stdout.contains("Nothing was done."), "{}", dry.stdout);
    let (status, document) = json(&tree, &["control", "accept", "gps"]);
    assert_eq!(status, 3);
    assert_eq!(document["error"]["code"], "no-such-control");
}

/// Promise: `control set` asks for exactly the controls and values that were named.
#[test]
fn controls() {
    let steps = [
        step("camera", "enabled", "disabled"),
        step("DSMIL0D1", "inactive", "active"),
    ];
    let targets = steps.map(|step| Target {
        control: step.control,
        value: step.to,
        ..Target::default()
    });
    let done = all_in(uapi::STEP_DONE, &steps);
    let tree = rugged("control-set")
        .request("plan-list", &request(0, 0, 0, 2), &targets)
        .answer(
            "plan-list",
            &answered(0, uapi::OUTCOME_PLANNED, &steps),
            &steps,
        )
        .request("apply-list", &request(1, 0, 0, 2), &targets)
        .answer("apply-list", &answered(0, uapi::OUTCOME_DONE, &done), &done);
    let set = ["control", "set", "camera=disabled", "DSMIL0D1=active"];
    let output = on(&tree, &set);
    assert_eq!(output.status, 0);
    let mut text = shown("set", &output);
    let (_, document) = json(&tree, &set);
    assert!(document["reach"].is_null());
    assert_eq!(document["target"]["controls"][1]["value"], "active");

    let mut dry = set.to_vec();
    dry.push("--dry-run");
    text.push_str(&shown("dry run", &on(&tree, &dry)));
    for wrong in ["camrea=disabled", "camera=off"] {
        let output = on(&tree, &["control", "set", wrong]);
        assert_eq!(output.status, 1);
        text.push_str(&shown(wrong, &output));
    }
    assert_shows!(text, "control-set.txt");
}

/// Promise: --dry-run needs no right to change, and makes no request to apply.
#[test]
fn dry_run() {
    // There is no answer to an apply.
    let tree = ready("set-dry");
    let (status, document) = json(&tree, &["mode", "set", "paranoid", "--dry-run"]);
    assert_eq!(status, 0);
    assert_eq!(document["schema"], "milspec.plan/1");
    assert_eq!(document["outcome"], "planned");
    assert_eq!(
        on(&tree, &["mode", "set", "paranoid", "--dry-run"]).stdout,
        on(&tree, &["mode", "plan", "paranoid"]).stdout
    );
}

/// A machine that can be latched; the answer is only for a request that confirms it.
pub fn latching(name: &str) -> Tree {
    let mode = uapi::MODE_PARANOID_PLUS;
    let confirm = uapi::APPLY_CONFIRM_LATCH;
    let done = all_in(uapi::STEP_DONE, &steps());
    rugged(name)
        .answer(
            "plan-paranoid-plus",
            &answered(mode, uapi::OUTCOME_PLANNED, &steps()),
            &steps(),
        )
        .request("apply-paranoid-plus", &request(1, confirm, mode, 0), &[])
        .answer(
            "apply-paranoid-plus",
            &answered(mode, uapi::OUTCOME_DONE, &done),
            &done,
        )
}

/// Promise: without a terminal, paranoid-plus needs --accept-latch, unless it is latched already.
#[test]
fn latch() {
    let set = ["mode", "set", "paranoid-plus"];
    let tree = latching("latch");
    let output = on(&tree, &set);
    assert_eq!((output.status, output.stdout.as_str()), (5, ""));
    assert_shows!(output.stderr, "latch-refused.txt");
    let (exit, document) = json(&tree, &set);
    assert_eq!(exit, 5);
    assert_eq!(document["error"]["code"], "refused-unconfirmed");

    let accepting = ["mode", "set", "paranoid-plus", "--accept-latch"];
    assert_eq!(json(&tree, &accepting).1["outcome"], "done");

    let mut status = status(&rugged_controls());
    status.properties = uapi::STATUS_LATCHED;
    tree.put(
        "recording/status.bin",
        zerocopy::IntoBytes::as_bytes(&status),
    );
    assert_eq!(json(&tree, &set).1["outcome"], "done");
}

/// Promise: the latch is told before, and after; where no control has to be changed too; and what a
/// latched machine refuses is not offered.
#[test]
fn latch_is_told() {
    let mode = uapi::MODE_PARANOID_PLUS;
    let accepting = ["mode", "set", "paranoid-plus", "--accept-latch"];
    let plan = ["mode", "plan", "paranoid-plus"];
    let tree = latching("latch-told");
    for line in [&plan[..], &["mode", "set", "paranoid-plus", "--dry-run"]] {
        let (_, document) = json(&tree, line);
        assert_eq!(document["latches"], true);
        assert_eq!(document["warnings"][0]["code"], "latch");
        assert!(on(&tree, line).stdout.contains("! this mode latches"));
    }
    let output = on(&tree, &accepting);
    assert!(output.stderr.contains("! this mode latches"));
    assert!(output.stdout.contains("Latched until the next boot."));
    let offer = "To bring back what was before, after the next boot:";
    assert!(output.stdout.contains(offer), "{}", output.stdout);

    let confirm = uapi::APPLY_CONFIRM_LATCH;
    let tree = rugged("latch-nothing")
        .answer(
            "plan-paranoid-plus",
            &answered(mode, uapi::OUTCOME_PLANNED, &[]),
            &[],
        )
        .request("apply-paranoid-plus", &request(1, confirm, mode, 0), &[])
        .answer(
            "apply-paranoid-plus",
            &answered(mode, uapi::OUTCOME_DONE, &[]),
            &[],
        );
    assert!(on(&tree, &plan).stdout.contains("the mode latches"));
    let output = on(&tree, &accepting);
    assert!(output.stdout.contains("Latched until the next boot."));
    assert!(!output.stdout.contains("Nothing to do"));

    // Latched already, it latches no more; and drift is no longer to be accepted.
    let mut controls = rugged_controls();
    controls[0].properties |= uapi::CONTROL_DRIFTED;
    let mut status = status(&controls);
    status.properties = uapi::STATUS_LATCHED;
    let tree = rugged_in("latch-held", &status)
        .answers(&info("Dell Inc.", "Rugged", "1"), &status, &controls)
        .answer(
            "plan-paranoid-plus",
            &answered(mode, uapi::OUTCOME_PLANNED, &[]),
            &[],
        );
    let (_, document) = json(&tree, &plan);
    assert_eq!(document["latches"], false);
    let text = on(&tree, &["status"]).stdout;
    assert!(text.contains("set paranoid-plus again"), "{text}");
    assert!(!text.contains("control accept"), "{text}");
}

/// Promise: who is connected through SSH is told what may cut the connection, before.
#[test]
fn lock_out() {
    let steps = [
        step("wlan", "enabled", "disabled"),
        step("bluetooth", "disabled", "enabled"),
        step("usb-external", "enabled", "disabled"),
    ];
    let plan = answered(MODE, uapi::OUTCOME_PLANNED, &steps);
    let tree = rugged("lock-out").answer("plan-paranoid", &plan, &steps);
    let warned = |ssh: &str| {
        let mut command = command(&["--root", tree.dir(), "--json", "mode", "plan", "paranoid"]);
        command.env("SSH_CONNECTION", ssh);
        document(&finish(command))["warnings"].clone()
    };
    let warnings = warned("192.0.2.1 50000 192.0.2.2 22");
    assert_eq!(warnings[0]["code"], "lock-out");
    assert_eq!(
        warnings[0]["controls"],
        serde_json::json!(["wlan", "usb-external"])
    );
    assert_eq!(warned("")[0]["code"], "measured-boot");
}

/// Promise: every port that a network or a dock is reached through counts as one, also a wired one.
#[test]
fn lock_out_by_any_port() {
    let changes = [
        ("embedded-nic", "enabled", "pxe"),
        ("embedded-nic", "enabled", "disabled"),
        ("second-nic", "enabled", "disabled"),
        ("usb-front", "enabled", "disabled"),
        ("rugged-dock", "enabled", "disabled"),
    ];
    for (n, (name, from, to)) in changes.into_iter().enumerate() {
        let control = setting(name, from);
        let value = |wanted: &str| {
            let mut values = control.values.iter();
            let at = values.position(|value| uapi::text(&value.name) == Some(wanted));
            at.unwrap() as u8
        };
        let steps = [Step {
            control: control.id,
            from: value(from),
            to: value(to),
            now: uapi::INDEX_NONE,
            ..Step::default()
        }];
        let plan = answered(MODE, uapi::OUTCOME_PLANNED, &steps);
        let tree = rugged_with(&format!("lock-out-{n}"), &[control]);
        let tree = tree.answer("plan-paranoid", &plan, &steps);
        let mut command = command(&["--root", tree.dir(), "--json", "mode", "plan", "paranoid"]);
        command.env("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22");
        let document = document(&finish(command));
        let mut warnings = document["warnings"].as_array().unwrap().iter();
        let warned = warnings.any(|warning| warning["code"] == "lock-out");
        assert_eq!(warned, to == "disabled", "{name}={to}");
    }
}

/// Promise: --quiet leaves the exit status and the errors.
#[test]
fn quiet() {
    let output = on(&succeeds("set-quiet"), &["-q", "mode", "set", "paranoid"]);
    assert_eq!(
        (
            output.status,
            output.stdout.as_str(),
            output.stderr.as_str()
        ),
        (0, "", "")
    );
    let output = on(
        &degraded("set-quiet-degraded"),
        &["-q", "mode", "set", "paranoid"],
    );
    assert_eq!((output.status, output.stdout.as_str()), (1, ""));
    let error = "milspecctl: mode paranoid failed and was not all undone";
    assert!(output.stderr.starts_with(error), "{}", output.stderr);
}
