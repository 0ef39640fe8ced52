// Who is in the session, in Daily's shape.

/**
 * State of one media track: always `off` and not subscribed to, since this package carries no media.
 *
 * @see https://docs.daily.co/reference/daily-js/types/daily-participant
 */
export interface TrackState {
  /** Always `off`. The other values are named so that code which compares with them compiles. */
  state: 'blocked' | 'off' | 'sendable' | 'loading' | 'interrupted' | 'playable';
  /** Whether the local participant would receive the track. */
  subscribed: boolean;
  /** Why the track is off. */
  off: { byUser: true };
}

/**
 * The media tracks of a participant.
 *
 * @see https://docs.daily.co/reference/daily-js/types/daily-participant
 */
export interface ParticipantTracks {
  /** Microphone. */
  audio: TrackState;
  /** Camera. */
  video: TrackState;
  /** Sound of a shared screen. */
  screenAudio: TrackState;
  /** Picture of a shared screen. */
  screenVideo: TrackState;
  /** Tracks of other names. There are none here. */
  [custom: string]: TrackState | undefined;
}

/**
 * What a participant may do, in Daily's terms. Everybody who has joined may write the session's data.
 *
 * @see https://docs.daily.co/reference/daily-js/types/daily-participant-permissions
 */
export interface ParticipantPermissions {
  /** Whether others see this participant. */
  hasPresence: boolean;
  /** Which media the participant may send: all, none, or some. */
  canSend:
    | Set<'video' | 'audio' | 'screenVideo' | 'screenAudio' | 'customVideo' | 'customAudio'>
    | boolean;
  /** Which media the participant may receive: all or none. */
  canReceive: { base: boolean };
  /** What the participant may administer: all, nothing, or some. */
  canAdmin: Set<'participants' | 'streaming' | 'transcription'> | boolean;
}

/**
 * Somebody in the session: a plain object, replaced by a new one when something about the participant changes.
 *
 * @see https://docs.daily.co/reference/daily-js/types/daily-participant
 */
export interface Participant {
  /** Identifies this participant in this session. New on every join; kept when a lost connection is resumed. */
  session_id: string;
  /** Identifies the user over several joins if a token names the user; otherwise the same as `session_id`. */
  user_id: string;
  /** Display name; empty if none was given. At most 256 units. */
  user_name: string;
  /** What the participant set as its own data; absent if nothing was. At most 4,096 units. */
  userData?: unknown;
  /** When the participant joined. */
  joined_at: Date;
  /** When the participant will be removed; the epoch (`new Date(0)`) if that is not planned. */
  will_eject_at: Date;
  /** Whether this is the participant of this `Call`. */
  local: boolean;
  /** Whether the participant's token makes it an owner. */
  owner: boolean;
  /** Whether the participant is recording. Always `false`. */
  record: boolean;
  /** Whether a microphone is on. Always `false`. */
  audio: boolean;
  /** Whether a camera is on. Always `false`. */
  video: boolean;
  /** Whether a screen is shared. Always `false`. */
  screen: boolean;
  /** State of the media tracks: all off. */
  tracks: ParticipantTracks;
  /** What the participant may do. */
  permissions: ParticipantPermissions;
  /** About Daily's own frame. Always empty. */
  cam_info: {};
  /** About Daily's own frame. Always empty. */
  screen_info: {};
}

/**
 * Everybody in the session: `local` is the participant of this `Call`, the others are found by their `session_id`.
 * It is `{}`, without `local`, while the call is not joined.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/participants
 */
export interface Participants {
  /** The participant of this `Call`. */
  local: Participant;
  /** The others, by `session_id`. */
  [session_id: string]: Participant;
}

/**
 * How many participants there are. Both numbers are 0 while the call is not joined.
 *
 * @see https://docs.daily.co/reference/daily-js/instance-methods/participant-counts
 */
export interface ParticipantCounts {
  /** Participants that others see, the local one included. */
  present: number;
  /** Participants that others do not see. */
  hidden: number;
}
