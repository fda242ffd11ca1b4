// SPDX-License-Identifier: GPL-2.0

//! A recording of the device: the bytes of the driver's answers, in files.
//!
//! `recording/info.bin`, `status.bin` and `controls.bin` hold the answers as the driver gave them,
//! `controls.bin` as a `Controls` followed by its elements. They go through the same decoding as
//! live answers. A recording of a refresh keeps `refresh.bin`, and the answers after it in
//! `recording/refreshed/`.

use crate::root::{Note, Root, RECORDING_DIR};
use crate::source::{Listing, Source};
use milspec_uapi::{Control, Controls, Info, Refresh, Status};
use nix::errno::Errno;
use zerocopy::{FromBytes, FromZeros, IntoBytes};

/// The recorded device.
pub struct Recording<'a> {
    root: &'a Root,
    refreshed: bool,
}

impl<'a> Recording<'a> {
    /// "Opens" the device as it was when recorded.
    pub fn open(root: &'a Root, note: &Note) -> nix::Result<Self> {
        if let Some(errno) = note.open_error {
            return Err(Errno::from_raw(errno));
        }
        if !root.exists(&format!("/{RECORDING_DIR}/info.bin")) {
            return Err(Errno::ENOENT);
        }
        Ok(Self {
            root,
            refreshed: false,
        })
    }

    fn file(&self, name: &str) -> nix::Result<Vec<u8>> {
        let refreshed = if self.refreshed { "/refreshed" } else { "" };
        self.root
            .bytes(&format!("/{RECORDING_DIR}{refreshed}/{name}.bin"))
            .map_err(|_| Errno::EOPNOTSUPP)
    }

    /// Decodes as the extensible structures prescribe: what the recording lacks is zero, what it
    /// has beyond this program's version is left out.
    fn answer<T: FromZeros + FromBytes + IntoBytes>(&self, name: &str) -> nix::Result<T> {
        Ok(decode(&self.file(name)?))
    }
}

fn decode<T: FromZeros + FromBytes + IntoBytes>(bytes: &[u8]) -> T {
    let mut value = T::new_zeroed();
    for (to, from) in value.as_mut_bytes().iter_mut().zip(bytes) {
        *to = *from;
    }
    value
}

impl Source for Recording<'_> {
    fn info(&self) -> nix::Result<Info> {
        self.answer("info")
    }

    fn status(&self) -> nix::Result<Status> {
        self.answer("status")
    }

    fn controls(&self) -> nix::Result<Listing> {
        let bytes = self.file("controls")?;
        let head: Controls = decode(&bytes);
        let elements = bytes.get(size_of::<Controls>()..).unwrap_or_default();
        if head.stride < Control::SIZE_MIN {
            return Err(Errno::EINVAL);
        }
        Ok(Listing {
            generation: head.generation,
            controls: elements
                .chunks_exact(head.stride as usize)
                .map(decode)
                .collect(),
        })
    }

    fn refresh(&mut self) -> nix::Result<Refresh> {
        let answer = self.answer("refresh")?;
        self.refreshed = true;
        Ok(answer)
    }
}
