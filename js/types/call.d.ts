// The call object.

import type { SessionError } from './errors.js';
import type {
  EventHandler,
  EventName,
  FatalErrorEvent,
  MeetingSessionStateUpdatedEvent,
  NonfatalErrorEvent,
} from './events.js';
import type {
  AccessState,
  BrowserInfo,
  CallOptions,
  JoinOptions,
  MeetingSessionSummary,
  MeetingState,
  NetworkTopology,
  PendingRoomInfo,
  RoomInfo,
} from './meeting.js';
import type { ParticipantCounts, Participants } from './participants.js';
import type {
  DataKey,
  DataPart,
  DataValue,
  Draft,
  FollowOptions,
  MeetingSessionEntry,
  MeetingSessionSaving,
  MeetingSessionState,
  MergeStrategy,
  SelectorData,
  TransactOptions,
  UpdateResult,
  Updates,
  UpdateStrategy,
  WriteOptions,
} from './session-data.js';

// Without this line every declaration in a .d.ts file would be exported.
export {};

/** A whole next data. The function that returns it is not async. */
type Next<Data> = Data extends object ? Data : Record<string, any> & { then?: never };

/** Any event name, with the known ones offered by editors. */
type AnyEventName = EventName | (string & {});

/**
 * A participant's connection to a session: Daily's call object, reduced to what needs no media.
 *
 * `Data` is the type of the session's data. Its keys are best optional, since a new session has none. It is the application's
 * word: nothing checks what others write. Without it data is `unknown`, as in Daily, and what is taken out of it is `any`.
 *
 * Handlers may call any method of the call that they belong to. A handler that throws stops neither the call nor the other
 * handlers; the error goes to `reportError`.
 *
 * @example
 * const call = Call.createCallObject();
 * call.on('meeting-session-state-updated', ({ meetingSessionState }) => render(meetingSessionState.data));
 * await call.join({ url: 'ws://localhost:7880/standup', userName: 'Ana' });
 * call.setMeetingSessionData({ pinned: 'Hello' }, 'shallow-merge');
 *
 * @see https://docs.daily.co/reference/daily-js/daily-call-client
 */
export class Call<Data = unknown> {
  /**
   * Creates a call; nothing is sent before {@link Call.join}.
   *
   * @throws Error if another call is alive and `allowMultipleCallInstances` is not set; if the page's policy forbids
   * WebAssembly (`script-src 'wasm-unsafe-eval'` allows it).
   * @see https://docs.daily.co/reference/daily-js/factory-methods/create-call-object
   */
  constructor(options?: CallOptions);

  /**
   * Creates a call, as the constructor does.
   *
   * @throws Error as the constructor does.
   * @see https://docs.daily.co/reference/daily-js/factory-methods/create-call-object
   */
  static createCallObject(options?: CallOptions): Call;
  static createCallObject<Data extends object>(options?: CallOptions): Call<Data>;

  /**
   * Finds a call that is not destroyed: the one with this `callClientId`, or without one the first that was created.
   *
   * @see https://docs.daily.co/reference/daily-js/static-methods/get-call-instance
   */
  static getCallInstance<Data = unknown>(callClientId?: string): Call<Data> | undefined;

  /** Version of this package, such as `0.1.0`. Daily's function of this name is part of its type definitions. */
  static version(): string;

  /**
   * Says what the browser is and can do.
   *
   * @see https://docs.daily.co/reference/daily-js/static-methods/supported-browser
   */
  static supportedBrowser(): BrowserInfo;

  /** Identifies this call among those of the page; `undefined` once it is destroyed, although Daily's type says `string`. */
  readonly callClientId: string;

  /**
   * Joins a session. Sends `loading`, `loaded`, `joining-meeting`, `joined-meeting`, `participant-counts-updated`,
   * `meeting-session-summary-updated` and `meeting-session-state-updated`, in this order. An unreachable server is tried for
   * 15 s; after a successful join a lost connection is restored without a limit of time.
   *
   * @returns Everybody in the session; nothing, with a `console.warn`, if the call is joining or joined already.
   * @throws Rejects with an Error if there is no address, the address is malformed, or the call is destroyed; rejects with
   * the {@link FatalErrorEvent}, which is sent too, if joining failed.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/join
   */
  join(options?: JoinOptions): Promise<Participants | void>;

