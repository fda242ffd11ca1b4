// SPDX-License-Identifier: GPL-2.0

//! The host's side of the guest agent.

use crate::proto::{Reply, Request, Spec, LIMIT, MAGIC};
use anyhow::{bail, ensure, Context, Result};
use nix::poll::{poll, PollFd, PollFlags, PollTimeout};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a request may take besides the time that the command itself may
/// take. Generous: the machine is emulated, and others use the host as well.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a command may take when the test does not say.
pub const COMMAND_TIMEOUT: Duration = Duration::from_secs(120);

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Output {
    /// Exit code; 128 + signal when a signal ended it.
    pub code: i32,
    /// It was killed because its time was up.
    pub timed_out: bool,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// What was run, for messages.
    pub command: String,
}

impl Output {
    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text.
    pub fn error_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Whether it ended with 0.
    pub fn success(&self) -> bool {
        self.code == 0 && !self.timed_out
    }

    /// Itself when it ended with 0, otherwise an error that shows its output.
    pub fn ok(self) -> Result<Self> {
        self.exits(0)
    }

    /// Itself when it ended with `code`, otherwise an error that shows its
    /// output.
    pub fn exits(self, code: i32) -> Result<Self> {
        if self.code == code && !self.timed_out {
            return Ok(self);
        }
        bail!(
            "`{}` {} with {}, expected {code}\n--- stdout\n{}\n--- stderr\n{}",
            self.command,
            if self.timed_out {
                "was killed for taking too long and ended"
            } else {
                "ended"
            },
            self.code,
            self.text().trim_end(),
            self.error_text().trim_end()
        )
    }

    /// Standard output parsed as JSON, whatever the exit code.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_slice(&self.stdout).with_context(|| {
            format!(
                "`{}` did not print JSON:\n{}{}",
                self.command,
                self.text(),
                self.error_text()
            )
        })
    }
}

/// A command for the guest, built step by step.
#[derive(Clone, Debug)]
pub struct GuestCommand {
    spec: Spec,
    stdin: Vec<u8>,
}

impl GuestCommand {
    /// Runs a program with arguments, as root.
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        let spec = Spec {
            argv: argv.into_iter().map(Into::into).collect(),
            timeout_ms: COMMAND_TIMEOUT.as_millis() as u64,
            ..Spec::default()
        };
        Self {
            spec,
            stdin: Vec::new(),
        }
    }

    /// Runs a line of shell.
    pub fn shell(line: &str) -> Self {
        Self::new(["/bin/sh", "-c", line])
    }

    /// Gives it standard input.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Adds a variable to its environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.spec.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs it as this user and group, without supplementary groups.
    pub fn user(mut self, uid: u32, gid: u32) -> Self {
        self.spec.uid = Some(uid);
        self.spec.gid = Some(gid);
        self
    }

    /// Runs it in this directory.
    pub fn cwd(mut self, directory: &str) -> Self {
        self.spec.cwd = Some(directory.to_owned());
        self
    }

    /// Kills it after this time.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.spec.timeout_ms = timeout.as_millis() as u64;
        self
    }

    /// It leaves children that hold its output: what they print is not waited for, and may be missing.
    pub fn leaves_children(mut self) -> Self {
        self.spec.leaves_children = true;
        self
    }

    fn describe(&self) -> String {
        self.spec.argv.join(" ")
    }
}

/// Fails when a part of a program's output is missing, and shows the rest.
fn check_whole(output: &Output, whole: bool) -> Result<()> {
    ensure!(
        whole,
        "`{}` ended with {}, and its output did not: something that it has started holds it, \
         which GuestCommand::leaves_children allows\n\
         --- stdout\n{}\n--- stderr\n{}",
        output.command,
        output.code,
        output.text().trim_end(),
        output.error_text().trim_end()
    );
    Ok(())
}

/// The agent of one machine.
#[derive(Debug)]
pub struct Guest {
    link: Mutex<Link>,
    /// Everything may take so many times longer than is said.
    slowness: u32,
}

