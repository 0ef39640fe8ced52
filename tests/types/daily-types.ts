// Our types against the real types of @daily-co/daily-js.
//
// Two things of Daily's are left out everywhere:
// - chaining to methods that we do not cover: where Daily returns a whole `DailyCall`, the covered part of it is asked for;
// - `createFrame`, `createTransparentFrame` and `wrap`, which make frames.

import RealDaily, {
  type DailyAccessState,
  type DailyBrowserInfo,
  type DailyCall,
  type DailyCallOptions,
  type DailyCallStaticUtils,
  type DailyEvent,
  type DailyEventObject,
  type DailyEventObjectAppMessage,
  type DailyEventObjectMeetingSessionSummaryUpdated,
  type DailyEventObjectNonFatalError,
  type DailyFactoryOptions,
  type DailyFatalErrorType,
  type DailyMeetingSessionState,
  type DailyMeetingSessionSummary,
  type DailyMeetingState,
  type DailyNetworkTopology,
  type DailyNonFatalErrorType,
  type DailyParticipant,
  type DailyParticipantCounts,
  type DailyParticipantPermissions,
  type DailyParticipantTracks,
  type DailyParticipantsObject,
  type DailyPendingRoomInfo,
  type DailyRoomInfo,
  type DailySessionDataMergeStrategy,
  type DailyTrackState,
} from 'real-daily-js';
import OurDaily, {
  Call,
  createCallObject,
  getCallInstance,
  supportedBrowser,
  version,
  type AccessState,
  type BrowserInfo,
  type CallEvent,
  type CallEvents,
  type CallOptions,
  type EventName,
  type FatalErrorType,
  type JoinOptions,
  type MeetingSessionState,
  type MeetingSessionSummary,
  type MeetingState,
  type MergeStrategy,
  type NetworkTopology,
  type NonfatalErrorType,
  type Participant,
  type ParticipantCounts,
  type ParticipantPermissions,
  type Participants,
  type ParticipantTracks,
  type PendingRoomInfo,
  type RoomInfo,
  type SessionDataErrorDetails,
  type SessionResetEvent,
  type TrackState,
} from 'meeting-session-state';

/** Fails to compile if the value is not assignable to the type. */
declare function accepts<Target>(value: Target): void;
/** A value of any type. */
declare function any<T>(): T;
/** Whether each of two types is assignable to the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

// ---------------------------------------------------------------------------------------------------- values

accepts<Same<MeetingState, DailyMeetingState>>(true);
accepts<Same<MergeStrategy, DailySessionDataMergeStrategy>>(true);
accepts<Same<NetworkTopology, DailyNetworkTopology>>(true);
accepts<Same<MeetingSessionState, DailyMeetingSessionState>>(true);
accepts<Same<MeetingSessionSummary, DailyMeetingSessionSummary>>(true);
accepts<Same<ParticipantCounts, DailyParticipantCounts>>(true);
accepts<Same<AccessState, DailyAccessState>>(true);
accepts<Same<PendingRoomInfo, DailyPendingRoomInfo>>(true);
accepts<Same<BrowserInfo, DailyBrowserInfo>>(true);
accepts<Same<FatalErrorType, DailyFatalErrorType>>(true);
accepts<Same<NonfatalErrorType, DailyNonFatalErrorType>>(true);
accepts<Same<TrackState['state'], DailyTrackState['state']>>(true);
accepts<Same<ParticipantPermissions['canSend'], DailyParticipantPermissions['canSend']>>(true);
accepts<Same<ParticipantPermissions['canAdmin'], DailyParticipantPermissions['canAdmin']>>(true);

// What Daily accepts, we accept: its media options are ignored.
accepts<JoinOptions>(any<DailyCallOptions>());
accepts<CallOptions>(any<DailyFactoryOptions>());
accepts<DailyCallOptions>(any<JoinOptions>());
accepts<DailyFactoryOptions>(any<CallOptions>());

// ---------------------------------------------------------------------------------------------------- participants

accepts<DailyTrackState>(any<TrackState>());
accepts<DailyParticipantTracks>(any<ParticipantTracks>());
accepts<DailyParticipantPermissions>(any<ParticipantPermissions>());
accepts<DailyParticipant>(any<Participant>());
accepts<DailyParticipantsObject>(any<Participants>());
accepts<DailyRoomInfo>(any<RoomInfo>());

// ---------------------------------------------------------------------------------------------------- events

/** Daily's payload of an event. */
type RealEvent<Name extends DailyEvent> =
  // The type that Daily exports for this event is missing from its DailyEventObject.
  Name extends 'meeting-session-summary-updated'
    ? DailyEventObjectMeetingSessionSummaryUpdated
    : DailyEventObject<Name>;

/** The events that both have: all of ours but our own. */
type SharedEvent = Exclude<EventName, 'session-reset' | 'meeting-session-saving-updated'>;
accepts<DailyEvent>(any<SharedEvent>());

