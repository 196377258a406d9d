//! Scalars: times, positions and whole numbers beyond 32 bits.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{domain::LogTime, event_log::record::time_text, judge::LogId};

use super::error::Code;

/// A moment, as RFC 3339 text in UTC with milliseconds, such as `2018-11-21T09:30:00.250Z`: all have one
/// width, so that they sort as text. Times are log time: they never go back along the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DateTime(pub(super) LogTime);

#[Scalar(name = "DateTime")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        let time: Timestamp = text.parse()?;
        Ok(Self(LogTime(time.as_millisecond())))
    }

    fn to_value(&self) -> Value {
        Value::String(time_text(self.0))
    }
}

/// The largest whole number that every JSON reader keeps: 53 bits.
pub(super) const MAX_LONG: u64 = (1 << 53) - 1;

/// A whole number of up to 53 bits, as a JSON number: what `Int` is too small for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Long(pub(super) u64);

#[Scalar(name = "Long")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => match number.as_u64() {
                Some(number) => Ok(Self(number)),
                None => Err("a whole number from 0 on is wanted".into()),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.min(MAX_LONG).into())
    }
}

/// A place in the log, as an opaque text. Every mutation returns one; give it back as `atLeast` or in
/// the header `foaf-at-least`, on any node, to read no older state than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The log that it is a place in.
    pub log_id: LogId,
    /// How many log positions lie before it.
    pub position: u64,
}

impl Position {
    /// The token.
    #[must_use]
    pub fn to_token(self) -> String {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(self.log_id.0.as_bytes());
        bytes[16..].copy_from_slice(&self.position.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position of a token, if it is one.
    #[must_use]
    pub fn parse_token(token: &str) -> Option<Self> {
        let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
        let (log_id, position) = bytes.split_first_chunk::<16>()?;
        Some(Self {
            log_id: LogId(Uuid::from_bytes(*log_id)),
            position: u64::from_be_bytes(position.try_into().ok()?),
        })
    }
}

#[Scalar(name = "Position")]
impl ScalarType for Position {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        Self::parse_token(text).ok_or_else(|| {
            InputValueError::custom(
                "not a position: pass on what a mutation or `foaf-position` gave",
            )
            .with_extension("code", Code::PositionUnknown.as_str())
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_token())
    }
}
