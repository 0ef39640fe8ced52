// The samples of 100ms's page, written anew.

/** Over the parts of a store, with the selectors and enums of the module `hms`. */
export function samples({ store: hmsStore, actions: hmsActions, notifications: hmsNotifications }, hms) {
  const { HMSNotificationTypes, selectIsConnectedToRoom, selectSessionMetadata } = hms;
  return {
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
}
