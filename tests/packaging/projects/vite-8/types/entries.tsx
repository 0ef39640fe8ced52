// Imports every entry. Each wrong use must be an error: it is none when the types resolve to `any`.

import Daily, { createCallObject, type Call } from 'meeting-session-state';
import { HMSReactiveStore, selectSessionMetadata } from 'meeting-session-state/100ms';
import {
  HMSRoomProvider,
  selectIsConnectedToRoom,
  useHMSActions,
  useHMSStore,
} from 'meeting-session-state/100ms/react';
import { SessionProvider, useMeetingSessionState, useSetMeetingSessionData } from 'meeting-session-state/react';

export const call: Call = createCallObject({ userName: 'Ana' });
export const version: string = Daily.version();
// @ts-expect-error
createCallObject({ userName: 1 });

const hms = new HMSReactiveStore();
export const joined: Promise<void> = hms.getActions().join({ userName: 'Ana', initEndpoint: 'ws://localhost/standup' });
hms.getStore().getState(selectSessionMetadata);
// @ts-expect-error
hms.getActions().join({ userName: 1 });

export function Metadata() {
  const actions = useHMSActions();
  const connected = useHMSStore(selectIsConnectedToRoom);
  // @ts-expect-error
  connected?.toFixed();
  return <button disabled={!connected} onClick={() => actions.setSessionMetadata('pinned')} />;
}

export function Pinned() {
  const pinned: string | undefined = useMeetingSessionState(({ data }) => data.pinned);
  const setData = useSetMeetingSessionData();
  // @ts-expect-error
  setData({}, 'deep-merge');
  return <button onClick={() => setData({ pinned: 'Hello' }, 'shallow-merge')}>{pinned}</button>;
}

export const providers = (
  <SessionProvider url="ws://localhost/standup" userName="Ana">
    <HMSRoomProvider>
      <Metadata />
      <Pinned />
    </HMSRoomProvider>
  </SessionProvider>
);
// @ts-expect-error
export const wrong = <SessionProvider url={1} />;
