// `transact`: read, change, write, and again if somebody else was first.

import { refusal } from './conditions.js';
import { check, equal, pause, same, test, within } from './support.js';

const add = (data) => void (data.count = (data.count ?? 0) + 1);

/** A change that always meets a conflict, since the call itself writes before it. `ran` hears how often it has run. */
function losing(call, ran) {
  let runs = 0;
  return (data) => {
    runs += 1;
    ran(runs);
    call.updateMeetingSessionData({ count: runs * 10 });
    add(data);
  };
}

export const a_transaction_writes_what_its_function_changes = test(async (meeting) => {
  const call = await meeting.joined();
  await call.updateMeetingSessionData({ kept: 1, gone: 1, list: [1] });
  const result = await call.transact((data) => {
    data.list.push(2);
    delete data.gone;
    data.new = { deep: true };
  });
  equal(result, { revision: 2, status: 'applied' });
  equal(call.meetingSessionState().data, { kept: 1, list: [1, 2], new: { deep: true } });
  const [, { set, delete: deleted, ifUnchanged, seen }] = meeting.sent('update');
  equal([set, deleted, ifUnchanged.sort(), seen], [{ list: [1, 2], new: { deep: true } }, ['gone'], ['gone', 'list', 'new'], 1]);

  equal(await call.transact(({ kept }) => ({ kept: kept + 1 })), { revision: 3, status: 'applied' });
  equal(call.meetingSessionState().data, { kept: 2 });
  same(meeting.sent('update').at(-1).ifRevision, 2);
});

export const a_transaction_that_changes_nothing_sends_nothing = test(async (meeting) => {
  const call = await meeting.joined();
  await call.updateMeetingSessionData({ a: 1 });
  equal(await call.transact((data) => void (data.a = 1)), { revision: 1, status: 'unchanged' });
  equal(await call.transact((data) => ({ ...data })), { revision: 1, status: 'unchanged' });
  equal(meeting.sent('update').length, 1);
});

export const transactions_of_several_lose_nothing = test(async (meeting) => {
  const calls = await Promise.all(Array.from({ length: 5 }, () => meeting.joined()));
  const all = calls.map(async (call) => {
    for (let n = 0; n < 10; n += 1) await call.transact(add, { attempts: 100 });
  });
  await within(Promise.all(all), 'fifty additions');
  await Promise.all(calls.map((call) => call.updateMeetingSessionData({}, { mergeStrategy: 'shallow-merge' })));
  for (const call of calls) equal(call.meetingSessionState().data, { count: 50 });
});

export const transactions_on_different_keys_do_not_meet = test(async (meeting) => {
  const [ana, bo] = [await meeting.joined(), await meeting.joined()];
  await Promise.all([
    ana.transact((data) => void (data.ana = (data.ana ?? 0) + 1), { attempts: 1 }),
    bo.transact((data) => void (data.bo = (data.bo ?? 0) + 1), { attempts: 1 }),
  ]);
});

export const after_so_many_attempts_it_is_a_conflict = test(async (meeting) => {
  const call = await meeting.joined();
  let runs;
  const error = await refusal(call.transact(losing(call, (count) => (runs = count)), { attempts: 3 }));
  equal([runs, error.code, error.retryable, error.changedKeys], [3, 'conflict', true, ['count']]);
  equal(call.meetingSessionState().data, { count: 30 });
});

export const what_cannot_be_a_transaction_is_refused = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  equal((await refusal(call.transact(add))).code, 'not_joined');
  await call.join();
  for (const change of [async () => {}, () => 1, () => [], (data) => (data.count = 1), undefined]) {
    equal((await refusal(call.transact(change))).code, 'invalid_argument', String(change));
  }
  equal((await refusal(call.transact((data) => void (data.big = 1n)))).code, 'not_serializable');
  const thrown = new Error('mine');
  same(
    await call.transact(() => {
      throw thrown;
    }).catch((error) => error),
    thrown,
  );
  equal(meeting.sent('update').length, 0);
  equal(await call.transact(add), { revision: 1, status: 'applied' });
});

export const transactions_of_one_call_take_their_turns = test(async (meeting) => {
  const call = await meeting.joined();
  const all = Array.from({ length: 40 }, () => call.transact(add, { attempts: 1 }));
  all.push(call.transact(() => 'nonsense').catch(() => {}));
  all.push(call.transact(add, { attempts: 1 }));
  await within(Promise.all(all), 'forty-one additions');
  equal(call.meetingSessionState().data, { count: 41 });
});

export const a_transaction_never_reaches_another_meeting = test(async (meeting) => {
  const call = await meeting.joined();
  const other = await meeting.joined();
  const waiting = [1, 2, 3].map(() => refusal(call.transact(add)));
  const left = call.leave();
  await left;
  await call.join({ url: `${meeting.url}-next` });
  const codes = (await Promise.all(waiting)).map(({ code }) => code);
  equal(codes, ['left', 'left', 'left']);
  equal(call.meetingSessionState().data, {});
  await other.leave();
});

