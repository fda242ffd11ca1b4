// SPDX-License-Identifier: GPL-2.0

//! The numbers of posture's words are those of the wire.

use milspec_posture::fact::Reason;
use milspec_posture::mode::Mode;
use milspec_posture::plan::{Progress, ACCEPT, LEAVE};
use milspec_uapi as uapi;

/// Promise: a step is on the wire what it is.
#[test]
fn of_steps() {
    let steps = [
        (Progress::Planned, uapi::STEP_PLANNED, 0),
        (Progress::Done, uapi::STEP_DONE, 0),
        (Progress::Failed(5), uapi::STEP_FAILED, 5),
        (Progress::Undone, uapi::STEP_UNDONE, 0),
        (Progress::Degraded(121), uapi::STEP_DEGRADED, 121),
        (Progress::Moved, uapi::STEP_MOVED, 0),
    ];
    for (progress, number, error) in steps {
        assert_eq!((progress.number(), progress.error()), (number, error));
    }
    assert_eq!(LEAVE, uapi::TARGET_LEAVE);
    assert_eq!(ACCEPT, uapi::TARGET_ACCEPT);
}

/// Promise: a refusal is on the wire what it is.
#[test]
fn of_reasons() {
    let reasons = [
        (Reason::NoControl, uapi::REASON_NO_CONTROL, 0),
        (Reason::NoValue, uapi::REASON_NO_VALUE, 0),
        (Reason::Twice, uapi::REASON_TWICE, 0),
        (Reason::Quarantined, uapi::REASON_QUARANTINED, 0),
        (Reason::ReadOnly, uapi::REASON_READ_ONLY, 0),
        (Reason::Restricted, uapi::REASON_RESTRICTED, 0),
        (Reason::Denied, uapi::REASON_DENIED, 0),
        (Reason::Unreadable, uapi::REASON_UNREADABLE, 0),
        (Reason::Dependency(7), uapi::REASON_DEPENDENCY, 7),
        (Reason::Needed(8), uapi::REASON_NEEDED, 8),
        (Reason::Cycle, uapi::REASON_CYCLE, 0),
        (Reason::Latched, uapi::REASON_LATCHED, 0),
        (Reason::Unconfirmed, uapi::REASON_UNCONFIRMED, 0),
        (Reason::NoTpm, uapi::REASON_NO_TPM, 0),
        (Reason::Unknown, uapi::REASON_UNKNOWN, 0),
    ];
    for (reason, number, needs) in reasons {
        assert_eq!((reason.number(), reason.needs()), (number, needs));
    }
}

/// Promise: a mode is on the wire what it is.
#[test]
fn of_modes() {
    let modes = [
        (Mode::Baseline, uapi::MODE_BASELINE),
        (Mode::Standard, uapi::MODE_STANDARD),
        (Mode::Enhanced, uapi::MODE_ENHANCED),
        (Mode::Paranoid, uapi::MODE_PARANOID),
        (Mode::ParanoidPlus, uapi::MODE_PARANOID_PLUS),
    ];
    for (mode, number) in modes {
        assert_eq!(mode.number(), number);
    }
}
