//! What a node does beside replaying the log: answers callers, projects, or both.

use std::str::FromStr;

/// The roles of a node; at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Serves GraphQL and the playground.
    pub api: bool,
    /// Projects the log into the graph.
    pub projector: bool,
}

impl Roles {
    /// Both roles.
    pub const ALL: Self = Self {
        api: true,
        projector: true,
    };
}

impl FromStr for Roles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut roles = Self {
            api: false,
            projector: false,
        };
        for role in text.split(',').map(str::trim) {
            match role {
                "api" => roles.api = true,
                "projector" => roles.projector = true,
                other => {
                    return Err(format!(
                        "{other:?} is no role: write `api`, `projector`, or `api,projector`"
                    ));
                }
            }
        }
        Ok(roles)
    }
}
