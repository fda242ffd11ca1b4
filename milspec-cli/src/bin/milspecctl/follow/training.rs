// SPDX-License-Identifier: GPL-2.0

//! `milspecctl training run`

use crate::cmd::training::report::ReportDoc;
use crate::page::Page;
use crate::{output, render};
use milspec::cli::{Global, TrainingRun};
use milspec::model::{Event, Naming};
use milspec::source::Wait;
use milspec::training::check::Check;
use milspec::training::judge::State;
use milspec::training::run::{self, Ended, Run};
use milspec::training::scenario::{Happening, Scenario, Somebody};
use milspec::training::{self, judge};
use milspec::words::count;
use milspec::{diagnose, driver, kept, refusal, signals, system, unconfirmed};
use milspec::{Access, Failure, Result, Root, Snapshot, Source};
use milspec_uapi as uapi;
use nix::errno::Errno;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Time between two looks.
const PERIOD: Duration = Duration::from_millis(500);

/// Runs a scenario, or goes on with it, until everything is decided.
pub fn run(root: &Root, global: &Global, asked: &TrainingRun) -> Result<ReportDoc> {
    signals::catch().map_err(|errno| diagnose::apply("cannot begin".into(), errno))?;
    let (scenario, _) = Scenario::find(root, &asked.scenario)?;
    let source = driver::open(root, Access::Change)?;
    let mut runner = Runner::begin(root, global, source, scenario)?;
    runner.go_on()?;
    runner.end(asked.keep)?;
    Ok(ReportDoc::new(root, None, &runner.run, false))
}

/// A run under way.
struct Runner<'a> {
    root: &'a Root,
    global: &'a Global,
    source: Box<dyn Source + 'a>,
    run: Run,
    /// How each objective stood when it was last told.
    told: Vec<State>,
    /// Whether there is something that is not on disk.
    news: bool,
}

impl<'a> Runner<'a> {
    /// Begins the training, or goes on with the one that was interrupted.
    fn begin(
        root: &'a Root,
        global: &'a Global,
        mut source: Box<dyn Source + 'a>,
        scenario: Scenario,
    ) -> Result<Self> {
        let snapshot = Snapshot::read(source.as_ref())?;
        training::follow(source.as_mut());
        let run = match snapshot.is_training() {
            true => {
                let training = training::state(source.as_mut())?;
                let run = Run::load(root)?.filter(|run| run.is_of(&training));
                run.filter(|run| run.scenario == scenario)
                    .ok_or_else(|| busy(&scenario.name))?
            }
            false => {
                unconfirmed::refuse_another(root)?;
                for one in &scenario.set() {
                    // A scenario for the machine's own controls may not fit to every machine.
                    if scenario.start.profile.as_deref() == Some("machine") {
                        refusal::find(&one.name, &snapshot.controls)?;
                    }
                }
                let described = scenario.profile().describe(&snapshot, &scenario.set())?;
                let training = training::start(source.as_mut(), &described)?;
                let begun = Snapshot::read(source.as_ref())?;
                run::open_answers(root, &scenario.name)?;
                Run::new(scenario, &training, begun.controls)
            }
        };
        let mut runner = Self {
            root,
            global,
            source,
            told: vec![State::Open; run.scenario.objective.len()],
            run,
            news: true,
        };
        runner.save()?;
        runner.tell_story()?;
        Ok(runner)
    }

    /// Until everything is decided, or the time is over.
    fn go_on(&mut self) -> Result<()> {
        loop {
            self.look()?;
            if self.run.ended.is_none() {
                self.have_happen()?;
                self.look()?;
            }
            if self.news {
                self.save()?;
            }
            self.tell_objectives()?;
            if self.run.ended.is_some() {
                return Ok(());
            }
            if self.is_decided() {
                self.run.ended = Some(Ended::Decided);
                return Ok(());
            }
            if self.run.left_s() == 0 {
                self.run.ended = Some(Ended::Time);
                return Ok(());
            }
            if !signals::pause(PERIOD) {
                let name = &self.run.scenario.name;
                return Err(Failure::new(
                    "interrupted",
                    format!("the run of {name} was interrupted"),
                    "a signal arrived; the training goes on without it",
                    "run it again to go on, or end it: \"milspecctl training stop\"",
                )
                .with(Errno::EINTR));
            }
        }
    }

    /// Takes in what there is.
    fn look(&mut self) -> Result<()> {
        let mut records = Vec::new();
        loop {
            let batch = self.source.records(Wait::No).map_err(diagnose::journal)?;
            if batch.is_empty() {
                break;
            }
            records.extend(batch);
        }
        let new = self.run.take(self.root, &records);
        let last = new.iter().map(|event| event.boot_ns).max().unwrap_or(0);
        self.run.seen_ns = self.root.boottime_ns().unwrap_or(0).max(last);
        let snapshot = Snapshot::read(self.source.as_ref())?;
        let training = training::state(self.source.as_mut())?;
        if !snapshot.is_training() || !self.run.is_of(&training) {
            self.run.ended = Some(Ended::Stopped);
        } else {
            self.run.controls = snapshot.controls;
        }
        let answers = self.run.answers.len();
        self.run.take_answers(self.root);
        self.news |= !new.is_empty() || self.run.answers.len() > answers;
        self.tell(&new)
    }

