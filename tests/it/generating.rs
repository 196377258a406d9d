//! Generated graphs: exactly as large as asked for, the same for one seed, and shaped like a network
//! of people.

#![expect(clippy::cast_precision_loss, reason = "means of small numbers")]

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use foaf::{
    domain::{Field, Handle, Name},
    generate::{Impossible, SocialGraph},
};

use crate::program::{foaf, sqlite, text};

fn grow(users: u64, friendships: u64, seed: u64) -> SocialGraph {
    SocialGraph::grow(users, friendships, seed).expect("a possible graph")
}

#[test]
fn exactly_so_many_users_and_friendships_none_twice_none_with_oneself() {
    for (users, friendships) in [
        (1, 0),
        (2, 0),
        (2, 1),
        (10, 3),
        (10, 9),
        (10, 10),
        (10, 44),
        (10, 45),
        (200, 19_900),
        (1000, 500),
        (5000, 40_000),
    ] {
        for seed in 0..5 {
            let graph = grow(users, friendships, seed);
            assert_eq!(u64::from(graph.users()), users);
            let pairs: HashSet<_> = graph
                .friendships()
                .inspect(|(one, other)| assert!(one > other && u64::from(*one) < users))
                .collect();
            assert_eq!(pairs.len() as u64, friendships, "{users} {friendships}");
            assert_eq!(graph.friendships().len() as u64, friendships);
        }
    }
}

#[test]
fn what_is_impossible_is_refused_with_the_reason() {
    for (users, friendships, part) in [
        (0, 0, "1 to 4294967295"),
        (u64::from(u32::MAX) + 1, 0, "1 to 4294967295"),
        (1, 1, "0 pairs"),
        (10, 46, "45 pairs"),
    ] {
        let refused: Impossible = SocialGraph::grow(users, friendships, 1).expect_err(part);
        assert!(refused.to_string().contains(part), "{refused}");
    }
}

