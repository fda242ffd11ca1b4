// SPDX-License-Identifier: GPL-2.0

//! `machine nvram`: what the host may do to the firmware of a running machine.

use anyhow::{bail, Context, Result};
use clap::{Args, Subcommand};
use milspec_machine::prepare::Cache;
use milspec_machine::qemu::Paths;
use milspec_machine::running::{self, Running};
use milspec_machine::tokens::Plan;
use milspec_machine::{dsmil, nvram, qmp, Call, Fault, Profile, Wrong};

/// Looks at, and interferes with, the firmware of a machine that `machine shell` runs
#[derive(Args)]
pub struct Nvram {
    /// Which machine, when several run
    #[arg(long, global = true)]
    pid: Option<u32>,
    #[command(subcommand)]
    what: What,
}

/// What to do.
///
/// CALL is `read` or `write` (tokens), `class:N`, `smbios` (all), `sysman`, `dsml` or `dsml:N`
/// (a function of DSML0001), with `@SETTING`, `@DEVICE` or `@NUMBER` for one location or device.
#[derive(Subcommand)]
enum What {
    /// Calls of the operating system so far
    Counts,
    /// The last calls, in order
    Log {
        /// How many
        #[arg(default_value_t = 20)]
        last: u32,
    },
    /// Shows settings as firmware holds them
    Show,
    /// Changes a setting behind the driver's back
    Set {
        /// Setting
        setting: String,
        /// Value
        value: String,
    },
    /// Writes any location, known or not
    Poke {
        /// Location
        #[arg(value_parser = number)]
        location: u32,
        /// Value
        #[arg(value_parser = number)]
        value: u32,
    },
    /// Makes calls fail with a status
    Fail {
        /// Which calls: read, write, class:N, smbios, sysman, dsml, dsml:N, with @ for one place; not
        /// dsml:0, whose answer has no status
        call: String,
        /// Status: -1 error, -2 unsupported; DSML0001 and sysman have their own
        #[arg(long, default_value_t = -1, allow_hyphen_values = true)]
        status: i32,
        /// Only the N-th from now
        #[arg(long)]
        nth: Option<u32>,
    },
    /// Ignores calls: the buffer goes back as it came
    Ignore {
        /// Which calls, as for fail; none of DSML0001
        call: String,
        /// Only the N-th from now
        #[arg(long)]
        nth: Option<u32>,
    },
    /// Reports success for calls, and changes nothing
    Lie {
        /// Which calls: write, sysman or dsml:5 (SET_IF), or smbios or dsml for those among all
        call: String,
    },
    /// Shows a wrong value for a setting or location
    Wrong {
        /// Setting or location
        place: String,
        /// The value to show
        #[arg(value_parser = number)]
        value: u32,
    },
    /// Makes calls slow
    Delay {
        /// Which calls, as for fail
        call: String,
        /// How slow, 2000 at most: the kernel's ACPI interpreter makes no longer pause
        milliseconds: u32,
    },
    /// Takes all faults away
    Clear,
    /// Raises a Dell WMI event with these words, e.g. 0x10 0x155
    Event {
        /// Type, code, data
        #[arg(required = true, value_parser = number)]
        words: Vec<u32>,
    },
    /// Opens the chassis
    Trip,
    /// Changes a DSMIL device and notifies the driver
    Dsmil {
        /// Device, e.g. DSMIL0D5
        device: String,
        /// 0 inactive, 1 active, 2 failed, or any other byte
        #[arg(value_parser = number)]
        state: u32,
        /// With the tamper flag
        #[arg(long)]
        tamper: bool,
    },
    /// Installs an administrator password, or takes it away
    Password {
        /// The password; none takes it away
        password: Option<String>,
        /// The security key that it yields
        #[arg(long, default_value = "0x5ec5", value_parser = number)]
        key: u32,
    },
}

fn number(text: &str) -> Result<u32, String> {
    match text.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => text.parse(),
    }
    .map_err(|error| error.to_string())
}

/// The machine that the command is about.
struct Target {
    nvram: nvram::Nvram,
    plan: Plan,
    paths: Paths,
}

impl Nvram {
    /// Runs it.
    pub fn run(&self) -> Result<()> {
        let running: Running = running::find(&Cache::open()?, self.pid)?;
        let paths = Paths::new(&running.directory);
        let profile = Profile::load(&running.profile)?;
        if !profile.has_nvram() {
            bail!("{} has no NVRAM: it is not a Dell", running.profile);
        }
        let target = Target {
            nvram: nvram::Nvram::open(&paths.nvram())?,
            plan: Plan::of(&profile)?,
            paths,
        };
        target.run(&self.what)
    }
}

