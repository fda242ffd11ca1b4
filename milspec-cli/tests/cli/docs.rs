// SPDX-License-Identifier: GPL-2.0

//! What is generated from the command line: man pages and completions. They are committed, so that
//! who packages them needs no more than this tree; `UPDATE_DOCS=1 cargo test -p milspecctl docs`
//! writes them anew.

use crate::run::{command, document, finish};
use clap::Command;
use clap_mangen::roff::{bold, roman, Roff};
use clap_mangen::Man;
use milspec::cli::{help, Cli};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// A place in the source tree.
pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Whether files are to be written anew.
pub fn update() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Holds a directory to these files: each as it should be, and no others.
fn holds(directory: &str, files: &BTreeMap<String, String>) {
    let directory = source(directory);
    if update() {
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        for (name, text) in files {
            fs::write(directory.join(name), text).unwrap();
        }
    }
    let entries = fs::read_dir(&directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected: Vec<&String> = files.keys().collect();
    let how = "to write it anew: UPDATE_DOCS=1 cargo test -p milspecctl docs";
    assert_eq!(names.iter().collect::<Vec<_>>(), expected, "{how}");
    for (name, text) in files {
        let is = fs::read_to_string(directory.join(name)).unwrap();
        assert!(is == *text, "{name} is not as the command line is; {how}");
    }
}

/// Every command with its path, e.g. `milspecctl mode set`.
fn commands() -> Vec<(String, Command)> {
    fn walk(path: String, command: &Command, all: &mut Vec<(String, Command)>) {
        for below in command.get_subcommands() {
            if below.get_name() != "help" {
                walk(format!("{path} {}", below.get_name()), below, all);
            }
        }
        all.push((path, command.clone()));
    }
    let mut root = Cli::dressed();
    root.build();
    let mut all = Vec::new();
    walk("milspecctl".into(), &root, &mut all);
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// One man page.
fn page(path: &str, command: &Command, all: &[(String, Command)]) -> String {
    let name = path.replace(' ', "-");
    let man = Man::new(command.clone());
    let title = name.to_uppercase();
    let mut text = format!(
        ".\\\" SPDX-License-Identifier: GPL-2.0\n\
         .TH {title} 1 \"\" dell_milspec \"User Commands\"\n"
    )
    .into_bytes();
    man.render_name_section(&mut text).unwrap();
    man.render_synopsis_section(&mut text).unwrap();
    man.render_description_section(&mut text).unwrap();
    man.render_options_section(&mut text).unwrap();
    if command.has_subcommands() {
        section(&mut text, "COMMANDS", |roff| {
            for below in command.get_subcommands().filter(|c| c.get_name() != "help") {
                let about = below.get_about().map(ToString::to_string);
                let page = format!("{name}-{}(1)", below.get_name());
                paragraph(roff, &page, &about.unwrap_or_default());
            }
        });
    }
    let pairs = |roff: &mut Roff, pairs: &[(&str, &str)]| {
        for (key, text) in pairs {
            paragraph(roff, key, text);
        }
    };
    if !help::entries(path).is_empty() {
        section(&mut text, "EXAMPLES", |roff| {
            pairs(roff, &help::entries(path))
        });
    }
    if path != "milspecctl" {
        section(&mut text, "OPTIONS OF EVERY COMMAND", |roff| {
            roff.text([roman(help::GLOBAL)]);
        });
    }
    section(&mut text, "EXIT STATUS", |roff| {
        pairs(roff, &help::entries("Exit status"))
    });
    section(&mut text, "FILES", |roff| {
        pairs(roff, &help::entries("Files"))
    });
    section(&mut text, "ENVIRONMENT", |roff| {
        pairs(roff, &help::entries("Environment"))
    });
    section(&mut text, "SEE ALSO", |roff| {
        roff.text([roman(format!("{}.", see_also(path, all).join(", ")))]);
        roff.control("PP", []);
        roff.text([roman(help::DOCUMENTS)]);
    });
    // Each section defines once more how an apostrophe is written.
    let (mut page, mut seen) = (String::new(), 0);
    for line in std::str::from_utf8(&text).unwrap().lines() {
        let apostrophe = line.starts_with(".ie ") || line.starts_with(".el ");
        seen += u32::from(apostrophe);
        if !apostrophe || seen <= 2 {
            page.push_str(line.trim_end());
            page.push('\n');
        }
    }
    page
}

fn section(text: &mut Vec<u8>, title: &str, fill: impl FnOnce(&mut Roff)) {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    fill(&mut roff);
    roff.to_writer(text).unwrap();
}

fn paragraph(roff: &mut Roff, key: &str, text: &str) {
    roff.control("TP", []);
    roff.text([bold(key)]);
    roff.text([roman(text)]);
}

/// The page above, those beside, and those of the first level.
fn see_also(path: &str, all: &[(String, Command)]) -> Vec<String> {
    let above = |path: &str| {
        path.rsplit_once(' ')
            .map_or("", |(above, _)| above)
            .to_string()
    };
    let mine = above(path);
    let near = |other: &&(String, Command)| {
        let other = &other.0;
        other != path && (*other == mine || above(other) == mine || above(other) == "milspecctl")
    };
    let pages = all.iter().filter(near);
    pages
        .map(|(path, _)| format!("{}(1)", path.replace(' ', "-")))
        .collect()
}

/// Promise: there is a man page for every command, and it is as the command line is.
#[test]
fn man_pages() {
    let all = commands();
    let pages = all.iter().map(|(path, command)| {
        (
            format!("{}.1", path.replace(' ', "-")),
            page(path, command, &all),
        )
    });
    holds("docs/man", &pages.collect());
}

const SHELLS: [(&str, &str); 3] = [
    ("bash", "milspecctl.bash"),
    ("zsh", "_milspecctl"),
    ("fish", "milspecctl.fish"),
];

/// What `completion` prints for a shell.
pub fn completion(shell: &str) -> String {
    let output = finish(command(&["completion", shell]));
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
    output.stdout
}

/// Promise: there are completions for three shells, as the command line is.
#[test]
fn completions() {
    let files = SHELLS.map(|(shell, file)| (file.to_string(), completion(shell)));
    holds("packaging/completions", &files.into_iter().collect());
    for (shell, _) in SHELLS {
        let document = document(&finish(command(&["--json", "completion", shell])));
        assert_eq!(document["shell"], shell);
        assert_eq!(document["script"], completion(shell));
    }
}

/// Promise: every example is a command line that milspecctl takes, and every command has one.
#[test]
fn examples() {
    let headings = help::TEXT.split("\n\n").filter_map(|s| s.lines().next());
    let paths: Vec<&str> = headings.filter(|h| h.starts_with("milspecctl")).collect();
    assert!(paths.len() > 20);
    for path in paths {
        assert!(commands().iter().any(|(known, _)| known == path), "{path}");
        for (line, _) in help::entries(path) {
            // What the shell does with it is not milspecctl's.
            let words = line.split_whitespace();
            let words = words.filter(|word| !word.contains(['<', '>']));
            let words: Vec<OsString> = words.map(OsString::from).collect();
            let read = Cli::read(&words);
            assert!(read.is_ok(), "{line}: {}", read.unwrap_err());
            assert!(path == "milspecctl" || line.contains(path.trim_start_matches("milspecctl ")));
        }
    }
    for (path, command) in commands() {
        let leaf = command.get_subcommands().count() == 0;
        assert!(
            !leaf || !help::entries(&path).is_empty(),
            "{path} has no example"
        );
    }
}

/// Promise: help fits 80 columns, says what the man page says, and is there for every command.
#[test]
fn help() {
    for (path, _) in commands() {
        let mut words: Vec<&str> = path.split(' ').skip(1).collect();
        words.push("--help");
        let output = finish(command(&words));
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{path}");
        for line in output.stdout.lines() {
            assert!(line.chars().count() <= 80, "{path}: {line}");
        }
        for (line, _) in help::entries(&path) {
            assert!(output.stdout.contains(line), "{path}: {line}");
        }
    }
    crate::assert_shows!(finish(command(&["--help"])).stdout, "help.txt");
    crate::assert_shows!(
        finish(command(&["mode", "set", "--help"])).stdout,
        "help-set.txt"
    );
}
