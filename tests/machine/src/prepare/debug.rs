// SPDX-License-Identifier: GPL-2.0

//! The debug kernel: of the source that the stock kernel was built of, with what finds a use after
//! free, a wrong order of locks and the like, and a guest that boots it.
//!
//! It has a root of its own, which is the one that compiles and clang besides, for KASAN in Rust needs
//! a kernel that is built by LLVM.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::apt::Apt;
use super::cache::{digest, remove_tree, Cache};
use super::chroot::Root;
use super::config::Config;
use super::{
    build_packages, key, make_root, prune, unpack, Prepared, State, GUEST_CODE, METADATA, ROOT_CODE,
};
use crate::progress::Progress;

/// Builds it; run in the root.
const BUILD: &str = include_str!("../../debug/build");
/// Its configuration.
const CONFIG: &str = include_str!("../../debug/config");
/// What builds it, besides [`Config::build`].
const PACKAGES: &[&str] = &[
    "clang-19",
    "lld-19",
    "llvm-19",
    "flex",
    "bison",
    "bc",
    "m4",
    "perl",
    "python3-minimal",
    "libelf-dev",
    "libssl-dev",
    "zlib1g-dev",
    "openssl",
    "cpio",
];
/// Modules of the stock guest that this kernel has no use for: it has no UEFI.
const WITHOUT: &[&str] = &["efivarfs"];

/// Everything that it is made of, besides what its root and any guest are made of.
pub(super) const CODE: &[&str] = &[BUILD, CONFIG, include_str!("debug.rs")];

/// Builds it and its guest.
pub(super) fn build(
    cache: &Cache,
    config: &Config,
    series: &str,
    state_file: &Path,
    progress: &Progress,
) -> Result<Prepared> {
    let step = progress.step("fetching the package lists");
    let apt = Apt::new(cache, config, &step)?;
    let kernel = apt.kernel(series, &config.flavour)?;
    let mut build_names = build_packages(config, series, &kernel);
    build_names.extend(PACKAGES.iter().map(|name| (*name).to_owned()));
    let build_packages = apt.resolve(&build_names)?;
    let guest_packages = apt.resolve(&config.guest.packages)?;
    step.done();
    progress.say(&format!("  kernel of the source of {}", kernel.version));

    let root_name = format!("root-{}", key(&kernel, &build_packages, ROOT_CODE));
    if !cache.path(&root_name).exists() {
        apt.download(&build_names, &build_packages, "the compilers", progress)?;
    }
    let root = make_root(
        cache,
        &root_name,
        &apt.archives(),
        &build_packages,
        progress,
    )?;
    let metadata = format!("debug-{}", &digest([BUILD, CONFIG])[..12]);
    let (out, release) = make_kernel(&root, series, &metadata, progress)?;

    let code = [GUEST_CODE, CODE].concat();
    let guest_name = format!("guest-debug-{}", key(&kernel, &guest_packages, &code));
    if !cache.path(&guest_name).exists() {
        apt.download(
            &config.guest.packages,
            &guest_packages,
            "the guest",
            progress,
        )?;
    }
    cache.directory(&guest_name, |dir| {
        let step = progress.step("making the guest's root");
        let guest = Root::new(dir.join("root"));
        fs::create_dir(guest.dir())?;
        unpack::unpack(guest.dir(), &apt.archives(), &guest_packages, &step)?;
        let modules = guest.path("usr/lib/modules");
        super::command::run(
            std::process::Command::new("cp")
                .arg("-rT")
                .args([&out.join("modules/lib/modules"), &modules]),
            "copy the kernel's modules",
            Some(&step),
        )?;
        let mut wanted = config.guest.clone();
        wanted
            .modules
            .retain(|name| !WITHOUT.contains(&name.as_str()));
        super::guest::write_archive(&dir.join("base.cpio"), &guest, &release, &wanted, &step)?;
        let vmlinuz = out.join("vmlinuz");
        fs::copy(&vmlinuz, dir.join("vmlinuz"))
            .with_context(|| format!("copy {}", vmlinuz.display()))?;
        step.done();
        remove_tree(guest.dir())
    })?;
    super::apt::forget_downloads(&apt.archives())?;

    let state = State {
        release,
        version: kernel.version,
        root: root_name,
        guest: guest_name,
        metadata,
        debug: true,
    };
    state.write(state_file)?;
    prune::prune(cache)?;
    state
        .prepared(cache)
        .context("the cache changed while it was being filled")
}

/// The kernel, in the directory of this name in the root: returned as a path of this machine, with its
/// release.
fn make_kernel(
    root: &Root,
    series: &str,
    name: &str,
    progress: &Progress,
) -> Result<(PathBuf, String)> {
    let inside = Path::new("/").join(METADATA).join(name);
    let out = root.path(&inside);
    fs::create_dir_all(&out).with_context(|| format!("make {}", out.display()))?;
    for (file, text) in [("build", BUILD), ("config", CONFIG)] {
        fs::write(out.join(file), text).with_context(|| format!("write {file}"))?;
    }
    let step = progress.step("building the debug kernel (a quarter of an hour on two cores)");
    let file = |name: &str| inside.join(name).to_string_lossy().into_owned();
    root.run(
        &[
            "bash",
            &file("build"),
            &inside.to_string_lossy(),
            series,
            &file("config"),
        ],
        &[],
        "build the debug kernel",
        Some(&step),
    )?;
    step.done();
    let release = fs::read_to_string(out.join("release")).context("read the kernel's release")?;
    Ok((out, release.trim().to_owned()))
}
