// SPDX-License-Identifier: GPL-2.0

//! Where the answers of the driver come from: the device, or a recording of it.

use crate::model::Control;
use milspec_uapi::{
    Apply, Event, Info, Refresh, Status, Step, Target, Training, OUTCOME_NONE, TRAINING_DEVICE_SIZE,
};
use nix::errno::Errno;
use std::time::Instant;
use zeroize::Zeroizing;

/// All controls, and the generation at which they were copied.
pub struct Listing {
    /// [`Status::generation`] of the copy.
    pub generation: u64,
    /// The controls, in the driver's order.
    pub controls: Vec<Control>,
}

/// What `IOC_PLAN` and `IOC_APPLY` are asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `MODE_` number.
    pub mode: u8,
    /// Exceptions from the mode; with `MODE_NONE`, all there is.
    pub targets: Vec<Target>,
    /// `APPLY_` bits.
    pub options: u32,
    /// Generation that was decided on, or 0 for any.
    pub generation: u64,
    /// Key that the firmware gave for its administrator password, or 0.
    pub security_key: Zeroizing<u16>,
}

/// What `IOC_TRAINING` is asked for. What an operation does not speak of stays empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainingRequest {
    /// `TRAINING_` number.
    pub operation: u32,
    /// Number of the training that is meant; 0 for the one under way.
    pub session: u32,
    /// What the copy is to do.
    pub injection: Injection,
    /// Descriptions of DSMIL devices; none for those of the machine.
    pub devices: Vec<[u8; TRAINING_DEVICE_SIZE as usize]>,
    /// SMBIOS structures of type 0xDA; none for the settings of the machine.
    pub tokens: Vec<u8>,
    /// What controls have to begin with.
    pub targets: Vec<Target>,
}

/// What the copy of a training is to do, in the numbers of the ABI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Injection {
    /// `INJECT_` number.
    pub injection: u32,
    /// Id of the control, 0 for any.
    pub control: u32,
    /// Index of a value, or 0 and 1.
    pub value: u8,
    /// How many writes come before it begins.
    pub after: u32,
    /// How many reads or writes it lasts, 0 until it is taken back.
    pub count: u32,
    /// Errno or milliseconds.
    pub number: u32,
}

/// What the driver answered to a [`Request`].
#[derive(Clone, Debug)]
pub struct Answer {
    /// The structure, as the driver filled it.
    pub apply: Apply,
    /// The steps.
    pub steps: Vec<Step>,
    /// The errno that came with it: `EACCES`, `ECANCELED`, `EIO` and `EBUSY` say the same as
    /// [`Apply::outcome`].
    pub errno: Option<Errno>,
}

impl Answer {
    /// An answer is valid, whatever the call returned, when it has an outcome. One without is no
    /// more than the errno; success without an outcome breaks the protocol.
    pub fn new(apply: Apply, steps: Vec<Step>, errno: Option<Errno>) -> nix::Result<Self> {
        if apply.outcome == OUTCOME_NONE {
            return Err(errno.unwrap_or(Errno::EPROTO));
        }
        Ok(Self {
            apply,
            steps,
            errno,
        })
    }
}

/// Whether to wait for something to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Take what there is.
    No,
    /// Until there is something, a signal arrives, or nobody reads standard output any more. Call
    /// [`signals::catch`](crate::signals::catch) first.
    Yes,
    /// Until there is something, or a signal arrives, whoever reads standard output: for who writes elsewhere.
    Lone,
    /// Until there is something, a signal arrives, or it is then, whoever reads standard output.
    Until(Instant),
}

/// The requests of `/dev/milspec`. An error is the errno of the call, to be explained by
/// [`diagnose`](crate::diagnose).
pub trait Source {
    /// `IOC_INFO`
    fn info(&self) -> nix::Result<Info>;
    /// `IOC_STATUS`
    fn status(&self) -> nix::Result<Status>;
    /// `IOC_CONTROLS`
    fn controls(&self) -> nix::Result<Listing>;
    /// `IOC_REFRESH`
    fn refresh(&mut self) -> nix::Result<Refresh>;
    /// `IOC_PLAN`
    fn plan(&self, request: &Request) -> nix::Result<Answer>;
    /// `IOC_APPLY`
    fn apply(&mut self, request: &Request) -> nix::Result<Answer>;
    /// `IOC_TRAINING`
    fn training(&mut self, request: &TrainingRequest) -> nix::Result<Training>;
    /// `read()`: the records that come next, from the oldest on. None where there are none yet, or
    /// where the wait ended without one.
    fn records(&mut self, wait: Wait) -> nix::Result<Vec<Event>>;
}

/// What a [`Source`] is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only what makes no firmware call.
    Read,
    /// [`Source::refresh`] too.
    Refresh,
    /// [`Source::apply`] too, and [`Source::training`] where that changes something.
    Change,
}
