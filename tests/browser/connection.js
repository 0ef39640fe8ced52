// A connection that is lost, refused or useless, as the application sees it.

import { check, equal, eventNames, eventually, next, pause, rejects, same, test, within, write } from './support.js';

/** Closes the newest socket as a network or a server does. */
function lose(meeting, code = 1006) {
  const socket = meeting.sockets.at(-1);
  socket.onclose(new CloseEvent('close', { code }));
}

/** Keeps the next change from the first call; resolves when it is lost, and what follows comes through again. */
function loseAChange(meeting) {
  const [socket] = meeting.sockets;
  const { onmessage } = socket;
  const lost = new Promise((resolve) => {
    socket.onmessage = (event) => {
      if (!event.data.includes('"state"')) return onmessage(event);
      socket.onmessage = onmessage;
      resolve();
    };
  });
  return within(lost, 'losing a change');
}

export const a_lost_connection_comes_back_by_itself = test(async (meeting) => {
  const call = await meeting.joined({ userName: 'Ana' });
  await write(call, { a: 1 });
  const id = call.participants().local.session_id;
  const state = call.meetingSessionState();
  const order = eventNames(call);
  const interrupted = next(call, 'network-connection');
  lose(meeting);
  const { callClientId } = call;
  equal(await interrupted, { action: 'network-connection', callClientId, type: 'signaling', event: 'interrupted' });
  same(call.meetingState(), 'joined-meeting');
  same(call.meetingSessionState(), state);
  equal(await next(call, 'network-connection'), {
    action: 'network-connection',
    callClientId,
    type: 'signaling',
    event: 'connected',
  });
  same(call.participants().local.session_id, id);
  same(call.meetingSessionState(), state);
  await pause(50);
  equal(order, ['network-connection', 'network-connection']);
  same(meeting.openSockets(), 1);
});

export const what_is_done_while_the_connection_is_lost_is_done_afterwards = test(async (meeting) => {
  const other = await meeting.joined();
  const call = await meeting.joined();
  const received = [];
  other.on('app-message', ({ data }) => received.push(data));
  lose(meeting);
  call.setMeetingSessionData({ a: 1 }, 'shallow-merge');
  call.setMeetingSessionData({ b: 2 }, 'shallow-merge');
  call.sendAppMessage('late');
  equal(await within(call.setUserName('Ben'), 'setting the name'), { userName: 'Ben' });
  await eventually(() => [other.meetingSessionState().data, received], [{ a: 1, b: 2 }, ['late']]);
  same(other.meetingSessionRevision(), 1);
});

export const a_write_that_was_lost_on_the_way_is_applied_once = test(async (meeting) => {
  const call = await meeting.joined();
  const changed = next(call, 'meeting-session-state-updated');
  call.setMeetingSessionData({ a: 1 });
  lose(meeting);
  equal((await changed).meetingSessionState.data, { a: 1 });
  await pause(100);
  same(call.meetingSessionRevision(), 1);
});

export const the_network_coming_back_is_tried_at_once = test(async (meeting) => {
  const call = await meeting.joined();
  for (const type of ['online', 'pageshow', 'visibilitychange']) {
    const connected = new Promise((resolve) => {
      call.on('network-connection', ({ event }) => event === 'connected' && resolve());
    });
    lose(meeting);
    const sockets = meeting.sockets.length;
    dispatchEvent(new Event(type));
    same(meeting.sockets.length, sockets + 1, `sockets after ${type}`);
    await within(connected, 'the connection');
    call.removeAllListeners();
  }
});

const FATAL = [
  [3502, 'not-allowed'],
  [3503, 'meeting-full'],
  [3504, 'ejected'],
  [3999, 'connection-error'],
];

export const a_final_close_ends_the_call_with_an_error = test(async (meeting) => {
  for (const [code, type] of FATAL) {
    const call = await meeting.joined();
    const order = eventNames(call);
    call.on('error', () => order.push(call.meetingState()));
    const failed = next(call, 'error');
    lose(meeting, code);
    const { action, callClientId, errorMsg, error } = await failed;
    equal([action, callClientId], ['error', call.callClientId]);
    equal(error, { type, msg: errorMsg });
    check(errorMsg.length > 20, 'the error says what happened');
    equal(order, ['error', 'error', 'left-meeting']);
    same(call.meetingState(), 'error');
    equal(call.participants(), {});
    same(await call.leave(), undefined);
    await within(call.join(), 'joining again');
    await within(call.leave(), 'leaving');
  }
});

