// 100ms's enums. The whole of each, so that code which names a value that never comes here still runs.

/** An enum whose values equal their names. */
function named(names) {
  return Object.freeze(Object.fromEntries(names.split(' ').map((name) => [name, name])));
}

export const HMSNotificationTypes = named(
  'PEER_JOINED PEER_LEFT PEER_LIST NEW_MESSAGE ERROR RECONNECTING RECONNECTED TRACK_ADDED TRACK_REMOVED TRACK_MUTED ' +
    'TRACK_UNMUTED TRACK_DEGRADED TRACK_RESTORED TRACK_DESCRIPTION_CHANGED ROLE_UPDATED CHANGE_TRACK_STATE_REQUEST ' +
    'CHANGE_MULTI_TRACK_STATE_REQUEST ROOM_ENDED REMOVED_FROM_ROOM DEVICE_CHANGE_UPDATE PLAYLIST_TRACK_ENDED ' +
    'NAME_UPDATED METADATA_UPDATED POLL_CREATED POLL_STARTED POLL_STOPPED POLL_VOTES_UPDATED POLLS_LIST ' +
    'HAND_RAISE_CHANGED TRANSCRIPTION_STATE_UPDATED TRACK_INTERRUPTION_START TRACK_INTERRUPTION_END',
);

export const HMSRoomState = named('Disconnected Preview Connecting Connected Reconnecting Disconnecting Failed');

export const HMSNotificationSeverity = Object.freeze({ INFO: 'info', ERROR: 'error' });

export const HMSPeerType = Object.freeze({ SIP: 'sip', REGULAR: 'regular' });

export const HMSLogLevel = Object.freeze({
  VERBOSE: 0,
  DEBUG: 1,
  INFO: 2,
  WARN: 3,
  TIME: 4,
  TIMEEND: 5,
  ERROR: 6,
  NONE: 7,
});
