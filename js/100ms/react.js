// 100ms's React hooks over this package: everything of the 100ms entry, and what `@100mslive/react-sdk` adds to it.
//
// `100ms-react.d.ts` says what each of them promises.

import { createContext, createElement, useCallback, useContext, useEffect, useMemo } from 'react';
import { useRef, useState, version } from 'react';

import { useNewest, useSelection } from '../react/selection.js';
import { shallow } from '../shallow.js';
import { createDefaultStoreState, HMSNotificationTypes, HMSReactiveStore, selectRoomStarted } from './index.js';

export * from './index.js';

const Context = createContext(null);

export function HMSRoomProvider({ actions, store, notifications, leaveOnUnload = true, children }) {
  const given = Boolean(actions && store);
  const own = useMemo(() => (given ? undefined : new HMSReactiveStore()), [given]);
  const hms = useMemo(
    () => (own ? parts(own.getActions(), own.getStore(), own.getNotifications()) : parts(actions, store, notifications)),
    [own, actions, store, notifications],
  );
  useEffect(() => {
    hms.actions.setFrameworkInfo({ type: 'react-web', version, sdkVersion: PACKAGE_VERSION });
  }, [hms.actions]);
  useLeaveOnUnload(hms.actions, leaveOnUnload);
  useLeaveOnUnmount(own, leaveOnUnload);
  return createElement(Context.Provider, { value: hms }, children);
}

/** What the hooks use. The functions are called apart from the store that they belong to. */
function parts(actions, store, notifications) {
  const subscribe = (listener) => store.subscribe(listener);
  const getState = () => store.getState();
  return { actions, store, notifications, subscribe, getState };
}

/** Leaves when the page goes away for good: not when it is hidden or kept, since it may come back. */
function useLeaveOnUnload(actions, wanted) {
  useEffect(() => {
    if (!wanted) return undefined;
    const leave = ({ persisted }) => {
      if (!persisted && document.visibilityState !== 'hidden') actions.leave();
    };
    // Safari on a desktop sends only the second when a tab is closed.
    for (const event of ['pagehide', 'beforeunload']) addEventListener(event, leave);
    return () => {
      for (const event of ['pagehide', 'beforeunload']) removeEventListener(event, leave);
    };
  }, [actions, wanted]);
}

/** Leaves a room that nobody else could leave when its provider is gone. */
function useLeaveOnUnmount(own, wanted) {
  const mounted = useRef(undefined);
  const newest = useNewest(wanted);
  useEffect(() => {
    mounted.current = own;
    return () => {
      mounted.current = undefined;
      // StrictMode takes the first of two mounts back at once; what the children joined in it shall stay joined.
      queueMicrotask(() => {
        if (!own || mounted.current === own || !newest.current) return;
        if (own.getStore().getState(selectRoomStarted)) own.getActions().leave();
      });
    };
  }, [own, newest]);
}

export function useHMSStore(selector = whole, equalityFn = shallow) {
  const { subscribe, getState } = useHMS('useHMSStore');
  return useSelection(subscribe, getState, atFirst, selector, equalityFn);
}

/** What a server renders, whatever a store has become in the browser when that is taken over. */
const atFirst = () => FIRST_STATE;
const FIRST_STATE = createDefaultStoreState();

const whole = (state) => state;

export function useHMSVanillaStore() {
  return useHMS('useHMSVanillaStore').store;
}

export function useHMSActions() {
  return useHMS('useHMSActions').actions;
}

export function useHMSVanillaNotifications() {
  return useHMS('useHMSVanillaNotifications').notifications;
}

export function useHMSNotifications(type) {
  const { notifications } = useHMS('useHMSNotifications');
  const [latest, setLatest] = useState(null);
  // An array of types that is made in each render is the same subscription.
  const types = JSON.stringify(type);
  useEffect(() => notifications?.onNotification(setLatest, types && JSON.parse(types)), [notifications, types]);
  return latest;
}

export function useCustomEvent({ type, json = true, onEvent, handleError = logError }) {
  const { actions, notifications } = useHMS('useCustomEvent');
  const newest = useNewest({ type, json, onEvent, handleError });

  // Not for the list of chat messages.
  useEffect(() => void actions.ignoreMessageTypes([type]), [actions, type]);

  useEffect(() => {
    const heard = ({ data: message }) => {
      if (message?.type !== type) return;
      const { json, onEvent, handleError } = newest.current;
      try {
        onEvent?.(json ? JSON.parse(message.message) : message.message);
      } catch (error) {
        handleError(error, 'handleCustomEvent');
      }
    };
    return notifications?.onNotification(heard, HMSNotificationTypes.NEW_MESSAGE);
  }, [notifications, type, newest]);

  const sendEvent = useCallback(async (data, receiver) => {
    const { type, json, handleError } = newest.current;
    try {
      const text = json ? JSON.stringify(data ?? '') : data;
      if (Array.isArray(receiver?.roleNames)) await actions.sendGroupMessage(text, receiver.roleNames, type);
      else if (typeof receiver?.peerId === 'string') await actions.sendDirectMessage(text, receiver.peerId, type);
      else await actions.sendBroadcastMessage(text, type);
      // The others hear of it through a message, which does not come to its sender.
      newest.current.onEvent?.(data);
    } catch (error) {
      handleError(error, 'sendCustomEvent');
    }
  }, [actions, newest]);
  return { sendEvent };
}

function logError(error, method) {
  console.error(method, error);
}

function useHMS(hook) {
  const hms = useContext(Context);
  if (!hms) {
    throw new Error(`${hook}() needs an <HMSRoomProvider> of meeting-session-state/100ms/react around the component`);
  }
  return hms;
}
