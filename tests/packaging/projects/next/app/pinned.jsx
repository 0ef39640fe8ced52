'use client';

import { createCallObject } from 'meeting-session-state';
import { useEffect, useRef, useState } from 'react';

export function Pinned({ url, userName }) {
  const [pinned, setPinned] = useState('joining');
  const call = useRef(null);
  useEffect(() => {
    call.current = createCallObject({ url, userName });
    const show = () => setPinned(call.current.meetingSessionState().data.pinned ?? 'nothing');
    call.current.on('joined-meeting', show);
    call.current.on('meeting-session-state-updated', show);
    call.current.join();
    return () => void call.current.destroy();
  }, [url, userName]);
  const pin = () => call.current.setMeetingSessionData({ pinned: `pinned by ${userName}` }, 'shallow-merge');
  return (
    <>
      <p id="pinned">{pinned}</p>
      <button id="pin" onClick={pin}>Pin</button>
    </>
  );
}
