// Writes on a condition, merge patches, writes that are withdrawn, and who changed what.

import { SessionError } from '../../js/errors.js';
import { check, equal, next, same, test, within } from './support.js';

const MERGE = { mergeStrategy: 'shallow-merge' };

/** What a write rejects with. */
export async function refusal(promise) {
  const error = await within(promise.then(() => undefined, (error) => error), 'a rejection');
  check(error instanceof SessionError, `${error} is a SessionError`);
  return error;
}

/** Two participants, each of which sees what the other has written before this resolves. */
async function two(meeting, data) {
  const [ana, bo] = [await meeting.joined({ userName: 'Ana' }), await meeting.joined({ userName: 'Bo' })];
  await ana.updateMeetingSessionData(data);
  await caughtUp(ana, bo);
  return [ana, bo];
}

/** Resolves when all of them have the revision of the first. */
async function caughtUp(first, ...others) {
  for (const call of others) {
    while (call.meetingSessionRevision() < first.meetingSessionRevision()) await next(call, 'meeting-session-state-updated');
  }
}

export const a_write_may_depend_on_the_revision = test(async (meeting) => {
  const call = await meeting.joined();
  equal(await call.updateMeetingSessionData({ a: 1 }, { ifRevision: 0 }), { revision: 1, status: 'applied' });
  const error = await refusal(call.updateMeetingSessionData({ a: 2 }, { ifRevision: 0 }));
  equal([error.code, error.retryable, error.revision], ['conflict', true, 1]);
  equal(call.meetingSessionState().data, { a: 1 });
  equal(await call.updateMeetingSessionData({ a: 1 }, { ifRevision: 1 }), { revision: 1, status: 'unchanged' });
});

export const a_write_may_depend_on_keys_that_are_there_gone_or_were_never_there = test(async (meeting) => {
  const [ana, bo] = await two(meeting, { there: 1, gone: 1, other: 1 });
  const on = (key) => bo.updateMeetingSessionData({ won: key }, { ...MERGE, ifUnchanged: [key] });
  for (const key of ['there', 'gone', 'never']) equal((await on(key)).status, 'applied', key);
  await caughtUp(bo, ana);

  // Bo writes in the same moment, before it has seen what Ana wrote; what comes first is the server's choice.
  const race = (change, key) => {
    const first = ana.updateMeetingSessionData(change, { ...MERGE, ifUnchanged: Object.keys(change) });
    const second = bo.updateMeetingSessionData({ ...change, by: 'bo' }, { ...MERGE, ifUnchanged: [key] });
    return Promise.allSettled([first, second]);
  };
  for (const [change, key] of [[{ there: 2 }, 'there'], [{ gone: undefined }, 'gone'], [{ never: 3 }, 'never']]) {
    const ends = await race(change, key);
    const won = ends.filter(({ status }) => status === 'fulfilled');
    equal(won.length, 1, `winners of ${key}`);
    const { reason } = ends.find(({ status }) => status === 'rejected');
    equal([reason.code, reason.changedKeys], ['conflict', [key]]);
    await caughtUp(ana, bo);
    await caughtUp(bo, ana);
  }
  equal((await on('other')).status, 'applied', 'a key that nobody has touched');
});

export const a_conflict_says_what_is_there_and_who_was_first = test(async (meeting) => {
  const start = { a: 1, b: 1, c: 1 };
  const [ana, bo] = await two(meeting, start);
  let error;
  // Mostly the one that sends first is first.
  while (!error) {
    await bo.updateMeetingSessionData(start);
    await caughtUp(bo, ana);
    const [, end] = await Promise.allSettled([
      ana.updateMeetingSessionData({ a: 2, b: undefined, d: 1 }, MERGE),
      bo.updateMeetingSessionData({ a: 3 }, { ...MERGE, ifUnchanged: ['a', 'b', 'c'] }),
    ]);
    error = end.reason;
    await caughtUp(ana, bo);
    await caughtUp(bo, ana);
  }
  const { session_id: anaId } = ana.participants().local;
  equal(error.changedKeys.sort(), ['a', 'b']);
  equal(error.updatedBy, { a: anaId, b: anaId });
  equal(error.current, { a: 2, c: 1, d: 1 });
  same(error.current, bo.meetingSessionState().data);
  same(error.revision, bo.meetingSessionRevision());
  check(error.message.includes('somebody else changed it first'), error.message);
});