fn connect(socket: &Path) -> Result<UnixStream> {
    let stream = UnixStream::connect(socket)
        .with_context(|| format!("cannot connect to {}", socket.display()))?;
    stream
        .set_write_timeout(Some(PATIENCE))
        .context("cannot set a timeout")?;
    Ok(stream)
}

#[derive(Debug)]
struct Link {
    socket: PathBuf,
    stream: UnixStream,
    sequence: u32,
    /// The machine sleeps while this request is done: connect anew when nothing has come for so
    /// long. After its sleep the guest's driver takes the port for unconnected until it hears of
    /// a new connection, and keeps what is written to it waiting until then.
    anew: Option<Duration>,
}

impl Guest {
    /// Connects to the socket of the agent's port. Says nothing yet.
    /// Everything may take `slowness` times longer than is said.
    pub fn connect(socket: &Path, slowness: u32) -> Result<Self> {
        Ok(Self {
            slowness,
            link: Mutex::new(Link {
                stream: connect(socket)?,
                socket: socket.to_path_buf(),
                sequence: 0,
                anew: None,
            }),
        })
    }

    /// Runs a command to its end, during which the machine goes to sleep and wakes up.
    pub fn run_asleep(&self, command: GuestCommand) -> Result<Output> {
        let anew = |anew| {
            let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
            link.anew = anew;
        };
        anew(Some(Duration::from_secs(3)));
        let output = self.run(command);
        anew(None);
        output
    }

    /// Waits until the agent answers.
    pub fn ping(&self, patience: Duration) -> Result<()> {
        self.ask(&Request::Ping, &[], patience).map(|_| ())
    }

    /// Runs a command to its end.
    pub fn run(&self, mut command: GuestCommand) -> Result<Output> {
        let patience = PATIENCE + Duration::from_millis(command.spec.timeout_ms);
        command.spec.timeout_ms *= u64::from(self.slowness);
        let name = command.describe();
        let leaves_children = command.spec.leaves_children;
        let request = Request::Run(command.spec);
        match self.ask(&request, &command.stdin, patience)? {
            (
                Reply::Output {
                    code,
                    timed_out,
                    whole,
                    stdout,
                    ..
                },
                mut bytes,
            ) => {
                let stderr = bytes.split_off(stdout.min(bytes.len()));
                let output = Output {
                    code: code.unwrap_or(-1),
                    timed_out,
                    stdout: bytes,
                    stderr,
                    command: name,
                };
                check_whole(&output, whole || leaves_children)?;
                Ok(output)
            }
            (Reply::Failed { message, .. }, _) => bail!("cannot run `{name}`: {message}"),
            (other, _) => bail!("the agent answered {other:?} to `{name}`"),
        }
    }

