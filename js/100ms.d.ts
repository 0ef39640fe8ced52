/**
 * 100ms's session metadata, session store and messages over your own server: what `@100mslive/hms-video-store` has for
 * them, under the same names and in the same shapes. Audio and video are not part of this package; what 100ms's state says
 * about them is present where code expects it, and always empty or off.
 *
 * A "room" of 100ms is what {@link HMSConfig.initEndpoint} leads to: a session of the server. Session metadata is the
 * top-level key `default` of the session's data, and each key of the session store is the top-level key of that name, so
 * participants on Daily's face, the entry `meeting-session-state`, share them.
 *
 * Sizes are counted in UTF-16 code units of the JSON text, which is what `JSON.stringify(value).length` returns. The whole
 * data of a session, which is what all keys have together, is at most 102,400 units.
 *
 * @packageDocumentation
 */

// Without this line every declaration in a .d.ts file would be exported.
export {};

// ---------------------------------------------------------------------------------------------------- enums

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

// ---------------------------------------------------------------------------------------------------- errors

/**
 * What actions reject with, and what `ERROR` and `RECONNECTING` carry. By `code` and `name`:
 * - 1003 `WebSocketConnectionLost`: the connection is lost; with a write that had been sent, it may have been applied or not;
 * - 2003 `EndpointUnreachable`: the room could not be reached within 15 s, or the server ended the connection for good;
 * - 6000 `NotConnected`: no room is joined, or it was left before the action was done;
 * - 6013 `ValidationFailed`: an argument is wrong, as a value that is no JSON, a blank message or a malformed address;
 * - 400 to 499 `ServerErrors`: the server refused, with a code as HTTP has them: 401 a bad token, 403 not allowed or the
 *   room is full, 409 somebody else was first or the session began anew meanwhile, 413 too large, 429 too many writes at once.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/debugging/error-handling
 */
export class HMSException extends Error {
  constructor(
    code: number,
    name: string,
    action: string,
    message: string,
    description: string,
    options?: { isTerminal?: boolean; cause?: Error },
  );
  /** The kind of error, for programs. */
  code: number;
  /** What was being done, such as `JOIN`, `set-metadata` or `broadcast`. */
  action: string;
  /** What went wrong, as a sentence that can be shown. */
  description: string;
  /** Whether it ended the stay in the room, or the join. */
  isTerminal: boolean;
  /** When it happened. */
  timestamp: Date;
  /** The error that this one tells of, if there is one. */
  nativeError?: Error;
}

// ---------------------------------------------------------------------------------------------------- state

/** Identifies a peer in its room. New with every join. */
export type HMSPeerID = string;
/** Name of a role. */
export type HMSRoleName = string;
/** Identifies a message in one store. */
export type HMSMessageID = string;
/** Name of a room. */
export type HMSRoomID = string;

/** What an application may type: `new HMSReactiveStore<{ sessionStore: MyKeys }>()`. */
export interface HMSGenericTypes {
  /** The keys of the session store with the types of their values. */
  sessionStore: Record<string, any>;
}

/**
 * Somebody in the room: replaced by a new object when something about the peer changes.
 *
 * @see https://www.100ms.live/docs/api-reference/javascript/v2/interfaces/HMSPeer
 */
export interface HMSPeer {
  /** Identifies the peer in this room. New with every join; kept when a lost connection is resumed. */
  id: HMSPeerID;
  /** Display name; empty if none was given. At most 256 units. */
  name: string;
  /** Always `participant`: there are no roles here. */
  roleName?: HMSRoleName;
  /** Whether this is the peer of this store. */
  isLocal: boolean;
  /** Never set: no media. */
  isStarred?: boolean;
  /** Never set: no media. */
  videoTrack?: string;
  /** Never set: no media. */
  audioTrack?: string;
  /** Always empty: no media. */
  auxiliaryTracks: string[];
  /** Identifies the user over several joins if the token names the user; otherwise the same as `id`. */
  customerUserId?: string;
  /** What the peer has set as its metadata; empty if nothing. Data that is no text, set on Daily's face, is here as JSON. */
  metadata?: string;
  /** When the peer joined. */
  joinedAt?: Date;
  /** Always empty: there are no groups here. */
  groups?: string[];
  /** Always `false`. */
  isHandRaised: boolean;
  /** Always `regular`. */
  type: HMSPeerType;
}

