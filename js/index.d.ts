/**
 * Shared session state for calls: one object that everybody in a meeting reads and writes.
 *
 * The names, shapes and error texts are those of Daily's `@daily-co/daily-js`, so that code written for its session data
 * runs over this package. Each item that is copied from Daily links to Daily's page about it. Audio and video are not part
 * of this package: what Daily says about media is present where code expects it, and always "off".
 *
 * Sizes are counted in UTF-16 code units of the JSON text, which is what `JSON.stringify(value).length` returns.
 * A "session" is what Daily calls a meeting session: it begins with the first join of an address and ends when nobody is
 * left in it.
 *
 * @packageDocumentation
 */

// Without this line every declaration in a .d.ts file would be exported.
export {};

// ---------------------------------------------------------------------------------------------------- options

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

// ---------------------------------------------------------------------------------------------------- session state

/**
 * How {@link Call.setMeetingSessionData} combines new data with what is there: `replace` (the default) replaces the whole
 * object, `shallow-merge` replaces the given top-level keys and leaves the others.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/set-meeting-session-data
 */
export type MergeStrategy = 'replace' | 'shallow-merge';

/**
 * What a write by {@link Call.updateMeetingSessionData} takes under each of its strategies: those of {@link MergeStrategy}, and
 * `merge-patch` by RFC 7396, which the server applies to the data that it has.
 */
export interface Updates<Data = unknown> {
  /** The whole next data. */
  replace: Data;
  /** The top-level keys to set; one with the value `undefined` is deleted. Nested objects are replaced, not merged. */
  'shallow-merge': Data extends object ? { [Key in keyof Data]?: Data[Key] | undefined } : unknown;
  /** What to change, at any depth. */
  'merge-patch': Data extends object ? MergePatch<Data> : unknown;
}

/** How {@link Call.updateMeetingSessionData} combines new data with what is there: see {@link Updates}. */
export type UpdateStrategy = keyof Updates;

/**
 * A patch by RFC 7396: members are merged into the object that is there, at any depth; `null` deletes a member, so it cannot be
 * set; arrays and all other values are replaced whole.
 */
export type MergePatch<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { [Key in keyof Value]?: MergePatch<Value[Key]> | null }
    : Value;

/**
 * What {@link Call.transact} gives to its function: the data, with top-level keys that can be set.
 *
 * An object that has no prototype, so that every key is only data: ask for one by `key in draft` or `Object.hasOwn(draft, key)`,
 * not by `draft.hasOwnProperty(key)`.
 */
export type Draft<Data> = Data extends object ? { -readonly [Key in keyof Data]: Data[Key] } : Record<string, any>;

/** A whole next data. The function that returns it is not async. */
type Next<Data> = Data extends object ? Data : Record<string, any> & { then?: never };

/** The top-level keys of the data: any string until the application says what the data is. */
export type DataKey<Data> = Data extends object ? keyof Data & string : string;

/** The value of a top-level key: `any` until the application says what the data is. */
export type DataValue<Data, Key> = Data extends object ? (Key extends keyof Data ? Data[Key] : never) : any;

/** Some of the top-level keys with their values. Those that are not there are left out. */
export type DataPart<Data, Key extends string> = { [One in Key]?: DataValue<Data, One> };

/** What a selector is given: the data, whose members are `any` until the application says what the data is. */
export type SelectorData<Data> = Data extends object ? Data : Record<string, any>;

/**
 * How participants are connected in Daily's terms. While joined it is `sfu` here, since everything passes through the server.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/get-network-topology
 */
export type NetworkTopology = 'sfu' | 'peer';

/**
 * What everybody in the session shares. A change makes a new object; values that did not change keep their identity.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-session-state
 */
export interface MeetingSessionState<Data = unknown> {
  /** The data that {@link Call.setMeetingSessionData} wrote; `{}` in a new session. At most 102,400 units. */
  data: Data;
  /** Always `sfu` while joined. */
  topology: NetworkTopology | 'none';
}

/** A top-level key of the session's data, and who changed it last. */
export interface MeetingSessionEntry<Value = any> {
  /** Its value. */
  value: Value;
  /** The revision that changed it last. Others count for the session as a whole: {@link Call.meetingSessionRevision}. */
  version: number;
  /** `session_id` of the participant who did, who may have left since. */
  updatedBy: string;
  /** When the server applied that change, by the server's clock. */
  updatedAt: Date;
}

/** Whether everything that was written has arrived: see {@link Call.meetingSessionSaving}. */
export interface MeetingSessionSaving {
  /**
   * How many writes are not answered. Those by {@link Call.setMeetingSessionData} that wait to be sent together count as one, and
   * {@link Call.flush} as none.
   */
  pending: number;
  /**
   * Why the last write that failed for good did, until a later write is made and answered. `conflict`, `aborted` and `too_late`
   * are not told here: they are the business of whoever made the write.
   */
  error?: SessionError;
}

/**
 * Which session this is.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-session-summary
 */
export interface MeetingSessionSummary {
  /** Identifies the session. A session that begins anew under the same address has another one. */
  id: string;
}

// ---------------------------------------------------------------------------------------------------- participants

/**
 * State of one media track: always `off` and not subscribed to, since this package carries no media.
 *
 * @see https://docs.daily.co/reference/daily-js/types/daily-participant
 */
export interface TrackState {
  /** Always `off`. The other values are named so that code which compares with them compiles. */
  state: 'blocked' | 'off' | 'sendable' | 'loading' | 'interrupted' | 'playable';
  /** Whether the local participant would receive the track. */
  subscribed: boolean;
  /** Why the track is off. */
  off: { byUser: true };
}

