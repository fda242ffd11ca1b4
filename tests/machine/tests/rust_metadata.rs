// SPDX-License-Identifier: GPL-2.0

//! `scripts/rust-metadata`, where it has nothing to derive, and where it cannot.

use milspec_machine::prepare::Bind;
use milspec_machine::progress::Progress;
use std::process::Command;

/// Promise: where headers are missing, the package to install is named, however the kernel was.
#[test]
fn missing_headers() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/rust-metadata");
    for (kernel, package) in [
        ("9.9.9-none", "linux-headers-9.9.9-none"),
        ("/lib/modules/9.9.9-none/build", "linux-headers-9.9.9-none"),
        ("/nonexistent/tree", "the headers package"),
    ] {
        let output = Command::new(script).arg(kernel).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(77), "{text}");
        assert!(text.ends_with(&format!("install {package}\n")), "{text}");
    }
}

/// As the headers of Ubuntu are: one tree, with a link to metadata that another package has, and a
/// compiler that goes by another name. Arguments: the headers of Debian, the metadata that was derived
/// for them, and the script.
const LIKE_UBUNTU: &str = r#"kdir=$(realpath "$1") derived=$2 script=$3
common=$(realpath "$(sed -n 's|^include \(.*\)/Makefile$|\1|p' "$kdir/Makefile")")
mkdir -p /tmp/headers /tmp/lib /tmp/module /tmp/bin
cp -rs "$common/." /tmp/headers
rm -rf /tmp/headers/scripts /tmp/headers/tools
cp -rs --remove-destination "$kdir/include" "$kdir/arch" "$kdir/.config" "$kdir/Module.symvers" /tmp/headers
cp -r "$(realpath "$kdir/scripts")" /tmp/headers/scripts
cp -r "$(realpath "$kdir/tools")" /tmp/headers/tools
cp "$derived/scripts/target.json" /tmp/headers/scripts/
cp -rs "$derived/rust" /tmp/lib/rust
ln -s /tmp/lib/rust /tmp/headers/rust
ln -s "$(command -v rustc)" /tmp/bin/rustc-of-ubuntu
tree=$(RUSTC=/tmp/bin/rustc-of-ubuntu XDG_CACHE_HOME=/tmp/cache bash "$script" -q /tmp/headers)
cat >/tmp/module/hello.rs <<'END'
//! A module.
use kernel::prelude::*;
module! { type: Hello, name: "hello", authors: ["Nobody"], description: "-", license: "GPL", }
struct Hello;
impl kernel::Module for Hello {
    fn init(_module: &'static ThisModule) -> Result<Self> { Ok(Self) }
}
END
echo 'obj-m := hello.o' >/tmp/module/Kbuild
make -s -C "$tree" M=/tmp/module modules >&2
modinfo -F vermagic /tmp/module/hello.ko
sed -n 's/^override RUSTC = //p' "$tree/Makefile""#;

/// Promise: metadata that a distribution has beside its headers is used, with the compiler that made
/// it, whatever its name.
#[test]
fn metadata_beside_the_headers() {
    let prepared = milspec_machine::prepared(&Progress::new()).unwrap();
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts");
    let scripts = std::path::Path::new(scripts).canonicalize().unwrap();
    let script = scripts.join("rust-metadata");
    let release = &prepared.release;
    let headers = format!("/lib/modules/{release}/build");
    let arguments = [
        "bash",
        "-ec",
        LIKE_UBUNTU,
        "like-ubuntu",
        &headers,
        &prepared.kdir.to_string_lossy(),
        &script.to_string_lossy(),
    ];
    let printed = prepared
        .run_in_root(&arguments, &[Bind::same(&scripts)])
        .unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with(release.as_str()), "{printed}");
    assert_eq!(lines[1], "/tmp/bin/rustc-of-ubuntu");
}
