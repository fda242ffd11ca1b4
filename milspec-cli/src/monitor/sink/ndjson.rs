// SPDX-License-Identifier: GPL-2.0

//! NDJSON in a file that logrotate moves away.

use super::{json, Sink};
use crate::monitor::{line, Line};
use nix::fcntl::{Flock, FlockArg, OFlag};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How many bytes are written at once; a line that is longer is written alone.
const BATCH: usize = 1 << 20;

/// How much of the end of a file is looked through for the end of a line.
const TAIL: u64 = 4 << 20;

/// Lines for a file.
pub struct Ndjson {
    path: PathBuf,
    /// None before it was opened, and where it could not be the last time.
    file: Option<Open>,
}

/// A file that lines are added to. Nobody else adds any: it is locked.
struct Open {
    file: Flock<File>,
    /// Where the next line goes.
    length: u64,
}

impl Ndjson {
    /// For this file, which is opened or made, mode 0640, when there is something to write; and anew after
    /// it was moved away, or after that has failed.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            file: None,
        }
    }

    /// The file at the path, with nothing but whole lines in it.
    fn current(&mut self) -> io::Result<&mut Open> {
        let mut open = match self.file.take() {
            Some(open) if open.is_at(&self.path)? => open,
            _ => Open::new(&self.path)?,
        };
        if open.file.metadata()?.len() != open.length {
            open.settle()?;
        }
        Ok(self.file.insert(open))
    }
}

impl Sink for Ndjson {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    /// Those that it counts are on disk. It takes about a megabyte at once.
    fn put(&mut self, lines: &[Line]) -> io::Result<usize> {
        let (mut bytes, mut count) = (Vec::new(), 0);
        for line in lines {
            let line = json(line)?;
            if count > 0 && bytes.len() + line.len() > BATCH {
                break;
            }
            bytes.extend(line);
            count += 1;
        }
        if count > 0 {
            self.current()?.append(&bytes)?;
        }
        Ok(count)
    }
}

