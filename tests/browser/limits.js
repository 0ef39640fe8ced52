// The limits of session data: 102,400 UTF-16 code units of JSON text, for each write and for what is merged from it.

import { check, equal, next, same, test, throws, write } from './support.js';

const MAX = 102_400;
/** The length of `{"k":""}`. */
const AROUND = 8;

const tooLarge = (size) => `Meeting session data is too large (${size} characters). Maximum size suppported is 102400.`;

/** Checks that data of exactly the limit passes and arrives, and that one more unit is refused. */
async function limit(meeting, fits, refused, size) {
  equal(JSON.stringify(fits).length, MAX, 'the largest that fits');
  equal(JSON.stringify(refused).length, size, 'what is refused');
  const call = await meeting.joined();
  for (const strategy of ['replace', 'shallow-merge', undefined]) {
    throws(() => call.setMeetingSessionData(refused, strategy), tooLarge(size));
    meeting.expectLogged('error', tooLarge(size));
  }
  equal(await write(call, fits), fits);
  same(call.meetingSessionRevision(), 1);
}

export const ascii_at_the_limit = test((meeting) =>
  limit(meeting, { k: 'x'.repeat(MAX - AROUND) }, { k: 'x'.repeat(MAX - AROUND + 1) }, MAX + 1));

export const two_byte_letters_count_one = test((meeting) =>
  limit(meeting, { k: 'é'.repeat(102_392) }, { k: 'é'.repeat(102_393) }, MAX + 1));

export const three_byte_letters_count_one = test((meeting) =>
  limit(meeting, { k: '€'.repeat(MAX - AROUND) }, { k: '€'.repeat(MAX - AROUND + 1) }, MAX + 1));

export const emoji_count_two = test((meeting) =>
  limit(meeting, { k: '😀'.repeat((MAX - AROUND) / 2) }, { k: '😀'.repeat((MAX - AROUND) / 2) + 'x' }, MAX + 1));

export const half_surrogate_pairs_count_as_their_escapes = test((meeting) => {
  const lone = '\ud800'.repeat((MAX - AROUND - 2) / 6);
  return limit(meeting, { k: `${lone}xx` }, { k: `${lone}xxx` }, MAX + 1);
});

export const escapes_count_as_they_are_written = test((meeting) => {
  const escapes = '"\\\n\x01'.repeat((MAX - AROUND) / 12);
  return limit(meeting, { k: `${escapes}xxxxxxxx` }, { k: `${escapes}xxxxxxxxx` }, MAX + 1);
});

export const keys_count_too = test((meeting) =>
  limit(meeting, { ['k'.repeat(MAX - 7)]: '' }, { ['k'.repeat(MAX - 6)]: '' }, MAX + 1));

export const deleted_keys_do_not_count = test(async (meeting) => {
  const call = await meeting.joined();
  const data = { k: 'x'.repeat(MAX - AROUND) };
  await write(call, data);
  equal(await write(call, { ...data, [`gone ${'x'.repeat(1000)}`]: undefined, k: 1 }, 'shallow-merge'), { k: 1 });
});

export const far_too_much_is_refused_and_the_call_goes_on = test(async (meeting) => {
  const call = await meeting.joined();
  const size = 20_000_000;
  throws(() => call.setMeetingSessionData({ k: 'x'.repeat(size) }), tooLarge(size + AROUND));
  meeting.expectLogged('error', tooLarge(size + AROUND));
  equal(await write(call, { a: 1 }), { a: 1 });
});

// ----------------------------------------------------------------------------------------------------- merged data

export const a_merged_result_over_the_limit_is_told_to_the_writer_and_changes_nothing = test(async (meeting) => {
  const [writer, other] = await Promise.all([meeting.joined(), meeting.joined()]);
  const half = 'x'.repeat(60_000);
  await Promise.all([next(other, 'meeting-session-state-updated'), write(writer, { a: half })]);
  const before = writer.meetingSessionState();
  const told = [];
  other.on('nonfatal-error', (event) => told.push(event));
  for (const call of [writer, other]) call.on('meeting-session-state-updated', (event) => told.push(event));

  const failed = next(writer, 'nonfatal-error');
  writer.setMeetingSessionData({ b: half }, 'shallow-merge');
  // {"a":"x…","b":"x…"}
  const size = 120_000 + 15;
  equal(await failed, {
    action: 'nonfatal-error',
    callClientId: writer.callClientId,
    type: 'meeting-session-data-error',
    errorMsg: tooLarge(size),
    details: { code: 'too_large', size },
  });
  same(writer.meetingSessionState(), before);
  same(writer.meetingSessionRevision(), 1);
  equal(told, []);
  equal(await write(writer, { b: half }), { b: half });
});

export const a_merged_result_at_the_limit_is_taken = test(async (meeting) => {
  const call = await meeting.joined();
  await write(call, { a: '' });
  const b = 'x'.repeat(MAX - '{"a":"","b":""}'.length);
  equal(await write(call, { b }, 'shallow-merge'), { a: '', b });
  const failed = next(call, 'nonfatal-error');
  call.setMeetingSessionData({ a: 'x' }, 'shallow-merge');
  equal((await failed).details, { code: 'too_large', size: MAX + 1 });
});

export const a_write_that_makes_a_batch_too_large_is_refused_alone = test(async (meeting) => {
  const call = await meeting.joined();
  await write(call, { first: 1 });
  const failures = [];
  call.on('nonfatal-error', ({ details }) => failures.push(details));
  const half = 'x'.repeat(60_000);
  const written = write(call, { a: half }, 'shallow-merge');
  call.setMeetingSessionData({ b: half }, 'shallow-merge');
  call.setMeetingSessionData({ c: 1 }, 'shallow-merge');
  equal(await written, { first: 1, a: half, c: 1 });
  equal(failures, [{ code: 'too_large', size: '{"a":"","b":""}'.length + 120_000 }]);
});

export const writes_that_no_frame_can_hold_together_are_refused_and_the_connection_kept = test(async (meeting) => {
  const call = await meeting.joined();
  await write(call, { first: 1 });
  const failures = [];
  call.on('nonfatal-error', ({ details }) => failures.push(details.code));
  // Letters of three bytes: two of these writes are more than a frame may have.
  const large = '€'.repeat(MAX - 100);
  const written = write(call, { k0: large }, 'shallow-merge');
  for (let index = 1; index < 10; index += 1) call.setMeetingSessionData({ [`k${index}`]: large }, 'shallow-merge');
  equal(await written, { first: 1, k0: large });
  equal(failures, Array(9).fill('too_large'));
  same(meeting.sockets.length, 1);
});

export const deletes_that_no_frame_can_hold_are_refused_and_the_connection_kept = test(async (meeting) => {
  const call = await meeting.joined();
  const failed = next(call, 'nonfatal-error');
  call.setMeetingSessionData({ ['k'.repeat(400_000)]: undefined }, 'shallow-merge');
  const { details, errorMsg } = await failed;
  same(details.code, 'too_large');
  check(details.size > 400_000, `${details.size} is the size of what was to be sent`);
  equal(errorMsg, tooLarge(details.size));
  equal(await write(call, { after: 1 }), { after: 1 });
  same(meeting.sockets.length, 1);
});
