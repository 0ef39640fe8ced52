// What `transact` writes: the difference that the application's function makes to the data.

import { SessionError } from './errors.js';

/**
 * Runs `change` on a draft of `data`, whose values are shared and stay as they are.
 *
 * Returns `{ data, keys }`: an update for a shallow-merge and the keys that were read or written, `undefined` for all of
 * them. Returns `undefined` when there is nothing to write.
 */
export function draft(data, change) {
  // Without a prototype `__proto__` and `constructor` are keys like others.
  const before = { __proto__: null, ...data };
  let after = { ...before, __proto__: null };
  const keys = new Set();
  let all = false;

  const touch = (key) => {
    // Only what concerns the object as a whole has no key: its keys are listed, for example.
    all ||= key === undefined;
    if (typeof key !== 'string' || keys.has(key)) return;
    keys.add(key);
    if (key in before) copy[key] = structuredClone(before[key]);
  };
  const copy = after;
  const trap = (_, name) => (target, ...args) => (touch(args[0]), Reflect[name](target, ...args));
  const proxy = new Proxy(copy, new Proxy({}, { get: trap }));

  const difference = (names) => {
    const update = { __proto__: null };
    for (const key of names) if (text(before[key]) !== text(after[key])) update[key] = after[key];
    return update;
  };

  const result = change(proxy);
  let update = difference(keys);
  if (result !== undefined && result !== proxy) {
    all = true;
    after = { __proto__: null, ...result };
    // What an arrow function happens to return, as in `(draft) => (draft.votes.ana = {})`, is not the whole data.
    const stray = Object.keys(update).some((key) => key in copy && !(key in after));
    if (stray || ![Object.prototype, null].includes(Object.getPrototypeOf(result ?? 0))) {
      const message = 'transact needs a function that changes the draft or returns the whole next data, and is not async';
      throw new SessionError('invalid_argument', message);
    }
    update = difference(Object.keys({ ...before, ...after }));
  }
  return Object.keys(update).length > 0 ? { data: update, keys: all ? undefined : [...keys] } : undefined;
}

/** What JSON does not know stands for itself, so that it is written and refused with the usual error. */
function text(value) {
  try {
    return JSON.stringify(value) ?? value;
  } catch {
    return {};
  }
}
