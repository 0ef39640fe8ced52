// `Call`: Daily's face over the module's `SessionClient`. Arguments are checked in Daily's order and with its texts.
//
// `index.d.ts` says what each method promises.

import { readAddress } from './address.js';
import { condition, json, notJson, options, recipients, sessionData } from './convert.js';
import { draft } from './draft.js';
import { mistake, SessionError, tooLarge, USER_TOO_LARGE } from './errors.js';
import { takeIdentity } from './identity.js';
import { Page } from './page.js';
import { subscribe, values } from './subscribe.js';

/** As the module numbers them. */
const STRATEGIES = ['replace', 'shallow-merge', 'merge-patch'];

/** Those that Daily has, for writes that are batched. */
const BATCHED = STRATEGIES.slice(0, 2);

/** Whether this runs inside a handler for the end of the page, whose order among the module's own is not known. */
const isUnloading = () => ['beforeunload', 'pagehide', 'unload'].includes(globalThis.event?.type);

export class Call {
  #page = new Page();
  #client;
  #options;
  #room = null;

  /** `connect(page)` makes the `SessionClient` that tells `page` everything. */
  constructor(given, connect) {
    this.#options = options({ userName: '' }, given);
    this.#page.target = this;
    this.#client = connect(this.#page);
  }

  get callClientId() {
    return this.#page.callClientId;
  }

