// SPDX-License-Identifier: GPL-2.0

//! Does an episode of the simulated fleet to the real driver, and compares what it records and what the
//! monitor finds with what is simulated.
//!
//! Nothing waits for hours: the clock is set, and the monitor's state says that it was not. A boot is a new
//! load of the module, and the state says that it was another boot. What is asked for comes by ioctl alone.

use crate::access::wait_until;
use crate::ask::{self, one, set, Answer};
use crate::journal::cause;
use crate::monitor::{move_cell, tell, watched, Told, STATE};
use anyhow::{bail, ensure, Context, Result};
use milspec::monitor::line::{Line, What as Said};
use milspec::monitor::observation::Observation;
use milspec::monitor::{rule, Record};
use milspec_fleet::monitor::{is_loud, Monitor, Sites, SITE};
use milspec_fleet::told::{Seen, What, START};
use milspec_machine::machine::Machine;
use milspec_uapi as uapi;
use serde_json::Value;
use std::collections::BTreeSet;
use std::iter::Peekable;
use std::slice::Iter;
use std::time::Duration;

/// The firmware's password, and the key that it takes.
const PASSWORD: (&str, u16) = ("simulated", 0xBEEF);
/// A device that nobody may switch, and one that needs another.
const WIPE: &str = "DSMIL0D9";
const NEEDS: &str = "DSMIL2D1";
/// So many refusals are recorded at once, at least.
const REFUSALS: u32 = 12;
/// So many records of an episode are shown.
const SHOWN: usize = 10;
/// More records than the driver keeps.
const TOO_MANY: u64 = 4_200;

/// What happens, and on which episode of what it is.
pub struct Episode {
    pub name: String,
    pub seen: Vec<Seen>,
}

/// Plays episodes on a machine.
pub struct Player {
    machine: Machine,
    /// What the monitor has told since the episode began.
    told: Vec<Value>,
    /// When it is, as far as the episode goes.
    wall_ns: u64,
    /// Whether what was done to it cannot be undone.
    pub broken: bool,
    /// How many requests were refused.
    refusals: u32,
    /// Whether the driver's limiter of refusals is not full.
    spent: bool,
}

impl Player {
    pub fn new() -> Result<Self> {
        let machine = watched("rugged")?;
        machine
            .sh("mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null; test -e /sys/fs/cgroup/cgroup.procs")?
            .ok()?;
        Ok(Self {
            machine,
            told: Vec::new(),
            wall_ns: 0,
            broken: false,
            refusals: 0,
            spent: false,
        })
    }

    /// Plays one; fails when it is not judged, or not recorded, as simulated. Returns how many records
    /// were compared, or `None` where only findings can be.
    pub fn episode(&mut self, episode: &Episode) -> Result<Option<usize>> {
        self.begin(&episode.seen)?;
        let mut seen = episode.seen.iter().peekable();
        while let Some(one) = seen.next() {
            self.passes(one.wall_ns)?;
            match &one.what {
                What::Record(record) => self.happens(record, &mut seen)?,
                What::Noticed(observation) => self.is_noticed(observation, &mut seen)?,
            }
        }
        self.tell()?;
        self.machine.sh("killall -q -9 by-milspecctl; true")?.ok()?;
        let (mut expected, mut simulated) = (BTreeSet::new(), Vec::new());
        let (sites, mut monitor) = (Sites::both(), Monitor::default());
        for one in &episode.seen {
            expected.extend(monitor.take(&sites, one).rules);
            if let What::Record(record) = &one.what {
                simulated.extend(shape(&Observation::of(record, 0)));
            }
        }
        let told = Told(std::mem::take(&mut self.told));
        let found = loud(&told)?;
        let recorded: Vec<String> = recorded(&told)?.iter().filter_map(shape).collect();
        let (recorded, simulated) = (sorted(recorded), sorted(simulated));
        let messages = told.of_type("finding").map(|line| line["message"].as_str());
        ensure!(
            found == expected,
            "found {:#?}, simulated {expected:?}\nrecorded {:#?}",
            messages.flatten().collect::<Vec<_>>(),
            recorded.iter().take(SHOWN).collect::<Vec<_>>()
        );
        // How much is recorded depends on how fast it comes, or on what else a mode asks for.
        let is_inexact = |seen: &Seen| match &seen.what {
            What::Record(record) => matches!(
                record.kind.as_ref(),
                "suppressed" | "latch" | "gap" | "anchor-failed"
            ),
            What::Noticed(_) => false,
        };
        if episode.seen.iter().any(is_inexact) {
            return Ok(None);
        }
        let pairs = recorded.iter().zip(&simulated);
        let from = pairs.take_while(|(one, other)| one == other).count();
        let shown = |lines: &[String]| -> Vec<String> {
            lines.iter().skip(from).take(SHOWN).cloned().collect()
        };
        ensure!(
            recorded == simulated,
            "from record {from} on: recorded {:#?}\nsimulated {:#?}",
            shown(&recorded),
            shown(&simulated)
        );
        Ok(Some(recorded.len()))
    }

