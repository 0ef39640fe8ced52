// join, leave and destroy: states, events and promises, in their order.

import { check, equal, eventNames, eventually, JOIN_EVENTS, next, rejects, same, test, within, write } from './support.js';

/** What is true of a call that is not in a meeting. */
async function outside(call, room) {
  equal(call.participants(), {});
  equal(call.participantCounts(), { present: 0, hidden: 0 });
  equal(call.meetingSessionSummary(), {});
  equal(call.accessState(), { access: 'unknown' });
  equal(await call.getNetworkTopology(), { topology: 'none' });
  equal(await call.room(), room);
  same(call.meetingSessionRevision(), 0);
}

// ------------------------------------------------------------------------------------------------------------- join

export const a_new_call_is_outside = test(async (meeting) => {
  same(meeting.call().meetingState(), 'new');
  same(meeting.call().isDestroyed(), false);
  await outside(meeting.call(), null);
  await outside(meeting.call({ url: meeting.url }), { roomUrlPendingJoin: meeting.url });
  equal(meeting.sockets, []);
});

export const a_joined_call_is_inside = test(async (meeting) => {
  const call = await meeting.joined();
  same(call.meetingState(), 'joined-meeting');
  equal(Object.keys(call.participants()), ['local']);
  equal(call.participantCounts(), { present: 1, hidden: 0 });
  const { id } = call.meetingSessionSummary();
  check(/^[0-9a-f]{16}$/.test(id), `${id} is an epoch`);
  equal(call.accessState(), { access: { level: 'full' } });
  equal(await call.getNetworkTopology(), { topology: 'sfu' });
  const name = meeting.url.split('/').at(-1);
  equal(await call.room(), { id: name, name, config: {}, domainConfig: {}, tokenConfig: {} });
});

export const joining_tells_its_events_in_order_and_the_state_fits_each = test(async (meeting) => {
  const call = meeting.call();
  const order = [];
  for (const name of JOIN_EVENTS) call.on(name, () => order.push([name, call.meetingState()]));
  const joined = call.join({ url: meeting.url }).then(() => order.push(['joined', call.meetingState()]));
  equal(order, [['loading', 'loading']]);
  same(call.meetingState(), 'loading');
  await Promise.resolve();
  equal(order.slice(1, 3).map(([name]) => name), ['loaded', 'joining-meeting']);
  await within(joined, 'joining');
  equal(order.map(([name]) => name), [...JOIN_EVENTS, 'joined']);
  const states = ['loading', 'loaded', 'joining-meeting', ...Array(6).fill('joined-meeting')];
  equal(order.map(([, state]) => state), states);
});

export const the_payloads_of_a_join = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const events = {};
  for (const name of JOIN_EVENTS) call.on(name, (event) => (events[name] = event));
  const participants = await within(call.join(), 'joining');
  const { callClientId } = call;
  equal(participants, call.participants());
  const meetingSession = call.meetingSessionSummary();
  const expected = {
    'joined-meeting': { participants },
    'participant-counts-updated': { participantCounts: { present: 1, hidden: 0 } },
    'meeting-session-summary-updated': { meetingSession },
    'meeting-session-updated': { meetingSession },
    'meeting-session-state-updated': {
      meetingSessionState: { data: {}, topology: 'sfu' },
      revision: 0,
      changedKeys: [],
      updatedBy: {},
    },
  };
  for (const [action, fields] of Object.entries(expected)) equal(events[action], { action, callClientId, ...fields });
});

export const joining_again_while_joining_or_joined_warns_and_does_nothing = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const events = eventNames(call);
  const first = call.join();
  same(await call.join({ url: 'not an address' }), undefined);
  await within(first, 'joining');
  same(await call.join(), undefined);
  const warning = 'already joined meeting, call leave() before joining again';
  meeting.expectLogged('warn', warning, warning);
  equal(events, JOIN_EVENTS);
  same(meeting.sockets.length, 1);
});

export const joining_without_an_address_is_refused = test(async (meeting) => {
  const call = meeting.call();
  const events = eventNames(call);
  for (const options of [[], [undefined], [null], [{}], [{ url: undefined }], [{ url: '' }]]) {
    await rejects(call.join(...options), 'No room URL has been provided');
  }
  same(call.meetingState(), 'new');
  equal(events, []);
  await within(call.join({ url: meeting.url }), 'joining');
});

