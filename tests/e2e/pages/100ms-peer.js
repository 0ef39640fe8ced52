// A page with 100ms's entry in it, for tests to evaluate in; with the samples of 100ms's page, written anew.

import Daily from 'meeting-session-state';
import * as HMS from 'meeting-session-state/100ms';
import { HMSNotificationTypes, selectIsConnectedToRoom, selectSessionMetadata } from 'meeting-session-state/100ms';

import { hms, hmsActions, hmsNotifications, hmsStore } from './100ms-hms.js';

Object.assign(window, { Daily, HMS, hms, hmsActions, hmsNotifications, hmsStore });

// ---------------------------------------------------------------------------------------------------- the samples

const samples = {
  async setSessionMetadata(data) {
    await hmsActions.setSessionMetadata(data);
    await hmsActions.sendBroadcastMessage('refresh', 'metadata');
  },

  startRefreshing() {
    hmsStore.subscribe((isConnected) => {
      if (isConnected) hmsActions.populateSessionMetadata();
    }, selectIsConnectedToRoom);
    hmsNotifications.onNotification((notification) => {
      const msg = notification.data;
      if (msg && msg.type === 'metadata' && msg.message === 'refresh') hmsActions.populateSessionMetadata();
    }, HMSNotificationTypes.NEW_MESSAGE);
  },

  sessionMetadata: () => hmsStore.getState(selectSessionMetadata),
};

// ---------------------------------------------------------------------------------------------------- records

/** Every state and every notification so far; tests may empty them. */
const records = { states: [], notifications: [] };
hmsStore.subscribe((state) => records.states.push(state), undefined, Object.is);
hmsNotifications.onNotification((notification) => records.notifications.push(notification));

/** What an action came to: 'done', or what it rejected with. */
async function outcome(promise) {
  try {
    await promise;
    return 'done';
  } catch (error) {
    const { code, name, action, description, isTerminal } = error;
    return {
      code,
      name,
      action,
      description,
      isTerminal,
      isError: error instanceof Error,
      isHMS: error instanceof HMS.HMSException,
    };
  }
}

Object.assign(window, { samples, records, outcome, ready: true });
