// One stay in a room, from a join to the leave: a `Call`, and how what it tells becomes state and notifications.

import { Call, connect, SessionError } from '../core.js';
import { HMSNotificationSeverity, HMSNotificationTypes as Types, HMSRoomState } from './enums.js';
import { connectionLost, fatal, invalid, joinRefused, notConnected, tooLarge, writeRefused } from './exception.js';
import { added, makeMessage, received } from './messages.js';
import { people, peer, peerMetadata, roles, sessionData, withoutPeer, withPeer } from './state.js';

/** How many exceptions the state keeps. */
const ERRORS_KEPT = 50;

const LEFT = 'The room was left before it was done';

export class Room {
  #hms;
  #ended;
  #call;
  #address;
  #failure;
  #over = false;
  /** Who made the last change of each key in it, also of keys that went with it. */
  #lastWriters = {};

  /**
   * `hms` is what outlives a stay: the store with what changes it, `notify`, and `observed` and `ignored`, which are the
   * keys and message types that the application has named. `ended` is called once, when the stay is over.
   */
  constructor(hms, ended) {
    this.#hms = hms;
    this.#ended = ended;
  }

  // ------------------------------------------------------------------------------------------ called by the actions

  async join({ initEndpoint, authToken, userName, metaData } = {}) {
    this.#setRoom({ roomState: HMSRoomState.Connecting });
    try {
      // A listener may have left meanwhile.
      if (this.#over) throw new Error(LEFT);
      if (!initEndpoint) {
        throw new Error('initEndpoint must be the address of the session, such as wss://example.com/standup');
      }
      this.#address = initEndpoint;
      this.#call = new Call(undefined, connect);
      this.#listen();
      const userData = peerMetadata(metaData) || undefined;
      await this.#call.join({ url: initEndpoint, token: authToken || undefined, userName, userData });
    } catch (reason) {
      const why = () => (this.#over ? notConnected(LEFT, reason) : this.#fail(joinRefused(reason)));
      const exception = this.#failure ?? why();
      this.#end();
      throw exception;
    }
  }

  async leave() {
    this.#setRoom({ roomState: HMSRoomState.Disconnecting });
    // A join that could not begin, or that a listener takes back at once, has no call.
    if (!this.#call) return this.#end();
    await this.#call.leave();
    return this.#call.destroy();
  }

  /** Stops telling the store anything, for another stay that begins before this one is over. */
  release() {
    this.#over = true;
  }

  /**
   * Writes a key of the session's data; `undefined` deletes it. Resolves when the state shows it. With `ifVersion` among
   * the options it is written only if that is still the key's version.
   */
  async write(key, value, method, options) {
    this.#checkConnected(method);
    try {
      const condition = this.#condition(key, options ?? {});
      await this.#call.updateMeetingSessionData({ [key]: value }, { mergeStrategy: 'shallow-merge', ...condition });
    } catch (error) {
      throw writeRefused(error, error.code === 'conflict' ? this.#whoWasFirst(key, error) : undefined);
    }
    if (this.#over) return;
    this.#hms.observed.add(key);
    this.showData();
  }

  /** Puts the data into the state, for a key that has only now been observed. */
  showData() {
    const { getState } = this.#hms.store;
    if (this.#over || this.#call?.meetingState() !== 'joined-meeting' || !getState().room.isConnected) return;
    this.#hms.setState(sessionData(getState(), this.#call, this.#hms.observed));
  }

  /** Sends a message to everybody, or to the peer or the roles that `recipients` names. */
  send(message, type, recipients, method) {
    this.#checkConnected(method);
    type ||= 'chat';
    if (typeof type !== 'string') throw invalid('The type of a message must be a string');
    if (typeof message !== 'string') throw invalid('A message must be a string');
    // 100ms takes the zero-width space for blank too.
    if (message.replaceAll('\u200b', ' ').trim() === '') throw invalid('Empty message not allowed');
    const { recipientPeer, recipientRoles } = recipients;
    const { peers, room, roles } = this.#hms.store.getState();
    if (recipientPeer === room.localPeer) throw invalid('Cannot send message to self');
    if ('recipientPeer' in recipients && !Object.hasOwn(peers, recipientPeer)) {
      throw invalid(`Invalid peer - peer not present in the room: ${recipientPeer}`);
    }
    if (recipientRoles && !recipientRoles.some((role) => Object.hasOwn(roles, role))) {
      throw invalid(`No valid role is present: ${recipientRoles}`);
    }
    try {
      this.#call.sendAppMessage({ message, type, ...recipients }, recipientPeer);
    } catch (error) {
      throw tooLarge('broadcast', error);
    }
    if (this.#hms.ignored.has(type)) return;
    const about = { message, type, ...recipients, read: true, ignored: false };
    this.#hms.setState(added(this.#hms.store.getState(), makeMessage(peers[room.localPeer], about)));
  }

  changeName(name) {
    return this.#changePeer('changeName', (call) => call.setUserName(name));
  }

  changeMetadata(metadata) {
    const text = () => (typeof metadata === 'string' ? metadata : JSON.stringify(metadata));
    return this.#changePeer('changeMetadata', (call) => call.setUserData(text()));
  }

  async #changePeer(method, change) {
    this.#checkConnected(method);
    try {
      await change(this.#call);
    } catch (error) {
      throw this.#over ? notConnected(LEFT, error) : invalid(error.message, error);
    }
  }

  /** The condition of a write in the call's terms. Throws the conflict if this peer knows of it already. */
  #condition(key, options) {
    // An `ifVersion` that is there and undefined is a mistake, which must not become a write without a condition.
    if (!Object.hasOwn(options, 'ifVersion')) return {};
    const { ifVersion } = options;
    if (!(Number.isSafeInteger(ifVersion) && ifVersion >= 0)) {
      throw new SessionError('invalid_argument', 'ifVersion must be a version, 0 for a key that is not there');
    }
    const version = this.#call.meetingSessionEntry(key)?.version ?? 0;
    if (version === ifVersion) return { ifUnchanged: [key] };
    throw new SessionError('conflict', `The version of "${key}" is ${version}, not ${ifVersion}`, {
      revision: this.#call.meetingSessionRevision(),
      current: this.#call.meetingSessionState().data,
      changedKeys: [key],
    });
  }

  /** Who deleted a key is known only if that was the last change. */
  #whoWasFirst(key, { updatedBy = this.#lastWriters }) {
    const id = this.#call.meetingSessionEntry(key)?.updatedBy ?? new Map(Object.entries(updatedBy)).get(key);
    return `${this.#hms.store.getState().peers[id]?.name || id || 'Somebody'} changed "${key}" first`;
  }

  #checkConnected(method) {
    const { isConnected, roomState } = this.#hms.store.getState().room;
    if (!isConnected) throw notConnected(`${method}() needs a room that is joined`);
    if (roomState === HMSRoomState.Reconnecting) {
      throw connectionLost('RECONNECT_SIGNAL', `${method}() failed, since the connection is lost`);
    }
  }

  // ------------------------------------------------------------------------------------------ told by the call

  #listen() {
    const on = (event, handle) => this.#call.on(event, (about) => this.#over || handle.call(this, about));
    on('joined-meeting', this.#joined);
    on('meeting-session-state-updated', this.#dataChanged);
    on('meeting-session-summary-updated', ({ meetingSession }) => this.#setRoom({ sessionId: meetingSession.id }));
    on('participant-joined', this.#peerChanged);
    on('participant-updated', this.#peerChanged);
    on('participant-left', this.#peerLeft);
    on('app-message', this.#message);
    on('network-connection', ({ event }) => (event === 'interrupted' ? this.#interrupted() : this.#reconnected()));
    on('error', (event) => this.#fail(fatal(event)));
    on('left-meeting', this.#end);
  }

  /** The room, who is in it and its data appear in one change of the state. */
  #joined({ participants }) {
    const hms = this.#hms;
    const state = hms.store.getState();
    const { peers, room } = people(state, participants);
    const name = decodeURIComponent(/([^/]+)\/?$/.exec(new URL(this.#address).pathname)[1]);
    const joined = {
      id: name,
      name,
      isConnected: true,
      roomState: HMSRoomState.Connected,
      sessionId: this.#call.meetingSessionSummary().id,
      joinedAt: participants.local.joined_at,
    };
    const data = sessionData(state, this.#call, hms.observed);
    hms.setState({ peers, room: { ...room, ...joined }, roles: roles(), ...data });
    const others = Object.values(peers).filter((one) => !one.isLocal);
    if (others.length > 0) hms.notify(Types.PEER_LIST, others);
  }

  #dataChanged({ updatedBy }) {
    this.#lastWriters = updatedBy;
    this.showData();
  }

  #peerChanged({ action, participant }) {
    const hms = this.#hms;
    const state = hms.store.getState();
    const before = state.peers[participant.session_id];
    const after = peer(participant, state);
    hms.setState(withPeer(state, after));
    // This peer itself may be a new one after a long interruption.
    if (action === 'participant-joined' && !after.isLocal) hms.notify(Types.PEER_JOINED, after);
    if (before && before.name !== after.name) hms.notify(Types.NAME_UPDATED, after);
    if (before && before.metadata !== after.metadata) hms.notify(Types.METADATA_UPDATED, after);
  }

  #peerLeft({ participant }) {
    const hms = this.#hms;
    const state = hms.store.getState();
    const left = peer(participant, state);
    hms.setState(withoutPeer(state, left.id));
    hms.notify(Types.PEER_LEFT, left);
  }

  #message({ data, fromId }) {
    const hms = this.#hms;
    const { peers, room } = hms.store.getState();
    const about = received(data, room.localPeer);
    const ignored = hms.ignored.has(about.type);
    const message = makeMessage(peers[fromId] ?? { id: fromId }, { ...about, read: false, ignored });
    if (!ignored) hms.setState(added(hms.store.getState(), message));
    hms.notify(Types.NEW_MESSAGE, message);
  }

  #interrupted() {
    const exception = connectionLost('RECONNECT_SIGNAL', 'The connection is lost and is being restored');
    const isLeaving = this.#roomState() === HMSRoomState.Disconnecting;
    this.#setRoom(isLeaving ? {} : { roomState: HMSRoomState.Reconnecting }, exception);
    this.#hms.notify(Types.RECONNECTING, exception, HMSNotificationSeverity.ERROR);
  }

  #reconnected() {
    const hms = this.#hms;
    const participants = this.#call.participants();
    // This peer is a new one if it was away for too long or the server has been started anew.
    if (participants.local?.session_id !== hms.store.getState().room.localPeer) {
      hms.setState(people(hms.store.getState(), participants));
    }
    if (this.#roomState() === HMSRoomState.Reconnecting) this.#setRoom({ roomState: HMSRoomState.Connected });
    hms.notify(Types.RECONNECTED, null);
  }

  /** The stay cannot begin or go on. */
  #fail(exception) {
    this.#failure = exception;
    this.#setRoom({ roomState: HMSRoomState.Failed }, exception);
    this.#hms.notify(Types.ERROR, exception, HMSNotificationSeverity.ERROR);
    return exception;
  }

  #end() {
    this.#call?.destroy();
    if (this.#over) return;
    this.#over = true;
    this.#ended();
  }

  #roomState() {
    return this.#hms.store.getState().room.roomState;
  }

  #setRoom(parts, exception) {
    if (this.#over) return;
    const { room, errors } = this.#hms.store.getState();
    const kept = exception ? [...errors, exception].slice(-ERRORS_KEPT) : errors;
    this.#hms.setState({ room: { ...room, ...parts }, errors: kept });
  }
}
