//! The names by which the service may be called: a setting.
//!
//! A leaf.

/// Names of hosts, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Reads names with commas between; `*` stands for any.
    ///
    /// # Errors
    /// What is wrong with the first that is no name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let check = |name: &str| {
            let is_address = name.starts_with('[') && name.ends_with(']');
            let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_*".contains(c);
            if is_address || name.chars().all(allowed) {
                return Ok(name.trim_end_matches('.').to_ascii_lowercase());
            }
            Err(format!(
                "{name:?} is not the name of a host: write names without scheme and port, with commas between"
            ))
        };
        names.map(check).collect::<Result<_, _>>().map(Self)
    }

    /// Whether none is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any name will do.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.has("*")
    }

    /// Whether this one is named.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|one| one == name)
    }
}
