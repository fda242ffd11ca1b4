// SPDX-License-Identifier: GPL-2.0

//! What the sources of this crate and of `driver/uapi` may contain.
//!
//! Both are compiled into the kernel module as well, where there is neither `std` nor `alloc`,
//! `crate` is the module, and a panic stops the machine. The kernel's build would notice the
//! first; these tests notice all of it without a kernel. They look at text, so they are a tripwire
//! for accidents and not a proof.

use std::fs;
use std::path::Path;

/// One source file, without comments and without the asserts that the compiler evaluates.
struct Source {
    name: String,
    code: String,
}

/// Reads every source of both crates. Tests are in directories below and not among them.
fn sources() -> Vec<Source> {
    let posture = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    for directory in [posture.to_owned(), posture.with_file_name("uapi")] {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                sources.push(Source {
                    name: path.display().to_string(),
                    code: code(&text),
                });
            }
        }
    }
    assert!(sources.len() >= 10, "sources have moved");
    sources
}

/// Drops comments, and items whose block the compiler evaluates: `const _`, and tables. Relies on
/// what rustfmt makes of them.
fn code(text: &str) -> String {
    let mut code = String::new();
    let mut in_assert = false;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let table = line.starts_with("static ") && line.ends_with("= {");
        if line.starts_with("const _: ()") || table {
            in_assert = true;
        }
        if !in_assert {
            code.push_str(line);
            code.push('\n');
        } else if !line.starts_with(' ') && line.ends_with(';') {
            in_assert = false;
        }
    }
    assert!(!in_assert, "a `const _` item has no end");
    code
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Tells whether `code` contains `what`, not as the end of a longer word.
fn contains(code: &str, what: &str) -> bool {
    let mut found = code.match_indices(what);
    found.any(|(at, _)| !code[..at].ends_with(is_word))
}

/// Imports are from `core`, from beside, or from the derives that the kernel has as well.
#[test]
fn imports_exist_in_the_kernel_too() {
    for Source { name, code } in sources() {
        for line in code.lines().map(str::trim_start) {
            let import = line.strip_prefix("pub ").unwrap_or(line);
            let Some(import) = import.strip_prefix("use ") else {
                continue;
            };
            let root: String = import.chars().take_while(|c| is_word(*c)).collect();
            let own = code.contains(&format!("mod {root};"));
            let allowed = ["core", "super", "zerocopy_derive"].contains(&&root[..]);
            assert!(own || allowed, "{name}: {line}");
        }
    }
}

/// Nothing from another world than `core`, and nothing that ends in a panic or is unsafe.
#[test]
fn nothing_panics_or_needs_an_operating_system() {
    const FORBIDDEN: [&str; 20] = [
        "std::",
        "alloc::",
        "kernel::",
        "crate::",
        "extern crate",
        "unsafe",
        "unwrap(",
        "unwrap_err(",
        "expect(",
        "expect_err(",
        "panic!",
        "assert!",
        "assert_eq!",
        "assert_ne!",
        "debug_assert",
        "unreachable",
        "todo!",
        "unimplemented!",
        "split_at(",
        "copy_from_slice(",
    ];
    for Source { name, code } in sources() {
        for forbidden in FORBIDDEN {
            assert!(!contains(&code, forbidden), "{name}: {forbidden}");
        }
    }
}

/// No `value[index]`: a `[` right after a word, a call or another index is one.
#[test]
fn nothing_is_indexed() {
    for Source { name, code } in sources() {
        for line in code.lines() {
            let mut before = ' ';
            for c in line.chars() {
                let indexed = c == '[' && (is_word(before) || matches!(before, ')' | ']' | '?'));
                assert!(!indexed, "{name}: {line}");
                before = c;
            }
        }
    }
}

/// What the tests above rely on.
#[test]
fn tripwires_see_what_they_should() {
    let text = "// std::\nlet a = 1; // panic!\nconst _: () = {\n    assert!(a[0]);\n};\nb\n";
    assert_eq!(code(text), "\nlet a = 1; \nb\n");
    let text = "static A: [u8; 2] = {\n    a[0]\n};\nb\n";
    assert_eq!(code(text), "b\n");
    let text = "const _: () = assert!(\n    x,\n);\nb\n";
    assert_eq!(code(text), "b\n");
    assert!(contains("use std::fs", "std::") && !contains("mystd::fs", "std::"));
    assert!(contains("x.unwrap()", "unwrap(") && !contains("x.unwrap_or(1)", "unwrap("));
}
