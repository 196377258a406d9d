//! A plain model of foaf's rules, with no code of foaf: names, sets, and what the commands do to them.

use std::collections::{BTreeMap, BTreeSet};

/// A user.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) handle: String,
    pub(crate) first_name: String,
    pub(crate) last_name: Option<String>,
    pub(crate) state: &'static str,
}

/// Everybody, by number, and what stands between them.
#[derive(Debug, Default, Clone)]
pub(crate) struct World {
    pub(crate) people: BTreeMap<usize, Person>,
    /// Pairs, the lower number first.
    friends: BTreeSet<(usize, usize)>,
    /// Who asked whom.
    requests: BTreeSet<(usize, usize)>,
    /// Who blocks whom.
    blocks: BTreeSet<(usize, usize)>,
}

/// A command, with users by number.
#[derive(Debug, Clone)]
#[expect(clippy::option_option, reason = "left out, taken away, or given")]
pub(crate) enum Act {
    Register {
        who: usize,
        handle: String,
        pending: bool,
    },
    Update {
        who: usize,
        handle: Option<String>,
        last_name: Option<Option<String>>,
    },
    State {
        command: &'static str,
        who: usize,
    },
    Pair {
        command: &'static str,
        who: usize,
        other: usize,
    },
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

impl World {
    /// Runs a command; gives the code of a refusal.
    pub(crate) fn run(&mut self, act: &Act) -> Option<&'static str> {
        match act {
            Act::Register {
                who,
                handle,
                pending,
            } => {
                if self.people.contains_key(who) {
                    return Some("ID_TAKEN");
                }
                if self.holder(handle).is_some() {
                    return Some("HANDLE_TAKEN");
                }
                let state = if *pending { "PENDING" } else { "ACTIVE" };
                let person = Person {
                    handle: handle.clone(),
                    first_name: format!("N{who}"),
                    last_name: None,
                    state,
                };
                self.people.insert(*who, person);
                None
            }
            Act::Update {
                who,
                handle,
                last_name,
            } => {
                let Some(person) = self.people.get(who) else {
                    return Some("UNKNOWN_USER");
                };
                if person.state == "ARCHIVED" {
                    return Some("USER_ARCHIVED");
                }
                if let Some(handle) = handle
                    && self.holder(handle).is_some_and(|holder| holder != *who)
                {
                    return Some("HANDLE_TAKEN");
                }
                let person = self.people.get_mut(who).expect("seen above");
                let same_handle = handle
                    .as_ref()
                    .is_none_or(|handle| *handle == person.handle);
                let same_name = last_name
                    .as_ref()
                    .is_none_or(|name| *name == person.last_name);
                if same_handle && same_name {
                    return Some("UNCHANGED");
                }
                if let Some(handle) = handle {
                    person.handle.clone_from(handle);
                }
                if let Some(last_name) = last_name {
                    person.last_name.clone_from(last_name);
                }
                None
            }
            Act::State { command, who } => self.change_state(command, *who),
            Act::Pair {
                command,
                who,
                other,
            } => self.change_pair(command, *who, *other),
        }
    }

