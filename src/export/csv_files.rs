//! Users and friendships of a state as CSV, with the columns that an import reads, by id: equal
//! graphs give equal files.
//!
//! Archived users are left out: they have neither a handle nor friends. So are requests, blocks, and
//! all history.

use std::{io::Write, sync::Arc};

use anyhow::{Context, Result};
use csv::Writer;

use crate::domain::{Name, Pair, PairState, State, User, UserId, UserState};

/// Writes the users; gives their number.
///
/// # Errors
/// If `to` cannot be written.
pub fn users(state: &State, to: &mut impl Write) -> Result<u64> {
    let rows = users_by_id(state).into_iter().map(|user| {
        let profile = &user.profile;
        [
            profile.handle.as_str().to_owned(),
            profile.first_name.as_str().to_owned(),
            profile
                .last_name
                .as_ref()
                .map_or("", Name::as_str)
                .to_owned(),
            user.id.to_string(),
            user.state.as_str().to_owned(),
        ]
    });
    write(
        to,
        ["handle", "firstName", "lastName", "uuid", "state"],
        rows,
    )
}

/// Writes each friendship once; gives their number.
///
/// # Errors
/// If `to` cannot be written.
pub fn friendships(state: &State, to: &mut impl Write) -> Result<u64> {
    let handle = |id: UserId| {
        let user = state.user(id).map(|user| user.profile.handle.as_str());
        user.unwrap_or_default().to_owned()
    };
    let is_friendship = |pair: &Pair| matches!(state.pair(*pair), PairState::Friends { .. });
    let rows = users_by_id(state).into_iter().flat_map(|user| {
        let mut pairs = state.pairs_of(user.id);
        pairs.retain(|pair| pair.low() == user.id && is_friendship(pair));
        pairs.sort_unstable();
        pairs
            .into_iter()
            .map(|pair| [handle(pair.low()), handle(pair.high())])
    });
    write(to, ["from", "to"], rows)
}

fn users_by_id(state: &State) -> Vec<&Arc<User>> {
    let users = state.users();
    let mut users: Vec<_> = users
        .filter(|user| user.state != UserState::Archived)
        .collect();
    users.sort_unstable_by_key(|user| user.id);
    users
}

fn write<const N: usize>(
    to: &mut impl Write,
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<u64> {
    let mut csv = Writer::from_writer(to);
    let mut count = 0;
    csv.write_record(header).context(UNWRITTEN)?;
    for row in rows {
        csv.write_record(row).context(UNWRITTEN)?;
        count += 1;
    }
    csv.flush().context(UNWRITTEN)?;
    Ok(count)
}

const UNWRITTEN: &str = "the export cannot be written";
