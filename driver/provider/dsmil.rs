// SPDX-License-Identifier: GPL-2.0

//! The family `dsmil`: devices of the ACPI device `DSML0001`, as `docs/dsmil-interface.md`
//! specifies it.

use super::{
    errno,
    training,
    Details,
    FamilyReading,
    Provider,
    Readout,
    Value, //
};
use crate::{
    kapi::{
        acpi::Dsm,
        compat::{
            eopnotsupp,
            eproto,
            eprotonosupport, //
        },
        signal::is_dying, //
    },
    posture::{
        control::{
            reading,
            Answer,
            Class,
            Family,
            Presence, //
        },
        dsmil::{
            function,
            is_busy,
            status,
            Change,
            Descriptor,
            Fault,
            Functions,
            Identity,
            State,
            States,
            DEVICES,
            GROUPS,
            REVISION,
            STATES, //
        },
        fact::{
            Fact,
            DEPENDS, //
        },
        setting::VALUES, //
    },
    uapi, //
};
use kernel::{
    device::{
        Bound,
        Device, //
    },
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
    time::{
        delay::fsleep,
        Delta,
        Instant,
        Monotonic, //
    }, //
};

/// Ids of this family begin here; group and position follow.
const FIRST_ID: u32 = (uapi::FAMILY_DSMIL as u32) << 16;

/// `27f19df2-2e28-4240-8e65-d79dedef8ce1` in the byte order of `ToUUID()`.
const UUID: [u8; 16] = [
    0xf2, 0x9d, 0xf1, 0x27, 0x28, 0x2e, 0x40, 0x42, 0x8e, 0x65, 0xd7, 0x9d, 0xed, 0xef, 0x8c, 0xe1,
];

/// Longest that the specification allows a call to take.
const TIME_LIMIT: Delta = Delta::from_secs(1);

/// How long to wait before each repetition of a call that answered BUSY. The call is made once more
/// than there are pauses. `docs/dsmil-interface.md` has the same numbers in section 3.1.
const PAUSES: [Delta; 4] = [
    Delta::from_millis(10),
    Delta::from_millis(20),
    Delta::from_millis(40),
    Delta::from_millis(80),
];

/// The DSMIL devices of this machine.
pub(crate) struct Dsmil {
    dsm: Dsm,
    identity: Identity,
    can_set: bool,
    devices: KVec<Descriptor>,
    calls: Atomic<u64>,
    late: Atomic<bool>,
}

/// Returns the errno for a faulty answer, as the specification's table of statuses has it.
fn error(fault: Fault) -> Error {
    match fault {
        Fault::Malformed => eproto(),
        Fault::Limits => ERANGE,
        Fault::Version(_) => eprotonosupport(),
        Fault::Status(status::NOT_SUPPORTED) => eopnotsupp(),
        Fault::Status(status::BAD_INDEX | status::BAD_VALUE) => EINVAL,
        Fault::Status(status::CONFLICT) => EAGAIN,
        Fault::Status(status::REFUSED) => EACCES,
        Fault::Status(status::BUSY) => EBUSY,
        Fault::Status(_) => EIO,
    }
}

impl Dsmil {
    /// Asks the firmware what it has: three firmware calls and one for each device.
    ///
    /// # Errors
    ///
    /// `ENODEV`, `EIO`, `EPROTO`, `ERANGE`, `EPROTONOSUPPORT` or the errno of a status when the
    /// specification forbids to use the device. `ENOMEM`, and `EINTR` when the caller is being
    /// killed: nothing is known of the device then.
    pub(crate) fn discover(device: &Device<Bound>) -> Result<Self> {
        let mut this = Self {
            dsm: Dsm::new(device, UUID, REVISION)?,
            identity: Identity::default(),
            can_set: false,
            devices: KVec::new(),
            calls: Atomic::new(0),
            late: Atomic::new(false),
        };
        let answer = this.evaluate(function::QUERY, &[])?;
        this.can_set = Functions::parse(&answer).map_err(error)?.can_set();
        let answer = this.evaluate(function::IDENTITY, &[])?;
        this.identity = Identity::parse(&answer).map_err(error)?;

        let mut left_out = 0u32;
        for index in 0..this.identity.devices {
            // What only stops a system call (a timer, a notice of io_uring) must not stop this: the
            // caller may be whoever loads the module.
            if is_dying() {
                return Err(EINTR);
            }
            let found = match this.evaluate(function::DESCRIBE, &[index]) {
                Err(ENOMEM) => return Err(ENOMEM),
                Err(_) => None,
                Ok(answer) => Descriptor::parse(&answer, index, &this.identity).ok(),
            };
            match found {
                Some(new) if !is_twin(&this.devices, &new) => this.devices.push(new, GFP_KERNEL)?,
                _ => left_out = left_out.saturating_add(1),
            }
        }
        if left_out > 0 {
            dev_warn!(
                device,
                "firmware bug: left out {left_out} of {} devices with bad descriptions\n",
                this.identity.devices
            );
        }
        Ok(this)
    }

