// SPDX-License-Identifier: GPL-2.0

//! What becomes of a clean Debian 13 on which our packages are installed, as an administrator does it.
//!
//! What compiles does so natively, on the disk of a machine that is off. All else happens in the machine
//! that boots that disk, with the kernels that are installed there. The walk is one test: each of its
//! stations begins where the one before has left the machine, and the first module for a kernel takes
//! minutes.

use crate::access::wait_until;
use crate::collected;
use crate::common::{field, milspecctl, Test};
use crate::confirm::values;
use crate::systemd::{is_running, verified};
use anyhow::{anyhow, ensure, Context, Result};
use milspec_machine::children::TempDir;
use milspec_machine::guest::GuestCommand;
use milspec_machine::image::repository;
use milspec_machine::machine::{prepared, Boot, Machine};
use milspec_machine::prepare::installation::{self, Clean, Disk, Offered};
use milspec_machine::prepare::Bind;
use milspec_machine::progress::Progress;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// The tests of this file.
pub const LONG: &[Test] = &[
    ("installation_from_packages_on_debian", walk),
    ("installation_tells_what_a_fleet_has", others),
];

/// What stays after a purge: docs/packaging.md says why.
const STAYS: &[&str] = &[
    "/etc/milspec",
    "/etc/milspec/config.toml",
    "/var/lib/milspec",
    "/var/lib/milspec/journal",
    "/var/lib/milspecctl",
    "/var/lib/milspecctl/baseline.json",
];
/// What each unit is where all is well: docs/packaging.md says why.
const UNITS: &[(&str, &str, &str)] = &[
    ("milspec-journal.service", "enabled", "active"),
    ("milspec-monitor.service", "enabled", "active"),
    ("milspec-confirm.service", "static", "inactive"),
    ("milspec-enforce.service", "disabled", "inactive"),
    ("milspec-enforce.timer", "disabled", "inactive"),
];
/// The journal that is kept.
const JOURNAL: &str = "/var/lib/milspec/journal";
/// How long dpkg may take there.
const DPKG: Duration = Duration::from_secs(900);
/// Where the walk puts what is for later.
const LATER: &str = "/root/later";

/// The page that shows what becomes of it.
const PAGE: &str = include_str!("../../docs/install.md");
/// What an administrator types.
const INSTALL: &str = "apt-get -q -y install /mnt/milspecctl_*.deb /mnt/dell-milspec-dkms_*.deb $*";

/// The same without a kernel's headers, so that DKMS compiles nothing, and with what a fleet has already.
const OTHERS: &str = "apt-get -q -y install --no-install-recommends /mnt/milspecctl_*.deb \
                      /mnt/dell-milspec-dkms_*.deb auditd rsyslog \
                      logrotate prometheus-node-exporter $*";

/// depmod reads each module, which takes an emulated processor minutes: most of those that the simulated
/// Dell has no use for are taken away, where it has booted without them.
const TRIM: &str = "cd /lib/modules/$0/kernel
find net -mindepth 1 -maxdepth 1 ! -name rfkill -exec rm -r {} +
rm -rf sound drivers/comedi drivers/gpu drivers/iio drivers/infiniband drivers/media \
	drivers/mtd drivers/net drivers/scsi drivers/staging drivers/usb
depmod $0";

/// What is so of the module of each kernel, natively: a line with what DKMS says, one with path and size,
/// and then what modinfo says.
const MODULE: &str = r#"dkms status -m dell-milspec -k $0
path=$(modinfo -k $0 -n dell_milspec)
stat -c 'file %n
bytes %s' $path
for field in vermagic signer license; do
	echo $field $(modinfo -k $0 -F $field dell_milspec)
done
echo key $(modinfo -k $0 -F sig_key dell_milspec | tr -d :)
echo own $(openssl x509 -inform DER -in /var/lib/dkms/mok.pub -noout -serial | cut -d= -f2)
sed -n 's/^# elapsed time: /elapsed /p' /var/lib/dkms/dell-milspec/*/$0/*/log/make.log"#;