/**
 * The media tracks of a participant.
 *
 * @see https://docs.daily.co/reference/daily-js/types/daily-participant
 */
export interface ParticipantTracks {
  /** Microphone. */
  audio: TrackState;
  /** Camera. */
  video: TrackState;
  /** Sound of a shared screen. */
  screenAudio: TrackState;
  /** Picture of a shared screen. */
  screenVideo: TrackState;
  /** Tracks of other names. There are none here. */
  [custom: string]: TrackState | undefined;
}

/**
 * What a participant may do, in Daily's terms. Everybody who has joined may write the session's data.
 *
 * @see https://docs.daily.co/reference/daily-js/types/daily-participant-permissions
 */
export interface ParticipantPermissions {
  /** Whether others see this participant. */
  hasPresence: boolean;
  /** Which media the participant may send: all, none, or some. */
  canSend:
    | Set<'video' | 'audio' | 'screenVideo' | 'screenAudio' | 'customVideo' | 'customAudio'>
    | boolean;
  /** Which media the participant may receive: all or none. */
  canReceive: { base: boolean };
  /** What the participant may administer: all, nothing, or some. */
  canAdmin: Set<'participants' | 'streaming' | 'transcription'> | boolean;
}

/**
 * Somebody in the session: a plain object, replaced by a new one when something about the participant changes.
 *
 * @see https://docs.daily.co/reference/daily-js/types/daily-participant
 */
export interface Participant {
  /** Identifies this participant in this session. New on every join; kept when a lost connection is resumed. */
  session_id: string;
  /** Identifies the user over several joins if a token names the user; otherwise the same as `session_id`. */
  user_id: string;
  /** Display name; empty if none was given. At most 256 units. */
  user_name: string;
  /** What the participant set as its own data; absent if nothing was. At most 4,096 units. */
  userData?: unknown;
  /** When the participant joined. */
  joined_at: Date;
  /** When the participant will be removed; the epoch (`new Date(0)`) if that is not planned. */
  will_eject_at: Date;
  /** Whether this is the participant of this `Call`. */
  local: boolean;
  /** Whether the participant's token makes it an owner. */
  owner: boolean;
  /** Whether the participant is recording. Always `false`. */
  record: boolean;
  /** Whether a microphone is on. Always `false`. */
  audio: boolean;
  /** Whether a camera is on. Always `false`. */
  video: boolean;
  /** Whether a screen is shared. Always `false`. */
  screen: boolean;
  /** State of the media tracks: all off. */
  tracks: ParticipantTracks;
  /** What the participant may do. */
  permissions: ParticipantPermissions;
  /** About Daily's own frame. Always empty. */
  cam_info: {};
  /** About Daily's own frame. Always empty. */
  screen_info: {};
}

/**
 * Everybody in the session: `local` is the participant of this `Call`, the others are found by their `session_id`.
 * It is `{}`, without `local`, while the call is not joined.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/participants
 */
export interface Participants {
  /** The participant of this `Call`. */
  local: Participant;
  /** The others, by `session_id`. */
  [session_id: string]: Participant;
}

/**
 * How many participants there are. Both numbers are 0 while the call is not joined.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/participant-counts
 */
export interface ParticipantCounts {
  /** Participants that others see, the local one included. */
  present: number;
  /** Participants that others do not see. */
  hidden: number;
}

// ---------------------------------------------------------------------------------------------------- call

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

// ---------------------------------------------------------------------------------------------------- errors

/**
 * Why a call ended by itself, in Daily's words.
 *
 * @see https://docs.daily.co/reference/daily-js/events/error-events
 */
export type FatalErrorType =
  | 'ejected'
  | 'nbf-room'
  | 'nbf-token'
  | 'exp-room'
  | 'exp-token'
  | 'no-room'
  | 'meeting-full'
  | 'end-of-life'
  | 'not-allowed'
  | 'connection-error';

/**
 * What went wrong while the call goes on. Only `meeting-session-data-error` happens here; the others are named so that code
 * which compares with them compiles.
 *
 * @see https://docs.daily.co/reference/daily-js/events/error-events
 */
export type NonfatalErrorType =
  | 'input-settings-error'
  | 'screen-share-error'
  | 'local-audio-level-observer-error'
  | 'video-processor-error'
  | 'video-processor-warning'
  | 'audio-processor-error'
  | 'remote-media-player-error'
  | 'live-streaming-warning'
  | 'meeting-session-data-error';

/**
 * Why a write of session data did not take effect:
 * - `too_large`: the update, or the data with the update in it, would have been longer than 102,400 units;
 * - `session_reset`: the session began anew before the update was applied, and the update belonged to the old one;
 * - `expired`: the connection was lost, and the update could not be sent within 30 s;
 * - `left`: the call was left, or ended, before the update could be sent;
 * - `bad_data`: the server could not read the update;
 * - `unknown`: the update was sent and it cannot be said how it ended. It may have been applied or not, and is not sent again.
 */
export type SessionDataErrorCode =
  | 'too_large'
  | 'session_reset'
  | 'expired'
  | 'left'
  | 'bad_data'
  | 'unknown';

/** Details of a `nonfatal-error` of type `meeting-session-data-error`. Daily has none. */
export interface SessionDataErrorDetails {
  /** Why the write did not take effect. */
  code: SessionDataErrorCode;
  /** With `too_large`: the length that was too large, in units. */
  size?: number;
}

