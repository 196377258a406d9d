//! What may be asked of a user, as a tree that can grow.

use fastrand::Rng;

/// How deep fields may nest, the root's user included.
const MAX_DEPTH: usize = 24;

/// A field of a user.
#[derive(Clone)]
pub(super) enum Asked {
    Leaf,
    /// A page of a list, and what is asked of each of its users.
    Page {
        list: &'static str,
        /// The argument that says how far, if there is one.
        depth: Option<i32>,
        first: i32,
        below: Vec<Asked>,
    },
    Network(i32),
    /// A page of recommendations, and what is asked of those in between.
    Because {
        first: i32,
        of_each: i32,
        below: Vec<Asked>,
    },
}

const LISTS: [(&str, bool); 3] = [
    ("friends", false),
    ("friendsOfFriends", true),
    ("blockedUsers", false),
];

impl Asked {
    pub(super) fn leaf() -> Self {
        Self::Leaf
    }

    fn any(rng: &mut Rng) -> Self {
        let below = vec![Self::Leaf];
        match rng.u8(0..6) {
            0 => Self::Leaf,
            1 => Self::Network(1),
            2 => Self::Because {
                first: 1,
                of_each: 1,
                below,
            },
            _ => {
                let (list, is_walk) = LISTS[rng.usize(..LISTS.len())];
                Self::Page {
                    list,
                    depth: is_walk.then_some(2),
                    first: 1,
                    below,
                }
            }
        }
    }

    /// Asks for more somewhere. Whether that has to cost more: one step further of a walk may be one
    /// that looks at nothing else.
    pub(super) fn grow(&mut self, rng: &mut Rng) -> bool {
        match self {
            Self::Leaf => {
                *self = loop {
                    match Self::any(rng) {
                        Self::Leaf => {}
                        other => break other,
                    }
                };
                true
            }
            Self::Network(depth) => {
                *depth = (*depth + 1).min(6);
                false
            }
            Self::Page {
                depth,
                first,
                below,
                ..
            } => match rng.u8(0..8) {
                0 => {
                    *depth = depth.map(|depth| (depth + 1).min(6));
                    false
                }
                1 => larger(first, rng),
                2 => {
                    below.push(Self::any(rng));
                    true
                }
                _ => grow_one(below, rng),
            },
            Self::Because {
                first,
                of_each,
                below,
            } => match rng.u8(0..8) {
                0 => larger(first, rng),
                1 => larger(of_each, rng),
                2 => {
                    below.push(Self::any(rng));
                    true
                }
                _ => grow_one(below, rng),
            },
        }
    }

    pub(super) fn text(&self) -> String {
        self.named(0)
    }

    fn named(&self, place: usize) -> String {
        let all = |below: &[Self]| {
            let fields = below.iter().enumerate();
            let fields: Vec<_> = fields.map(|(place, field)| field.named(place)).collect();
            fields.join(" ")
        };
        let (field, below) = match self {
            Self::Leaf => ("id".to_owned(), String::new()),
            Self::Network(depth) => (
                format!("network(depth: {depth})"),
                " { reached }".to_owned(),
            ),
            Self::Page {
                list,
                depth,
                first,
                below,
            } => {
                let depth = depth.map_or(String::new(), |depth| format!("depth: {depth}, "));
                (
                    format!("{list}({depth}first: {first})"),
                    format!(" {{ edges {{ node {{ {} }} }} }}", all(below)),
                )
            }
            Self::Because {
                first,
                of_each,
                below,
            } => (
                format!("recommendations(first: {first})"),
                format!(
                    " {{ edges {{ because(first: {of_each}) {{ {} }} }} }}",
                    all(below)
                ),
            ),
        };
        match place {
            0 => format!("{field}{below}"),
            place => format!("a{place}: {field}{below}"),
        }
    }

    fn below(&self) -> &[Self] {
        match self {
            Self::Leaf | Self::Network(_) => &[],
            Self::Page { below, .. } | Self::Because { below, .. } => below,
        }
    }

    /// How deep fields nest, with the user at the root.
    pub(super) fn depth(&self) -> usize {
        1 + self.height()
    }

    fn height(&self) -> usize {
        let below = self.below().iter().map(Self::height).max().unwrap_or(0);
        match self {
            Self::Leaf => 1,
            Self::Network(_) => 2,
            Self::Page { .. } | Self::Because { .. } => 3 + below,
        }
    }

    fn size(&self) -> usize {
        1 + self.below().iter().map(Self::size).sum::<usize>()
    }

    /// Whether it is within the other limits: of depth and of aliases.
    pub(super) fn is_let_through(&self) -> bool {
        self.depth() <= MAX_DEPTH && self.size() < 150
    }
}

/// Whether a page became larger, and so dearer.
fn larger(first: &mut i32, rng: &mut Rng) -> bool {
    let before = *first;
    *first = (before * rng.i32(1..5) + 1).min(500);
    *first > before
}

fn grow_one(below: &mut [Asked], rng: &mut Rng) -> bool {
    let one = rng.usize(..below.len());
    below[one].grow(rng)
}
