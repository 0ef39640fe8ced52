//! Which request gets what: a WebSocket, a file, the page, or a plain sentence.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use meeting_session_core::address::{is_session_name, percent_decoded};
use meeting_session_core::protocol::CloseCode;
use tracing::{Instrument, debug, debug_span, info};

use crate::client_address::{client_address, is_ignored};
use crate::joining::NoPlace;
use crate::server::{Server, TcpPeer};
use crate::{connection, files, upgrade};

/// The service of every connection.
pub(crate) fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .fallback(page_or_file)
        .layer(middleware::from_fn_with_state(server.clone(), guard))
        .with_state(server)
}

/// Whether new sessions should come here.
async fn ready(State(server): State<Arc<Server>>) -> (StatusCode, &'static str) {
    match server.hub.is_going_away() {
        false => (StatusCode::OK, "ready\n"),
        true => (StatusCode::SERVICE_UNAVAILABLE, "draining\n"),
    }
}

/// What holds for every path: the name that the server is called by, WebSockets, and one header.
async fn guard(
    State(server): State<Arc<Server>>,
    Extension(TcpPeer(peer)): Extension<TcpPeer>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = if !server.origins.accepts_host(text(request.headers(), &header::HOST)) {
        misdirected()
    } else if upgrade::is_requested(&request) {
        websocket(&server, peer, request)
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

async fn page_or_file(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        let allow = [(header::ALLOW, "GET, HEAD")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow, "Only GET and HEAD are allowed here.\n")
            .into_response();
    }
    if uri.path().contains("/-/") {
        files::file(&headers, &uri).unwrap_or_else(not_found)
    } else if uri.path() == "/" || session_name(&uri).is_some() {
        files::page(&headers)
    } else {
        not_found()
    }
}

/// Upgrades a request and leaves the connection to a task of its own.
fn websocket(server: &Arc<Server>, peer: IpAddr, mut request: Request) -> Response {
    let Some(name) = session_name(request.uri()) else {
        return not_found();
    };
    let address = client_address(peer, &server.trusted_proxies, request.headers());
    if is_ignored(peer, &server.trusted_proxies, request.headers()) {
        server.untrusted.call_once(|| {
            info!(%peer, "X-Forwarded-For means nothing from this address; if it is your proxy, --trusted-proxy makes it count");
        });
    }
    let joining = match server.joining.take(address) {
        Ok(place) => place,
        Err(why) => return no_place(&name, address, why),
    };
    let (upgraded, response) = match upgrade::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(refusal) => return refusal.into_response(),
    };
    let headers = request.headers();
    let origin = text(headers, &header::ORIGIN);
    let allowed = server.origins.allows(origin, text(headers, &header::HOST));
    if !allowed {
        info!(session = name, %address, origin, "origin refused; --allow-origin would allow it");
    }
    let server = server.clone();
    let stop = server.on_stop();
    let serve = async move {
        match upgraded.await {
            Ok(io) if allowed => connection::serve(io, &name, &server.hub, joining, stop).await,
            Ok(io) => connection::refuse(io, CloseCode::ORIGIN_REFUSED).await,
            Err(error) => debug!(%error, "upgrade failed"),
        }
    };
    tokio::spawn(serve.instrument(debug_span!("client", %address)));
    response
}

/// The session that a path names: its last segment.
fn session_name(uri: &Uri) -> Option<String> {
    let path = uri.path();
    let path = path.strip_suffix('/').unwrap_or(path);
    let (_, last) = path.rsplit_once('/')?;
    percent_decoded(last).filter(|name| is_session_name(name))
}

/// A header as text; one that is no text is as good as an empty one, which matches nothing.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

fn not_found() -> Response {
    let text =
        "There is nothing here. A session is at /NAME, its name 1 to 128 letters, digits or any of _ . ~ -\n";
    (StatusCode::NOT_FOUND, text).into_response()
}

fn no_place(name: &str, address: IpAddr, why: NoPlace) -> Response {
    debug!(session = name, %address, ?why, "too many connections are joining");
    let text = match why {
        NoPlace::All => "Too many connections are joining right now.\n",
        NoPlace::OfAddress => "Too many connections from this address are joining right now.\n",
    };
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], text).into_response()
}

fn misdirected() -> Response {
    let text = "This server listens on a loopback address and answers only to localhost and the like, or to the host of an \
                origin that was allowed with --allow-origin.\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}
