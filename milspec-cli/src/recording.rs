// SPDX-License-Identifier: GPL-2.0

//! A recording of the device: the bytes of the driver's answers, in files.
//!
//! `recording/info.bin`, `status.bin` and `controls.bin` hold the answers as the driver gave them,
//! `controls.bin` as a `Controls` followed by its elements. They go through the same decoding as
//! live answers. Of a report `controls.json` has the controls, in the words of documents. A recording
//! of a refresh keeps `refresh.bin`, and the answers after it in `recording/refreshed/`; those in a
//! training that was started are in `recording/training/`.
//!
//! `plan-MODE.bin` and `apply-MODE.bin` hold an `Apply` and its steps; MODE is `list` where the
//! request names no mode. `lines-MODE.bin` is the answer to a plan with `APPLY_LINES`. What a recording
//! has of the same request again is `apply-MODE-2.bin` and so on; the last one stands for all that
//! follow. Beside an answer, `NAME.request.bin` may hold the
//! `Apply` and the targets that it answers, without addresses: then nothing else gets this answer.
//! The errno of a request without an answer is in `errors` of `recording.json`. After an apply that
//! was not refused, answers come from `recording/applied/`, where there is one, and after the second
//! from `recording/applied-2/`, and so on.
//!
//! `training-state.bin`, `-start`, `-stop` and `-inject` are answers to the operations of TRAINING, with
//! `NAME.request.bin` as above: the `Training`, devices, tokens and targets, without addresses.
//!
//! `journal.bin` holds the records that are there, `journal-2.bin` and so on those that come while
//! somebody waits for more. After the last of them the wait ends, as if by a signal.

use crate::journal::file;
use crate::model::{self, mode_word};
use crate::root::{Note, Root, RECORDING_DIR};
use crate::source::{Answer, Listing, Request, Source, TrainingRequest, Wait};
use milspec_uapi::{
    Apply, Control, Controls, Event, Head, Info, Refresh, Status, Step, Training, APPLY_LINES,
    APPLY_MACHINE, MODE_NONE, OUTCOME_CONFLICT, OUTCOME_DEGRADED, OUTCOME_REFUSED, OUTCOME_UNDONE,
    TRAINING_INJECT, TRAINING_START, TRAINING_STATE, TRAINING_STOP,
};
use nix::errno::Errno;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;
use zerocopy::{FromBytes, FromZeros, IntoBytes};

/// The recorded device.
pub struct Recording<'a> {
    root: &'a Root,
    note: &'a Note,
    /// Directory of what was recorded after the last change.
    after: String,
    /// How many applies were not refused.
    applied: usize,
    /// How often each request with a name was made.
    asked: RefCell<BTreeMap<String, usize>>,
    /// How many files of records were read.
    records: usize,
}

impl<'a> Recording<'a> {
    /// "Opens" the device as it was when recorded.
    pub fn open(root: &'a Root, note: &'a Note) -> nix::Result<Self> {
        if let Some(errno) = note.open_error {
            return Err(Errno::from_raw(errno));
        }
        if !root.exists(&format!("/{RECORDING_DIR}/info.bin")) {
            return Err(Errno::ENOENT);
        }
        Ok(Self {
            root,
            note,
            after: String::new(),
            applied: 0,
            asked: RefCell::default(),
            records: 0,
        })
    }

    fn file(&self, name: &str) -> nix::Result<Vec<u8>> {
        // INFO is constant from load to unload: recorded once.
        let after = if name == "info" { "" } else { &self.after };
        self.root
            .bytes(&format!("/{RECORDING_DIR}{after}/{name}.bin"))
            .map_err(|_| Errno::EOPNOTSUPP)
    }

    /// Whether there is an answer, or an error, of this name.
    fn has(&self, name: &str) -> bool {
        self.note.errors.contains_key(name)
            || self.root.exists(&format!("/{RECORDING_DIR}/{name}.bin"))
    }