/** How a write by {@link Call.updateMeetingSessionData} ended. */
export interface UpdateResult {
  /** The revision that it became; if it changed nothing, the revision of the data. See {@link Call.meetingSessionRevision}. */
  revision: number;
  /** `unchanged`: the data was like that already. */
  status: 'applied' | 'unchanged';
}

/**
 * Why a write did not take effect. The list is closed:
 * - `not_joined`: the call has not joined, or has left;
 * - `invalid_argument`: the data is not a plain object, or an option or the function of a transaction is not what it must be;
 * - `not_serializable`: the data cannot be serialised to JSON;
 * - `too_large`: the update, or the data with the update in it, would have been longer than 102,400 units;
 * - `bad_data`: the server could not read the update, or a merge patch is more than 32 objects deep;
 * - `conflict`: what the write was conditional on has changed;
 * - `session_reset`: the session began anew before the update was applied, and the update belonged to the old one;
 * - `expired`: the connection was lost, and the update could not be sent within 30 s;
 * - `busy`: 128 writes are waiting to be sent;
 * - `left`: the call was left, or ended, before the update could be sent;
 * - `unknown`: the update was sent and it cannot be said how it ended. It may have been applied or not, and is not sent again;
 * - `aborted`: the signal was aborted before the update was sent, and nothing was written;
 * - `too_late`: the signal was aborted after the update had been sent. It may have been applied or not.
 */
export type SessionErrorCode =
  | 'not_joined'
  | 'invalid_argument'
  | 'not_serializable'
  | 'too_large'
  | 'bad_data'
  | 'conflict'
  | 'session_reset'
  | 'expired'
  | 'busy'
  | 'left'
  | 'unknown'
  | 'aborted'
  | 'too_late';

/** What {@link Call.updateMeetingSessionData} and {@link Call.transact} reject with. */
export class SessionError extends Error {
  constructor(code: SessionErrorCode, message: string, more?: SessionErrorDetails);
  readonly name: 'SessionError';
  /** Why the write did not take effect. */
  readonly code: SessionErrorCode;
  /**
   * Whether a write of the same intent, made again, is safe and may succeed: true for `busy`, `expired` and `conflict`, where it
   * has to be made anew from {@link SessionError.current}.
   */
  readonly retryable: boolean;
  /** With `too_large`: the length that was too large, in units. */
  readonly size?: number;
  /** With `conflict`: the revision of the session's data when the server refused the write. */
  readonly revision?: number;
  /** With `conflict`: the data here now, which that revision is part of. Do not change it: it is what the call returns. */
  readonly current?: Record<string, any>;
  /**
   * With `conflict`: the keys that have changed since the write was made, as far as that is known here; of those that
   * {@link WriteOptions.ifUnchanged} names if it names any.
   */
  readonly changedKeys?: string[];
  /** With `conflict`: for each of these keys the `session_id` of who changed it last, as far as that is known here. */
  readonly updatedBy?: Record<string, string>;
  /** With `aborted` and `too_late`: the reason of the signal. */
  readonly cause?: unknown;
}

/** What a {@link SessionError} carries beside its code and message. */
export type SessionErrorDetails = Partial<
  Pick<SessionError, 'size' | 'revision' | 'current' | 'changedKeys' | 'updatedBy' | 'cause'>
>;

/** Options of {@link Call.updateMeetingSessionData}. */
export interface WriteOptions<Strategy extends UpdateStrategy = UpdateStrategy> {
  /** `replace` if left out. */
  mergeStrategy?: Strategy;
  /** Write only if the session's data is exactly at this revision: see {@link Call.meetingSessionRevision}. Else `conflict`. */
  ifRevision?: number;
  /**
   * Write only if nobody has changed these top-level keys since this call saw them last, which is when the write is made. A key
   * that is not there counts too. Else `conflict`, as also when too much has happened for the server to tell.
   */
  ifUnchanged?: readonly string[];
  /** Withdraws the write if it is not sent yet (`aborted`), or stops waiting for its end (`too_late`). */
  signal?: AbortSignal;
}

/** Options of {@link Call.transact}. */
export interface TransactOptions {
  /** How often the function is run at most; 10 unless set. */
  attempts?: number;
  /** As in {@link WriteOptions.signal}, for the attempt that is under way. */
  signal?: AbortSignal;
}

/** Options of {@link Call.subscribe} and {@link Call.values}. */
export interface FollowOptions {
  /** Ends it when aborted. */
  signal?: AbortSignal;
}

// ---------------------------------------------------------------------------------------------------- events

/**
 * What every event carries.
 *
 * @see https://docs.daily.co/reference/daily-js/events
 */
export interface EventBase {
  /** Name of the event. */
  action: EventName;
  /** The call that the event comes from; see {@link Call.callClientId}. */
  callClientId: string;
}

/**
 * A step in the life of a call that needs no further words.
 *
 * @see https://docs.daily.co/reference/daily-js/events/lifecycle-events
 */
export interface LifecycleEvent extends EventBase {
  action: 'loading' | 'loaded' | 'joining-meeting' | 'left-meeting' | 'call-instance-destroyed';
}

/**
 * The call is joined. Everything can be read and written when this is sent; {@link Call.join} resolves right after it.
 *
 * @see https://docs.daily.co/reference/daily-js/events/lifecycle-events
 */
export interface JoinedMeetingEvent extends EventBase {
  action: 'joined-meeting';
  /** Everybody in the session. */
  participants: Participants;
}

