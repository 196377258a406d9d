//! The soundness of the conflict keys: whenever folding an event changes what the view answers, the
//! event writes a key which that answer noted. Two commands that could disturb each other then never
//! both take effect.
//!
//! Asked of every question over a small universe, in random histories; and of mutants, which show
//! that the test can fail.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use foaf::{
    domain::{Event, Handle, Pair, State, UserId, View, decide, fold},
    judge::{ConflictKey, RecordingView, written_keys},
};

use crate::sample::{moment, random, user};

/// Something that the view can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Question {
    Status(UserId),
    Profile(UserId),
    Owner(Handle),
    Between(Pair),
}

/// An answer that an event changed, with the keys noted for it before.
struct Changed {
    question: Question,
    noted: Vec<ConflictKey>,
}

/// One event of a random history.
struct Step {
    event: Event,
    written: Vec<ConflictKey>,
    noted_by_decide: Vec<ConflictKey>,
    changed: Vec<Changed>,
}

fn questions() -> Vec<Question> {
    let users = random::users();
    let pairs = users
        .iter()
        .flat_map(|low| users.iter().map(|high| (*low, *high)))
        .filter(|(low, high)| low < high)
        .filter_map(|(low, high)| Pair::new(low, high));
    let status = users.iter().copied().map(Question::Status);
    let profile = users.iter().copied().map(Question::Profile);
    let owner = random::handles().into_iter().map(Question::Owner);
    status
        .chain(profile)
        .chain(owner)
        .chain(pairs.map(Question::Between))
        .collect()
}

/// The answer, and the keys noted for it.
fn ask(state: &State, question: &Question) -> (String, Vec<ConflictKey>) {
    let view = RecordingView::new(state);
    let answer = match question {
        Question::Status(user) => format!("{:?}", view.status(*user)),
        Question::Profile(user) => format!("{:?}", view.profile(*user)),
        Question::Owner(handle) => format!("{:?}", view.handle_owner(handle)),
        Question::Between(pair) => format!("{:?}", view.pair(*pair)),
    };
    (answer, view.into_noted())
}

/// Random histories, event by event.
static STEPS: LazyLock<Vec<Step>> = LazyLock::new(|| {
    let questions = questions();
    let mut steps = Vec::new();
    for seed in 0..300 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut state = State::default();
        for position in 1..300 {
            let view = RecordingView::new(&state);
            let Ok(event) = decide(&view, &random::command(&mut rng), user(1)) else {
                continue;
            };
            let noted_by_decide = view.into_noted();
            let before: Vec<_> = questions.iter().map(|q| ask(&state, q)).collect();
            fold(&mut state, &event, moment(position)).expect("a decided event fits");
            let changed = questions
                .iter()
                .zip(before)
                .filter(|(question, (answer, _))| ask(&state, question).0 != *answer)
                .map(|(question, (_, noted))| Changed {
                    question: question.clone(),
                    noted,
                })
                .collect();
            steps.push(Step {
                written: written_keys(&event),
                event,
                noted_by_decide,
                changed,
            });
        }
    }
    steps
});

/// Whether an event that writes these keys gives away every answer that it changed.
fn is_sound(written: &[ConflictKey], changed: &[Changed]) -> bool {
    unsound(written, changed).is_none()
}

fn unsound<'a>(written: &[ConflictKey], changed: &'a [Changed]) -> Option<&'a Question> {
    let gives_away = |answer: &&Changed| !answer.noted.iter().any(|key| written.contains(key));
    changed
        .iter()
        .find(gives_away)
        .map(|answer| &answer.question)
}

/// The name of an event's kind.
fn kind(event: &Event) -> String {
    match event {
        Event::UserRegistered { .. } => "UserRegistered".to_owned(),
        Event::ProfileUpdated { .. } => "ProfileUpdated".to_owned(),
        Event::StateChanged { change, .. } => format!("{change:?}"),
        Event::PairChanged { change, .. } => format!("{change:?}"),
    }
}

/// The name of a key's kind.
fn key_kind(key: &ConflictKey) -> &'static str {
    match key {
        ConflictKey::User(_) => "user",
        ConflictKey::Profile(_) => "profile",
        ConflictKey::Handle(_) => "handle",
        ConflictKey::Pair(_) => "pair",
    }
}

#[test]
fn an_event_writes_a_noted_key_of_every_answer_that_it_changes() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for step in STEPS.iter() {
        let found = unsound(&step.written, &step.changed);
        assert_eq!(found, None, "{:?}", step.event);
        *seen.entry(kind(&step.event)).or_default() += 1;
    }
    let rare: Vec<_> = seen.iter().filter(|(_, count)| **count < 50).collect();
    assert!(rare.is_empty(), "the histories have too few of {rare:?}");
    assert_eq!(seen.len(), 13, "every kind of event: {seen:?}");
}

#[test]
fn an_event_writes_only_what_its_decision_noted() {
    for step in STEPS.iter() {
        for key in &step.written {
            assert!(
                step.noted_by_decide.contains(key),
                "{:?} writes {key:?}, which has no guard",
                step.event
            );
        }
    }
}

#[test]
fn a_mutant_that_does_not_write_one_of_its_keys_is_caught() {
    let (mut mutants, mut caught) = (BTreeSet::new(), BTreeSet::new());
    for step in STEPS.iter() {
        for (index, key) in step.written.iter().enumerate() {
            let mutant = (kind(&step.event), key_kind(key), index);
            let mut written = step.written.clone();
            written.remove(index);
            if !is_sound(&written, &step.changed) {
                caught.insert(mutant.clone());
            }
            mutants.insert(mutant);
        }
    }
    // A profile notes its user's key as well, which the same event writes.
    let spare = ("UserRegistered".to_owned(), "profile", 1);
    let missed: Vec<_> = mutants.difference(&caught).collect();
    assert_eq!(missed, [&spare]);
    assert_eq!(mutants.len(), 3 + 3 + 4 + 7);
}

#[test]
fn a_view_that_does_not_note_the_users_behind_a_pair_or_a_handle_is_caught() {
    let is_pair = |question: &Question| matches!(question, Question::Between(_));
    let is_owner = |question: &Question| matches!(question, Question::Owner(_));
    let forgets_users = |step: &Step, of: &dyn Fn(&Question) -> bool| {
        step.changed.iter().any(|answer| {
            let noted = answer.noted.iter().filter(|key| key_kind(key) != "user");
            of(&answer.question) && !noted.into_iter().any(|key| step.written.contains(key))
        })
    };
    let caught_by = |of: &dyn Fn(&Question) -> bool| -> BTreeSet<String> {
        let caught = STEPS.iter().filter(|step| forgets_users(step, of));
        caught.map(|step| kind(&step.event)).collect()
    };
    // An archive names neither the pairs nor the handle that it changes.
    let archive = BTreeSet::from(["UserArchived".to_owned()]);
    assert_eq!(caught_by(&is_pair), archive);
    assert_eq!(caught_by(&is_owner), archive);
}
