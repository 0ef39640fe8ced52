// Our types against the published types of @100mslive/hms-video-store and @100mslive/react-sdk.
//
// Actions about media, which we do not cover, are left out; of the state every member is compared.

import * as Real from '@100mslive/hms-video-store';
import { HMSRoomProvider, useHMSStore } from '@100mslive/react-sdk';
import * as Ours from 'meeting-session-state/100ms';

/** Fails to compile if the value is not assignable to the type. */
declare function accepts<Target>(value: Target): void;
/** A value of any type. */
declare function any<T>(): T;
/** Whether each of two types is assignable to the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

interface Shared {
  spotlight: string | null;
  count: number;
}
type Typed = { sessionStore: Shared };

// ---------------------------------------------------------------------------------------------------- values

accepts<Same<Ours.HMSNotificationTypes, Real.HMSNotificationTypes>>(true);
accepts<Same<Ours.HMSNotificationSeverity, Real.HMSNotificationSeverity>>(true);
accepts<Same<Ours.HMSRoomState, Real.HMSRoomState>>(true);
accepts<Same<Ours.HMSPeerType, Real.HMSPeerType>>(true);
accepts<Same<Ours.HMSLogLevel, Real.HMSLogLevel>>(true);
accepts<Same<keyof typeof Ours.HMSNotificationTypes, keyof typeof Real.HMSNotificationTypes>>(true);
accepts<Same<keyof typeof Ours.HMSRoomState, keyof typeof Real.HMSRoomState>>(true);
accepts<Same<keyof typeof Ours.HMSLogLevel, keyof typeof Real.HMSLogLevel>>(true);

accepts<Real.HMSException>(any<Ours.HMSException>());
accepts<Same<Ours.HMSMessage, Real.HMSMessage>>(true);
accepts<Same<Ours.HMSPeer, Real.HMSPeer>>(true);
accepts<Same<Ours.HMSRoom, Real.HMSRoom>>(true);
accepts<Same<Ours.HMSRole, Real.HMSRole>>(true);
// What an application reads of a message or a peer is there.
accepts<Same<keyof Ours.HMSMessage, keyof Real.HMSMessage>>(true);
accepts<Same<keyof Ours.HMSPeer, keyof Real.HMSPeer>>(true);
accepts<Same<Exclude<keyof Ours.HMSStore, 'sessionStoreEntries'>, keyof Real.HMSStore>>(true);

// ---------------------------------------------------------------------------------------------------- state and store

accepts<Same<Ours.HMSStore, Real.HMSStore>>(true);
accepts<Same<Ours.HMSStore<Typed>, Real.HMSStore<Typed>>>(true);
accepts<Real.HMSStoreWrapper>(any<Ours.HMSStoreWrapper>());
accepts<Real.HMSStoreWrapper<Typed>>(any<Ours.HMSStoreWrapper<Typed>>());
accepts<Ours.HMSStoreWrapper>(any<Real.HMSStoreWrapper>());
accepts<Ours.HMSStoreWrapper<Typed>>(any<Real.HMSStoreWrapper<Typed>>());
accepts<Real.HMSStore>(Ours.createDefaultStoreState());

// ---------------------------------------------------------------------------------------------------- actions

/** What introduces a framework; it is not in 100ms's published types. */
type Untyped = 'setFrameworkInfo';
type Covered = Pick<Real.HMSActions<Typed>, Exclude<keyof Ours.HMSActions<Typed>, Untyped>>;
accepts<Covered>(any<Omit<Ours.HMSActions<Typed>, Untyped>>());

// Arguments and results are the same, which methods being bivariant would not show; `join` needs no token.
type Signature<Member> = Member extends (...args: infer Arguments) => infer Result
  ? [Required<Arguments>, Result]
  : Member;
type ChangedSignatures = {
  [
    Name in Exclude<keyof Covered, 'join' | 'sessionStore'> as Same<
      Signature<Covered[Name]>,
      Signature<Ours.HMSActions<Typed>[Name]>
    > extends true
      ? never
      : Name
  ]: never;
};
accepts<ChangedSignatures>({});
accepts<Real.IHMSSessionStoreActions<Shared>>(any<Ours.IHMSSessionStoreActions<Shared>>());
accepts<Ours.IHMSSessionStoreActions<Shared>>(any<Real.IHMSSessionStoreActions<Shared>>());
accepts<Ours.HMSConfig>(any<Real.HMSConfig>());
accepts<Real.HMSConfig>(any<Ours.HMSConfig & { authToken: string }>());

// ---------------------------------------------------------------------------------------------------- notifications

