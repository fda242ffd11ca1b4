// SPDX-License-Identifier: GPL-2.0

//! The files of mainline's `dell-wmi-sysman`. They are read, never written.

use super::modifier::{self, Condition};
use crate::failure::errno_of;
use crate::model::clean;
use crate::root::Root;
use crate::system::{self, Installed};
use crate::words::count;
use nix::errno::Errno;
use serde::Serialize;
use std::io;

/// Where it shows attributes.
const CLASS: &str = "/sys/class/firmware-attributes/dell-wmi-sysman";

/// Where the kernel shows the WMI interfaces of the firmware.
const WMI: &str = "/sys/bus/wmi/devices";

/// The WMI interfaces of attributes: methods, enumerations, integers, strings differ in what
/// follows.
const GUID: &str = "F1DDEE52-063C-4784-A11E-8A06684B9B";

/// The module.
const MODULE: &str = "dell_wmi_sysman";

/// How this machine stands with attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// They are there.
    Present,
    /// The driver is there and shows none, though the firmware has the interface.
    Vanished,
    /// The firmware has the interface, and no driver shows what is behind it.
    NotBound,
    /// The firmware has no such interface.
    Absent,
    /// That could not be found out.
    Unknown,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Now {
    /// What the firmware says.
    Value(String),
    /// This user may not read it.
    NotAllowed(Errno),
    /// Reading failed.
    Failed(Errno),
}

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its value.
    pub now: Now,
    /// What it can be, where it lists that.
    pub possible: Vec<String>,
    /// Its name for people.
    pub display: String,
    modifier: String,
    value_modifier: String,
}

/// All that there is to read.
pub struct Class<'a> {
    root: &'a Root,
    /// How the machine stands.
    pub state: State,
    /// Why, for people.
    pub reason: String,
    /// What to do about it.
    pub remedy: Option<&'static str>,
    /// Names of the attributes.
    pub names: Vec<String>,
    /// Whether something was set through this driver since the last boot.
    pub pending_reboot: Option<bool>,
}

