// The same from CommonJS, which may require ES modules since Node 20.19.

import Daily = require('meeting-session-state');
import hms = require('meeting-session-state/100ms');
import hmsReact = require('meeting-session-state/100ms/react');
import react = require('meeting-session-state/react');

export const version: string = Daily.default.version();
export const store: hms.HMSReactiveStore = new hms.HMSReactiveStore();
export const components = [hmsReact.HMSRoomProvider, react.SessionProvider];
// @ts-expect-error
Daily.createCallObject({ userName: 1 });
