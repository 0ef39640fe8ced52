// What all entries of the package share: `Call`, and the module under it. A page that uses several entries loads it once.
//
// Nothing happens at import. The module is compiled when the first call is made, synchronously, because Daily's
// `createCallObject()` is synchronous.

import { initSync, SessionClient } from '../target/browser/meeting_session_state.js';
import { deflated, length } from '../target/browser/bytes.js';
import { inflate } from './inflate.js';

export { Call } from './call.js';
export { SessionError } from './errors.js';

let loaded = false;

/** Makes the client that tells `page` everything. */
export function connect(page) {
  if (!loaded) load();
  return new SessionClient(page);
}

function load() {
  try {
    const bytes = Uint8Array.from(atob(deflated), (char) => char.charCodeAt(0));
    initSync({ module: inflate(bytes, length) });
  } catch (error) {
    if (error?.name !== 'CompileError') throw error;
    const advice = "the page's Content-Security-Policy must allow script-src 'wasm-unsafe-eval'";
    throw new Error(`meeting-session-state could not compile its module: ${advice}`, { cause: error });
  }
  loaded = true;
}
