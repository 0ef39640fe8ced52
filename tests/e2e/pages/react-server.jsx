// Renders `Session` as a server does, and each hook without a provider. Prints the result as JSON.

import { renderToString } from 'react-dom/server';

import * as entry from 'meeting-session-state/react';

import { App, Session } from './react-session.jsx';

const hooks = Object.keys(entry).filter((name) => name.startsWith('use'));

function refusal(hook) {
  const Outside = () => void entry[hook]();
  try {
    return renderToString(<Outside />);
  } catch (error) {
    return error.message;
  }
}

const html = renderToString(<Session url="ws://127.0.0.1:1/room" userName="Ana" />);
const withoutCall = renderToString(<Session call={null} />);
const refusals = Object.fromEntries(hooks.map((hook) => [hook, refusal(hook)]));
let early;
try {
  App.set({});
} catch (error) {
  early = error.message;
}
console.log(JSON.stringify({ html, withoutCall, refusals, early }));