/**
 * The room.
 *
 * @see https://www.100ms.live/docs/api-reference/javascript/v2/interfaces/HMSRoom
 */
export interface HMSRoom {
  /** Name of the session; empty while no room is joined. */
  id: HMSRoomID;
  /** The same as `id`. */
  name: string;
  /** Whether the room is joined. Stays `true` while a lost connection is being restored. */
  isConnected?: boolean;
  /** Who is in the room, the local peer included. */
  peers: HMSPeerID[];
  /** The peer of this store; empty while no room is joined. */
  localPeer: HMSPeerID;
  /** Where the store is in its life. */
  roomState: HMSRoomState;
  /** Identifies the session. A session that begins anew under the same name has another one. */
  sessionId: string;
  /** Never set. */
  startedAt?: Date;
  /** When the local peer joined. */
  joinedAt?: Date;
  /** Never set: `peers` has everybody. */
  peerCount?: number;
  /** Nothing is recorded here. */
  recording: { browser: { running: boolean }; server: { running: boolean }; hls: { running: boolean } };
  /** Nothing is streamed here. */
  rtmp: { running: boolean };
  /** Nothing is streamed here. */
  hls: { running: boolean; variants: any[] };
}

/**
 * What a role may do. There is one, `participant`, which may send and receive no media.
 *
 * @see https://www.100ms.live/docs/api-reference/javascript/v2/interfaces/HMSRole
 */
export interface HMSRole {
  name: HMSRoleName;
  publishParams: {
    /** The kinds of media that may be sent: none. */
    allowed: string[];
    audio: { bitRate: number; codec: string };
    video: { bitRate: number; codec: string; frameRate: number; width: number; height: number };
    screen: { bitRate: number; codec: string; frameRate: number; width: number; height: number };
  };
  subscribeParams: { subscribeToRoles: HMSRoleName[]; maxSubsBitRate: number };
  permissions: {
    endRoom: boolean;
    removeOthers: boolean;
    unmute: boolean;
    mute: boolean;
    changeRole: boolean;
    hlsStreaming: boolean;
    rtmpStreaming: boolean;
    browserRecording: boolean;
    pollRead: boolean;
    pollWrite: boolean;
  };
  priority: number;
}

/**
 * A message, sent or received. Messages are kept nowhere but in the stores of those who were in the room.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/set-up-video-conferencing/chat
 */
export interface HMSMessage {
  /** Identifies the message in this store. Other peers have another id for it. */
  id: HMSMessageID;
  /** Who sent it. */
  sender?: HMSPeerID;
  senderName?: string;
  senderUserId?: string;
  senderRole?: HMSRoleName;
  /** To whom it was sent, if to one peer. */
  recipientPeer?: HMSPeerID;
  /** To which roles it was sent, if to roles. */
  recipientRoles?: HMSRoleName[];
  /** When it was sent, or received. */
  time: Date;
  /** Whether it has been read: see {@link HMSActions.setMessageRead}. Own messages are. */
  read: boolean;
  /** `chat` unless the sender said otherwise. */
  type: string;
  /** The text; whatever was sent if it came from Daily's face. */
  message: any;
  /** Whether it is kept out of the store: see {@link HMSActions.ignoreMessageTypes}. */
  ignored: boolean;
}

/**
 * The whole state. It is frozen, a change makes a new object, and what has not changed keeps its identity.
 *
 * @see https://www.100ms.live/docs/api-reference/javascript/v2/interfaces/HMSStore
 */
