// An application with the React entry, and what the types must refuse.

import { useState } from 'react';

import { createCallObject } from 'meeting-session-state';
import type { Call, Participant, SessionError } from 'meeting-session-state';
import {
  SessionProvider,
  useAppMessage,
  useConnectionStatus,
  useMeetingSessionState,
  useParticipants,
  useSaving,
  useSetMeetingSessionData,
  useTransact,
  useUpdateMeetingSessionData,
} from 'meeting-session-state/react';
import type { ConnectionStatus, Saving, SessionProviderProps, SessionState } from 'meeting-session-state/react';

interface Board {
  pinned?: string;
  votes: number[];
}

/** Events that the application emits on the call itself. */
declare module 'meeting-session-state' {
  interface CallEvents<Data> {
    'hand-raised': { by: string; data: Data };
  }
}
createCallObject<Board>().on('hand-raised', ({ by, data }) => {
  const told: [string, number[]] = [by, data.votes];
  // @ts-expect-error The event has a type.
  const wrong: number = by;
  return [told, wrong];
});

function Pinned() {
  const { data, topology } = useMeetingSessionState();
  const pinned: string | undefined = useMeetingSessionState(({ data }) => data.pinned as string | undefined);
  const setData: (data: unknown, mergeStrategy?: 'replace' | 'shallow-merge') => void = useSetMeetingSessionData();
  return (
    <button onClick={() => setData({ pinned: 'Hello' }, 'shallow-merge')}>
      {pinned ?? data.anything} {topology === 'sfu'}
    </button>
  );
}

function Votes() {
  const board: Board = useMeetingSessionState<Board>().data;
  const count: number = useMeetingSessionState(({ data }: SessionState<Board>) => data.votes.length);
  const votes = useMeetingSessionState<number[], Board>(({ data }) => data.votes);
  // @ts-expect-error The selector says what it selects.
  const text: string = useMeetingSessionState(({ data }: SessionState<Board>) => data.votes.length);
  // @ts-expect-error There is no such strategy.
  useSetMeetingSessionData()({}, 'deep-merge');
  return <>{[board.pinned, count, text, ...votes]}</>;
}

function Voting() {
  const transact = useTransact<Board>();
  const { update, pending, error } = useUpdateMeetingSessionData<Board>();
  const set = useSetMeetingSessionData<Board>();
  const saving: Saving = useSaving();
  const failed: SessionError | undefined = error;
  const vote = async () => {
    const { revision, status } = await transact((draft) => void draft.votes.push(1), { attempts: 3 });
    await update({ pinned: 'Voted' }, { mergeStrategy: 'shallow-merge', ifRevision: revision });
    set({ pinned: undefined }, 'shallow-merge');
    return status === 'applied';
  };
  // @ts-expect-error There is no such key.
  transact((draft) => void (draft.voters = 1));
  // @ts-expect-error A key has values of one type.
  update({ pinned: 7 }, { mergeStrategy: 'merge-patch' });
  // @ts-expect-error There is no such key.
  set({ voters: 7 }, 'shallow-merge');
  // Without a type as before.
  const anything = useUpdateMeetingSessionData();
  void anything.update({ voters: 7 });
  void useTransact()((draft) => void (draft.voters.ana += 1));
  const text: string = saving.text;
  return <button disabled={pending} onClick={vote}>{failed?.code === 'conflict' ? failed.message : text}</button>;
}

function People() {
  const people: readonly Participant[] = useParticipants();
  // @ts-expect-error The array belongs to the hook.
  people.push(people[0]!);
  const status: ConnectionStatus = useConnectionStatus();
  const send = useAppMessage<{ wave: number }>({ onAppMessage: ({ data, fromId }) => console.log(data.wave, fromId) });
  const sendOnly = useAppMessage();
  sendOnly('hello', ['someone']);
  const names: string[] = people.map((one) => one.user_name);
  return <p onClick={() => send({ wave: 1 })}>{[status, ...names]}</p>;
}

export function App() {
  const [call, setCall] = useState<Call | null>(null);
  const typed: Call<Board> = createCallObject<Board>({ allowMultipleCallInstances: true });
  const failed = (error: Error) => console.error(error.message);
  const props: SessionProviderProps = { url: 'wss://example.com/standup', token: 'secret', userName: 'Ana' };
  return (
    <>
      <SessionProvider call={call}>
        <button onClick={() => setCall(createCallObject())}>Make a call</button>
      </SessionProvider>
      <SessionProvider {...props} userData={{ role: 'host' }} onError={failed}>
        <Pinned />
        <Votes />
        <Voting />
        <People />
      </SessionProvider>
      <SessionProvider call={typed} />
      <SessionProvider url={undefined} />
      {/* @ts-expect-error Either a call or an address. */}
      <SessionProvider call={call} url="wss://example.com/standup" />
      {/* @ts-expect-error A call that the application makes has its own name. */}
      <SessionProvider call={call} userName="Ana" />
      {/* @ts-expect-error Neither. */}
      <SessionProvider />
    </>
  );
}
