// The module './hms' of 100ms's page: what an application makes once and imports everywhere.

import { HMSReactiveStore } from 'meeting-session-state/100ms';

const hms = new HMSReactiveStore();

export const hmsStore = hms.getStore();
export const hmsActions = hms.getActions();
export const hmsNotifications = hms.getNotifications();
export { hms };