export interface HMSStore<T extends HMSGenericTypes = { sessionStore: Record<string, any> }> {
  /** The room. */
  room: HMSRoom;
  /** Who is in the room, by id. */
  peers: Record<HMSPeerID, HMSPeer>;
  /** The messages, oldest first in `allIDs`. */
  messages: { byID: Record<HMSMessageID, HMSMessage>; allIDs: HMSMessageID[] };
  /** The roles: `participant`. */
  roles: Record<HMSRoleName, HMSRole>;
  /** The last 50 exceptions that were notified of while in this room. */
  errors: HMSException[];
  /**
   * Session metadata: any JSON value; `undefined` if there is none. It follows the session by itself.
   *
   * @deprecated In 100ms, for {@link HMSStore.sessionStore}; it works as well here.
   */
  sessionMetadata?: any;
  /** The keys of the session store that this peer has observed or set, and the key `default`, the session metadata. */
  sessionStore: T['sessionStore'];
  /** The same keys with their versions: see {@link selectSessionStoreEntry}. 100ms's state has no such part. */
  sessionStoreEntries?: { [K in keyof T['sessionStore']]?: HMSSessionStoreEntry<T['sessionStore'][K]> };
  /** Always empty, as all that follows: what 100ms's state says about media and what else is not covered. */
  tracks: Record<string, any>;
  speakers: Record<string, any>;
  connectionQualities: Record<string, any>;
  playlist: any;
  settings: any;
  devices: any;
  roleChangeRequests: any[];
  templateAppData: Record<string, string>;
  appData?: Record<string, any>;
  preview?: any;
  polls: Record<string, any>;
  whiteboards: Record<string, any>;
  hideLocalPeer: boolean;
}

/** A key of the session store, and who changed it last: replaced by a new object when something about it changes. */
export interface HMSSessionStoreEntry<Value = any> {
  /** Its value. */
  value: Value;
  /** Its version, for `ifVersion` of {@link IHMSSessionStoreActions.set}: a number that grows with every change of the key. */
  version: number;
  /** When it was changed last, by the server's clock. */
  updatedAt: Date;
  /** Who changed it, and may have left since. */
  updatedBy: HMSPeerID;
}

/** The state of a store that has joined no room. */
export function createDefaultStoreState<T extends HMSGenericTypes>(): HMSStore<T>;

// ---------------------------------------------------------------------------------------------------- store

/** A function that finds a part of the state. */
export type StoreSelector<State, Slice> = (state: State) => Slice;

/** What reads state: see {@link HMSStoreWrapper}. */
export interface IStoreReadOnly<State> {
  /** The state, or what `selector` finds in it: the same object until something changes. */
  getState: {
    (): State;
    <Slice>(selector?: StoreSelector<State, Slice>): Slice;
  };
  /**
   * Calls `listener` with what `selector` finds, and with what it found before, whenever that changes; not for what there
   * is already, unless {@link HMSReactiveStore.triggerOnSubscribe} was called. `equality` says what is no change; by
   * default the same value, or an object or array whose members are the same.
   *
   * @returns A function that ends it.
   */
  subscribe: {
    (listener: (state: State, previous: State) => void): () => void;
    <Slice>(
      listener: (slice: Slice, previous: Slice) => void,
      selector?: StoreSelector<State, Slice>,
      equality?: (before: Slice, now: Slice) => boolean,
    ): () => void;
  };
}

/**
 * The store as applications see it: a plain object with two functions.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/install-the-sdk/hms-store
 */
export interface HMSStoreWrapper<
  T extends HMSGenericTypes = { sessionStore: Record<string, any> },
> extends IStoreReadOnly<HMSStore<T>> {}

/** 100ms's other name for {@link HMSStoreWrapper}. Nobody else than the actions may change the state here. */
export type IHMSStore<T extends HMSGenericTypes = { sessionStore: Record<string, any> }> = HMSStoreWrapper<T>;

