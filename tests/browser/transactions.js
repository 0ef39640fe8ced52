// `transact`: read, change, write, and again if somebody else was first.

import { refusal } from './conditions.js';
import { equal, same, test, within } from './support.js';

const add = (data) => void (data.count = (data.count ?? 0) + 1);

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
  let runs = 0;
  const error = await refusal(
    call.transact(
      (data) => {
        runs += 1;
        // Sent before the transaction's own write.
        call.updateMeetingSessionData({ count: runs * 10 });
        add(data);
      },
      { attempts: 3 },
    ),
  );
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

export const a_transaction_sees_what_was_written_before_it = test(async (meeting) => {
  const call = await meeting.joined();
  call.setMeetingSessionData({ count: 5 });
  await within(call.transact(add), 'the transaction');
  equal(call.meetingSessionState().data, { count: 6 });
});
