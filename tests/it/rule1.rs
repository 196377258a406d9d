//! Rule 1 line by line, on hand-made entries.

mod conflicts;
mod duplicates;
mod expiry;
mod harness;
mod hashes;
mod identity;
