// SPDX-License-Identifier: GPL-2.0

//! Parameters of the module.
//!
//! `helpers.c` declares them: `module!` has boolean ones from 7.3 on only. C header:
//! `include/linux/moduleparam.h`.

mod c {
    extern "C" {
        // helpers.c: bool milspec_allow_restricted;
        pub(super) static milspec_allow_restricted: bool;

        // helpers.c: unsigned int milspec_event_interval;
        pub(super) static milspec_event_interval: u32;

        // helpers.c: bool milspec_filter;
        pub(super) static milspec_filter: bool;

        // helpers.c: bool milspec_force;
        pub(super) static milspec_force: bool;

        // helpers.c: unsigned int milspec_pcr;
        pub(super) static milspec_pcr: u32;

        // helpers.c: bool milspec_require_tpm;
        pub(super) static milspec_require_tpm: bool;

        // helpers.c: unsigned int milspec_verify_interval;
        pub(super) static milspec_verify_interval: u32;
    }
}

/// What the module was loaded with.
pub(crate) struct Params {
    /// Controls of class restricted may be changed.
    pub(crate) allow_restricted: bool,
    /// Least seconds between looks that events lead to; 0 for none.
    pub(crate) event_interval: u32,
    /// Controls that mainline's filter has are restricted.
    pub(crate) filter: bool,
    /// Load on a machine that is not a Dell.
    pub(crate) force: bool,
    /// PCR that changes are extended into.
    pub(crate) pcr: u32,
    /// Refuse changes while the TPM cannot be read.
    pub(crate) require_tpm: bool,
    /// Seconds between looks by the clock; 0 for none.
    pub(crate) verify_interval: u32,
}

impl Params {
    /// Returns them.
    pub(crate) fn get() -> Self {
        // SAFETY: helpers.c defines the variables, with these types: a `bool` of C is a Rust one, and
        // `param_set_bool()` writes only true and false. The kernel writes them before it calls this
        // module's initialisation, which is before any code here runs, and never afterwards: their
        // mode is 0, so that sysfs has no files of them.
        unsafe {
            Self {
                allow_restricted: c::milspec_allow_restricted,
                event_interval: c::milspec_event_interval,
                filter: c::milspec_filter,
                force: c::milspec_force,
                pcr: c::milspec_pcr,
                require_tpm: c::milspec_require_tpm,
                verify_interval: c::milspec_verify_interval,
            }
        }
    }
}