    /// Has the machine stand as it does before an episode, with a monitor that knows nothing else.
    fn begin(&mut self, seen: &[Seen]) -> Result<()> {
        // The driver records so many refusals at once, and one in ten seconds; setting the clock is no time
        // to it, and a new load begins with all of them.
        if std::mem::take(&mut self.spent) {
            let again = "rmmod dell_milspec && modprobe dell_milspec";
            self.machine.sh(again)?.ok()?;
            self.refusals = 0;
        }
        let (machine, nvram) = (&self.machine, self.machine.nvram()?);
        nvram.set_password("", 0)?;
        let (mut stands, mut words) = (BTreeSet::new(), Vec::new());
        for one in seen {
            let (control, class, from) = match &one.what {
                What::Record(record) => (&record.control, &record.class, &record.from),
                What::Noticed(seen) => (&seen.control, &seen.class, &seen.from),
            };
            let (Some(control), Some(from)) = (control, from) else {
                continue;
            };
            if !stands.insert(control) {
                continue;
            }
            match class.as_deref() {
                Some("restricted") => move_cell(machine, control, from)?,
                _ => words.push(set(control, from)?),
            }
        }
        // Of an episode before it.
        ask::ask(machine, "train op=2")?;
        looks(machine)?;
        if !words.is_empty() {
            let request = format!("apply {}", words.join(" "));
            one(machine, &request)?.ends(0, uapi::OUTCOME_DONE)?;
        }
        machine
            .guest()?
            .create("/tmp/site.toml", SITE.as_bytes(), 0o644)?;
        let nothing = serde_json::json!({"windows": {}});
        self.remembers(&[("ahead_ns", Value::Null), ("judge", nothing)])?;
        self.told.clear();
        self.wall_ns = seen.first().map_or(START, |seen| seen.wall_ns);
        let date = format!("date -s @{} >/dev/null", self.wall_ns / 1_000_000_000);
        self.machine.sh(&date)?.ok()?;
        let fails = |seen: &Seen| matches!(&seen.what, What::Record(record) if record.kind == "anchor-failed");
        if seen.iter().any(fails) {
            self.broken = true;
            self.machine.tpm()?.kill()?;
        }
        Ok(())
    }

    /// Has the monitor tell what there is to tell.
    fn tell(&mut self) -> Result<()> {
        let told = tell(&self.machine, "--site /tmp/site.toml")?;
        self.told.extend(told.0);
        Ok(())
    }

    /// Changes what the monitor remembers, once it has told all.
    fn remembers(&mut self, names: &[(&str, Value)]) -> Result<()> {
        self.tell()?;
        let path = format!("{STATE}/state.json");
        let mut state: Value = serde_json::from_str(&self.machine.read(&path)?)?;
        for (name, value) in names {
            let old = state
                .get_mut(*name)
                .context("the state has no such thing")?;
            *old = value.clone();
        }
        let guest = self.machine.guest()?;
        guest.create(&path, state.to_string().as_bytes(), 0o600)
    }

