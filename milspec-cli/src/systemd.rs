// SPDX-License-Identifier: GPL-2.0

//! The service that undoes a change that nobody confirms, whatever becomes of who made it.

use crate::program;
use crate::root::Root;

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
    let answer = program::ask(root, &[&["systemctl"], arguments].concat())?;
    answer.success.then_some(answer.text)
}
