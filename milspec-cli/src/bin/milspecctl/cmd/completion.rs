// SPDX-License-Identifier: GPL-2.0

//! `milspecctl completion`

use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};
use milspec::cli::complete::VARIABLE;
use milspec::cli::Shell;
use serde::Serialize;

/// bash takes words apart at "=", so that clap's function would see the VALUE of NAME=VALUE, or of
/// --option=VALUE, as a word of its own. This one gives it the whole word, and bash what is after the
/// "=" of what comes out.
const BASH: &str = include_str!("completion.bash.txt");

/// zsh runs a file of its function path when it needs it first, and wants completions already then.
const ZSH: &str = include_str!("completion.zsh.txt");

/// `milspec.completion/1`
#[derive(Debug, Serialize)]
pub struct CompletionDoc {
    /// Name and major version of this document.
    pub schema: &'static str,
    /// Name of the shell.
    pub shell: &'static str,
    /// What that shell reads.
    pub script: String,
}

/// Makes the document: a script that asks milspecctl each time.
pub fn run(shell: Shell) -> CompletionDoc {
    let (shell, more): (&dyn EnvCompleter, &str) = match shell {
        Shell::Bash => (&Bash, BASH),
        Shell::Zsh => (&Zsh, ZSH),
        Shell::Fish => (&Fish, ""),
    };
    let (name, mut script) = ("milspecctl", Vec::new());
    // Writing into memory does not fail.
    let _ = shell.write_registration(VARIABLE, name, name, name, &mut script);
    CompletionDoc {
        schema: "milspec.completion/1",
        shell: shell.name(),
        script: String::from_utf8_lossy(&script).into_owned() + more,
    }
}
