// SPDX-License-Identifier: GPL-2.0

//! From nothing to everything that the simulated Dell is made of: a Debian 13 root that compiles, the
//! kernel with its Rust metadata, and the base of the guest's first root.
//!
//! The work is done once per user and kept in the cache. When it is done, [`prepare`] only looks
//! whether it still fits, and needs neither network nor time.

mod apt;
mod build;
mod cache;
mod chroot;
pub mod cli;
mod command;
mod config;
pub mod cpio;
mod debug;
mod guest;
mod host;
pub mod installation;
pub mod packaging;
mod prune;
mod rust_analyzer;
mod system;
mod unpack;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};
use serde::{Deserialize, Serialize};

pub use apt::Gone;
pub use build::Bits;
pub use cache::{digest, Cache, Lock};
pub use chroot::{Bind, Root};
pub use command::Interruptible;
pub use config::{wants_debug, Config};

use crate::progress::Progress;
use apt::{Apt, Kernel, Package};

/// The same script that users run on their own machine.
const RUST_METADATA: &str = include_str!("../../../../scripts/rust-metadata");
/// Where the trees to build modules against are, inside the root: one for each edition of the script,
/// so that two clones do not take turns in making each other's anew.
const METADATA: &str = "srv";
/// What makes a root, and what makes the guest's archive: part of their keys, so that a change of
/// this code is a change of what it makes.
const ROOT_CODE: &[&str] = &[include_str!("unpack.rs")];
const GUEST_CODE: &[&str] = &[
    include_str!("unpack.rs"),
    include_str!("guest.rs"),
    include_str!("system.rs"),
    include_str!("cpio.rs"),
    config::TEXT,
];

/// What [`prepare`] is asked.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Look for a newer kernel of the series, although what is there works.
    pub update: bool,
    /// Fail where it is not prepared, instead of preparing it.
    pub only_look: bool,
}

/// Everything that is needed to build for the simulated Dell and to boot it.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The user's cache: for results of later steps.
    pub cache: Cache,
    /// The Debian 13 root that compiles.
    pub root: Root,
    /// `uname -r` of the kernel: `7.3.4+deb13-amd64`.
    pub release: String,
    /// Its package version; of the debug kernel, that of its source.
    pub version: String,
    /// It is the debug kernel.
    pub debug: bool,
    /// The kernel to boot.
    pub vmlinuz: PathBuf,
    /// The tree to build modules against: a path inside the root.
    pub kdir: PathBuf,
    /// The base of the first root, to which an archive with `/init` is appended.
    pub initramfs: PathBuf,
    /// What the guest that runs systemd starts from. The debug kernel has no such guest.
    pub system: Option<System>,
}

/// What the guest that runs systemd starts from.
#[derive(Clone, Debug)]
pub struct System {
    /// The base of its first root.
    pub initramfs: PathBuf,
    /// Its disk, as it leaves the factory.
    pub disk: PathBuf,
}

impl Prepared {
    /// How many times longer than Debian's kernel this one may take for anything.
    pub fn slowness(&self) -> u32 {
        if self.debug {
            6
        } else {
            1
        }
    }
}

/// What is written down when all steps are done.
#[derive(Serialize, Deserialize)]
struct State {
    release: String,
    version: String,
    root: String,
    guest: String,
    #[serde(default)]
    metadata: String,
    #[serde(default)]
    debug: bool,
}

impl State {
    fn prepared(&self, cache: &Cache) -> Option<Prepared> {
        let guest = cache.path(&self.guest);
        let prepared = Prepared {
            cache: cache.clone(),
            root: Root::new(cache.path(&self.root)),
            release: self.release.clone(),
            version: self.version.clone(),
            debug: self.debug,
            vmlinuz: guest.join("vmlinuz"),
            kdir: Path::new("/")
                .join(METADATA)
                .join(&self.metadata)
                .join("obj"),
            initramfs: guest.join("base.cpio"),
            system: (!self.debug).then(|| System {
                initramfs: guest.join(system::INITRAMFS),
                disk: guest.join(system::DISK),
            }),
        };
        let system = prepared.system.as_ref();
        // The user may have emptied the cache in part.
        let whole = prepared.root.path(&prepared.kdir).is_dir()
            && prepared.vmlinuz.is_file()
            && prepared.initramfs.is_file()
            && system.is_none_or(|system| system.initramfs.is_file() && system.disk.is_file());
        whole.then_some(prepared)
    }