/**
 * Another participant came, or something about a participant (the local one included) changed.
 *
 * @see https://docs.daily.co/reference/daily-js/events/participant-events
 */
export interface ParticipantEvent extends EventBase {
  action: 'participant-joined' | 'participant-updated';
  /** The participant as it is now. */
  participant: Participant;
}

/**
 * Another participant is gone: at once when it left, by default 5 s after its page went away and 30 s after its
 * connection was lost.
 *
 * @see https://docs.daily.co/reference/daily-js/events/participant-events
 */
export interface ParticipantLeftEvent extends EventBase {
  action: 'participant-left';
  /** The participant as it was. */
  participant: Participant;
  /** Why, if the participant did not leave. Never set: participants cannot hide here. */
  reason?: 'hidden';
}

/**
 * The number of participants changed.
 *
 * @see https://docs.daily.co/reference/daily-js/events/participant-events
 */
export interface ParticipantCountsUpdatedEvent extends EventBase {
  action: 'participant-counts-updated';
  /** How many there are now. */
  participantCounts: ParticipantCounts;
}

/**
 * The call is in a session, or the session began anew under another id.
 *
 * @see https://docs.daily.co/reference/daily-js/events/messaging-events
 */
export interface MeetingSessionSummaryUpdatedEvent extends EventBase {
  action: 'meeting-session-summary-updated';
  /** The session. */
  meetingSession: MeetingSessionSummary;
}

/**
 * Old name of {@link MeetingSessionSummaryUpdatedEvent}, sent beside it.
 *
 * @deprecated Use `meeting-session-summary-updated`.
 * @see https://docs.daily.co/reference/daily-js/events/messaging-events
 */
export interface MeetingSessionUpdatedEvent extends EventBase {
  action: 'meeting-session-updated';
  /** The session. */
  meetingSession: MeetingSessionSummary;
}

/**
 * The session's data changed, by anybody's write, the local participant's included. Sent once after every join too.
 *
 * Writes may have been combined: one event can tell of several revisions. Daily's event has only the state.
 *
 * @see https://docs.daily.co/reference/daily-js/events/messaging-events
 */
export interface MeetingSessionStateUpdatedEvent<Data = unknown> extends EventBase {
  action: 'meeting-session-state-updated';
  /** The whole state as it is now, not only what changed. */
  meetingSessionState: MeetingSessionState<Data>;
  /** The revision of the data as it is now: see {@link Call.meetingSessionRevision}. */
  revision: number;
  /** The top-level keys that were changed since the last such event, those that were deleted included. */
  changedKeys: string[];
  /**
   * For each of these keys the `session_id` of the participant who changed it last. A key that was deleted while this call was
   * away, or in a session that has begun anew, may be missing.
   */
  updatedBy: Record<string, string>;
}

/** {@link Call.meetingSessionSaving} is another now. Daily has no such event. */
export interface MeetingSessionSavingUpdatedEvent extends EventBase, MeetingSessionSaving {
  action: 'meeting-session-saving-updated';
}

/**
 * Somebody else sent a message with {@link Call.sendAppMessage}.
 *
 * @see https://docs.daily.co/reference/daily-js/events/messaging-events
 */
export interface AppMessageEvent<Data = any> extends EventBase {
  action: 'app-message';
  /** The message. */
  data: Data;
  /** `session_id` of the sender. */
  fromId: string;
}

/**
 * The connection was lost or restored. It is restored without help, and what was written meanwhile is sent then.
 *
 * @see https://docs.daily.co/reference/daily-js/events/network-events
 */
export interface NetworkConnectionEvent extends EventBase {
  action: 'network-connection';
  /** Always `signaling`. The other values are named so that code which compares with them compiles. */
  type: 'signaling' | 'peer-to-peer' | 'sfu';
  /** What happened. */
  event: 'connected' | 'interrupted';
}

/**
 * Something failed, and the call goes on. Sent only to the call that caused it.
 *
 * @see https://docs.daily.co/reference/daily-js/events/error-events
 */
export interface NonfatalErrorEvent extends EventBase {
  action: 'nonfatal-error';
  /** What failed. */
  type: NonfatalErrorType;
  /** What failed, as a sentence for developers. */
  errorMsg: string;
  /** Why a write of session data did not take effect. */
  details?: SessionDataErrorDetails;
}

/**
 * The call ended by itself. `left-meeting` follows if it had been joined; {@link Call.join} rejects with this event if it
 * had not.
 *
 * @see https://docs.daily.co/reference/daily-js/events/error-events
 */
export interface FatalErrorEvent extends EventBase {
  action: 'error';
  /** Why, as a sentence for developers. */
  errorMsg: string;
  /** Why, for programs. */
  error?: {
    /** The kind of error. */
    type: FatalErrorType;
    /** The same as `errorMsg`. */
    msg: string;
  };
}

/**
 * Whether the participant is let in has changed. Here joining is being let in, and this is sent only when, after a reconnect,
 * the call has become a new participant: the moment to read {@link Call.participants} again.
 *
 * @see https://docs.daily.co/reference/daily-js/events
 */
export interface AccessStateUpdatedEvent extends EventBase, AccessState {
  action: 'access-state-updated';
}

/**
 * The session began anew while the call was joined, for instance because the server was restarted: what had been written is
 * gone. It comes after `meeting-session-summary-updated`, the participants and `meeting-session-state-updated`, and the call
 * stays joined. Daily has no such event.
 */
