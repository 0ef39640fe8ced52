// The React entry: a provider for one call, and hooks that show what is in its session.
//
// `react.d.ts` says what each of them promises.

import { createContext, createElement, useContext, useEffect, useMemo, useRef } from 'react';
import { useState, useSyncExternalStore } from 'react';

import { SessionError } from './core.js';
import { useOwnCall } from './react/own-call.js';
import { useNewest, useSelection } from './react/selection.js';
import { shallow } from './shallow.js';
import { ALL_SAVED, NO_STATE, NOBODY, View } from './react/view.js';

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

export function useTransact() {
  return useWriter('useTransact', 'transact');
}

export function useUpdateMeetingSessionData() {
  const write = useWriter('useUpdateMeetingSessionData', 'updateMeetingSessionData');
  const [{ unanswered, error }, setWrites] = useState(NO_WRITES);
  const { current: update } = useRef((...args) => {
    setWrites(({ unanswered }) => ({ unanswered: unanswered + 1 }));
    const ended = (failed) => setWrites(({ unanswered, error }) => ({ unanswered: unanswered - 1, error: failed ?? error }));
    const written = write(...args);
    // Who reads `error` need not catch it too.
    written.then(() => ended(), ended);
    return written;
  });
  return { update, pending: unanswered > 0, error };
}

export function useSaving() {
  const view = useView('useSaving');
  const { pending, error } = useSyncExternalStore(view.subscribe, view.saving, () => ALL_SAVED);
  return { pending, error, text: savingText(pending, error) };
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

const NO_WRITES = { unanswered: 0 };

/** A failure stays in sight while later writes are on their way. */
function savingText(pending, error) {
  if (error?.code === 'unknown') return 'Perhaps not saved: the connection was lost before the answer';
  if (error) return `Not sent: ${error.message.replace(/^Meeting session data was not set: /, '')}`;
  return pending > 0 ? `${pending} pending` : 'All changes saved';
}

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
    if (!call) throw new Error(needsCall(name));
    return call[name](...args);
  });
  return current;
}

/** The same of a method that is answered with a promise. */
function useWriter(hook, name) {
  const newest = useNewest(useView(hook));
  const { current } = useRef(async (...args) => {
    const { call } = newest.current;
    if (!call) throw new SessionError('not_joined', needsCall(name));
    return call[name](...args);
  });
  return current;
}

const needsCall = (name) => `${name}() needs a call: the <SessionProvider> has not got one, or not made it yet`;
