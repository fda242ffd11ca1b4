// SPDX-License-Identifier: GPL-2.0

//! The answers to `IOC_INFO`, `IOC_STATUS` and `IOC_CONTROLS`, made once: to answer is to copy.
//!
//! `made` is held while answers are made of a new snapshot, which may sleep for memory, and else for
//! the time of a copy. No other lock of this driver is taken under it but those that the engine and
//! the journal hold for the time of a copy.

use super::{
    frame::Frame,
    wire, //
};
use crate::{
    engine::Engine,
    kapi::global::global,
    uapi, //
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        Arc,
        Mutex, //
    }, //
};

global! {
    /// The answers, for descriptors that are opened.
    pub(crate) static place: Answers;
}

/// What was made of one snapshot.
#[derive(Clone)]
struct Made {
    /// Number of the snapshot.
    commits: u64,
    /// Requests that had ended when the last of them was added to `status`.
    ended: u64,
    /// Number of the training that it is of, 0 for the machine.
    session: u32,
    generation: u64,
    status: uapi::Status,
    controls: Arc<KVVec<uapi::Control>>,
}

impl Made {
    fn of(engine: &Engine) -> Result<Self> {
        // Before the snapshot: that one may be newer, and is then made once more.
        let commits = Engine::commits();
        let snapshot = engine.snapshot();
        let policy = wire::policy(&snapshot);
        let mut controls = KVVec::with_capacity(snapshot.facts().len(), GFP_KERNEL)?;
        for (fact, details) in snapshot.controls() {
            controls.push(wire::control(fact, details, &policy), GFP_KERNEL)?;
        }
        Ok(Self {
            commits,
            ended: 0,
            session: engine.session(),
            generation: snapshot.generation,
            status: wire::status(engine, &snapshot),
            controls: Arc::new(controls, GFP_KERNEL)?,
        })
    }
}

/// All controls, as they were at one generation.
pub(super) struct Controls {
    pub(super) generation: u64,
    /// `ANSWER_` bits.
    pub(super) properties: u32,
    pub(super) controls: Arc<KVVec<uapi::Control>>,
}

/// The answers.
#[pin_data]
pub(crate) struct Answers {
    engine: Arc<Engine>,
    info: uapi::Info,
    #[pin]
    made: Mutex<Made>,
}

impl Answers {
    /// Makes them of what the engine has committed by now.
    pub(crate) fn new(engine: Arc<Engine>) -> Result<Arc<Self>> {
        let made = Made::of(&Engine::shown(&engine))?;
        let info = wire::info(&engine);
        Arc::pin_init(
            pin_init!(Self {
                engine,
                info,
                made <- new_mutex!(made, "Answers::made"),
            }),
            GFP_KERNEL,
        )
    }

    /// The answer to `IOC_INFO`.
    pub(super) fn info(&self) -> &uapi::Info {
        &self.info
    }

    /// Hands what was made of the latest snapshot of what is shown to `take`, after it was made if need
    /// be.
    fn with<T>(&self, engine: &Engine, take: impl FnOnce(&mut Made) -> T) -> Result<T> {
        let mut made = self.made.lock();
        if made.commits != Engine::commits() || made.session != engine.session() {
            *made = Made::of(engine)?;
        }
        Ok(take(&mut made))
    }

    /// Writes the answer to `IOC_STATUS`. What is no part of a snapshot is as it is now.
    ///
    /// # Errors
    ///
    /// `ENOMEM`, `EFAULT`.
    pub(super) fn write_status(&self, frame: &Frame) -> Result {
        let engine = Engine::shown(&self.engine);
        let requests = engine.requests();
        let mut status = self.with(&engine, |made| {
            let ended = requests.ended();
            if made.ended != ended {
                wire::add_last(&mut made.status, &requests.last());
                made.ended = ended;
            }
            made.status
        })?;
        wire::add_present(&mut status, &engine);
        frame.write_behind_head(&status)
    }

    /// What `IOC_CONTROLS` answers.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn controls(&self) -> Result<Controls> {
        self.with(&Engine::shown(&self.engine), |made| Controls {
            generation: made.generation,
            properties: match made.session {
                0 => 0,
                _ => uapi::ANSWER_TRAINING,
            },
            controls: made.controls.clone(),
        })
    }
}
