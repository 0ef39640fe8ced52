// What a call tells of, and what handlers of each event are given.

import type { Call } from './call.js';
import type { FatalErrorType, NonfatalErrorType, SessionDataErrorDetails } from './errors.js';
import type { AccessState, MeetingSessionSummary } from './meeting.js';
import type { Participant, ParticipantCounts, Participants } from './participants.js';
import type { MeetingSessionSaving, MeetingSessionState } from './session-data.js';

/**
 * What every event carries.
 *
 * @see https://docs.daily.co/reference/daily-js/events
 */
export interface EventBase {
  /** Name of the event. */
  action: EventName;
  /** The call that the event comes from; see {@link Call.callClientId}. */
  callClientId: string;
}

/**
 * A step in the life of a call that needs no further words.
 *
 * @see https://docs.daily.co/reference/daily-js/events/lifecycle-events
 */
export interface LifecycleEvent extends EventBase {
  action: 'loading' | 'loaded' | 'joining-meeting' | 'left-meeting' | 'call-instance-destroyed';
}

/**
 * The call is joined. Everything can be read and written when this is sent; {@link Call.join} resolves right after it.
 *
 * @see https://docs.daily.co/reference/daily-js/events/lifecycle-events
 */
export interface JoinedMeetingEvent extends EventBase {
  action: 'joined-meeting';
  /** Everybody in the session. */
  participants: Participants;
}

/**
 * Another participant came, or something about a participant (the local one included) changed.
 *
 * @see https://docs.daily.co/reference/daily-js/events/participant-events
 */
export interface ParticipantEvent extends EventBase {
  action: 'participant-joined' | 'participant-updated';
  /** The participant as it is now. */
  participant: Participant;
}

/**
 * Another participant is gone: at once when it left, by default 5 s after its page went away and 30 s after its
 * connection was lost.
 *
 * @see https://docs.daily.co/reference/daily-js/events/participant-events
 */
export interface ParticipantLeftEvent extends EventBase {
  action: 'participant-left';
  /** The participant as it was. */
  participant: Participant;
  /** Why, if the participant did not leave. Never set: participants cannot hide here. */
  reason?: 'hidden';
}

/**
 * The number of participants changed.
 *
 * @see https://docs.daily.co/reference/daily-js/events/participant-events
 */
export interface ParticipantCountsUpdatedEvent extends EventBase {
  action: 'participant-counts-updated';
  /** How many there are now. */
  participantCounts: ParticipantCounts;
}

/**
 * The call is in a session, or the session began anew under another id.
 *
 * @see https://docs.daily.co/reference/daily-js/events/messaging-events
 */
export interface MeetingSessionSummaryUpdatedEvent extends EventBase {
  action: 'meeting-session-summary-updated';
  /** The session. */
  meetingSession: MeetingSessionSummary;
}

/**
 * Old name of {@link MeetingSessionSummaryUpdatedEvent}, sent beside it.
 *
 * @deprecated Use `meeting-session-summary-updated`.
 * @see https://docs.daily.co/reference/daily-js/events/messaging-events
 */
export interface MeetingSessionUpdatedEvent extends EventBase {
  action: 'meeting-session-updated';
  /** The session. */
  meetingSession: MeetingSessionSummary;
}

/**
 * The session's data changed, by anybody's write, the local participant's included. Sent once after every join too.
 *
 * Writes may have been combined: one event can tell of several revisions. Daily's event has only the state.
 *
 * @see https://docs.daily.co/reference/daily-js/events/messaging-events
 */
export interface MeetingSessionStateUpdatedEvent<Data = unknown> extends EventBase {
  action: 'meeting-session-state-updated';
  /** The whole state as it is now, not only what changed. */
  meetingSessionState: MeetingSessionState<Data>;
  /** The revision of the data as it is now: see {@link Call.meetingSessionRevision}. */
  revision: number;
  /** The top-level keys that were changed since the last such event, those that were deleted included. */
  changedKeys: string[];
  /**
   * For each of these keys the `session_id` of the participant who changed it last. A key that was deleted while this call was
   * away, or in a session that has begun anew, may be missing.
   */
  updatedBy: Record<string, string>;
}

/** {@link Call.meetingSessionSaving} is another now. Daily has no such event. */
export interface MeetingSessionSavingUpdatedEvent extends EventBase, MeetingSessionSaving {
  action: 'meeting-session-saving-updated';
}

