// A page with 100ms's entry in it, for tests to evaluate in, and the samples of 100ms's page over it.

import Daily from 'meeting-session-state';
import * as HMS from 'meeting-session-state/100ms';

import { hms, hmsActions, hmsNotifications, hmsStore } from './100ms-hms.js';
import { samples } from './100ms-samples.js';

const parts = { store: hmsStore, actions: hmsActions, notifications: hmsNotifications };
Object.assign(window, { Daily, HMS, hms, hmsActions, hmsNotifications, hmsStore, samples: samples(parts, HMS) });

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

Object.assign(window, { records, outcome, ready: true });
