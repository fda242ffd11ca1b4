// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! Makes the C header. cbindgen reads the Rust source; what follows it here gives the result the
//! names and the style of the kernel's own uapi headers.

use cbindgen::{Builder, Config, DocumentationStyle, Language, ParseConfig, Style};
use std::path::Path;

/// The source, in the order of the header.
pub const FILES: [&str; 7] = [
    "mod.rs",
    "info.rs",
    "status.rs",
    "control.rs",
    "apply.rs",
    "event.rs",
    "training.rs",
];

/// The whole header.
pub fn header() -> String {
    let sources: Vec<String> = FILES.iter().map(|file| source(file)).collect();
    let names = Names::of(&sources);
    let mut text =
        String::from("/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */\n");
    text.push_str("/*\n * Generated from driver/uapi: do not edit.\n *\n");
    for line in sources[0]
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
    {
        text.push_str(format!(" *{}", names.prose(line)).trim_end());
        text.push('\n');
    }
    text.push_str(" */\n#ifndef _DELL_MILSPEC_H\n#define _DELL_MILSPEC_H\n\n");
    text.push_str("#include <linux/ioctl.h>\n#include <linux/types.h>\n\n");
    // A `&str` is the one kind of constant that cbindgen leaves out.
    text.push_str("/* Name of the device node below /dev. */\n");
    text.push_str(&format!(
        "#define MILSPEC_DEVICE_NAME \"{}\"\n\n",
        milspec_uapi::DEVICE_NAME
    ));
    let body: Vec<String> = cbindgen(&names)
        .trim()
        .lines()
        .map(|line| names.line(line))
        .collect();
    let mut lines = body.iter().map(String::as_str).peekable();
    while let Some(line) = lines.next() {
        if line.trim() == "/*" {
            let indent = line.trim_end_matches("/*");
            let said = lines.by_ref().map(str::trim_start);
            let said: Vec<&str> = said
                .take_while(|line| *line != "*/")
                .map(|line| line.trim_start_matches('*').trim())
                .collect();
            text.push_str(&comment(&said, indent));
            continue;
        }
        text.push_str(line);
        text.push('\n');
        if line.starts_with("#define MILSPEC_IOC_TYPE ") {
            text.push_str(&requests(&sources[0], &names));
        }
        // Nothing sticks to the end of a structure.
        if line == "};" && lines.peek().is_some_and(|next| !next.is_empty()) {
            text.push('\n');
        }
    }
    text.push_str("\n#endif /* _DELL_MILSPEC_H */\n");
    text
}

/// A comment in lines of at most 100 columns. Names in C are longer than in Rust: its paragraphs are
/// broken anew.
fn comment(lines: &[&str], indent: &str) -> String {
    const COLUMNS: usize = 100;
    let used = indent.len() * 8;
    let mut text: Vec<String> = Vec::new();
    for paragraph in lines.split(|line| line.is_empty()) {
        if !text.is_empty() {
            text.push(String::new());
        }
        text.push(String::new());
        for word in paragraph.iter().flat_map(|line| line.split_whitespace()) {
            let line = text.last_mut().unwrap();
            if line.is_empty() {
                line.push_str(word);
            } else if used + 4 + line.len() + word.len() > COLUMNS {
                text.push(word.to_string());
            } else {
                line.push_str(&format!(" {word}"));
            }
        }
    }
    match text.as_slice() {
        [line] if used + 6 + line.len() <= COLUMNS => format!("{indent}/* {line} */\n"),
        lines => {
            let lines = lines.iter().map(|line| format!(" * {line}"));
            let lines: String = lines
                .map(|line| format!("{indent}{}\n", line.trim_end()))
                .collect();
            format!("{indent}/*\n{lines}{indent} */\n")
        }
    }
}

/// The requests, which cbindgen leaves out because a function makes their numbers.
fn requests(source: &str, names: &Names) -> String {
    let mut text = String::new();
    let mut said: Vec<String> = Vec::new();
    for line in source.lines() {
        if let Some(prose) = line.strip_prefix("///") {
            said.push(names.prose(prose));
            continue;
        }
        let request = line
            .strip_prefix("pub const ")
            .and_then(|rest| rest.strip_suffix(");")?.split_once(": u32 = iowr("));
        if let Some((name, number)) = request {
            let said: Vec<&str> = said.iter().map(|line| line.trim()).collect();
            text.push_str(&format!("\n{}", comment(&said, "")));
            text.push_str(&format!(
                "#define MILSPEC_{name} _IOWR(MILSPEC_IOC_TYPE, {number}, struct milspec_head)\n"
            ));
        }
        said.clear();
    }
    text
}

/// One of them.
pub fn source(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(path).unwrap()
}

