// What an application can do.

import type { HMSLogLevel } from './enums.js';
import type { HMSException } from './exception.js';
import type { selectSessionStoreEntry } from './selectors.js';
import type { HMSGenericTypes, HMSMessageID, HMSPeerID, HMSRoleName } from './state.js';

/**
 * Options of {@link HMSActions.join}.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/set-up-video-conferencing/join
 */
export interface HMSConfig {
  /** Name that the other peers see, at most 256 units. */
  userName: string;
  /** Token, for servers that ask for one. It travels in the first message, not in the address. */
  authToken?: string;
  /** Text that the other peers see as `peer.metadata`, at most 4,096 units as JSON. */
  metaData?: string;
  /**
   * Address of the session, such as `wss://example.com/standup`; {@link HMSActions.join} rejects without it, although the
   * type, which is 100ms's, has it optional. The scheme is `ws`, `wss`, `http` (meaning `ws`) or `https` (meaning `wss`);
   * the last segment is the session's name: 1 to 128 of the characters `A-Z a-z 0-9 _ . ~ -`. A `?t=` parameter is a token
   * and is not sent as part of the address.
   */
  initEndpoint?: string;
  /** Any other option of 100ms's, about media for instance, is ignored. */
  [ignored: string]: any;
}

/**
 * Actions of the session store.
 *
 * @see https://www.100ms.live/docs/javascript/v2/how-to-guides/build-interactive-features/session-store
 */
export interface IHMSSessionStoreActions<T> {
  /**
   * Sets a key to any JSON value; without a value, or to `undefined`, deletes it. Sent at once. Resolves when the server has
   * applied it and the own state shows it.
   *
   * @param options.ifVersion Set it only if this is still the key's version, that of {@link selectSessionStoreEntry}, or 0 if the
   * key is not there. 100ms has no such option.
   * @throws Rejects with an {@link HMSException}, and nothing has changed, or with code 1003 it may or may not have. If the
   * version is another one, the code is 409, the description says who was first, and `nativeError` is the `SessionError` with
   * code `conflict`, whose `current` has the newest data.
   */
  set<K extends keyof T>(key: K, value?: T[K], options?: { ifVersion: number }): Promise<void>;
  /**
   * Has `store.sessionStore` show these keys, and follow them. Resolves when it shows their present values. It may be called
   * before the join; leaving ends it.
   */
  observe(keys: keyof T | Array<keyof T>): Promise<void>;
  /** Ends it, for all components of the page that observe them: `store.sessionStore` keeps what was known. */
  unobserve(keys: keyof T | Array<keyof T>): Promise<void>;
}

/**
 * What an application can do. The functions need no `this`.
 *
 * Everything that needs the room rejects with an {@link HMSException}: with code 6000 while no room is joined, and with code
 * 1003 while the connection is lost, since nothing is kept to be sent later.
 *
 * @see https://www.100ms.live/docs/api-reference/javascript/v2/interfaces/HMSActions
 */
export interface HMSActions<T extends HMSGenericTypes = { sessionStore: Record<string, any> }> {
  /**
   * Joins a room. Room, peers, session metadata and the observed keys appear in the one change of the state that sets
   * `room.isConnected`; `PEER_LIST` follows if others are there. Ignored with a `console.warn` if a room is joined or being
   * joined. After a successful join a lost connection is restored without a limit of time.
   *
   * @throws Rejects with an {@link HMSException}, which `ERROR` tells too, if joining failed; with code 6000, which `ERROR`
   * does not tell, if the room was left meanwhile.
   */
  join(config: HMSConfig): Promise<void>;

  /** Leaves the room and sets the whole state back. The session's data stays as it is for the others. */
  leave(): Promise<void>;

  /**
   * Sets the session metadata to any JSON value; `undefined` deletes it. Sent at once; the others see it without a refresh
   * message. Resolves when the server has applied it and the own state shows it.
   *
   * @deprecated In 100ms, for {@link HMSActions.sessionStore}; it works as well here.
   * @throws Rejects with an {@link HMSException}, and nothing has changed, or with code 1003 it may or may not have.
   */
  setSessionMetadata(metadata?: any): Promise<void>;

  /**
   * Does nothing that is needed: the state follows the session by itself.
   *
   * @deprecated In 100ms, for {@link HMSActions.sessionStore}.
   */
  populateSessionMetadata(): Promise<void>;

  /** Keys and values that everybody in the room shares. */
  sessionStore: IHMSSessionStoreActions<T['sessionStore']>;

  /**
   * Sends a message to everybody else. It is put into the own store, and the own notifications do not tell of it.
   *
   * @param message Not blank; with type and recipients at most 4,096 units as JSON.
   * @param type `chat` if left out.
   */
  sendBroadcastMessage(message: string, type?: string): Promise<void>;
  /** Sends a message to one other peer. */
  sendDirectMessage(message: string, peerID: HMSPeerID, type?: string): Promise<void>;
  /** Sends a message to everybody in these roles, of which one must exist: `participant` is everybody. */
  sendGroupMessage(message: string, roles: HMSRoleName[], type?: string): Promise<void>;
  /** @deprecated Use {@link HMSActions.sendBroadcastMessage}. An error is only logged. */
  sendMessage(message: string): void;

  /** Keeps messages of these types out of the store; `NEW_MESSAGE` still tells of them. With `replace` only these. */
  ignoreMessageTypes(types: string[], replace?: boolean): void;
  /** Marks a message, or without an id all that there are, as read or not. */
  setMessageRead(read: boolean, messageID?: HMSMessageID): void;

  /** Changes the own name, at most 256 units. */
  changeName(name: string): Promise<void>;
  /** Changes the own metadata; what is no text becomes JSON. At most 4,096 units as JSON. */
  changeMetadata(metadata: string | any): Promise<void>;

  /** Does nothing. */
  setLogLevel(level: HMSLogLevel): void;
  /** Does nothing. */
  setFrameworkInfo(info: any): void;
}
