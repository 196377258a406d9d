//! How many requests are under way at once: some, and some that wait for their turn. More are told to
//! come again, soon and cheaply.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::{sync::Semaphore, time::timeout};

use crate::graphql::Code;

use super::{Refusal, limits};

/// How many requests are under way at once. Each holds a document, its variables and its answer.
const AT_ONCE: usize = 512;
/// How many more may wait.
const WAITING: usize = 1_024;
/// How long they wait.
const PATIENCE: Duration = Duration::from_secs(5);
/// When a request that was not admitted may be sent again, in seconds.
const AGAIN: &str = "1";

/// The door of the API.
#[derive(Clone)]
pub(super) struct Door {
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    most: usize,
}

/// One that waits; it leaves when it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for Door {
    fn default() -> Self {
        Self::of(AT_ONCE, WAITING)
    }
}

impl Door {
    fn of(at_once: usize, waiting: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(at_once)),
            waiting: Arc::default(),
            most: waiting,
        }
    }
}

/// Lets a request in when it is its turn.
pub(super) async fn admit(State(door): State<Door>, request: Request, next: Next) -> Response {
    let turn = match door.turns.clone().try_acquire_owned() {
        Ok(turn) => Some(turn),
        Err(_) => wait(&door).await,
    };
    if let Some(_turn) = turn {
        return next.run(request).await;
    }
    if !limits::waits_to_be_asked(request.headers()) {
        limits::drain(request.into_body()).await;
    }
    come_again()
}

async fn wait(door: &Door) -> Option<tokio::sync::OwnedSemaphorePermit> {
    let before = door.waiting.fetch_add(1, Ordering::Relaxed);
    let _waiting = Waiting(&door.waiting);
    if before >= door.most {
        return None;
    }
    let turn = timeout(PATIENCE, door.turns.clone().acquire_owned()).await;
    turn.ok().and_then(Result::ok)
}

fn come_again() -> Response {
    let refusal = Refusal {
        code: Code::Unavailable,
        ..Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many requests are under way, nothing took effect: try again in a second",
        )
    };
    let mut response = refusal.into_response();
    let again = HeaderValue::from_static(AGAIN);
    response.headers_mut().insert(RETRY_AFTER, again);
    response
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware::from_fn_with_state, routing::get};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn some_are_let_in_some_wait_and_the_others_are_told_to_come_again() {
        let door = Door::of(1, 1);
        let (let_go, entered) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (held, seen) = (let_go.clone(), entered.clone());
        let work = move || {
            let (held, seen) = (held.clone(), seen.clone());
            async move {
                seen.add_permits(1);
                let _permit = held.acquire().await;
                "done"
            }
        };
        let router = Router::new().route("/", get(work));
        let router = router.layer(from_fn_with_state(door.clone(), admit));
        let ask = || router.clone().oneshot(Request::new(Body::empty()));
        let others = async {
            let _first = entered.acquire().await;
            let waiting = ask();
            let late = async {
                while door.waiting.load(Ordering::Relaxed) == 0 {
                    tokio::task::yield_now().await;
                }
                let late = ask().await.expect("it answers");
                let_go.add_permits(2);
                late
            };
            futures::join!(waiting, late)
        };
        let (first, (second, third)) = futures::join!(ask(), others);
        assert_eq!(first.expect("it answers").status(), StatusCode::OK);
        assert_eq!(second.expect("it answers").status(), StatusCode::OK);
        assert_eq!(third.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(third.headers()[RETRY_AFTER], AGAIN);
        assert_eq!(door.waiting.load(Ordering::Relaxed), 0);
    }
}
