// SPDX-License-Identifier: GPL-2.0

//! The copy that is practised on: what it answers, and what it can be made to do.

use milspec_posture::control::{Family, Reading};
use milspec_posture::training::{Bench, Cell, Effect, Fault, Injection, INJECTIONS};
use proptest::collection::vec;
use proptest::prelude::*;

const PLATFORM: u32 = 0x1_0000;
const DSMIL: u32 = 0x2_0000;
const EIO: u32 = 5;

fn cell(id: u32, family: Family) -> Cell {
    Cell {
        id,
        family,
        values: 0b11,
        reading: Reading::Known(0),
        tamper: Some(false),
    }
}

/// Two settings and two devices.
fn bench() -> Bench<Vec<Cell>> {
    Bench::new(vec![
        cell(PLATFORM, Family::Platform),
        cell(PLATFORM + 1, Family::Platform),
        cell(DSMIL, Family::Dsmil),
        cell(DSMIL + 1, Family::Dsmil),
    ])
}

fn injection(control: u32, effect: Effect) -> Injection {
    Injection {
        control,
        effect,
        after: 0,
        count: 1,
    }
}

fn value(bench: &mut Bench<Vec<Cell>>, id: u32) -> Reading {
    bench.read(id).unwrap().reading
}

/// Promise: what is written is read, and nothing else is different.
#[test]
fn a_write_changes_one_control() {
    let mut bench = bench();
    assert_eq!(bench.write(PLATFORM, 0, 1), Ok(()));
    assert_eq!(value(&mut bench, PLATFORM), Reading::Known(1));
    for other in [PLATFORM + 1, DSMIL, DSMIL + 1] {
        assert_eq!(value(&mut bench, other), Reading::Known(0));
    }
    assert_eq!(bench.write(PLATFORM, 1, 2), Err(Fault::Absent));
    assert_eq!(bench.write(7, 0, 1), Err(Fault::Absent));
    assert_eq!(bench.read(7), Err(Fault::Absent));
    assert_eq!(bench.set(PLATFORM, 2), Err(Fault::Absent));
}

/// Promise: as firmware of DSML0001 does, and Dell's does not, a device compares before it writes.
#[test]
fn a_device_compares() {
    let mut bench = bench();
    assert_eq!(bench.write(DSMIL, 1, 0), Err(Fault::Conflict));
    assert_eq!(bench.write(DSMIL, 0, 1), Ok(()));
    assert_eq!(bench.write(PLATFORM, 1, 1), Ok(()));
}

/// Promise: an injection lasts as often as it says, and concerns its control alone, or any.
#[test]
fn injections_are_used_up() {
    for any in [false, true] {
        let mut bench = bench();
        let control = if any { 0 } else { PLATFORM };
        let twice = |effect| Injection {
            count: 2,
            ..injection(control, effect)
        };
        bench.inject(twice(Effect::WriteFails(EIO))).unwrap();
        assert_eq!(bench.write(PLATFORM, 0, 1), Err(Fault::Injected(EIO)));
        let other = bench.write(DSMIL, 0, 1);
        assert_eq!(
            other,
            if any {
                Err(Fault::Injected(EIO))
            } else {
                Ok(())
            }
        );
        let again = bench.write(PLATFORM, 0, 1);
        assert_eq!(
            again,
            if any {
                Ok(())
            } else {
                Err(Fault::Injected(EIO))
            }
        );
        assert_eq!(bench.write(PLATFORM, 0, 1), Ok(()));

        bench.inject(twice(Effect::WriteIgnored)).unwrap();
        bench.inject(twice(Effect::ReadFails(EIO))).unwrap();
        assert_eq!(bench.write(PLATFORM, 1, 0), Ok(()));
        assert_eq!(value(&mut bench, PLATFORM), Reading::Failed(EIO));
        assert_eq!(value(&mut bench, PLATFORM), Reading::Failed(EIO));
        assert_eq!(value(&mut bench, PLATFORM), Reading::Known(1), "ignored");
        bench.inject(twice(Effect::Slow(7))).unwrap();
        let delays = [PLATFORM, PLATFORM, PLATFORM].map(|id| bench.delay(id));
        assert_eq!(delays, [7, 7, 0]);
    }
    let mut bench = bench();
    let forever = Injection {
        count: 0,
        ..injection(0, Effect::WriteFails(EIO))
    };
    bench.inject(forever).unwrap();
    for _ in 0..1000 {
        assert_eq!(bench.write(PLATFORM, 0, 1), Err(Fault::Injected(EIO)));
    }
    bench.clear();
    assert_eq!(bench.write(PLATFORM, 0, 1), Ok(()));
}

