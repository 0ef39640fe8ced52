// Session data of a type that the application says: what its methods take and give, and what must not compile.

import {
  Call,
  createCallObject,
  getCallInstance,
  SessionError,
  type CallEvent,
  type MeetingSessionEntry,
  type MeetingSessionSaving,
  type MeetingSessionState,
  type MergePatch,
  type UpdateResult,
  type UpdateStrategy,
} from 'meeting-session-state';

/** Fails to compile if the types are not the same; a type that came to be `any` is the same as nothing else. */
declare function same<A, B>(equal: Identical<A, B>): void;
type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

interface Poll {
  question?: string;
  votes?: { [option: string]: number };
  closing?: { at: string; by?: { name: string; role: string } };
  readonly options?: readonly string[];
}

const call = createCallObject<Poll>();
same<typeof call, Call<Poll>>(true);
same<ReturnType<typeof getCallInstance<Poll>>, Call<Poll> | undefined>(true);
new Call<Poll>({ userName: 'Ana' });
// @ts-expect-error Data is an object.
createCallObject<string>();

// ---------------------------------------------------------------------------------------------------- reading

same<ReturnType<typeof call.meetingSessionState>, MeetingSessionState<Poll>>(true);
same<string | undefined, ReturnType<typeof call.meetingSessionState>['data']['question']>(true);
// @ts-expect-error There is no such key.
call.meetingSessionState().data.questions;

const entry = call.meetingSessionEntry('question');
same<typeof entry, MeetingSessionEntry<string> | undefined>(true);
if (entry) console.log(entry.value.length, entry.version + 1, entry.updatedBy, entry.updatedAt.toISOString());
// @ts-expect-error There is no such key.
call.meetingSessionEntry('questions');

call.on('meeting-session-state-updated', ({ meetingSessionState, revision, changedKeys, updatedBy }) => {
  same<typeof meetingSessionState.data, Poll>(true);
  for (const key of changedKeys) console.log(revision, key, updatedBy[key]?.length);
});
call.on('meeting-session-state-updated', (event: CallEvent<'meeting-session-state-updated', Poll>) => console.log(event));
// @ts-expect-error It is other data.
call.on('meeting-session-state-updated', (event: CallEvent<'meeting-session-state-updated', { a: 1 }>) => console.log(event));

const stop = call.subscribe('votes', (votes, before) => {
  same<typeof votes, { [option: string]: number } | undefined>(true);
  same<typeof before, typeof votes>(true);
});
stop();
call.subscribe(['question', 'options'], (part, before) => {
  same<typeof part.question, string | undefined>(true);
  same<typeof before, typeof part | undefined>(true);
  // @ts-expect-error It is not one of the keys.
  console.log(part.votes);
});
call.subscribe(({ votes = {} }) => Object.keys(votes), (names, before) => {
  same<typeof names, string[]>(true);
  same<typeof before, string[] | undefined>(true);
}, { signal: AbortSignal.timeout(1000) });
// @ts-expect-error There is no such key.
call.subscribe('vote', () => {});
// @ts-expect-error There is no such key.
call.subscribe(['votes', 'vote'], () => {});
// @ts-expect-error A listener is needed.
call.subscribe('votes');

export async function follow(signal: AbortSignal): Promise<void> {
  for await (const question of call.values('question', { signal })) same<typeof question, string | undefined>(true);
  for await (const part of call.values(['question'])) same<typeof part.question, string | undefined>(true);
  for await (const count of call.values((data) => data.options?.length ?? 0)) same<typeof count, number>(true);
  // @ts-expect-error There is no such key.
  call.values('questions');
}

// ---------------------------------------------------------------------------------------------------- writing

export async function write(signal: AbortSignal, strategy: UpdateStrategy): Promise<void> {
  same<UpdateResult, Awaited<ReturnType<typeof call.updateMeetingSessionData>>>(true);
  await call.updateMeetingSessionData({ question: 'Tea?', votes: {} });
  await call.updateMeetingSessionData({ question: 'Tea?' }, { ifRevision: 7, signal });
  await call.updateMeetingSessionData({ question: undefined }, { mergeStrategy: 'shallow-merge', ifUnchanged: ['question'] });
  await call.updateMeetingSessionData({ votes: { tea: null }, closing: { by: { name: 'Bo' } } }, { mergeStrategy: 'merge-patch' });
  await call.updateMeetingSessionData({ closing: null, options: ['tea'] }, { mergeStrategy: 'merge-patch' });
  await call.updateMeetingSessionData({ question: 'Tea?' }, { mergeStrategy: strategy });
  call.setMeetingSessionData({ question: 'Tea?' });
  call.setMeetingSessionData({ votes: undefined }, 'shallow-merge');

  // @ts-expect-error There is no such key.
  await call.updateMeetingSessionData({ questions: 'Tea?' });
  // @ts-expect-error A key has values of one type.
  await call.updateMeetingSessionData({ question: 7 }, { mergeStrategy: 'shallow-merge' });
  // @ts-expect-error Only a patch deletes by null.
  await call.updateMeetingSessionData({ question: null }, { mergeStrategy: 'shallow-merge' });
  // @ts-expect-error Only a patch reaches into an object: a merge replaces it.
  await call.updateMeetingSessionData({ closing: { by: { name: 'Bo', role: 'host' } } }, { mergeStrategy: 'shallow-merge' });
  // @ts-expect-error A key has values of one type, in a patch too.
  await call.updateMeetingSessionData({ closing: { at: 7 } }, { mergeStrategy: 'merge-patch' });
  // @ts-expect-error Members of an array cannot be deleted.
  await call.updateMeetingSessionData({ options: ['tea', null] }, { mergeStrategy: 'merge-patch' });
  // @ts-expect-error There is no such strategy.
  await call.updateMeetingSessionData({}, { mergeStrategy: 'merge' });
  // @ts-expect-error Keys are several.
  await call.updateMeetingSessionData({}, { ifUnchanged: 'question' });
  // @ts-expect-error There is no such option.
  await call.updateMeetingSessionData({}, { ifVersion: 7 });
  // @ts-expect-error There is no such key.
  call.setMeetingSessionData({ questions: 'Tea?' }, 'shallow-merge');
  // @ts-expect-error Daily's method has Daily's strategies.
  call.setMeetingSessionData({ question: 'Tea?' }, 'merge-patch');
}

