// SPDX-License-Identifier: GPL-2.0

//! A machine whose disk has a system that was installed from packages, and whose kernel and first root
//! are that system's own. All that is the simulation's on it is the agent and its unit.

use super::{Machine, Module, Options, BOOT, OFF};
use crate::image;
use crate::options::Parts;
use crate::prepare::installation::{Disk, LABEL};
use crate::prepare::Bind;
use crate::qemu;
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Where the agent is on the disk.
const AGENT: &str = "/usr/local/lib/simulation";

/// Puts the agent there, which is in /mnt with its unit.
const INSTALL_AGENT: &str = "install -D /mnt/agent $0/milspec-agent
sed \"s,/run/milspec,$0,\" /mnt/unit >/etc/systemd/system/simulation-agent.service
mkdir -p /etc/systemd/system/sysinit.target.wants
ln -sf ../simulation-agent.service /etc/systemd/system/sysinit.target.wants";

/// Takes what a release boots with.
const TAKE: &str = "cp /boot/vmlinuz-$0 /mnt/vmlinuz
cp /boot/initrd.img-$0 /mnt/initrd";

/// An installed kernel and its first root, as a boot loader would read them.
#[derive(Clone, Debug)]
pub struct Boot {
    kernel: PathBuf,
    initramfs: PathBuf,
}

impl Boot {
    /// Takes those of a kernel release from a disk into a directory of the caller's.
    pub fn of(disk: &Disk, release: &str, directory: &Path) -> Result<Self> {
        let to = directory.join(release);
        std::fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
        let what = format!("take kernel {release} from the disk");
        disk.run(&[TAKE, release], &[Bind::new(&to, "/mnt")], &what, None)?;
        Ok(Self {
            kernel: to.join("vmlinuz"),
            initramfs: to.join("initrd"),
        })
    }
}

impl Machine {
    /// Puts the agent on a disk that no machine uses.
    pub fn install_agent(disk: &Disk, directory: &Path) -> Result<()> {
        let options = Options::module(Module::Absent);
        let prepared = super::prepared(&options.progress)?;
        let from = directory.join("agent");
        std::fs::create_dir_all(&from)
            .with_context(|| format!("cannot make {}", from.display()))?;
        image::agent(
            prepared,
            &options.progress,
            &from.join("agent"),
            &from.join("unit"),
        )?;
        let binds = [Bind::new(&from, "/mnt")];
        disk.run(&[INSTALL_AGENT, AGENT], &binds, "install the agent", None)?;
        Ok(())
    }

    /// Boots what is installed on a disk, which has the agent.
    pub fn boot_installed(profile: &str, disk: &Disk, boot: &Boot) -> Result<Self> {
        let options = Options {
            systemd: true,
            // Debian's first root is a large one.
            memory: 1536,
            // On a busy host it takes more than systemd's 90 s until all devices are there.
            cmdline: format!("root=LABEL={LABEL} ro systemd.default_device_timeout_sec=600"),
            ..Options::module(Module::Absent)
        };
        let mut parts = Parts::make(profile, &options)?;
        parts.hardware.system = Some(disk.image().to_owned());
        parts.hardware.kernel = boot.kernel.clone();
        parts.hardware.initramfs = boot.initramfs.clone();
        let mut machine = Self::switch_on(&parts, None)?;
        // A whole Debian starts much that the other guests do not have.
        machine.patience = 3 * BOOT;
        machine.wait_booted()?;
        Ok(machine)
    }

    /// Reboots such a machine. While it is off, `change` may change the disk, and says what it boots.
    pub fn reboot_into(&mut self, change: impl FnOnce() -> Result<Boot>) -> Result<()> {
        self.ask_for_reboot()?;
        self.guest = None;
        self.qemu.wait_off(OFF)?;
        qemu::write_back(&self.paths().system())?;
        let boot = change()?;
        self.hardware.kernel = boot.kernel;
        self.hardware.initramfs = boot.initramfs;
        self.start_again()
    }

    /// Switches such a machine off for good: its disk is then as it has left it.
    pub fn shut_down(mut self) -> Result<()> {
        self.ask_for_reboot()?;
        self.guest = None;
        self.qemu.wait_off(OFF)?;
        qemu::write_back(&self.paths().system())
    }
}
