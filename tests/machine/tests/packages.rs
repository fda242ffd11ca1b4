// SPDX-License-Identifier: GPL-2.0

//! What packages are made from, and, where there is time for it, the packages.

use milspec_machine::prepare::{packaging, Bind};
use milspec_machine::progress::Progress;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn text(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between two texts, the first time.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).expect(before);
    rest.split_once(after).expect(after).0
}

fn version() -> String {
    between(&text("Cargo.toml"), "\nversion = \"", "\"").to_owned()
}

/// An empty directory of this test.
fn empty(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Runs a command to its end and returns what it printed; it must be content.
fn output(command: &mut Command) -> String {
    let output = command.env_remove("MAKEFLAGS").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?}\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// What `make` puts where, for a package.
fn installed(name: &str, targets: &[&str]) -> (PathBuf, BTreeSet<String>) {
    let root = empty(name);
    let program = root.join("program");
    fs::write(&program, "").unwrap();
    let to = root.join("to");
    output(
        Command::new("make")
            .current_dir(repository())
            .args(targets)
            .arg(format!("DESTDIR={}", to.display()))
            .arg(format!("CLI={}", program.display()))
            .arg("PREFIX=/usr"),
    );
    let mut all = BTreeSet::new();
    files(&to, &to, &mut all);
    (to, all)
}

/// Files and links below a directory, by their paths from there.
fn files(dir: &Path, below: &Path, all: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            files(&path, below, all);
        } else {
            let path = path.strip_prefix(below).unwrap();
            all.insert(path.to_str().unwrap().to_owned());
        }
    }
}

/// Promise: the oldest cargo that README and packages name compiles all there is: no crate needs a newer
/// one. (A distribution's own compiler builds the packages, and it does not come with the next update.)
#[test]
fn the_oldest_cargo_is_enough() {
    let oldest = between(&text("Cargo.toml"), "rust-version = \"", "\"").to_owned();
    let number = |version: &str| -> Vec<u32> {
        let parts = version.split('.').map(|part| part.parse().unwrap());
        let parts: Vec<u32> = parts.collect();
        parts.into_iter().chain([0; 3]).take(3).collect()
    };
    for (path, said) in [
        ("README.md", format!("`cargo` {oldest} or newer")),
        ("packaging/debian/control", format!("cargo (>= {oldest})")),
        (
            "packaging/rpm/dell-milspec.spec",
            format!("cargo >= {oldest}"),
        ),
        (
            "tests/fuzz/Cargo.toml",
            format!("rust-version = \"{oldest}\""),
        ),
    ] {
        assert!(text(path).contains(&said), "{path} does not say: {said}");
    }
    let metadata = output(
        Command::new(env!("CARGO"))
            .current_dir(repository())
            .args(["metadata", "--locked", "--format-version", "1"])
            .args(["--filter-platform", "x86_64-unknown-linux-gnu"]),
    );
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let all = |of: &serde_json::Value| of.as_array().unwrap().clone();
    let used: BTreeSet<String> = all(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| node["id"].to_string())
        .collect();
    let packages = all(&metadata["packages"]);
    let used: Vec<_> = packages
        .iter()
        .filter(|package| used.contains(&package["id"].to_string()))
        .collect();
    assert!(used.len() > 100, "only {} crates", used.len());
    let newer: Vec<String> = used
        .iter()
        .filter_map(|package| {
            let needs = package["rust_version"].as_str()?;
            let is_newer = number(needs) > number(&oldest);
            is_newer.then(|| format!("{} {} needs {needs}", package["name"], package["version"]))
        })
        .collect();
    assert!(newer.is_empty(), "newer than {oldest}: {newer:?}");
}

/// Promise: driver, changelogs and metainfo are of the version of the crates.
#[test]
fn versions_agree() {
    let version = version();
    let debian = text("packaging/debian/changelog");
    let debian = between(&debian, "dell-milspec (", "-");
    let driver = text("driver/surface/wire.rs");
    let driver = between(&driver, "const VERSION: &[u8] = b\"", "\"");
    let metainfo = text("packaging/appstream/invalid.dell_milspec.driver.metainfo.xml");
    let metainfo = between(&metainfo, "<release version=\"", "\"");
    let changes = text("CHANGELOG.md");
    let changes = between(&changes, "\n## ", " ");
    for (what, is) in [
        ("packaging/debian/changelog", debian),
        ("the driver", driver),
        ("the metainfo", metainfo),
        ("CHANGELOG.md", changes),
    ] {
        assert_eq!(is, version, "{what}");
    }
}

/// Promise: the metainfo names the machines that the module names, so that who looks for a driver of
/// such a machine finds it.
#[test]
fn modaliases_agree() {
    let module = text("driver/dell_milspec.rs");
    let module = between(&module, "alias: [", "],");
    let mut module: BTreeSet<&str> = module.split('"').skip(1).step_by(2).collect();
    // From the table of ACPI devices.
    module.insert("acpi*:DSML0001:*");
    let metainfo = text("packaging/appstream/invalid.dell_milspec.driver.metainfo.xml");
    let metainfo: BTreeSet<&str> = metainfo
        .split("<modalias>")
        .skip(1)
        .map(|rest| rest.split("</modalias>").next().unwrap())
        .collect();
    assert_eq!(metainfo, module);
}

