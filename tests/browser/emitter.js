// The emitter: the rules of Node's, except that a handler that throws does not stop the others.

import { check, equal, next, same, test, within } from './support.js';

const ADD_AND_REMOVE = ['on', 'once', 'off', 'addListener', 'removeListener'];

/** Checks that a function throws a `TypeError`. */
function throwsTypeError(action) {
  try {
    action();
  } catch (error) {
    return same(error.constructor, TypeError);
  }
  throw new Error('expected a TypeError');
}

export const methods_return_the_call = test((meeting) => {
  const call = meeting.call();
  const handler = () => {};
  for (const method of ADD_AND_REMOVE) same(call[method]('loaded', handler), call, method);
  same(call.removeAllListeners('loaded'), call);
  same(call.removeAllListeners(), call);
});

export const handlers_are_called_in_order_with_the_call_as_this = test((meeting) => {
  const call = meeting.call();
  const calls = [];
  const handler = (name) =>
    function handle(...args) {
      calls.push([name, this === call, ...args]);
    };
  call.on('x', handler('a')).addListener('x', handler('b')).once('x', handler('c')).on('y', handler('d'));
  same(call.emit('x', 1, 2), true);
  same(call.emit('x'), true);
  equal(calls, [['a', true, 1, 2], ['b', true, 1, 2], ['c', true, 1, 2], ['a', true], ['b', true]]);
});

export const a_handler_added_twice_is_called_twice_and_removed_one_by_one = test((meeting) => {
  const call = meeting.call();
  let count = 0;
  const handler = () => (count += 1);
  call.on('x', handler).on('x', handler).emit('x');
  same(count, 2);
  call.off('x', handler).emit('x');
  same(count, 3);
  call.removeListener('x', handler);
  same(call.emit('x'), false);
  same(count, 3);
});

export const off_removes_the_one_added_last = test((meeting) => {
  const call = meeting.call();
  const order = [];
  const twice = () => order.push('twice');
  call.on('x', twice).on('x', () => order.push('between')).on('x', twice).off('x', twice).emit('x');
  equal(order, ['twice', 'between']);
});

export const off_of_what_is_not_there_is_harmless = test((meeting) => {
  const call = meeting.call();
  let count = 0;
  const handler = () => (count += 1);
  call.off('x', handler).on('x', handler).off('x', () => {}).off('y', handler).emit('x');
  same(count, 1);
});

export const once_is_once_and_off_removes_it = test((meeting) => {
  const call = meeting.call();
  let count = 0;
  const handler = () => (count += 1);
  call.once('x', handler);
  same(call.emit('x'), true);
  same(call.emit('x'), false);
  call.once('x', handler).off('x', handler).emit('x');
  same(count, 1);
  call.once('x', handler).once('x', handler).emit('x');
  same(count, 3);
});

export const once_is_once_even_if_it_emits_its_own_event = test((meeting) => {
  const call = meeting.call();
  let count = 0;
  call.once('x', () => {
    count += 1;
    call.emit('x');
  });
  let second = 0;
  call.once('x', () => (second += 1));
  call.emit('x');
  equal([count, second], [1, 1]);
});

export const handlers_must_be_functions = test((meeting) => {
  const call = meeting.call();
  for (const handler of [undefined, null, {}, 'handler', 5]) {
    for (const method of ADD_AND_REMOVE) throwsTypeError(() => call[method]('x', handler));
  }
  equal(call.eventNames(), []);
});

export const any_name_is_accepted = test((meeting) => {
  const call = meeting.call();
  const seen = [];
  const names = ['active-speaker-change', 'no such event', '', '__proto__', 'constructor', 'toString', Symbol.iterator, 5];
  for (const name of names) call.on(name, () => seen.push(name));
  for (const name of names) same(call.emit(name), true, String(name));
  check(seen.every((name, index) => name === names[index]) && seen.length === names.length, 'each was called once');
  check(call.eventNames().every((name, index) => name === names[index]), 'the names are those that were given');
});

