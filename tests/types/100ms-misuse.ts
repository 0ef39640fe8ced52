// What must not compile of 100ms's entry. Each line that is expected to fail makes the compiler fail if it does not.

import { HMSNotificationTypes, HMSReactiveStore, selectPeers, selectSessionStoreEntry } from 'meeting-session-state/100ms';

interface Shared {
  spotlight: string;
}

const hms = new HMSReactiveStore<{ sessionStore: Shared }>();
const actions = hms.getActions();

// @ts-expect-error A name is required, as in 100ms.
actions.join({ initEndpoint: 'ws://localhost:7880/standup' });
// @ts-expect-error An address is a string.
actions.join({ userName: 'Ana', initEndpoint: new URL('ws://localhost:7880/standup') });
// @ts-expect-error There is no such key.
actions.sessionStore.set('pinned', 'hello');
// @ts-expect-error A key has values of one type.
actions.sessionStore.set('spotlight', 7);
// @ts-expect-error A version is a number, 0 for a key that is not there.
actions.sessionStore.set('spotlight', 'ana', { ifVersion: undefined });
// @ts-expect-error There is no such option.
actions.sessionStore.set('spotlight', 'ana', { ifRevision: 1 });
// @ts-expect-error The version of a key that is not there must be said: it is 0.
actions.sessionStore.set('spotlight', 'ana', { ifVersion: hms.getStore().getState(selectSessionStoreEntry('spotlight'))?.version });
// @ts-expect-error There is no such key.
actions.sessionStore.observe(['spotlight', 'pinned']);
// @ts-expect-error A message is a string.
actions.sendBroadcastMessage({ text: 'hello' });
// @ts-expect-error Roles are several.
actions.sendGroupMessage('hello', 'host');
// @ts-expect-error Media is not covered.
actions.setLocalAudioEnabled(true);
// @ts-expect-error The state is only changed by actions.
hms.getStore().setState({});
// @ts-expect-error A selector gives what it gives.
hms.getStore().subscribe((peers: string[]) => console.log(peers), selectPeers);
// @ts-expect-error A message has no such member.
hms.getNotifications().onNotification(({ data }) => console.log(data.text), HMSNotificationTypes.NEW_MESSAGE);
// @ts-expect-error There is no such type.
hms.getNotifications().onNotification(() => {}, 'METADATA_CHANGED');
