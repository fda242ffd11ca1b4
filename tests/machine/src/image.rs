// SPDX-License-Identifier: GPL-2.0

//! The guest's first root: the prepared base, and after it an archive with what
//! is ours: `/init`, the agent, the module, milspecctl and the packaging's
//! udev rules.

use crate::prepare::cpio::Archive;
use crate::prepare::Prepared;
use crate::progress::Progress;
use anyhow::{bail, Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// What goes into the guest besides Debian.
#[derive(Clone, Debug)]
pub struct Image {
    /// The whole first root, one file.
    pub initramfs: PathBuf,
    /// A name for its contents.
    pub key: String,
}

/// The project's tree.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Builds the image, with our module when `with_module`.
pub fn image(prepared: &Prepared, with_module: bool, progress: &Progress) -> Result<Image> {
    // Building is quick when nothing changed, but not free: once per process.
    static DONE: Mutex<[Option<Image>; 2]> = Mutex::new([None, None]);
    let mut done = DONE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let slot = &mut done[usize::from(with_module)];
    if let Some(image) = slot {
        return Ok(image.clone());
    }
    let image = build(prepared, with_module, progress)?;
    *slot = Some(image.clone());
    Ok(image)
}

fn build(prepared: &Prepared, with_module: bool, progress: &Progress) -> Result<Image> {
    let overlay = overlay(prepared, with_module, progress)?;
    let base = std::fs::metadata(&prepared.initramfs)
        .with_context(|| format!("no {}", prepared.initramfs.display()))?;
    // The base's name says what it was made from.
    let key = hash(&[
        prepared.initramfs.to_string_lossy().as_bytes(),
        &base.len().to_le_bytes(),
        &overlay,
    ]);
    let directory = prepared.cache.path("images");
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let initramfs = directory.join(format!("{key}.cpio"));
    if !initramfs.exists() {
        let _lock = prepared.cache.lock("images", progress)?;
        let mut whole = std::fs::read(&prepared.initramfs)
            .with_context(|| format!("cannot read {}", prepared.initramfs.display()))?;
        whole.extend(&overlay);
        let new = initramfs.with_extension("new");
        std::fs::write(&new, whole).with_context(|| format!("cannot write {}", new.display()))?;
        std::fs::rename(&new, &initramfs)
            .with_context(|| format!("cannot write {}", initramfs.display()))?;
        crate::snapshot::prune(&directory, 6)?;
    }
    Ok(Image { initramfs, key })
}

fn overlay(prepared: &Prepared, with_module: bool, progress: &Progress) -> Result<Vec<u8>> {
    let wanted = [
        ("milspec-machine", "milspec-agent"),
        ("milspecctl", "milspecctl"),
    ];
    let programs = build_programs(&wanted, progress)?;
    let mut archive = Archive::new(Vec::new());
    let init = Path::new(env!("CARGO_MANIFEST_DIR")).join("guest/init");
    archive.file("init", 0o755, &read(&init)?)?;
    for ((_, name), program) in wanted.iter().zip(&programs) {
        let stripped = strip(prepared, program, name)?;
        archive.file(&format!("usr/bin/{name}"), 0o755, &stripped)?;
    }
    if with_module {
        let module = prepared.build_module(&repository(), false, progress)?;
        let to = format!(
            "usr/lib/modules/{}/updates/dell_milspec.ko",
            prepared.release
        );
        archive.file(&to, 0o644, &read(&module)?)?;
        let rules = repository().join("packaging/udev");
        if rules.is_dir() {
            archive.tree("usr/lib/udev/rules.d", &rules, &|path| {
                path.ends_with(".rules")
            })?;
        }
    }
    archive.file("etc/motd.milspec", 0o644, MOTD.as_bytes())?;
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

/// Without debug information: the guest unpacks every byte.
fn strip(prepared: &Prepared, program: &Path, name: &str) -> Result<Vec<u8>> {
    let bytes = read(program)?;
    let key = hash(&[&bytes]);
    let directory = prepared.cache.path("programs");
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    let stripped = directory.join(format!("{name}-{key}"));
    if !stripped.exists() {
        let new = directory.join(format!("{name}-{key}.{}", std::process::id()));
        std::fs::write(&new, &bytes).with_context(|| format!("cannot write {}", new.display()))?;
        let bind = crate::prepare::Bind::new(&directory, "/out");
        let inside = format!(
            "/out/{}",
            new.file_name().unwrap_or_default().to_string_lossy()
        );
        prepared.run_in_root(&["strip", &inside], &[bind])?;
        std::fs::rename(&new, &stripped)
            .with_context(|| format!("cannot write {}", stripped.display()))?;
        crate::snapshot::prune(&directory, 12)?;
    }
    read(&stripped)
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
