//! Which form of an answer a caller takes: RFC 9110, sections 12.5.1 and 12.5.3.
//!
//! Decided before anything is executed: a mutation must not take effect whose answer cannot be sent.

use axum::http::{
    HeaderMap,
    header::{ACCEPT, ACCEPT_ENCODING},
};
use headers_accept::Accept;
use mediatype::{MediaType, ReadParams, names::Q};

/// The media type of an answer to a GraphQL request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/graphql-response+json`, whose status says whether the request was understood.
    GraphQl,
    /// `application/json`, whose status is 200 for every request that is well formed.
    Json,
}

impl Form {
    /// The value of `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::GraphQl => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The forms that there are, the better first: section 6.3 of GraphQL over HTTP.
const FORMS: [(&str, Form); 2] = [
    ("application/graphql-response+json", Form::GraphQl),
    ("application/json", Form::Json),
];

/// The form that a caller prefers; `None` if it takes none of them. Who names none takes any, and so
/// does who writes nothing that is a media range.
pub(super) fn form(headers: &HeaderMap) -> Option<Form> {
    if !headers.contains_key(ACCEPT) {
        return Some(Form::GraphQl);
    }
    let values = headers.get_all(ACCEPT).iter();
    // Names are compared without regard to case.
    let text: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase())
        .collect();
    let elements = text
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim);
    let elements: Vec<_> = elements.filter(|element| !element.is_empty()).collect();
    let ranges: Vec<_> = elements
        .iter()
        .filter_map(|element| range(element))
        .collect();
    if ranges.is_empty() && !elements.is_empty() {
        return Some(Form::GraphQl);
    }
    let accept: Accept = ranges.join(",").parse().ok()?;
    let forms: Vec<_> = FORMS
        .iter()
        .filter_map(|(name, form)| Some((MediaType::parse(name).ok()?, *form)))
        .collect();
    let chosen = accept.negotiate(forms.iter().map(|(name, _)| name))?;
    forms
        .iter()
        .find(|(name, _)| name == chosen)
        .map(|(_, form)| *form)
}

/// A media range with its weight, as the negotiation wants it. Other parameters say nothing: neither
/// form has any. What is no range, such as the `*` that Java sends, is passed over.
fn range(element: &str) -> Option<String> {
    let range = MediaType::parse(element).ok()?;
    let weight = range
        .get_param(Q)
        .map_or(1.0, |value| weight(value.as_str()));
    Some(format!("{};q={weight:.3}", range.essence()))
}

/// A weight from 0 to 1; 1 where it is no number.
fn weight(text: &str) -> f32 {
    text.trim()
        .parse()
        .map_or(1.0, |weight: f32| weight.clamp(0.0, 1.0))
}

/// Which codings of a body a caller takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Codings {
    /// `gzip`, or anything.
    pub(super) gzip: bool,
    /// The body as it is; unless this is turned down, every caller takes it.
    pub(super) identity: bool,
}

/// The codings that a caller takes.
pub(super) fn codings(headers: &HeaderMap) -> Codings {
    let (mut gzip, mut identity, mut others) = (None, None, None);
    let values = headers.get_all(ACCEPT_ENCODING).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    for coding in values.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| {
            let (name, weight) = part.split_once('=')?;
            let is_weight = name.trim().eq_ignore_ascii_case("q");
            is_weight.then(|| self::weight(weight))
        });
        let is_taken = Some(weight.is_none_or(|weight| weight > 0.0));
        match name.as_str() {
            "gzip" | "x-gzip" => gzip = is_taken,
            "identity" => identity = is_taken,
            "*" => others = is_taken,
            _ => {}
        }
    }
    Codings {
        gzip: gzip.or(others).unwrap_or(false),
        identity: identity.or(others).unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn with(name: &HeaderName, values: &[&'static str]) -> HeaderMap {
        let values = values.iter().map(|value| HeaderValue::from_static(value));
        values.map(|value| (name.clone(), value)).collect()
    }

    #[test]
    fn the_form_is_the_one_that_the_caller_prefers() {
        let (graphql, json) = (Some(Form::GraphQl), Some(Form::Json));
        for (accept, expected) in [
            ("*/*", graphql),
            ("application/*", graphql),
            ("application/json", json),
            ("APPLICATION/JSON", json),
            ("application/graphql-response+json", graphql),
            ("Application/GraphQL-Response+JSON; charset=UTF-8", graphql),
            ("application/json; charset=utf-8", json),
            ("application/graphql-response+json;q=0, */*", json),
            (
                "application/graphql-response+json;q=0.1, application/json;q=0.2",
                json,
            ),
            (
                "application/json;q=0.1, application/graphql-response+json;Q=0.2",
                graphql,
            ),
            (
                "application/graphql-response+json, application/json;q=0.9",
                graphql,
            ),
            ("text/html, application/xhtml+xml, */*;q=0.8", graphql),
            ("text/html;q=1, application/json;q=0.1", json),
            ("text/html", None),
            ("*/*;q=0", None),
            ("application/json;q=0", None),
            (
                "application/graphql-response+json;q=0, application/json;q=0, text/*",
                None,
            ),
            ("application/x+graphql-response+json", None),
            ("", None),
            (
                "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
                graphql,
            ),
            ("application/json; q=.2, */*; q=.1", json),
            ("application/json, , text/html", json),
            (",application/json", json),
            ("application/json;charset=utf8;ext=1", json),
            ("application/json;", json),
            ("*", graphql),
            ("*, text/html", None),
        ] {
            let headers = with(&ACCEPT, &[accept]);
            assert_eq!(form(&headers), expected, "{accept:?}");
        }
        assert_eq!(form(&HeaderMap::new()), graphql);
        let two = with(&ACCEPT, &["text/html", "application/json"]);
        assert_eq!(form(&two), json);
    }

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        for (accepted, gzip, identity) in [
            ("gzip, deflate, br", true, true),
            ("br;q=1.0, GZIP;q=0.5", true, true),
            ("*", true, true),
            ("gzip;q=0", false, true),
            ("gzip ; q=0.000", false, true),
            ("br, identity", false, true),
            ("", false, true),
            ("identity;q=0", false, false),
            ("*;q=0", false, false),
            ("identity;q=0, gzip", true, false),
            ("identity; q=0, *", true, false),
            ("*;q=0, identity;q=0.5", false, true),
        ] {
            let headers = with(&ACCEPT_ENCODING, &[accepted]);
            assert_eq!(
                codings(&headers),
                Codings { gzip, identity },
                "{accepted:?}"
            );
        }
        assert!(!codings(&HeaderMap::new()).gzip);
    }
}
