//! Where a graph and its log differ, one item at a time.

use std::fmt;

use crate::graph::{
    content::{Content, Held, Item, Key, Mend, Part},
    digest::Digest,
};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// What stands under one key is not what the log says.
    Item {
        /// The part.
        part: Part,
        /// The key.
        key: Key,
        /// What the graph has.
        graph: Vec<Item>,
        /// What the log says.
        log: Option<Content>,
    },
    /// The digest that the graph's cursor holds is not that of the log.
    Digest {
        /// That of the graph.
        graph: Digest,
        /// That of the log.
        log: Digest,
    },
}

/// Compares two lists of items of one part, each in the order of keys; in that of the log no two
/// items have the same key.
#[must_use]
pub fn compare(part: Part, graph: &[Item], log: &[Item]) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut found = graph.chunk_by(|a, b| a.key == b.key).peekable();
    let mut wanted = log.iter().peekable();
    loop {
        let keys = [
            found.peek().map(|items| &items[0].key),
            wanted.peek().map(|item| &item.key),
        ];
        let Some(key) = keys.into_iter().flatten().min().cloned() else {
            return differences;
        };
        let graph = found
            .next_if(|items| items[0].key == key)
            .unwrap_or_default();
        let log = wanted.next_if(|item| item.key == key);
        let is_equal = match (graph, log) {
            ([only], Some(log)) => only.held == log.held,
            _ => false,
        };
        if !is_equal {
            differences.push(Difference::Item {
                part,
                key,
                graph: graph.to_vec(),
                log: log.and_then(|item| match &item.held {
                    Held::Sound(content) => Some(content.clone()),
                    Held::Odd(_) => None,
                }),
            });
        }
    }
}

impl Difference {
    /// What must be done to the graph, if anything. A digest is mended with whatever is. What no
    /// projection can have written is taken out only with `foreign`: it may be somebody else's.
    #[must_use]
    pub fn mend(&self, foreign: bool) -> Option<Mend> {
        let Self::Item {
            part, graph, log, ..
        } = self
        else {
            return None;
        };
        let mut found = graph.clone();
        if log.is_none() && !foreign {
            found.retain(|item| matches!(item.held, Held::Sound(_)));
        }
        (log.is_some() || !found.is_empty()).then(|| Mend {
            part: *part,
            found,
            wanted: log.clone(),
        })
    }

    /// Whether [`Self::mend`] leaves something unless it is told about `foreign`.
    fn is_foreign(&self) -> bool {
        match self {
            Self::Item {
                graph, log: None, ..
            } => graph.iter().any(|item| matches!(item.held, Held::Odd(_))),
            _ => false,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (part, key, graph, log) = match self {
            Self::Digest { graph, log } => {
                return write!(f, "cursor: digest: the graph says {graph}, the log {log}");
            }
            Self::Item {
                part,
                key,
                graph,
                log,
            } => (part, key, graph, log),
        };
        if *part == Part::PastUsers {
            f.write_str("past version of ")?;
        }
        write!(f, "{key}: ")?;
        match (graph.as_slice(), log) {
            ([], _) => f.write_str("missing in the graph"),
            ([_], None) if self.is_foreign() => {
                f.write_str("not in the log, nor such as foaf writes (--delete-foreign)")
            }
            ([_], None) => f.write_str("not in the log"),
            (copies, None) => write!(f, "not in the log, {} times in the graph", copies.len()),
            ([item], Some(content)) => {
                let wanted = content.properties();
                let differing = item.properties().into_iter().filter_map(|(name, value)| {
                    let wanted = wanted.iter().find(|(other, _)| *other == name);
                    match wanted {
                        Some((_, wanted)) if *wanted == value => None,
                        Some((_, wanted)) => {
                            Some(format!("{name}: the graph says {value}, the log {wanted}"))
                        }
                        // What an adapter has beside, to find or sort by.
                        None => None,
                    }
                });
                let differing: Vec<String> = differing.collect();
                if differing.is_empty() {
                    f.write_str("what the graph derives from it (label, sort key) is wrong")
                } else {
                    f.write_str(&differing.join("; "))
                }
            }
            (copies, Some(_)) => write!(f, "{} times in the graph", copies.len()),
        }
    }
}
