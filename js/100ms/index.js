// The entry `meeting-session-state/100ms`: 100ms's API for session metadata, session store and messages.

export { HMSLogLevel, HMSNotificationSeverity, HMSNotificationTypes, HMSPeerType, HMSRoomState } from './enums.js';
export { HMSException } from './exception.js';
export { HMSReactiveStore } from './reactive-store.js';
export * from './selectors.js';
export { createDefaultStoreState } from './state.js';
