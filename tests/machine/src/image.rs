// SPDX-License-Identifier: GPL-2.0

//! What the guest starts from: the first root, which is the prepared base and
//! after it an archive with `/init` and the agent; and a disk with what this
//! tree has built, which `guest/payload` unpacks. The guest that runs systemd
//! has its prepared disk besides.

use crate::prepare::cpio::Archive;
use crate::prepare::Prepared;
use crate::progress::Progress;
use anyhow::{bail, Context, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Size of the disk. A saved machine expects the size that it was saved with.
const DISK: u64 = 64 << 20;

/// What the guest starts from.
#[derive(Clone, Debug)]
pub struct Image {
    /// The whole first root, one file.
    pub initramfs: PathBuf,
    /// A name for its contents.
    pub key: String,
    /// The disk with what this tree has built.
    pub disk: PathBuf,
}

impl Image {
    /// The first root and its name, with ACPI tables in front of it for the
    /// kernel to take instead of firmware's.
    pub fn with_acpi_upgrades(
        &self,
        prepared: &Prepared,
        tables: &[(String, Vec<u8>)],
    ) -> Result<(PathBuf, String)> {
        if tables.is_empty() {
            return Ok((self.initramfs.clone(), self.key.clone()));
        }
        // The kernel looks for them in the first archive, before it can unpack.
        let mut archive = Archive::new(Vec::new());
        for (name, bytes) in tables {
            archive.file(&format!("kernel/firmware/acpi/{name}.aml"), 0o644, bytes)?;
        }
        let first = archive.finish()?;
        let key = hash(&[self.key.as_bytes(), &first]);
        let path = keep(prepared, &format!("{key}.cpio"), None, || {
            let mut whole = first;
            whole.extend(read(&self.initramfs)?);
            Ok(whole)
        })?;
        Ok((path, key))
    }
}

/// The project's tree.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the guest shall have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// Our module.
    pub module: bool,
    /// systemd as its first process, and a disk for its root.
    pub systemd: bool,
}

/// Builds the image.
pub fn image(prepared: &Prepared, wanted: Wanted, progress: &Progress) -> Result<Image> {
    // Building is quick when nothing changed, but not free: once per process.
    static DONE: Mutex<BTreeMap<Wanted, Image>> = Mutex::new(BTreeMap::new());
    let mut done = DONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(image) = done.get(&wanted) {
        return Ok(image.clone());
    }
    let image = build(prepared, wanted, progress)?;
    done.insert(wanted, image.clone());
    Ok(image)
}

fn build(prepared: &Prepared, wanted: Wanted, progress: &Progress) -> Result<Image> {
    let programs = [
        ("milspec-machine", "milspec-agent"),
        ("milspecctl", "milspecctl"),
    ];
    let programs = build_programs(&programs, progress)?;
    let [agent, milspecctl] = programs.as_slice() else {
        bail!("two programs were to be built");
    };
    let agent = read(&strip(prepared, agent, "milspec-agent")?)?;
    let (prepared_base, first) = match wanted.systemd {
        true => {
            let system = prepared.system.as_ref().context("no guest with systemd")?;
            (&system.initramfs, first_of_systemd(&agent)?)
        }
        false => (&prepared.initramfs, first_archive(&agent)?),
    };
    let base = std::fs::metadata(prepared_base)
        .with_context(|| format!("no {}", prepared_base.display()))?;
    // The base's name says what it was made from.
    let key = hash(&[
        prepared_base.to_string_lossy().as_bytes(),
        &base.len().to_le_bytes(),
        &first,
    ]);
    let initramfs = keep(prepared, &format!("{key}.cpio"), None, || {
        let mut whole = read(prepared_base)?;
        whole.extend(&first);
        Ok(whole)
    })?;
    let module = match wanted.module {
        true => Some(prepared.build_module(&repository(), false, progress)?),
        false => None,
    };
    let milspecctl = strip(prepared, milspecctl, "milspecctl")?;
    let payload = match (&module, wanted.systemd) {
        (Some(module), true) => prepared.install(&repository(), module, &milspecctl, installed)?,
        _ => payload(prepared, &read(&milspecctl)?, module.as_deref())?,
    };
    let name = format!("{}.disk", hash(&[&payload]));
    let disk = keep(prepared, &name, Some(DISK), || Ok(payload))?;
    Ok(Image {
        initramfs,
        key,
        disk,
    })
}

