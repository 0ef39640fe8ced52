// Our types under the names that `@daily-co/daily-js` exports them by, for code that imports these names and whose import is
// aliased to this package.

export type { Call as DailyCall } from './call.js';
export type { FatalErrorType as DailyFatalErrorType, NonfatalErrorType as DailyNonFatalErrorType } from './errors.js';
export type {
  AccessStateUpdatedEvent as DailyEventObjectAccessState,
  AppMessageEvent as DailyEventObjectAppMessage,
  CallEvent as DailyEventObject,
  EventBase as DailyEventObjectBase,
  EventName as DailyEvent,
  FatalErrorEvent as DailyEventObjectFatalError,
  JoinedMeetingEvent as DailyEventObjectParticipants,
  LifecycleEvent as DailyEventObjectNoPayload,
  MeetingSessionStateUpdatedEvent as DailyEventObjectMeetingSessionStateUpdated,
  MeetingSessionSummaryUpdatedEvent as DailyEventObjectMeetingSessionSummaryUpdated,
  MeetingSessionUpdatedEvent as DailyEventObjectMeetingSessionUpdated,
  NetworkConnectionEvent as DailyEventObjectNetworkConnectionEvent,
  NonfatalErrorEvent as DailyEventObjectNonFatalError,
  ParticipantCountsUpdatedEvent as DailyEventObjectParticipantCounts,
  ParticipantEvent as DailyEventObjectParticipant,
  ParticipantLeftEvent as DailyEventObjectParticipantLeft,
} from './events.js';
export type {
  AccessState as DailyAccessState,
  BrowserInfo as DailyBrowserInfo,
  CallOptions as DailyFactoryOptions,
  JoinOptions as DailyCallOptions,
  MeetingSessionSummary as DailyMeetingSessionSummary,
  MeetingState as DailyMeetingState,
  NetworkTopology as DailyNetworkTopology,
  PendingRoomInfo as DailyPendingRoomInfo,
  RoomInfo as DailyRoomInfo,
} from './meeting.js';
export type {
  Participant as DailyParticipant,
  ParticipantCounts as DailyParticipantCounts,
  ParticipantPermissions as DailyParticipantPermissions,
  Participants as DailyParticipantsObject,
  ParticipantTracks as DailyParticipantTracks,
  TrackState as DailyTrackState,
} from './participants.js';
export type {
  MeetingSessionState as DailyMeetingSessionState,
  MergeStrategy as DailySessionDataMergeStrategy,
} from './session-data.js';

// Names of Daily's media, which is not part of this package. The declarations of `@daily-co/daily-react` import them.
export type DailyCamConstraintsError = any;
export type DailyCamDeviceNotFoundError = any;
export type DailyCamInUseError = any;
export type DailyCamPermissionsError = any;
export type DailyCamTypeError = any;
export type DailyCamUnknownError = any;
export type DailyCpuLoadStats = any;
export type DailyDialOutSession = any;
export type DailyInputSettings = any;
export type DailyLiveStreamingLayoutConfig<_A = any, _B = any> = any;
export type DailyLiveStreamingOptions<_A = any, _B = any> = any;
export type DailyNetworkStatsData = any;
export type DailyReceiveSettingsUpdates = any;
export type DailySendDtmfOptions = any;
export type DailySendSettings = any;
export type DailySingleParticipantReceiveSettings = any;
export type DailySipCallTransferOptions = any;
export type DailySipReferOptions = any;
export type DailyStartDialinOptions = any;
export type DailyStartDialoutOptions = any;
export type DailyStartScreenShareOptions = any;
export type DailyStreamingLayoutConfig<_A = any, _B = any> = any;
export type DailyStreamingOptions<_A = any, _B = any> = any;
export type DailyTranscriptionDeepgramOptions = any;
export type DailyTranscriptionStopOptions = any;
export type DailyWaitingParticipant = any;
export type networkStateReasons = any;
