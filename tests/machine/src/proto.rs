// SPDX-License-Identifier: GPL-2.0

//! What host and guest agent say to each other over a virtio serial port.
//!
//! A frame is: magic, length of a JSON text, length of raw bytes (three
//! little-endian u32), then the text, then the bytes. QEMU and the guest's kernel
//! hold either side back by themselves.

use serde::{Deserialize, Serialize};

/// Start of every frame.
pub const MAGIC: u32 = 0x4753_4D44;
/// No frame is longer.
pub const LIMIT: usize = 64 << 20;

/// What to run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Spec {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Environment, added to the agent's.
    #[serde(default)]
    pub env: Vec<(String, String)>,
    /// Start without the agent's environment.
    #[serde(default)]
    pub clear_env: bool,
    /// User, 0 when absent.
    #[serde(default)]
    pub uid: Option<u32>,
    /// Group; supplementary groups are dropped when a user is given.
    #[serde(default)]
    pub gid: Option<u32>,
    /// Working directory.
    #[serde(default)]
    pub cwd: Option<String>,
    /// Milliseconds before the process is killed.
    #[serde(default)]
    pub timeout_ms: u64,
    /// What it starts outlives it and holds its output: do not wait for the end of that.
    #[serde(default)]
    pub leaves_children: bool,
}

/// Host to guest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    /// Are you there?
    Ping,
    /// Run a process to its end. The frame's bytes are its standard input.
    Run(Spec),
    /// Start a process. Answers [`Reply::Started`].
    Spawn(Spec),
    /// How is it? Answers [`Reply::Output`]; output is what came since the
    /// last poll.
    Poll {
        /// Which process.
        id: u32,
    },
    /// Write to its standard input; closes it when there are no bytes.
    Feed {
        /// Which process.
        id: u32,
    },
    /// Send a signal.
    Signal {
        /// Which process.
        id: u32,
        /// Which signal.
        signal: i32,
    },
    /// Read a file. The answer's bytes are its contents.
    Read {
        /// Which file.
        path: String,
    },
    /// Write a file in one write(2). The frame's bytes are its contents.
    Write {
        /// Which file.
        path: String,
        /// Create or truncate it first; otherwise it must exist.
        create: bool,
        /// Permission bits for a new file.
        mode: u32,
    },
}

/// Guest to host.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Reply {
    /// Done, nothing to say.
    Done,
    /// A process runs.
    Started {
        /// Its number for later requests.
        id: u32,
        /// Its process id in the guest.
        pid: u32,
    },
    /// Output of a process; the bytes are first stdout, then stderr.
    Output {
        /// Exit code, 128 + signal when a signal ended it, none while it runs.
        code: Option<i32>,
        /// The agent killed it because its time was up.
        timed_out: bool,
        /// It has ended, and this is all of its output.
        whole: bool,
        /// Bytes of standard output.
        stdout: usize,
        /// Bytes of standard error.
        stderr: usize,
    },
    /// The system call failed.
    Failed {
        /// Error number, 0 when there is none.
        errno: i32,
        /// In words.
        message: String,
    },
}
