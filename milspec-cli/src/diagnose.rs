// SPDX-License-Identifier: GPL-2.0

//! Turns an errno of the driver into what failed, why, and what to do next. The "why" is looked up
//! on the machine, not listed as possibilities.

use crate::failure::Failure;
use crate::model::clean;
use crate::root::Root;
use crate::source::Access;
use crate::system::{self, Installed, Me, MODULE};
use milspec_uapi::{Info, ABI_MAJOR, ABI_MINOR, DEVICE_NAME};
use nix::errno::Errno;

/// `/dev/milspec` could not be opened.
pub fn open(root: &Root, access: Access, errno: Errno) -> Failure {
    let what = format!("cannot open /dev/{DEVICE_NAME}");
    match errno {
        Errno::ENOENT | Errno::ENXIO | Errno::ENODEV => no_driver(root, what, errno),
        Errno::EACCES | Errno::EPERM => no_permission(root, access, what, errno),
        _ => Failure::new(
            "open-failed",
            what,
            "neither a missing driver nor a missing permission explains this",
            "run \"milspecctl doctor\"",
        )
        .with(errno),
    }
}

fn no_driver(root: &Root, what: String, errno: Errno) -> Failure {
    let release = system::release(root).unwrap_or_else(|| "unknown".into());
    let (why, next) = if system::loaded(root, MODULE) {
        (
            format!("module {MODULE} is loaded, but has no device node"),
            "run \"milspecctl doctor\"; see \"dmesg | grep milspec\"",
        )
    } else {
        match system::installed(root, &release, MODULE) {
            _ if system::is_dell(root) == Some(false) => (
                "this is not a Dell: the driver does not load here".to_string(),
                "run \"milspecctl doctor\" for what the driver needs",
            ),
            Installed::Yes(_) | Installed::BuiltIn => (
                format!("module {MODULE} is not loaded"),
                "run \"modprobe dell_milspec\" as root",
            ),
            Installed::NotIndexed(_) => (
                format!("module {MODULE} is installed but not indexed"),
                "run \"depmod && modprobe dell_milspec\" as root",
            ),
            Installed::No => (
                format!("module {MODULE} is not there for kernel {release}"),
                "run \"milspecctl doctor\" for what building it needs",
            ),
        }
    };
    Failure::new("no-driver", what, why, next).with(errno)
}

fn no_permission(root: &Root, access: Access, what: String, errno: Errno) -> Failure {
    let me = Me::read(root);
    let group = system::group(root, DEVICE_NAME);
    let name = me.as_ref().and_then(|me| me.name(root));
    let (why, next) = match (access, &group, &me, &name) {
        (Access::Refresh, ..) => (
            "--refresh makes firmware calls, which only root may".to_string(),
            "run it as root, or leave out --refresh to see the last reading".to_string(),
        ),
        (Access::Change, ..) => (
            "changes make firmware calls, which only root may".to_string(),
            "run it as root, or add --dry-run to see what would change".to_string(),
        ),
        (_, Some((gid, _)), Some(me), _) if me.groups.contains(gid) => (
            format!("group {DEVICE_NAME} may not read the device node"),
            format!(
                "as root: chgrp {DEVICE_NAME} /dev/{DEVICE_NAME}; chmod 640 /dev/{DEVICE_NAME}"
            ),
        ),
        (_, Some((_, members)), Some(_), Some(name)) if members.contains(name) => (
            format!("this session began before {name} joined group {DEVICE_NAME}"),
            "log out and in again".to_string(),
        ),
        (_, Some(_), ..) => (
            format!("only root and group {DEVICE_NAME} may read it; you are in neither"),
            format!(
                "as root: usermod -aG {DEVICE_NAME} {}; then log in again",
                name.as_deref().unwrap_or("USER")
            ),
        ),
        (_, None, ..) => (
            format!("only root may read it: there is no group {DEVICE_NAME}"),
            "run it as root".to_string(),
        ),
    };
    Failure::new("no-permission", what, why, next).with(errno)
}

/// `IOC_INFO` failed, though every version of the driver answers it.
pub fn info(errno: Errno) -> Failure {
    match errno {
        Errno::ENOTTY | Errno::EINVAL | Errno::E2BIG => Failure::new(
            "abi-mismatch",
            format!("/dev/{DEVICE_NAME} does not answer INFO"),
            "what has this name is not a driver that milspecctl knows",
            "install driver and milspecctl of the same version",
        )
        .with(errno),
        _ => read("info", errno),
    }
}

