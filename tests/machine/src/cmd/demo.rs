// SPDX-License-Identifier: GPL-2.0

//! `machine demo`: our module on a stock kernel, for a person to see.

use super::which::Which;
use anyhow::{ensure, Context, Result};
use clap::Args;
use milspec_machine::nvram::layout::{NV_DSML_MAX, NV_DSML_STATE};
use milspec_machine::progress::Progress;
use milspec_machine::{Call, Fault, GuestCommand, Machine, Module, Options, Output, Wrong};
use std::time::Instant;

/// Boots a simulated Dell and shows the driver and milspecctl at work
#[derive(Args)]
pub struct Demo {
    #[command(flatten)]
    which: Which,
}

impl Demo {
    /// Runs it. Any step that does not show what it should is an error.
    pub fn run(&self) -> Result<()> {
        let start = Instant::now();
        let progress = Progress::new();
        say("This is a SIMULATED Dell: its token table is a real one, its firmware is source in");
        say("tests/machine. Kernel, module and milspecctl are real.\n");
        let options = Options {
            progress,
            ..Options::module(Module::Present)
        };
        let machine = Machine::boot(&self.which.name()?, &options)?;
        machine.run(["/usr/sbin/modprobe", "dell_milspec"])?.ok()?;
        show(&machine, &["milspecctl", "status"])?;
        let planned = ["milspecctl", "mode", "plan", "enhanced"];
        match steps(&machine, "enhanced")? {
            None => refused(&machine, &planned, 5)?,
            Some(steps) if steps.is_empty() => {
                ensure!(!self.which.is_usual(), "nothing of a mode is shown");
                say("No mode asks for anything that this machine can change.\n");
            }
            Some(steps) => {
                standard(&machine)?;
                let steps = failure(&machine)?.unwrap_or(steps);
                behind_its_back(&machine, &steps)?;
            }
        }
        practice(&machine)?;
        proof(&machine)?;
        machine.check_kernel_log()?;
        say(&format!(
            "All of it worked, and the kernel log is clean. {:.0} s. Look around in `make shell`.",
            start.elapsed().as_secs_f64()
        ));
        Ok(())
    }
}

/// A setting that a mode changes: its name, and the value that it had.
struct Step {
    setting: String,
    from: String,
}

/// Settings that a mode changes from here; `None` when it is refused.
fn steps(machine: &Machine, mode: &str) -> Result<Option<Vec<Step>>> {
    let argv = ["milspecctl", "--json", "mode", "plan", mode];
    let output = machine.run(argv)?;
    if output.code == 5 {
        return Ok(None);
    }
    let document = output.ok()?.json()?;
    let steps = document["steps"].as_array();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let settings = steps.context("a plan without steps")?.iter();
    let settings = settings.filter(|step| step["family"] == "platform");
    let step = |step: &serde_json::Value| Step {
        setting: text(&step["control"]),
        from: text(&step["from"]),
    };
    Ok(Some(settings.map(step).collect()))
}

/// `milspecctl mode set` with these words, and with the firmware's password where there is one.
fn set(machine: &Machine, words: &[&str], code: i32) -> Result<()> {
    let mut argv = vec!["milspecctl", "mode", "set"];
    argv.extend(words);
    let password = &machine.profile().password.admin;
    if !password.is_empty() {
        argv.extend(["--bios-password-fd", "0"]);
    }
    println!("$ {}", argv.join(" "));
    let command = GuestCommand::new(argv.iter().copied()).stdin(password.as_bytes());
    ended(&argv, machine.run_command(command)?, code)
}

/// A mode: all of its steps or none, each read back, and none the second time.
fn standard(machine: &Machine) -> Result<()> {
    let before = cells(machine)?;
    let changes = !steps(machine, "standard")?.unwrap_or_default().is_empty();
    ensure!(cells(machine)? == before, "a plan changed something");
    set(machine, &["standard"], 0)?;
    ensure!(!changes || cells(machine)? != before, "nothing was changed");
    let counts = machine.nvram()?.counts()?;
    quietly(machine, "standard")?;
    let writes = machine.nvram()?.counts()?.since(&counts).token_writes();
    ensure!(writes == 0, "the second time wrote {writes} times");
    Ok(())
}

/// A firmware call fails in the middle of a change. Then it works; what that changed.
fn failure(machine: &Machine) -> Result<Option<Vec<Step>>> {
    let Some(steps) = steps(machine, "enhanced")?.filter(|steps| !steps.is_empty()) else {
        return Ok(None);
    };
    let nth = steps.len().min(3);
    say(&format!(
        "The host makes write number {nth} from here on fail:\n"
    ));
    let before = cells(machine)?;
    let fault = Fault::new(Call::TOKEN_WRITE, Wrong::Fail(-1)).nth(nth as u32);
    let fault = machine.nvram()?.arm(fault)?;
    set(machine, &["enhanced", "--quiet"], 1)?;
    ensure!(machine.nvram()?.hits(fault)? == 1, "no call failed");
    ensure!(cells(machine)? == before, "something was left changed");
    say("The NVRAM is as it was, byte for byte. With a firmware that is well again:\n");
    set(machine, &["enhanced", "--quiet"], 0)?;
    Ok(Some(steps))
}

