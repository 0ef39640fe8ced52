// Components that use the hooks of `meeting-session-state/100ms/react`, and tell `App` about it.

import { useEffect, useState } from 'react';

import {
  HMSNotificationTypes,
  HMSRoomProvider,
  selectPeerNameByID,
  selectPeers,
  selectSessionStore,
  selectSessionStoreEntry,
  useCustomEvent,
  useHMSActions,
  useHMSNotifications,
  useHMSStore,
  useHMSVanillaNotifications,
  useHMSVanillaStore,
} from 'meeting-session-state/100ms/react';

/** What tests find: how often each component has rendered, what came in, and functions of the newest render. */
export const App = (globalThis.App = { renders: {}, events: [], errors: [], senders: new Set() });

function rendered(name) {
  App.renders[name] = (App.renders[name] ?? 0) + 1;
}

function People() {
  rendered('People');
  const names = useHMSStore((state) => selectPeers(state).map((peer) => peer.name));
  return <output id="people">{names.join()}</output>;
}

/** Selectors that are made in each render, one of them with an equality of its own. */
function Local() {
  rendered('Local');
  const id = useHMSStore(({ room }) => room.localPeer);
  const name = useHMSStore(selectPeerNameByID(id));
  const { metadata } = useHMSStore(({ sessionMetadata }) => ({ metadata: sessionMetadata }));
  const count = useHMSStore(selectSessionStore('votes'), (before, now) => before?.length === now?.length)?.length;
  return <output id="local">{JSON.stringify([name, metadata, count])}</output>;
}

/** A key with its version, by a selector that is made in each render. */
function Seat() {
  rendered('Seat');
  const { value, version } = useHMSStore(selectSessionStoreEntry('seat')) ?? { version: 0 };
  return <output id="seat">{JSON.stringify([value, version])}</output>;
}

function Notifications() {
  rendered('Notifications');
  const any = useHMSNotifications();
  const peer = useHMSNotifications([HMSNotificationTypes.PEER_JOINED, HMSNotificationTypes.PEER_LEFT]);
  const message = useHMSNotifications(HMSNotificationTypes.NEW_MESSAGE);
  const texts = [any?.type, peer && [peer.type, peer.data.name], message?.data.message];
  return <output id="notifications">{JSON.stringify(texts)}</output>;
}

function CustomEvents() {
  rendered('CustomEvents');
  const [tag, setTag] = useState('first');
  const heard = (type) => (data) => App.events.push({ type, data, tag });
  const handleError = (error, method) => App.errors.push({ error: error.message, method });
  const { sendEvent: wave } = useCustomEvent({ type: 'WAVE', onEvent: heard('WAVE'), handleError });
  const { sendEvent: say } = useCustomEvent({ type: 'SAY', json: false, onEvent: heard('SAY') });
  const { sendEvent: sendUnheard } = useCustomEvent({ type: 'ONLY_SENT' });
  useEffect(() => void (App.tag = tag), [tag]);
  App.senders.add(wave);
  Object.assign(App, { wave, say, sendUnheard, setTag });
  return null;
}

function Expose() {
  App.actions = useHMSActions();
  App.store = useHMSVanillaStore();
  App.notifications = useHMSVanillaNotifications();
  return null;
}

// The same element each time, so that a render of the provider alone renders none of them.
const children = (
  <>
    <People />
    <Local />
    <Seat />
    <Notifications />
    <CustomEvents />
    <Expose />
  </>
);

export function Session(props) {
  return <HMSRoomProvider {...props}>{children}</HMSRoomProvider>;
}
