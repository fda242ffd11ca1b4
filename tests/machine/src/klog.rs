// SPDX-License-Identifier: GPL-2.0

//! What must never stand in a kernel log.

use anyhow::{bail, Result};

/// Marks of a kernel that went wrong. Each was printed by a kernel of the
/// supported series; a plain "warning" in a driver's message is none of them.
const BAD: &[&str] = &[
    "BUG: ",
    "BUG at ",
    "kernel BUG",
    "WARNING: CPU",
    "WARNING: at ",
    "WARNING: possible ",
    "Call Trace:",
    "Oops: ",
    "Oops#",
    "general protection fault",
    "Kernel panic",
    "rust_kernel: panicked",
    "panicked at ",
    "sleeping function called from invalid context",
    "scheduling while atomic",
    "INFO: task ",
    "INFO: rcu",
    "UBSAN: ",
    "KASAN: ",
    "refcount_t: ",
    "list_add corruption",
    "list_del corruption",
    "unable to handle page fault",
    "stack segment: ",
    "double fault",
];

/// Fails when a kernel log has such a mark, and shows it with what is around.
pub fn check(log: &str) -> Result<()> {
    let lines: Vec<&str> = log.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        if let Some(mark) = BAD.iter().find(|mark| line.contains(*mark)) {
            let from = number.saturating_sub(3);
            let to = (number + 30).min(lines.len());
            bail!(
                "the kernel log has {mark:?}:\n{}",
                lines[from..to].join("\n")
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn finds_an_oops_and_nothing_else() {
        check("dell_milspec: 3 settings\n[    1.0] foo: warning: bar\n").unwrap();
        let error = check("a\nBUG: kernel NULL pointer dereference\nb").unwrap_err();
        assert!(error.to_string().contains("NULL pointer"));
        check("WARNING: CPU: 0 PID: 1 at kernel/x.c:1").unwrap_err();
    }
}
