// SPDX-License-Identifier: GPL-2.0

//! Programs that know more of this machine: they are asked, and of a recorded machine it is read what
//! they answered there. None is started for a recording, and nothing that is in one.

use crate::root::{Root, RECORDING_DIR};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

/// What a program said.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Whether it could be started, and ended with 0.
    pub success: bool,
    /// Its standard output.
    pub text: String,
}

/// Runs a program, or looks its answer up. `None` where it is not there; one that may not be started has
/// said nothing.
pub fn ask(root: &Root, argv: &[&str]) -> Option<Answer> {
    if root.note().is_some() {
        return recorded(root, argv);
    }
    let (program, arguments) = argv.split_first()?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match output {
        Ok(output) => Some(Answer {
            success: output.status.success(),
            text: String::from_utf8_lossy(&output.stdout).into_owned(),
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(_) => Some(Answer::default()),
    }
}

/// The answer in `recording/programs.json`, which has what a program printed by how it was called. What
/// is not there is a failure. A file `recording/asked` gets a line for each call.
fn recorded(root: &Root, argv: &[&str]) -> Option<Answer> {
    let line = argv.join(" ");
    let asked = root.path(&format!("/{RECORDING_DIR}/asked"));
    if let Ok(mut file) = std::fs::File::options().append(true).open(asked) {
        writeln!(file, "{line}").ok()?;
    }
    let answers = root
        .bytes(&format!("/{RECORDING_DIR}/programs.json"))
        .ok()?;
    let answers: BTreeMap<String, String> = serde_json::from_slice(&answers).ok()?;
    let text = answers.get(&line).cloned();
    Some(Answer {
        success: text.is_some(),
        text: text.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Promise: a program that may not be started is not one that is not there.
    #[test]
    fn not_startable() {
        let live = Root::open(None).unwrap();
        let answer = ask(&live, &["/etc/passwd"]).unwrap();
        assert!(!answer.success && answer.text.is_empty());
        assert!(ask(&live, &["/nowhere/auditctl"]).is_none());
    }
}
