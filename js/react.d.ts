/**
 * Shared session state as React hooks: a provider that has a call, and hooks that show what is in its session.
 *
 * For React 18 and 19. A component renders again only when what its hook returns has changed. All of it is safe in StrictMode
 * and on a server, where every hook returns what it returns without a call and nothing is joined.
 *
 * @example
 * function Pinned() {
 *   const pinned = useMeetingSessionState(({ data }) => data.pinned);
 *   const setData = useSetMeetingSessionData();
 *   return <button onClick={() => setData({ pinned: 'Hello' }, 'shallow-merge')}>{pinned ?? 'Pin something'}</button>;
 * }
 *
 * <SessionProvider url="ws://localhost:7880/standup" userName="Ana">
 *   <Pinned />
 * </SessionProvider>
 *
 * @packageDocumentation
 */

import type { ReactElement, ReactNode } from 'react';

import type { AppMessageEvent, Call, NetworkTopology, Participant, SessionError } from './index.js';

// Without this line every declaration in a .d.ts file would be exported.
export {};

/** Props of a {@link SessionProvider} over a call that the application makes, joins and ends itself. */
export interface SessionProviderCallProps {
  /** The call. `null` while there is none yet; the hooks then return what they return before a join. */
  call: Call<any> | null;
  url?: undefined;
  token?: undefined;
  userName?: undefined;
  userData?: undefined;
  onError?: undefined;
  children?: ReactNode;
}

/**
 * Props of a {@link SessionProvider} that has a call of its own.
 *
 * It joins when the provider is mounted, and leaves when it is unmounted or when `url` or `token` change. It may exist beside
 * calls that the application makes.
 */
export interface SessionProviderOwnProps {
  call?: undefined;
  /** Address of the session, as {@link Call.join} takes it. Without one nothing is joined. */
  url: string | null | undefined;
  /** Meeting token, for servers that ask for one. */
  token?: string;
  /**
   * Name that the other participants see, at most 256 units. Another name is told to them without a new join; a name that is
   * taken away becomes empty.
   */
  userName?: string;
  /**
   * Any JSON value that the other participants see, at most 4,096 units. It is told to them when its JSON text has changed;
   * data that is taken away becomes `null`.
   */
  userData?: unknown;
  /**
   * Called when the call cannot be made or joined, or ends by itself ({@link useConnectionStatus} is then `error`), and when
   * another name or other user data is refused. Where the call has an event for it, that is the `cause` of the error.
   *
   * A provider that failed stays so until its `url`, `token` or React `key` is another.
   */
  onError?: (error: Error) => void;
  children?: ReactNode;
}

/** Props of {@link SessionProvider}: either a call or an address. */
export type SessionProviderProps = SessionProviderCallProps | SessionProviderOwnProps;

/** Gives the hooks below it a call. */
export function SessionProvider(props: SessionProviderProps): ReactElement;

/** What {@link useMeetingSessionState} shows. */
export interface SessionState<Data = Record<string, any>> {
  /** What everybody in the session shares; `{}` while not joined. Do not change it: it is what the call returns. */
  data: Data;
  /** `sfu` while joined. */
  topology: NetworkTopology | 'none';
}

/**
 * The session's data and topology; `{ data: {}, topology: 'none' }` while not joined. Top-level values that did not change
 * keep their identity.
 *
 * @throws Error outside of a {@link SessionProvider}, as all hooks here.
 */
export function useMeetingSessionState<Data = Record<string, any>>(): SessionState<Data>;

/**
 * What `selector` makes of the session's state. The component renders again only when that has changed: by `Object.is`, and
 * for plain objects and arrays by `Object.is` of each member. The selector may be written inline and return a new object
 * each time.
 *
 * @example
 * const { title, votes } = useMeetingSessionState(({ data }) => ({ title: data.title, votes: data.votes }));
 */