/// Promise: what is to come after some writes comes right behind the last of them, once.
#[test]
fn injections_wait_for_writes() {
    let mut bench = bench();
    let later = |control, effect| Injection {
        after: 2,
        ..injection(control, effect)
    };
    bench.inject(later(DSMIL, Effect::Value(1))).unwrap();
    bench.inject(later(DSMIL, Effect::Tamper(true))).unwrap();
    bench.inject(later(0, Effect::WriteFails(EIO))).unwrap();
    assert_eq!(bench.write(PLATFORM, 0, 1), Ok(()));
    assert_eq!(value(&mut bench, DSMIL), Reading::Known(0));
    assert_eq!(bench.write(PLATFORM, 1, 0), Ok(()));
    let after = bench.read(DSMIL).unwrap();
    assert_eq!(
        (after.reading, after.tamper),
        (Reading::Known(1), Some(true))
    );
    assert_eq!(bench.write(PLATFORM, 0, 1), Err(Fault::Injected(EIO)));
    bench.set(DSMIL, 0).unwrap();
    assert_eq!(bench.write(PLATFORM, 0, 1), Ok(()));
    assert_eq!(value(&mut bench, DSMIL), Reading::Known(0), "once");
}

/// Promise: what waits for writes of an apply is not used up by applies with fewer; what has begun has.
#[test]
fn injections_wait_for_one_apply() {
    let mut bench = bench();
    for effect in [Effect::Value(1), Effect::WriteIgnored] {
        let waits = Injection {
            after: 2,
            ..injection(DSMIL, effect)
        };
        bench.inject(waits).unwrap();
    }
    for to in [1, 0, 1, 0] {
        bench.begin_apply();
        assert_eq!(bench.write(PLATFORM, 1 - to, to), Ok(()));
        assert_eq!(value(&mut bench, DSMIL), Reading::Known(0));
    }
    bench.begin_apply();
    assert_eq!(bench.write(PLATFORM, 0, 1), Ok(()));
    assert_eq!(bench.write(PLATFORM, 1, 0), Ok(()));
    assert_eq!(value(&mut bench, DSMIL), Reading::Known(1));
    bench.begin_apply();
    assert_eq!(bench.write(DSMIL, 1, 0), Ok(()));
    assert_eq!(value(&mut bench, DSMIL), Reading::Known(1), "ignored");
}

/// Promise: what the copy has not got cannot be injected, and what cannot be is refused whole.
#[test]
fn impossible_injections_are_refused() {
    let mut bench = bench();
    for (control, effect) in [
        (7, Effect::WriteIgnored),
        (PLATFORM, Effect::Value(2)),
        (PLATFORM, Effect::Tamper(true)),
        (0, Effect::Value(1)),
        (0, Effect::Tamper(true)),
        (7, Effect::Value(1)),
    ] {
        let refused = bench.inject(injection(control, effect));
        assert_eq!(refused, Err(Fault::Absent), "{control} {effect:?}");
    }
    for _ in 0..INJECTIONS {
        bench.inject(injection(0, Effect::WriteIgnored)).unwrap();
    }
    let full = bench.inject(injection(0, Effect::WriteIgnored));
    assert_eq!(full, Err(Fault::Full));
    assert_eq!(bench.inject(injection(PLATFORM, Effect::Value(1))), Ok(()));
    assert_eq!(value(&mut bench, PLATFORM), Reading::Known(1));
}

/// Promise: with reading failing, tampering with a device is unknown, and not "none".
#[test]
fn what_cannot_be_read_is_unknown() {
    let mut bench = bench();
    for (id, tamper) in [(DSMIL, None), (PLATFORM, Some(false))] {
        bench.inject(injection(id, Effect::ReadFails(EIO))).unwrap();
        let cell = bench.read(id).unwrap();
        assert_eq!((cell.reading, cell.tamper), (Reading::Failed(EIO), tamper));
    }
}

fn effect() -> impl Strategy<Value = Effect> {
    prop_oneof![
        (1..4096u32).prop_map(Effect::WriteFails),
        Just(Effect::WriteIgnored),
        (1..4096u32).prop_map(Effect::ReadFails),
        any::<u8>().prop_map(Effect::Value),
        any::<bool>().prop_map(Effect::Tamper),
        any::<u32>().prop_map(Effect::Slow),
    ]
}

fn id() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0),
        PLATFORM..PLATFORM + 3,
        DSMIL..DSMIL + 3,
        any::<u32>()
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Promise: whatever is injected and written in whatever order, a control has a value of its own.
    #[test]
    fn a_control_always_has_a_value_of_its_own(
        acts in vec((id(), effect(), 0..4u32, 0..3u32, any::<u8>(), any::<u8>()), 0..200),
    ) {
        let mut bench = bench();
        for (control, effect, after, count, from, to) in acts {
            let _ = bench.inject(Injection { control, effect, after, count });
            let _ = bench.write(control, from, to);
            let _ = bench.delay(control);
        }
        bench.clear();
        for id in [PLATFORM, PLATFORM + 1, DSMIL, DSMIL + 1] {
            let cell = bench.read(id).unwrap();
            prop_assert!(matches!(cell.reading, Reading::Known(0 | 1)), "{:?}", cell);
        }
    }
}
