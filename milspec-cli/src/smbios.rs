// SPDX-License-Identifier: GPL-2.0

//! Calls of Dell's SMBIOS interface, which mainline's `dell-smbios` offers at `/dev/wmi/dell-smbios`
//! (`struct dell_wmi_smbios_buffer` of `<linux/wmi.h>`). The password is checked this way, and a report
//! reads what the driver has not: everything else goes through the driver.

use crate::root::{Root, RECORDING_DIR};
use crate::smbios_device::SmbiosDevice;
use nix::errno::Errno;
use std::cell::Cell;
use zeroize::Zeroizing;

/// Where the numbers stand in a call: u64 length, u16 class, u16 select, u32 input\[4\],
/// u32 output\[4\], u32 attributes of the arguments, u32 length of what follows, data.
const CLASS: usize = 8;
const SELECT: usize = 10;
const INPUT: usize = 12;
const OUTPUT: usize = 28;
const ATTRIBUTES: usize = 44;
const DATA_LENGTH: usize = 48;
const DATA: usize = 52;

/// What the attributes say when the first argument is where data stands. libsmbios marks each argument
/// that is, in a byte of its own.
const FIRST_IS_OFFSET: u32 = 1;

/// The firmware counts from after the length.
const FIRMWARE_SEES: usize = 8;

/// What the status is before a call: a firmware that ignores the call would otherwise seem to
/// answer 0, which is success. The value is its own "not executed".
pub const NOT_EXECUTED: i32 = -3;

/// One call. What it holds may be a password: it is wiped when it goes.
pub struct Call {
    bytes: Zeroizing<Vec<u8>>,
}

impl Call {
    /// A call in a buffer of this size.
    fn new(size: usize, class: u16, select: u16) -> Self {
        let mut call = Self {
            bytes: Zeroizing::new(vec![0; size.max(DATA)]),
        };
        let length = call.bytes.len() as u64;
        call.put(0, &length.to_ne_bytes());
        call.put(CLASS, &class.to_ne_bytes());
        call.put(SELECT, &select.to_ne_bytes());
        call.put(OUTPUT, &NOT_EXECUTED.to_ne_bytes());
        call
    }

    /// Sets the first arguments, from bytes.
    pub fn with_arguments(mut self, bytes: &[u8]) -> Self {
        self.put(INPUT, bytes);
        self
    }

    /// Sets the data, so many bytes with zeros after those given, and the first argument to where it
    /// is. `None` where there is no room. The data is no longer than it must be: firmware that takes
    /// fewer bytes than its interface has ignores a longer call.
    pub fn with_data(mut self, bytes: &[u8], length: usize) -> Option<Self> {
        let room = self.bytes.len().checked_sub(DATA)?;
        if bytes.len() > length || length > room {
            return None;
        }
        let offset = (DATA - FIRMWARE_SEES) as u32;
        self.put(INPUT, &offset.to_ne_bytes());
        self.put(ATTRIBUTES, &FIRST_IS_OFFSET.to_ne_bytes());
        self.put(DATA_LENGTH, &(length as u32).to_ne_bytes());
        self.put(DATA, bytes);
        Some(self)
    }

    /// Puts as much as there is room for.
    fn put(&mut self, at: usize, bytes: &[u8]) {
        for (to, from) in self.bytes.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
    }

    /// A number of the answer; the first is the status.
    pub fn output(&self, number: usize) -> u32 {
        let mut bytes = [0; 4];
        let at = OUTPUT + 4 * number;
        for (to, from) in bytes.iter_mut().zip(self.bytes.iter().skip(at)) {
            *to = *from;
        }
        u32::from_ne_bytes(bytes)
    }

    /// The status of the answer.
    pub fn status(&self) -> i32 {
        self.output(0) as i32
    }
}

/// The device of the kernel's dell-smbios.
const DEVICE: &str = "/dev/wmi/dell-smbios";

/// Where calls go.
pub enum Smbios<'a> {
    /// The live firmware.
    Device(SmbiosDevice),
    /// A recording: `recording/smbios/N.request` holds a call without its length and without the
    /// zeros at its end, `N.answer` what came back. Each call is answered by the next one that fits.
    Recording(&'a Root, Cell<usize>),
}

impl<'a> Smbios<'a> {
    /// Opens the device, or the recording.
    pub fn open(root: &'a Root) -> nix::Result<Self> {
        if root.note().is_none() {
            return SmbiosDevice::open(&root.path(DEVICE)).map(Self::Device);
        }
        if root.exists(&format!("/{RECORDING_DIR}/smbios")) {
            Ok(Self::Recording(root, Cell::new(0)))
        } else {
            Err(Errno::ENOENT)
        }
    }

    /// Whether the firmware has an administrator password; `None` where it does not say. Class 10 is
    /// that of this password, and its first call is whether one is installed.
    pub fn has_admin_password(&self) -> nix::Result<Option<bool>> {
        let mut call = self.prepare(10, 0);
        self.make(&mut call)?;
        Ok(match call.status() {
            status @ 0..=3 => Some(status % 2 == 0),
            _ => None,
        })
    }

    /// A call to be made here.
    pub fn prepare(&self, class: u16, select: u16) -> Call {
        let size = match self {
            Self::Device(device) => device.size(),
            Self::Recording(..) => 4096,
        };
        Call::new(size, class, select)
    }

    /// Makes the call.
    pub fn make(&self, call: &mut Call) -> nix::Result<()> {
        match self {
            Self::Device(device) => device.make(&mut call.bytes),
            Self::Recording(root, next) => play(root, next, call),
        }
    }
}

fn play(root: &Root, next: &Cell<usize>, call: &mut Call) -> nix::Result<()> {
    let file = |number: usize, kind: &str| {
        let path = format!("/{RECORDING_DIR}/smbios/{number}.{kind}");
        root.bytes(&path).map_err(|_| Errno::EINVAL)
    };
    loop {
        let number = next.get();
        next.set(number + 1);
        let mut request = Zeroizing::new(file(number, "request")?);
        request.resize(call.bytes.len() - FIRMWARE_SEES, 0);
        if request.as_slice() == call.bytes.get(FIRMWARE_SEES..).unwrap_or_default() {
            call.put(FIRMWARE_SEES, &file(number, "answer")?);
            return Ok(());
        }
    }
}
