// SPDX-License-Identifier: GPL-2.0

//! Writing `newc` cpio archives, the form in which the kernel takes its first root.
//!
//! All owners are root and all times are zero: the same contents make the same archive, whoever
//! makes it. Several archives may be concatenated; the kernel unpacks them in order.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{bail, Context, Result};

const S_IFDIR: u32 = 0o040_000;
const S_IFCHR: u32 = 0o020_000;
const S_IFREG: u32 = 0o100_000;
const S_IFLNK: u32 = 0o120_000;

/// An archive being written.
pub struct Archive<W: Write> {
    out: W,
    written: u64,
    inode: u32,
    directories: BTreeSet<String>,
}

impl<W: Write> Archive<W> {
    /// Starts an archive.
    pub fn new(out: W) -> Self {
        Self {
            out,
            written: 0,
            inode: 0,
            directories: BTreeSet::new(),
        }
    }

    /// A directory and those above it. Once is enough, more does no harm.
    pub fn directory(&mut self, path: &str, mode: u32) -> Result<()> {
        let path = path.trim_matches('/');
        if path.is_empty() || !self.directories.insert(path.to_owned()) {
            return Ok(());
        }
        self.parents(path)?;
        self.header(path, S_IFDIR | mode, 0, (0, 0))
    }

    /// A file with this content.
    pub fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> Result<()> {
        let size = u32::try_from(content.len()).with_context(|| format!("{path} is too large"))?;
        self.parents(path)?;
        self.header(path, S_IFREG | mode, size, (0, 0))?;
        self.bytes(content)?;
        self.pad()
    }

    /// A copy of a file of this machine, with its permissions.
    pub fn copy(&mut self, path: &str, from: &Path) -> Result<()> {
        let mut content = Vec::new();
        let mut file = fs::File::open(from).with_context(|| format!("open {}", from.display()))?;
        let mode = file.metadata()?.permissions().mode() & 0o7777;
        file.read_to_end(&mut content)
            .with_context(|| format!("read {}", from.display()))?;
        self.file(path, mode, &content)
    }

    /// A symbolic link.
    pub fn symlink(&mut self, path: &str, target: &str) -> Result<()> {
        let size = u32::try_from(target.len()).with_context(|| format!("{path} is too long"))?;
        self.parents(path)?;
        self.header(path, S_IFLNK | 0o777, size, (0, 0))?;
        self.bytes(target.as_bytes())?;
        self.pad()
    }

    /// A character device.
    pub fn character_device(
        &mut self,
        path: &str,
        mode: u32,
        major: u32,
        minor: u32,
    ) -> Result<()> {
        self.parents(path)?;
        self.header(path, S_IFCHR | mode, 0, (major, minor))
    }

    /// A whole tree of this machine below `path`, without what `keep` refuses (it sees the path in
    /// the archive). Directories, files and links; anything else is left out.
    pub fn tree(&mut self, path: &str, from: &Path, keep: &dyn Fn(&str) -> bool) -> Result<()> {
        let mut entries = fs::read_dir(from)
            .and_then(|entries| entries.collect::<io::Result<Vec<_>>>())
            .with_context(|| format!("read {}", from.display()))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                bail!("{} is not UTF-8", entry.path().display());
            };
            let inside = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}/{name}")
            };
            if !keep(&inside) {
                continue;
            }
            let kind = entry.file_type()?;
            if kind.is_dir() {
                let mode = entry.metadata()?.permissions().mode() & 0o7777;
                self.directory(&inside, mode)?;
                self.tree(&inside, &entry.path(), keep)?;
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path())?;
                let Some(target) = target.to_str() else {
                    bail!("the target of {} is not UTF-8", entry.path().display());
                };
                self.symlink(&inside, target)?;
            } else if kind.is_file() {
                self.copy(&inside, &entry.path())?;
            }
        }
        Ok(())
    }

    /// Ends the archive and gives its output back.
    pub fn finish(mut self) -> Result<W> {
        self.header("TRAILER!!!", 0, 0, (0, 0))?;
        // The kernel wants whatever follows at a multiple of four; 512 is what cpio itself writes.
        while self.written % 512 != 0 {
            self.bytes(&[0])?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn parents(&mut self, path: &str) -> Result<()> {
        if let Some((parent, _)) = path.trim_matches('/').rsplit_once('/') {
            self.directory(parent, 0o755)?;
        }
        Ok(())
    }

    fn header(&mut self, path: &str, mode: u32, size: u32, device: (u32, u32)) -> Result<()> {
        let path = path.trim_matches('/');
        self.inode += 1;
        let links = if mode & S_IFDIR != 0 { 2 } else { 1 };
        let name_size = u32::try_from(path.len() + 1).context("name too long")?;
        let fields = [
            self.inode, mode, 0, 0, links, 0, size, 0, 0, device.0, device.1, name_size, 0,
        ];
        let mut header = String::from("070701");
        for field in fields {
            header.push_str(&format!("{field:08X}"));
        }
        self.bytes(header.as_bytes())?;
        self.bytes(path.as_bytes())?;
        self.bytes(&[0])?;
        self.pad()
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).context("write the archive")?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn pad(&mut self) -> Result<()> {
        while self.written % 4 != 0 {
            self.bytes(&[0])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_is_what_the_format_says() -> Result<()> {
        let mut archive = Archive::new(Vec::new());
        archive.file("etc/name", 0o644, b"dell\n")?;
        let bytes = archive.finish()?;
        // 110 bytes of header, the name with its zero, padded to four: "etc" comes first by itself.
        assert_eq!(&bytes[..6], b"070701");
        assert_eq!(&bytes[14..22], b"000041ED");
        assert_eq!(&bytes[110..114], b"etc\0");
        assert_eq!(&bytes[116..122], b"070701");
        let content = 116 + (110 + 9usize).next_multiple_of(4);
        assert_eq!(&bytes[content..content + 5], b"dell\n");
        assert_eq!(bytes.len() % 512, 0);
        Ok(())
    }
}
