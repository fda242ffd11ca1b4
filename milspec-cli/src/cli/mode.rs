// SPDX-License-Identifier: GPL-2.0

//! `mode ...`

use super::{complete, framework, How, Trial};
use clap::{Args, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

/// `mode ...`
#[derive(Debug, Subcommand)]
pub enum ModeCommand {
    /// Show the mode that the machine is in
    ///
    /// It is derived from what the controls are: a mode, one with deviations, or custom.
    Get {
        /// End with 7 unless the machine is in a mode with nothing deviating and nothing out of reach, and
        /// during a training
        #[arg(long)]
        exit_code: bool,
    },
    /// Show what each mode is, and how far it reaches on this machine
    List(ModeList),
    /// Show what setting a mode would change; changes nothing
    Plan(Target),
    /// Bring the machine into a mode, all of it or nothing
    ///
    /// Plans, says what to know before, and applies. Each step is read back; when one fails, those
    /// before it are undone. Ctrl-C does that too. What was before is recorded first, and brought
    /// back by mode baseline: see milspecctl baseline. Setting a mode twice changes nothing the
    /// second time.
    ///
    /// Of mode baseline, what cannot be brought back is left out and named, and stays recorded. When
    /// everything is as it was, the record is removed: the next change begins a new one.
    ///
    /// BIOS settings are part of measured boot: have the recovery key of an encrypted disk at hand
    /// before the next boot.
    Set(ModeSet),
}

/// `mode list`
#[derive(Args, Clone, Debug)]
pub struct ModeList {
    /// Only this mode, control by control
    ///
    /// Of each control that the mode speaks of and that this machine has: what it is and shall be,
    /// whether that holds already, and where it cannot be had, why. With -v, all modes like that.
    pub mode: Option<Mode>,
    /// Show how many checks of this framework each mode would satisfy, and what is left
    ///
    /// As milspecctl compliance judges them, after the next boot.
    #[arg(long, value_name = "NAME", value_parser = framework())]
    pub framework: Option<String>,
}

/// A mode with exceptions.
#[derive(Args, Clone, Debug)]
pub struct Target {
    /// The mode
    pub mode: Mode,
    /// Leave these controls as they are, whatever the mode asks for
    ///
    /// May be given more than once. What the mode asks of other controls that cannot be had without
    /// them is left out too. One that this machine lacks needs no exception, and is skipped.
    /// paranoid-plus takes none.
    #[arg(long, value_name = "NAME[,NAME...]", value_delimiter = ',',
        add = ArgValueCandidates::new(complete::names))]
    pub except: Vec<String>,
}

/// `mode set`
#[derive(Args, Clone, Debug)]
pub struct ModeSet {
    /// The mode, and what is left out of it.
    #[command(flatten)]
    pub target: Target,
    /// How to change.
    #[command(flatten)]
    pub how: How,
    /// Whether it has to be confirmed.
    #[command(flatten)]
    pub trial: Trial,
    /// Accept that paranoid-plus cannot be left before the next boot
    ///
    /// Without this option, the question is asked on a terminal; without a terminal, paranoid-plus
    /// is refused.
    #[arg(long)]
    pub accept_latch: bool,
}

/// A named target for many controls: words of the ABI, and its `MODE_` numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[repr(u8)]
pub enum Mode {
    /// What each control had before it was first changed
    Baseline = milspec_uapi::MODE_BASELINE,
    /// What costs no function of the machine
    Standard = milspec_uapi::MODE_STANDARD,
    /// Closes paths into the machine that few people use
    Enhanced = milspec_uapi::MODE_ENHANCED,
    /// Sensors, radios and removable media off
    Paranoid = milspec_uapi::MODE_PARANOID,
    /// All of that and stealth; latches until the next boot
    ParanoidPlus = milspec_uapi::MODE_PARANOID_PLUS,
}
