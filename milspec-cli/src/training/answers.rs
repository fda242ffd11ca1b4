// SPDX-License-Identifier: GPL-2.0

//! What trainees answer: a line `NAME VALUE` to a socket, and a line that says what became of it.
//! Who answers is known from the kernel. The runner of a scenario looks at it from time to time, takes
//! what is there and waits for nobody.

use super::scenario::is_name;
use super::view;
use crate::failure::{Failure, Result};
use crate::root::Root;
use crate::system;
use milspec_uapi as uapi;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{chown, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Longest answer, in bytes.
pub const ANSWER_MAX: usize = 200;

/// Name of the socket in [`view::DIR`].
const SOCKET: &str = "answer.sock";
/// Longest line: a name, a space, an answer and the end of the line.
const LINE_MAX: usize = 40 + 1 + ANSWER_MAX + 1;
/// How long somebody has for a line.
const PATIENCE: Duration = Duration::from_secs(1);
/// How many may be about to answer at once, and how many of these with the same user.
const MOST: usize = 64;
/// See [`MOST`].
const MOST_OF_ONE: usize = 4;
/// How many are let in at one look.
const AT_ONCE: usize = 256;
/// How long who answers waits for the runner.
const RUNNER: Duration = Duration::from_secs(10);

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It counts.
    Now,
    /// This user has answered before.
    Before(u32),
    /// Nothing of this name is asked.
    Unasked,
    /// The time is over.
    Over,
}

impl Taken {
    fn line(self) -> String {
        match self {
            Self::Now => "taken".into(),
            Self::Before(uid) => format!("before {uid}"),
            Self::Unasked => "unasked".into(),
            Self::Over => "over".into(),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("taken", "") => Some(Self::Now),
            ("before", uid) => Some(Self::Before(uid.parse().ok()?)),
            ("unasked", "") => Some(Self::Unasked),
            ("over", "") => Some(Self::Over),
            _ => None,
        }
    }
}

/// An answer that somebody waits for.
pub struct Given {
    /// To what.
    pub name: String,
    /// What.
    pub value: String,
    /// Who.
    pub uid: u32,
    stream: UnixStream,
}

impl Given {
    /// Says what became of it.
    pub fn tell(mut self, taken: Taken) {
        // Who does not wait for it does not get it.
        let _ = self.stream.write(format!("{}\n", taken.line()).as_bytes());
    }
}

/// Where answers arrive.
pub struct Answers {
    socket: UnixListener,
    /// Who has not sent a whole line yet.
    guests: Vec<Guest>,
}

/// Somebody who is about to answer.
struct Guest {
    stream: UnixStream,
    uid: u32,
    line: Vec<u8>,
    since: Instant,
}

impl Guest {
    /// Reads what is there: `None` for somebody who is not heard any longer.
    fn hear(mut self) -> Option<Self> {
        let mut some = [0; LINE_MAX];
        loop {
            match self.stream.read(&mut some) {
                Ok(0) => return self.is_done().then_some(self),
                Ok(read) => self.line.extend(some.get(..read)?),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return None,
            }
            if self.is_done() {
                break;
            }
            if self.line.len() > LINE_MAX {
                return None;
            }
        }
        (self.is_done() || self.since.elapsed() < PATIENCE).then_some(self)
    }

    fn is_done(&self) -> bool {
        self.line.contains(&b'\n')
    }

    /// The answer: `None` for what is none.
    fn given(self) -> Option<Given> {
        let line = self.line.split(|byte| *byte == b'\n').next()?;
        let (name, value) = std::str::from_utf8(line).ok()?.split_once(' ')?;
        let (name, value) = (name.to_string(), value.trim().to_string());
        (is_name(&name) && is_answer(&value)).then_some(Given {
            name,
            value,
            uid: self.uid,
            stream: self.stream,
        })
    }
}

/// Whether this can be an answer.
pub fn is_answer(value: &str) -> bool {
    (1..=ANSWER_MAX).contains(&value.len()) && !value.contains(char::is_control)
}

/// The socket, by a path that is short wherever the machine's files are, and what keeps that path.
fn place(root: &Root) -> io::Result<(PathBuf, File)> {
    let dir = File::open(root.path(view::DIR))?;
    let path = format!("/proc/self/fd/{}/{SOCKET}", dir.as_raw_fd());
    Ok((path.into(), dir))
}

