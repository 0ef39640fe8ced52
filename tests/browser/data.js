// What data is to those who read it: the same values that were written, as plain data, and nothing more.

import { check, equal, next, same, test, within, write } from './support.js';

/** Writes and resolves to what another participant reads. The writer and one who joins later must read the same. */
async function carried(meeting, data, strategy) {
  const [writer, reader] = await Promise.all([meeting.joined(), meeting.joined()]);
  const read = next(reader, 'meeting-session-state-updated');
  const own = await write(writer, data, strategy);
  const { meetingSessionState } = await read;
  equal(own, meetingSessionState.data, 'what writer and reader have');
  const late = await meeting.joined();
  equal(late.meetingSessionState().data, own, 'what one who joins later has');
  return meetingSessionState.data;
}

/** A value nested so deep: `{"d":{"d":…1}}`. */
function nested(depth) {
  return JSON.parse('{"d":'.repeat(depth) + 1 + '}'.repeat(depth));
}

// --------------------------------------------------------------------------------------------------------- values

export const values_arrive_as_they_are = test(async (meeting) => {
  const values = {
    null: null,
    booleans: [true, false],
    integers: [0, 1, -1, 2 ** 53, -(2 ** 53), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
    floats: [0.1, 0.1 + 0.2, 1e21, 1e-7, 5e-324, Number.MAX_VALUE, Number.MIN_VALUE, Math.PI],
    strings: ['', ' ', '"\\/\b\f\n\r\t\0\x7f', '\u2028\u2029', 'ä€😀', '\ufeff', '</script>'],
    surrogates: ['\ud800', '\udc00\ud800', '\\ud800'],
    arrays: [[], [[]], [1, [2, [3]]]],
    objects: [{}, { a: {} }, { b: 1, a: 2, 10: 3, 9: 4 }],
  };
  equal(await carried(meeting, values), values);
});

export const the_order_of_nested_keys_stays = test(async (meeting) => {
  const data = await carried(meeting, { value: { b: 1, a: { z: 1, y: 2 } } });
  equal(JSON.stringify(data), '{"value":{"b":1,"a":{"z":1,"y":2}}}');
});

export const minus_zero_becomes_zero_as_in_json = test(async (meeting) => {
  equal(await carried(meeting, { zero: -0, deep: [-0] }), { zero: 0, deep: [0] });
});

export const data_nests_a_thousand_levels_deep = test(async (meeting) => {
  const data = await carried(meeting, { deep: nested(1_000), array: JSON.parse('['.repeat(1_000) + ']'.repeat(1_000)) });
  equal(data.deep, nested(1_000));
});

export const data_nests_as_deep_as_8_kb_of_brackets = test(async (meeting) => {
  // Too deep to be compared for the warning, which must not matter.
  const text = '['.repeat(4_000) + ']'.repeat(4_000);
  const data = await carried(meeting, { deep: JSON.parse(text) });
  equal(JSON.stringify(data.deep), text);
  meeting.logged('warn');
});

export const five_thousand_keys_arrive = test(async (meeting) => {
  const data = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`key ${index}`, index]));
  equal(await carried(meeting, data), data);
});

export const data_that_is_a_proxy_is_written = test(async (meeting) => {
  const reactive = (target) =>
    new Proxy(target, {
      get: (object, key) => (typeof object[key] === 'object' ? reactive(object[key]) : object[key]),
    });
  const plain = { list: [1, { deep: true }], text: 'x' };
  equal(await carried(meeting, reactive(plain)), plain);
});

export const an_own_tojson_says_what_is_written = test(async (meeting) => {
  const calls = [];
  const data = {
    secret: 1,
    toJSON(...args) {
      calls.push(args);
      return { shown: { toJSON: () => 'made' } };
    },
  };
  equal(await carried(meeting, data), { shown: 'made' });
  equal(calls, [['']]);
  same(meeting.logged('warn').length, 1);
});

export const what_is_written_is_a_copy = test(async (meeting) => {
  const call = await meeting.joined();
  const data = { list: [1] };
  const changed = write(call, data);
  data.list.push(2);
  data.later = true;
  const read = await changed;
  equal(read, { list: [1] });
  check(read !== data && read.list !== data.list, 'the data read is not the object that was written');
});

// ----------------------------------------------------------------------------------------------------------- keys

const AWKWARD = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON', '__defineGetter__'],
  ...['', ' ', '0', '10', '9', '-1', '4294967295', '"', '\\', '\n', '\0', 'ä', '😀', '\u2028', '😀'.repeat(500)],
];

