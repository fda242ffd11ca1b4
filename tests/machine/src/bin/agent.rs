// SPDX-License-Identifier: GPL-2.0

//! The agent in the guest: does what the host asks over a virtio serial port.
//!
//! Started by `guest/init` with the port as its argument. It never exits by
//! itself: without it the machine is mute.

use anyhow::{bail, Context, Result};
use milspec_machine::proto::{Reply, Request, LIMIT, MAGIC};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::time::Duration;

#[path = "agent/jobs.rs"]
mod jobs;
#[path = "agent/tools.rs"]
mod tools;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("serve") if args.len() == 3 => serve(&args[2]),
        Some("smbios") => tools::smbios(&args[2..]),
        Some("events") => tools::events(&args[2..]),
        _ => bail!("usage: milspec-agent serve PORT | smbios CLASS SELECT IN... | events SECONDS"),
    }
}

/// The port. Without a host at its other end it reads as ended: that is waited out.
struct Port(File);

impl Read for Port {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        loop {
            match self.0.read(bytes) {
                Ok(0) if !bytes.is_empty() => std::thread::sleep(Duration::from_millis(10)),
                result => return result,
            }
        }
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

fn serve(path: &str) -> Result<()> {
    let port = OpenOptions::new().read(true).write(true).open(path);
    let mut port = Port(port.with_context(|| format!("cannot open {path}"))?);

    // The host waits for this line on the console; where a person has a shell
    // there, nobody waits for it, and the level keeps it away.
    let level = std::env::var("MILSPEC_READY_LEVEL").unwrap_or_else(|_| "1".to_owned());
    if let Ok(mut log) = OpenOptions::new().write(true).open("/dev/kmsg") {
        let _ = log.write_all(format!("<{level}>milspec-agent: ready\n").as_bytes());
    }

    let mut jobs = jobs::Jobs::default();
    loop {
        let (text, bytes) = receive(&mut port)?;
        let (sequence, reply, bytes) = match serde_json::from_slice::<(u32, Request)>(&text) {
            Ok((sequence, request)) => {
                let (reply, bytes) = jobs.answer(request, bytes);
                (sequence, reply, bytes)
            }
            Err(error) => {
                let message = format!("not a request: {error}");
                (0, Reply::Failed { errno: 0, message }, Vec::new())
            }
        };
        send(&mut port, sequence, &reply, &bytes)?;
    }
}

fn receive(port: &mut Port) -> Result<(Vec<u8>, Vec<u8>)> {
    // Bytes that came while nobody listened are skipped.
    let mut window = [0; 4];
    loop {
        window.rotate_left(1);
        port.read_exact(&mut window[3..])
            .context("cannot read from the host")?;
        if u32::from_le_bytes(window) == MAGIC {
            break;
        }
    }
    let mut lengths = [0; 8];
    port.read_exact(&mut lengths)
        .context("cannot read from the host")?;
    let word = |i: usize| {
        let bytes = [lengths[i], lengths[i + 1], lengths[i + 2], lengths[i + 3]];
        u32::from_le_bytes(bytes) as usize
    };
    let (text, bytes) = (word(0), word(4));
    if text > LIMIT || bytes > LIMIT {
        bail!("the host sent a frame of {text} + {bytes} bytes");
    }
    let mut body = vec![0; text + bytes];
    port.read_exact(&mut body)
        .context("cannot read from the host")?;
    let bytes = body.split_off(text);
    Ok((body, bytes))
}

fn send(port: &mut Port, sequence: u32, reply: &Reply, bytes: &[u8]) -> Result<()> {
    let text = serde_json::to_vec(&(sequence, reply)).context("cannot encode an answer")?;
    let mut frame = Vec::with_capacity(12 + text.len() + bytes.len());
    for word in [MAGIC, text.len() as u32, bytes.len() as u32] {
        frame.extend(word.to_le_bytes());
    }
    frame.extend(text);
    frame.extend(bytes);
    port.write_all(&frame).context("cannot write to the host")
}