export async function vote(signal: AbortSignal): Promise<void> {
  const { status } = await call.transact((draft) => {
    draft.votes ??= {};
    draft.votes.tea = (draft.votes.tea ?? 0) + 1;
    delete draft.question;
    // A key that is read-only in the data is not so in a draft.
    draft.options = ['tea'];
  });
  same<typeof status, 'applied' | 'unchanged'>(true);
  await call.transact((draft) => ({ ...draft, question: 'Tea?' }), { attempts: 3, signal });
  await call.transact(({ question, ...rest }) => (question ? rest : undefined));
  await call.transact((draft) => {
    draft.question = 'Tea?';
    return draft;
  });

  // @ts-expect-error There is no such key.
  await call.transact((draft) => void (draft.questions = 'Tea?'));
  // @ts-expect-error A key has values of one type.
  await call.transact((draft) => void (draft.question = 7));
  // @ts-expect-error It cannot be async.
  await call.transact(async (draft) => void (draft.question = 'Tea?'));
  // @ts-expect-error It returns data or nothing.
  await call.transact((draft) => (draft.votes!.tea! += 1));
  // @ts-expect-error What it returns is the whole data.
  await call.transact((draft) => (draft.votes = { tea: 1 }).tea);
}

// ---------------------------------------------------------------------------------------------------- errors and saving

call.updateMeetingSessionData({}).catch((error: unknown) => {
  if (!(error instanceof SessionError)) throw error;
  const retryable: boolean = error.retryable;
  switch (error.code) {
    case 'conflict':
      return console.log(error.revision, error.current?.question, error.changedKeys?.join(), error.updatedBy?.question);
    case 'too_large':
      return console.log(error.size);
    case 'aborted':
    case 'too_late':
      return console.log(error.cause);
    case 'not_joined':
    case 'invalid_argument':
    case 'not_serializable':
    case 'bad_data':
    case 'session_reset':
    case 'expired':
    case 'busy':
    case 'left':
    case 'unknown':
      return console.log(retryable);
  }
  // The list is closed.
  return error.code satisfies never;
});
// @ts-expect-error There is no such code.
new SessionError('too_big', 'too big');
new SessionError('conflict', 'too late', { revision: 7, current: {} });

same<ReturnType<typeof call.meetingSessionSaving>, MeetingSessionSaving>(true);
call.on('meeting-session-saving-updated', ({ pending, error }) => console.log(pending + 1, error?.code));

// ---------------------------------------------------------------------------------------------------- without a type

const untyped = createCallObject();
same<typeof untyped, Call>(true);
same<ReturnType<typeof untyped.meetingSessionState>['data'], unknown>(true);

export async function loose(data: unknown): Promise<void> {
  await untyped.updateMeetingSessionData(data);
  await untyped.updateMeetingSessionData(data, { mergeStrategy: 'shallow-merge' });
  await untyped.updateMeetingSessionData(data, { mergeStrategy: 'merge-patch' });
  await untyped.transact((draft) => {
    draft.votes.tea += 1;
    draft['pinned'] = { by: 'Ana' };
  });
  await untyped.transact(({ pinned, ...rest }) => rest);
  // @ts-expect-error It cannot be async.
  await untyped.transact(async (draft) => void (draft.votes = 1));
  untyped.subscribe('votes', (votes: Record<string, number> | undefined) => console.log(votes?.tea));
  untyped.subscribe(['votes', 'pinned'], ({ votes, pinned }) => console.log(votes.tea, pinned));
  untyped.subscribe(({ votes }) => votes.tea as number, (count) => same<typeof count, number>(true));
  for await (const votes of untyped.values('votes')) console.log(votes.tea);
  console.log(untyped.meetingSessionEntry('votes')?.value.tea);
}

// Code that takes any call takes one of typed data.
declare function takesAny(call: Call): void;
takesAny(call);
// @ts-expect-error And data is not of a type because somebody asks for it.
call satisfies Call<{ question?: number }>;

/** Code of its own for data of any type. */
export async function reset<Data extends object>(some: Call<Data>, next: Data): Promise<Data> {
  await some.updateMeetingSessionData(next);
  return some.meetingSessionState().data;
}
void reset(call, {});

/** Data that nests at will. */
type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
const json = createCallObject<Record<string, Json>>();
void json.transact((draft) => void (draft.list = [1, { a: null }]));
void json.updateMeetingSessionData({ list: null }, { mergeStrategy: 'merge-patch' });
same<MergePatch<{ a?: { b: string } }>, { a?: { b?: string | null } | null }>(true);
