// What the browser tests share: calls to a session of the test's own, assertions, and an eye on everything that a test
// must not do unnoticed: log, report errors, leave sockets open.

import { Call } from '../../js/call.js';

/**
 * How long a test waits for anything before it fails: longer than a slow machine stalls, and shorter than the 30 s after
 * which the server gives up a participant that did not say that it leaves.
 */
const PATIENCE_MS = 25_000;

let serverUrl;
let connect;
/** The memory of the module. */
export let memory;

/** Takes what only the module under test knows: its server's address, its `SessionClient` and its memory. */
export function setUp(url, makeClient, wasmMemory) {
  [serverUrl, connect, memory] = [url, makeClient, wasmMemory];
}

/**
 * Makes a test. `body` gets a `Meeting`; all its calls are destroyed in the end, and it must have taken notice
 * (`meeting.logged`) of whatever was logged.
 */
export function test(body) {
  return async () => {
    const meeting = new Meeting();
    const restore = watch(meeting);
    try {
      await body(meeting);
      await meeting.end();
    } finally {
      // A test that failed must not leave calls behind that go on in the next one.
      await meeting.destroyCalls().finally(restore);
    }
  };
}

/** One session on the server, and the calls of one test to it. */
class Meeting {
  url = `${serverUrl}/browser-test-${crypto.randomUUID()}`;
  /** All WebSockets that were made, each with the frames that it was given in `frames`. */
  sockets = [];
  /** What was logged and not taken notice of: the method of `console`, or `reportError`, and its arguments. */
  log = [];
  #calls = new Map();

  /** A call that has not joined. */
  call(options) {
    let client;
    const call = new Call(options, (page) => (client = connect(page)));
    this.#calls.set(call, client);
    return call;
  }

  /** A call that has joined. */
  async joined(options) {
    const call = this.call({ url: this.url, ...options });
    await within(call.join(), 'joining');
    return call;
  }

  /** The `SessionClient` of a call. */
  client(call) {
    return this.#calls.get(call);
  }

  openSockets() {
    return this.sockets.filter((socket) => socket.readyState < WebSocket.CLOSING).length;
  }

  /** The frames of one type that the calls have sent, parsed. */
  sent(type) {
    const frames = this.sockets.flatMap((socket) => socket.frames.map((frame) => JSON.parse(frame)));
    return frames.filter((frame) => frame.type === type);
  }

  /** Takes what was logged by this method: the arguments of each call. */
  logged(method) {
    const found = this.log.filter((entry) => entry.method === method);
    this.log = this.log.filter((entry) => entry.method !== method);
    return found.map((entry) => entry.args);
  }

  /** Checks that nothing was logged but this: the first argument of each call of the method. */
  expectLogged(method, ...texts) {
    equal(this.logged(method).map(([text]) => text), texts, `console.${method}`);
  }

  /** Forgets a call whose client was freed by the test. */
  forget(call) {
    this.#calls.delete(call);
  }

  async destroyCalls() {
    await Promise.all([...this.#calls.keys()].map((call) => within(call.destroy(), 'destroying')));
  }

  async end() {
    await this.destroyCalls();
    equal(this.openSockets(), 0, 'open sockets after the test');
    equal(this.log, [], 'logged by the test');
  }
}

/** Replaces what a test is watched through; returns what puts it back. */
function watch(meeting) {
  const before = { WebSocket, reportError: globalThis.reportError, console: { ...console } };
  globalThis.WebSocket = class extends WebSocket {
    frames = [];

    constructor(...args) {
      super(...args);
      meeting.sockets.push(this);
    }

    send(frame) {
      this.frames.push(frame);
      super.send(frame);
    }
  };
  const note = (method) => (...args) => meeting.log.push({ method, args });
  globalThis.reportError = note('reportError');
  for (const method of ['error', 'warn', 'log']) console[method] = note(method);
  return () => {
    const { console: methods, ...globals } = before;
    Object.assign(globalThis, globals);
    Object.assign(console, methods);
  };
}

// ------------------------------------------------------------------------------------------------------- waiting

/** The promise, or a failure that says what was waited for. */
export async function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The next event of that name. */
export function next(call, name) {
  return within(new Promise((resolve) => call.once(name, resolve)), `the event ${name}`);
}

/** Waits until `read()` equals `expected`; fails with the difference when it does not come to that. */
export async function eventually(read, expected) {
  for (const end = performance.now() + PATIENCE_MS; difference(read(), expected, 'value'); await pause(10)) {
    if (performance.now() > end) return equal(read(), expected);
  }
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Writes, waits for the answer, and resolves to the data that there is now. */
export async function write(call, data, mergeStrategy) {
  const changed = next(call, 'meeting-session-state-updated');
  call.setMeetingSessionData(data, mergeStrategy);
  return (await changed).meetingSessionState.data;
}

/** The names of the events of a call from now on. */
export function eventNames(call) {
  const names = [];
  for (const name of EVENTS) call.on(name, () => names.push(name));
  return names;
}

/** The events of a join, in order. */
export const JOIN_EVENTS = [
  'loading',
  'loaded',
  'joining-meeting',
  'joined-meeting',
  'participant-counts-updated',
  'meeting-session-summary-updated',
  'meeting-session-updated',
  'meeting-session-state-updated',
];

export const EVENTS = [
  ...JOIN_EVENTS,
  'participant-joined',
  'participant-updated',
  'participant-left',
  'app-message',
  'network-connection',
  'nonfatal-error',
  'session-reset',
  'error',
  'left-meeting',
  'call-instance-destroyed',
];

// ---------------------------------------------------------------------------------------------------- assertions

export function check(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
}

/** Checks that two values are the same thing all the way down, prototypes included; the order of keys is no matter. */
export function equal(actual, expected, what = 'value') {
  const path = difference(actual, expected, what);
  if (path) throw new Error(`${path}: expected ${show(expected)}, got ${show(actual)}`);
}

/** Checks that two values are identical. */
export function same(actual, expected, what = 'value') {
  if (!Object.is(actual, expected)) throw new Error(`${what}: expected ${show(expected)} itself, got ${show(actual)}`);
}

/** Checks that a function throws a plain `Error` with this text, at once. */
export function throws(action, text) {
  let thrown;
  let returned;
  try {
    returned = action();
  } catch (error) {
    thrown = error;
  }
  if (!thrown) throw new Error(`expected an error "${text}", got ${show(returned)}`);
  isError(thrown, text);
}

/** Checks that a promise is rejected with a plain `Error` with this text. */
export async function rejects(promise, text) {
  let resolved;
  try {
    resolved = await within(promise, 'a rejection');
  } catch (error) {
    return isError(error, text);
  }
  throw new Error(`expected a rejection "${text}", got ${show(resolved)}`);
}

function isError(error, text) {
  same(error.constructor, Error, `class of ${error}`);
  equal(error.message, text, 'message');
}

/** Where two values differ first. */
function difference(one, other, path) {
  if (Object.is(one, other)) return undefined;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return path;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return `prototype of ${path}`;
  if (one instanceof Date && one.getTime() !== other.getTime()) return path;
  const [keys, others] = [Object.keys(one).sort(), Object.keys(other).sort()];
  if (keys.length !== others.length || keys.some((key, index) => key !== others[index])) return `keys of ${path}`;
  for (const key of keys) {
    const found = difference(one[key], other[key], `${path}.${key}`);
    if (found) return found;
  }
  return undefined;
}

function show(value) {
  let text;
  try {
    text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  } catch {
    text = String(value);
  }
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