impl Open {
    fn new(path: &Path) -> io::Result<Self> {
        let flags = OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o640)
            .custom_flags(flags.bits())
            .open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it is no file"));
        }
        let file =
            Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| errno)?;
        let mut open = Self { file, length: 0 };
        open.settle()?;
        Ok(open)
    }

    /// Whether it is still the one at this path.
    fn is_at(&self, path: &Path) -> io::Result<bool> {
        let mine = self.file.metadata()?;
        match std::fs::symlink_metadata(path) {
            Ok(there) => Ok((there.dev(), there.ino()) == (mine.dev(), mine.ino())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Cuts off a line that was not written to its end: it was not counted, and comes again. Nothing is
    /// cut off, or added to, what is no file of such lines.
    fn settle(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if !self.begins(0, length)? {
            return Err(others());
        }
        let start = length.saturating_sub(TAIL);
        let tail = self.bytes(start, length)?;
        let last = tail.iter().rposition(|byte| *byte == b'\n');
        let end = match last {
            Some(at) => start + at as u64 + 1,
            None if start == 0 => 0,
            None => return Err(others()),
        };
        if !self.begins(end, length)? {
            return Err(others());
        }
        if end < length {
            self.file.set_len(end)?;
        }
        self.length = end;
        Ok(())
    }

    /// Whether what stands there is the begin of a line, as far as it goes; or zeros, which a power cut
    /// leaves.
    fn begins(&self, at: u64, length: u64) -> io::Result<bool> {
        let begin = format!("{{\"schema\":\"{}\"", line::SCHEMA);
        let end = length.min(at + begin.len() as u64);
        let there = self.bytes(at, end)?;
        let written = there.iter().rposition(|byte| *byte != 0);
        let written = there.get(..written.map_or(0, |at| at + 1));
        Ok(written.is_some_and(|there| begin.as_bytes().starts_with(there)))
    }

    fn bytes(&self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        let length = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(bytes);
        let written = written.and_then(|()| self.file.sync_data());
        if written.is_err() {
            // No half line stays, where that can be had; else the next one begins with that.
            let _ = self.file.set_len(self.length);
        } else {
            self.length += bytes.len() as u64;
        }
        written
    }
}

fn others() -> io::Error {
    let why = "there is something else in it than lines of the monitor";
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{dir, step};
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    fn lines(path: &Path) -> Vec<Line> {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Promise: lines are added, in a file that others cannot read; and after logrotate has moved that
    /// away, in a new one.
    #[test]
    fn follows_rotation() {
        let dir = dir("rotation");
        let path = dir.join("events.ndjson");
        let mut sink = Ndjson::new(&path);
        assert_eq!(sink.put(&[step(1), step(2)]).unwrap(), 2);
        drop(sink);
        let mut sink = Ndjson::new(&path);
        sink.put(&[step(3)]).unwrap();
        assert!(lines(&path) == [step(1), step(2), step(3)]);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o027, 0, "{mode:o}");

        let old = path.with_extension("1");
        fs::rename(&path, &old).unwrap();
        sink.put(&[step(4)]).unwrap();
        assert!(lines(&path) == [step(4)]);
        assert_eq!(lines(&old).len(), 3);
        // Where logrotate makes the new file itself.
        fs::rename(&path, &old).unwrap();
        fs::write(&path, "").unwrap();
        sink.put(&[step(6)]).unwrap();
        assert!(lines(&path) == [step(6)] && lines(&old) == [step(4)]);
        // The other way of logrotate: copytruncate.
        fs::write(&path, "").unwrap();
        sink.put(&[step(5)]).unwrap();
        assert!(lines(&path) == [step(5)]);
    }

    /// Promise: whatever part of a line a power cut leaves, what is in the file afterwards are whole lines.
    #[test]
    fn half_a_line_is_dropped() {
        let dir = dir("torn");
        let path = dir.join("events.ndjson");
        Ndjson::new(&path).put(&[step(1)]).unwrap();
        let whole = fs::read(&path).unwrap();
        for length in (0..60).chain((60..whole.len()).step_by(101)) {
            let rest = &whole[..length];
            let zeros = [rest, &[0; 100]].concat();
            for torn in [rest, &zeros] {
                for before in [&whole[..], &[]] {
                    fs::write(&path, [before, torn].concat()).unwrap();
                    Ndjson::new(&path).put(&[step(2)]).unwrap();
                    let want = &[step(1), step(2)][usize::from(before.is_empty())..];
                    assert!(lines(&path) == want, "{length}");
                }
            }
        }
    }

    /// Promise: another file stays as it is, byte for byte, and a link is not followed.
    #[test]
    fn other_files_are_left_alone() {
        let dir = dir("others");
        let path = dir.join("passwd");
        let others = [
            "root:x:0:0\n",
            "{\"schema\":\"other\"}\n{",
            "no end of a line",
        ];
        for text in others {
            fs::write(&path, text).unwrap();
            let error = Ndjson::new(&path).put(&[step(1)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let link = dir.join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for path in [&*link, &*dir, Path::new("/dev/full")] {
            assert!(Ndjson::new(path).put(&[step(1)]).is_err());
        }
    }

    /// Promise: a file whose directory comes later is written then.
    #[test]
    fn comes_later() {
        let dir = dir("later");
        let path = dir.join("later/events.ndjson");
        let mut sink = Ndjson::new(&path);
        assert!(sink.put(&[step(1)]).is_err());
        fs::create_dir(dir.join("later")).unwrap();
        assert_eq!(sink.put(&[step(1), step(2)]).unwrap(), 2);
        assert!(lines(&path) == [step(1), step(2)]);
    }

    /// Promise: two monitors do not write to one file.
    #[test]
    fn one_at_a_time() {
        let dir = dir("lock");
        let path = dir.join("events.ndjson");
        let mut first = Ndjson::new(&path);
        first.put(&[step(1)]).unwrap();
        let error = Ndjson::new(&path).put(&[step(2)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }

    /// Promise: on a disk that is full nothing half written stays, and nothing is counted; with space
    /// again it goes on. The shell has this test run with a limit on the size of files, which ends a
    /// write in the middle as a full disk does.
    #[test]
    fn a_full_disk_leaves_whole_lines() {
        let test = std::env::current_exe().unwrap();
        let name = "monitor::sink::ndjson::tests::on_a_full_disk";
        let script = format!("trap '' XFSZ; ulimit -f 4; exec \"$0\" --exact --ignored {name}");
        let mut shell = Command::new("sh");
        let output = shell.args(["-c", &script]).arg(test).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{told}");
        assert!(told.contains("1 passed"), "{told}");
    }

    #[test]
    #[ignore = "run by a_full_disk_leaves_whole_lines, with a limit"]
    fn on_a_full_disk() {
        let dir = dir("full");
        let path = dir.join("events.ndjson");
        let mut sink = Ndjson::new(&path);
        sink.put(&[step(1)]).unwrap();
        let many: Vec<Line> = (2..=100).map(step).collect();
        let error = sink.put(&many).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::FileTooLarge), "{error}");
        assert!(lines(&path) == [step(1)]);
        assert_eq!(sink.put(&[step(2)]).unwrap(), 1);
        assert!(lines(&path) == [step(1), step(2)]);
    }
}
