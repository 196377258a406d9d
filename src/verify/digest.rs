//! The digest of what a graph holds, computed anew from its content.

use crate::graph::{
    Graph, GraphError, Read,
    content::{Held, Part},
    digest::Digest,
};

/// How many items are read at once.
const PAGE: usize = 1_000;

/// The digest of everything in a graph, which is the cursor's if all is well; `None` if the graph moved
/// on meanwhile. Reads in pages, and holds nobody up.
///
/// # Errors
/// [`GraphError`] as for any read.
pub async fn content_digest(graph: &dyn Graph) -> Result<Option<Read<Digest>>, GraphError> {
    let mut digest = Digest::default();
    let mut at = None;
    for part in Part::ALL {
        let mut after = None;
        loop {
            let page = graph.content(part, after.as_ref(), PAGE).await?;
            if *at.get_or_insert(page.position) != page.position {
                return Ok(None);
            }
            for item in &page.value.items {
                match &item.held {
                    Held::Sound(content) => content.add_to(&mut digest),
                    // No digest of a log, whatever else is there.
                    Held::Odd(_) => digest.0 = digest.0.wrapping_add(1),
                }
            }
            after = page
                .value
                .items
                .last()
                .filter(|_| page.value.more)
                .map(|item| item.key.clone());
            if after.is_none() {
                break;
            }
            // Others come first.
            tokio::task::yield_now().await;
        }
    }
    Ok(at.map(|position| Read {
        position,
        value: digest,
    }))
}
