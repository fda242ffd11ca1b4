// SPDX-License-Identifier: GPL-2.0

//! What a user of milspecctl sees, on recorded machines: no machine is needed.
//!
//! Expected output is in `snapshots/`; `SNAPSHOTS=overwrite cargo test -p milspecctl` rewrites it,
//! to be read in `git diff` before it is committed.

mod ansible;
mod answers;
mod attest;
mod attributes;
mod attributes_others;
mod baselines;
mod changes;
mod compliance;
mod compliance_forms;
mod compliance_oscal;
mod compliance_page;
mod compliance_period;
mod compliance_registry;
mod configs;
mod confirm;
mod confirm_edges;
mod confirm_service;
mod contract;
mod controls;
mod docs;
mod doctor;
mod driver;
mod errors;
mod events;
mod fleet;
mod guide;
mod journal;
mod journal_files;
mod journal_verdicts;
mod journals;
mod library;
mod machines;
mod modes;
mod monitor;
mod monitor_metrics;
mod monitor_page;
mod monitor_report;
mod monitor_sigma;
mod monitor_watch;
mod owner;
mod passwords;
mod prompts;
mod refusals;
mod reports;
mod restores;
mod robust;
mod run;
mod schemas;
mod scripts;
mod security;
mod status;
mod terminal;
mod training;
mod training_answers;
mod training_commands;
mod training_judge;
mod training_plays;
mod training_scenarios;
mod tree;
mod watch;
mod words;

/// Compares text with the file `snapshots/NAME`.
#[macro_export]
macro_rules! assert_shows {
    ($text:expr, $name:literal) => {
        snapbox::assert_data_eq!(
            $text,
            snapbox::Data::read_from(
                std::path::Path::new(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/tests/cli/snapshots/",
                    $name
                )),
                Some(snapbox::data::DataFormat::Text),
            )
            .raw()
        )
    };
}