export const a_handler_of_an_error_may_join_again = test(async (meeting) => {
  const call = await meeting.joined();
  const states = [];
  for (const name of ['error', 'left-meeting', 'joined-meeting']) call.on(name, () => states.push(call.meetingState()));
  let again;
  call.once('error', () => {
    again = call.join();
  });
  lose(meeting, 3504);
  await next(call, 'joined-meeting');
  check('local' in (await within(again, 'joining again')), 'joined again');
  equal(states, ['error', 'loading', 'joined-meeting']);
});

export const a_join_that_fails_rejects_with_the_error_event = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const failed = next(call, 'error');
  const joined = call.join().then(() => check(false, 'joined'), (reason) => reason);
  lose(meeting, 3502);
  same(await within(joined, 'the rejection'), await failed);
  check((await failed).errorMsg.includes(`--allow-origin ${location.origin}`), 'it says what helps');
  same(call.meetingState(), 'error');
  await within(call.join(), 'joining again');
});

export const nobody_at_the_address_is_tried_again_until_the_call_is_left = test(async (meeting) => {
  const call = meeting.call();
  const order = eventNames(call);
  const rejected = rejects(call.join({ url: 'ws://127.0.0.1:1/nobody' }), 'The call was left before it was joined');
  await eventually(() => meeting.sockets.length > 1, true);
  await within(call.leave(), 'leaving');
  await rejected;
  const attempts = meeting.sockets.length;
  await pause(700);
  same(meeting.sockets.length, attempts, 'attempts after leaving');
  equal(order, ['loading', 'loaded', 'joining-meeting', 'left-meeting']);
});

export const nonsense_from_the_server_is_ignored = test(async (meeting) => {
  const call = await meeting.joined();
  const order = eventNames(call);
  const frames = [
    ...['', '{', 'null', '[]', '5', '"text"', '{}', '{"type":5}', '{"type":"unknown"}', '{"type":"state"}', '\0', '😀'],
    ...['{"type":"joined"}', '{"type":"participant-left","id":"nobody"}', '{"type":"result","sequence":99,"result":"applied"}'],
    ...['['.repeat(100_000), new ArrayBuffer(8), new Blob([])],
  ];
  for (const data of frames) meeting.sockets[0].onmessage(new MessageEvent('message', { data }));
  equal(order, []);
  equal(await write(call, { well: true }), { well: true });
});

export const a_snapshot_over_data_that_nests_too_deep_to_compare_is_followed = test(async (meeting) => {
  const [call, other] = [await meeting.joined(), await meeting.joined()];
  const deep = `${'['.repeat(40_000)}${']'.repeat(40_000)}`;
  const changed = next(call, 'meeting-session-state-updated');
  meeting.client(other).update(0, 1, `{"deep":${deep},"title":"before"}`, '[]', undefined, '[]');
  await changed;
  // A change gets lost on the way, so that the next one makes it ask for all of the data.
  const lost = loseAChange(meeting);
  const merge = { mergeStrategy: 'shallow-merge' };
  await other.updateMeetingSessionData({ lost: 1 }, merge);
  await lost;
  const healed = next(call, 'meeting-session-state-updated');
  await other.updateMeetingSessionData({ title: 'after' }, merge);
  await healed;
  equal([call.meetingSessionState().data.title, call.meetingSessionRevision()], ['after', 3]);
});

export const a_gap_in_the_revisions_is_healed_by_a_new_snapshot = test(async (meeting) => {
  const [call, other] = [await meeting.joined(), await meeting.joined()];
  await Promise.all([next(call, 'meeting-session-state-updated'), write(other, { kept: { deep: [1] } })]);
  const { kept } = call.meetingSessionState().data;
  await pause(1100);
  // The first change gets lost on the way.
  const lost = loseAChange(meeting);
  await write(other, { a: 1 }, 'shallow-merge');
  await lost;
  await pause(1100);
  const changed = next(call, 'meeting-session-state-updated');
  other.setMeetingSessionData({ b: 2 }, 'shallow-merge');
  await changed;
  equal(call.meetingSessionState().data, { kept: { deep: [1] }, a: 1, b: 2 });
  same(call.meetingSessionState().data.kept, kept);
  same(call.meetingSessionRevision(), 3);
});
