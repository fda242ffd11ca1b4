// SPDX-License-Identifier: GPL-2.0

//! NDJSON to standard output, for whoever reads a pipe.

use super::{each, json, Sink};
use crate::monitor::Line;
use nix::poll::{poll, PollFd, PollFlags, PollTimeout};
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;

/// What a pipe that says it has room takes without waiting.
const PIECE: usize = 4096;

/// Lines for a pipe.
pub struct Stream {
    out: File,
    /// The line that was begun last.
    line: Vec<u8>,
    /// How much of it was written; 0 where all was, or nothing.
    written: usize,
}

impl Stream {
    /// To this pipe or terminal.
    pub fn new(out: File) -> Self {
        Self {
            out,
            line: Vec::new(),
            written: 0,
        }
    }

    /// To standard output.
    pub fn stdout() -> io::Result<Self> {
        let out = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(Self::new(File::from(out)))
    }

    /// A line that was begun is ended before anything else; when it comes again, no second one begins.
    fn send(&mut self, line: Vec<u8>) -> io::Result<()> {
        if self.written > 0 && self.line != line {
            self.go_on()?;
        }
        self.line = line;
        self.go_on()
    }

    fn go_on(&mut self) -> io::Result<()> {
        while let Some(rest) = self
            .line
            .get(self.written..)
            .filter(|rest| !rest.is_empty())
        {
            let piece = rest.get(..PIECE).unwrap_or(rest);
            let mut ready = [PollFd::new(self.out.as_fd(), PollFlags::POLLOUT)];
            if poll(&mut ready, PollTimeout::ZERO)? == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            match self.out.write(piece)? {
                0 => return Err(ErrorKind::WriteZero.into()),
                length => self.written += length,
            }
        }
        self.written = 0;
        self.line.clear();
        Ok(())
    }
}

impl Sink for Stream {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    /// `WouldBlock` where nobody reads.
    fn put(&mut self, lines: &[Line]) -> io::Result<usize> {
        each(lines, |line| self.send(json(line)?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::step;
    use super::*;
    use std::fs::OpenOptions;
    use std::io::{BufRead, BufReader, Read};

    /// Promise: whoever does not read is no reason to wait, and gets each line whole and once all the
    /// same, one that is longer than a pipe as well.
    #[test]
    fn nobody_waits() {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        let mut reader = File::from(reader);
        let mut sink = Stream::new(File::from(writer));
        let mut lines: Vec<Line> = (1..=200).map(step).collect();
        lines[90].message = "long ".repeat(40_000);
        let (mut taken, mut waits, mut read) = (0, 0, Vec::new());
        while taken < lines.len() {
            match sink.put(&lines[taken..]) {
                Ok(count) => taken += count,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    waits += 1;
                    assert!(waits < 1000, "it comes to no end");
                    let mut bytes = vec![0; 65_536];
                    let length = reader.read(&mut bytes).unwrap();
                    read.extend(&bytes[..length]);
                }
            }
        }
        drop(sink);
        reader.read_to_end(&mut read).unwrap();
        assert!(waits > 3);
        let read: Vec<Line> = BufReader::new(read.as_slice())
            .lines()
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
            .collect();
        assert!(read == lines);
    }

    /// Promise: a full disk, and a reader that has gone, are errors.
    #[test]
    fn errors_are_told() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = Stream::new(full).put(&[step(1)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        let (reader, writer) = nix::unistd::pipe().unwrap();
        drop(reader);
        let error = Stream::new(File::from(writer)).put(&[step(1)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    }
}
