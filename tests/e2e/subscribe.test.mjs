// Who follows a part of the data is called once for each change of it, and not after the end.

import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { Emitter } from '../../js/emitter.js';
import { subscribe, values } from '../../js/subscribe.js';

const UPDATED = 'meeting-session-state-updated';

/** What is used of a page, over the real emitter. Its state and data are set by the test. */
class Face {
  followers = new Emitter();
  state = 'joined-meeting';
  sessionState = { data: {}, topology: 'sfu' };
  destroyed = false;

  set data(data) {
    this.sessionState = { data, topology: 'sfu' };
  }

  /** Something about the call is another, and it says so. */
  tell(event, changed = {}) {
    Object.assign(this, changed);
    this.followers.emit(this, event, { action: event });
  }

  set(data) {
    this.tell(UPDATED, { data: { ...this.sessionState.data, ...data } });
  }

  leave() {
    this.tell('left-meeting', { state: 'left-meeting', data: {} });
  }

  join(data) {
    this.tell('joined-meeting', { state: 'joined-meeting', data });
  }

  destroy() {
    this.tell('call-instance-destroyed', { destroyed: true, state: 'left-meeting' });
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

let page;
let calls;
const listener = (...args) => calls.push(args);
beforeEach(() => {
  page = new Face();
  calls = [];
});

/** The calls since the last look. */
const heard = () => calls.splice(0);

/** Whether nobody listens any more. */
function assertQuiet() {
  assert.deepEqual(page.followers.names(), []);
}

describe('subscribe', () => {
  it('says what a key has, at once and whenever that is another', () => {
    page.data = { a: 1, b: [] };
    subscribe(page, 'a', listener);
    assert.deepEqual(heard(), [[1, undefined]]);
    page.set({ b: [1] });
    assert.deepEqual(heard(), []);
    page.set({ a: 2 });
    assert.deepEqual(heard(), [[2, 1]]);
    const one = { c: 1 };
    page.set({ a: one });
    assert.deepEqual(heard(), [[one, 2]]);
    page.set({ b: 3 });
    assert.deepEqual(heard(), []);
    // Another object counts, also when it looks the same.
    page.set({ a: { c: 1 } });
    assert.equal(heard().length, 1);
    page.tell(UPDATED, { data: {} });
    assert.deepEqual(heard(), [[undefined, { c: 1 }]]);
  });

  it('says once that a key is not there, whatever its name', () => {
    for (const key of ['a', 'constructor', '__proto__', 'toString']) subscribe(page, key, listener);
    assert.deepEqual(heard(), Array(4).fill([undefined, undefined]));
    page.set({ b: 1 });
    assert.deepEqual(heard(), []);
    page.tell(UPDATED, { data: JSON.parse('{"__proto__":1}') });
    assert.deepEqual(heard(), [[1, undefined]]);
  });

  it('says which of several keys are there, and compares them one by one', () => {
    const b = {};
    page.data = { a: 1, b, c: 0 };
    const keys = ['a', 'b', 'z', 'constructor'];
    subscribe(page, keys, listener);
    assert.deepEqual(heard(), [[{ a: 1, b }, undefined]]);
    keys.push('c');
    page.set({ c: 1 });
    assert.deepEqual(heard(), []);
    page.set({ a: 2, z: 3 });
    assert.deepEqual(heard(), [[{ a: 2, b, z: 3 }, { a: 1, b }]]);
    page.set({ b: {} });
    assert.equal(heard().length, 1);
    subscribe(page, [], listener);
    assert.deepEqual(heard(), [[{}, undefined]]);
  });

  it('compares what a selector returns shallowly', () => {
    page.data = { a: 1, b: 1 };
    subscribe(page, ({ a }) => ({ big: a > 1 }), listener);
    subscribe(page, (data) => Object.keys(data), listener);
    assert.deepEqual(heard(), [[{ big: false }, undefined], [['a', 'b'], undefined]]);
    page.set({ a: 0 });
    assert.deepEqual(heard(), []);
    page.set({ a: 5 });
    assert.deepEqual(heard(), [[{ big: true }, { big: false }]]);
    page.set({ c: 5 });
    assert.deepEqual(heard(), [[['a', 'b', 'c'], ['a', 'b']]]);
  });

  it('waits for the join, and goes on after another one', () => {
    page.state = 'new';
    subscribe(page, 'a', listener);
    assert.deepEqual(heard(), []);
    page.join({ a: 1 });
    page.tell(UPDATED);
    assert.deepEqual(heard(), [[1, undefined]]);
    page.leave();
    // Events of before the end that are still delivered.
    page.tell(UPDATED);
    assert.deepEqual(heard(), []);
    page.join({ a: 1 });
    assert.deepEqual(heard(), []);
    page.set({ a: 2 });
    page.leave();
    page.join({ a: 3 });
    assert.deepEqual(heard(), [[2, 1], [3, 2]]);
  });

  it('hears what its first call changes', () => {
    page.data = { a: 1 };
    subscribe(page, 'a', (value, before) => {
      listener(value, before);
      if (value === 1) page.set({ a: 2 });
    });
    assert.deepEqual(heard(), [[1, undefined], [2, 1]]);
  });

  it('ends when it is told to, also in the middle of an event', () => {
    const { signal, listeners } = controller();
    page.followers.add(UPDATED, () => stop());
    const stop = subscribe(page, 'a', listener, { signal });
    assert.equal(listeners.size, 1);
    heard();
    page.set({ a: 1 });
    stop();
    assert.deepEqual(heard(), []);
    assert.equal(listeners.size, 0);
    assert.deepEqual(page.followers.names(), [UPDATED]);
    assert.equal(page.followers.handlers(UPDATED).length, 1);
  });

  it('ends with the signal', () => {
    const { signal, listeners, abort } = controller();
    subscribe(page, 'a', listener, { signal });
    heard();
    abort();
    page.set({ a: 1 });
    assert.deepEqual(heard(), []);
    assert.equal(listeners.size, 0);
    assertQuiet();
    subscribe(page, 'a', listener, { signal });
    assert.deepEqual(heard(), []);
    assert.equal(listeners.size, 0);
    assertQuiet();
  });

  it('ends with the signal that its first call aborts', () => {
    const { signal, listeners, abort } = controller();
    subscribe(page, 'a', abort, { signal });
    assert.equal(listeners.size, 0);
    assertQuiet();
  });

  it('lets go of the signal when the call is destroyed', () => {
    const { signal, listeners } = controller();
    subscribe(page, 'a', listener, { signal });
    page.destroy();
    assert.equal(listeners.size, 0);
    subscribe(page, 'a', listener, { signal });
    assert.equal(listeners.size, 0);
    assertQuiet();
  });

  it('throws what the first call throws, and then was never there', () => {
    const { signal, listeners } = controller();
    const fail = () => {
      throw new Error('mine');
    };
    assert.throws(() => subscribe(page, 'a', fail, { signal }), /mine/);
    assert.throws(() => subscribe(page, fail, listener, { signal }), /mine/);
    assert.equal(listeners.size, 0);
    assertQuiet();
  });

  it('goes on when a later call throws, and so do the others', (t) => {
    t.mock.method(console, 'log', () => {});
    subscribe(page, 'a', (value, before) => {
      listener(value, before);
      if (value === 1) throw new Error('mine');
    });
    subscribe(page, 'a', listener);
    heard();
    page.set({ a: 1 });
    page.set({ a: 2 });
    assert.deepEqual(heard(), [[1, undefined], [1, undefined], [2, 1], [2, 1]]);
  });

  it('refuses what it cannot follow', () => {
    const error = (message) => ({ name: 'SessionError', code: 'invalid_argument', message });
    const nothing = error('What is followed must be a key, an array of keys or a selector function');
    for (const what of [undefined, null, 1, {}, ['a', 1], [undefined]]) {
      assert.throws(() => subscribe(page, what, listener), nothing);
      assert.throws(() => values(page, what), nothing);
    }
    const nobody = error('The listener must be a function');
    for (const wrong of [undefined, {}]) assert.throws(() => subscribe(page, 'a', wrong), nobody);
    assertQuiet();
  });
});

describe('values', () => {
  const taken = (value) => ({ value, done: false });
  const END = { value: undefined, done: true };

  it('yields what there is, then what changes', async () => {
    page.data = { a: 1 };
    const seen = [];
    const loop = (async () => {
      for await (const value of values(page, 'a')) seen.push(value);
    })();
    await turn();
    assert.deepEqual(seen, [1]);
    page.set({ a: 2 });
    await turn();
    page.set({ b: 1 });
    await turn();
    page.set({ a: undefined });
    await turn();
    assert.deepEqual(seen, [1, 2, undefined]);
    page.leave();
    await loop;
    assertQuiet();
  });

  it('skips to the newest what came while the loop was busy', async () => {
    page.data = { a: 1 };
    const seen = [];
    for await (const value of values(page, 'a')) {
      seen.push(value);
      if (value === 1) {
        for (const a of [2, 3, 4]) {
          page.set({ a });
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
    page.state = 'new';
    const next = values(page, ['a']).next();
    page.join({ a: 1, b: 2 });
    assert.deepEqual(await next, taken({ a: 1 }));
  });

  const ends = {
    'the call is left': () => page.leave(),
    'the call fails': () => {
      page.tell('error', { state: 'error' });
      page.tell('left-meeting');
    },
    'the call is destroyed': () => page.destroy(),
    'the signal aborts': ({ abort }) => abort(),
    'it is told to': async ({ iterator }) => assert.deepEqual(await iterator.return('x'), { value: 'x', done: true }),
  };
  for (const [when, end] of Object.entries(ends)) {
    it(`ends when ${when}`, async () => {
      const { signal, listeners, abort } = controller();
      const iterator = values(page, 'a', { signal });
      assert.deepEqual(await iterator.next(), taken(undefined));
      const waiting = [iterator.next(), iterator.next()];
      await end({ abort, iterator });
      assert.deepEqual(await Promise.all(waiting), [END, END]);
      assert.deepEqual(await iterator.next(), END);
      assert.equal(listeners.size, 0);
      page.join({ a: 1 });
      assert.deepEqual(await iterator.next(), END);
      assertQuiet();
    });

    it(`yields nothing more when ${when}`, async () => {
      const { signal, abort } = controller();
      const iterator = values(page, 'a', { signal });
      page.set({ a: 1 });
      await end({ abort, iterator });
      assert.deepEqual(await iterator.next(), END);
    });
  }

  it('settles several that wait, each with a value of its own', async () => {
    const iterator = values(page, 'a');
    const waiting = [iterator.next(), iterator.next(), iterator.next()];
    page.set({ a: 1 });
    page.set({ a: 2 });
    assert.deepEqual(await Promise.all(waiting), [undefined, 1, 2].map(taken));
  });

  it('has ended before it began with an aborted signal or a destroyed call', async () => {
    const signal = AbortSignal.abort();
    const never = () => assert.fail('was asked');
    assert.deepEqual(await values(page, never, { signal }).next(), END);
    page.destroy();
    assert.deepEqual(await values(page, never).next(), END);
    assertQuiet();
  });

  it('lets each loop have all values', async () => {
    const [one, other] = [values(page, 'a'), values(page, 'a')];
    assert.equal(one[Symbol.asyncIterator](), one);
    await one.return();
    page.set({ a: 1 });
    assert.deepEqual(await other.next(), taken(1));
  });
});
