// SPDX-License-Identifier: GPL-2.0

//! Hardware acceleration, where it works.
//!
//! `/dev/kvm` may exist and be broken, for example under nested
//! virtualization without the processor's newer instructions. So it is used
//! only on request, and only after a guest of ours has really booted with it.

use crate::prepare::Prepared;
use crate::qemu::PROGRAM;
use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What a person sets to `kvm` to ask for it.
pub const VARIABLE: &str = "MILSPEC_ACCEL";
/// What it is used through.
const DEVICE: &str = "/dev/kvm";
/// What the note of a probe that succeeded says.
const NOTE: &str = "works\n";

/// `kvm` when it was asked for and works, otherwise `tcg`. That a wish is not met is said once.
pub fn accelerator(prepared: &'static Prepared) -> String {
    let wanted = std::env::var(VARIABLE).is_ok_and(|value| value == "kvm");
    if wanted && works(prepared) {
        "kvm".to_owned()
    } else {
        "tcg".to_owned()
    }
}

fn works(prepared: &'static Prepared) -> bool {
    static WORKS: OnceLock<bool> = OnceLock::new();
    *WORKS.get_or_init(|| {
        let probed = probe(&note(prepared), accessible, || {
            crate::machine::probe_kvm(prepared)
        });
        if let Err(error) = &probed {
            eprintln!(
                "{VARIABLE}=kvm: KVM does not work here, software emulation is used: {error:#}"
            );
        }
        probed.is_ok()
    })
}

/// Where it is noted that it has worked, with this host, this QEMU and this kernel.
fn note(prepared: &Prepared) -> PathBuf {
    let host = std::fs::read_to_string("/proc/version").unwrap_or_default();
    // Without QEMU nothing is booted, and so nothing noted.
    let qemu = Command::new(PROGRAM).arg("--version").output();
    let qemu = qemu.map(|output| output.stdout).unwrap_or_default();
    let key = crate::image::hash(&[host.as_bytes(), &qemu, prepared.release.as_bytes()]);
    prepared.cache.path(format!("kvm-{key}"))
}

/// Whether this user may use it now, whatever it was like before.
fn accessible() -> Result<()> {
    let device = File::options().read(true).write(true).open(DEVICE);
    device
        .map(drop)
        .with_context(|| format!("cannot open {DEVICE}"))
}

/// Only that it works is noted: why a probe fails may be gone the next time.
fn probe(
    note: &Path,
    accessible: impl Fn() -> Result<()>,
    boot: impl FnOnce() -> Result<()>,
) -> Result<()> {
    accessible()?;
    if std::fs::read_to_string(note).is_ok_and(|text| text == NOTE) {
        return Ok(());
    }
    boot()?;
    // Without the note it is only probed again next time.
    let _ = std::fs::write(note, NOTE);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::probe;
    use crate::children::TempDir;
    use anyhow::anyhow;

    /// Fails when a probe that fails is remembered, one that succeeds is not, or what is remembered
    /// counts although the device cannot be opened any more.
    #[test]
    fn only_success_is_remembered() {
        let directory = TempDir::new("kvm").unwrap();
        let note = directory.path().join("note");
        let fails = || Err(anyhow!("no"));
        probe(&note, || Ok(()), fails).unwrap_err();
        probe(&note, || Ok(()), || Ok(())).unwrap();
        probe(&note, || Ok(()), fails).unwrap();
        probe(&note, fails, || Ok(())).unwrap_err();
    }
}
