//! Edge lists as SNAP publishes them: two ids a line, any white space between, `#` before comments;
//! or laid out otherwise, as a [`Layout`] says.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};

use crate::domain::{Field, Handle, Name, Profile, UserId, UserState};

use super::{
    Ids, NewFriendship, NewUser, Person, Refusals, Row, Survey, file::open, lines::Lines,
    shape::Shape,
};

/// A line beyond so many bytes is cut off there, and will be refused for what it holds.
const MAX_LINE_BYTES: usize = 1 << 20;

/// Ids fill the low 62 bits of a UUID.
const ID_END: u64 = 1 << 62;

/// The two ends, or why they are none.
pub(super) type Edge = Result<(u64, u64), String>;

/// How an edge list is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// In which columns the ids are, from 1 on; `None` if there are two columns and no more.
    pub columns: Option<[usize; 2]>,
    /// What is between two columns; `None` for any white space.
    pub separator: Option<char>,
    /// What a comment begins with.
    pub comment: String,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            columns: None,
            separator: None,
            comment: "#".to_owned(),
        }
    }
}

impl Layout {
    pub(super) fn words<'a>(&self, text: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        let separator = self.separator;
        let is_between = move |c: char| separator.map_or(c.is_whitespace(), |s| s == c);
        let words = text.split(is_between).map(str::trim);
        words.filter(move |word| separator.is_some() || !word.is_empty())
    }

    /// The edge of a line; `None` of a blank line or a comment.
    fn parse(&self, line: &[u8]) -> Option<Edge> {
        let Ok(text) = std::str::from_utf8(line) else {
            return Some(Err("not UTF-8 text".to_owned()));
        };
        let text = text.trim_start_matches('\u{feff}');
        let trimmed = text.trim_start();
        if trimmed.is_empty() || trimmed.starts_with(&self.comment) {
            return None;
        }
        Some(self.ends(text).and_then(|(from, to)| {
            let (from, to) = (id(from)?, id(to)?);
            if from == to {
                return Err(format!("{from} cannot be a friend of itself"));
            }
            Ok((from, to))
        }))
    }

    fn ends<'a>(&self, text: &'a str) -> Result<(&'a str, &'a str), String> {
        let count = || self.words(text).count();
        if let Some([from, to]) = self.columns {
            let word = |column| {
                let word = self.words(text).nth(column - 1);
                word.ok_or_else(|| format!("column {column} is wanted, and there are {}", count()))
            };
            return Ok((word(from)?, word(to)?));
        }
        let mut words = self.words(text);
        match (words.next(), words.next(), words.next()) {
            (Some(from), Some(to), None) => Ok((from, to)),
            (.., None) => Err(format!("two ids are wanted, not {}", count())),
            _ => Err(format!(
                "two ids are wanted, not {}: say --columns 1,2 if these are the ids of each line",
                count()
            )),
        }
    }

    /// What is read as ids, and what is passed over.
    pub(super) fn describe(&self) -> String {
        let columns = match self.columns {
            None => "two and no more".to_owned(),
            Some([from, to]) => format!("{from} and {to}"),
        };
        let separator = match self.separator {
            None => "white space".to_owned(),
            Some(separator) => format!("{separator:?}"),
        };
        format!(
            "{columns}, {separator} between, {:?} before comments",
            self.comment
        )
    }
}

/// Everybody that an edge names, by id, and how many edges there are; refuses what is no edge.
///
/// # Errors
/// If the file cannot be read, or is another than an edge list.
pub(super) fn survey(name: &str, file: &Path, layout: &Layout) -> Result<Survey> {
    let mut refused = Refusals::default();
    let place = file.display().to_string();
    let mut lines = BTreeMap::new();
    let mut count = 0;
    let mut shape = Shape::new(layout);
    let mut reader = Reader::open(file, layout)?;
    let mut too_many = None;
    let another = |(line, what)| anyhow!("{place}, line {line}: {what}");
    while let Some((line, edge)) = reader.next()? {
        let seen = shape.see(line, &reader.line, edge.as_ref());
        seen.map_err(|what| another((line, what)))?;
        match edge {
            Some(Ok((from, to))) => {
                count += 1;
                for id in [from, to] {
                    lines.entry(id).or_insert(line);
                }
            }
            // Why so many are refused is known at the end.
            Some(Err(reason)) if too_many.is_none() => {
                too_many = refused.add(&place, line, reason).err();
            }
            _ => {}
        }
    }
    shape.verdict().map_err(another)?;
    if let Some(too_many) = too_many {
        return Err(too_many);
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
            Err(reason) => refused.add(&place, line, reason)?,
        }
    }
    Ok(Survey {
        users,
        friendships: count,
        refused,
    })
}

/// Every edge, and every line that is none.
pub(super) fn friendships(
    name: &str,
    file: &Path,
    layout: &Layout,
) -> Result<impl Iterator<Item = Result<Row>>> {
    let ids = Ids::of(name);
    let row = move |line, edge: Edge| match edge {
        Ok((from, to)) => Ok(NewFriendship {
            line,
            from: Person::Id(UserId(ids.uuid(from))),
            to: Person::Id(UserId(ids.uuid(to))),
        }),
        Err(reason) => Err((line, reason)),
    };
    let mut reader = Reader::open(file, layout)?;
    Ok(std::iter::from_fn(move || {
        loop {
            match reader.next().transpose()? {
                Err(error) => return Some(Err(error)),
                Ok((line, Some(edge))) => return Some(Ok(row(line, edge))),
                Ok((_, None)) => {}
            }
        }
    }))
}

/// An edge list, line by line.
struct Reader {
    file: PathBuf,
    layout: Layout,
    lines: Lines,
    line: Vec<u8>,
}

impl Reader {
    fn open(file: &Path, layout: &Layout) -> Result<Self> {
        Ok(Self {
            file: file.to_owned(),
            layout: layout.clone(),
            lines: Lines::new(open(file)?, MAX_LINE_BYTES),
            line: Vec::new(),
        })
    }

    /// The number of the next line, and its edge if it should have one.
    fn next(&mut self) -> Result<Option<(u64, Option<Edge>)>> {
        let more = self.lines.next(&mut self.line).with_context(|| {
            let (file, line) = (self.file.display(), self.lines.number + 1);
            format!("{file}, line {line} cannot be read")
        })?;
        Ok(more.map(|_| (self.lines.number, self.layout.parse(&self.line))))
    }
}

/// Enough of a text to know it by.
pub(super) fn start(text: &str) -> String {
    text.chars().take(40).collect()
}

fn id(word: &str) -> Result<u64, String> {
    match word.parse() {
        Ok(id) if id < ID_END => Ok(id),
        _ => Err(format!(
            "{:?} is not a whole number from 0 to 2^62 - 1",
            start(word)
        )),
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
        let layout = Layout::default();
        let parse = |line: &[u8]| layout.parse(line);
        for (line, expected) in [
            (&b"1 2"[..], Some(Ok((1, 2)))),
            (b"  3\t 4 \r\n", Some(Ok((3, 4)))),
            (b"\xef\xbb\xbf5 6", Some(Ok((5, 6)))),
            (b"# 1 2", None),
            (b" \r\n", None),
            (b"7", Some(Err("two ids are wanted, not 1".to_owned()))),
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
