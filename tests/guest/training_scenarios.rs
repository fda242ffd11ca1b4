// SPDX-License-Identifier: GPL-2.0

//! The scenarios of the package, run by an instructor and played by a trainee on a real driver: the
//! model solution meets every objective, and a plausible mistake misses what it is about.

use crate::ask;
use crate::common::{machine, milspecctl, Test};
use crate::model::Image;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{Machine, Module};
use serde_json::Value;
use std::time::Duration;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("training_scenario_first_steps", || plays("first-steps")),
    ("training_never_passes_for_the_machine", never_passes),
];

/// The other scenarios.
pub const LONG: &[Test] = &[
    ("training_run_goes_on_where_it_was", goes_on),
    ("training_run_leaves_another_training_alone", leaves_another),
    ("training_scenario_there_and_back", || {
        plays("there-and-back")
    }),
    ("training_scenario_keep_what_is_needed", || {
        plays("keep-what-is-needed")
    }),
    ("training_scenario_what_needs_what", || {
        plays("what-needs-what")
    }),
    ("training_scenario_drift", || plays("drift")),
    ("training_scenario_false_order", || plays("false-order")),
    ("training_scenario_tamper", || plays("tamper")),
    ("training_scenario_broken_firmware", || {
        plays("broken-firmware")
    }),
    ("training_scenario_two_hands", || plays("two-hands")),
    ("training_scenario_incident", || plays("incident")),
];

/// A scenario: its file, a model solution and a plausible mistake as a trainee types them, and the
/// objective that the mistake misses.
struct Play {
    name: &'static str,
    file: &'static str,
    model: &'static str,
    mistake: &'static str,
    misses: &'static str,
}

macro_rules! scenario {
    ($name:literal) => {
        include_str!(concat!("../../packaging/scenarios/", $name, ".toml"))
    };
}

const PLAYS: [Play; 10] = [
    Play {
        name: "first-steps",
        file: scenario!("first-steps"),
        model: "milspecctl mode set standard; milspecctl control set camera=disabled",
        mistake: "milspecctl control set camera=disabled; milspecctl mode set standard",
        misses: "camera",
    },
    Play {
        name: "there-and-back",
        file: scenario!("there-and-back"),
        model: "milspecctl mode set enhanced; milspecctl mode set baseline",
        mistake: "milspecctl mode set enhanced; milspecctl mode set standard",
        misses: "back",
    },
    Play {
        name: "keep-what-is-needed",
        file: scenario!("keep-what-is-needed"),
        model: "milspecctl mode set enhanced --except firewire,esata",
        mistake: "milspecctl mode set enhanced; \
                  milspecctl control set firewire=enabled esata=enabled",
        misses: "instruments",
    },
    Play {
        name: "what-needs-what",
        file: scenario!("what-needs-what"),
        model: "milspecctl control set DSMIL4D0=active DSMIL0D0=active DSMIL3D0=active",
        mistake: "milspecctl control set DSMIL4D0=active",
        misses: "chain",
    },
    Play {
        name: "drift",
        file: scenario!("drift"),
        model: "milspecctl mode set enhanced; \
                upto wake-on-lan.*something milspecctl events; \
                milspecctl control accept esata; \
                milspecctl control set wake-on-lan=disabled",
        mistake: "milspecctl mode set enhanced; \
                  upto wake-on-lan.*something milspecctl events; \
                  milspecctl mode set enhanced",
        misses: "announced",
    },
    Play {
        name: "false-order",
        file: scenario!("false-order"),
        model: "milspecctl control show DSMIL0D9; milspecctl mode set enhanced",
        mistake: "milspecctl mode set enhanced; milspecctl control set DSMIL0D9=active",
        misses: "no-wipe",
    },
    Play {
        name: "tamper",
        file: scenario!("tamper"),
        model: "upto reports.tampering milspecctl events; \
                milspecctl control set DSMIL4D2=inactive",
        mistake: "upto reports.tampering milspecctl events; \
                  milspecctl control set DSMIL4D2=inactive DSMIL4D3=inactive",
        misses: "isolate",
    },
    Play {
        name: "broken-firmware",
        file: scenario!("broken-firmware"),
        model: "milspecctl mode set standard || milspecctl mode set standard",
        mistake: "milspecctl mode set standard || milspecctl control set camera=disabled",
        misses: "recover",
    },
    Play {
        name: "two-hands",
        file: scenario!("two-hands"),
        // Harmless work before it uses nothing up.
        model: "milspecctl control set camera=disabled && sleep 1; \
                milspecctl mode set standard || milspecctl mode set standard",
        mistake: "milspecctl mode set standard || milspecctl control set camera=disabled",
        misses: "finish",
    },
    Play {
        name: "incident",
        file: scenario!("incident"),
        model: "upto DSMIL4D5.*tampering milspecctl events; \
                milspecctl training answer who 65534; \
                milspecctl training answer where DSMIL4D5; \
                milspecctl mode set paranoid-plus --accept-latch",
        mistake: "upto DSMIL4D5.*tampering milspecctl events; \
                  milspecctl training answer who root; \
                  milspecctl training answer where DSMIL4D5; \
                  milspecctl mode set paranoid-plus --accept-latch",
        misses: "who",
    },
];

