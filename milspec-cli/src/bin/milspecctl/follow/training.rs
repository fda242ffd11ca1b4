// SPDX-License-Identifier: GPL-2.0

//! `milspecctl training run`

mod happen;

use crate::cmd::training::report::ReportDoc;
use crate::page::Page;
use crate::screen::Mark;
use crate::{output, render};
use milspec::cli::{Global, TrainingRun};
use milspec::model::{Event, Naming};
use milspec::training;
use milspec::training::answers::{Answers, Taken};
use milspec::training::check::Check;
use milspec::training::judge::State;
use milspec::training::run::{self, Ended, Run};
use milspec::training::scenario::Scenario;
use milspec::training::view::{self, View};
use milspec::words::count;
use milspec::{diagnose, driver, kept, refusal, signals, unconfirmed};
use milspec::{Access, Failure, Result, Root, Snapshot, Source};
use milspec_uapi as uapi;
use nix::errno::Errno;
use std::time::Duration;

/// Time between two looks: short, so that the driver's memory of records does not run over.
const PERIOD: Duration = Duration::from_millis(100);

/// Runs a scenario, or goes on with it, until everything is decided.
pub fn run(root: &Root, global: &Global, asked: &TrainingRun) -> Result<ReportDoc> {
    signals::catch().map_err(|errno| diagnose::apply("cannot begin".into(), errno))?;
    let (scenario, _) = Scenario::find(root, &asked.scenario)?;
    let source = driver::open(root, Access::Change)?;
    // Whoever goes on with a run does it alone.
    let _alone = kept::claim(root, run::LOCK)?.ok_or_else(|| runs(&scenario.name))?;
    let mut runner = Runner::begin(root, global, source, scenario)?;
    match runner.go_on() {
        Ok(()) => {}
        Err(failure) if failure.code == "interrupted" => return Err(failure),
        Err(failure) => {
            // What failed is told; a training that nobody judges is of no use.
            let _ = runner.end(false);
            return Err(failure);
        }
    }
    runner.end(asked.keep)?;
    Ok(ReportDoc::new(root, None, &runner.run, false))
}

