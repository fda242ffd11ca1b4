// SPDX-License-Identifier: GPL-2.0

//! What is shown as metrics. No label says who: no pid, uid, login or command; nor which load of the
//! module, of which there is no end.

use super::metric::{Metric, Metrics};
use super::Counters;
use crate::clock;
use crate::model::{is_drift_known, is_tamper_known, tampered, Anchor, Family, Machine, Standing};
use crate::root::Root;
use crate::snapshot::Snapshot;
use milspec_uapi::STATUS_PENDING_REBOOT;

/// When metrics are made.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Nanoseconds since 1970.
    pub wall_ns: u64,
    /// Nanoseconds since boot, sleep included.
    pub boottime_ns: Option<u64>,
}

impl Moment {
    /// Now.
    pub fn now(root: &Root) -> Self {
        Self {
            wall_ns: clock::wall_ns(),
            boottime_ns: root.boottime_ns(),
        }
    }
}

/// All metrics, in the order of the file: of the monitor, and of the machine where the driver has answered
/// and the answer is not of the copy of a training.
pub fn metrics(snapshot: Option<&Snapshot>, counters: &Counters, now: Moment) -> Vec<Metric> {
    let mut all = Metrics::default();
    all.gauge(
        "milspec_up",
        "Whether the driver answers",
        [u64::from(snapshot.is_some())],
    );
    if let Some(snapshot) = snapshot {
        all.driver(snapshot);
    }
    if let Some(machine) = snapshot.filter(|snapshot| !snapshot.is_training()) {
        all.machine(machine, now);
        all.anchor(&Anchor::new(&machine.status));
    }
    all.monitor(counters);
    all.take()
}

impl Metrics {
    fn driver(&mut self, snapshot: &Snapshot) {
        let info = &snapshot.info;
        let labels = vec![
            ("version", crate::model::clean(&info.driver_version)),
            ("abi", format!("{}.{}", info.abi_major, info.abi_minor)),
        ];
        let help = "Version of the driver, and of its interface";
        self.add("milspec_driver_info", help, false, [(labels, 1)]);
        let simulated = Machine::new(info, &snapshot.status).simulated_because;
        self.gauge(
            "milspec_simulated",
            "Whether the machine is the project's simulated Dell",
            [u64::from(simulated.is_some())],
        );
        self.gauge(
            "milspec_training",
            "Whether the driver shows the copy of a training; metrics of the machine are absent then",
            [u64::from(snapshot.is_training())],
        );
    }

    fn machine(&mut self, snapshot: &Snapshot, now: Moment) {
        let Snapshot {
            status, controls, ..
        } = snapshot;
        let families = Family::all(status);
        let known: Vec<&Family> = families
            .iter()
            .filter(|family| family.state != "absent")
            .collect();
        let of = |family: &Family| vec![("family", family.name.to_string())];
        let ready = known
            .iter()
            .map(|family| (of(family), u64::from(family.state == "ready")));
        self.add(
            "milspec_family_up",
            "Whether the controls of a family that the machine has can be asked for",
            false,
            ready,
        );
        let number = known
            .iter()
            .map(|family| (of(family), family.controls.into()));
        self.add("milspec_controls", "Number of controls", false, number);
        let calls = known
            .iter()
            .map(|family| (of(family), family.firmware_calls));
        self.add(
            "milspec_firmware_calls",
            "Firmware calls since the family was found",
            true,
            calls,
        );

        let refreshed = now.boottime_ns.filter(|_| status.refreshed_ns != 0);
        let age = refreshed.map(|boottime| boottime.saturating_sub(status.refreshed_ns));
        self.gauge(
            "milspec_refreshed_timestamp_seconds",
            "When the driver last read all controls",
            age.map(|age| seconds(now.wall_ns.saturating_sub(age))),
        );
        let standing = Standing::new(status, controls);
        let mode = standing
            .name
            .as_ref()
            .map(|name| (vec![("mode", name.to_string())], 1));
        self.add(
            "milspec_mode",
            "The mode that the machine is in",
            false,
            mode,
        );
        self.gauge(
            "milspec_mode_deviations",
            "Controls that are not as the mode asks for",
            standing.name.as_ref().map(|_| status.deviations.into()),
        );
        let deviating = standing.deviations.iter();
        self.add(
            "milspec_control_deviates",
            "Each control that is not as the mode asks for",
            false,
            deviating.map(|name| (vec![("control", name.clone())], 1)),
        );

        let unreadable: u64 = families
            .iter()
            .map(|family| u64::from(family.unreadable))
            .sum();
        let failed = families.iter().any(|family| family.state == "failed");
        self.gauge(
            "milspec_controls_unreadable",
            "Controls without a known value; absent where a whole family cannot be asked",
            (!failed).then_some(unreadable),
        );
        // What is found is told; that nothing is there is told where all was read.
        let drifted = u64::from(status.drifted);
        let is_known = drifted > 0 || is_drift_known(&families, controls);
        self.gauge(
            "milspec_controls_drifted",
            "Controls that something else has changed, as far as they were read",
            is_known.then_some(drifted),
        );
        let reporting = tampered(controls).len() as u64;
        let is_known = reporting > 0 || is_tamper_known(&families, controls);
        self.gauge(
            "milspec_controls_tampered",
            "Controls that report tampering, as far as they were read",
            is_known.then_some(reporting),
        );
        self.gauge(
            "milspec_controls_degraded",
            "Controls that could not be put back after a change that failed",
            [status.degraded.into()],
        );
        self.gauge(
            "milspec_latched",
            "Whether the machine is latched until the next boot",
            [u64::from(snapshot.is_latched())],
        );
        self.gauge(
            "milspec_pending_reboot",
            "Whether a change takes effect at the next boot",
            [u64::from(status.properties & STATUS_PENDING_REBOOT != 0)],
        );
        self.gauge(
            "milspec_restricted_allowed",
            "Whether controls of class restricted may be changed",
            [u64::from(snapshot.is_restricted_allowed())],
        );
    }

