const REASONS = {
  conflict: 'others changed the same thing at the same moment, again and again',
  expired: 'the connection was lost for too long',
  busy: 'too much is waiting to be sent',
  left: 'the meeting was left before it was sent',
  not_joined: 'you are not in the meeting',
  session_reset: 'the server has started anew',
  too_large: 'the data would be too large',
  unknown: 'the connection was lost before the answer, so look whether it is there',
};

/** Why a write did not come to pass, in words for people. Takes the `SessionError` that the write was rejected with. */
export const reason = (error) => REASONS[error.code] ?? error.message;
