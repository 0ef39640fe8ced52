// The one class of errors.

/**
 * What actions reject with, and what `ERROR` and `RECONNECTING` carry. By `code` and `name`:
 * - 1003 `WebSocketConnectionLost`: the connection is lost; with a write that had been sent, it may have been applied or not;
 * - 2003 `EndpointUnreachable`: the room could not be reached within 15 s, or the server ended the connection for good;
 * - 6000 `NotConnected`: no room is joined, or it was left before the action was done;
 * - 6013 `ValidationFailed`: an argument is wrong, as a value that is no JSON, a blank message or a malformed address;
 * - 400 to 499 `ServerErrors`: the server refused, with a code as HTTP has them: 401 a bad token, 403 not allowed or the
 *   room is full, 409 somebody else was first or the session began anew meanwhile, 413 too large, 429 too many writes at once.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/debugging/error-handling
 */
export class HMSException extends Error {
  constructor(
    code: number,
    name: string,
    action: string,
    message: string,
    description: string,
    options?: { isTerminal?: boolean; cause?: Error },
  );
  /** The kind of error, for programs. */
  code: number;
  /** What was being done, such as `JOIN`, `set-metadata` or `broadcast`. */
  action: string;
  /** What went wrong, as a sentence that can be shown. */
  description: string;
  /** Whether it ended the stay in the room, or the join. */
  isTerminal: boolean;
  /** When it happened. */
  timestamp: Date;
  /** The error that this one tells of, if there is one. */
  nativeError?: Error;
}
