// SPDX-License-Identifier: GPL-2.0

//! The module under Secure Boot: firmware, shim, boot loader and kernel as others have signed them, and
//! a key of the machine's owner.

use crate::common::{field, milspecctl, Test};
use anyhow::{bail, ensure, Context, Result};
use milspec_machine::guest::GuestCommand;
use milspec_machine::machine::{prepared, Machine, Module, Options};
use milspec_machine::prepare::{Bind, Bits};
use milspec_machine::progress::Progress;
use std::path::Path;

/// The tests of this file.
pub const TESTS: &[Test] = &[("secure_boot_takes_what_its_owner_trusts", owner)];

/// What needs two boots more.
pub const LONG: &[Test] = &[("secure_boot_refuses_a_key_that_was_taken_back", taken_back)];

/// Where DKMS keeps the certificate, and the password that ties `mokutil` to MokManager.
const CERTIFICATE: &str = "/var/lib/dkms/mok.pub";
const PASSWORD: &str = "milspec";

/// What the kernel says of a signature that it does not take.
const REJECTED: &str = "Key was rejected by service";

/// Where the module of this kernel is.
fn place(machine: &Machine) -> String {
    let release = machine.release();
    format!("/usr/lib/modules/{release}/updates/dell_milspec.ko")
}

/// A key as DKMS makes one, and the module in some of its states.
struct Modules {
    unsigned: Vec<u8>,
    signed: Vec<u8>,
    flipped: Vec<u8>,
    of_another_kernel: Vec<u8>,
    certificate: Vec<u8>,
}

impl Modules {
    /// Signs with the kernel's own program, as DKMS does.
    fn of(machine: &Machine) -> Result<Self> {
        let release = machine.release();
        let path = place(machine);
        let unsigned = machine
            .guest()?
            .read(&path)?
            .map_err(|errno| anyhow::anyhow!("cannot read {path}: error {errno}"))?;
        let here = machine.directory();
        let magic = format!("vermagic={release} ");
        let at = unsigned
            .windows(magic.len())
            .position(|part| part == magic.as_bytes())
            .context("the module names no kernel")?;
        let mut other = unsigned.clone();
        other[at + "vermagic=".len()] = b'6';
        std::fs::write(here.join("module"), &unsigned)?;
        std::fs::write(here.join("other"), &other)?;
        let script = r#"cd /out
openssl req -new -x509 -nodes -days 36500 -subj "/CN=DKMS module signing key" \
	-newkey rsa:2048 -keyout mok.key -outform DER -out mok.pub 2>/dev/null
for module in module other; do
	/usr/lib/linux-kbuild-"${1%-*}"/scripts/sign-file sha256 mok.key mok.pub "$module"
done"#;
        prepared(&Progress::new())?.run_in_root(
            &["sh", "-euc", script, "sign", release],
            &[Bind::new(here, "/out")],
        )?;
        let signed = std::fs::read(here.join("module"))?;
        // A letter of a message: nothing else would notice.
        let text = b"milspec";
        let mut flipped = signed.clone();
        let letter = flipped
            .windows(text.len())
            .position(|part| part == text)
            .context("the module has no text")?;
        flipped[letter] ^= 1;
        Ok(Self {
            unsigned,
            signed,
            flipped,
            of_another_kernel: std::fs::read(here.join("other"))?,
            certificate: std::fs::read(here.join("mok.pub"))?,
        })
    }

    /// Installs one of them. What a machine of this kind had is lost with each boot.
    fn install(&self, machine: &Machine, module: &[u8]) -> Result<()> {
        let guest = machine.guest()?;
        machine.sh("mkdir -p /var/lib/dkms")?.ok()?;
        guest.create(CERTIFICATE, &self.certificate, 0o644)?;
        guest.create(&place(machine), module, 0o644)?;
        machine.run(["depmod"])?.ok().map(drop)
    }
}

/// A machine on which mokutil and the kernel say that Secure Boot is on.
fn boot() -> Result<Machine> {
    let options = Options {
        secure_boot: true,
        ..Options::module(Module::Present)
    };
    let machine = Machine::boot("rugged", &options)?;
    let state = machine.run(["mokutil", "--sb-state"])?.ok()?.text();
    ensure!(state.contains("SecureBoot enabled"), "{state}");
    let lockdown = machine.read("/sys/kernel/security/lockdown")?;
    ensure!(lockdown.contains("[integrity]"), "{lockdown}");
    Ok(machine)
}

/// Fails when `doctor` finds something else of the signature.
fn doctor_says(machine: &Machine, result: &str, reason: &str, remedy: &str) -> Result<()> {
    let found = machine.run(["milspecctl", "--json", "doctor"])?.json()?;
    let mut checks = found["checks"].as_array().into_iter().flatten();
    let check = checks.find(|check| check["id"] == "module-signature");
    let check = check.with_context(|| format!("{found:#}"))?;
    ensure!(check["result"] == result, "{check:#}");
    ensure!(field(check, "reason")?.contains(reason), "{check:#}");
    let is = check["remedy"].as_str().unwrap_or_default();
    ensure!(is.contains(remedy), "{check:#}");
    Ok(())
}

