// SPDX-License-Identifier: GPL-2.0

//! `milspecctl monitor run`

use crate::cmd::journal_save::open;
use crate::cmd::monitor::site;
use crate::ui::Ui;
use milspec::cli::{Global, MonitorRun};
use milspec::input::is_standard;
use milspec::monitor::alive::{Alive, EVERY_S, SCHEMA};
use milspec::monitor::metrics::{metrics, Moment};
use milspec::monitor::outlets::Outlets;
use milspec::monitor::sink::{prometheus, Journald, Ndjson, Sink, Stream};
use milspec::monitor::standing::Now;
use milspec::monitor::state::{Kept, State};
use milspec::monitor::told::Teller;
use milspec::monitor::watch::{Seen, Watch};
use milspec::monitor::{Line, Note};
use milspec::source::Wait;
use milspec::{diagnose, journal, signals, system, Failure, Result, Root, Snapshot, Source};
use milspec_uapi::Event;
use sd_notify::NotifyState;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

/// Where journald listens.
const JOURNALD: &str = "/run/systemd/journal/socket";
/// What comes within this time is told together.
const TOGETHER: Duration = Duration::from_millis(250);
/// Where nothing happens the state is kept so often, and at the end.
const KEEP: Duration = Duration::from_secs(3600);

/// Watches until Ctrl-C, which is how it is meant to end.
pub fn run(root: &Root, global: &Global, asked: &MonitorRun) -> Result<u8> {
    signals::catch_for("watch")?;
    let site = site(root, asked.site.as_deref())?;
    let sinks = sinks(asked)?;
    let mut source = open(root)?;
    let kept = Kept::open(&asked.state)?;
    let snapshot = Snapshot::read(source.as_ref())?;
    let teller = Teller {
        host: root.text("/proc/sys/kernel/hostname"),
        boot_id: system::boot_id(root).map(|id| id.replace('-', "")),
        simulated: snapshot.provenance(root).simulated == Some(true),
    };
    let (state, damage) = match kept.load()? {
        Ok(state) => (state, None),
        Err(why) => (None, Some(why)),
    };
    let mut run = Run {
        root,
        asked,
        ui: Ui::new(global),
        outlets: Outlets::new(sinks),
        watch: Watch::new(site, teller, state),
        kept,
        saved: None,
        not_kept: false,
        complained: Vec::new(),
    };
    run.begin(damage)?;
    run.watch(source.as_mut())?;
    Ok(0)
}

/// A monitor at work.
struct Run<'a> {
    root: &'a Root,
    asked: &'a MonitorRun,
    ui: Ui,
    outlets: Outlets,
    watch: Watch,
    kept: Kept,
    /// When the state was kept last; `None` where it is not on disk.
    saved: Option<Instant>,
    /// Whether the last attempt to keep it failed.
    not_kept: bool,
    /// What standard error was told of already.
    complained: Vec<String>,
}

