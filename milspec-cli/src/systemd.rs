// SPDX-License-Identifier: GPL-2.0

//! The service that undoes a change that nobody confirms, whatever becomes of who made it.

use crate::root::Root;
use std::ffi::OsString;
use std::process::{Command, Stdio};

/// Its unit. It does nothing where no change waits to be confirmed.
pub const UNIT: &str = "milspec-confirm.service";

/// Whether systemd runs, and starts it whenever the driver comes.
pub fn has_unit(root: &Root) -> bool {
    let told = systemctl(root, &["show", "--property=LoadState,WantedBy", UNIT]);
    told.is_some_and(|told| {
        let mut lines = told.lines();
        let wanted = |line: &str| line.len() > "WantedBy=".len() && line.starts_with("WantedBy=");
        told.contains("LoadState=loaded\n") && lines.any(wanted)
    })
}

/// Has it start. Returns whether systemd took that.
pub fn start(root: &Root) -> bool {
    systemctl(root, &["start", "--no-block", UNIT]).is_some()
}

/// Has the machine boot again. Returns whether systemd took that.
pub fn reboot(root: &Root) -> bool {
    systemctl(root, &["--no-block", "reboot"]).is_some()
}

/// What `systemctl` prints; `None` where it fails, and where systemd does not run.
fn systemctl(root: &Root, arguments: &[&str]) -> Option<String> {
    if !root.exists("/run/systemd/system") {
        return None;
    }
    // A recording has its own: the machine that shows it is none of its business.
    let program = match root.note() {
        Some(_) => root.path("/usr/bin/systemctl").into(),
        None => OsString::from("systemctl"),
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}
