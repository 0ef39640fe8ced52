// The state in 100ms's shape, and how what `Call` says becomes part of it.
//
// What does not change keeps its identity throughout, since selectors and components compare by it.

import { HMSPeerType, HMSRoomState } from './enums.js';
import { shallow } from '../shallow.js';

/** The key of the session data that 100ms's session metadata is. */
export const METADATA_KEY = 'default';

/** There are no roles here, so everybody has this one. */
export const ROLE = 'participant';

export function createDefaultStoreState() {
  const off = () => ({ running: false });
  const playlist = () => ({
    list: {},
    selection: { id: '', hasPrevious: false, hasNext: false },
    progress: 0,
    volume: 0,
    currentTime: 0,
    playbackRate: 1,
  });
  return {
    room: {
      id: '',
      isConnected: false,
      name: '',
      peers: [],
      localPeer: '',
      roomState: HMSRoomState.Disconnected,
      recording: { browser: off(), server: off(), hls: off() },
      rtmp: off(),
      hls: { running: false, variants: [] },
      sessionId: '',
    },
    peers: {},
    tracks: {},
    playlist: { audio: playlist(), video: playlist() },
    messages: { byID: {}, allIDs: [] },
    speakers: {},
    connectionQualities: {},
    settings: { audioInputDeviceId: '', audioOutputDeviceId: '', videoInputDeviceId: '' },
    devices: { audioInput: [], audioOutput: [], videoInput: [] },
    roles: {},
    roleChangeRequests: [],
    errors: [],
    sessionStore: {},
    templateAppData: {},
    polls: {},
    whiteboards: {},
    hideLocalPeer: false,
  };
}

/** The roles of a room: the one that everybody has, which may send and receive no media. */
export function roles() {
  const video = { bitRate: 0, codec: '', frameRate: 0, width: 0, height: 0 };
  const role = {
    name: ROLE,
    publishParams: { allowed: [], audio: { bitRate: 0, codec: '' }, video, screen: { ...video } },
    subscribeParams: { subscribeToRoles: [], maxSubsBitRate: 0 },
    permissions: {
      endRoom: false,
      removeOthers: false,
      unmute: false,
      mute: false,
      changeRole: false,
      hlsStreaming: false,
      rtmpStreaming: false,
      browserRecording: false,
      pollRead: false,
      pollWrite: false,
    },
    priority: 1,
  };
  return { [ROLE]: role };
}

/** The parts of the state that say who is there, from `call.participants()`. */
export function people(state, participants) {
  const list = Object.values(participants).map((participant) => peer(participant, state));
  const ids = list.map(({ id }) => id);
  const room = { ...state.room, peers: same(state.room.peers, ids), localPeer: participants.local?.session_id ?? '' };
  return {
    peers: same(state.peers, Object.fromEntries(list.map((one) => [one.id, one]))),
    room: same(state.room, room),
  };
}

/** The same with one participant more or changed. */
export function withPeer({ peers, room }, one) {
  const ids = Object.hasOwn(peers, one.id) ? room.peers : [...room.peers, one.id];
  return { peers: same(peers, { ...peers, [one.id]: one }), room: same(room, { ...room, peers: ids }) };
}

/** The same without the participant of this id. */
export function withoutPeer({ peers, room }, id) {
  const ids = room.peers.filter((one) => one !== id);
  return { peers: Object.fromEntries(ids.map((one) => [one, peers[one]])), room: { ...room, peers: ids } };
}

/** A participant as 100ms has it; the one in the state if nothing has changed. */
export function peer(participant, state) {
  const { session_id: id, user_name: name, userData } = participant;
  const metadata = peerMetadata(userData);
  const known = state.peers[id];
  if (known?.name === name && known.metadata === metadata) return known;
  return {
    id,
    name,
    roleName: ROLE,
    isLocal: participant.local,
    auxiliaryTracks: [],
    customerUserId: participant.user_id,
    metadata,
    joinedAt: participant.joined_at,
    groups: [],
    isHandRaised: false,
    type: HMSPeerType.REGULAR,
  };
}

/** 100ms's metadata of a peer is text, and empty if there is none. */
export function peerMetadata(value) {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/**
 * The parts of the state that say what the session's data is. Of the keys only those in `shown` are followed; another
 * one stays as it was when this peer stopped observing it.
 *
 * 100ms's state has no `sessionStoreEntries`.
 */
export function sessionData(state, call, shown) {
  const { data } = call.meetingSessionState();
  const followed = [...shown].filter((key) => Object.hasOwn(data, key));
  const follow = (before, read) => {
    const kept = Object.entries(before).filter(([key]) => !shown.has(key));
    return same(before, Object.fromEntries([...kept, ...followed.map((key) => [key, read(key)])]));
  };
  const { sessionStore, sessionStoreEntries: entries = {} } = state;
  return {
    sessionMetadata: data[METADATA_KEY],
    sessionStore: follow(sessionStore, (key) => data[key]),
    sessionStoreEntries: follow(entries, (key) => sessionEntry(call.meetingSessionEntry(key), entries[key])),
  };
}

/** A key's entry; the one in the state if nothing has changed. */
function sessionEntry({ value, version, updatedAt, updatedBy }, known) {
  const unchanged = known?.version === version && known.value === value && +known.updatedAt === +updatedAt;
  return unchanged ? known : { value, version, updatedAt, updatedBy };
}

/** `after`, or `before` if nothing in it has changed. */
function same(before, after) {
  return shallow(before, after) ? before : after;
}
