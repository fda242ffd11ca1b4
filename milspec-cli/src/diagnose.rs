// SPDX-License-Identifier: GPL-2.0

//! Turns an errno of the driver into what failed, why, and what to do next. The "why" is looked up
//! on the machine, not listed as possibilities.

use crate::failure::{case, Failure};
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
        _ => Failure::of("open", what, errno),
    }
}

fn no_driver(root: &Root, what: String, errno: Errno) -> Failure {
    let release = system::release(root).unwrap_or_else(|| "unknown".into());
    let skipped = system::skipped(root, &release);
    let why = match system::installed(root, &release, MODULE) {
        _ if system::loaded(root, MODULE) => "no-node",
        _ if system::is_dell(root) == Some(false) => "no-dell",
        Installed::Yes(_) | Installed::BuiltIn => "not-loaded",
        Installed::NotIndexed(_) => "not-indexed",
        Installed::No if skipped.is_some() => "skipped",
        Installed::No => "not-installed",
    };
    let [code, why, next] = case("open", why);
    let why = why.replace("{release}", &release);
    let why = why.replace("{skipped}", &skipped.unwrap_or_default());
    Failure::new(code, what, why, next).with(errno)
}

fn no_permission(root: &Root, access: Access, what: String, errno: Errno) -> Failure {
    let me = Me::read(root);
    let group = system::group(root, DEVICE_NAME);
    let name = me.as_ref().and_then(|me| me.name(root));
    let why = match (access, &group, &me, &name) {
        (Access::Refresh, ..) => "to-refresh",
        (Access::Change, ..) => "to-change",
        (_, Some((gid, _)), Some(me), _) if me.groups.contains(gid) => "closed-to-group",
        (_, Some((_, members)), Some(_), Some(name)) if members.contains(name) => "joined-later",
        (_, Some(_), ..) => "not-in-group",
        (_, None, ..) => "no-group",
    };
    let [code, why, next] = case("open", why);
    let name = name.as_deref().unwrap_or("USER");
    let [why, next] = [why, next].map(|text| text.replace("{name}", name));
    Failure::new(code, what, why, next).with(errno)
}

/// `IOC_INFO` failed, though every version of the driver answers it.
pub fn info(errno: Errno) -> Failure {
    match errno {
        Errno::ENOTTY | Errno::EINVAL | Errno::E2BIG => {
            let what = format!("/dev/{DEVICE_NAME} does not answer INFO");
            Failure::of("info", what, errno)
        }
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
    let what = format!("cannot read {request} from the driver");
    Failure::of("read", what, errno)
}

/// `read()` failed.
pub fn journal(errno: Errno) -> Failure {
    match errno {
        Errno::EOPNOTSUPP | Errno::EPROTO => {
            Failure::of("journal", "cannot read the journal", errno)
        }
        _ => read("the journal", errno),
    }
}

/// `IOC_REFRESH` failed.
pub fn refresh(errno: Errno) -> Failure {
    match errno {
        Errno::ENODEV => read("the firmware", errno),
        _ => Failure::of("refresh", "cannot refresh the controls", errno),
    }
}

/// `IOC_PLAN` failed without an answer.
pub fn plan(change: &str, errno: Errno) -> Failure {
    match errno {
        Errno::EOPNOTSUPP => Failure::of("plan", format!("cannot plan {change}"), errno),
        _ => read("a plan", errno),
    }
}

/// `IOC_APPLY` failed without an answer: nothing was written to the firmware.
pub fn apply(what: String, errno: Errno) -> Failure {
    match errno {
        Errno::ENODEV | Errno::ENOTTY => read("an answer", errno),
        _ => Failure::of("apply", what, errno),
    }
}
