// `HMSReactiveStore`: one store with its actions and notifications. Its room is the one that the actions join.

import { createActions } from './actions.js';
import { createNotifications } from './notifications.js';
import { createDefaultStoreState } from './state.js';
import { createStore } from './store.js';

/** Making one does nothing but that, so a server that renders pages can. */
export class HMSReactiveStore {
  #container = createStore(createDefaultStoreState());
  #notifications = createNotifications();
  #actions = createActions(this.#container, this.#notifications.notify);

  getStore() {
    return this.#container.store;
  }

  getActions() {
    return this.#actions;
  }

  /** The old name of `getActions`. */
  getHMSActions() {
    return this.#actions;
  }

  getNotifications() {
    return this.#notifications.notifications;
  }

  triggerOnSubscribe() {
    this.#container.triggerOnSubscribe();
  }
}