/**
 * One store, its actions and its notifications. Making one does nothing else, also on a server that renders pages; each
 * has a room of its own, independent of others on the page.
 *
 * @example
 * const hms = new HMSReactiveStore();
 * hms.getStore().subscribe((pinned) => render(pinned), selectSessionMetadata);
 * await hms.getActions().join({ userName: 'Ana', initEndpoint: 'wss://example.com/standup' });
 * await hms.getActions().setSessionMetadata('Hello');
 *
 * @see https://www.100ms.live/docs/javascript/v2/quickstart/javascript-quickstart
 */
export class HMSReactiveStore<T extends HMSGenericTypes = { sessionStore: Record<string, any> }> {
  constructor();

  /** The store: always the same object, as the two that follow. */
  getStore(): HMSStoreWrapper<T>;
  /** The actions. */
  getActions(): HMSActions<T>;
  /** @deprecated Use {@link HMSReactiveStore.getActions}. */
  getHMSActions(): HMSActions<T>;
  /** The notifications. */
  getNotifications(): HMSNotifications;
  /**
   * From now on {@link IStoreReadOnly.subscribe} also calls a new listener at once, with what there is and `undefined`.
   * There is no way back.
   */
  triggerOnSubscribe(): void;
}

// ---------------------------------------------------------------------------------------------------- actions

/**
 * Options of {@link HMSActions.join}.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/set-up-video-conferencing/join
 */
export interface HMSConfig {
  /** Name that the other peers see, at most 256 units. */
  userName: string;
  /** Token, for servers that ask for one. It travels in the first message, not in the address. */
  authToken?: string;
  /** Text that the other peers see as `peer.metadata`, at most 4,096 units as JSON. */
  metaData?: string;
  /**
   * Address of the session, such as `wss://example.com/standup`; {@link HMSActions.join} rejects without it, although the
   * type, which is 100ms's, has it optional. The scheme is `ws`, `wss`, `http` (meaning `ws`) or `https` (meaning `wss`);
   * the last segment is the session's name: 1 to 128 of the characters `A-Z a-z 0-9 _ . ~ -`. A `?t=` parameter is a token
   * and is not sent as part of the address.
   */
  initEndpoint?: string;
  /** Any other option of 100ms's, about media for instance, is ignored. */
  [ignored: string]: any;
}

/**
 * Actions of the session store.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/build-interactive-features/session-store
 */
export interface IHMSSessionStoreActions<T> {
  /**
   * Sets a key to any JSON value; without a value, or to `undefined`, deletes it. Sent at once. Resolves when the server has
   * applied it and the own state shows it.
   *
   * @param options.ifVersion Set it only if this is still the key's version, that of {@link selectSessionStoreEntry}, or 0 if the
   * key is not there. 100ms has no such option.
   * @throws Rejects with an {@link HMSException}, and nothing has changed, or with code 1003 it may or may not have. If the
   * version is another one, the code is 409, the description says who was first, and `nativeError` is the `SessionError` with
   * code `conflict`, whose `current` has the newest data.
   */
  set<K extends keyof T>(key: K, value?: T[K], options?: { ifVersion: number }): Promise<void>;
  /**
   * Has `store.sessionStore` show these keys, and follow them. Resolves when it shows their present values. It may be called
   * before the join; leaving ends it.
   */
  observe(keys: keyof T | Array<keyof T>): Promise<void>;
  /** Ends it, for all components of the page that observe them: `store.sessionStore` keeps what was known. */
  unobserve(keys: keyof T | Array<keyof T>): Promise<void>;
}

/**
 * What an application can do. The functions need no `this`.
 *
 * Everything that needs the room rejects with an {@link HMSException}: with code 6000 while no room is joined, and with code
 * 1003 while the connection is lost, since nothing is kept to be sent later.
 *
 * @see https://www.100ms.live/docs/api-reference/javascript/v2/interfaces/HMSActions
 */