    /// The answer to a request of this kind, and whether it fits.
    fn change(&self, kind: &str, request: &Request) -> nix::Result<Answer> {
        let mode = match request.mode {
            MODE_NONE => "list".into(),
            mode => mode_word(mode),
        };
        let first = format!("{kind}-{mode}");
        let mut asked = self.asked.borrow_mut();
        let times = asked.entry(first.clone()).or_default();
        *times += 1;
        let name = (2..=*times)
            .rev()
            .map(|times| format!("{first}-{times}"))
            .find(|name| self.has(name))
            .unwrap_or(first);
        let path = |end: &str| format!("/{RECORDING_DIR}/{name}{end}.bin");
        if let Ok(recorded) = self.root.bytes(&path(".request")) {
            if recorded != request_bytes(request) {
                return Err(Errno::EINVAL);
            }
        }
        if let Some(errno) = self.note.errors.get(&name) {
            return Err(Errno::from_raw(*errno));
        }
        let bytes = self.root.bytes(&path("")).map_err(|_| Errno::EOPNOTSUPP)?;
        let head: Head = decode(&bytes);
        let (apply, steps) = bytes.split_at(bytes.len().min(head.size as usize));
        let apply: Apply = decode(apply);
        let errno = match apply.outcome {
            OUTCOME_REFUSED if kind == "apply" => Some(Errno::EACCES),
            OUTCOME_UNDONE => Some(Errno::ECANCELED),
            OUTCOME_DEGRADED => Some(Errno::EIO),
            OUTCOME_CONFLICT => Some(Errno::EBUSY),
            _ => None,
        };
        if apply.step_stride < Step::SIZE_MIN {
            return Err(Errno::EINVAL);
        }
        let stride = apply.step_stride as usize;
        let steps: Vec<Step> = steps.chunks_exact(stride).map(decode).collect();
        Answer::new(apply, steps, errno)
    }

    /// Decodes as the extensible structures prescribe: what the recording lacks is zero, what it
    /// has beyond this program's version is left out.
    fn answer<T: FromZeros + FromBytes + IntoBytes>(&self, name: &str) -> nix::Result<T> {
        Ok(decode(&self.file(name)?))
    }
}

fn decode<T: FromZeros + FromBytes + IntoBytes>(bytes: &[u8]) -> T {
    let mut value = T::new_zeroed();
    for (to, from) in value.as_mut_bytes().iter_mut().zip(bytes) {
        *to = *from;
    }
    value
}

/// The bytes of a request as a recording keeps it.
fn request_bytes(request: &Request) -> Vec<u8> {
    let mut apply = Apply::new_zeroed();
    apply.head.size = size_of::<Apply>() as u32;
    apply.generation = request.generation;
    apply.target_count = request.targets.len() as u32;
    // A recording is of the machine where it does not say otherwise.
    apply.options = request.options & !APPLY_MACHINE;
    apply.mode = request.mode;
    apply.security_key = *request.security_key;
    let mut bytes = apply.as_bytes().to_vec();
    for target in &request.targets {
        bytes.extend(target.as_bytes());
    }
    bytes
}

/// The bytes of a request for a training as a recording keeps it.
fn training_bytes(request: &TrainingRequest) -> Vec<u8> {
    let injection = request.injection;
    let mut training = Training::new_zeroed();
    training.head.size = size_of::<Training>() as u32;
    training.operation = request.operation;
    training.session = request.session;
    (training.injection, training.control) = (injection.injection, injection.control);
    (training.value, training.after) = (injection.value, injection.after);
    (training.count, training.number) = (injection.count, injection.number);
    training.device_count = request.devices.len() as u32;
    training.token_bytes = request.tokens.len() as u32;
    training.target_count = request.targets.len() as u32;
    let mut bytes = training.as_bytes().to_vec();
    bytes.extend(request.devices.as_flattened());
    bytes.extend(&request.tokens);
    for target in &request.targets {
        bytes.extend(target.as_bytes());
    }
    bytes
}

