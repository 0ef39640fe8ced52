/**
 * 100ms's React hooks over this package: everything of `meeting-session-state/100ms`, and the provider and the hooks of
 * `@100mslive/react-sdk` that need no media, under the same names. A component that imports them from there changes that
 * line.
 *
 * For React 18 and 19. All of it is safe in StrictMode and on a server, where the hooks find the state before a join.
 *
 * @example
 * function Pinned() {
 *   const pinned = useHMSStore(selectSessionMetadata);
 *   const actions = useHMSActions();
 *   return <button onClick={() => actions.setSessionMetadata('Hello')}>{pinned ?? 'Pin something'}</button>;
 * }
 *
 * <HMSRoomProvider>
 *   <Pinned />
 * </HMSRoomProvider>
 *
 * @packageDocumentation
 */

import type { ReactElement, ReactNode } from 'react';

import type {
  HMSActions,
  HMSGenericTypes,
  HMSNotificationInCallback,
  HMSNotifications,
  HMSNotificationTypeParam,
  HMSPeerID,
  HMSRoleName,
  HMSStore,
  HMSStoreWrapper,
} from './100ms.js';

export * from './100ms.js';

/** Props of {@link HMSRoomProvider}. */
export interface HMSRoomProviderProps<T extends HMSGenericTypes = { sessionStore: Record<string, any> }> {
  /** The application's own actions. They count only together with `store`; without both the provider has its own. */
  actions?: HMSActions<T>;
  /** The application's own store. */
  store?: HMSStoreWrapper<T>;
  /** The application's own notifications. Without them the hooks for notifications never have any. */
  notifications?: HMSNotifications;
  /** Ignored, since there are no media to have statistics of. */
  stats?: unknown;
  /** Ignored, as `stats`. */
  isHMSStatsOn?: boolean;
  /**
   * Leave the room when the page goes away for good, so that the others see it at once; `true` unless set. The room of a
   * provider's own store is then also left when the provider is unmounted.
   */
  leaveOnUnload?: boolean;
  children?: ReactNode;
}

/**
 * Gives the hooks below it a room: that of the store and the actions that it is given, or one of its own.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/install-the-sdk/integration
 */
export function HMSRoomProvider<T extends HMSGenericTypes = { sessionStore: Record<string, any> }>(
  props: HMSRoomProviderProps<T>,
): ReactElement;

/**
 * What `selector` finds in the state; without one the whole state. The component renders again only when `equalityFn` says
 * that it has changed: by default `Object.is`, and for plain objects and arrays `Object.is` of each member. The selector may
 * be made anew in each render, as `selectPeerNameByID(id)` is.
 *
 * @throws Error outside of an {@link HMSRoomProvider}, as all hooks here.
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/install-the-sdk/hms-store
 */
export function useHMSStore<StateSlice = HMSStore>(
  selector?: (state: HMSStore) => StateSlice,
  equalityFn?: (before: StateSlice, now: StateSlice) => boolean,
): StateSlice;

/** The store itself, to read it outside of a render. */
export function useHMSVanillaStore(): HMSStoreWrapper;

/** The actions. */
export function useHMSActions(): HMSActions;

/**
 * The latest notification of these types since the component is there; `null` before the first.
 *
 * @param type One type, several, or none for all. An array may be made anew in each render.
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/listen-to-room-updates/notifications
 */
export function useHMSNotifications<T extends HMSNotificationTypeParam>(type?: T): HMSNotificationInCallback<T> | null;

/** The notifications themselves, to have each handled once; `undefined` if the provider was given a store without them. */
export function useHMSVanillaNotifications(): HMSNotifications | undefined;

/** What is told of an error, and in what it happened: `sendCustomEvent` or `handleCustomEvent`. */
export type hooksErrHandler = (error: Error, method?: string) => void;

/** Options of {@link useCustomEvent}. */
export interface useCustomEventInput<T> {
  /** The message type of the events. Messages of this type are kept out of the chat messages from now on. */
  type: string;
  /**
   * Called with the data of each event, those that this component sends included. It may be written inline: always that of
   * the newest render is called.
   */
  onEvent?: (data: T) => void;
  /** Whether the data is sent as JSON; `true` unless set. Otherwise it must be a string. */
  json?: boolean;
  /** Called when an event cannot be sent or read, or `onEvent` throws. `console.error` unless set. */
  handleError?: hooksErrHandler;
}

/** Who gets a custom event. */
export interface EventReceiver {
  /** One peer. */
  peerId?: HMSPeerID;
  /** Everybody with one of these roles; it counts before `peerId`. */
  roleNames?: HMSRoleName[];
}

/** What {@link useCustomEvent} returns. */
export interface useCustomEventResult<T> {
  /**
   * Sends an event to everybody, or to those that `receiver` names, and calls `onEvent` here when it is sent. It is the same
   * function in every render, and never rejects: errors go to `handleError`.
   */
  sendEvent: (data: T, receiver?: EventReceiver) => Promise<void>;
}

/**
 * Events of the application's own, sent as messages of their type.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/set-up-video-conferencing/chat#custom-events
 */
export function useCustomEvent<T>(input: useCustomEventInput<T>): useCustomEventResult<T>;
