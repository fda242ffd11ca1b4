// SPDX-License-Identifier: GPL-2.0

//! `milspecctl report` on the simulated Dell: what it says is so in the NVRAM, and the machine that
//! boots from it is the same again.

use crate::common::{controls, field, machine, milspecctl, Test};
use crate::real::mainline;
use anyhow::{ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{Machine, Module};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    ("report_boots_as_the_same_machine", || {
        boots("rugged-5430", Module::Autoload)
    }),
    (
        "report_without_the_module_boots_as_the_same_machine",
        || boots("optiplex-780", Module::Absent),
    ),
    ("report_by_nobody_says_what_it_lacks", by_nobody),
    ("report_of_another_layout_says_so", another_layout),
];

const NOBODY: u32 = 65534;

/// A report made as root, and the file that holds it on the host.
struct Report {
    document: Value,
    file: PathBuf,
}

impl Drop for Report {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

impl Report {
    /// Makes one, as its owner would: into a file.
    fn make(machine: &Machine, name: &str) -> Result<Self> {
        machine
            .sh("rm -f /tmp/report.json; milspecctl report --yes -o /tmp/report.json")?
            .ok()?;
        let text = machine.read("/tmp/report.json")?;
        let dmi = &machine.profile().dmi;
        for secret in [dmi.serial.as_str(), &dmi.sku, "simulated-dell", "root"] {
            ensure!(!text.contains(secret), "{secret} is in it: {text}");
        }
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let file = directory.join(format!("{name}-{}.json", std::process::id()));
        std::fs::write(&file, &text)?;
        Ok(Self {
            document: serde_json::from_str(&text)?,
            file,
        })
    }

