// An application that is written for daily-react, with every hook that needs no media.
//
// With `?provider=call` the application makes the call, otherwise the provider does, from `url` and `name`. What the
// hooks return is on the page, as text; `App` is how tests act, and what they find beside the text.

import Daily from '@daily-co/daily-js';
import {
  DailyProvider,
  useAppMessage,
  useDaily,
  useDailyError,
  useDailyEvent,
  useLocalSessionId,
  useMeetingSessionState,
  useMeetingSessionSummary,
  useMeetingState,
  useNetwork,
  useParticipantCounts,
  useParticipantIds,
  useParticipantProperty,
  usePermissions,
  useVideoTrack,
} from '@daily-co/daily-react';
import { createCallObject } from 'meeting-session-state';
import { StrictMode, useCallback, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

const EVENTS = [
  'joined-meeting',
  'left-meeting',
  'participant-joined',
  'participant-updated',
  'participant-left',
  'meeting-session-state-updated',
  'network-connection',
  'session-reset',
];

const parameters = new URLSearchParams(location.search);
const [provider, url, firstName] = ['provider', 'url', 'name'].map((name) => parameters.get(name));

/** `onEvent` is what a test wants to be done in the handler of an event. The lists are in order of time. */
window.App = { Daily, onEvent: {}, views: [], events: [], messages: [], writeErrors: [] };
if (provider === 'call') App.call = createCallObject({ url, userName: firstName });

function Meeting() {
  const daily = useDaily();
  const onError = useCallback((event) => App.writeErrors.push(event), []);
  const onAppMessage = useCallback(({ data, fromId }) => App.messages.push({ data, fromId }), []);
  const sendAppMessage = useAppMessage({ onAppMessage });
  const { data, topology } = useMeetingSessionState({ onError });
  const { meetingError, nonFatalError } = useDailyError();
  const { hasPresence, canSendAudio, canAdminParticipants } = usePermissions();
  const ids = useParticipantIds({ sort: 'joined_at' });
  // As text, which leaves out what is undefined.
  const view = JSON.stringify({
    state: useMeetingState(),
    session: useMeetingSessionSummary()?.id,
    data,
    topology,
    networkTopology: useNetwork().topology,
    local: useLocalSessionId(),
    ids,
    remote: useParticipantIds({ filter: 'remote' }),
    screens: useParticipantIds({ filter: 'screen' }),
    counts: useParticipantCounts(),
    permissions: [hasPresence, canSendAudio, canAdminParticipants],
    meetingError,
    nonFatalError,
  });
  useEffect(() => void App.views.push(JSON.parse(view)), [view]);
  useEffect(() => void Object.assign(App, { daily, sendAppMessage }), [daily, sendAppMessage]);
  return (
    <>
      <pre>{view}</pre>
      <ul>{ids.map((id) => <Person key={id} id={id} />)}</ul>
      {EVENTS.map((name) => <Listener key={name} name={name} />)}
    </>
  );
}

function Person({ id }) {
  const [name, audio] = useParticipantProperty(id, ['user_name', 'tracks.audio.state']);
  const userData = useParticipantProperty(id, 'userData');
  const video = useVideoTrack(id);
  return <li>{`${name}, ${userData?.color ?? 'no color'}, ${audio} ${video.state}`}</li>;
}

function Listener({ name }) {
  const handler = useCallback((event) => {
    App.events.push(event.action);
    App.onEvent[name]?.(event);
  }, [name]);
  useDailyEvent(name, handler);
  return null;
}

function Application() {
  const [userName, setUserName] = useState(firstName);
  const [mounted, setMounted] = useState(true);
  useEffect(() => void Object.assign(App, { setUserName, setMounted }), []);
  if (!mounted) return null;
  const props = App.call ? { callObject: App.call } : { url, userName };
  return <DailyProvider {...props}><Meeting /></DailyProvider>;
}

createRoot(document.querySelector('#root')).render(<StrictMode><Application /></StrictMode>);
