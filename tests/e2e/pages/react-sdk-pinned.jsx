// The pinned-message application with the real `@100mslive/react-sdk`, over the store, the actions and the notifications
// of this package. It joins `?url=` as `?name=`.
//
// With `?strict` in StrictMode. With `?wrapped` through 100ms's own `HMSReactiveStore` around the three. With `?silent`
// nothing of the application's own refreshing works: nobody is told, and nobody populates.

import { StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';

import {
  HMSReactiveStore as RealStore,
  selectIsConnectedToRoom,
  selectSessionMetadata,
  useHMSActions,
  useHMSStore,
} from '@100mslive/react-sdk';
import { HMSReactiveStore } from 'meeting-session-state/100ms';

import { App } from './pinned-message.jsx';

const parameters = new URLSearchParams(location.search);
const [initEndpoint, userName] = ['url', 'name'].map((name) => parameters.get(name));

const own = new HMSReactiveStore();
const parts = [own.getStore(), own.getActions(), own.getNotifications()];
const hms = parameters.has('wrapped') ? new RealStore(...parts) : own;
const store = hms.getStore();
const notifications = hms.getNotifications();

/** What tests find: what the application has called, and what each state and each render of `Watch` was of. */
window.Room = { store, called: [], shown: [] };
const note = (isConnected, metadata) => Room.shown.push({ isConnected, metadata });
store.subscribe(({ room, sessionMetadata }) => note(room.isConnected, sessionMetadata), (state) => state, Object.is);

const silent = parameters.has('silent');
const actions = {
  ...hms.getActions(),
  async populateSessionMetadata() {
    Room.called.push('populate');
    if (!silent) await hms.getActions().populateSessionMetadata();
  },
  async sendBroadcastMessage(message, type) {
    Room.called.push(`send ${message}`);
    if (!silent || type !== 'metadata') await hms.getActions().sendBroadcastMessage(message, type);
  },
};

function Watch() {
  const actions = useHMSActions();
  note(useHMSStore(selectIsConnectedToRoom), useHMSStore(selectSessionMetadata));
  useEffect(() => {
    Room.join = (url = initEndpoint) => actions.join({ userName, authToken: '', initEndpoint: url });
    Room.leave = () => actions.leave();
    Room.set = (metadata) => actions.setSessionMetadata(metadata);
  }, [actions]);
  return null;
}

const app = (
  <App store={store} actions={actions} notifications={notifications}>
    <Watch />
  </App>
);
createRoot(document.getElementById('root')).render(parameters.has('strict') ? <StrictMode>{app}</StrictMode> : app);