    /// Has happen what is due.
    fn have_happen(&mut self) -> Result<()> {
        let records = self.run.wire().unwrap_or_default();
        let due: Vec<usize> = {
            let facts = self.run.facts(&records);
            let events = self.run.scenario.event.iter().enumerate();
            let waits = events.filter(|(at, _)| !self.run.happened.contains(at));
            let due = waits.filter(|(_, event)| is_due(event, &facts));
            due.map(|(at, _)| at).collect()
        };
        for at in due {
            let Some(event) = self.run.scenario.event.get(at).cloned() else {
                continue;
            };
            // Noted first: what fails is not tried for ever.
            self.run.happened.push(at);
            self.save()?;
            self.happen(&event).map_err(|failure| Failure {
                what: format!("event {} of the scenario did not happen", at + 1),
                why: failure.to_string(),
                ..failure
            })?;
        }
        Ok(())
    }

    fn happen(&mut self, event: &Happening) -> Result<()> {
        if let Some(inject) = &event.inject {
            let snapshot = Snapshot::read(self.source.as_ref())?;
            training::inject(self.source.as_mut(), inject.on(&snapshot)?)?;
        }
        match &event.change {
            Some(somebody) => self.change(somebody),
            None => Ok(()),
        }
    }

    /// Sets a control as another user, so that the records have that user.
    fn change(&self, somebody: &Somebody) -> Result<()> {
        let group = system::group(self.root, uapi::DEVICE_NAME);
        let mut command = Command::new("/proc/self/exe");
        command
            .args(["--quiet", "control", "set"])
            .arg(format!("{}={}", somebody.control, somebody.value))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .uid(somebody.uid);
        if let Some((group, _)) = group {
            command.gid(group);
        }
        let ended = command.status();
        match ended {
            Ok(status) if status.success() => Ok(()),
            ended => Err(Failure::new(
                "scenario-failed",
                "somebody else could not change the copy",
                match ended {
                    Ok(status) => format!("milspecctl ended with {status}"),
                    Err(error) => format!("milspecctl was not started: {error}"),
                },
                "see that group milspec is there and may read /dev/milspec",
            )),
        }
    }

    /// Whether nothing that comes can change what is decided. What must not be done is decided at the
    /// end, and counts once all that was to happen has.
    fn is_decided(&self) -> bool {
        let mut events = self.run.scenario.event.iter().enumerate();
        let waits =
            events.any(|(at, event)| event.on.is_none() && !self.run.happened.contains(&at));
        let mut both = self.run.scenario.objective.iter().zip(&self.told);
        !waits
            && both.all(|(objective, state)| {
                let at_the_end =
                    matches!(objective.check, Check::Keep { .. } | Check::Refrain { .. });
                at_the_end || *state != State::Open
            })
    }

    fn save(&mut self) -> Result<()> {
        let lock = kept::lock(self.root, &|| {})?;
        run::FILE.save(self.root, &lock, &self.run)?;
        self.news = false;
        Ok(())
    }

    /// Ends the training, unless it is to stay, and takes its last records.
    fn end(&mut self, keep: bool) -> Result<()> {
        if !keep && self.run.ended != Some(Ended::Stopped) {
            training::stop(self.source.as_mut())?;
            let records = milspec::journal::read(self.source.as_mut())?;
            let new = self.run.take(self.root, &records);
            self.tell(&new)?;
        }
        // Who answers now answers to nobody.
        let _ = run::close_answers(self.root);
        self.save()
    }

    fn is_silent(&self) -> bool {
        self.global.json || self.global.quiet
    }

    fn tell_story(&self) -> Result<()> {
        if self.is_silent() {
            return Ok(());
        }
        let screen = output::stdout_screen(self.global);
        let mut page = Page::new(&screen);
        page.note(0, crate::screen::Mark::Warning, crate::page::TRAINING);
        let scenario = &self.run.scenario;
        let left = count(self.run.left_s().div_ceil(60), "minute");
        let again = if self.run.happened.is_empty() {
            ""
        } else {
            ", goes on"
        };
        let title = screen.foreign(&scenario.title);
        page.heading(&format!(
            "{title} ({}{again}, {left} left)",
            scenario.grade.word()
        ));
        page.wrapped(0, &screen.foreign(scenario.story.trim()));
        output::stdout(&page.finish())
    }

    /// Shows what happened.
    fn tell(&self, new: &[uapi::Event]) -> Result<()> {
        if self.is_silent() {
            return Ok(());
        }
        let screen = output::stdout_screen(self.global);
        let mut page = Page::new(&screen);
        for mut event in Event::all(new, &Naming::of_training(&self.run.controls)) {
            if let Some(actor) = &mut event.actor {
                actor.user = self.run.users.get(&actor.uid).cloned();
            }
            render::event(&mut page, &event);
        }
        output::stdout(&page.finish())
    }

    /// Shows which objectives stand otherwise than before.
    fn tell_objectives(&mut self) -> Result<()> {
        let decided = self.run.judge();
        let screen = output::stdout_screen(self.global);
        let mut page = Page::new(&screen);
        for (one, told) in decided.iter().zip(&self.told) {
            if one.state != *told {
                render::objective(&mut page, one);
            }
        }
        self.told = decided.iter().map(|one| one.state).collect();
        match self.is_silent() {
            true => Ok(()),
            false => output::stdout(&page.finish()),
        }
    }
}

/// Whether it is time for it.
fn is_due(event: &Happening, facts: &judge::Facts<'_>) -> bool {
    let mut records = facts.records.iter();
    let since = match &event.on {
        Some(wanted) => records.find(|record| facts.fits(record, wanted)),
        None => records.next(),
    };
    let after = Duration::from_secs(event.at).as_nanos();
    since.is_some_and(|since| u128::from(facts.now.saturating_sub(since.boot_ns)) >= after)
}

fn busy(name: &str) -> Failure {
    Failure::new(
        "training-busy",
        format!("cannot run {name}"),
        "there is a training already, which is no interrupted run of it",
        "end it first: \"milspecctl training stop\"",
    )
}
