// SPDX-License-Identifier: GPL-2.0

//! Files for fleets, on the token tables of real machines: those of `tests/machine/profiles`, read
//! with the driver's own rules. What the settings are at first is made up, as it is there.

use crate::docs::source;
use crate::driver::Driver;
use crate::machines::{answer, setting};
use crate::run::{command, document, finish};
use crate::tree::Tree;
use milspec_posture::control::{Class, Presence};
use milspec_posture::deny;
use milspec_posture::listed::{entangle, Listed, Model};
use milspec_posture::setting::{Listing, Listings};
use milspec_posture::settings::SETTINGS;
use milspec_posture::token_table::Token;
use milspec_uapi as uapi;
use milspec_uapi::Control;
use serde_json::Value;
use std::fs;
use toml::Table;

/// A notebook, a desktop and a rugged notebook, and a notebook of 2007.
const PROFILES: [&str; 4] = [
    "latitude-7490",
    "optiplex-7090",
    "rugged-5430",
    "latitude-d630",
];

fn profile(name: &str) -> Table {
    let path = source(&format!("tests/machine/profiles/{name}.toml"));
    toml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The controls of a machine with the token table of a profile.
pub fn controls(name: &str) -> Vec<Control> {
    let profile = profile(name);
    let mut listings = vec![Listings::default(); SETTINGS.len()];
    for structure in profile["tokens"]["structure"].as_array().unwrap() {
        for token in structure["tokens"].as_str().unwrap().split_whitespace() {
            for (listings, setting) in listings.iter_mut().zip(SETTINGS) {
                listings.take(setting, parse(token));
            }
        }
    }
    let dmi = &profile["dmi"];
    let chassis = dmi
        .get("chassis_type")
        .map_or(10, |t| t.as_integer().unwrap());
    let model = Model {
        product: dmi["product"].as_str().unwrap().as_bytes(),
        portable: deny::is_portable(chassis.to_string().as_bytes()),
        ..Model::default()
    };
    let all = (1 << 16..).zip(SETTINGS).zip(listings);
    let mut listed: Vec<Listed> = all
        .filter_map(|((id, setting), listings)| Listed::new(id, setting, listings, &model))
        .collect();
    entangle(&mut listed);
    let initial = self::profile("initial");
    listed.iter().map(|one| control(one, &initial)).collect()
}

/// `ID=VALUE`, or `ID@LOCATION=VALUE`.
fn parse(token: &str) -> Token {
    let (place, value) = token.split_once('=').unwrap();
    let (id, location) = place.split_once('@').unwrap_or((place, place));
    Token {
        id: u16::from_str_radix(id, 16).unwrap(),
        location: u16::from_str_radix(location, 16).unwrap(),
        value: value.parse().unwrap(),
    }
}

fn control(listed: &Listed, initial: &Table) -> Control {
    let values = listed.setting.values;
    let lists = |at: &usize| matches!(listed.listings.0[*at], Listing::Listed { .. });
    let wanted = initial.get(listed.setting.name).and_then(|v| v.as_str());
    let current = (0..values.len())
        .filter(lists)
        .max_by_key(|at| wanted == Some(values[*at].name));
    let current = current.unwrap_or(0);
    let mut control = setting(listed.setting.name, values[current].name);
    assert_eq!(control.id, listed.id);
    if !listed.is_writable() {
        control.access = uapi::ACCESS_READ_ONLY;
    }
    if listed.class == Class::Restricted {
        control.control_class = uapi::CLASS_RESTRICTED;
    }
    control.presence = match listed.presence {
        Presence::Full => uapi::PRESENCE_FULL,
        Presence::Partial => uapi::PRESENCE_PARTIAL,
        Presence::Contradictory => uapi::PRESENCE_CONTRADICTORY,
    };
    answer(&mut control, current as u32);
    for at in (0..values.len()).filter(|at| !lists(at)) {
        control.values[at].properties = 0;
    }
    control
}

/// Runs milspecctl on the machine as it stands; the document, and the machine after it.
fn run(driver: &Driver, tree: Tree, words: &[&str]) -> (Value, Tree, Driver) {
    let all = [&["milspecctl", "--json"], words].concat();
    let (tree, after) = driver.record(tree, &all);
    let output = finish({
        let mut command = command(&["--root", tree.dir(), "--json"]);
        command.args(words).current_dir(tree.dir());
        command
    });
    let document = document(&output);
    assert_eq!(output.status, 0, "{document:#}");
    (document, tree.unapplied(), after)
}

/// Promise: each file of packaging/examples applies on the token tables of four different real
/// machines, with the same file for all; the second time there is nothing to do. What a machine
/// lacks is named, and each file finds something to skip and something to do.
#[test]
fn examples() {
    let mut files: Vec<_> = fs::read_dir(source("packaging/examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 3);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let file: Table = toml::from_str(&text).unwrap();
        // The schema is that of the structure.
        crate::run::validate(&serde_json::to_value(&file).unwrap());
        let (mut skipped, mut changed) = (0, 0);
        for profile in PROFILES {
            let mut driver = Driver::new(controls(profile));
            let name = path.file_stem().unwrap().to_str().unwrap();
            let mut tree =
                Tree::loaded(&format!("fleet-{name}-{profile}")).file("fleet.toml", &text);
            let apply = ["config", "apply", "fleet.toml"];
            for changes in [true, false] {
                let (document, now, after) = run(&driver, tree, &apply);
                (tree, driver) = (now, after);
                assert_eq!(document["outcome"], "done", "{name} on {profile}");
                assert!(changes || document["changes"] == 0, "{document:#}");
                changed += document["changes"].as_u64().unwrap();
                let list = |key: &str| document[key].as_array().unwrap().len();
                let asked = document["target"]["controls"].as_array().unwrap().len();
                assert_eq!(
                    asked + list("skipped"),
                    file["if-present"].as_table().unwrap().len()
                );
                skipped += list("skipped");
                if !changes {
                    let (diff, now, _) = run(
                        &driver,
                        tree,
                        &["config", "diff", "fleet.toml", "--exit-code"],
                    );
                    tree = now;
                    assert_eq!(diff["changes"], 0);
                }
            }
        }
        assert!(skipped > 0 && changed > 0);
    }
}

/// What milspec-enforce.service does on the machine as it stands, with this file; exit status, the
/// journal's lines, and the machine after it.
fn enforce(driver: &Driver, tree: Tree, file: &str) -> (i32, String, Tree, Driver) {
    let unit = fs::read_to_string(source("packaging/systemd/milspec-enforce.service")).unwrap();
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let words = line.unwrap().replace("/etc/milspec/", "");
    let words: Vec<&str> = words.split_whitespace().collect();
    let tree = tree.file("config.toml", file);
    let (tree, after) = driver.record(tree, &words);
    let mut command = command(&["--root", tree.dir()]);
    command.args(&words[1..]).current_dir(tree.dir());
    let output = finish(command);
    let after = if output.status == 0 {
        after
    } else {
        driver.clone()
    };
    (
        output.status,
        output.stdout + &output.stderr,
        tree.unapplied(),
        after,
    )
}

/// Promise: milspec-enforce.service changes what is not as the file has it, says so in a line for
/// each, and does nothing when all is so. What something else has changed since, it changes back. A
/// BIOS password makes it fail with a line that says so, and so does a latch that the file does not
/// accept.
#[test]
fn enforced() {
    let file = "schema = \"milspec.config/1\"\n[controls]\nwlan = \"disabled\"\n\
                [if-present]\nnfc = \"disabled\"\n";
    let mut driver = Driver::new(controls("latitude-d630"));
    driver.meddle("wlan", "enabled");
    let (status, text, tree, mut driver) = enforce(&driver, Tree::loaded("enforce"), file);
    assert_eq!(status, 0, "{text}");
    let line = "wlan  enabled \u{2192} disabled  done";
    assert!(
        text.contains(line) && text.contains("not on this machine: nfc"),
        "{text}"
    );
    let (status, text, tree, _) = enforce(&driver, tree, file);
    assert!(status == 0 && text.contains("Nothing to do"), "{text}");
    driver.meddle("wlan", "enabled");
    let (status, text, tree, mut driver) = enforce(&driver, tree, file);
    assert!(status == 0 && text.contains(line), "{text}");
    driver.meddle("wlan", "enabled");
    driver.password = true;
    let (status, text, tree, _) = enforce(&driver, tree, file);
    assert!(
        status == 1 && text.contains("needs the BIOS administrator password"),
        "{text}"
    );
    let latch = "schema = \"milspec.config/1\"\nmode = \"paranoid-plus\"\n";
    let (status, text, tree, _) = enforce(&driver, tree, latch);
    assert!(
        status == 5 && text.contains("latches until the next boot"),
        "{text}"
    );
    driver.password = false;
    let accepts = format!("{latch}accept-latch = true\n");
    let (status, text, _, _) = enforce(&driver, tree, &accepts);
    assert_eq!(status, 0, "{text}");
}
