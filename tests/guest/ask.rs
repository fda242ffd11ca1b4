// SPDX-License-Identifier: GPL-2.0

//! The independent client of `/dev/milspec`, `ask.c`: built, put into a guest, asked.

use anyhow::{ensure, Context, Result};
use milspec_machine::guest::{GuestCommand, Process};
use milspec_machine::machine::{prepared, Machine};
use milspec_machine::prepare::Bits;
use milspec_machine::progress::Progress;
use milspec_posture::mode::Mode;
use milspec_posture::settings::SETTINGS;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Where it is in the guest.
pub const ASK: &str = "/tmp/ask";

/// Puts the client into a guest.
pub fn install(machine: &Machine) -> Result<()> {
    static PROGRAM: Mutex<Option<Vec<u8>>> = Mutex::new(None);
    let mut program = PROGRAM.lock().unwrap_or_else(PoisonError::into_inner);
    if program.is_none() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ask");
        std::fs::create_dir_all(&directory)?;
        let to = directory.join("ask");
        let includes = [&*here.join("../../driver/uapi")];
        prepared(&Progress::new())?.build_c(&here.join("ask.c"), Bits::B64, &includes, &to)?;
        *program = Some(std::fs::read(&to)?);
    }
    let bytes = program.as_deref().unwrap_or_default();
    machine.guest()?.create(ASK, bytes, 0o755)
}

/// One line of its output: a word, and what follows as NAME=VALUE.
#[derive(Clone, Debug)]
pub struct Line {
    /// The first word.
    pub word: String,
    /// The others.
    pub fields: BTreeMap<String, String>,
}

impl Line {
    /// A text.
    pub fn text(&self, name: &str) -> Result<&str> {
        let found = self.fields.get(name);
        found
            .map(String::as_str)
            .with_context(|| format!("no {name} in {self:?}"))
    }

    /// A number.
    pub fn number(&self, name: &str) -> Result<u64> {
        self.text(name)?
            .parse()
            .with_context(|| format!("{name} is no number in {self:?}"))
    }
}

/// One step of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Id of the control.
    pub control: u32,
    /// Index of the value that it had.
    pub from: u8,
    /// Index of the value that it was to have.
    pub to: u8,
    /// `STEP_` number.
    pub state: u8,
    /// Index of the value that somebody else gave it, or that it was left with.
    pub now: u8,
    /// Errno of what failed.
    pub error: u32,
}

/// The answer to a plan or an apply.
#[derive(Clone, Debug)]
pub struct Answer {
    line: Line,
    /// 0, or the errno of the call itself.
    pub result: u64,
    /// `OUTCOME_` number.
    pub outcome: u8,
    /// `REASON_` number.
    pub reason: u8,
    /// Errno of the step that failed first.
    pub error: u64,
    /// The steps.
    pub steps: Vec<Step>,
}

impl Answer {
    /// Another field of the answer.
    pub fn number(&self, name: &str) -> Result<u64> {
        self.line.number(name)
    }

    /// The steps, without how far each has come.
    pub fn plan(&self) -> Vec<(u32, u8, u8)> {
        let steps = self.steps.iter();
        steps
            .map(|step| (step.control, step.from, step.to))
            .collect()
    }

    /// Itself, when the call ended like this.
    pub fn ends(self, result: i32, outcome: u8) -> Result<Self> {
        ensure!(
            self.result == result as u64 && self.outcome == outcome,
            "expected result {result} and outcome {outcome}: {self:?}"
        );
        Ok(self)
    }

    /// Itself, when it was refused for this reason.
    pub fn refused(self, reason: u8) -> Result<Self> {
        let refused = self.outcome == milspec_uapi::OUTCOME_REFUSED && self.reason == reason;
        ensure!(
            refused && self.steps.is_empty(),
            "not refused for {reason}: {self:?}"
        );
        Ok(self)
    }
}

/// Takes the lines of an output apart.
pub fn lines(text: &str) -> Vec<Line> {
    let parse = |line: &str| {
        let mut words = line.split_whitespace();
        let word = words.next().unwrap_or_default().to_owned();
        let pairs = words.filter_map(|pair| pair.split_once('='));
        Line {
            word,
            fields: pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        }
    };
    text.lines().map(parse).collect()
}

