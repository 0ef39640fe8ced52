// A page that shows `Session` with the props that a test gives it: `App.show(props)`, `App.unmount()`.

import { StrictMode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';

import { createCallObject } from 'meeting-session-state';

import { App, Session } from './react-session.jsx';

const element = document.getElementById('root');
const onError = (error) => App.errors.push({ message: error.message, action: error.cause?.action });
let root;

function tree({ strict, withCall, silent, ...props }) {
  // A call cannot be handed into a page, so `withCall` says that it is to be the page's own.
  const session = <Session onError={silent ? undefined : onError} {...(withCall && { call: App.call })} {...props} />;
  return strict ? <StrictMode>{session}</StrictMode> : session;
}

App.makeCall = () => void (App.call = createCallObject());

App.show = (props) => {
  root ??= createRoot(element);
  root.render(tree(props));
};

/** Takes over what a server has rendered. */
App.hydrate = (html, props) => {
  element.innerHTML = html;
  App.served = element.querySelector('#view');
  root = hydrateRoot(element, tree(props));
};

App.unmount = () => {
  root.unmount();
  root = undefined;
};