  async join(properties) {
    if (this.isDestroyed()) throw new Error('Use after destroy');
    if (this.#page.active) {
      console.warn('already joined meeting, call leave() before joining again');
      return undefined;
    }
    const { url, token, userName, userData } = (this.#options = options(this.#options, properties));
    if (!url) throw new Error('No room URL has been provided');
    if (!globalThis.addEventListener || !globalThis.WebSocket) throw new Error('join() needs a browser');
    const address = readAddress(url);
    this.#page.address = address.url;
    const [participant = '', secret = '', ...predecessors] = takeIdentity(address.url);
    const who = [participant, secret, predecessors.join(' ')];
    if (!this.#client.join(address.url, address.session, token ?? address.token, userName, userData, ...who)) {
      throw new Error(USER_TOO_LARGE);
    }
    this.#room = address.session;
    const joined = this.#page.wait('join');
    this.#page.joining();
    return joined;
  }

  async leave() {
    const page = this.#page;
    if (page.active) {
      const left = page.wait('leave');
      this.#client.leave(isUnloading());
      return left;
    }
    if (page.state === 'new') {
      page.left();
      page.deliver();
    }
    return undefined;
  }

  async destroy() {
    const page = this.#page;
    if (page.destroyed) return undefined;
    const destroyed = page.wait('destroy');
    if (page.active) {
      this.#client.leave(isUnloading());
    } else if (page.state === 'new') {
      page.left();
    } else {
      page.destroy();
    }
    page.deliver();
    return destroyed;
  }

  isDestroyed() {
    return this.#page.destroyed;
  }

  meetingState() {
    return this.#page.state;
  }

  participants() {
    return this.#page.participants();
  }

  participantCounts() {
    return this.#page.counts();
  }

  meetingSessionSummary() {
    return this.#page.summary;
  }

  meetingSessionState() {
    if (!this.#joined()) mistake('meetingSessionState only supported after join.');
    return this.#page.sessionState;
  }

  meetingSessionRevision() {
    return this.#client.revision();
  }

  setMeetingSessionData(data, mergeStrategy) {
    try {
      this.#write('setMeetingSessionData', 0, data, { mergeStrategy });
    } catch (error) {
      if (error instanceof SessionError) mistake(error.message);
      throw error;
    }
  }

  meetingSessionEntry(key) {
    return this.#page.entry(key);
  }

  meetingSessionSaving() {
    return this.#page.saved;
  }

  subscribe(what, listener, options) {
    return subscribe(this.#page, what, listener, options);
  }

  values(what, options) {
    return values(this.#page, what, options);
  }

  async updateMeetingSessionData(data, options = {}) {
    if (typeof options !== 'object' || options === null) {
      throw new SessionError('invalid_argument', "Options must be an object, such as { mergeStrategy: 'shallow-merge' }");
    }
    return this.#await(() => ({ data, options }), { signal: options.signal });
  }

  async transact(change, { attempts = 10, signal } = {}) {
    this.#checkJoined('transact');
    // What its caller does next comes before it.
    await undefined;
    const make = () => {
      const revision = this.meetingSessionRevision();
      const write = draft(this.#page.sessionState.data, change);
      if (!write) return { revision, status: 'unchanged' };
      const condition = write.keys ? { ifUnchanged: write.keys } : { ifRevision: revision };
      return { data: write.data, options: { mergeStrategy: 'shallow-merge', ...condition } };
    };
    return this.#await(make, { signal, begin: (number) => this.#client.transact(number, attempts) });
  }

  async flush() {
    if (!this.#joined()) return;
    // What its caller did before comes before it, transactions too.
    await undefined;
    // Answers come in order, so when that of a write of nothing is there, all before it are.
    const make = () => ({ data: {}, options: { mergeStrategy: 'shallow-merge' } });
    await this.#await(make, { begin: (number) => this.#client.transact(number, 1), flush: true });
  }

  sendAppMessage(data, to) {
    if (!this.#joined()) mistake('sendAppMessage() only supported after join.');
    const text = json(data, 'Message data');
    const ids = recipients(to);
    if (!this.#client.appMessage(ids, text)) mistake('Message data too large. Max size is 4096');
    return this;
  }

  async setUserName(userName) {
    if (typeof userName !== 'string') throw new Error('userName must be a string');
    const done = this.#setUser({ userName }, userName, undefined);
    this.#options.userName = userName;
    return done;
  }

  async setUserData(userData) {
    const text = json(userData, 'User data');
    const done = this.#setUser({ userData }, undefined, text);
    this.#options.userData = text;
    return done;
  }

  async getNetworkTopology() {
    return { topology: this.#page.sessionState.topology };
  }

  async room() {
    if (this.#joined()) {
      return { id: this.#room, name: this.#room, config: {}, domainConfig: {}, tokenConfig: {} };
    }
    const { url } = this.#options;
    return url ? { roomUrlPendingJoin: url } : null;
  }

  accessState() {
    return { access: this.#joined() ? { level: 'full' } : 'unknown' };
  }

  on(event, handler) {
    this.#page.emitter.add(event, handler);
    return this;
  }

  once(event, handler) {
    this.#page.emitter.add(event, handler, true);
    return this;
  }

  off(event, handler) {
    this.#page.emitter.remove(event, handler);
    return this;
  }

  addListener(event, handler) {
    return this.on(event, handler);
  }

  removeListener(event, handler) {
    return this.off(event, handler);
  }

  removeAllListeners(event) {
    this.#page.emitter.removeAll(event);
    return this;
  }

  emit(event, ...args) {
    return this.#page.emitter.emit(this, event, ...args);
  }

  listenerCount(event) {
    return this.listeners(event).length;
  }

  listeners(event) {
    return this.#page.emitter.handlers(event);
  }

  eventNames() {
    return this.#page.emitter.names();
  }

  /** A promise for the end of a write that `make` makes, as `Page.write` says. */
  #await(make, how) {
    const send = (number, { data, options }) => this.#write('updateMeetingSessionData', number, data, options);
    const withdraw = (number) => this.#client.withdraw(number);
    return this.#page.write(make, send, withdraw, how);
  }

  /** Hands a write to the module after Daily's checks. The page waits for the end of one whose number is not 0. */
  #write(method, number, data, { mergeStrategy = 'replace', ...options }) {
    this.#checkJoined(method);
    const strategies = number ? STRATEGIES : BATCHED;
    if (!strategies.includes(mergeStrategy)) {
      const message = `Unrecognized mergeStrategy provided. Options are: [${strategies}]`;
      throw new SessionError('invalid_argument', message);
    }
    const [set, deleted] = sessionData(data, mergeStrategy === 'shallow-merge');
    const strategy = strategies.indexOf(mergeStrategy);
    const refused = this.#client.update(number, strategy, set, deleted, ...condition(options));
    if (refused === 0) notJson(new SyntaxError('a key contains a lone surrogate'));
    if (refused) throw new SessionError('too_large', tooLarge(refused), { size: refused });
  }

  #checkJoined(method) {
    if (!this.#joined()) throw new SessionError('not_joined', `${method} only supported after join.`);
  }

  #joined() {
    return this.#page.state === 'joined-meeting';
  }

  #setUser(value, userName, userData) {
    // Checks the limits, and while not joined does nothing else: the next join says name and data.
    if (!this.#client.setUser(userName, userData)) {
      throw new Error(USER_TOO_LARGE);
    }
    return this.#joined() ? this.#page.wait('user', value) : value;
  }
}
