//! CSV files with headers: `handle,firstName[,lastName][,uuid][,state]` for users, `from,to` (handles)
//! for friendships.

use anyhow::{Context, Result, bail};
use csv::{ByteRecord, Reader, ReaderBuilder, Trim};

use crate::domain::{Field, Handle, Name, Profile, Rejection, UserId, UserState};

use super::{Ids, Input, NewFriendship, NewUser, Person, Refusals, lines::Lines};

/// The most bytes of a line.
const MAX_LINE_BYTES: usize = 1 << 24;

const USER_COLUMNS: [&str; 2] = ["handle", "firstName"];
const OPTIONAL: [&str; 3] = ["lastName", "uuid", "state"];
const FRIENDSHIP_COLUMNS: [&str; 2] = ["from", "to"];

/// Which columns are read, and which are not.
pub(super) fn columns(users: Option<&Input>, friendships: Option<&Input>) -> Result<Vec<String>> {
    let users = users.map(|users| (users, USER_COLUMNS, &OPTIONAL[..]));
    let friendships = friendships.map(|friendships| (friendships, FRIENDSHIP_COLUMNS, &[][..]));
    let tables = users.into_iter().chain(friendships);
    let columns = tables.map(|(input, wanted, optional)| {
        let Table { name, headers, .. } = Table::open(input, wanted)?;
        let is_read = |header: &String| [&wanted[..], optional].concat().contains(&&**header);
        let (read, other): (Vec<_>, Vec<_>) = headers.into_iter().partition(is_read);
        let read = read.join(", ");
        Ok(match &*other {
            [] => format!("{read} of {name}"),
            other => format!("{read} of {name}, but not {}", other.join(", ")),
        })
    });
    columns.collect()
}

pub(super) fn users(name: &str, input: &Input, refused: &mut Refusals) -> Result<Vec<NewUser>> {
    let mut table = Table::open(input, USER_COLUMNS)?;
    let optional = OPTIONAL.map(|name| table.column(name));
    let mut users = Vec::new();
    while let Some(line) = table.next()? {
        match user(name, line, &table, optional) {
            Ok(user) => users.push(user),
            Err(reason) => refused.add(&table.name, line, reason)?,
        }
    }
    Ok(users)
}

pub(super) fn friendships(input: &Input) -> Result<impl Iterator<Item = Result<super::Row>>> {
    let mut table = Table::open(input, FRIENDSHIP_COLUMNS)?;
    Ok(std::iter::from_fn(move || {
        let line = table.next().transpose()?;
        Some(line.map(|line| friendship(line, &table).map_err(|reason| (line, reason))))
    }))
}

fn user(
    name: &str,
    line: u64,
    table: &Table,
    optional: [Option<usize>; 3],
) -> Result<NewUser, String> {
    let handle = table.handle(0)?;
    // An empty field is an absent one.
    let mut texts = [None; 3];
    for (text, column) in texts.iter_mut().zip(optional) {
        let given = column.map(|column| table.text(column)).transpose()?;
        *text = given.filter(|given| !given.is_empty());
    }
    let [last_name, uuid, state] = texts;
    let id = match uuid {
        Some(uuid) => uuid
            .parse()
            .map_err(|_| format!("uuid: {uuid:?} is not a UUID"))?,
        None => id_of(name, &handle),
    };
    let state = match state.map(|state| (state, UserState::parse(state))) {
        None => UserState::Active,
        Some((_, Some(state))) if state != UserState::Archived => state,
        Some((state, _)) => {
            return Err(format!(
                "state: {state:?} is not one to import: ACTIVE, PENDING or SUSPENDED"
            ));
        }
    };
    let last_name = last_name.map(|text| Name::parse(text, Field::LastName));
    Ok(NewUser {
        line,
        id,
        profile: Profile {
            first_name: Name::parse(table.text(table.columns[1])?, Field::FirstName)
                .map_err(explain)?,
            handle,
            last_name: last_name.transpose().map_err(explain)?,
        },
        state,
        by_handle: uuid.is_none(),
    })
}

/// The same file gives the same ids again, on any log.
fn id_of(name: &str, handle: &Handle) -> UserId {
    let hash = blake3::hash(handle.as_str().as_bytes());
    let (low, _) = hash.as_bytes().split_first_chunk::<8>().expect("32 bytes");
    UserId(Ids::of(name).uuid(u64::from_be_bytes(*low)))
}