export const an_address_that_is_none_is_refused_with_an_example = test(async (meeting) => {
  const call = meeting.call();
  const { host } = new URL(meeting.url);
  const addresses = [
    ...['standup', '/standup', 'ftp://example.com/a', 'wss://', `ws://${host}`, `ws://${host}/`, 'ws://%/a', 'wss:///'],
    ...[`ws://${host}/a b`, `ws://${host}/%2F`, `ws://${host}/%zz`, `ws://${host}/ä`, `ws://${host}/${'x'.repeat(129)}`],
    ...[`ws://${host}/a/..`, 'javascript:alert(1)', 'data:text/plain,a', 'about:blank'],
  ];
  const text =
    'The url must be the address of a session, such as wss://example.com/standup: ws, wss, http or https, and a ' +
    'last path segment of 1 to 128 letters, digits or any of _ . ~ -';
  for (const url of addresses) {
    await rejects(call.join({ url }), text).catch((error) => check(false, `${url}: ${error.message}`));
  }
  same(call.meetingState(), 'new');
  equal(meeting.sockets, []);
});

export const every_form_of_an_address_leads_to_the_session = test(async (meeting) => {
  const [, , host, name] = meeting.url.split('/');
  const urls = [
    meeting.url,
    `http://${host}/${name}`,
    `ws://${host}/${name}/`,
    `ws://${host}/${name}#fragment`,
    `ws://${host}/${name}?t=token`,
    `ws://${host}/${encodeURIComponent(name).replace('b', '%62')}`,
  ];
  const calls = await Promise.all(urls.map((url) => meeting.joined({ url })));
  same(new Set(calls.map((call) => call.meetingSessionSummary().id)).size, 1);
  check(!meeting.sockets.some(({ url }) => url.includes('token')), 'no token is part of an address');
  equal(meeting.sent('join').map(({ token }) => token).filter(Boolean), ['token']);
});

export const unknown_options_are_ignored_with_a_warning = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url, videoSource: false, allowMultipleCallInstances: true });
  meeting.expectLogged('warn', "Ignoring unrecognized property 'videoSource'");
  await within(call.join({ startAudioOff: true, url: meeting.url }), 'joining');
  meeting.expectLogged('warn', "Ignoring unrecognized property 'startAudioOff'");
});

export const options_of_a_wrong_type_are_refused = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  for (const key of ['url', 'token', 'userName']) {
    for (const value of [5, null, {}, []]) await rejects(call.join({ [key]: value }), `${key} must be a string`);
  }
  const cycle = {};
  cycle.self = cycle;
  const error = await call.join({ userData: cycle }).catch((thrown) => thrown);
  check(error.message.startsWith('User data must be serializable to JSON: '), error.message);
  same(call.meetingState(), 'new');
  await within(call.join(), 'joining');
});

export const a_second_join_uses_the_options_of_the_first = test(async (meeting) => {
  const call = meeting.call();
  await within(call.join({ url: meeting.url, userName: 'Ana', userData: [1] }), 'joining');
  const first = call.participants().local;
  await within(call.leave(), 'leaving');
  equal(await call.room(), { roomUrlPendingJoin: meeting.url });
  const events = eventNames(call);
  const { local } = await within(call.join(), 'joining again');
  equal(events, JOIN_EVENTS);
  equal([local.user_name, local.userData], ['Ana', [1]]);
  check(local.session_id !== first.session_id, 'the participant is a new one');
});

// ------------------------------------------------------------------------------------------------------------ leave

export const leaving_a_new_call_tells_it_at_once = test(async (meeting) => {
  const call = meeting.call();
  const events = eventNames(call);
  const left = call.leave();
  equal(events, ['left-meeting']);
  same(call.meetingState(), 'left-meeting');
  same(await left, undefined);
  same(await call.leave(), undefined);
  equal(events, ['left-meeting']);
});

