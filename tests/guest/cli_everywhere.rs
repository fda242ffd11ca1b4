// SPDX-License-Identifier: GPL-2.0

//! Every command of milspecctl on every kind of machine: its exit status, one document of a known
//! form each time, and what it says and does held against the NVRAM.

use crate::common::{expected_values, field, machine, Test};
use crate::model::{Image, Model};
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{Machine, Module};
use milspec_posture::mode::Mode;
use serde_json::Value;
use std::collections::BTreeSet;

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("cli_everything_on_a_rugged", || {
        on("rugged", Module::Autoload, ROOT, &RUGGED)
    }),
    ("cli_everything_without_permission", || {
        on("latitude-7490", Module::Autoload, NOBODY, &DENIED)
    }),
];

/// The same on other machines.
pub const LONG: &[Test] = &[
    ("cli_everything_with_unknown_values", || {
        on("bad/unknown-values", Module::Autoload, ROOT, &UNKNOWN)
    }),
    ("cli_everything_without_the_module", || {
        on("latitude-7490", Module::Absent, ROOT, &NO_DRIVER)
    }),
    ("cli_everything_on_a_latitude", || {
        on("latitude-7490", Module::Autoload, ROOT, &LATITUDE)
    }),
    ("cli_everything_on_an_optiplex", || {
        on("optiplex-7090", Module::Autoload, ROOT, &OPTIPLEX)
    }),
    ("cli_everything_on_another_machine", || {
        on("not-dell", Module::Present, ROOT, &NO_DRIVER)
    }),
];

const ROOT: u32 = 0;
const NOBODY: u32 = 65534;

/// The commands, those that change something at the end. `CONTROL`, `VALUE` and `OTHER` are the
/// machine's, see [`Expected`]; a changing command gets the password where there is one.
const COMMANDS: [&str; 29] = [
    "status",
    "status --refresh",
    "doctor",
    "report",
    "compliance",
    "mode get",
    "mode list",
    "mode list paranoid",
    "mode plan enhanced",
    "mode plan paranoid --except CONTROL",
    "control list",
    "control get CONTROL",
    "control show CONTROL",
    "config export",
    "config show /tmp/config.toml",
    "config diff /tmp/config.toml",
    "confirm",
    "completion bash",
    "events",
    "events --severity error --count 3",
    "journal save /tmp/journal",
    "journal verify",
    "mode set enhanced",
    "control set CONTROL=VALUE",
    "config apply /tmp/config.toml",
    "control set OTHER --confirm-within 1s",
    "baseline show",
    "mode set baseline",
    "mode set paranoid-plus",
];

/// From this one on, they change something.
const CHANGES: usize = 22;

/// What is so on a machine.
struct Expected {
    /// A control, and a value that is not its own.
    control: &'static str,
    value: &'static str,
    /// An assignment that changes something after that.
    other: &'static str,
    /// The exit status of a command that is not among those below.
    exit: i32,
    /// Commands, by how they begin, that end with another one.
    exits: &'static [(&'static str, i32)],
}

/// Nothing waits, nobody confirms, nobody accepts the latch.
const USUAL: [(&str, i32); 3] = [
    ("confirm", 1),
    ("control set OTHER", 1),
    ("mode set paranoid-plus", 5),
];

const LATITUDE: Expected = Expected {
    control: "camera",
    value: "disabled",
    other: "gps=disabled",
    exit: 0,
    exits: &USUAL,
};

const RUGGED: Expected = Expected {
    other: "nfc=disabled",
    ..LATITUDE
};

/// A desktop: no camera, and a password.
const OPTIPLEX: Expected = Expected {
    control: "speaker",
    other: "hyper-threading=disabled",
    ..LATITUDE
};

/// What cannot be put back is not changed: a list that names the camera is refused, and a mode
/// leaves it out.
const UNKNOWN: Expected = Expected {
    exits: &[
        ("control get", 1),
        ("config show", 5),
        ("config diff", 5),
        ("control set CONTROL", 5),
        ("config apply", 5),
        ("confirm", 1),
        ("control set OTHER", 1),
        ("mode set paranoid-plus", 5),
    ],
    ..LATITUDE
};

/// What needs no driver: nothing is recorded, and nothing waits.
const NO_DRIVER: Expected = Expected {
    exit: 3,
    exits: &[
        ("completion", 0),
        ("baseline show", 0),
        ("confirm", 1),
        ("report", 0),
    ],
    ..LATITUDE
};

const DENIED: Expected = Expected {
    exit: 4,
    ..NO_DRIVER
};

