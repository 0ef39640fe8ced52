// `updateMeetingSessionData`: writes that are sent at once and answered.

import { SessionError } from '../../js/errors.js';
import { check, equal, same, test, within } from './support.js';

/** What a write rejects with. */
async function refusal(promise) {
  const error = await within(promise.then(() => undefined, (error) => error), 'a rejection');
  check(error instanceof SessionError, `${error} is a SessionError`);
  return error;
}

export const a_write_is_answered_after_its_event = test(async (meeting) => {
  const call = await meeting.joined();
  let told;
  call.on('meeting-session-state-updated', ({ meetingSessionState }) => (told = meetingSessionState.data));
  const result = await within(call.updateMeetingSessionData({ a: 1 }), 'the write');
  equal(result, { revision: 1, status: 'applied' });
  equal(told, { a: 1 });
  same(call.meetingSessionState().data, told);
});

export const a_write_that_changes_nothing_says_so = test(async (meeting) => {
  const call = await meeting.joined();
  await call.updateMeetingSessionData({ a: 1, b: 2 });
  const merge = { mergeStrategy: 'shallow-merge' };
  equal(await call.updateMeetingSessionData({ a: 1 }, merge), { revision: 1, status: 'unchanged' });
  equal(await call.updateMeetingSessionData({}, merge), { revision: 1, status: 'unchanged' });
  equal(await call.updateMeetingSessionData({ b: undefined }, merge), { revision: 2, status: 'applied' });
  equal(call.meetingSessionState().data, { a: 1 });
});

export const writes_are_sent_at_once_and_in_order = test(async (meeting) => {
  const call = await meeting.joined();
  const values = Array.from({ length: 30 }, (_, index) => index);
  const results = await within(
    Promise.all(values.map((n) => call.updateMeetingSessionData({ n }, { mergeStrategy: 'shallow-merge' }))),
    'thirty writes',
  );
  equal(results, values.map((n) => ({ revision: n + 1, status: 'applied' })));
  equal(meeting.sent('update').map((frame) => frame.set.n), values);
});

export const what_was_set_before_is_sent_before = test(async (meeting) => {
  const call = await meeting.joined();
  for (const n of [1, 2, 3]) call.setMeetingSessionData({ n }, 'shallow-merge');
  const { revision } = await call.updateMeetingSessionData({ n: 4 }, { mergeStrategy: 'shallow-merge' });
  equal(meeting.sent('update').map((frame) => frame.set.n), [1, 3, 4]);
  same(revision, 3);
  equal(call.meetingSessionState().data, { n: 4 });
});

export const a_refused_write_changes_nothing = test(async (meeting) => {
  const call = await meeting.joined();
  const half = 'x'.repeat(60_000);
  const merge = { mergeStrategy: 'shallow-merge' };
  const [kept, refused, last] = [{ a: half }, { b: half }, { c: 1 }].map((data) => call.updateMeetingSessionData(data, merge));
  const error = await refusal(refused);
  await Promise.all([kept, last]);
  const size = JSON.stringify({ a: half, b: half }).length;
  equal([error.code, error.size, error.retryable], ['too_large', size, false]);
  check(error.message.includes(`${size} characters`), error.message);
  equal(call.meetingSessionState().data, { a: half, c: 1 });
});

export const arguments_are_checked_as_for_setting = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  equal((await refusal(call.updateMeetingSessionData({}))).code, 'not_joined');
  await call.join();
  const cycle = {};
  cycle.cycle = cycle;
  const cases = [
    [[], undefined, 'invalid_argument'],
    [undefined, undefined, 'invalid_argument'],
    [{}, 'merge', 'invalid_argument'],
    [{}, null, 'invalid_argument'],
    [cycle, undefined, 'not_serializable'],
    [{ big: 1n }, 'shallow-merge', 'not_serializable'],
    [{ '\ud800': 1 }, undefined, 'not_serializable'],
    [{ k: 'x'.repeat(102_400) }, undefined, 'too_large'],
  ];
  for (const [data, mergeStrategy, code] of cases) {
    equal((await refusal(call.updateMeetingSessionData(data, { mergeStrategy }))).code, code);
  }
  same(call.meetingSessionRevision(), 0);
  equal(await call.updateMeetingSessionData({ ok: true }), { revision: 1, status: 'applied' });
  equal(meeting.sent('update').length, 1);
});

export const every_write_ends_when_the_call_does = test(async (meeting) => {
  const call = await meeting.joined();
  const writes = Array.from({ length: 200 }, (_, n) =>
    call.updateMeetingSessionData({ n }).then(() => 'applied', (error) => error.code),
  );
  const start = performance.now();
  const left = call.leave();
  const ends = await within(Promise.all(writes), 'the end of all writes');
  await left;
  const took = performance.now() - start;
  const count = (end) => ends.filter((one) => one === end).length;
  // 8 on their way, 128 waiting, the rest refused; leaving sends what waits.
  equal([meeting.sent('update').length, count('busy')], [136, 64]);
  // The server lets all of them through in 0.7 s; a machine so slow that leaving waits in vain for its answers knows less.
  equal(count('applied') + (took < 2000 ? 0 : count('unknown')), 136, `ended in ${took} ms`);
});

export const flushing_waits_for_all_that_was_set = test(async (meeting) => {
  const call = await meeting.joined();
  await within(call.flush(), 'a flush of nothing');
  for (let n = 1; n <= 5; n += 1) call.setMeetingSessionData({ n }, 'shallow-merge');
  await within(call.flush(), 'a flush');
  equal(call.meetingSessionState().data, { n: 5 });
  same(call.meetingSessionRevision(), 2);
  const writes = Array.from({ length: 140 }, (_, n) => call.updateMeetingSessionData({ n }).catch(() => {}));
  await within(call.flush(), 'a flush of many');
  equal(call.meetingSessionState().data, { n: 135 });
  await Promise.all(writes);
  await call.leave();
  await within(call.flush(), 'a flush outside');
});

export const a_flush_is_no_write_that_could_be_unsaved = test(async (meeting) => {
  const call = await meeting.joined();
  const told = [];
  call.on('meeting-session-saving-updated', ({ pending, error }) => told.push([pending, error?.code]));
  const flushing = call.flush();
  equal(call.meetingSessionSaving(), { pending: 0 });
  await within(flushing, 'a flush of nothing');
  equal(told, []);

  const error = await refusal(call.updateMeetingSessionData({ n: 'x'.repeat(200_000) }));
  await within(call.flush(), 'a flush after a failure');
  equal(call.meetingSessionSaving(), { pending: 0, error }, 'what was not saved is not saved by a flush');
  equal(told.splice(0), [[0, 'too_large']]);

  call.setMeetingSessionData({ n: 1 });
  const flushes = [call.flush(), call.flush()];
  const write = call.updateMeetingSessionData({ n: 2 });
  equal(call.meetingSessionSaving().pending, 2);
  await within(Promise.all([...flushes, write]), 'two flushes and what is around them');
  equal(told, [[1, 'too_large'], [2, 'too_large'], [1, 'too_large'], [0, undefined]]);

  const unsent = call.flush();
  await Promise.all([within(unsent, 'a flush that is left'), call.leave()]);
  equal([told.length, call.meetingSessionSaving()], [4, { pending: 0 }]);
});

export const an_error_says_what_it_is = test(async (meeting) => {
  const error = await refusal(meeting.call().updateMeetingSessionData({}));
  check(error instanceof Error, 'an Error');
  equal(String(error), 'SessionError: updateMeetingSessionData only supported after join.');
  equal(Object.keys(error).sort(), ['code', 'retryable']);
});
