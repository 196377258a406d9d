//! Edge lists as SNAP publishes them: two ids a line, any white space between, `#` before comments.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};

use crate::domain::{Field, Handle, Name, Profile, UserId, UserState};

use super::{Ids, NewFriendship, NewUser, Person, Refusals, Row, file::open, lines::Lines};

/// A line beyond so many bytes is cut off there, and will be refused for what it holds.
const MAX_LINE_BYTES: usize = 1 << 16;

/// Ids fill the low 62 bits of a UUID.
const ID_END: u64 = 1 << 62;

/// The two ends, or why they are none.
type Edge = Result<(u64, u64), String>;

/// Everybody that an edge names, by id, and how many edges there are; refuses what is no edge.
pub(super) fn survey(
    name: &str,
    file: &Path,
    refused: &mut Refusals,
) -> Result<(Vec<NewUser>, u64)> {
    let mut lines = BTreeMap::new();
    let mut count = 0;
    for edge in edges(file)? {
        match edge? {
            (line, Ok((from, to))) => {
                count += 1;
                for id in [from, to] {
                    lines.entry(id).or_insert(line);
                }
            }
            (line, Err(reason)) => refused.add(&file.display().to_string(), line, reason)?,
        }
    }
    let ids = Ids::of(name);
    let mut users = Vec::with_capacity(lines.len());
    for (id, line) in lines {
        match profile(name, id) {
            Ok(profile) => users.push(NewUser {
                line,
                id: UserId(ids.uuid(id)),
                profile,
                state: UserState::Active,
                by_handle: false,
            }),
            Err(reason) => refused.add(&file.display().to_string(), line, reason)?,
        }
    }
    Ok((users, count))
}

/// Every edge, and every line that is none.
pub(super) fn friendships(name: &str, file: &Path) -> Result<impl Iterator<Item = Result<Row>>> {
    let ids = Ids::of(name);
    let row = move |(line, edge): (u64, Edge)| match edge {
        Ok((from, to)) => Ok(NewFriendship {
            line,
            from: Person::Id(UserId(ids.uuid(from))),
            to: Person::Id(UserId(ids.uuid(to))),
        }),
        Err(reason) => Err((line, reason)),
    };
    Ok(edges(file)?.map(move |edge| edge.map(&row)))
}

/// Each line that should be an edge, with its number.
fn edges(file: &Path) -> Result<impl Iterator<Item = Result<(u64, Edge)>>> {
    let mut lines = Lines::new(open(file)?, MAX_LINE_BYTES);
    let mut line = Vec::new();
    Ok(std::iter::from_fn(move || {
        loop {
            let more = lines.next(&mut line).with_context(|| {
                let number = lines.number + 1;
                format!("{}, line {number} cannot be read", file.display())
            });
            match more {
                Err(error) => return Some(Err(error)),
                Ok(None) => return None,
                Ok(Some(_)) => {}
            }
            if let Some(edge) = parse(&line) {
                return Some(Ok((lines.number, edge)));
            }
        }
    }))
}

/// The edge of a line; `None` of a blank line or a comment.
fn parse(line: &[u8]) -> Option<Edge> {
    let Ok(text) = std::str::from_utf8(line) else {
        return Some(Err("not UTF-8 text".to_owned()));
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    let mut words = text.split_whitespace();
    let (Some(from), Some(to), None) = (words.next(), words.next(), words.next()) else {
        let count = text.split_whitespace().count();
        return Some(Err(format!("two ids are wanted, not {count}")));
    };
    Some(id(from).and_then(|from| {
        let to = id(to)?;
        if from == to {
            return Err(format!("{from} cannot be a friend of itself"));
        }
        Ok((from, to))
    }))
}

fn id(word: &str) -> Result<u64, String> {
    match word.parse() {
        Ok(id) if id < ID_END => Ok(id),
        _ => {
            let word: String = word.chars().take(40).collect();
            Err(format!("{word:?} is not a whole number from 0 to 2^62 - 1"))
        }
    }
}

fn profile(name: &str, id: u64) -> Result<Profile, String> {
    let refusal = |refusal: crate::domain::Rejection| refusal.message().to_owned();
    Ok(Profile {
        handle: Handle::parse(&format!("{name}-{id}")).map_err(refusal)?,
        first_name: Name::parse(&id.to_string(), Field::FirstName).map_err(refusal)?,
        last_name: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        for (line, expected) in [
            (&b"1 2"[..], Some(Ok((1, 2)))),
            (b"  3\t 4 \r\n", Some(Ok((3, 4)))),
            (b"\xef\xbb\xbf5 6", Some(Ok((5, 6)))),
            (b"# 1 2", None),
            (b" \r\n", None),
            (b"7", Some(Err("two ids are wanted, not 1".to_owned()))),
            (b"1 2 3", Some(Err("two ids are wanted, not 3".to_owned()))),
            (
                b"8 8",
                Some(Err("8 cannot be a friend of itself".to_owned())),
            ),
            (b"\xff 1", Some(Err("not UTF-8 text".to_owned()))),
        ] {
            assert_eq!(parse(line), expected, "{line:?}");
        }
        for word in ["one", "-1", "4611686018427387904", "1.5"] {
            let edge = parse(format!("1 {word}").as_bytes()).expect("a line");
            assert!(edge.is_err_and(|reason| reason.contains(word)), "{word}");
        }
    }

    #[test]
    fn the_order_of_ids_is_the_order_of_numbers() {
        let ids = [0, 1, 9, 10, 6_597_069_766_746, ID_END - 1].map(|n| Ids::of("karate").uuid(n));
        assert!(ids.is_sorted());
        assert_eq!(ids[0].get_version_num(), 8);
    }
}