    /// Lets time pass, where it is a minute or more.
    fn passes(&mut self, until: u64) -> Result<()> {
        let seconds = until.saturating_sub(self.wall_ns) / 1_000_000_000;
        if seconds >= 60 {
            self.remembers(&[("ahead_ns", Value::Null)])?;
            let line = format!("date -s @$(($(date +%s) + {seconds})) >/dev/null");
            self.machine.sh(&line)?.ok()?;
        }
        self.wall_ns = until;
        Ok(())
    }

    /// Does what leads to a record, and to those after it that belong to it.
    fn happens(&mut self, record: &Record, rest: &mut Peekable<Iter<'_, Seen>>) -> Result<()> {
        let machine = &self.machine;
        match record.kind.as_ref() {
            "apply-begun" => {
                let mut steps = Vec::new();
                loop {
                    let Some(What::Record(next)) = rest.next().map(|seen| &seen.what) else {
                        bail!("an apply that does not end");
                    };
                    if next.kind == "apply-ended" {
                        return self.apply(record, &steps, next.error.as_deref());
                    }
                    steps.push(&**next);
                }
            }
            "refused" => self.refused(record),
            "outside-change" => {
                let control = record.control.as_deref().context("no control")?;
                let to = record.to.as_deref().context("no value")?;
                move_cell(machine, control, to)?;
                looks(machine)
            }
            // It is recorded when the driver gets to look.
            "resume" => {
                let before = next(machine)?;
                machine.sleep("freezer", 0)?;
                wait_until("the sleep is recorded", || Ok(next(machine)? > before))
            }
            "tamper" => {
                let nvram = machine.nvram()?;
                let state = nvram.dsmil_state(5)?.state;
                machine.dsmil_change(5, state, 1)?;
                nvram.dsmil_set_state(5, state, 0)?;
                looks(machine)
            }
            // The driver sums up what comes too fast, and says so when the next refusal is due.
            "suppressed" => {
                self.spent = true;
                cause(machine, "flood 25")?;
                std::thread::sleep(Duration::from_secs(11));
                cause(machine, "stale 1").map(|_| ())
            }
            "anchor-failed" => crate::journal::wait_for(machine, uapi::KIND_ANCHOR_FAILED),
            "training-begun" => self.asks(record, "train op=1").map(drop),
            "training-ended" => self.asks(record, "train op=2").map(drop),
            // They were brought about with what was noticed before them.
            "load" | "bind" | "gap" => Ok(()),
            other => bail!("nothing here leads to {other}"),
        }
    }

    /// Has somebody ask for something; what the independent client says. It waits in its unit, where it
    /// is of one, until the monitor has looked.
    fn asks(&self, by: &Record, request: &str) -> Result<String> {
        let login = by.login_uid.unwrap_or(uapi::LOGIN_UID_NONE);
        let login = format!("echo {login} >/proc/self/loginuid");
        let line = match &by.unit {
            None => format!("{login} && {} {request}", ask::ASK),
            Some(unit) => format!(
                "mkdir -p /sys/fs/cgroup{unit} && cp {} /tmp/by-milspecctl 2>/dev/null; \
                 setsid sh -c 'echo 0 >/sys/fs/cgroup{unit}/cgroup.procs && {login} && \
                 exec /tmp/by-milspecctl {request} -- halt' >/tmp/said 2>&1 & \
                 until grep -q ') T ' /proc/$!/stat; do sleep 0.1; done; cat /tmp/said",
                ask::ASK
            ),
        };
        Ok(self.machine.sh(&line)?.ok()?.text())
    }

    /// Has somebody apply something.
    fn applies(&self, by: &Record, request: &str) -> Result<Answer> {
        let said = self.asks(by, &format!("apply {request}"))?;
        let answers = ask::answers(&ask::lines(&said))?;
        answers.into_iter().next().context(said)
    }