/// A run under way.
struct Runner<'a> {
    root: &'a Root,
    global: &'a Global,
    source: Box<dyn Source + 'a>,
    answers: Answers,
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
        if snapshot.is_training() {
            let training = training::state(source.as_mut())?;
            let run = Run::load(root)?.filter(|run| run.is_of(&training));
            let run = run.filter(|run| run.scenario == scenario);
            let run = run.ok_or_else(|| busy(&scenario.name))?;
            let answers = Answers::open(root)?;
            return Self::new(root, global, source, answers, run);
        }
        unconfirmed::refuse_another(root)?;
        for one in &scenario.set() {
            // A scenario for the machine's own controls may not fit to every machine.
            if scenario.start.profile.as_deref() == Some("machine") {
                refusal::find(&one.name, &snapshot.controls)?;
            }
        }
        let described = scenario.profile().describe(&snapshot, &scenario.set())?;
        let answers = Answers::open(root)?;
        let training = training::start(source.as_mut(), &described);
        let training = training.inspect_err(|_| drop(view::withdraw(root)))?;
        let begun = Snapshot::read(source.as_ref());
        let runner = begun.and_then(|begun| {
            let run = Run::new(scenario, &training, begun.controls);
            save(root, &run)?;
            Self::new(root, global, source, answers, run)
        });
        runner.inspect_err(|_| give_up(root, training.session))
    }

    fn new(
        root: &'a Root,
        global: &'a Global,
        source: Box<dyn Source + 'a>,
        answers: Answers,
        run: Run,
    ) -> Result<Self> {
        View::of(&run.scenario).publish(root).map_err(not_shown)?;
        let runner = Self {
            root,
            global,
            source,
            answers,
            told: vec![State::Open; run.scenario.objective.len()],
            run,
            news: true,
        };
        runner.tell_story()?;
        Ok(runner)
    }

    /// Until everything is decided, or the time is over.
    fn go_on(&mut self) -> Result<()> {
        loop {
            self.look()?;
            self.tell_objectives()?;
            if self.run.ended.is_none() && self.is_decided() {
                self.run.ended = Some(Ended::Decided);
            }
            if self.run.ended.is_none() && self.run.left_s() == 0 {
                self.run.ended = Some(Ended::Time);
            }
            if self.run.ended.is_some() {
                return Ok(());
            }
            if self.have_happen()? {
                continue;
            }
            if self.news {
                self.save()?;
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
        let records = milspec::journal::read(self.source.as_mut())?;
        let new = self.run.take(self.root, &records);
        let last = new.iter().map(|event| event.boot_ns).max().unwrap_or(0);
        self.run.seen_ns = self.root.boottime_ns().unwrap_or(0).max(last);
        let snapshot = Snapshot::read(self.source.as_ref())?;
        if snapshot.is_training() && self.is_there()? {
            self.run.controls = snapshot.controls;
        } else {
            self.run.ended = Some(Ended::Stopped);
        }
        self.news |= !new.is_empty();
        self.take_answers()?;
        self.tell(&new)
    }

    /// Whether the training is there, and this one.
    fn is_there(&mut self) -> Result<bool> {
        let training = training::state(self.source.as_mut())?;
        let is_on = training.properties & uapi::TRAINING_ON != 0;
        Ok(is_on && hex::encode(training.load) == self.run.load)
    }

    /// Takes what was answered. What is told to be taken is on disk.
    fn take_answers(&mut self) -> Result<()> {
        let mut taken = Vec::new();
        for given in self.answers.take() {
            let became = match self.run.ended {
                None => self.run.take_answer(&given),
                Some(_) => Taken::Over,
            };
            taken.push((given, became));
        }
        if taken.iter().any(|(_, became)| *became == Taken::Now) {
            self.save()?;
        }
        taken
            .into_iter()
            .for_each(|(given, became)| given.tell(became));
        Ok(())
    }

    /// Whether nothing that comes can change what is decided. What must not be done is decided at the
    /// end, and counts once all that was to happen has.
    fn is_decided(&self) -> bool {
        let mut both = self.run.scenario.objective.iter().zip(&self.told);
        self.run.is_played()
            && both.all(|(objective, state)| {
                let at_the_end =
                    matches!(objective.check, Check::Keep { .. } | Check::Refrain { .. });
                at_the_end || *state != State::Open
            })
    }

    /// Keeps the run. No other one has begun meanwhile: a runner is alone from its begin to its end.
    fn save(&mut self) -> Result<()> {
        save(self.root, &self.run)?;
        self.news = false;
        Ok(())
    }

    /// Ends the training, unless it is to stay, and takes its last records.
    fn end(&mut self, keep: bool) -> Result<()> {
        // Who answers now answers to nobody.
        let _ = view::withdraw(self.root);
        self.run.ended.get_or_insert(Ended::Stopped);
        let ended = match keep || !self.is_there()? {
            true => Ok(Vec::new()),
            false => training::stop(self.source.as_mut(), self.run.session)
                .and_then(|_| milspec::journal::read(self.source.as_mut())),
        };
        let new = ended.map(|records| self.run.take(self.root, &records));
        self.save()?;
        self.tell(&new?)
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
        page.note(0, Mark::Warning, crate::page::TRAINING);
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

    /// Shows what did not happen.
    fn tell_undone(&self, at: usize, failure: &Failure) -> Result<()> {
        if self.is_silent() {
            return Ok(());
        }
        let screen = output::stdout_screen(self.global);
        let mut page = Page::new(&screen);
        let why = screen.foreign(&failure.to_string());
        let what = format!("event {} did not happen: {why}", at.saturating_add(1));
        page.note(0, Mark::Warning, &what);
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

fn save(root: &Root, run: &Run) -> Result<()> {
    let lock = kept::lock(root, &|| {})?;
    run::FILE.save(root, &lock, run)
}

/// Ends a training that has begun, and of which there is no run. What failed is told already.
fn give_up(root: &Root, session: u32) {
    if let Ok(mut source) = driver::open(root, Access::Change) {
        let _ = training::stop(source.as_mut(), session);
    }
    let _ = view::withdraw(root);
}

fn not_shown(error: std::io::Error) -> Failure {
    Failure::new(
        "file-not-written",
        format!("cannot write to {}", view::DIR),
        "trainees would not know what the scenario is about",
        "see that /run is there and can be written, as root",
    )
    .with_error(&error)
}

fn runs(name: &str) -> Failure {
    Failure::new(
        "training-busy",
        format!("cannot run {name}"),
        "another milspecctl runs a scenario",
        "wait for its end, or end it there with Ctrl-C",
    )
}

fn busy(name: &str) -> Failure {
    Failure::new(
        "training-busy",
        format!("cannot run {name}"),
        "there is a training already, which is no interrupted run of it",
        "end it first: \"milspecctl training stop\"",
    )
}
