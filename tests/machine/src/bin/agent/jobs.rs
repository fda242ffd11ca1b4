// SPDX-License-Identifier: GPL-2.0

//! Processes and files, on request.

use milspec_machine::proto::{Reply, Request, Spec};
use nix::sys::signal::{killpg, Signal};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Time that a dead process's output may still need to arrive: on a busy host the threads that read it
/// are late. It takes longer when a grandchild holds the pipe, and then the output is not whole.
const LINGER: Duration = Duration::from_secs(30);
/// The same, of a process that is known to leave children.
const LINGER_WITH_CHILDREN: Duration = Duration::from_millis(300);

type Answer = (Reply, Vec<u8>);

/// Background processes by number.
#[derive(Default)]
pub struct Jobs {
    next: u32,
    jobs: BTreeMap<u32, Job>,
}

impl Jobs {
    /// Does one request.
    pub fn answer(&mut self, request: Request, bytes: Vec<u8>) -> Answer {
        match self.try_answer(request, bytes) {
            Ok(answer) => answer,
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or(0);
                (
                    Reply::Failed {
                        errno,
                        message: error.to_string(),
                    },
                    Vec::new(),
                )
            }
        }
    }

    fn try_answer(&mut self, request: Request, bytes: Vec<u8>) -> std::io::Result<Answer> {
        let done = || Ok((Reply::Done, Vec::new()));
        match request {
            Request::Ping => done(),
            Request::Run(spec) => {
                let deadline = Duration::from_millis(spec.timeout_ms);
                let mut job = Job::start(&spec)?;
                job.feed(bytes);
                Ok(job.finish(deadline))
            }
            Request::Spawn(spec) => {
                let job = Job::start(&spec)?;
                let pid = job.child.id();
                self.next += 1;
                self.jobs.insert(self.next, job);
                Ok((Reply::Started { id: self.next, pid }, Vec::new()))
            }
            Request::Poll { id } => {
                let (reply, bytes) = self.job(id)?.poll();
                if let Reply::Output { code: Some(_), .. } = reply {
                    self.jobs.remove(&id);
                }
                Ok((reply, bytes))
            }
            Request::Feed { id } => {
                let job = self.job(id)?;
                match job.stdin.as_mut() {
                    Some(stdin) if !bytes.is_empty() => {
                        stdin.write_all(&bytes)?;
                        stdin.flush()?;
                    }
                    _ => job.stdin = None,
                }
                done()
            }
            Request::Signal { id, signal } => {
                let signal = Signal::try_from(signal)?;
                killpg(Pid::from_raw(self.job(id)?.child.id() as i32), signal)?;
                done()
            }
            Request::Read { path } => {
                let mut contents = Vec::new();
                std::fs::File::open(path)?.read_to_end(&mut contents)?;
                Ok((Reply::Done, contents))
            }
            Request::Write { path, create, mode } => {
                let mut file = std::fs::OpenOptions::new()
                    .write(true)
                    .create(create)
                    .truncate(create)
                    .mode(mode)
                    .open(path)?;
                // One write: sysfs takes a value in one piece.
                let written = file.write(&bytes)?;
                if written != bytes.len() {
                    file.write_all(&bytes[written..])?;
                }
                done()
            }
        }
    }

    fn job(&mut self, id: u32) -> std::io::Result<&mut Job> {
        self.jobs
            .get_mut(&id)
            .ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))
    }
}

struct Job {
    linger: Duration,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Reader,
    stderr: Reader,
}

impl Job {
    fn start(spec: &Spec) -> std::io::Result<Job> {
        let mut argv = spec.argv.iter();
        let program = argv
            .next()
            .ok_or_else(|| std::io::Error::other("there is nothing to run"))?;
        let mut command = Command::new(program);
        command
            .args(argv)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that its children can be killed with it.
            .process_group(0);
        if spec.clear_env {
            command.env_clear();
        }
        command.envs(spec.env.iter().cloned());
        if let Some(cwd) = &spec.cwd {
            command.current_dir(cwd);
        }
        if let Some(gid) = spec.gid {
            command.gid(gid);
        }
        if let Some(uid) = spec.uid {
            command.uid(uid);
        }
        let mut child = command.spawn()?;
        Ok(Job {
            linger: match spec.leaves_children {
                true => LINGER_WITH_CHILDREN,
                false => LINGER,
            },
            stdin: child.stdin.take(),
            stdout: Reader::start(child.stdout.take()),
            stderr: Reader::start(child.stderr.take()),
            child,
        })
    }