export const handlers_are_counted_and_listed = test((meeting) => {
  const call = meeting.call();
  const [one, two] = [() => {}, () => {}];
  same(call.listenerCount('x'), 0);
  equal([call.listeners('x'), call.eventNames()], [[], []]);
  call.on('x', one).once('x', two).on('x', one).on('y', two);
  same(call.listenerCount('x'), 3);
  check([one, two, one].every((handler, index) => call.listeners('x')[index] === handler), 'the functions that were given');
  equal(call.eventNames(), ['x', 'y']);
  call.listeners('x').length = 0;
  same(call.listenerCount('x'), 3, 'the list is a copy');
  call.removeAllListeners('x');
  equal(call.eventNames(), ['y']);
  call.on('x', one).removeAllListeners();
  equal(call.eventNames(), []);
});

export const handlers_added_or_removed_during_an_event_count_from_the_next_one = test((meeting) => {
  const call = meeting.call();
  const order = [];
  const removed = () => order.push('removed');
  const added = () => order.push('added');
  call.on('x', () => {
    order.push('first');
    call.off('x', removed).on('x', added);
  });
  call.on('x', removed);
  call.emit('x');
  equal(order, ['first', 'removed']);
  call.emit('x');
  equal(order, ['first', 'removed', 'first', 'added']);
});

export const removing_all_during_an_event_still_calls_those_it_began_with = test((meeting) => {
  const call = meeting.call();
  const order = [];
  call.on('x', () => {
    order.push(1);
    call.removeAllListeners();
  });
  call.on('x', () => order.push(2));
  call.emit('x');
  equal(order, [1, 2]);
  same(call.emit('x'), false);
});

export const a_handler_that_throws_is_reported_and_does_not_stop_the_others = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const errors = [new Error('one'), undefined, 'three'];
  const after = [];
  for (const error of errors) {
    call.on('joined-meeting', () => {
      throw error;
    });
    call.on('joined-meeting', (event) => after.push(event.action));
  }
  await within(call.join(), 'joining');
  equal(after, ['joined-meeting', 'joined-meeting', 'joined-meeting']);
  const reported = meeting.logged('reportError').flat();
  check(errors.every((error, index) => reported[index] === error) && reported.length === 3, 'each error was reported');
  equal(meeting.logged('log').map(([text, name]) => [text, name]), Array(3).fill(['could not emit', 'joined-meeting']));
});

export const a_handler_that_rejects_is_the_business_of_the_browser = test(async (meeting) => {
  const call = meeting.call();
  const unhandled = new Promise((resolve) => {
    const listener = (event) => {
      event.preventDefault();
      removeEventListener('unhandledrejection', listener);
      resolve(event.reason);
    };
    addEventListener('unhandledrejection', listener);
  });
  call.on('x', async () => {
    throw new Error('async');
  });
  same(call.emit('x'), true);
  equal((await within(unhandled, 'the unhandled rejection')).message, 'async');
});

export const an_error_that_nobody_listens_to_does_not_throw = test(async (meeting) => {
  const call = meeting.call();
  same(call.emit('error', new Error('nobody listens')), false);
});

export const every_event_says_its_name_and_its_call = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const events = [];
  for (const name of ['loading', 'loaded', 'joining-meeting', 'left-meeting', 'call-instance-destroyed']) {
    call.on(name, (...args) => {
      same(args.length, 1);
      events.push(args[0]);
    });
  }
  const { callClientId } = call;
  check(/^\d+\.\d+$/.test(callClientId), `${callClientId} looks like Daily's`);
  const joined = next(call, 'joined-meeting');
  await within(call.join(), 'joining');
  equal(await joined, { action: 'joined-meeting', callClientId, participants: call.participants() });
  await within(call.destroy(), 'destroying');
  equal(events, [
    { action: 'loading', callClientId },
    { action: 'loaded', callClientId },
    { action: 'joining-meeting', callClientId },
    { action: 'left-meeting', callClientId },
    { action: 'call-instance-destroyed', callClientId },
  ]);
});
