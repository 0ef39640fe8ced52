// What the hooks show of a call: snapshots that keep their identity until they change, and who is told when.

import { shallow } from '../shallow.js';

/** Without a call, before the join and after the end, on a server and while a page is hydrated. */
export const NO_STATE = Object.freeze({ data: Object.freeze({}), topology: 'none' });
export const NOBODY = Object.freeze([]);
export const ALL_SAVED = Object.freeze({ pending: 0 });

/** Every event after which one of the snapshots may be another. */
const EVENTS = [
  'loading',
  'loaded',
  'joining-meeting',
  'joined-meeting',
  'left-meeting',
  'error',
  'network-connection',
  'participant-joined',
  'participant-updated',
  'participant-left',
  'meeting-session-state-updated',
  'meeting-session-saving-updated',
];

/** Those of them that say nothing of people. */
const OF_DATA = ['meeting-session-state-updated', 'meeting-session-saving-updated'];

/** For each meeting state; while joined it depends on the connection too. */
const STATUS = {
  new: 'idle',
  loading: 'joining',
  loaded: 'joining',
  'joining-meeting': 'joining',
  'joined-meeting': 'connected',
  'left-meeting': 'left',
  error: 'error',
};

/** Its functions are bound, as `useSyncExternalStore` wants them. */
export class View {
  #failed;
  #listeners = new Set();
  #interrupted = false;
  #people = NOBODY;
  #peopleMayDiffer = true;

  /** `failed`: the call could not be made or joined, even if it does not say so itself. There may be no call. */
  constructor(call, failed) {
    this.call = call;
    this.#failed = failed;
  }

  /** Listens to the call while anybody listens here. */
  subscribe = (listener) => {
    if (this.#listeners.size === 0) {
      // Something may have happened since the render that made this necessary.
      this.#peopleMayDiffer = true;
      for (const name of EVENTS) this.call?.on(name, this.#heard);
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      for (const name of EVENTS) this.call?.off(name, this.#heard);
    };
  };

  state = () => (this.#joined() ? this.call.meetingSessionState() : NO_STATE);

  saving = () => this.call?.meetingSessionSaving() ?? ALL_SAVED;

  /** The local participant first, the others in the order in which they joined. */
  participants = () => {
    if (this.#peopleMayDiffer) {
      const people = this.#joined() ? Object.values(this.call.participants()) : NOBODY;
      const sorted = [...people].sort((one, other) => other.local - one.local || one.joined_at - other.joined_at);
      if (!shallow(sorted, this.#people)) this.#people = sorted;
      this.#peopleMayDiffer = false;
    }
    return this.#people;
  };

  status = () => {
    if (this.#failed) return 'error';
    if (!this.call) return 'idle';
    return this.#joined() && this.#interrupted ? 'reconnecting' : STATUS[this.call.meetingState()];
  };

  #joined() {
    return this.call?.meetingState() === 'joined-meeting';
  }

  #heard = ({ action, event }) => {
    if (action === 'network-connection') this.#interrupted = event === 'interrupted';
    if (action === 'joined-meeting') this.#interrupted = false;
    if (!OF_DATA.includes(action)) this.#peopleMayDiffer = true;
    for (const listener of this.#listeners) listener();
  };
}
