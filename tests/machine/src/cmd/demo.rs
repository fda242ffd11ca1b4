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

/// What a person types on the host to do the same to a machine of `make shell`.
const NVRAM: &str = "cargo run -p milspec-machine -- nvram";

impl Demo {
    /// Runs it. Any step that does not show what it should is an error.
    pub fn run(&self) -> Result<()> {
        let start = Instant::now();
        let progress = Progress::new();
        say("This is a SIMULATED Dell. Its token table is a real one; what stands behind it (ACPI");
        say("tables, cells, SMM) is source in tests/machine, and nothing below was read from a real");
        say(
            "Dell. Kernel, module and milspecctl are real: Debian's own kernel, and what this tree",
        );
        say("has just built for it.\n");

        let options = Options {
            progress,
            ..Options::module(Module::Present)
        };
        let machine = Machine::boot(&self.which.name()?, &options)?;
        say(&format!(
            "Booted \"{}\": {}\n",
            machine.profile().dmi.product,
            machine.profile().summary
        ));
        show(&machine, &["uname", "-sr"])?;
        show(&machine, &["cat", "/sys/class/dmi/id/product_name"])?;
        show(&machine, &["/usr/sbin/modprobe", "dell_milspec"])?;
        show(&machine, &["milspecctl", "status"])?;
        show(&machine, &["milspecctl", "control", "list"])?;

        behind_its_back(&machine)?;
        match steps(&machine, "paranoid")? {
            None => refused(&machine, &["milspecctl", "mode", "plan", "paranoid"], 5)?,
            Some(0) => {
                ensure!(!self.which.is_usual(), "nothing of a mode is shown");
                say("No mode asks for anything that this machine can change.\n");
            }
            Some(_) => {
                modes(&machine)?;
                failure(&machine)?;
                latch(&machine)?;
            }
        }
        proof(&machine)?;

        show(&machine, &["milspecctl", "doctor"])?;
        machine.check_kernel_log()?;
        say(&format!(
            "All of it worked, and the kernel log is clean. {:.0} s. Look around in `make shell`.",
            start.elapsed().as_secs_f64()
        ));
        Ok(())
    }
}

/// A setting is changed where the driver does not see it.
fn behind_its_back(machine: &Machine) -> Result<()> {
    let Some((setting, now, other)) = moved(machine)? else {
        say("This machine has no setting with two values.\n");
        return Ok(());
    };
    say(&format!(
        "Now the host changes the cell of {setting} in NVRAM, as a BIOS menu would: the driver is"
    ));
    say("not told. What it shows is what it read last, until it is asked to read again.\n");
    let shown = || value(machine, &setting);
    ensure!(shown()? == now, "{setting} does not start out {now}");
    let nvram = machine.nvram()?;
    nvram.set_setting(machine.plan(), &setting, &other)?;
    println!("(host) $ {NVRAM} set {setting} {other}\n");
    let before = nvram.counts()?;
    show(machine, &["milspecctl", "control", "show", &setting])?;
    let asked = nvram.counts()?.since(&before).smbios();
    ensure!(asked == 0, "showing a control made {asked} firmware calls");
    ensure!(shown()? == now, "the driver noticed without being asked");
    show(machine, &["milspecctl", "status", "--refresh"])?;
    show(machine, &["milspecctl", "control", "show", &setting])?;
    ensure!(shown()? == other, "--refresh did not find the change");
    Ok(())
}

/// A setting with two values: its name, the one in force, another one. The camera, if there is one.
fn moved(machine: &Machine) -> Result<Option<(String, String, String)>> {
    let plan = machine.plan();
    let mut names: Vec<&str> = plan.by_name.keys().map(|(s, _)| s.as_str()).collect();
    names.dedup();
    names.sort_by_key(|name| *name != "camera");
    for name in names {
        let now = machine.nvram()?.setting(plan, name)?;
        let values = plan.setting(name);
        let mut others = values
            .iter()
            .filter(|(value, _)| now.as_deref() != Some(value));
        if let (Some(now), Some((other, _))) = (&now, others.next()) {
            // What the table contradicts itself about is not shown.
            if value(machine, name).ok().as_ref() != Some(now) {
                continue;
            }
            return Ok(Some((name.to_owned(), now.clone(), (*other).to_owned())));
        }
    }
    Ok(None)
}