export interface HMSActions<T extends HMSGenericTypes = { sessionStore: Record<string, any> }> {
  /**
   * Joins a room. Room, peers, session metadata and the observed keys appear in the one change of the state that sets
   * `room.isConnected`; `PEER_LIST` follows if others are there. Ignored with a `console.warn` if a room is joined or being
   * joined. After a successful join a lost connection is restored without a limit of time.
   *
   * @throws Rejects with an {@link HMSException}, which `ERROR` tells too, if joining failed; with code 6000, which `ERROR`
   * does not tell, if the room was left meanwhile.
   */
  join(config: HMSConfig): Promise<void>;

  /** Leaves the room and sets the whole state back. The session's data stays as it is for the others. */
  leave(): Promise<void>;

  /**
   * Sets the session metadata to any JSON value; `undefined` deletes it. Sent at once; the others see it without a refresh
   * message. Resolves when the server has applied it and the own state shows it.
   *
   * @deprecated In 100ms, for {@link HMSActions.sessionStore}; it works as well here.
   * @throws Rejects with an {@link HMSException}, and nothing has changed, or with code 1003 it may or may not have.
   */
  setSessionMetadata(metadata?: any): Promise<void>;

  /**
   * Does nothing that is needed: the state follows the session by itself.
   *
   * @deprecated In 100ms, for {@link HMSActions.sessionStore}.
   */
  populateSessionMetadata(): Promise<void>;

  /** Keys and values that everybody in the room shares. */
  sessionStore: IHMSSessionStoreActions<T['sessionStore']>;

  /**
   * Sends a message to everybody else. It is put into the own store, and the own notifications do not tell of it.
   *
   * @param message Not blank; with type and recipients at most 4,096 units as JSON.
   * @param type `chat` if left out.
   */
  sendBroadcastMessage(message: string, type?: string): Promise<void>;
  /** Sends a message to one other peer. */
  sendDirectMessage(message: string, peerID: HMSPeerID, type?: string): Promise<void>;
  /** Sends a message to everybody in these roles, of which one must exist: `participant` is everybody. */
  sendGroupMessage(message: string, roles: HMSRoleName[], type?: string): Promise<void>;
  /** @deprecated Use {@link HMSActions.sendBroadcastMessage}. An error is only logged. */
  sendMessage(message: string): void;

  /** Keeps messages of these types out of the store; `NEW_MESSAGE` still tells of them. With `replace` only these. */
  ignoreMessageTypes(types: string[], replace?: boolean): void;
  /** Marks a message, or without an id all that there are, as read or not. */
  setMessageRead(read: boolean, messageID?: HMSMessageID): void;

  /** Changes the own name, at most 256 units. */
  changeName(name: string): Promise<void>;
  /** Changes the own metadata; what is no text becomes JSON. At most 4,096 units as JSON. */
  changeMetadata(metadata: string | any): Promise<void>;

  /** Does nothing. */
  setLogLevel(level: HMSLogLevel): void;
  /** Does nothing. */
  setFrameworkInfo(info: any): void;
}

// ---------------------------------------------------------------------------------------------------- notifications

interface BaseNotification {
  /** 1, 2, 3 … in the order in which they came. */
  id: number;
  /** Text for display; empty, as it is for these in 100ms. */
  message: string;
  severity?: HMSNotificationSeverity;
}

/** A peer came, left, or changed name or metadata; the local peer's own changes included. */
export interface HMSPeerNotification extends BaseNotification {
  type:
    | HMSNotificationTypes.PEER_JOINED
    | HMSNotificationTypes.PEER_LEFT
    | HMSNotificationTypes.NAME_UPDATED
    | HMSNotificationTypes.METADATA_UPDATED
    | HMSNotificationTypes.ROLE_UPDATED
    | HMSNotificationTypes.HAND_RAISE_CHANGED;
  data: HMSPeer;
}

/** The others who were in the room at the join. */
export interface HMSPeerListNotification extends BaseNotification {
  type: HMSNotificationTypes.PEER_LIST;
  data: HMSPeer[];
}

/** A message came. */
export interface HMSMessageNotification extends BaseNotification {
  type: HMSNotificationTypes.NEW_MESSAGE;
  data: HMSMessage;
}

