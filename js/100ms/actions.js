// What 100ms calls actions: everything that an application can do.

import { HMSRoomState } from './enums.js';
import { notConnected } from './exception.js';
import { marked } from './messages.js';
import { Room } from './room.js';
import { createDefaultStoreState, METADATA_KEY } from './state.js';

/** Makes the actions over a store and its notifications: a plain object, whose functions need no `this`. */
export function createActions({ store, setState, replaceState }, notify) {
  const hms = { store, setState, notify, observed: new Set([METADATA_KEY]), ignored: new Set() };
  let room;

  function ended() {
    room = undefined;
    // Another set: who waits for an answer in the room that has ended must not add to it. After a join that failed the
    // next one is for the same keys.
    if (store.getState().room.isConnected) hms.observed = new Set([METADATA_KEY]);
    replaceState(createDefaultStoreState());
  }

  function inRoom(method) {
    if (!room) throw notConnected(`${method}() needs a room that is joined`);
    return room;
  }

  async function sendBroadcastMessage(message, type) {
    inRoom('sendBroadcastMessage').send(message, type, {}, 'sendBroadcastMessage');
  }

  return {
    async join(config) {
      if (room && store.getState().room.roomState !== HMSRoomState.Disconnecting) {
        console.warn('join() is ignored: the room is joined already');
        return;
      }
      if (room) {
        room.release();
        ended();
      }
      room = new Room(hms, ended);
      await room.join(config);
    },

    async leave() {
      if (room) await room.leave();
      else console.warn('leave() is ignored: no room is joined');
    },

    async setSessionMetadata(metadata) {
      await inRoom('setSessionMetadata').write(METADATA_KEY, metadata, 'setSessionMetadata');
    },

    /** There is nothing left to fetch: the state follows the session by itself. */
    async populateSessionMetadata() {
      inRoom('populateSessionMetadata').showData();
    },

    sessionStore: {
      async set(key, value, options) {
        await inRoom('sessionStore.set').write(String(key), value, 'sessionStore.set', options);
      },

      async observe(keys) {
        for (const key of [keys].flat()) hms.observed.add(String(key));
        room?.showData();
      },

      async unobserve(keys) {
        for (const key of [keys].flat()) hms.observed.delete(String(key));
      },
    },

    sendBroadcastMessage,

    async sendDirectMessage(message, recipientPeer, type) {
      inRoom('sendDirectMessage').send(message, type, { recipientPeer }, 'sendDirectMessage');
    },

    async sendGroupMessage(message, roles, type = 'chat') {
      inRoom('sendGroupMessage').send(message, type, { recipientRoles: [...roles] }, 'sendGroupMessage');
    },

    sendMessage(message) {
      sendBroadcastMessage(message).catch(console.error);
    },

    setMessageRead(read, id) {
      setState(marked(store.getState(), read, id));
    },

    ignoreMessageTypes(types, replace = false) {
      if (replace) hms.ignored.clear();
      for (const type of types) hms.ignored.add(type);
    },

    async changeName(name) {
      await inRoom('changeName').changeName(name);
    },

    async changeMetadata(metadata) {
      await inRoom('changeMetadata').changeMetadata(metadata);
    },

    // Both are about 100ms's own logs and statistics.
    setLogLevel() {},
    setFrameworkInfo() {},
  };
}
