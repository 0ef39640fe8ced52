// Who follows a part of the data is called once for each change of it, and not after the end.

import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { Emitter } from '../../js/emitter.js';
import { subscribe, values } from '../../js/subscribe.js';

const UPDATED = 'meeting-session-state-updated';

/** What is used of a call, over the real emitter. Its state and data are set by the test. */
class Face {
  emitter = new Emitter();
  state = 'joined-meeting';
  data = {};
  destroyed = false;

  on(event, handler) {
    this.emitter.add(event, handler);
    return this;
  }

  off(event, handler) {
    this.emitter.remove(event, handler);
    return this;
  }

  meetingState() {
    return this.state;
  }

  isDestroyed() {
    return this.destroyed;
  }

  meetingSessionState() {
    if (this.state !== 'joined-meeting') throw new Error('meetingSessionState only supported after join.');
    return { data: this.data, topology: 'sfu' };
  }

  /** Something about the call is another, and it says so. */
  tell(event, changed = {}) {
    Object.assign(this, changed);
    this.emitter.emit(this, event, { action: event });
  }

  set(data) {
    this.tell(UPDATED, { data: { ...this.data, ...data } });
  }

  leave() {
    this.tell('left-meeting', { state: 'left-meeting', data: {} });
  }

  join(data) {
    this.tell('joined-meeting', { state: 'joined-meeting', data });
  }

  destroy() {
    this.tell('call-instance-destroyed', { destroyed: true, state: 'left-meeting' });
    this.emitter.removeAll();
  }
}

/** An AbortController whose signal counts its listeners. */
function controller() {
  const made = new AbortController();
  const { signal } = made;
  const listeners = new Set();
  const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
  signal.addEventListener = (name, one, ...more) => (listeners.add(one), add.call(signal, name, one, ...more));
  signal.removeEventListener = (name, one, ...more) => (listeners.delete(one), remove.call(signal, name, one, ...more));
  return { signal, listeners, abort: () => made.abort() };
}

let call;
let calls;
const listener = (...args) => calls.push(args);
beforeEach(() => {
  call = new Face();
  calls = [];
});

/** The calls since the last look. */
const heard = () => calls.splice(0);

/** Whether nobody listens any more. */
function assertQuiet() {
  assert.deepEqual(call.emitter.names(), []);
}

