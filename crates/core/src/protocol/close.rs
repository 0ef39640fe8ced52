//! Why a server closes a connection. The range of the code says whether trying again makes sense.

/// A WebSocket close code of this protocol: 3000 to 3499 mean "reconnect", 3500 to 3999 "stop".
///
/// Any other code (1001, 1006, 1009, …) is a lost connection, to be reconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

/// Which of Daily's fatal errors (`DailyFatalErrorType`) a stop is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FatalKind {
    /// `connection-error`
    ConnectionError,
    /// `ejected`
    Ejected,
    /// `meeting-full`
    MeetingFull,
    /// `not-allowed`
    NotAllowed,
}

impl FatalKind {
    /// Daily's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConnectionError => "connection-error",
            Self::Ejected => "ejected",
            Self::MeetingFull => "meeting-full",
            Self::NotAllowed => "not-allowed",
        }
    }
}

impl CloseCode {
    /// The client left; nothing is wrong.
    pub const NORMAL: Self = Self(1000);
    /// The server is shutting down or restarting.
    pub const GOING_AWAY: Self = Self(3000);
    /// The reader's socket took nothing for too long, or too many events waited for it.
    pub const SLOW_READER: Self = Self(3001);
    /// Nothing came from the client for too long.
    pub const SILENT: Self = Self(3002);
    /// No first message in time.
    pub const JOIN_TIMEOUT: Self = Self(3003);
    /// The server has too many connections right now.
    pub const BUSY: Self = Self(3004);
    /// Far more operations than the limit, for too long.
    pub const RATE_LIMITED: Self = Self(3005);
    /// The join came late, after a newer one of the same client.
    pub const STALE_JOIN: Self = Self(3006);

    /// A frame that is no message of this protocol, or a message where it does not belong.
    pub const BAD_MESSAGE: Self = Self(3500);
    /// A protocol version that this server does not speak.
    pub const UNSUPPORTED_VERSION: Self = Self(3501);
    /// The page's Origin is not allowed.
    pub const ORIGIN_REFUSED: Self = Self(3502);
    /// The session has as many participants as it may have.
    pub const SESSION_FULL: Self = Self(3503);
    /// The same participant joined again on another connection.
    pub const SUPERSEDED: Self = Self(3504);
    /// A field of the join is not valid: name, user data, instance or session name.
    pub const BAD_JOIN: Self = Self(3505);

    /// Whether the client must stop: the same join would be refused again.
    pub const fn is_final(self) -> bool {
        matches!(self.0, 3500..=3999)
    }

    /// Which of Daily's fatal errors a final code is.
    pub const fn fatal_kind(self) -> FatalKind {
        match self {
            Self::SESSION_FULL => FatalKind::MeetingFull,
            Self::ORIGIN_REFUSED => FatalKind::NotAllowed,
            Self::SUPERSEDED => FatalKind::Ejected,
            _ => FatalKind::ConnectionError,
        }
    }

    /// What it means, as a sentence without a full stop for people; also the reason text in the close frame.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NORMAL => "left",
            Self::GOING_AWAY => "the server is going away",
            Self::SLOW_READER => "the connection takes data too slowly",
            Self::SILENT => "nothing was heard from the client for 30 seconds",
            Self::JOIN_TIMEOUT => "no join message came within 5 seconds",
            Self::BUSY => "the server has too many connections right now",
            Self::RATE_LIMITED => "too many messages for too long",
            Self::STALE_JOIN => "a newer connection of this client has joined already",
            Self::BAD_MESSAGE => "the server could not understand a message",
            Self::UNSUPPORTED_VERSION => "the server does not speak this version of the protocol",
            Self::ORIGIN_REFUSED => "the server does not allow this page's origin",
            Self::SESSION_FULL => "the session is full",
            Self::SUPERSEDED => "this participant joined again on another connection",
            Self::BAD_JOIN => {
                "the server did not accept the name, the user data, the token or the session's name"
            }
            _ => "the connection was closed",
        }
    }
}
