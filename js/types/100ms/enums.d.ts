// 100ms's enums, with every value that code may compare with.

/**
 * Kinds of notifications. These come here: `PEER_LIST`, `PEER_JOINED`, `PEER_LEFT`, `NAME_UPDATED`, `METADATA_UPDATED` (of
 * a peer), `NEW_MESSAGE`, `RECONNECTING`, `RECONNECTED` and `ERROR`. The others are named so that code which compares with
 * them compiles.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/listen-to-room-updates/notifications
 */
export declare enum HMSNotificationTypes {
  PEER_JOINED = 'PEER_JOINED',
  PEER_LEFT = 'PEER_LEFT',
  PEER_LIST = 'PEER_LIST',
  NEW_MESSAGE = 'NEW_MESSAGE',
  ERROR = 'ERROR',
  RECONNECTING = 'RECONNECTING',
  RECONNECTED = 'RECONNECTED',
  TRACK_ADDED = 'TRACK_ADDED',
  TRACK_REMOVED = 'TRACK_REMOVED',
  TRACK_MUTED = 'TRACK_MUTED',
  TRACK_UNMUTED = 'TRACK_UNMUTED',
  TRACK_DEGRADED = 'TRACK_DEGRADED',
  TRACK_RESTORED = 'TRACK_RESTORED',
  TRACK_DESCRIPTION_CHANGED = 'TRACK_DESCRIPTION_CHANGED',
  ROLE_UPDATED = 'ROLE_UPDATED',
  CHANGE_TRACK_STATE_REQUEST = 'CHANGE_TRACK_STATE_REQUEST',
  CHANGE_MULTI_TRACK_STATE_REQUEST = 'CHANGE_MULTI_TRACK_STATE_REQUEST',
  ROOM_ENDED = 'ROOM_ENDED',
  REMOVED_FROM_ROOM = 'REMOVED_FROM_ROOM',
  DEVICE_CHANGE_UPDATE = 'DEVICE_CHANGE_UPDATE',
  PLAYLIST_TRACK_ENDED = 'PLAYLIST_TRACK_ENDED',
  NAME_UPDATED = 'NAME_UPDATED',
  METADATA_UPDATED = 'METADATA_UPDATED',
  POLL_CREATED = 'POLL_CREATED',
  POLL_STARTED = 'POLL_STARTED',
  POLL_STOPPED = 'POLL_STOPPED',
  POLL_VOTES_UPDATED = 'POLL_VOTES_UPDATED',
  POLLS_LIST = 'POLLS_LIST',
  HAND_RAISE_CHANGED = 'HAND_RAISE_CHANGED',
  TRANSCRIPTION_STATE_UPDATED = 'TRANSCRIPTION_STATE_UPDATED',
  TRACK_INTERRUPTION_START = 'TRACK_INTERRUPTION_START',
  TRACK_INTERRUPTION_END = 'TRACK_INTERRUPTION_END',
}

/** How serious a notification is: `error` for `ERROR` and `RECONNECTING`. */
export declare enum HMSNotificationSeverity {
  INFO = 'info',
  ERROR = 'error',
}

/**
 * Where a store is in its life. `Failed` is passed through on the way from a join that failed, or a room that the server
 * ended, to `Disconnected`. There is no `Preview` here.
 */
export declare enum HMSRoomState {
  Disconnected = 'Disconnected',
  Preview = 'Preview',
  Connecting = 'Connecting',
  Connected = 'Connected',
  Reconnecting = 'Reconnecting',
  Disconnecting = 'Disconnecting',
  Failed = 'Failed',
}

/** Kinds of peers: always `regular`. */
export declare enum HMSPeerType {
  SIP = 'sip',
  REGULAR = 'regular',
}

/** How much 100ms's SDK logs. */
export declare enum HMSLogLevel {
  VERBOSE = 0,
  DEBUG = 1,
  INFO = 2,
  WARN = 3,
  TIME = 4,
  TIMEEND = 5,
  ERROR = 6,
  NONE = 7,
}
