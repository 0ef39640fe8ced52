// The store, which has the state, the actions and the notifications.

import type { HMSActions } from './actions.js';
import type { HMSNotifications } from './notifications.js';
import type { HMSGenericTypes, HMSStore } from './state.js';

/** A function that finds a part of the state. */
export type StoreSelector<State, Slice> = (state: State) => Slice;

/** What reads state: see {@link HMSStoreWrapper}. */
export interface IStoreReadOnly<State> {
  /** The state, or what `selector` finds in it: the same object until something changes. */
  getState: {
    (): State;
    <Slice>(selector?: StoreSelector<State, Slice>): Slice;
  };
  /**
   * Calls `listener` with what `selector` finds, and with what it found before, whenever that changes; not for what there
   * is already, unless {@link HMSReactiveStore.triggerOnSubscribe} was called. `equality` says what is no change; by
   * default the same value, or an object or array whose members are the same.
   *
   * @returns A function that ends it.
   */
  subscribe: {
    (listener: (state: State, previous: State) => void): () => void;
    <Slice>(
      listener: (slice: Slice, previous: Slice) => void,
      selector?: StoreSelector<State, Slice>,
      equality?: (before: Slice, now: Slice) => boolean,
    ): () => void;
  };
}

/**
 * The store as applications see it: a plain object with two functions.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/install-the-sdk/hms-store
 */
export interface HMSStoreWrapper<
  T extends HMSGenericTypes = { sessionStore: Record<string, any> },
> extends IStoreReadOnly<HMSStore<T>> {}

/** 100ms's other name for {@link HMSStoreWrapper}. Nobody else than the actions may change the state here. */
export type IHMSStore<T extends HMSGenericTypes = { sessionStore: Record<string, any> }> = HMSStoreWrapper<T>;

/**
 * One store, its actions and its notifications. Making one does nothing else, also on a server that renders pages; each
 * has a room of its own, independent of others on the page.
 *
 * @example
 * const hms = new HMSReactiveStore();
 * hms.getStore().subscribe((pinned) => render(pinned), selectSessionMetadata);
 * await hms.getActions().join({ userName: 'Ana', initEndpoint: 'wss://example.com/standup' });
 * await hms.getActions().setSessionMetadata('Hello');
 *
 * @see https://www.100ms.live/docs/javascript/v2/quickstart/javascript-quickstart
 */
export class HMSReactiveStore<T extends HMSGenericTypes = { sessionStore: Record<string, any> }> {
  constructor();

  /** The store: always the same object, as the two that follow. */
  getStore(): HMSStoreWrapper<T>;
  /** The actions. */
  getActions(): HMSActions<T>;
  /** @deprecated Use {@link HMSReactiveStore.getActions}. */
  getHMSActions(): HMSActions<T>;
  /** The notifications. */
  getNotifications(): HMSNotifications;
  /**
   * From now on {@link IStoreReadOnly.subscribe} also calls a new listener at once, with what there is and `undefined`.
   * There is no way back.
   */
  triggerOnSubscribe(): void;
}
