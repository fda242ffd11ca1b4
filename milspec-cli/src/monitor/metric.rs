// SPDX-License-Identifier: GPL-2.0

//! What a metric is.

/// One metric. Where its value is not known it has no sample: that is not the same as 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name; of a counter, without the ending `_total`.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Whether it only grows.
    pub is_counter: bool,
    /// Its values.
    pub samples: Vec<Sample>,
}

/// One value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Names and values of the labels.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: Value,
}

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// Any number.
    Number(f64),
}

/// Metrics that are being put together.
#[derive(Debug, Default)]
pub struct Metrics(Vec<Metric>);

impl Metrics {
    /// All of them, in the order in which they were added.
    pub fn take(self) -> Vec<Metric> {
        self.0
    }

    /// A gauge without labels; without a value, where there is none.
    pub fn gauge(
        &mut self,
        name: &'static str,
        help: &'static str,
        value: impl IntoIterator<Item = u64>,
    ) {
        let values = value.into_iter().map(|value| (Vec::new(), value));
        self.add(name, help, false, values);
    }

    /// The same of a counter.
    pub fn counter(&mut self, name: &'static str, help: &'static str, value: u64) {
        self.add(name, help, true, [(Vec::new(), value)]);
    }

    /// One with whole numbers, each with its labels.
    pub fn add(
        &mut self,
        name: &'static str,
        help: &'static str,
        is_counter: bool,
        samples: impl IntoIterator<Item = (Vec<(&'static str, String)>, u64)>,
    ) {
        let samples = samples.into_iter().map(|(labels, value)| Sample {
            labels,
            value: Value::Count(value),
        });
        self.0.push(Metric {
            name,
            help,
            is_counter,
            samples: samples.collect(),
        });
    }

    /// A gauge without labels that is no whole number.
    pub fn bits(&mut self, name: &'static str, help: &'static str, value: Option<f64>) {
        let sample = |value| Sample {
            labels: Vec::new(),
            value: Value::Number(value),
        };
        self.0.push(Metric {
            name,
            help,
            is_counter: false,
            samples: value.into_iter().map(sample).collect(),
        });
    }
}
