// SPDX-License-Identifier: GPL-2.0

//! One value for the whole module, from the end of its initialisation to the start of its exit.
//!
//! The callbacks of a misc device, of sysfs attributes and of a platform driver get no pointer of
//! ours when they are called first; this is where they find the driver's state.

/// Declares a place for an `Arc` of a type.
///
/// `install()` puts a value there and returns a guard; the value is taken out again when the guard
/// is dropped. `get()` returns a reference of its own to what is there.
macro_rules! global {
    ($(#[$meta:meta])* $vis:vis static $name:ident: $type:ty;) => {
        $(#[$meta])*
        $vis mod $name {
            use super::*;
            use kernel::sync::{
                atomic::{
                    Acquire,
                    Atomic,
                    Relaxed,
                    Release, //
                },
                Arc, //
            };

            kernel::sync::global_lock! {
                // SAFETY: `install()` initialises the lock before it puts a value there, and
                // `get()` reads `READY`, which only follows that, before it takes the lock.
                unsafe(uninit) static PLACE: Mutex<Option<Arc<$type>>> = None;
            }

            static CLAIMED: Atomic<bool> = Atomic::new(false);
            static READY: Atomic<bool> = Atomic::new(false);

            /// Keeps the value in its place.
            pub(crate) struct Guard(());

            /// Puts a value in the place, which must not have had one before.
            pub(crate) fn install(value: Arc<$type>) -> Result<Guard> {
                if CLAIMED.xchg(true, Relaxed) {
                    return Err(EBUSY);
                }
                // SAFETY: `CLAIMED` lets one caller come here, once.
                unsafe { PLACE.init() };
                *PLACE.lock() = Some(value);
                READY.store(true, Release);
                Ok(Guard(()))
            }

            /// Returns the value, or `None` before it is installed and after it is taken out.
            pub(crate) fn get() -> Option<Arc<$type>> {
                match READY.load(Acquire) {
                    true => PLACE.lock().clone(),
                    false => None,
                }
            }

            impl Drop for Guard {
                fn drop(&mut self) {
                    // Dropped after the lock is released: what it owns may sleep or lock.
                    let value = PLACE.lock().take();
                    drop(value);
                }
            }
        }
    };
}

pub(crate) use global;
