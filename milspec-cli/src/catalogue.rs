// SPDX-License-Identifier: GPL-2.0

//! Controls that some machine has: what can be said of one that this machine lacks.

use milspec_posture::dsmil::STATES;
use milspec_posture::settings::SETTINGS;

/// Names of the platform settings of all machines.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    SETTINGS.iter().map(|setting| setting.name)
}

/// Whether some machine may have a control with this name.
pub fn knows(name: &str) -> bool {
    !values(name).is_empty()
}

/// Names of the values of a control; none where no machine has it. Which DSMIL devices there are is
/// the firmware's: what has the form of their names may be one.
pub fn values(name: &str) -> Vec<&'static str> {
    let mut settings = SETTINGS.iter();
    if let Some(setting) = settings.find(|setting| setting.name == name) {
        let values = setting.values.iter().map(|value| value.name);
        return values.chain(setting.otherwise()).collect();
    }
    let is_device = |number: &str| {
        let mut letters = number.bytes();
        number.len() == 3 && letters.all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    };
    match name.strip_prefix("DSMIL").is_some_and(is_device) {
        true => STATES.to_vec(),
        false => Vec::new(),
    }
}
