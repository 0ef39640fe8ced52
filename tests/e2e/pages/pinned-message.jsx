// The example of 100ms's page about session metadata, as an application for `@100mslive/react-sdk`: a chat whose messages
// can be pinned for everybody.

import { useCallback, useEffect, useState } from 'react';

import {
  HMSNotificationTypes,
  HMSRoomProvider,
  selectHMSMessages,
  selectIsConnectedToRoom,
  selectPeerNameByID,
  selectSessionMetadata,
  useHMSActions,
  useHMSNotifications,
  useHMSStore,
  useHMSVanillaStore,
} from '@100mslive/react-sdk';

export const REFRESH_MESSAGE = 'refresh';
export const METADATA_MESSAGE_TYPE = 'metadata';

/** Fetches the metadata when the room is joined, and when another peer says that it has changed. */
export function useRefreshSessionMetadata() {
  const hmsActions = useHMSActions();
  const isConnected = useHMSStore(selectIsConnectedToRoom);
  const notification = useHMSNotifications(HMSNotificationTypes.NEW_MESSAGE);

  useEffect(() => {
    if (isConnected) hmsActions.populateSessionMetadata();
  }, [hmsActions, isConnected]);

  useEffect(() => {
    const message = notification?.data;
    if (message && message.type === METADATA_MESSAGE_TYPE && message.message === REFRESH_MESSAGE) {
      hmsActions.populateSessionMetadata();
    }
  }, [hmsActions, notification]);
}

/** Pins a chat message: sets it as the metadata, and tells the other peers to fetch that. */
export function useSetPinnedMessage() {
  const hmsActions = useHMSActions();
  const vanillaStore = useHMSVanillaStore();
  const pinnedMessage = useHMSStore(selectSessionMetadata);

  const setPinnedMessage = useCallback(
    async (message) => {
      const peerName = vanillaStore.getState(selectPeerNameByID(message?.sender)) || message?.senderName;
      const text = message && (peerName ? `${peerName}: ${message.message}` : message.message);
      const newPinnedMessage = text ?? null;
      if (newPinnedMessage !== pinnedMessage) {
        await hmsActions.setSessionMetadata(newPinnedMessage);
        await hmsActions.sendBroadcastMessage(REFRESH_MESSAGE, METADATA_MESSAGE_TYPE);
      }
    },
    [hmsActions, vanillaStore, pinnedMessage],
  );
  return { setPinnedMessage };
}

/** The pinned message, with a button that clears it by calling the same function without a message. */
function PinnedMessage() {
  const pinnedMessage = useHMSStore(selectSessionMetadata);
  const { setPinnedMessage } = useSetPinnedMessage();
  return pinnedMessage ? (
    <p id="pinned">
      <span>{pinnedMessage}</span>
      <button onClick={() => setPinnedMessage()}>Clear</button>
    </p>
  ) : null;
}

function Sender({ message }) {
  // A selector of its own in each render, as applications have it.
  const name = useHMSStore(selectPeerNameByID(message.sender));
  return <b>{name ?? message.senderName}</b>;
}

function Chat() {
  const hmsActions = useHMSActions();
  const messages = useHMSStore(selectHMSMessages).filter(({ type }) => type === 'chat');
  const { setPinnedMessage } = useSetPinnedMessage();
  const [text, setText] = useState('');

  async function send(event) {
    event.preventDefault();
    await hmsActions.sendBroadcastMessage(text);
    setText('');
  }

  return (
    <section id="chat">
      {messages.map((message) => (
        <p key={message.id}>
          <Sender message={message} /> <span>{message.message}</span>
          <button onClick={() => setPinnedMessage(message)}>Pin</button>
        </p>
      ))}
      <form onSubmit={send}>
        <input value={text} onChange={(event) => setText(event.target.value)} />
      </form>
    </section>
  );
}

function Room() {
  useRefreshSessionMetadata();
  const isConnected = useHMSStore(selectIsConnectedToRoom);
  return isConnected ? (
    <main>
      <PinnedMessage />
      <Chat />
    </main>
  ) : (
    <p id="outside">Not in a room</p>
  );
}

/** With neither `store` nor `actions` the provider has its own. `children` come after the room. */
export function App({ store, actions, notifications, children }) {
  return (
    <HMSRoomProvider store={store} actions={actions} notifications={notifications}>
      <Room />
      {children}
    </HMSRoomProvider>
  );
}
