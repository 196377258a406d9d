//! The playground: a page to try the API in, served at `/`, its parts under `/assets/`.
//!
//! The page is built from `ui/` by `build.rs` and embedded. It loads nothing from elsewhere, and the content security
//! policy sees to it that it stays so. Assets are embedded as gzip only; other clients get them unpacked.

use std::fmt::Write as _;
use std::io::Read as _;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    REFERRER_POLICY, VARY,
};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::read::GzDecoder;
use rust_embed::{Embed, EmbeddedFile};

use super::negotiation::codings;

/// The editor, Monaco, writes style elements, and its fonts and icons are data URLs: hence the exceptions.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; \
    style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Embed)]
#[folder = "$OUT_DIR/ui"]
struct Files;

/// The routes `/` and `/assets/…`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/", get(index))
        .route("/assets/{*path}", get(asset))
}

async fn index(headers: HeaderMap) -> Response {
    let Some(page) = Files::get("index.html") else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // Weak, because a compressing layer may come after us.
    let etag = page.metadata.sha256_hash()[..16]
        .iter()
        .fold("W/\"".to_owned(), |mut tag, byte| {
            let _ = write!(tag, "{byte:02x}");
            tag
        })
        + "\"";
    let cache = [(CACHE_CONTROL, "no-cache".to_owned()), (ETAG, etag.clone())];
    if headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    (safe("index.html"), cache, page.data).into_response()
}

async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    let path = format!("assets/{path}");
    // The names are hashed: another content is another name. (Not so licenses.md, where an old copy does no harm.)
    let head = (
        safe(&path),
        [(CACHE_CONTROL, "public, max-age=31536000, immutable")],
    );
    if let Some(EmbeddedFile { data, .. }) = Files::get(&format!("{path}.gz")) {
        if codings(&headers).gzip {
            return (
                head,
                [(VARY, "accept-encoding"), (CONTENT_ENCODING, "gzip")],
                data,
            )
                .into_response();
        }
        return match unpack(&data) {
            Ok(data) => (head, [(VARY, "accept-encoding")], data).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
    }
    match Files::get(&path) {
        Some(file) => (head, file.data).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What every answer says of itself. A worker's script brings the policy of its worker, so assets carry it, too.
fn safe(path: &str) -> [(HeaderName, &'static str); 3] {
    [
        (CONTENT_TYPE, content_type(path)),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
    ]
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "md" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "ttf" => "font/ttf",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn unpack(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    GzDecoder::new(data).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everything_the_page_names_is_there() {
        let page = Files::get("index.html").expect("a page is embedded");
        let html = String::from_utf8(page.data.into_owned()).unwrap();
        let assets: Vec<_> = html
            .split("\"/assets/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(!assets.is_empty());
        for name in assets {
            let answer = asset(Path(name.to_owned()), HeaderMap::new()).await;
            assert_eq!(answer.status(), StatusCode::OK, "{name}");
            assert_ne!(
                answer.headers()[CONTENT_TYPE],
                "application/octet-stream",
                "{name}"
            );
        }
        let answer = asset(Path("no-such.js".into()), HeaderMap::new()).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }
}
