// SPDX-License-Identifier: GPL-2.0

//! How much memory reading an input may take.

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// What reading takes whatever the input is.
const BASE: usize = 1 << 20;

/// Runs `read` on an input of `length` bytes.
///
/// # Panics
///
/// When that takes more than [`BASE`] and `factor` bytes for each byte of the input: somebody could
/// write a file that takes all memory of the machine on which it is read.
pub fn limited<T>(length: usize, factor: usize, read: impl FnOnce() -> T) -> T {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let result = read();
    let taken = ALLOCATED.peak_usage().saturating_sub(before);
    let most = length.saturating_mul(factor).saturating_add(BASE);
    assert!(
        taken <= most,
        "{length} bytes of input took {taken} bytes of memory"
    );
    result
}
