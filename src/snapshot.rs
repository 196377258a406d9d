//! Snapshot files: a versioned header, then blocks with a checksum each, put in place in one step.
//!
//! ```text
//!   "foafsnap" version kind | length crc bytes | length crc bytes | … | 0 crc-of-nothing
//! ```
//!
//! A leaf: what stands in a snapshot is its owner's business. Must never show half a file under its
//! name, and never hand out bytes that were not checked.

use std::{
    cmp::Reverse,
    fs::{self, File},
    io::{self, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use uuid::Uuid;

const MAGIC: &[u8; 8] = b"foafsnap";
/// The version of this format and of what its owners write; another one is not read.
const VERSION: u32 = 3;
/// How many bytes one checksum covers, at most.
const BLOCK: usize = 1 << 20;
/// How many snapshots of a kind are kept: the last, and the one before in case the other kinds' last
/// ones are older.
const KEPT: usize = 2;
/// How the name of a snapshot ends.
pub const ENDING: &str = "snapshot";
/// How it begins while it is written.
pub const WRITING: &str = ".writing-";

/// Why a snapshot cannot be read: start from an older one, or from the log.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file cannot be read now, which says nothing of what stands in it.
    #[error(transparent)]
    Io(io::Error),
    /// It is not what was written, or of another version: drop it.
    #[error("{0}")]
    Unreadable(&'static str),
}

impl From<io::Error> for SnapshotError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Unreadable("it ends too early"),
            _ => Self::Io(error),
        }
    }
}

/// Writes a snapshot of `kind` as of `position` into `folder`, and removes those that it makes
/// needless.
///
/// # Errors
/// If the folder cannot be written; nothing was changed then, but for files that were needless.
pub fn write(
    folder: &Path,
    kind: &str,
    position: u64,
    content: impl FnOnce(&mut Writer) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = tempfile::Builder::new()
        .prefix(WRITING)
        .suffix(ENDING)
        .tempfile_in(folder)?;
    // Who finds it locked leaves it alone; where a file system has no locks, everybody does.
    let _ = temporary.as_file().try_lock();
    let mut writer = Writer {
        file: temporary.as_file().try_clone()?,
        block: Vec::with_capacity(BLOCK + 64),
    };
    writer.file.write_all(MAGIC)?;
    writer.file.write_all(&VERSION.to_le_bytes())?;
    writer.text(kind)?;
    content(&mut writer)?;
    writer.end_block()?;
    // The empty block says that nothing is missing.
    writer.end_block()?;
    writer.file.sync_all()?;
    temporary.persist(path(folder, kind, position))?;
    File::open(folder)?.sync_all()?;
    for (_, old) in list(folder, kind)?.into_iter().skip(KEPT) {
        fs::remove_file(old)?;
    }
    Ok(())
}

/// The snapshots of `kind` in `folder`, the newest first: positions and files. None, where there is
/// no such folder.
///
/// # Errors
/// If the folder cannot be read.
pub fn list(folder: &Path, kind: &str) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let position = name
            .and_then(|name| name.strip_prefix(kind)?.strip_prefix('-'))
            .and_then(|rest| rest.strip_suffix(ENDING)?.strip_suffix('.'))
            .and_then(|digits| digits.parse().ok());
        if let Some(position) = position {
            found.push((position, path));
        }
    }
    found.sort_unstable_by_key(|(position, _): &(u64, _)| Reverse(*position));
    Ok(found)
}

fn path(folder: &Path, kind: &str, position: u64) -> PathBuf {
    folder.join(format!("{kind}-{position:020}.{ENDING}"))
}

/// Opens a snapshot that must be of `kind`.
///
/// # Errors
/// If it cannot be read, or is of another kind or version.
pub fn open(path: &Path, kind: &str) -> Result<Reader, SnapshotError> {
    let mut file = BufReader::with_capacity(BLOCK, File::open(path)?);
    let mut head = [0; 12];
    file.read_exact(&mut head)?;
    if head[..8] != *MAGIC {
        return Err(SnapshotError::Unreadable("it is no snapshot"));
    }
    if head[8..] != VERSION.to_le_bytes() {
        return Err(SnapshotError::Unreadable(
            "another version of foaf wrote it",
        ));
    }
    let mut reader = Reader {
        file,
        block: Vec::new(),
        read: 0,
    };
    if reader.text()? != kind {
        return Err(SnapshotError::Unreadable("it is of another kind"));
    }
    Ok(reader)
}

/// Takes the content of a snapshot: numbers little-endian, texts with their length.
pub struct Writer {
    file: File,
    block: Vec<u8>,
}

impl Writer {
    /// Bytes of a length that the reader knows.
    ///
    /// # Errors
    /// If the file cannot be written, as with every method here.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.block.extend_from_slice(bytes);
        if self.block.len() >= BLOCK {
            self.end_block()?;
        }
        Ok(())
    }

    /// A number of 8 bits.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn u8(&mut self, number: u8) -> io::Result<()> {
        self.bytes(&[number])
    }

    /// A number of 32 bits.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn u32(&mut self, number: u32) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    /// A number of 64 bits.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn u64(&mut self, number: u64) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    /// A signed number of 64 bits.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn i64(&mut self, number: i64) -> io::Result<()> {
        self.bytes(&number.to_le_bytes())
    }

    /// A UUID.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn uuid(&mut self, id: Uuid) -> io::Result<()> {
        self.bytes(id.as_bytes())
    }

    /// How many things follow.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn count(&mut self, count: usize) -> io::Result<()> {
        self.u64(count as u64)
    }

    /// A text of less than 64 KiB.
    ///
    /// # Errors
    /// If it is longer.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        let length = u16::try_from(text.len()).map_err(io::Error::other)?;
        self.bytes(&length.to_le_bytes())?;
        self.bytes(text.as_bytes())
    }

    fn end_block(&mut self) -> io::Result<()> {
        let length = u32::try_from(self.block.len()).map_err(io::Error::other)?;
        self.file.write_all(&length.to_le_bytes())?;
        let crc = crc32c::crc32c(&self.block);
        self.file.write_all(&crc.to_le_bytes())?;
        self.file.write_all(&self.block)?;
        self.block.clear();
        Ok(())
    }
}