export const data_that_nests_too_deep_to_copy_does_no_harm = test(async (meeting) => {
  const [ana, bo] = [await meeting.joined(), await meeting.joined()];
  const depth = 40_000;
  const text = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const write = (client, set) => meeting.client(client).update(0, 1, set, '[]', undefined, '[]');
  write(ana, `{"deep":${text},"title":"before"}`);
  while (!bo.meetingSessionState().data.title) await pause(10);
  await ana.transact((data) => void (data.title = `${Object.keys(data).length} keys`));
  while (bo.meetingSessionState().data.title !== '2 keys') await pause(10);
});

export const a_signal_ends_a_transaction_between_its_attempts = test(async (meeting) => {
  const call = await meeting.joined();
  const controller = new AbortController();
  const { signal } = controller;
  let runs;
  const ran = (count) => {
    runs = count;
    // Time enough for the answer, and not for the pause before the eighth attempt.
    if (runs === 7) setTimeout(() => controller.abort(), 50);
  };
  const error = await refusal(call.transact(losing(call, ran), { attempts: 100, signal }));
  check(['aborted', 'too_late'].includes(error.code), error.code);
  const before = runs;
  equal((await refusal(call.transact(() => void (runs += 1), { signal }))).code, 'aborted');
  same(runs, before);
});

export const a_signal_ends_a_transaction_that_waits_for_its_turn = test(async (meeting) => {
  const call = await meeting.joined();
  const controller = new AbortController();
  const { signal } = controller;
  const ends = [];
  // Tried again for as long as it takes, so the second never gets its turn.
  const first = refusal(call.transact(losing(call, () => {}), { attempts: Infinity, signal }));
  const second = refusal(call.transact(() => check(false, 'not its turn'), { signal }));
  first.then(() => ends.push('first'));
  second.then(() => ends.push('second'));
  await pause(200);
  equal(ends, []);
  controller.abort();
  const codes = (await within(Promise.all([first, second]), 'the ends')).map(({ code }) => code);
  check(['aborted', 'too_late'].includes(codes[0]), codes[0]);
  same(codes[1], 'aborted');
  equal((await call.transact(() => {})).status, 'unchanged');
});

export const a_transaction_is_not_saved_before_its_end_and_a_flush_waits_for_it = test(async (meeting) => {
  const call = await meeting.joined();
  const counts = [];
  call.on('meeting-session-saving-updated', ({ pending }) => counts.push(pending));
  let runs = 0;
  const first = call.transact((data) => {
    runs += 1;
    // Somebody else is faster, three times.
    if (runs < 4) meeting.client(call).update(0, 1, JSON.stringify({ count: runs * 10 }), '[]', undefined, '[]');
    add(data);
  });
  const second = call.transact(add);
  await within(call.flush(), 'the flush');
  same(call.meetingSessionState().data.count, 32);
  await within(Promise.all([first, second]), 'the transactions');
  equal(call.meetingSessionSaving(), { pending: 0 });
  check(!counts.slice(0, -1).includes(0), `all was said to be saved before the end: ${counts}`);
});

export const the_function_of_a_transaction_may_end_it = test(async (meeting) => {
  const call = await meeting.joined();
  const controller = new AbortController();
  const abort = (data) => {
    controller.abort();
    add(data);
  };
  equal((await refusal(call.transact(abort, { signal: controller.signal }))).code, 'aborted');
  const leave = (data) => {
    call.leave();
    add(data);
  };
  equal((await refusal(call.transact(leave))).code, 'left');
  equal(meeting.sent('update').length, 0);
});

export const trying_again_when_too_many_wait_does_not_stop_the_page = test(async (meeting) => {
  const call = await meeting.joined();
  const writes = Array.from({ length: 300 }, async (_, n) => {
    for (;;) {
      try {
        return await call.updateMeetingSessionData({ n }, { mergeStrategy: 'shallow-merge' });
      } catch (error) {
        if (!error.retryable) throw error;
      }
    }
  });
  await pause(100);
  await within(call.destroy(), 'destroying');
  const ends = await within(Promise.allSettled(writes), 'the end of all writes');
  const codes = ends.filter(({ reason }) => reason).map(({ reason }) => reason.code);
  check(codes.length > 0, 'some had to end');
  check(codes.every((code) => ['unknown', 'left', 'not_joined'].includes(code)), `they ended as ${codes}`);
});

export const a_transaction_sees_what_was_written_before_it = test(async (meeting) => {
  const call = await meeting.joined();
  call.setMeetingSessionData({ count: 5 });
  await within(call.transact(add), 'the transaction');
  equal(call.meetingSessionState().data, { count: 6 });
});