export const ones_own_writes_under_way_are_changes_too = test(async (meeting) => {
  const call = await meeting.joined();
  call.setMeetingSessionData({ a: 1 });
  const error = await refusal(call.updateMeetingSessionData({ a: 2 }, { ...MERGE, ifUnchanged: ['a'] }));
  equal(error.current, { a: 1 });
  equal((await call.updateMeetingSessionData({ a: 2 }, { ...MERGE, ifUnchanged: ['a'] })).status, 'applied');
});

export const conditions_are_checked = test(async (meeting) => {
  const call = await meeting.joined();
  const conditions = [
    [{ ifRevision: -1 }, 'invalid_argument'],
    [{ ifRevision: 1.5 }, 'invalid_argument'],
    [{ ifRevision: '0' }, 'invalid_argument'],
    [{ ifRevision: null }, 'invalid_argument'],
    [{ ifRevision: undefined }, 'invalid_argument'],
    [{ ifUnchanged: undefined }, 'invalid_argument'],
    [{ ifUnchange: ['a'] }, 'invalid_argument'],
    [{ ifUnchanged: 'a' }, 'invalid_argument'],
    [{ ifUnchanged: [1] }, 'invalid_argument'],
    [{ ifUnchanged: null }, 'invalid_argument'],
    [{ ifUnchanged: ['\ud800'] }, 'not_serializable'],
    [{ ifUnchanged: ['x'.repeat(330_000)] }, 'too_large'],
  ];
  for (const [condition, code] of conditions) {
    equal((await refusal(call.updateMeetingSessionData({}, condition))).code, code, JSON.stringify(condition).slice(0, 40));
  }
  for (const options of ['shallow-merge', null]) {
    equal((await refusal(call.updateMeetingSessionData({}, options))).code, 'invalid_argument', String(options));
  }
  equal(meeting.sent('update').length, 0);
  equal((await call.updateMeetingSessionData({ ok: 1 }, { ifUnchanged: [] })).status, 'applied');
  equal((await call.updateMeetingSessionData({ ok: 2 }, { ifUnchanged: ['ok', 'ok', '', '__proto__'] })).status, 'applied');
});

export const a_merge_patch_reaches_into_nested_objects = test(async (meeting) => {
  const [ana, bo] = await two(meeting, { poll: { votes: { ana: 1 }, open: true }, list: [1] });
  const patch = { mergeStrategy: 'merge-patch' };
  await Promise.all([
    ana.updateMeetingSessionData({ poll: { votes: { ana: 2 } } }, patch),
    bo.updateMeetingSessionData({ poll: { votes: { bo: 1 }, open: null }, list: null }, patch),
  ]);
  await caughtUp(ana, bo);
  await caughtUp(bo, ana);
  for (const call of [ana, bo]) equal(call.meetingSessionState().data, { poll: { votes: { ana: 2, bo: 1 } } });
  equal((await ana.updateMeetingSessionData({ poll: { votes: { bo: 1 } } }, patch)).status, 'unchanged');

  let deep = 1;
  for (let level = 0; level < 33; level += 1) deep = { deep };
  equal((await refusal(ana.updateMeetingSessionData(deep, patch))).code, 'bad_data');
});

export const daily_s_own_method_knows_only_daily_s_strategies = test(async (meeting) => {
  const call = await meeting.joined();
  let thrown;
  try {
    call.setMeetingSessionData({}, 'merge-patch');
  } catch (error) {
    thrown = error.message;
  }
  equal(thrown, 'Unrecognized mergeStrategy provided. Options are: [replace,shallow-merge]');
  meeting.expectLogged('error', thrown);
});

export const a_signal_withdraws_what_was_not_sent = test(async (meeting) => {
  const call = await meeting.joined();
  const controller = new AbortController();
  const { signal } = controller;
  // Eight are under way at most, so the last ones wait.
  const writes = Array.from({ length: 12 }, (_, n) => call.updateMeetingSessionData({ n }, { signal }));
  controller.abort(new Error('changed my mind'));
  const errors = await Promise.all(writes.map(refusal));
  equal(errors.map(({ code }) => code), [...Array(8).fill('too_late'), ...Array(4).fill('aborted')]);
  for (const error of errors) same(error.cause, signal.reason);
  await call.flush();
  equal(call.meetingSessionState().data, { n: 7 });
  equal(meeting.sent('update').map(({ set }) => set.n), [0, 1, 2, 3, 4, 5, 6, 7, undefined]);
  equal(call.meetingSessionSaving(), { pending: 0 });

  equal((await refusal(call.updateMeetingSessionData({ n: 8 }, { signal }))).code, 'aborted');
  equal((await refusal(call.transact((data) => void (data.n = 8), { signal }))).code, 'aborted');
  equal(meeting.sent('update').length, 9);
});

