// SPDX-License-Identifier: GPL-2.0

//! A running simulated Dell, as tests see it.

use crate::children::TempDir;
use crate::guest::{Guest, GuestCommand, Output};
use crate::nvram::Nvram;
use crate::options::Parts;
pub use crate::options::{prepared, Module, Options};
use crate::prepare::Prepared;
use crate::profile::Profile;
use crate::progress::Progress;
use crate::qemu::{self, Hardware, Paths, Qemu};
use crate::tokens::Plan;
use crate::tpm::Tpm;
use crate::{klog, qmp, snapshot, uefi};
use anyhow::{bail, ensure, Context, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

mod installed;

pub use installed::Boot;

/// How long a boot may take. It takes about 6 s on an idle machine, with systemd twice that.
const BOOT: Duration = Duration::from_secs(180);
/// How long switching off may take: systemd gives a unit 90 s to stop.
const OFF: Duration = Duration::from_secs(120);
/// What the agent says on the console when it is there.
const READY: &str = "milspec-agent: ready";

/// A running machine. Dropping it switches it off and removes its files.
#[derive(Debug)]
pub struct Machine {
    // In this order: the agent's connection, QEMU, then the files.
    guest: Option<Guest>,
    qemu: Qemu,
    nvram: Option<Nvram>,
    directory: TempDir,
    hardware: Hardware,
    prepared: &'static Prepared,
    console_seen: usize,
    patience: Duration,
    /// UEFI resets it once, at its first boot.
    may_reset: bool,
}

/// Where a machine is saved.
struct Saved {
    /// When it had booted.
    file: PathBuf,
    /// Its disk, then.
    disk: Option<PathBuf>,
    /// Where those are that had installed what is ours.
    installed: PathBuf,
    /// What this tree has built.
    payload: String,
}

impl Saved {
    fn of(parts: &Parts, options: &Options) -> Result<Self> {
        let key = parts
            .hardware
            .key(parts.prepared, &parts.image, &parts.factory)?;
        let directory = |name| -> Result<PathBuf> {
            let directory = parts.prepared.cache.path(name);
            std::fs::create_dir_all(&directory)
                .with_context(|| format!("cannot make {}", directory.display()))?;
            Ok(directory)
        };
        let file = directory("snapshots")?.join(key);
        Ok(Self {
            disk: options.systemd.then(|| file.with_extension("qcow2")),
            file,
            installed: directory("snapshots-installed")?,
            payload: parts.hardware.disk.display().to_string(),
        })
    }

    /// The file of the machine with what is ours, and whether this process has asked for it once
    /// before: saving it takes about as long as installing.
    fn installed(&self, options: &Options) -> (PathBuf, bool) {
        static ASKED: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());
        let booted = self.file.display().to_string();
        let key = [&*booted, &*self.payload, options.module.mode()].map(str::as_bytes);
        let key = crate::image::hash(&key);
        let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
        let times = asked.entry(key.clone()).or_default();
        *times += 1;
        (self.installed.join(key), *times == 2)
    }
}

impl Machine {
    /// Boots a machine with its factory settings and waits until it can run
    /// commands.
    pub fn boot(profile: &str, options: &Options) -> Result<Self> {
        let mut parts = Parts::make(profile, options)?;
        parts.unpack_at_boot();
        let mut machine = Self::switch_on(&parts, None)?;
        machine.wait_booted()?;
        if options.systemd {
            machine.install(options.module)?;
        }
        Ok(machine)
    }

    /// A machine whose first process is systemd, with our package installed on its disk, which keeps
    /// what is written to it as NVRAM does. Restored as by [`Machine::from_snapshot`].
    pub fn with_systemd(profile: &str) -> Result<Self> {
        let options = Options {
            systemd: true,
            ..Options::default()
        };
        Self::from_snapshot(profile, &options)
    }

