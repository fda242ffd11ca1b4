// SPDX-License-Identifier: GPL-2.0

//! Gives lines to all sinks, and keeps for each what it has not taken yet. A sink that fails holds up no
//! other one. Nothing is lost that is not told.

use super::sink::Sink;
use super::state::State;
use super::{Line, Note};
use crate::words::count;
use serde::{Deserialize, Serialize};
use std::io;

/// More lines than these wait for no sink.
const WAITING: usize = 1024;

/// How a sink is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doing {
    /// Its name.
    pub name: String,
    /// Whether it took the last line that it was given.
    pub works: bool,
    /// How many lines wait for it.
    pub waiting: usize,
    /// How many lines it has lost since it last worked.
    pub lost: u64,
}

/// The sinks.
pub struct Outlets {
    sinks: Vec<Outlet>,
}

struct Outlet {
    sink: Box<dyn Sink>,
    /// Why it failed the last time; `None` where it works.
    error: Option<io::Error>,
}

impl Outlets {
    /// These.
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Self {
        let sinks = sinks.into_iter();
        Self {
            sinks: sinks.map(|sink| Outlet { sink, error: None }).collect(),
        }
    }

    /// Gives them these lines, and what waits; `tell` makes a line of what there is to say about a sink.
    /// Of a sink that is no longer there nothing is kept.
    pub fn give(
        &mut self,
        state: &mut State,
        lines: &[Line],
        tell: &dyn Fn(&'static str, String, Note) -> Line,
    ) {
        let names: Vec<&str> = self.sinks.iter().map(|one| one.sink.name()).collect();
        state
            .pending
            .retain(|name, _| names.contains(&name.as_str()));
        state.lost.retain(|name, _| names.contains(&name.as_str()));
        let mut said = Vec::new();
        // No more than may wait at once: what a sink takes has not to wait.
        let mut left = lines;
        loop {
            let (some, rest) = left.split_at(left.len().min(WAITING));
            self.add(state, some);
            for outlet in &mut self.sinks {
                said.extend(outlet.send(state, tell));
            }
            left = rest;
            if left.is_empty() {
                break;
            }
        }
        // What is said of one sink is for the others too; for itself, where it works again.
        if !said.is_empty() {
            self.add(state, &said);
            for outlet in &mut self.sinks {
                if outlet.error.is_none() {
                    outlet.send(state, tell);
                }
            }
        }
    }

    fn add(&self, state: &mut State, lines: &[Line]) {
        for outlet in &self.sinks {
            let name = outlet.sink.name();
            let waiting = state.pending.entry(name.into()).or_default();
            waiting.extend(lines.iter().cloned());
            let over = waiting.len().saturating_sub(WAITING);
            if over > 0 {
                waiting.drain(..over);
                let over = over as u64;
                let lost = state.lost.entry(name.into()).or_default();
                *lost = lost.saturating_add(over);
                let counted = state.counters.sinks.entry(name.into()).or_default();
                counted.lost = counted.lost.saturating_add(over);
            }
        }
    }

    /// How they are doing.
    pub fn doing(&self, state: &State) -> Vec<Doing> {
        let sinks = self.sinks.iter().map(|outlet| {
            let name = outlet.sink.name();
            Doing {
                name: name.into(),
                works: outlet.error.is_none(),
                waiting: state.pending.get(name).map_or(0, |waiting| waiting.len()),
                lost: state.lost.get(name).copied().unwrap_or_default(),
            }
        });
        sinks.collect()
    }

    /// Why sinks fail, for the log of the monitor.
    pub fn errors(&self) -> impl Iterator<Item = (&'static str, &io::Error)> {
        let failing = self.sinks.iter();
        failing.filter_map(|outlet| Some((outlet.sink.name(), outlet.error.as_ref()?)))
    }
}

impl Outlet {
    /// Gives it all that waits, as far as it takes that. What it leads to is returned.
    fn send(
        &mut self,
        state: &mut State,
        tell: &dyn Fn(&'static str, String, Note) -> Line,
    ) -> Vec<Line> {
        let name = self.sink.name();
        let Some(waiting) = state.pending.get_mut(name) else {
            return Vec::new();
        };
        let mut result = Ok(());
        while !waiting.is_empty() && result.is_ok() {
            match self.sink.put(waiting.make_contiguous()) {
                Ok(0) => result = Err(io::ErrorKind::WouldBlock.into()),
                Ok(taken) => drop(waiting.drain(..taken.min(waiting.len()))),
                Err(error) => result = Err(error),
            }
        }
        let note = |word: &'static str, number: Option<u64>| Note {
            note: word.into(),
            sink: Some(name.into()),
            count: number,
        };
        let worked = self.error.is_none();
        self.error = result.err();
        match (&self.error, worked) {
            (Some(error), true) => {
                let message = format!("{name} takes nothing: {error}");
                vec![tell("warning", message, note("sink-failed", None))]
            }
            (Some(_), false) => Vec::new(),
            (None, worked) => {
                let works = || {
                    let message = format!("{name} works again");
                    tell("notice", message, note("sink-works", None))
                };
                // An earlier run may have lost them.
                let lost = state.lost.remove(name).filter(|lost| *lost > 0);
                let lost = lost.map(|lost| {
                    let message = format!("{} for {name} are lost", count(lost, "line"));
                    tell("warning", message, note("lines-lost", Some(lost)))
                });
                let works = (!worked).then(works);
                works.into_iter().chain(lost).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::told::Teller;
    use crate::monitor::What;
    use std::cell::RefCell;
    use std::rc::Rc;

    type Taken = Rc<RefCell<Vec<String>>>;

    /// A sink that a test can have fail.
    struct Fake {
        name: &'static str,
        works: Rc<RefCell<bool>>,
        taken: Taken,
    }

    impl Sink for Fake {
        fn name(&self) -> &'static str {
            self.name
        }

        fn put(&mut self, lines: &[Line]) -> io::Result<usize> {
            if !*self.works.borrow() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            // One at a time, as a slow one.
            let first = lines.iter().take(1).map(|line| line.message.clone());
            self.taken.borrow_mut().extend(first);
            Ok(1)
        }
    }

    fn fake(name: &'static str) -> (Box<dyn Sink>, Rc<RefCell<bool>>, Taken) {
        let works = Rc::new(RefCell::new(true));
        let taken = Taken::default();
        let sink = Fake {
            name,
            works: works.clone(),
            taken: taken.clone(),
        };
        (Box::new(sink), works, taken)
    }

    fn tell(severity: &'static str, message: String, note: Note) -> Line {
        Teller::default().note(0, severity, message, note)
    }

    fn lines(from: usize, to: usize) -> Vec<Line> {
        let number = |n: usize| tell("info", format!("line {n}"), Note::default());
        (from..to).map(number).collect()
    }

    /// Promise: a sink that fails holds up no other, gets all when it works again, in order, and both
    /// ends of that are told.
    #[test]
    fn one_fails() {
        let (good, _, taken) = fake("good");
        let (bad, works, later) = fake("bad");
        let mut outlets = Outlets::new(vec![good, bad]);
        let mut state = State::default();
        *works.borrow_mut() = false;
        outlets.give(&mut state, &lines(0, 3), &tell);
        let expected = ["line 0", "line 1", "line 2"];
        assert_eq!(taken.borrow()[..3], expected);
        assert!(taken.borrow()[3].starts_with("bad takes nothing"));
        assert!(later.borrow().is_empty());
        assert_eq!(outlets.errors().count(), 1);
        outlets.give(&mut state, &[], &tell);
        assert_eq!(taken.borrow().len(), 4, "said once");
        *works.borrow_mut() = true;
        outlets.give(&mut state, &lines(3, 4), &tell);
        assert_eq!(later.borrow()[..3], expected);
        assert_eq!(later.borrow().last().unwrap(), "bad works again");
        assert!(later.borrow().contains(&"line 3".to_string()));
        assert!(state.pending.values().all(|waiting| waiting.is_empty()));
    }

    /// Promise: what a sink has no room for is lost from the oldest on, in bounded memory, and its number
    /// is told when the sink works again.
    #[test]
    fn lost_lines_are_told() {
        let (bad, works, taken) = fake("bad");
        let mut outlets = Outlets::new(vec![bad]);
        let mut state = State::default();
        *works.borrow_mut() = false;
        for start in 0..40 {
            outlets.give(&mut state, &lines(start * 100, start * 100 + 100), &tell);
        }
        assert_eq!(state.pending["bad"].len(), WAITING);
        *works.borrow_mut() = true;
        outlets.give(&mut state, &[], &tell);
        // 4,000 lines and the one that says that it fails.
        let lost = 4001 - WAITING;
        let last = taken.borrow().last().unwrap().clone();
        assert_eq!(last, format!("{lost} lines for bad are lost"));
        assert!(state.lost.is_empty());
    }

    /// Promise: however many lines come at once, a sink that works gets all of them.
    #[test]
    fn a_burst_is_taken_whole() {
        let (good, _, taken) = fake("good");
        let mut outlets = Outlets::new(vec![good]);
        let mut state = State::default();
        let count = 3 * WAITING + 1;
        outlets.give(&mut state, &lines(0, count), &tell);
        assert_eq!(taken.borrow().len(), count);
        assert_eq!(taken.borrow()[0], "line 0");
    }

    /// Promise: what waits outlives the program, and is given to the sink of that name; so does what is to
    /// be told of lost lines.
    #[test]
    fn goes_on_from_disk() {
        let (bad, works, _) = fake("bad");
        let mut outlets = Outlets::new(vec![bad]);
        let mut state = State::default();
        *works.borrow_mut() = false;
        outlets.give(&mut state, &lines(0, 2), &tell);
        let text = serde_json::to_string(&state).unwrap();
        let mut state: State = serde_json::from_str(&text).unwrap();
        assert!(matches!(state.pending["bad"][0].what, What::Note(_)));
        state.lost.insert("bad".into(), 7);
        let (sink, _, taken) = fake("bad");
        Outlets::new(vec![sink]).give(&mut state, &[], &tell);
        assert_eq!(taken.borrow()[..2], ["line 0", "line 1"]);
        assert_eq!(taken.borrow().last().unwrap(), "7 lines for bad are lost");
    }
}