// Each of these has one member for every event that does not fit, so that the compiler's message names the event.
type WrongPayloads = {
  [Name in SharedEvent as CallEvents[Name] extends RealEvent<Name> ? never : Name]: never;
};
accepts<WrongPayloads>({});
// What an application reads from Daily's payload is there in ours, except the media connection of `network-connection`.
type MissingMembers = {
  [Name in SharedEvent as Exclude<keyof RealEvent<Name>, keyof CallEvents[Name] | 'session_id' | 'sfu_id'> extends never
    ? never
    : Name]: never;
};
accepts<MissingMembers>({});
// And the other way, for a handler that is typed by us and given to Daily. One that reads what only our event has is none.
accepts<Omit<CallEvent<'meeting-session-state-updated'>, 'revision' | 'changedKeys' | 'updatedBy'>>(
  any<DailyEventObject<'meeting-session-state-updated'>>(),
);
accepts<CallEvent<'meeting-session-summary-updated'>>(any<DailyEventObjectMeetingSessionSummaryUpdated>());
accepts<CallEvent<'meeting-session-updated'>>(any<DailyEventObject<'meeting-session-updated'>>());
accepts<CallEvent<'participant-counts-updated'>>(any<DailyEventObject<'participant-counts-updated'>>());
accepts<CallEvent<'app-message'>>(any<DailyEventObject<'app-message'>>());
accepts<CallEvent<'nonfatal-error'>>(any<DailyEventObject<'nonfatal-error'>>());
accepts<CallEvent<'error'>>(any<DailyEventObject<'error'>>());
accepts<CallEvent<'access-state-updated'>>(any<DailyEventObject<'access-state-updated'>>());

// ---------------------------------------------------------------------------------------------------- call

/** The part of Daily's call that we cover and that can be taken as it is. */
type PlainMembers = Pick<
  DailyCall,
  | 'callClientId'
  | 'leave'
  | 'destroy'
  | 'isDestroyed'
  | 'meetingState'
  | 'accessState'
  | 'participantCounts'
  | 'meetingSessionSummary'
  | 'meetingSessionState'
  | 'setMeetingSessionData'
  | 'getNetworkTopology'
  | 'room'
  | 'setUserName'
  | 'setUserData'
>;

/**
 * The rest of what we cover, with chaining within what is covered. The payloads that handlers are given are compared event
 * by event below: the compiler cannot compare two generic payloads.
 */
interface CoveredCall extends PlainMembers {
  join(properties?: DailyCallOptions): Promise<DailyParticipantsObject | void>;
  participants(): DailyParticipantsObject;
  sendAppMessage(data: any, to?: string | string[]): CoveredCall;
  on(event: DailyEvent, handler: (event: any) => void): CoveredCall;
  once(event: DailyEvent, handler: (event: any) => void): CoveredCall;
  off(event: DailyEvent, handler: (event: any) => void): CoveredCall;
}
interface CoveredDaily extends DailyCallStaticUtils {
  createCallObject(properties?: DailyFactoryOptions): CoveredCall;
  getCallInstance(callClientId?: string): CoveredCall | undefined;
}

// The interfaces above say nothing that Daily does not say.
accepts<CoveredCall>(any<DailyCall>());
accepts<CoveredDaily>(RealDaily);

accepts<PlainMembers>(any<Call>());
accepts<CoveredCall>(any<Call>());
accepts<CoveredDaily>(OurDaily);
accepts<CoveredDaily>(Call);
accepts<typeof Call>(OurDaily);
accepts<CoveredDaily>({ createCallObject, getCallInstance, supportedBrowser, version });

// Arguments and results are the same, which methods being bivariant would not show.
type Signature<Member> = Member extends (...args: infer Arguments) => infer Result ? [Arguments, Result] : Member;
type ChangedSignatures = {
  [Name in keyof PlainMembers as Same<Signature<DailyCall[Name]>, Signature<Call[Name]>> extends true ? never : Name]: never;
};
accepts<ChangedSignatures>({});

// ---------------------------------------------------------------------------------------------------- handlers

/** `on`, `once` and `off` as Daily has them for one event. */
type Subscribe<Name extends DailyEvent> = (event: Name, handler: (event: RealEvent<Name>) => void) => CoveredCall;
type WrongHandlers = {
  [Name in DailyEvent as Call['on' | 'once' | 'off'] extends Subscribe<Name> ? never : Name]: never;
};
accepts<WrongHandlers>({});

const call = createCallObject();

// Handlers that are typed by Daily.
call.on('app-message', (event: DailyEventObjectAppMessage<{ text: string }>) => console.log(event.data.text));
call.on('nonfatal-error', (event: DailyEventObjectNonFatalError) => console.log(event.errorMsg));
call.on('loading', (event: DailyEventObject<'loading'>) => console.log(event.action));
// daily-react subscribes to many events with one handler, by name.
for (const name of any<DailyEvent[]>()) {
  call.off(name, any<(event: DailyEventObject) => void>()).on(name, any<(event: DailyEventObject) => void>());
}
// An event that is never sent here, and one that Daily does not know.
call.on('active-speaker-change', ({ activeSpeaker }) => console.log(activeSpeaker.peerId));
call.on('session-reset', ({ reason }) => accepts<string>(reason));
accepts<Same<CallEvent<'session-reset'>, SessionResetEvent>>(true);

// Our own additions.
accepts<number>(call.meetingSessionRevision());
call.once('nonfatal-error', ({ type, details }) => {
  accepts<SessionDataErrorDetails | undefined>(details);
  if (type === 'meeting-session-data-error' && details?.code === 'too_large') accepts<number | undefined>(details.size);
});

// The rest of the emitter.
accepts<Call>(
  call
    .addListener('left-meeting', ({ action }) => console.log(action))
    .removeListener('left-meeting', () => {})
    .removeAllListeners('error')
    .removeAllListeners(),
);
accepts<boolean>(call.emit('my-event', 1, 'two'));
accepts<number>(call.listenerCount('error'));
accepts<string[]>(call.eventNames());
call.listeners('app-message').forEach((handler) => accepts<(event: CallEvent<'app-message'>) => void>(handler));
