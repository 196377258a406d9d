//! Everything that the database holds, listed, mended and taken out.
//!
//! Must never take for sound what `project` would not have written to the letter.

use neo4rs::{BoltType, Error, Txn, query};

use super::{
    client::{Client, field, single},
    cypher::{
        WRITES,
        content::{CLEAR, LISTS, TAKE_EDGES, TAKE_NODES, UNSET},
    },
    project::{Failure, send},
    rows::{UserRow, edge_row, int, list, past_user_row, user_row},
};
use crate::{
    domain::{Edge, EdgeKind, LogTime, Moment},
    graph::{
        Answer, GraphError, Read, Slice,
        content::{Content, Held, Item, Key, Mend, Part, Properties},
    },
    judge::LogId,
};

impl Client {
    pub(super) async fn content(
        &self,
        part: Part,
        after: Option<&Key>,
        limit: usize,
    ) -> Answer<Slice<Item>> {
        let texts = &LISTS[part as usize];
        if let (None, Some(text)) = (after, &texts.stray) {
            let question = query(text).param("limit", int(limit));
            let strays = self
                .ask(question, |row| Ok(items(part, field(row, "rows")?)))
                .await?;
            if !strays.value.is_empty() {
                return Ok(Read {
                    position: strays.position,
                    value: Slice {
                        items: strays.value,
                        more: true,
                        total: None,
                    },
                });
            }
        }
        let key = after.cloned().unwrap_or_default();
        let after = vec![
            key.id.into(),
            key.other.into(),
            key.kind.into(),
            key.position.into(),
        ];
        let question = query(&texts.proper)
            .param("after", list(after))
            .param("limit", int(limit.saturating_add(1)));
        self.ask(question, |row| {
            let mut items = items(part, field(row, "rows")?);
            let more = items.len() > limit;
            if more {
                // The last key may go on beyond this page: it is left to the next, unless it is all.
                let last = items[limit].key.clone();
                let whole = items.partition_point(|item| item.key < last);
                items.truncate(if whole > 0 { whole } else { limit });
            }
            Ok(Slice {
                items,
                more,
                total: None,
            })
        })
        .await
    }

    /// Takes out up to `limit` items.
    pub(super) async fn clear(&self, of: LogId, limit: usize) -> Result<u64, GraphError> {
        let log_id = of.0.to_string();
        let unset = query(UNSET).param("logId", log_id.as_str());
        let row = self.write_one(unset).await?;
        match field::<Option<&str>>(&row, "logId")? {
            Some(found) if found == log_id => {}
            None if !field::<bool>(&row, "filled")? => return Ok(0),
            Some(found) => {
                return Err(GraphError::Unusable(format!(
                    "it was projected from another log ({found}) than the one that it is to be emptied for ({log_id})"
                )));
            }
            None => {
                let strange =
                    "it has users but no cursor: foaf has not written it, and does not empty it";
                return Err(GraphError::Unusable(strange.to_owned()));
            }
        }
        for text in CLEAR.iter() {
            let row = self
                .write_one(query(text).param("limit", int(limit)))
                .await?;
            let taken = field(&row, "n")?;
            if taken > 0 {
                return Ok(taken);
            }
        }
        Ok(0)
    }
}

fn items(part: Part, rows: Vec<Row>) -> Vec<Item> {
    rows.into_iter().map(|row| row.item(part)).collect()
}

/// Id, other, kind and position of the key; place; whether ACTIVE; the properties.
#[derive(serde::Deserialize)]
struct Row(String, String, String, i64, String, bool, Vec<BoltType>);

const USER: [&str; 10] = [
    "id",
    "handle",
    "firstName",
    "lastName",
    "state",
    "createdAt",
    "from",
    "since",
    "sortName",
    "sortKey",
];
const PAST_USER: [&str; 10] = [
    "id",
    "handle",
    "firstName",
    "lastName",
    "state",
    "createdAt",
    "from",
    "since",
    "to",
    "until",
];
const EDGE: [&str; 6] = ["id", "other", "since", "from", "until", "to"];

impl Row {
    fn item(self, part: Part) -> Item {
        let Self(id, other, kind, position, place, is_active, values) = self;
        let key = Key {
            id,
            other,
            kind,
            position,
        };
        let held = match sound(part, &key, is_active, &values) {
            Some(content) => Held::Sound(content),
            None => Held::Odd(properties(part, is_active, &values)),
        };
        Item { key, place, held }
    }
}

