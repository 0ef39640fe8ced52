// Participants, their names and data, and messages between them.

import { check, equal, eventually, next, rejects, same, test, throws, within } from './support.js';

const TOO_LARGE = 'User name, user data or token too large. Max size is 256, 4096 and 8192 characters';

/** Two calls that know of each other. */
async function two(meeting) {
  const ana = await meeting.joined({ userName: 'Ana' });
  const met = next(ana, 'participant-joined');
  const ben = await meeting.joined({ userName: 'Ben', userData: { role: 'guest' } });
  await met;
  return [ana, ben];
}

const idOf = (call) => call.participants().local.session_id;

// ---------------------------------------------------------------------------------------------------- participants

export const participants_have_dailys_shape = test(async (meeting) => {
  const before = Date.now();
  const [ana, ben] = await two(meeting);
  const id = idOf(ben);
  const seen = ana.participants()[id];
  const off = { state: 'off', subscribed: false, off: { byUser: true } };
  const expected = {
    session_id: id,
    user_id: id,
    user_name: 'Ben',
    userData: { role: 'guest' },
    joined_at: seen.joined_at,
    will_eject_at: new Date(0),
    local: false,
    ...{ owner: false, record: false, audio: false, video: false, screen: false, cam_info: {}, screen_info: {} },
    tracks: { audio: off, video: off, screenAudio: off, screenVideo: off },
    permissions: { hasPresence: true, canSend: true, canReceive: { base: true }, canAdmin: false },
  };
  equal(seen, expected);
  equal(ben.participants().local, { ...expected, local: true });
  check(seen.joined_at instanceof Date, 'joined_at is a Date');
  check(Math.abs(seen.joined_at - before) < 60_000, `${seen.joined_at} is now`);
  check(!('userData' in ana.participants().local), 'who has set no data has none');
  equal(Object.keys(ana.participants()).sort(), ['local', id].sort());
});

export const participants_come_and_go_with_their_events = test(async (meeting) => {
  const ana = await meeting.joined();
  const events = [];
  for (const name of ['participant-joined', 'participant-left', 'participant-counts-updated']) {
    ana.on(name, ({ participant, participantCounts }) => events.push([name, participant?.session_id, participantCounts]));
  }
  const ben = await meeting.joined();
  const id = idOf(ben);
  const counts = { present: 2, hidden: 0 };
  equal(ben.participantCounts(), counts);
  await eventually(() => events, [['participant-joined', id, undefined], ['participant-counts-updated', undefined, counts]]);
  equal(ana.participantCounts(), counts);
  await within(ben.leave(), 'leaving');
  await eventually(() => events.slice(2), [
    ['participant-left', id, undefined],
    ['participant-counts-updated', undefined, { present: 1, hidden: 0 }],
  ]);
  equal(Object.keys(ana.participants()), ['local']);
});

export const a_participant_that_changes_is_a_new_object = test(async (meeting) => {
  const [ana, ben] = await two(meeting);
  const id = idOf(ben);
  const [before, own] = [ana.participants()[id], ana.participants().local];
  same(ana.participants()[id], before);
  const updated = next(ana, 'participant-updated');
  const changed = within(ben.setUserName('Benedict'), 'setting the name');
  const { participant } = await updated;
  await changed;
  equal(participant, { ...before, user_name: 'Benedict' });
  check(participant !== before, 'a new object');
  same(ana.participants()[id], participant);
  same(ana.participants().local, own);
});

// -------------------------------------------------------------------------------------------------- name and data

export const setting_name_and_data_resolves_to_what_was_set = test(async (meeting) => {
  const [ana, ben] = await two(meeting);
  const id = idOf(ben);
  equal(await within(ben.setUserName('Benedict'), 'setting the name'), { userName: 'Benedict' });
  same(ben.participants().local.user_name, 'Benedict');
  const data = { role: 'host', list: [1, '😀'] };
  equal(await within(ben.setUserData(data), 'setting the data'), { userData: data });
  equal(ben.participants().local.userData, data);
  const all = [ben.setUserName('a'), ben.setUserData(1), ben.setUserName('b'), ben.setUserData(null)];
  const set = await within(Promise.all(all), 'setting all');
  equal(set, [{ userName: 'a' }, { userData: 1 }, { userName: 'b' }, { userData: null }]);
  await eventually(() => [ana.participants()[id].user_name, ana.participants()[id].userData], ['b', null]);
});

export const what_is_set_outside_a_meeting_is_said_when_joining = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url, userName: 'first' });
  equal(await call.setUserName('Ana'), { userName: 'Ana' });
  equal(await call.setUserData([1]), { userData: [1] });
  const { local } = await within(call.join(), 'joining');
  equal([local.user_name, local.userData], ['Ana', [1]]);
});

export const names_have_256_units_and_data_4096 = test(async (meeting) => {
  const [ana, ben] = await two(meeting);
  const name = 'é'.repeat(254) + '😀';
  const data = 'é'.repeat(4_094);
  equal(await within(ben.setUserName(name), 'setting the name'), { userName: name });
  equal(await within(ben.setUserData(data), 'setting the data'), { userData: data });
  await rejects(ben.setUserName(`${name}x`), TOO_LARGE);
  await rejects(ben.setUserData(`${data}x`), TOO_LARGE);
  for (const options of [{ userName: `${name}x` }, { userData: `${data}x` }]) {
    const call = meeting.call({ url: meeting.url, ...options });
    await rejects(call.join(), TOO_LARGE);
    same(call.meetingState(), 'new');
  }
  const seen = () => ana.participants()[idOf(ben)];
  await eventually(() => [seen().user_name, seen().userData], [name, data]);
});

