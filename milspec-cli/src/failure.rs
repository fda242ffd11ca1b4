// SPDX-License-Identifier: GPL-2.0

//! What went wrong: what failed, why, and what to do next.

use nix::errno::Errno;
use serde::ser::{SerializeStruct, Serializer};
use serde::Serialize;
use std::fmt::{self, Display, Formatter};
use std::io;

/// Exit statuses; scripts rely on them. 0 is "ok, or nothing to do".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// What was asked for failed.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// No driver, or the driver or machine does not offer this.
    Unsupported = 3,
    /// Permission is missing.
    Permission = 4,
    /// Refused for safety: by the driver, or because a danger was not accepted.
    Refused = 5,
    /// Driver and CLI speak different major versions.
    Abi = 6,
    /// What was asked about is not so, or not proven here.
    Differs = 7,
}

impl Exit {
    /// What goes with a code, unless the failure says otherwise.
    fn of(code: &str) -> Self {
        match code {
            "usage" => Self::Usage,
            "no-driver" | "no-tpm" | "unsupported" => Self::Unsupported,
            "no-permission" | "password-wrong" | "password-refused" => Self::Permission,
            "handle-taken" | "record-of-another-machine" | "training" => Self::Refused,
            code if code.starts_with("refused") => Self::Refused,
            "abi-mismatch" => Self::Abi,
            "journal-not-proven" => Self::Differs,
            _ => Self::Failed,
        }
    }
}

/// One error, in the three parts that every error has.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Stable name for scripts, e.g. `no-driver`.
    pub code: &'static str,
    /// Exit status.
    pub exit: Exit,
    /// What the system call said, if one failed.
    pub errno: Option<Errno>,
    /// What failed.
    pub what: String,
    /// Why, as diagnosed.
    pub why: String,
    /// What to do about it.
    pub next: String,
}

impl Failure {
    /// Without an errno, and with the exit status that goes with the code.
    pub fn new(
        code: &'static str,
        what: impl Into<String>,
        why: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self {
            code,
            exit: Exit::of(code),
            errno: None,
            what: what.into(),
            why: why.into(),
            next: next.into(),
        }
    }

    /// Of a system call for something, in the words of its [`case`].
    pub fn of(of: &str, what: impl Into<String>, errno: Errno) -> Self {
        let [code, why, next] = case(of, &errno_name(errno as i32));
        Self::new(code, what, why, next).with(errno)
    }

    /// With another exit status.
    pub fn exits(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// With what the system call said.
    pub fn with(self, errno: impl Into<Option<Errno>>) -> Self {
        Self {
            errno: errno.into(),
            ..self
        }
    }

    /// With what the system call said, where it was one that failed.
    pub fn with_error(self, error: &io::Error) -> Self {
        self.with(error.raw_os_error().map(Errno::from_raw))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

impl std::error::Error for Failure {}

/// As it stands in every document.
impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_struct("Failure", 6)?;
        body.serialize_field("code", self.code)?;
        body.serialize_field("exit", &(self.exit as u8))?;
        body.serialize_field("errno", &self.errno.map(|errno| errno_name(errno as i32)))?;
        body.serialize_field("what", &self.what)?;
        body.serialize_field("why", &self.why)?;
        body.serialize_field("next", &self.next)?;
        body.end()
    }
}

/// `milspec.error/1`
#[derive(Serialize)]
pub struct FailureDoc<'a> {
    schema: &'static str,
    error: &'a Failure,
}

impl<'a> FailureDoc<'a> {
    /// Of an error that leaves no other document.
    pub fn new(error: &'a Failure) -> Self {
        Self {
            schema: "milspec.error/1",
            error,
        }
    }
}

/// Result of everything that can end the program.
pub type Result<T> = std::result::Result<T, Failure>;

/// What can become of some things: a line that says of what, and in which cases, or `*` for any
/// other; code, why and what to do next.
const CASES: &str = include_str!("failures.txt");

/// Code, why and what to do next, where something came to this case.
pub fn case(of: &str, case: &str) -> [&'static str; 3] {
    let found = |wanted: &str| {
        CASES.trim_end().split("\n\n").find_map(|entry| {
            let (head, words) = entry.split_once('\n')?;
            let mut names = head.split(' ');
            let is_it = names.next() == Some(of) && names.any(|name| name == wanted);
            let words: Vec<&str> = words.lines().collect();
            words.try_into().ok().filter(|_| is_it)
        })
    };
    found(case).or_else(|| found("*")).unwrap_or_default()
}

/// Name of an errno, e.g. `ENOENT`; the number where it has no name.
pub fn errno_name(number: i32) -> String {
    match Errno::from_raw(number) {
        Errno::UnknownErrno => format!("errno {number}"),
        known => format!("{known:?}"),
    }
}

/// The errno of a failed system call.
pub fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// Name and meaning of an errno for people, e.g. `ENOENT (no such file or directory)`.
pub fn errno_text(errno: Errno) -> String {
    let text = io::Error::from_raw_os_error(errno as i32).to_string();
    let meaning = text.split(" (os error").next().unwrap_or_default();
    let mut letters = meaning.chars();
    // Only a first word that is no acronym: "No such file", but "I/O error".
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            let first = first.to_ascii_lowercase();
            format!("{errno:?} ({first}{second}{})", letters.as_str())
        }
        _ => format!("{errno:?} ({meaning})"),
    }
}
