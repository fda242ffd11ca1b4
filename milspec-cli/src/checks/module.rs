// SPDX-License-Identifier: GPL-2.0

//! Is the module there, may it be loaded, is it loaded?

use super::{About, Check, Context};
use crate::facts::{self, Installed, MODULE};
use crate::failure::Exit;
use crate::root::Root;

/// Is the module installed for the running kernel?
pub fn installed(context: &Context<'_>) -> Check {
    let about = About("module-installed", "Module installed");
    match &context.installed {
        Installed::Yes(path) => about.ok(path.as_str()),
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
            let others = facts::installed_releases(context.root, MODULE);
            let reason = match others.as_slice() {
                [] => "not installed for any kernel".to_string(),
                others => format!("only for other kernels: {}", others.join(", ")),
            };
            about.problem(
                Exit::Unsupported,
                reason,
                "run \"make && make install\", or install dell-milspec-dkms",
            )
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
    let path = match (&context.installed, context.modules()) {
        (Installed::Yes(path) | Installed::NotIndexed(path), Some(modules)) => {
            format!("{modules}/{path}")
        }
        _ => return about.not_applicable(format!("needed ({why}), no module to look at")),
    };
    let enrol = "enrol the key that signed it: mokutil --import, then reboot";
    match signed(context.root, &path) {
        Some(true) => about.warning(format!("signed; the key must be enrolled ({why})"), enrol),
        Some(false) => about.problem(
            Exit::Unsupported,
            format!("the module has none, and needs one ({why})"),
            "sign it with a key that is enrolled: mokutil --import, then reboot",
        ),
        None => about.warning(
            format!("needed ({why}); the file is compressed or unreadable"),
            "if modprobe says \"Key was rejected\", enrol its key with mokutil",
        ),
    }
}

/// Why unsigned modules are refused, where they are.
fn enforced(root: &Root) -> Option<String> {
    let lockdown = facts::lockdown(root);
    match lockdown.as_deref() {
        Some("none") | None => {}
        Some(mode) => {
            let boot = if secure_boot(root) == Some(true) {
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
    (lockdown.is_none() && secure_boot(root) == Some(true)).then(|| "Secure Boot".to_string())
}

/// Whether Secure Boot is on; `None` without UEFI.
fn secure_boot(root: &Root) -> Option<bool> {
    let variable =
        root.bytes("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
    // Four bytes of attributes come before the value.
    Some(*variable.ok()?.get(4)? == 1)
}

/// Whether the file of a module carries a signature; `None` where that cannot be told.
fn signed(root: &Root, path: &str) -> Option<bool> {
    const MAGIC: &[u8] = b"~Module signature appended~\n";
    if !path.ends_with(".ko") {
        return None;
    }
    Some(root.bytes(path).ok()?.ends_with(MAGIC))
}
