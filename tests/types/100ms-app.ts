// A small application written for 100ms, unchanged. tsconfig.100ms-app.json resolves its import to this package, as the
// changed import line would; tsconfig.100ms-real.json resolves it to 100ms.

import {
  createDefaultStoreState,
  HMSNotificationTypes,
  HMSReactiveStore,
  HMSRoomState,
  selectHMSMessages,
  selectIsConnectedToRoom,
  selectLocalPeer,
  selectPeerNameByID,
  selectPeers,
  selectRoomState,
  selectSessionMetadata,
  selectSessionStore,
  selectUnreadHMSMessagesCount,
  type HMSActions,
  type HMSConfig,
  type HMSException,
  type HMSMessage,
  type HMSNotificationInCallback,
  type HMSNotificationTypeParam,
  type HMSNotifications,
  type HMSPeer,
  type HMSStore,
  type HMSStoreWrapper,
} from '@100mslive/hms-video-store';

const METADATA_MESSAGE_TYPE = 'metadata';
const REFRESH_MESSAGE = 'refresh';

interface Shared {
  spotlight: string | null;
  pinnedMessages: HMSMessage[];
}

const hms = new HMSReactiveStore<{ sessionStore: Shared }>();
hms.triggerOnSubscribe();
const hmsStore = hms.getStore();
const hmsActions = hms.getActions();
const hmsNotifications = hms.getNotifications();

// Setting, refreshing and reading session metadata.

export async function setSessionMetadata(data: any): Promise<void> {
  await hmsActions.setSessionMetadata(data);
  await hmsActions.sendBroadcastMessage(REFRESH_MESSAGE, METADATA_MESSAGE_TYPE);
}

hmsStore.subscribe((isConnected) => {
  if (isConnected) hmsActions.populateSessionMetadata();
}, selectIsConnectedToRoom);

const stop = hmsNotifications.onNotification((notification) => {
  const msg = notification.data;
  if (msg && msg.type === METADATA_MESSAGE_TYPE && msg.message === REFRESH_MESSAGE) {
    hmsActions.populateSessionMetadata();
  }
}, HMSNotificationTypes.NEW_MESSAGE);

export const sessionMetadata: { pinned?: string } = hmsStore.getState(selectSessionMetadata);

// The rest of an application.

export async function join(config: HMSConfig): Promise<boolean> {
  try {
    await hmsActions.join({ ...config, rememberDeviceSelection: true, settings: { isAudioMuted: true } });
    await hmsActions.sessionStore.observe(['spotlight', 'pinnedMessages']);
    return hmsStore.getState(selectIsConnectedToRoom) === true;
  } catch (error) {
    const { code, description } = error as HMSException;
    console.error(code, description);
    return false;
  }
}

export async function spotlight(peer?: HMSPeer): Promise<void> {
  await hmsActions.sessionStore.set('spotlight', peer?.id ?? null);
  await hmsActions.sessionStore.set('pinnedMessages');
}

export function listen(actions: HMSActions<{ sessionStore: Shared }>, notifications: HMSNotifications): () => void {
  actions.ignoreMessageTypes([METADATA_MESSAGE_TYPE]);
  return notifications.onNotification(describe);
}

function describe(notification: HMSNotificationInCallback<HMSNotificationTypeParam>): void {
  switch (notification.type) {
    case HMSNotificationTypes.PEER_LIST:
      return console.log(notification.data.map((peer) => peer.name));
    case HMSNotificationTypes.PEER_JOINED:
    case HMSNotificationTypes.PEER_LEFT:
      return console.log(notification.data.name, notification.message);
    case HMSNotificationTypes.NEW_MESSAGE:
      return console.log(
        `${notification.data.senderName}: ${notification.data.message}`,
        notification.data.time.getTime(),
      );
    case HMSNotificationTypes.ERROR:
      return console.error(notification.data.description, notification.data.isTerminal, notification.severity);
    case HMSNotificationTypes.RECONNECTING:
      return console.warn(notification.data?.message);
    case HMSNotificationTypes.DEVICE_CHANGE_UPDATE:
      return console.log(notification.id);
  }
}

hmsNotifications.onNotification(
  ({ type, data }) => console.log(type, data),
  [HMSNotificationTypes.NAME_UPDATED, HMSNotificationTypes.METADATA_UPDATED],
);

export function render(store: HMSStoreWrapper<{ sessionStore: Shared }>, sender?: string): string {
  const names = store.getState(selectPeers).map(({ name, roleName, metadata }) => `${name} ${roleName} ${metadata}`);
  const unread = store.getState(selectUnreadHMSMessagesCount);
  const pinned = store.getState(selectSessionStore<{ sessionStore: Shared }, 'pinnedMessages'>('pinnedMessages'));
  const state: HMSStore<{ sessionStore: Shared }> = store.getState();
  const peerName = store.getState(selectPeerNameByID(sender));
  const away = store.getState(selectRoomState) === HMSRoomState.Reconnecting;
  const last = store.getState(selectHMSMessages).at(-1);
  return [names, unread, pinned?.[0]?.message, state.sessionStore.spotlight, peerName, away, last?.type].join();
}

export async function rename(name: string): Promise<void> {
  const local = hmsStore.getState(selectLocalPeer);
  if (local?.isLocal && local.name !== name) await hmsActions.changeName(name);
  await hmsActions.changeMetadata({ hand: true });
  await hmsActions.sendDirectMessage('hello', local?.id ?? '');
  await hmsActions.sendGroupMessage('hello', [local?.roleName ?? ''], 'chat');
  hmsActions.setMessageRead(true);
}

export async function leave(): Promise<void> {
  stop();
  await hmsActions.leave();
  console.log(createDefaultStoreState().room.roomState);
}