/// What the properties say, if they say it as `project` would.
fn sound(part: Part, key: &Key, is_active: bool, values: &[BoltType]) -> Option<Content> {
    let content = match part {
        Part::Users => Content::User(user(values)?.into(), None),
        Part::PastUsers => Content::User(user(values)?.into(), Some(moment(values, 8, 9)?)),
        Part::Edges => {
            let kinds = [EdgeKind::Friend, EdgeKind::Requested, EdgeKind::Blocked];
            let is_past = values.len() > 4;
            let edge = Edge {
                kind: kinds
                    .into_iter()
                    .find(|kind| Content::kind(*kind, is_past) == key.kind)?,
                from: key.id.parse().ok()?,
                to: key.other.parse().ok()?,
                opened: moment(values, 3, 2)?,
            };
            let ended = if is_past {
                Some(moment(values, 5, 4)?)
            } else {
                None
            };
            Content::Edge(edge, ended)
        }
    };
    let (written, active) = match &content {
        Content::User(user, None) => (user_row(user), user.state.as_str() == "ACTIVE"),
        Content::User(user, Some(ended)) => (past_user_row(user, *ended), false),
        Content::Edge(edge, ended) => (edge_row(edge, *ended), false),
    };
    (written == values && active == is_active && content.key() == *key).then_some(content)
}

fn user(values: &[BoltType]) -> Option<crate::domain::User> {
    let text = |index: usize| match values.get(index) {
        Some(BoltType::String(text)) => Some(text.value.as_str()),
        _ => None,
    };
    let from = integer(values, 6)?.try_into().ok();
    let times = (integer(values, 5), integer(values, 7));
    UserRow(
        text(0)?,
        text(1),
        text(2),
        text(3),
        text(4),
        times.0,
        from,
        times.1,
    )
    .parse()
}

fn moment(values: &[BoltType], position: usize, time: usize) -> Option<Moment> {
    Some(Moment {
        position: integer(values, position)?.try_into().ok()?,
        time: LogTime(integer(values, time)?),
    })
}

fn integer(values: &[BoltType], index: usize) -> Option<i64> {
    match values.get(index) {
        Some(BoltType::Integer(number)) => Some(number.value),
        _ => None,
    }
}

/// Every property, in the order of [`Content::properties`], then what only this adapter has.
fn properties(part: Part, is_active: bool, values: &[BoltType]) -> Properties {
    let names: &[&'static str] = match part {
        Part::Users => &USER,
        Part::PastUsers => &PAST_USER,
        Part::Edges => &EDGE,
    };
    let ends = if part == Part::Edges { 2 } else { 1 };
    let pairs = names.iter().copied().zip(values).skip(ends);
    let mut properties: Properties = pairs.map(|(name, value)| (name, text(value))).collect();
    if part == Part::Users {
        properties.push(("label Active", is_active.to_string()));
    }
    properties
}

fn text(value: &BoltType) -> String {
    match value {
        BoltType::String(text) => format!("{:?}", text.value),
        BoltType::Integer(number) => number.value.to_string(),
        BoltType::Boolean(boolean) => boolean.value.to_string(),
        BoltType::Float(number) => format!("{:?}", number.value),
        BoltType::Null(_) => "null".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Mends, within a transaction that holds the cursor.
pub(super) async fn mend(transaction: &mut Txn, mends: &[Mend]) -> Result<(), Failure> {
    let (mut edges, mut nodes) = (Vec::new(), Vec::new());
    for mend in mends {
        let stays = mend.part == Part::Users && mend.wanted.is_some();
        let places = mend.found.iter().map(|item| item.place.as_str());
        match mend.part {
            Part::Edges => edges.extend(places),
            _ if !stays => nodes.extend(places),
            _ => {}
        }
    }
    take(transaction, TAKE_EDGES, edges).await?;
    take(transaction, TAKE_NODES, nodes).await?;
    let mut writes: Vec<(&str, Vec<Vec<BoltType>>)> = Vec::new();
    for part in Part::ALL {
        for mend in mends.iter().filter(|mend| mend.part == part) {
            let Some(wanted) = &mend.wanted else { continue };
            let (text, row) = put(wanted, !mend.found.is_empty());
            match writes.iter_mut().find(|write| write.0 == text) {
                Some(write) => write.1.push(row),
                None => writes.push((text, vec![row])),
            }
        }
    }
    for (text, rows) in writes {
        send(transaction, text, rows).await?;
    }
    Ok(())
}

/// The text and the row that write an item.
fn put(wanted: &Content, is_there: bool) -> (&'static str, Vec<BoltType>) {
    let texts = &*WRITES;
    match wanted {
        Content::User(user, None) if is_there => (&texts.change, user_row(user)),
        Content::User(user, None) => (&texts.register, user_row(user)),
        Content::User(user, Some(ended)) => (&texts.retire, past_user_row(user, *ended)),
        Content::Edge(edge, ended) => {
            let [open, _, pass] = &texts.edges[edge.kind as usize];
            let text = if ended.is_some() { pass } else { open };
            (text, edge_row(edge, *ended))
        }
    }
}

/// What is gone already went with its user.
async fn take(transaction: &mut Txn, text: &str, places: Vec<&str>) -> Result<(), Error> {
    if places.is_empty() {
        return Ok(());
    }
    let rows = places.into_iter().map(|place| list(vec![place.into()]));
    let statement = query(text).param("rows", list(rows.collect()));
    single(transaction, statement).await.map(drop)
}
