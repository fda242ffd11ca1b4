// SPDX-License-Identifier: GPL-2.0

//! The wire types, byte for byte. Clients are compiled against these numbers: a change here that
//! is not an appended field breaks every one of them.

use milspec_uapi::{
    Apply, Control, ControlValue, Controls, Event, FamilyStatus, Head, Info, Refresh, Status, Step,
    Target,
};
use std::mem::{align_of, align_of_val, offset_of, size_of, size_of_val};

/// Checks a type against the table of its fields: every field is named, has the type that the
/// table says, starts where the table says and right behind the one before it, and nothing follows
/// the last one. So there is no padding, and no field is added, moved or changed unnoticed.
///
/// `align` is at most 8, and fields of that alignment start at multiples of it from the start, so
/// a 32-bit caller, for which `u64` has an alignment of 4, has the same layout.
macro_rules! layout {
    ($name:ident, $type:ident, $size:literal, $align:literal, {
        $($field:ident: $of:ty = $at:literal,)*
    }) => {
        #[test]
        fn $name() {
            let zeroed: $type = zerocopy::FromZeros::new_zeroed();
            // Does not compile when a field is missing from the table.
            let $type { $($field),* } = &zeroed;
            let mut end = 0;
            $(
                let $field: &$of = $field;
                assert_eq!(offset_of!($type, $field), $at, stringify!($field));
                assert_eq!(end, $at, "padding before {}", stringify!($field));
                assert_eq!($at % align_of_val($field), 0, stringify!($field));
                end += size_of_val($field);
            )*
            assert_eq!(end, $size, "padding at the end");
            assert_eq!(size_of::<$type>(), $size);
            assert_eq!(align_of::<$type>(), $align);
            assert_eq!($size % 8, 0, "64-bit fields of a following element");
        }
    };
}

layout!(head, Head, 8, 4, {
    size: u32 = 0,
    flags: u32 = 4,
});

layout!(info, Info, 160, 4, {
    head: Head = 0,
    abi_major: u16 = 8,
    abi_minor: u16 = 10,
    properties: u32 = 12,
    driver_version: [u8; 16] = 16,
    vendor: [u8; 32] = 32,
    product: [u8; 64] = 64,
    bios_version: [u8; 32] = 128,
});

layout!(family_status, FamilyStatus, 24, 8, {
    state: u32 = 0,
    error: u32 = 4,
    controls: u32 = 8,
    unreadable: u32 = 12,
    firmware_calls: u64 = 16,
});

layout!(status, Status, 192, 8, {
    head: Head = 0,
    generation: u64 = 8,
    refreshed_ns: u64 = 16,
    platform: FamilyStatus = 24,
    dsmil: FamilyStatus = 48,
    dsmil_major: u16 = 72,
    dsmil_minor: u16 = 74,
    reserved: u32 = 76,
    dsmil_implementation: [u8; 16] = 80,
    properties: u32 = 96,
    mode: u8 = 100,
    standing: u8 = 101,
    reserved2: u16 = 102,
    deviations: u32 = 104,
    drifted: u32 = 108,
    degraded: u32 = 112,
    tampered: u32 = 116,
    apply_step: u32 = 120,
    apply_steps: u32 = 124,
    mode_lines: u32 = 128,
    mode_present: u32 = 132,
    mode_reached: u32 = 136,
    reserved3: u32 = 140,
    journal_next: u64 = 144,
    journal_overwritten: u64 = 152,
    anchored: u64 = 160,
    anchor_pending: u32 = 168,
    anchor_failures: u32 = 172,
    anchor_error: u32 = 176,
    suppressed: u32 = 180,
    anchor: u8 = 184,
    anchor_pcr: u8 = 185,
    reserved4: [u8; 6] = 186,
});

layout!(refresh, Refresh, 24, 8, {
    head: Head = 0,
    generation: u64 = 8,
    changed: u32 = 16,
    firmware_calls: u32 = 20,
});

layout!(control_value, ControlValue, 32, 4, {
    name: [u8; 16] = 0,
    token: u16 = 16,
    location: u16 = 18,
    expected: u16 = 20,
    properties: u16 = 22,
    read: u32 = 24,
    reserved: u32 = 28,
});

