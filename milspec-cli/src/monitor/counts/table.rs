// SPDX-License-Identifier: GPL-2.0

//! Counts that fade, and the probabilities that they make.

use super::features::Question;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// After so many hours a count is half of what it was: 60 days.
const HALF_LIFE_HOURS: f32 = 60.0 * 24.0;
/// So many counts are kept; the smallest go. One takes 53 bytes of JSON at most: 11 and 14 for the
/// context, 27 for the answer.
const KEPT: usize = 1_600;
/// What is left when there were more.
const LEFT: usize = 1_400;
/// A count that has faded to less is no count any more.
const LEAST: f32 = 0.02;

/// How often each answer was given in each context.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Table(BTreeMap<u32, Context>);

/// How often each answer was given, as of some hour.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "(u32, Vec<(u32, f32)>)", into = "(u32, Vec<(u32, f32)>)")]
struct Context {
    hour: u32,
    answers: Vec<(u32, f32)>,
}

impl From<Context> for (u32, Vec<(u32, f32)>) {
    fn from(context: Context) -> Self {
        (context.hour, context.answers)
    }
}

impl From<(u32, Vec<(u32, f32)>)> for Context {
    /// What is no count is left out: the file may have been damaged.
    fn from((hour, mut answers): (u32, Vec<(u32, f32)>)) -> Self {
        answers.retain(|(_, count)| count.is_finite() && *count > 0.0);
        Self { hour, answers }
    }
}

impl Context {
    /// What is left of a count by this hour.
    fn faded(&self, hours: u32) -> f32 {
        let passed = hours.saturating_sub(self.hour);
        match passed {
            0 => 1.0,
            _ => (-(passed as f32) / HALF_LIFE_HOURS).exp2(),
        }
    }

    fn fade(&mut self, hours: u32) {
        let faded = self.faded(hours);
        self.hour = self.hour.max(hours);
        for (_, count) in &mut self.answers {
            *count *= faded;
        }
        self.answers.retain(|(_, count)| *count >= LEAST);
    }
}

impl Table {
    /// How surprising the answer is, in bits.
    ///
    /// Witten and Bell's way: in a context where `n` answers were given, `t` different ones among them, what
    /// is known from less context has the weight `t / (n + t)`. At the end all answers are alike.
    pub(super) fn bits(&self, question: &Question, hours: u32) -> f64 {
        let mut probability = 1.0 / question.ways;
        for context in question.contexts.iter().rev() {
            let Some(context) = self.0.get(context) else {
                continue;
            };
            let faded = f64::from(context.faded(hours));
            let (mut all, mut this) = (0.0, 0.0);
            for (answer, count) in &context.answers {
                let count = f64::from(*count) * faded;
                all += count;
                if *answer == question.answer {
                    this += count;
                }
            }
            let different = context.answers.len() as f64;
            if different > 0.0 {
                probability = (this + different * probability) / (all + different);
            }
        }
        -probability.log2()
    }

    /// Counts the answer.
    pub(super) fn learn(&mut self, question: &Question, hours: u32) {
        for number in question.contexts {
            let context = self.0.entry(number).or_default();
            context.fade(hours);
            let known = context.answers.iter_mut();
            match known
                .into_iter()
                .find(|(answer, _)| *answer == question.answer)
            {
                Some((_, count)) => *count += 1.0,
                None => context.answers.push((question.answer, 1.0)),
            }
        }
    }

    /// Keeps it small: what is counted least goes, and of that the oldest.
    pub(super) fn trim(&mut self, hours: u32) {
        let counts: usize = self.0.values().map(|context| context.answers.len()).sum();
        if counts <= KEPT {
            return;
        }
        for context in self.0.values_mut() {
            context.fade(hours);
        }
        let all = self.0.values().flat_map(|context| &context.answers);
        let mut all: Vec<f32> = all.map(|(_, count)| *count).collect();
        all.sort_by(|a, b| b.total_cmp(a));
        let least = all.get(LEFT).copied().unwrap_or_default();
        // Of those that are alike so many stay as there is room for.
        let mut room = all
            .iter()
            .take(LEFT)
            .filter(|count| **count == least)
            .count();
        for context in self.0.values_mut() {
            context.answers.retain(|(_, count)| {
                let is_kept = *count > least || (*count == least && room > 0);
                room -= usize::from(is_kept && *count == least);
                is_kept
            });
        }
        self.0.retain(|_, context| !context.answers.is_empty());
    }
}

#[cfg(test)]
impl Table {
    /// The sum of all counts, as they have faded by this hour.
    pub(super) fn sum(&self, hours: u32) -> f32 {
        let contexts = self.0.values();
        let sums = contexts.map(|context| {
            let counts = context.answers.iter().map(|(_, count)| count);
            counts.sum::<f32>() * context.faded(hours)
        });
        sums.sum()
    }
}
