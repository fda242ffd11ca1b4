// SPDX-License-Identifier: GPL-2.0

//! Is the module there, may it be loaded, is it loaded?

use super::check::{About, Check, Context};
use crate::failure::Exit;
use crate::root::{Root, FILE_MAX};
use crate::system::{self, Installed, SecureBoot, MODULE};
use std::io::Read;
use std::process::{Command, Stdio};

/// What DKMS has of the module, where it is installed from the package.
const DKMS: &str = "/var/lib/dkms/dell-milspec";

/// Is the module installed for the running kernel?
pub fn installed(context: &Context<'_>) -> Check {
    let about = About("module-installed", "Module installed");
    match &context.installed {
        Installed::Yes(path) => match built_for(context, path) {
            Some(other) if context.release.as_ref() != Some(&other) => about.problem(
                Exit::Unsupported,
                format!("{path} is built for kernel {other}"),
                "build it for this one: \"make && make install\", or \"dkms autoinstall\"",
            ),
            _ => about.ok(path.as_str()),
        },
        Installed::BuiltIn => about.ok("built into the kernel"),
        Installed::NotIndexed(path) => about.warning(
            format!("{path} is there, but modprobe does not know it"),
            "run \"depmod\" as root",
        ),
        Installed::No if context.loaded => about.warning(
            "loaded by hand: it will be gone after the next boot",
            "run \"make install\" as root, or install dell-milspec-dkms",
        ),
        Installed::No => {
            if let Some(why) = context.skipped() {
                return about.problem(
                    Exit::Unsupported,
                    format!("DKMS made none: {why}"),
                    "mend that, then run \"dkms autoinstall\" as root",
                );
            }
            let others = system::installed_releases(context.root, MODULE);
            let reason = match others.as_slice() {
                [] => "not installed for any kernel".to_string(),
                others => format!("only for other kernels: {}", others.join(", ")),
            };
            // Its headers may have come later, or DKMS was told to compile for the newest alone.
            let remedy = match context.root.exists(DKMS) {
                true => "run \"dkms autoinstall\" as root",
                false => "run \"make && make install\", or install dell-milspec-dkms",
            };
            about.problem(Exit::Unsupported, reason, remedy)
        }
    }
}

/// Is the module loaded?
pub fn loaded(context: &Context<'_>) -> Check {
    let about = About("module-loaded", "Module loaded");
    if context.loaded {
        let state = context
            .root
            .text(&format!("/sys/module/{MODULE}/initstate"));
        return match state.as_deref() {
            Some("live") | None if is_another(context) => about.warning(
                "the module that runs is not the one that is installed",
                "reboot, or stop milspec-journal.service and reload the module",
            ),
            Some("live") | None => about.ok(format!("{MODULE} is loaded")),
            Some(state) => about.problem(
                Exit::Unsupported,
                format!("{MODULE} is {state}"),
                "wait, then see \"dmesg | grep milspec\"",
            ),
        };
    }
    let (reason, remedy) = match (context.dell, &context.installed) {
        (Some(false), _) => (
            "not loaded: it loads on a Dell only",
            "for a trial elsewhere: modprobe dell_milspec force=1",
        ),
        (_, Installed::No) => ("not loaded: it is not installed", "install it, see above"),
        (_, Installed::NotIndexed(_)) => (
            "not loaded",
            "run \"depmod && modprobe dell_milspec\" as root",
        ),
        _ => ("not loaded", "run \"modprobe dell_milspec\" as root"),
    };
    about.problem(Exit::Unsupported, reason, remedy)
}

/// Does the kernel accept the module's signature, or want none?
pub fn signature(context: &Context<'_>) -> Check {
    let about = About("module-signature", "Module signature");
    let Some(why) = enforced(context.root) else {
        return about.ok("this kernel takes unsigned modules");
    };
    if context.loaded {
        return about.ok(format!("accepted ({why})"));
    }
    let (Installed::Yes(path) | Installed::NotIndexed(path)) = &context.installed else {
        return about.not_applicable(format!("needed ({why}), no module to look at"));
    };
    let enrol = "enrol the key that signed it: mokutil --import, then reboot";
    match signed(context, path) {
        Some(true) if enrolled(context.root) == Some(true) => {
            about.ok(format!("signed, and the key of DKMS is enrolled ({why})"))
        }
        Some(true) if enrolled(context.root) == Some(false) => about.warning(
            format!("signed, but the key of DKMS is not enrolled ({why})"),
            format!("run \"mokutil --import {MOK}\" as root, then reboot"),
        ),
        Some(true) => about.warning(format!("signed; the key must be enrolled ({why})"), enrol),
        Some(false) => about.problem(
            Exit::Unsupported,
            format!("the module has none, and needs one ({why})"),
            "sign it with a key that is enrolled: mokutil --import, then reboot",
        ),
        None => about.warning(
            format!("needed ({why}); the file is unreadable, or packed and not to be unpacked"),
            "if modprobe says \"Key was rejected\", enrol its key with mokutil",
        ),
    }
}

