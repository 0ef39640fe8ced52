// The default entry: Daily's face.

import { createCallObject } from 'meeting-session-state';

const { url, userName } = Object.fromEntries(new URLSearchParams(location.search));
const call = createCallObject();

function show() {
  document.getElementById('pinned').textContent = call.meetingSessionState().data.pinned ?? 'nothing';
}

call.on('joined-meeting', show);
call.on('meeting-session-state-updated', show);
document.getElementById('pin').addEventListener('click', () => {
  call.setMeetingSessionData({ pinned: `pinned by ${userName}` }, 'shallow-merge');
});
call.join({ url, userName });
