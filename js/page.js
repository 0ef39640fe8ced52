// The page's view of one session: what the getters return between two events, and the events, in Daily's shapes.
//
// The module calls `data` and `tell` to have something taken over and queue what is told of it; `deliver` then runs the
// handlers. A handler that causes further events adds to the queue that is being delivered, so events
// keep their order however deep the calls go.

import { Emitter } from './emitter.js';
import { cutOff, SessionError, writeFailure } from './errors.js';
import { keepIdentity, takeIdentity } from './identity.js';

/** Objects are replaced, never changed: applications compare them by identity. */
export class Page {
  /** Daily's `DailyMeetingState`. */
  state = 'new';
  /** The handlers of the application. */
  emitter = new Emitter();
  /** Those of its subscriptions, which are none of the application's to list or remove. They come after the others. */
  followers = new Emitter();
  /** The object that handlers get as `this`. */
  target;
  /** Where the session is, for what is said when it cannot be reached. */
  address;
  callClientId = `${Date.now()}${Math.random()}`;
  destroyed = false;
  /** Promises that are not settled: one join, any number of the others. */
  waiting = { join: [], leave: [], destroy: [], user: [] };
  /** How many writes are not answered, flushes not counted, and the last that failed. */
  saved = { pending: 0 };
  /** Whether no write has failed since there was none to answer. */
  #savesAll = true;
  /** Awaited writes that have not ended, by number. */
  #writes = new Map();
  #lastWrite = 0;
  /** How many of them are flushes. */
  #flushes = 0;
  /** How many joins have begun. */
  joins = 0;
  #queue = [];
  #delivering = false;

  constructor() {
    this.#clear();
  }

  // ------------------------------------------------------------------------------------------ read by the faces

  /** Whether a join is under way or done. */
  get active() {
    return ['loading', 'loaded', 'joining-meeting', 'joined-meeting'].includes(this.state);
  }