impl Run<'_> {
    /// Says that it watches, and what became of what it knew.
    fn begin(&mut self, damage: Option<String>) -> Result<()> {
        let now = Moment::now(self.root);
        self.watch.state.counters.started_ns = now.wall_ns;
        let mut lines = Vec::new();
        if let Some(why) = damage {
            self.kept.set_aside().map_err(|error| {
                Failure::new(
                    "monitor-state-unusable",
                    format!("cannot watch with {}", self.asked.state.display()),
                    format!("its state is damaged, and cannot be moved away: {why}"),
                    "see that the directory can be written",
                )
                .with_error(&error)
            })?;
            let message = format!("how the controls stood before is not known: {why}");
            lines.push(self.note(now, "warning", message, "state-lost"));
        }
        lines.push(self.note(now, "info", "the monitor watches".into(), "started"));
        self.give(&lines);
        Ok(())
    }

    /// Watches; where the driver cannot be asked any more, the metrics say so.
    fn watch(&mut self, source: &mut dyn Source) -> Result<()> {
        let ended = self.look_and_wait(source);
        if ended.is_err() {
            self.tell_how_it_does(None);
        }
        ended
    }

    fn look_and_wait(&mut self, source: &mut dyn Source) -> Result<()> {
        let mut first = true;
        let mut new: Vec<Event> = Vec::new();
        loop {
            let snapshot = Snapshot::read(source)?;
            new.extend(journal::read(source)?);
            let quiet = self.step(&snapshot, std::mem::take(&mut new));
            self.keep(!quiet);
            self.tell_how_it_does(Some(&snapshot));
            if first {
                notify(&[NotifyState::Ready]);
                first = false;
            }
            notify(&[NotifyState::Watchdog]);
            // To a recording nothing happens any more.
            let once = self.asked.once || self.root.note().is_some();
            if once || signals::arrived() || self.nobody_reads() {
                return self.end(source);
            }
            if !quiet && !pause(TOGETHER) {
                continue;
            }
            let next = Instant::now() + Duration::from_secs(EVERY_S);
            new = source
                .records(Wait::Until(next))
                .map_err(diagnose::journal)?;
        }
    }

    /// Tells what there is to tell; returns whether that was nothing.
    fn step(&mut self, snapshot: &Snapshot, records: Vec<Event>) -> bool {
        let now = Moment::now(self.root);
        let lines = self.watch.step(Seen {
            root: self.root,
            now: Now {
                wall_ns: now.wall_ns,
                boottime_ns: now.boottime_ns.unwrap_or_default(),
            },
            snapshot,
            records,
        });
        self.give(&lines);
        lines.is_empty()
    }

    fn end(&mut self, source: &dyn Source) -> Result<()> {
        notify(&[NotifyState::Stopping]);
        let now = Moment::now(self.root);
        let snapshot = Snapshot::read(source)?;
        let mut lines = self.watch.stop(now.wall_ns, &snapshot);
        if !self.asked.once {
            lines.push(self.note(now, "info", "the monitor stops".into(), "stopped"));
        }
        self.give(&lines);
        self.keep(true);
        self.tell_how_it_does(Some(&snapshot));
        Ok(())
    }

    fn note(
        &self,
        now: Moment,
        severity: &'static str,
        message: String,
        word: &'static str,
    ) -> Line {
        let note = Note {
            note: word.into(),
            ..Note::default()
        };
        self.watch.note(now.wall_ns, severity, message, note)
    }

    /// Gives lines to the sinks, with what waits for them.
    fn give(&mut self, lines: &[Line]) {
        let mut state = std::mem::take(&mut self.watch.state);
        let now = Moment::now(self.root).wall_ns;
        let tell = |severity: &'static str, message: String, note: Note| {
            self.watch.note(now, severity, message, note)
        };
        self.outlets.give(&mut state, lines, &tell);
        for doing in self.outlets.doing(&state) {
            let counted = state.counters.sinks.entry(doing.name).or_default();
            counted.works = Some(doing.works);
        }
        self.watch.state = state;
        let errors = self.outlets.errors();
        let failing: Vec<String> = errors
            .map(|(name, error)| format!("{name} takes nothing: {error}"))
            .collect();
        self.complain(failing);
    }

    /// Keeps the state on disk; where nothing `changed`, seldom.
    fn keep(&mut self, changed: bool) {
        if !changed && self.saved.is_some_and(|saved| saved.elapsed() < KEEP) {
            return;
        }
        let now = Moment::now(self.root);
        let before = self.watch.state.counters.state_saved_ns;
        self.watch.state.counters.state_saved_ns = Some(now.wall_ns);
        let saved = self.kept.save(&self.watch.state);
        let line = match (&saved, self.not_kept) {
            (Err(error), false) => {
                let message = format!("the state cannot be kept: {error}");
                Some(self.note(now, "warning", message, "state-not-kept"))
            }
            (Ok(()), true) => {
                let message = "the state is kept again".into();
                Some(self.note(now, "notice", message, "state-kept"))
            }
            _ => None,
        };
        self.not_kept = saved.is_err();
        match saved {
            Ok(()) => self.saved = Some(Instant::now()),
            Err(error) => {
                self.watch.state.counters.state_saved_ns = before;
                self.saved = None;
                self.complain(vec![format!("the state cannot be kept: {error}")]);
            }
        }
        if let Some(line) = line {
            self.give(&[line]);
        }
    }

    /// Writes the files that say how machine and monitor are doing.
    fn tell_how_it_does(&mut self, snapshot: Option<&Snapshot>) {
        let mut failing = Vec::new();
        let now = Moment::now(self.root);
        if let Some(path) = &self.asked.prometheus {
            let metrics = metrics(snapshot, &self.watch.state.counters, now);
            if let Err(error) = prometheus::write(path, &prometheus::text(metrics)) {
                failing.push(format!("{}: {error}", path.display()));
            }
        }
        if let Some(path) = &self.asked.alive {
            if let Err(error) = self.alive(now).write(path) {
                failing.push(format!("{}: {error}", path.display()));
            }
        }
        self.complain(failing);
    }

    fn alive(&self, now: Moment) -> Alive {
        let state: &State = &self.watch.state;
        let last = state.last.as_ref().and_then(|last| last.event());
        Alive {
            schema: SCHEMA.into(),
            pid: std::process::id(),
            boottime_ns: now.boottime_ns.unwrap_or_default(),
            load: last.map(|last| hex::encode(last.load)),
            sequence: last.map_or(0, |last| last.sequence),
            kept: self.saved.is_some(),
            findings: state.counters.findings.values().map(|one| one.count).sum(),
            sinks: self.outlets.doing(state),
        }
    }

    /// Tells standard error of what fails, once.
    fn complain(&mut self, failing: Vec<String>) {
        for line in &failing {
            if !self.complained.contains(line) {
                self.ui.say(&format!("{line}\n"));
                self.complained.push(line.clone());
            }
        }
        // It can have many faults, and none of them for ever.
        if self.complained.len() > 64 {
            self.complained.clear();
        }
    }

    /// Whether all goes to standard output, and nobody reads it any more.
    fn nobody_reads(&self) -> bool {
        let to_stdout = self.asked.ndjson.as_deref().is_some_and(is_standard);
        let mut errors = self.outlets.errors();
        to_stdout && errors.any(|(_, error)| error.kind() == ErrorKind::BrokenPipe)
    }
}