    /// Starts a command and leaves it running. Its standard input stays open.
    pub fn spawn(&self, mut command: GuestCommand) -> Result<Process<'_>> {
        command.spec.timeout_ms *= u64::from(self.slowness);
        let name = command.describe();
        let whole = command.spec.leaves_children;
        match self.ask(&Request::Spawn(command.spec), &[], PATIENCE)? {
            (Reply::Started { id, pid }, _) => {
                let process = Process {
                    guest: self,
                    id,
                    pid,
                    command: name,
                    stdout: Vec::new(),
                    stderr: Vec::new(),
                    code: None,
                    whole,
                };
                if !command.stdin.is_empty() {
                    process.feed(&command.stdin)?;
                }
                Ok(process)
            }
            (Reply::Failed { message, .. }, _) => bail!("cannot start `{name}`: {message}"),
            (other, _) => bail!("the agent answered {other:?} to `{name}`"),
        }
    }

    /// Reads a file of the guest; the error number when that fails.
    pub fn read(&self, path: &str) -> Result<std::result::Result<Vec<u8>, i32>> {
        match self.ask(
            &Request::Read {
                path: path.to_owned(),
            },
            &[],
            PATIENCE,
        )? {
            (Reply::Done, bytes) => Ok(Ok(bytes)),
            (Reply::Failed { errno, .. }, _) => Ok(Err(errno)),
            (other, _) => bail!("the agent answered {other:?}"),
        }
    }

    /// Writes to an existing file of the guest, in one write; the error number
    /// when that fails.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<std::result::Result<(), i32>> {
        self.store(
            Request::Write {
                path: path.to_owned(),
                create: false,
                mode: 0,
            },
            bytes,
        )
    }

    /// Creates a file in the guest.
    pub fn create(&self, path: &str, bytes: &[u8], mode: u32) -> Result<()> {
        let request = Request::Write {
            path: path.to_owned(),
            create: true,
            mode,
        };
        match self.store(request, bytes)? {
            Ok(()) => Ok(()),
            Err(errno) => bail!("cannot create {path} in the guest: error {errno}"),
        }
    }

    fn store(&self, request: Request, bytes: &[u8]) -> Result<std::result::Result<(), i32>> {
        match self.ask(&request, bytes, PATIENCE)? {
            (Reply::Done, _) => Ok(Ok(())),
            (Reply::Failed { errno, .. }, _) => Ok(Err(errno)),
            (other, _) => bail!("the agent answered {other:?}"),
        }
    }

    fn ask(&self, request: &Request, bytes: &[u8], patience: Duration) -> Result<(Reply, Vec<u8>)> {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        link.ask(request, bytes, patience * self.slowness)
    }
}

impl Link {
    fn ask(
        &mut self,
        request: &Request,
        bytes: &[u8],
        patience: Duration,
    ) -> Result<(Reply, Vec<u8>)> {
        self.sequence += 1;
        let wanted = self.sequence;
        let lost = "the guest's agent does not answer";
        self.stream
            .set_read_timeout(Some(patience))
            .context("cannot set a timeout")?;
        self.send(&(wanted, request), bytes).context(lost)?;
        if let Some(anew) = self.anew {
            self.wait_asleep(anew, patience).context(lost)?;
        }
        loop {
            let (text, bytes) = self.receive().context(lost)?;
            let (sequence, reply): (u32, Reply) =
                serde_json::from_slice(&text).context("the agent's answer is malformed")?;
            // An answer to a request that was given up on is skipped.
            if sequence == wanted {
                return Ok((reply, bytes));
            }
        }
    }

    /// Waits until an answer begins, and connects anew when there is none for `anew`.
    fn wait_asleep(&mut self, anew: Duration, patience: Duration) -> Result<()> {
        let start = Instant::now();
        loop {
            let mut set = [PollFd::new(self.stream.as_fd(), PollFlags::POLLIN)];
            let timeout = PollTimeout::try_from(anew).context("not a timeout")?;
            if poll(&mut set, timeout).context("cannot wait")? > 0 {
                return Ok(());
            }
            ensure!(start.elapsed() < patience, "it does not wake up");
            self.stream = connect(&self.socket)?;
            self.stream
                .set_read_timeout(Some(patience))
                .context("cannot set a timeout")?;
        }
    }

    fn send(&mut self, message: &(u32, &Request), bytes: &[u8]) -> Result<()> {
        let text = serde_json::to_vec(message).context("cannot encode a request")?;
        let mut frame = Vec::with_capacity(12 + text.len() + bytes.len());
        for word in [MAGIC, text.len() as u32, bytes.len() as u32] {
            frame.extend(word.to_le_bytes());
        }
        frame.extend(text);
        frame.extend(bytes);
        self.stream.write_all(&frame).context("cannot write")
    }

