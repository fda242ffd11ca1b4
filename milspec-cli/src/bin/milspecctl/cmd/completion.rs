// SPDX-License-Identifier: GPL-2.0

//! `milspecctl completion`

use clap::CommandFactory;
use clap_complete::{generate, shells};
use milspec::cli::{Cli, Completion, Shell};
use serde::Serialize;

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

/// Makes the document.
pub fn run(completion: Completion) -> CompletionDoc {
    let mut command = Cli::command();
    let mut script = Vec::new();
    let name = "milspecctl";
    let shell = match completion.shell {
        Shell::Bash => {
            generate(shells::Bash, &mut command, name, &mut script);
            "bash"
        }
        Shell::Zsh => {
            generate(shells::Zsh, &mut command, name, &mut script);
            "zsh"
        }
        Shell::Fish => {
            generate(shells::Fish, &mut command, name, &mut script);
            "fish"
        }
    };
    CompletionDoc {
        schema: "milspec.completion/1",
        shell,
        script: String::from_utf8_lossy(&script).into_owned(),
    }
}
