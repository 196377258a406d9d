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
    http::{HeaderValue, StatusCode, Version, header, uri::Authority},
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
    let fault = malformed(&request).or_else(|| foreign(&hosts, is_to_this_machine, &request));
    let Some(refusal) = fault else {
        return next.run(request).await;
    };
    if !limits::waits_to_be_asked(request.headers()) {
        limits::drain(request.into_body()).await;
    }
    refusal.into_response()
}

/// RFC 9112, section 3.2: a request of HTTP/1.1 names one host.
fn malformed(request: &Request) -> Option<Refusal> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let is_right = match (hosts.next(), hosts.next()) {
        (None, _) => request.version() != Version::HTTP_11,
        (Some(host), None) => {
            host.is_empty() || host.to_str().is_ok_and(|it| name_of(it).is_some())
        }
        (Some(_), Some(_)) => false,
    };
    let what = "Host: give one, as NAME or NAME:PORT";
    (!is_right).then(|| Refusal::new(StatusCode::BAD_REQUEST, what.to_owned()))
}

fn foreign(hosts: &Hosts, is_to_this_machine: bool, request: &Request) -> Option<Refusal> {
    if hosts.is_any() || (hosts.is_empty() && !is_to_this_machine) {
        return None;
    }
    let is_known = |name: &str| hosts.has(name) || (is_to_this_machine && is_of_this_machine(name));
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
    let headers = request.headers();
    let called = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(header::HOST).map(text),
    };
    if let Some(called) = called
        && !name_of(called).is_some_and(|name| is_known(&name))
    {
        return refuse(StatusCode::MISDIRECTED_REQUEST, "Host", called);
    }
    let is_foreign = |origin: &&str| {
        let site = origin.split_once("://").and_then(|(_, site)| name_of(site));
        !site.is_some_and(|name| is_known(&name))
    };
    let mut origins = headers.get_all(header::ORIGIN).iter().map(text);
    let origin = origins.find(is_foreign)?;
    refuse(StatusCode::FORBIDDEN, "Origin", origin)
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("?")
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
        let mut request = Request::default();
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if !value.is_empty() {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
        }
        let hosts = Hosts::parse(allowed).unwrap();
        let refusal = foreign(&hosts, is_to_this_machine, &request);
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

    #[test]
    fn a_request_names_one_host() {
        for (version, hosts, expected) in [
            (Version::HTTP_11, &["localhost"][..], true),
            (Version::HTTP_11, &[""], true),
            (Version::HTTP_11, &[], false),
            (Version::HTTP_11, &["localhost", "localhost"], false),
            (Version::HTTP_11, &["a b"], false),
            (Version::HTTP_11, &["evil@localhost"], false),
            (Version::HTTP_10, &[], true),
            (Version::HTTP_10, &["localhost", "evil.example"], false),
            (Version::HTTP_2, &[], true),
        ] {
            let mut request = Request::default();
            *request.version_mut() = version;
            for host in hosts {
                let host = HeaderValue::from_static(host);
                request.headers_mut().append(header::HOST, host);
            }
            assert_eq!(malformed(&request).is_none(), expected, "{hosts:?}");
        }
    }
}
