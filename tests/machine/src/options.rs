// SPDX-License-Identifier: GPL-2.0

//! How a machine is put together, before it is switched on.

use crate::image::{self, Wanted};
use crate::nvram::factory;
use crate::prepare::{prepare, Prepared};
use crate::profile::Profile;
use crate::progress::Progress;
use crate::qemu::Hardware;
use crate::tokens::Plan;
use anyhow::{bail, Result};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Our module in the guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Module {
    /// Loaded by udev as on a user's machine, where DMI or ACPI match.
    #[default]
    Autoload,
    /// There, but only `modprobe dell_milspec` loads it.
    Present,
    /// Not there, and not built. milspecctl is there all the same.
    Absent,
}

impl Module {
    /// The word for `guest/payload`.
    pub(crate) fn mode(self) -> &'static str {
        match self {
            Module::Autoload => "autoload",
            Module::Present => "present",
            Module::Absent => "absent",
        }
    }
}

/// What the guest's clock goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The host's.
    #[default]
    Host,
    /// What the guest does: a nanosecond for each instruction, and the host's clock while it waits.
    /// Emulation only.
    Instructions,
}

/// What the debug kernel has on its command line: more than one report of KASAN, and checks of the
/// allocator with the stack of who allocated, for kmalloc's caches.
const DEBUG_CMDLINE: &str = "kasan_multi_shot slub_debug=FZU,kmalloc* hung_task_panic=0";
/// MiB for it, at least: its shadow memory takes an eighth, and freed memory stays in quarantine.
const DEBUG_MEMORY: u32 = 1280;

/// How a machine is built and started.
#[derive(Clone)]
pub struct Options {
    /// Our module in the guest.
    pub module: Module,
    /// systemd is its first process, and its root is a disk that keeps what is written to it.
    /// Otherwise all but firmware begins anew with each boot.
    pub systemd: bool,
    /// UEFI starts it, with Secure Boot, from what Microsoft and Debian have signed. Such a machine is
    /// booted, not restored.
    pub secure_boot: bool,
    /// Added to the kernel's command line.
    pub cmdline: String,
    /// ACPI tables, by name, that the kernel takes from its first root instead
    /// of firmware's: their OEM revision must be higher.
    pub acpi_upgrades: Vec<(String, Vec<u8>)>,
    /// Processors.
    pub processors: u32,
    /// Memory in MiB.
    pub memory: u32,
    /// What its clock goes by.
    pub clock: Clock,
    /// Progress goes here.
    pub progress: Progress,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            module: Module::default(),
            systemd: false,
            secure_boot: false,
            cmdline: String::new(),
            acpi_upgrades: Vec::new(),
            processors: 1,
            memory: 512,
            clock: Clock::default(),
            progress: Progress::new(),
        }
    }
}

impl Options {
    /// With our module like this.
    pub fn module(module: Module) -> Self {
        Self {
            module,
            ..Self::default()
        }
    }
}

/// Everything prepared, once per process.
pub fn prepared(progress: &Progress) -> Result<&'static Prepared> {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    static LOCK: Mutex<()> = Mutex::new(());
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(prepared) = PREPARED.get() {
        return Ok(prepared);
    }
    let prepared = prepare(&Default::default(), progress)?;
    // From here on machines run: they must not outlive a Ctrl-C.
    crate::children::clean_up_on_signals()?;
    Ok(PREPARED.get_or_init(|| prepared))
}

/// What a machine is made of, before it is switched on.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) prepared: &'static Prepared,
    pub(crate) hardware: Hardware,
    module: Module,
    /// Names the contents of the first root.
    pub(crate) image: String,
    /// NVRAM as it leaves the factory; empty when there is none.
    pub(crate) factory: Vec<u8>,
}

impl Parts {
    /// Builds what a profile needs.
    pub(crate) fn make(profile: &str, options: &Options) -> Result<Self> {
        let prepared = prepared(&options.progress)?;
        let accelerator = match options.clock {
            Clock::Host => crate::kvm::accelerator(prepared),
            Clock::Instructions => "tcg".to_owned(),
        };
        Self::with_accelerator(profile, options, prepared, accelerator)
    }

    /// As [`Parts::make`], with this accelerator.
    pub(crate) fn with_accelerator(
        profile: &str,
        options: &Options,
        prepared: &'static Prepared,
        accelerator: String,
    ) -> Result<Self> {
        let profile = Profile::load(profile)?;
        let plan = Plan::of(&profile)?;
        let wanted = Wanted {
            module: options.module != Module::Absent,
            systemd: options.systemd,
        };
        let system = match (options.systemd, &prepared.system) {
            (false, _) => None,
            (true, Some(system)) => Some(system),
            (true, None) => bail!("no guest with systemd is made for the debug kernel"),
        };
        let image = image::image(prepared, wanted, &options.progress)?;
        let (initramfs, key) = image.with_acpi_upgrades(prepared, &options.acpi_upgrades)?;
        let factory = match profile.has_nvram() {
            true => factory::image(&profile, &plan)?,
            false => Vec::new(),
        };
        // panic=1: with -no-reboot a panic ends QEMU, and is seen at once.
        // loglevel=5: warnings and worse on the console; dmesg has the rest.
        // no_timer_check: the emulated timer ticks late on a busy host; the kernel would take it for
        // broken, and panic.
        let mut cmdline = "console=ttyS0,115200 loglevel=5 panic=1 no_timer_check".to_owned();
        if options.systemd {
            // The console is slow.
            cmdline.push_str(" systemd.show_status=error");
        }
        if prepared.debug {
            cmdline.push(' ');
            cmdline.push_str(DEBUG_CMDLINE);
        }
        if !options.cmdline.is_empty() {
            cmdline.push(' ');
            cmdline.push_str(&options.cmdline);
        }
        let hardware = Hardware {
            profile,
            plan,
            kernel: prepared.vmlinuz.clone(),
            initramfs,
            disk: image.disk,
            system: system.map(|system| system.disk.clone()),
            cmdline,
            secure_boot: options.secure_boot,
            processors: options.processors,
            memory: match prepared.debug {
                true => options.memory.max(DEBUG_MEMORY),
                false => options.memory,
            },
            interactive: false,
            accelerator,
            clock: options.clock,
        };
        Ok(Self {
            prepared,
            hardware,
            module: options.module,
            image: key,
            factory,
        })
    }

    /// Has the guest unpack what is ours while it boots.
    pub(crate) fn unpack_at_boot(&mut self) {
        self.hardware.cmdline.push_str(" milspec.payload=");
        self.hardware.cmdline.push_str(self.module.mode());
    }
}
