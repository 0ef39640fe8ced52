// What everybody in the session shares, and how it is read and written.

import type { Call } from './call.js';
import type { SessionError } from './errors.js';
import type { NetworkTopology } from './meeting.js';

/**
 * How {@link Call.setMeetingSessionData} combines new data with what is there: `replace` (the default) replaces the whole
 * object, `shallow-merge` replaces the given top-level keys and leaves the others.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/set-meeting-session-data
 */
export type MergeStrategy = 'replace' | 'shallow-merge';

/**
 * What a write by {@link Call.updateMeetingSessionData} takes under each of its strategies: those of {@link MergeStrategy}, and
 * `merge-patch` by RFC 7396, which the server applies to the data that it has.
 */
export interface Updates<Data = unknown> {
  /** The whole next data. */
  replace: Data;
  /** The top-level keys to set; one with the value `undefined` is deleted. Nested objects are replaced, not merged. */
  'shallow-merge': Data extends object ? { [Key in keyof Data]?: Data[Key] | undefined } : unknown;
  /** What to change, at any depth. */
  'merge-patch': Data extends object ? MergePatch<Data> : unknown;
}

/** How {@link Call.updateMeetingSessionData} combines new data with what is there: see {@link Updates}. */
export type UpdateStrategy = keyof Updates;

/**
 * A patch by RFC 7396: members are merged into the object that is there, at any depth; `null` deletes a member, so it cannot be
 * set; arrays and all other values are replaced whole.
 */
export type MergePatch<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { [Key in keyof Value]?: MergePatch<Value[Key]> | null }
    : Value;

/**
 * What {@link Call.transact} gives to its function: the data, with top-level keys that can be set.
 *
 * An object that has no prototype, so that every key is only data: ask for one by `key in draft` or `Object.hasOwn(draft, key)`,
 * not by `draft.hasOwnProperty(key)`.
 */
export type Draft<Data> = Data extends object ? { -readonly [Key in keyof Data]: Data[Key] } : Record<string, any>;

/** The top-level keys of the data: any string until the application says what the data is. */
export type DataKey<Data> = Data extends object ? keyof Data & string : string;

/** The value of a top-level key: `any` until the application says what the data is. */
export type DataValue<Data, Key> = Data extends object ? (Key extends keyof Data ? Data[Key] : never) : any;

/** Some of the top-level keys with their values. Those that are not there are left out. */
export type DataPart<Data, Key extends string> = { [One in Key]?: DataValue<Data, One> };

/** What a selector is given: the data, whose members are `any` until the application says what the data is. */
export type SelectorData<Data> = Data extends object ? Data : Record<string, any>;

/**
 * What everybody in the session shares. A change makes a new object; values that did not change keep their identity.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/meeting-session-state
 */
export interface MeetingSessionState<Data = unknown> {
  /** The data that {@link Call.setMeetingSessionData} wrote; `{}` in a new session. At most 102,400 units. */
  data: Data;
  /** Always `sfu` while joined. */
  topology: NetworkTopology | 'none';
}

/** A top-level key of the session's data, and who changed it last. */
export interface MeetingSessionEntry<Value = any> {
  /** Its value. */
  value: Value;
  /** The revision that changed it last. Others count for the session as a whole: {@link Call.meetingSessionRevision}. */
  version: number;
  /** `session_id` of the participant who did, who may have left since. */
  updatedBy: string;
  /** When the server applied that change, by the server's clock. */
  updatedAt: Date;
}

/** Whether everything that was written has arrived: see {@link Call.meetingSessionSaving}. */
export interface MeetingSessionSaving {
  /**
   * How many writes are not answered. Those by {@link Call.setMeetingSessionData} that wait to be sent together count as one, a
   * transaction as one from its call to its end, and {@link Call.flush} as none.
   */
  pending: number;
  /**
   * Why the last write that failed for good did, until a later write is made and answered. `conflict`, `aborted` and `too_late`
   * are not told here: they are the business of whoever made the write.
   */
  error?: SessionError;
}

/** How a write by {@link Call.updateMeetingSessionData} ended. */
export interface UpdateResult {
  /** The revision that it became; if it changed nothing, the revision of the data. See {@link Call.meetingSessionRevision}. */
  revision: number;
  /** `unchanged`: the data was like that already. */
  status: 'applied' | 'unchanged';
}

/** Options of {@link Call.updateMeetingSessionData}. */
export interface WriteOptions<Strategy extends UpdateStrategy = UpdateStrategy> {
  /** `replace` if left out. */
  mergeStrategy?: Strategy;
  /** Write only if the session's data is exactly at this revision: see {@link Call.meetingSessionRevision}. Else `conflict`. */
  ifRevision?: number;
  /**
   * Write only if nobody has changed these top-level keys since this call saw them last, which is when the write is made. A key
   * that is not there counts too. Else `conflict`, as also when too much has happened for the server to tell.
   */
  ifUnchanged?: readonly string[];
  /** Withdraws the write if it is not sent yet (`aborted`), or stops waiting for its end (`too_late`). */
  signal?: AbortSignal;
}

/** Options of {@link Call.transact}. */
export interface TransactOptions {
  /** How often the function is run at most; 10 unless set. */
  attempts?: number;
  /** As in {@link WriteOptions.signal}, for the attempt that is under way. */
  signal?: AbortSignal;
}

/** Options of {@link Call.subscribe} and {@link Call.values}. */
export interface FollowOptions {
  /** Ends it when aborted. */
  signal?: AbortSignal;
}