  /**
   * Leaves the session and sends `left-meeting`. What was set and not sent yet is sent first; the answer is waited for at
   * most 2 s. The call can join again. Does nothing if the call has left already.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/leave
   */
  leave(): Promise<void>;

  /**
   * Leaves the session, sends `call-instance-destroyed` and ends the call's life: it cannot join again.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/destroy
   */
  destroy(): Promise<void>;

  /**
   * Whether {@link Call.destroy} was called.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/is-destroyed
   */
  isDestroyed(): boolean;

  /**
   * Where the call is in its life.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-state
   */
  meetingState(): MeetingState;

  /**
   * Whether the participant is let in: `{ access: 'unknown' }` while the call is not joined.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/access-state
   */
  accessState(): AccessState;

  /**
   * Everybody in the session; `{}` while the call is not joined.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/participants
   */
  participants(): Participants;

  /**
   * How many participants there are; 0 and 0 while the call is not joined.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/participant-counts
   */
  participantCounts(): ParticipantCounts;

  /**
   * Which session this is; `{}`, without an `id`, while the call is not joined.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-session-summary
   */
  meetingSessionSummary(): MeetingSessionSummary;

  /**
   * What everybody in the session shares: the same object until something changes, and then a new one. A write shows here
   * when the server has answered it, not before. While a lost connection is being restored it is the last known state.
   *
   * @throws Error "meetingSessionState only supported after join." while the call is not joined.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-session-state
   */
  meetingSessionState(): MeetingSessionState<Data>;

  /**
   * Number of changes to the session's data so far: 0 before the first one, and one more with each. Two participants with
   * equal {@link MeetingSessionSummary.id} and equal revision have equal data. 0 while the call is not joined. Daily has no such
   * method.
   */
  meetingSessionRevision(): number;

  /**
   * A top-level key of the session's data with who changed it last and when; `undefined` if it is not there, and while the call
   * is not joined. Daily has no such method.
   */
  meetingSessionEntry<Key extends DataKey<Data>>(
    key: Key,
  ): MeetingSessionEntry<Exclude<DataValue<Data, Key>, undefined>> | undefined;

  /**
   * Whether everything that this call has written has arrived: the same object until that changes, which
   * `meeting-session-saving-updated` tells. `{ pending: 0 }` before the first join. Daily has no such method.
   */
  meetingSessionSaving(): MeetingSessionSaving;

  /**
   * Calls `listener` with the value of a key, an object with the values of several, or what a selector makes of the data: once
   * when there is data, which is at once if the call is joined, and then whenever that is another. It is another by
   * `Object.is`, and for several keys and selectors, if it is a plain object or array, by `Object.is` of each member. It goes on
   * over a reconnect, a leave and another join, without a call for the end. Daily has no such method.
   *
   * @param listener Called with the value and, except for the first time, the one before.
   * @returns A function that ends it.
   * @throws SessionError `invalid_argument` if the first argument is none of the three or the second is no function; what the
   * selector or the listener throws in the call that is made at once.
   */
  subscribe<Key extends DataKey<Data>>(
    key: Key,
    listener: (value: DataValue<Data, Key> | undefined, before: DataValue<Data, Key> | undefined) => void,
    options?: FollowOptions,
  ): () => void;
  subscribe<Key extends DataKey<Data>>(
    keys: readonly Key[],
    listener: (values: DataPart<Data, Key>, before: DataPart<Data, Key> | undefined) => void,
    options?: FollowOptions,
  ): () => void;
  subscribe<Selected>(
    selector: (data: SelectorData<Data>) => Selected,
    listener: (selected: Selected, before: Selected | undefined) => void,
    options?: FollowOptions,
  ): () => void;

