// The React entry: a provider for one call, and hooks that show what is in its session.
//
// `react.d.ts` says what each of them promises.

import { createContext, createElement, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from 'react';

import { useOwnCall } from './react/own-call.js';
import { useNewest, useSelection } from './react/selection.js';
import { shallow } from './shallow.js';
import { NO_STATE, NOBODY, View } from './react/view.js';

const Context = createContext(null);

export function SessionProvider({ call: given, url, token, children, ...about }) {
  const own = useOwnCall(given ? undefined : url, token, about);
  const call = given ?? own.call;
  const failed = !given && own.failed;
  const view = useMemo(() => new View(call, failed), [call, failed]);
  // A component that appears while the connection is lost can only say so if somebody listened before.
  useEffect(() => view.subscribe(() => {}), [view]);
  return createElement(Context.Provider, { value: view }, children);
}

export function useMeetingSessionState(selector = whole) {
  const view = useView('useMeetingSessionState');
  return useSelection(view.subscribe, view.state, () => NO_STATE, selector, shallow);
}

export function useSetMeetingSessionData() {
  return useMethod('useSetMeetingSessionData', 'setMeetingSessionData');
}

export function useParticipants() {
  const view = useView('useParticipants');
  return useSyncExternalStore(view.subscribe, view.participants, () => NOBODY);
}

export function useAppMessage({ onAppMessage } = {}) {
  const { call } = useView('useAppMessage');
  const newest = useNewest(onAppMessage);
  useEffect(() => {
    const heard = (event) => newest.current?.(event);
    call?.on('app-message', heard);
    return () => void call?.off('app-message', heard);
  }, [call, newest]);
  return useMethod('useAppMessage', 'sendAppMessage');
}

export function useConnectionStatus() {
  const view = useView('useConnectionStatus');
  return useSyncExternalStore(view.subscribe, view.status, () => 'idle');
}

const whole = (state) => state;

function useView(hook) {
  const view = useContext(Context);
  if (!view) {
    throw new Error(`${hook}() needs a <SessionProvider> of meeting-session-state/react around the component`);
  }
  return view;
}

/** A method of the call that there is when it is called; the same function in every render. */
function useMethod(hook, name) {
  const newest = useNewest(useView(hook));
  const { current } = useRef((...args) => {
    const { call } = newest.current;
    if (!call) throw new Error(`${name}() needs a call: the <SessionProvider> has not got one, or not made it yet`);
    return call[name](...args);
  });
  return current;
}
