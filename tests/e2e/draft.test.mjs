// What a transaction makes of the data: which keys it writes, and on which keys that depends.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { draft } from '../../js/draft.js';

/** Data that nothing may change: a change would throw. */
function shared(text = '{"count":1,"poll":{"votes":{"ana":1}},"list":[1,2],"title":"a"}') {
  return freeze(JSON.parse(text));
}

function freeze(value) {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freeze);
  return value;
}

/** The update and the keys, as plain members that can be compared. */
function made(change, data = shared()) {
  const result = draft(data, change);
  return result && { set: Object.entries(result.data), keys: result.keys };
}

const refused = (change, data = shared()) =>
  assert.throws(() => draft(data, change), (error) => {
    assert.equal(error.name, 'SessionError');
    assert.equal(error.code, 'invalid_argument');
    assert.match(error.message, /^Change the draft and return nothing, or return the whole next data/);
    return true;
  });

describe('a draft that is changed', () => {
  it('writes the keys that differ and names those that were read or written', () => {
    assert.deepEqual(made((draft) => void (draft.count += 1)), { set: [['count', 2]], keys: ['count'] });
    const copied = made((draft) => void (draft.title = `${draft.count}`));
    assert.deepEqual(copied, { set: [['title', '1']], keys: ['count', 'title'] });
    assert.deepEqual(made((draft) => void (draft.fresh ??= 1)), { set: [['fresh', 1]], keys: ['fresh'] });
    const asked = made((draft) => void ('fresh' in draft || Object.hasOwn(draft, 'other') || (draft.count = 2)));
    assert.deepEqual(asked, { set: [['count', 2]], keys: ['fresh', 'other', 'count'] });
    assert.deepEqual(made((draft) => Object.assign(draft, { count: 2 })), { set: [['count', 2]], keys: ['count'] });
    const defined = made((draft) => Object.defineProperty(draft, 'x', { value: 1, enumerable: true }));
    assert.deepEqual(defined, { set: [['x', 1]], keys: ['x'] });
  });

  it('finds what changed inside a value, and leaves the shared one alone', () => {
    const data = shared();
    const { set, keys } = made((draft) => {
      draft.poll.votes.bo = 2;
      draft.poll.votes.ana += 1;
      draft.list.push(3);
      assert.equal(draft.list, draft.list);
    }, data);
    assert.deepEqual(set, [['poll', { votes: { ana: 2, bo: 2 } }], ['list', [1, 2, 3]]]);
    assert.deepEqual(keys, ['poll', 'list']);
    assert.deepEqual(data, shared());
    const descriptor = ({ value }) => value.push(3);
    const other = made((draft) => void descriptor(Object.getOwnPropertyDescriptor(draft, 'list')), data);
    assert.deepEqual(other.set, [['list', [1, 2, 3]]]);
  });

  it('deletes with `delete` and with undefined', () => {
    const deleted = { set: [['count', undefined]], keys: ['count'] };
    assert.deepEqual(made((draft) => void delete draft.count), deleted);
    assert.deepEqual(made((draft) => void (draft.count = undefined)), deleted);
    assert.equal(made((draft) => void delete draft.fresh), undefined);
    assert.equal(made((draft) => void (draft.fresh = undefined)), undefined);
    assert.deepEqual(made((draft) => {
      delete draft.count;
      assert.ok(!('count' in draft));
      draft.count = 7;
    }), { set: [['count', 7]], keys: ['count'] });
  });

  it('writes nothing when in the end nothing differs', () => {
    assert.equal(made(() => {}), undefined);
    assert.equal(made((draft) => draft), undefined);
    assert.equal(made((draft) => void draft.poll.votes), undefined);
    assert.equal(made((draft) => void (draft.list = [1, 2])), undefined);
    assert.equal(made((draft) => {
      draft.list.push(3);
      draft.list.pop();
      draft.count += 1;
      draft.count -= 1;
    }), undefined);
  });

  it('depends on everything once the keys are listed', () => {
    const ways = [
      (draft) => Object.keys(draft),
      (draft) => Object.entries(draft),
      (draft) => ({ ...draft }),
      (draft) => JSON.stringify(draft),
      (draft) => {
        for (const key in draft) return key;
      },
    ];
    for (const way of ways) {
      const listed = made((draft) => void (draft.count = JSON.stringify(way(draft))?.length));
      assert.equal(listed.set.length, 1, String(way));
      assert.equal(listed.keys, undefined, String(way));
    }
    const text = made((draft) => void (draft.title = JSON.stringify(draft)));
    assert.deepEqual(text.set, [['title', JSON.stringify(shared())]]);
  });

  it('may be returned', () => {
    const returned = made((draft) => {
      draft.count = 2;
      return draft;
    });
    assert.deepEqual(returned, { set: [['count', 2]], keys: ['count'] });
  });

  it('takes every key for data', () => {
    const text = '{"__proto__":{"a":1},"constructor":1,"undefined":[1]}';
    const nested = made((draft) => {
      draft['__proto__'].a += 1;
      draft.constructor += 1;
      draft.undefined.push(2);
      Object.keys(draft);
    }, shared(text));
    assert.deepEqual(nested.set, [['__proto__', { a: 2 }], ['constructor', 2], ['undefined', [1, 2]]]);

    const assigned = made((draft) => {
      assert.equal(draft['__proto__'], undefined);
      assert.equal(draft.constructor, undefined);
      assert.ok(!('toString' in draft));
      draft['__proto__'] = { polluted: true };
      assert.equal(draft.polluted, undefined);
      draft.toString = 1;
    });
    assert.deepEqual(assigned.set, [['__proto__', { polluted: true }], ['toString', 1]]);
    assert.deepEqual(assigned.keys, ['__proto__', 'constructor', 'toString', 'polluted']);
    assert.equal({}.polluted, undefined);

    assert.deepEqual(made((draft) => void delete draft['__proto__'], shared(text)).set, [['__proto__', undefined]]);
    // A symbol is no key that could be sent.
    assert.deepEqual(made((draft) => {
      draft[Symbol.iterator] = 1;
      draft.count = 2;
    }), { set: [['count', 2]], keys: ['count'] });
  });

  it('hands on what JSON does not know, for the usual error', () => {
    const cycle = [];
    cycle.push(cycle);
    for (const value of [1n, cycle, () => {}, Symbol('a'), { toJSON() {} }, [1n]]) {
      assert.deepEqual(made((draft) => void (draft.fresh = value)).set, [['fresh', value]]);
      assert.deepEqual(made((draft) => void (draft.count = value)).set, [['count', value]]);
    }
    const date = new Date(0);
    assert.deepEqual(made((draft) => void (draft.count = date)).set, [['count', date]]);
    assert.deepEqual(made((draft) => void (draft.count = NaN)).set, [['count', NaN]]);
    assert.deepEqual(made((draft) => void (draft.list[0] = undefined)).set, [['list', [undefined, 2]]]);
  });
});

