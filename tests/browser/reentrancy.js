// Handlers that call back into their call, from inside every event.

import {
  check,
  equal,
  eventNames,
  EVENTS,
  eventually,
  next,
  rejects,
  same,
  test,
  within,
  write,
} from './support.js';

/** Events of a call that joins, meets another, changes, and goes; in this order. */
async function wholeLife(meeting, call) {
  await within(call.join(), 'joining');
  const other = meeting.call({ url: meeting.url, userName: 'other' });
  const left = next(call, 'participant-left');
  await within(other.join(), 'the other joining');
  other.sendAppMessage('hello');
  await next(call, 'app-message');
  await within(other.setUserName('renamed'), 'renaming');
  await write(call, { a: 1 }, 'shallow-merge');
  await within(other.leave(), 'the other leaving');
  await left;
  await within(call.destroy(), 'destroying');
}

const WHOLE_LIFE = [
  ...['loading', 'loaded', 'joining-meeting', 'joined-meeting', 'participant-counts-updated'],
  ...['meeting-session-summary-updated', 'meeting-session-updated', 'meeting-session-state-updated'],
  ...['participant-joined', 'participant-counts-updated', 'app-message', 'participant-updated'],
  ...['meeting-session-state-updated', 'participant-left', 'participant-counts-updated'],
  ...['left-meeting', 'call-instance-destroyed'],
];

export const handlers_may_read_everything_in_every_event = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const order = eventNames(call);
  const wrong = [];
  for (const name of EVENTS) {
    call.on(name, () => {
      const joined = call.meetingState() === 'joined-meeting';
      if ('local' in call.participants() !== joined) wrong.push(`participants in ${name}`);
      if (call.participantCounts().present > 0 !== joined) wrong.push(`counts in ${name}`);
      if (joined && call.meetingSessionState().topology !== 'sfu') wrong.push(`state in ${name}`);
      if ('id' in call.meetingSessionSummary() !== joined) wrong.push(`summary in ${name}`);
      if ((call.accessState().access.level === 'full') !== joined) wrong.push(`access in ${name}`);
      call.room();
      call.getNetworkTopology();
      call.meetingSessionRevision();
      call.listeners(name);
    });
  }
  await wholeLife(meeting, call);
  equal(wrong, []);
  equal(order, WHOLE_LIFE);
});

export const handlers_may_add_and_remove_handlers_in_every_event = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const order = eventNames(call);
  let later = 0;
  for (const name of EVENTS) {
    const never = () => check(false, 'called after it was removed');
    call.on(name, function handler() {
      call.off(name, handler).on(name, never).off(name, never);
      call.once(name, () => (later += 1));
    });
  }
  await wholeLife(meeting, call);
  equal(order, WHOLE_LIFE);
  // Those that come a second time: counts (twice more, once called) and the state.
  same(later, 2);
});

export const handlers_may_write_and_send_in_every_event = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const order = eventNames(call);
  const refused = [];
  for (const name of EVENTS) {
    call.once(name, () => {
      try {
        call.setMeetingSessionData({ [name]: true }, 'shallow-merge');
        call.sendAppMessage({ name });
        call.setUserName(name).catch(() => {});
      } catch {
        refused.push(name);
      }
    });
  }
  await within(call.join(), 'joining');
  const written = () => WHOLE_LIFE.slice(3, 8).map((name) => call.meetingSessionState().data[name]);
  await eventually(written, [true, true, true, true, true]);
  equal(order.slice(0, 8), WHOLE_LIFE.slice(0, 8));
  await within(call.destroy(), 'destroying');
  equal(refused, ['loading', 'loaded', 'joining-meeting', 'left-meeting', 'call-instance-destroyed']);
  meeting.logged('error');
});

export const events_caused_by_a_handler_come_after_those_under_way = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const order = [];
  call.on('joined-meeting', () => {
    order.push('joined 1');
    call.leave();
    order.push('joined 1 goes on', call.meetingState());
  });
  call.on('joined-meeting', () => order.push('joined 2'));
  // What is told still is so: a handler that looks must not find the call left already.
  call.on('participant-counts-updated', () => order.push('counts', call.meetingSessionState().topology));
  call.on('left-meeting', () => order.push('left'));
  await within(call.join(), 'joining');
  equal(order, ['joined 1', 'joined 1 goes on', 'joined-meeting', 'joined 2', 'counts', 'sfu', 'left']);
});

