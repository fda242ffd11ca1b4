// SPDX-License-Identifier: GPL-2.0

//! What must never stand in a kernel log.

use anyhow::{bail, ensure, Context, Result};

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

/// Bits of /proc/sys/kernel/tainted that a kernel sets when it goes wrong, with their letters.
const TAINTS: [(u32, char, &str); 4] = [
    (5, 'B', "a bad page"),
    (7, 'D', "an oops or a BUG"),
    (9, 'W', "a warning"),
    (14, 'L', "a soft lockup"),
];

/// The mark of a bad kernel in a line of its log.
fn mark(line: &str) -> Option<&'static str> {
    // As kernel/panic.c prints it since 6.19: "WARNING: FILE:LINE at FUNCTION, CPU#N: COMMAND/PID".
    let warns = line.split_once("WARNING: ").is_some_and(|(_, what)| {
        let at = what.split_once(" at ");
        at.is_some_and(|(_, place)| place.contains(", CPU#"))
    });
    match warns {
        true => Some("WARNING: "),
        false => BAD.iter().find(|mark| line.contains(*mark)).copied(),
    }
}

/// Fails when a kernel log has such a mark, and shows it with what is around.
pub fn check(log: &str) -> Result<()> {
    let lines: Vec<&str> = log.lines().collect();
    for (number, line) in lines.iter().enumerate() {
        if let Some(mark) = mark(line) {
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

/// Fails when the number in /proc/sys/kernel/tainted says that the kernel has gone wrong: it says so
/// after the log has lost the lines.
pub fn check_taint(tainted: &str) -> Result<()> {
    let number: u64 = tainted
        .trim()
        .parse()
        .with_context(|| format!("{tainted:?} is no taint"))?;
    let bad = TAINTS.iter().filter(|(bit, ..)| number >> bit & 1 != 0);
    let bad: Vec<String> = bad.map(|(_, of, what)| format!("{of}: {what}")).collect();
    ensure!(
        bad.is_empty(),
        "the kernel is tainted with {number}: {}",
        bad.join(", ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check, check_taint};

    #[test]
    fn finds_an_oops_and_nothing_else() {
        check("dell_milspec: 3 settings\n[    1.0] foo: warning: bar\n").unwrap();
        let error = check("a\nBUG: kernel NULL pointer dereference\nb").unwrap_err();
        assert!(error.to_string().contains("NULL pointer"));
        check("WARNING: CPU: 0 PID: 1 at kernel/x.c:1").unwrap_err();
    }

    /// Fails when a warning of a kernel since 6.19 passes, or a driver's own line does not.
    #[test]
    fn finds_a_warning_of_today() {
        check("[    2.1] WARNING: kernel/x.c:1 at func+0x1/0x20, CPU#0: modprobe/77").unwrap_err();
        check("[    2.1] WARNING: at func+0x1/0x20, CPU#0: modprobe/77").unwrap_err();
        check("[    2.1] foo: WARNING: nobody is at home\nthere are 2 CPU#s").unwrap();
    }

    /// Fails when a kernel that went wrong passes by its taint, or one with a module from out of the
    /// tree (O, E and, forced out, R) does not.
    #[test]
    fn finds_a_bad_taint() {
        for (number, letter) in [
            (32, "B: "),
            (128 + 4096, "D: "),
            (512, "W: "),
            (16384, "L: "),
        ] {
            let error = check_taint(&format!("{number}\n")).unwrap_err().to_string();
            assert!(
                error.contains(letter) && error.contains(&number.to_string()),
                "{error}"
            );
        }
        check_taint("0").unwrap();
        check_taint("12290").unwrap();
        check_taint("").unwrap_err();
    }
}
