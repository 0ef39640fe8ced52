// An application that is written for @100mslive/react-sdk. It compiles with that package's own types too.

import { useCallback } from 'react';

import {
  type HMSMessage,
  HMSNotificationTypes,
  HMSReactiveStore,
  HMSRoomProvider,
  selectHMSMessages,
  selectIsConnectedToRoom,
  selectPeerNameByID,
  selectPeers,
  selectSessionMetadata,
  selectSessionStore,
  useCustomEvent,
  useHMSActions,
  useHMSNotifications,
  useHMSStore,
  useHMSVanillaNotifications,
  useHMSVanillaStore,
} from '@100mslive/react-sdk';

interface Wave {
  hand: 'left' | 'right';
}

export const useSetPinnedMessage = () => {
  const hmsActions = useHMSActions();
  const vanillaStore = useHMSVanillaStore();
  const pinnedMessage = useHMSStore(selectSessionMetadata);
  const setPinnedMessage = useCallback(
    async (message?: HMSMessage) => {
      const peerName = vanillaStore.getState(selectPeerNameByID(message?.sender)) || message?.senderName;
      const newPinnedMessage: string | null = message ? `${peerName}: ${message.message}` : null;
      if (newPinnedMessage !== pinnedMessage) {
        await hmsActions.setSessionMetadata(newPinnedMessage);
        await hmsActions.sendBroadcastMessage('refresh', 'metadata');
      }
    },
    [hmsActions, vanillaStore, pinnedMessage],
  );
  return { setPinnedMessage };
};

function Room() {
  const isConnected: boolean | undefined = useHMSStore(selectIsConnectedToRoom);
  const names: string[] = useHMSStore(
    (state) => selectPeers(state).map((peer) => peer.name),
    (before, now) => before.join() === now.join(),
  );
  const votes: number | undefined = useHMSStore(selectSessionStore('votes'));
  const messages: HMSMessage[] = useHMSStore(selectHMSMessages);
  const message: HMSMessage | undefined = useHMSNotifications(HMSNotificationTypes.NEW_MESSAGE)?.data;
  const notification = useHMSNotifications();
  const stop: (() => void) | undefined = useHMSVanillaNotifications()?.onNotification(({ type }) => console.log(type));
  const { sendEvent } = useCustomEvent<Wave>({ type: 'WAVE', onEvent: ({ hand }) => console.log(hand) });
  const { sendEvent: say } = useCustomEvent({ type: 'SAY', json: false, onEvent: (text: string) => console.log(text) });
  // @ts-expect-error A hand is one of the two.
  sendEvent({ hand: 'both' });
  // @ts-expect-error The equality is between what is selected.
  useHMSStore(selectIsConnectedToRoom, (before: string, now: string) => before === now);
  // @ts-expect-error A type is what identifies events.
  useCustomEvent({ onEvent: console.log });
  return (
    <p>
      <button onClick={() => sendEvent({ hand: 'left' }, { peerId: message?.sender })}>Wave</button>
      <button onClick={() => say('hello', { roleNames: ['guest'] })}>Say hello</button>
      {[isConnected, names.length, votes, messages.length, notification?.type, stop?.name]}
    </p>
  );
}

const hms = new HMSReactiveStore();

export function App() {
  return (
    <>
      <HMSRoomProvider actions={hms.getActions()} store={hms.getStore()} notifications={hms.getNotifications()}>
        <Room />
      </HMSRoomProvider>
      <HMSRoomProvider leaveOnUnload={false} isHMSStatsOn>
        <Room />
      </HMSRoomProvider>
      {/* @ts-expect-error Not a store. */}
      <HMSRoomProvider store={hms} />
    </>
  );
}
