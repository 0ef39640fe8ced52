// The three examples of https://docs.daily.co/reference/daily-js/instance-methods/set-meeting-session-data, as typed code.

import { createCallObject } from 'meeting-session-state';

const call = createCallObject();

// Replace
call.setMeetingSessionData({ code: '358' }, 'replace');

// Shallow merge
call.setMeetingSessionData({ code: '358' }, 'shallow-merge');
call.setMeetingSessionData({ address: { city: 'Helsinki' } }, 'shallow-merge');

// Listening for updates
call.on('meeting-session-state-updated', ({ meetingSessionState }) => {
  console.log('Session data updated:', meetingSessionState.data);
});
