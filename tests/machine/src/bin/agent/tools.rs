// SPDX-License-Identifier: GPL-2.0

//! Small witnesses that run in the guest: mainline's interfaces, used without
//! any code of the driver under test.

use anyhow::{bail, Context, Result};
use std::fs::File;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// Bytes of the longest call that `/dev/wmi/dell-smbios` takes: a length, then
/// as many as the machine's interface has. The device says how many.
const LONGEST: usize = 8 + 0x8000;
/// Where class, inputs and outputs stand in it.
const STD: usize = 8;
const INPUT: usize = STD + 4;
const OUTPUT: usize = STD + 20;
const EXTENSION: usize = STD + 44;

/// `DELL_WMI_SMBIOS_CMD` is `_IOWR('W', 0, struct dell_wmi_smbios_buffer)`.
const STRUCT_SIZE: usize = 52;

mod ioctl {
    nix::ioctl_readwrite_bad!(
        smbios_call,
        nix::request_code_readwrite!(b'W', 0, super::STRUCT_SIZE),
        [u8; super::LONGEST]
    );
}

/// `smbios CLASS SELECT IN... [--text TEXT] [--preset N] [--length N] [--show N]`:
/// one call through mainline's character device; prints the four outputs in
/// hex, and so many bytes of the extension as text. TEXT goes into the extension of the buffer, the preset into all outputs
/// beforehand. The length is the one of the extension, of 32 bytes where there is
/// a text and none otherwise.
pub fn smbios(args: &[String]) -> Result<()> {
    let mut numbers = Vec::new();
    let mut buffer = [0_u8; LONGEST];
    let mut shown = 0;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--text" => {
                let text = args.next().context("--text needs a text")?.as_bytes();
                let room = buffer.get_mut(EXTENSION..EXTENSION + text.len());
                room.context("the text is too long")?.copy_from_slice(text);
                buffer[STD + 36..STD + 40].copy_from_slice(&1_u32.to_le_bytes());
                buffer[STD + 40..STD + 44].copy_from_slice(&32_u32.to_le_bytes());
            }
            "--preset" => {
                let preset = number(args.next().context("--preset needs a number")?)?;
                for word in buffer[OUTPUT..OUTPUT + 16].chunks_exact_mut(4) {
                    word.copy_from_slice(&preset.to_le_bytes());
                }
            }
            "--length" => {
                let length = number(args.next().context("--length needs a number")?)?;
                buffer[STD + 40..STD + 44].copy_from_slice(&length.to_le_bytes());
            }
            "--show" => shown = number(args.next().context("--show needs a number")?)? as usize,
            text => numbers.push(number(text)?),
        }
    }
    let &[class, select, ref inputs @ ..] = numbers.as_slice() else {
        bail!("a call needs a class and a select");
    };
    if inputs.len() > 4 {
        bail!("a call has four inputs");
    }
    let mut device = File::open("/dev/wmi/dell-smbios").context("/dev/wmi/dell-smbios")?;
    let mut size = [0; 8];
    device.read_exact(&mut size).context("no size of a call")?;
    if u64::from_ne_bytes(size) > LONGEST as u64 {
        bail!("calls of {} bytes", u64::from_ne_bytes(size));
    }
    buffer[..8].copy_from_slice(&size);
    buffer[STD..STD + 2].copy_from_slice(&(class as u16).to_le_bytes());
    buffer[STD + 2..STD + 4].copy_from_slice(&(select as u16).to_le_bytes());
    for (i, input) in inputs.iter().enumerate() {
        buffer[INPUT + 4 * i..INPUT + 4 * i + 4].copy_from_slice(&input.to_le_bytes());
    }
    // SAFETY: the driver reads and writes as many bytes as it said before, and the
    // buffer has at least as many. It is borrowed exclusively.
    unsafe { ioctl::smbios_call(device.as_raw_fd(), &mut buffer) }.context("call refused")?;
    let outputs: Vec<String> = buffer[OUTPUT..OUTPUT + 16]
        .chunks_exact(4)
        .map(|w| format!("{:08x}", u32::from_le_bytes([w[0], w[1], w[2], w[3]])))
        .collect();
    println!("{}", outputs.join(" "));
    if shown > 0 {
        let extension = buffer.get(EXTENSION..EXTENSION + shown);
        let bytes = extension.context("the extension is shorter")?;
        println!("{}", bytes.escape_ascii());
    }
    Ok(())
}

fn number(text: &str) -> Result<u32> {
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |hex| (hex, 16));
    u32::from_str_radix(digits, radix).with_context(|| format!("not a number: {text}"))
}

/// `events SECONDS NAME`: prints `type code value` of each event that the
/// input device called NAME reports, until the time is up.
pub fn events(args: &[String]) -> Result<()> {
    let [seconds, name] = args else {
        bail!("usage: events SECONDS NAME");
    };
    let seconds: u64 = seconds.parse().context("not a number of seconds")?;
    let mut path = None;
    for entry in std::fs::read_dir("/sys/class/input").context("no input devices")? {
        let entry = entry.context("no input devices")?;
        let file = entry.file_name().to_string_lossy().into_owned();
        let called = std::fs::read_to_string(entry.path().join("device/name"));
        if file.starts_with("event") && called.is_ok_and(|c| c.trim() == name) {
            path = Some(format!("/dev/input/{file}"));
        }
    }
    let path = path.with_context(|| format!("no input device is called {name}"))?;
    let mut device = File::open(&path).with_context(|| path.clone())?;
    println!("listening");
    let end = Instant::now() + Duration::from_secs(seconds);
    std::thread::spawn(move || {
        // struct input_event on 64 bits: time (16), type, code, value.
        let mut event = [0; 24];
        while device.read_exact(&mut event).is_ok() {
            let word = |i: usize| u16::from_le_bytes([event[i], event[i + 1]]);
            let value = i32::from_le_bytes([event[20], event[21], event[22], event[23]]);
            println!("{} {} {value}", word(16), word(18));
        }
    });
    std::thread::sleep(end.saturating_duration_since(Instant::now()));
    Ok(())
}