    fn receive(&mut self) -> Result<(Vec<u8>, Vec<u8>)> {
        let mut window = [0; 4];
        loop {
            window.rotate_left(1);
            self.stream
                .read_exact(&mut window[3..])
                .context("no answer")?;
            if u32::from_le_bytes(window) == MAGIC {
                break;
            }
        }
        let mut length = || -> Result<usize> {
            let mut word = [0; 4];
            self.stream
                .read_exact(&mut word)
                .context("half an answer")?;
            Ok(u32::from_le_bytes(word) as usize)
        };
        let (text, bytes) = (length()?, length()?);
        if text > LIMIT || bytes > LIMIT {
            bail!("an answer of {text} + {bytes} bytes");
        }
        let mut body = vec![0; text + bytes];
        self.stream
            .read_exact(&mut body)
            .context("half an answer")?;
        let bytes = body.split_off(text);
        Ok((body, bytes))
    }
}

/// A process that runs in the guest. Dropping it kills it.
#[derive(Debug)]
pub struct Process<'a> {
    guest: &'a Guest,
    id: u32,
    /// Its process id in the guest.
    pub pid: u32,
    command: String,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    code: Option<i32>,
    /// All of its output is here, or is not waited for.
    whole: bool,
}

impl Process<'_> {
    /// Its exit code, if it has ended. Collects output. Not while the machine sleeps: what its
    /// port then receives is lost.
    pub fn poll(&mut self) -> Result<Option<i32>> {
        if self.code.is_some() {
            return Ok(self.code);
        }
        match self
            .guest
            .ask(&Request::Poll { id: self.id }, &[], PATIENCE)?
        {
            (
                Reply::Output {
                    code,
                    stdout,
                    whole,
                    ..
                },
                mut bytes,
            ) => {
                let stderr = bytes.split_off(stdout.min(bytes.len()));
                self.stdout.extend(bytes);
                self.stderr.extend(stderr);
                self.code = code;
                self.whole |= whole;
                Ok(code)
            }
            (other, _) => bail!("the agent answered {other:?}"),
        }
    }

    /// Standard output so far, as of the last poll.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error so far, as of the last poll.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Waits until standard output contains a text.
    pub fn wait_for(&mut self, text: &str, patience: Duration) -> Result<()> {
        let patience = patience * self.guest.slowness;
        let start = std::time::Instant::now();
        loop {
            let ended = self.poll()?;
            if self.stdout().contains(text) {
                return Ok(());
            }
            if ended.is_some() || start.elapsed() > patience {
                bail!(
                    "`{}` never printed {text:?}, only:\n{}{}",
                    self.command,
                    self.stdout(),
                    self.stderr()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Writes to its standard input; an empty slice closes it.
    pub fn feed(&self, bytes: &[u8]) -> Result<()> {
        match self
            .guest
            .ask(&Request::Feed { id: self.id }, bytes, PATIENCE)?
        {
            (Reply::Done, _) => Ok(()),
            (other, _) => bail!("cannot write to `{}`: {other:?}", self.command),
        }
    }

    /// Sends a signal to it and its children.
    pub fn signal(&self, signal: i32) -> Result<()> {
        match self.guest.ask(
            &Request::Signal {
                id: self.id,
                signal,
            },
            &[],
            PATIENCE,
        )? {
            (Reply::Done, _) => Ok(()),
            (other, _) => bail!("cannot signal `{}`: {other:?}", self.command),
        }
    }

    /// Waits for its end.
    pub fn wait(mut self, patience: Duration) -> Result<Output> {
        let patience = patience * self.guest.slowness;
        let start = std::time::Instant::now();
        while self.poll()?.is_none() {
            if start.elapsed() > patience {
                bail!(
                    "`{}` does not end; so far:\n{}{}",
                    self.command,
                    self.stdout(),
                    self.stderr()
                );
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = Output {
            code: self.code.unwrap_or(-1),
            timed_out: false,
            stdout: std::mem::take(&mut self.stdout),
            stderr: std::mem::take(&mut self.stderr),
            command: self.command.clone(),
        };
        check_whole(&output, self.whole)?;
        Ok(output)
    }
}

impl Drop for Process<'_> {
    fn drop(&mut self) {
        if self.code.is_none() {
            let kill = Request::Signal {
                id: self.id,
                signal: 9,
            };
            let _ = self.guest.ask(&kill, &[], Duration::from_secs(5));
        }
    }
}
