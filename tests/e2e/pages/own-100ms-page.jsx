// A page that shows `Session` with the props that a test gives it: `App.show(props)`, `App.unmount()`.

import { StrictMode } from 'react';
import { createRoot, hydrateRoot } from 'react-dom/client';

import { HMSReactiveStore } from 'meeting-session-state/100ms';

import { App, Session } from './own-100ms-hooks.jsx';

const element = document.getElementById('root');
let root;

// A store of the application's, with notes of what a provider does with its parts.
const hms = new HMSReactiveStore();
const { onNotification } = hms.getNotifications();
Object.assign(App, { frameworks: [], subscriptions: 0, listening: 0 });
const given = {
  store: hms.getStore(),
  actions: { ...hms.getActions(), setFrameworkInfo: (info) => App.frameworks.push(info) },
  notifications: {
    onNotification(callback, types) {
      App.subscriptions += 1;
      App.listening += 1;
      const stop = onNotification(callback, types);
      return () => {
        App.listening -= 1;
        stop();
      };
    },
  },
};
App.given = given;

/** `withStore`: the provider gets the store, the actions and the notifications, which cannot be handed into a page. */
function tree({ strict, withStore, ...props }) {
  const session = <Session {...(withStore && given)} {...props} />;
  return strict ? <StrictMode>{session}</StrictMode> : session;
}

App.show = (props) => {
  root ??= createRoot(element);
  root.render(tree(props));
};

/** Takes over what a server has rendered. */
App.hydrate = (html, props) => {
  element.innerHTML = html;
  App.served = element.querySelector('#local');
  root = hydrateRoot(element, tree(props));
};

App.unmount = () => {
  root.unmount();
  root = undefined;
};
