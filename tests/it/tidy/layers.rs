//! The layers of the architecture: each module uses only what is to its left.

use super::{
    assert_none,
    source::{Source, sources},
};

/// From left to right; those in one bracket do not know each other.
const LAYERS: [&[&str]; 14] = [
    &["domain"],
    &["judge"],
    &["event_log", "graph"],
    &["replay"],
    &["command_handler", "projector"],
    &["shadow"],
    &["verify", "export", "history", "import"],
    &["rebuild"],
    &["control"],
    &["graphql"],
    &["http"],
    &["app"],
    &["cli"],
    &["main"],
];

/// Anyone may use them, and they use nothing of ours.
const LEAVES: [&str; 8] = [
    "clock",
    "config",
    "folder",
    "generate",
    "metrics",
    "output",
    "snapshot",
    "telemetry",
];

/// Only `app` chooses among them.
const ADAPTERS: [&str; 5] = [
    "event_log::kafka",
    "event_log::memory",
    "event_log::sqlite",
    "graph::embedded",
    "graph::neo4j",
];

/// Why `user` must not name `path`, if so.
fn forbidden(user: &str, path: &str) -> Option<&'static str> {
    let target = path.split("::").next().unwrap_or_default();
    let layer = |module| LAYERS.iter().position(|layer| layer.contains(&module));
    let is_below = |module: &str| {
        let rest = path.strip_prefix(module);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    if target == user || (user == "clock" && path == "domain::LogTime") {
        return None;
    }
    if LEAVES.contains(&user) {
        return Some("a leaf uses nothing of ours");
    }
    if user != "app" && ADAPTERS.into_iter().any(is_below) {
        return Some("only app names an adapter");
    }
    if LEAVES.contains(&target) {
        return None;
    }
    match (layer(user), layer(target)) {
        (None, _) | (_, None) => Some("it has no place among the layers"),
        (Some(own), Some(other)) if other > own => Some("it is to the right"),
        (Some(own), Some(other)) if other == own => Some("the two do not know each other"),
        _ => None,
    }
}

/// The module at the top to which a file of `src` belongs; `None` for the root itself.
fn module(path: &str) -> Option<&str> {
    let below = path.strip_prefix("src/")?;
    let module = below.split(['/', '.']).next()?;
    (module != "lib").then_some(module)
}

/// Every path from the root of the crate that the code names, groups written out.
fn paths(code: &str, root: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (place, _) in code.match_indices(root) {
        let before = code[..place].chars().next_back();
        if !before.is_some_and(|c| is_name(c) || c == '$' || c == ':') {
            expand(&code[place + root.len()..], "", &mut paths);
        }
    }
    paths
}

/// Reads one tree of a `use`, and gives what follows it.
fn expand<'a>(code: &'a str, prefix: &str, paths: &mut Vec<String>) -> &'a str {
    if let Some(mut group) = code.strip_prefix('{') {
        loop {
            group = group.trim_start_matches([',', ' ', '\n']);
            match group.strip_prefix('}') {
                Some(rest) => return rest,
                None if group.is_empty() => return group,
                None => group = expand(group, prefix, paths),
            }
            // Passes over `as other`.
            group = group.trim_start_matches(|c| c != ',' && c != '}');
        }
    }
    let end = code.find(|c| !is_name(c)).unwrap_or(code.len());
    let (name, rest) = code.split_at(end);
    let path = format!("{prefix}{name}");
    if let Some(deeper) = rest.strip_prefix("::") {
        return expand(deeper, &format!("{path}::"), paths);
    }
    paths.push(path);
    rest
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn violations(source: &Source) -> Vec<String> {
    let Some(user) = module(&source.path) else {
        return Vec::new();
    };
    let root = if user == "main" { "foaf::" } else { "crate::" };
    let mut found: Vec<String> = paths(&source.code(), root)
        .into_iter()
        .filter_map(|path| Some((forbidden(user, &path)?, path)))
        .map(|(why, path)| format!("{}: {path}: {why}", source.path))
        .collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn each_module_uses_only_what_is_to_its_left() {
    assert_none(&sources().flat_map(|s| violations(&s)).collect::<Vec<_>>());
}

#[test]
fn every_module_has_a_place() {
    let homeless = sources().filter_map(|source| {
        let module = module(&source.path)?;
        let known = LEAVES.contains(&module) || LAYERS.iter().any(|layer| layer.contains(&module));
        (!known).then(|| source.path.clone())
    });
    assert_none(&homeless.collect::<Vec<_>>());
}

/// Otherwise a module could reach another one past the scan of `crate::` paths.
#[test]
fn nobody_reaches_another_module_through_super() {
    let reach = sources().filter_map(|source| {
        let at_the_top = source.path.strip_prefix("src/")?.split('/').count() == 1;
        let way = if at_the_top {
            "super::"
        } else {
            "super::super::"
        };
        source.code().contains(way).then(|| source.path.clone())
    });
    assert_none(&reach.collect::<Vec<_>>());
}

mod the_scan {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        violations(&Source {
            path: path.to_owned(),
            text: text.to_owned(),
        })
    }

    #[test]
    fn writes_out_groups_and_finds_paths_within_lines() {
        let code = "use crate::{\n    domain::{Event, text::fold_text as f},\n    judge::*,\n};\n\
                    use crate::http;\nlet x = crate::clock::system();\nuse $crate::no;\n";
        let expected = [
            "domain::Event",
            "domain::text::fold_text",
            "judge::",
            "http",
            "clock::system",
        ];
        assert_eq!(paths(code, "crate::"), expected);
    }

    #[test]
    fn finds_what_is_to_the_right_and_what_is_beside() {
        let right = found(
            "src/judge/view.rs",
            "use crate::{\n  domain::X,\n  graph::Y,\n};",
        );
        assert_eq!(right, ["src/judge/view.rs: graph::Y: it is to the right"]);
        let beside = found("src/graph.rs", "fn f() { crate::event_log::x() }");
        assert_eq!(
            beside,
            ["src/graph.rs: event_log::x: the two do not know each other"]
        );
        assert!(found("src/graph/a.rs", "use crate::graph::b; // crate::app").is_empty());
        assert!(found("src/app.rs", "use crate::{graph::neo4j, http, metrics};").is_empty());
    }

    #[test]
    fn finds_leaves_that_use_us_and_adapters_outside_of_app() {
        assert_eq!(
            found("src/config.rs", "use crate::domain::LogTime;").len(),
            1
        );
        assert_eq!(
            found("src/clock.rs", "use crate::domain::LogTime;").len(),
            0
        );
        assert_eq!(found("src/clock.rs", "use crate::domain::Event;").len(), 1);
        assert_eq!(
            found("src/replay.rs", "use crate::graph::embedded;").len(),
            1
        );
        assert_eq!(
            found("src/main.rs", "foaf::graph::neo4j::connect()").len(),
            1
        );
        assert_eq!(found("src/other.rs", "use crate::domain;").len(), 1);
    }
}