export function useMeetingSessionState<Selected, Data = Record<string, any>>(
  selector: (state: SessionState<Data>) => Selected,
): Selected;

/**
 * A function that writes to the session's data as {@link Call.setMeetingSessionData} does. It is the same in every render.
 *
 * It throws what that method throws, and an Error while the provider has no call.
 */
export function useSetMeetingSessionData<Data = unknown>(): Call<Data>['setMeetingSessionData'];

/**
 * A function that changes the session's data on the basis of what it is, as {@link Call.transact} does. It is the same in every
 * render.
 *
 * It rejects as that method does, and with a {@link SessionError} `not_joined` while the provider has no call.
 *
 * @example
 * const transact = useTransact<Poll>();
 * const vote = () => transact((draft) => void (draft.votes = (draft.votes ?? 0) + 1));
 */
export function useTransact<Data = unknown>(): Call<Data>['transact'];

/** What {@link useUpdateMeetingSessionData} returns. */
export interface MeetingSessionDataUpdate<Data = unknown> {
  /**
   * Writes as {@link Call.updateMeetingSessionData} does. It is the same in every render.
   *
   * It rejects as that method does, and with a {@link SessionError} `not_joined` while the provider has no call. A rejection
   * that is not handled is not reported: it is in `error`.
   */
  update: Call<Data>['updateMeetingSessionData'];
  /** Whether a write that `update` made has not been answered. */
  pending: boolean;
  /** Why the last one that failed did, until `update` makes the next. */
  error: SessionError | undefined;
}

/**
 * Writes to the session's data, and shows how that goes: of the writes of this component, where {@link useSaving} shows all of
 * the call's.
 *
 * @example
 * const { update, pending, error } = useUpdateMeetingSessionData<Poll>();
 * const ask = () => update({ question }, { mergeStrategy: 'shallow-merge', ifUnchanged: ['question'] });
 * <button disabled={pending} onClick={ask}>Ask</button>
 * {error?.code === 'conflict' && <p>Somebody else has changed the question.</p>}
 */
export function useUpdateMeetingSessionData<Data = unknown>(): MeetingSessionDataUpdate<Data>;

/** What {@link useSaving} shows: {@link Call.meetingSessionSaving}, and the same in words. */
export interface Saving {
  /** How many writes are not answered. */
  pending: number;
  /** Why the last write that failed for good did, until a later one is answered. */
  error: SessionError | undefined;
  /** `All changes saved`, `3 pending`, `Not sent: …` with the reason or `Perhaps not saved: …`, also while others are pending. */
  text: string;
}

/** Whether everything that the call has written has arrived. Without a call, and before it joins, there is nothing to save. */
export function useSaving(): Saving;

/**
 * Everybody in the session: the local participant first, the others in the order in which they joined. Empty while not
 * joined. The array is the same until somebody comes, goes or changes.
 */
export function useParticipants(): readonly Participant[];

/**
 * Hears messages that others send, and returns a function that sends one as {@link Call.sendAppMessage} does, to everybody
 * else unless told otherwise. It is the same in every render.
 *
 * It throws what that method throws, and an Error while the provider has no call.
 *
 * @param options.onAppMessage Called with each message. It may be written inline: always that of the newest render is called.
 */
export function useAppMessage<Data = any>(options?: {
  onAppMessage?: (event: AppMessageEvent<Data>) => void;
}): (data: any, to?: string | string[]) => void;

/**
 * How the call is connected:
 * - `idle`: there is no call, or it has not been joined yet;
 * - `joining`: a join is under way;
 * - `connected`: joined;
 * - `reconnecting`: joined, and the connection is being restored; what is shown is the last known state;
 * - `left`: the call was left;
 * - `error`: it could not be joined, or ended by itself.
 */
export type ConnectionStatus = 'idle' | 'joining' | 'connected' | 'reconnecting' | 'left' | 'error';

/** How the call is connected. */
export function useConnectionStatus(): ConnectionStatus;
