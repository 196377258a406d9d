//! The rule line by line, on hand-made entries.

mod conflicts;
mod duplicates;
mod expiry;
mod harness;
mod hashes;
mod identity;
