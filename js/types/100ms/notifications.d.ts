// What happened, for toasts and the like.

import type { HMSNotificationSeverity, HMSNotificationTypes } from './enums.js';
import type { HMSException } from './exception.js';
import type { HMSMessage, HMSPeer } from './state.js';

// Without this line every declaration in a .d.ts file would be exported.
export {};

interface BaseNotification {
  /** 1, 2, 3 … in the order in which they came. */
  id: number;
  /** Text for display; empty, as it is for these in 100ms. */
  message: string;
  severity?: HMSNotificationSeverity;
}

/** A peer came, left, or changed name or metadata; the local peer's own changes included. */
export interface HMSPeerNotification extends BaseNotification {
  type:
    | HMSNotificationTypes.PEER_JOINED
    | HMSNotificationTypes.PEER_LEFT
    | HMSNotificationTypes.NAME_UPDATED
    | HMSNotificationTypes.METADATA_UPDATED
    | HMSNotificationTypes.ROLE_UPDATED
    | HMSNotificationTypes.HAND_RAISE_CHANGED;
  data: HMSPeer;
}

/** The others who were in the room at the join. */
export interface HMSPeerListNotification extends BaseNotification {
  type: HMSNotificationTypes.PEER_LIST;
  data: HMSPeer[];
}

/** A message came. */
export interface HMSMessageNotification extends BaseNotification {
  type: HMSNotificationTypes.NEW_MESSAGE;
  data: HMSMessage;
}

/** A join failed, or the server ended the stay. */
export interface HMSExceptionNotification extends BaseNotification {
  type: HMSNotificationTypes.ERROR;
  data: HMSException;
}

/** The connection was lost, or restored, and then there is no data. */
export interface HMSReconnectionNotification extends BaseNotification {
  type: HMSNotificationTypes.RECONNECTED | HMSNotificationTypes.RECONNECTING;
  data: HMSException | null;
}

type CoveredNotification =
  | HMSPeerNotification
  | HMSPeerListNotification
  | HMSMessageNotification
  | HMSExceptionNotification
  | HMSReconnectionNotification;

/** Notifications that never come here. */
type OtherNotification<Type = Exclude<HMSNotificationTypes, CoveredNotification['type'] | PollTypes>> =
  Type extends HMSNotificationTypes ? BaseNotification & { type: Type; data: any } : never;

/** These are not part of 100ms's union either. */
type PollTypes =
  | HMSNotificationTypes.POLL_CREATED
  | HMSNotificationTypes.POLL_STARTED
  | HMSNotificationTypes.POLL_STOPPED
  | HMSNotificationTypes.POLL_VOTES_UPDATED
  | HMSNotificationTypes.POLLS_LIST;

/** A notification: something that happened, for toasts and the like. What is so is in the store. */
export type HMSNotification = CoveredNotification | OtherNotification;

/** What types {@link HMSNotifications.onNotification} takes: one, several, or none for all. */
export type HMSNotificationTypeParam = HMSNotificationTypes | HMSNotificationTypes[] | undefined;

/** The notification that a callback for these types is given. */
export type HMSNotificationInCallback<Types extends HMSNotificationTypeParam> = Types extends HMSNotificationTypes[]
  ? HMSNotificationMapping<Types[number]>
  : Types extends HMSNotificationTypes
    ? HMSNotificationMapping<Types>
    : HMSNotification;

/** The notification of a type. */
export type HMSNotificationMapping<Type extends HMSNotificationTypes> = Type extends HMSPeerNotification['type']
  ? HMSPeerNotification
  : Type extends HMSNotificationTypes.PEER_LIST
    ? HMSPeerListNotification
    : Type extends HMSNotificationTypes.NEW_MESSAGE
      ? HMSMessageNotification
      : Type extends HMSNotificationTypes.ERROR
        ? HMSExceptionNotification
        : Type extends HMSReconnectionNotification['type']
          ? HMSReconnectionNotification
          : OtherNotification<Type>;

/** Function that is called with notifications. */
export type HMSNotificationCallback<Types extends HMSNotificationTypeParam> = (
  notification: HMSNotificationInCallback<Types>,
) => void;

/**
 * What tells of notifications.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/listen-to-room-updates/notifications
 */
export interface HMSNotifications {
  /**
   * Calls `callback` for every notification of these types. The function needs no `this`.
   *
   * @param types One, several, or none for all.
   * @returns A function that ends it.
   */
  onNotification<Types extends HMSNotificationTypeParam>(
    callback: HMSNotificationCallback<Types>,
    types?: Types,
  ): () => void;
}
