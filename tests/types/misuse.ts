// What must not compile. Each line that is expected to fail makes the compiler fail if it does not.

import Daily, { Call, type AppMessageEvent } from 'meeting-session-state';

const call = new Call({ allowMultipleCallInstances: true });

// @ts-expect-error There is no such merge strategy.
call.setMeetingSessionData({}, 'merge');
// @ts-expect-error The data is required.
call.setMeetingSessionData();

// @ts-expect-error An address is a string.
call.join({ url: 7880 });
// @ts-expect-error An address is a string, not a URL.
call.join({ url: new URL('ws://localhost:7880/standup') });
// @ts-expect-error Options are an object.
call.join('ws://localhost:7880/standup');
// @ts-expect-error A flag is a boolean.
Daily.createCallObject({ allowMultipleCallInstances: 'yes' });

// @ts-expect-error The payload has no such member.
call.on('meeting-session-state-updated', ({ sessionData }) => console.log(sessionData));
// @ts-expect-error Data is unknown until the application says what it is.
call.on('meeting-session-state-updated', ({ meetingSessionState }) => console.log(meetingSessionState.data.pinned));
// @ts-expect-error A handler is given the payload of its event, not of another.
call.on('participant-joined', (event: AppMessageEvent) => console.log(event.fromId));
// @ts-expect-error A handler is a function.
call.on('joined-meeting', 'greet');
// @ts-expect-error There is no such code.
call.once('nonfatal-error', ({ details }) => console.log(details?.code === 'too_big'));
// @ts-expect-error Not every nonfatal error has details.
call.once('nonfatal-error', ({ details }) => console.log(details.code));

// @ts-expect-error There is no such state.
console.log(call.meetingState() === 'joined');
// @ts-expect-error A call has no other recipients than participants.
call.sendAppMessage('hello', 42);
// @ts-expect-error It is only read.
call.callClientId = 'mine';
// @ts-expect-error There may be no call.
Daily.getCallInstance().leave();
// @ts-expect-error Frames are not covered.
Daily.createFrame();
