// `meetingSessionState()`: what it is when, which objects are new, and how writes are gathered.

import { check, equal, eventNames, eventually, next, pause, same, test, throws, within, write } from './support.js';

const NOT_JOINED = 'meetingSessionState only supported after join.';

export const the_state_can_only_be_read_in_a_meeting = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const refused = () => {
    throws(() => call.meetingSessionState(), NOT_JOINED);
    meeting.expectLogged('error', NOT_JOINED);
  };
  refused();
  const joined = call.join();
  refused();
  call.on('joining-meeting', refused);
  await within(joined, 'joining');
  equal(call.meetingSessionState(), { data: {}, topology: 'sfu' });
  await within(call.leave(), 'leaving');
  refused();
  await within(call.destroy(), 'destroying');
  refused();
});

export const the_state_is_the_same_object_until_it_changes = test(async (meeting) => {
  const call = await meeting.joined();
  const before = call.meetingSessionState();
  same(call.meetingSessionState(), before);
  const changed = next(call, 'meeting-session-state-updated');
  call.setMeetingSessionData({ a: 1 });
  // Nothing is optimistic.
  same(call.meetingSessionState(), before);
  equal(before, { data: {}, topology: 'sfu' });
  const { meetingSessionState } = await changed;
  check(meetingSessionState !== before && meetingSessionState.data !== before.data, 'both objects are new');
  same(call.meetingSessionState(), meetingSessionState);
  equal(before, { data: {}, topology: 'sfu' }, 'what was read before');
});

export const the_event_carries_the_whole_state = test(async (meeting) => {
  const call = await meeting.joined();
  await write(call, { a: 1 });
  const changed = next(call, 'meeting-session-state-updated');
  call.setMeetingSessionData({ b: 2 }, 'shallow-merge');
  equal(await changed, {
    action: 'meeting-session-state-updated',
    callClientId: call.callClientId,
    meetingSessionState: { data: { a: 1, b: 2 }, topology: 'sfu' },
    revision: 2,
    changedKeys: ['b'],
    updatedBy: { b: call.participants().local.session_id },
  });
});

export const values_that_stay_keep_their_identity = test(async (meeting) => {
  const [writer, reader] = await Promise.all([meeting.joined(), meeting.joined()]);
  const changes = async (data, strategy) => {
    const read = next(reader, 'meeting-session-state-updated');
    const written = await write(writer, data, strategy);
    return [written, (await read).meetingSessionState.data];
  };
  const first = await changes({ kept: { deep: [1] }, changed: { n: 1 }, equal: [{}] });
  const merged = await changes({ changed: { n: 2 }, more: 1 }, 'shallow-merge');
  const replaced = await changes({ kept: { deep: [1] }, changed: { n: 3 }, equal: [{}] });
  for (const of of [0, 1]) {
    same(merged[of].kept, first[of].kept);
    same(merged[of].equal, first[of].equal);
    check(merged[of].changed !== first[of].changed, 'a value that changed is a new object');
    same(replaced[of].kept, first[of].kept, 'kept over a replace that says the same');
    check(replaced[of].changed !== merged[of].changed, 'a value that changed is a new object');
  }
});

export const writing_what_is_there_changes_nothing = test(async (meeting) => {
  const call = await meeting.joined();
  const data = { a: { b: [1] }, c: null };
  await write(call, data);
  const before = call.meetingSessionState();
  const events = eventNames(call);
  call.setMeetingSessionData({ c: null, a: { b: [1] } });
  await eventually(() => meeting.sent('update').length, 2);
  call.setMeetingSessionData({ c: null, never: undefined }, 'shallow-merge');
  await eventually(() => meeting.sent('update').length, 3);
  await within(call.flush(), 'the answers');
  equal(events, []);
  same(call.meetingSessionState(), before);
  same(call.meetingSessionRevision(), 1);
});

export const one_who_joins_later_finds_the_state = test(async (meeting) => {
  const writer = await meeting.joined();
  await write(writer, { a: 1 });
  const late = meeting.call({ url: meeting.url });
  let inside;
  late.on('joined-meeting', () => {
    inside = late.meetingSessionState();
  });
  const told = next(late, 'meeting-session-state-updated');
  await within(late.join(), 'joining');
  equal(inside, { data: { a: 1 }, topology: 'sfu' });
  same((await told).meetingSessionState, inside);
  same(late.meetingSessionRevision(), writer.meetingSessionRevision());
  equal(late.meetingSessionSummary(), writer.meetingSessionSummary());
});

