// SPDX-License-Identifier: GPL-2.0

//! The TPM.
//!
//! C header: `include/linux/tpm.h`. Its functions are inline stubs where the kernel has no TPM, and
//! there are no bindings for its structures, so that `helpers.c` stands between.

use super::crypto;
use core::ptr::NonNull;
use kernel::{
    error::to_result,
    prelude::*, //
};

/// `TPM2_MAX_PCR_BANKS`, as helpers.c asserts.
const BANKS: usize = 8;

/// Entries of `enum tpm_algorithms`, as helpers.c asserts.
const SHA1: u16 = 0x0004;
const SHA256: u16 = 0x000B;
const SHA384: u16 = 0x000C;
const SHA512: u16 = 0x000D;

/// `struct tpm_chip`.
#[repr(C)]
struct RawChip {
    _opaque: [u8; 0],
}

/// `struct tpm_digest`.
#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Digest {
    algorithm: u16,
    bytes: [u8; 64],
}

const _: () = assert!(size_of::<Digest>() == 66);

mod c {
    use super::*;

    // All of helpers.c.
    extern "C" {
        // struct tpm_chip *milspec_tpm_get(void);
        pub(super) fn milspec_tpm_get() -> *mut RawChip;

        // void milspec_tpm_put(struct tpm_chip *chip);
        pub(super) fn milspec_tpm_put(chip: *mut RawChip);

        // u32 milspec_tpm_bank(struct tpm_chip *chip, u32 index);
        pub(super) fn milspec_tpm_bank(chip: *mut RawChip, index: u32) -> u32;

        // int milspec_tpm_read(struct tpm_chip *chip, u32 pcr, struct tpm_digest *digest);
        pub(super) fn milspec_tpm_read(chip: *mut RawChip, pcr: u32, digest: *mut Digest) -> c_int;

        // int milspec_tpm_extend(struct tpm_chip *chip, u32 pcr, struct tpm_digest *digests);
        pub(super) fn milspec_tpm_extend(
            chip: *mut RawChip,
            pcr: u32,
            digests: *mut Digest,
        ) -> c_int;
    }
}

/// A reference to a TPM 2.0.
///
/// # Invariants
///
/// The pointer is to a `struct tpm_chip`, to which this has a reference.
pub(crate) struct Chip(NonNull<RawChip>);

// SAFETY: Any thread may call any of the functions: the TPM subsystem has its own locks.
unsafe impl Send for Chip {}
// SAFETY: As above.
unsafe impl Sync for Chip {}

impl Chip {
    /// Returns the TPM 2.0 of this machine, if the kernel has found one by now.
    pub(crate) fn find() -> Option<Self> {
        // SAFETY: No preconditions.
        // INVARIANT: The function has taken a reference.
        NonNull::new(unsafe { c::milspec_tpm_get() }).map(Self)
    }

    /// Reads a PCR of the SHA-256 bank. Sleeps, for as long as the TPM takes.
    ///
    /// # Errors
    ///
    /// `EINVAL` where there is no such bank, `EIO` when the TPM refuses, or that of the way to it.
    pub(crate) fn read(&self, pcr: u32) -> Result<[u8; 32]> {
        let mut digest = Digest {
            algorithm: SHA256,
            bytes: [0; 64],
        };
        // SAFETY: By the type's invariant. The function writes to `digest` only.
        result(unsafe { c::milspec_tpm_read(self.0.as_ptr(), pcr, &raw mut digest) })?;
        let bytes = digest.bytes;
        Ok(*bytes.first_chunk().ok_or(EIO)?)
    }

    /// Extends a PCR by the digest of `bytes`, in all banks. Sleeps, for as long as the TPM takes.
    ///
    /// # Errors
    ///
    /// As `read`.
    pub(crate) fn extend(&self, pcr: u32, bytes: &[u8]) -> Result {
        let mut digests = [Digest {
            algorithm: 0,
            bytes: [0; 64],
        }; BANKS];
        for (digest, index) in digests.iter_mut().zip(0..) {
            // SAFETY: By the type's invariant. The function only reads what does not change.
            let bank = unsafe { c::milspec_tpm_bank(self.0.as_ptr(), index) };
            let algorithm = u16::try_from(bank)?;
            let bytes = match algorithm {
                0 => break,
                SHA1 => padded(&crypto::sha1(bytes)),
                SHA384 => padded(&crypto::sha384(bytes)),
                SHA512 => padded(&crypto::sha512(bytes)),
                // The rest gets what IMA gives it.
                _ => padded(&crypto::sha256(bytes)),
            };
            *digest = Digest { algorithm, bytes };
        }
        // SAFETY: By the type's invariant. There is a digest for each bank, in their order: there
        // are at most as many as this array has elements. The function only reads them.
        result(unsafe { c::milspec_tpm_extend(self.0.as_ptr(), pcr, digests.as_mut_ptr()) })
    }
}

impl Drop for Chip {
    fn drop(&mut self) {
        // SAFETY: By the type's invariant. The reference is given back once.
        unsafe { c::milspec_tpm_put(self.0.as_ptr()) };
    }
}

/// A digest as `struct tpm_digest` has it. Of one that is longer than the bank's, the kernel takes
/// as much as the bank has.
fn padded(digest: &[u8]) -> [u8; 64] {
    let mut bytes = [0; 64];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = *from;
    }
    bytes
}

/// Numbers above 0 are the TPM's own.
fn result(number: c_int) -> Result {
    match number {
        1.. => Err(EIO),
        _ => to_result(number),
    }
}