/// Fails when the module loads, or does not load for another reason.
fn is_refused(machine: &Machine, why: &str) -> Result<()> {
    let output = machine.run(["modprobe", "dell_milspec"])?;
    ensure!(!output.success(), "it was loaded");
    let said = output.error_text();
    ensure!(said.contains(why), "{said}");
    Ok(())
}

/// Gives the certificate to the machine, or takes it back, by the steps of docs/install.md.
fn ask_mok_manager(machine: &mut Machine, what: &str) -> Result<()> {
    let typed = format!("{PASSWORD}\n{PASSWORD}\n");
    let command = GuestCommand::new(["mokutil", what, CERTIFICATE]).stdin(typed);
    machine.run_command(command)?.ok()?;
    machine.reboot_and_manage_keys(PASSWORD)
}

/// Whether this kernel would start another one that nobody has signed.
fn kexec(machine: &Machine) -> Result<bool> {
    let program = machine.directory().join("kexec");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("kexec.c");
    prepared(&Progress::new())?.build_c(&source, Bits::B64, &[], &program)?;
    machine
        .guest()?
        .create("/tmp/kexec", &std::fs::read(&program)?, 0o755)?;
    let output = machine.run(["/tmp/kexec"])?;
    match output.text().trim() {
        "taken" => Ok(true),
        // Lockdown says the first, IMA, which is asked before it, the second.
        "Operation not permitted" | "Permission denied" => Ok(false),
        other => bail!("{other}"),
    }
}

/// Promise: under Secure Boot the kernel takes the module when, and only when, a key has signed it that
/// the machine's owner has enrolled by the documented steps, for this kernel, and not a byte has
/// changed since; before that `doctor` says what is missing and what to do. Then modes are set as on
/// any machine, what the module's parameter opens stays closed, and no unsigned kernel is started.
fn owner() -> Result<()> {
    let mut machine = boot()?;
    let modules = Modules::of(&machine)?;
    is_refused(&machine, REJECTED)?;
    let why = "(Secure Boot, lockdown integrity)";
    doctor_says(&machine, "problem", "has none", "sign it with a key")?;
    doctor_says(&machine, "problem", why, "mokutil --import")?;
    modules.install(&machine, &modules.signed)?;
    is_refused(&machine, REJECTED)?;
    let import = format!("run \"mokutil --import {CERTIFICATE}\" as root, then reboot");
    doctor_says(&machine, "warning", "is not enrolled", &import)?;

    ask_mok_manager(&mut machine, "--import")?;
    for (module, why) in [
        (&modules.unsigned, REJECTED),
        (&modules.flipped, REJECTED),
        (&modules.of_another_kernel, "Exec format error"),
    ] {
        modules.install(&machine, module)?;
        is_refused(&machine, why)?;
    }
    modules.install(&machine, &modules.signed)?;
    doctor_says(&machine, "ok", "the key of DKMS is enrolled", "")?;
    machine
        .run(["modprobe", "dell_milspec", "allow_restricted=1"])?
        .ok()?;
    let status = milspecctl(&machine, &["status"])?;
    ensure!(status["secure_boot"] == "on", "{status:#}");
    ensure!(status["lockdown"] == "integrity", "{status:#}");
    for check in ["secure-boot-on", "kernel-lockdown", "modules-signed"] {
        let judged = milspecctl(&machine, &["compliance", "--check", check])?;
        let came = &judged["assessments"][0]["checks"][0];
        ensure!(came["result"] == "satisfied", "{came:#}");
    }
    ensure!(status["restricted_allowed"] == false, "{status:#}");
    let locked = ["control", "set", "system-password-lock=locked"];
    let output = machine.run([&["milspecctl"][..], &locked].concat())?;
    let said = output.error_text();
    ensure!(
        !output.success() && said.contains("the kernel is locked down"),
        "{said}"
    );
    machine
        .run(["milspecctl", "mode", "set", "standard"])?
        .ok()?;
    // Claim: can load another module or another kernel (kexec), unless Secure Boot and lockdown forbid it
    ensure!(!kexec(&machine)?, "another kernel would be started");
    machine.check_kernel_log()
}

/// Promise: a key that the machine's owner has taken back opens nothing any more, and `doctor` says so.
fn taken_back() -> Result<()> {
    let mut machine = boot()?;
    let modules = Modules::of(&machine)?;
    modules.install(&machine, &modules.signed)?;
    ask_mok_manager(&mut machine, "--import")?;
    modules.install(&machine, &modules.signed)?;
    machine.run(["modprobe", "dell_milspec"])?.ok()?;
    ask_mok_manager(&mut machine, "--delete")?;
    modules.install(&machine, &modules.signed)?;
    is_refused(&machine, REJECTED)?;
    doctor_says(&machine, "warning", "is not enrolled", "mokutil --import")
}
