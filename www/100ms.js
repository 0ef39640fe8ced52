// The second view of the demo, built with the 100ms entry alone: joining, leaving, and the state of the connection.

import {
  HMSNotificationTypes,
  HMSRoomState,
  selectIsConnectedToRoom,
  selectLocalPeerName,
  selectRoomState,
} from '../module/100ms.js';
import { createChat } from './100ms-chat.js';
import { createPeople } from './100ms-people.js';
import { createMetadata, createPinned } from './100ms-session.js';
import { hmsActions, hmsNotifications, hmsStore } from './100ms-store.js';
import {
  dailyAddress,
  forgetJoined,
  nameToJoinWith,
  rememberJoined,
  sessionAddress,
  suggestedRoom,
} from './address.js';
import { $ } from './dom.js';
import { say } from './toasts.js';

let room = '';
let problem = '';

for (const create of [createPinned, createMetadata, createPeople, createChat]) create();

async function join(userName) {
  problem = '';
  room = $('join-room').value;
  showJoin(`Joining ${room} as ${userName}…`);
  $('join-submit').disabled = true;
  try {
    await hmsActions.join({ userName, initEndpoint: sessionAddress(room) });
  } catch (exception) {
    showJoin(exception.description, true);
  } finally {
    $('join-submit').disabled = false;
  }
}

hmsStore.subscribe((isConnected) => {
  if (isConnected) {
    hmsActions.sessionStore.observe(['pinned', 'spotlight']);
    rememberJoined(room, hmsStore.getState(selectLocalPeerName));
    showMeeting();
  } else {
    forgetJoined();
    showJoin(problem || `You left ${room}.`, Boolean(problem));
    $('join-submit').focus();
  }
}, selectIsConnectedToRoom);

hmsStore.subscribe((roomState) => {
  const isInterrupted = roomState === HMSRoomState.Reconnecting;
  $('connection').dataset.state = isInterrupted ? 'interrupted' : 'connected';
  $('connection').textContent = isInterrupted ? 'Reconnecting…' : 'Connected';
}, selectRoomState);

hmsNotifications.onNotification(({ data }) => say(`${data.name} joined.`), HMSNotificationTypes.PEER_JOINED);
hmsNotifications.onNotification(({ data }) => say(`${data.name} left.`), HMSNotificationTypes.PEER_LEFT);
hmsNotifications.onNotification(({ data }) => {
  problem = data.description;
}, HMSNotificationTypes.ERROR);

function showJoin(text, isProblem = false) {
  document.title = '100ms view · meeting-session-state';
  $('meeting').hidden = true;
  $('join').hidden = false;
  $('join-status').textContent = text;
  $('join-status').classList.toggle('error', isProblem);
}

function showMeeting() {
  document.title = `${room} · 100ms view · meeting-session-state`;
  $('join').hidden = true;
  $('meeting').hidden = false;
  $('room').textContent = room;
  $('open-daily').href = dailyAddress(room);
  $('room').focus();
}

$('leave').addEventListener('click', () => hmsActions.leave());
$('join-form').addEventListener('submit', (event) => {
  event.preventDefault();
  join($('join-name').value.trim());
});

const name = nameToJoinWith();
$('join-room').value = suggestedRoom;
$('join-name').value = name ?? '';
if (name && $('join-form').checkValidity()) join(name);
else $('join-name').focus();