fn friendship(line: u64, table: &Table) -> Result<NewFriendship, String> {
    let (from, to) = (table.handle(0)?, table.handle(1)?);
    if from == to {
        return Err(format!("{:?} cannot be a friend of itself", from.as_str()));
    }
    Ok(NewFriendship {
        line,
        from: Person::Handle(from),
        to: Person::Handle(to),
    })
}

fn explain(refusal: Rejection) -> String {
    format!("{}: {}", refusal.field.as_str(), refusal.message())
}

/// A CSV file, row by row.
struct Table {
    name: String,
    reader: Reader<Lines>,
    headers: Vec<String>,
    /// Where the columns are that every row needs.
    columns: [usize; 2],
    /// Whether spaces around a text belong to it: so they do in an export, which has ids.
    is_exact: bool,
    row: ByteRecord,
    /// What is wrong with the row as a whole.
    fault: Option<String>,
}

impl Table {
    fn open(input: &Input, wanted: [&str; 2]) -> Result<Self> {
        let name = input.name();
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .trim(Trim::Headers)
            .from_reader(Lines::new(input.open()?, MAX_LINE_BYTES));
        let headers = reader.headers().cloned();
        let line = reader.get_ref().first.unwrap_or(1);
        let headers =
            headers.with_context(|| format!("{name}, line {line}: the header cannot be read"))?;
        let headers: Vec<String> = headers
            .iter()
            .map(|header| header.trim_start_matches('\u{feff}').to_owned())
            .collect();
        if headers.iter().any(|header| header.contains('\n')) {
            bail!("{name}, line {line}: a quote in the header is not closed");
        }
        let repeated = |(place, header): (usize, &String)| headers[..place].contains(header);
        if let Some((_, header)) = headers
            .iter()
            .enumerate()
            .find(|(place, header)| !header.is_empty() && repeated((*place, header)))
        {
            bail!("{name}, line {line}: the column {header:?} is there twice: take one away");
        }
        let mut columns = [0; 2];
        for (column, wanted) in columns.iter_mut().zip(wanted) {
            match headers.iter().position(|header| header == wanted) {
                Some(found) => *column = found,
                None => bail!(
                    "{name}, line {line}: the column {wanted:?} is missing; the header is {:?}",
                    headers.join(",")
                ),
            }
        }
        let row = ByteRecord::new();
        Ok(Self {
            name,
            reader,
            is_exact: headers.iter().any(|header| header == "uuid"),
            headers,
            columns,
            row,
            fault: None,
        })
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.headers.iter().position(|header| header == name)
    }

    /// Goes to the next row and gives its line.
    fn next(&mut self) -> Result<Option<u64>> {
        self.reader.get_mut().first = None;
        let more = self.reader.read_byte_record(&mut self.row);
        // The reader takes no line but those of the row.
        let lines = self.reader.get_ref();
        let next = lines.number + 1;
        let more = more.with_context(|| format!("{}, line {next} cannot be read", self.name))?;
        let line = lines.first.unwrap_or(next);
        self.fault = self.row_fault(lines.number.saturating_sub(line));
        Ok(more.then_some(line))
    }

    /// No value may hold a line break, so one that does has a quote that was not closed; and a field
    /// too many is a comma that needs quotes.
    fn row_fault(&self, swallowed: u64) -> Option<String> {
        let (fields, columns) = (self.row.len(), self.headers.len());
        if self.row.as_slice().contains(&b'\n') {
            Some(format!(
                "a quote is not closed on its line, and {swallowed} more lines were taken for its text"
            ))
        } else if fields > columns {
            Some(format!(
                "{fields} fields for {columns} columns: put a value with a comma in quotes"
            ))
        } else {
            None
        }
    }

    fn text(&self, column: usize) -> Result<&str, String> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let name = &self.headers[column];
        let bytes = self.row.get(column);
        let bytes = bytes.ok_or_else(|| format!("the column {name:?} is missing"))?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| format!("the column {name:?} is not UTF-8 text"))?;
        Ok(if self.is_exact { text } else { text.trim() })
    }

    fn handle(&self, wanted: usize) -> Result<Handle, String> {
        let column = self.columns[wanted];
        let text = self.text(column)?;
        Handle::parse(text)
            .map_err(|refusal| format!("{}: {}", self.headers[column], refusal.message()))
    }
}
