// SPDX-License-Identifier: GPL-2.0

//! Which systemd unit a process runs in.

use crate::root::Root;

/// Ticks of `/proc/PID/stat` in a second, for all programs of x86 and Arm.
const TICKS: u64 = 100;

/// The control group of a process, e.g. `/system.slice/milspec-enforce.service`; `None` where it has
/// gone, or where what has its number now began after `boottime_ns`.
pub fn of(root: &Root, pid: u32, boottime_ns: u64) -> Option<String> {
    if root.note().is_some() {
        return None;
    }
    let began = |root: &Root| {
        let stat = root.text(&format!("/proc/{pid}/stat"))?;
        // The name, in brackets, can have anything in it.
        let (_, after) = stat.rsplit_once(')')?;
        let ticks: u64 = after.split_whitespace().nth(19)?.parse().ok()?;
        ticks.checked_mul(1_000_000_000 / TICKS)
    };
    let before = began(root)?;
    let groups = root.text(&format!("/proc/{pid}/cgroup"))?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    // It has not gone meanwhile, and its number to another.
    let same = began(root) == Some(before) && before <= boottime_ns;
    (same && group.len() <= 512).then(|| group.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: a process that runs is found in its group, and one that began after what it is to have
    /// done is not.
    #[test]
    fn this_process() {
        let root = Root::open(None).unwrap();
        let pid = std::process::id();
        let Some(group) = of(&root, pid, u64::MAX) else {
            // A host without the unified hierarchy has no such line.
            let groups = root.text("/proc/self/cgroup").unwrap();
            assert!(!groups.lines().any(|line| line.starts_with("0::")));
            return;
        };
        assert!(group.starts_with('/'));
        assert_eq!(of(&root, pid, 0), None);
    }
}
