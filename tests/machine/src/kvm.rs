// SPDX-License-Identifier: GPL-2.0

//! Hardware acceleration, where it works.
//!
//! `/dev/kvm` may exist and be broken, for example under nested
//! virtualization without the processor's newer instructions. So it is used
//! only on request, and only after a guest of ours has really booted with it.

use crate::prepare::Prepared;

/// What a person sets to `kvm` to ask for it.
pub const VARIABLE: &str = "MILSPEC_ACCEL";

/// `kvm` when it was asked for and works, otherwise `tcg`.
pub fn accelerator(prepared: &'static Prepared) -> String {
    let wanted = std::env::var(VARIABLE).is_ok_and(|value| value == "kvm");
    if wanted && verdict(prepared) {
        "kvm".to_owned()
    } else {
        "tcg".to_owned()
    }
}

fn verdict(prepared: &'static Prepared) -> bool {
    use std::sync::OnceLock;
    static VERDICT: OnceLock<bool> = OnceLock::new();
    *VERDICT.get_or_init(|| {
        let host = std::fs::read_to_string("/proc/version").unwrap_or_default();
        let key = crate::image::hash(&[host.as_bytes(), prepared.release.as_bytes()]);
        let file = prepared.cache.path(format!("kvm-{key}"));
        if let Ok(text) = std::fs::read_to_string(&file) {
            return text.trim() == "works";
        }
        let works = crate::machine::probe_kvm(prepared);
        if let Err(error) = &works {
            eprintln!("KVM does not work here, software emulation is used: {error:#}");
        }
        let text = if works.is_ok() { "works\n" } else { "broken\n" };
        // Without the note it is only probed again next time.
        let _ = std::fs::write(&file, text);
        works.is_ok()
    })
}