    /// What it says that locations read.
    fn readings(&self) -> Result<BTreeMap<u16, u16>> {
        let both = [
            &self.document["readings"]["driver"],
            &self.document["readings"]["kernel"],
        ];
        let mut all = BTreeMap::new();
        for text in both {
            for word in text.as_str().context("no readings")?.split_whitespace() {
                let (location, value) = word.split_once('=').context("no reading")?;
                all.insert(u16::from_str_radix(location, 16)?, value.parse()?);
            }
        }
        Ok(all)
    }
}

/// Fails when a report says of a location anything but what the NVRAM holds, when the machine that
/// boots from it lists other tokens, reads otherwise or has other controls, or when the report does
/// not open as a recording of the same controls.
fn boots(profile: &str, module: Module) -> Result<()> {
    let first = machine(profile, module)?;
    // Not as it left the factory.
    for (setting, value) in [
        ("camera", "disabled"),
        ("speaker", "disabled"),
        ("wlan", "disabled"),
    ] {
        if first.plan().token(setting, value).is_ok() {
            first.nvram()?.set_setting(first.plan(), setting, value)?;
        }
    }
    if module == Module::Autoload {
        milspecctl(&first, &["status", "--refresh"])?;
    }
    let before = first.nvram()?.counts()?;
    let report = Report::make(&first, profile)?;
    let after = first.nvram()?.counts()?.since(&before);
    let readings = report.readings()?;
    let said = &report.document;
    ensure!(after.token_writes() == 0, "a report wrote");
    let kernel = field(&said["readings"], "kernel")?
        .split_whitespace()
        .count();
    ensure!(
        usize::try_from(after.token_reads())? >= kernel,
        "said to be read through the kernel, and was not"
    );
    ensure!(said["driver"].is_null() == (module == Module::Absent));
    ensure!(
        readings.len() > 80,
        "only {} locations were read",
        readings.len()
    );
    for (location, value) in &readings {
        let holds = first.nvram()?.location(*location)?;
        ensure!(
            holds == *value,
            "{location:#06x} is said to read {value}, and reads {holds}"
        );
    }
    let inference = &said["inference"];
    let holds = |layout: &str| inference[layout]["holds"].as_u64().unwrap_or(0);
    ensure!(
        holds("one_cell") + holds("cell_each") > 20
            && inference["differing"] == Value::Array(vec![]),
        "{inference:#}"
    );
    if module == Module::Autoload {
        let recorded = "milspecctl --json --root /tmp/report.json control list";
        let recorded = first.sh(recorded)?.ok()?.json()?;
        let live = Value::Array(controls(&first)?);
        ensure!(
            recorded["controls"] == live,
            "as a recording: {recorded:#}\nlive: {live:#}"
        );
    }
    // The same machine, out of the report.
    let name = format!("dmi:{}", report.file.display());
    let second = machine(&name, module)?;
    ensure!(
        mainline(&second)? == mainline(&first)?,
        "they list other tokens"
    );
    for (location, value) in &readings {
        let holds = second.nvram()?.location(*location)?;
        ensure!(
            holds == *value,
            "{location:#06x} read {value}, and now {holds}"
        );
    }
    let again = Report::make(&second, &format!("{profile}-again"))?;
    for same in ["machine", "token_table", "inference"] {
        ensure!(
            again.document[same] == said[same],
            "{same}: {:#}",
            again.document[same]
        );
    }
    ensure!(again.readings()? == readings, "it reads otherwise");
    if module == Module::Autoload {
        let values = |machine: &Machine| -> Result<BTreeMap<String, Value>> {
            let all = controls(machine)?.into_iter();
            all.map(|control| {
                Ok((
                    field(&control, "name")?.to_owned(),
                    control["value"].clone(),
                ))
            })
            .collect()
        };
        ensure!(
            values(&second)? == values(&first)?,
            "its controls stand otherwise"
        );
    }
    second.check_kernel_log()?;
    first.check_kernel_log()
}

/// Fails when somebody without rights gets no report, or one that does not name what it lacks, or a
/// firmware call is made.
fn by_nobody() -> Result<()> {
    for module in [Module::Autoload, Module::Absent] {
        let machine = machine("rugged-5430", module)?;
        let before = machine.nvram()?.counts()?;
        let command = GuestCommand::new(["milspecctl", "--json", "report"]).user(NOBODY, NOBODY);
        let said = machine.run_command(command)?.ok()?.json()?;
        ensure!(machine.nvram()?.counts()?.since(&before).token_reads() == 0);
        ensure!(
            said["token_table"].is_null() && said["driver"].is_null(),
            "{said:#}"
        );
        ensure!(
            said["inference"].is_null() && said["readings"]["kernel"] == "",
            "{said:#}"
        );
        ensure!(said["machine"]["product"] == machine.profile().dmi.product.as_str());
        let unread = said["unread"]
            .as_array()
            .context("no list of what is unread")?;
        let mut wanted = vec![
            ("driver", ["only root", "not loaded"]),
            ("token-table", ["root's", "root's"]),
            ("readings", ["without the token table"; 2]),
        ];
        if machine.exists("/sys/class/firmware-attributes/dell-wmi-sysman")? {
            wanted.push(("attribute-values", ["root's"; 2]));
        }
        for (what, why) in wanted {
            let why = why[usize::from(module == Module::Absent)];
            let named = unread.iter().any(|one| {
                one["what"] == what && one["why"].as_str().is_some_and(|text| text.contains(why))
            });
            ensure!(named, "{what} ({why}) is not among {unread:#?}");
        }
        // Root's answer has what nobody's lacks.
        let root = milspecctl(&machine, &["report"])?;
        ensure!(
            !root["token_table"].is_null()
                && root["driver"].is_null() == (module == Module::Absent)
        );
        machine.check_kernel_log()?;
    }
    Ok(())
}

/// Fails when a machine on which two locations of one setting read differently is reported as if its
/// layout were the usual one, or when the machine that boots from that report is the usual one.
fn another_layout() -> Result<()> {
    let first = machine("latitude-7490", Module::Absent)?;
    let report = Report::make(&first, "usual")?;
    ensure!(report.document["inference"]["differing"] == Value::Array(vec![]));
    // The report of a machine with a cell for each location of the camera, made by hand.
    let text = std::fs::read_to_string(&report.file)?;
    ensure!(text.contains("0286=1"), "the camera is not on");
    let (head, readings) = text.split_once("\"readings\"").context("no readings")?;
    let readings = readings.replacen("0286=1", "0286=0", 1);
    std::fs::write(&report.file, format!("{head}\"readings\"{readings}"))?;
    let second = machine(&format!("dmi:{}", report.file.display()), Module::Autoload)?;
    let nvram = second.nvram()?;
    ensure!(
        (nvram.location(0x0285)?, nvram.location(0x0286)?) == (1, 0),
        "it reads otherwise"
    );
    let said = Report::make(&second, "unusual")?;
    let differing = &said.document["inference"]["differing"];
    ensure!(
        differing[0]["group"] == "camera" && differing[0]["reads"] == "0285=1 0286=0",
        "{differing:#}"
    );
    second.check_kernel_log()
}
