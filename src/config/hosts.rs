//! The names by which the service may be called: a setting.
//!
//! A leaf.

use std::net::Ipv6Addr;

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
            let address = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
            let is_address = address.is_some_and(|it| it.parse::<Ipv6Addr>().is_ok());
            let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
            let plain = name.trim_end_matches('.');
            let is_name = !plain.is_empty() && plain.chars().all(allowed);
            if is_address || is_name || name == "*" {
                return Ok(plain.to_ascii_lowercase());
            }
            Err(format!(
                "{name:?} is not the name of a host: write whole names without scheme and port, with commas between, or * for any"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_whole_and_plain() {
        let hosts = Hosts::parse(" Foaf.example. ,[::1],10.0.0.1").expect("three");
        for name in ["foaf.example", "[::1]", "10.0.0.1"] {
            assert!(hosts.has(name), "{hosts:?}");
        }
        for bad in [
            "*.example.org",
            ".",
            "http://foaf.example",
            "foaf:8080",
            "a b",
            "[::g]",
        ] {
            let fault = Hosts::parse(bad).expect_err(bad);
            assert!(fault.contains("is not the name of a host"), "{fault}");
        }
        assert!(Hosts::parse("").expect("none").is_empty());
        assert!(Hosts::parse("*").expect("any").is_any());
    }
}
