// SPDX-License-Identifier: GPL-2.0

//! One QEMU process: its arguments, its sockets, its console.

use crate::children::{Child, TempDir};
use crate::firmware;
use crate::nvram::layout::NV_SIZE;
use crate::options::Clock;
use crate::prepare::Prepared;
use crate::profile::Profile;
use crate::qmp::{Qmp, UNPACK};
use crate::smbios;
use crate::tokens::Plan;
use crate::tpm::Tpm;
use crate::uefi;
use anyhow::{bail, Context, Result};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Changes when the same profile makes another machine.
pub const EDITION: u32 = 5;

/// The emulator.
pub const PROGRAM: &str = "qemu-system-x86_64";

/// Where a machine's sockets and files are.
#[derive(Clone, Debug)]
pub struct Paths {
    directory: PathBuf,
}

impl Paths {
    /// In this directory.
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_path_buf(),
        }
    }

    /// NVRAM.
    pub fn nvram(&self) -> PathBuf {
        self.directory.join("nvram")
    }

    /// What was written to the disk of the system.
    pub fn system(&self) -> PathBuf {
        self.directory.join("system.qcow2")
    }

    /// What a TPM keeps without power.
    pub fn tpm_state(&self) -> PathBuf {
        self.directory.join("tpm-state")
    }

    /// UEFI's variables.
    pub fn variables(&self) -> PathBuf {
        self.directory.join("variables")
    }

    /// The EFI system partition, as a directory.
    pub fn partition(&self) -> PathBuf {
        self.directory.join("partition")
    }

    /// The agent's port.
    pub fn agent(&self) -> PathBuf {
        self.directory.join("agent")
    }

    /// QEMU's monitor.
    pub fn monitor(&self) -> PathBuf {
        self.directory.join("qmp")
    }

    /// QEMU's test port.
    pub fn qtest(&self) -> PathBuf {
        self.directory.join("qtest")
    }

    /// What the guest wrote to its console.
    pub fn console(&self) -> PathBuf {
        self.directory.join("console")
    }

    /// What QEMU wrote.
    pub fn errors(&self) -> PathBuf {
        self.directory.join("qemu-errors")
    }
}

/// Everything that decides what a machine is when it is switched on.
#[derive(Clone, Debug)]
pub struct Hardware {
    /// The profile.
    pub profile: Profile,
    /// Its tokens.
    pub plan: Plan,
    /// Kernel.
    pub kernel: PathBuf,
    /// First root.
    pub initramfs: PathBuf,
    /// Disk with what this tree has built.
    pub disk: PathBuf,
    /// The disk of a system that is installed, as it leaves the factory.
    pub system: Option<PathBuf>,
    /// Kernel command line.
    pub cmdline: String,
    /// UEFI with Secure Boot starts the kernel; otherwise QEMU does, after a PC's BIOS.
    pub secure_boot: bool,
    /// Processors.
    pub processors: u32,
    /// Memory in MiB.
    pub memory: u32,
    /// Console on the caller's terminal.
    pub interactive: bool,
    /// `tcg` or `kvm`.
    pub accelerator: String,
    /// What its clock goes by.
    pub clock: Clock,
}

