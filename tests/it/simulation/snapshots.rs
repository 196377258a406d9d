//! The snapshots of one node, in a folder that outlives its lives.

use foaf::{
    replay::{model::WriteModel, saved},
    snapshot::{self, Reader, SnapshotError, Writer},
};
use tempfile::TempDir;

use super::mutants::{Mutant, SnapshotFault};

/// See the module. The folder is made when there is something to put in.
pub(super) struct Snapshots {
    folder: Option<TempDir>,
    fault: Option<SnapshotFault>,
}

impl Snapshots {
    pub(super) fn new(mutant: Option<Mutant>) -> Self {
        let fault = match mutant {
            Some(Mutant::Snapshot(fault)) => Some(fault),
            _ => None,
        };
        Self {
            folder: None,
            fault,
        }
    }

    pub(super) fn save(&mut self, model: &WriteModel) {
        let folder = self
            .folder
            .get_or_insert_with(|| TempDir::new().expect("a folder"));
        saved::write(folder.path(), model).expect("it can be written");
    }

    /// The model to start from: of the newest snapshot that is not ahead of the graph.
    pub(super) fn find(&self, cursor: u64) -> WriteModel {
        let Some(folder) = &self.folder else {
            return WriteModel::default();
        };
        let found = snapshot::list(folder.path(), saved::KIND).expect("a folder");
        let mut fit = found.into_iter().filter(|(position, _)| {
            *position <= cursor || self.fault == Some(SnapshotFault::AheadOfTheGraph)
        });
        let Some((position, path)) = fit.next() else {
            return WriteModel::default();
        };
        let Some(fault) = self.fault else {
            return saved::read(&path).expect("a snapshot");
        };
        let without = TempDir::new().expect("a folder");
        let mut from = snapshot::open(&path, saved::KIND).expect("a snapshot");
        snapshot::write(without.path(), saved::KIND, position, |to| {
            copy(&mut from, to, fault).map_err(std::io::Error::other)
        })
        .expect("it can be written");
        let copies = snapshot::list(without.path(), saved::KIND).expect("a folder");
        saved::read(&copies[0].1).expect("a snapshot")
    }
}

/// Copies a snapshot, but for what it is to lack.
fn copy(from: &mut Reader, to: &mut Writer, fault: SnapshotFault) -> Result<(), SnapshotError> {
    // The log's identity: two ids, the hash key, the windows; then position and log time.
    to.bytes(&from.bytes::<{ 16 + 16 + 32 + 4 * 8 }>()?)?;
    to.u64(from.u64()?)?;
    let time = from.i64()?;
    to.i64(if fault == SnapshotFault::NoLogTime {
        0
    } else {
        time
    })?;
    // The last record, with its position.
    to.bytes(&from.bytes::<{ 8 + 16 }>()?)?;
    let etags = from.count()?;
    let keeps = fault != SnapshotFault::NoEtags;
    to.count(if keeps { etags } else { 0 })?;
    for _ in 0..etags {
        let etag = from.bytes::<{ 8 + 8 }>()?;
        if keeps {
            to.bytes(&etag)?;
        }
    }
    if fault == SnapshotFault::NoOutcomes {
        // With a key, and without.
        for _ in 0..2 {
            for _ in 0..from.count()? {
                skip_outcome(from)?;
            }
            to.count(0)?;
        }
    }
    while let Ok(byte) = from.u8() {
        to.u8(byte)?;
    }
    Ok(())
}

/// The command, its position, time and content, and the result.
fn skip_outcome(from: &mut Reader) -> Result<(), SnapshotError> {
    from.bytes::<{ 16 + 8 + 8 + 16 }>()?;
    match from.u8()? {
        0 => {}
        1 => drop(from.uuid()?),
        _ => {
            from.text()?;
            from.text()?;
        }
    }
    Ok(())
}
