// 100ms's face: the store, its actions and the selectors.

import { HMSReactiveStore, selectIsConnectedToRoom, selectSessionMetadata } from 'meeting-session-state/100ms';

const { url, userName } = Object.fromEntries(new URLSearchParams(location.search));
const hms = new HMSReactiveStore();
const actions = hms.getActions();
const store = hms.getStore();

function show() {
  if (!store.getState(selectIsConnectedToRoom)) return;
  document.getElementById('pinned').textContent = store.getState(selectSessionMetadata) ?? 'nothing';
}

store.subscribe(show, selectIsConnectedToRoom);
store.subscribe(show, selectSessionMetadata);
document.getElementById('pin').addEventListener('click', () => actions.setSessionMetadata(`pinned by ${userName}`));
actions.join({ userName, initEndpoint: url });