    /// Switches a machine on and does not wait: its console is the caller's
    /// terminal when `interactive`.
    pub fn start(profile: &str, options: &Options, interactive: bool) -> Result<Self> {
        let mut parts = Parts::make(profile, options)?;
        parts.hardware.interactive = interactive;
        parts.unpack_at_boot();
        Self::switch_on(&parts, None)
    }

    /// The same as [`Machine::boot`], but in a part of a second when such a
    /// machine was booted before.
    ///
    /// What this tree has built comes into the guest after that: a new build
    /// of the module needs no new boot. A machine that a process asks for again is
    /// saved with that, too.
    ///
    /// Not sound for tests of booting itself, and for anything that depends on
    /// the time of day: the guest's clock goes on from when it was saved. Nor where
    /// two loads of our module must not have one id: see [`Machine::from_snapshot_with`].
    pub fn from_snapshot(profile: &str, options: &Options) -> Result<Self> {
        let parts = Parts::make(profile, options)?;
        let saved = Saved::of(&parts, options)?;
        let (installed, again) = saved.installed(options);
        if installed.exists() {
            snapshot::touch(&installed)?;
            let mut machine = Self::switch_on(&parts, Some(&installed))?;
            machine.qemu.resume()?;
            machine.connect(Duration::from_secs(60))?;
            machine.reboots_as(parts);
            return Ok(machine);
        }
        let machine = Self::restore(parts, &saved, options, |_| Ok(()))?;
        // A disk would have to be saved besides.
        if again && !options.systemd {
            machine.save(&installed)?;
            machine.qemu.resume()?;
        }
        Ok(machine)
    }

    /// As [`Machine::from_snapshot`], with our module loaded for this machine alone; `poke` may
    /// change the NVRAM before the guest runs on. The guest's kernel has already read its firmware: this
    /// changes what it will find, not what it has found.
    pub fn from_snapshot_with(
        profile: &str,
        options: &Options,
        poke: impl FnOnce(&Nvram) -> Result<()>,
    ) -> Result<Self> {
        let parts = Parts::make(profile, options)?;
        let saved = Saved::of(&parts, options)?;
        Self::restore(parts, &saved, options, poke)
    }

    /// Restores a machine that has booted, boots and saves it first where that was not done, and
    /// installs what is ours.
    fn restore(
        parts: Parts,
        saved: &Saved,
        options: &Options,
        poke: impl FnOnce(&Nvram) -> Result<()>,
    ) -> Result<Self> {
        let Saved { file, disk, .. } = saved;
        let is_there = || file.exists() && disk.as_ref().is_none_or(|disk| disk.exists());
        if !is_there() {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let cache = &parts.prepared.cache;
            let _lock = cache.lock(&format!("snapshot-{name}"), &options.progress)?;
            if !is_there() {
                let mut machine = Self::switch_on(&parts, None)?;
                machine.wait_booted()?;
                if let Some(disk) = disk {
                    machine.qemu.stop()?;
                    // Nobody uses the disk while the file is not there.
                    let _ = std::fs::remove_file(file);
                    std::fs::copy(machine.paths().system(), disk)
                        .with_context(|| format!("cannot write {}", disk.display()))?;
                }
                machine.save(file)?;
            }
        }
        snapshot::touch(file)?;
        if let Some(disk) = disk {
            snapshot::touch(disk)?;
        }
        let mut machine = Self::switch_on(&parts, Some(file))?;
        if let Some(nvram) = &machine.nvram {
            poke(nvram)?;
        }
        machine.qemu.resume()?;
        machine.connect(Duration::from_secs(60))?;
        machine.install(options.module)?;
        machine.reboots_as(parts);
        Ok(machine)
    }

    /// Stops the machine and saves it.
    fn save(&self, file: &Path) -> Result<()> {
        let new = file.with_extension(format!("new-{}", std::process::id()));
        self.qemu.save(&new)?;
        std::fs::rename(&new, file).with_context(|| format!("cannot write {}", file.display()))?;
        let directory = file.parent().context("a file is in a directory")?;
        snapshot::prune(directory, snapshot::KEEP)
    }