/// Waits until a command prints something.
const UPTO: &str = "upto() { p=$1; shift; n=0; until \"$@\" 2>/dev/null | grep -q \"$p\"; do \
                    n=$((n+1)); [ $n -lt 200 ] || exit 9; sleep 0.3; done; }";

/// A user who is nobody else here.
const TRAINEE: u32 = 4711;

/// A machine that has the file of this scenario, and where.
fn with_scenario(name: &str, text: &str) -> Result<(Machine, String)> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    let file = format!("/tmp/{name}.toml");
    machine.guest()?.create(&file, text.as_bytes(), 0o644)?;
    Ok((machine, file))
}

fn plays(name: &str) -> Result<()> {
    let play = PLAYS.iter().find(|play| play.name == name);
    let play = play.context("no such scenario")?;
    let (machine, file) = with_scenario(name, play.file)?;
    let before = Image::of(machine.nvram()?)?;
    let calls = machine.nvram()?.counts()?;
    let (code, report) = run(&machine, &file, play.model, false)?;
    ensure!(code == 0, "{name}: {code}: {report:#}");
    ensure!(report["scored"] == report["points"], "{name}: {report:#}");
    let (code, report) = run(&machine, &file, play.mistake, true)?;
    ensure!(code == 7, "{name}: {code}: {report:#}");
    let mut objectives = report["objectives"].as_array().into_iter().flatten();
    let missed = objectives.find(|one| one["name"] == play.misses);
    let missed = missed.with_context(|| format!("no {}: {report:#}", play.misses))?;
    ensure!(missed["state"] == "missed", "{name}: {report:#}");
    let made = machine.nvram()?.counts()?.since(&calls);
    ensure!(
        made.token_writes() == 0,
        "{name}: the firmware was written to"
    );
    let differs = Image::of(machine.nvram()?)?.differs(&before);
    ensure!(differs.is_empty(), "{name}: {differs:?}");
    let status = milspecctl(&machine, &["status"])?;
    ensure!(status["training"] == false, "{status:#}");
    machine.check_kernel_log()
}