describe('a function that returns the next data', () => {
  it('has what differs written, and what it lacks deleted', () => {
    const whole = made(() => ({ count: 1, title: 'b', fresh: 0 }));
    const set = [['poll', undefined], ['list', undefined], ['title', 'b'], ['fresh', 0]];
    assert.deepEqual(whole, { set, keys: undefined });
    assert.equal(made(() => ({})).set.length, 4);
    assert.equal(made(() => shared()), undefined);
    const nothing = Object.assign(Object.create(null), shared(), { count: 2 });
    assert.deepEqual(made(() => nothing).set, [['count', 2]]);
    assert.deepEqual(made(() => ({ ...shared(), count: undefined, other: undefined })).set, [['count', undefined]]);
  });

  it('may spread the draft, also after it has changed it', () => {
    assert.deepEqual(made((draft) => ({ ...draft, count: draft.count + 1 })), { set: [['count', 2]], keys: undefined });
    assert.equal(made((draft) => ({ ...draft })), undefined);
    assert.deepEqual(made(({ count, ...rest }) => rest), { set: [['count', undefined]], keys: undefined });
    assert.deepEqual(made((draft) => ({ ...draft, list: draft.list.reverse() })).set, [['list', [2, 1]]]);
    assert.deepEqual(made((draft) => {
      delete draft.count;
      return { ...draft, title: 'b' };
    }).set, [['count', undefined], ['title', 'b']]);
  });

  it('takes every key for data', () => {
    const special = JSON.parse('{"__proto__":{},"constructor":1,"count":1}');
    assert.deepEqual(made(() => special, shared('{"count":1}')).set, [['__proto__', {}], ['constructor', 1]]);
    const lost = [['__proto__', undefined], ['constructor', undefined]];
    assert.deepEqual(made(() => ({ count: 1 }), freeze(special)).set, lost);
  });

  it('is refused when that is no plain object', () => {
    const wrong = [null, 1, '', 'abc', true, false, [], [1], new Map(), new Date(), () => {}, Promise.resolve()];
    for (const value of wrong) refused(() => value);
    refused(async (draft) => void (draft.count = 2));
    refused((draft) => (draft.count += 1));
    class Thenable {
      then() {}
    }
    refused(() => new Thenable());
  });

  it('is refused when it returns what it has just put into the draft', () => {
    refused((draft) => (draft.fresh = { a: 1 }));
    refused((draft) => (draft.poll.votes = { ana: 0 }));
  });

  it('lets through what it throws', () => {
    const error = new Error('mine');
    assert.throws(() => draft(shared(), () => {
      throw error;
    }), error);
  });
});
