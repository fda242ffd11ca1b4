// SPDX-License-Identifier: GPL-2.0

//! QEMU's monitor (QMP) and its test port (qtest), as far as they are needed.

use anyhow::{bail, Context, Result};
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long QEMU may take for a command that is not a migration.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a saved machine is written through: a third of its size, and no slower to restore.
const PACK: &str = "zstd -q -1";
/// What it is read through.
pub const UNPACK: &str = "zstd -q -dc";

/// A connection to the monitor.
#[derive(Debug)]
pub struct Qmp {
    reader: BufReader<UnixStream>,
}

impl Qmp {
    /// Connects and says hello.
    pub fn connect(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket).context("cannot connect to QEMU's monitor")?;
        stream
            .set_read_timeout(Some(PATIENCE))
            .context("cannot set a timeout")?;
        let mut qmp = Self {
            reader: BufReader::new(stream),
        };
        qmp.read().context("QEMU's monitor says nothing")?;
        qmp.command("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    /// Runs a command and returns what it returned.
    pub fn command(&mut self, name: &str, arguments: Value) -> Result<Value> {
        let mut line = json!({ "execute": name, "arguments": arguments }).to_string();
        line.push('\n');
        self.reader
            .get_mut()
            .write_all(line.as_bytes())
            .with_context(|| format!("cannot send {name} to QEMU"))?;
        loop {
            let mut answer = self
                .read()
                .with_context(|| format!("QEMU does not answer {name}"))?;
            if let Some(error) = answer.get("error") {
                bail!("QEMU refuses {name}: {error}");
            }
            // Everything else that comes is an event.
            if let Some(value) = answer.get_mut("return") {
                return Ok(value.take());
            }
        }
    }

    /// Waits until the machine has one of these states.
    pub fn wait_status(&mut self, wanted: &[&str], patience: Duration) -> Result<()> {
        let start = Instant::now();
        loop {
            let status = self.command("query-status", json!({}))?;
            let state = status
                .get("status")
                .and_then(Value::as_str)
                .unwrap_or("unknown");
            if wanted.contains(&state) {
                return Ok(());
            }
            if start.elapsed() > patience {
                bail!("the machine is {state}, not {}", wanted.join(" or "));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Saves the stopped machine to a file.
    pub fn save(&mut self, file: &Path, patience: Duration) -> Result<()> {
        let uri = format!("exec:{PACK} > '{}'", file.display());
        self.command("migrate", json!({ "uri": uri }))?;
        let start = Instant::now();
        loop {
            let answer = self.command("query-migrate", json!({}))?;
            match answer.get("status").and_then(Value::as_str) {
                Some("completed") => return Ok(()),
                Some(failed @ ("failed" | "cancelled")) => {
                    bail!("saving the machine {failed}: {answer}")
                }
                _ if start.elapsed() > patience => bail!("saving the machine takes too long"),
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn read(&mut self) -> Result<Value> {
        let mut line = String::new();
        if self
            .reader
            .read_line(&mut line)
            .context("cannot read from QEMU")?
            == 0
        {
            bail!("QEMU has gone");
        }
        serde_json::from_str(&line).with_context(|| format!("QEMU said {line:?}"))
    }
}

/// Raises the interrupt by which the host tells firmware of an event: a short
/// pulse on pin 7 of the I/O APIC, which nothing else of this machine uses.
pub fn pulse_interrupt(qtest_socket: &Path) -> Result<()> {
    let stream = UnixStream::connect(qtest_socket).context("cannot connect to QEMU's test port")?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .context("cannot set a timeout")?;
    let mut reader = BufReader::new(stream);
    for level in [1, 0] {
        let line = format!("set_irq_in /machine/q35/ioapic unnamed-gpio-in 7 {level}\n");
        reader
            .get_mut()
            .write_all(line.as_bytes())
            .context("cannot write to QEMU's test port")?;
        let mut answer = String::new();
        reader
            .read_line(&mut answer)
            .context("QEMU's test port does not answer")?;
        if !answer.starts_with("OK") {
            bail!("QEMU's test port answered {answer:?}");
        }
    }
    Ok(())
}
