// SPDX-License-Identifier: GPL-2.0

//! How the parts of the module hang together: arrows run down only. These tests look at text, so
//! they are a tripwire for accidents and not a proof.

use std::fs;
use std::path::{Path, PathBuf};

/// What each part may use, itself aside. The crate root, which is not here, puts them together.
const HOUSE: &[(&str, &[&str])] = &[
    (
        "surface",
        &["engine", "journal", "kapi", "posture", "provider", "uapi"],
    ),
    ("lookout", &["engine", "journal", "kapi", "posture"]),
    (
        "engine",
        &["journal", "kapi", "posture", "provider", "uapi"],
    ),
    ("journal", &["kapi", "posture", "uapi"]),
    ("provider", &["kapi", "posture", "uapi"]),
    ("kapi", &[]),
];

fn driver() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The sources of a part, without comments.
fn sources(part: &str) -> Vec<(String, String)> {
    let file = driver().join(part).with_extension("rs");
    let files: Vec<PathBuf> = match file.exists() {
        true => vec![file],
        false => fs::read_dir(driver().join(part))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "rs"))
            .collect(),
    };
    assert!(!files.is_empty(), "{part} has moved");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().map(|line| line.split("//").next().unwrap());
        (
            path.display().to_string(),
            code.collect::<Vec<_>>().join("\n"),
        )
    };
    files.into_iter().map(read).collect()
}