export const leaving_a_meeting_resets_the_call = test(async (meeting) => {
  const [call, other] = await Promise.all([meeting.joined(), meeting.joined()]);
  await write(call, { a: 1 });
  const id = call.participants().local.session_id;
  const gone = next(other, 'participant-left');
  const order = eventNames(call);
  call.on('left-meeting', () => order.push(call.meetingState(), Object.keys(call.participants()).length));
  const left = call.leave().then(() => order.push('left'));
  same(call.meetingState(), 'joined-meeting');
  await within(left, 'leaving');
  equal(order, ['left-meeting', 'left-meeting', 0, 'left']);
  await outside(call, { roomUrlPendingJoin: meeting.url });
  const { participant } = await gone;
  same(participant.session_id, id);
  equal(other.meetingSessionState().data, { a: 1 });
});

export const leaving_twice_at_once_is_leaving_once = test(async (meeting) => {
  const call = await meeting.joined();
  // The answer that is awaited keeps the first from being done at once.
  call.setMeetingSessionData({ a: 1 });
  const events = eventNames(call);
  await within(Promise.all([call.leave(), call.leave(), call.leave()]), 'leaving');
  equal(events.filter((name) => name === 'left-meeting'), ['left-meeting']);
});

export const leaving_while_joining_rejects_the_join = test(async (meeting) => {
  for (const [joinedBefore, ready] of ['loading', 'joining-meeting'].entries()) {
    const call = meeting.call({ url: meeting.url });
    const reached = next(call, ready);
    const joined = call.join();
    const rejected = rejects(joined, 'The call was left before it was joined');
    await reached;
    const events = eventNames(call);
    await within(call.leave(), 'leaving');
    await rejected;
    same(events.at(-1), 'left-meeting');
    same(call.meetingState(), 'left-meeting');
    await eventually(() => meeting.openSockets(), joinedBefore);
    await within(call.join(), 'joining after all');
  }
});

// ---------------------------------------------------------------------------------------------------------- destroy

export const destroying_leaves_first_and_then_ends_the_call = test(async (meeting) => {
  const call = await meeting.joined();
  const { callClientId } = call;
  const order = eventNames(call);
  call.on('call-instance-destroyed', () => order.push(call.isDestroyed(), call.callClientId === callClientId));
  await within(call.destroy().then(() => order.push('destroyed')), 'destroying');
  equal(order, ['left-meeting', 'call-instance-destroyed', true, true, 'destroyed']);
  same(call.callClientId, undefined);
  same(call.isDestroyed(), true);
  same(call.meetingState(), 'left-meeting');
  await outside(call, { roomUrlPendingJoin: meeting.url });
});

export const destroying_in_any_state_is_once = test(async (meeting) => {
  const created = meeting.call();
  const joined = await meeting.joined();
  const left = await meeting.joined();
  await within(left.leave(), 'leaving');
  const joining = meeting.call({ url: meeting.url });
  const rejected = rejects(joining.join(), 'The call was left before it was joined');
  for (const call of [joining, created, joined, left]) {
    const events = eventNames(call);
    await within(Promise.all([call.destroy(), call.destroy()]), 'destroying');
    same(await call.destroy(), undefined);
    equal(events.filter((name) => name === 'call-instance-destroyed').length, 1);
    same(call.isDestroyed(), true);
  }
  await rejected;
});

export const a_destroyed_call_cannot_join_and_its_other_methods_do_no_harm = test(async (meeting) => {
  const call = await meeting.joined();
  await within(call.destroy(), 'destroying');
  await rejects(call.join(), 'Use after destroy');
  await rejects(call.join({ url: meeting.url }), 'Use after destroy');
  for (const name of ['left-meeting', 'call-instance-destroyed']) call.on(name, () => check(false, 'told again'));
  same(await call.leave(), undefined);
  same(await call.destroy(), undefined);
  let count = 0;
  const handler = () => (count += 1);
  same(call.on('x', handler), call);
  call.emit('x');
  same(call.off('x', handler), call);
  call.emit('x');
  same(count, 1);
  equal(call.participants(), {});
  same(meeting.sockets.length, 1);
});

export const pending_writes_survive_destroying = test(async (meeting) => {
  const [writer, reader] = await Promise.all([meeting.joined(), meeting.joined()]);
  writer.setMeetingSessionData({ first: 1 });
  writer.setMeetingSessionData({ last: 1 }, 'shallow-merge');
  await within(writer.destroy(), 'destroying');
  await eventually(() => reader.meetingSessionState().data, { first: 1, last: 1 });
});
