// Components that use every hook of `meeting-session-state/react`, and tell `App` about it.

import { useEffect, useReducer, useState } from 'react';

import {
  SessionProvider,
  useAppMessage,
  useConnectionStatus,
  useMeetingSessionState,
  useParticipants,
  useSaving,
  useSetMeetingSessionData,
  useTransact,
  useUpdateMeetingSessionData,
} from 'meeting-session-state/react';

/** What tests find: how often each component has rendered, what came in, and functions of the newest render. */
export const App = (globalThis.App = { renders: {}, messages: [], errors: [], selected: new Set(), writers: new Set() });

function rendered(name) {
  App.renders[name] = (App.renders[name] ?? 0) + 1;
}

/** Everything, as text. */
function View() {
  rendered('View');
  const { data, topology } = useMeetingSessionState();
  const people = useParticipants().map((one) => one.user_name);
  return <output id="view">{JSON.stringify({ status: useConnectionStatus(), data, topology, people })}</output>;
}

function Pinned() {
  rendered('Pinned');
  const pinned = useMeetingSessionState(({ data }) => data.pinned);
  return <output id="pinned">{JSON.stringify(pinned) ?? 'nothing'}</output>;
}

/** Selects by new functions, to a new object and a new array. `App.again()` renders it. */
function Fresh() {
  rendered('Fresh');
  [, App.again] = useReducer((times) => times + 1, 0);
  const { title, votes } = useMeetingSessionState(({ data }) => ({ title: data.title, votes: data.votes }));
  const both = useMeetingSessionState(({ data }) => [data.title, data.votes]);
  App.selected.add(both);
  return <output id="fresh">{JSON.stringify([title, votes, both])}</output>;
}

/** Selects what cannot be compared by its members. */
function Voters() {
  rendered('Voters');
  return <output id="voters">{useMeetingSessionState(({ data }) => new Set(data.votes)).size}</output>;
}

function People() {
  rendered('People');
  const people = useParticipants();
  if (App.people !== people) (App.peopleSeen ??= []).push((App.people = people));
  const texts = people.map(({ user_name, userData }) => `${user_name}:${JSON.stringify(userData)}`);
  return <output id="people">{texts.join()}</output>;
}

/** Its handler and its functions are compared over renders, which `App.setTag` causes. */
function Messages() {
  rendered('Messages');
  const [tag, setTag] = useState('first');
  const send = useAppMessage({ onAppMessage: ({ data, fromId }) => App.messages.push({ data, fromId, tag }) });
  const set = useSetMeetingSessionData();
  useEffect(() => void (App.tag = tag), [tag]);
  App.functions = new Set([...(App.functions ?? []), send, set]);
  Object.assign(App, { send, set, setTag });
  return null;
}

/** Its own writes, and how they go. */
function Writer() {
  rendered('Writer');
  const { update, pending, error } = useUpdateMeetingSessionData();
  const transact = useTransact();
  App.writers.add(update).add(transact);
  Object.assign(App, { update, transact });
  return <output id="writer">{`${pending ? 'pending' : 'answered'} ${error?.code ?? 'none'}`}</output>;
}

/** How all writes of the call go. */
function Saving() {
  rendered('Saving');
  const { pending, error, text } = useSaving();
  return <output id="saving">{`${pending} ${error?.code ?? 'none'} ${text}`}</output>;
}

/** Appears when `App.setLate(true)` says so. */
function Late() {
  const [late, setLate] = useState(false);
  App.setLate = setLate;
  return late && <LateStatus />;
}

function LateStatus() {
  return <output id="late">{useConnectionStatus()}</output>;
}

// The same element each time, so that a render of the provider alone renders none of them.
const children = (
  <>
    <View />
    <Pinned />
    <Fresh />
    <Voters />
    <People />
    <Messages />
    <Writer />
    <Saving />
  </>
);

/** With `bare` there is nothing in it at first. */
export function Session({ bare, ...props }) {
  return <SessionProvider {...props}>{bare ? <Late /> : children}</SessionProvider>;
}