impl Hardware {
    /// Writes the files that QEMU reads into `directory` and returns the
    /// arguments that describe the machine.
    fn arguments(&self, prepared: &Prepared, directory: &Path) -> Result<Vec<OsString>> {
        let paths = Paths::new(directory);
        let mut arguments: Vec<OsString> = Vec::new();
        let mut add = |flag: &str, value: String| {
            arguments.push(flag.into());
            arguments.push(value.into());
        };
        // thread=single: with more threads about one boot in 25 crashes early.
        let accelerator = match self.accelerator.as_str() {
            "kvm" => "kvm".to_owned(),
            _ => "tcg,thread=single".to_owned(),
        };
        let cpu = if self.accelerator == "kvm" {
            "host"
        } else {
            "max,la57=off"
        };
        let platform = match self.secure_boot {
            true => "q35,smm=on",
            false => "q35",
        };
        add("-M", platform.to_owned());
        add("-accel", accelerator);
        add("-cpu", cpu.to_owned());
        if self.clock == Clock::Instructions {
            // sleep=on: with sleep=off the clock leaps to the next timer whenever the guest is idle,
            // and what waits for the host (disk, TPM, the agent's port) has run out of time at once.
            add("-icount", "shift=0,sleep=on".to_owned());
        }
        add("-smp", self.processors.to_string());
        add("-m", format!("{}M", self.memory));
        add("-display", "none".to_owned());
        add("-parallel", "none".to_owned());
        if self.secure_boot {
            let what = (&*self.kernel, &*self.initramfs, &*self.cmdline);
            for [flag, value] in uefi::arguments(&prepared.root, &paths, what)? {
                add(&flag, value);
            }
        } else {
            add("-kernel", text(&self.kernel)?);
            add("-initrd", text(&self.initramfs)?);
            add("-append", self.cmdline.clone());
        }

        add(
            "-drive",
            format!(
                "file={},if=none,id=payload,format=raw,readonly=on",
                text(&self.disk)?
            ),
        );
        add(
            "-device",
            "virtio-blk-pci,drive=payload,serial=payload,addr=0x1d".to_owned(),
        );
        if self.system.is_some() {
            add(
                "-drive",
                format!(
                    "file={},if=none,id=system,format=qcow2",
                    text(&paths.system())?
                ),
            );
            add(
                "-device",
                "virtio-blk-pci,drive=system,serial=system,addr=0x1b".to_owned(),
            );
        }

        for option in smbios::options(&self.profile) {
            add("-smbios", option);
        }
        let structures = smbios::structures(&self.profile)?;
        for (number, bytes) in structures.iter().enumerate() {
            let path = directory.join(format!("smbios-{number}"));
            std::fs::write(&path, bytes)
                .with_context(|| format!("cannot write {}", path.display()))?;
            add("-smbios", format!("file={}", text(&path)?));
        }
        for table in self.profile.tables()? {
            let path = firmware::compiled(prepared, &table)?;
            add("-acpitable", format!("file={}", text(&path)?));
        }
        if self.profile.has_nvram() {
            add(
                "-object",
                format!(
                    "memory-backend-file,id=nvram,size={NV_SIZE},share=on,mem-path={}",
                    text(&paths.nvram())?
                ),
            );
            add(
                "-device",
                "ivshmem-plain,memdev=nvram,addr=0x1e,master=on".to_owned(),
            );
        }

        add(
            "-chardev",
            format!(
                "socket,id=agent,path={},server=on,wait=off",
                text(&paths.agent())?
            ),
        );
        add("-device", "virtio-serial-pci,addr=0x1c".to_owned());
        add(
            "-device",
            "virtserialport,chardev=agent,name=milspec-agent".to_owned(),
        );
        if self.interactive {
            add("-chardev", "stdio,id=console,mux=on,signal=off".to_owned());
            add("-mon", "chardev=console,mode=readline".to_owned());
        } else {
            add(
                "-chardev",
                format!("file,id=console,path={},append=on", text(&paths.console())?),
            );
        }
        add(
            "-device",
            "isa-serial,chardev=console,index=0,iobase=0x3f8,irq=4".to_owned(),
        );
        add(
            "-qmp",
            format!("unix:{},server=on,wait=off", text(&paths.monitor())?),
        );
        add(
            "-qtest",
            format!("unix:{},server=on,wait=off", text(&paths.qtest())?),
        );
        add("-qtest-log", "none".to_owned());
        arguments.push("-nodefaults".into());
        arguments.push("-no-reboot".into());
        arguments.push("-no-user-config".into());
        Ok(arguments)
    }

    /// A name for the machine as it is when it is switched on: what the
    /// snapshots are found by.
    pub fn key(&self, prepared: &Prepared, image: &str, factory: &[u8]) -> Result<String> {
        let version = std::process::Command::new(PROGRAM)
            .arg("--version")
            .output()
            .with_context(|| format!("cannot start {PROGRAM}"))?;
        let structures = smbios::structures(&self.profile)?;
        let clock = match self.clock {
            Clock::Host => "",
            Clock::Instructions => " instructions",
        };
        let (processors, memory) = (self.processors, self.memory);
        let mut parts: Vec<Vec<u8>> = vec![
            EDITION.to_le_bytes().to_vec(),
            version.stdout,
            text(&self.kernel)?.into_bytes(),
            image.as_bytes().to_vec(),
            self.cmdline.clone().into_bytes(),
            format!("{processors} {memory} {}{clock}", self.accelerator).into_bytes(),
            smbios::options(&self.profile).join("\n").into_bytes(),
            structures.concat(),
            factory.to_vec(),
            vec![u8::from(self.profile.firmware.tpm)],
        ];
        if let Some(system) = &self.system {
            parts.push(text(system)?.into_bytes());
        }
        for table in self.profile.tables()? {
            parts.push(text(&firmware::compiled(prepared, &table)?)?.into_bytes());
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Ok(crate::image::hash(&parts))
    }
}

/// Makes the disk that a machine writes to: what it has written, over what it is like when it leaves
/// the factory. What the guest has not flushed is lost with QEMU, as on a disk without power.
pub fn new_disk(factory: &Path, disk: &Path) -> Result<()> {
    let create = ["create", "-q", "-f", "qcow2", "-F", "raw", "-b"];
    qemu_img(&create, &[factory, disk])
}

/// Writes what a machine has written to its disk into the disk that it is made over, which must be
/// nobody else's. The machine is off.
pub fn write_back(disk: &Path) -> Result<()> {
    qemu_img(&["commit", "-q"], &[disk])
}

fn qemu_img(arguments: &[&str], files: &[&Path]) -> Result<()> {
    let mut command = std::process::Command::new("qemu-img");
    let output = command.args(arguments).args(files).output();
    let output = output.context("cannot start qemu-img")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} fails: {said}");
    }
    Ok(())
}

/// A path as QEMU's options take it.
pub(crate) fn text(path: &Path) -> Result<String> {
    // A comma would start the next option.
    Ok(path
        .to_str()
        .with_context(|| format!("{} is not UTF-8", path.display()))?
        .replace(',', ",,"))
}