    /// Nothing of it, where there is no TPM that records could be extended into.
    fn anchor(&mut self, anchor: &Anchor) {
        let ready = match anchor.state.as_ref() {
            "ready" => 1,
            "failed" => 0,
            _ => return,
        };
        self.gauge(
            "milspec_anchor_ready",
            "Whether the TPM could be used the last time",
            [ready],
        );
        self.gauge(
            "milspec_anchor_pending",
            "Records that wait to be extended into the TPM",
            [anchor.pending.into()],
        );
        self.counter(
            "milspec_anchor_failures",
            "Records that could not be extended into the TPM, since the module was loaded",
            anchor.failures.into(),
        );
    }

    fn monitor(&mut self, counters: &Counters) {
        let events = counters.events.iter().flat_map(|(kind, severities)| {
            let of =
                |severity: &String| vec![("kind", kind.clone()), ("severity", severity.clone())];
            severities
                .iter()
                .map(move |(severity, count)| (of(severity), *count))
        });
        self.add("milspec_events", "Records of the journal", true, events);
        self.gauge(
            "milspec_last_event_timestamp_seconds",
            "When the last of them was recorded",
            counters.last_event_ns.map(seconds),
        );
        self.counter(
            "milspec_events_lost",
            "Records that were overwritten before the monitor read them",
            counters.lost,
        );
        self.counter(
            "milspec_refusals_suppressed",
            "Refusals that have no record of their own",
            counters.suppressed,
        );
        self.counter(
            "milspec_changed_outside",
            "Controls found changed, and not through the driver",
            counters.changed_outside,
        );
        let of_rule = |rule: &String| vec![("rule", rule.clone())];
        let findings = counters.findings.iter();
        let findings = findings.map(|(rule, found)| (of_rule(rule), found.count));
        self.add("milspec_findings", "Findings of the rules", true, findings);
        let last = counters.findings.iter().flat_map(|(rule, found)| {
            let of =
                |severity: &String| vec![("rule", rule.clone()), ("severity", severity.clone())];
            found
                .last_ns
                .iter()
                .map(move |(severity, ns)| (of(severity), seconds(*ns)))
        });
        let help = "When what led to the last finding of a rule happened";
        self.add("milspec_last_finding_timestamp_seconds", help, false, last);
        self.bits(
            "milspec_surprise_bits",
            "How unusual the last episode was",
            counters.surprise_bits,
        );
        self.bits(
            "milspec_surprise_threshold_bits",
            "How unusual an episode has to be to be told",
            counters.surprise_threshold_bits,
        );
        self.gauge(
            "milspec_monitor_start_time_seconds",
            "When this run of the monitor began",
            Some(counters.started_ns).filter(|ns| *ns != 0).map(seconds),
        );
        self.gauge(
            "milspec_monitor_state_saved_timestamp_seconds",
            "When the monitor last kept its place on disk",
            counters.state_saved_ns.map(seconds),
        );
        let of_sink = |sink: &String| vec![("sink", sink.clone())];
        let works = counters.sinks.iter();
        let works = works.filter_map(|(sink, of)| Some((of_sink(sink), u64::from(of.works?))));
        let help = "Whether what lines go to took the last ones";
        self.add("milspec_sink_up", help, false, works);
        let lost = counters
            .sinks
            .iter()
            .map(|(sink, of)| (of_sink(sink), of.lost));
        let help = "Lines that were given up, because they were not taken in time";
        self.add("milspec_sink_lines_lost", help, true, lost);
    }
}

fn seconds(ns: u64) -> u64 {
    ns / 1_000_000_000
}
