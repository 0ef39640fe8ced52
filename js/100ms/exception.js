// What went wrong, in 100ms's shape: its codes and names, and a description for people.

/** `name` tells the kind, `code` is 100ms's number for it or, for `ServerErrors`, the server's. */
export class HMSException extends Error {
  timestamp = new Date();

  constructor(code, name, action, message, description, { isTerminal = false, cause } = {}) {
    super(message);
    Object.assign(this, { code, name, action, description, isTerminal });
    if (cause) this.nativeError = cause;
  }

  toString() {
    return `${this.name} ${this.code}: ${this.description}`;
  }
}

export function notConnected(description, cause) {
  return new HMSException(6000, 'NotConnected', 'VALIDATION', 'Client is not connected', description, { cause });
}

export function connectionLost(action, description, cause) {
  return new HMSException(1003, 'WebSocketConnectionLost', action, 'Network connection lost', description, { cause });
}

/** The caller's mistake. */
export function invalid(description, cause) {
  return new HMSException(6013, 'ValidationFailed', 'VALIDATION', description, description, { cause });
}

function serverError(code, action, { message }, options) {
  return new HMSException(code, 'ServerErrors', action, `[${action}]: Server error ${message}`, message, options);
}

/** 413 is HTTP's code for what is too large. */
export function tooLarge(action, cause) {
  return serverError(413, action, cause, { cause });
}

/** What a refused write is, as HTTP's codes have it. */
const WRITE_CODES = { too_large: 413, session_reset: 409, conflict: 409, busy: 429 };

/** Why a write of session data did not come to pass, from the `SessionError` that says so. */
export function writeRefused(error, message = error.message) {
  const { code } = error;
  if (code === 'not_joined' || code === 'left') return notConnected(message, error);
  if (code === 'expired' || code === 'unknown') return connectionLost('set-metadata', message, error);
  if (code === 'not_serializable' || code === 'invalid_argument') return invalid(message, error);
  return serverError(WRITE_CODES[code] ?? 400, 'set-metadata', { message }, { cause: error });
}

/** Why the room could not be joined or was ended, from Daily's `error` event. */
export function fatal({ errorMsg, error: { type } }) {
  if (type === 'connection-error') {
    const message = `Endpoint is not reachable - ${errorMsg}`;
    return new HMSException(2003, 'EndpointUnreachable', 'JOIN', message, errorMsg, { isTerminal: true });
  }
  return serverError(type.endsWith('-token') ? 401 : 403, 'JOIN', { message: errorMsg }, { isTerminal: true });
}

/** A join that could not even begin, because of what it was given for example. */
export function joinRefused(cause) {
  const exception = invalid(cause.message, cause);
  return Object.assign(exception, { action: 'JOIN', isTerminal: true });
}
