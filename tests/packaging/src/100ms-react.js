// 100ms's face in React. Without JSX, so that every kind of project takes this file as it is.

import { createElement, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import {
  HMSRoomProvider,
  selectIsConnectedToRoom,
  selectSessionMetadata,
  useHMSActions,
  useHMSStore,
} from 'meeting-session-state/100ms/react';

const { url, userName } = Object.fromEntries(new URLSearchParams(location.search));

function Pinned() {
  const actions = useHMSActions();
  const connected = useHMSStore(selectIsConnectedToRoom);
  const pinned = useHMSStore(selectSessionMetadata);
  useEffect(() => {
    actions.join({ userName, initEndpoint: url });
  }, [actions]);
  const pin = () => actions.setSessionMetadata(`pinned by ${userName}`);
  return [
    createElement('p', { id: 'pinned', key: 'pinned' }, connected ? (pinned ?? 'nothing') : 'joining'),
    createElement('button', { id: 'pin', key: 'pin', onClick: pin }, 'Pin'),
  ];
}

createRoot(document.getElementById('root')).render(createElement(HMSRoomProvider, null, createElement(Pinned)));