    fn feed(&mut self, bytes: Vec<u8>) {
        if let Some(mut stdin) = self.stdin.take() {
            // A thread: the process may fill its output before it reads. A
            // process that does not read at all is none of our business.
            std::thread::spawn(move || {
                let _ = stdin.write_all(&bytes);
            });
        }
    }

    fn finish(mut self, timeout: Duration) -> Answer {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        let (status, timed_out) = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break (Some(status), false),
                Ok(None) if start.elapsed() < timeout => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(20));
                }
                _ => {
                    let _ = killpg(Pid::from_raw(self.child.id() as i32), Signal::SIGKILL);
                    break (self.child.wait().ok(), true);
                }
            }
        };
        self.output(status, timed_out, true)
    }

    fn poll(&mut self) -> Answer {
        let status = self.child.try_wait().ok().flatten();
        self.output(status, false, status.is_some())
    }

    fn output(&mut self, status: Option<ExitStatus>, timed_out: bool, last: bool) -> Answer {
        if last {
            let end = Instant::now() + self.linger;
            while Instant::now() < end && !self.is_read() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        // Asked before the bytes are taken: what comes in between is another answer's.
        let whole = last && self.is_read();
        let mut bytes = self.stdout.take();
        let stdout = bytes.len();
        bytes.extend(self.stderr.take());
        let code = status.map(|s| s.code().unwrap_or(128 + s.signal().unwrap_or(0)));
        let stderr = bytes.len() - stdout;
        (
            Reply::Output {
                code,
                timed_out,
                whole,
                stdout,
                stderr,
            },
            bytes,
        )
    }

    /// Whether both of its outputs have ended.
    fn is_read(&self) -> bool {
        self.stdout.is_done() && self.stderr.is_done()
    }
}

/// Collects what comes out of a pipe.
struct Reader {
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    fn start(pipe: Option<impl Read + Send + 'static>) -> Reader {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&bytes);
        let thread = pipe.map(|mut pipe| {
            std::thread::spawn(move || {
                let mut block = [0; 8192];
                while let Ok(count) = pipe.read(&mut block) {
                    if count == 0 {
                        break;
                    }
                    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
                    sink.extend_from_slice(&block[..count]);
                }
            })
        });
        Reader { bytes, thread }
    }

    fn is_done(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str, leaves_children: bool) -> (bool, String) {
        let spec = Spec {
            argv: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(),
            timeout_ms: 60_000,
            leaves_children,
            ..Spec::default()
        };
        let (reply, bytes) = Jobs::default().answer(Request::Run(spec), Vec::new());
        let Reply::Output { code, whole, .. } = reply else {
            panic!("{reply:?}");
        };
        assert_eq!(code, Some(0));
        (whole, String::from_utf8(bytes).unwrap())
    }

    /// Fails when output that comes late is cut off.
    #[test]
    fn late_output_is_whole() {
        let late = "(sleep 1; echo late) & echo early";
        assert_eq!(run(late, false), (true, "early\nlate\n".to_owned()));
        let (whole, much) = run("seq 100000", false);
        assert!(whole && much.lines().count() == 100_000);
    }

    /// Fails when output that is not whole passes for whole, or is waited for where nobody wants it.
    #[test]
    fn children_hold_the_output() {
        let start = Instant::now();
        let (whole, text) = run("sleep 5 & echo early", true);
        assert!(!whole && text == "early\n", "{text}");
        assert!(start.elapsed() < Duration::from_secs(4));
    }
}