export const handlers_may_leave_in_every_event = test(async (meeting) => {
  for (const name of WHOLE_LIFE.slice(0, 8)) {
    const call = meeting.call({ url: `${meeting.url}-${name}` });
    const order = eventNames(call);
    let left;
    call.once(name, () => {
      left = call.leave();
    });
    const joined = call.join().then(() => true, () => false);
    const early = ['loading', 'loaded', 'joining-meeting'].includes(name);
    same(await within(joined, 'joining'), !early, `joined before ${name}`);
    await within(left, 'leaving');
    same(call.meetingState(), 'left-meeting');
    const expected = early ? WHOLE_LIFE.slice(0, WHOLE_LIFE.indexOf(name) + 1) : WHOLE_LIFE.slice(0, 8);
    equal(order, [...expected, 'left-meeting'], `events when ${name} leaves`);
    await eventually(() => meeting.openSockets(), 0);
  }
});

export const handlers_may_destroy_in_every_event = test(async (meeting) => {
  for (const name of [...WHOLE_LIFE.slice(0, 8), 'left-meeting']) {
    const call = meeting.call({ url: `${meeting.url}-${name}` });
    const order = eventNames(call);
    let destroyed;
    call.once(name, () => {
      destroyed = call.destroy();
    });
    await within(call.join().catch(() => {}), 'joining');
    if (name === 'left-meeting') await within(call.leave(), 'leaving');
    await within(destroyed, 'destroying');
    equal(order.slice(-2), ['left-meeting', 'call-instance-destroyed'], `events when ${name} destroys`);
    same(order.filter((one) => one === 'call-instance-destroyed').length, 1);
    same(call.isDestroyed(), true);
    await eventually(() => meeting.openSockets(), 0);
  }
});

export const a_handler_of_the_end_may_join_again = test(async (meeting) => {
  const call = await meeting.joined();
  const order = eventNames(call);
  let again;
  call.once('left-meeting', () => {
    again = call.join();
  });
  await within(call.leave(), 'leaving');
  check('local' in (await within(again, 'joining again')), 'joined again');
  same(call.meetingState(), 'joined-meeting');
  equal(order, ['left-meeting', ...WHOLE_LIFE.slice(0, 8)]);
});

export const joining_from_inside_the_events_of_a_join_only_warns = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const names = WHOLE_LIFE.slice(0, 8);
  for (const name of names) call.once(name, () => call.join());
  await within(call.join(), 'joining');
  meeting.expectLogged('warn', ...names.map(() => 'already joined meeting, call leave() before joining again'));
  same(meeting.sockets.length, 1);
});

export const destroying_from_inside_the_end_is_once = test(async (meeting) => {
  const call = await meeting.joined();
  const order = eventNames(call);
  const promises = [];
  for (const name of ['left-meeting', 'call-instance-destroyed']) {
    call.on(name, () => promises.push(call.destroy(), call.leave(), rejects(call.join(), 'Use after destroy')));
  }
  await within(call.destroy(), 'destroying');
  await within(Promise.all(promises), 'all that the handlers did');
  equal(order, ['left-meeting', 'call-instance-destroyed']);
});

export const data_that_leaves_while_it_is_read_does_no_harm = test(async (meeting) => {
  const call = await meeting.joined();
  const left = next(call, 'left-meeting');
  call.setMeetingSessionData({
    get key() {
      call.leave();
      return 1;
    },
  });
  await left;
  await within(call.join(), 'joining again');
  equal(await write(call, { well: true }), { well: true });
});

export const a_handler_that_writes_on_every_change_stays_within_the_interval = test(async (meeting) => {
  const call = await meeting.joined();
  const [socket] = meeting.sockets;
  const { send } = socket;
  const sentAt = [];
  socket.send = (frame) => {
    if (JSON.parse(frame).type === 'update') sentAt.push(performance.now());
    send.call(socket, frame);
  };
  call.on('meeting-session-state-updated', ({ meetingSessionState: { data } }) => {
    call.setMeetingSessionData({ count: data.count + 1 });
  });
  call.setMeetingSessionData({ count: 0 });
  await eventually(() => call.meetingSessionState().data.count >= 2, true);
  call.removeAllListeners();
  const gaps = sentAt.slice(1).map((at, index) => at - sentAt[index]);
  check(gaps.length >= 2 && gaps.every((gap) => gap > 950), `updates were sent ${gaps} ms apart`);
});
