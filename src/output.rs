//! Files that come whole or not at all: written beside their place, and put there when complete.
//!
//! A leaf. Must never overwrite a file unasked.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use tempfile::{Builder, TempPath};

/// A file that is being written. It is packed if its name ends in `.gz`, and readable only by the
/// user who makes it. Dropped before [`Output::finish`], it leaves nothing.
pub struct Output {
    writer: Writer,
    place: Option<Place>,
}

enum Writer {
    Plain(Box<dyn Write + Send>),
    Packed(GzEncoder<BufWriter<File>>),
}

struct Place {
    path: PathBuf,
    temporary: TempPath,
    file: File,
    overwrite: bool,
}

impl Output {
    /// Starts a file; `-` is the standard output.
    ///
    /// # Errors
    /// If there is such a file and `overwrite` is not set, or its folder cannot be written.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self {
                writer: Writer::Plain(Box::new(BufWriter::new(io::stdout()))),
                place: None,
            });
        }
        if !overwrite && path.symlink_metadata().is_ok() {
            bail!("{}", is_there(path));
        }
        let fault = || format!("{} cannot be written: choose another place", path.display());
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (file, temporary) = Builder::new()
            .prefix(&format!(".{name}."))
            .tempfile_in(folder)
            .with_context(fault)?
            .into_parts();
        let same = BufWriter::with_capacity(1 << 16, file.try_clone().with_context(fault)?);
        let is_packed = path.extension().is_some_and(|ending| ending == "gz");
        Ok(Self {
            writer: if is_packed {
                Writer::Packed(GzEncoder::new(same, Compression::default()))
            } else {
                Writer::Plain(Box::new(same))
            },
            place: Some(Place {
                path: path.to_owned(),
                temporary,
                file,
                overwrite,
            }),
        })
    }

    /// Puts the file in its place, on the disk.
    ///
    /// # Errors
    /// If it cannot be written to the end, or another file has taken the place.
    pub fn finish(self) -> Result<()> {
        let written = match self.writer {
            Writer::Plain(mut writer) => writer.flush(),
            Writer::Packed(encoder) => encoder.finish().and_then(|mut writer| writer.flush()),
        };
        let Some(place) = self.place else {
            return written.context("the standard output cannot be written");
        };
        let path = &place.path;
        written
            .and_then(|()| place.file.sync_all())
            .with_context(|| format!("{} cannot be written", path.display()))?;
        if place.overwrite {
            place.temporary.persist(path)?;
        } else {
            let placed = place.temporary.persist_noclobber(path);
            placed.with_context(|| is_there(path))?;
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.writer {
            Writer::Plain(writer) => writer.write(bytes),
            Writer::Packed(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Plain(writer) => writer.flush(),
            Writer::Packed(writer) => writer.flush(),
        }
    }
}

fn is_there(path: &Path) -> String {
    let path = path.display();
    format!("{path} is there already: choose another name, or overwrite it with --force")
}
