// SPDX-License-Identifier: GPL-2.0

//! `--confirm-within` and `confirm`

use clap::Args;
use std::time::Duration;

/// Longest time that a change may wait for its confirmation.
const LONGEST: Duration = Duration::from_secs(3600);

/// Option of the commands that could lock somebody out.
#[derive(Args, Clone, Copy, Debug)]
pub struct Trial {
    /// Undo the change unless it is confirmed within this time, e.g. 60s or 5m
    ///
    /// From 1s to 1h. To keep the change, run "milspecctl confirm" in any session. Else it is undone
    /// when the time is over, by milspec-confirm.service: a connection that breaks, kill -9, a crash,
    /// a power cut and a reboot do not keep it from that. BIOS settings are in force after the next
    /// boot, and can be confirmed after it: the time begins anew with each boot, and undoing them
    /// then takes another reboot. Time asleep does not count.
    ///
    /// Where the BIOS has an administrator password, that is refused for BIOS settings: to undo them
    /// the password would have to lie on disk. Where that service is not there, milspecctl itself
    /// waits, as long as it lasts: keep on its terminal confirms as well, and Ctrl-C undoes at once.
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "dry_run")]
    pub confirm_within: Option<Duration>,
    /// Reboot by itself where undoing takes that
    ///
    /// With --confirm-within: a change that was in force and that nobody confirmed is put back, and
    /// the machine boots again at once, so that it is gone.
    #[arg(long, requires = "confirm_within")]
    pub reboot_to_undo: bool,
}

/// `confirm`
#[derive(Args, Clone, Copy, Debug)]
pub struct Confirm {
    /// Undo the change now
    #[arg(long, conflicts_with_all = ["forget", "wait"])]
    pub undo: bool,
    /// Say no more of a change that was undone
    #[arg(long, conflicts_with = "wait")]
    pub forget: bool,
    /// Wait, and undo the change when its time is over
    ///
    /// This is what milspec-confirm.service does at each boot. It ends at once where no change waits
    /// to be confirmed.
    #[arg(long)]
    pub wait: bool,
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "a number and a unit are needed: 60s, 5m or 1h".to_string();
    let (number, seconds) = [("s", 1), ("m", 60), ("h", 3600)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
        .ok_or_else(wrong)?;
    // What parse() takes beyond digits, a plus, is no part of a duration.
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let time = Duration::from_secs(number.saturating_mul(seconds));
    if time.is_zero() || time > LONGEST {
        return Err("it is not between 1s and 1h".into());
    }
    Ok(time)
}
