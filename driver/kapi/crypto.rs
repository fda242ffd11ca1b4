// SPDX-License-Identifier: GPL-2.0

//! Hashes and random bytes.
//!
//! C headers: `include/crypto/sha1.h`, `include/crypto/sha2.h`, `include/linux/random.h`.

use kernel::bindings;

mod c {
    extern "C" {
        // void sha1(const u8 *data, size_t len, u8 out[SHA1_DIGEST_SIZE]);
        pub(super) fn sha1(data: *const u8, len: usize, out: *mut u8);
    }
}

/// Declares a function over one of the kernel's.
macro_rules! hash {
    ($name:ident, $function:path, $size:literal) => {
        /// Hashes `bytes`. May be called in any context.
        pub(crate) fn $name(bytes: &[u8]) -> [u8; $size] {
            let mut digest = [0; $size];
            // SAFETY: The function reads `bytes.len()` bytes at `bytes`, writes as many as a digest
            // of this algorithm has, for which there is room, to `digest`, and keeps neither.
            unsafe { $function(bytes.as_ptr(), bytes.len(), digest.as_mut_ptr()) };
            digest
        }
    };
}

hash!(sha1, c::sha1, 20);
hash!(sha256, bindings::sha256, 32);
hash!(sha384, bindings::sha384, 48);
hash!(sha512, bindings::sha512, 64);

/// Returns random bytes that nobody can guess. May be called in any context.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // SAFETY: The function writes `N` bytes to `bytes`.
    unsafe { bindings::get_random_bytes(bytes.as_mut_ptr().cast(), N) };
    bytes
}
