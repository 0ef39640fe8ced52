// How a call is made and joined, and where it is.

import type { Call } from './call.js';

/**
 * Options of {@link Call.join}. What {@link Call.createCallObject} was given is used for whatever is left out here.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/join
 */
export interface JoinOptions {
  /**
   * Address of the session, such as `ws://localhost:7880/standup`. The scheme is `ws`, `wss`, `http` (meaning `ws`) or
   * `https` (meaning `wss`); a path before the last segment is kept as a prefix; the last segment, percent-decoded, is the
   * session's name: 1 to 128 of the characters `A-Z a-z 0-9 _ . ~ -`. A `?t=` parameter is a token and is not sent as part
   * of the address; a fragment is ignored.
   */
  url?: string;
  /** Meeting token, for servers that ask for one. It travels in the first message, not in the address. */
  token?: string;
  /** Name that the other participants see, at most 256 units. */
  userName?: string;
  /** Any JSON value that the other participants see as `userData`, at most 4,096 units. */
  userData?: unknown;
  /** Any other option, for instance one of Daily's media options, is ignored with a `console.warn` that names it. */
  [ignored: string]: any;
}

/**
 * Options of {@link Call.createCallObject} and of the constructor.
 *
 * @see https://docs.daily.co/reference/daily-js/factory-methods/create-call-object
 */
export interface CallOptions extends JoinOptions {
  /**
   * `false` does what `allowMultipleCallInstances` does, with a warning, as in Daily.
   *
   * @deprecated Use `allowMultipleCallInstances`.
   */
  strictMode?: boolean;
  /** Allow this call to exist beside others. `false` unless set: a second live call is then an `Error`. */
  allowMultipleCallInstances?: boolean;
}

/**
 * How participants are connected in Daily's terms. While joined it is `sfu` here, since everything passes through the server.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/get-network-topology
 */
export type NetworkTopology = 'sfu' | 'peer';

/**
 * Which session this is.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-session-summary
 */
export interface MeetingSessionSummary {
  /** Identifies the session. A session that begins anew under the same address has another one. */
  id: string;
}

/**
 * Where a call is in its life. It stays `joined-meeting` while a lost connection is being restored.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-state
 */
export type MeetingState =
  | 'new'
  | 'loading'
  | 'loaded'
  | 'joining-meeting'
  | 'joined-meeting'
  | 'left-meeting'
  | 'error';

/** A level of access to a session, in Daily's terms: `full` while joined. */
export interface AccessLevel {
  /** What the participant has, or waits for. */
  level: 'none' | 'lobby' | 'full';
}

/**
 * Whether the participant is let in.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/access-state
 */
export interface AccessState {
  /** `unknown` while the call is not joined. */
  access: 'unknown' | AccessLevel;
  /** The access that was asked for. Never set: this server has no waiting room. */
  awaitingAccess?: AccessLevel;
}

/**
 * What {@link Call.room} says between the moment an address is known and the join.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/room
 */
export interface PendingRoomInfo {
  /** The address that was given. */
  roomUrlPendingJoin: string;
}

/**
 * What {@link Call.room} says while joined.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/room
 */
export interface RoomInfo {
  /** Identifies the room. */
  id: string;
  /** Name of the session: the last segment of the address. */
  name: string;
  /** Settings of the room. Empty: rooms have no settings here. */
  config: Record<string, any>;
  /** Settings of the domain. Empty: there are no domains here. */
  domainConfig: Record<string, any>;
  /** Settings that the token carries. Empty without a token. */
  tokenConfig: Record<string, any>;
}

/**
 * What the browser is and can do. The flags about media are `false`, since this package carries none.
 *
 * @see https://docs.daily.co/reference/daily-js/static-methods/supported-browser
 */
export interface BrowserInfo {
  /** Whether this package works here. */
  supported: boolean;
  /** Whether this is a phone or a tablet. */
  mobile: boolean;
  /** Name of the browser, such as `Firefox`. */
  name: string;
  /** Version of the browser. */
  version: string;
  /** Whether a call can fill the screen. */
  supportsFullscreen: boolean;
  /** Whether a screen can be shared. */
  supportsScreenShare: boolean;
  /** Whether a call can pass through a server. */
  supportsSfu: boolean;
  /** Whether pictures can be processed. */
  supportsVideoProcessing: boolean;
  /** Whether sound can be processed. */
  supportsAudioProcessing: boolean;
}
