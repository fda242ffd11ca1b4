// SPDX-License-Identifier: GPL-2.0

//! Waits until a change is confirmed, or its time is over.

use super::cannot_wait;
use crate::ui::{Terminal, Ui};
use milspec::unconfirmed::Record;
use milspec::{clock, kept, signals, Result, Root};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How the wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Somebody has confirmed it, undone it, or said that all is well before the reboot.
    Settled,
    /// `keep`, typed where the change was made.
    Kept,
    /// The time is over.
    Timeout,
    /// Ctrl-C or `kill`.
    Signal,
}

/// Notices when the record of the change changes.
pub struct Watch(Inotify);

impl Watch {
    /// Begins to look.
    pub fn new(root: &Root) -> Result<Self> {
        let begin = || -> io::Result<Self> {
            let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
            let changes = AddWatchFlags::IN_DELETE | AddWatchFlags::IN_MOVED_TO;
            inotify.add_watch(&kept::make_dir(root)?, changes)?;
            Ok(Self(inotify))
        };
        begin().map_err(|_: io::Error| {
            cannot_wait(
                "the kernel does not let milspecctl watch /var/lib/milspecctl",
                "see that it is a directory, or leave out --confirm-within",
            )
        })
    }

    /// Waits, until `monotonic` at most.
    pub fn wait(
        &self,
        root: &Root,
        ui: &Ui,
        monotonic: Duration,
        mut terminal: Option<Terminal>,
    ) -> Ended {
        let left = monotonic.saturating_sub(clock::monotonic());
        let until = Instant::now() + left;
        loop {
            // Whatever cannot be read is not confirmed.
            let settled = match Record::load(root) {
                Ok(record) => record.is_none_or(|r| !r.is_open() || r.is_held(root)),
                Err(_) => false,
            };
            if settled {
                return Ended::Settled;
            }
            if Instant::now() >= until {
                return Ended::Timeout;
            }
            let mut inputs = vec![self.0.as_fd()];
            inputs.extend(terminal.as_ref().map(AsFd::as_fd));
            let ready = match signals::wait_for_any(&inputs, Some(until)) {
                Ok(ready) => ready,
                Err(_) => return Ended::Signal,
            };
            let _ = self.0.read_events();
            if let (Some(true), Some(open)) = (ready.get(1), &mut terminal) {
                match open.line() {
                    Ok(Some(line)) if line == "keep" => return Ended::Kept,
                    Ok(Some(_)) => ui.ask_again(),
                    Ok(None) => {}
                    // The terminal is gone, or its other end.
                    Err(_) => terminal = None,
                }
            }
        }
    }
}
