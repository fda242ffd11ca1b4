// SPDX-License-Identifier: GPL-2.0

//! The live device `/dev/wmi/dell-smbios`: its one `ioctl()`.

use crate::failure::errno_of;
use nix::errno::Errno;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::Path;

/// `DELL_WMI_SMBIOS_CMD`: `_IOWR('W', 0, struct dell_wmi_smbios_buffer)`; the structure has 52
/// bytes before its data.
const COMMAND: u32 = (3 << 30) | (52 << 16) | ((b'W' as u32) << 8);

nix::ioctl_readwrite_bad!(command, COMMAND, u8);

/// No firmware asks for more; the usual is 4 KiB.
const SIZE_MAX: u64 = 1 << 20;

/// The open device.
pub struct SmbiosDevice {
    file: File,
    size: usize,
}

impl SmbiosDevice {
    /// Opens the device and asks how long a call must be.
    pub fn open(path: &Path) -> nix::Result<Self> {
        let errno = |error: std::io::Error| errno_of(&error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(errno)?;
        let mut size = [0; 8];
        file.read_exact(&mut size).map_err(errno)?;
        match u64::from_ne_bytes(size) {
            size @ 52..=SIZE_MAX => Ok(Self {
                file,
                size: usize::try_from(size).map_err(|_| Errno::EOVERFLOW)?,
            }),
            _ => Err(Errno::EPROTO),
        }
    }

    /// How long a call must be, in bytes, its length included.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Makes the call whose bytes these are.
    pub fn make(&self, bytes: &mut [u8]) -> nix::Result<()> {
        if bytes.len() < self.size {
            return Err(Errno::EINVAL);
        }
        // SAFETY: the kernel reads and writes as many bytes as it told in `open`, which is no more
        // than the buffer has; it is mutably borrowed for the call.
        unsafe { command(self.file.as_raw_fd(), bytes.as_mut_ptr()) }?;
        Ok(())
    }
}