describe('subscribe', () => {
  it('says what a key has, at once and whenever that is another', () => {
    call.data = { a: 1, b: [] };
    subscribe(call, 'a', listener);
    assert.deepEqual(heard(), [[1, undefined]]);
    call.set({ b: [1] });
    assert.deepEqual(heard(), []);
    call.set({ a: 2 });
    assert.deepEqual(heard(), [[2, 1]]);
    const one = { c: 1 };
    call.set({ a: one });
    assert.deepEqual(heard(), [[one, 2]]);
    call.set({ b: 3 });
    assert.deepEqual(heard(), []);
    // Another object counts, also when it looks the same.
    call.set({ a: { c: 1 } });
    assert.equal(heard().length, 1);
    call.tell(UPDATED, { data: {} });
    assert.deepEqual(heard(), [[undefined, { c: 1 }]]);
  });

  it('says once that a key is not there, whatever its name', () => {
    for (const key of ['a', 'constructor', '__proto__', 'toString']) subscribe(call, key, listener);
    assert.deepEqual(heard(), Array(4).fill([undefined, undefined]));
    call.set({ b: 1 });
    assert.deepEqual(heard(), []);
    call.tell(UPDATED, { data: JSON.parse('{"__proto__":1}') });
    assert.deepEqual(heard(), [[1, undefined]]);
  });

  it('says which of several keys are there, and compares them one by one', () => {
    const b = {};
    call.data = { a: 1, b, c: 0 };
    const keys = ['a', 'b', 'z', 'constructor'];
    subscribe(call, keys, listener);
    assert.deepEqual(heard(), [[{ a: 1, b }, undefined]]);
    keys.push('c');
    call.set({ c: 1 });
    assert.deepEqual(heard(), []);
    call.set({ a: 2, z: 3 });
    assert.deepEqual(heard(), [[{ a: 2, b, z: 3 }, { a: 1, b }]]);
    call.set({ b: {} });
    assert.equal(heard().length, 1);
    subscribe(call, [], listener);
    assert.deepEqual(heard(), [[{}, undefined]]);
  });

  it('compares what a selector returns shallowly', () => {
    call.data = { a: 1, b: 1 };
    subscribe(call, ({ a }) => ({ big: a > 1 }), listener);
    subscribe(call, (data) => Object.keys(data), listener);
    assert.deepEqual(heard(), [[{ big: false }, undefined], [['a', 'b'], undefined]]);
    call.set({ a: 0 });
    assert.deepEqual(heard(), []);
    call.set({ a: 5 });
    assert.deepEqual(heard(), [[{ big: true }, { big: false }]]);
    call.set({ c: 5 });
    assert.deepEqual(heard(), [[['a', 'b', 'c'], ['a', 'b']]]);
  });

  it('waits for the join, and goes on after another one', () => {
    call.state = 'new';
    subscribe(call, 'a', listener);
    assert.deepEqual(heard(), []);
    call.join({ a: 1 });
    call.tell(UPDATED);
    assert.deepEqual(heard(), [[1, undefined]]);
    call.leave();
    // Events of before the end that are still delivered.
    call.tell(UPDATED);
    assert.deepEqual(heard(), []);
    call.join({ a: 1 });
    assert.deepEqual(heard(), []);
    call.set({ a: 2 });
    call.leave();
    call.join({ a: 3 });
    assert.deepEqual(heard(), [[2, 1], [3, 2]]);
  });

  it('hears what its first call changes', () => {
    call.data = { a: 1 };
    subscribe(call, 'a', (value, before) => {
      listener(value, before);
      if (value === 1) call.set({ a: 2 });
    });
    assert.deepEqual(heard(), [[1, undefined], [2, 1]]);
  });

  it('ends when it is told to, also in the middle of an event', () => {
    const { signal, listeners } = controller();
    call.on(UPDATED, () => stop());
    const stop = subscribe(call, 'a', listener, { signal });
    assert.equal(listeners.size, 1);
    heard();
    call.set({ a: 1 });
    stop();
    assert.deepEqual(heard(), []);
    assert.equal(listeners.size, 0);
    assert.deepEqual(call.emitter.names(), [UPDATED]);
    assert.equal(call.emitter.handlers(UPDATED).length, 1);
  });

  it('ends with the signal', () => {
    const { signal, listeners, abort } = controller();
    subscribe(call, 'a', listener, { signal });
    heard();
    abort();
    call.set({ a: 1 });
    assert.deepEqual(heard(), []);
    assert.equal(listeners.size, 0);
    assertQuiet();
    subscribe(call, 'a', listener, { signal });
    assert.deepEqual(heard(), []);
    assert.equal(listeners.size, 0);
    assertQuiet();
  });

  it('ends with the signal that its first call aborts', () => {
    const { signal, listeners, abort } = controller();
    subscribe(call, 'a', abort, { signal });
    assert.equal(listeners.size, 0);
    assertQuiet();
  });

  it('lets go of the signal when the call is destroyed', () => {
    const { signal, listeners } = controller();
    subscribe(call, 'a', listener, { signal });
    call.destroy();
    assert.equal(listeners.size, 0);
    subscribe(call, 'a', listener, { signal });
    assert.equal(listeners.size, 0);
    assertQuiet();
  });

  it('throws what the first call throws, and then was never there', () => {
    const { signal, listeners } = controller();
    const fail = () => {
      throw new Error('mine');
    };
    assert.throws(() => subscribe(call, 'a', fail, { signal }), /mine/);
    assert.throws(() => subscribe(call, fail, listener, { signal }), /mine/);
    assert.equal(listeners.size, 0);
    assertQuiet();
  });

  it('goes on when a later call throws, and so do the others', (t) => {
    t.mock.method(console, 'log', () => {});
    subscribe(call, 'a', (value, before) => {
      listener(value, before);
      if (value === 1) throw new Error('mine');
    });
    subscribe(call, 'a', listener);
    heard();
    call.set({ a: 1 });
    call.set({ a: 2 });
    assert.deepEqual(heard(), [[1, undefined], [1, undefined], [2, 1], [2, 1]]);
  });

  it('refuses what it cannot follow', () => {
    const error = { name: 'SessionError', code: 'invalid_argument' };
    for (const what of [undefined, null, 1, {}, ['a', 1], [undefined]]) {
      assert.throws(() => subscribe(call, what, listener), error);
      assert.throws(() => values(call, what), error);
    }
    for (const wrong of [undefined, {}]) assert.throws(() => subscribe(call, 'a', wrong), error);
    assertQuiet();
  });
});