/// What follows `crate::` in a text, each name of a list in braces.
fn used(code: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        let word = text.trim_start().chars();
        word.take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect()
    };
    let mut names = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        if !rest.starts_with('{') {
            names.push(name(rest));
            continue;
        }
        let mut depth = 0;
        let mut begins = false;
        for (at, c) in rest.char_indices() {
            if depth == 1 && begins && !c.is_whitespace() {
                names.push(name(&rest[at..]));
                begins = false;
            }
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            begins |= depth == 1 && matches!(c, '{' | ',');
            if depth == 0 {
                break;
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn nothing_reaches_up() {
    for (part, allowed) in HOUSE {
        for (file, code) in sources(part) {
            for name in used(&code) {
                let fine = name == *part || allowed.contains(&&*name);
                assert!(fine, "{file} uses crate::{name}");
            }
            assert!(!code.contains("super::super"), "{file}");
        }
    }
}

/// The kernel frees a module that cannot be initialised under the feet of who has its device open:
/// the node is what is made last, and what goes first.
#[test]
fn the_node_is_made_last() {
    let text = fs::read_to_string(driver().join("dell_milspec.rs")).unwrap();
    let of = |begin: &str, end: &str| -> Vec<String> {
        let (_, body) = text.split_once(begin).expect("it was renamed");
        let (body, _) = body.split_once(end).expect("it has no end");
        let fields = body.lines().map(str::trim_start);
        let fields = fields.filter(|line| line.starts_with('_'));
        let name = |line: &str| line.split([':', ' ']).next().unwrap().to_owned();
        fields.map(name).collect()
    };
    let dropped = of("struct DellMilspec {", "\n}\n");
    let mut made = of("try_pin_init!(Self {\n            _state", "\n        })");
    made.insert(0, "_state".to_owned());
    assert_eq!(made.last().unwrap(), "_chardev");
    made.reverse();
    assert_eq!(dropped, made, "what is made last goes first");
}

#[test]
fn unsafe_code_is_below_kapi() {
    let parts = HOUSE.iter().map(|(part, _)| *part);
    for part in parts.chain(["dell_milspec"]).filter(|part| *part != "kapi") {
        for (file, code) in sources(part) {
            assert!(!code.contains("unsafe"), "{file}");
        }
    }
}

/// The words of a text.
fn words(code: &str) -> impl Iterator<Item = &str> {
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty())
}

/// Tells whether a word is one of those by which code gets at a port, a register of the processor, or
/// memory that is none: instructions, the kernel's functions and Rust's types for them.
fn is_of_hardware(word: &str) -> bool {
    const PARTS: &[&str] = &[
        "ioremap",
        "memremap",
        "iomap",
        "ioport",
        "iomem",
        "ioread",
        "iowrite",
        "rdmsr",
        "wrmsr",
        "request_region",
        "request_mem_region",
        "request_resource",
        "phys_to_virt",
        "fromio",
        "toio",
    ];
    const WHOLE: &[&str] = &[
        "asm",
        "__asm__",
        "global_asm",
        "naked_asm",
        "IoRaw",
        "Mmio",
        "io",
    ];
    let small = word.to_lowercase();
    // inb, outsl, inw_p; readb, writeq_relaxed.
    let stem = ["_p", "_relaxed"]
        .iter()
        .find_map(|end| small.strip_suffix(end));
    let stem = stem.unwrap_or(&small).trim_start_matches('_');
    let sized = |begin: &str, sizes: &str| {
        let rest = stem.strip_prefix(begin);
        rest.is_some_and(|rest| rest.len() == 1 && sizes.contains(rest))
    };
    let ports = ["in", "out", "ins", "outs"]
        .iter()
        .any(|begin| sized(begin, "bwl"));
    let memory = ["read", "write", "reads", "writes", "raw_read", "raw_write"];
    ports
        || memory.iter().any(|begin| sized(begin, "bwlq"))
        || PARTS.iter().any(|part| small.contains(part))
        || WHOLE.contains(&word)
}

/// No port, no MSR, no memory-mapped register: all of the driver's code, C and Rust.
#[test]
fn nothing_gets_at_hardware_by_itself() {
    let parts = HOUSE.iter().map(|(part, _)| *part);
    let mut all = Vec::new();
    for part in parts.chain(["posture", "uapi", "dell_milspec"]) {
        all.extend(sources(part));
    }
    for (part, end) in [("kapi", "c"), ("uapi", "h")] {
        let entries = fs::read_dir(driver().join(part)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let before = all.len();
        for path in paths.filter(|path| path.extension().is_some_and(|e| e == end)) {
            let text = fs::read_to_string(&path).unwrap();
            // Without comments.
            let code = text.split("/*").enumerate().map(|(n, part)| match n {
                0 => part,
                _ => part.split_once("*/").unwrap().1,
            });
            all.push((path.display().to_string(), code.collect()));
        }
        assert!(all.len() > before, "{part} has moved");
    }
    assert!(all.len() > 60, "{} files", all.len());
    for (file, code) in all {
        let found: Vec<&str> = words(&code).filter(|word| is_of_hardware(word)).collect();
        assert!(found.is_empty(), "{file}: {found:?}");
    }
}

/// What the tests above rely on.
#[test]
fn names_are_found() {
    for word in [
        "asm",
        "inb",
        "outw",
        "insl",
        "outb_p",
        "readl",
        "__raw_writeq",
        "readl_relaxed",
        "ioremap",
        "devm_ioremap_resource",
        "memremap",
        "rdmsrl",
        "rdmsrq_safe",
        "wrmsr",
        "request_region",
        "ioread32",
        "IoMem",
        "memcpy_fromio",
    ] {
        assert!(is_of_hardware(word), "{word}");
    }
    for word in [
        "read", "write", "inl_", "kernel", "in", "out", "writable", "reads",
    ] {
        assert!(!is_of_hardware(word), "{word}");
    }
    assert!(words("core::arch::asm!(\"in\")").eq(["core", "arch", "asm", "in"]));
    let code =
        "use crate::{\n    engine::{\n        state, //\n    },\n    kapi,\n};\ncrate::uapi::X";
    assert_eq!(used(code), ["engine", "kapi", "uapi"]);
    assert_eq!(used("use crate::posture::{a, b};"), ["posture"]);
    assert_eq!(used("$crate::kapi::x; crate::is_y()"), ["kapi", "is_y"]);
}
