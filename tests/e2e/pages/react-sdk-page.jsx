// Components that use the hooks of the real `@100mslive/react-sdk` over the store, the actions and the notifications of
// this package. `Page.mount()` makes a room with them; tests find the rooms as `Page.rooms`.

import { StrictMode, useCallback, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

import * as SDK from '@100mslive/react-sdk';
import {
  HMSNotificationTypes,
  HMSRoomProvider,
  selectPeerNameByID,
  selectSessionMetadata,
  useAutoplayError,
  useAVToggle,
  useAwayNotifications,
  useCustomEvent,
  useDevices,
  useHMSActions,
  useHMSNotifications,
  useHMSStatsStore,
  useHMSStore,
  useHMSVanillaNotifications,
  useHMSVanillaStore,
  useParticipantList,
  useParticipants,
  usePreviewJoin,
  useRecordingStreaming,
  useRemoteAVToggle,
  useScreenShare,
  useTranscript,
  useVideo,
  useVideoList,
} from '@100mslive/react-sdk';
import * as OURS from 'meeting-session-state/100ms';

import { samples } from './100ms-samples.js';
import { compareSelectors, Selections, staleSelections } from './react-sdk-selectors.jsx';

window.Page = { SDK, OURS, rooms: [] };

/**
 * Makes a room with a provider of its own. `wrapped`: through 100ms's own `HMSReactiveStore` around the three parts;
 * `triggered`: with `triggerOnSubscribe()` of that store.
 */
Page.mount = ({ wrapped, triggered, strict, leaveOnUnload }) => {
  const own = new OURS.HMSReactiveStore();
  const compared = compareSelectors(own.getStore());
  const parts = [own.getStore(), own.getActions(), own.getNotifications()];
  const hms = wrapped ? new SDK.HMSReactiveStore(...parts) : own;
  if (triggered) hms.triggerOnSubscribe();
  const frameworks = [];
  const given = {
    store: hms.getStore(),
    actions: { ...hms.getActions(), setFrameworkInfo: (info) => frameworks.push(info) },
    notifications: hms.getNotifications(),
  };
  const shown = {};
  const room = { hms, own, given, frameworks, compared, shown, notified: {}, heard: [], errors: [], renders: 0 };
  room.stale = () => staleSelections(shown, given.store);
  room.samples = samples(given, SDK);
  const root = createRoot(document.body.appendChild(document.createElement('div')));
  room.unmount = () => root.unmount();
  const tree = (
    <HMSRoomProvider {...given} leaveOnUnload={leaveOnUnload}>
      <Selections shown={shown} />
      <Primitives room={room} />
      <Metadata room={room} />
      <Version room={room} />
      <Notifications room={room} />
      <CustomEvent room={room} />
      <Ready room={room} />
    </HMSRoomProvider>
  );
  root.render(strict ? <StrictMode>{tree}</StrictMode> : tree);
  Page.rooms.push(room);
};

function Primitives({ room }) {
  room.hooks = {
    actions: useHMSActions(),
    store: useHMSVanillaStore(),
    notifications: useHMSVanillaNotifications(),
    stats: useHMSStatsStore((state) => state),
  };
  return null;
}

/** Counts how often it is rendered, which is to be when the metadata is another one and not else. */
function Metadata({ room }) {
  room.renders += 1;
  room.metadata = useHMSStore(selectSessionMetadata);
  return null;
}

/** Reads a key with its version by a selector that only this package has. */
function Version({ room }) {
  room.version = useHMSStore(OURS.selectSessionStoreEntry('poll'));
  room.versionRenders = (room.versionRenders ?? 0) + 1;
  return null;
}

const ABOUT_PEERS = [HMSNotificationTypes.PEER_JOINED, HMSNotificationTypes.PEER_LEFT];

function Notifications({ room }) {
  room.notified.any = useHMSNotifications();
  room.notified.peer = useHMSNotifications(ABOUT_PEERS);
  room.notified.message = useHMSNotifications(HMSNotificationTypes.NEW_MESSAGE);
  return null;
}

function CustomEvent({ room }) {
  const onEvent = useCallback((data) => room.heard.push(data), [room]);
  const handleError = useCallback((error, method) => room.errors.push(`${method}: ${error.description}`), [room]);
  room.sendEvent = useCustomEvent({ type: 'WAVE', onEvent, handleError }).sendEvent;
  return null;
}

/** Shows the hooks that are about more than shared data, when a test asks for them. */
function Ready({ room }) {
  const [more, setMore] = useState(false);
  useEffect(() => void Object.assign(room, { setMore, ready: true }), [room]);
  return more && <More room={room} />;
}

function More({ room }) {
  const { participants, peerCount, rolesWithParticipants } = useParticipants();
  const byRole = useParticipantList().participantsByRoles;
  const { enableJoin, join, isConnected } = usePreviewJoin({ name: 'Dee', token: 'any', initEndpoint: room.url });
  const { isLocalAudioEnabled, isLocalVideoEnabled, toggleAudio, toggleVideo } = useAVToggle();
  const { screenSharingPeerId, amIScreenSharing } = useScreenShare();
  const remote = useRemoteAVToggle('no track', 'no track');
  const name = useHMSStore(selectPeerNameByID(participants[0]?.id));
  useTranscript({});
  useVideo({ trackId: undefined });
  useAwayNotifications();
  room.join = join;
  room.more = {
    people: participants.map((one) => one.name),
    name,
    peerCount,
    rolesWithParticipants,
    byRole: Object.fromEntries(Object.entries(byRole).map(([role, peers]) => [role, peers.length])),
    enableJoin,
    isConnected,
    media: [isLocalAudioEnabled, isLocalVideoEnabled, amIScreenSharing, remote.isAudioEnabled, remote.isVideoEnabled],
    toggles: [toggleAudio, toggleVideo, remote.toggleAudio].filter(Boolean).length,
    screenSharingPeerId: screenSharingPeerId ?? null,
    recording: useRecordingStreaming(),
    devices: useDevices().allDevices,
    tiles: useVideoList({ peers: participants }).pagesWithTiles,
    autoplay: useAutoplayError().error,
  };
  return null;
}
