// 100ms's selectors of rooms, peers, messages and session data.
//
// One that makes a new object gives the same one again for the same parts of the state: React and the store's
// subscribers compare by identity.

import { HMSRoomState } from './enums.js';
import { shallow } from '../shallow.js';

/**
 * A selector that computes from what others select, and only anew when one of those has changed. The first must select
 * an object; by it the results are kept, so that several stores on a page do not displace each other's.
 */
function derived(selectors, compute) {
  const results = new WeakMap();
  return (store) => {
    const inputs = selectors.map((select) => select(store));
    const known = results.get(inputs[0]);
    if (known && shallow(known.inputs, inputs)) return known.result;
    const result = compute(...inputs);
    results.set(inputs[0], { inputs, result });
    return result;
  };
}

// ------------------------------------------------------------------------------------------------ room

export const selectRoom = (store) => store.room;
export const selectRoomID = (store) => store.room.id;
export const selectRoomState = (store) => store.room?.roomState;
export const selectIsConnectedToRoom = (store) => store.room?.isConnected;
export const selectRoomStarted = (store) => store.room.roomState !== HMSRoomState.Disconnected;
export const selectSessionId = (store) => store.room.sessionId;
export const selectRolesMap = (store) => store.roles;
export const selectErrors = (store) => store.errors;
export const selectRecentError = (store) => store.errors.at(-1) ?? null;

// ------------------------------------------------------------------------------------------------ session data

export const selectSessionMetadata = (store) => store.sessionMetadata;

/** Without a key the whole session store. */
export const selectSessionStore = (key) => (store) => (key ? store.sessionStore?.[key] : store.sessionStore);

/** A key with its version, which 100ms has no selector for. */
export const selectSessionStoreEntry = (key) => (store) =>
  Object.hasOwn(store.sessionStoreEntries ?? {}, key) ? store.sessionStoreEntries[key] : undefined;

// ------------------------------------------------------------------------------------------------ peers

export const selectPeersMap = (store) => store.peers;
export const selectPeers = derived([(store) => store.room.peers, selectPeersMap], (ids, byID) =>
  ids.map((id) => byID[id]),
);
export const selectRemotePeers = derived([selectPeers], (peers) => peers.filter((peer) => !peer.isLocal));
export const selectPeerCount = ({ room }) =>
  room.isConnected ? room.peers.length : Math.max(room.peers.length - 1, 0);

export const selectLocalPeer = (store) => store.peers[store.room.localPeer];
export const selectLocalPeerID = (store) => store.room.localPeer;
export const selectLocalPeerName = (store) => selectLocalPeer(store)?.name;
export const selectLocalPeerRoleName = (store) => selectLocalPeer(store)?.roleName;

export const selectPeerByID = (id) => (store) => (id ? store.peers[id] : null);
export const selectPeerNameByID = (id) => (store) => (id ? store.peers[id]?.name : undefined);
export const selectPeerName = selectPeerNameByID;

/** The metadata of a peer as JSON; `{}` if there is none or it is no JSON. */
export const selectPeerMetadata = (id) => (store) => (store.peers[id] ? parsedMetadata(store.peers[id]) : NO_METADATA);

const NO_METADATA = Object.freeze({});

const parsedMetadata = derived([(peer) => peer], ({ metadata }) => {
  try {
    return metadata ? JSON.parse(metadata) : NO_METADATA;
  } catch (error) {
    console.error('cannot parse peer metadata', error);
    return NO_METADATA;
  }
});

// ------------------------------------------------------------------------------------------------ messages

const unread = (messages) => messages.filter((message) => !message.read).length;

export const selectMessagesMap = (store) => store.messages.byID;
export const selectMessageIDsInOrder = (store) => store.messages.allIDs;
export const selectHMSMessages = derived([selectMessageIDsInOrder, selectMessagesMap], (ids, byID) =>
  ids.map((id) => byID[id]),
);
export const selectHMSMessagesCount = (store) => store.messages.allIDs.length;
export const selectUnreadHMSMessagesCount = (store) => unread(Object.values(store.messages.byID));
export const selectMessageByMessageID = (id) => (store) => store.messages.byID[id];

export const selectBroadcastMessages = derived([selectHMSMessages], (messages) =>
  messages.filter((message) => !message.recipientPeer && !message.recipientRoles?.length),
);
export const selectHMSBroadcastMessages = selectBroadcastMessages;
export const selectBroadcastMessagesUnreadCount = (store) => unread(selectBroadcastMessages(store));
