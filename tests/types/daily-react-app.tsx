// A small application written for daily-react, unchanged. tsconfig.daily-react.json resolves `@daily-co/daily-js` to
// this package, as a bundler's alias would; tsconfig.daily-react-real.json resolves it to Daily.

import Daily, {
  DailyCall,
  DailyEventObjectAppMessage,
  DailyEventObjectFatalError,
  DailyEventObjectNonFatalError,
  DailyMeetingState,
} from '@daily-co/daily-js';
import {
  DailyProvider,
  ExtendedDailyParticipant,
  useAppMessage,
  useCallObject,
  useDaily,
  useDailyError,
  useDailyEvent,
  useLocalParticipant,
  useLocalSessionId,
  useMeetingSessionState,
  useMeetingSessionSummary,
  useMeetingState,
  useNetwork,
  useParticipant,
  useParticipantCounts,
  useParticipantIds,
  useParticipantProperty,
  usePermissions,
} from '@daily-co/daily-react';
import { useCallback, useEffect, useState } from 'react';

/** Fails to compile if the types are not the same; a type that came to be `any` is the same as nothing else. */
declare function same<A, B>(equal: [Identical<A, B>] extends [true] ? true : false): void;
type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

interface Board {
  pinned?: string;
}

interface Reaction {
  emoji: string;
}

/** The application makes the call. */
export function OwnCall({ url }: { url: string }) {
  const [call, setCall] = useState<DailyCall | null>(null);
  useEffect(() => {
    const made = Daily.createCallObject({ url });
    setCall(made);
    return () => void made.destroy();
  }, [url]);
  return <DailyProvider callObject={call}><Meeting /></DailyProvider>;
}

/** The provider makes it. */
export const ProvidersCall = ({ url, userName }: { url: string; userName: string }) => (
  <DailyProvider url={url} userName={userName} subscribeToTracksAutomatically={false}><Meeting /></DailyProvider>
);

/** A hook of daily-react's makes it. */
export function HooksCall({ url }: { url: string }) {
  const callObject = useCallObject({ options: { url } });
  return <DailyProvider callObject={callObject}><Meeting /></DailyProvider>;
}

function Meeting() {
  const call = useDaily();
  same<typeof call, DailyCall | null>(true);
  const state = useMeetingState();
  same<typeof state, DailyMeetingState | null>(true);

  const onError = useCallback((event: DailyEventObjectNonFatalError) => console.warn(event.errorMsg), []);
  const { data, topology } = useMeetingSessionState<Board>({ onError });
  same<typeof data, Board>(true);
  same<typeof topology, 'none' | 'sfu' | 'peer'>(true);

  const { meetingError, nonFatalError } = useDailyError();
  same<typeof meetingError, DailyEventObjectFatalError | null>(true);
  same<typeof nonFatalError, DailyEventObjectNonFatalError | null>(true);

  const counts = useParticipantCounts({
    onParticipantCountsUpdated: ({ action }) => same<typeof action, 'participant-counts-updated'>(true),
  });
  same<typeof counts.present, number>(true);
  const sessionId = useMeetingSessionSummary()?.id;
  const { topology: network } = useNetwork({ onNetworkConnection: ({ event }) => console.log(event) });
  const { hasPresence, canSendAudio } = usePermissions();
  same<typeof canSendAudio, boolean>(true);

  useDailyEvent('participant-joined', useCallback(({ participant }) => console.log(participant.user_name), []));
  useDailyEvent('meeting-session-state-updated', useCallback((event) => show(event.meetingSessionState.data), []));
  // @ts-expect-error There is no such event.
  useDailyEvent('meeting-session-state-update', useCallback(() => {}, []));

  const ids = useParticipantIds({
    filter: useCallback((participant: ExtendedDailyParticipant) => !participant.owner, []),
    sort: 'joined_at',
    onParticipantLeft: ({ participant, reason }) => console.log(participant.session_id, reason),
  });
  same<typeof ids, string[]>(true);

  return (
    <main aria-busy={state !== 'joined-meeting'} title={`${sessionId} ${network} ${hasPresence}`}>
      <p>{data?.pinned ?? 'nothing is pinned'}</p>
      <p role="alert">{meetingError?.errorMsg ?? nonFatalError?.type}</p>
      <ul>{ids.map((id) => <Person key={id} id={id} />)}</ul>
      <button onClick={() => call?.join({ userName: 'Ana' })}>Join</button>
      <button onClick={() => call?.setMeetingSessionData({ pinned: 'Hello' }, 'shallow-merge')}>Pin</button>
      <button onClick={() => call?.setUserName('Ana Lima')}>Rename</button>
      <button onClick={() => call?.leave()}>Leave</button>
      <Reactions />
    </main>
  );
}

function Person({ id }: { id: string }) {
  const own = useLocalSessionId() === id;
  const [name, joinedAt] = useParticipantProperty(id, ['user_name', 'joined_at']);
  same<typeof name, string>(true);
  same<NonNullable<typeof joinedAt>, Date>(true);
  const audio = useParticipantProperty(id, 'tracks.audio.state');
  const participant = useParticipant(id);
  same<typeof participant, ExtendedDailyParticipant | null>(true);
  return <li>{name} {joinedAt?.toISOString()} {audio} {participant?.local === own && 'me'}</li>;
}

function Reactions() {
  const me = useLocalParticipant();
  const onAppMessage = useCallback(
    ({ data, fromId }: DailyEventObjectAppMessage<Reaction>, answer?: (data: Reaction, to?: string) => void) =>
      data.emoji === '?' ? answer?.({ emoji: '!' }, fromId) : console.log(data.emoji),
    [],
  );
  const send = useAppMessage<Reaction>({ onAppMessage });
  return <button onClick={() => send({ emoji: me?.user_name ? '👋' : '?' })}>Wave</button>;
}

function show(data: unknown) {
  console.log(data);
}