    fn write(&self, to: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        let new = to.with_extension("new");
        fs::write(&new, text).with_context(|| format!("write {}", new.display()))?;
        fs::rename(&new, to).with_context(|| format!("write {}", to.display()))
    }
}

/// Prepares everything, or finds it prepared.
pub fn prepare(options: &Options, progress: &Progress) -> Result<Prepared> {
    let config = Config::load()?;
    let series = config.wanted_series()?;
    let cache = Cache::open()?;
    let debug = wants_debug()?;
    let kernel_code = match debug {
        true => debug::CODE,
        false => &[RUST_METADATA],
    };
    let made_of = [&[series, config::TEXT], kernel_code, ROOT_CODE, GUEST_CODE].concat();
    let state_file = cache.path(format!("prepared-{}.json", digest(made_of)));
    let missing = host::missing_packages(&config);
    let ready = || prune::read_state(&state_file).and_then(|state| state.prepared(&cache));
    if let (false, [], Some(prepared)) = (options.update, missing.as_slice(), ready()) {
        prune::touch(&state_file);
        return Ok(prepared);
    }

    ensure!(
        !options.only_look,
        "{} not prepared",
        if debug {
            "the debug kernel is"
        } else {
            "the simulated Dell is"
        }
    );
    host::check_installable(&missing)?;
    let _interruptible = Interruptible::new()?;
    let _lock = cache.lock("prepare", progress)?;
    // Another run may have done it while this one waited for the lock.
    let found = ready().filter(|_| !options.update);
    let prepared = std::thread::scope(|scope| {
        // The machine's own packages come while ours are unpacked and compiled.
        let installing = scope.spawn(|| host::install(&missing, progress));
        let prepared = match found {
            Some(prepared) => Ok(prepared),
            None if debug => debug::build(&cache, &config, series, &state_file, progress),
            None => build_all(&cache, &config, series, &state_file, progress),
        };
        join(installing).and(prepared)
    })?;
    Ok(prepared)
}

fn build_all(
    cache: &Cache,
    config: &Config,
    series: &str,
    state_file: &Path,
    progress: &Progress,
) -> Result<Prepared> {
    host::check_can_isolate()?;

    let step = progress.step("fetching the package lists");
    let apt = Apt::new(cache, config, &step)?;
    let kernel = apt.kernel(series, &config.flavour)?;
    let build_names = build_packages(config, series, &kernel);
    let guest_names = guest_packages(config, &kernel);
    let system_names = [&*guest_names, &*config.system.packages].concat();
    let build_packages = apt.resolve(&build_names)?;
    let guest_packages = apt.resolve(&guest_names)?;
    let system_packages = apt.resolve(&system_names)?;
    step.done();
    progress.say(&format!("  kernel {} ({})", kernel.release, kernel.version));

    let root_name = format!("root-{}", key(&kernel, &build_packages, ROOT_CODE));
    let guest_name = format!("guest-{}", key(&kernel, &system_packages, GUEST_CODE));
    let archives = apt.archives();
    if !cache.path(&root_name).exists() {
        apt.download(&build_names, &build_packages, "the compilers", progress)?;
    }
    if !cache.path(&guest_name).exists() {
        apt.download(&system_names, &system_packages, "the guest", progress)?;
    }

    // The guest needs one core for a few seconds; the crates need all that is left.
    std::thread::scope(|scope| {
        let guest = scope.spawn(|| {
            cache.directory(&guest_name, |dir| {
                let step = progress.step("making the guest's roots");
                let packages = (&*guest_packages, &*system_packages);
                make_guest(dir, &archives, packages, config, &kernel, &step)?;
                step.done();
                Ok(())
            })
        });
        let root = make_root(cache, &root_name, &archives, &build_packages, progress)
            .and_then(|root| make_metadata(&root, &kernel, progress));
        join(guest).map(drop).and(root)
    })?;
    apt::forget_downloads(&archives)?;

    let state = State {
        release: kernel.release,
        version: kernel.version,
        root: root_name,
        guest: guest_name,
        metadata: metadata_name(),
        debug: false,
    };
    state.write(state_file)?;
    prune::prune(cache)?;
    state
        .prepared(cache)
        .context("the cache changed while it was being filled")
}

