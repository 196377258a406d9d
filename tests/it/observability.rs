//! Metrics, and what is made of them: dashboard and alerts name what a running service exposes.

use std::collections::BTreeSet;

use foaf::{
    judge::Void,
    metrics::{ALL, FAULTS, Kind, OUTCOMES, VOID_REASONS},
};
use serde_json::{Value, json};

use crate::{
    expected,
    logs::soon,
    service::{GraphKind, LogKind, Places, Service},
};

#[tokio::test]
async fn every_metric_is_exposed_with_its_help_and_nothing_else_is() {
    let places = Places::new(LogKind::Sqlite, GraphKind::Embedded).await;
    let service = Service::start(&places).await;
    service.import("karate").await;
    service.register("ada", "Ada").await;
    // Where the record itself comes before its acknowledgement, that is not timed.
    let unchanged = json!({ "user": service.id("ada").await, "firstName": "Ada" });
    soon(async {
        while !(service.get("/metrics").await.1).contains("foaf_append_duration_seconds_bucket") {
            let mut input = unchanged.clone();
            input["idempotencyKey"] = json!(format!("{:016x}", fastrand::u64(..)));
            service
                .mutate("updateProfile", "UpdateProfileInput", input)
                .await;
        }
    })
    .await;
    service
        .ask("{ user(by: {handle: \"ada\"}) { name } }", json!({}))
        .await;
    service.fault("{ nothing }", json!({})).await;
    let (status, exposed) = service.get("/metrics").await;
    assert_eq!(status, 200);
    for metric in ALL {
        let name = metric.name;
        let (kind, sample) = match metric.kind {
            Kind::Counter => ("counter", name.to_owned()),
            Kind::Gauge => ("gauge", name.to_owned()),
            Kind::Histogram => ("histogram", format!("{name}_bucket")),
        };
        for part in [
            format!("# HELP {name} {}", metric.help),
            format!("# TYPE {name} {kind}"),
            format!("\n{sample}"),
        ] {
            assert!(exposed.contains(&part), "{part} in {exposed}");
        }
    }
    let known: BTreeSet<_> = ALL.iter().map(|metric| metric.name).collect();
    let described = exposed.lines().filter_map(|line| {
        let name = line.strip_prefix("# TYPE ")?.split(' ').next()?;
        name.starts_with("foaf_").then_some(name)
    });
    assert_eq!(described.collect::<BTreeSet<_>>(), known);
    // 34 of the karate club and Ada; 78 friendships.
    for sample in [
        "foaf_users 35",
        "foaf_pairs 78",
        "foaf_ready 1",
        "foaf_projection_lag_records 0",
    ] {
        assert!(exposed.contains(&format!("\n{sample}\n")), "{sample}");
    }
    service.stop().await;
}

#[test]
fn the_reasons_of_void_records_are_known() {
    let voids = [
        Void::Malformed,
        Void::CreatedBefore,
        Void::NotCreated,
        Void::Expired,
        Void::Conflict,
    ];
    for void in voids {
        assert!(VOID_REASONS.contains(&void.label()), "{void:?}");
    }
}

/// The names of foaf's metrics in an expression of an alert or a panel, without what a histogram adds.
fn names(expression: &str) -> Vec<String> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let words = words.filter(|word| word.starts_with("foaf_"));
    let plain = |word: &str| {
        let stem = ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(|ending| word.strip_suffix(ending));
        let of_histogram = |stem: &&str| {
            let mut all = ALL.iter();
            all.any(|metric| metric.name == *stem && metric.kind == Kind::Histogram)
        };
        stem.filter(of_histogram).unwrap_or(word).to_owned()
    };
    words.map(plain).collect()
}

#[track_caller]
fn assert_known(expression: &str) {
    let names = names(expression);
    for name in &names {
        let is_known = ALL.iter().any(|metric| metric.name == name);
        assert!(is_known, "{name} in {expression}");
    }
    assert!(
        !names.is_empty() || expression.contains("up{"),
        "{expression}"
    );
}

#[test]
fn the_dashboard_shows_what_there_is() {
    let text = expected::text("ops/grafana/foaf.json");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let shown: Vec<_> = panels
        .iter()
        .filter(|panel| panel["type"] != "row")
        .collect();
    assert!(shown.len() > 10, "{}", shown.len());
    for panel in shown {
        assert!(panel["title"].is_string() && panel["description"].is_string());
        let targets = panel["targets"].as_array().expect("targets");
        assert!(!targets.is_empty(), "{panel}");
        for target in targets {
            assert_known(target["expr"].as_str().expect("an expression"));
        }
    }
}

/// The values that an expression compares a label with.
fn values<'a>(expression: &'a str, label: &str) -> Vec<&'a str> {
    let places = expression.split(label).skip(1);
    let quoted = places.filter_map(|rest| rest.split('"').nth(1));
    quoted.flat_map(|values| values.split('|')).collect()
}

#[test]
fn the_alerts_watch_what_there_is_and_say_what_to_do() {
    let rules: Value =
        serde_saphyr::from_str(&expected::text("ops/prometheus/alerts.yml")).expect("YAML");
    let runbook = expected::text("docs/operations.md");
    let rules = rules["groups"][0]["rules"].as_array().expect("rules");
    assert!(rules.len() >= 6);
    for rule in rules {
        let text = |value: &Value| {
            value
                .as_str()
                .unwrap_or_else(|| panic!("{rule}"))
                .to_owned()
        };
        let (name, expression) = (text(&rule["alert"]), text(&rule["expr"]));
        assert_known(&expression);
        for (label, known) in [
            ("reason=", &VOID_REASONS[..]),
            ("outcome=~", &OUTCOMES[..]),
            ("code=~", &FAULTS[..]),
        ] {
            for value in values(&expression, label) {
                assert!(known.contains(&value), "{value} in {expression}");
            }
        }
        assert!(["warning", "critical"].contains(&text(&rule["labels"]["severity"]).as_str()));
        assert!(!text(&rule["annotations"]["summary"]).is_empty());
        let anchor = format!("docs/operations.md#{}", name.to_lowercase());
        assert_eq!(text(&rule["annotations"]["runbook"]), anchor);
        assert!(runbook.contains(&format!("\n### {name}\n")), "{name}");
    }
}