  /** `local` and the others by id, or `{}` while not joined. */
  participants() {
    return Object.fromEntries([...this.#participants].map(([id, one]) => [id === this.#own ? 'local' : id, one]));
  }

  counts() {
    return { present: this.#participants.size, hidden: 0 };
  }

  /** The value of a key, and who changed it last. */
  entry(key) {
    const stamp = this.#stamps.get(key);
    if (!stamp) return undefined;
    const { revision, by, at } = stamp;
    return { value: this.sessionState.data[key], version: revision, updatedBy: by, updatedAt: new Date(at) };
  }

  // ----------------------------------------------------------------------------------------- called by the faces

  /** A join has begun. The next two states follow in the next microtask, the rest when the server answers. */
  joining() {
    this.joins += 1;
    this.#clear();
    if (this.saved.error) this.#save(0);
    this.#setState('loading');
    queueMicrotask(() => {
      for (const [from, to] of [['loading', 'loaded'], ['loaded', 'joining-meeting']]) {
        if (this.state === from) this.#setState(to);
        this.deliver();
      }
    });
    this.deliver();
  }

  /** A promise that settles with the events that are queued when what it waits for happens. */
  wait(purpose, value) {
    const promise = new Promise((resolve, reject) => this.waiting[purpose].push({ resolve, reject, value }));
    // Who leaves without waiting for a change of the name must not see an unhandled rejection.
    if (purpose === 'user') promise.catch(() => {});
    return promise;
  }

  /**
   * A promise for the end of a write. `send` hands over, under the number that it gets, what `make` returns; both throw
   * what is wrong with it. `withdraw` takes it back if it can.
   *
   * With `begin` it is a transaction: `make` is called for each attempt, and may return how it has ended instead. A
   * flush, which writes nothing, resolves however it ends.
   */
  write(make, send, withdraw, { signal, begin, flush = false }) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(cutOff('aborted', signal));
      const number = ++this.#lastWrite;
      const forget = () => {
        this.#writes.delete(number);
        this.#flushes -= flush;
        signal?.removeEventListener('abort', abort);
      };
      const abort = () => {
        const withdrawn = withdraw(number);
        if (withdrawn) forget();
        reject(cutOff(withdrawn ? 'aborted' : 'too_late', signal));
      };
      const write = { resolve, reject, forget, flush };
      write.attempt = () => {
        // Another one that the same signal ended has made room; this one is about to be ended, too.
        if (signal?.aborted) return;
        try {
          const made = make();
          // The function of a transaction may have aborted it, or left.
          if (!this.#writes.has(number)) return;
          if (made.status) {
            forget();
            resolve(made);
            withdraw(number);
          } else {
            Object.assign(write, { keys: made.options.ifUnchanged, before: this.sessionState.data });
            send(number, made);
          }
        } catch (error) {
          forget();
          reject(error);
          withdraw(number);
          if (error.code === 'too_large') this.#notSaved(error);
          this.deliver();
        }
      };
      this.#writes.set(number, write);
      this.#flushes += flush;
      signal?.addEventListener('abort', abort);
      if (begin) begin(number);
      else write.attempt();
    });
  }

  /** Ends this view for good. */
  destroy() {
    this.destroyed = true;
    this.#event('call-instance-destroyed');
    this.#queue.push(() => {
      this.callClientId = undefined;
      // The module holds this view, so what this view holds of the application would never be freed.
      this.target = undefined;
      this.emitter.removeAll();
    });
    this.#settle('destroy', 'resolve');
  }

  // ---------------------------------------------------------------------------------------- called by the module

  /** Something happened: the methods from `joined` to `left` say what. */
  tell(event, about, more) {
    this[event](about, more);
  }

  data(set, deleted, writes, whole) {
    const before = this.sessionState.data;
    const changed = parse(set);
    const data = whole ? keepIdentities(changed, before) : { ...before, ...changed };
    const gone = JSON.parse(deleted);
    for (const key of gone) delete data[key];
    this.sessionState = { data, topology: 'sfu' };

    if (whole) this.#stamps.clear();
    const written = [...Object.keys(changed), ...gone];
    for (const { keys = written, ...stamp } of JSON.parse(writes)) {
      for (const key of keys) this.#stamps.set(key, stamp);
    }
    const changedKeys = whole ? differing(before, data) : written;
    this.#change = { changedKeys, updatedBy: this.#writers(changedKeys) };
    for (const key of gone) this.#stamps.delete(key);
  }

  joined(own, participants) {
    // What this page has kept when it went away, it has come back from.
    takeIdentity(this.address);
    this.#own = own;
    for (const one of JSON.parse(participants)) this.#setParticipant(one);
    this.state = 'joined-meeting';
    this.#settle('join', 'resolve', this.participants());
    this.#event('joined-meeting', { participants: this.participants() });
  }

  session(id) {
    this.summary = { id };
    // Daily still sends the older name too.
    this.#event('meeting-session-summary-updated', { meetingSession: this.summary });
    this.#event('meeting-session-updated', { meetingSession: this.summary });
  }

  changed(revision) {
    const fields = { meetingSessionState: this.sessionState, revision: Number(revision), ...this.#change };
    this.#event('meeting-session-state-updated', fields);
  }

  counted() {
    this.#event('participant-counts-updated', { participantCounts: this.counts() });
  }

  participantJoined(text) {
    this.#event('participant-joined', { participant: this.#setParticipant(JSON.parse(text)) });
  }

  participantUpdated(text) {
    this.#event('participant-updated', { participant: this.#setParticipant(JSON.parse(text)) });
  }

  participantLeft(id) {
    const participant = this.#participants.get(id);
    // Unknown is only who was this client itself, before a reconnect made it a new participant.
    if (this.#participants.delete(id)) this.#event('participant-left', { participant });
  }

  userSet() {
    const done = this.waiting.user.shift();
    this.#queue.push(() => done?.resolve(done.value));
  }

  appMessage(fromId, text) {
    this.#event('app-message', { data: parse(text), fromId });
  }

  interrupted() {
    this.#event('network-connection', { type: 'signaling', event: 'interrupted' });
  }

  reconnected(own) {
    // What this page has kept when it went away, it has come back from.
    takeIdentity(this.address);
    const before = this.#own;
    this.#own = own;
    this.#event('network-connection', { type: 'signaling', event: 'connected' });
    if (own !== before) {
      // It could not be resumed and is a new participant. This event has Daily's React package read them all again.
      this.#participants.delete(before);
      this.#event('access-state-updated', { access: { level: 'full' } });
    }
  }

  reset(reason) {
    this.#event('session-reset', { reason });
  }

  writeFailed(code, size) {
    const errorMsg = writeFailure(code, size);
    const details = size ? { code, size: Number(size) } : { code };
    this.#event('nonfatal-error', { type: 'meeting-session-data-error', errorMsg, details });
    this.#notSaved(new SessionError(code, errorMsg, size && { size: Number(size) }));
  }

  attempt(number) {
    this.#queue.push(() => this.#writes.get(Number(number))?.attempt());
  }

  writeEnded(number, end) {
    const [text, status] = end.split(' ');
    const value = Number(text);
    const { resolve, reject, forget, flush, keys, before } = this.#writes.get(Number(number));
    forget();
    if (flush || status === 'applied' || status === 'unchanged') {
      return this.#queue.push(() => resolve({ revision: value, status }));
    }
    const more = {};
    if (status === 'too_large') more.size = value;
    if (status === 'conflict') {
      const current = this.sessionState.data;
      const named = keys && new Set(keys);
      const changedKeys = differing(before, current).filter((key) => !named || named.has(key));
      // What was deleted has no stamp any more; most often it was the last change.
      const updatedBy = this.#writers(changedKeys, this.#change.updatedBy);
      Object.assign(more, { revision: value, current, changedKeys, updatedBy });
    }
    const error = new SessionError(status, writeFailure(status, value), more);
    if (status === 'conflict') this.#savesAll = false;
    else this.#notSaved(error);
    // Who is told `busy` and tries again at once must not keep the page from hearing what would end it.
    this.#queue.push(() => (status === 'busy' ? setTimeout(reject, 0, error) : reject(error)));
  }

  saving(count) {
    const pending = count - this.#flushes;
    if (pending === this.saved.pending) return;
    if (this.saved.pending === 0) this.#savesAll = true;
    this.#save(pending, this.#savesAll && pending === 0 ? undefined : this.saved.error);
  }

  away(id, more) {
    keepIdentity(this.address, `${id} ${more}`);
  }

  failed(type, reason) {
    this.#fail(type, `No connection to ${this.address}: ${reason || 'no session server answered within 15 seconds'}`);
  }

  originRefused(type) {
    const { origin } = globalThis;
    this.#fail(type, `The session server does not allow pages from ${origin}: start it with --allow-origin ${origin}`);
  }

  left() {
    // Who waits now, and not for a join that a handler begins before this is delivered.
    const joins = this.waiting.join.splice(0);
    const number = this.joins;
    // Not before what is queued is delivered: until then handlers must find the state that their events speak of.
    this.#queue.push(() => {
      if (this.joins === number) {
        if (this.state !== 'error') this.state = 'left-meeting';
        this.#clear();
      }
      for (const { reject } of joins) reject(new Error('The call was left before it was joined'));
      this.#settle('user', 'reject', new Error('The call was left before the change was made'));
      this.#settle('leave', 'resolve');
      this.#event('left-meeting');
      if (this.waiting.destroy.length > 0) this.destroy();
    });
  }

  deliver() {
    if (this.#delivering) return;
    this.#delivering = true;
    while (this.#queue.length > 0) this.#queue.shift()();
    this.#delivering = false;
  }

  // --------------------------------------------------------------------------------------------------- details

  #own;
  #participants = new Map();
  /** `revision`, `by` and `at` of the last change of each key. */
  #stamps = new Map();
  /** What the next `meeting-session-state-updated` says of keys. */
  #change;

  /** Who changed these keys last, as far as that is known. */
  #writers(keys, others = {}) {
    const known = new Map(Object.entries(others));
    const writers = keys.map((key) => [key, this.#stamps.get(key)?.by ?? known.get(key)]);
    return Object.fromEntries(writers.filter(([, by]) => by));
  }

  #notSaved(error) {
    this.#savesAll = false;
    this.#save(this.saved.pending, error);
  }

  #save(pending, error) {
    this.saved = error ? { pending, error } : { pending };
    this.#event('meeting-session-saving-updated', this.saved);
  }

  #clear() {
    this.#stamps.clear();
    this.#change = { changedKeys: [], updatedBy: {} };
    this.sessionState = { data: {}, topology: 'none' };
    this.summary = {};
    this.#participants.clear();
    this.#own = undefined;
  }

  #fail(type, errorMsg) {
    this.state = 'error';
    const event = this.#object('error', { errorMsg, error: { type, msg: errorMsg } });
    this.#settle('join', 'reject', event);
    this.#queue.push(() => this.emitter.emit(this.target, 'error', event));
  }

  #setState(state) {
    this.state = state;
    this.#event(state);
  }

  #setParticipant({ id, userName, userData, joinedAt }) {
    const participant = participantObject(id, userName, userData, joinedAt, id === this.#own);
    this.#participants.set(id, participant);
    return participant;
  }

  #object(action, fields) {
    return { action, callClientId: this.callClientId, ...fields };
  }

  #event(action, fields) {
    const event = this.#object(action, fields);
    this.#queue.push(() => {
      this.emitter.emit(this.target, action, event);
      this.followers.emit(this.target, action, event);
    });
  }

  #settle(purpose, how, value) {
    const settled = this.waiting[purpose];
    this.waiting[purpose] = [];
    this.#queue.push(() => settled.forEach((one) => one[how](value)));
  }
}

