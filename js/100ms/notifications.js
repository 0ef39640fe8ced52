// Notifications: what happened, once each, for toasts and the like. The state is in the store.

import { HMSNotificationSeverity } from './enums.js';
import { guarded } from './store.js';

/** `notifications` is what the application gets; `notify` tells it something. */
export function createNotifications() {
  const listeners = new Set();
  let last = 0;

  return {
    notifications: {
      onNotification(callback, types) {
        const listener = (notification) => {
          if (!types || [types].flat().includes(notification.type)) callback(notification);
        };
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },

    notify(type, data, severity = HMSNotificationSeverity.INFO) {
      // 100ms leaves the text for display empty too.
      const notification = { id: ++last, type, message: '', data, severity };
      for (const listener of [...listeners]) guarded(listener, notification);
    },
  };
}
