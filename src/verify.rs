//! Log against graph: what the graph holds is compared, item by item, with what the log comes to.
//!
//! Page by page, each at the position that the graph shows at that moment: the shadow follows, so that
//! a graph that is being projected into can be checked all the same. Must never call a difference what
//! is only newer.

pub mod difference;
mod digest;
pub mod watch;

use std::{fmt, sync::Arc};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::{
    event_log::EventLog,
    graph::{
        Cursor, Graph, Projected, Read, Slice,
        content::{Item, Key, Mend, Part},
        digest::Digest,
    },
    shadow::Shadow,
};

pub use difference::{Difference, compare};
pub use digest::content_digest;

/// The most differences that are named.
pub const NAMED: usize = 1_000;
/// How many items a page holds.
const PAGE: usize = 1_000;
/// How often a page that is to be mended is read again because the graph moved on.
const TRIES: u32 = 100;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Projecting the log into a graph beside.
    Projecting,
    /// Comparing the two.
    Comparing,
    /// Taking out what is there.
    Clearing,
}

/// How far a stage has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The stage.
    pub stage: Stage,
    /// How many positions or items are done.
    pub done: u64,
    /// Of how many; 0 if that is not known.
    pub of: u64,
}

/// Is told of the progress.
pub type Show<'a> = &'a (dyn Fn(Step) + Sync);

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The position of the last page.
    pub position: u64,
    /// The digest that the log comes to there.
    pub digest: Digest,
    /// How many items the log comes to.
    pub items: u64,
    /// The first [`NAMED`] differences, in the order of parts and keys.
    pub named: Vec<Difference>,
    /// How many differences there are.
    pub count: u64,
    /// How many of them were mended.
    pub mended: u64,
    /// How many were left when everything was compared once more.
    pub left: u64,
}

/// A check of one graph.
struct Check<'a> {
    shadow: Shadow,
    graph: &'a dyn Graph,
    show: Show<'a>,
}

/// What is done about differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Repair {
    /// They are only told.
    No,
    /// Each is mended, but for what foaf cannot have written and the log does not name.
    Ours,
    /// Each is mended.
    All,
}

/// Compares a graph with its log, and repairs it. `empty` is where the log is projected to.
///
/// # Errors
/// If the graph does not belong to the log, one of the two cannot be read, or the graph does not stand still long enough to be mended.
pub async fn run(
    log: Arc<dyn EventLog>,
    graph: &dyn Graph,
    empty: Arc<dyn Graph>,
    repair: Repair,
    show: Show<'_>,
) -> Result<Report> {
    let Some(cursor) = graph.cursor().await? else {
        bail!(
            "{} shows no position of any log: nothing was projected into it, or it was emptied",
            graph.describe()
        );
    };
    let end = log.end().await?;
    if cursor.position > end {
        bail!(
            "{} shows position {}, but {} ends at {end}: records are lost, restore the log",
            graph.describe(),
            cursor.position,
            log.describe()
        );
    }
    let mut check = Check {
        shadow: Shadow::start(log, empty),
        graph,
        show,
    };
    let log_id = check.shadow.log_id().await?;
    if cursor.log_id != log_id {
        bail!(
            "{} was projected from another log ({}), not from this one ({})",
            graph.describe(),
            cursor.log_id.0,
            log_id.0
        );
    }
    check.follow(cursor.position).await?;
    let mut report = check.whole(repair).await?;
    if report.mended > 0 {
        let again = check.whole(Repair::No).await?;
        report = Report {
            named: report.named,
            count: report.count,
            mended: report.mended,
            left: again.count,
            ..again
        };
    }
    Ok(report)
}