    /// What the firmware says it is.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    fn evaluate(&self, function: u32, arguments: &[u16]) -> Result<KVec<u8>> {
        self.calls.fetch_add(1, Relaxed);
        let start = Instant::<Monotonic>::now();
        let answer = self.dsm.evaluate(function, arguments);
        let took = start.elapsed();
        if took.as_nanos() > TIME_LIMIT.as_nanos() && !self.late.xchg(true, Relaxed) {
            let ms = took.as_millis();
            pr_warn!("firmware bug: DSML0001 function {function} took {ms} ms, 1000 allowed\n");
        }
        answer
    }

    /// Evaluates a function, and again after each of the [`PAUSES`] while its answer says that the
    /// firmware is busy. Returns the last answer, whatever that says.
    fn evaluate_patiently(
        &self,
        function: u32,
        arguments: &[u16],
        is_busy: impl Fn(&[u8]) -> bool,
    ) -> Result<KVec<u8>> {
        let mut answer = self.evaluate(function, arguments)?;
        for pause in PAUSES {
            if !is_busy(&answer) {
                break;
            }
            fsleep(pause);
            answer = self.evaluate(function, arguments)?;
        }
        Ok(answer)
    }

    /// Reads the states of all devices and hands each with its description to `take`.
    fn states(&self, mut take: impl FnMut(&Descriptor, State) -> Result) -> Result {
        let answer = self.evaluate_patiently(function::STATE_ALL, &[], is_busy)?;
        let states = States::parse(&answer, self.identity.devices).map_err(error)?;
        for device in &self.devices {
            take(device, states.get(device.index).ok_or_else(eproto)?)?;
        }
        Ok(())
    }

    /// Returns the index of the device that the control `id` stands for.
    fn index(&self, id: u32) -> Result<u16> {
        let mut devices = self.devices.iter();
        let device = devices.find(|device| FIRST_ID | device.number() == id);
        device.map(|device| device.index).ok_or(ENOENT)
    }

    fn state(&self, index: u16) -> Result<State> {
        let answer = self.evaluate_patiently(function::STATE, &[index], is_busy)?;
        State::parse(&answer, index).map_err(error)
    }
}

/// What is decided on and what is shown of one of these devices, before anything is read. `can_set`
/// says that their firmware has a way to change them.
fn description(devices: &[Descriptor], can_set: bool, device: &Descriptor) -> (Fact, Details) {
    let mut values = [Value::NONE; VALUES];
    for (to, name) in values.iter_mut().zip(STATES) {
        to.name = name;
    }
    let mut depends = [0; DEPENDS];
    let mut depend_count = 0usize;
    let mut resolved = true;
    for index in device.depends_on.iter().flatten() {
        let needed = devices.iter().find(|other| other.index == *index);
        match (needed, depends.get_mut(depend_count)) {
            (Some(needed), Some(place)) => {
                *place = FIRST_ID | needed.number();
                depend_count = depend_count.saturating_add(1);
            }
            // It was left out. What it needs cannot be checked, so this one stays as it is.
            _ => resolved = false,
        }
    }
    let switchable = !matches!(device.class, Class::ReadOnly | Class::Quarantined);
    let id = FIRST_ID | device.number();
    let fact = Fact {
        id,
        family: Family::Dsmil,
        class: device.class,
        writable: can_set && switchable && resolved,
        group: device.group,
        // `failed` is a state that a device has, not one that it can be given.
        values: 0b11,
        ..Fact::NEW
    };
    let details = Details {
        id,
        presence: match resolved {
            true => Presence::Full,
            false => Presence::Partial,
        },
        name: uapi::field(&device.name),
        label: uapi::field(&device.function),
        values,
        value_count: STATES.len(),
        depends,
        depend_count,
    };
    (fact, details)
}

