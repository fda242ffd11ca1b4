// SPDX-License-Identifier: GPL-2.0

//! This machine: which programs it lacks, and where its apt takes packages from.

use std::path::Path;
use std::process::Command;

use anyhow::{bail, Context, Result};

use super::command::run;
use super::config::Config;
use crate::progress::Progress;

/// Overrides the mirror that apt's configuration names: for a machine that is not Debian, or when
/// the kernel series has left the archive and lives on in a snapshot of it.
pub const MIRROR_VARIABLE: &str = "DELL_MILSPEC_MIRROR";

/// Whether this process is root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Whether a program is in `PATH`, or where only root usually looks.
pub fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|dir| dir.join(name).is_file())
}

/// The packages that bring the programs which this machine lacks.
pub fn missing_packages(config: &Config) -> Vec<String> {
    let mut packages: Vec<String> = config
        .host
        .programs
        .iter()
        .filter(|(program, _)| !has_program(program))
        .map(|(_, package)| package.clone())
        .collect();
    packages.dedup();
    packages
}

/// Fails at once, with the command that would help, when packages are missing that this user cannot
/// install.
pub fn check_installable(packages: &[String]) -> Result<()> {
    let list = packages.join(" ");
    if packages.is_empty() || (is_root() && has_program("apt-get")) {
        return Ok(());
    }
    if !has_program("apt-get") {
        bail!("this machine lacks programs that Debian packages as: {list}. Install them first.");
    }
    bail!(
        "this machine lacks packages. As root:\n  \
         apt-get update && apt-get install --no-install-recommends {list}"
    )
}

/// Installs the missing packages, as root.
pub fn install(packages: &[String], progress: &Progress) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    let step = progress.step(format!("installing {list}"));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            // Another apt may be at work: wait for it instead of failing.
            .args(["-q", "-y", "-o", "DPkg::Lock::Timeout=300"])
            .args(["--no-install-recommends"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    run(
        &mut apt(&["update"]),
        "update the package lists",
        Some(&step),
    )?;
    let mut install = apt(&["install"]);
    install.args(packages);
    run(&mut install, &format!("install {list}"), Some(&step))?;
    step.done();
    Ok(())
}

/// The address of the Debian archive: from the environment, else the one that this machine's apt
/// uses for its own release. Third-party archives never match, for they do not carry its name.
pub fn mirror() -> Result<String> {
    if let Some(mirror) = std::env::var(MIRROR_VARIABLE)
        .ok()
        .filter(|m| !m.is_empty())
    {
        return Ok(mirror);
    }
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let field = |name: &str| {
        release
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
            .unwrap_or_default()
    };
    let hint = format!("set {MIRROR_VARIABLE} to the address of a Debian mirror");
    if field("ID") != "debian" || !has_program("apt-get") {
        bail!("this machine is not Debian, so that its apt names no Debian mirror: {hint}");
    }
    let codename = field("VERSION_CODENAME");
    let targets = run(
        Command::new("apt-get")
            .args(["indextargets", "--format"])
            .arg("$(REPO_URI) $(RELEASE) $(COMPONENT)")
            .arg("Created-By: Packages"),
        "read apt's sources",
        None,
    )?;
    targets
        .lines()
        .find_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
            [uri, release, "main"] if release == codename || release == "stable" => {
                Some(uri.to_owned())
            }
            _ => None,
        })
        .with_context(|| format!("apt's sources name no archive of {codename} with `main`: {hint}"))
}

/// What this machine's apt needs to reach the network and accept the archive: proxies, timeouts, and
/// how it treats expired metadata. Hooks and other local habits are not taken over.
pub fn apt_settings() -> Result<String> {
    const WANTED: &[&str] = &[
        "Acquire::http",
        "Acquire::https",
        "Acquire::Retries",
        "Acquire::Check-Valid-Until",
        "Acquire::Check-Date",
        "Acquire::ForceIPv4",
    ];
    let dump = run(
        Command::new("apt-config").arg("dump"),
        "read apt's configuration",
        None,
    )?;
    Ok(dump
        .lines()
        .filter(|line| WANTED.iter().any(|name| line.starts_with(name)))
        .map(|line| format!("{line}\n"))
        .collect())
}

/// Fails, saying why, when this machine cannot make the private roots that building needs.
pub fn check_can_isolate() -> Result<()> {
    if cfg!(not(target_arch = "x86_64")) {
        bail!("the simulated Dell is built on x86-64 only");
    }
    for program in ["dpkg-deb", "tar", "unshare"] {
        if !has_program(program) {
            bail!("{program} is missing: install it first");
        }
    }
    let mut probe = super::chroot::unshare();
    probe.arg("true");
    run(&mut probe, "make a private mount namespace", None).with_context(|| {
        if is_root() {
            "this root may not unshare mounts: a container needs CAP_SYS_ADMIN"
        } else {
            "the kernel refuses user namespaces to this user: allow them, or run as root"
        }
    })?;
    Ok(())
}

/// The keyring of the archive, when this machine has it in Debian's usual place. Elsewhere apt's
/// own trusted keys apply.
pub fn keyring() -> Option<&'static Path> {
    let path = Path::new("/usr/share/keyrings/debian-archive-keyring.gpg");
    path.is_file().then_some(path)
}
