//! Faults of the world around the real program: each has a clear message, nothing that was
//! acknowledged is lost, and what can recover does so by itself.

mod crashes;
mod data_folder;
mod forwarder;
mod servers;
mod topic;

use crate::program::foaf;

/// It ends at once with exit code 1, and says all of this.
fn refused(arguments: &[&str], parts: &[&str]) {
    let ended = foaf(arguments);
    let said = crate::program::text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    for part in parts {
        assert!(said.contains(part), "{part} in {said}");
    }
}
