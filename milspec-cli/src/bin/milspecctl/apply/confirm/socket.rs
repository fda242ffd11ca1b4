// SPDX-License-Identifier: GPL-2.0

//! The socket through which another session confirms a change.
//!
//! Who wants to wait holds a lock beside it: a socket that nobody holds the lock for is what a dead
//! process left, and is replaced.

use milspec::failure::{Exit, Failure, Result};
use milspec::root::Root;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::sys::socket::{bind, listen, socket};
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

/// Root's alone, so that nobody else can connect.
const DIR: &str = "/run/milspecctl";
/// The socket.
const SOCKET: &str = "/run/milspecctl/confirm";
/// Locked as long as somebody has the socket.
const LOCK: &str = "/run/milspecctl/confirm.lock";

/// What confirms: a connection alone could be anything.
const KEEP: &[u8] = b"keep\n";

/// Longest line either way.
const LINE_MAX: u64 = 256;

/// Longest that a peer may take over its line. Peers are root, and fast.
const PATIENCE: Duration = Duration::from_secs(1);

/// The socket. It is gone when this goes.
pub struct Socket<'a> {
    root: &'a Root,
    listener: UnixListener,
    _held: Flock<File>,
}

impl<'a> Socket<'a> {
    /// Makes it; nobody can connect before [`Socket::open`].
    pub fn set_up(root: &'a Root) -> Result<Self> {
        let file = private_dir(root)
            .and_then(|()| {
                OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(false)
                    .mode(0o600)
                    .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).bits())
                    .open(root.path(LOCK))
            })
            .map_err(no_door)?;
        let held = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(held) => held,
            Err((_, Errno::EWOULDBLOCK)) => return Err(taken()),
            Err((_, errno)) => return Err(no_door(errno.into())),
        };
        Ok(Self {
            root,
            listener: bound(root).map_err(no_door)?,
            _held: held,
        })
    }

    /// From now on others can connect.
    pub fn open(&self) -> nix::Result<()> {
        listen(&self.listener, Backlog::new(8)?)
    }

    /// Lets one in. Returns whether it confirms; then it learns that `what` is kept.
    pub fn answer(&self, what: &str) -> bool {
        let Ok((mut peer, _)) = self.listener.accept() else {
            return false;
        };
        if !matches!(line(&mut peer), Ok(line) if line == KEEP) {
            return false;
        }
        // Who does not wait for the answer has confirmed nevertheless.
        let _ = peer.write_all(format!("kept {what}\n").as_bytes());
        true
    }
}

impl AsFd for Socket<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}

impl Drop for Socket<'_> {
    fn drop(&mut self) {
        // What stays is replaced the next time.
        let _ = fs::remove_file(self.root.path(SOCKET));
    }
}

fn private_dir(root: &Root) -> io::Result<()> {
    let dir = root.path(DIR);
    DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
    fs::set_permissions(dir, Permissions::from_mode(0o700))
}

/// The socket with its name, but deaf.
fn bound(root: &Root) -> io::Result<UnixListener> {
    let path = root.path(SOCKET);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let socket = socket(
        AddressFamily::Unix,
        SockType::Stream,
        // A peer that is gone again keeps nobody waiting.
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        None,
    )?;
    bind(socket.as_raw_fd(), &UnixAddr::new(&path)?)?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(socket.into())
}

/// One line of a peer.
fn line(peer: &mut UnixStream) -> io::Result<Vec<u8>> {
    peer.set_nonblocking(false)?;
    peer.set_read_timeout(Some(PATIENCE))?;
    let (mut line, mut byte) = (Vec::new(), [0]);
    for _ in 0..LINE_MAX {
        if peer.read(&mut byte)? == 0 {
            break;
        }
        line.push(byte[0]);
        if byte == *b"\n" {
            break;
        }
    }
    Ok(line)
}

/// Confirms the change that waits. Returns what it is.
pub fn confirm(root: &Root) -> Result<String> {
    let mut peer = UnixStream::connect(root.path(SOCKET)).map_err(|error| nobody(&error))?;
    let answer = peer.write_all(KEEP).and_then(|()| line(&mut peer));
    let answer = answer.unwrap_or_default();
    let text = String::from_utf8_lossy(&answer);
    match text.trim().strip_prefix("kept ") {
        Some(what) => Ok(what.to_string()),
        None => Err(Failure {
            code: "not-confirmed",
            exit: Exit::Failed,
            errno: None,
            what: "it is not certain that anything was confirmed".into(),
            why: "the milspecctl that waited gave no answer".into(),
            next: "look at what it says, and at \"milspecctl status\"".into(),
        }),
    }
}

fn nobody(error: &io::Error) -> Failure {
    let denied = error.kind() == ErrorKind::PermissionDenied;
    Failure {
        code: if denied {
            "no-permission"
        } else {
            "nothing-to-confirm"
        },
        exit: if denied {
            Exit::Permission
        } else {
            Exit::Failed
        },
        errno: error.raw_os_error().map(Errno::from_raw),
        what: "nothing was confirmed".into(),
        why: if denied {
            "only root may confirm a change".into()
        } else {
            "no change waits to be confirmed".into()
        },
        next: if denied {
            "run it as root".into()
        } else {
            "run it after a change with --confirm-within, while that waits".into()
        },
    }
}

fn taken() -> Failure {
    Failure {
        code: "already-waiting",
        exit: Exit::Failed,
        errno: None,
        what: "nothing was changed".into(),
        why: "another change with --confirm-within is not confirmed yet".into(),
        next: "confirm that with \"milspecctl confirm\", or stop it; then run this again".into(),
    }
}

fn no_door(error: io::Error) -> Failure {
    Failure {
        code: "cannot-wait",
        exit: Exit::Failed,
        errno: error.raw_os_error().map(Errno::from_raw),
        what: "nothing was changed".into(),
        why: format!("the socket that a change is confirmed through cannot be made in {DIR}"),
        next: "see that it can be written, or leave out --confirm-within".into(),
    }
}
