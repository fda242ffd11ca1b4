// SPDX-License-Identifier: GPL-2.0

//! The BIOS administrator password: from where it is typed to the security key that the firmware
//! gives for it. The driver gets the key only; the password goes nowhere else, and memory that held
//! it is wiped.
//!
//! The calls are class 10 of Dell's SMBIOS interface, as `smi_password.c` of libsmbios uses them. Its
//! older call for a check takes codes of keys, which depend on the keyboard, and is not used here.

use crate::ui::Ui;
use milspec::failure::case;
use milspec::smbios::{Smbios, NOT_EXECUTED};
use milspec::{Failure, Result, Root};
use nix::errno::Errno;
use std::fs::File;
use std::io::Read;
use std::ops::RangeInclusive;
use zeroize::{Zeroize, Zeroizing};

/// Class of the administrator password.
const ADMIN: u16 = 10;
/// What is known of it.
const PROPERTIES: u16 = 3;
/// Check characters, which stand in the data.
const VERIFY: u16 = 4;

/// Longer than any password of a firmware.
pub const LENGTH_MAX: usize = 256;

/// A password; never moved to other memory, wiped when it goes.
pub type Password = Zeroizing<Vec<u8>>;

/// Keeps passwords out of core dumps, and of other programs of this user. Best effort: there is no
/// kernel on which it fails.
pub fn guard_memory() {
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// Reads the first line of a file descriptor.
pub fn from_descriptor(number: u16) -> Result<Password> {
    guard_memory();
    let unreadable = |why: String| {
        Failure::new(
            "password-unusable",
            "no BIOS administrator password was given",
            why,
            "open the descriptor, e.g.: milspecctl ... --bios-password-fd 3 3<FILE",
        )
    };
    // A room that never grows leaves no copy behind.
    let mut password = Zeroizing::new(Vec::with_capacity(LENGTH_MAX));
    let mut file = File::open(format!("/proc/self/fd/{number}"))
        .map_err(|error| unreadable(format!("file descriptor {number}: {error}")))?;
    let mut byte = [0];
    loop {
        match file.read(&mut byte) {
            Ok(1) if byte != *b"\n" && password.len() < LENGTH_MAX => password.push(byte[0]),
            Ok(_) => break,
            Err(error) => {
                return Err(unreadable(format!("file descriptor {number}: {error}")));
            }
        }
    }
    byte.zeroize();
    if password.is_empty() {
        return Err(unreadable(format!(
            "the first line of file descriptor {number} is empty"
        )));
    }
    Ok(password)
}

/// Asks for it on the terminal.
pub fn from_terminal(ui: &Ui) -> Result<Password> {
    guard_memory();
    ui.ask_secret(
        "The firmware asks for its administrator password. After wrong ones it may take\n\
         no more, not the right one either; whether it does, and when, is not known.\n",
        "BIOS administrator password:",
    )
}

/// What the firmware says about the password.
struct Properties {
    installed: bool,
    /// How many ASCII characters it has. None where the firmware does not say that it takes them: as
    /// libsmbios does, it is then taken to want codes of keys.
    characters: Option<RangeInclusive<usize>>,
}

/// Has the firmware check the password. Returns the security key. At most one try is spent.
pub fn key(root: &Root, password: &Password) -> Result<Zeroizing<u16>> {
    let smbios = Smbios::open(root).map_err(unreachable)?;
    let properties = properties(&smbios).map_err(unreachable)?;
    if !properties.installed {
        return Err(failure("not-set"));
    }
    let Some(characters) = properties.characters else {
        return Err(failure("key-codes"));
    };
    if !password.iter().all(|byte| matches!(byte, 0x20..=0x7E)) {
        return Err(failure("beyond-ascii"));
    }
    let longest = *characters.end();
    if !characters.contains(&password.len()) {
        let failure = failure("length");
        let shortest = characters.start().to_string();
        let why = failure.why.replace("{shortest}", &shortest);
        return Err(Failure {
            why: why.replace("{longest}", &longest.to_string()),
            ..failure
        });
    }
    verify(&smbios, password, longest)
}

/// Whether one is installed; false where the firmware cannot be asked.
pub fn is_installed(root: &Root) -> bool {
    let properties = Smbios::open(root).and_then(|smbios| properties(&smbios));
    properties.is_ok_and(|properties| properties.installed)
}

fn properties(smbios: &Smbios<'_>) -> nix::Result<Properties> {
    let mut call = smbios.prepare(ADMIN, PROPERTIES);
    smbios.make(&mut call)?;
    if call.status() == 0 {
        let [installed, longest, shortest, characteristics] = call.output(1).to_le_bytes();
        return Ok(Properties {
            // 0 and 2: yes, 1 and 3: no.
            installed: installed % 2 == 0,
            characters: (characteristics & 1 != 0)
                .then(|| usize::from(shortest)..=usize::from(longest)),
        });
    }
    let installed = smbios.has_admin_password()?;
    Ok(Properties {
        installed: installed.ok_or(Errno::EOPNOTSUPP)?,
        characters: None,
    })
}

/// Has it checked, in as many bytes as the longest has.
fn verify(smbios: &Smbios<'_>, password: &Password, longest: usize) -> Result<Zeroizing<u16>> {
    let call = smbios.prepare(ADMIN, VERIFY).with_data(password, longest);
    let mut call = call.ok_or_else(|| unreachable(Errno::ENOSPC))?;
    smbios.make(&mut call).map_err(unreachable)?;
    match call.status() {
        // The key has 16 bits, in a field of 32.
        0 => Ok(Zeroizing::new(call.output(1) as u16)),
        2 => Err(failure("wrong")),
        -2 | NOT_EXECUTED => Err(unreachable(Errno::EOPNOTSUPP)),
        // -1 is what libsmbios' comments call a password that does not verify; its code looks for 2.
        status => {
            let failure = failure("refused");
            let why = failure.why.replace("{status}", &status.to_string());
            Err(Failure { why, ..failure })
        }
    }
}

fn failure(why: &str) -> Failure {
    let [code, why, next] = case("password", why);
    let what = "the BIOS administrator password was not accepted";
    Failure::new(code, what, why, next)
}

/// The firmware could not be asked.
fn unreachable(errno: Errno) -> Failure {
    let what = "cannot have the BIOS administrator password checked";
    Failure::of("check-password", what, errno)
}
