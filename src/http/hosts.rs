//! By which names the service is called, and from pages of which sites.
//!
//! A web page of any site can give its own name the address of this machine (DNS rebinding), and then
//! read and write what listens here as if it were its own. So a connection to this machine itself has to
//! ask for it by a name of this machine, or by one that the settings name; one from elsewhere is asked for
//! such a name only where the settings have some. Must never look at a name as anything but text.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Refusal, limits, peer::Peer};
use crate::config::Hosts;

/// Refuses what is asked for by a foreign name, or by a page of a foreign site.
pub(super) async fn check(
    State(hosts): State<Arc<Hosts>>,
    peer: Option<Extension<Peer>>,
    request: Request,
    next: Next,
) -> Response {
    let is_to_this_machine = peer.is_some_and(|Extension(peer)| peer.is_to_this_machine);
    let fault = fault(&hosts, is_to_this_machine, request.uri(), request.headers());
    let Some(refusal) = fault else {
        return next.run(request).await;
    };
    if !limits::waits_to_be_asked(request.headers()) {
        limits::drain(request.into_body()).await;
    }
    refusal.into_response()
}

fn fault(
    hosts: &Hosts,
    is_to_this_machine: bool,
    uri: &Uri,
    headers: &HeaderMap,
) -> Option<Refusal> {
    if hosts.is_any() || (hosts.is_empty() && !is_to_this_machine) {
        return None;
    }
    let is_known = |name: &str| hosts.has(name) || (is_to_this_machine && is_of_this_machine(name));
    let text = |name| {
        headers
            .get(name)
            .map(|value: &header::HeaderValue| value.to_str())
    };
    let refuse = |status, what: &str, name: &str| {
        let name: String = name.chars().take(100).collect();
        Some(Refusal::new(
            status,
            format!(
                "{what} {name:?} is not a name of this service: use one, or allow it with --hosts"
            ),
        ))
    };
    // The authority of a whole URI goes before the header.
    let called = match (uri.authority(), text(header::HOST)) {
        (Some(authority), _) => Some(Ok(authority.as_str())),
        (None, host) => host,
    };
    if let Some(called) = called {
        let called = called.unwrap_or("?");
        if !name_of(called).is_some_and(|name| is_known(&name)) {
            return refuse(StatusCode::MISDIRECTED_REQUEST, "Host", called);
        }
    }
    let origin = text(header::ORIGIN)?.unwrap_or("?");
    let site = origin.split_once("://").and_then(|(_, site)| name_of(site));
    if site.is_some_and(|name| is_known(&name)) {
        return None;
    }
    refuse(StatusCode::FORBIDDEN, "Origin", origin)
}

/// The name of `name:port`, in lower case.
fn name_of(text: &str) -> Option<String> {
    let authority: Authority = text.parse().ok()?;
    let is_plain = !text.contains('@') && !authority.host().is_empty();
    is_plain.then(|| authority.host().trim_end_matches('.').to_ascii_lowercase())
}

fn is_of_this_machine(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(allowed: &str, is_to_this_machine: bool, host: &str, origin: &str) -> u16 {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if !value.is_empty() {
                headers.insert(name, value.parse().unwrap());
            }
        }
        let hosts = Hosts::parse(allowed).unwrap();
        let uri = "/graphql".parse().unwrap();
        let refusal = fault(&hosts, is_to_this_machine, &uri, &headers);
        refusal.map_or(200, |refusal| refusal.status.as_u16())
    }

    #[test]
    fn a_connection_to_this_machine_is_asked_for_by_its_names() {
        for (host, origin, expected) in [
            ("localhost:8080", "", 200),
            ("LOCALHOST", "", 200),
            ("localhost.", "", 200),
            ("foaf.localhost:1", "", 200),
            ("127.0.0.1:8080", "http://localhost:3000", 200),
            ("127.1.2.3", "", 200),
            ("[::1]:8080", "http://[::1]:3000", 200),
            // HTTP/1.0: no page sends this.
            ("", "", 200),
            ("evil.example", "", 421),
            ("localhost.evil.example", "", 421),
            ("127.0.0.1.evil.example:8080", "", 421),
            ("evil.example@localhost", "", 421),
            ("localhost:8080:9", "", 421),
            ("10.0.0.1", "", 421),
            ("localhost", "http://evil.example", 403),
            ("localhost", "http://localhost.evil.example", 403),
            ("localhost", "null", 403),
            ("localhost", "http://", 403),
        ] {
            assert_eq!(status("", true, host, origin), expected, "{host} {origin}");
        }
    }

    #[test]
    fn the_settings_name_more_and_hold_for_all() {
        for (is_to_this_machine, host, origin, expected) in [
            (false, "foaf.example", "", 200),
            (false, "FOAF.example:443", "https://app.example", 200),
            (false, "other.example", "", 421),
            (false, "localhost", "", 421),
            (true, "localhost", "", 200),
            (true, "foaf.example", "", 200),
            (false, "foaf.example", "https://evil.example", 403),
        ] {
            let found = status("foaf.example,app.example", is_to_this_machine, host, origin);
            assert_eq!(found, expected, "{host} {origin}");
        }
        assert_eq!(status("", false, "any.example", "https://any.example"), 200);
        assert_eq!(status("*", true, "evil.example", ""), 200);
    }
}
