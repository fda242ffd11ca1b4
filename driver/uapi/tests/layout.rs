// SPDX-License-Identifier: GPL-2.0

//! The wire types, byte for byte. Clients are compiled against these numbers: a change here that
//! is not an appended field breaks every one of them.

use milspec_uapi::{
    field, text, Apply, Control, ControlValue, Controls, FamilyStatus, Head, Info, Refresh, Status,
    Step, Target,
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

layout!(status, Status, 144, 8, {
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
    reserved: u8 = 7,
    error: u32 = 8,
    reserved2: u32 = 12,
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

/// Numbers that stand in the fields, as compiled into clients.
#[test]
fn numbers_in_fields_never_change() {
    use milspec_uapi as abi;
    assert_eq!((abi::ABI_MAJOR, abi::DEVICE_NAME), (1, "milspec"));
    assert_eq!([abi::FAMILY_PLATFORM, abi::FAMILY_DSMIL], [1, 2]);
    let classes = [
        abi::CLASS_SAFE,
        abi::CLASS_MONITORED,
        abi::CLASS_RESTRICTED,
        abi::CLASS_QUARANTINED,
        abi::CLASS_READ_ONLY,
    ];
    assert_eq!(classes, [0, 1, 2, 3, 4]);
    let presences = [
        abi::PRESENCE_FULL,
        abi::PRESENCE_PARTIAL,
        abi::PRESENCE_CONTRADICTORY,
    ];
    assert_eq!(presences, [0, 1, 2]);
    let readings = [
        abi::READING_KNOWN,
        abi::READING_UNKNOWN,
        abi::READING_AMBIGUOUS,
        abi::READING_FAILED,
    ];
    assert_eq!(readings, [0, 1, 2, 3]);
    assert_eq!([abi::ACCESS_READ_ONLY, abi::ACCESS_READ_WRITE], [0, 1]);
    let states = [abi::FAMILY_ABSENT, abi::FAMILY_READY, abi::FAMILY_FAILED];
    assert_eq!(states, [0, 1, 2]);
    assert_eq!([abi::INFO_FORCED, abi::CONTROL_TAMPER], [1, 1]);
    let bits = [abi::VALUE_PRESENT, abi::VALUE_READ, abi::VALUE_ACTIVE];
    assert_eq!(bits, [1, 2, 4]);
    assert_eq!(abi::INDEX_NONE, 0xFF);
    assert_eq!([abi::CONTROL_VALUES, abi::CONTROL_DEPENDS], [8, 4]);
    let marks = [
        abi::CONTROL_DEVIATES,
        abi::CONTROL_DRIFTED,
        abi::CONTROL_DEGRADED,
        abi::CONTROL_PENDING_REBOOT,
        abi::CONTROL_DENIED,
    ];
    assert_eq!(marks, [2, 4, 8, 16, 32]);
    let bits = [
        abi::STATUS_LATCHED,
        abi::STATUS_PENDING_REBOOT,
        abi::STATUS_RESTRICTED_ALLOWED,
    ];
    assert_eq!(bits, [1, 2, 4]);
    let standings = [
        abi::STANDING_CUSTOM,
        abi::STANDING_EXACT,
        abi::STANDING_DEVIATES,
    ];
    assert_eq!(standings, [0, 1, 2]);
}

/// Numbers of plans and applies, as compiled into clients.
#[test]
fn numbers_of_apply_never_change() {
    use milspec_uapi as abi;
    let modes = [
        abi::MODE_NONE,
        abi::MODE_BASELINE,
        abi::MODE_STANDARD,
        abi::MODE_ENHANCED,
        abi::MODE_PARANOID,
        abi::MODE_PARANOID_PLUS,
    ];
    assert_eq!(modes, [0, 1, 2, 3, 4, 5]);
    let outcomes = [
        abi::OUTCOME_NONE,
        abi::OUTCOME_PLANNED,
        abi::OUTCOME_DONE,
        abi::OUTCOME_REFUSED,
        abi::OUTCOME_UNDONE,
        abi::OUTCOME_DEGRADED,
    ];
    assert_eq!(outcomes, [0, 1, 2, 3, 4, 5]);
    let reasons = [
        abi::REASON_NONE,
        abi::REASON_NO_CONTROL,
        abi::REASON_NO_VALUE,
        abi::REASON_TWICE,
        abi::REASON_QUARANTINED,
        abi::REASON_READ_ONLY,
        abi::REASON_RESTRICTED,
        abi::REASON_DENIED,
        abi::REASON_UNREADABLE,
        abi::REASON_DEPENDENCY,
        abi::REASON_NEEDED,
        abi::REASON_CYCLE,
        abi::REASON_LATCHED,
        abi::REASON_UNCONFIRMED,
    ];
    assert_eq!(reasons, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    let steps = [
        abi::STEP_PLANNED,
        abi::STEP_DONE,
        abi::STEP_FAILED,
        abi::STEP_UNDONE,
        abi::STEP_DEGRADED,
    ];
    assert_eq!(steps, [0, 1, 2, 3, 4]);
    assert_eq!([abi::APPLY_CONFIRM_LATCH, abi::TARGETS_MAX], [1, 512]);
    assert_eq!((abi::STEPS_MAX, abi::TARGET_LEAVE), (512, 0xFF));
}

/// Calls `check` with every sequence of up to `length` bytes out of a few that matter: the zero
/// byte, ASCII, the two halves of `é`, and one that is in no UTF-8 text.
fn every_text(length: usize, check: &mut impl FnMut(&[u8])) {
    fn extend(bytes: &mut Vec<u8>, length: usize, check: &mut impl FnMut(&[u8])) {
        check(bytes);
        if bytes.len() < length {
            for next in [0, b'a', b'Z', 0xC3, 0xA9, 0xFF] {
                bytes.push(next);
                extend(bytes, length, check);
                bytes.pop();
            }
        }
    }
    extend(&mut Vec::new(), length, check);
}

/// Text ends before the first zero byte or with its field; what follows has no influence; what is
/// not UTF-8 is not text.
#[test]
fn text_ends_at_the_first_zero_byte() {
    every_text(5, &mut |bytes| {
        let used: Vec<u8> = bytes.iter().copied().take_while(|b| *b != 0).collect();
        let expected = String::from_utf8(used).ok();
        assert_eq!(text(bytes), expected.as_deref(), "{bytes:?}");
    });
}

/// A field holds as much as fits, then zero bytes.
#[test]
fn field_is_cut_off_or_padded() {
    fn check<const N: usize>(bytes: &[u8]) {
        let mut expected = bytes.to_vec();
        expected.resize(N, 0);
        assert_eq!(field::<N>(bytes)[..], expected, "{bytes:?}");
    }
    every_text(5, &mut |bytes| {
        check::<0>(bytes);
        check::<1>(bytes);
        check::<3>(bytes);
        check::<5>(bytes);
        check::<8>(bytes);
    });
}

/// What fits into a field comes back out of it, a field that it fills included.
#[test]
fn text_comes_back_out_of_its_field() {
    for word in ["", "a", "enabled", "DSMIL0D5", "exactly-sixteen-"] {
        assert_eq!(text(&field::<16>(word.as_bytes())), Some(word));
    }
    assert_eq!(text(&field::<4>(b"enabled")), Some("enab"));
}
