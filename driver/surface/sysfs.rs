// SPDX-License-Identifier: GPL-2.0

//! `/sys/devices/faux/dell_milspec/`, as `docs/ABI/testing/sysfs-devices-faux-dell_milspec`
//! documents it.

use crate::{
    engine::Snapshot,
    kapi::faux::{
        attributes,
        Attribute,
        Registration, //
    },
    state, //
    uapi,
};
use kernel::{
    prelude::*,
    str::CString, //
};

/// Registers the device with its attributes.
pub(crate) fn register() -> Result<Registration> {
    Registration::new(c"dell_milspec", &ATTRIBUTES)
}

attributes! {
    static ATTRIBUTES = [
        AbiVersion,
        DsmilControls,
        FirmwareCalls,
        Generation,
        PlatformControls,
        RefreshedNs,
        UnreadableControls,
    ];
}

/// Declares an attribute that shows one number of the latest snapshot.
macro_rules! number {
    ($type:ident, $name:literal, |$snapshot:ident| $number:expr) => {
        struct $type;

        impl Attribute for $type {
            const NAME: &'static CStr = $name;

            fn show() -> Result<CString> {
                let $snapshot: Snapshot = state::get().ok_or(ENODEV)?.snapshot();
                CString::try_from_fmt(fmt!("{}\n", $number))
            }
        }
    };
}

struct AbiVersion;

impl Attribute for AbiVersion {
    const NAME: &'static CStr = c"abi_version";

    fn show() -> Result<CString> {
        CString::try_from_fmt(fmt!("{}.{}\n", uapi::ABI_MAJOR, uapi::ABI_MINOR))
    }
}

number!(DsmilControls, c"dsmil_controls", |snapshot| snapshot
    .dsmil
    .controls()
    .len());
number!(FirmwareCalls, c"firmware_calls", |snapshot| snapshot
    .firmware_calls());
number!(Generation, c"generation", |snapshot| snapshot.generation);
number!(PlatformControls, c"platform_controls", |snapshot| snapshot
    .platform
    .controls()
    .len());
number!(RefreshedNs, c"refreshed_ns", |snapshot| snapshot
    .refreshed_ns);
number!(UnreadableControls, c"unreadable_controls", |snapshot| {
    let of = |part: &crate::engine::Part| part.state.unreadable;
    of(&snapshot.platform).saturating_add(of(&snapshot.dsmil))
});
