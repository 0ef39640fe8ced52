// The React entry. Without JSX, so that every kind of project takes this file as it is.

import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import {
  SessionProvider,
  useConnectionStatus,
  useMeetingSessionState,
  useSetMeetingSessionData,
} from 'meeting-session-state/react';

const { url, userName } = Object.fromEntries(new URLSearchParams(location.search));

function Pinned() {
  const connected = useConnectionStatus() === 'connected';
  const pinned = useMeetingSessionState(({ data }) => data.pinned);
  const setData = useSetMeetingSessionData();
  const pin = () => setData({ pinned: `pinned by ${userName}` }, 'shallow-merge');
  return [
    createElement('p', { id: 'pinned', key: 'pinned' }, connected ? (pinned ?? 'nothing') : 'joining'),
    createElement('button', { id: 'pin', key: 'pin', onClick: pin }, 'Pin'),
  ];
}

const root = createRoot(document.getElementById('root'));
root.render(createElement(SessionProvider, { url, userName }, createElement(Pinned)));
