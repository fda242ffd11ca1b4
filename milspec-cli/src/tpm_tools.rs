// SPDX-License-Identifier: GPL-2.0

//! tpm2-tools, which speak to the TPM and judge what it signed.
//!
//! What they read and write are files without a name: nothing is left behind, however this program
//! ends.

use crate::failure::{errno_of, Exit, Failure, Result};
use crate::model::clean;
use crate::root::Root;
use crate::system::variable;
use nix::errno::Errno;
use nix::sys::memfd::{memfd_create, MFdFlags};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

/// Variable of tpm2-tools that says how the TPM is reached.
const TCTI: &str = "TPM2TOOLS_TCTI";

/// The TPM that the kernel, and with it the driver, uses; through the kernel's resource manager.
const DEVICE: &str = "/dev/tpmrm0";

/// Where programs are when nobody says.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A file without a name. Programs that are started from here find it at [`Scratch::path`].
pub struct Scratch(File);

impl Scratch {
    /// An empty one.
    pub fn new() -> Result<Self> {
        // It is inherited: without MFD_CLOEXEC.
        match memfd_create("milspecctl", MFdFlags::empty()) {
            Ok(file) => Ok(Self(file.into())),
            Err(errno) => Err(no_scratch(errno)),
        }
    }

    /// One with this in it.
    pub fn with(bytes: &[u8]) -> Result<Self> {
        let mut scratch = Self::new()?;
        let written = scratch.0.write_all(bytes);
        written.map_err(|error| no_scratch(errno_of(&error)))?;
        Ok(scratch)
    }

    /// Its path, for a program that is started from here.
    pub fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }

    /// What is in it.
    pub fn read(mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let read = self
            .0
            .rewind()
            .and_then(|()| self.0.read_to_end(&mut bytes));
        read.map_err(|error| no_scratch(errno_of(&error)))?;
        Ok(bytes)
    }
}

/// Whether they are installed.
pub fn installed(root: &Root) -> bool {
    let live = root.note().is_none();
    let path = variable("PATH").filter(|_| live);
    let path = path.unwrap_or_else(|| PATH.into());
    std::env::split_paths(&path).any(|dir| {
        let tool = dir.join("tpm2_quote");
        tool.to_str().is_some_and(|tool| root.exists(tool))
    })
}

/// What a tool printed; or why it failed, in its own words.
pub type Said = std::result::Result<String, String>;

/// Runs a tool. No argument has a space in it.
pub fn run(tool: &str, arguments: &str) -> Result<Said> {
    let tcti = variable(TCTI).unwrap_or_else(|| format!("device:{DEVICE}").into());
    let output = Command::new(tool)
        .args(arguments.split(' '))
        .env_clear()
        .env("PATH", variable("PATH").unwrap_or_else(|| PATH.into()))
        .env(TCTI, tcti)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started(tool, &error))?;
    if output.status.success() {
        return Ok(Ok(String::from_utf8_lossy(&output.stdout).into_owned()));
    }
    let status = output.status;
    let words = in_words(&output.stderr);
    let words = words.unwrap_or_else(|| format!("it ended with {status}"));
    Ok(Err(words))
}

/// Runs a tool that needs the TPM; `what` is what it cannot do when it fails.
pub fn ask_tpm(what: &str, tool: &str, arguments: &str) -> Result<String> {
    run(tool, arguments)?.map_err(|words| {
        Failure::new(
            "tpm-failed",
            what,
            format!("{tool} says: {words}"),
            "see \"dmesg | grep -i tpm\"; a TPM that is busy answers later",
        )
    })
}

/// Looks whether there is a TPM that this process may use. Says more than tpm2-tools would.
pub fn find_tpm() -> Result<()> {
    if variable(TCTI).is_some() {
        return Ok(());
    }
    let Err(error) = OpenOptions::new().read(true).write(true).open(DEVICE) else {
        return Ok(());
    };
    let what = format!("cannot open {DEVICE}");
    Err(Failure::of("tpm", what, errno_of(&error)))
}

/// The value of `key: value` in what a tool printed; or of `value: value` in the line after `key:`.
pub fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let found = line
            .strip_prefix(key)
            .and_then(|rest| rest.strip_prefix(':'));
        match found.map(str::trim) {
            None => continue,
            Some("") => {
                let below = lines.peek().and_then(|line| line.strip_prefix("value:"));
                if let Some(value) = below {
                    return Some(value.trim());
                }
            }
            value => return value,
        }
    }
    None
}

/// The first line that says what is wrong. Those that follow say which function was given up.
fn in_words(stderr: &[u8]) -> Option<String> {
    let lines = || stderr.split(|byte| *byte == b'\n').map(clean);
    let error = lines().find_map(|line| Some(line.strip_prefix("ERROR: ")?.to_string()));
    error.or_else(|| lines().find(|line| !line.is_empty()))
}

fn not_started(tool: &str, error: &io::Error) -> Failure {
    let (exit, why) = match error.kind() {
        io::ErrorKind::NotFound => (Exit::Unsupported, "it is not installed, or not in PATH"),
        _ => (Exit::Failed, "the kernel does not start it"),
    };
    let what = format!("cannot run {tool}");
    let next = "install the package tpm2-tools";
    Failure::new("no-tpm-tools", what, why, next)
        .exits(exit)
        .with(errno_of(error))
}

fn no_scratch(errno: Errno) -> Failure {
    Failure::new(
        "no-memory-file",
        "cannot use a file in memory",
        "the kernel does not give one: memory or descriptors ran out",
        "see \"free\" and \"ulimit -n\"",
    )
    .with(errno)
}