fn cbindgen(names: &Names) -> String {
    let mut config = Config {
        language: Language::C,
        style: Style::Tag,
        no_includes: true,
        tab_width: 8,
        documentation_style: DocumentationStyle::Doxy,
        parse: ParseConfig::default(),
        ..Config::default()
    };
    config.export.include = names.types.iter().map(|(rust, _)| rust.clone()).collect();
    for (rust, c) in &names.types {
        config.export.rename.insert(rust.clone(), c.clone());
    }
    let mut builder = Builder::new().with_config(config);
    for file in FILES {
        builder = builder.with_src(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    }
    let mut bytes = Vec::new();
    builder.generate().unwrap().write(&mut bytes);
    String::from_utf8(bytes).unwrap()
}

/// What Rust calls things, and what C does.
pub struct Names {
    types: Vec<(String, String)>,
    constants: Vec<String>,
}

impl Names {
    /// Those of the sources.
    pub fn of(sources: &[String]) -> Self {
        let find = |start: &str| -> Vec<String> {
            let lines = sources.iter().flat_map(|source| source.lines());
            lines
                .filter_map(|line| line.strip_prefix(start))
                .map(|rest| {
                    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                    rest[..end.unwrap_or(rest.len())].to_string()
                })
                .collect()
        };
        let types = find("pub struct ");
        Self {
            types: types
                .into_iter()
                .map(|rust| (rust.clone(), c_type(&rust)))
                .collect(),
            constants: find("pub const "),
        }
    }

    /// What Rust calls the type that C calls `c`.
    pub fn rust(&self, c: &str) -> Option<&str> {
        let mut types = self.types.iter();
        types
            .find(|(_, known)| known == c)
            .map(|(rust, _)| rust.as_str())
    }

    /// What C calls the type of a field, an array of it included.
    pub fn c(&self, declared: &str) -> String {
        c_type(declared.split(';').next().unwrap_or_default())
    }

    /// One line of cbindgen's output, in the kernel's style.
    fn line(&self, line: &str) -> String {
        let line = &line.replace("        ", "\t");
        let start = line.trim_start();
        if start == "/**" {
            return line.replace("/**", "/*");
        }
        if start.starts_with('*') {
            let (indent, text) = line.split_once('*').unwrap();
            return match text {
                "/" => line.to_string(),
                text => format!("{indent}*{}", self.prose(text))
                    .trim_end()
                    .to_string(),
            };
        }
        let line = line
            .replace("uint8_t", "__u8")
            .replace("uint16_t", "__u16")
            .replace("uint32_t", "__u32")
            .replace("uint64_t", "__u64");
        let line = words(&line, |word| self.code_word(word));
        // This number is read by its bytes.
        match line
            .strip_prefix("#define MILSPEC_IOC_")
            .and_then(|rest| rest.split_once(' '))
        {
            Some((name, number)) => {
                let number: u32 = number.parse().unwrap();
                format!("#define MILSPEC_IOC_{name} {number:#X}").replace("0X", "0x")
            }
            None => line,
        }
    }

    fn code_word(&self, word: &str) -> String {
        if self.constants.iter().any(|constant| constant == word) {
            return format!("MILSPEC_{word}");
        }
        // A constant of a type: cbindgen puts the name of the type before it.
        for (rust, c) in &self.types {
            for owner in [rust, c] {
                if let Some(constant) = word.strip_prefix(&format!("{owner}_SIZE_")) {
                    return format!("{}_SIZE_{constant}", c.to_uppercase());
                }
            }
        }
        word.to_string()
    }

    /// Documentation: links become names, and names those of C.
    pub fn prose(&self, text: &str) -> String {
        // [`name`](target) and [`name`] become `name`.
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, link)) = rest.split_once("[`") {
            let (name, after) = link.split_once("`]").unwrap_or((link, ""));
            plain.push_str(before);
            plain.push('`');
            plain.push_str(name);
            plain.push('`');
            rest = match after
                .strip_prefix('(')
                .and_then(|target| target.split_once(')'))
            {
                Some((_, after)) => after,
                None => after,
            };
        }
        plain.push_str(rest);
        // Only what stands between backticks is a name; the words of a sentence stay.
        let mut text = String::new();
        for (at, part) in plain.split('`').enumerate() {
            match at % 2 {
                0 => text.push_str(part),
                _ => text.push_str(&self.name(part)),
            }
        }
        text
    }

    fn name(&self, name: &str) -> String {
        let c_type = |name: &str| {
            let mut types = self.types.iter();
            types.find(|(rust, _)| rust == name).map(|(_, c)| c.clone())
        };
        if let Some((owner, field)) = name.split_once("::") {
            let owner = c_type(owner).unwrap_or_else(|| owner.to_string());
            return format!("{owner}.{field}");
        }
        if self.constants.iter().any(|constant| constant == name) || name.ends_with('_') {
            return format!("MILSPEC_{name}");
        }
        match c_type(name) {
            Some(c) => format!("struct {c}"),
            None => name.to_string(),
        }
    }
}

/// `FamilyStatus` to `milspec_family_status`.
fn c_type(rust: &str) -> String {
    let mut name = String::from("milspec");
    for c in rust.chars() {
        if c.is_uppercase() {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

/// Applies `change` to each identifier.
fn words(line: &str, change: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut word = String::new();
    for c in line.chars().chain(['\n']) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            text.push_str(&change(&word));
            word.clear();
        }
        text.push(c);
    }
    text.pop();
    text
}