/// Promise: the page for packagers has every crate that milspecctl is built of, with its licence.
#[test]
fn licences_agree() {
    let page = text("docs/packaging.md");
    let (_, page) = page
        .split_once("<!-- scripts/vendor --licences -->\n")
        .unwrap();
    let is = output(Command::new(repository().join("scripts/vendor")).arg("--licences"));
    assert!(
        page == is,
        "docs/packaging.md is to end with what scripts/vendor --licences prints"
    );
}

/// Promise: what DKMS gets is all of the module and no test of it, with a configuration that it
/// understands: the version, the oldest kernel that `scripts/rust-metadata` takes, and a program that
/// is there to be run first.
#[test]
fn dkms_gets_the_module() {
    let (root, files) = installed("dkms", &["install-dkms"]);
    let source = format!("usr/src/dell-milspec-{}", version());
    let tree = root.join(&source);
    let mut sources = BTreeSet::new();
    self::files(&repository().join("driver"), &repository(), &mut sources);
    sources.retain(|path| {
        !path.contains("/tests/") && !path.contains("/benches/") && !path.ends_with("/Cargo.toml")
    });
    let is: BTreeSet<String> = files
        .iter()
        .filter_map(|path| path.strip_prefix(&format!("{source}/")))
        .filter(|path| path.starts_with("driver/"))
        .map(str::to_owned)
        .collect();
    assert_eq!(is, sources);

    let conf = output(Command::new("bash").current_dir(&tree).args([
        "-euc",
        r#"kernelver=KERNEL kernel_source_dir=HEADERS
. ./dkms.conf
printf '%s\n' "$PACKAGE_NAME" "$PACKAGE_VERSION" "$BUILD_EXCLUSIVE_KERNEL_MIN" "$PRE_BUILD"
[ -x "${PRE_BUILD%% *}" ]
[ "${BUILT_MODULE_NAME[0]}" = dell_milspec ]"#,
    ]));
    let script = text("scripts/rust-metadata");
    let oldest = between(&script, "\nMIN_KERNEL=", " ");
    let version = version();
    let expected = [
        "dell-milspec",
        &version,
        oldest,
        "packaging/dkms/pre-build KERNEL HEADERS",
    ];
    assert_eq!(conf.lines().collect::<Vec<_>>(), expected);
}

/// Promise: the Debian package has apt install no headers and no source of kernels that are too old,
/// such as those of Debian 13 itself.
#[test]
fn debian_recommends_no_older_kernel() {
    let script = text("scripts/rust-metadata");
    let fits = format!("(>= {})", between(&script, "\nMIN_KERNEL=", " "));
    let control = text("packaging/debian/control");
    let recommended = between(&control, "\nRecommends: ", "\n");
    let kernels = recommended.split([',', '|']).map(str::trim);
    let kernels: Vec<_> = kernels.filter(|name| name.starts_with("linux-")).collect();
    assert!(!kernels.is_empty());
    for kernel in kernels {
        assert!(kernel.ends_with(&fits), "{kernel}");
    }
}

