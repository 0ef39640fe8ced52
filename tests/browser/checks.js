// The checks of `setMeetingSessionData`: Daily's order, Daily's texts, thrown at once as plain `Error` and logged.

import { check, equal, eventually, same, test, throws, within, write } from './support.js';

const NOT_JOINED = 'setMeetingSessionData only supported after join.';
const STRATEGY = 'Unrecognized mergeStrategy provided. Options are: [replace,shallow-merge]';
const NOT_PLAIN = 'Meeting session data must be a plain (map-like) object';
const NOT_JSON = 'Meeting session data must be serializable to JSON: ';
const BOTH = ['replace', 'shallow-merge'];

/** Checks that a write is refused with this text, and logged. */
function refused(meeting, call, text, ...args) {
  throws(() => call.setMeetingSessionData(...args), text);
  meeting.expectLogged('error', text);
}

/** Checks that data is refused as not JSON, for a reason that engines put in their own words. */
function notJson(meeting, call, data, strategy) {
  let message;
  try {
    call.setMeetingSessionData(data, strategy);
  } catch (error) {
    same(error.constructor, Error);
    ({ message } = error);
  }
  check(message?.startsWith(NOT_JSON) && message.length > NOT_JSON.length, `"${message}" begins with "${NOT_JSON}"`);
  meeting.expectLogged('error', message);
  return message.slice(NOT_JSON.length);
}

/** Checks that the call still writes and reads, and that nothing of what was refused has been sent. */
async function stillWorks(call) {
  equal(call.meetingSessionRevision(), 0);
  equal(await write(call, { well: true }), { well: true });
}

// --------------------------------------------------------------------------------------------------------- 2: state

export const a_call_that_is_not_joined_refuses_every_write = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const everyWayIsRefused = () => {
    // The state is checked before any look at the arguments.
    for (const args of [[{}], [{}, 'shallow-merge'], [{}, 'merge'], [null], [5, null], []]) {
      refused(meeting, call, NOT_JOINED, ...args);
    }
    const looked = () => check(false, 'looked at');
    const untouchable = new Proxy({}, { get: looked, getPrototypeOf: looked });
    refused(meeting, call, NOT_JOINED, untouchable);
  };

  everyWayIsRefused();
  const joined = call.join();
  everyWayIsRefused();
  await within(joined, 'joining');
  call.setMeetingSessionData({});
  await within(call.leave(), 'leaving');
  everyWayIsRefused();
  await within(call.destroy(), 'destroying');
  everyWayIsRefused();
});

// ------------------------------------------------------------------------------------------------------ 3: strategy

export const unknown_strategies_are_refused_before_the_data_is_looked_at = test(async (meeting) => {
  const call = await meeting.joined();
  for (const strategy of [null, '', 'merge', 'Replace', 'shallow-merge ', 0, true, {}, ['replace']]) {
    refused(meeting, call, STRATEGY, {}, strategy);
  }
  const untouchable = new Proxy({}, { getPrototypeOf: () => check(false, 'looked at') });
  for (const data of [null, undefined, 5, { n: 1n }, untouchable]) refused(meeting, call, STRATEGY, data, 'merge');
  await stillWorks(call);
});

export const without_a_strategy_data_is_replaced = test(async (meeting) => {
  const call = await meeting.joined();
  equal(await write(call, { a: 1 }), { a: 1 });
  equal(await write(call, { b: 2 }, undefined), { b: 2 });
  same(meeting.sent('update').length, 2);
});

// ---------------------------------------------------------------------------------------------------------- 4: data

export const only_plain_objects_are_data = test(async (meeting) => {
  const call = await meeting.joined();
  class Point {
    x = 1;
  }
  const kinds = [
    ...[null, undefined, true, '', 'text', 0, 5, NaN, 1n, Symbol('s'), () => ({})],
    ...[[], [{}], new Date(), new Map(), new Set(), /r/, new Error('e'), new Point(), Object.create({}), new String('s')],
    ...[Promise.resolve(), new Uint8Array(2), globalThis, new Proxy([], {})],
  ];
  for (const strategy of BOTH) {
    for (const kind of kinds) refused(meeting, call, NOT_PLAIN, kind, strategy);
  }
  refused(meeting, call, NOT_PLAIN);
  await stillWorks(call);
});