/** An object with own members whatever their names are. */
function members(keys, value) {
  return Object.fromEntries(keys.map((key, index) => [key, value(key, index)]));
}

export const any_key_is_plain_data = test(async (meeting) => {
  const untouched = Object.getOwnPropertyNames(Object.prototype).join();
  const data = members(AWKWARD, (key, index) => ({ [key]: index, polluted: true }));
  const read = await carried(meeting, data);
  equal(read, data);
  for (const key of AWKWARD) check(Object.hasOwn(read, key), `${JSON.stringify(key)} is an own member`);
  same(Object.getPrototypeOf(read), Object.prototype);
  same({}.polluted, undefined);
  equal(Object.getOwnPropertyNames(Object.prototype).join(), untouched);
});

export const any_key_can_be_merged_and_deleted = test(async (meeting) => {
  const call = await meeting.joined();
  const data = members(AWKWARD, (_, index) => index);
  equal(await write(call, { kept: 1 }), { kept: 1 });
  equal(await write(call, data, 'shallow-merge'), { kept: 1, ...data });
  const without = await write(call, members(AWKWARD, () => undefined), 'shallow-merge');
  equal(without, { kept: 1 });
  same(Object.getPrototypeOf(without), Object.prototype);
  same(without.toString, Object.prototype.toString);
});

export const keys_with_escapes_are_told_apart = test(async (meeting) => {
  const data = { '\n': 1, '\\n': 2, n: 3, '\\u000a': 4, a: 5, '"a"': 6 };
  equal(await carried(meeting, data), data);
});

export const the_same_text_in_another_unicode_form_is_another_key = test(async (meeting) => {
  const data = { '\u00e9': 1, 'e\u0301': 2 };
  equal(await carried(meeting, data), data);
});

// ------------------------------------------------------------------------------------------------------- strategies

export const replace_leaves_nothing_of_what_was = test(async (meeting) => {
  const call = await meeting.joined();
  equal(await write(call, { a: 1, b: { c: 2 } }), { a: 1, b: { c: 2 } });
  equal(await write(call, { b: { d: 3 } }, 'replace'), { b: { d: 3 } });
  equal(await write(call, {}), {});
});

export const merge_replaces_nested_objects_as_a_whole = test(async (meeting) => {
  const call = await meeting.joined();
  const address = { city: 'Espoo', country: 'Finland' };
  equal(await write(call, { name: 'Ana', address }), { name: 'Ana', address });
  const changed = await write(call, { address: { city: 'Helsinki' } }, 'shallow-merge');
  equal(changed, { name: 'Ana', address: { city: 'Helsinki' } });
});

export const undefined_under_merge_deletes_and_null_does_not = test(async (meeting) => {
  const call = await meeting.joined();
  await write(call, { deleted: 1, nulled: 2, kept: 3 });
  const changed = await write(call, { deleted: undefined, nulled: null, never: undefined }, 'shallow-merge');
  equal(changed, { nulled: null, kept: 3 });
});

export const nested_undefined_only_vanishes = test(async (meeting) => {
  const call = await meeting.joined();
  await write(call, { value: { a: 1, b: 2 } });
  equal(await write(call, { value: { a: undefined, b: 3 } }, 'shallow-merge'), { value: { b: 3 } });
  same(meeting.logged('warn').length, 1);
});

export const an_empty_merge_is_not_even_sent = test(async (meeting) => {
  const call = await meeting.joined();
  same(call.setMeetingSessionData({}, 'shallow-merge'), undefined);
  same(call.setMeetingSessionData(Object.create(null), 'shallow-merge'), undefined);
  // Had it begun an interval, the next write would have to wait for its end.
  equal(await write(call, { a: 1 }), { a: 1 });
  same(meeting.sent('update').length, 1);
});

export const merges_of_several_writers_commute = test(async (meeting) => {
  const [ana, ben, cem] = await Promise.all([meeting.joined(), meeting.joined(), meeting.joined()]);
  const calls = [ana, ben, cem];
  const all = calls.map(
    (call) =>
      new Promise((resolve) => {
        call.on('meeting-session-state-updated', () => call.meetingSessionRevision() === 3 && resolve());
      }),
  );
  calls.forEach((call, index) => call.setMeetingSessionData({ [`writer ${index}`]: index }, 'shallow-merge'));
  await within(Promise.all(all), 'three revisions');
  for (const call of calls) equal(call.meetingSessionState().data, { 'writer 0': 0, 'writer 1': 1, 'writer 2': 2 });
});
