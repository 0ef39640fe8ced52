'use client';

import { useConnectionStatus, useMeetingSessionState, useSetMeetingSessionData } from 'meeting-session-state/react';

export function Pinned({ userName }) {
  const connected = useConnectionStatus() === 'connected';
  const pinned = useMeetingSessionState(({ data }) => data.pinned);
  const setData = useSetMeetingSessionData();
  const pin = () => setData({ pinned: `pinned by ${userName}` }, 'shallow-merge');
  return (
    <>
      <p id="pinned">{connected ? (pinned ?? 'nothing') : 'joining'}</p>
      <button id="pin" onClick={pin}>Pin</button>
    </>
  );
}
