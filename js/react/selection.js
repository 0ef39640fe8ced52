// A part of a store's state, as a hook: the component renders again only when that part changes.

import { useEffect, useInsertionEffect, useMemo, useRef, useSyncExternalStore } from 'react';

/**
 * What `selector` makes of the state, the same object as before as long as `equal` says that nothing has changed.
 *
 * The selector may be another function in each render. `subscribe` may not: it would be called anew each time.
 */
export function useSelection(subscribe, getState, getServerState, selector, equal) {
  const shown = useRef(undefined);
  const select = useMemo(() => {
    let last;
    return (state) => {
      if (last?.state === state) return last.value;
      let value = selector(state);
      const before = last ?? shown.current;
      if (before && equal(before.value, value)) value = before.value;
      last = { state, value };
      return value;
    };
  }, [selector, equal]);
  const value = useSyncExternalStore(subscribe, () => select(getState()), () => select(getServerState()));
  useEffect(() => void (shown.current = { value }), [value]);
  return value;
}

/** A ref to the value of the newest render, for functions that outlive the render that made them. */
export function useNewest(value) {
  const newest = useRef(value);
  // Before any other effect, and without the warning that a layout effect gives on a server.
  useInsertionEffect(() => void (newest.current = value));
  return newest;
}
