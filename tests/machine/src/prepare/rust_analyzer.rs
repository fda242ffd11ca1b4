// SPDX-License-Identifier: GPL-2.0

//! The description of the module for rust-analyzer: its crate and the kernel's.
//!
//! The kernel's own generator finds crates by the Makefile beside them and wants Python; ours says the
//! same in the few lines that one module needs. The host's crates need no description: cargo has it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{json, Value};

use super::Prepared;

/// The crates of the kernel: name, root below `rust/` (or the sysroot), what they use.
struct Crate {
    name: &'static str,
    file: &'static str,
    uses: &'static [&'static str],
    /// A procedural macro: compiled, not read.
    is_macro: bool,
    /// Sees the kernel's configuration and generated files.
    configured: bool,
}

const fn plain(name: &'static str, file: &'static str, uses: &'static [&'static str]) -> Crate {
    Crate {
        name,
        file,
        uses,
        is_macro: false,
        configured: false,
    }
}

/// In the order in which they may use each other.
const CRATES: &[Crate] = &[
    plain("core", "core/src/lib.rs", &[]),
    plain("compiler_builtins", "compiler_builtins.rs", &["core"]),
    Crate {
        is_macro: true,
        ..plain("macros", "macros/lib.rs", &["core"])
    },
    Crate {
        is_macro: true,
        ..plain("zerocopy_derive", "zerocopy-derive/lib.rs", &["core"])
    },
    Crate {
        is_macro: true,
        ..plain(
            "pin_init_internal",
            "pin-init/internal/src/lib.rs",
            &["core"],
        )
    },
    plain(
        "build_error",
        "build_error.rs",
        &["core", "compiler_builtins"],
    ),
    plain(
        "pin_init",
        "pin-init/src/lib.rs",
        &["core", "compiler_builtins", "pin_init_internal", "macros"],
    ),
    plain("ffi", "ffi.rs", &["core", "compiler_builtins"]),
    plain(
        "zerocopy",
        "zerocopy/src/lib.rs",
        &["core", "compiler_builtins"],
    ),
    Crate {
        configured: true,
        ..plain("bindings", "bindings/lib.rs", &["core", "ffi", "pin_init"])
    },
    Crate {
        configured: true,
        ..plain("uapi", "uapi/lib.rs", &["core", "ffi", "pin_init"])
    },
    Crate {
        configured: true,
        ..plain(
            "kernel",
            "kernel/lib.rs",
            &[
                "core",
                "macros",
                "build_error",
                "pin_init",
                "ffi",
                "bindings",
                "uapi",
                "zerocopy",
                "zerocopy_derive",
            ],
        )
    },
];

/// What every module is given.
const MODULE_USES: &[&str] = &["core", "kernel", "pin_init", "zerocopy", "zerocopy_derive"];

/// Writes `rust-project.json` of the source tree `repo`.
pub fn write(prepared: &Prepared, repo: &Path) -> Result<()> {
    let obj = prepared.root.path(&prepared.kdir);
    let src = obj
        .parent()
        .context("the kernel tree has no parent")?
        .join("src/rust");
    let sysroot = prepared.root.path("usr");
    let library = fs::canonicalize(prepared.root.path("usr/src"))
        .and_then(fs::read_dir)
        .context("read the root's /usr/src")?
        .filter_map(std::result::Result::ok)
        .map(|entry| entry.path().join("library"))
        .find(|path| path.join("core/src/lib.rs").is_file())
        .context("the root has no source of Rust's core library")?;
    let options =
        fs::read_to_string(obj.join("include/generated/rustc_cfg")).context("read rustc_cfg")?;
    let options: Vec<&str> = options
        .lines()
        .filter_map(|line| line.strip_prefix("--cfg="))
        .collect();

    let uses = |names: &[&str]| -> Vec<Value> {
        names
            .iter()
            .filter_map(|name| {
                let index = CRATES.iter().position(|c| c.name == *name)?;
                Some(json!({ "crate": index, "name": name }))
            })
            .collect()
    };
    let environment = json!({ "RUST_MODFILE": "for rust-analyzer only", "OBJTREE": obj });
    let mut crates = Vec::new();
    for krate in CRATES {
        let file = if krate.name == "core" {
            library.join(krate.file)
        } else {
            src.join(krate.file)
        };
        let mut entry = json!({
            "display_name": krate.name,
            "root_module": file,
            "is_workspace_member": false,
            "edition": "2021",
            "deps": uses(krate.uses),
            "cfg": if krate.configured { options.clone() } else { Vec::new() },
            "env": environment,
        });
        if krate.is_macro {
            entry["is_proc_macro"] = json!(true);
            entry["proc_macro_dylib_path"] = json!(obj.join(format!("rust/lib{}.so", krate.name)));
        }
        if krate.configured {
            let parent = file.parent().context("a crate has no directory")?;
            entry["source"] =
                json!({ "include_dirs": [parent, obj.join("rust")], "exclude_dirs": [] });
        }
        crates.push(entry);
    }
    let mut module_options = options.clone();
    module_options.push("MODULE");
    crates.push(json!({
        "display_name": "dell_milspec",
        "root_module": repo.join("driver/dell_milspec.rs"),
        "is_workspace_member": true,
        "edition": "2021",
        "deps": uses(MODULE_USES),
        "cfg": module_options,
        "env": environment,
    }));

    let project = json!({ "sysroot": sysroot, "sysroot_src": library, "crates": crates });
    let path = repo.join("rust-project.json");
    fs::write(&path, serde_json::to_string_pretty(&project)?)
        .with_context(|| format!("write {}", path.display()))?;
    println!("wrote {}", path.display());

    // rust-analyzer takes one project by itself; this makes it take both.
    let linked = r#""rust-analyzer.linkedProjects": ["Cargo.toml", "rust-project.json"]"#;
    let settings = repo.join(".vscode/settings.json");
    if settings.exists() {
        println!("see that your editor has: {linked}");
    } else {
        fs::create_dir_all(repo.join(".vscode")).context("make .vscode")?;
        fs::write(&settings, format!("{{\n    {linked}\n}}\n"))
            .with_context(|| format!("write {}", settings.display()))?;
        println!("wrote {} (other editors: {linked})", settings.display());
    }
    Ok(())
}