/// Tells whether a device is one of these already, by its name or by its number.
fn is_twin(known: &[Descriptor], new: &Descriptor) -> bool {
    let mut known = known.iter();
    known.any(|old| old.name == new.name || old.number() == new.number())
}

/// Devices for a copy, as answers to DESCRIBE have them, in the order of their indices.
///
/// # Errors
///
/// `EPROTO` or `ERANGE` for an answer that the specification forbids, `EEXIST` for a device that is
/// there twice, `E2BIG` for too many, `ENOMEM`.
pub(crate) fn described(answers: &[[u8; 64]]) -> Result<(KVVec<(Fact, Details)>, Identity)> {
    let identity = Identity {
        major: REVISION,
        minor: 0,
        devices: u16::try_from(answers.len()).map_err(|_| E2BIG)?,
        groups: GROUPS,
        implementation: uapi::field(b"training"),
    };
    if identity.devices > DEVICES {
        return Err(E2BIG);
    }
    let mut devices: KVec<Descriptor> = KVec::new();
    for (index, answer) in (0u16..).zip(answers) {
        let new = Descriptor::parse(answer, index, &identity).map_err(error)?;
        if is_twin(&devices, &new) {
            return Err(EEXIST);
        }
        devices.push(new, GFP_KERNEL)?;
    }
    let mut controls = KVVec::with_capacity(devices.len(), GFP_KERNEL)?;
    for device in &devices {
        let (fact, details) = description(&devices, true, device);
        controls.push((training::described(fact, &details), details), GFP_KERNEL)?;
    }
    Ok((controls, identity))
}

/// A device as its state, or the errno of reading it, says.
fn readout(id: u32, state: Result<State, u32>) -> Readout {
    let mut answers = [Answer::Absent; VALUES];
    for (answer, number) in answers.iter_mut().zip(0u16..).take(STATES.len()) {
        *answer = match state {
            Ok(state) => Answer::Read {
                read: state.state.into(),
                expected: number,
            },
            Err(errno) => Answer::Failed(errno),
        };
    }
    Readout {
        id,
        reading: reading(answers.iter().copied().take(STATES.len())),
        tamper: state.ok().map(|state| state.tamper),
        answers,
    }
}

impl Provider for Dsmil {
    fn describe(&self, take: &mut dyn FnMut(Fact, Details) -> Result) -> Result {
        self.devices.iter().try_for_each(|device| {
            let (fact, details) = description(&self.devices, self.can_set, device);
            take(fact, details)
        })
    }

    fn read(
        &mut self,
        _known: &dyn Fn(u32) -> Option<u8>,
        go_on: &dyn Fn() -> Result,
    ) -> Result<FamilyReading> {
        go_on()?;
        let mut controls = KVVec::with_capacity(self.devices.len(), GFP_KERNEL)?;
        let read = self.states(|device, state| {
            controls.push(readout(FIRST_ID | device.number(), Ok(state)), GFP_KERNEL)?;
            Ok(())
        });
        let error = match read {
            Ok(()) => None,
            Err(ENOMEM) => return Err(ENOMEM),
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            controls.clear();
            for device in &self.devices {
                let id = FIRST_ID | device.number();
                controls.push(readout(id, Err(errno(error))), GFP_KERNEL)?;
            }
        }
        Ok(FamilyReading { controls, error })
    }

    /// `EAGAIN` stands for CONFLICT and for nothing else: the device was in another state than
    /// `from`, and this call has changed nothing.
    fn write(&self, id: u32, from: u8, to: u8, _key: u16) -> Result {
        let index = self.index(id)?;
        let arguments = [index, from.into(), to.into()];
        let is_busy = |answer: &[u8]| {
            let change = Change::parse(answer, index);
            change.is_ok_and(|change| change.is_to_be_repeated(from))
        };
        let answer = self.evaluate_patiently(function::SET_IF, &arguments, is_busy)?;
        let change = Change::parse(&answer, index);
        change.and_then(Change::made).map(drop).map_err(error)
    }

    fn read_back(&self, control: &Details) -> Readout {
        let state = self.index(control.id).and_then(|index| self.state(index));
        readout(control.id, state.map_err(errno))
    }

    fn firmware_calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }
}