/// The answers to plans and applies among lines.
pub fn answers(lines: &[Line]) -> Result<Vec<Answer>> {
    let mut answers: Vec<Answer> = Vec::new();
    for line in lines {
        match (line.word.as_str(), answers.last_mut()) {
            ("plan" | "apply", _) => answers.push(Answer {
                result: line.number("result")?,
                outcome: line.number("outcome")? as u8,
                reason: line.number("reason")? as u8,
                error: line.number("error")?,
                steps: Vec::new(),
                line: line.clone(),
            }),
            ("step", Some(answer)) => answer.steps.push(Step {
                control: line.number("control")? as u32,
                from: line.number("from")? as u8,
                to: line.number("to")? as u8,
                now: line.number("now")? as u8,
                state: line.number("state")? as u8,
                error: line.number("error")? as u32,
            }),
            _ => {}
        }
    }
    Ok(answers)
}

/// The command that makes requests, as one line of words.
pub fn command(requests: &str) -> GuestCommand {
    GuestCommand::new([ASK].into_iter().chain(requests.split_whitespace()))
}

/// Makes requests as root, and returns what the client printed.
pub fn ask(machine: &Machine, requests: &str) -> Result<Vec<Line>> {
    let output = machine.run_command(command(requests))?.ok()?;
    Ok(lines(&output.text()))
}

/// Makes one request, and returns its line.
pub fn ask_one(machine: &Machine, request: &str) -> Result<Line> {
    let lines = ask(machine, request)?;
    lines.into_iter().next().context("no answer")
}

/// Makes plans and applies, and returns their answers.
pub fn request(machine: &Machine, requests: &str) -> Result<Vec<Answer>> {
    answers(&ask(machine, requests)?)
}

/// Makes one plan or apply.
pub fn one(machine: &Machine, request: &str) -> Result<Answer> {
    let answers = self::request(machine, request)?;
    answers.into_iter().next().context("no answer")
}

/// Makes one plan or apply in the background.
pub fn start<'a>(machine: &'a Machine, request: &str) -> Result<Process<'a>> {
    machine.guest()?.spawn(command(request))
}

/// "mode=N" for a mode.
pub fn mode(mode: Mode) -> String {
    let confirm = match mode {
        Mode::ParanoidPlus => " confirm",
        _ => "",
    };
    format!("mode={}{confirm}", mode.number())
}

/// The number of a control in the ABI, by its name.
pub fn id(name: &str) -> Result<u32> {
    if let Some(number) = name.strip_prefix("DSMIL") {
        let (group, position) = number.split_once('D').context("no DSMIL name")?;
        let (group, position) = (group.parse::<u32>()?, u32::from_str_radix(position, 16)?);
        return Ok(0x2_0000 | group << 8 | position);
    }
    let at = SETTINGS.iter().position(|setting| setting.name == name);
    Ok(0x1_0000 + u32::try_from(at.with_context(|| format!("no setting {name}"))?)?)
}

/// The name of a control, by its number.
pub fn name(id: u32) -> String {
    match id >> 16 {
        1 => SETTINGS[(id & 0xFFFF) as usize].name.to_owned(),
        _ => format!("DSMIL{}D{:X}", id >> 8 & 0xFF, id & 0xFF),
    }
}

/// The name of a value of a control, by their numbers.
pub fn value_name(id: u32, value: u8) -> &'static str {
    match id >> 16 {
        1 => SETTINGS[(id & 0xFFFF) as usize].values[usize::from(value)].name,
        _ => ["inactive", "active"][usize::from(value)],
    }
}

/// The index of a value of a control.
pub fn value(control: &str, value: &str) -> Result<u8> {
    let at = match SETTINGS.iter().find(|setting| setting.name == control) {
        Some(setting) => setting.values.iter().position(|v| v.name == value),
        None => ["inactive", "active"].iter().position(|v| *v == value),
    };
    Ok(u8::try_from(
        at.with_context(|| format!("no {control} = {value}"))?,
    )?)
}

/// "set=ID:INDEX" for a control and a value.
pub fn set(control: &str, to: &str) -> Result<String> {
    Ok(format!("set={}:{}", id(control)?, value(control, to)?))
}
