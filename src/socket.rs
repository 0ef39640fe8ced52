//! One WebSocket and its handler. Dropping it detaches the handler and closes it.

use alloc::string::String;
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

use meeting_session_core::protocol::SUBPROTOCOL;

/// What a socket tells its owner.
pub(crate) enum SocketEvent {
    Opened,
    Message(String),
    /// The close code, 1006 when the connection was lost or never made, and the server's reason in words.
    Closed(u16, String),
}

/// A socket that is connecting, open or closed.
pub(crate) struct Socket {
    socket: WebSocket,
    _handler: Closure<dyn Fn(Event)>,
}

impl Socket {
    /// Starts to connect.
    ///
    /// # Errors
    /// What `new WebSocket` throws: an address that it cannot read, or a policy of the page that forbids it.
    pub(crate) fn connect(url: &str, tell: impl Fn(SocketEvent) + 'static) -> Result<Self, JsValue> {
        let socket = WebSocket::new_with_str(url, SUBPROTOCOL)?;
        let handler = Closure::<dyn Fn(Event)>::new(move |event: Event| match event.type_().as_str() {
            "open" => tell(SocketEvent::Opened),
            "close" => {
                let event = event.unchecked_ref::<CloseEvent>();
                tell(SocketEvent::Closed(event.code(), event.reason()));
            }
            _ => {
                // A binary frame is none of this protocol's.
                if let Some(text) = event.unchecked_ref::<MessageEvent>().data().as_string() {
                    tell(SocketEvent::Message(text));
                }
            }
        });
        let function = Some(handler.as_ref().unchecked_ref());
        socket.set_onopen(function);
        socket.set_onmessage(function);
        socket.set_onclose(function);
        Ok(Self { socket, _handler: handler })
    }

    /// Sends a text frame. On a socket that is closing it is lost, as the close event will say; browsers would only log
    /// an error.
    pub(crate) fn send(&self, text: &str) {
        if self.socket.ready_state() == WebSocket::OPEN {
            let _ = self.socket.send_with_str(text);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}
