// What is in a store: the room, its peers, messages and roles, and the session store.

import type { HMSActions, IHMSSessionStoreActions } from './actions.js';
import type { HMSPeerType, HMSRoomState } from './enums.js';
import type { HMSException } from './exception.js';
import type { selectSessionStoreEntry } from './selectors.js';

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
