// SPDX-License-Identifier: GPL-2.0

//! The file of metrics, in Prometheus' text format 0.0.4: what node_exporter's textfile collector reads.

use crate::monitor::metric::{Metric, Value};
use nix::fcntl::OFlag;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{prometheus_text, DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Metrics, in their order.
#[derive(Debug)]
struct All(Vec<Metric>);

impl Collector for All {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for metric in &self.0 {
            let kind = match metric.is_counter {
                true => MetricType::Counter,
                false => MetricType::Gauge,
            };
            let mut family = encoder.encode_descriptor(metric.name, metric.help, None, kind)?;
            for sample in &metric.samples {
                let labels = sample.labels.as_slice();
                let labels = &labels;
                let one = family.encode_family(labels)?;
                match (sample.value, metric.is_counter) {
                    (Value::Count(count), true) => ConstCounter::new(count).encode(one)?,
                    (Value::Count(count), false) => ConstGauge::new(count).encode(one)?,
                    (Value::Number(number), true) => ConstCounter::new(number).encode(one)?,
                    (Value::Number(number), false) => ConstGauge::new(number).encode(one)?,
                }
            }
        }
        Ok(())
    }
}

/// Metrics as they stand in the file. One without a sample is left out.
pub fn text(metrics: Vec<Metric>) -> String {
    let metrics = metrics
        .into_iter()
        .filter(|metric| !metric.samples.is_empty());
    let mut registry = Registry::default();
    registry.register_collector(Box::new(All(metrics.collect())));
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = prometheus_text::encode(&mut text, &registry);
    text
}

/// Puts this text in place of the file at once, so that nobody reads half of it. Everybody may read it.
/// The file of before stays where this fails.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    // Not ".prom": node_exporter reads all that end in that.
    new.push(".new");
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK).bits())
        .open(&new)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            // Whatever the umask of the service is.
            file.set_permissions(Permissions::from_mode(0o644))
        })
        .and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::super::tests::dir;
    use super::*;
    use crate::monitor::metric::Sample;

    /// Promise: a label can have any text, a metric without a value is not there, and a counter's name
    /// ends as Prometheus wants it.
    #[test]
    fn text_is_escaped() {
        let metric = |name, is_counter, samples| Metric {
            name,
            help: "A \\ and\na line",
            is_counter,
            samples,
        };
        let sample = |labels, value| Sample { labels, value };
        let strange = "a\"b\\c\nd}";
        let text = text(vec![
            metric("milspec_none", false, Vec::new()),
            metric(
                "milspec_a",
                true,
                vec![sample(vec![("l", strange.into())], Value::Count(u64::MAX))],
            ),
            metric(
                "milspec_b",
                false,
                vec![sample(Vec::new(), Value::Number(6.5))],
            ),
        ]);
        let want = "# HELP milspec_a_total A \\\\ and\\na line\n\
                    # TYPE milspec_a_total counter\n\
                    milspec_a_total{l=\"a\\\"b\\\\c\\nd}\"} 18446744073709551615\n\
                    # HELP milspec_b A \\\\ and\\na line\n\
                    # TYPE milspec_b gauge\n\
                    milspec_b 6.5\n";
        assert_eq!(text, want);
    }

    /// Promise: the file is replaced and readable for everybody, a failure leaves the old one and nothing
    /// else behind, and what a link points to is not written.
    #[test]
    fn file_is_replaced() {
        let dir = dir("metrics");
        let path = dir.join("milspec.prom");
        write(&path, "a 1\n").unwrap();
        write(&path, "a 2\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a 2\n");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        assert_eq!(fs::read_dir(&*dir).unwrap().count(), 1);

        let new = dir.join("milspec.prom.new");
        std::os::unix::fs::symlink("/dev/full", &new).unwrap();
        assert!(write(&path, "a 3\n").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "a 2\n");
        assert!(write(&dir.join("absent/milspec.prom"), "a 3\n").is_err());
        fs::create_dir(dir.join("taken.prom")).unwrap();
        assert!(write(&dir.join("taken.prom"), "a 3\n").is_err());
        let mut left: Vec<_> = fs::read_dir(&*dir)
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["milspec.prom", "taken.prom"]);
    }
}