/// The driver has another major version.
pub fn abi(info: &Info) -> Failure {
    let next = if info.abi_major < ABI_MAJOR {
        "update the driver, then reload it or reboot"
    } else {
        "update milspecctl to the version of the driver"
    };
    Failure::new(
        "abi-mismatch",
        format!(
            "milspecctl cannot talk to driver {}",
            clean(&info.driver_version)
        ),
        format!(
            "the driver has ABI {}.{}, milspecctl has {ABI_MAJOR}.{ABI_MINOR}",
            info.abi_major, info.abi_minor
        ),
        next,
    )
}

/// A request that makes no firmware call failed.
pub fn read(request: &str, errno: Errno) -> Failure {
    let (code, why, next) = match errno {
        Errno::ENODEV => (
            "no-driver",
            "the driver is being unloaded",
            "load it again: \"modprobe dell_milspec\" as root",
        ),
        Errno::ENOTTY => (
            "abi-mismatch",
            "the driver does not know this request",
            "update the driver",
        ),
        _ => (
            "driver-failed",
            "the driver gave this error itself; no firmware call is involved",
            "see \"dmesg | grep milspec\"",
        ),
    };
    Failure::new(
        code,
        format!("cannot read {request} from the driver"),
        why,
        next,
    )
    .with(errno)
}

/// `read()` failed.
pub fn journal(errno: Errno) -> Failure {
    match errno {
        Errno::EOPNOTSUPP => Failure::new(
            "unsupported",
            "cannot read the journal",
            "what answers here has no journal",
            "run it on the machine itself, or name a saved journal",
        )
        .with(errno),
        Errno::EPROTO => Failure::new(
            "abi-mismatch",
            "cannot read the journal",
            "what the driver gives is no whole number of records",
            "install driver and milspecctl of the same version",
        )
        .with(errno),
        _ => read("the journal", errno),
    }
}

/// `IOC_REFRESH` failed.
pub fn refresh(errno: Errno) -> Failure {
    let (code, why, next) = match errno {
        Errno::EPERM | Errno::EACCES | Errno::EBADF => (
            "no-permission",
            "firmware calls need CAP_SYS_ADMIN outside of any container",
            "run it as root, or leave out --refresh to see the last reading",
        ),
        Errno::ENOTTY | Errno::EOPNOTSUPP => (
            "unsupported",
            "what answers here has no firmware to read",
            "leave out --refresh to see the last reading",
        ),
        Errno::EINTR => (
            "interrupted",
            "a signal arrived before the firmware was read",
            "run it again",
        ),
        Errno::ENODEV => return read("the firmware", errno),
        _ => (
            "refresh-failed",
            "the driver could not read the firmware",
            "run \"milspecctl status\" and see \"dmesg | grep milspec\"",
        ),
    };
    Failure::new(code, "cannot refresh the controls", why, next).with(errno)
}

/// `IOC_PLAN` failed without an answer.
pub fn plan(change: &str, errno: Errno) -> Failure {
    match errno {
        Errno::EOPNOTSUPP => Failure::new(
            "unsupported",
            format!("cannot plan {change}"),
            "what answers here makes no plans",
            "run it on the machine itself",
        )
        .with(errno),
        _ => read("a plan", errno),
    }
}

/// `IOC_APPLY` failed without an answer: nothing was written to the firmware.
pub fn apply(what: String, errno: Errno) -> Failure {
    let (code, why, next) = match errno {
        Errno::EPERM | Errno::EBADF => (
            "no-permission",
            "changes need CAP_SYS_ADMIN outside of any container",
            "run it as root, or add --dry-run to see what would change",
        ),
        Errno::EINTR => (
            "interrupted",
            "a signal arrived before anything was changed",
            "run it again",
        ),
        Errno::ENODEV | Errno::ENOTTY => return read("an answer", errno),
        Errno::EOPNOTSUPP => (
            "unsupported",
            "what answers here cannot be changed",
            "add --dry-run to see what would change",
        ),
        _ => (
            "apply-failed",
            "the driver refused the request itself; nothing was changed",
            "see \"dmesg | grep milspec\"",
        ),
    };
    Failure::new(code, what, why, next).with(errno)
}
