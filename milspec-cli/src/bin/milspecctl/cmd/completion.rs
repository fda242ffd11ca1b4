// SPDX-License-Identifier: GPL-2.0

//! `milspecctl completion`

use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};
use milspec::cli::complete::VARIABLE;
use milspec::cli::{Completion, Shell};
use serde::Serialize;

/// bash takes words apart at "=", so that clap's function would see the VALUE of NAME=VALUE, or of
/// --option=VALUE, as a word of its own. This one gives it the whole word, and bash what is after the
/// "=" of what comes out.
const BASH: &str = r#"
_milspecctl() {
    local line=${COMP_LINE:0:COMP_POINT}
    local word=${line##*[[:space:]]}
    if [[ $word != *=* ]]; then
        _clap_complete_milspecctl "$@"
        return
    fi
    read -ra COMP_WORDS <<<"$line"
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _clap_complete_milspecctl "$1" "$word" "$3"
    COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*=}"}"}")
}
complete -o bashdefault -o nosort -F _milspecctl milspecctl
"#;

/// zsh runs a file of its function path when it needs it first, and wants completions already then.
const ZSH: &str = r#"
if [[ $funcstack[1] == _milspecctl ]]; then
    _clap_dynamic_completer_milspecctl "$@"
fi
"#;

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
pub fn run(completion: Completion) -> CompletionDoc {
    let (shell, more): (&dyn EnvCompleter, &str) = match completion.shell {
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