impl Check<'_> {
    async fn whole(&mut self, repair: Repair) -> Result<Report> {
        let mut report = Report::default();
        // First, for whatever is mended brings the digest with it.
        self.cursor(repair, &mut report).await?;
        for part in Part::ALL {
            let mut after = None;
            loop {
                after = self.page(part, after, repair, &mut report).await?;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(report)
    }

    /// Projects the log as far as the graph shows it.
    async fn follow(&mut self, position: u64) -> Result<Cursor> {
        let show = |done| {
            (self.show)(Step {
                stage: Stage::Projecting,
                done,
                of: position,
            });
        };
        self.shadow.advance(position, show).await?;
        let cursor = self.shadow.graph().cursor().await?;
        let cursor = cursor.context("the log has no identity at the position of the graph")?;
        if cursor.position != position {
            bail!(
                "the graph went back from position {} to {position} while it was being compared",
                cursor.position
            );
        }
        Ok(cursor)
    }

    /// Compares a page, and says where the next begins.
    async fn page(
        &mut self,
        part: Part,
        after: Option<Key>,
        repair: Repair,
        report: &mut Report,
    ) -> Result<Option<Key>> {
        for _ in 0..TRIES {
            let found = self.graph.content(part, after.as_ref(), PAGE).await?;
            let at = self.follow(found.position).await?;
            let wanted = self
                .shadow
                .graph()
                .content(part, after.as_ref(), PAGE)
                .await?;
            let (found, wanted, last) = common(found, wanted);
            let differences = compare(part, &found, &wanted);
            if repair != Repair::No && !differences.is_empty() {
                let mends = differences
                    .iter()
                    .filter_map(|it| it.mend(repair == Repair::All));
                let mends: Vec<Mend> = mends.collect();
                if self.graph.mend(&at, &mends).await? != Projected::Done {
                    continue;
                }
                report.mended += mends.len() as u64;
            }
            report.items += wanted.len() as u64;
            report.add(at, differences);
            (self.show)(Step {
                stage: Stage::Comparing,
                done: report.items,
                of: 0,
            });
            return Ok(last);
        }
        bail!(
            "the graph moved on {TRIES} times while a page of it was to be mended: pause who writes"
        )
    }

    /// Compares what the graph says of itself.
    async fn cursor(&mut self, repair: Repair, report: &mut Report) -> Result<()> {
        for _ in 0..TRIES {
            let Some(found) = self.graph.cursor().await? else {
                bail!("the graph was emptied while it was being compared");
            };
            let at = self.follow(found.position).await?;
            let differences = if found.digest == at.digest {
                Vec::new()
            } else {
                vec![Difference::Digest {
                    graph: found.digest,
                    log: at.digest,
                }]
            };
            if repair != Repair::No && !differences.is_empty() {
                if self.graph.mend(&at, &[]).await? != Projected::Done {
                    continue;
                }
                report.mended += 1;
            }
            report.add(at, differences);
            return Ok(());
        }
        bail!(
            "the graph moved on {TRIES} times while its cursor was to be mended: pause who writes"
        )
    }
}

/// What both pages have read, up to the key where the first of them ends; `None` at the end.
fn common(
    found: Read<Slice<Item>>,
    wanted: Read<Slice<Item>>,
) -> (Vec<Item>, Vec<Item>, Option<Key>) {
    let end = |slice: &Slice<Item>| {
        slice
            .items
            .last()
            .filter(|_| slice.more)
            .map(|item| item.key.clone())
    };
    let ends = [end(&found.value), end(&wanted.value)];
    let last = ends.into_iter().flatten().min();
    let cut = |mut items: Vec<Item>| {
        items.retain(|item| last.as_ref().is_none_or(|last| item.key <= *last));
        items
    };
    (cut(found.value.items), cut(wanted.value.items), last)
}

impl Report {
    fn add(&mut self, at: Cursor, differences: Vec<Difference>) {
        self.position = at.position;
        self.digest = at.digest;
        self.count += differences.len() as u64;
        let room = NAMED - self.named.len();
        self.named.extend(differences.into_iter().take(room));
    }

    /// Whether graph and log are the same, now that what could be mended is.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.count == self.mended && self.left == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.named {
            writeln!(f, "{difference}")?;
        }
        let more = self.count - self.named.len() as u64;
        if more > 0 {
            writeln!(f, "… and {more} more")?;
        }
        if self.count > 0 {
            writeln!(f, "differences: {}, mended: {}", self.count, self.mended)?;
        }
        let verdict = match self {
            report if report.is_equal() => "equal".to_owned(),
            report if report.mended > 0 => format!("verified again, {} differ", report.left),
            _ => "different, `foaf verify --repair` mends it".to_owned(),
        };
        write!(
            f,
            "{verdict}; at position {} the log comes to {} items with the digest {}",
            self.position, self.items, self.digest
        )
    }
}