/// Waits; returns false when a signal arrived.
fn pause(time: Duration) -> bool {
    signals::wait_for_any(&[], Some(Instant::now() + time)).is_ok()
}

/// Tells systemd, where that runs this.
fn notify(states: &[NotifyState<'_>]) {
    // Nobody is to be told where it fails.
    let _ = sd_notify::notify(false, states);
}

fn sinks(asked: &MonitorRun) -> Result<Vec<Box<dyn Sink>>> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    if asked.journald {
        let journald = Journald::new(Path::new(JOURNALD));
        sinks.push(Box::new(journald.map_err(|e| not_opened(JOURNALD, &e))?));
    }
    match asked.ndjson.as_deref() {
        Some(path) if is_standard(path) => {
            let stream = Stream::stdout().map_err(|e| not_opened("standard output", &e))?;
            sinks.push(Box::new(stream));
        }
        // One that cannot be opened now holds up no other, and is tried again.
        Some(path) => sinks.push(Box::new(Ndjson::new(path))),
        None => {}
    }
    if sinks.is_empty() && asked.prometheus.is_none() {
        return Err(Failure::new(
            "usage",
            "there is nobody to tell",
            "neither --journald nor --ndjson nor --prometheus is given",
            "give one of them, e.g. \"milspecctl monitor run --ndjson -\"",
        ));
    }
    Ok(sinks)
}

fn not_opened(name: &str, error: &io::Error) -> Failure {
    Failure::new(
        "monitor-sink-unusable",
        format!("cannot tell {name}"),
        "it cannot be opened",
        "see that the directory is there and can be written, or name another file",
    )
    .with_error(error)
}
