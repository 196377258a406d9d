//! Users and moments in snapshots: what those of a graph and of the write model have in common.

use std::io;

use crate::{
    domain::{Field, Handle, LogTime, Moment, Name, Profile, User, UserId, UserState},
    judge::{RecordId, Recorded},
    snapshot::{Reader, SnapshotError, Writer},
};

/// Why a snapshot that is whole is not used all the same.
pub const BAD: SnapshotError = SnapshotError::Unreadable("what stands in it does not fit together");

/// Writes the last record.
///
/// # Errors
/// If the file cannot be written.
pub fn recorded(to: &mut Writer, last: Option<Recorded>) -> io::Result<()> {
    let (position, id) = last.map_or_else(Default::default, |last| (last.position, last.id.0));
    to.u64(position)?;
    to.uuid(id)
}

/// Reads the last record.
///
/// # Errors
/// If the file cannot be read.
pub fn read_recorded(from: &mut Reader) -> Result<Option<Recorded>, SnapshotError> {
    let (position, id) = (from.u64()?, RecordId(from.uuid()?));
    Ok((position > 0).then_some(Recorded { position, id }))
}

/// Writes a version of a user.
///
/// # Errors
/// If the file cannot be written.
pub fn user(to: &mut Writer, user: &User) -> io::Result<()> {
    to.uuid(user.id.0)?;
    to.text(user.profile.handle.as_str())?;
    to.text(user.profile.first_name.as_str())?;
    let last_name = user.profile.last_name.as_ref();
    // No name is empty.
    to.text(last_name.map_or("", Name::as_str))?;
    to.text(user.state.as_str())?;
    to.i64(user.created_at.0)?;
    moment(to, user.from)
}

/// Reads a version of a user.
///
/// # Errors
/// If the file cannot be read, or holds something else.
pub fn read_user(from: &mut Reader) -> Result<User, SnapshotError> {
    let name = |text: &str, field| Name::recorded(text, field).map_err(|_| BAD);
    Ok(User {
        id: UserId(from.uuid()?),
        profile: Profile {
            handle: Handle::parse(&from.text()?).map_err(|_| BAD)?,
            first_name: name(&from.text()?, Field::FirstName)?,
            last_name: match from.text()?.as_str() {
                "" => None,
                text => Some(name(text, Field::LastName)?),
            },
        },
        state: UserState::parse(&from.text()?).ok_or(BAD)?,
        created_at: LogTime(from.i64()?),
        from: read_moment(from)?,
    })
}

/// Writes a moment.
///
/// # Errors
/// If the file cannot be written.
pub fn moment(to: &mut Writer, moment: Moment) -> io::Result<()> {
    to.u64(moment.position)?;
    to.i64(moment.time.0)
}

/// Reads a moment.
///
/// # Errors
/// If the file cannot be read.
pub fn read_moment(from: &mut Reader) -> Result<Moment, SnapshotError> {
    Ok(Moment {
        position: from.u64()?,
        time: LogTime(from.i64()?),
    })
}
