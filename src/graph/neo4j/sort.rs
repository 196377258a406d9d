//! Names in a form that Neo4j sorts by code point.
//!
//! Neo4j compares some strings by code point and others by UTF-16 unit: an index one way, a parameter
//! or a long property the other. The two differ only from U+D800 on, so no letter from there on is
//! stored.

/// How many letters of a name the index of names holds: it takes no more than some 8 KiB.
const KEY_LETTERS: usize = 32;

/// Stands before the two letters of a code point from here on.
const ESCAPE: char = '\u{d7ff}';

/// A folded name, such that Neo4j orders these as we order those. Most names are as they were.
pub(super) fn sort_name(folded: &str) -> String {
    let letter = |number: u32| char::from_u32(0x100 + number).unwrap_or(ESCAPE);
    let mut name = String::with_capacity(folded.len());
    for c in folded.chars() {
        if c < ESCAPE {
            name.push(c);
        } else {
            let number = u32::from(c);
            name.extend([ESCAPE, letter(number >> 12), letter(number & 0xfff)]);
        }
    }
    name
}

/// The beginning of a name in that form.
pub(super) fn sort_key(name: &str) -> String {
    name.chars().take(KEY_LETTERS).collect()
}

/// Comes after every name and key: no name has two of these in a row.
pub(super) fn beyond() -> String {
    String::from_iter([ESCAPE, ESCAPE])
}