/// Compiles the next version for a kernel and leaves it where its package looks for what is compiled.
/// DKMS 3.2 loads that of one kernel, so it is told to compile for no other.
const BUILT: &str = r#"version=$1 kernel=$2
mkdir $0
cp /mnt/milspecctl_*.deb /mnt/dell-milspec-dkms_*.deb $0
dpkg-deb -x /mnt/dell-milspec-dkms_*.deb /tmp/next
mv /tmp/next/usr/src/* /usr/src
dkms build dell-milspec/$version -k $kernel
mkdir -p /usr/share/dell-milspec-dkms
dkms mktarball dell-milspec/$version -k $kernel \
	--archive /usr/share/dell-milspec-dkms/dell-milspec-$version.dkms.tar.gz
dkms remove dell-milspec/$version --all
rm -r /usr/src/dell-milspec-$version
echo 'autoinstall_all_kernels=""' >/etc/dkms/framework.conf.d/simulation.conf"#;

struct Walk {
    clean: Clean,
    disk: Disk,
    directory: TempDir,
    packages: PathBuf,
}

/// A command on this machine, which must be content.
fn output(command: &mut Command) -> Result<String> {
    let output = command.env_remove("MAKEFLAGS").output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}\n{said}{error}");
    Ok(said.trim().to_owned())
}

fn git(arguments: &[&str]) -> Result<String> {
    let repository = repository();
    output(
        Command::new("git")
            .arg("-C")
            .arg(repository)
            .args(arguments),
    )
}

/// The Debian packages of a commit, built where they are not there yet.
fn packages(commit: &str) -> Result<PathBuf> {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("packages-{commit}"));
    if !to.is_dir() {
        let new = to.with_extension("new");
        let mut make = Command::new(repository().join("scripts/make-packages"));
        output(make.args(["-q", "-c", commit, "-o"]).arg(&new).arg("deb"))?;
        std::fs::rename(&new, &to)?;
    }
    Ok(to)
}

impl Walk {
    fn begin() -> Result<Self> {
        let clean = installation::prepare(&Progress::new())?;
        let directory = TempDir::new("installation")?;
        let disk = clean.copy(&directory.path().join("disk"))?;
        Machine::install_agent(&disk, directory.path())?;
        let packages = packages(&git(&["rev-parse", "HEAD"])?)?;
        Ok(Self {
            clean,
            disk,
            directory,
            packages,
        })
    }

    /// Runs a line natively, with arguments from `$0` on, and these packages in /mnt.
    fn on_disk(&self, line: &[&str], packages: &Path) -> Result<String> {
        let binds = [Bind::new(packages, "/mnt")];
        self.disk.run(line, &binds, line[0], None)
    }

    fn boot(&self, kernel: &Offered) -> Result<Boot> {
        Boot::of(&self.disk, &kernel.release, self.directory.path())
    }

    /// Promise: nothing is asked and nothing fails, although Debian 13's own kernel cannot have the
    /// module; each of these kernels has its own then.
    fn install(&self, what: &str, packages: &[String], kernels: &[Offered]) -> Result<()> {
        let start = Instant::now();
        let packages = packages.join(" ");
        let said = self.on_disk(&[INSTALL, "sh", &packages], &self.packages)?;
        println!("{what}: {} s", start.elapsed().as_secs());
        let count = "dpkg --audit; dkms status -m dell-milspec | grep -c ': installed$'";
        let installed = self.on_disk(&[count], &self.packages)?;
        let wanted = kernels.len().to_string();
        ensure!(installed.trim() == wanted, "{installed}\n{said}");
        for kernel in kernels {
            self.module(&kernel.release).context(said.clone())?;
        }
        self.trim(kernels)
    }

    fn trim(&self, kernels: &[Offered]) -> Result<()> {
        for kernel in kernels {
            self.on_disk(&[TRIM, &kernel.release], &self.packages)?;
        }
        Ok(())
    }

    /// Promise: the module of a kernel is where DKMS puts them, made for it, and signed with the key of
    /// this machine's DKMS.
    fn module(&self, release: &str) -> Result<()> {
        let said = self.on_disk(&[MODULE, release], &self.packages)?;
        let field = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(name));
            line.map(str::trim)
                .with_context(|| format!("no {name}: {said}"))
        };
        let place = format!("/lib/modules/{release}/updates/dkms/dell_milspec.ko");
        ensure!(field("file")?.starts_with(&place), "{said}");
        let made_for = format!("{release} ");
        ensure!(field("vermagic")?.starts_with(&made_for), "{said}");
        ensure!(field("license")? == "GPL v2", "{said}");
        ensure!(field("signer")? == "DKMS module signing key", "{said}");
        ensure!(field("key")? == field("own")?, "{said}");
        let (bytes, time) = (field("bytes")?, field("elapsed")?);
        println!("{release}: module of {bytes} bytes, compiled in {time}");
        Ok(())
    }

    /// Leaves the next version on the disk, compiled for this kernel.
    fn leave_for_later(&self, next: &Next, kernel: &Offered) -> Result<()> {
        let line = [BUILT, LATER, &next.version, &kernel.release];
        self.on_disk(&line, &next.packages).map(drop)
    }

    /// Promise: systemd and udev have all as it should be, with the module of that kernel, and doctor is
    /// content.
    fn stands(&self, machine: &Machine, kernel: &Offered, version: &str) -> Result<()> {
        is_running(machine)?;
        let module = machine.run(["modinfo", "-n", "dell_milspec"])?.ok()?.text();
        let place = format!("/lib/modules/{}/updates/dkms/", kernel.release);
        ensure!(module.starts_with(&place), "{module}");
        let device = machine.run(["stat", "-c", "%U %G %a", "/dev/milspec"])?;
        let device = device.ok()?.text();
        ensure!(device.trim() == "root milspec 640", "{device}");
        for (unit, enabled, active) in UNITS {
            let is = |what| -> Result<String> {
                let output = machine.run(["systemctl", what, unit])?;
                Ok(output.text().trim().to_owned())
            };
            ensure!(
                is("is-enabled")? == *enabled,
                "{unit}: {}",
                is("is-enabled")?
            );
            // udev has some of them started, which the system does not count as booting.
            wait_until(&format!("{unit} is {active}"), || {
                Ok(is("is-active")? == *active)
            })?;
        }
        let doctor = machine.run(["milspecctl", "doctor"])?;
        let content = doctor.text().contains("Everything works.");
        ensure!(content, "{}{}", doctor.text(), doctor.error_text());
        let status = milspecctl(machine, &["status"])?;
        ensure!(status["driver"]["version"] == version, "{status:#}");
        Ok(())
    }
}

/// Promise: what docs/install.md shows of doctor has each of its checks, in their order.
fn as_the_page_says(machine: &Machine) -> Result<()> {
    let doctor = milspecctl(machine, &["doctor"])?;
    let checks = doctor["checks"].as_array().context("no checks")?;
    let said: Vec<&str> = checks
        .iter()
        .map(|check| field(check, "title"))
        .collect::<Result<_>>()?;
    let (_, page) = PAGE
        .split_once("# milspecctl doctor\n")
        .context("no doctor")?;
    let (page, _) = page.split_once("\nEverything works.").context("no end")?;
    let marked = |line: &&str| line.starts_with(['✓', '·']);
    let title = |line: &str| -> String { line.chars().skip(11).take(18).collect() };
    let shown: Vec<String> = page.lines().filter(marked).map(title).collect();
    let shown: Vec<&str> = shown.iter().map(|title| title.trim()).collect();
    ensure!(shown == said, "docs/install.md: {shown:?}, not {said:?}");
    Ok(())
}

/// What an administrator has brought about, as far as it outlives a boot.
#[derive(Debug, PartialEq)]
struct State {
    controls: BTreeMap<String, Value>,
    baseline: Value,
}

impl State {
    fn of(machine: &Machine) -> Result<Self> {
        Ok(Self {
            controls: values(machine)?,
            baseline: milspecctl(machine, &["baseline", "show"])?["controls"].clone(),
        })
    }
}

/// Runs dpkg in the machine, with nobody to answer, and returns all that it said.
fn dpkg(machine: &Machine, arguments: &str) -> Result<String> {
    let line = format!("DEBIAN_FRONTEND=noninteractive dpkg {arguments} </dev/null 2>&1");
    let start = Instant::now();
    let output = machine.run_command(GuestCommand::shell(&line).timeout(DPKG))?;
    let seconds = start.elapsed().as_secs();
    let said = output.ok()?.text();
    println!("dpkg {arguments}: {seconds} s\n{said}");
    Ok(said)
}

/// Promise: the package's own tests pass where it is installed.
fn own_tests(machine: &Machine) -> Result<()> {
    for name in ["cli", "service"] {
        let path = format!("/run/{name}");
        let script = std::fs::read(repository().join("packaging/debian/tests").join(name))?;
        machine.guest()?.create(&path, &script, 0o755)?;
        machine
            .run_command(GuestCommand::new(["sh".to_owned(), path]).timeout(DPKG))?
            .ok()?;
    }
    Ok(())
}

/// Promise: an upgrade under a running driver keeps what was brought about and recorded. The journal
/// goes on with the new program, and doctor says that the new module waits for its load.
fn upgraded(machine: &Machine, next: &str, state: &State) -> Result<()> {
    let pid = "systemctl show -P MainPID milspec-journal.service";
    let journal = || machine.sh(pid);
    let before = journal()?.text();
    let said = dpkg(machine, &format!("-i {LATER}/*.deb"))?;
    ensure!(
        journal()?.text() != before,
        "the journal is kept by the old program: {said}"
    );
    is_running(machine)?;
    let version = machine.run(["milspecctl", "--version"])?.ok()?.text();
    ensure!(version.trim() == format!("milspecctl {next}"), "{version}");
    let doctor = milspecctl(machine, &["doctor"])?;
    let checks = doctor["checks"].as_array().into_iter().flatten();
    let loaded = checks.filter(|check| check["id"] == "module-loaded");
    let results: Vec<&Value> = loaded.map(|check| &check["result"]).collect();
    ensure!(results == ["warning"], "{doctor:#}\n{said}");
    ensure!(&State::of(machine)? == state, "{said}");
    Ok(())
}

/// Promise: removal tells that a change is not confirmed and that settings are not as before, and
/// changes nothing; the module goes for all kernels, and from the one that runs. A purge leaves what
/// docs/packaging.md says.
fn removed(machine: &Machine) -> Result<()> {
    // One control of the mode has left it: to bring it back is the change that waits.
    let recorded = milspecctl(machine, &["baseline", "show"])?;
    let control = &recorded["controls"][0];
    let (name, before) = (field(control, "name")?, field(control, "value")?);
    milspecctl(machine, &["control", "set", &format!("{name}={before}")])?;
    let set = ["mode", "set", "enhanced", "--confirm-within", "1h"];
    let document = milspecctl(machine, &set)?;
    let waits = document["confirmation"]["result"] == "waiting";
    ensure!(waits, "{document:#}");
    let state = State::of(machine)?;
    let recorded = state.baseline.as_array().into_iter().flatten();
    let differs = recorded
        .filter(|control| control["differs"] == true)
        .count();
    let said = dpkg(machine, "-r dell-milspec-dkms")?;
    ensure!(said.contains("a change is not confirmed yet"), "{said}");
    ensure!(
        said.contains("not as before the first change") == (differs > 0),
        "{said}"
    );
    ensure!(!said.contains("stays loaded"), "{said}");
    let left = "find /lib/modules /usr/src /var/lib/dkms -name '*milspec*'; ls -d /sys/module/dell_milspec /dev/milspec";
    let left = machine.sh(left)?.text();
    ensure!(left.is_empty(), "{left}\n{said}");
    is_running(machine)?;
    // What milspecctl alone says of it.
    machine.run(["milspecctl", "status"])?.exits(3)?;
    ensure!(machine.exists("/var/lib/milspecctl/unconfirmed.json")?);

    let state = "cd /var/lib/milspecctl && touch training.lock training.json";
    machine.sh(state)?.ok()?;
    // What the walk itself has put there for its upgrade.
    let own = format!("rm -r {LATER} /usr/share/dell-milspec-dkms");
    machine.sh(&own)?.ok()?;
    dpkg(machine, "-P dell-milspec-dkms milspecctl")?;
    is_running(machine)?;
    let all =
        machine.sh("find / -xdev -ipath '*milspec*' ! -path '/usr/local/lib/simulation/*'")?;
    let all = all.ok()?.text();
    for path in all.lines() {
        ensure!(STAYS.contains(&path), "{path} is left: {all}");
    }
    for path in STAYS {
        ensure!(machine.exists(path)?, "{path} has gone");
    }
    let group = machine.sh("grep -c ^milspec: /etc/group")?.text();
    ensure!(group.trim() == "1", "the group has gone");
    Ok(())
}

fn walk() -> Result<()> {
    let walk = Walk::begin()?;
    let (kernels, suite) = (&walk.clean.kernels, &walk.clean.suite);
    let newest = kernels.first().context("no kernel")?;
    let version = env!("CARGO_PKG_VERSION");

    // The line of README.md.
    let names = ["linux-image-amd64", "linux-headers-amd64", "linux-source"];
    let names = names.map(|name| format!("{name}/{suite}"));
    walk.install("installation", &names, &kernels[..1])?;
    // It compiles on the core that the emulated machine does not use.
    let directory = walk.directory.path().to_owned();
    let next = std::thread::spawn(move || Next::of(version, &directory));
    let boot = walk.boot(newest)?;
    let mut machine = Machine::boot_installed("latitude-7490", &walk.disk, &boot)?;
    walk.stands(&machine, newest, version)?;
    as_the_page_says(&machine)?;
    own_tests(&machine)?;
    machine.sh("mkdir -p /etc/milspec")?.ok()?;
    let config = b"schema = \"milspec.config/1\"\n";
    let path = "/etc/milspec/config.toml";
    machine.guest()?.create(path, config, 0o644)?;
    milspecctl(&machine, &["mode", "set", "enhanced"])?;
    verified(&machine, &[JOURNAL], 1)?;

    // The archive may have but one.
    let other = kernels.last().context("no kernel")?;
    let names = [
        format!("linux-image-{}/{suite}", other.release),
        format!("linux-headers-{}/{suite}", other.release),
        format!("linux-source-{}/{suite}", other.series),
    ];
    machine.reboot_into(|| {
        walk.install("another kernel", &names, kernels)?;
        walk.boot(other)
    })?;
    walk.stands(&machine, other, version)?;
    verified(&machine, &[JOURNAL], 2)?;
    let state = State::of(&machine)?;

    let next = next.join().map_err(|_| anyhow!("a panic"))??;
    machine.reboot_into(|| {
        walk.leave_for_later(&next, newest)?;
        walk.boot(newest)
    })?;
    walk.stands(&machine, newest, version)?;
    verified(&machine, &[JOURNAL], 3)?;
    ensure!(State::of(&machine)? == state, "not as in the other kernel");
    upgraded(&machine, &next.version, &state)?;

    // As a reboot, which compiles nothing: DKMS has the module of the newest kernel alone.
    machine.reboot()?;
    walk.stands(&machine, newest, &next.version)?;
    verified(&machine, &[JOURNAL], 4)?;
    ensure!(State::of(&machine)? == state, "not as before the upgrade");
    removed(&machine)
}

/// Promise: what a fleet has already takes what milspecctl and the driver tell: auditd, rsyslog, logrotate,
/// node_exporter, each from Debian, with what docs/fleet.md has for it.
fn others() -> Result<()> {
    let walk = Walk::begin()?;
    let newest = walk.clean.kernels.first().context("no kernel")?;
    let image = format!("linux-image-{}/{}", newest.release, walk.clean.suite);
    walk.on_disk(&[OTHERS, "sh", &image], &walk.packages)?;
    // DKMS takes minutes, and is not what this is about.
    let prepared = prepared(&Progress::new())?;
    let module = prepared.build_module(&repository(), false, &Progress::new())?;
    let name = module.file_name().context("a module has a name")?;
    let copy =
        "mkdir -p /lib/modules/$0/updates && cp /mnt/$1 /lib/modules/$0/updates/dell_milspec.ko";
    let line = [copy, &newest.release, &name.to_string_lossy()];
    walk.on_disk(&line, module.parent().context("it is in a directory")?)?;
    walk.trim(std::slice::from_ref(newest))?;
    let boot = walk.boot(newest)?;
    let machine = Machine::boot_installed("latitude-7490", &walk.disk, &boot)?;
    for unit in [
        "milspec-monitor",
        "auditd",
        "rsyslog",
        "prometheus-node-exporter",
    ] {
        let is_active = || -> Result<bool> {
            let state = machine.run(["systemctl", "is-active", unit])?;
            Ok(state.text().trim() == "active")
        };
        let said = || -> Result<String> {
            let said = machine.sh(&format!(
                "systemctl status {unit}; systemctl list-jobs; journalctl -b -n 30 --no-pager"
            ))?;
            Ok(said.text() + &said.error_text())
        };
        wait_until(&format!("{unit} is active"), is_active)
            .with_context(|| said().unwrap_or_else(|error| error.to_string()))?;
    }
    milspecctl(&machine, &["mode", "set", "enhanced"])?;
    collected::audited(&machine)?;
    collected::collected(&machine)?;
    machine.check_kernel_log()
}

/// The next version: the commit that is checked out, and nothing changed but the version.
struct Next {
    version: String,
    packages: PathBuf,
}

impl Next {
    fn of(version: &str, directory: &Path) -> Result<Self> {
        let (of, last) = version.rsplit_once('.').context("a version has dots")?;
        let next = format!("{of}.{}", last.parse::<u32>()? + 1);
        let index = directory.join("index");
        git_on(&index, &["read-tree", "HEAD"])?;
        for (path, before, after) in [
            ("Cargo.toml", "\nversion = \"", "\""),
            ("Cargo.lock", "\nversion = \"", "\"\n"),
            ("driver/surface/wire.rs", "b\"", "\""),
            ("packaging/debian/changelog", "dell-milspec (", "-"),
        ] {
            let is = |version: &str| format!("{before}{version}{after}");
            let text = git(&["show", &format!("HEAD:{path}")])?;
            // Of the crates in Cargo.lock ours are from nowhere.
            let ours = |part: &str| match part.contains("\nsource = ") {
                true => part.to_owned(),
                false => part.replacen(&is(version), &is(&next), 1),
            };
            let parts: Vec<String> = text.split("[[package]]").map(ours).collect();
            let file = directory.join("file");
            std::fs::write(&file, parts.join("[[package]]") + "\n")?;
            let file = file.display().to_string();
            let blob = git(&["hash-object", "-w", &file])?;
            git_on(
                &index,
                &["update-index", "--cacheinfo", "100644", &blob, path],
            )?;
        }
        let tree = git_on(&index, &["write-tree"])?;
        // The same of the same commit, so that its packages are found again.
        let commit = git_on(&index, &["commit-tree", &tree, "-p", "HEAD", "-m", &next])?;
        Ok(Self {
            packages: packages(&commit)?,
            version: next,
        })
    }
}

/// git with an index of its own, and in the name and at the time of the commit that is checked out.
fn git_on(index: &Path, arguments: &[&str]) -> Result<String> {
    let date = git(&["log", "-1", "--format=%ct +0000"])?;
    let mut command = Command::new("git");
    command.arg("-C").arg(repository()).args(arguments);
    command.env("GIT_INDEX_FILE", index);
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "a test");
        command.env(format!("GIT_{who}_EMAIL"), "test@dell-milspec.invalid");
        command.env(format!("GIT_{who}_DATE"), &date);
    }
    output(&mut command)
}