/// The root that compiles.
fn make_root(
    cache: &Cache,
    name: &str,
    archives: &Path,
    packages: &[Package],
    progress: &Progress,
) -> Result<Root> {
    let dir = cache.directory(name, |dir| {
        let step = progress.step("unpacking the compilers");
        unpack::unpack(dir, archives, packages, &step)?;
        step.done();
        Ok(())
    })?;
    Ok(Root::new(dir))
}

fn metadata_name() -> String {
    format!("rust-metadata-{}", &digest([RUST_METADATA])[..12])
}

/// The Rust metadata of the kernel, by the users' own script: it knows itself what is up to date.
fn make_metadata(root: &Root, kernel: &Kernel, progress: &Progress) -> Result<()> {
    let out = Path::new("/").join(METADATA).join(metadata_name());
    let script = out.with_extension("sh");
    fs::write(root.path(&script), RUST_METADATA)
        .with_context(|| format!("write {}", script.display()))?;
    let step = progress.step("compiling the kernel's Rust crates");
    root.run(
        &[
            "bash",
            &script.to_string_lossy(),
            "-o",
            &out.to_string_lossy(),
            &kernel.release,
        ],
        &[],
        "derive the kernel's Rust metadata",
        Some(&step),
    )?;
    step.done();
    Ok(())
}

/// `vmlinuz`, `base.cpio` and what the guest with systemd starts from, in `dir`. That one has the
/// second list of packages, the others the first.
fn make_guest(
    dir: &Path,
    archives: &Path,
    (guest, system): (&[Package], &[Package]),
    config: &Config,
    kernel: &Kernel,
    step: &crate::progress::Step,
) -> Result<()> {
    let root = Root::new(dir.join("root"));
    fs::create_dir(root.dir())?;
    unpack::unpack(root.dir(), archives, guest, step)?;
    let release = &kernel.release;
    let vmlinuz = root.path("usr/lib/modules").join(release).join("vmlinuz");
    fs::rename(&vmlinuz, dir.join("vmlinuz"))
        .with_context(|| format!("take {}", vmlinuz.display()))?;
    guest::write_archive(&dir.join("base.cpio"), &root, release, &config.guest, step)?;
    let besides: Vec<Package> = system
        .iter()
        .filter(|package| guest.iter().all(|other| other.file != package.file))
        .cloned()
        .collect();
    unpack::unpack(root.dir(), archives, &besides, step)?;
    system::write(dir, &root, release, config, step)?;
    // All that is needed of it is in the archives and on the disk.
    cache::remove_tree(root.dir())
}

fn build_packages(config: &Config, series: &str, kernel: &Kernel) -> Vec<String> {
    let Kernel { release, version } = kernel;
    let mut names = config.build.packages.clone();
    names.extend([
        format!("linux-headers-{release}={version}"),
        format!("linux-binary-{release}={version}"),
        format!("linux-source-{series}={version}"),
    ]);
    names
}

fn guest_packages(config: &Config, kernel: &Kernel) -> Vec<String> {
    let Kernel { release, version } = kernel;
    let mut names = config.guest.packages.clone();
    names.extend([
        format!("linux-binary-{release}={version}"),
        format!("linux-modules-{release}={version}"),
    ]);
    names
}

fn key(kernel: &Kernel, packages: &[Package], code: &[&str]) -> String {
    let files = packages.iter().map(|package| package.file.as_str());
    let hash = digest(files.chain(code.iter().copied()));
    format!("{}-{}", kernel.release, &hash[..12])
}

fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod metadata_tests;