/// Runs the scenario while a trainee types this, and returns how it ended and the report. Where it
/// would go on until its time is over, the instructor ends it.
fn run(machine: &Machine, file: &str, typed: &str, ends: bool) -> Result<(i32, Value)> {
    let started = format!(
        "rm -f /tmp/rc; (milspecctl --json training run {file} --exit-code >/tmp/report 2>/tmp/told; \
         echo $? >/tmp/rc) </dev/null >/dev/null 2>&1 &"
    );
    machine.sh(&started)?.ok()?;
    let begun = "upto . cat /run/milspecctl/scenario.json";
    machine.sh(&format!("{UPTO}; {begun}"))?.ok()?;
    let group = "sed -n 's/^milspec:[^:]*:\\([0-9]*\\):.*/\\1/p' /etc/group";
    let group: u32 = machine.sh(group)?.ok()?.text().trim().parse()?;
    let trainee = GuestCommand::shell(&format!("{UPTO}; {typed}"));
    let trainee = trainee
        .user(TRAINEE, group)
        .timeout(Duration::from_secs(120));
    let said = machine.run_command(trainee)?;
    if ends {
        // What was done is looked at first; by itself it may be over by now.
        machine
            .sh("sleep 2; milspecctl -q training stop || true")?
            .ok()?;
    }
    let over = GuestCommand::shell(&format!("{UPTO}; upto . cat /tmp/rc; cat /tmp/rc"));
    let over = machine.run_command(over.timeout(Duration::from_secs(120)))?;
    let shown = || format!("{}{}{}", said.text(), said.error_text(), over.error_text());
    let code: i32 = over.text().trim().parse().with_context(shown)?;
    let report = machine.sh("cat /tmp/report")?.json().with_context(shown)?;
    Ok((code, report))
}

/// What is said of a training is never said of the machine: a saved journal has nothing of it and is
/// proven, what would vouch for the machine is refused meanwhile, and nothing is left on disk.
fn never_passes() -> Result<()> {
    let machine = machine("latitude-7490", Module::Autoload)?;
    milspecctl(&machine, &["control", "set", "camera=disabled"])?;
    let kept = machine.read("/var/lib/milspecctl/baseline.json")?;
    milspecctl(&machine, &["training", "start", "--profile", "dsmil"])?;
    let done = milspecctl(&machine, &["mode", "set", "enhanced"])?;
    ensure!(
        done["training"] == true && done["baseline"].is_null(),
        "{done:#}"
    );
    let inject = [
        "training",
        "inject",
        "value",
        "--control",
        "camera",
        "--value",
        "enabled",
    ];
    milspecctl(&machine, &inject)?;
    for (words, exit) in [
        (
            &["attest", "quote", "--nonce", "00112233445566778899"][..],
            5,
        ),
        (&["report"], 5),
        (&["mode", "set", "standard", "--confirm-within", "1m"], 5),
        (&["journal", "verify"], 7),
    ] {
        let argv = [&["milspecctl", "--json"], words].concat();
        let document = machine.run(argv)?.exits(exit)?.json()?;
        let text = document["error"].to_string();
        ensure!(text.contains("training"), "{words:?}: {document:#}");
    }
    let judged = milspecctl(&machine, &["compliance"])?;
    ensure!(judged["assessments"][0]["training"] == true, "{judged:#}");
    for form in ["csv", "html", "oscal"] {
        let shown = machine.run(["milspecctl", "compliance", "--format", form])?;
        let text = shown.ok()?.text();
        ensure!(text.contains("training"), "{form} has no mark: {text}");
    }
    milspecctl(&machine, &["journal", "save", "/tmp/journal"])?;
    milspecctl(&machine, &["training", "stop"])?;
    for form in ["csv", "html", "oscal"] {
        let shown = machine.run(["milspecctl", "compliance", "--format", form])?;
        let text = shown.ok()?.text();
        ensure!(!text.contains("training"), "{form} has a mark: {text}");
    }
    let add = milspecctl(&machine, &["journal", "save", "/tmp/journal"])?;
    ensure!(
        add["saved"] == 1,
        "more than the end of the training: {add:#}"
    );
    let verified = milspecctl(&machine, &["journal", "verify", "/tmp/journal"])?;
    // Claim: cannot have a record of a training pass for one of the machine
    ensure!(verified["result"] == "proven", "{verified:#}");
    let saved = milspecctl(&machine, &["events", "--file", "/tmp/journal"])?;
    let mut saved = saved["events"].as_array().into_iter().flatten();
    ensure!(
        saved.all(|event| event["training"] == false),
        "one was saved"
    );
    let all = milspecctl(&machine, &["events"])?;
    let all = all["events"].as_array().into_iter().flatten();
    let of_training = all.filter(|event| event["training"] == true).count();
    ensure!(
        of_training > 5,
        "only {of_training} records of the training"
    );
    ensure!(machine.read("/var/lib/milspecctl/baseline.json")? == kept);
    machine.check_kernel_log()
}

