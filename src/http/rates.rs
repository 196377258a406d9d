//! How often one client may ask.
//!
//! Known by its address, of which the first 64 bits count where it has 128: the rest is the client's own to
//! choose. Must never count what comes from this machine itself, nor keep addresses that were not seen for
//! a while.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::{Refusal, limits, peer::Peer};
use crate::graphql::Code;

/// From how many clients on those are forgotten that have not asked for a while.
const MANY: usize = 65_536;
/// When a request that came too early may be sent again, in seconds.
const AGAIN: &str = "1";

/// The rates of the clients; none are counted where there is no bound.
#[derive(Clone, Default)]
pub(super) struct Rates(Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>);

impl Rates {
    /// So many requests a second, and so many at once after a pause.
    pub(super) fn per_second(most: Option<NonZeroU32>) -> Self {
        Self(most.map(|most| Arc::new(RateLimiter::keyed(Quota::per_second(most)))))
    }

    fn admits(&self, client: IpAddr) -> bool {
        let Some(rates) = &self.0 else {
            return true;
        };
        if rates.len() > MANY {
            rates.retain_recent();
            rates.shrink_to_fit();
        }
        rates.check_key(&known_by(client)).is_ok()
    }
}

/// Lets a request in, unless its client has sent too many.
pub(super) async fn admit(
    State(rates): State<Rates>,
    peer: Option<Extension<Peer>>,
    request: Request,
    next: Next,
) -> Response {
    let client = peer.and_then(|Extension(peer)| peer.address);
    let client = client.filter(|address| !address.is_loopback());
    if client.is_none_or(|client| rates.admits(client)) {
        return next.run(request).await;
    }
    if !limits::waits_to_be_asked(request.headers()) {
        limits::drain(request.into_body()).await;
    }
    let refusal = Refusal {
        code: Code::Unavailable,
        ..Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too many requests from this address: send fewer, or raise --max-requests-per-second",
        )
    };
    ([(RETRY_AFTER, HeaderValue::from_static(AGAIN))], refusal).into_response()
}

fn known_by(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_client_has_a_rate_of_its_own() {
        let rates = Rates::per_second(NonZeroU32::new(3));
        let admitted = |client: &str| (0..10).filter(|_| rates.admits(ip(client))).count();
        for client in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
            // One more comes every third of a second.
            assert!((3..=4).contains(&admitted(client)), "{client}");
        }
        assert!(admitted("2001:db8::2:3") <= 1, "of the same network");
        assert!(admitted("2001:db8:0:1::1") >= 3, "of another");
        let unbounded = Rates::per_second(None);
        assert!((0..10_000).all(|_| unbounded.admits(ip("192.0.2.1"))));
    }
}