export interface SessionResetEvent extends EventBase {
  action: 'session-reset';
  /** Why: `new_session`, the one that there was had ended; `forked`, the server has lost a part of its history. Others may follow. */
  reason: string;
}

/** The events that a {@link Call} sends, by name, and what handlers of each are given. */
export interface CallEvents<Data = unknown> {
  loading: LifecycleEvent;
  loaded: LifecycleEvent;
  'joining-meeting': LifecycleEvent;
  'joined-meeting': JoinedMeetingEvent;
  'left-meeting': LifecycleEvent;
  'call-instance-destroyed': LifecycleEvent;
  'participant-joined': ParticipantEvent;
  'participant-updated': ParticipantEvent;
  'participant-left': ParticipantLeftEvent;
  'participant-counts-updated': ParticipantCountsUpdatedEvent;
  'meeting-session-summary-updated': MeetingSessionSummaryUpdatedEvent;
  /** @deprecated Use `meeting-session-summary-updated`. */
  'meeting-session-updated': MeetingSessionUpdatedEvent;
  'meeting-session-state-updated': MeetingSessionStateUpdatedEvent<Data>;
  'meeting-session-saving-updated': MeetingSessionSavingUpdatedEvent;
  'app-message': AppMessageEvent;
  'network-connection': NetworkConnectionEvent;
  'nonfatal-error': NonfatalErrorEvent;
  error: FatalErrorEvent;
  'access-state-updated': AccessStateUpdatedEvent;
  'session-reset': SessionResetEvent;
}

/** Name of an event that a {@link Call} sends. */
export type EventName = keyof CallEvents;

/**
 * What handlers of the event `Name` are given. Names that are never sent here, such as those of Daily's media events, are
 * accepted wherever an event is named, and give `any`.
 */
export type CallEvent<Name extends string = any, Data = unknown> = Name extends EventName ? CallEvents<Data>[Name] : any;

/** Any event name, with the known ones offered by editors. */
type AnyEventName = EventName | (string & {});

/** Function that is called with each event of the name `Name`. */
export type EventHandler<Name extends string, Data = unknown> = (event: CallEvent<Name, Data>) => void;

// ---------------------------------------------------------------------------------------------------- Call

/**
 * A participant's connection to a session: Daily's call object, reduced to what needs no media.
 *
 * `Data` is the type of the session's data. Its keys are best optional, since a new session has none. It is the application's
 * word: nothing checks what others write. Without it data is `unknown`, as in Daily, and what is taken out of it is `any`.
 *
 * Handlers may call any method of the call that they belong to. A handler that throws stops neither the call nor the other
 * handlers; the error goes to `reportError`.
 *
 * @example
 * const call = Call.createCallObject();
 * call.on('meeting-session-state-updated', ({ meetingSessionState }) => render(meetingSessionState.data));
 * await call.join({ url: 'ws://localhost:7880/standup', userName: 'Ana' });
 * call.setMeetingSessionData({ pinned: 'Hello' }, 'shallow-merge');
 *
 * @see https://docs.daily.co/reference/daily-js/daily-call-client
 */
export class Call<Data = unknown> {
  /**
   * Creates a call; nothing is sent before {@link Call.join}.
   *
   * @throws Error if another call is alive and `allowMultipleCallInstances` is not set; if the page's policy forbids
   * WebAssembly (`script-src 'wasm-unsafe-eval'` allows it).
   * @see https://docs.daily.co/reference/daily-js/factory-methods/create-call-object
   */
  constructor(options?: CallOptions);

  /**
   * Creates a call, as the constructor does.
   *
   * @throws Error as the constructor does.
   * @see https://docs.daily.co/reference/daily-js/factory-methods/create-call-object
   */
  static createCallObject(options?: CallOptions): Call;
  static createCallObject<Data extends object>(options?: CallOptions): Call<Data>;

  /**
   * Finds a call that is not destroyed: the one with this `callClientId`, or without one the first that was created.
   *
   * @see https://docs.daily.co/reference/daily-js/static-methods/get-call-instance
   */
  static getCallInstance<Data = unknown>(callClientId?: string): Call<Data> | undefined;

  /** Version of this package, such as `0.1.0`. Daily's function of this name is part of its type definitions. */
  static version(): string;

  /**
   * Says what the browser is and can do.
   *
   * @see https://docs.daily.co/reference/daily-js/static-methods/supported-browser
   */
  static supportedBrowser(): BrowserInfo;

  /** Identifies this call among those of the page; `undefined` once it is destroyed, although Daily's type says `string`. */
  readonly callClientId: string;

  /**
   * Joins a session. Sends `loading`, `loaded`, `joining-meeting`, `joined-meeting`, `participant-counts-updated`,
   * `meeting-session-summary-updated` and `meeting-session-state-updated`, in this order. An unreachable server is tried for
   * 15 s; after a successful join a lost connection is restored without a limit of time.
   *
   * @returns Everybody in the session; nothing, with a `console.warn`, if the call is joining or joined already.
   * @throws Rejects with an Error if there is no address, the address is malformed, or the call is destroyed; rejects with
   * the {@link FatalErrorEvent}, which is sent too, if joining failed.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/join
   */
  join(options?: JoinOptions): Promise<Participants | void>;

  /**
   * Leaves the session and sends `left-meeting`. What was set and not sent yet is sent first; the answer is waited for at
   * most 2 s. The call can join again. Does nothing if the call has left already.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/leave
   */
  leave(): Promise<void>;