impl Source for Recording<'_> {
    fn info(&self) -> nix::Result<Info> {
        self.answer("info")
    }

    fn status(&self) -> nix::Result<Status> {
        self.answer("status")
    }

    fn controls(&self) -> nix::Result<Listing> {
        let report = self.root.bytes(&format!("/{RECORDING_DIR}/controls.json"));
        if let Ok(controls) = report {
            return Ok(Listing {
                generation: self.status()?.generation,
                controls: serde_json::from_slice(&controls).map_err(|_| Errno::EINVAL)?,
            });
        }
        let bytes = self.file("controls")?;
        let head: Controls = decode(&bytes);
        let elements = bytes.get(size_of::<Controls>()..).unwrap_or_default();
        if head.stride < Control::SIZE_MIN {
            return Err(Errno::EINVAL);
        }
        let controls = elements.chunks_exact(head.stride as usize).map(decode);
        Ok(Listing {
            generation: head.generation,
            controls: model::Control::all(&controls.collect::<Vec<Control>>()),
        })
    }

    fn refresh(&mut self) -> nix::Result<Refresh> {
        let answer = self.answer("refresh")?;
        self.after = "/refreshed".into();
        Ok(answer)
    }

    fn plan(&self, request: &Request) -> nix::Result<Answer> {
        let lines = request.options & APPLY_LINES != 0;
        self.change(if lines { "lines" } else { "plan" }, request)
    }

    fn apply(&mut self, request: &Request) -> nix::Result<Answer> {
        // As long as it took when it was recorded.
        std::thread::sleep(Duration::from_millis(self.note.apply_ms));
        let answer = self.change("apply", request)?;
        if answer.apply.outcome != OUTCOME_REFUSED {
            self.applied += 1;
            let numbered = format!("/applied-{}", self.applied);
            let mut names = [numbered, "/applied".into()].into_iter();
            let recorded = |name: &String| self.root.exists(&format!("/{RECORDING_DIR}{name}"));
            if let Some(name) = names.find(recorded) {
                self.after = name;
            }
        }
        Ok(answer)
    }

    fn training(&mut self, request: &TrainingRequest) -> nix::Result<Training> {
        let name = match request.operation {
            TRAINING_STATE => "training-state",
            TRAINING_START => "training-start",
            TRAINING_STOP => "training-stop",
            TRAINING_INJECT => "training-inject",
            _ => return Err(Errno::EINVAL),
        };
        let path = format!("/{RECORDING_DIR}/{name}.request.bin");
        if let Ok(recorded) = self.root.bytes(&path) {
            if recorded != training_bytes(request) {
                return Err(Errno::EINVAL);
            }
        }
        if let Some(errno) = self.note.errors.get(name) {
            return Err(Errno::from_raw(*errno));
        }
        // Begun or not, they are in one place.
        let answer = self.root.bytes(&format!("/{RECORDING_DIR}/{name}.bin"));
        let answer = decode(&answer.map_err(|_| Errno::EOPNOTSUPP)?);
        if request.operation == TRAINING_START {
            self.after = "/training".into();
        }
        Ok(answer)
    }

    fn records(&mut self, wait: Wait) -> nix::Result<Vec<Event>> {
        let name = match (self.records, wait) {
            (0, _) => "journal.bin".to_string(),
            (_, Wait::No) => return Ok(Vec::new()),
            (read, Wait::Yes | Wait::Lone | Wait::Until(_)) => format!("journal-{}.bin", read + 1),
        };
        self.records += 1;
        match self.root.bytes(&format!("/{RECORDING_DIR}/{name}")) {
            Ok(bytes) => Ok(file::parse(&bytes).0),
            Err(_) if self.records > 1 => Ok(Vec::new()),
            // A recording without records is of a driver that has none, or of nobody who asked.
            Err(_) => Err(Errno::EOPNOTSUPP),
        }
    }
}