export const what_an_own_tojson_makes_must_be_a_plain_object_too = test(async (meeting) => {
  const call = await meeting.joined();
  for (const made of [null, 'text', [1], undefined]) refused(meeting, call, NOT_PLAIN, { toJSON: () => made });
  await stillWorks(call);
});

export const objects_without_a_prototype_are_data = test(async (meeting) => {
  const call = await meeting.joined();
  const data = Object.assign(Object.create(null), { a: 1 });
  equal(await write(call, data), { a: 1 });
  // Readers get one with a prototype.
  same(meeting.logged('warn').length, 1);
  equal(await write(call, Object.assign(Object.create(null), { b: 2 }), 'shallow-merge'), { a: 1, b: 2 });
});

// ---------------------------------------------------------------------------------------------------------- 5: JSON

export const data_that_json_cannot_say_is_refused = test(async (meeting) => {
  const call = await meeting.joined();
  const cycle = { name: 'cycle' };
  cycle.self = cycle;
  const boom = () => {
    throw new Error('boom');
  };
  const getter = Object.defineProperty({}, 'key', { enumerable: true, get: boom });
  for (const strategy of BOTH) {
    for (const data of [cycle, { deep: [cycle] }, { n: 1n }, { deep: { n: 1n } }]) notJson(meeting, call, data, strategy);
    for (const data of [getter, { deep: getter }, { toJSON: boom }, { deep: { toJSON: boom } }]) {
      equal(notJson(meeting, call, data, strategy), 'Error: boom');
    }
  }
  await stillWorks(call);
});

export const whatever_is_thrown_while_data_is_read_ends_up_in_the_message = test(async (meeting) => {
  const call = await meeting.joined();
  for (const [thrown, text] of [['text', 'text'], [undefined, 'undefined'], [new TypeError('t'), 'TypeError: t']]) {
    const data = Object.defineProperty({}, 'key', {
      enumerable: true,
      get() {
        throw thrown;
      },
    });
    equal(notJson(meeting, call, data), text);
  }
  await stillWorks(call);
});

export const a_key_with_half_a_surrogate_pair_is_refused = test(async (meeting) => {
  const call = await meeting.joined();
  for (const key of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
    for (const strategy of BOTH) {
      equal(notJson(meeting, call, { [key]: 1 }, strategy), 'SyntaxError: a key contains a lone surrogate');
    }
    notJson(meeting, call, { [key]: undefined }, 'shallow-merge');
  }
  await stillWorks(call);
  equal(await write(call, { '😀': 1 }), { '😀': 1 });
});

export const proxies_that_throw_do_not_wedge_the_call = test(async (meeting) => {
  const call = await meeting.joined();
  const boom = () => {
    throw new Error('boom');
  };
  for (const trap of ['ownKeys', 'get', 'getOwnPropertyDescriptor']) {
    for (const strategy of BOTH) {
      equal(notJson(meeting, call, new Proxy({ key: 1 }, { [trap]: boom }), strategy), 'Error: boom');
      equal(notJson(meeting, call, { deep: new Proxy({ key: 1 }, { [trap]: boom }) }, strategy), 'Error: boom');
    }
  }
  // What is not even to be asked for its prototype throws what it throws.
  throws(() => call.setMeetingSessionData(new Proxy({}, { getPrototypeOf: boom })), 'boom');
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  notJson(meeting, call, { proxy });
  await stillWorks(call);
});

export const data_that_throws_only_when_it_is_read_again_is_written = test(async (meeting) => {
  const call = await meeting.joined();
  let reads = 0;
  const data = {
    get key() {
      reads += 1;
      if (reads > 1) throw new Error('read twice');
      return 'once';
    },
  };
  equal(await write(call, data), { key: 'once' });
  meeting.expectLogged('warn', MODIFIED);
});

