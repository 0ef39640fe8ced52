//! From an HTTP request to a WebSocket: the checks of RFC 6455 and the answer.

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::upgrade::OnUpgrade;
use meeting_session_core::protocol::SUBPROTOCOL;

/// What RFC 6455 appends to the client's key.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Whether a request asks for a WebSocket.
pub(crate) fn is_requested(request: &Request) -> bool {
    request.method() == Method::GET && has_token(request.headers(), &header::UPGRADE, "websocket")
}

/// Why a request for a WebSocket is not granted.
#[derive(Debug)]
pub(crate) struct Refusal(StatusCode, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, [(header::SEC_WEBSOCKET_VERSION, "13")], self.1).into_response()
    }
}

/// Checks a request for a WebSocket. The connection can be used after the response was sent.
pub(crate) fn accept(request: &mut Request) -> Result<(OnUpgrade, Response), Refusal> {
    let bad_request = |text| Err(Refusal(StatusCode::BAD_REQUEST, text));
    let headers = request.headers();
    if request.version() < Version::HTTP_11 || !has_token(headers, &header::CONNECTION, "upgrade") {
        return bad_request("A WebSocket needs HTTP/1.1 and the header `Connection: Upgrade`.\n");
    }
    if single(headers, &header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let text = "This server speaks version 13 of the WebSocket protocol.\n";
        return Err(Refusal(StatusCode::UPGRADE_REQUIRED, text));
    }
    let Some(accept) = single(headers, &header::SEC_WEBSOCKET_KEY).and_then(accept_value) else {
        return bad_request("Sec-WebSocket-Key must be 16 bytes in base64.\n");
    };
    // Nobody would read it, and its bytes would be taken for frames.
    if !request.body().is_end_stream() {
        return bad_request("A request for a WebSocket has no body.\n");
    }
    // A client that offers none is taken at its word that it speaks ours. These names have a case.
    let offered: Vec<_> = tokens(headers, &header::SEC_WEBSOCKET_PROTOCOL).collect();
    let selects = offered.contains(&SUBPROTOCOL);
    if !offered.is_empty() && !selects {
        return bad_request("The only subprotocol of this server is meeting-session.v1.\n");
    }

    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    answer.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if selects {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    Ok((hyper::upgrade::on(request), response))
}

/// The answer to a key; none when the key is not one.
fn accept_value(key: &HeaderValue) -> Option<HeaderValue> {
    let decoded = STANDARD.decode(key.as_bytes()).ok()?;
    if decoded.len() != 16 {
        return None;
    }
    let mut hash = sha1_smol::Sha1::from(key.as_bytes());
    hash.update(KEY_SUFFIX);
    HeaderValue::try_from(STANDARD.encode(hash.digest().bytes())).ok()
}

/// A header that must not stand twice.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).into_iter();
    values.next().filter(|_| values.next().is_none())
}

/// Whether a header that is a list has this member, whatever its case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|listed| listed.eq_ignore_ascii_case(token))
}

/// The members of a header that is a list.
fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_the_key_is_that_of_the_rfc() {
        let accept = accept_value(&HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ=="));
        assert_eq!(accept.unwrap(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        for key in ["", "dGhlIHNhbXBsZQ==", "dGhlIHNhbXBsZSBub25jZQ", "no base64!"] {
            assert_eq!(accept_value(&HeaderValue::from_static(key)), None, "{key}");
        }
    }
}
