// SPDX-License-Identifier: GPL-2.0

//! `machine demo`: our module on a stock kernel, for a person to see.

use super::which::Which;
use anyhow::{ensure, Context, Result};
use clap::Args;
use milspec_machine::progress::Progress;
use milspec_machine::{Call, Fault, Machine, Module, Options, Wrong};
use std::time::Instant;

/// Boots a simulated Rugged Latitude and shows the driver and milspecctl at work
#[derive(Args)]
pub struct Demo {
    #[command(flatten)]
    which: Which,
}

/// The control that the host moves behind the driver's back.
const CONTROL: &str = "camera";
/// What a person types on the host to do the same to a machine of `make shell`.
const NVRAM: &str = "cargo run -p milspec-machine -- nvram";

impl Demo {
    /// Runs it. Any step that does not show what it should is an error.
    pub fn run(&self) -> Result<()> {
        let start = Instant::now();
        let progress = Progress::new();
        say("This is a SIMULATED Dell. Its firmware (ACPI tables, SMBIOS tables, NVRAM) is source in");
        say(
            "tests/machine; nothing below was read from a real Dell. Kernel, module and milspecctl",
        );
        say("are real: Debian's own kernel, and what this tree has just built for it.\n");

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

        say("Now the host changes the camera's cell in NVRAM, as a BIOS menu would: the driver is");
        say("not told. What it shows is what it read last, until it is asked to read again.\n");
        ensure!(
            value(&machine)? == "enabled",
            "{CONTROL} does not start out enabled"
        );
        machine
            .nvram()?
            .set_setting(machine.plan(), CONTROL, "disabled")?;
        println!("(host) $ {NVRAM} set {CONTROL} disabled\n");
        let before = machine.nvram()?.counts()?;
        show(&machine, &["milspecctl", "control", "show", CONTROL])?;
        let asked = machine.nvram()?.counts()?.since(&before).smbios();
        ensure!(asked == 0, "showing a control made {asked} firmware calls");
        ensure!(
            value(&machine)? == "enabled",
            "the driver noticed without being asked"
        );
        show(&machine, &["milspecctl", "status", "--refresh"])?;
        show(&machine, &["milspecctl", "control", "show", CONTROL])?;
        ensure!(
            value(&machine)? == "disabled",
            "--refresh did not find the change"
        );

        modes(&machine)?;
        failure(&machine)?;
        latch(&machine)?;
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

/// A mode: planned, applied, and applied again.
fn modes(machine: &Machine) -> Result<()> {
    say(
        "A mode is a target for many controls. A plan says what it would take and changes nothing;",
    );
    say("to set it takes all of its steps or none, and reads each one back.\n");
    let before = cells(machine)?;
    show(machine, &["milspecctl", "mode", "plan", "standard"])?;
    ensure!(cells(machine)? == before, "a plan changed something");
    show(machine, &["milspecctl", "mode", "set", "standard"])?;
    ensure!(cells(machine)? != before, "nothing was changed");
    let counts = machine.nvram()?.counts()?;
    show(machine, &["milspecctl", "mode", "set", "standard"])?;
    let writes = machine.nvram()?.counts()?.since(&counts).token_writes();
    ensure!(writes == 0, "the second time wrote {writes} times");
    Ok(())
}

/// A firmware call fails in the middle of a change.
fn failure(machine: &Machine) -> Result<()> {
    say("Now the host makes the third write from here on fail. The change is undone, and what the");
    say("NVRAM holds is compared with what it held before.\n");
    println!("(host) $ {NVRAM} fail write --nth 3\n");
    let before = cells(machine)?;
    let fault = Fault::new(Call::TOKEN_WRITE, Wrong::Fail(-1)).nth(3);
    let fault = machine.nvram()?.arm(fault)?;
    refused(machine, &["milspecctl", "mode", "set", "enhanced"], 1)?;
    ensure!(machine.nvram()?.hits(fault)? == 1, "no call failed");
    ensure!(cells(machine)? == before, "something was left changed");
    say("The NVRAM is as it was, byte for byte. With a firmware that is well again:\n");
    show(
        machine,
        &["milspecctl", "mode", "set", "enhanced", "--quiet"],
    )?;
    show(machine, &["milspecctl", "mode", "get"])
}

/// The mode that cannot be left.
fn latch(machine: &Machine) -> Result<()> {
    say("paranoid-plus latches: until the next boot there is no way back.\n");
    let set = ["milspecctl", "mode", "set"];
    refused(machine, &[&set[..], &["paranoid-plus"]].concat(), 5)?;
    let accepted = ["paranoid-plus", "--accept-latch", "--quiet"];
    show(machine, &[&set[..], &accepted].concat())?;
    refused(machine, &[&set[..], &["standard"]].concat(), 5)?;
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
    say("Now somebody edits the saved journal: one bit of who did it, in the tenth record.\n");
    let flip = format!("printf '\\001' | dd of={file} bs=1 seek=$((9 * 176 + 80)) conv=notrunc");
    println!("$ {flip}\n");
    machine.sh(&flip)?.ok()?;
    refused(machine, &["milspecctl", "journal", "verify", file], 1)
}

/// What the NVRAM holds at each token's location.
fn cells(machine: &Machine) -> Result<Vec<u16>> {
    let nvram = machine.nvram()?;
    let tokens = machine.plan().tokens.iter();
    tokens.map(|token| nvram.location(token.location)).collect()
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
    let output = machine.run(argv.iter().copied())?;
    print!("{}{}", output.text(), output.error_text());
    println!("(exit status {})\n", output.code);
    ensure!(
        output.code == code,
        "{argv:?} ended with {}, not {code}",
        output.code
    );
    Ok(())
}

/// The control's value, as milspecctl has it.
fn value(machine: &Machine) -> Result<String> {
    let argv = ["milspecctl", "--json", "control", "show", CONTROL];
    let document = machine.run(argv)?.ok()?.json()?;
    find(&document, "value")
        .or_else(|| find(&document, "current"))
        .with_context(|| format!("no value in {document:#}"))
}

/// The first text under this name, anywhere in a document.
fn find(document: &serde_json::Value, name: &str) -> Option<String> {
    match document {
        serde_json::Value::Object(fields) => fields
            .get(name)
            .and_then(|v| v.as_str())
            .map(str::to_owned)
            .or_else(|| fields.values().find_map(|v| find(v, name))),
        serde_json::Value::Array(items) => items.iter().find_map(|v| find(v, name)),
        _ => None,
    }
}
