// SPDX-License-Identifier: GPL-2.0

//! The family `dsmil`: devices of the ACPI device `DSML0001`, as `docs/dsmil-interface.md`
//! specifies it.

use super::{
    errno,
    Control,
    FamilyReading,
    Mark,
    Provider,
    Value, //
};
use crate::{
    kapi::acpi::Dsm,
    posture::{
        control::{
            reading,
            Answer,
            Class,
            Family,
            Presence,
            Reading, //
        },
        dsmil::{
            function,
            Descriptor,
            Fault,
            Functions,
            Identity,
            State,
            States,
            REVISION,
            STATES, //
        },
        fact::DEPENDS,
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
        Fault::Malformed => EPROTO,
        Fault::Limits => ERANGE,
        Fault::Version(_) => EPROTONOSUPPORT,
        Fault::Status(1) => EOPNOTSUPP,
        Fault::Status(2 | 3) => EINVAL,
        Fault::Status(4) => EAGAIN,
        Fault::Status(5) => EACCES,
        Fault::Status(6) => EBUSY,
        Fault::Status(_) => EIO,
    }
}

impl Dsmil {
    /// Asks the firmware what it has: three firmware calls and one for each device.
    ///
    /// # Errors
    ///
    /// `ENODEV`, `EIO`, `EPROTO`, `ERANGE`, `EPROTONOSUPPORT` or the errno of a status when the
    /// specification forbids to use the device, `ENOMEM`, `EINTR`.
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
            if kernel::current!().signal_pending() {
                return Err(EINTR);
            }
            let found = match this.evaluate(function::DESCRIBE, &[index]) {
                Err(ENOMEM) => return Err(ENOMEM),
                Err(_) => None,
                Ok(answer) => Descriptor::parse(&answer, index, &this.identity).ok(),
            };
            let is_twin = |new: &Descriptor| {
                let mut known = this.devices.iter();
                known.any(|old| old.name == new.name || old.number() == new.number())
            };
            match found {
                Some(new) if !is_twin(&new) => this.devices.push(new, GFP_KERNEL)?,
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

    /// Reads the states of all devices and hands each with its description to `take`.
    fn states(&self, mut take: impl FnMut(&Descriptor, State) -> Result) -> Result {
        let answer = self.evaluate(function::STATE_ALL, &[])?;
        let states = States::parse(&answer, self.identity.devices).map_err(error)?;
        for device in &self.devices {
            take(device, states.get(device.index).ok_or(EPROTO)?)?;
        }
        Ok(())
    }

    /// Makes the control of a device out of its state, or the errno of reading it.
    fn control(&self, device: &Descriptor, state: Result<State, u32>) -> Control {
        let mut values = [Value::NONE; VALUES];
        for ((to, name), answer) in values.iter_mut().zip(STATES).zip(answers(state)) {
            *to = Value {
                name,
                answer,
                ..Value::NONE
            };
        }
        let mut depends = [0; DEPENDS];
        let mut depend_count = 0usize;
        let mut resolved = true;
        for index in device.depends_on.iter().flatten() {
            let needed = self.devices.iter().find(|other| other.index == *index);
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
        Control {
            id: FIRST_ID | device.number(),
            family: Family::Dsmil,
            class: device.class,
            writable: self.can_set && switchable && resolved,
            presence: match resolved {
                true => Presence::Full,
                false => Presence::Partial,
            },
            reading: match state {
                Ok(_) => reading(values.iter().take(STATES.len()).map(|value| value.answer)),
                Err(errno) => Reading::Failed(errno),
            },
            tamper: state.is_ok_and(|state| state.tamper),
            group: device.group,
            name: uapi::field(&device.name),
            label: uapi::field(&device.function),
            values,
            value_count: STATES.len(),
            depends,
            depend_count,
            changed: 0,
            denied: false,
            mark: Mark::default(),
            wanted: None,
            unreached: None,
        }
    }

    /// Returns the index of the device that the control `id` stands for.
    fn index(&self, id: u32) -> Result<u16> {
        let mut devices = self.devices.iter();
        let device = devices.find(|device| FIRST_ID | device.number() == id);
        device.map(|device| device.index).ok_or(ENOENT)
    }

    fn state(&self, index: u16) -> Result<State> {
        let answer = self.evaluate(function::STATE, &[index])?;
        State::parse(&answer, index).map_err(error)
    }
}

/// What a state, or the errno of reading it, says of each of a device's values.
fn answers(state: Result<State, u32>) -> impl Iterator<Item = Answer> {
    (0u16..).map(move |number| match state {
        Ok(state) => Answer::Read {
            read: state.state.into(),
            expected: number,
        },
        Err(errno) => Answer::Failed(errno),
    })
}

impl Provider for Dsmil {
    fn read(&self) -> Result<FamilyReading> {
        let mut controls = KVVec::with_capacity(self.devices.len(), GFP_KERNEL)?;
        let read = self.states(|device, state| {
            controls.push(self.control(device, Ok(state)), GFP_KERNEL)?;
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
                controls.push(self.control(device, Err(errno(error))), GFP_KERNEL)?;
            }
        }
        Ok(FamilyReading { controls, error })
    }

    fn write(&self, id: u32, from: u8, to: u8, _key: u16) -> Result {
        let index = self.index(id)?;
        let answer = self.evaluate(function::SET_IF, &[index, from.into(), to.into()])?;
        State::parse(&answer, index).map(|_| ()).map_err(error)
    }

    fn read_back(&self, control: &mut Control, _from: u8, _to: u8) {
        let state = self.index(control.id).and_then(|index| self.state(index));
        if let Ok(state) = state {
            control.tamper = state.tamper;
        }
        for (index, answer) in answers(state.map_err(errno)).take(STATES.len()).enumerate() {
            control.take_answer(index, answer);
        }
        control.reading = reading(control.values().iter().map(|value| value.answer));
    }

    fn firmware_calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }
}
