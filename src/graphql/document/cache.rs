//! Documents that were validated before, by their text.
//!
//! Bounded in bytes. Documents that are asked for again are kept before those that came once, so a
//! flood of new texts does not push out what is in use (S3-FIFO, as `quick_cache` has it). Refused
//! documents are never in it.

use std::sync::{Arc, OnceLock};

use apollo_compiler::Name;
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter, sync};

use crate::graphql::plan::Plan;

use super::Document;

/// How many bytes the documents may take.
const MAX_BYTES: u64 = 32 << 20;
/// What a document takes in memory for each byte of its text; measured: 46 with all below.
const BYTES_A_BYTE: u64 = 60;
/// What each field of its merged tree takes: a short text can spread a fragment many times.
const BYTES_A_FIELD: u64 = 400;
/// What a document takes beside.
const BYTES_A_DOCUMENT: u64 = 2_048;
/// In how many parts, each with a lock. The longest document has to fit into one.
const SHARDS: usize = 4;
/// How many documents of the usual length there is room for.
const USUAL_DOCUMENTS: usize = 1_024;

/// The cache of documents.
pub(in crate::graphql) struct Cache(sync::Cache<Arc<str>, Arc<Document>, ByBytes>);

#[derive(Clone)]
struct ByBytes;

impl Weighter<Arc<str>, Arc<Document>> for ByBytes {
    fn weight(&self, text: &Arc<str>, document: &Arc<Document>) -> u64 {
        BYTES_A_DOCUMENT + BYTES_A_BYTE * text.len() as u64 + BYTES_A_FIELD * document.fields
    }
}

impl Default for Cache {
    fn default() -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(USUAL_DOCUMENTS)
            .weight_capacity(MAX_BYTES)
            .shards(SHARDS)
            .build()
            .expect("capacities are given");
        Self(sync::Cache::with_options(
            options,
            ByBytes,
            DefaultHashBuilder::default(),
            sync::DefaultLifecycle::default(),
        ))
    }
}

impl Cache {
    /// The document of that text, made by `make` unless it is known.
    ///
    /// # Errors
    /// Those of `make`; the next request makes it anew.
    pub(in crate::graphql) fn get<E>(
        &self,
        text: &str,
        make: impl FnOnce() -> Result<Document, E>,
    ) -> Result<Arc<Document>, E> {
        if let Some(document) = self.0.get(text) {
            return Ok(document);
        }
        let document = Arc::new(make()?);
        self.0.insert(document.text.clone(), document.clone());
        Ok(document)
    }

    #[cfg(test)]
    fn has(&self, text: &str) -> bool {
        self.0.peek(text).is_some()
    }
}

/// The plans of the operations of one document that do not depend on variables.
#[derive(Default)]
pub(super) struct Plans {
    /// Nearly every document has one operation.
    first: OnceLock<(Option<Name>, Arc<Plan>)>,
}

impl Plans {
    /// The plan of an operation. One that depends on variables is made anew each time.
    pub(super) fn get(&self, operation: Option<&Name>, make: impl FnOnce() -> Plan) -> Arc<Plan> {
        if let Some((name, plan)) = self.first.get()
            && name.as_ref() == operation
        {
            return plan.clone();
        }
        let plan = Arc::new(make());
        if !plan.is_conditional {
            // An error means that another request was first, or that another operation is kept.
            let _ = self.first.set((operation.cloned(), plan.clone()));
        }
        plan
    }
}

#[cfg(test)]
mod tests {
    use crate::{config::Limits, graphql::document::Validator};

    use super::*;

    #[test]
    fn a_flood_of_new_texts_does_not_push_out_what_is_in_use() {
        let cache = Cache::default();
        let validator = Validator::new(&crate::graphql::sdl(), Limits::default());
        let ask = |text: &str| cache.get(text, || validator.validate(text)).map(drop);
        let used = "{ users { totalCount } }";
        for _ in 0..3 {
            ask(used).expect("valid");
        }
        let padding = "#".repeat(4_000);
        for n in 0..1_000 {
            ask(&format!("{{ a{n}: __typename }} {padding}")).expect("valid");
            if n % 100 == 0 {
                ask(used).expect("valid");
            }
        }
        assert!(cache.has(used), "it is in use");
        assert!(cache.0.weight() <= MAX_BYTES, "{}", cache.0.weight());
        let kept = (0..1_000).filter(|n| cache.has(&format!("{{ a{n}: __typename }} {padding}")));
        assert!(kept.count() < 200, "there is not room for all");
    }

    #[test]
    fn what_is_refused_is_not_kept() {
        let cache = Cache::default();
        let validator = Validator::new(&crate::graphql::sdl(), Limits::default());
        let text = "{ nonsense }";
        assert!(cache.get(text, || validator.validate(text)).is_err());
        assert!(!cache.has(text) && cache.0.is_empty());
    }
}
