// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! The wire types, byte for byte. Clients are compiled against these numbers: a change here that
//! is not an appended field breaks every one of them.

use milspec_uapi::{
    Apply, Control, ControlValue, Controls, Event, FamilyStatus, Head, Info, Refresh, Status, Step,
    Target, Training,
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

layout!(family_status, FamilyStatus, 40, 8, {
    state: u32 = 0,
    error: u32 = 4,
    controls: u32 = 8,
    unreadable: u32 = 12,
    firmware_calls: u64 = 16,
    refreshed_ns: u64 = 24,
    reserved: u64 = 32,
});

layout!(status, Status, 328, 8, {
    head: Head = 0,
    generation: u64 = 8,
    refreshed_ns: u64 = 16,
    properties: u32 = 24,
    mode: u8 = 28,
    standing: u8 = 29,
    reserved: u16 = 30,
    deviations: u32 = 32,
    drifted: u32 = 36,
    degraded: u32 = 40,
    tampered: u32 = 44,
    mode_lines: u32 = 48,
    mode_present: u32 = 52,
    mode_reached: u32 = 56,
    mode_unreached: u32 = 60,
    apply_step: u32 = 64,
    apply_steps: u32 = 68,
    platform: FamilyStatus = 72,
    dsmil: FamilyStatus = 112,
    dsmil_major: u16 = 152,
    dsmil_minor: u16 = 154,
    reserved2: u32 = 156,
    dsmil_implementation: [u8; 16] = 160,
    journal_next: u64 = 176,
    journal_overwritten: u64 = 184,
    anchored: u64 = 192,
    anchor_pending: u32 = 200,
    anchor_failures: u32 = 204,
    anchor_error: u32 = 208,
    suppressed: u32 = 212,
    anchor: u8 = 216,
    anchor_pcr: u8 = 217,
    reserved3: [u8; 6] = 218,
    last_request: u64 = 224,
    last_sequence: u64 = 232,
    last_outcome: u8 = 240,
    last_reason: u8 = 241,
    last_mode: u8 = 242,
    reserved4: u8 = 243,
    last_control: u32 = 244,
    last_needs: u32 = 248,
    last_error: u32 = 252,
    last_pid: u32 = 256,
    reserved5: u32 = 260,
    reserved6: [u64; 8] = 264,
});

layout!(refresh, Refresh, 32, 8, {
    head: Head = 0,
    generation: u64 = 8,
    changed: u32 = 16,
    firmware_calls: u32 = 20,
    properties: u32 = 24,
    reserved: u32 = 28,
});

layout!(training, Training, 120, 8, {
    head: Head = 0,
    operation: u32 = 8,
    properties: u32 = 12,
    session: u32 = 16,
    injection: u32 = 20,
    control: u32 = 24,
    value: u8 = 28,
    reserved: [u8; 3] = 29,
    after: u32 = 32,
    count: u32 = 36,
    number: u32 = 40,
    reserved2: u32 = 44,
    devices: u64 = 48,
    device_count: u32 = 56,
    device_stride: u32 = 60,
    tokens: u64 = 64,
    token_bytes: u32 = 72,
    target_count: u32 = 76,
    targets: u64 = 80,
    target_stride: u32 = 88,
    reserved3: u32 = 92,
    generation: u64 = 96,
    load: [u8; 16] = 104,
});

layout!(control_value, ControlValue, 40, 4, {
    name: [u8; 16] = 0,
    token: u16 = 16,
    location: u16 = 18,
    expected: u16 = 20,
    properties: u16 = 22,
    read: u32 = 24,
    value_class: u8 = 28,
    gate: u8 = 29,
    reserved: [u8; 2] = 30,
    reserved2: [u32; 2] = 32,
});

layout!(control, Control, 488, 8, {
    id: u32 = 0,
    family: u8 = 4,
    control_class: u8 = 5,
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
    baseline: u8 = 32,
    written: u8 = 33,
    wanted: u8 = 34,
    unreached_reason: u8 = 35,
    unreached_needs: u32 = 36,
    reserved: [u64; 2] = 40,
    depends: [u32; 4] = 56,
    name: [u8; 32] = 72,
    label: [u8; 64] = 104,
    values: [ControlValue; 8] = 168,
});

layout!(controls, Controls, 40, 8, {
    head: Head = 0,
    buffer: u64 = 8,
    capacity: u32 = 16,
    stride: u32 = 20,
    count: u32 = 24,
    properties: u32 = 28,
    generation: u64 = 32,
});

layout!(target, Target, 16, 8, {
    control: u32 = 0,
    value: u8 = 4,
    reserved: [u8; 3] = 5,
    reserved2: u64 = 8,
});

layout!(step, Step, 32, 8, {
    control: u32 = 0,
    from: u8 = 4,
    to: u8 = 5,
    now: u8 = 6,
    state: u8 = 7,
    reason: u8 = 8,
    reserved: [u8; 3] = 9,
    error: u32 = 12,
    needs: u32 = 16,
    reserved2: u32 = 20,
    reserved3: u64 = 24,
});

layout!(apply, Apply, 104, 8, {
    head: Head = 0,
    generation: u64 = 8,
    targets: u64 = 16,
    steps: u64 = 24,
    target_count: u32 = 32,
    target_stride: u32 = 36,
    step_capacity: u32 = 40,
    step_stride: u32 = 44,
    step_count: u32 = 48,
    options: u32 = 52,
    mode: u8 = 56,
    outcome: u8 = 57,
    reason: u8 = 58,
    reserved: u8 = 59,
    security_key: u16 = 60,
    reserved2: u16 = 62,
    control: u32 = 64,
    needs: u32 = 68,
    error: u32 = 72,
    firmware_calls: u32 = 76,
    mode_lines: u32 = 80,
    mode_present: u32 = 84,
    mode_reached: u32 = 88,
    properties: u32 = 92,
    request: u64 = 96,
});

layout!(event, Event, 176, 8, {
    sequence: u64 = 0,
    boot_ns: u64 = 8,
    wall_ns: u64 = 16,
    about: u64 = 24,
    generation: u64 = 32,
    kind: u16 = 40,
    severity: u8 = 42,
    origin: u8 = 43,
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

/// Sizes in version 1.0: a driver accepts callers that know no more than this, for ever.
#[test]
fn minimal_sizes_never_change() {
    let sizes = [
        Info::SIZE_MIN,
        Status::SIZE_MIN,
        Control::SIZE_MIN,
        Controls::SIZE_MIN,
        Refresh::SIZE_MIN,
        Apply::SIZE_MIN,
        Target::SIZE_MIN,
        Step::SIZE_MIN,
        Training::SIZE_MIN,
    ];
    assert_eq!(sizes, [160, 328, 488, 40, 32, 104, 16, 32, 120]);
    assert_eq!(milspec_uapi::SIZE_MAX, 4096);
}

/// `ioctl()` numbers, as compiled into clients.
#[test]
fn requests_never_change() {
    use milspec_uapi::{
        IOC_APPLY, IOC_CONTROLS, IOC_INFO, IOC_PLAN, IOC_REFRESH, IOC_STATUS, IOC_TRAINING,
    };
    let requests = [
        IOC_INFO,
        IOC_STATUS,
        IOC_CONTROLS,
        IOC_REFRESH,
        IOC_PLAN,
        IOC_APPLY,
        IOC_TRAINING,
    ];
    let abi = [
        0xC008_DE00,
        0xC008_DE01,
        0xC008_DE02,
        0xC008_DE03,
        0xC008_DE04,
        0xC008_DE05,
        0xC008_DE06,
    ];
    assert_eq!(requests, abi);
}
