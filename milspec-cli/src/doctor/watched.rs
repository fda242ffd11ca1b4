// SPDX-License-Identifier: GPL-2.0

//! Who watches the machine, and what there is for that.

use super::check::{About, Check, Context};
use crate::monitor::alive::Monitor;
use crate::monitor::site::LOOK_AGE_NS;
use crate::system::{self, There};
use crate::words::age;

/// Does a monitor watch, and tell somebody?
pub fn monitor(context: &Context<'_>) -> Check {
    let about = About("monitor", "Monitor");
    let start = "systemctl enable --now milspec-monitor";
    match Monitor::of(context.root) {
        Monitor::None => about.not_applicable("none watches: milspec-monitor.service does not run"),
        Monitor::Silent(_) => about.warning(
            "it has said nothing for minutes",
            "see \"systemctl status milspec-monitor\"; ".to_string() + start,
        ),
        Monitor::Watches(alive) => {
            let failing = alive.sinks.iter().filter(|sink| !sink.works);
            let failing: Vec<&str> = failing.map(|sink| sink.name.as_str()).collect();
            let text = format!("watches, at record {}", alive.sequence);
            if !failing.is_empty() {
                return about.warning(
                    format!("{text}; not told: {}", failing.join(", ")),
                    "see \"journalctl -u milspec-monitor\" for why",
                );
            }
            if !alive.kept {
                return about.warning(
                    format!("{text}; its place is not on disk"),
                    "make room below /var: what changes between two boots is not found else",
                );
            }
            about.ok(text)
        }
    }
}

/// Does anybody look at the firmware?
pub fn look(context: &Context<'_>) -> Check {
    let about = About("look", "Last look");
    let Some(status) = context.status().filter(|status| status.refreshed_ns != 0) else {
        return about.not_applicable("the driver cannot be asked");
    };
    let Some(now) = context.root.boottime_ns() else {
        return about.not_applicable("the clock cannot be read");
    };
    let ago = now.saturating_sub(status.refreshed_ns);
    let text = format!("the last was {}", age(ago / 1_000_000));
    let watched = matches!(Monitor::of(context.root), Monitor::Watches(_));
    match watched && ago > LOOK_AGE_NS {
        true => about.warning(
            format!("{text}: what is changed past the driver is not seen"),
            "load the module with verify_interval=3600: docs/monitoring.md",
        ),
        false => about.ok(text),
    }
}

/// What there is for models on an NPU. Nothing here uses one.
pub fn npu(context: &Context<'_>) -> Check {
    let about = About("npu", "NPU");
    let npu = system::npu(context.root);
    match (npu.state, npu.driver, npu.device) {
        (There::Present, Some(driver), Some(device)) => about.not_applicable(format!(
            "{device}, with driver {driver}; the monitor uses none"
        )),
        (There::Present, ..) => {
            about.not_applicable("there is one without a driver; the monitor uses none")
        }
        (There::Absent, ..) => about.not_applicable("there is none; the monitor uses none"),
        (There::Unknown, ..) => about.not_applicable("whether there is one is not known"),
    }
}
