// Renders `Session` as a server does, and each hook without a provider. Prints the result as JSON.

import { renderToString } from 'react-dom/server';

import * as entry from 'meeting-session-state/100ms/react';

import { Session } from './own-100ms-hooks.jsx';

const hooks = Object.keys(entry).filter((name) => name.startsWith('use'));

function refusal(hook) {
  const Outside = () => void entry[hook]({});
  try {
    return renderToString(<Outside />);
  } catch (error) {
    return error.message;
  }
}

const refusals = Object.fromEntries(hooks.map((hook) => [hook, refusal(hook)]));
console.log(JSON.stringify({ html: renderToString(<Session />), refusals }));