/// A run that cannot be kept leaves no training. One that is interrupted leaves it as it is; the same
/// command goes on, and what has happened does not happen again.
fn goes_on() -> Result<()> {
    let (machine, file) = with_scenario("tamper", scenario!("tamper"))?;
    let in_the_way = "/var/lib/milspecctl/training.json.new";
    machine.sh(&format!("mkdir -p {in_the_way}"))?.ok()?;
    let run_it = ["milspecctl", "--json", "training", "run", &file];
    let document = machine.run(run_it)?.exits(1)?.json()?;
    ensure!(document["error"]["code"] == "not-recorded", "{document:#}");
    let status = milspecctl(&machine, &["training", "status"])?;
    ensure!(status["training"] == false, "{status:#}");
    machine.sh(&format!("rmdir {in_the_way}"))?.ok()?;
    let first = format!(
        "{UPTO}; milspecctl --json training run {file} </dev/null >/tmp/first 2>&1 & \
         upto reports.tampering milspecctl events; kill $!; wait $!; cat /tmp/first"
    );
    let document = machine.sh(&first)?.json()?;
    ensure!(document["error"]["code"] == "interrupted", "{document:#}");
    let status = milspecctl(&machine, &["training", "status"])?;
    ensure!(
        status["training"] == true && status["scenario"] == "tamper",
        "{status:#}"
    );
    let (code, report) = run(
        &machine,
        &file,
        "milspecctl control set DSMIL4D2=inactive",
        false,
    )?;
    ensure!(code == 0 && report["session"] == 2, "{code}: {report:#}");
    let replay = milspecctl(&machine, &["training", "report", "--replay"])?;
    let events = replay["events"].as_array().into_iter().flatten();
    let injected = events.filter(|event| event["injection"]["kind"] == "tamper");
    ensure!(injected.count() == 1, "it happened again: {replay:#}");
    machine.check_kernel_log()
}

/// A run whose training was ended, and another begun, by somebody else does nothing to that one: nothing
/// happens in it, and it goes on. The run says how it ended.
fn leaves_another() -> Result<()> {
    let (machine, file) = with_scenario("tamper", scenario!("tamper"))?;
    ask::install(&machine)?;
    // It stands still before its event is due, and goes on when that is over. Who ends the training takes
    // no lock, which the runner may hold where it stands.
    let other = format!("{} train op=2 -- train op=1", ask::ASK);
    let between = format!(
        "{UPTO}; milspecctl --json training run {file} </dev/null >/tmp/report 2>/tmp/told & \
         upto . cat /run/milspecctl/scenario.json; kill -STOP $!; \
         {other} >/dev/null; sleep 12; \
         kill -CONT $!; wait $!; echo $?"
    );
    let code =
        machine.run_command(GuestCommand::shell(&between).timeout(Duration::from_secs(120)))?;
    let code = code.ok()?.text();
    let shown = || format!("{code}: {:?}", machine.read("/tmp/told"));
    let report = machine.sh("cat /tmp/report")?.json().with_context(shown)?;
    ensure!(report["ended"] == "stopped", "{report:#}");
    let status = milspecctl(&machine, &["training", "status"])?;
    ensure!(
        status["training"] == true && status["session"] == 2 && status["scenario"].is_null(),
        "{status:#}"
    );
    let events = milspecctl(&machine, &["events"])?;
    let mut events = events["events"].as_array().into_iter().flatten();
    ensure!(
        events.all(|event| event["injection"].is_null()),
        "something happened in the other one"
    );
    machine.check_kernel_log()
}