/// Why unsigned modules are refused, where they are.
fn enforced(root: &Root) -> Option<String> {
    let lockdown = system::lockdown(root);
    match lockdown.as_deref() {
        Some("none") | None => {}
        Some(mode) => {
            let boot = if system::secure_boot(root) == SecureBoot::On {
                "Secure Boot, "
            } else {
                ""
            };
            return Some(format!("{boot}lockdown {mode}"));
        }
    }
    let parameter = root.text("/sys/module/module/parameters/sig_enforce");
    if parameter.as_deref() == Some("Y") {
        return Some("module.sig_enforce".to_string());
    }
    // Where lockdown cannot be read, Secure Boot is the next best sign of it.
    let checked = system::secure_boot(root) == SecureBoot::On;
    (lockdown.is_none() && checked).then(|| "Secure Boot".to_string())
}

/// The certificate with whose key DKMS signs.
const MOK: &str = "/var/lib/dkms/mok.pub";

/// Whether that certificate is among the machine owner's keys, which only root can read; `None`
/// where it cannot be told.
fn enrolled(root: &Root) -> Option<bool> {
    let key = root.bytes(MOK).ok().filter(|key| !key.is_empty())?;
    let keys = root.bytes("/sys/firmware/efi/mok-variables/MokListRT");
    // The list holds certificates as they are.
    Some(keys.ok()?.windows(key.len()).any(|part| part == key))
}

/// The file of the module, by its path below the running kernel's modules, unpacked by the program that
/// packs such files: distributions do. `None` where that cannot be done.
fn file(context: &Context<'_>, path: &str) -> Option<Vec<u8>> {
    let (_, packed) = path.rsplit_once(".ko")?;
    let path = format!("{}/{path}", context.modules()?);
    let program = match packed {
        "" => return context.root.bytes(&path).ok(),
        ".xz" => "xz",
        ".zst" => "zstd",
        ".gz" => "gzip",
        _ => return None,
    };
    let mut unpack = Command::new(program)
        .args(["-dc", "--"])
        .arg(context.root.path(&path))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut bytes = Vec::new();
    let read = unpack.stdout.take()?.take(FILE_MAX).read_to_end(&mut bytes);
    // One that is longer than that ends with its pipe, and fails.
    let whole = unpack.wait().ok()?.success();
    (read.is_ok() && whole).then_some(bytes)
}

/// Whether the module that runs was built another time than the one that is installed, by the note
/// with a build's identity behind its head of 16 bytes. Not where that cannot be told.
fn is_another(context: &Context<'_>) -> bool {
    let Installed::Yes(path) = &context.installed else {
        return false;
    };
    let note = format!("/sys/module/{MODULE}/notes/.note.gnu.build-id");
    let note = context.root.bytes(&note).unwrap_or_default();
    match (note.get(16..), file(context, path)) {
        (Some(id), Some(bytes)) if !id.is_empty() => {
            !bytes.windows(id.len()).any(|part| part == id)
        }
        _ => false,
    }
}

/// The release that the file of a module was built for; `None` where that cannot be told.
fn built_for(context: &Context<'_>, path: &str) -> Option<String> {
    const KEY: &[u8] = b"vermagic=";
    let bytes = file(context, path)?;
    let at = bytes.windows(KEY.len()).position(|part| part == KEY)?;
    let text = bytes.get(at + KEY.len()..)?;
    let end = text.iter().position(|byte| matches!(byte, b' ' | 0))?;
    Some(String::from_utf8_lossy(text.get(..end)?).into_owned())
}

/// Whether the file of a module carries a signature; `None` where that cannot be told.
fn signed(context: &Context<'_>, path: &str) -> Option<bool> {
    const MAGIC: &[u8] = b"~Module signature appended~\n";
    Some(file(context, path)?.ends_with(MAGIC))
}
