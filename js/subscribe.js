// Parts of the shared data, followed by a listener or an async iterator.

import { SessionError } from './errors.js';
import { shallow } from './shallow.js';

/**
 * Calls `listener(value, before)` with what is there, and whenever that is another. Returns a function that ends it.
 *
 * With `onEnd` the end of the call is one too. It is called at every end.
 */
export function subscribe(page, what, listener, { signal } = {}, onEnd) {
  const select = selector(what);
  if (!select) wrong('What is followed must be a key, an array of keys or a selector function');
  if (typeof listener !== 'function') wrong('The listener must be a function');
  const same = typeof what === 'string' ? Object.is : shallow;
  let ended = signal?.aborted || page.destroyed;
  /** The value that the listener knows, in an array because it may be `undefined`. */
  let last;

  const check = () => {
    // A handler before this one may have ended it, and events may still come when the call has failed.
    if (ended || page.state !== 'joined-meeting') return;
    const [before] = last ?? [];
    const value = select(page.sessionState.data);
    if (last && same(before, value)) return;
    last = [value];
    listener(value, before);
  };
  const stop = () => {
    ended = true;
    listen('remove');
    signal?.removeEventListener('abort', stop);
    onEnd?.();
  };
  const listen = (method) => {
    page.followers[method]('joined-meeting', check);
    page.followers[method]('meeting-session-state-updated', check);
    page.followers[method]('call-instance-destroyed', stop);
    if (onEnd) page.followers[method]('left-meeting', stop);
  };

  listen('add');
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
export function values(page, what, options) {
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
  const stop = subscribe(page, what, taken, options, () => {
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

function wrong(message) {
  throw new SessionError('invalid_argument', message);
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