export const names_and_data_that_cannot_be_sent_are_refused = test(async (meeting) => {
  const call = await meeting.joined({ userName: 'Ana', userData: 1 });
  for (const name of [undefined, null, 5, {}]) await rejects(call.setUserName(name), 'userName must be a string');
  for (const data of [() => 1, Symbol('s')]) await rejects(call.setUserData(data), 'User data must be serializable to JSON');
  const error = await call.setUserData({ n: 1n }).catch((thrown) => thrown);
  check(error.message.startsWith('User data must be serializable to JSON: '), error.message);
  const { local } = call.participants();
  equal([local.user_name, local.userData], ['Ana', 1]);
});

export const leaving_rejects_what_is_not_set_yet = test(async (meeting) => {
  const call = await meeting.joined();
  const setting = rejects(call.setUserName('Ana'), 'The call was left before the change was made');
  await within(call.leave(), 'leaving');
  await setting;
});

// ------------------------------------------------------------------------------------------------------- messages

/** Notes what the calls receive. */
function received(...calls) {
  return calls.map((call) => {
    const messages = [];
    call.on('app-message', (event) => messages.push(event));
    return messages;
  });
}

export const messages_go_to_whom_they_are_for_and_never_to_the_sender = test(async (meeting) => {
  const [ana, ben] = await two(meeting);
  const cem = await meeting.joined();
  const [anas, bens, cems] = received(ana, ben, cem);
  const [idOfBen, idOfCem] = [idOf(ben), idOf(cem)];
  same(ana.sendAppMessage('to all'), ana);
  ana.sendAppMessage('to *', '*').sendAppMessage('to ben', idOfBen).sendAppMessage('to both', [idOfBen, idOfCem, idOfCem]);
  ana.sendAppMessage('to nobody', []).sendAppMessage('to who is not there', 'nobody').sendAppMessage('to half', '\ud800');
  ana.sendAppMessage('last');
  await eventually(() => bens.map(({ data }) => data), ['to all', 'to *', 'to ben', 'to both', 'last']);
  await eventually(() => cems.map(({ data }) => data), ['to all', 'to *', 'to both', 'last']);
  equal(anas, []);
  equal(bens[0], { action: 'app-message', callClientId: ben.callClientId, data: 'to all', fromId: idOf(ana) });
});

export const messages_are_any_json = test(async (meeting) => {
  const [ana, ben] = await two(meeting);
  const [, bens] = received(ana, ben);
  const proto = JSON.parse('{"__proto__":{"a":1}}');
  const values = [null, 0, 1e21, false, '', '😀\ud800', [], {}, proto, { deep: [{ a: null }] }];
  for (const value of values) ana.sendAppMessage(value);
  await eventually(() => bens.map(({ data }) => data), values);
  same({}.a, undefined);
});

export const messages_have_4096_units = test(async (meeting) => {
  const [ana, ben] = await two(meeting);
  for (const letter of ['x', 'é', '€']) {
    const fits = letter.repeat(4_094);
    const received = next(ben, 'app-message');
    throws(() => ana.sendAppMessage(`${fits}x`), 'Message data too large. Max size is 4096');
    meeting.expectLogged('error', 'Message data too large. Max size is 4096');
    ana.sendAppMessage(fits);
    equal((await received).data, fits);
  }
});

export const messages_that_cannot_be_sent_are_refused = test(async (meeting) => {
  const [ana, ben] = await two(meeting);
  const [, bens] = received(ana, ben);
  for (const data of [undefined, () => 1, Symbol('s')]) {
    throws(() => ana.sendAppMessage(data), 'Message data must be serializable to JSON');
  }
  for (const to of [null, 5, {}, [5], [['a']], () => 1]) {
    throws(() => ana.sendAppMessage('x', to), "The recipient must be '*', a session_id or an array of them");
  }
  // A cycle, and more recipients than there can be.
  const cycle = {};
  cycle.self = cycle;
  check(messageOf(() => ana.sendAppMessage(cycle)).startsWith('Message data must be serializable to JSON: '), 'a cycle');
  check(messageOf(() => ana.sendAppMessage('x', Array(501).fill('a'))) !== undefined, 'too many recipients are refused');
  meeting.logged('error');
  ana.sendAppMessage('last');
  await next(ben, 'app-message');
  equal(bens.map(({ data }) => data), ['last']);
});

export const messages_are_refused_outside_a_meeting = test(async (meeting) => {
  const call = meeting.call({ url: meeting.url });
  const refused = () => {
    throws(() => call.sendAppMessage(undefined, 5), 'sendAppMessage() only supported after join.');
    meeting.expectLogged('error', 'sendAppMessage() only supported after join.');
  };
  refused();
  const joined = call.join();
  refused();
  await within(joined, 'joining');
  await within(call.leave(), 'leaving');
  refused();
  await within(call.destroy(), 'destroying');
  refused();
});

function messageOf(action) {
  try {
    action();
  } catch (error) {
    same(error.constructor, Error);
    return error.message;
  }
  return undefined;
}