    fn apply(&mut self, by: &Record, steps: &[&Record], error: Option<&str>) -> Result<()> {
        let nvram = self.machine.nvram()?;
        let words = steps.iter().map(|step| {
            let control = step.control.as_deref().context("no control")?;
            match step.kind.as_ref() {
                "accepted" => Ok(format!("set={}:{}", ask::id(control)?, uapi::TARGET_ACCEPT)),
                _ => set(control, step.to.as_deref().context("no value")?),
            }
        });
        let latches = steps.iter().any(|step| step.kind == "latch");
        self.broken |= latches;
        let words = match latches {
            true => "mode=5 confirm".to_owned(),
            false => words.collect::<Result<Vec<_>>>()?.join(" "),
        };
        let (password, key) = PASSWORD;
        nvram.set_password(if error.is_some() { password } else { "" }, key)?;
        let answer = self.applies(by, &format!("{words} key=1"))?;
        let outcome = if error.is_some() {
            uapi::OUTCOME_UNDONE
        } else {
            uapi::OUTCOME_DONE
        };
        ensure!(answer.outcome == outcome, "{words}: {answer:?}");
        nvram.set_password("", 0)
    }

    fn refused(&mut self, by: &Record) -> Result<()> {
        self.spent = true;
        self.refusals += 1;
        if self.refusals > REFUSALS {
            std::thread::sleep(Duration::from_secs(11));
        }
        let (request, reason) = match by.reason.as_deref() {
            Some("restricted") => (set("usb-boot", "disabled")?, uapi::REASON_RESTRICTED),
            Some("no-control") => ("set=0x1ffff:1".to_owned(), uapi::REASON_NO_CONTROL),
            Some("read-only") => (set("secure-boot", "disabled")?, uapi::REASON_READ_ONLY),
            Some("quarantined") => (set(WIPE, "active")?, uapi::REASON_QUARANTINED),
            Some("dependency") => (set(NEEDS, "active")?, uapi::REASON_DEPENDENCY),
            Some("unconfirmed") => ("mode=5".to_owned(), uapi::REASON_UNCONFIRMED),
            // Who may not ask for anything.
            None => {
                let first = match by.error.as_deref() {
                    Some("EBADF") => "read-only -- open",
                    _ => "open",
                };
                let uid = by.uid.context("nobody")?;
                return self
                    .asks(by, &format!("{first} -- user {uid} -- apply"))
                    .map(drop);
            }
            other => bail!("nothing here is refused as {other:?}"),
        };
        self.applies(by, &request)?.refused(reason).map(drop)
    }

    fn is_noticed(
        &mut self,
        seen: &Observation,
        rest: &mut Peekable<Iter<'_, Seen>>,
    ) -> Result<()> {
        match seen.kind.as_ref() {
            "load" => self.loads(seen, rest),
            "clock-moved" => {
                // It knows how the clock goes, where it did not before.
                self.tell()?;
                let line = "date -s @$(($(date +%s) + 600)) >/dev/null";
                self.machine.sh(line)?.ok().map(drop)
            }
            "records-lost" => {
                // It has told what there was before.
                self.tell()?;
                self.loses(rest)
            }
            other => bail!("nothing here leads to {other}"),
        }
    }

    /// Loads the module again, with what is otherwise afterwards changed in between.
    fn loads(&mut self, seen: &Observation, rest: &mut Peekable<Iter<'_, Seen>>) -> Result<()> {
        let mut remembers = Vec::new();
        if seen.cause == Some("boot") {
            remembers.push(("boot_id", Value::from("0".repeat(32))));
        }
        if seen.bios.as_ref().is_some_and(|(one, other)| one != other) {
            remembers.push(("bios", "0.0.1".into()));
        }
        self.remembers(&remembers)?;
        let machine = &self.machine;
        // Those that wait in a unit hold the device.
        machine
            .sh("killall -q -9 by-milspecctl; rmmod dell_milspec")?
            .ok()?;
        let belongs = |seen: &&Seen| match &seen.what {
            What::Record(record) => matches!(record.kind.as_ref(), "load" | "bind"),
            What::Noticed(seen) => seen.kind == "difference",
        };
        while let Some(next) = rest.next_if(belongs) {
            if let What::Noticed(difference) = &next.what {
                let control = difference.control.as_deref().context("no control")?;
                let to = difference.to.as_deref().context("no value")?;
                move_cell(machine, control, to)?;
            }
        }
        let parameter = match seen.reason.as_deref() {
            Some("unguarded") => " allow_restricted=1",
            _ => "",
        };
        machine
            .sh(&format!("modprobe dell_milspec{parameter}"))?
            .ok()
            .map(drop)
    }

