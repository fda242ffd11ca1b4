// SPDX-License-Identifier: GPL-2.0

//! What is never written, whoever asks: tokens that are not settings, and machines that do not
//! survive it.

/// What may be done with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may be written.
    Open,
    /// Mainline keeps it from user space as part of [`SHADOW`] and for no other reason. What is a
    /// setting of the driver's own there may be written, unless the administrator wants it closed.
    Filtered,
    /// Never written.
    Forbidden,
}

/// Tokens that are never written: first, last. All but those that erase stand in mainline's
/// filter (`token_blacklist` in `drivers/platform/x86/dell/dell-smbios-base.c`), which guards its
/// ioctl and not the call that this driver makes; what they are stands beside them there.
/// `tests/data/mainline-token-filter.csv` holds the same facts independently, and a test compares
/// the two.
const FORBIDDEN: &[(u16, u16)] = &[
    (0x0058, 0x0059), // management engine
    (0x007D, 0x007D), // dell-laptop's
    (0x00CD, 0x00D0), // RAID shadow
    (0x0175, 0x0176), // write once
    (0x0195, 0x0197), // diagnostics
    (0x01DC, 0x01DD), // manufacturing
    (0x01E1, 0x01E3), // dell-laptop's
    (0x027D, 0x0284), // diagnostics
    (0x02E3, 0x02E3), // manufacturing
    (0x02EA, 0x02EC), // dell-laptop's
    (0x02F6, 0x02F6), // dell-laptop's
    (0x02FF, 0x0302), // manufacturing
    (0x0325, 0x0326), // manufacturing
    (0x0332, 0x0335), // fan control
    (0x0350, 0x0350), // manufacturing
    (0x0363, 0x0363), // manufacturing
    (0x0364, 0x0365), // dell-laptop's
    (0x0368, 0x0368), // manufacturing
    (0x03D4, 0x03D5), // erases the service OS
    (0x03F6, 0x03F7), // manufacturing
    (0x0436, 0x0437), // wipes all disks
    (0x0451, 0x0451), // dell-laptop's
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
/// as the microphone and the radios. `docs/security.md` argues which of them are open.
pub const SHADOW: (u16, u16) = (0x013A, 0x01FF);

/// Says what may be done with the token `id`.
pub fn token(id: u16) -> Gate {
    let within = |(first, last): &(u16, u16)| (*first..=*last).contains(&id);
    if FORBIDDEN.iter().any(within) {
        Gate::Forbidden
    } else if within(&SHADOW) {
        Gate::Filtered
    } else {
        Gate::Open
    }
}

/// Settings that can take keyboard and mouse from a machine that has none of its own.
const KEYBOARDS: &[&str] = &[
    "usb-external",
    "usb-front",
    "usb-rear",
    "usb-side",
    "usb-user-ports",
    "usb3-front",
    "usb3-rear",
];

/// Tells whether changing `setting` could lock out whoever works with a machine that is not
/// portable.
pub fn takes_keyboard(setting: &str) -> bool {
    KEYBOARDS.contains(&setting)
}

/// SMBIOS chassis types with a keyboard or a touchscreen of their own: portable, laptop, notebook,
/// hand-held, sub-notebook, tablet, convertible, detachable.
const PORTABLE: &[&[u8]] = &[b"8", b"9", b"10", b"11", b"14", b"30", b"31", b"32"];

/// Tells whether a chassis type, in decimal digits, is that of a machine that can be worked with
/// when nothing is plugged in.
pub fn is_portable(chassis: &[u8]) -> bool {
    PORTABLE.contains(&chassis)
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
