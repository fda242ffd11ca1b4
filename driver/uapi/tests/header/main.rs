// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! The C header `dell_milspec.h` is what the Rust source says, and C sees the same bytes.
//!
//! `UPDATE_HEADER=1 cargo test -p milspec-uapi` rewrites the header.

mod description;
mod generate;
mod page;

use milspec_uapi as uapi;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Whether what is generated is to be written anew.
fn updates() -> bool {
    std::env::var_os("UPDATE_HEADER").is_some_and(|value| value != "0")
}

/// The committed header, rewritten first where that is asked for.
fn committed() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("dell_milspec.h");
        if updates() {
            std::fs::write(&path, generate::header()).unwrap();
        }
        std::fs::read_to_string(&path).unwrap_or_default()
    })
}

/// Promise: the committed header is the one that the Rust source gives.
#[test]
fn is_current() {
    let (wanted, have) = (generate::header(), committed());
    let (wanted, have): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), have.lines().collect());
    let same = wanted.iter().zip(&have).take_while(|(a, b)| a == b).count();
    assert!(
        wanted == have,
        "dell_milspec.h differs from the Rust source in line {}:\n  wanted: {:?}\n  have:   {:?}\n\
         UPDATE_HEADER=1 cargo test -p milspec-uapi rewrites it",
        same + 1,
        wanted.get(same),
        have.get(same)
    );
}

