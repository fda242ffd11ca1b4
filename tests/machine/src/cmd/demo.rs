// SPDX-License-Identifier: GPL-2.0

//! `machine demo`: our module on a stock kernel, for a person to see.

use anyhow::{ensure, Context, Result};
use clap::Args;
use milspec_machine::progress::Progress;
use milspec_machine::{Machine, Module, Options};
use std::time::Instant;

/// Boots a simulated Rugged Latitude and shows the driver and milspecctl at work
#[derive(Args)]
pub struct Demo {
    /// Which machine: see `machine profiles`
    #[arg(long, default_value = "rugged")]
    profile: String,
}

/// The control that the host moves behind the driver's back.
const CONTROL: &str = "camera";

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
        let machine = Machine::boot(&self.profile, &options)?;
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
        println!("(host) $ machine nvram set {CONTROL} disabled\n");
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

        show(&machine, &["milspecctl", "doctor"])?;
        machine.check_kernel_log()?;
        say(&format!(
            "All of it worked, and the kernel log is clean. {:.0} s. Look around in `make shell`.",
            start.elapsed().as_secs_f64()
        ));
        Ok(())
    }
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