  /**
   * Leaves the session, sends `call-instance-destroyed` and ends the call's life: it cannot join again.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/destroy
   */
  destroy(): Promise<void>;

  /**
   * Whether {@link Call.destroy} was called.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/is-destroyed
   */
  isDestroyed(): boolean;

  /**
   * Where the call is in its life.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-state
   */
  meetingState(): MeetingState;

  /**
   * Whether the participant is let in: `{ access: 'unknown' }` while the call is not joined.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/access-state
   */
  accessState(): AccessState;

  /**
   * Everybody in the session; `{}` while the call is not joined.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/participants
   */
  participants(): Participants;

  /**
   * How many participants there are; 0 and 0 while the call is not joined.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/participant-counts
   */
  participantCounts(): ParticipantCounts;

  /**
   * Which session this is; `{}`, without an `id`, while the call is not joined.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-session-summary
   */
  meetingSessionSummary(): MeetingSessionSummary;

  /**
   * What everybody in the session shares: the same object until something changes, and then a new one. A write shows here
   * when the server has answered it, not before. While a lost connection is being restored it is the last known state.
   *
   * @throws Error "meetingSessionState only supported after join." while the call is not joined.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-session-state
   */
  meetingSessionState(): MeetingSessionState<Data>;

  /**
   * Number of changes to the session's data so far: 0 before the first one, and one more with each. Two participants with
   * equal {@link MeetingSessionSummary.id} and equal revision have equal data. 0 while the call is not joined. Daily has no such
   * method.
   */
  meetingSessionRevision(): number;

  /**
   * A top-level key of the session's data with who changed it last and when; `undefined` if it is not there, and while the call
   * is not joined. Its `revision` is the key's version. Daily has no such method.
   */
  meetingSessionEntry<Key extends DataKey<Data>>(
    key: Key,
  ): MeetingSessionEntry<Exclude<DataValue<Data, Key>, undefined>> | undefined;

  /**
   * Whether everything that this call has written has arrived: the same object until that changes, which
   * `meeting-session-saving-updated` tells. `{ pending: 0 }` before the first join. Daily has no such method.
   */
  meetingSessionSaving(): MeetingSessionSaving;

  /**
   * Calls `listener` with the value of a key, an object with the values of several, or what a selector makes of the data: once
   * when there is data, which is at once if the call is joined, and then whenever that is another. It is another by
   * `Object.is`, and for several keys and selectors, if it is a plain object or array, by `Object.is` of each member. It goes on
   * over a reconnect, a leave and another join, without a call for the end. Daily has no such method.
   *
   * @param listener Called with the value and, except for the first time, the one before.
   * @returns A function that ends it.
   * @throws SessionError `invalid_argument` if the first argument is none of the three or the second is no function; what the
   * selector or the listener throws in the call that is made at once.
   */
  subscribe<Key extends DataKey<Data>>(
    key: Key,
    listener: (value: DataValue<Data, Key> | undefined, before: DataValue<Data, Key> | undefined) => void,
    options?: FollowOptions,
  ): () => void;
  subscribe<Key extends DataKey<Data>>(
    keys: readonly Key[],
    listener: (values: DataPart<Data, Key>, before: DataPart<Data, Key> | undefined) => void,
    options?: FollowOptions,
  ): () => void;
  subscribe<Selected>(
    selector: (data: SelectorData<Data>) => Selected,
    listener: (selected: Selected, before: Selected | undefined) => void,
    options?: FollowOptions,
  ): () => void;

  /**
   * The same as an async iterator. It yields the newest value: what came and went while the loop's body ran is skipped, and
   * so is what nobody has taken when it ends. It ends when the call is left or destroyed, or the signal is aborted. It follows
   * the data from this call on, so a loop that is not begun should be ended by the signal. Daily has no such method.
   *
   * @example
   * for await (const votes of call.values('votes')) render(votes);
   *
   * @throws SessionError `invalid_argument` as {@link Call.subscribe}.
   */
  values<Key extends DataKey<Data>>(
    key: Key,
    options?: FollowOptions,
  ): AsyncIterableIterator<DataValue<Data, Key> | undefined>;
  values<Key extends DataKey<Data>>(
    keys: readonly Key[],
    options?: FollowOptions,
  ): AsyncIterableIterator<DataPart<Data, Key>>;
  values<Selected>(
    selector: (data: SelectorData<Data>) => Selected,
    options?: FollowOptions,
  ): AsyncIterableIterator<Selected>;

  /**
   * Writes to the session's data. Returns at once; {@link MeetingSessionStateUpdatedEvent} tells everybody in the session,
   * the writer included, when the write is done. The first write after a quiet second is sent at once; those that follow
   * are combined and sent together, at most once a second (the server may set another interval).
   *
   * Under `shallow-merge`, a top-level key whose value is `undefined` is deleted; `null` is a value like others. Nested
   * objects are replaced, not merged.
   *
   * A write that is refused later is told by {@link NonfatalErrorEvent}.
   *
   * @param data A plain object that can be serialised to JSON, at most 102,400 units; the result of a merge has the same
   * limit.
   * @param mergeStrategy `replace` if left out.
   * @throws Error if the call is not joined, the strategy is not one of the two, or the data is not a plain object, cannot
   * be serialised, or is too large. The texts are Daily's.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/set-meeting-session-data
   */
  setMeetingSessionData<Strategy extends MergeStrategy = 'replace'>(
    data: Updates<Data>[Strategy],
    mergeStrategy?: Strategy,
  ): void;