    /// Should it be rebooted, it finds the same again: on its disk, if it has one.
    fn reboots_as(&mut self, mut parts: Parts) {
        parts.unpack_at_boot();
        self.hardware.cmdline = parts.hardware.cmdline;
    }

    /// Has the running guest unpack what is ours.
    fn install(&self, module: Module) -> Result<()> {
        self.run(["/usr/lib/milspec/payload", module.mode()])?
            .ok()
            .context("the guest cannot unpack what is ours")?;
        Ok(())
    }

    /// With systemd, on a machine that was started for a person: waits until it has booted, installs
    /// our package and opens a shell on the console.
    pub fn open_shell(&mut self, module: Module) -> Result<()> {
        self.connect(BOOT)?;
        self.install(module)?;
        self.run(["systemctl", "start", "milspec-shell.service"])?
            .ok()?;
        Ok(())
    }

    /// Runs a program in the guest, as root, to its end.
    pub fn run<S: Into<String>>(&self, argv: impl IntoIterator<Item = S>) -> Result<Output> {
        self.guest()?.run(GuestCommand::new(argv))
    }

    /// Runs a line of shell in the guest, as root, to its end.
    pub fn sh(&self, line: &str) -> Result<Output> {
        self.guest()?.run(GuestCommand::shell(line))
    }

    /// Runs a command to its end.
    pub fn run_command(&self, command: GuestCommand) -> Result<Output> {
        self.guest()?.run(command)
    }

    /// Files and background processes of the guest.
    pub fn guest(&self) -> Result<&Guest> {
        self.guest
            .as_ref()
            .context("the machine is not running commands")
    }