/** A join failed, or the server ended the stay. */
export interface HMSExceptionNotification extends BaseNotification {
  type: HMSNotificationTypes.ERROR;
  data: HMSException;
}

/** The connection was lost, or restored, and then there is no data. */
export interface HMSReconnectionNotification extends BaseNotification {
  type: HMSNotificationTypes.RECONNECTED | HMSNotificationTypes.RECONNECTING;
  data: HMSException | null;
}

type CoveredNotification =
  | HMSPeerNotification
  | HMSPeerListNotification
  | HMSMessageNotification
  | HMSExceptionNotification
  | HMSReconnectionNotification;

/** Notifications that never come here. */
type OtherNotification<Type = Exclude<HMSNotificationTypes, CoveredNotification['type'] | PollTypes>> =
  Type extends HMSNotificationTypes ? BaseNotification & { type: Type; data: any } : never;

/** These are not part of 100ms's union either. */
type PollTypes =
  | HMSNotificationTypes.POLL_CREATED
  | HMSNotificationTypes.POLL_STARTED
  | HMSNotificationTypes.POLL_STOPPED
  | HMSNotificationTypes.POLL_VOTES_UPDATED
  | HMSNotificationTypes.POLLS_LIST;

/** A notification: something that happened, for toasts and the like. What is so is in the store. */
export type HMSNotification = CoveredNotification | OtherNotification;

/** What types {@link HMSNotifications.onNotification} takes: one, several, or none for all. */
export type HMSNotificationTypeParam = HMSNotificationTypes | HMSNotificationTypes[] | undefined;

/** The notification that a callback for these types is given. */
export type HMSNotificationInCallback<Types extends HMSNotificationTypeParam> = Types extends HMSNotificationTypes[]
  ? HMSNotificationMapping<Types[number]>
  : Types extends HMSNotificationTypes
    ? HMSNotificationMapping<Types>
    : HMSNotification;

/** The notification of a type. */
export type HMSNotificationMapping<Type extends HMSNotificationTypes> = Type extends HMSPeerNotification['type']
  ? HMSPeerNotification
  : Type extends HMSNotificationTypes.PEER_LIST
    ? HMSPeerListNotification
    : Type extends HMSNotificationTypes.NEW_MESSAGE
      ? HMSMessageNotification
      : Type extends HMSNotificationTypes.ERROR
        ? HMSExceptionNotification
        : Type extends HMSReconnectionNotification['type']
          ? HMSReconnectionNotification
          : OtherNotification<Type>;

/** Function that is called with notifications. */
export type HMSNotificationCallback<Types extends HMSNotificationTypeParam> = (
  notification: HMSNotificationInCallback<Types>,
) => void;

/**
 * What tells of notifications.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/listen-to-room-updates/notifications
 */
export interface HMSNotifications {
  /**
   * Calls `callback` for every notification of these types. The function needs no `this`.
   *
   * @param types One, several, or none for all.
   * @returns A function that ends it.
   */
  onNotification<Types extends HMSNotificationTypeParam>(
    callback: HMSNotificationCallback<Types>,
    types?: Types,
  ): () => void;
}

// ---------------------------------------------------------------------------------------------------- selectors

/** The room. */
export function selectRoom(store: HMSStore): HMSRoom;
/** Name of the room. */
export function selectRoomID(store: HMSStore): HMSRoomID;
/** Where the store is in its life. */
export function selectRoomState(store: HMSStore): HMSRoomState;
/** Whether a room is joined. */
export function selectIsConnectedToRoom(store: HMSStore): boolean | undefined;
/** Whether the store is in any other state than `Disconnected`. */
export function selectRoomStarted(store: HMSStore): boolean;
/** Identifies the session. */
export function selectSessionId(store: HMSStore): string;
/** The roles by name. */
export function selectRolesMap(store: HMSStore): Record<HMSRoleName, HMSRole>;
/** The exceptions in this room. */
export function selectErrors(store: HMSStore): HMSException[];
/** The last one of them. */
export function selectRecentError(store: HMSStore): HMSException | null | undefined;

