//! Opening a file: gzip is unpacked, and what is packed otherwise is refused by its name.

use std::{
    fs::File,
    io::{BufRead, BufReader, Error, ErrorKind, Read},
    path::Path,
};

use anyhow::{Context, Result, bail};
use flate2::bufread::GzDecoder;

const GZIP: &[u8] = &[0x1f, 0x8b];

/// What is no text: the bytes that tell it and where they are, its name, and what makes text of it.
const PACKED: [(&[u8], usize, &str, &str); 8] = [
    (b"BZh", 0, "packed with bzip2", "bunzip2 FILE"),
    (b"\x28\xb5\x2f\xfd", 0, "packed with zstd", "unzstd FILE"),
    (b"PK\x03\x04", 0, "a zip archive", "unzip FILE"),
    (b"PK\x05\x06", 0, "an empty zip archive", "unzip FILE"),
    (b"\xfd7zXZ\0", 0, "packed with xz", "unxz FILE"),
    (b"ustar", 257, "a tar archive", "tar -xf FILE"),
    (b"\xff\xfe", 0, "UTF-16 text", FROM_UTF16),
    (b"\xfe\xff", 0, "UTF-16 text", FROM_UTF16),
];
const FROM_UTF16: &str = "iconv -f UTF-16 -t UTF-8 FILE > NEW_FILE";

/// Opens a file; one that is gzipped is unpacked. What can be read only once, such as a pipe, would
/// seem empty the second time.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    let fault = || format!("{} cannot be read", path.display());
    if !path.metadata().with_context(fault)?.is_file() {
        bail!(
            "{} is not a regular file, and an import reads its files more than once: write what it holds to a file first, and import that",
            path.display()
        );
    }
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).with_context(fault)?);
    let head = reader.fill_buf().with_context(fault)?;
    refuse_packed(path, head)?;
    if !head.starts_with(GZIP) {
        return Ok(Box::new(reader));
    }
    let gzip = Gzip {
        packed: Some(reader),
        member: None,
    };
    let mut reader = BufReader::with_capacity(1 << 16, gzip);
    refuse_packed(path, reader.fill_buf().with_context(fault)?)?;
    Ok(Box::new(reader))
}

fn refuse_packed(path: &Path, head: &[u8]) -> Result<()> {
    let is = |magic: &[u8], at: usize| head.get(at..).is_some_and(|part| part.starts_with(magic));
    match PACKED.iter().find(|(magic, at, ..)| is(magic, *at)) {
        None => Ok(()),
        Some((_, _, what, tool)) => bail!(
            "{} is {what}, which an import does not read: make text of it with `{tool}`, and import that",
            path.display()
        ),
    }
}

/// All members of a gzip file. Zeros after one are passed over: tapes and disks fill their blocks
/// with them.
struct Gzip {
    packed: Option<BufReader<File>>,
    member: Option<GzDecoder<BufReader<File>>>,
}

impl Read for Gzip {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if let Some(member) = &mut self.member {
                let read = member.read(into)?;
                if read > 0 || into.is_empty() {
                    return Ok(read);
                }
            }
            let ended = self.member.take().map(GzDecoder::into_inner);
            let Some(mut packed) = self.packed.take().or(ended) else {
                return Ok(0);
            };
            loop {
                let buffer = packed.fill_buf()?;
                let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
                match buffer.get(zeros) {
                    None if zeros == 0 => return Ok(0),
                    Some(first) if *first != GZIP[0] => {
                        const WHAT: &str = "neither zeros nor gzip follow what is gzipped";
                        return Err(Error::new(ErrorKind::InvalidData, WHAT));
                    }
                    Some(_) => break packed.consume(zeros),
                    None => packed.consume(zeros),
                }
            }
            self.member = Some(GzDecoder::new(packed));
        }
    }
}