layout!(control, Control, 408, 8, {
    id: u32 = 0,
    family: u8 = 4,
    class: u8 = 5,
    access: u8 = 6,
    presence: u8 = 7,
    reading: u8 = 8,
    current: u8 = 9,
    value_count: u8 = 10,
    depend_count: u8 = 11,
    error: u32 = 12,
    properties: u32 = 16,
    group: u32 = 20,
    changed: u64 = 24,
    depends: [u32; 4] = 32,
    name: [u8; 32] = 48,
    label: [u8; 64] = 80,
    values: [ControlValue; 8] = 144,
    baseline: u8 = 400,
    written: u8 = 401,
    wanted: u8 = 402,
    reserved: [u8; 5] = 403,
});

layout!(controls, Controls, 40, 8, {
    head: Head = 0,
    buffer: u64 = 8,
    capacity: u32 = 16,
    stride: u32 = 20,
    count: u32 = 24,
    reserved: u32 = 28,
    generation: u64 = 32,
});

layout!(target, Target, 8, 4, {
    control: u32 = 0,
    value: u8 = 4,
    reserved: [u8; 3] = 5,
});

layout!(step, Step, 16, 4, {
    control: u32 = 0,
    from: u8 = 4,
    to: u8 = 5,
    state: u8 = 6,
    reason: u8 = 7,
    error: u32 = 8,
    needs: u32 = 12,
});

layout!(apply, Apply, 88, 8, {
    head: Head = 0,
    generation: u64 = 8,
    targets: u64 = 16,
    steps: u64 = 24,
    target_count: u32 = 32,
    step_capacity: u32 = 36,
    step_count: u32 = 40,
    options: u32 = 44,
    mode: u8 = 48,
    outcome: u8 = 49,
    reason: u8 = 50,
    reserved: u8 = 51,
    security_key: u16 = 52,
    reserved2: u16 = 54,
    control: u32 = 56,
    needs: u32 = 60,
    error: u32 = 64,
    firmware_calls: u32 = 68,
    mode_lines: u32 = 72,
    mode_present: u32 = 76,
    mode_reached: u32 = 80,
    reserved3: u32 = 84,
});

layout!(event, Event, 176, 8, {
    sequence: u64 = 0,
    boot_ns: u64 = 8,
    wall_ns: u64 = 16,
    about: u64 = 24,
    generation: u64 = 32,
    kind: u16 = 40,
    severity: u8 = 42,
    interface: u8 = 43,
    mode: u8 = 44,
    from: u8 = 45,
    to: u8 = 46,
    step: u8 = 47,
    outcome: u8 = 48,
    reason: u8 = 49,
    properties: u8 = 50,
    pcr: u8 = 51,
    control: u32 = 52,
    needs: u32 = 56,
    error: u32 = 60,
    count: u32 = 64,
    pid: u32 = 68,
    uid: u32 = 72,
    login_uid: u32 = 76,
    comm: [u8; 16] = 80,
    load: [u8; 16] = 96,
    extra: [u8; 32] = 112,
    chain: [u8; 32] = 144,
});

/// Sizes of the first released version: a driver accepts callers that know no more than this, for
/// ever.
#[test]
fn minimal_sizes_never_change() {
    let sizes = [
        Info::SIZE_MIN,
        Status::SIZE_MIN,
        Control::SIZE_MIN,
        Controls::SIZE_MIN,
        Refresh::SIZE_MIN,
        Apply::SIZE_MIN,
    ];
    assert_eq!(sizes, [160, 96, 400, 40, 24, 88]);
    assert_eq!(milspec_uapi::SIZE_MAX, 4096);
}

/// `ioctl()` numbers, as compiled into clients.
#[test]
fn requests_never_change() {
    use milspec_uapi::{IOC_APPLY, IOC_CONTROLS, IOC_INFO, IOC_PLAN, IOC_REFRESH, IOC_STATUS};
    let requests = [
        IOC_INFO,
        IOC_STATUS,
        IOC_CONTROLS,
        IOC_REFRESH,
        IOC_PLAN,
        IOC_APPLY,
    ];
    let abi = [
        0xC008_DE00,
        0xC008_DE01,
        0xC008_DE02,
        0xC008_DE03,
        0xC008_DE04,
        0xC008_DE05,
    ];
    assert_eq!(requests, abi);
}