/// If this fails, everybody's generated graphs change: then say so in the change log.
#[test]
fn one_seed_gives_one_graph_on_every_machine() {
    let hash = |seed| {
        let graph = grow(10_000, 100_000, seed);
        let mut hasher = blake3::Hasher::new();
        for (from, to) in graph.friendships() {
            hasher.update(&from.to_le_bytes());
            hasher.update(&to.to_le_bytes());
        }
        for number in 0..graph.users() {
            let person = graph.person(number);
            hasher.update(person.uuid.as_bytes());
            hasher.update(person.handle.as_bytes());
            hasher.update(format!("{}\n{}\n", person.first_name, person.last_name).as_bytes());
        }
        hasher.finalize().to_hex()[..16].to_owned()
    };
    assert_eq!(hash(1), HASH);
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

const HASH: &str = "0d309d087bf0c506";

#[test]
fn people_have_valid_names_and_handles_of_their_own() {
    let graph = grow(20_000, 0, 7);
    let mut handles = BTreeSet::new();
    let mut last_id = None;
    let mut names = BTreeSet::new();
    for number in 0..graph.users() {
        let person = graph.person(number);
        let handle = Handle::parse(&person.handle).expect("a handle");
        assert_eq!(handle.as_str(), person.handle);
        Name::parse(person.first_name, Field::FirstName).expect("a first name");
        Name::parse(person.last_name, Field::LastName).expect("a last name");
        assert!(handles.insert(person.handle));
        assert!(last_id < Some(person.uuid), "ids in the order of numbers");
        last_id = Some(person.uuid);
        names.insert((person.first_name, person.last_name));
    }
    assert!(names.len() > 3900, "{} of 4096 names", names.len());
}

#[test]
fn the_shape_is_that_of_a_network_of_people() {
    let graph = grow(10_000, 100_000, 1);
    let mut friends = vec![BTreeSet::new(); 10_000];
    for (one, other) in graph.friendships() {
        friends[one as usize].insert(other);
        friends[other as usize].insert(one);
    }
    let mut degrees: Vec<usize> = friends.iter().map(BTreeSet::len).collect();
    degrees.sort_unstable();
    let (median, most) = (degrees[5000], degrees[9999]);
    assert!(degrees[0] >= 1 && (8..=16).contains(&median), "{median}");
    assert!((300..=1500).contains(&most), "hubs: {most}");
    let tail = tail_exponent(&degrees[9500..]);
    assert!((2.0..=3.5).contains(&tail), "power law: {tail}");
    let clustering = clustering(&friends);
    assert!((0.1..=0.3).contains(&clustering), "triangles: {clustering}");
    let (reached, mean) = distances(&friends);
    assert_eq!(reached, 1_000_000, "everybody is connected");
    assert!((2.8..=4.5).contains(&mean), "distance: {mean}");
}

/// Hill's estimate over the largest degrees.
fn tail_exponent(largest: &[usize]) -> f64 {
    let least = largest[0] as f64 - 0.5;
    let logs: f64 = largest.iter().map(|d| (*d as f64 / least).ln()).sum();
    1.0 + largest.len() as f64 / logs
}

/// The mean, over people, of how many of the pairs of their friends are friends.
fn clustering(friends: &[BTreeSet<u32>]) -> f64 {
    let local = friends.iter().map(|own| {
        let pairs = own.len() * own.len().saturating_sub(1);
        let closed: usize = own
            .iter()
            .map(|friend| friends[*friend as usize].intersection(own).count())
            .sum();
        closed as f64 / pairs.max(1) as f64
    });
    local.sum::<f64>() / friends.len() as f64
}

/// How many people 100 of them reach, and how far away these are.
fn distances(friends: &[BTreeSet<u32>]) -> (usize, f64) {
    let (mut reached, mut sum) = (0, 0);
    for start in (0..10_000).step_by(100) {
        let mut distance = BTreeMap::from([(start, 0)]);
        let mut queue = VecDeque::from([start]);
        while let Some(person) = queue.pop_front() {
            let next = distance[&person] + 1;
            for friend in &friends[person as usize] {
                distance.entry(*friend).or_insert_with(|| {
                    queue.push_back(*friend);
                    next
                });
            }
        }
        reached += distance.len();
        sum += distance.values().sum::<usize>();
    }
    (reached, sum as f64 / reached as f64)
}

#[test]
fn files_and_the_log_get_the_same_people() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (out, edges) = (path("out"), path("edges.txt.gz"));
    let (files, straight, listed) = (
        sqlite(&folder.path().join("files")),
        sqlite(&folder.path().join("straight")),
        sqlite(&folder.path().join("listed")),
    );
    let size = ["--users", "300", "--friendships", "1500", "--seed", "9"];
    let generate = |more: &[&str]| foaf(&[&["generate"], &size[..], more].concat());
    for more in [
        vec!["--out", &out],
        vec!["--edges", &edges],
        vec!["--into-log", "--log", &straight],
    ] {
        let output = generate(&more);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    let again = generate(&["--edges", &edges]);
    assert_eq!(again.status.code(), Some(1));
    let said = text(&again.stderr);
    assert!(said.contains("--force") && said.contains(&edges), "{said}");
    assert_eq!(
        generate(&["--edges", &edges, "--force"]).status.code(),
        Some(0)
    );

    let (users, friendships) = (path("out/users.csv"), path("out/friendships.csv"));
    for (log, source) in [
        (
            &files,
            vec!["--users", &users, "--friendships", &friendships],
        ),
        (&listed, vec![&*edges]),
    ] {
        let output = foaf(&[&["import", "--log", log], &source[..]].concat());
        let said = text(&output.stdout);
        assert!(said.contains("users: 300 new"), "{said}");
        assert!(said.contains("friendships: 1500 new"), "{said}");
        assert!(said.contains("refused lines: 0"), "{said}");
    }
    let exported = |log: &str| {
        let [users, friendships] = ["--users", "--friendships"].map(|what| {
            let output = foaf(&["export", what, "-", "--log", log]);
            let text = text(&output.stdout);
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort_unstable();
            lines
        });
        assert_eq!((users.len(), friendships.len()), (301, 1501));
        (users, friendships)
    };
    assert_eq!(exported(&files), exported(&straight));
}

#[test]
fn bad_numbers_and_no_target_are_named() {
    let output = foaf(&[
        "generate",
        "--users",
        "3",
        "--friendships",
        "4",
        "--edges",
        "-",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("3 pairs"));
    let output = foaf(&["generate", "--users", "3", "--friendships", "2"]);
    assert_ne!(output.status.code(), Some(0));
    let said = text(&output.stderr);
    assert!(
        said.contains("--out") && said.contains("--into-log"),
        "{said}"
    );
}
