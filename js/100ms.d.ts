/**
 * 100ms's session metadata, session store and messages over your own server: what `@100mslive/hms-video-store` has for
 * them, under the same names and in the same shapes. Audio and video are not part of this package; what 100ms's state says
 * about them is present where code expects it, and always empty or off.
 *
 * A "room" of 100ms is what `HMSConfig.initEndpoint` leads to: a session of the server. Session metadata is the
 * top-level key `default` of the session's data, and each key of the session store is the top-level key of that name, so
 * participants on Daily's face, the entry `meeting-session-state`, share them.
 *
 * Sizes are counted in UTF-16 code units of the JSON text, which is what `JSON.stringify(value).length` returns. The whole
 * data of a session, which is what all keys have together, is at most 102,400 units.
 *
 * @packageDocumentation
 */

export * from './types/100ms/actions.js';
export * from './types/100ms/enums.js';
export * from './types/100ms/exception.js';
export * from './types/100ms/notifications.js';
export * from './types/100ms/selectors.js';
export * from './types/100ms/state.js';
export * from './types/100ms/store.js';