export const a_signal_that_comes_after_the_end_is_too_late_for_anything = test(async (meeting) => {
  const call = await meeting.joined();
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  for (const [method, change] of [['addEventListener', 1], ['removeEventListener', -1]]) {
    signal[method] = (...args) => {
      listeners += change;
      AbortSignal.prototype[method].apply(signal, args);
    };
  }
  equal((await call.updateMeetingSessionData({ n: 1 }, { signal })).status, 'applied');
  await refusal(call.updateMeetingSessionData({ n: 2 }, { signal, ifRevision: 0 }));
  same(listeners, 0, 'listeners left on the signal');
  controller.abort();
});

export const an_event_says_what_was_changed_and_by_whom = test(async (meeting) => {
  const [ana, bo] = await two(meeting, { a: 1, b: 1 });
  const [anaId, boId] = [ana, bo].map((call) => call.participants().local.session_id);
  const told = next(ana, 'meeting-session-state-updated');
  const before = Date.now();
  await bo.updateMeetingSessionData({ b: undefined, c: 3 }, MERGE);
  const { revision, changedKeys, updatedBy } = await told;
  equal([revision, changedKeys.sort(), updatedBy], [2, ['b', 'c'], { b: boId, c: boId }]);

  const { updatedAt, ...entry } = ana.meetingSessionEntry('c');
  equal(entry, { value: 3, version: 2, updatedBy: boId });
  check(updatedAt instanceof Date && Math.abs(updatedAt - before) < 60_000, `${updatedAt} is now`);
  same(ana.meetingSessionEntry('a').version, 1);
  same(ana.meetingSessionEntry('a').updatedBy, anaId);
  same(ana.meetingSessionEntry('b'), undefined);
  same(ana.meetingSessionEntry('toString'), undefined);

  // Somebody who joins later knows it, too.
  const late = meeting.call({ url: meeting.url });
  const first = next(late, 'meeting-session-state-updated');
  await late.join();
  const event = await first;
  equal([event.revision, event.changedKeys.sort(), event.updatedBy], [2, ['a', 'c'], { a: anaId, c: boId }]);
  equal(late.meetingSessionEntry('c'), ana.meetingSessionEntry('c'));
});

export const what_is_not_saved_is_counted = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  equal(call.meetingSessionSaving(), { pending: 0 });
  await call.join();
  const counts = [];
  call.on('meeting-session-saving-updated', ({ pending, error }) => counts.push([pending, error?.code]));
  const writes = [1, 2, 3].map((n) => call.updateMeetingSessionData({ n }));
  equal(call.meetingSessionSaving(), { pending: 3 });
  await Promise.all(writes);
  equal(counts.at(-1), [0, undefined]);

  equal((await refusal(call.updateMeetingSessionData({ n: 'x'.repeat(200_000) }))).code, 'too_large');
  equal(counts.at(-1), [0, 'too_large']);
  await call.updateMeetingSessionData({ half: 'x'.repeat(60_000) });
  const error = await refusal(call.updateMeetingSessionData({ more: 'x'.repeat(60_000) }, MERGE));
  equal(call.meetingSessionSaving(), { pending: 0, error });
  await refusal(call.updateMeetingSessionData({}, { ifRevision: 0 }));
  equal(call.meetingSessionSaving(), { pending: 0, error }, 'a conflict is for who asked, and saves nothing');
  await call.updateMeetingSessionData({ half: 'x'.repeat(60_000), n: 4 });
  equal(call.meetingSessionSaving(), { pending: 0 });

  await refusal(call.updateMeetingSessionData({ more: 'x'.repeat(60_000) }, MERGE));
  await call.leave();
  equal(call.meetingSessionSaving().error.code, 'too_large', 'what was not saved in a call that is over');
  await call.join();
  equal([call.meetingSessionSaving(), counts.at(-1)], [{ pending: 0 }, [0, undefined]]);
});
