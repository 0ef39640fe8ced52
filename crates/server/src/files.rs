//! The pages of the demo and the built browser module. Both are part of a release build; a debug build reads them from disk.

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

/// The pages of the demo.
#[derive(RustEmbed)]
#[folder = "../../www"]
#[allow_missing = true]
struct Demo;

/// What `npm run build` makes.
#[derive(RustEmbed)]
#[folder = "../../dist"]
#[allow_missing = true]
struct Module;

/// What a page of the demo may load and run: its own files, the module's wasm, and sessions on any server.
const PAGE_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws: wss:; \
                           img-src 'self' data:; frame-src 'self'; frame-ancestors 'self'; object-src 'none'; \
                           base-uri 'none'; form-action 'self'";

const NOT_BUILT: &str = "This file is not built yet. Run `npm run build`, and build the server again if it is a release \
                         build.\n";

/// The page itself.
pub(crate) fn page(request: &HeaderMap) -> Response {
    let Some(index) = Demo::get("index.html") else {
        return not_built();
    };
    respond(request, "index.html", index)
}

/// The file that a path names, if it is a path of files: `/-/demo/…` or `/-/module/…`, below any prefix.
///
/// Under a prefix, or below a session's own path, the page's relative addresses lead to such paths, too.
pub(crate) fn file(request: &HeaderMap, uri: &Uri) -> Option<Response> {
    let (_, path) = uri.path().rsplit_once("/-/")?;
    let (folder, name) = path.split_once('/')?;
    let (file, exists) = match folder {
        "demo" => (Demo::get(name), Demo::iter().next().is_some()),
        "module" => (Module::get(name), Module::iter().next().is_some()),
        _ => return None,
    };
    match file {
        Some(file) => Some(respond(request, name, file)),
        None if exists => None,
        None => Some(not_built()),
    }
}

fn not_built() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response()
}

fn respond(request: &HeaderMap, name: &str, file: EmbeddedFile) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag = format!("\"{:016x}\"", hash.iter().take(8).fold(0, |tag, byte| tag << 8 | u64::from(*byte)));
    let headers = [
        (header::CACHE_CONTROL, String::from("no-cache")),
        (header::ETAG, tag.clone()),
        (header::CONTENT_TYPE, content_type(name).to_owned()),
    ];
    let mut response = if has_tag(request, &tag) {
        (StatusCode::NOT_MODIFIED, headers).into_response()
    } else {
        let body = match file.data {
            std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
        };
        (headers, Body::from(body)).into_response()
    };
    if name.ends_with(".html") {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    response
}

/// Whether the browser says that it has the file of this tag.
fn has_tag(request: &HeaderMap, tag: &str) -> bool {
    let conditions = request.get_all(header::IF_NONE_MATCH).into_iter();
    conditions
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|listed| listed.trim().trim_start_matches("W/"))
        .any(|listed| listed == tag || listed == "*")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "wasm" => "application/wasm",
        "ts" | "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
