// What went wrong, in words; Daily's to the letter where Daily has them.

/** Logs a mistake of the caller and throws it, as daily-js does. */
export function mistake(message) {
  console.error(message);
  throw new Error(message);
}

export const USER_TOO_LARGE = 'User name, user data or token too large. Max size is 256, 4096 and 8192 characters';

/** Why a write did not come to pass: what `updateMeetingSessionData` rejects with. */
export class SessionError extends Error {
  constructor(code, message, more) {
    super(message);
    Object.assign(this, { code, retryable: ['busy', 'conflict', 'expired'].includes(code) }, more);
  }

  get name() {
    return 'SessionError';
  }
}

/** What a write of session data rejects with that its signal cut off. */
export function cutOff(code, signal) {
  return new SessionError(code, writeFailure(code), { cause: signal.reason });
}

/** Daily's text for data that is too large, its spelling included. */
export function tooLarge(size) {
  return `Meeting session data is too large (${size} characters). Maximum size suppported is 102400.`;
}

/** Why a write of session data did not come to pass. */
export function writeFailure(code, size) {
  if (code === 'too_large') return tooLarge(size);
  if (code === 'too_late') return 'Meeting session data may be set all the same: it was aborted after it had been sent';
  if (code === 'unknown') return 'Meeting session data may not have been set: the connection was lost before the answer';
  const reasons = {
    session_reset: 'the session began anew while the connection was lost',
    expired: 'the connection was lost for too long',
    busy: 'too many others are waiting to be sent',
    left: 'the call was left before it could be sent',
    conflict: 'somebody else changed it first',
    aborted: 'it was aborted before it could be sent',
  };
  return `Meeting session data was not set: ${reasons[code] ?? 'the server did not accept it'}`;
}
