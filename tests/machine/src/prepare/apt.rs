// SPDX-License-Identifier: GPL-2.0

//! A private apt: it resolves and downloads Debian 13 packages into the cache, as any user, on any
//! machine with apt, without touching the machine's own package state.

use std::cmp::Ordering;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{bail, ensure, Context, Result};

use super::cache::Cache;
use super::command::run;
use super::config::Config;
use super::host;
use crate::progress::{Progress, Step};

/// The private apt.
pub struct Apt {
    dir: PathBuf,
    mirror: String,
}

/// The kernel to build for and boot: one version of all of its packages.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// `7.3.4+deb13-amd64`.
    pub release: String,
    /// `7.3.4-1~bpo13+1`.
    pub version: String,
}

/// The archive has no kernel of a series.
#[derive(Clone, Debug)]
pub struct Gone {
    series: String,
    mirror: String,
    others: Vec<String>,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Linux {} is gone from {} (it has {}): set {} to an archive that still has it, or change \
             tests/machine/kernel.toml",
            self.series,
            self.mirror,
            match self.others.as_slice() {
                [] => "no kernel".to_owned(),
                others => others.join(", "),
            },
            host::MIRROR_VARIABLE,
        )
    }
}

impl std::error::Error for Gone {}

/// One package to unpack.
#[derive(Clone, Debug)]
pub struct Package {
    /// File name in apt's archive directory: it contains name, version and architecture.
    pub file: String,
    /// Its size.
    pub size: u64,
}

impl Apt {
    /// Sets the private apt up and fetches the package lists.
    pub fn new(cache: &Cache, config: &Config, step: &Step) -> Result<Self> {
        let dir = cache.path("apt");
        for sub in ["lists/partial", "archives/partial", "nothing/partial"] {
            fs::create_dir_all(dir.join(sub)).with_context(|| format!("make {}", dir.display()))?;
        }
        let mirror = host::mirror()?;
        let signed = host::keyring()
            .map(|path| format!("[signed-by={}] ", path.display()))
            .unwrap_or_default();
        let sources: String = config
            .debian
            .suites
            .iter()
            .map(|suite| format!("deb {signed}{mirror} {suite} main\n"))
            .collect();
        let at = dir.display();
        // Nothing of the machine's own configuration applies but what reaches the network: its
        // hooks would run, and its preferences and sources are of another release.
        let settings = format!(
            r#"Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "/dev/null";
Dir::Etc::SourceList "{at}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "{at}";
Dir::State::Lists "{at}/lists";
Dir::State::Status "{at}/status";
Dir::State::Extended_States "{at}/extended_states";
Dir::Cache "{at}";
Dir::Cache::Archives "{at}/archives";
Dir::Log "{at}";
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Install-Recommends "false";
APT::Sandbox::User "{user}";
Acquire::Languages "none";
{network}"#,
            user = if host::is_root() { "root" } else { "" },
            network = host::apt_settings()?,
        );
        fs::write(dir.join("sources.list"), sources)?;
        fs::write(dir.join("apt.conf"), settings)?;
        fs::write(dir.join("status"), "")?;
        let apt = Self { dir, mirror };
        run(
            apt.command("apt-get").args(["-q", "update"]),
            &format!("fetch the package lists of {}", apt.mirror),
            Some(step),
        )?;
        Ok(apt)
    }