  /**
   * The same as an async iterator. It yields the newest value: what came and went while the loop's body ran is skipped, and
   * so is what nobody has taken when it ends. It ends when the call is left or destroyed, or the signal is aborted. It follows
   * the data from this call on, so a loop that is not begun should be ended by the signal. Daily has no such method.
   *
   * @example
   * for await (const votes of call.values('votes')) render(votes);
   *
   * @throws SessionError `invalid_argument` as {@link Call.subscribe}.
   */
  values<Key extends DataKey<Data>>(
    key: Key,
    options?: FollowOptions,
  ): AsyncIterableIterator<DataValue<Data, Key> | undefined>;
  values<Key extends DataKey<Data>>(
    keys: readonly Key[],
    options?: FollowOptions,
  ): AsyncIterableIterator<DataPart<Data, Key>>;
  values<Selected>(
    selector: (data: SelectorData<Data>) => Selected,
    options?: FollowOptions,
  ): AsyncIterableIterator<Selected>;

  /**
   * Writes to the session's data. Returns at once; {@link MeetingSessionStateUpdatedEvent} tells everybody in the session,
   * the writer included, when the write is done. The first write after a quiet second is sent at once; those that follow
   * are combined and sent together, at most once a second (the server may set another interval).
   *
   * Under `shallow-merge`, a top-level key whose value is `undefined` is deleted; `null` is a value like others. Nested
   * objects are replaced, not merged.
   *
   * A write that is refused later is told by {@link NonfatalErrorEvent}.
   *
   * @param data A plain object that can be serialised to JSON, at most 102,400 units; the result of a merge has the same
   * limit.
   * @param mergeStrategy `replace` if left out.
   * @throws Error if the call is not joined, the strategy is not one of the two, or the data is not a plain object, cannot
   * be serialised, or is too large. The texts are Daily's.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/set-meeting-session-data
   */
  setMeetingSessionData<Strategy extends MergeStrategy = 'replace'>(
    data: Updates<Data>[Strategy],
    mergeStrategy?: Strategy,
  ): void;

  /**
   * Writes to the session's data like {@link Call.setMeetingSessionData}, but is sent at once, after what that still has to
   * send, and tells how it ended. When the promise settles, the event of the change has been delivered. Daily has no such
   * method.
   *
   * Up to 8 such writes are on their way at a time; more wait for answers and are sent at 50 a second at most.
   *
   * With {@link WriteOptions.ifRevision} or {@link WriteOptions.ifUnchanged} the server writes only if that holds when it is the
   * write's turn.
   *
   * @param data As the strategy wants it, see {@link Updates}; with the limits of {@link Call.setMeetingSessionData}.
   * @returns Rejects with a {@link SessionError} if the write is refused, cannot be sent within 30 s, is aborted, or nobody can
   * tell how it ended.
   */
  updateMeetingSessionData<Strategy extends UpdateStrategy = 'replace'>(
    data: Updates<Data>[Strategy],
    options?: WriteOptions<Strategy>,
  ): Promise<UpdateResult>;

  /**
   * Changes the data on the basis of what it is: what `change` does to the draft is written only if nobody has changed, in the
   * meantime, a top-level key that it read or wrote; otherwise it is run again on the newest data, at once the first time and
   * later after a random time of at most 40 ms, 80 ms and so on up to 1 s. It must not do anything else, since it may run
   * several times. Daily has no such method.
   *
   * What is written is a shallow-merge of the top-level keys that came out different; if none did, nothing is sent and the
   * result is `unchanged`. Listing the draft's keys (`Object.keys`, `for … in`, `...draft`) counts as reading all of them, so
   * that any change is then a conflict.
   *
   * @example
   * await call.transact((draft) => {
   *   draft.votes = (draft.votes ?? 0) + 1;
   * });
   *
   * @param change Changes the draft and returns nothing (or the draft), or returns the whole next data: a key that is not in
   * it is deleted. It is called when the transactions that this call made before it have ended, and cannot be async.
   * @returns Rejects with a {@link SessionError} as {@link Call.updateMeetingSessionData}, with `conflict` if there were as many
   * as there may be attempts, and with `invalid_argument` if the function returns something else; or with what the
   * function throws.
   */
  transact(change: (draft: Draft<Data>) => Next<Data> | void, options?: TransactOptions): Promise<UpdateResult>;

