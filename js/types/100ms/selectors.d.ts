// Selectors: what finds a part of the state.

import type { HMSRoomState } from './enums.js';
import type { HMSException } from './exception.js';
import type {
  HMSGenericTypes,
  HMSMessage,
  HMSMessageID,
  HMSPeer,
  HMSPeerID,
  HMSRole,
  HMSRoleName,
  HMSRoom,
  HMSRoomID,
  HMSSessionStoreEntry,
  HMSStore,
} from './state.js';

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
