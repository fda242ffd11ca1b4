// SPDX-License-Identifier: GPL-2.0

//! Can this kernel have the module, and can the module be built for it?

use super::check::{About, Check, Context};
use crate::failure::Exit;
use flate2::read::GzDecoder;
use std::io::Read;

/// The oldest kernel that the driver builds for, and the newest that it was tested with.
const OLDEST: &str = "7.2";
const NEWEST: &str = "7.3";

/// Longest configuration of a kernel that is looked at; real ones have a few 100 KiB.
const CONFIG_MAX: u64 = 4 << 20;

/// Is the kernel one that the driver is made for?
pub fn version(context: &Context<'_>) -> Check {
    let about = About("kernel-version", "Kernel version");
    let Some(release) = &context.release else {
        return about.warning(
            "/proc/sys/kernel/osrelease cannot be read",
            "mount /proc and run this again",
        );
    };
    match parse(release) {
        None => about.warning(
            format!("{release} is no version that this program understands"),
            format!("compare it with {OLDEST} yourself"),
        ),
        version if version > parse(NEWEST) && !context.loaded && !context.built() => about.warning(
            format!(
                "{release} is newer than {NEWEST}, the newest that this driver was tested with"
            ),
            "install a newer version of the driver, or boot an older kernel",
        ),
        version if version >= parse(OLDEST) => about.ok(release.as_str()),
        _ => about.problem(
            Exit::Unsupported,
            format!("{release} is older than {OLDEST}"),
            format!("boot kernel {OLDEST} or newer; Debian 13 has it in its backports"),
        ),
    }
}

fn parse(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Does the kernel support Rust modules?
pub fn rust(context: &Context<'_>) -> Check {
    let about = About("kernel-rust", "Rust support");
    if context.loaded {
        return about.ok("the kernel runs the module");
    }
    match config(context) {
        Some((config, _)) if config.lines().any(|line| line == "CONFIG_RUST=y") => {
            about.ok("CONFIG_RUST=y")
        }
        Some((_, file)) => about.problem(
            Exit::Unsupported,
            format!("CONFIG_RUST is off, says {file}"),
            "boot a kernel with CONFIG_RUST=y, as Debian's are from 6.18 on",
        ),
        // It was built for this kernel, so the kernel has what it needs.
        None if context.built() => about.not_applicable("the module is built already"),
        None => about.warning(
            "no file tells the kernel's configuration",
            "install the headers of this kernel",
        ),
    }
}

/// The kernel's configuration, and the file that it is from.
fn config(context: &Context<'_>) -> Option<(String, String)> {
    let release = context.release.as_ref()?;
    let plain = [
        format!("/boot/config-{release}"),
        format!("/lib/modules/{release}/config"),
        format!("/lib/modules/{release}/build/.config"),
    ];
    for file in plain {
        if let Some(text) = context.root.text(&file) {
            return Some((text, file));
        }
    }
    let file = "/proc/config.gz";
    let packed = context.root.bytes(file).ok()?;
    let mut text = String::new();
    GzDecoder::new(packed.as_slice())
        .take(CONFIG_MAX)
        .read_to_string(&mut text)
        .ok()?;
    Some((text, file.to_string()))
}

/// Is there what building the module needs?
pub fn headers(context: &Context<'_>) -> Check {
    let about = About("kernel-headers", "Kernel headers");
    if context.built() {
        return about.not_applicable("the module is built already");
    }
    let Some(modules) = context.modules() else {
        return about.not_applicable("the kernel's release is not known");
    };
    if context.release.as_deref().and_then(parse) < parse(OLDEST) {
        return about.not_applicable("the module cannot be built for this kernel");
    }
    let build = format!("{modules}/build");
    if !context.root.exists(&format!("{build}/Makefile")) {
        return about.problem(
            Exit::Unsupported,
            format!("{build} has no Makefile: no headers for this kernel"),
            format!(
                "install the headers, on Debian linux-headers-{}",
                context.release.as_deref().unwrap_or("RELEASE")
            ),
        );
    }
    let has = |end: &str| {
        let names = context.root.names(&format!("{build}/rust"));
        names.iter().any(|name| name.ends_with(end))
    };
    if has(".rmeta") && has(".so") {
        return about.ok("headers with Rust metadata");
    }
    // Most distributions leave it out; the build can derive it, given compiler and source.
    let compiler = config(context).and_then(|(text, _)| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("CONFIG_RUSTC_VERSION_TEXT="))?;
        Some(line.trim_matches('"').to_string())
    });
    about.warning(
        "headers without Rust metadata",
        format!(
            "\"make\" derives it from linux-source of this version and {}",
            compiler.as_deref().unwrap_or("the kernel's own rustc")
        ),
    )
}
