// What goes wrong: with the call, and with a write.

import type { Call } from './call.js';
import type { WriteOptions } from './session-data.js';

/**
 * Why a call ended by itself, in Daily's words.
 *
 * @see https://docs.daily.co/reference/daily-js/events/error-events
 */
export type FatalErrorType =
  | 'ejected'
  | 'nbf-room'
  | 'nbf-token'
  | 'exp-room'
  | 'exp-token'
  | 'no-room'
  | 'meeting-full'
  | 'end-of-life'
  | 'not-allowed'
  | 'connection-error';

/**
 * What went wrong while the call goes on. Only `meeting-session-data-error` happens here; the others are named so that code
 * which compares with them compiles.
 *
 * @see https://docs.daily.co/reference/daily-js/events/error-events
 */
export type NonfatalErrorType =
  | 'input-settings-error'
  | 'screen-share-error'
  | 'local-audio-level-observer-error'
  | 'video-processor-error'
  | 'video-processor-warning'
  | 'audio-processor-error'
  | 'remote-media-player-error'
  | 'live-streaming-warning'
  | 'meeting-session-data-error';

/**
 * Why a write of session data did not take effect:
 * - `too_large`: the update, or the data with the update in it, would have been longer than 102,400 units;
 * - `session_reset`: the session began anew before the update was applied, and the update belonged to the old one;
 * - `expired`: the connection was lost, and the update could not be sent within 30 s;
 * - `left`: the call was left, or ended, before the update could be sent;
 * - `bad_data`: the server could not read the update;
 * - `unknown`: the update was sent and it cannot be said how it ended. It may have been applied or not, and is not sent again.
 */
export type SessionDataErrorCode =
  | 'too_large'
  | 'session_reset'
  | 'expired'
  | 'left'
  | 'bad_data'
  | 'unknown';

/** Details of a `nonfatal-error` of type `meeting-session-data-error`. Daily has none. */
export interface SessionDataErrorDetails {
  /** Why the write did not take effect. */
  code: SessionDataErrorCode;
  /** With `too_large`: the length that was too large, in units. */
  size?: number;
}

/**
 * Why a write did not take effect. The list is closed:
 * - `not_joined`: the call has not joined, or has left;
 * - `invalid_argument`: the data is not a plain object, or an option or the function of a transaction is not what it must be;
 * - `not_serializable`: the data cannot be serialised to JSON;
 * - `too_large`: the update, or the data with the update in it, would have been longer than 102,400 units;
 * - `bad_data`: the server could not read the update, or a merge patch is more than 32 objects deep;
 * - `conflict`: what the write was conditional on has changed;
 * - `session_reset`: the session began anew before the update was applied, and the update belonged to the old one;
 * - `expired`: the connection was lost, and the update could not be sent within 30 s;
 * - `busy`: 128 writes are waiting to be sent;
 * - `left`: the call was left, or ended, before the update could be sent;
 * - `unknown`: the update was sent and it cannot be said how it ended. It may have been applied or not, and is not sent again;
 * - `aborted`: the signal was aborted before the update was sent, and nothing was written;
 * - `too_late`: the signal was aborted after the update had been sent. It may have been applied or not.
 */
export type SessionErrorCode =
  | 'not_joined'
  | 'invalid_argument'
  | 'not_serializable'
  | 'too_large'
  | 'bad_data'
  | 'conflict'
  | 'session_reset'
  | 'expired'
  | 'busy'
  | 'left'
  | 'unknown'
  | 'aborted'
  | 'too_late';

/** What {@link Call.updateMeetingSessionData} and {@link Call.transact} reject with. */
export class SessionError extends Error {
  constructor(code: SessionErrorCode, message: string, more?: SessionErrorDetails);
  readonly name: 'SessionError';
  /** Why the write did not take effect. */
  readonly code: SessionErrorCode;
  /**
   * Whether a write of the same intent, made again, is safe and may succeed: true for `busy`, `expired` and `conflict`, where it
   * has to be made anew from {@link SessionError.current}.
   */
  readonly retryable: boolean;
  /** With `too_large`: the length that was too large, in units. */
  readonly size?: number;
  /** With `conflict`: the revision of the session's data when the server refused the write. */
  readonly revision?: number;
  /** With `conflict`: the data here now, which that revision is part of. Do not change it: it is what the call returns. */
  readonly current?: Record<string, any>;
  /**
   * With `conflict`: the keys that have changed since the write was made, as far as that is known here; of those that
   * {@link WriteOptions.ifUnchanged} names if it names any.
   */
  readonly changedKeys?: string[];
  /** With `conflict`: for each of these keys the `session_id` of who changed it last, as far as that is known here. */
  readonly updatedBy?: Record<string, string>;
  /** With `aborted` and `too_late`: the reason of the signal. */
  readonly cause?: unknown;
}

/** What a {@link SessionError} carries beside its code and message. */
export type SessionErrorDetails = Partial<
  Pick<SessionError, 'size' | 'revision' | 'current' | 'changedKeys' | 'updatedBy' | 'cause'>
>;
