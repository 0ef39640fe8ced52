/**
 * Shared session state for calls: one object that everybody in a meeting reads and writes.
 *
 * The names, shapes and error texts are those of Daily's `@daily-co/daily-js`, so that code written for its session data
 * runs over this package. Each item that is copied from Daily links to Daily's page about it. Audio and video are not part
 * of this package: what Daily says about media is present where code expects it, and always "off".
 *
 * Sizes are counted in UTF-16 code units of the JSON text, which is what `JSON.stringify(value).length` returns.
 * A "session" is what Daily calls a meeting session: it begins with the first join of an address and ends when nobody is
 * left in it.
 *
 * @packageDocumentation
 */

import type { Call } from './types/call.js';
import type { BrowserInfo, CallOptions } from './types/meeting.js';

export * from './types/call.js';
export * from './types/daily-names.js';
export * from './types/errors.js';
export * from './types/events.js';
export * from './types/meeting.js';
export * from './types/participants.js';
export * from './types/session-data.js';

/**
 * Creates a call: {@link Call.createCallObject}.
 *
 * @throws Error as the constructor of {@link Call} does.
 * @see https://docs.daily.co/reference/daily-js/factory-methods/create-call-object
 */
export function createCallObject(options?: CallOptions): Call;
export function createCallObject<Data extends object>(options?: CallOptions): Call<Data>;

/**
 * Finds a call that is not destroyed: {@link Call.getCallInstance}.
 *
 * @see https://docs.daily.co/reference/daily-js/static-methods/get-call-instance
 */
export function getCallInstance<Data = unknown>(callClientId?: string): Call<Data> | undefined;

/** Version of this package: {@link Call.version}. */
export function version(): string;

/**
 * Says what the browser is and can do: {@link Call.supportedBrowser}.
 *
 * @see https://docs.daily.co/reference/daily-js/static-methods/supported-browser
 */
export function supportedBrowser(): BrowserInfo;

/** `import Daily from 'meeting-session-state'`: the class, for its static functions, as Daily's default export has them. */
export { Call as default } from './types/call.js';
