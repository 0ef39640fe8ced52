// What 100ms calls the store, and beside it what changes it.

import { shallow } from '../shallow.js';

/**
 * Makes a store around `initial`. `store` is what the application gets: a plain object of functions, because 100ms's
 * provider spreads it.
 */
export function createStore(initial) {
  let state = freeze(initial);
  let triggers = false;
  const listeners = new Set();

  const store = {
    getState: (selector) => (selector ? selector(state) : state),

    subscribe(listener, selector = (whole) => whole, equal = shallow) {
      let slice = selector(state);
      if (triggers) listener(slice, undefined);
      const check = () => {
        const next = selector(state);
        if (equal(slice, next)) return;
        const before = slice;
        slice = next;
        listener(next, before);
      };
      listeners.add(check);
      return () => void listeners.delete(check);
    },
  };

  function replace(next) {
    state = freeze(next);
    for (const check of listeners) guarded(check);
  }

  return {
    store,

    /** From now on `subscribe` also calls the new listener, once, with what there is. */
    triggerOnSubscribe() {
      triggers = true;
    },

    /** Replaces parts of the state. What stays the same must keep its identity: selectors compare by it. */
    setState(parts) {
      if (Object.keys(parts).some((key) => !Object.is(parts[key], state[key]))) replace({ ...state, ...parts });
    },

    replaceState: replace,
  };
}

/** Calls a function of the application's. One that throws is reported and stops nothing. */
export function guarded(work, ...args) {
  try {
    work(...args);
  } catch (error) {
    if (globalThis.reportError) reportError(error);
    else console.error(error);
  }
}

/**
 * Freezes a value with all that is in it and not frozen yet, except errors, which the application has too. Without recursion,
 * since JSON may nest very deep.
 */
function freeze(value) {
  const rest = [value];
  while (rest.length > 0) {
    const one = rest.pop();
    if (typeof one !== 'object' || one === null || one instanceof Error || Object.isFrozen(one)) continue;
    Object.freeze(one);
    for (const inner of Object.values(one)) rest.push(inner);
  }
  return value;
}