/// A structure: its name in C, its size, and offset and size of each field.
struct Layout {
    name: &'static str,
    size: usize,
    fields: Vec<(&'static str, usize, usize)>,
}

/// Describes a structure. The pattern names every field, so a new one does not compile until it
/// stands here.
macro_rules! layout {
    ($c:literal, $type:ident { $($field:ident),* }) => {{
        fn sizes($type { $($field),* }: &uapi::$type) -> Vec<usize> {
            vec![$(size_of_val($field)),*]
        }
        use uapi::$type;
        let zero: $type = zerocopy::FromZeros::new_zeroed();
        let names = [$(stringify!($field)),*];
        let offsets = [$(std::mem::offset_of!($type, $field)),*];
        Layout {
            name: $c,
            size: size_of::<$type>(),
            fields: names
                .into_iter()
                .zip(offsets)
                .zip(sizes(&zero))
                .map(|((name, offset), size)| (name, offset, size))
                .collect(),
        }
    }};
}

fn layouts() -> Vec<Layout> {
    vec![
        layout!("milspec_head", Head { size, flags }),
        layout!(
            "milspec_info",
            Info {
                head,
                abi_major,
                abi_minor,
                properties,
                driver_version,
                vendor,
                product,
                bios_version
            }
        ),
        layout!(
            "milspec_family_status",
            FamilyStatus {
                state,
                error,
                controls,
                unreadable,
                firmware_calls,
                refreshed_ns,
                reserved
            }
        ),
        layout!(
            "milspec_status",
            Status {
                head,
                generation,
                refreshed_ns,
                properties,
                mode,
                standing,
                reserved,
                deviations,
                drifted,
                degraded,
                tampered,
                mode_lines,
                mode_present,
                mode_reached,
                mode_unreached,
                apply_step,
                apply_steps,
                platform,
                dsmil,
                dsmil_major,
                dsmil_minor,
                reserved2,
                dsmil_implementation,
                journal_next,
                journal_overwritten,
                anchored,
                anchor_pending,
                anchor_failures,
                anchor_error,
                suppressed,
                anchor,
                anchor_pcr,
                reserved3,
                last_request,
                last_sequence,
                last_outcome,
                last_reason,
                last_mode,
                reserved4,
                last_control,
                last_needs,
                last_error,
                last_pid,
                reserved5,
                reserved6
            }
        ),
        layout!(
            "milspec_refresh",
            Refresh {
                head,
                generation,
                changed,
                firmware_calls,
                properties,
                reserved
            }
        ),
        layout!(
            "milspec_training",
            Training {
                head,
                operation,
                properties,
                session,
                injection,
                control,
                value,
                reserved,
                after,
                count,
                number,
                reserved2,
                devices,
                device_count,
                device_stride,
                tokens,
                token_bytes,
                target_count,
                targets,
                target_stride,
                reserved3,
                generation,
                load
            }
        ),
        layout!(
            "milspec_control_value",
            ControlValue {
                name,
                token,
                location,
                expected,
                properties,
                read,
                value_class,
                gate,
                reserved,
                reserved2
            }
        ),
        layout!(
            "milspec_control",
            Control {
                id,
                family,
                control_class,
                access,
                presence,
                reading,
                current,
                value_count,
                depend_count,
                error,
                properties,
                group,
                changed,
                baseline,
                written,
                wanted,
                unreached_reason,
                unreached_needs,
                reserved,
                depends,
                name,
                label,
                values
            }
        ),
        layout!(
            "milspec_controls",
            Controls {
                head,
                buffer,
                capacity,
                stride,
                count,
                properties,
                generation
            }
        ),
        layout!(
            "milspec_target",
            Target {
                control,
                value,
                reserved,
                reserved2
            }
        ),
        layout!(
            "milspec_step",
            Step {
                control,
                from,
                to,
                now,
                state,
                reason,
                reserved,
                error,
                needs,
                reserved2,
                reserved3
            }
        ),
        layout!(
            "milspec_apply",
            Apply {
                head,
                generation,
                targets,
                steps,
                target_count,
                target_stride,
                step_capacity,
                step_stride,
                step_count,
                options,
                mode,
                outcome,
                reason,
                reserved,
                security_key,
                reserved2,
                control,
                needs,
                error,
                firmware_calls,
                mode_lines,
                mode_present,
                mode_reached,
                properties,
                request
            }
        ),
        layout!(
            "milspec_event",
            Event {
                sequence,
                boot_ns,
                wall_ns,
                about,
                generation,
                kind,
                severity,
                origin,
                mode,
                from,
                to,
                step,
                outcome,
                reason,
                properties,
                pcr,
                control,
                needs,
                error,
                count,
                pid,
                uid,
                login_uid,
                comm,
                load,
                extra,
                chain
            }
        ),
    ]
}

/// Promise: no structure of the header is left out below.
#[test]
fn every_structure_is_checked() {
    let mut defined: Vec<&str> = committed()
        .lines()
        .filter_map(|line| line.strip_prefix("struct ")?.strip_suffix(" {"))
        .collect();
    let mut checked: Vec<&str> = layouts().iter().map(|layout| layout.name).collect();
    defined.sort_unstable();
    checked.sort_unstable();
    assert_eq!(defined, checked);
}

/// Compiles a C program that includes the header and nothing before it, without a warning.
fn compile(name: &str, options: &[&str], body: &str) {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.c"));
    let text =
        format!("#include \"dell_milspec.h\"\n{body}\nint main(void)\n{{\n\treturn 0;\n}}\n");
    assert!(!committed().is_empty(), "there is no dell_milspec.h");
    std::fs::write(&source, text).unwrap();
    let output = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"])
        .args(options)
        .arg("-I")
        .arg(env!("CARGO_MANIFEST_DIR"))
        .arg(&source)
        .arg("-o")
        .arg(source.with_extension("out"))
        .output()
        .expect("this test needs a C compiler, cc");
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
}

/// Promise: C programs see every field where the driver puts it, and every number as it is.
#[test]
fn c_agrees() {
    let mut body = String::from("#include <stddef.h>\n");
    let mut check = |condition: String| {
        writeln!(body, "_Static_assert({condition}, {condition:?});").unwrap();
    };
    for Layout { name, size, fields } in layouts() {
        check(format!("sizeof(struct {name}) == {size}"));
        for (field, offset, size) in fields {
            let member = format!("((struct {name} *)0)->{field}");
            check(format!("offsetof(struct {name}, {field}) == {offset}"));
            check(format!("sizeof({member}) == {size}"));
        }
    }
    for (name, number) in [
        ("INFO", uapi::IOC_INFO),
        ("STATUS", uapi::IOC_STATUS),
        ("CONTROLS", uapi::IOC_CONTROLS),
        ("REFRESH", uapi::IOC_REFRESH),
        ("PLAN", uapi::IOC_PLAN),
        ("APPLY", uapi::IOC_APPLY),
        ("TRAINING", uapi::IOC_TRAINING),
    ] {
        check(format!("MILSPEC_IOC_{name} == {number}u"));
    }
    for (name, value) in [
        ("INFO", uapi::Info::SIZE_MIN),
        ("STATUS", uapi::Status::SIZE_MIN),
        ("CONTROLS", uapi::Controls::SIZE_MIN),
        ("CONTROL", uapi::Control::SIZE_MIN),
        ("REFRESH", uapi::Refresh::SIZE_MIN),
        ("TRAINING", uapi::Training::SIZE_MIN),
        ("APPLY", uapi::Apply::SIZE_MIN),
        ("TARGET", uapi::Target::SIZE_MIN),
        ("STEP", uapi::Step::SIZE_MIN),
    ] {
        check(format!("MILSPEC_{name}_SIZE_MIN == {value}"));
    }
    check(format!("MILSPEC_INDEX_NONE == {}", uapi::INDEX_NONE));
    check(format!("MILSPEC_EVENT_SIZE == {}", uapi::EVENT_SIZE));
    check(format!("MILSPEC_EVENT_CHAINED == {}", uapi::EVENT_CHAINED));
    check(format!("MILSPEC_SIZE_MAX == {}", uapi::SIZE_MAX));
    check(format!(
        "sizeof(MILSPEC_DEVICE_NAME) == {}",
        uapi::DEVICE_NAME.len() + 1
    ));
    compile("layout", &[], &body);
}

/// Promise: including the header twice, or with the standard's own names around, does no harm.
#[test]
fn c_includes_twice() {
    compile(
        "twice",
        &[],
        "#include <stdint.h>\n#include <limits.h>\n#include \"dell_milspec.h\"",
    );
}
