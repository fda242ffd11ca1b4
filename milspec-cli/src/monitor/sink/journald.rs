// SPDX-License-Identifier: GPL-2.0

//! journald, by its native protocol: a datagram for each line, or a sealed memory file where that is too
//! long for one. The crates that speak it wait for journald, and know one socket only.

use super::{each, fields, Sink};
use crate::monitor::Line;
use nix::errno::Errno;
use nix::fcntl::{fcntl, FcntlArg, SealFlag};
use nix::sys::memfd::{memfd_create, MFdFlags};
use nix::sys::socket::{sendmsg, ControlMessage, MsgFlags, UnixAddr};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Where journald listens.
pub const SOCKET: &str = "/run/systemd/journal/socket";

/// Lines for journald.
pub struct Journald {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Journald {
    /// For who listens at this path. Nobody need be there yet.
    pub fn new(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            path: path.to_path_buf(),
        })
    }

    fn send(&self, line: &Line) -> io::Result<()> {
        let bytes = datagram(&fields::of(line)?);
        match self.socket.send_to(&bytes, &self.path) {
            Err(error) if is_too_long(&error) => self.send_file(&bytes),
            sent => sent.map(|_| ()),
        }
    }

    /// Sends a file with these bytes that nobody can change any more.
    fn send_file(&self, bytes: &[u8]) -> io::Result<()> {
        let flags = MFdFlags::MFD_ALLOW_SEALING | MFdFlags::MFD_CLOEXEC;
        let mut file = File::from(memfd_create(c"milspec-monitor", flags)?);
        file.write_all(bytes)?;
        fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::all()))?;
        let files = [file.as_raw_fd()];
        let rights = [ControlMessage::ScmRights(&files)];
        let to = UnixAddr::new(&self.path)?;
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        sendmsg(self.socket.as_raw_fd(), &[], &rights, flags, Some(&to))?;
        Ok(())
    }
}

impl Sink for Journald {
    fn name(&self) -> &'static str {
        "journald"
    }

    /// `WouldBlock` where journald does not keep up, `NotFound` or `ConnectionRefused` where it does not run.
    fn put(&mut self, lines: &[Line]) -> io::Result<usize> {
        each(lines, |line| self.send(line))
    }
}

fn is_too_long(error: &io::Error) -> bool {
    let too_long = [Errno::EMSGSIZE, Errno::ENOBUFS];
    too_long
        .iter()
        .any(|errno| error.raw_os_error() == Some(*errno as i32))
}

/// Fields, each with its length before it: a value can have any bytes, line ends as well.
fn datagram(fields: &[(String, String)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.extend(name.as_bytes());
        bytes.push(b'\n');
        bytes.extend((value.len() as u64).to_le_bytes());
        bytes.extend(value.as_bytes());
        bytes.push(b'\n');
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::tests::{dir, step};
    use super::*;
    use std::collections::BTreeMap;
    use std::io::{ErrorKind, IoSliceMut, Read};
    use std::os::fd::RawFd;

    /// Reads fields as journald does.
    fn fields(mut bytes: &[u8]) -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (name, rest) = bytes.split_at(end);
            let (length, rest) = rest[1..].split_at(8);
            let length = u64::from_le_bytes(length.try_into().unwrap());
            let (value, rest) = rest.split_at(usize::try_from(length).unwrap());
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            fields.insert(text(name), text(value));
            bytes = rest.strip_prefix(b"\n").unwrap();
        }
        assert!(bytes.is_empty());
        fields
    }

    fn received(socket: &UnixDatagram) -> BTreeMap<String, String> {
        let mut bytes = vec![0; 1 << 20];
        let length = socket.recv(&mut bytes).unwrap();
        fields(&bytes[..length])
    }

    /// Promise: journald gets each line as a message of its own, with values of any bytes.
    #[test]
    fn lines_arrive() {
        let dir = dir("journald");
        let path = dir.join("socket");
        let journald = UnixDatagram::bind(&path).unwrap();
        let mut strange = step(2);
        strange.host = Some("a\nMILSPEC_SEQUENCE=9\n".into());
        let mut sink = Journald::new(&path).unwrap();
        assert_eq!(sink.put(&[step(1), strange]).unwrap(), 2);
        assert_eq!(received(&journald)["MILSPEC_SEQUENCE"], "1");
        let fields = received(&journald);
        assert_eq!(fields["MILSPEC_SEQUENCE"], "2");
        assert_eq!(fields["MILSPEC_HOST"], "a\nMILSPEC_SEQUENCE=9\n");
        assert_eq!(fields["SYSLOG_IDENTIFIER"], "milspec-monitor");
    }

    /// Promise: an absent, stopped or slow journald is an error at once, what it took before counts, and
    /// it works again when it is back.
    #[test]
    fn nobody_waits() {
        let dir = dir("slow");
        let path = dir.join("socket");
        let mut sink = Journald::new(&path).unwrap();
        let absent = sink.put(&[step(1)]).unwrap_err();
        assert_eq!(absent.kind(), ErrorKind::NotFound);
        drop(UnixDatagram::bind(&path).unwrap());
        let stopped = sink.put(&[step(1)]).unwrap_err();
        assert_eq!(stopped.kind(), ErrorKind::ConnectionRefused);

        std::fs::remove_file(&path).unwrap();
        let journald = UnixDatagram::bind(&path).unwrap();
        let lines: Vec<Line> = (1..=2000).map(step).collect();
        let taken = sink.put(&lines).unwrap();
        assert!((1..lines.len()).contains(&taken), "{taken}");
        let full = sink.put(&lines[taken..]).unwrap_err();
        assert_eq!(full.kind(), ErrorKind::WouldBlock);
        for sequence in 1..=taken {
            assert_eq!(
                received(&journald)["MILSPEC_SEQUENCE"],
                sequence.to_string()
            );
        }
        assert!(sink.put(&lines[taken..]).is_ok());
    }

    /// Promise: a line that is too long for a datagram arrives as well, in a file that is sealed.
    #[test]
    fn long_lines_arrive() {
        use nix::sys::socket::{recvmsg, ControlMessageOwned};
        let dir = dir("long");
        let path = dir.join("socket");
        let journald = UnixDatagram::bind(&path).unwrap();
        let mut long = step(3);
        long.message = "x".repeat(2 << 20);
        let mut sink = Journald::new(&path).unwrap();
        assert_eq!(sink.put(&[long]).unwrap(), 1);

        let mut space = nix::cmsg_space!([RawFd; 1]);
        let mut bytes = [0; 1];
        let mut slices = [IoSliceMut::new(&mut bytes)];
        let flags = MsgFlags::empty();
        let message =
            recvmsg::<UnixAddr>(journald.as_raw_fd(), &mut slices, Some(&mut space), flags)
                .unwrap();
        let fd = message.cmsgs().unwrap().find_map(|message| match message {
            ControlMessageOwned::ScmRights(fds) => fds.first().copied(),
            _ => None,
        });
        let mut file = reopened(fd.unwrap());
        assert_eq!(fcntl(&file, FcntlArg::F_GET_SEALS).unwrap() & 0xF, 0xF);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(fields(&bytes)["MILSPEC_SEQUENCE"], "3");
    }

    fn reopened(fd: RawFd) -> File {
        File::open(format!("/proc/self/fd/{fd}")).unwrap()
    }
}