/// Settings that a mode changes from here; `None` when it is refused.
fn steps(machine: &Machine, mode: &str) -> Result<Option<usize>> {
    let argv = ["milspecctl", "--json", "mode", "plan", mode];
    let output = machine.run(argv)?;
    if output.code == 5 {
        return Ok(None);
    }
    let document = output.ok()?.json()?;
    let steps = document["steps"].as_array();
    let steps = steps.context("a plan without steps")?;
    let mut settings = 0;
    for step in steps {
        let family = step["family"].as_str().context("a step of no family")?;
        settings += usize::from(family == "platform");
    }
    Ok(Some(settings))
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

/// A mode: planned, applied, and applied again.
fn modes(machine: &Machine) -> Result<()> {
    say(
        "A mode is a target for many controls. A plan says what it would take and changes nothing;",
    );
    say("to set it takes all of its steps or none, and reads each one back.\n");
    let before = cells(machine)?;
    let changes = steps(machine, "standard")? > Some(0);
    show(machine, &["milspecctl", "mode", "plan", "standard"])?;
    ensure!(cells(machine)? == before, "a plan changed something");
    set(machine, &["standard"], 0)?;
    ensure!(!changes || cells(machine)? != before, "nothing was changed");
    let counts = machine.nvram()?.counts()?;
    set(machine, &["standard"], 0)?;
    let writes = machine.nvram()?.counts()?.since(&counts).token_writes();
    ensure!(writes == 0, "the second time wrote {writes} times");
    Ok(())
}

/// A firmware call fails in the middle of a change.
fn failure(machine: &Machine) -> Result<()> {
    let mut found = None;
    for mode in ["enhanced", "paranoid"] {
        match steps(machine, mode)? {
            Some(settings) if settings > 0 && found.is_none() => found = Some((mode, settings)),
            _ => {}
        }
    }
    let Some((mode, settings)) = found else {
        return Ok(());
    };
    let nth = settings.min(3);
    say(&format!(
        "Now the host makes write number {nth} from here on fail. The change is undone, and what the"
    ));
    say("NVRAM holds is compared with what it held before.\n");
    println!("(host) $ {NVRAM} fail write --nth {nth}\n");
    let before = cells(machine)?;
    let fault = Fault::new(Call::TOKEN_WRITE, Wrong::Fail(-1)).nth(nth as u32);
    let fault = machine.nvram()?.arm(fault)?;
    set(machine, &[mode], 1)?;
    ensure!(machine.nvram()?.hits(fault)? == 1, "no call failed");
    ensure!(cells(machine)? == before, "something was left changed");
    say("The NVRAM is as it was, byte for byte. With a firmware that is well again:\n");
    set(machine, &[mode, "--quiet"], 0)?;
    show(machine, &["milspecctl", "mode", "get"])
}

/// The mode that cannot be left.
fn latch(machine: &Machine) -> Result<()> {
    say("paranoid-plus latches: until the next boot there is no way back.\n");
    set(machine, &["paranoid-plus"], 5)?;
    set(machine, &["paranoid-plus", "--accept-latch", "--quiet"], 0)?;
    set(machine, &["standard"], 5)?;
    refused(machine, &["/usr/sbin/rmmod", "dell_milspec"], 1)?;
    show(machine, &["milspecctl", "mode", "get"])
}

/// What happened, and that it was not edited.
fn proof(machine: &Machine) -> Result<()> {
    say("All of that is in the journal: each record chained to the one before it, each change");
    say("extended into the TPM.\n");
    let warnings = ["milspecctl", "events", "--severity", "warning"];
    show(machine, &warnings)?;
    let file = "/tmp/journal";
    show(machine, &["milspecctl", "journal", "save", file])?;
    show(machine, &["milspecctl", "journal", "verify", file])?;
    say("Now somebody edits the saved journal: one bit of who did it, in the last record.\n");
    let flip = format!(
        "printf '\\001' | dd of={file} bs=1 seek=$(($(stat -c %s {file}) - 176 + 80)) conv=notrunc"
    );
    println!("$ {flip}\n");
    machine.sh(&flip)?.ok()?;
    refused(machine, &["milspecctl", "journal", "verify", file], 1)
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
