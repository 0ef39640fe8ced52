// What `transact` writes: the difference that the application's function makes to the data.

import { SessionError } from './errors.js';

/**
 * Runs `change` on a draft of `data`, whose values are shared and stay as they are.
 *
 * Returns `{ data, keys }`: an update for a shallow-merge and the keys that were read or written, `undefined` for all.
 * Returns `undefined` when there is nothing to write.
 */
export function draft(data, change) {
  // Without a prototype `__proto__` and `constructor` are keys like others.
  const before = { __proto__: null, ...data };
  const copy = { __proto__: null, ...data };
  const keys = new Set();
  let all = false;
  const trap = (_, name) => (target, key, ...more) => {
    // What has no key concerns the object as a whole: its keys are listed, for example.
    if (key === undefined) all = true;
    if (typeof key === 'string' && !keys.has(key)) {
      keys.add(key);
      if (key in copy) copy[key] = clone(copy[key]);
    }
    return Reflect[name](target, key, ...more);
  };
  const proxy = new Proxy(copy, new Proxy({}, { get: trap }));

  const difference = (after, names) => {
    const differing = [...names].filter((key) => text(before[key]) !== text(after[key]));
    return Object.fromEntries(differing.map((key) => [key, after[key]]));
  };

  const result = typeof change === 'function' ? change(proxy) : NaN;
  let update = difference(copy, keys);
  if (result !== undefined && result !== proxy) {
    all = true;
    const after = { __proto__: null, ...result };
    // `(draft) => (draft.votes.ana = {})` changes the draft and returns an object that is not the whole data.
    const stray = Object.keys(update).some((key) => key in copy && !(key in after));
    if (stray || ![Object.prototype, null].includes(Object.getPrototypeOf(result ?? 0))) {
      const help = 'Change the draft and return nothing, or return the whole next data; the function cannot be async';
      throw new SessionError('invalid_argument', help);
    }
    update = difference(after, Object.keys({ ...before, ...after }));
  }
  return Object.keys(update).length > 0 ? { data: update, keys: all ? undefined : [...keys] } : undefined;
}

/** What nests too deep for this browser to compare or to copy can only be read. */
function clone(value) {
  try {
    JSON.stringify(value);
    return structuredClone(value);
  } catch {
    return value;
  }
}

/** What JSON does not know stands for itself, so that it is written and refused with the usual error. */
function text(value) {
  try {
    return JSON.stringify(value) ?? value;
  } catch {
    return value;
  }
}