/// The agent and its unit, as these files.
pub fn agent(prepared: &Prepared, progress: &Progress, to: &Path, unit: &Path) -> Result<()> {
    let programs = build_programs(&[("milspec-machine", "milspec-agent")], progress)?;
    let [agent] = programs.as_slice() else {
        bail!("one program was to be built");
    };
    let agent = strip(prepared, agent, "milspec-agent")?;
    std::fs::copy(&agent, to).with_context(|| format!("cannot write {}", to.display()))?;
    std::fs::write(unit, script("milspec-agent.service")?)
        .with_context(|| format!("cannot write {}", unit.display()))
}

/// A file of the cache's image directory, made when it is not there.
fn keep(
    prepared: &Prepared,
    name: &str,
    size: Option<u64>,
    contents: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<PathBuf> {
    let directory = prepared.cache.path("images");
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let path = directory.join(name);
    if path.exists() {
        crate::snapshot::touch(&path)?;
        return Ok(path);
    }
    let new = directory.join(format!("{name}.{}", std::process::id()));
    let write = || -> Result<()> {
        let bytes = contents()?;
        std::fs::write(&new, &bytes)?;
        if let Some(size) = size {
            if bytes.len() as u64 > size {
                bail!("{} bytes do not fit on a disk of {size}", bytes.len());
            }
            std::fs::File::options()
                .write(true)
                .open(&new)?
                .set_len(size)?;
        }
        Ok(std::fs::rename(&new, &path)?)
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    // One is in use for as long as a machine runs, and other builds may make theirs meanwhile.
    crate::snapshot::prune(&directory, 24)?;
    Ok(path)
}

/// A script of the simulation.
fn script(name: &str) -> Result<Vec<u8>> {
    read(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("guest")
            .join(name),
    )
}

/// What comes behind the prepared base.
fn first_archive(agent: &[u8]) -> Result<Vec<u8>> {
    let mut archive = Archive::new(Vec::new());
    archive.file("init", 0o755, &script("init")?)?;
    archive.file("usr/lib/milspec/payload", 0o755, &script("payload")?)?;
    archive.file("usr/bin/milspec-agent", 0o755, agent)?;
    archive.file("etc/motd.milspec", 0o644, MOTD.as_bytes())?;
    archive.finish()
}

/// The same where systemd runs: all that is the simulation's, in a directory that `init-systemd` hands
/// over.
fn first_of_systemd(agent: &[u8]) -> Result<Vec<u8>> {
    let mut archive = Archive::new(Vec::new());
    archive.file("init", 0o755, &script("init-systemd")?)?;
    archive.file("milspec/payload", 0o755, &script("payload")?)?;
    archive.file("milspec/milspec-agent", 0o755, agent)?;
    archive.file("milspec/motd", 0o644, MOTD.as_bytes())?;
    for unit in ["milspec-agent.service", "milspec-shell.service"] {
        archive.file(&format!("milspec/units/{unit}"), 0o644, &script(unit)?)?;
    }
    archive.finish()
}

/// What this tree has built.
fn payload(prepared: &Prepared, milspecctl: &[u8], module: Option<&Path>) -> Result<Vec<u8>> {
    let mut archive = Archive::new(Vec::new());
    archive.file("usr/bin/milspecctl", 0o755, milspecctl)?;
    if let Some(module) = module {
        let to = format!(
            "usr/lib/modules/{}/updates/dell_milspec.ko",
            prepared.release
        );
        archive.file(&to, 0o644, &read(module)?)?;
        let rules = repository().join("packaging/udev");
        if rules.is_dir() {
            archive.tree("usr/lib/udev/rules.d", &rules, &|path| {
                path.ends_with(".rules")
            })?;
        }
    }
    archive.finish()
}

/// What `make install` has put where. Debian's /lib is a link.
fn installed(tree: &Path) -> Result<Vec<u8>> {
    let mut archive = Archive::new(Vec::new());
    archive.tree("usr/lib", &tree.join("lib"), &|_| true)?;
    archive.tree("", tree, &|path| path != "lib")?;
    archive.finish()
}

const MOTD: &str = "
  This is a SIMULATED Dell: its firmware is the ASL in tests/machine/firmware.
  milspecctl status      what our module reads      ls /sys/devices/platform/dell-smbios.0/tokens
  milspecctl --help      everything else            dmesg
  To leave: exit, or Ctrl-A and then X.

";

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Builds programs of this workspace for the host, whose C library is older
/// than the guest's: they run there.
fn build_programs(wanted: &[(&str, &str)], progress: &Progress) -> Result<Vec<PathBuf>> {
    let step = progress.step("building the guest's programs");
    let mut command = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    command.current_dir(repository()).args([
        "build",
        "--locked",
        "--message-format",
        "json-render-diagnostics",
    ]);
    for (package, program) in wanted {
        command.args(["-p", package, "--bin", program]);
    }
    // What cargo sets for this process would make it build everything anew.
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("CARGO_PKG") || name_text.starts_with("CARGO_MANIFEST") {
            command.env_remove(&name);
        }
    }
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "cannot build the guest's programs:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let mut found = vec![None; wanted.len()];
    for line in output
        .stdout
        .split(|b| *b == b'\n')
        .filter(|l| !l.is_empty())
    {
        let Ok(message) = serde_json::from_slice::<serde_json::Value>(line) else {
            continue;
        };
        let (Some(name), Some(path)) = (
            message["target"]["name"].as_str(),
            message["executable"].as_str(),
        ) else {
            continue;
        };
        if let Some(i) = wanted.iter().position(|(_, program)| *program == name) {
            found[i] = Some(PathBuf::from(path));
        }
    }
    step.done();
    found
        .into_iter()
        .zip(wanted)
        .map(|(path, (_, name))| path.with_context(|| format!("cargo did not say where {name} is")))
        .collect()
}

/// The program without debug information: the guest unpacks every byte. The name of the build, which
/// is made of that information and so of the clone's path, goes too: saved machines serve all clones.
fn strip(prepared: &Prepared, program: &Path, name: &str) -> Result<PathBuf> {
    let bytes = read(program)?;
    let key = hash(&[&bytes]);
    let directory = prepared.cache.path("programs");
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let stripped = directory.join(format!("{name}-{key}-stripped"));
    if !stripped.exists() {
        let new = directory.join(format!("{name}-{key}.{}", std::process::id()));
        std::fs::write(&new, &bytes).with_context(|| format!("cannot write {}", new.display()))?;
        let bind = crate::prepare::Bind::new(&directory, "/out");
        let inside = format!(
            "/out/{}",
            new.file_name().unwrap_or_default().to_string_lossy()
        );
        let without = "--remove-section=.note.gnu.build-id";
        prepared.run_in_root(&["strip", without, &inside], &[bind])?;
        std::fs::rename(&new, &stripped)
            .with_context(|| format!("cannot write {}", stripped.display()))?;
        crate::snapshot::prune(&directory, 12)?;
    }
    Ok(stripped)
}

/// A name for contents: two rounds of 64-bit FNV-1a over 8-byte words. It
/// keeps versions of our own files apart; it is no protection.
pub fn hash(parts: &[&[u8]]) -> String {
    let mut state = [0xcbf2_9ce4_8422_2325_u64, 0x6c62_272e_07bb_0142];
    let mut mix = |word: u64| {
        state[0] = (state[0] ^ word)
            .wrapping_mul(0x0100_0000_01b3)
            .rotate_left(29);
        state[1] = (state[1].rotate_left(17) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    };
    for part in parts {
        mix(part.len() as u64);
        for chunk in part.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(u64::from_le_bytes(word));
        }
    }
    format!("{:016x}{:016x}", state[0], state[1])
}
