// Nothing stays behind: sockets, listeners of the page, timers, memory of the module.

import { check, equal, eventually, memory, next, pause, rejects, same, test, within } from './support.js';

const PAGE = 64 * 1024;

/** How much the module's memory grows over some rounds, after the first ones have made it as large as it has to be. */
async function growth(rounds, round) {
  const WARM_UP = 20;
  for (let index = 0; index < WARM_UP; index += 1) await round();
  const before = memory.buffer.byteLength;
  for (let index = 0; index < rounds; index += 1) await round();
  return memory.buffer.byteLength - before;
}

/** Counts the listeners that the page has at `globalThis`. */
function countListeners() {
  const { addEventListener: add, removeEventListener: remove } = globalThis;
  const listeners = new Set();
  globalThis.addEventListener = (name, listener, ...rest) => {
    listeners.add(`${name} ${idOf(listener)}`);
    add.call(globalThis, name, listener, ...rest);
  };
  globalThis.removeEventListener = (name, listener, ...rest) => {
    listeners.delete(`${name} ${idOf(listener)}`);
    remove.call(globalThis, name, listener, ...rest);
  };
  const restore = () => Object.assign(globalThis, { addEventListener: add, removeEventListener: remove });
  return { listeners, restore };
}

const ids = new WeakMap();
let lastId = 0;
function idOf(object) {
  if (!ids.has(object)) ids.set(object, (lastId += 1));
  return ids.get(object);
}

export const two_hundred_meetings_leave_nothing_behind = test(async (meeting) => {
  const keeper = await meeting.joined();
  // What leaks once in every round shows in the memory if it is large.
  const changed = next(keeper, 'meeting-session-state-updated');
  keeper.setMeetingSessionData({ large: 'x'.repeat(100_000) });
  await changed;
  const grown = await growth(200, async () => {
    const call = await meeting.joined();
    await within(call.leave(), 'leaving');
    await within(call.destroy(), 'destroying');
  });
  check(grown <= 16 * PAGE, `the memory grew by ${grown} bytes in 200 rounds`);
  same(meeting.openSockets(), 1);
  await eventually(() => keeper.participantCounts(), { present: 1, hidden: 0 });
});

export const calls_that_never_join_leave_nothing_behind = test(async (meeting) => {
  const grown = await growth(1_000, async () => {
    const call = meeting.call({ url: meeting.url });
    await within(call.destroy(), 'destroying');
    meeting.client(call).free();
  });
  same(grown, 0, 'growth of the memory');
  equal(meeting.sockets, []);
});

export const writes_leave_nothing_behind = test(async (meeting) => {
  const call = await meeting.joined();
  let count = 0;
  const grown = await growth(300, async () => {
    call.setMeetingSessionData({ text: `${(count += 1)}`.padEnd(90_000, 'x') });
    call.sendAppMessage('x'.repeat(4_000));
    if (count % 100 === 0) await pause(0);
  });
  check(grown <= 16 * PAGE, `the memory grew by ${grown} bytes in 300 writes`);
});

export const listeners_of_the_page_are_there_only_while_joined = test(async (meeting) => {
  const { listeners, restore } = countListeners();
  try {
    const call = meeting.call({ url: meeting.url });
    same(listeners.size, 0);
    for (let round = 0; round < 3; round += 1) {
      await within(call.join(), 'joining');
      check(listeners.size > 0 && listeners.size < 10, `${listeners.size} listeners while joined`);
      await within(call.leave(), 'leaving');
      equal([...listeners], [], 'listeners after leaving');
    }
  } finally {
    restore();
  }
});

export const freeing_a_joined_client_closes_its_socket_and_ends_its_timers = test(async (meeting) => {
  const { listeners, restore } = countListeners();
  try {
    const call = await meeting.joined();
    const [socket] = meeting.sockets;
    // The second write arms a timer that must not fire any more.
    call.setMeetingSessionData({ a: 1 });
    call.setMeetingSessionData({ b: 2 });
    const frames = socket.frames.length;
    meeting.client(call).free();
    meeting.forget(call);
    check(socket.readyState >= WebSocket.CLOSING, 'the socket is closing');
    same(socket.onmessage, null);
    equal([...listeners], []);
    await pause(1300);
    same(socket.frames.length, frames, 'frames sent');
    same(meeting.sockets.length, 1);
    same(call.meetingState(), 'joined-meeting');
  } finally {
    restore();
  }
});

export const freeing_a_client_that_waits_to_reconnect_ends_that = test(async (meeting) => {
  const call = meeting.call();
  call.join({ url: 'ws://127.0.0.1:1/nobody' });
  await pause(100);
  const attempts = meeting.sockets.length;
  meeting.client(call).free();
  meeting.forget(call);
  await pause(1200);
  same(meeting.sockets.length, attempts);
});

export const leaving_early_leaves_no_socket_behind = test(async (meeting) => {
  for (let round = 0; round < 20; round += 1) {
    const call = meeting.call({ url: meeting.url });
    const rejected = rejects(call.join(), 'The call was left before it was joined');
    // At any moment of a join: while connecting, or when the answer is under way.
    if (round % 4 > 0) await pause(round % 4);
    if (call.meetingState() === 'joined-meeting') {
      rejected.catch(() => {});
    } else {
      call.destroy();
      await rejected;
    }
    await within(call.destroy(), 'destroying');
    same(meeting.openSockets(), 0);
  }
});