export const a_session_that_everybody_left_is_gone = test(async (meeting) => {
  const call = await meeting.joined();
  await write(call, { a: 1 });
  const { id } = call.meetingSessionSummary();
  await within(call.leave(), 'leaving');
  await within(call.join(), 'joining again');
  equal(call.meetingSessionState().data, {});
  same(call.meetingSessionRevision(), 0);
  check(call.meetingSessionSummary().id !== id, 'the session is another one');
});

// -------------------------------------------------------------------------------------------------------- batching

export const the_first_write_goes_at_once_and_the_rest_together_after_a_second = test(async (meeting) => {
  const call = await meeting.joined();
  const seen = [];
  const start = performance.now();
  call.on('meeting-session-state-updated', ({ meetingSessionState: { data } }) => {
    seen.push({ data, after: performance.now() - start });
  });
  let answeredAfter = Infinity;
  meeting.sockets[0].addEventListener('message', ({ data }) => {
    if (JSON.parse(data).type === 'result') answeredAfter = Math.min(answeredAfter, performance.now() - start);
  });
  let sentInTime;
  setTimeout(() => {
    sentInTime = meeting.sent('update').length;
  }, 1500);
  for (let count = 1; count <= 100; count += 1) call.setMeetingSessionData({ count });
  same(meeting.sent('update').length, 1);
  await within(next(call, 'meeting-session-state-updated'), 'the first');
  same(call.meetingSessionRevision(), 1);
  await eventually(() => seen.length, 2);
  await pause(1100);
  equal(seen.map(({ data }) => data), [{ count: 1 }, { count: 100 }]);
  check(seen[1].after > 950, `the rest came after ${seen[1].after} ms`);
  // The timers of a page that stalls keep their order, but the second frame waits for the answer to the first.
  check(sentInTime === 2 || answeredAfter > 1000, `${sentInTime} sent in time, answered after ${answeredAfter} ms`);
  same(call.meetingSessionRevision(), 2);
  same(meeting.sent('update').length, 2);
});

export const a_batch_does_what_its_writes_would_have_done = test(async (meeting) => {
  const batches = [
    [[{ foo: 'bar' }, true], [{ foo: 10 }, true], [{ hello: 'world' }, true], { old: 1, foo: 10, hello: 'world' }],
    [[{ foo: 1, baz: 2 }, true], [{ foo: undefined, old: undefined }, true], [{ hello: 1 }, true], { baz: 2, hello: 1 }],
    [[{ old: undefined }, true], [{ old: 2 }, true], { old: 2 }],
    [[{ foo: 1 }, true], [{}, false], [{ bar: 2 }, true], { bar: 2 }],
    [[{ foo: undefined }, true], [{ hello: 1 }, false], { hello: 1 }],
    [[{ foo: 1, bar: 2 }, false], [{ foo: undefined }, true], { bar: 2 }],
  ];
  const run = async (writes, result, index) => {
    const call = await meeting.joined({ url: `${meeting.url}-${index}` });
    await write(call, { old: 1 });
    const changed = next(call, 'meeting-session-state-updated');
    for (const [data, merge] of writes) call.setMeetingSessionData(data, merge ? 'shallow-merge' : 'replace');
    equal((await changed).meetingSessionState.data, result, `batch ${index}`);
    same(call.meetingSessionRevision(), 2);
  };
  await Promise.all(batches.map((batch, index) => run(batch.slice(0, -1), batch.at(-1), index)));
});

export const after_a_quiet_second_a_write_goes_at_once_again = test(async (meeting) => {
  const call = await meeting.joined();
  for (const count of [1, 2]) {
    const written = write(call, { count });
    same(meeting.sent('update').length, count, 'updates sent');
    await written;
    await pause(1050);
  }
});

export const leaving_sends_what_waits = test(async (meeting) => {
  const [writer, reader] = await Promise.all([meeting.joined(), meeting.joined()]);
  writer.setMeetingSessionData({ first: 1 });
  writer.setMeetingSessionData({ last: 1 }, 'shallow-merge');
  const left = writer.leave();
  same(meeting.sent('update').length, 2, 'updates sent: leaving does not wait for the end of the second');
  await within(left, 'leaving');
  await eventually(() => reader.meetingSessionState().data, { first: 1, last: 1 });
});
