// `subscribe` and `values` over a real session. What they promise in detail: tests/e2e/subscribe.test.mjs.

import { equal, test, within } from './support.js';

export const a_listener_hears_of_its_keys_alone = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const heard = { a: [], pair: [], sum: [] };
  const end = call.subscribe('a', (value, before) => heard.a.push([value, before]));
  const controller = new AbortController();
  call.subscribe(['a', 'b'], (value) => heard.pair.push(value), { signal: controller.signal });
  call.subscribe(({ a = 0, b = 0 }) => a + b, (value) => heard.sum.push(value));
  await call.join();
  await call.updateMeetingSessionData({ a: 1, c: 1 });
  await call.updateMeetingSessionData({ b: 2, c: 2 }, { mergeStrategy: 'shallow-merge' });
  await call.updateMeetingSessionData({ a: 2, b: 1 });
  end();
  controller.abort();
  await call.updateMeetingSessionData({ a: 3, b: 0 });
  equal(heard.a, [[undefined, undefined], [1, undefined], [2, 1]]);
  equal(heard.pair, [{}, { a: 1 }, { a: 1, b: 2 }, { a: 2, b: 1 }]);
  equal(heard.sum, [0, 1, 3]);
});

export const an_iterator_skips_to_the_newest_and_ends_with_the_call = test(async (meeting) => {
  const call = await meeting.joined();
  const seen = [];
  const loop = (async () => {
    for await (const n of call.values('n')) {
      seen.push(n);
      if (n === 1) for (const more of [2, 3, 4]) await call.updateMeetingSessionData({ n: more });
      if (n === 4) await call.leave();
    }
  })();
  await call.updateMeetingSessionData({ n: 1 });
  await within(loop, 'the end of the loop');
  equal(seen, [undefined, 1, 4]);
});

export const removing_all_listeners_leaves_those_of_parts_alone = test(async (meeting) => {
  const call = await meeting.joined();
  const heard = [];
  const end = call.subscribe('n', (n) => heard.push(n));
  const iterator = call.values('n');
  equal((await iterator.next()).value, undefined);
  equal([call.eventNames(), call.listenerCount('meeting-session-state-updated')], [[], 0]);
  call.removeAllListeners('meeting-session-state-updated').removeAllListeners();
  await call.updateMeetingSessionData({ n: 1 });
  equal((await within(iterator.next(), 'the next value')).value, 1);
  equal(heard, [undefined, 1]);
  end();
  await call.updateMeetingSessionData({ n: 2 });
  equal(heard, [undefined, 1]);
  equal((await within(iterator.next(), 'the next value')).value, 2);
  call.removeAllListeners();
  const [last] = await Promise.all([within(iterator.next(), 'the end of the values'), call.leave()]);
  equal(last.done, true);
});
