//! Every limit of the protocol, with its unit and its reason.
//!
//! "Units" are UTF-16 code units of JSON text: what `JSON.stringify(value).length` says.

use core::time::Duration;

/// Session data, and each update of it: 102,400 units, Daily's limit (100 × 1024 characters, not bytes).
pub const DATA_UNITS: usize = 102_400;

/// Objects one in another in a merge patch, the patch itself being the first: 32. Each scans what it is merged into once
/// more, so this bounds the work to 32 times the size of the data and of the patch.
pub const PATCH_DEPTH: usize = 32;

/// One app message: 4,096 units, Daily's limit.
pub const APP_MESSAGE_UNITS: usize = 4_096;

/// A participant's user data: 4,096 units, Daily's limit.
pub const USER_DATA_UNITS: usize = 4_096;

/// A participant's name: 256 units, enough for any name and short enough for a list.
pub const USER_NAME_UNITS: usize = 256;

/// A session's name: 1 to 128 characters of `A-Z a-z 0-9 _ . ~ -`.
pub const SESSION_NAME_UNITS: usize = 128;

/// A token: 8,192 units, more than any proxy lets through in a header.
pub const TOKEN_UNITS: usize = 8_192;

/// The client's instance id: 32 hexadecimal digits.
pub const INSTANCE_DIGITS: usize = 32;

/// Documents before this one that a join names: of more that were reloaded before they were answered, the last ones.
pub const PREDECESSORS: usize = 16;

/// The length of the text that names them.
pub const PREDECESSORS_UNITS: usize = PREDECESSORS * (INSTANCE_DIGITS + 1) - 1;

/// One frame from a client: 320 KiB. Three bytes for each unit of a full update, and the envelope.
pub const CLIENT_FRAME_BYTES: usize = 320 * 1024;

/// Bytes that may come without making a message: twice a frame of full size. Empty fragments for ever have no size that
/// another limit would see.
pub const UNFINISHED_BYTES: u64 = 2 * CLIENT_FRAME_BYTES as u64;

/// The first message of a connection: 48 KiB. Three bytes for each unit that name, user data and token may have, and the
/// envelope; an unknown peer gets no more room than that.
pub const JOIN_FRAME_BYTES: usize = 48 * 1024;
const _: () = assert!(
    3 * (USER_NAME_UNITS + USER_DATA_UNITS + TOKEN_UNITS) + 8 * 1024 <= JOIN_FRAME_BYTES,
    "a join that the client makes must be one that the server reads"
);

/// The time a connection has for its first message.
pub const JOIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections that have not joined yet, in the whole process. More get an HTTP 503.
pub const JOINING_CONNECTIONS: usize = 1_000;

/// Connections of one client's address that have not joined yet; of an IPv6 address, its /64. Half of all, so that one
/// address leaves as many to others. A join takes milliseconds: 2,000 clients behind one address that come back at once
/// are in within seconds.
pub const JOINING_CONNECTIONS_PER_ADDRESS: usize = 500;

/// Participants of one session, those in grace included.
pub const PARTICIPANTS: usize = 500;

/// Participants in the answer to a join; the rest follows in messages of as many each.
pub const PARTICIPANTS_PER_MESSAGE: usize = 100;

/// Recipients named by one app message.
pub const APP_MESSAGE_RECIPIENTS: usize = PARTICIPANTS;

/// Sustained operations per second of one connection; beyond the burst each waits for its turn.
pub const OPERATIONS_PER_SECOND: u32 = 50;

/// Operations that a quiet connection may send at once.
pub const OPERATION_BURST: u32 = 100;

/// How long a connection may stay over its rate before it is closed.
pub const THROTTLED_MAX: Duration = Duration::from_secs(10);

/// Updates of one client that are sent and not yet answered: enough that awaited writes run at the server's rate over
/// 150 ms. The server remembers as many results for each client. Batched writes wait until there is none.
pub const IN_FLIGHT: usize = 8;

/// The time between two updates of one client made by `setMeetingSessionData`, unless the server sets another: one
/// second, as Daily's documentation of that method says.
pub const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// The longest interval that a server may set: far below [`UNSENT_MAX`], so that no write grows too old in it.
pub const SYNC_INTERVAL_MAX: Duration = Duration::from_secs(10);

/// A busy session sends each reader at most one delta in this time, which gathers what was written meanwhile.
pub const CONFLATION_INTERVAL: Duration = Duration::from_millis(25);

/// The server sends a ping when it has sent nothing, or heard nothing, for this long.
pub const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Either side takes the other for gone when nothing came for this long: a ping interval and ten seconds.
pub const SILENCE_MAX: Duration = Duration::from_secs(30);

/// How long a participant whose connection was lost is kept, unless the operator sets another time.
pub const GRACE: Duration = Duration::from_secs(30);

/// How long a participant is kept whose page said that it goes away, unless the operator sets another time: long enough for a reload.
pub const AWAY_GRACE: Duration = Duration::from_secs(5);

/// A reader that has not taken all that was sent to it for this long is disconnected. One that takes nothing at all is
/// noticed sooner, by its silence.
pub const BLOCKED_MAX: Duration = Duration::from_secs(120);

/// Events (not data) that wait for a reader whose socket takes nothing.
pub const QUEUED_EVENTS: usize = 128;

/// Bytes of events that wait for a reader whose socket takes nothing: twenty participants with all the user data
/// that they may have.
pub const QUEUED_EVENT_BYTES: usize = 256 * 1024;

/// Answers that wait for a reader whose socket takes nothing: those to all that a page sends when it goes away, and half
/// as many again. One that goes on sending without reading is disconnected.
pub const QUEUED_RESULTS: usize = 200;

/// Updates in a session's log. A client that missed more gets a snapshot.
pub const LOG_UPDATES: usize = 512;

/// Bytes of keys in a session's log: each key is its name and 48 more.
pub const LOG_KEY_BYTES: usize = 256 * 1024;

/// How long an update stays in a session's log: far longer than a client is usually away.
pub const LOG_AGE: Duration = Duration::from_secs(120);

/// Revisions whose chain a session knows: 64 KiB of them. After a restart a client that has missed more is told that its
/// history may be another one.
pub const LOG_CHAINS: usize = 8_192;

/// A write that could not be sent for this long is dropped and reported, so that an old "mute everyone" never fires.
pub const UNSENT_MAX: Duration = Duration::from_secs(30);

/// Writes of one client that wait to be sent; a further awaited one is refused. Batched ones share few places.
pub const UNSENT_WRITES: usize = 128;

/// App messages that wait for a reconnect.
pub const UNSENT_APP_MESSAGES: usize = 32;

/// How long the first join tries to reach a server before it gives up.
pub const FIRST_JOIN_TIMEOUT: Duration = Duration::from_secs(15);

/// How long one attempt may take until the socket is open. The answer to the join may then take [`SILENCE_MAX`].
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// A socket that has been opening for this long is given up for a new one when the network or the page comes back.
pub const STALE_CONNECT: Duration = Duration::from_secs(1);

/// A connection that lasted this long was a good one: after it the pauses before a reconnect start over.
pub const STABLE_AFTER: Duration = Duration::from_secs(10);

/// How long `leave()` waits for the answers to what was written. What still waits to be sent then is sent without them.
pub const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// The first pause before a reconnect, at most; it doubles up to [`BACKOFF_MAX`], and a random share of it is waited.
pub const BACKOFF_FIRST: Duration = Duration::from_millis(500);

/// The longest pause between two attempts to reconnect.
pub const BACKOFF_MAX: Duration = Duration::from_secs(10);
