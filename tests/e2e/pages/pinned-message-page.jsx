// A page with the pinned-message application in it, which joins `?url=` as `?name=`, with `?wait` only at `Room.join()`.
//
// The store, the actions and the notifications are those of an `HMSReactiveStore` of this package, or with `?own` the
// provider's own. `?strict` is StrictMode. Tests find them as `Room`, with `Room.shown`: for each render what it was of.

import { StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';

import {
  selectIsConnectedToRoom,
  selectSessionMetadata,
  useHMSActions,
  useHMSStore,
  useHMSVanillaStore,
} from '@100mslive/react-sdk';
import { HMSReactiveStore } from 'meeting-session-state/100ms';

import { App } from './pinned-message.jsx';

const parameters = new URLSearchParams(location.search);
const [initEndpoint, userName] = ['url', 'name'].map((name) => parameters.get(name));

window.Room = { shown: [] };

function Watch() {
  const actions = useHMSActions();
  const store = useHMSVanillaStore();
  const isConnected = useHMSStore(selectIsConnectedToRoom);
  const metadata = useHMSStore(selectSessionMetadata);
  Room.shown.push({ isConnected, metadata });
  useEffect(() => {
    const join = () =>
      actions.join({ userName, authToken: '', initEndpoint }).catch((error) => (Room.error = String(error)));
    Object.assign(Room, { actions, store, join });
    if (!parameters.has('wait')) join();
  }, [actions, store]);
  return null;
}

const hms = new HMSReactiveStore();
const given = { store: hms.getStore(), actions: hms.getActions(), notifications: hms.getNotifications() };
const app = (
  <App {...(parameters.has('own') ? {} : given)}>
    <Watch />
  </App>
);
const root = createRoot(document.getElementById('root'));
root.render(parameters.has('strict') ? <StrictMode>{app}</StrictMode> : app);
Room.unmount = () => root.unmount();