  /**
   * Writes to the session's data like {@link Call.setMeetingSessionData}, but is sent at once, after what that still has to
   * send, and tells how it ended. When the promise settles, the event of the change has been delivered. Daily has no such
   * method.
   *
   * Up to 8 such writes are on their way at a time; more wait for answers and are sent at 50 a second at most.
   *
   * With {@link WriteOptions.ifRevision} or {@link WriteOptions.ifUnchanged} the server writes only if that holds when it is the
   * write's turn.
   *
   * @param data As the strategy wants it, see {@link Updates}; with the limits of {@link Call.setMeetingSessionData}.
   * @returns Rejects with a {@link SessionError} if the write is refused, cannot be sent within 30 s, is aborted, or nobody can
   * tell how it ended.
   */
  updateMeetingSessionData<Strategy extends UpdateStrategy = 'replace'>(
    data: Updates<Data>[Strategy],
    options?: WriteOptions<Strategy>,
  ): Promise<UpdateResult>;

  /**
   * Changes the data on the basis of what it is: what `change` does to the draft is written only if nobody has changed, in the
   * meantime, a top-level key that it read or wrote; otherwise it is run again on the newest data, at once the first time and
   * later after a random time of at most 40 ms, 80 ms and so on up to 1 s. It must not do anything else, since it may run
   * several times. Daily has no such method.
   *
   * What is written is a shallow-merge of the top-level keys that came out different; if none did, nothing is sent and the
   * result is `unchanged`. Listing the draft's keys (`Object.keys`, `for … in`, `...draft`) counts as reading all of them, so
   * that any change is then a conflict.
   *
   * @example
   * await call.transact((draft) => {
   *   draft.votes = (draft.votes ?? 0) + 1;
   * });
   *
   * @param change Changes the draft and returns nothing (or the draft), or returns the whole next data: a key that is not in
   * it is deleted. It is called when the transactions that this call made before it have ended, and cannot be async.
   * @returns Rejects with a {@link SessionError} as {@link Call.updateMeetingSessionData}, with `conflict` if there were as many
   * as there may be attempts, and with `invalid_argument` if the function returns something else; or with what the
   * function throws.
   */
  transact(change: (draft: Draft<Data>) => Next<Data> | void, options?: TransactOptions): Promise<UpdateResult>;

  /**
   * Resolves when everything that was set so far has been answered, in whatever way. What waits for its second is sent at
   * once. Resolves at once while the call is not joined. Daily has no such method.
   */
  flush(): Promise<void>;

  /**
   * How participants are connected: `sfu` while joined, otherwise `none`. Never rejects.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/get-network-topology
   */
  getNetworkTopology(): Promise<{ topology: NetworkTopology | 'none'; error?: string }>;

  /**
   * What is known about the room: nothing (`null`) before an address was given, then the address, and once joined the name.
   *
   * @param options Accepted because Daily has it; rooms have no settings here.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/room
   */
  room(options?: { includeRoomConfigDefaults: boolean }): Promise<PendingRoomInfo | RoomInfo | null>;

  /**
   * Changes the name that others see; everybody is told by `participant-updated`.
   *
   * @param name At most 256 units.
   * @param options Accepted because Daily has it; a name is never kept beyond the meeting here.
   * @returns The name that was set.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/set-user-name
   */
  setUserName(name: string, options?: { thisMeetingOnly?: boolean }): Promise<{ userName: string }>;

  /**
   * Replaces the data of the local participant; everybody is told by `participant-updated`.
   *
   * @param data Any JSON value, at most 4,096 units; `null` is one, `undefined` is not.
   * @returns The data that was set.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/set-user-data
   */
  setUserData(data: unknown): Promise<{ userData: unknown }>;

  /**
   * Sends a message that is kept nowhere to those who are in the session now, as `app-message`. The sender does not get it.
   * While a lost connection is being restored, the first 32 messages wait, for at most 30 s; others are dropped.
   *
   * @param data Any JSON value, at most 4,096 units.
   * @param to A `session_id`, several (at most 500), or `*` for everybody else (the default).
   * @throws Error if the call is not joined or the message is too large. The texts are Daily's.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/send-app-message
   */
  sendAppMessage(data: any, to?: string | string[]): this;

  /**
   * Calls `handler` for every event of this name, until {@link Call.off}. A handler that is added twice is called twice.
   * Handlers that are added or removed during an event take effect from the next one. Any name is accepted.
   *
   * @throws TypeError if the handler is not a function.
   * @see https://docs.daily.co/reference/daily-js/events
   */
  on<Name extends AnyEventName>(event: Name, handler: EventHandler<Name, Data>): this;

  /**
   * Calls `handler` for the next event of this name only.
   *
   * @throws TypeError if the handler is not a function.
   * @see https://docs.daily.co/reference/daily-js/events
   */
  once<Name extends AnyEventName>(event: Name, handler: EventHandler<Name, Data>): this;

  /**
   * Removes a handler that {@link Call.on} or {@link Call.once} added: once, if it was added twice. Does nothing if it was
   * not added.
   *
   * @throws TypeError if the handler is not a function.
   * @see https://docs.daily.co/reference/daily-js/events
   */
  off<Name extends AnyEventName>(event: Name, handler: EventHandler<Name, Data>): this;

  /** The same as {@link Call.on}; like the methods below, part of the event emitter that Daily's call object is. */
  addListener<Name extends AnyEventName>(event: Name, handler: EventHandler<Name, Data>): this;

  /** The same as {@link Call.off}. */
  removeListener<Name extends AnyEventName>(event: Name, handler: EventHandler<Name, Data>): this;