/// Promise: each file that `make` installs for packages is in one Debian package.
#[test]
fn debian_packages_have_all() {
    let targets = ["install-cli", "install-service", "install-dkms"];
    let (_, files) = installed("debian", &targets);
    let lists = ["milspecctl", "dell-milspec-dkms"].map(|package| {
        let list = text(&format!("packaging/debian/{package}.install"));
        list.lines()
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    for file in &files {
        let of = lists
            .iter()
            .filter(|list| {
                list.iter()
                    .any(|path| file == path || file.starts_with(&format!("{path}/")))
            })
            .count();
        assert_eq!(of, 1, "{file} is in {of} packages");
    }
}

/// Runs a line of shell in the root in which packages are built, with this directory as /mnt, and with
/// empty directories in place of these of the root.
fn in_root(dir: &Path, emptied: &[&str], line: &str) -> String {
    let root = packaging::prepare(&Progress::new()).unwrap();
    let mut binds = vec![Bind::new(dir, "/mnt")];
    for (number, path) in emptied.iter().enumerate() {
        binds.push(Bind::new(empty(&format!("emptied-{number}")), *path));
    }
    root.run(&["sh", "-euc", line], &binds, line, None).unwrap()
}

/// Promise: all packages of the commit are built without a network, lintian says nothing of Debian's
/// that is not argued, and who builds these again gets the same bytes.
#[test]
#[ignore = "long"]
fn packages_are_built_and_are_the_same_again() {
    let (first, second) = (empty("packages"), empty("packages-again"));
    let make = |to: &Path, arguments: &[&str]| {
        output(
            Command::new(repository().join("scripts/make-packages"))
                .arg("-o")
                .arg(to)
                .args(arguments),
        )
    };
    make(&first, &[]);
    make(&second, &["-q", "deb"]);
    let version = version();
    for name in [
        format!("milspecctl_{version}-1_amd64.deb"),
        format!("milspecctl-dbgsym_{version}-1_amd64.deb"),
        format!("dell-milspec-dkms_{version}-1_all.deb"),
    ] {
        let read = |dir: &Path| fs::read(dir.join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(read(&first) == read(&second), "{name} differs");
    }
    for name in [
        format!("milspecctl-{version}-1.x86_64.rpm"),
        format!("dell-milspec-dkms-{version}-1.noarch.rpm"),
        format!("milspecctl-{version}-1-x86_64.pkg.tar.xz"),
        format!("dell-milspec-dkms-{version}-1-any.pkg.tar.xz"),
    ] {
        assert!(first.join(&name).is_file(), "{name} was not built");
    }

    // What Debian's package has runs there, as its own test has it, and the metainfo has but one fault.
    let said = in_root(
        &first,
        &[],
        "dpkg-deb -x /mnt/milspecctl_*_amd64.deb /tmp/cli
dpkg-deb -x /mnt/dell-milspec-dkms_*.deb /tmp/dkms
/tmp/cli/usr/bin/milspecctl --version
find /tmp/cli /tmp/dkms ! -type l -perm /022
appstreamcli validate --no-net --no-color /tmp/dkms/usr/share/metainfo/*.xml |
	grep '^[EWP]:' | sed 's/.* //' || true",
    );
    assert_eq!(
        said,
        format!("milspecctl {version}\nurl-homepage-missing\n")
    );

    removal_warns(&first);
    a_kernel_is_skipped(&first);
}

/// Promise: removal while a change is unconfirmed and settings are not as before says so, asks nothing
/// where nobody is, and changes nothing.
fn removal_warns(packages: &Path) {
    let said = in_root(
        packages,
        &["/var/cache", "/var/lib/dpkg/info", "/var/lib/milspecctl"],
        r#"mkdir -p /var/cache/debconf /tmp/bin
dpkg-deb -e /mnt/dell-milspec-dkms_*.deb /tmp/control
cp /tmp/control/prerm /var/lib/dpkg/info/dell-milspec-dkms.prerm
cp /tmp/control/templates /var/lib/dpkg/info/dell-milspec-dkms.templates
printf '#!/bin/sh\n' | tee /tmp/bin/dkms >/tmp/bin/milspecctl
cat >>/tmp/bin/milspecctl <<'END'
case "$*" in
"--json mode get") echo '  "latched": true,' ;;
"--json baseline show") echo '      "differs": true' ;;
*) echo "milspecctl $*" ;;
esac
END
chmod +x /tmp/bin/*
export PATH=/tmp/bin:$PATH DEBIAN_FRONTEND=noninteractive
/var/lib/dpkg/info/dell-milspec-dkms.prerm remove </dev/null 2>&1
echo 'dell-milspec-dkms dell-milspec-dkms/restore-baseline boolean true' | debconf-set-selections
/var/lib/dpkg/info/dell-milspec-dkms.prerm remove </dev/null 2>&1 | grep '^milspecctl'
mkdir -p /var/lib/milspecctl
for state in undone reboot-due armed; do
	echo "$state:"
	printf '{\n  "change": "it",\n  "state": "%s"\n}\n' $state >/var/lib/milspecctl/unconfirmed.json
	echo 'dell-milspec-dkms dell-milspec-dkms/restore-baseline boolean true' | debconf-set-selections
	/var/lib/dpkg/info/dell-milspec-dkms.prerm remove </dev/null 2>&1 | grep -E '^milspecctl|not confirmed'
done"#,
    );
    // What was undone already is not to be undone: milspecctl would fail, and with it the removal.
    let (said, records) = said.split_at(said.find("undone:\n").unwrap());
    let (undone, armed) = records.split_at(records.find("armed:\n").unwrap());
    assert_eq!(
        undone,
        "undone:\nmilspecctl mode set baseline\nreboot-due:\nmilspecctl mode set baseline\n"
    );
    assert!(armed.contains("is not confirmed yet"), "{armed}");
    assert!(armed.contains("\nmilspecctl confirm --undo\n"), "{armed}");
    let (unattended, preseeded) = said.split_at(said.rfind("milspecctl mode").unwrap());
    assert!(unattended.contains("latched until the next boot"), "{said}");
    assert!(
        unattended.contains("not as before the first change"),
        "{said}"
    );
    assert!(!unattended.contains("\nmilspecctl"), "{said}");
    assert_eq!(preseeded, "milspecctl mode set baseline\n");
}

/// Promise: a kernel that cannot have the module is skipped, and the reason is kept.
fn a_kernel_is_skipped(packages: &Path) {
    let said = in_root(
        packages,
        &["/var/lib"],
        r#"dpkg-deb -x /mnt/dell-milspec-dkms_*.deb /tmp/dkms
status=0
/tmp/dkms/usr/src/*/packaging/dkms/pre-build 9.9.9-none /lib/modules/9.9.9-none/build 2>/dev/null || status=$?
echo $status
cat /var/lib/dell-milspec/build-9.9.9-none.txt"#,
    );
    assert_eq!(
        said,
        "77\nno kernel headers in /lib/modules/9.9.9-none/build: install linux-headers-9.9.9-none\n"
    );
}
