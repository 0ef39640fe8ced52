'use client';

import {
  selectIsConnectedToRoom,
  selectSessionMetadata,
  useHMSActions,
  useHMSStore,
} from 'meeting-session-state/100ms/react';
import { useEffect } from 'react';

export function Pinned({ url, userName }) {
  const actions = useHMSActions();
  const connected = useHMSStore(selectIsConnectedToRoom);
  const pinned = useHMSStore(selectSessionMetadata);
  useEffect(() => {
    actions.join({ userName, initEndpoint: url });
  }, [actions, url, userName]);
  return (
    <>
      <p id="pinned">{connected ? (pinned ?? 'nothing') : 'joining'}</p>
      <button id="pin" onClick={() => actions.setSessionMetadata(`pinned by ${userName}`)}>Pin</button>
    </>
  );
}
