// SPDX-License-Identifier: GPL-2.0

//! `scripts/rust-metadata`, where it cannot do anything.

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
