// SPDX-License-Identifier: GPL-2.0

//! Children and temporary files that never outlive this process.
//!
//! Three nets: dropping a [`Child`] kills it; SIGINT, SIGTERM and SIGHUP kill
//! all of them and remove all temporary directories; and the kernel kills them
//! when this process dies without a chance to do anything (`setpriv
//! --pdeathsig`). That last signal is sent when the *thread* that started a
//! child ends, so that all are started by one thread that never does.

use anyhow::{Context, Result};
use nix::sys::signal::{kill, Signal};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{channel, Sender};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

#[derive(Default)]
struct Registry {
    pids: BTreeSet<i32>,
    directories: BTreeSet<PathBuf>,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    pids: BTreeSet::new(),
    directories: BTreeSet::new(),
});

type Started = std::io::Result<std::process::Child>;
type Starter = Mutex<Sender<(Command, Sender<Started>)>>;

fn with_registry<T>(work: impl FnOnce(&mut Registry) -> T) -> T {
    work(&mut REGISTRY.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Makes SIGINT, SIGTERM and SIGHUP clean up and end this process. More than
/// one call does no harm.
pub fn clean_up_on_signals() -> Result<()> {
    static ONCE: OnceLock<()> = OnceLock::new();
    if ONCE.set(()).is_err() {
        return Ok(());
    }
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot watch signals")?;
    std::thread::spawn(move || {
        let Some(signal) = signals.forever().next() else {
            return;
        };
        // The registry stays locked: nothing starts from now on.
        let registry = REGISTRY.lock().unwrap_or_else(PoisonError::into_inner);
        for &pid in &registry.pids {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        for directory in &registry.directories {
            let _ = std::fs::remove_dir_all(directory);
        }
        std::process::exit(128 + signal);
    });
    Ok(())
}

/// A child process that dies with this object.
#[derive(Debug)]
pub struct Child {
    child: std::process::Child,
    name: String,
}

impl Child {
    /// Starts a program.
    pub fn start(program: &str, arguments: impl FnOnce(&mut Command)) -> Result<Self> {
        static STARTER: OnceLock<Starter> = OnceLock::new();
        let starter = STARTER.get_or_init(|| {
            let (sender, receiver) = channel::<(Command, Sender<Started>)>();
            std::thread::spawn(move || {
                for (mut command, answer) in receiver {
                    let _ = answer.send(command.spawn());
                }
            });
            Mutex::new(sender)
        });
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", program]);
        arguments(&mut command);
        let (answer, started) = channel();
        starter
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .send((command, answer))
            .context("the thread that starts programs is gone")?;
        let child = started
            .recv()
            .context("the thread that starts programs is gone")?
            .with_context(|| format!("cannot start {program}"))?;
        with_registry(|r| r.pids.insert(child.id() as i32));
        Ok(Self {
            child,
            name: program.to_owned(),
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its status, if it has ended.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child
            .try_wait()
            .with_context(|| format!("cannot wait for {}", self.name))
    }

    /// Ends it at once.
    pub fn kill(&mut self) -> Result<()> {
        self.child
            .kill()
            .with_context(|| format!("cannot kill {}", self.name))?;
        self.child
            .wait()
            .with_context(|| format!("cannot wait for {}", self.name))
            .map(|_| ())
    }

    /// Waits for its end, at most so long.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<ExitStatus>> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(5);
        loop {
            let ended = self.ended()?;
            if ended.is_some() || start.elapsed() > patience {
                return Ok(ended);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        with_registry(|r| r.pids.remove(&(self.child.id() as i32)));
    }
}

/// Removes directories of processes that were killed before they could do it.
fn sweep() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let mut parts = name.to_str().unwrap_or_default().split('-');
        let (Some("milspec"), Some(pid)) = (parts.next(), parts.next()) else {
            continue;
        };
        // No signal is sent: the answer says whether such a process is there.
        let gone = pid.parse().is_ok_and(|pid: i32| {
            pid > 0 && kill(Pid::from_raw(pid), None) == Err(nix::errno::Errno::ESRCH)
        });
        if gone {
            // It may be another user's: then it stays.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// A directory that goes with this object.
#[derive(Debug)]
pub struct TempDir {
    path: PathBuf,
}

impl TempDir {
    /// Makes a new directory with a short path: a socket's path has room for
    /// about 100 bytes.
    pub fn new(label: &str) -> Result<Self> {
        static SWEPT: OnceLock<()> = OnceLock::new();
        SWEPT.get_or_init(sweep);
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("milspec-{}-{number}-{label}", std::process::id()));
        std::fs::create_dir_all(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        with_registry(|r| r.directories.insert(path.clone()));
        Ok(Self { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
        with_registry(|r| r.directories.remove(&self.path));
    }
}
