// SPDX-License-Identifier: GPL-2.0

//! The NVRAM of the simulated Dell, seen from the host.
//!
//! The file is the memory of a PCI device in the guest (`ivshmem-plain` on a
//! shared `memory-backend-file`), so that what firmware writes is here at once
//! and what is written here firmware reads at its next access. Plain positioned
//! reads and writes of the file do: both sides share the page cache.

pub mod controls;
pub mod factory;
pub mod fault;
pub mod layout;

use anyhow::{bail, Context, Result};
use layout::*;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// An open NVRAM file.
#[derive(Clone, Debug)]
pub struct Nvram {
    file: Arc<File>,
}

impl Nvram {
    /// Opens an existing NVRAM file.
    pub fn open(path: &Path) -> Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .with_context(|| format!("cannot open the NVRAM file {}", path.display()))?;
        let nvram = Self {
            file: Arc::new(file),
        };
        if nvram.read_u32(NV_MAGIC)? != NV_MAGIC_VALUE || nvram.read_u32(NV_VERSION)? != VERSION {
            bail!("{} is not an NVRAM file of this version", path.display());
        }
        Ok(nvram)
    }

    /// Writes a new NVRAM file with the given contents and opens it.
    pub fn create(path: &Path, image: &[u8]) -> Result<Self> {
        std::fs::write(path, image)
            .with_context(|| format!("cannot write the NVRAM file {}", path.display()))?;
        Self::open(path)
    }

    /// Reads bytes.
    pub fn read(&self, offset: u32, bytes: &mut [u8]) -> Result<()> {
        self.file
            .read_exact_at(bytes, u64::from(offset))
            .with_context(|| format!("cannot read NVRAM at {offset:#x}"))
    }

    /// Writes bytes.
    pub fn write(&self, offset: u32, bytes: &[u8]) -> Result<()> {
        let end = offset as usize + bytes.len();
        if end > NV_SIZE as usize {
            // Writing on would make the file longer than the guest's memory.
            bail!("a write to {offset:#x} would leave the NVRAM");
        }
        self.file
            .write_all_at(bytes, u64::from(offset))
            .with_context(|| format!("cannot write NVRAM at {offset:#x}"))
    }

    /// Reads one byte.
    pub fn read_u8(&self, offset: u32) -> Result<u8> {
        let mut bytes = [0; 1];
        self.read(offset, &mut bytes)?;
        Ok(bytes[0])
    }

    /// Reads 16 bits.
    pub fn read_u16(&self, offset: u32) -> Result<u16> {
        let mut bytes = [0; 2];
        self.read(offset, &mut bytes)?;
        Ok(u16::from_le_bytes(bytes))
    }

    /// Reads 32 bits.
    pub fn read_u32(&self, offset: u32) -> Result<u32> {
        let mut bytes = [0; 4];
        self.read(offset, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Writes one byte.
    pub fn write_u8(&self, offset: u32, value: u8) -> Result<()> {
        self.write(offset, &[value])
    }

    /// Writes 16 bits.
    pub fn write_u16(&self, offset: u32, value: u16) -> Result<()> {
        self.write(offset, &value.to_le_bytes())
    }

    /// Writes 32 bits.
    pub fn write_u32(&self, offset: u32, value: u32) -> Result<()> {
        self.write(offset, &value.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::children::TempDir;

    /// Tests with an NVRAM file without contents.
    pub fn blank(test: impl FnOnce(&Nvram)) {
        let directory = TempDir::new("nvram").unwrap();
        let mut image = vec![0; NV_SIZE as usize];
        image[..4].copy_from_slice(&NV_MAGIC_VALUE.to_le_bytes());
        image[4..8].copy_from_slice(&VERSION.to_le_bytes());
        test(&Nvram::create(&directory.path().join("nvram"), &image).unwrap());
    }
}
