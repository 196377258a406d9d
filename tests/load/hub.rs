//! A hub: what it costs others that it is there, and that it goes.

use std::{fmt::Write as _, fs, time::Instant};

use crate::{
    clients::{Times, beside, forever, light, ratio_within},
    number,
    process::{Serving, import},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_is_read_and_archived_beside_others() {
    let friends = number("FOAF_LOAD_HUB", 100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let log = format!("sqlite:{}", folder.path().join("log").display());
    let stores = ["--log".to_owned(), log];
    let mut text = String::new();
    for friend in 1..=friends {
        writeln!(text, "0 {friend}").expect("memory");
    }
    let edges = folder.path().join("star.txt");
    fs::write(&edges, text).expect("a file");
    import(&edges, &stores);
    let serving = Serving::over(&stores);
    let light_query =
        "{ user(by: {handle: \"u-7\"}) { name friends(first: 3) { edges { node { name } } } } }";
    let hub = "{ user(by: {handle: \"u-0\"}) { friends(first: 50) { totalCount edges { node { name } } } friendsOfFriends(first: 10) { totalCount } } }";
    let ask_hub = || async {
        let answer = serving.ask(hub).await;
        assert!(answer["data"]["user"].is_object(), "{answer}");
    };
    let loaded = || beside(light(&serving, light_query), forever(2, ask_hub));
    ratio_within(
        "light reads beside those of a hub",
        || light(&serving, light_query),
        loaded,
    )
    .await;

    // Commands that ask only for position and rejection, while the hub goes.
    let id = serving.id("u-0").await;
    let register = || async {
        let handle = format!("w{:016x}", fastrand::u64(..));
        let query = format!(
            "mutation {{ registerUser(input: {{handle: \"{handle}\", firstName: \"W\"}}) {{ position rejection {{ code }} }} }}"
        );
        let start = Instant::now();
        let answer = serving.ask(&query).await;
        assert!(
            answer["data"]["registerUser"]["position"].is_string(),
            "{answer}"
        );
        start.elapsed()
    };
    let archive = async {
        let query = format!(
            "mutation {{ archiveUser(input: {{user: \"{id}\"}}) {{ user {{ state friends {{ totalCount }} }} }} }}"
        );
        let start = Instant::now();
        let answer = serving.ask(&query).await;
        assert_eq!(
            answer["data"]["archiveUser"]["user"]["friends"]["totalCount"], 0,
            "{answer}"
        );
        start.elapsed()
    };
    let mut times = Vec::new();
    let beside = async {
        loop {
            times.push(register().await);
        }
    };
    let took = crate::clients::beside(archive, beside).await;
    let times = Times::new(times);
    println!(
        "archive of {friends} friends: {took:?} until the graph shows it; commands beside it: p50 {:?}, at most {:?}",
        times.quantile(500),
        times.longest()
    );
    // Not the time of the whole archive, which is what they waited before.
    assert!(times.longest() < crate::MAX_HEALTH, "{:?}", times.longest());
}
