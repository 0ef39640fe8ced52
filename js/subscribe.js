// Parts of the shared data, followed by a listener or an async iterator.

import { SessionError } from './errors.js';
import { shallow } from './shallow.js';

/**
 * Calls `listener(value, before)` with what is there, and whenever that is another. Returns a function that ends it.
 *
 * With `onEnd` the end of the call is one too. It is called at every end.
 */
export function subscribe(call, what, listener, { signal } = {}, onEnd) {
  const select = selector(what);
  if (!select || typeof listener !== 'function') {
    throw new SessionError('invalid_argument', 'Needs a key, keys or a selector function, and a listener function');
  }
  const same = typeof what === 'string' ? Object.is : shallow;
  let ended = signal?.aborted || call.isDestroyed();
  /** The value that the listener knows, in an array because it may be `undefined`. */
  let last;

  const check = () => {
    // A handler before this one may have ended it, and events may still come when the call has failed.
    if (ended || call.meetingState() !== 'joined-meeting') return;
    const [before] = last ?? [];
    const value = select(call.meetingSessionState().data);
    if (last && same(before, value)) return;
    last = [value];
    listener(value, before);
  };
  const stop = () => {
    ended = true;
    listen('off');
    signal?.removeEventListener('abort', stop);
    onEnd?.();
  };
  const listen = (method) => {
    call[method]('joined-meeting', check);
    call[method]('meeting-session-state-updated', check);
    call[method]('call-instance-destroyed', stop);
    if (onEnd) call[method]('left-meeting', stop);
  };

  listen('on');
  signal?.addEventListener('abort', stop);
  try {
    check();
  } catch (error) {
    stop();
    throw error;
  }
  if (ended) stop();
  return stop;
}

/** An async iterator of what is there and then, whenever that is another, of the newest. */
export function values(call, what, options) {
  /** The newest value in an array, until it is taken. */
  let newest;
  let done = false;
  const waiting = [];
  const settle = () => {
    while (waiting.length > 0 && (done || newest)) {
      waiting.shift()({ value: newest?.[0], done });
      newest = undefined;
    }
  };
  const taken = (value) => {
    newest = [value];
    settle();
  };
  const stop = subscribe(call, what, taken, options, () => {
    done = true;
    newest = undefined;
    settle();
  });
  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        settle();
      }),
    async return(value) {
      stop();
      return { value, done };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** A function of the data; `undefined` if `what` is nothing of the kind. */
function selector(what) {
  if (typeof what === 'function') return what;
  const keys = [what].flat();
  if (!keys.every((key) => typeof key === 'string')) return undefined;
  const part = (data) =>
    Object.fromEntries(keys.filter((key) => Object.hasOwn(data, key)).map((key) => [key, data[key]]));
  return keys[0] === what ? (data) => Object.values(part(data))[0] : part;
}