export const data_that_writes_while_it_is_read_keeps_the_order = test(async (meeting) => {
  const call = await meeting.joined();
  const data = {
    get outer() {
      call.setMeetingSessionData({ inner: 1 }, 'shallow-merge');
      return 2;
    },
  };
  call.setMeetingSessionData(data, 'shallow-merge');
  // The warning reads the data a second time.
  await eventually(() => call.meetingSessionState().data, { inner: 1, outer: 2 });
});

// --------------------------------------------------------------------------------------------------------- warnings

const MODIFIED = 'The meeting session data provided will be modified when serialized.';
const KEY_MODIFIED = 'At least one key in the meeting session data provided will be modified when serialized.';

export const what_json_changes_is_said_in_a_warning = test(async (meeting) => {
  const call = await meeting.joined();
  const date = new Date(0);
  const sparse = [];
  sparse[1] = 1;
  const values = [
    [NaN, null],
    [-Infinity, null],
    [date, date.toJSON()],
    [new Set([1]), {}],
    [sparse, [null, 1]],
    [[undefined], [null]],
    [{ gone: undefined, kept: 1 }, { kept: 1 }],
    [{ gone: () => 1 }, {}],
    [Object(Symbol.iterator), {}],
    [new String('s'), 's'],
    [{ toJSON: () => 'made' }, 'made'],
  ];
  for (const [value, becomes] of values) {
    for (const [strategy, text] of [['replace', MODIFIED], ['shallow-merge', KEY_MODIFIED]]) {
      const data = { fine: 1, value };
      same(call.setMeetingSessionData(data, strategy), undefined);
      const warnings = meeting.logged('warn');
      same(warnings.length, 1, `warnings about ${String(becomes)} under ${strategy}`);
      equal(warnings[0].slice(0, 2), [text, { fine: 1, value: becomes }]);
      same(warnings[0][2], data);
    }
  }
});

export const what_json_does_not_change_is_written_in_silence = test(async (meeting) => {
  const call = await meeting.joined();
  const shared = { twice: [1] };
  const silent = [
    {},
    { zero: -0, deep: [-0] },
    { lone: '\ud800', deep: ['\udc00'] },
    { null: null, no: false, text: 'ä😀\u2028\0', nested: [[], {}, [{ a: [null] }]], shared: [shared, shared] },
    { [Symbol('ignored')]: 1 },
    Object.defineProperty({}, 'hidden', { value: 1n, enumerable: false }),
    JSON.parse('{"__proto__":{"a":1},"constructor":1,"deep":{"__proto__":1}}'),
    new Proxy({ deep: new Proxy({ a: [1] }, {}) }, {}),
  ];
  for (const data of silent) {
    for (const strategy of BOTH) call.setMeetingSessionData(data, strategy);
  }
  call.setMeetingSessionData({ gone: undefined }, 'shallow-merge');
  equal(meeting.log, []);
});

export const undefined_under_replace_vanishes_with_a_warning = test(async (meeting) => {
  const call = await meeting.joined();
  equal(await write(call, { kept: 1, gone: undefined }), { kept: 1 });
  meeting.expectLogged('warn', MODIFIED);
});

export const functions_at_the_top_vanish_under_replace_and_are_refused_under_merge = test(async (meeting) => {
  const call = await meeting.joined();
  for (const value of [() => 1, class {}, Symbol('s')]) {
    const text = `${NOT_JSON}SyntaxError: "undefined" is not valid JSON`;
    refused(meeting, call, text, { kept: 1, value }, 'shallow-merge');
    call.setMeetingSessionData({ kept: 1, value });
    meeting.expectLogged('warn', MODIFIED);
  }
  equal(await write(call, { other: 2 }, 'shallow-merge'), { kept: 1 });
  equal(await write(call, {}), {});
});

export const long_data_is_not_compared = test(async (meeting) => {
  const call = await meeting.joined();
  const data = { text: 'x'.repeat(10_000), lost: NaN };
  equal(await write(call, data), { ...data, lost: null });
});