/// Gives the content of a snapshot back, in the order in which it was written.
pub struct Reader {
    file: BufReader<File>,
    block: Vec<u8>,
    read: usize,
}

impl Reader {
    /// So many bytes.
    ///
    /// # Errors
    /// If the file ends, or is not what was written; as with every method here.
    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A number of 8 bits.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn u8(&mut self) -> Result<u8, SnapshotError> {
        Ok(self.bytes::<1>()?[0])
    }

    /// A number of 32 bits.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn u32(&mut self) -> Result<u32, SnapshotError> {
        self.bytes().map(u32::from_le_bytes)
    }

    /// A number of 64 bits.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn u64(&mut self) -> Result<u64, SnapshotError> {
        self.bytes().map(u64::from_le_bytes)
    }

    /// A signed number of 64 bits.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn i64(&mut self) -> Result<i64, SnapshotError> {
        self.bytes().map(i64::from_le_bytes)
    }

    /// A UUID.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn uuid(&mut self) -> Result<Uuid, SnapshotError> {
        self.bytes().map(Uuid::from_bytes)
    }

    /// How many things follow.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn count(&mut self) -> Result<usize, SnapshotError> {
        let count = usize::try_from(self.u64()?);
        count.map_err(|_| SnapshotError::Unreadable("a count in it is too large"))
    }

    /// A text.
    #[expect(clippy::missing_errors_doc, reason = "see bytes()")]
    pub fn text(&mut self) -> Result<String, SnapshotError> {
        let length = u16::from_le_bytes(self.bytes()?);
        let mut bytes = vec![0; length.into()];
        self.fill(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| SnapshotError::Unreadable("a text in it is not UTF-8"))
    }

    /// Checks that everything was read.
    ///
    /// # Errors
    /// If there is more.
    pub fn end(mut self) -> Result<(), SnapshotError> {
        if self.read == self.block.len() {
            self.next_block()?;
        }
        if self.block.is_empty() {
            Ok(())
        } else {
            Err(SnapshotError::Unreadable("it goes on after its end"))
        }
    }

    fn fill(&mut self, mut into: &mut [u8]) -> Result<(), SnapshotError> {
        while !into.is_empty() {
            if self.read == self.block.len() {
                self.next_block()?;
                if self.block.is_empty() {
                    return Err(SnapshotError::Unreadable("it ends too early"));
                }
            }
            let count = into.len().min(self.block.len() - self.read);
            let (head, rest) = into.split_at_mut(count);
            head.copy_from_slice(&self.block[self.read..self.read + count]);
            self.read += count;
            into = rest;
        }
        Ok(())
    }

    fn next_block(&mut self) -> Result<(), SnapshotError> {
        let mut head = [0; 8];
        self.file.read_exact(&mut head)?;
        let [a, b, c, d, crc @ ..] = head;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        // A block is ended by the piece that fills it, and no piece is longer than a text.
        if length > BLOCK + usize::from(u16::MAX) {
            return Err(SnapshotError::Unreadable("it is damaged"));
        }
        self.block.resize(length, 0);
        self.file.read_exact(&mut self.block)?;
        self.read = 0;
        if crc32c::crc32c(&self.block) != u32::from_le_bytes(crc) {
            return Err(SnapshotError::Unreadable("it is damaged"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(folder: &Path, position: u64, count: u64) {
        write(folder, "test", position, |to| {
            to.text("ä")?;
            to.count(usize::try_from(count).unwrap())?;
            (0..count).try_for_each(|n| to.u64(n))
        })
        .unwrap();
    }

    fn read(path: &Path) -> Result<u64, SnapshotError> {
        let mut from = open(path, "test")?;
        assert_eq!(from.text()?, "ä");
        let count = from.u64()?;
        for n in 0..count {
            assert_eq!(from.u64()?, n);
        }
        from.end()?;
        Ok(count)
    }

    #[test]
    fn what_was_written_is_read_and_the_last_two_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for (position, count) in [(7, 0), (30, 10), (200, 400_000)] {
            saved(folder.path(), position, count);
        }
        let kept = list(folder.path(), "test").unwrap();
        let positions: Vec<_> = kept.iter().map(|(position, _)| *position).collect();
        assert_eq!(positions, [200, 30]);
        assert_eq!(read(&kept[0].1).unwrap(), 400_000);
        assert_eq!(read(&kept[1].1).unwrap(), 10);
        assert!(open(&kept[0].1, "other").is_err());
        assert!(list(folder.path(), "tes").unwrap().is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn damage_is_seen_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        saved(folder.path(), 1, 100);
        let (_, path) = list(folder.path(), "test").unwrap().remove(0);
        let sound = fs::read(&path).unwrap();
        for place in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[place] ^= 1 << (place % 8);
            fs::write(&path, &damaged).unwrap();
            assert!(read(&path).is_err(), "a flipped bit in byte {place}");
            fs::write(&path, &sound[..place]).unwrap();
            assert!(read(&path).is_err(), "cut off after {place} bytes");
        }
        fs::write(&path, &sound).unwrap();
        assert!(read(&path).is_ok());
    }
}