  /**
   * Resolves when everything that was set so far has been answered, in whatever way, transactions too. What waits for its
   * second is sent at once, and transactions that are begun later take their turns after it. Resolves at once while the
   * call is not joined. Daily has no such method.
   */
  flush(): Promise<void>;

  /**
   * How participants are connected: `sfu` while joined, otherwise `none`. Never rejects.
   *
   * @see https://docs.daily.co/reference/daily-js/instance-methods/get-network-topology
   */
  getNetworkTopology(): Promise<{ topology: NetworkTopology | 'none'; error?: string }>;

  /**
   * What is known about the room: nothing (`null`) before an address was given, then the address, and once joined the name.
   *
   * @param options Accepted because Daily has it; rooms have no settings here.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/room
   */
  room(options?: { includeRoomConfigDefaults: boolean }): Promise<PendingRoomInfo | RoomInfo | null>;

  /**
   * Changes the name that others see; everybody is told by `participant-updated`.
   *
   * @param name At most 256 units.
   * @param options Accepted because Daily has it; a name is never kept beyond the meeting here.
   * @returns The name that was set.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/set-user-name
   */
  setUserName(name: string, options?: { thisMeetingOnly?: boolean }): Promise<{ userName: string }>;

  /**
   * Replaces the data of the local participant; everybody is told by `participant-updated`.
   *
   * @param data Any JSON value, at most 4,096 units; `null` is one, `undefined` is not.
   * @returns The data that was set.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/set-user-data
   */
  setUserData(data: unknown): Promise<{ userData: unknown }>;

  /**
   * Sends a message that is kept nowhere to those who are in the session now, as `app-message`. The sender does not get it.
   * While a lost connection is being restored, the first 32 messages wait, for at most 30 s; others are dropped.
   *
   * @param data Any JSON value, at most 4,096 units.
   * @param to A `session_id`, several (at most 500), or `*` for everybody else (the default).
   * @throws Error if the call is not joined or the message is too large. The texts are Daily's.
   * @see https://docs.daily.co/reference/daily-js/instance-methods/send-app-message
   */
  sendAppMessage(data: any, to?: string | string[]): this;

  /**
   * Calls `handler` for every event of this name, until {@link Call.off}. A handler that is added twice is called twice.
   * Handlers that are added or removed during an event take effect from the next one. Any name is accepted.
   *
   * @throws TypeError if the handler is not a function.
   * @see https://docs.daily.co/reference/daily-js/events
   */
  on<Name extends AnyEventName>(event: Name, handler: EventHandler<Name, Data>): this;

  /**
   * Calls `handler` for the next event of this name only.
   *
   * @throws TypeError if the handler is not a function.
   * @see https://docs.daily.co/reference/daily-js/events
   */
  once<Name extends AnyEventName>(event: Name, handler: EventHandler<Name, Data>): this;

  /**
   * Removes a handler that {@link Call.on} or {@link Call.once} added: once, if it was added twice. Does nothing if it was
   * not added.
   *
   * @throws TypeError if the handler is not a function.
   * @see https://docs.daily.co/reference/daily-js/events
   */
  off<Name extends AnyEventName>(event: Name, handler: EventHandler<Name, Data>): this;

  /** The same as {@link Call.on}; like the methods below, part of the event emitter that Daily's call object is. */
  addListener<Name extends AnyEventName>(event: Name, handler: EventHandler<Name, Data>): this;

  /** The same as {@link Call.off}. */
  removeListener<Name extends AnyEventName>(event: Name, handler: EventHandler<Name, Data>): this;

  /**
   * Removes every handler of this event, or without a name every handler. What {@link Call.subscribe} and {@link Call.values}
   * follow goes on.
   */
  removeAllListeners(event?: AnyEventName): this;

  /** Calls the handlers of this event with these arguments. Returns whether there were any. */
  emit(event: AnyEventName, ...args: any[]): boolean;

  /** How many handlers this event has. */
  listenerCount(event: AnyEventName): number;

  /** The handlers of this event, in the order in which they are called. */
  listeners<Name extends AnyEventName>(event: Name): EventHandler<Name, any>[];

  /** The names of the events that have handlers. */
  eventNames(): string[];
}