/**
 * Somebody else sent a message with {@link Call.sendAppMessage}.
 *
 * @see https://docs.daily.co/reference/daily-js/events/messaging-events
 */
export interface AppMessageEvent<Data = any> extends EventBase {
  action: 'app-message';
  /** The message. */
  data: Data;
  /** `session_id` of the sender. */
  fromId: string;
}

/**
 * The connection was lost or restored. It is restored without help, and what was written meanwhile is sent then.
 *
 * @see https://docs.daily.co/reference/daily-js/events/network-events
 */
export interface NetworkConnectionEvent extends EventBase {
  action: 'network-connection';
  /** Always `signaling`. The other values are named so that code which compares with them compiles. */
  type: 'signaling' | 'peer-to-peer' | 'sfu';
  /** What happened. */
  event: 'connected' | 'interrupted';
}

/**
 * Something failed, and the call goes on. Sent only to the call that caused it.
 *
 * @see https://docs.daily.co/reference/daily-js/events/error-events
 */
export interface NonfatalErrorEvent extends EventBase {
  action: 'nonfatal-error';
  /** What failed. */
  type: NonfatalErrorType;
  /** What failed, as a sentence for developers. */
  errorMsg: string;
  /** Why a write of session data did not take effect. */
  details?: SessionDataErrorDetails;
}

/**
 * The call ended by itself. `left-meeting` follows if it had been joined; {@link Call.join} rejects with this event if it
 * had not.
 *
 * @see https://docs.daily.co/reference/daily-js/events/error-events
 */
export interface FatalErrorEvent extends EventBase {
  action: 'error';
  /** Why, as a sentence for developers. */
  errorMsg: string;
  /** Why, for programs. */
  error?: {
    /** The kind of error. */
    type: FatalErrorType;
    /** The same as `errorMsg`. */
    msg: string;
  };
}

/**
 * Whether the participant is let in has changed. Here joining is being let in, and this is sent only when, after a reconnect,
 * the call has become a new participant: the moment to read {@link Call.participants} again.
 *
 * @see https://docs.daily.co/reference/daily-js/events
 */
export interface AccessStateUpdatedEvent extends EventBase, AccessState {
  action: 'access-state-updated';
}

/**
 * The session began anew while the call was joined, for instance because the server was restarted: what had been written is
 * gone. It comes after `meeting-session-summary-updated`, the participants and `meeting-session-state-updated`, and the call
 * stays joined. Daily has no such event.
 */
export interface SessionResetEvent extends EventBase {
  action: 'session-reset';
  /** Why: `new_session`, the one that there was had ended; `forked`, the server has lost a part of its history. Others may follow. */
  reason: string;
}

/** The events that a {@link Call} sends, by name, and what handlers of each are given. */
export interface CallEvents<Data = unknown> {
  loading: LifecycleEvent;
  loaded: LifecycleEvent;
  'joining-meeting': LifecycleEvent;
  'joined-meeting': JoinedMeetingEvent;
  'left-meeting': LifecycleEvent;
  'call-instance-destroyed': LifecycleEvent;
  'participant-joined': ParticipantEvent;
  'participant-updated': ParticipantEvent;
  'participant-left': ParticipantLeftEvent;
  'participant-counts-updated': ParticipantCountsUpdatedEvent;
  'meeting-session-summary-updated': MeetingSessionSummaryUpdatedEvent;
  /** @deprecated Use `meeting-session-summary-updated`. */
  'meeting-session-updated': MeetingSessionUpdatedEvent;
  'meeting-session-state-updated': MeetingSessionStateUpdatedEvent<Data>;
  'meeting-session-saving-updated': MeetingSessionSavingUpdatedEvent;
  'app-message': AppMessageEvent;
  'network-connection': NetworkConnectionEvent;
  'nonfatal-error': NonfatalErrorEvent;
  error: FatalErrorEvent;
  'access-state-updated': AccessStateUpdatedEvent;
  'session-reset': SessionResetEvent;
}

/** Name of an event that a {@link Call} sends. */
export type EventName = keyof CallEvents;

/**
 * What handlers of the event `Name` are given. Names that are never sent here, such as those of Daily's media events, are
 * accepted wherever an event is named, and give `any`.
 */
export type CallEvent<Name extends string = any, Data = unknown> = Name extends EventName ? CallEvents<Data>[Name] : any;

/** Function that is called with each event of the name `Name`. */
export type EventHandler<Name extends string, Data = unknown> = (event: CallEvent<Name, Data>) => void;
