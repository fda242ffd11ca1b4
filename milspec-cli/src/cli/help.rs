// SPDX-License-Identifier: GPL-2.0

//! What help texts and man pages say beyond commands and options. Every example is a line that
//! milspecctl takes: a test types them all.

use clap::{Arg, Command};

/// What stands below the options: under a command its examples, and for `milspecctl` exit statuses,
/// files and variables. An indented line has each, and the line below says what that is.
pub const TEXT: &str = include_str!("help.txt");

/// What is in [`TEXT`] under a heading.
fn section(heading: &str) -> &'static str {
    let mut sections = TEXT.trim_end().split("\n\n");
    let text = sections.find_map(|text| text.strip_prefix(heading)?.strip_prefix('\n'));
    text.unwrap_or_default()
}

/// The same, taken apart.
pub fn entries(heading: &str) -> Vec<(&'static str, &'static str)> {
    let lines: Vec<&str> = section(heading).lines().map(str::trim).collect();
    let entries = lines.chunks_exact(2).map(|lines| (lines[0], lines[1]));
    entries.collect()
}

/// Documents beside the man pages.
pub const DOCUMENTS: &str =
    "In share/doc/dell-milspec, or docs/ of the source: guide.md walks through the first day with \
     milspecctl, modes.md says what each mode asks for and why, schema/ has a JSON schema for every \
     document, examples/ has files for fleets.";

/// Where the options of every command are.
pub const GLOBAL: &str = "--json, --color, --quiet and --verbose: see \"milspecctl --help\".";

/// What to do first, for who types no more than `milspecctl`.
pub const START: &str = include_str!("start.txt");

/// Adds what is here to the help texts. The options of every command are shown once, above: below
/// they would be longer than what is a command's own.
pub fn dress(command: Command) -> Command {
    let path = command.get_name().to_string();
    let global: Vec<Arg> = command
        .get_arguments()
        .filter(|argument| argument.is_global_set())
        .map(|argument| argument.clone().hide(true))
        .collect();
    let names: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_string())
        .collect();
    let command = names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |command| command.args(&global))
    });
    let titled = |heading| format!("{heading}:\n{}", section(heading));
    let parts = [
        examples(&path),
        titled("Exit status"),
        titled("Files"),
        titled("Environment"),
        DOCUMENTS.to_string(),
    ];
    below(command, &path)
        .arg_required_else_help(false)
        .after_long_help(parts.join("\n\n"))
}

fn below(command: Command, path: &str) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_string())
        .collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(&name, |command| {
            let path = format!("{path} {name}");
            let text = examples(&path);
            let command = below(command, &path).arg_required_else_help(false);
            let parts = [text.as_str(), GLOBAL].join("\n\n");
            command
                .after_help(GLOBAL)
                .after_long_help(parts.trim_start().to_string())
        })
    })
}

fn examples(path: &str) -> String {
    match section(path) {
        "" => String::new(),
        text => format!("Examples:\n{text}"),
    }
}