impl<'a> Class<'a> {
    /// Looks what is there. Reads no value of an attribute.
    pub fn read(root: &'a Root) -> Self {
        let class = Self {
            root,
            state: State::Present,
            reason: String::new(),
            remedy: None,
            names: Vec::new(),
            pending_reboot: flag(root, &format!("{CLASS}/attributes/pending_reboot")),
        };
        match root.list(&format!("{CLASS}/attributes")) {
            Ok(names) => class.with(names),
            Err(_) if !root.is_on_disk() => {
                let why = "a report is no place to read them from: they stand in it";
                class.is(State::Unknown, why, None)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => class.missing(),
            Err(error) => {
                let errno = errno_of(&error);
                let why = format!("{CLASS}/attributes cannot be listed ({errno:?})");
                let remedy = "run this as root, on the machine itself";
                class.is(State::Unknown, why, Some(remedy))
            }
        }
    }

    fn is(self, state: State, why: impl Into<String>, remedy: Option<&'static str>) -> Self {
        Self {
            state,
            reason: why.into(),
            remedy,
            ..self
        }
    }

    /// Where these are in the driver's directory: beside the directories of attributes there are
    /// files, for all of them.
    fn with(mut self, names: Vec<String>) -> Self {
        let has = |name: &str, file| self.root.exists(&self.file(name, file));
        let is = |name: &String| has(name, "type") || has(name, "current_value");
        self.names = names.into_iter().filter(is).collect();
        match self.names.len() {
            0 => self.is(
                State::Vanished,
                "dell-wmi-sysman has the firmware's interface and shows not one attribute: so it \
                 went with BIOS updates (Latitude 5520 1.51.0) that put a mark for read-only before \
                 each entry, which the kernel then drops without a word",
                Some(
                    "look into the BIOS setup, and for a later BIOS; the controls do not need \
                     attributes",
                ),
            ),
            n => self.is(State::Present, count(n, "attribute"), None),
        }
    }

    /// Where the driver has no directory.
    fn missing(self) -> Self {
        let Ok(devices) = self.root.list(WMI) else {
            let why = "the kernel shows no WMI interfaces, so that nobody knows whether the \
                       firmware has attributes";
            let remedy = "run this on the machine itself, with a kernel that has CONFIG_ACPI_WMI";
            return self.is(State::Unknown, why, Some(remedy));
        };
        let is = |name: &String| {
            let start = name.get(..GUID.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(GUID))
        };
        if !devices.iter().any(is) {
            let why = "the firmware does not have the interface, which business models have from \
                       2018 on";
            return self.is(State::Absent, why, None);
        }
        let release = system::release(self.root);
        let installed = release.map(|release| system::installed(self.root, &release, MODULE));
        let (why, remedy) = match installed {
            _ if system::loaded(self.root, MODULE) => (
                "dell-wmi-sysman is loaded, but did not take it: one malformed entry of the \
                 firmware is enough for that",
                "see \"dmesg | grep sysman\"; look for a BIOS update",
            ),
            Some(Installed::No) | None => (
                "this kernel does not have dell-wmi-sysman",
                "boot a kernel with CONFIG_DELL_WMI_SYSMAN",
            ),
            _ => (
                "dell-wmi-sysman is not loaded",
                "run \"modprobe dell-wmi-sysman\" as root and see dmesg",
            ),
        };
        let why = format!("the firmware has attributes that cannot be seen: {why}");
        self.is(State::NotBound, why, Some(remedy))
    }

    /// Whether the firmware has an administrator password. Everybody may read that, and the driver
    /// asks the firmware: who needs no answer does not ask.
    pub fn password(&self) -> Option<bool> {
        let path = format!("{CLASS}/authentication/Admin/is_enabled");
        flag(self.root, &path)
    }

    /// Whether the machine has an attribute of this name.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Reads an attribute. The driver asks the firmware for the value.
    pub fn attribute(&self, name: &str) -> Option<Attribute> {
        if !self.has(name) {
            return None;
        }
        let text = |file: &str| {
            let bytes = self.root.bytes(&self.file(name, file));
            bytes.map_or_else(|_| String::new(), |bytes| line(&bytes))
        };
        let possible = text("possible_values");
        let possible = possible.split(';').map(str::trim);
        Some(Attribute {
            now: self.now(name),
            possible: possible
                .filter(|value| !value.is_empty())
                .map(str::to_string)
                .collect(),
            display: text("display_name"),
            modifier: text("dell_modifier"),
            value_modifier: text("dell_value_modifier"),
        })
    }

    fn now(&self, name: &str) -> Now {
        match self.root.bytes(&self.file(name, "current_value")) {
            Ok(bytes) => Now::Value(line(&bytes)),
            Err(error) => match errno_of(&error) {
                errno @ (Errno::EACCES | Errno::EPERM) => Now::NotAllowed(errno),
                errno => Now::Failed(errno),
            },
        }
    }

    fn file(&self, name: &str, file: &str) -> String {
        format!("{CLASS}/attributes/{name}/{file}")
    }

    /// Whether a condition holds; `None` where that cannot be found out.
    fn holds(&self, condition: &Condition) -> Option<bool> {
        if !self.has(&condition.attribute) {
            return None;
        }
        match self.now(&condition.attribute) {
            Now::Value(now) => Some(condition.holds(&now)),
            _ => None,
        }
    }

    /// Why the firmware would not take another value for an attribute: it is hidden or read-only
    /// just now, or under a condition that is not understood.
    pub fn closed(&self, attribute: &Attribute) -> Option<String> {
        modifier::conditions(&attribute.modifier)
            .iter()
            .find_map(|condition| match condition {
                None => Some("under a condition that is not understood".to_string()),
                Some(condition) => match self.holds(condition) {
                    Some(false) => None,
                    Some(true) if condition.kind.starts_with("Suppress") => {
                        Some(format!("hidden {}", condition.in_words()))
                    }
                    Some(true) => Some(format!("read-only {}", condition.in_words())),
                    None => Some(format!(
                        "under a condition of {}, which cannot be read",
                        condition.attribute
                    )),
                },
            })
    }

    /// Why an attribute has this value and no other: another one forces it, or it is hidden.
    pub fn forced(&self, attribute: &Attribute, value: &str) -> Option<String> {
        let holds = |condition: &Condition| self.holds(condition) == Some(true);
        let all = modifier::of_value(&attribute.value_modifier, value);
        let forced = all.into_iter().flatten().find(holds);
        if let Some(condition) = forced {
            return Some(format!("forced {}", condition.in_words()));
        }
        let all = modifier::conditions(&attribute.modifier);
        let hidden = all.into_iter().flatten().find(|condition| {
            condition.kind.starts_with("Suppress") && self.holds(condition) == Some(true)
        });
        hidden.map(|condition| format!("hidden {}", condition.in_words()))
    }
}

fn flag(root: &Root, path: &str) -> Option<bool> {
    match root.text(path)?.as_str() {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// The text of a file of one line.
fn line(bytes: &[u8]) -> String {
    clean(bytes.trim_ascii_end())
}