  /**
   * Removes every handler of this event, or without a name every handler. What {@link Call.subscribe} and {@link Call.values}
   * follow goes on.
   */
  removeAllListeners(event?: AnyEventName): this;

  /** Calls the handlers of this event with these arguments. Returns whether there were any. */
  emit(event: AnyEventName, ...args: any[]): boolean;

  /** How many handlers this event has. */
  listenerCount(event: AnyEventName): number;

  /** The handlers of this event, in the order in which they are called. */
  listeners<Name extends AnyEventName>(event: Name): EventHandler<Name, any>[];

  /** The names of the events that have handlers. */
  eventNames(): string[];
}

/**
 * Creates a call: {@link Call.createCallObject}.
 *
 * @throws Error as the constructor of {@link Call} does.
 * @see https://docs.daily.co/reference/daily-js/factory-methods/create-call-object
 */
export function createCallObject(options?: CallOptions): Call;
export function createCallObject<Data extends object>(options?: CallOptions): Call<Data>;

/**
 * Finds a call that is not destroyed: {@link Call.getCallInstance}.
 *
 * @see https://docs.daily.co/reference/daily-js/static-methods/get-call-instance
 */
export function getCallInstance<Data = unknown>(callClientId?: string): Call<Data> | undefined;

/** Version of this package: {@link Call.version}. */
export function version(): string;

/**
 * Says what the browser is and can do: {@link Call.supportedBrowser}.
 *
 * @see https://docs.daily.co/reference/daily-js/static-methods/supported-browser
 */
export function supportedBrowser(): BrowserInfo;

/** `import Daily from 'meeting-session-state'`: the class, for its static functions, as Daily's default export has them. */
export default Call;

// ---------------------------------------------------------------------------------------------------- Daily's type names

// The types above under the names that `@daily-co/daily-js` exports them by, for code that imports these names and whose
// import is aliased to this package.
export type {
  AccessState as DailyAccessState,
  AppMessageEvent as DailyEventObjectAppMessage,
  AccessStateUpdatedEvent as DailyEventObjectAccessState,
  BrowserInfo as DailyBrowserInfo,
  Call as DailyCall,
  CallEvent as DailyEventObject,
  CallOptions as DailyFactoryOptions,
  EventBase as DailyEventObjectBase,
  EventName as DailyEvent,
  FatalErrorEvent as DailyEventObjectFatalError,
  FatalErrorType as DailyFatalErrorType,
  JoinedMeetingEvent as DailyEventObjectParticipants,
  JoinOptions as DailyCallOptions,
  LifecycleEvent as DailyEventObjectNoPayload,
  MeetingSessionState as DailyMeetingSessionState,
  MeetingSessionStateUpdatedEvent as DailyEventObjectMeetingSessionStateUpdated,
  MeetingSessionSummary as DailyMeetingSessionSummary,
  MeetingSessionSummaryUpdatedEvent as DailyEventObjectMeetingSessionSummaryUpdated,
  MeetingSessionUpdatedEvent as DailyEventObjectMeetingSessionUpdated,
  MeetingState as DailyMeetingState,
  MergeStrategy as DailySessionDataMergeStrategy,
  NetworkConnectionEvent as DailyEventObjectNetworkConnectionEvent,
  NetworkTopology as DailyNetworkTopology,
  NonfatalErrorEvent as DailyEventObjectNonFatalError,
  NonfatalErrorType as DailyNonFatalErrorType,
  Participant as DailyParticipant,
  ParticipantCounts as DailyParticipantCounts,
  ParticipantCountsUpdatedEvent as DailyEventObjectParticipantCounts,
  ParticipantEvent as DailyEventObjectParticipant,
  ParticipantLeftEvent as DailyEventObjectParticipantLeft,
  ParticipantPermissions as DailyParticipantPermissions,
  Participants as DailyParticipantsObject,
  ParticipantTracks as DailyParticipantTracks,
  PendingRoomInfo as DailyPendingRoomInfo,
  RoomInfo as DailyRoomInfo,
  TrackState as DailyTrackState,
};

// Names of Daily's media, which is not part of this package. The declarations of `@daily-co/daily-react` import them.
export type DailyCamConstraintsError = any;
export type DailyCamDeviceNotFoundError = any;
export type DailyCamInUseError = any;
export type DailyCamPermissionsError = any;
export type DailyCamTypeError = any;
export type DailyCamUnknownError = any;
export type DailyCpuLoadStats = any;
export type DailyDialOutSession = any;
export type DailyInputSettings = any;
export type DailyLiveStreamingLayoutConfig<_A = any, _B = any> = any;
export type DailyLiveStreamingOptions<_A = any, _B = any> = any;
export type DailyNetworkStatsData = any;
export type DailyReceiveSettingsUpdates = any;
export type DailySendDtmfOptions = any;
export type DailySendSettings = any;
export type DailySingleParticipantReceiveSettings = any;
export type DailySipCallTransferOptions = any;
export type DailySipReferOptions = any;
export type DailyStartDialinOptions = any;
export type DailyStartDialoutOptions = any;
export type DailyStartScreenShareOptions = any;
export type DailyStreamingLayoutConfig<_A = any, _B = any> = any;
export type DailyStreamingOptions<_A = any, _B = any> = any;
export type DailyTranscriptionDeepgramOptions = any;
export type DailyTranscriptionStopOptions = any;
export type DailyWaitingParticipant = any;
export type networkStateReasons = any;
