// SPDX-License-Identifier: GPL-2.0

//! A machine with UEFI and Secure Boot: OVMF, which knows Microsoft's keys, starts Debian's shim, and
//! that GRUB, which starts the kernel, each after a look at the signature of the next.

use crate::prepare::Root;
use crate::qemu::{text, Paths, Qemu};
use crate::qmp::Qmp;
use anyhow::{bail, Context, Result};
use serde_json::json;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

/// The firmware, and its variables as it leaves the factory: files of the root that compiles.
const CODE: &str = "usr/share/OVMF/OVMF_CODE_4M.ms.fd";
const VARIABLES: &str = "usr/share/OVMF/OVMF_VARS_4M.ms.fd";

/// What firmware finds on the EFI system partition, and where Debian's packages have it. The names are
/// those that firmware looks for when it has no boot entry.
const SIGNED: &[(&str, &str)] = &[
    ("EFI/BOOT/BOOTX64.EFI", "usr/lib/shim/shimx64.efi.signed"),
    ("EFI/BOOT/mmx64.efi", "usr/lib/shim/mmx64.efi.signed"),
    (
        "EFI/BOOT/grubx64.efi",
        "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed",
    ),
];

/// Makes the firmware's variables as they leave the factory: no boot entry, Secure Boot on, no key of
/// the owner.
pub fn factory(root: &Root, paths: &Paths) -> Result<()> {
    let from = root.path(VARIABLES);
    std::fs::copy(&from, paths.variables())
        .with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}

/// Writes the EFI system partition, from which such a kernel is booted, and returns QEMU's arguments
/// for it and for the firmware. The directory is that of the machine.
pub fn arguments(
    root: &Root,
    paths: &Paths,
    (kernel, initramfs, cmdline): (&Path, &Path, &str),
) -> Result<Vec<[String; 2]>> {
    let partition = paths.partition();
    // Written anew with each start: the command line is not always the same.
    let _ = std::fs::remove_dir_all(&partition);
    let write = || -> Result<()> {
        for directory in ["EFI/BOOT", "EFI/debian"] {
            std::fs::create_dir_all(partition.join(directory))?;
        }
        for (name, from) in SIGNED {
            symlink(root.path(from), partition.join(name))?;
        }
        symlink(kernel, partition.join("vmlinuz"))?;
        symlink(initramfs, partition.join("initrd"))?;
        // Where Debian's GRUB looks for its configuration.
        let configuration = format!(
            "search --no-floppy --file --set=root /vmlinuz\n\
             linux /vmlinuz {cmdline}\ninitrd /initrd\nboot\n"
        );
        Ok(std::fs::write(
            partition.join("EFI/debian/grub.cfg"),
            configuration,
        )?)
    };
    write().with_context(|| format!("cannot write {}", partition.display()))?;
    let code = root.path(CODE);
    Ok(vec![
        // NVRAM is in a BAR that firmware would put above 4 GB, where AML of 32 bits sees nothing.
        [
            "-fw_cfg".to_owned(),
            "name=opt/ovmf/X-PciMmio64Mb,string=0".to_owned(),
        ],
        // None but firmware, in system management mode, writes its variables.
        [
            "-global".to_owned(),
            "driver=cfi.pflash01,property=secure,value=on".to_owned(),
        ],
        [
            "-drive".to_owned(),
            format!(
                "if=pflash,unit=0,format=raw,readonly=on,file={}",
                text(&code)?
            ),
        ],
        [
            "-drive".to_owned(),
            format!(
                "if=pflash,unit=1,format=raw,file={}",
                text(&paths.variables())?
            ),
        ],
        [
            "-drive".to_owned(),
            format!(
                "if=none,id=partition,format=raw,readonly=on,file=fat:{}",
                text(&partition)?
            ),
        ],
        [
            "-device".to_owned(),
            "virtio-blk-pci,drive=partition,bootindex=1,addr=0x1a".to_owned(),
        ],
    ])
}

/// What MokManager shows, and the keys that are pressed then: the way to the one thing that `mokutil`
/// has left it to do, and to its end. The password comes where it asks for it.
const MOK_MANAGER: &[(&str, &[&str])] = &[
    ("Press any key to perform MOK management", &["ret"]),
    ("Continue boot", &["down", "ret"]),
    ("View key 0", &["down", "ret"]),
    ("Yes", &["down", "ret"]),
    ("Password:", &[]),
    ("Reboot", &["ret"]),
];

/// Does in MokManager what a person does, at the keyboard: accepts what `mokutil` has left there, with
/// the password that was given to `mokutil`. Then the machine reboots.
pub fn manage_keys(qemu: &Qemu, console_seen: usize, password: &str) -> Result<()> {
    let mut qmp = Qmp::connect(&qemu.paths().monitor())?;
    let mut press = |key: &str| -> Result<()> {
        let keys = json!({ "keys": [{ "type": "qcode", "data": key }] });
        qmp.command("send-key", keys)?;
        // It is held for 100 ms, and the next one must not come before it is let go.
        std::thread::sleep(Duration::from_millis(300));
        Ok(())
    };
    let mut seen = console_seen;
    for (shown, keys) in MOK_MANAGER {
        let start = Instant::now();
        loop {
            let console = qemu.console();
            let fresh = console.get(seen..).unwrap_or_default();
            if let Some(at) = fresh.find(shown) {
                seen += at + shown.len();
                break;
            }
            if start.elapsed() > Duration::from_secs(60) {
                bail!(
                    "{}",
                    qemu.describe(&format!("MokManager does not show {shown:?}"))
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        // It has drawn all before it looks for a key.
        std::thread::sleep(Duration::from_millis(500));
        if keys.is_empty() {
            for letter in password.chars() {
                press(&letter.to_string())?;
            }
            press("ret")?;
        }
        for key in *keys {
            press(key)?;
        }
    }
    Ok(())
}