/** The notifications that come here. */
type CoveredType =
  | Ours.HMSNotificationTypes.PEER_LIST
  | Ours.HMSNotificationTypes.PEER_JOINED
  | Ours.HMSNotificationTypes.PEER_LEFT
  | Ours.HMSNotificationTypes.NAME_UPDATED
  | Ours.HMSNotificationTypes.METADATA_UPDATED
  | Ours.HMSNotificationTypes.NEW_MESSAGE
  | Ours.HMSNotificationTypes.ERROR
  | Ours.HMSNotificationTypes.RECONNECTING
  | Ours.HMSNotificationTypes.RECONNECTED;
/** Each has a member for every notification that does not fit, so that the compiler's message names it. */
type WrongPayloads = {
  [
    Type in `${CoveredType}` as Same<
      Ours.HMSNotificationInCallback<(typeof Ours.HMSNotificationTypes)[Type]>['data'],
      Real.HMSNotificationInCallback<(typeof Real.HMSNotificationTypes)[Type]>['data']
    > extends true
      ? never
      : Type
  ]: never;
};
accepts<WrongPayloads>({});
accepts<Real.HMSNotification>(any<Ours.HMSNotification>());

const notifications = any<Ours.HMSNotifications>();
// Callbacks that are typed by 100ms.
notifications.onNotification(
  (one: Real.HMSMessageNotification) => console.log(one.data.message),
  Ours.HMSNotificationTypes.NEW_MESSAGE,
);
notifications.onNotification(
  (one: Real.HMSPeerNotification) => console.log(one.data.name),
  [Ours.HMSNotificationTypes.PEER_JOINED, Ours.HMSNotificationTypes.PEER_LEFT],
);
notifications.onNotification((one) => {
  if (one.type === Ours.HMSNotificationTypes.NEW_MESSAGE) accepts<Ours.HMSMessage>(one.data);
});
notifications.onNotification((one) => accepts<any>(one.data.track), Ours.HMSNotificationTypes.TRACK_ADDED);

// ---------------------------------------------------------------------------------------------------- selectors

/** The selectors that both have, which are all of ours but our own, take the same and give the same. */
type Selectors = Exclude<Extract<keyof typeof Ours, `select${string}`>, 'selectSessionStoreEntry'>;
type MissingSelectors = { [Name in Exclude<Selectors, keyof typeof Real>]: never };
accepts<MissingSelectors>({});
type Result<Selector> = Selector extends (...args: any) => infer Found
  ? Found extends (...args: any) => infer Inner
    ? Inner
    : Found
  : never;
type WrongSelectors = {
  [
    Name in Selectors as Same<Result<(typeof Ours)[Name]>, Result<(typeof Real)[Name]>> extends true ? never : Name
  ]: never;
};
accepts<WrongSelectors>({});

// 100ms's selectors over our store, and ours over 100ms's hook.
const store = new Ours.HMSReactiveStore().getStore();
const typed = new Ours.HMSReactiveStore<Typed>();
accepts<boolean | undefined>(store.getState(Real.selectIsConnectedToRoom));
accepts<Real.HMSPeer[]>(store.getState(Real.selectPeers));
accepts<string | undefined>(store.getState(Real.selectPeerNameByID('id')));
accepts<any>(store.getState(Real.selectSessionStore('key')));
store.subscribe((peers) => console.log(peers.length), Real.selectPeers);
accepts<boolean | undefined>(useHMSStore(Ours.selectIsConnectedToRoom));
accepts<Ours.HMSPeer[]>(useHMSStore(Ours.selectPeers));
accepts<string | undefined>(useHMSStore(Ours.selectPeerNameByID('id')));
accepts<any>(useHMSStore(Ours.selectSessionMetadata));
accepts<Shared | undefined>(typed.getStore().getState(Ours.selectSessionStore<Typed>()));
accepts<number | undefined>(typed.getStore().getState(Ours.selectSessionStore<Typed, 'count'>('count')));
accepts<number>(typed.getStore().getState().sessionStore.count);

// Our own additions, over our store and over 100ms's hook.
const set = typed.getActions().sessionStore.set;
const entry = typed.getStore().getState(Ours.selectSessionStoreEntry<Typed, 'count'>('count'));
if (entry) {
  accepts<Promise<void>>(set('count', entry.value + 1, { ifVersion: entry.version }));
  accepts<[Date, string]>([entry.updatedAt, entry.updatedBy]);
}
accepts<number | undefined>(useHMSStore(Ours.selectSessionStoreEntry('count'))?.value);
accepts<number | undefined>(typed.getStore().getState().sessionStoreEntries?.count?.value);

// 100ms's provider takes our store. Actions and notifications need a word: of the actions those about media are missing,
// and the compiler cannot compare two generic callbacks, which are compared one by one above.
HMSRoomProvider<Typed>({
  store: typed.getStore(),
  actions: typed.getActions() as unknown as Real.HMSActions<Typed>,
  notifications: typed.getNotifications() as unknown as Real.HMSNotifications,
});