    /// A file of the guest as text, without white space at its end.
    pub fn read(&self, path: &str) -> Result<String> {
        match self.guest()?.read(path)? {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned()),
            Err(errno) => bail!("cannot read {path} in the guest: error {errno}"),
        }
    }

    /// Whether a path exists in the guest.
    pub fn exists(&self, path: &str) -> Result<bool> {
        let output = self.run(["test", "-e", path])?;
        match output.code {
            1 if !output.timed_out => Ok(false),
            _ => output.ok().map(|_| true),
        }
    }

    /// The NVRAM, to look at and to poke.
    pub fn nvram(&self) -> Result<&Nvram> {
        self.nvram.as_ref().with_context(|| {
            format!(
                "{} has no NVRAM: it is not a Dell",
                self.hardware.profile.name
            )
        })
    }

    /// The tokens of this machine.
    pub fn plan(&self) -> &Plan {
        &self.hardware.plan
    }

    /// The profile of this machine.
    pub fn profile(&self) -> &Profile {
        &self.hardware.profile
    }

    /// The kernel's release.
    pub fn release(&self) -> &str {
        &self.prepared.release
    }

    /// Where the machine's files are.
    pub fn paths(&self) -> Paths {
        Paths::new(self.directory.path())
    }

    /// The directory of the machine's files; it goes with the machine.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// Raises a Dell WMI event (the words after the count word) and waits
    /// until the guest's kernel has asked for it. It is given the event when
    /// a driver has enabled them, which mainline's dell-wmi does; otherwise the
    /// event waits.
    pub fn raise_event(&self, words: &[u16]) -> Result<()> {
        let nvram = self.nvram()?;
        let asked = nvram.events_asked()?;
        nvram.queue_event(words)?;
        self.pulse(|| Ok(nvram.events_asked()? != asked))
    }

    /// Raises a Dell WMI event without words, as real machines have some, and
    /// waits until the guest's kernel has asked for them.
    pub fn raise_wordless_event(&self) -> Result<()> {
        let nvram = self.nvram()?;
        let asked = nvram.events_asked()?;
        nvram.queue_wordless_event()?;
        self.pulse(|| Ok(nvram.events_asked()? != asked))
    }

    /// Has the WMI device that is not Dell's notify, and waits until the
    /// guest's kernel has asked it why.
    pub fn foreign_notify(&self) -> Result<()> {
        if !self.profile().firmware.foreign_events {
            bail!("{} has no foreign WMI device", self.profile().name);
        }
        let nvram = self.nvram()?;
        let asked = nvram.foreign_asked()?;
        nvram.queue_foreign()?;
        self.pulse(|| Ok(nvram.foreign_asked()? != asked))
    }

    /// Sends the machine to sleep as far as `level` of /sys/power/pm_test (`freezer`, `devices`), for
    /// so many seconds, and waits until it is awake again.
    pub fn sleep(&self, level: &str, seconds: u32) -> Result<()> {
        let line = GuestCommand::shell(&sleep_line(level, seconds));
        self.guest()?.run_asleep(line)?.ok().map(|_| ())
    }

    /// Sends a notification of DSML0001 and waits until firmware has passed it
    /// on.
    pub fn dsmil_notify(&self, code: u8) -> Result<()> {
        self.nvram()?.queue_notify(code)?;
        self.pulse(|| Ok(true))
    }

    /// Changes a DSMIL device behind the driver's back and notifies it, with
    /// "tamper" when bit 0 of `flags` is set.
    pub fn dsmil_change(&self, index: u16, state: u8, flags: u8) -> Result<()> {
        self.nvram()?.dsmil_set_state(index, state, flags)?;
        self.dsmil_notify(if flags & 1 == 0 { 0x80 } else { 0x81 })
    }

    /// Lets firmware look at what the host wants, and waits until it has
    /// announced all of that, and for what else there is to wait for.
    fn pulse(&self, fetched: impl Fn() -> Result<bool>) -> Result<()> {
        qmp::pulse_interrupt(&self.paths().qtest())?;
        let start = Instant::now();
        while !(self.nvram()?.told()? && fetched()?) {
            if start.elapsed() > Duration::from_secs(20) * self.prepared.slowness() {
                bail!("{}", self.qemu.describe("the guest does not take an event"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// What systemd's journal has of a unit, of all boots.
    pub fn journal(&self, unit: &str) -> Result<String> {
        let argv = [
            "journalctl",
            "--no-pager",
            "-o",
            "short-monotonic",
            "-u",
            unit,
        ];
        Ok(self.run(argv)?.ok()?.text())
    }

    /// A BIOS update, in force from the next boot on: what DMI and ACPI say is that of the changed
    /// profile, NVRAM stays as it is.
    pub fn update_bios(&mut self, change: impl FnOnce(&mut Profile)) -> Result<()> {
        change(&mut self.hardware.profile);
        self.hardware.plan = Plan::of(&self.hardware.profile)?;
        Ok(())
    }

    /// Switches the machine off and on again, as an administrator's `reboot`
    /// does. NVRAM and TPM keep what they keep, and so does the disk of a machine
    /// with systemd; nothing else stays.
    pub fn reboot(&mut self) -> Result<()> {
        self.reboot_with(|_| Ok(()))
    }

    /// As [`Machine::reboot`]; `poke` may change the NVRAM while it is off.
    pub fn reboot_with(&mut self, poke: impl FnOnce(&Nvram) -> Result<()>) -> Result<()> {
        self.ask_for_reboot()?;
        self.off_and_on(OFF, poke)
    }

    fn ask_for_reboot(&self) -> Result<()> {
        // The answer is lost: the agent ends with the machine.
        if let Ok(guest) = self.guest() {
            let reboot = match self.hardware.system {
                Some(_) => "systemctl reboot",
                None => "reboot -f",
            };
            let line = format!("sync; (sleep 0.2; {reboot}) >/dev/null 2>&1 &");
            guest.run(GuestCommand::shell(&line))?;
        }
        Ok(())
    }

    /// Waits until the guest reboots of itself, and has booted again.
    pub fn wait_reboot(&mut self, patience: Duration) -> Result<()> {
        self.off_and_on(patience, |_| Ok(()))
    }

    fn off_and_on(
        &mut self,
        patience: Duration,
        poke: impl FnOnce(&Nvram) -> Result<()>,
    ) -> Result<()> {
        self.off_and_start(patience, poke)?;
        self.wait_booted()
    }

    fn off_and_start(
        &mut self,
        patience: Duration,
        poke: impl FnOnce(&Nvram) -> Result<()>,
    ) -> Result<()> {
        self.guest = None;
        self.qemu.wait_off(patience)?;
        if let Some(nvram) = &self.nvram {
            poke(nvram)?;
        }
        self.switch_on_again()
    }

    /// Switches on what is off.
    fn switch_on_again(&mut self) -> Result<()> {
        self.console_seen = self.qemu.console().len();
        self.qemu = Qemu::start(self.prepared, &self.hardware, &self.directory, None)?;
        Ok(())
    }

    fn start_again(&mut self) -> Result<()> {
        self.switch_on_again()?;
        self.wait_booted()
    }

    /// Reboots into MokManager, which shim starts where `mokutil` has left something to do, confirms it
    /// there with the password that `mokutil` was given, and waits until the guest has booted again.
    pub fn reboot_and_manage_keys(&mut self, password: &str) -> Result<()> {
        self.ask_for_reboot()?;
        self.off_and_start(OFF, |_| Ok(()))?;
        uefi::manage_keys(&self.qemu, self.console_seen, password)?;
        self.off_and_on(OFF, |_| Ok(()))
    }

    /// Cuts the power, and switches the machine on again. A disk has what was flushed to it.
    pub fn power_cycle(&mut self) -> Result<()> {
        self.guest = None;
        // One machine at a time may use the TPM's state and the sockets.
        self.qemu.power_off()?;
        self.lose_power()?;
        self.start_again()
    }

    /// What firmware forgets without power, or in S5.
    fn lose_power(&self) -> Result<()> {
        match &self.nvram {
            Some(nvram) => nvram.dsmil_lose_power(),
            None => Ok(()),
        }
    }

    /// The TPM, to do to it what happens to TPMs.
    pub fn tpm(&mut self) -> Result<&mut Tpm> {
        self.qemu.tpm().context("this machine has no TPM")
    }

    /// Switches the machine off at once.
    pub fn kill(self) {}

    /// Waits until the guest has switched the machine off.
    pub fn wait_off(&mut self, patience: Duration) -> Result<()> {
        self.qemu.wait_off(patience)?;
        self.lose_power()
    }

    /// Everything that the kernel logged since boot.
    pub fn dmesg(&self) -> Result<String> {
        Ok(self.run(["dmesg"])?.ok()?.text())
    }

    /// Fails when the kernel logged an oops, a warning with a trace or the
    /// like. Every test that uses a machine ends with it. The log is a ring, and its first lines may be
    /// gone: of all boots the console has what is a warning or worse, and the kernel's taint stays. Of
    /// the debug kernel the log must be whole, and it must still watch its locks: it stops doing so
    /// without a word that a later test would see.
    pub fn check_kernel_log(&self) -> Result<()> {
        if self.guest.is_none() {
            return klog::check(&self.qemu.console());
        }
        let log = self.dmesg()?;
        ensure!(!log.trim().is_empty(), "the kernel log is empty");
        klog::check(&log)?;
        klog::check(&self.qemu.console()).context("on the console")?;
        if self.prepared.debug {
            ensure!(
                log.contains("Linux version "),
                "the kernel log has lost its begin"
            );
            let stats = self.read("/proc/lockdep_stats")?;
            let mut lines = stats.lines().map(str::split_whitespace);
            let watches = lines
                .any(|mut words| words.next() == Some("debug_locks:") && words.next() == Some("1"));
            ensure!(watches, "lockdep has switched itself off:\n{stats}");
        }
        klog::check_taint(&self.read("/proc/sys/kernel/tainted")?)
    }

    /// What the guest wrote to its console.
    pub fn console(&self) -> String {
        self.qemu.console()
    }

    fn wait_booted(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            let console = self.qemu.console();
            let fresh = console.get(self.console_seen..).unwrap_or_default();
            if fresh.contains(READY) {
                break;
            }
            if self.qemu.is_off()? {
                // Firmware that has learnt how much memory it needs of each kind resets the machine,
                // and it is switched off then as with any reset.
                if std::mem::take(&mut self.may_reset) {
                    self.switch_on_again()?;
                    continue;
                }
                let what = "the machine switched itself off while it booted";
                bail!("{}", self.qemu.describe(what));
            }
            if start.elapsed() > self.patience {
                let what = format!("the machine did not boot within {:?}", self.patience);
                bail!("{}", self.qemu.describe(&what));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.connect(Duration::from_secs(60))
    }

    /// With systemd, also waits until all has started that starts at boot.
    fn connect(&mut self, patience: Duration) -> Result<()> {
        let guest = Guest::connect(&self.paths().agent(), self.prepared.slowness())?;
        guest
            .ping(patience)
            .with_context(|| self.qemu.describe("the guest's agent is silent"))?;
        if self.hardware.system.is_some() {
            // Whether a unit has failed is for the test to ask.
            let line = "systemctl is-system-running --wait; udevadm settle";
            guest.run(GuestCommand::shell(line).timeout(BOOT))?;
        }
        self.guest = Some(guest);
        Ok(())
    }

    /// Switches on what `parts` describe.
    fn switch_on(parts: &Parts, snapshot: Option<&Path>) -> Result<Self> {
        let directory = TempDir::new("machine")?;
        let paths = Paths::new(directory.path());
        let nvram = match parts.factory.is_empty() {
            true => None,
            false => Some(Nvram::create(&paths.nvram(), &parts.factory)?),
        };
        match (&parts.hardware.system, snapshot) {
            (None, _) => {}
            (Some(factory), None) => qemu::new_disk(factory, &paths.system())?,
            (Some(_), Some(file)) => {
                let disk = file.with_extension("qcow2");
                std::fs::copy(&disk, paths.system())
                    .with_context(|| format!("cannot copy {}", disk.display()))?;
            }
        }
        if parts.hardware.secure_boot {
            uefi::factory(&parts.prepared.root, &paths)?;
        }
        let qemu = Qemu::start(parts.prepared, &parts.hardware, &directory, snapshot)?;
        Ok(Self {
            guest: None,
            qemu,
            nvram,
            directory,
            hardware: parts.hardware.clone(),
            prepared: parts.prepared,
            console_seen: 0,
            patience: BOOT * parts.prepared.slowness(),
            may_reset: parts.hardware.secure_boot,
        })
    }
}

/// The line of shell that sends a machine to sleep and returns when it is awake again.
pub fn sleep_line(level: &str, seconds: u32) -> String {
    format!(
        "echo {seconds} >/sys/module/suspend/parameters/pm_test_delay; \
         echo {level} >/sys/power/pm_test && echo freeze >/sys/power/state"
    )
}

/// Boots a guest with KVM, or says why that does not work.
pub(crate) fn probe_kvm(prepared: &'static Prepared) -> Result<()> {
    let options = Options {
        progress: Progress::silent(),
        ..Options::module(Module::Absent)
    };
    let parts = Parts::with_accelerator("not-dell", &options, prepared, "kvm".to_owned())?;
    let mut machine = Machine::switch_on(&parts, None)?;
    machine.patience = Duration::from_secs(30);
    machine.wait_booted()?;
    machine.run(["true"])?.ok().map(|_| ())
}
