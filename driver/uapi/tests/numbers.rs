// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! Numbers that stand in the fields. Clients are compiled against them: one that changes breaks every
//! one of them.

/// Numbers that stand in the fields, as compiled into clients.
#[test]
fn numbers_in_fields_never_change() {
    use milspec_uapi as abi;
    assert_eq!([abi::ABI_MAJOR, abi::ABI_MINOR], [1, 0]);
    assert_eq!(abi::DEVICE_NAME, "milspec");
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
    let bits = [
        abi::VALUE_PRESENT,
        abi::VALUE_READ,
        abi::VALUE_ACTIVE,
        abi::VALUE_UNTRIED,
    ];
    assert_eq!(bits, [1, 2, 4, 8]);
    assert_eq!(abi::INDEX_NONE, 0xFF);
    assert_eq!([abi::CONTROL_VALUES, abi::CONTROL_DEPENDS], [8, 4]);
    let marks = [
        abi::CONTROL_DEVIATES,
        abi::CONTROL_DRIFTED,
        abi::CONTROL_DEGRADED,
        abi::CONTROL_PENDING_REBOOT,
        abi::CONTROL_DENIED,
        abi::CONTROL_UNREACHED,
    ];
    assert_eq!(marks, [2, 4, 8, 16, 32, 64]);
    let bits = [
        abi::STATUS_LATCHED,
        abi::STATUS_PENDING_REBOOT,
        abi::STATUS_RESTRICTED_ALLOWED,
        abi::STATUS_TPM_REQUIRED,
        abi::STATUS_TRAINING,
    ];
    assert_eq!(bits, [1, 2, 4, 8, 16]);
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
        abi::OUTCOME_CONFLICT,
    ];
    assert_eq!(outcomes, [0, 1, 2, 3, 4, 5, 6]);
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
        abi::REASON_NO_TPM,
        abi::REASON_UNKNOWN,
    ];
    assert!(reasons.into_iter().eq(0..=15));
    let steps = [
        abi::STEP_PLANNED,
        abi::STEP_DONE,
        abi::STEP_FAILED,
        abi::STEP_UNDONE,
        abi::STEP_DEGRADED,
        abi::STEP_MOVED,
        abi::STEP_HOLDS,
        abi::STEP_OUT_OF_REACH,
    ];
    assert_eq!(steps, [0, 1, 2, 3, 4, 5, 6, 7]);
    let options = [
        abi::APPLY_CONFIRM_LATCH,
        abi::APPLY_LINES,
        abi::APPLY_TRAINING,
        abi::APPLY_MACHINE,
    ];
    assert_eq!(options, [1, 2, 4, 8]);
    assert_eq!([abi::TARGETS_MAX, abi::STEPS_MAX], [1024, 1024]);
    assert_eq!([abi::TARGET_LEAVE, abi::TARGET_ACCEPT], [0xFF, 0xFE]);
}

/// Numbers of the journal, as compiled into clients.
#[test]
fn numbers_of_events_never_change() {
    use milspec_uapi as abi;
    let kinds = [
        abi::KIND_LOAD,
        abi::KIND_BIND,
        abi::KIND_UNBIND,
        abi::KIND_APPLY_BEGUN,
        abi::KIND_APPLY_ENDED,
        abi::KIND_STEP,
        abi::KIND_REFUSED,
        abi::KIND_SUPPRESSED,
        abi::KIND_OUTSIDE_CHANGE,
        abi::KIND_TAMPER,
        abi::KIND_LATCH,
        abi::KIND_RESUME,
        abi::KIND_ANCHOR_FAILED,
        abi::KIND_ACCEPTED,
        abi::KIND_TRAINING_BEGUN,
        abi::KIND_TRAINING_ENDED,
        abi::KIND_INJECTED,
        abi::KIND_GAP,
    ];
    assert_eq!(
        kinds,
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 0xFFFF]
    );
    let severities = [
        abi::SEVERITY_ERROR,
        abi::SEVERITY_WARNING,
        abi::SEVERITY_NOTICE,
        abi::SEVERITY_INFO,
    ];
    assert_eq!(severities, [3, 4, 5, 6]);
    let origins = [
        abi::ORIGIN_IOCTL,
        abi::ORIGIN_SYSFS,
        abi::ORIGIN_DRIVER,
        abi::ORIGIN_FIRMWARE_ATTRIBUTES,
    ];
    assert_eq!(origins, [1, 2, 3, 4]);
    let bits = [
        abi::EVENT_ANCHORED,
        abi::EVENT_PCR,
        abi::EVENT_UNCHAINED,
        abi::EVENT_LIST,
        abi::EVENT_DRIFT,
        abi::EVENT_TRAINING,
    ];
    assert_eq!(bits, [1, 2, 4, 8, 16, 32]);
    assert_eq!([abi::EVENT_SIZE, abi::EVENT_CHAINED], [176, 144]);
    assert_eq!(abi::LOGIN_UID_NONE, u32::MAX);
    let anchors = [
        abi::ANCHOR_NONE,
        abi::ANCHOR_READY,
        abi::ANCHOR_FAILED,
        abi::ANCHOR_TRAINING,
    ];
    assert_eq!(anchors, [0, 1, 2, 3]);
}

/// Numbers of trainings, as compiled into clients.
#[test]
fn numbers_of_training_never_change() {
    use milspec_uapi as abi;
    let operations = [
        abi::TRAINING_STATE,
        abi::TRAINING_START,
        abi::TRAINING_STOP,
        abi::TRAINING_INJECT,
        abi::TRAINING_FOLLOW,
    ];
    assert_eq!(operations, [0, 1, 2, 3, 4]);
    assert_eq!([abi::TRAINING_ON, abi::ANSWER_TRAINING], [1, 1]);
    let injections = [
        abi::INJECT_WRITE_FAILS,
        abi::INJECT_WRITE_IGNORED,
        abi::INJECT_READ_FAILS,
        abi::INJECT_VALUE,
        abi::INJECT_TAMPER,
        abi::INJECT_SLOW,
        abi::INJECT_CLEAR,
        abi::INJECT_LOOK,
    ];
    assert_eq!(injections, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(
        [abi::TRAINING_DEVICE_SIZE, abi::INJECT_SLOW_MAX],
        [64, 1000]
    );
    assert_eq!(abi::TRAINING_DEVICES_MAX, 512);
    assert_eq!(abi::TRAINING_TOKENS_MAX, 65_536);
    assert_eq!(abi::INJECTIONS_MAX, 64);
}