/** A participant in Daily's shape. There is no media here, so all of that is off. */
function participantObject(id, userName, userData, joinedAt, local) {
  const track = () => ({ state: 'off', subscribed: false, off: { byUser: true } });
  return {
    session_id: id,
    user_id: id,
    user_name: userName,
    ...(userData !== undefined && { userData }),
    joined_at: new Date(joinedAt),
    will_eject_at: new Date(0),
    local,
    owner: false,
    record: false,
    audio: false,
    video: false,
    screen: false,
    cam_info: {},
    screen_info: {},
    tracks: { audio: track(), video: track(), screenAudio: track(), screenVideo: track() },
    permissions: { hasPresence: true, canSend: true, canReceive: { base: true }, canAdmin: false },
  };
}

/** Gives the top-level values of `now` that equal those of `before`, text for text, the identity that they had. */
function keepIdentities(now, before) {
  const kept = ([key, value]) => [key, Object.hasOwn(before, key) && sameText(before[key], value) ? before[key] : value];
  // `fromEntries` defines members where an assignment would let a key named `__proto__` set the prototype.
  return Object.fromEntries(Object.entries(now).map(kept));
}

/** What nests too deep to be compared is taken for another. */
function sameText(one, other) {
  try {
    return JSON.stringify(one) === JSON.stringify(other);
  } catch {
    return false;
  }
}

/** The keys that are in only one of two objects, or have another value in each. */
function differing(before, now) {
  const same = (key) => Object.hasOwn(before, key) && Object.hasOwn(now, key) && Object.is(before[key], now[key]);
  return Object.keys({ ...before, ...now }).filter((key) => !same(key));
}

/** Text that was JSON to the server; an engine may still give up on it, for its depth for example. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    console.error('meeting-session-state: this browser cannot parse the data', error);
    return {};
  }
}
