// The chat: broadcast messages, which reach those who are there now.

import { HMSNotificationTypes, selectHMSMessages } from '../module/100ms.js';
import { hmsActions, hmsNotifications, hmsStore, sendsText } from './100ms-store.js';
import { $, clone, list, part } from './dom.js';
import { say } from './toasts.js';

export function createChat() {
  sendsText('chat', (text) => hmsActions.sendBroadcastMessage(text));
  hmsStore.subscribe(showMessages, selectHMSMessages);
  // An app message of the Daily view. Here it is a message that is no text.
  hmsNotifications.onNotification(({ data: { message, senderName } }) => {
    if (message?.wave) say(`${senderName ?? 'Someone'} waves.`);
  }, HMSNotificationTypes.NEW_MESSAGE);
}

function showMessages(messages) {
  const log = $('chat-log');
  // Who has scrolled back goes on reading there.
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 8;
  list($('messages'), messages.filter(({ message }) => typeof message === 'string'), {
    key: ({ id }) => id,
    create: () => clone('message'),
    update(element, { senderName, message, time }) {
      part(element, 'sender').textContent = senderName ?? 'Someone';
      part(element, 'time').textContent = time.toLocaleTimeString([], { timeStyle: 'short' });
      part(element, 'time').dateTime = time.toISOString();
      part(element, 'text').textContent = message;
    },
  });
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}
