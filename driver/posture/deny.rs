// SPDX-License-Identifier: GPL-2.0

//! What is never written, whoever asks: tokens that are not settings, and machines that do not
//! survive it.

/// What may be done with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may be written.
    Open,
    /// Written only where the administrator has opened the class
    /// [`Class::Restricted`](super::control::Class::Restricted).
    Restricted,
    /// Never written.
    Forbidden,
}

/// Tokens that are never written: first, last. What they are stands beside them in mainline's
/// filter (`token_blacklist` in `drivers/platform/x86/dell/dell-smbios-base.c`), which guards its
/// ioctl and not the call that this driver makes. `tests/data/mainline-token-filter.csv` holds the
/// same facts independently, and a test compares the two.
const FORBIDDEN: &[(u16, u16)] = &[
    (0x0058, 0x0059), // management engine
    (0x00CD, 0x00D0), // RAID shadow
    (0x0175, 0x0176), // write once
    (0x0195, 0x0197), // diagnostics
    (0x01DC, 0x01DD), // manufacturing
    (0x027D, 0x0284), // diagnostics
    (0x02E3, 0x02E3), // manufacturing
    (0x02FF, 0x0302), // manufacturing
    (0x0325, 0x0326), // manufacturing
    (0x0332, 0x0335), // fan control
    (0x0350, 0x0350), // manufacturing
    (0x0363, 0x0363), // manufacturing
    (0x0368, 0x0368), // manufacturing
    (0x03F6, 0x03F7), // manufacturing
    (0x049E, 0x049F), // manufacturing
    (0x04A0, 0x04A3), // diagnostics
    (0x04E6, 0x04E7), // manufacturing
    (0x4000, 0x7FFF), // internal
    (0x9000, 0x9001), // internal
    (0xA000, 0xBFFF), // write only
    (0xEFF0, 0xEFFF), // internal
    (0xFFFF, 0xFFFF), // the end of the table, no token
];

/// "SATA shadow" in mainline's filter: the range also covers ordinary, documented settings, such
/// as the microphone and the radios.
const RESTRICTED: (u16, u16) = (0x013A, 0x01FF);

/// Says what may be done with the token `id`.
pub fn token(id: u16) -> Gate {
    let within = |(first, last): &(u16, u16)| (*first..=*last).contains(&id);
    if FORBIDDEN.iter().any(within) {
        Gate::Forbidden
    } else if within(&RESTRICTED) {
        Gate::Restricted
    } else {
        Gate::Open
    }
}

/// A model of machine that is known not to survive the write of a token.
struct Model {
    /// DMI product name.
    product: &'static str,
    /// Names of the settings that are not written there; none named means all.
    settings: &'static [&'static str],
}

/// The models that reports name.
const MODELS: &[Model] = &[
    // libsmbios issue 76: writing a token (keyboard illumination) stops the machine for good. That
    // others do not is not known, so none is written.
    Model {
        product: "Inspiron 1012",
        settings: &[],
    },
    Model {
        product: "Inspiron 1018",
        settings: &[],
    },
];

/// Tells whether `setting` must not be written on the model `product`.
pub fn model(product: &[u8], setting: &str) -> bool {
    let is_it = |model: &Model| {
        model.product.as_bytes() == product
            && (model.settings.is_empty() || model.settings.contains(&setting))
    };
    MODELS.iter().any(is_it)
}