    /// More is recorded than the driver keeps, and nothing that a rule would find: trainings, which take
    /// no call of the firmware. What is asked for right after that, and changes nothing, is among it.
    fn loses(&self, rest: &mut Peekable<Iter<'_, Seen>>) -> Result<()> {
        let is_empty = |seen: &&Seen| match &seen.what {
            What::Record(record) => {
                matches!(record.kind.as_ref(), "gap" | "apply-begun" | "apply-ended")
            }
            What::Noticed(_) => false,
        };
        while rest.next_if(is_empty).is_some() {}
        let until = next(&self.machine)? + TOO_MANY;
        let request = vec!["train op=1 -- train op=2"; 100].join(" -- ");
        while next(&self.machine)? < until {
            ask::ask(&self.machine, &request)?;
        }
        Ok(())
    }
}

/// What is compared of a record or of what the monitor has noticed: what rules look at, and what a
/// machine that was not made up has as well.
fn shape(seen: &Observation) -> Option<String> {
    let kind = seen.kind.as_ref();
    let fields: &[&str] = match kind {
        // The monitor notices these itself, and judges that.
        "gap" => return None,
        "refused" => &["reason", "attended"],
        "step" => &[
            "control",
            "class",
            "from",
            "to",
            "direction",
            "step",
            "attended",
        ],
        // Here root looks, there the driver does.
        "outside-change" => &["control", "class", "from", "to", "direction"],
        _ => &["outcome", "error", "attended"],
    };
    let fields = fields.iter().map(|name| seen.field(name));
    Some(format!("{kind}: {}", fields.collect::<Vec<_>>().join(" ")))
}

/// Steps that follow each other, in one order: which comes first is the driver's to say.
fn sorted(lines: Vec<String>) -> Vec<String> {
    let is_step = |line: &String| line.starts_with("step: ");
    let mut parts: Vec<Vec<String>> = lines
        .chunk_by(|one, other| is_step(one) && is_step(other))
        .map(<[String]>::to_vec)
        .collect();
    parts.iter_mut().for_each(|part| part.sort());
    parts.concat()
}

/// Sequence of the record that comes next.
fn next(machine: &Machine) -> Result<u64> {
    ask::ask_one(machine, "status")?.number("next")
}

/// Has the driver look.
fn looks(machine: &Machine) -> Result<()> {
    ask::ask(machine, "refresh").map(drop)
}

/// The rules of severity error or warning that have found something.
fn loud(told: &Told) -> Result<BTreeSet<String>> {
    let rules = rule::ours();
    let mut found = BTreeSet::new();
    for line in told.of_type("finding") {
        let id = line["rule"].as_str().context("a finding of no rule")?;
        // It is no rule, and a notice.
        if id == "surprise" {
            continue;
        }
        let rule = rules.iter().find(|rule| rule.id == id);
        let rule = rule.with_context(|| format!("no rule {id}"))?;
        if is_loud(&rule.severity) {
            found.insert(id.to_owned());
        }
    }
    Ok(found)
}

/// What was recorded, as rules see it.
fn recorded(told: &Told) -> Result<Vec<Observation>> {
    let mut all = Vec::new();
    for line in told.of_type("record") {
        let line: Line = serde_json::from_value(line.clone())?;
        if let Said::Record(record) = line.what {
            all.push(Observation::of(&record, line.wall_ns));
        }
    }
    Ok(all)
}
