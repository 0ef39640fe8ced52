'use client';

import { HMSReactiveStore, selectIsConnectedToRoom, selectSessionMetadata } from 'meeting-session-state/100ms';
import { useEffect, useRef, useState } from 'react';

export function Pinned({ url, userName }) {
  const [pinned, setPinned] = useState('joining');
  const actions = useRef(null);
  useEffect(() => {
    const hms = new HMSReactiveStore();
    const store = hms.getStore();
    const show = () => {
      if (store.getState(selectIsConnectedToRoom)) setPinned(store.getState(selectSessionMetadata) ?? 'nothing');
    };
    store.subscribe(show, selectIsConnectedToRoom);
    store.subscribe(show, selectSessionMetadata);
    actions.current = hms.getActions();
    actions.current.join({ userName, initEndpoint: url });
    return () => void actions.current.leave();
  }, [url, userName]);
  return (
    <>
      <p id="pinned">{pinned}</p>
      <button id="pin" onClick={() => actions.current.setSessionMetadata(`pinned by ${userName}`)}>Pin</button>
    </>
  );
}
