// SPDX-License-Identifier: GPL-2.0

//! A software TPM for one machine.

use crate::children::Child;
use anyhow::{bail, Context, Result};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A running swtpm. It ends with this object, or when QEMU hangs up.
#[derive(Debug)]
pub struct Tpm {
    child: Child,
    socket: PathBuf,
}

impl Tpm {
    /// Starts one. `state` keeps what a TPM keeps without power.
    pub fn start(directory: &Path, state: &Path) -> Result<Self> {
        std::fs::create_dir_all(state)
            .with_context(|| format!("cannot make {}", state.display()))?;
        let socket = directory.join("tpm");
        let log = directory.join("tpm.log");
        let mut child = Child::start("swtpm", |command| {
            command
                .args(["socket", "--tpm2", "--terminate"])
                .arg("--tpmstate")
                .arg(format!("dir={}", state.display()))
                .arg("--ctrl")
                .arg(format!("type=unixio,path={}", socket.display()))
                .arg("--log")
                .arg(format!("file={},level=1", log.display()))
                .stdin(std::process::Stdio::null());
        })?;
        let start = Instant::now();
        while !socket.exists() {
            if let Some(status) = child.ended()? {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                bail!("swtpm ended with {status}: {said}");
            }
            if start.elapsed() > Duration::from_secs(30) {
                bail!("swtpm does not open its socket");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(Self { child, socket })
    }

    /// Ends it, as if the TPM had been taken out.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()
    }

    /// Where QEMU connects.
    pub fn socket(&self) -> &Path {
        &self.socket
    }
}