impl Target {
    fn run(&self, what: &What) -> Result<()> {
        let nvram = &self.nvram;
        match what {
            What::Counts => {
                for (space, key, count) in nvram.counts()?.nonzero() {
                    println!("{count:>7}  {}", describe(space, key));
                }
                Ok(())
            }
            What::Log { last } => {
                let head = nvram.log_position()?;
                for entry in nvram.log_since(head.saturating_sub((*last).min(1024)))? {
                    println!(
                        "{:<28} select {} argument {:#06x}",
                        describe(entry.space, entry.key),
                        entry.select,
                        entry.argument
                    );
                }
                Ok(())
            }
            What::Show => {
                let mut names: Vec<&String> = self.plan.by_name.keys().map(|(s, _)| s).collect();
                names.dedup();
                for name in names {
                    let value = nvram.setting(&self.plan, name)?;
                    println!(
                        "{name:<28} {}",
                        value.as_deref().unwrap_or("(no token is active)")
                    );
                }
                Ok(())
            }
            What::Set { setting, value } => nvram.set_setting(&self.plan, setting, value),
            What::Poke { location, value } => nvram.set_location(
                u16::try_from(*location).context("a location has 16 bits")?,
                u16::try_from(*value).context("a value has 16 bits")?,
            ),
            What::Fail { call, status, nth } => self.arm(call, Wrong::Fail(*status), *nth),
            What::Ignore { call, nth } => self.arm(call, Wrong::Ignore, *nth),
            What::Lie { call } => self.arm(call, Wrong::Lie, None),
            What::Wrong { place, value } => {
                let value = u16::try_from(*value).context("a value has 16 bits")?;
                self.arm(&format!("read@{place}"), Wrong::Readback(value), None)
            }
            What::Delay { call, milliseconds } => self.arm(call, Wrong::Delay(*milliseconds), None),
            What::Clear => nvram.clear_faults(),
            What::Event { words } => {
                let words: Result<Vec<u16>, _> = words.iter().map(|w| u16::try_from(*w)).collect();
                nvram.queue_event(&words.context("a word has 16 bits")?)?;
                qmp::pulse_interrupt(&self.paths.qtest())
            }
            What::Trip => nvram.trip_intrusion(&self.plan),
            What::Dsmil {
                device,
                state,
                tamper,
            } => {
                let index = device_index(device)?;
                let state = u8::try_from(*state).context("a state has 8 bits")?;
                nvram.dsmil_set_state(index, state, u8::from(*tamper))?;
                nvram.queue_notify(if *tamper { 0x81 } else { 0x80 })?;
                qmp::pulse_interrupt(&self.paths.qtest())
            }
            What::Password { password, key } => nvram.set_password(
                password.as_deref().unwrap_or_default(),
                u16::try_from(*key).context("a key has 16 bits")?,
            ),
        }
    }

    fn arm(&self, call: &str, wrong: Wrong, nth: Option<u32>) -> Result<()> {
        let (name, place) = match call.split_once('@') {
            Some((name, place)) => (name, Some(place)),
            None => (call, None),
        };
        let dsml = name.starts_with("dsml");
        let calls = match name.split_once(':') {
            Some(("class", n)) => vec![Call::class(n.parse().context("not a class")?)],
            Some(("dsml", n)) => vec![Call::dsml(n.parse().context("not a function")?)],
            None if name == "read" => vec![Call::TOKEN_READ],
            None if name == "write" => vec![Call::TOKEN_WRITE],
            None if name == "smbios" => vec![Call::SMBIOS],
            None if name == "sysman" => vec![Call::SYSMAN_SET],
            None if name == "dsml" => vec![Call::DSML],
            _ => bail!("no calls are called {name}: see `machine nvram fail --help`"),
        };
        let places: Vec<Option<u32>> = match place {
            None => vec![None],
            Some(place) => self.places(place, dsml)?.into_iter().map(Some).collect(),
        };
        for call in calls {
            for place in &places {
                let call = place.map_or(call, |place| call.at(place));
                let fault = Fault::new(call, wrong);
                let fault = nth.map_or(fault, |n| fault.nth(n));
                let _armed = self.nvram.arm(fault)?;
            }
        }
        Ok(())
    }

    /// Locations of a setting, index of a device, or the number itself.
    fn places(&self, place: &str, dsml: bool) -> Result<Vec<u32>> {
        if let Ok(number) = number(place) {
            return Ok(vec![number]);
        }
        if dsml {
            return Ok(vec![u32::from(device_index(place)?)]);
        }
        let mut locations: Vec<u32> = self
            .plan
            .setting(place)
            .iter()
            .map(|(_, t)| u32::from(t.location))
            .collect();
        locations.sort_unstable();
        locations.dedup();
        if locations.is_empty() {
            bail!("this machine has no setting {place}");
        }
        Ok(locations)
    }
}

fn device_index(name: &str) -> Result<u16> {
    dsmil::devices()?
        .iter()
        .find(|device| device.name == name)
        .map(|device| device.index)
        .with_context(|| format!("no DSMIL device is called {name}"))
}

fn describe(space: u32, key: u32) -> String {
    let name = match (space, key) {
        (0, 0) => "token read",
        (0, 1) => "token write",
        (0, 9) => "user password",
        (0, 10) => "administrator password",
        (0, n) => return format!("SMBIOS class {n}"),
        (1, n) => {
            let functions = [
                "QUERY",
                "IDENTITY",
                "DESCRIBE",
                "STATE",
                "STATE_ALL",
                "SET_IF",
            ];
            let name = functions
                .get(n as usize)
                .copied()
                .unwrap_or("unknown function");
            return format!("DSML0001 {name}");
        }
        (2, 0) => "sysman attribute read",
        (2, 1) => "sysman attribute set",
        (2, 2) => "sysman defaults",
        (2, 3) => "sysman password",
        (3, 0) => "privacy block read",
        (3, 1) => "event data fetched",
        _ => "other",
    };
    name.to_owned()
}
