//! A synthetic social graph: degrees with a power-law tail, many triangles, short distances.
//!
//! It grows user by user, after Holme & Kim, "Growing scale-free networks with tunable clustering",
//! Phys. Rev. E 65, 026107 (2002): a newcomer befriends somebody in proportion to the friends that
//! they have, and then mostly friends of that one, which closes triangles. Unlike theirs, our
//! newcomers bring different numbers of friendships, so that many people have few friends.
//!
//! A leaf. Must never use floating point, or random numbers that another version of a library could
//! draw differently: one seed gives one graph, on every machine.

mod names;
mod random;

use uuid::{Builder, Uuid};

use random::Random;

/// Of 1,000 friendships after a newcomer's first, so many close a triangle.
const TRIADS: u64 = 800;
/// How often somebody is chosen again whom the newcomer knows already, before anybody is taken.
const TRIES: u32 = 20;

/// People and who befriended whom, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocialGraph {
    users: u32,
    seed: u64,
    /// The upper half of every id.
    ids: [u8; 8],
    /// The two ends of each friendship, one after the other: drawing one of them at random is
    /// preferential attachment.
    ends: Vec<u32>,
}

/// Somebody who does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub uuid: Uuid,
    /// The handle, unique within a graph.
    pub handle: String,
    /// The first name.
    pub first_name: &'static str,
    /// The last name.
    pub last_name: &'static str,
}

/// Numbers to which there is no graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// No users, or more than can be numbered.
    #[error("{0} users cannot be generated: ask for 1 to {max}", max = u32::MAX)]
    Users(u64),
    /// More friendships than pairs.
    #[error("{users} users have {pairs} pairs, and so at most as many friendships, not {asked}")]
    Friendships {
        /// So many users.
        users: u64,
        /// So many pairs have they.
        pairs: u64,
        /// So many friendships were asked for.
        asked: u64,
    },
}

impl SocialGraph {
    /// Grows a graph of exactly so many users and so many different friendships. With a
    /// friendship for each but the first user, it is connected.
    ///
    /// # Errors
    /// If there is no such graph.
    pub fn grow(users: u64, friendships: u64, seed: u64) -> Result<Self, Impossible> {
        let count = u32::try_from(users).ok().filter(|users| *users > 0);
        let count = count.ok_or(Impossible::Users(users))?;
        let pairs = users * (users - 1) / 2;
        if friendships > pairs {
            let asked = friendships;
            return Err(Impossible::Friendships {
                users,
                pairs,
                asked,
            });
        }
        let mut random = Random::new(seed);
        let shares = shares(count, friendships, &mut random);
        let mut ids = [0; 8];
        ids.copy_from_slice(&blake3::hash(&seed.to_le_bytes()).as_bytes()[..8]);
        Ok(Self {
            users: count,
            seed,
            ids,
            ends: befriend(&shares, friendships, &mut random),
        })
    }

    /// How many users there are: they are numbered from 0 on.
    #[must_use]
    pub fn users(&self) -> u32 {
        self.users
    }

    /// The friendships, as numbers of users: the newcomer first.
    #[must_use]
    pub fn friendships(&self) -> impl ExactSizeIterator<Item = (u32, u32)> {
        self.ends.chunks_exact(2).map(|ends| (ends[0], ends[1]))
    }

    /// The id of the user of that number. The order of ids is the order of numbers.
    #[must_use]
    pub fn uuid(&self, number: u32) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.ids);
        bytes[8..].copy_from_slice(&u64::from(number).to_be_bytes());
        Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// The user of that number.
    #[must_use]
    pub fn person(&self, number: u32) -> Person {
        let mut random = Random::new(self.seed ^ u64::from(number).rotate_right(32));
        let (first_name, first) = *random.choice(&names::FIRST);
        let (last_name, last) = *random.choice(&names::LAST);
        Person {
            uuid: self.uuid(number),
            handle: format!("{first}.{last}.{number}"),
            first_name,
            last_name,
        }
    }
}

/// How many friendships each user brings along: none more than there are users before.
fn shares(users: u32, friendships: u64, random: &mut Random) -> Vec<u32> {
    // One each, if there are enough: then nobody is alone.
    let least = u64::from(friendships >= u64::from(users - 1));
    let rest = u128::from(friendships - least * u64::from(users - 1));
    // Squares of even draws: many small ones, and few up to three times the mean.
    let weights = (0..users).map(|_| u128::from((random.draw() >> 32).pow(2) >> 32) + 1);
    let weights: Vec<u128> = weights.collect();
    let all: u128 = weights.iter().sum();
    let (mut weight, mut given, mut late) = (0, 0, 0);
    let mut shares = Vec::with_capacity(users as usize);
    for (before, own) in (0..).zip(&weights) {
        weight += own;
        let due = weight * rest / all;
        late += u64::try_from(due - given).expect("not more than all friendships");
        late += if before > 0 { least } else { 0 };
        given = due;
        let share = u32::try_from(late).unwrap_or(u32::MAX).min(before);
        late -= u64::from(share);
        shares.push(share);
    }
    // In a dense graph those who came early had too few before them: the last ones take over.
    for (share, before) in shares.iter_mut().rev().zip((0..users).rev()) {
        let more = u32::try_from(late).unwrap_or(u32::MAX).min(before - *share);
        *share += more;
        late -= u64::from(more);
    }
    shares
}

fn befriend(shares: &[u32], friendships: u64, random: &mut Random) -> Vec<u32> {
    let mut ends = Vec::with_capacity(usize::try_from(friendships * 2).unwrap_or_default());
    let mut friends: Vec<Vec<u32>> = vec![Vec::new(); shares.len()];
    // Who knows the newcomer, by the newcomer's number; 0 knows nobody when coming.
    let mut knows = vec![0; shares.len()];
    for (newcomer, share) in (0..).zip(shares) {
        // Whose friends are met next.
        let mut host = None;
        for _ in 0..*share {
            let is_new = |other: u32| other != newcomer && knows[other as usize] != newcomer;
            let mut found = None;
            for _ in 0..TRIES {
                let through = host.filter(|_| random.below(1000) < TRIADS);
                let other = match through {
                    Some(host) => *random.choice(&friends[host as usize]),
                    None if ends.is_empty() => random.below_u32(newcomer),
                    None => *random.choice(&ends),
                };
                if is_new(other) {
                    host = through.or(Some(other));
                    found = Some(other);
                    break;
                }
            }
            let other = found.unwrap_or_else(|| {
                let start = random.below_u32(newcomer);
                let mut all = (start..newcomer).chain(0..start);
                all.find(|other| is_new(*other))
                    .expect("a share is not above the number of users before")
            });
            knows[other as usize] = newcomer;
            friends[newcomer as usize].push(other);
            friends[other as usize].push(newcomer);
            ends.extend([newcomer, other]);
        }
    }
    ends
}