    /// The newest kernel of the series of which image, headers and source are there in one version.
    ///
    /// [`Gone`] when the archive has no kernel of it.
    pub fn kernel(&self, series: &str, flavour: &str) -> Result<Kernel> {
        let names = run(
            self.command("apt-cache").args(["pkgnames", "linux-image-"]),
            "list the kernels of the archive",
            None,
        )?;
        let mut kernels = Vec::new();
        let mut others = Vec::new();
        for name in names.lines() {
            let Some(release) = name.strip_prefix("linux-image-") else {
                continue;
            };
            if !is_plain(release, flavour) {
                continue;
            }
            let in_series = release
                .strip_prefix(series)
                .is_some_and(|rest| rest.starts_with(['.', '+', '-']));
            // A name may be known from a dependency only: without a version it cannot be had.
            for version in self.versions(name)? {
                if in_series {
                    kernels.push(Kernel {
                        release: release.to_owned(),
                        version,
                    });
                } else {
                    others.push(release.to_owned());
                }
            }
        }
        if kernels.is_empty() {
            return Err(Gone {
                series: series.to_owned(),
                mirror: self.mirror.clone(),
                others,
            }
            .into());
        }
        kernels.sort_by(|a, b| compare_versions(&b.version, &a.version));
        let sources = self.versions(&format!("linux-source-{series}"))?;
        for kernel in &kernels {
            let headers = self.versions(&format!("linux-headers-{}", kernel.release))?;
            if sources.contains(&kernel.version) && headers.contains(&kernel.version) {
                return Ok(kernel.clone());
            }
        }
        bail!(
            "the archive has linux-source-{series} in {} but the kernel in {}: it is between two \
             uploads, try again in some hours",
            sources.join(", "),
            kernels
                .iter()
                .map(|k| k.version.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        )
    }

    /// All packages that `names` need, themselves included.
    pub fn resolve(&self, names: &[String]) -> Result<Vec<Package>> {
        let uris = run(
            self.command("apt-get")
                .args(["-qq", "-y", "--print-uris"])
                // It leaves out what is downloaded already: let it look where nothing ever is.
                .arg(format!(
                    "-oDir::Cache::Archives={}",
                    self.dir.join("nothing").display()
                ))
                .arg("install")
                .args(names),
            "resolve package dependencies",
            None,
        )?;
        let mut packages = Vec::new();
        for line in uris.lines().filter(|line| line.starts_with('\'')) {
            let mut fields = line.split(' ').skip(1);
            let (Some(file), Some(size)) = (fields.next(), fields.next()) else {
                bail!("apt printed an unexpected line: {line}");
            };
            packages.push(Package {
                file: file.to_owned(),
                size: size.parse().with_context(|| format!("size in {line}"))?,
            });
        }
        ensure!(
            !packages.is_empty(),
            "apt resolved {} to no package",
            names.join(" ")
        );
        Ok(packages)
    }

    /// Downloads `packages`, which are what `names` need; `what` is that for people. What was downloaded
    /// before is kept.
    pub fn download(
        &self,
        names: &[String],
        packages: &[Package],
        what: &str,
        progress: &Progress,
    ) -> Result<()> {
        let bytes: u64 = packages.iter().map(|package| package.size).sum();
        let step = progress.step(format!("downloading {what} ({} MB)", bytes / 1_000_000));
        run(
            self.command("apt-get")
                .args(["-q", "-y", "--download-only", "install"])
                .args(names),
            "download packages",
            Some(&step),
        )?;
        step.done();
        Ok(())
    }

    /// Where the downloaded packages are.
    pub fn archives(&self) -> PathBuf {
        self.dir.join("archives")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("APT_CONFIG", self.dir.join("apt.conf"))
            .env("LC_ALL", "C");
        command
    }

    fn versions(&self, package: &str) -> Result<Vec<String>> {
        let madison = run(
            self.command("apt-cache").args(["madison", package]),
            "list package versions",
            None,
        )?;
        Ok(madison
            .lines()
            .filter_map(|line| line.split('|').nth(1))
            .map(|version| version.trim().to_owned())
            .collect())
    }
}

/// Whether a release is of the plain flavour: `7.3.4+deb13-amd64`, not `...-rt-amd64`.
fn is_plain(release: &str, flavour: &str) -> bool {
    release
        .strip_suffix(flavour)
        .and_then(|rest| rest.strip_suffix('-'))
        .is_some_and(|rest| !rest.contains('-') && rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Debian's order of versions, as dpkg knows it.
fn compare_versions(a: &str, b: &str) -> Ordering {
    let is = |relation: &str| {
        Command::new("dpkg")
            .args(["--compare-versions", a, relation, b])
            .status()
            .is_ok_and(|status| status.success())
    };
    match (is("lt"), is("gt")) {
        (true, _) => Ordering::Less,
        (_, true) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// Deletes downloaded packages: the roots made from them are kept instead.
pub fn forget_downloads(archives: &Path) -> Result<()> {
    for entry in fs::read_dir(archives).with_context(|| format!("read {}", archives.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_flavour_is_taken() {
        assert!(is_plain("7.3.4+deb13-amd64", "amd64"));
        assert!(!is_plain("7.3.4+deb13-rt-amd64", "amd64"));
        assert!(!is_plain("7.3.4+deb13-cloud-amd64", "amd64"));
        assert!(!is_plain("7.3.4+deb13-amd64-dbg", "amd64"));
        assert!(!is_plain("amd64", "amd64"));
    }
}