/// A running QEMU and its TPM.
#[derive(Debug)]
pub struct Qemu {
    // QEMU goes before its TPM, which would complain otherwise.
    child: Child,
    tpm: Option<Tpm>,
    paths: Paths,
}

impl Qemu {
    /// Switches the machine on. With `snapshot` it is restored from that file
    /// and stands still until [`Qemu::resume`].
    pub fn start(
        prepared: &Prepared,
        hardware: &Hardware,
        directory: &TempDir,
        snapshot: Option<&Path>,
    ) -> Result<Self> {
        let paths = Paths::new(directory.path());
        for stale in [paths.agent(), paths.monitor(), paths.qtest()] {
            let _ = std::fs::remove_file(stale);
        }
        let mut arguments = hardware.arguments(prepared, directory.path())?;
        let tpm = if hardware.profile.firmware.tpm {
            let tpm = Tpm::start(directory.path(), &paths.tpm_state())?;
            for argument in [
                "-chardev".to_owned(),
                format!("socket,id=tpm,path={}", text(tpm.socket())?),
                "-tpmdev".to_owned(),
                "emulator,id=tpm,chardev=tpm".to_owned(),
                "-device".to_owned(),
                "tpm-crb,tpmdev=tpm".to_owned(),
            ] {
                arguments.push(argument.into());
            }
            Some(tpm)
        } else {
            None
        };
        if let Some(file) = snapshot {
            arguments.push("-S".into());
            arguments.push("-incoming".into());
            arguments.push(format!("exec:{UNPACK} '{}'", file.display()).into());
        }
        let errors = std::fs::File::options()
            .create(true)
            .append(true)
            .open(paths.errors())
            .context("cannot make a file for QEMU's messages")?;
        let interactive = hardware.interactive;
        let child = Child::start(PROGRAM, |command| {
            command.args(&arguments).stderr(errors);
            if !interactive {
                command
                    .stdin(std::process::Stdio::null())
                    .stdout(std::process::Stdio::null());
            }
        })?;
        let mut qemu = Self { child, tpm, paths };
        qemu.wait_for_socket(&qemu.paths.monitor())?;
        if snapshot.is_some() {
            let restored = Qmp::connect(&qemu.paths.monitor())
                .and_then(|mut qmp| qmp.wait_status(&["paused"], Duration::from_secs(60)));
            restored.with_context(|| qemu.describe("cannot restore a snapshot"))?;
        }
        Ok(qemu)
    }

    fn wait_for_socket(&mut self, socket: &Path) -> Result<()> {
        let start = Instant::now();
        loop {
            if std::os::unix::net::UnixStream::connect(socket).is_ok() {
                return Ok(());
            }
            if let Some(status) = self.child.ended()? {
                bail!("{}", self.describe(&format!("QEMU ended with {status}")));
            }
            if start.elapsed() > Duration::from_secs(60) {
                bail!("{}", self.describe("QEMU does not open its sockets"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Lets a machine run that was restored, or saved.
    pub fn resume(&self) -> Result<()> {
        let mut qmp = Qmp::connect(&self.paths.monitor())?;
        qmp.command("cont", serde_json::json!({})).map(|_| ())
    }

    /// Stops the machine.
    pub fn stop(&self) -> Result<()> {
        let mut qmp = Qmp::connect(&self.paths.monitor())?;
        qmp.command("stop", serde_json::json!({})).map(|_| ())
    }

    /// Stops the machine and saves it to a file.
    pub fn save(&self, file: &Path) -> Result<()> {
        self.stop()?;
        let mut qmp = Qmp::connect(&self.paths.monitor())?;
        qmp.save(file, Duration::from_secs(120))
    }

    /// Waits until the machine is off.
    pub fn wait_off(&mut self, patience: Duration) -> Result<()> {
        match self.child.wait(patience)? {
            Some(_) => Ok(()),
            None => bail!("{}", self.describe("the machine does not switch off")),
        }
    }

    /// Cuts the power.
    pub fn power_off(&mut self) -> Result<()> {
        self.child.kill()
    }

    /// Whether the machine is off.
    pub fn is_off(&mut self) -> Result<bool> {
        Ok(self.child.ended()?.is_some())
    }

    /// Its TPM.
    pub fn tpm(&mut self) -> Option<&mut Tpm> {
        self.tpm.as_mut()
    }

    /// Where its sockets and files are.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// QEMU's process id.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// What the guest wrote to its console so far.
    pub fn console(&self) -> String {
        let bytes = std::fs::read(self.paths.console()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A message with what QEMU and the console said last.
    pub fn describe(&self, what: &str) -> String {
        let errors = std::fs::read_to_string(self.paths.errors()).unwrap_or_default();
        let console = self.console();
        let lines: Vec<&str> = console.lines().collect();
        let tail = lines[lines.len().saturating_sub(40)..].join("\n");
        format!(
            "{what}\n--- QEMU said\n{}\n--- the console's last lines\n{tail}",
            errors.trim_end()
        )
    }
}