/**
 * The session metadata.
 *
 * @deprecated In 100ms, for {@link selectSessionStore}; it works as well here.
 */
export function selectSessionMetadata(store: HMSStore): any;
/** The session store, as far as it is observed. */
export function selectSessionStore<T extends HMSGenericTypes = { sessionStore: Record<string, any> }>(): (
  store: HMSStore<T>,
) => T['sessionStore'] | undefined;
/** A key of the session store, if it is observed and set. */
export function selectSessionStore<
  T extends HMSGenericTypes = { sessionStore: Record<string, any> },
  K extends keyof T['sessionStore'] = keyof T['sessionStore'],
>(key: K): (store: HMSStore<T>) => T['sessionStore'][K] | undefined;

/**
 * A key of the session store with its version, and when and by whom it was changed last; `undefined` if it is not observed or
 * not set. 100ms has no such selector.
 *
 * @example
 * const entry = useHMSStore(selectSessionStoreEntry('count'));
 * actions.sessionStore.set('count', (entry?.value ?? 0) + 1, { ifVersion: entry?.version ?? 0 });
 */
export function selectSessionStoreEntry<
  T extends HMSGenericTypes = { sessionStore: Record<string, any> },
  K extends keyof T['sessionStore'] = keyof T['sessionStore'],
>(key: K): (store: HMSStore<T>) => HMSSessionStoreEntry<T['sessionStore'][K]> | undefined;

/** The peers by id. */
export function selectPeersMap(store: HMSStore): Record<HMSPeerID, HMSPeer>;
/** Everybody in the room. */
export function selectPeers(store: HMSStore): HMSPeer[];
/** Everybody but the local peer. */
export function selectRemotePeers(store: HMSStore): HMSPeer[];
/** How many peers there are, the local one included once it has joined. */
export function selectPeerCount(store: HMSStore): number;
/** The peer of this store. */
export function selectLocalPeer(store: HMSStore): HMSPeer | undefined;
/** Its id; empty while no room is joined. */
export function selectLocalPeerID(store: HMSStore): HMSPeerID;
/** Its name. */
export function selectLocalPeerName(store: HMSStore): string | undefined;
/** Its role. */
export function selectLocalPeerRoleName(store: HMSStore): HMSRoleName | undefined;
/** The peer of this id. */
export function selectPeerByID(id?: HMSPeerID): (store: HMSStore) => HMSPeer | null;
/** The name of the peer of this id. */
export function selectPeerNameByID(id?: HMSPeerID): (store: HMSStore) => string | undefined;
/** The same. */
export function selectPeerName(id: HMSPeerID): (store: HMSStore) => string | undefined;
/** The metadata of a peer, parsed as JSON; `{}` if there is none or it is no JSON. */
export function selectPeerMetadata(id: HMSPeerID): (store: HMSStore) => any;

/** The messages by id. */
export function selectMessagesMap(store: HMSStore): Record<HMSMessageID, HMSMessage>;
/** The ids of the messages, oldest first. */
export function selectMessageIDsInOrder(store: HMSStore): HMSMessageID[];
/** The messages, oldest first. */
export function selectHMSMessages(store: HMSStore): HMSMessage[];
/** How many messages there are. */
export function selectHMSMessagesCount(store: HMSStore): number;
/** How many of them are not read. */
export function selectUnreadHMSMessagesCount(store: HMSStore): number;
/** The message of this id. */
export function selectMessageByMessageID(id: HMSMessageID): (store: HMSStore) => HMSMessage;
/** The messages to everybody. */
export function selectBroadcastMessages(store: HMSStore): HMSMessage[];
/** The same. */
export function selectHMSBroadcastMessages(store: HMSStore): HMSMessage[];
/** How many of them are not read. */
export function selectBroadcastMessagesUnreadCount(store: HMSStore): number;
