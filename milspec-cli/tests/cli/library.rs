// SPDX-License-Identifier: GPL-2.0

//! The library, as somebody else uses it.

use crate::driver::Driver;
use crate::machines::setting;
use crate::tree::Tree;
use std::process::Command;

/// Promise: the example builds on the library alone, and tells how a recorded machine stands.
#[test]
fn example() {
    let driver = Driver::new(vec![setting("camera", "enabled")]);
    let (tree, _) = driver.record(Tree::loaded("library"), &[]);
    let run = |argument: &str| {
        let output = Command::new(env!("CARGO"))
            .args([
                "run",
                "-q",
                "--locked",
                "--example",
                "hardened",
                "--",
                argument,
            ])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), text, error)
    };
    let (status, text, error) = run(tree.dir());
    assert_eq!((status, error.as_str()), (Some(1), ""));
    assert_eq!(text, "mode: custom: in none of the modes\ndrifted: \n");
    let (status, text, error) = run("/nonexistent");
    assert_eq!((status, text.as_str()), (Some(1), ""));
    assert!(
        error.contains("/nonexistent is not a recorded tree"),
        "{error}"
    );
}