/// A setting is put back where the driver does not see it.
fn behind_its_back(machine: &Machine, steps: &[Step]) -> Result<()> {
    let Some(Step { setting, from }) = steps.first() else {
        return Ok(());
    };
    say(&format!(
        "Somebody sets {setting} back to {from} in the BIOS menu. The next look finds that:\n"
    ));
    machine
        .nvram()?
        .set_setting(machine.plan(), setting, from)?;
    let look = ["milspecctl", "--quiet", "status", "--refresh"];
    machine.run(look)?.ok()?;
    ensure!(
        value(machine, setting)? == *from,
        "the look did not find it"
    );
    show(
        machine,
        &[
            "milspecctl",
            "events",
            "--severity",
            "warning",
            "--count",
            "2",
        ],
    )
}

/// The scenario that is played.
const SCENARIO: &str = include_str!("../../../../packaging/scenarios/first-steps.toml");

/// A training: what is changed is a copy, and a scenario is judged by its records.
fn practice(machine: &Machine) -> Result<()> {
    let before = cells(machine)?;
    let counts = machine.nvram()?.counts()?;
    machine.sh("mkdir -p /etc/milspec/scenarios")?.ok()?;
    let file = "/etc/milspec/scenarios/first-steps.toml";
    machine.guest()?.create(file, SCENARIO.as_bytes(), 0o644)?;
    say("An instructor runs a scenario, and a trainee practises on a copy of a machine:\n");
    let typed = [
        "milspecctl training run first-steps &",
        "milspecctl mode set standard",
        "milspecctl control set camera=disabled",
    ];
    typed.iter().for_each(|line| println!("$ {line}"));
    let begun = "n=0; until test -e /run/milspecctl/scenario.json || [ $n = 100 ]; do \
                 n=$((n+1)); sleep 0.3; done";
    let over = "n=0; until ! test -e /run/milspecctl/scenario.json || [ $n = 100 ]; do \
                n=$((n+1)); sleep 0.3; done";
    let [run, mode, control] = typed.map(|line| line.trim_end_matches(" &"));
    let line = format!("{run} -q </dev/null >/dev/null 2>&1 & {begun}; {mode} -q && {control} -q");
    machine.sh(&format!("{line} && {over}"))?.ok()?;
    show(
        machine,
        &["milspecctl", "training", "report", "--exit-code"],
    )?;
    let writes = machine.nvram()?.counts()?.since(&counts).token_writes();
    ensure!(writes == 0, "a training wrote {writes} times");
    ensure!(cells(machine)? == before, "a training changed something");
    say("The NVRAM is as it was, byte for byte.\n");
    Ok(())
}

/// What happened, and that it was not edited.
fn proof(machine: &Machine) -> Result<()> {
    let file = "/tmp/journal";
    let save = ["milspecctl", "--quiet", "journal", "save", file];
    machine.run(save)?.ok()?;
    show(machine, &["milspecctl", "journal", "verify", file])?;
    say("Somebody edits one bit of it: who did the last of it.\n");
    let flip = format!(
        "printf '\\001' | dd of={file} bs=1 seek=$(($(stat -c %s {file}) - 176 + 80)) conv=notrunc"
    );
    machine.sh(&flip)?.ok()?;
    let verify = ["milspecctl", "--quiet", "journal", "verify", file];
    refused(machine, &verify, 1)
}

/// What the NVRAM holds: at each location, and of each DSMIL device.
fn cells(machine: &Machine) -> Result<(Vec<u16>, Vec<u8>)> {
    let nvram = machine.nvram()?;
    let locations = machine.plan().locations.keys();
    let cells: Result<_> = locations.map(|at| nvram.location(*at)).collect();
    let mut devices = vec![0; 2 * NV_DSML_MAX as usize];
    nvram.read(NV_DSML_STATE, &mut devices)?;
    Ok((cells?, devices))
}

fn say(line: &str) {
    println!("{line}");
}

/// Shows a command and what it prints; it must succeed.
fn show(machine: &Machine, argv: &[&str]) -> Result<()> {
    println!("$ {}", argv.join(" "));
    let output = machine.run(argv.iter().copied())?;
    print!("{}{}", output.text(), output.error_text());
    println!();
    output.ok().map(|_| ())
}

/// Sets a mode, and shows nothing.
fn quietly(machine: &Machine, mode: &str) -> Result<()> {
    let password = &machine.profile().password.admin;
    let mut argv = vec!["milspecctl", "--quiet", "mode", "set", mode];
    if !password.is_empty() {
        argv.extend(["--bios-password-fd", "0"]);
    }
    let command = GuestCommand::new(argv).stdin(password.as_bytes());
    machine.run_command(command)?.ok().map(|_| ())
}

/// Shows a command that must end with this exit status.
fn refused(machine: &Machine, argv: &[&str], code: i32) -> Result<()> {
    println!("$ {}", argv.join(" "));
    ended(argv, machine.run(argv.iter().copied())?, code)
}

/// Shows what a command printed; it must have ended with this exit status.
fn ended(argv: &[&str], output: Output, code: i32) -> Result<()> {
    print!("{}{}", output.text(), output.error_text());
    if code != 0 {
        println!("(exit status {})", output.code);
    }
    println!();
    ensure!(
        output.code == code,
        "{argv:?} ended with {}, not {code}",
        output.code
    );
    Ok(())
}

/// A control's value, as milspecctl has it.
fn value(machine: &Machine, control: &str) -> Result<String> {
    let argv = ["milspecctl", "--json", "control", "show", control];
    let document = machine.run(argv)?.ok()?.json()?;
    let value = document["controls"][0]["value"].as_str();
    let value = value.with_context(|| format!("no value in {document:#}"))?;
    Ok(value.to_owned())
}
