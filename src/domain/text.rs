//! Folding of text for sorting and searching: the same on every graph, because we do it ourselves.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Lower case, without accents: the form in which names are compared.
#[must_use]
pub fn fold_text(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}