impl Answers {
    /// Opens the place for answers, for members of group milspec.
    pub fn open(root: &Root) -> Result<Self> {
        let open = || -> io::Result<Self> {
            // Nobody else reaches the socket before it has its mode and its group.
            view::make_dir(root, 0o700)?;
            let (path, _dir) = place(root)?;
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let socket = UnixListener::bind(&path)?;
            fs::set_permissions(&path, Permissions::from_mode(0o660))?;
            socket.set_nonblocking(true)?;
            if let Some((group, _)) = system::group(root, uapi::DEVICE_NAME) {
                if root.note().is_none() {
                    chown(&path, None, Some(group))?;
                }
            }
            view::make_dir(root, 0o755)?;
            Ok(Self {
                socket,
                guests: Vec::new(),
            })
        };
        open().map_err(|error| {
            Failure::new(
                "file-not-written",
                format!("cannot make {}/{SOCKET}", view::DIR),
                "trainees could not answer",
                "see that /run is there and can be written, as root",
            )
            .with_error(&error)
        })
    }

    /// The answers that are there by now. Waits for nobody.
    pub fn take(&mut self) -> Vec<Given> {
        for _ in 0..AT_ONCE {
            let Ok((stream, _)) = self.socket.accept() else {
                break;
            };
            self.let_in(stream);
        }
        let guests = std::mem::take(&mut self.guests);
        let heard: Vec<Guest> = guests.into_iter().filter_map(Guest::hear).collect();
        let (done, rest) = heard.into_iter().partition(Guest::is_done);
        self.guests = rest;
        done.into_iter().filter_map(Guest::given).collect()
    }

    fn let_in(&mut self, stream: UnixStream) {
        let Ok(who) = getsockopt(&stream, PeerCredentials) else {
            return;
        };
        let uid = who.uid();
        let same = self.guests.iter().filter(|guest| guest.uid == uid).count();
        let fits = same < MOST_OF_ONE && self.guests.len() < MOST;
        if fits && stream.set_nonblocking(true).is_ok() {
            self.guests.push(Guest {
                stream,
                uid,
                line: Vec::new(),
                since: Instant::now(),
            });
        }
    }
}

/// Answers: says what became of it, or why it reached nobody.
pub fn answer(root: &Root, name: &str, value: &str) -> Result<()> {
    let what = format!("\"{name}\" was not answered");
    let ask = || -> io::Result<Option<Taken>> {
        let (path, _dir) = place(root)?;
        let mut stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(RUNNER))?;
        stream.write_all(format!("{name} {value}\n").as_bytes())?;
        let mut line = String::new();
        stream.take(LINE_MAX as u64).read_to_string(&mut line)?;
        Ok(Taken::parse(line.trim()))
    };
    let list = "\"milspecctl training list SCENARIO\" shows what is asked";
    let (code, why, next) = match ask() {
        Ok(Some(Taken::Now)) => return Ok(()),
        Ok(Some(Taken::Before(uid))) => (
            "already-answered",
            format!("uid {uid} answered it before, and the first answer counts"),
            "tell the instructor",
        ),
        Ok(Some(Taken::Unasked)) => (
            "no-such-answer",
            "the scenario that runs asks nothing of this name".into(),
            list,
        ),
        Ok(Some(Taken::Over)) => ("no-training", "the run is over".into(), "ask for another"),
        Ok(None) => (
            "not-heard",
            "the run of the scenario did not hear it".into(),
            "answer again",
        ),
        Err(error) => return Err(not_reached(what, &error)),
    };
    Err(Failure::new(code, what, why, next))
}

fn not_reached(what: String, error: &io::Error) -> Failure {
    let wait = "wait for the instructor to begin one: \"milspecctl training run\"";
    let (code, why, next) = match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
            ("no-training", "no run is under way", wait)
        }
        ErrorKind::PermissionDenied => (
            "no-permission",
            "only root and group milspec may answer",
            "as root: usermod -aG milspec USER; then log in again",
        ),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => (
            "not-heard",
            "the run of the scenario does not answer",
            "tell the instructor to go on with it: \"milspecctl training run\"",
        ),
        _ => (
            "not-heard",
            "the run of the scenario did not hear it",
            "answer again",
        ),
    };
    Failure::new(code, what, why, next).with_error(error)
}