describe('values', () => {
  const taken = (value) => ({ value, done: false });
  const END = { value: undefined, done: true };

  it('yields what there is, then what changes', async () => {
    call.data = { a: 1 };
    const seen = [];
    const loop = (async () => {
      for await (const value of values(call, 'a')) seen.push(value);
    })();
    await turn();
    assert.deepEqual(seen, [1]);
    call.set({ a: 2 });
    await turn();
    call.set({ b: 1 });
    await turn();
    call.set({ a: undefined });
    await turn();
    assert.deepEqual(seen, [1, 2, undefined]);
    call.leave();
    await loop;
    assertQuiet();
  });

  it('skips to the newest what came while the loop was busy', async () => {
    call.data = { a: 1 };
    const seen = [];
    for await (const value of values(call, 'a')) {
      seen.push(value);
      if (value === 1) {
        for (const a of [2, 3, 4]) {
          call.set({ a });
          await turn();
        }
      } else {
        break;
      }
    }
    assert.deepEqual(seen, [1, 4]);
    assertQuiet();
  });

  it('waits for the join', async () => {
    call.state = 'new';
    const next = values(call, ['a']).next();
    call.join({ a: 1, b: 2 });
    assert.deepEqual(await next, taken({ a: 1 }));
  });

  const ends = {
    'the call is left': () => call.leave(),
    'the call fails': () => {
      call.tell('error', { state: 'error' });
      call.tell('left-meeting');
    },
    'the call is destroyed': () => call.destroy(),
    'the signal aborts': ({ abort }) => abort(),
    'it is told to': async ({ iterator }) => assert.deepEqual(await iterator.return('x'), { value: 'x', done: true }),
  };
  for (const [when, end] of Object.entries(ends)) {
    it(`ends when ${when}`, async () => {
      const { signal, listeners, abort } = controller();
      const iterator = values(call, 'a', { signal });
      assert.deepEqual(await iterator.next(), taken(undefined));
      const waiting = [iterator.next(), iterator.next()];
      await end({ abort, iterator });
      assert.deepEqual(await Promise.all(waiting), [END, END]);
      assert.deepEqual(await iterator.next(), END);
      assert.equal(listeners.size, 0);
      call.join({ a: 1 });
      assert.deepEqual(await iterator.next(), END);
      assertQuiet();
    });

    it(`yields nothing more when ${when}`, async () => {
      const { signal, abort } = controller();
      const iterator = values(call, 'a', { signal });
      call.set({ a: 1 });
      await end({ abort, iterator });
      assert.deepEqual(await iterator.next(), END);
    });
  }

  it('settles several that wait, each with a value of its own', async () => {
    const iterator = values(call, 'a');
    const waiting = [iterator.next(), iterator.next(), iterator.next()];
    call.set({ a: 1 });
    call.set({ a: 2 });
    assert.deepEqual(await Promise.all(waiting), [undefined, 1, 2].map(taken));
  });

  it('has ended before it began with an aborted signal or a destroyed call', async () => {
    const signal = AbortSignal.abort();
    const never = () => assert.fail('was asked');
    assert.deepEqual(await values(call, never, { signal }).next(), END);
    call.destroy();
    assert.deepEqual(await values(call, never).next(), END);
    assertQuiet();
  });

  it('lets each loop have all values', async () => {
    const [one, other] = [values(call, 'a'), values(call, 'a')];
    assert.equal(one[Symbol.asyncIterator](), one);
    await one.return();
    call.set({ a: 1 });
    assert.deepEqual(await other.next(), taken(1));
  });
});