    fn change_state(&mut self, command: &str, who: usize) -> Option<&'static str> {
        let Some(person) = self.people.get_mut(&who) else {
            return Some("UNKNOWN_USER");
        };
        person.state = match (command, person.state) {
            (_, "ARCHIVED") => return Some("USER_ARCHIVED"),
            ("activateUser", "PENDING") | ("reactivateUser", "SUSPENDED") => "ACTIVE",
            ("suspendUser", "ACTIVE") => "SUSPENDED",
            ("archiveUser", _) => "ARCHIVED",
            _ => return Some("WRONG_STATE"),
        };
        if person.state == "ARCHIVED" {
            self.friends.retain(|(a, b)| *a != who && *b != who);
            self.requests.retain(|(a, b)| *a != who && *b != who);
        }
        None
    }

    fn change_pair(&mut self, command: &str, who: usize, other: usize) -> Option<&'static str> {
        if who == other {
            return Some("SELF");
        }
        let state = |id| self.people.get(&id).map(|person| person.state);
        let both = [state(who), state(other)];
        let befriends =
            ["sendFriendRequest", "acceptFriendRequest", "addFriend"].contains(&command);
        if befriends && both.contains(&Some("ARCHIVED")) {
            return Some("USER_ARCHIVED");
        }
        for one in both {
            match one {
                None => return Some("UNKNOWN_USER"),
                Some("ACTIVE") => {}
                Some(_) if befriends => return Some("USER_NOT_ACTIVE"),
                Some(_) => {}
            }
        }
        let both = pair(who, other);
        let (mine, theirs) = ((who, other), (other, who));
        let is_blocked = self.blocks.contains(&mine) || self.blocks.contains(&theirs);
        let is_friend = self.friends.contains(&both);
        let (asked, was_asked) = (
            self.requests.contains(&mine),
            self.requests.contains(&theirs),
        );
        match command {
            "sendFriendRequest" | "addFriend" if is_blocked => return Some("BLOCKED"),
            "sendFriendRequest" | "addFriend" if is_friend => return Some("ALREADY_FRIENDS"),
            "sendFriendRequest" if asked => return Some("ALREADY_REQUESTED"),
            "sendFriendRequest" if !was_asked => {
                self.requests.insert(mine);
            }
            "acceptFriendRequest" | "declineFriendRequest" if asked => return Some("WRONG_SIDE"),
            "cancelFriendRequest" if was_asked => return Some("WRONG_SIDE"),
            "acceptFriendRequest" | "declineFriendRequest" | "cancelFriendRequest"
                if !asked && !was_asked =>
            {
                return Some("NO_SUCH_REQUEST");
            }
            "sendFriendRequest" | "addFriend" | "acceptFriendRequest" => {
                self.end_requests(both);
                self.friends.insert(both);
            }
            "declineFriendRequest" | "cancelFriendRequest" => self.end_requests(both),
            "removeFriend" if !is_friend => return Some("NOT_FRIENDS"),
            "removeFriend" => {
                self.friends.remove(&both);
            }
            "blockUser" if self.blocks.contains(&mine) => return Some("ALREADY_BLOCKED"),
            "blockUser" => {
                self.friends.remove(&both);
                self.end_requests(both);
                self.blocks.insert(mine);
            }
            "unblockUser" if !self.blocks.remove(&mine) => return Some("NOT_BLOCKED"),
            "unblockUser" => {}
            unknown => panic!("unknown command {unknown}"),
        }
        None
    }

    fn end_requests(&mut self, (a, b): (usize, usize)) {
        self.requests.remove(&(a, b));
        self.requests.remove(&(b, a));
    }

    pub(crate) fn holder(&self, handle: &str) -> Option<usize> {
        let holds = |person: &Person| person.handle == handle && person.state != "ARCHIVED";
        let holder = self.people.iter().find(|(_, person)| holds(person));
        holder.map(|(who, _)| *who)
    }

    pub(crate) fn is_active(&self, who: usize) -> bool {
        self.people.get(&who).is_some_and(|p| p.state == "ACTIVE")
    }

    /// The ACTIVE friends, by number.
    pub(crate) fn friends(&self, who: usize) -> BTreeSet<usize> {
        let others = self.friends.iter().filter_map(|(a, b)| match who {
            _ if *a == who => Some(*b),
            _ if *b == who => Some(*a),
            _ => None,
        });
        others.filter(|other| self.is_active(*other)).collect()
    }

    pub(crate) fn common(&self, a: usize, b: usize) -> BTreeSet<usize> {
        if a == b {
            return BTreeSet::new();
        }
        self.friends(a)
            .intersection(&self.friends(b))
            .copied()
            .collect()
    }

    /// Who is how far away, the start included.
    pub(crate) fn distances(&self, from: usize) -> BTreeMap<usize, usize> {
        let mut distances = BTreeMap::from([(from, 0)]);
        let mut edge = vec![from];
        let mut distance = 0;
        while !edge.is_empty() {
            distance += 1;
            let next: BTreeSet<usize> = edge.iter().flat_map(|who| self.friends(*who)).collect();
            edge = next
                .into_iter()
                .filter(|who| !distances.contains_key(who))
                .collect();
            distances.extend(edge.iter().map(|who| (*who, distance)));
        }
        distances
    }

    /// Everything that stands between two, as (kind, from, to).
    pub(crate) fn ties(&self) -> impl Iterator<Item = (&'static str, usize, usize)> {
        let kinds = [
            ("FRIEND", &self.friends),
            ("REQUESTED", &self.requests),
            ("BLOCKED", &self.blocks),
        ];
        kinds
            .into_iter()
            .flat_map(|(kind, ties)| ties.iter().map(move |(from, to)| (kind, *from, *to)))
    }

    pub(crate) fn incoming(&self, who: usize) -> BTreeSet<usize> {
        let asked = self.requests.iter().filter(|(_, to)| *to == who);
        asked.map(|(from, _)| *from).collect()
    }

    pub(crate) fn blocked(&self, who: usize) -> BTreeSet<usize> {
        let blocked = self.blocks.iter().filter(|(from, _)| *from == who);
        blocked.map(|(_, to)| *to).collect()
    }

    pub(crate) fn between(&self, a: usize, b: usize) -> &'static str {
        match (pair(a, b), (b, a)) {
            (both, _) if self.friends.contains(&both) => "FRIENDS",
            (_, back) if self.requests.contains(&(a, b)) || self.requests.contains(&back) => {
                "REQUESTED"
            }
            (_, back) if self.blocks.contains(&(a, b)) || self.blocks.contains(&back) => "BLOCKED",
            _ => "NONE",
        }
    }

    /// People at distance 2 with nothing between, by common friends down, then number.
    pub(crate) fn recommended(&self, who: usize) -> Vec<(usize, usize)> {
        let distances = self.distances(who);
        let mut found: Vec<(usize, usize)> = distances
            .into_iter()
            .filter(|(other, distance)| *distance == 2 && self.between(who, *other) == "NONE")
            .map(|(other, _)| (other, self.common(who, other).len()))
            .collect();
        found.sort_by_key(|(other, mutual)| (usize::MAX - mutual, *other));
        found
    }
}
