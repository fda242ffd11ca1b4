// SPDX-License-Identifier: GPL-2.0

//! Can this user talk to the driver, and do both speak the same ABI?

use super::check::{About, Check, Context};
use crate::failure::{Exit, Failure};
use crate::root::{Node, Root};
use crate::source::Access;
use crate::{diagnose, system};
use milspec_uapi::{ABI_MAJOR, ABI_MINOR, DEVICE_NAME, STATUS_TRAINING};
use nix::errno::Errno;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

/// Is the device node there, and as the packages make it?
pub fn node(context: &Context<'_>) -> Check {
    let about = About("device-node", "Device node");
    if !context.loaded {
        return about.not_applicable("the module is not loaded");
    }
    let Some(node) = find(context.root) else {
        return about.problem(
            Exit::Unsupported,
            format!("there is no /dev/{DEVICE_NAME}, though the module is loaded"),
            "see \"dmesg | grep milspec\"; in a container, pass the node in",
        );
    };
    let is = format!(
        "/dev/{DEVICE_NAME} is {:04o}, user {}, group {}",
        node.mode,
        node.uid,
        system::group_name(context.root, node.gid)
    );
    match system::group(context.root, DEVICE_NAME) {
        None => about.warning(
            format!("{is}; there is no group {DEVICE_NAME}, so only root can read"),
            format!("groupadd --system {DEVICE_NAME}, and install the udev rule"),
        ),
        Some((gid, _)) if node.gid != gid || node.mode & 0o040 == 0 => about.warning(
            format!("{is}: closed to group {DEVICE_NAME}"),
            "install the udev rule, then \"udevadm trigger\"",
        ),
        Some(_) if node.mode & 0o027 != 0 => about.warning(
            format!("{is}: more open than 0640"),
            format!("chmod 0640 /dev/{DEVICE_NAME}, and look for a local udev rule"),
        ),
        Some(_) => about.ok(is),
    }
}

fn find(root: &Root) -> Option<Node> {
    if let Some(note) = root.note() {
        return note.node;
    }
    let data = root
        .path(&format!("/dev/{DEVICE_NAME}"))
        .metadata()
        .ok()
        .filter(|data| data.file_type().is_char_device())?;
    Some(Node {
        mode: data.mode() & 0o7777,
        uid: data.uid(),
        gid: data.gid(),
    })
}

/// May this user read?
pub fn permission(context: &Context<'_>) -> Check {
    let about = About("permission", "Permission");
    match &context.opened {
        Ok(_) => about.ok("you may read controls; --refresh needs root"),
        Err(Errno::ENOENT) => about.not_applicable("there is no device node"),
        Err(errno) => failed(about, diagnose::open(context.root, Access::Read, *errno)),
    }
}

/// Do driver and CLI speak the same ABI?
pub fn abi(context: &Context<'_>) -> Check {
    let about = About("abi", "ABI");
    let Ok(source) = &context.opened else {
        return about.not_applicable("the device node is not open to this user");
    };
    match source.info() {
        Ok(info) if info.abi_major != ABI_MAJOR => failed(about, diagnose::abi(&info)),
        Ok(info) => match source.status() {
            Ok(_) => about.ok(format!(
                "driver {}.{}, milspecctl {ABI_MAJOR}.{ABI_MINOR}",
                info.abi_major, info.abi_minor
            )),
            Err(errno) => failed(about, diagnose::read("status", errno)),
        },
        Err(errno) => failed(about, diagnose::info(errno)),
    }
}

/// An error of a command, as the outcome of a check.
fn failed(about: About, failure: Failure) -> Check {
    let errno = failure
        .errno
        .map(|errno| format!(" ({errno:?})"))
        .unwrap_or_default();
    about.problem(
        failure.exit,
        format!("{}{errno}: {}", failure.what, failure.why),
        failure.next,
    )
}

/// Is what the driver says of the machine, or of a copy?
pub fn training(context: &Context<'_>) -> Check {
    let about = About("training", "Training");
    match context.status() {
        None => about.not_applicable("the driver cannot be asked"),
        Some(status) if status.properties & STATUS_TRAINING != 0 => about.warning(
            "one is under way: what the driver says is of a copy, not of the machine",
            "end it when it is over: \"milspecctl training stop\" as root",
        ),
        Some(_) => about.ok("none is under way"),
    }
}