/// Runs all of them.
fn on(profile: &str, module: Module, user: u32, expected: &Expected) -> Result<()> {
    let machine = machine(profile, module)?;
    let password = &machine.profile().password.admin;
    let file = format!(
        "schema = \"milspec.config/1\"\nmode = \"enhanced\"\n\
         [controls]\n{} = \"{}\"\n[if-present]\nwlan = \"leave\"\n",
        expected.control, expected.value
    );
    machine
        .guest()?
        .create("/tmp/config.toml", file.as_bytes(), 0o644)?;
    machine
        .guest()?
        .create("/tmp/password", password.as_bytes(), 0o644)?;
    let before = image(&machine)?;
    let mut wrong = Vec::new();
    for (at, command) in COMMANDS.into_iter().enumerate() {
        let mut exits = expected.exits.iter();
        let other = exits.find(|(begins, _)| command.starts_with(begins));
        let exit = other.map_or(expected.exit, |(_, exit)| *exit);
        let command = command
            .replace("CONTROL", expected.control)
            .replace("VALUE", expected.value)
            .replace("OTHER", expected.other);
        let then = image(&machine)?;
        let key = match at >= CHANGES && !password.is_empty() && !command.ends_with("show") {
            true => "--bios-password-fd 3 3</tmp/password",
            false => "",
        };
        let line = format!("milspecctl --json {command} {key}");
        let output = machine.run_command(GuestCommand::shell(&line).user(user, user))?;
        let code = output.code;
        let document = output.json().with_context(|| command.clone())?;
        if code != exit {
            wrong.push(format!("{command}: {code}, and not {exit}: {document:#}"));
            continue;
        }
        let judged = judge(&machine, &command, code, &document, &then);
        judged.with_context(|| format!("{command}: {document:#}"))?;
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    let left = differs(&machine, &before)?;
    ensure!(left.is_empty(), "not restored: {left:?}");
    machine.check_kernel_log()
}

/// What the NVRAM holds; `None` on a machine of another maker, which has none.
fn image(machine: &Machine) -> Result<Option<Image>> {
    machine.nvram().ok().map(Image::of).transpose()
}

/// What the NVRAM holds now and did not then.
fn differs(machine: &Machine, then: &Option<Image>) -> Result<Vec<String>> {
    let now = image(machine)?;
    let both = now.as_ref().zip(then.as_ref());
    Ok(both.map_or_else(Vec::new, |(now, then)| now.differs(then)))
}

/// What can be told of any document, and what the NVRAM tells of some. `then` is what it held
/// before the command.
fn judge(
    machine: &Machine,
    command: &str,
    code: i32,
    document: &Value,
    then: &Option<Image>,
) -> Result<()> {
    let schema = field(document, "schema")?;
    ensure!(schema.starts_with("milspec.") && schema.ends_with("/1"));
    let wrote = !differs(machine, then)?.is_empty();
    // Beside what was done, everything leaves the NVRAM as it was.
    ensure!(!wrote || schema == "milspec.apply/1", "it wrote");
    if schema == "milspec.doctor/1" {
        return doctor(machine, code, document);
    }
    if code != 0 {
        let error = &document["error"];
        ensure!(error["exit"] == code);
        for part in ["code", "what", "why", "next"] {
            ensure!(!field(error, part)?.is_empty());
        }
        ensure!((code == 3) == (error["code"] == "no-driver"));
        if command.contains("--confirm-within") && code == 1 {
            ensure!(document["confirmation"]["result"] == "undone");
            ensure!(document["confirmation"]["steps"][0]["state"] == "done");
        }
        ensure!(!wrote, "a command that failed wrote");
        return Ok(());
    }
    match schema {
        "milspec.apply/1" => {
            ensure!(document["outcome"] == "done");
            ensure!(wrote == (document["changes"] != 0), "changes, or none?");
            let steps = document["steps"].as_array().context("no steps")?;
            holds(
                machine,
                steps.iter().map(|step| (&step["control"], &step["to"])),
            )
        }
        // Applied at once, what was exported changes nothing.
        "milspec.config/1" => {
            let diff = machine.sh("milspecctl config export | milspecctl --json config diff -")?;
            let diff = diff.ok()?.json()?;
            ensure!(diff["changes"] == 0, "{diff:#}");
            Ok(())
        }
        "milspec.control-list/1" => {
            let controls = document["controls"].as_array().context("no controls")?;
            holds(
                machine,
                controls
                    .iter()
                    .map(|control| (&control["name"], &control["value"])),
            )
        }
        "milspec.control/1" => {
            let control = &document["controls"][0];
            holds(machine, [(&control["name"], &control["value"])].into_iter())
        }
        "milspec.control-value/1" => holds(
            machine,
            [(&document["name"], &document["value"])].into_iter(),
        ),
        "milspec.status/1" => {
            ensure!(document["simulated"] == true);
            ensure!(document["tpm"]["version"] == 2 && document["anchor"]["state"] == "ready");
            ensure!(document["secure_boot"] == "not-uefi" && document["npu"]["state"] == "absent");
            let text = machine.run(["milspecctl", "status"])?.ok()?.text();
            ensure!(text.contains("simulated"), "{text}");
            Ok(())
        }
        "milspec.plan/1" | "milspec.config-show/1" => {
            ensure!(document["outcome"] == "planned");
            Ok(())
        }
        "milspec.mode-list/1" => {
            let modes = document["modes"].as_array().context("no modes")?;
            modes.iter().try_for_each(|mode| lines(machine, mode))
        }
        "milspec.events/1" => {
            let events = document["events"].as_array().context("no events")?;
            let whole = command == "events";
            let first = events.first().map(|event| &event["kind"]);
            ensure!(document["simulated"] == true && whole == (first == Some(&"load".into())));
            Ok(())
        }
        "milspec.journal-save/1" => {
            ensure!(document["saved"] == document["last"] && document["lost"] == 0);
            Ok(())
        }
        "milspec.journal-verify/1" => {
            ensure!(document["result"] == "proven" && document["tpm"]["result"] == "matches");
            Ok(())
        }
        // What it says that it found is what the NVRAM holds.
        "milspec.compliance/1" => {
            let of = &document["assessments"][0];
            ensure!(of["simulated"] == true && of["evidence"]["kind"] == "machine");
            let checks = of["checks"].as_array().context("no checks")?;
            let seen = checks.iter().filter_map(|check| check["seen"].as_array());
            let seen = seen.flatten().filter(|seen| seen["kind"] == "control");
            let known = seen.filter(|seen| !seen["value"].is_null());
            holds(machine, known.map(|seen| (&seen["name"], &seen["value"])))
        }
        // No machine here contradicts what is inferred of it, and each says what it is.
        "milspec.report/1" => {
            ensure!(document["simulated"] == document["machine"]["bios_version"].is_string());
            let inference = &document["inference"];
            ensure!(inference.is_null() || inference["differing"] == Value::Array(Vec::new()));
            Ok(())
        }
        "milspec.mode/1" | "milspec.completion/1" | "milspec.baseline/1" => Ok(()),
        other => bail!("{other} was not expected"),
    }
}

/// What is listed of a mode is so in the NVRAM; the open lines are what the table of modes asks for
/// and the NVRAM does not hold.
fn lines(machine: &Machine, mode: &Value) -> Result<()> {
    let lines = mode["lines"].as_array().context("no lines")?;
    let said = lines.iter().map(|line| (&line["control"], &line["now"]));
    holds(machine, said)?;
    for line in lines {
        let (state, same) = (field(line, "state")?, line["now"] == line["wanted"]);
        ensure!((state == "holds") == same, "{line:#}");
        ensure!(
            (state == "out-of-reach") == line["reason"].is_string(),
            "{line:#}"
        );
    }
    if mode["name"] != "paranoid" || mode["outcome"] != "planned" {
        return Ok(());
    }
    let model = Model::new(machine)?;
    let now = model.values(machine.nvram()?)?;
    let changes = Model::changes(&now, &model.target(Mode::Paranoid, &now));
    let asked: BTreeSet<_> = changes.into_iter().collect();
    let open = lines.iter().filter(|line| line["state"] == "open");
    let open = open.map(|line| {
        let text = |name| field(line, name).map(str::to_owned);
        Ok((text("control")?, text("now")?, text("wanted")?))
    });
    let open = open.collect::<Result<BTreeSet<_>>>()?;
    ensure!(open == asked, "open: {open:?}, asked for: {asked:?}");
    Ok(())
}

/// The tokens in the NVRAM say the same of these controls.
fn holds<'a>(machine: &Machine, said: impl Iterator<Item = (&'a Value, &'a Value)>) -> Result<()> {
    let values = expected_values(machine)?;
    for (name, value) in said {
        let name = name.as_str().context("no name")?;
        // Devices are no tokens.
        if name.starts_with("DSMIL") {
            continue;
        }
        let held = values
            .get(name)
            .context("the machine has no such setting")?;
        ensure!(
            held.as_deref() == value.as_str(),
            "{name} is said to be {value}, and is {held:?}"
        );
    }
    Ok(())
}

/// doctor recognises the machine, names a remedy for what is wrong, and for nothing else, and finds
/// nothing wrong with what the machines here have.
fn doctor(machine: &Machine, code: i32, document: &Value) -> Result<()> {
    ensure!(document["exit"] == code);
    let dell = machine
        .read("/sys/class/dmi/id/sys_vendor")?
        .starts_with("Dell");
    let dsmil = machine.exists("/sys/bus/acpi/devices/DSML0001:00")?;
    for check in document["checks"].as_array().context("no checks")? {
        let (id, result) = (field(check, "id")?, field(check, "result")?);
        let wants = ["warning", "problem"].contains(&result);
        ensure!(check["remedy"].is_string() == wants, "{check:#}");
        match id {
            "machine" => ensure!((result == "ok") == dell, "{check:#}"),
            "dell-smbios" | "module-loaded" | "device-node" | "permission" | "abi" | "tpm"
            | "tpm-anchor"
                if code == 0 =>
            {
                ensure!(result == "ok", "{check:#}")
            }
            "dsmil" if code == 0 => ensure!((result == "ok") == dsmil, "{check:#}"),
            _ => {}
        }
    }
    Ok(())
}
