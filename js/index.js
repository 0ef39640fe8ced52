// The package's entry: `Call` and the statics of Daily's factory.
//
// Nothing happens at import. The module is compiled when the first call is made, synchronously, because Daily's
// `createCallObject()` is synchronous.

import { initSync, SessionClient } from '../target/browser/meeting_session_state.js';
import { Call as BaseCall } from './call.js';
import { wasmBytes } from '../target/browser/bytes.js';

let loaded = false;

/** Compiles the module on first use. */
function load() {
  if (loaded) return;
  try {
    initSync({ module: wasmBytes() });
  } catch (error) {
    if (error?.name !== 'CompileError') throw error;
    const advice = "the page's Content-Security-Policy must allow script-src 'wasm-unsafe-eval'";
    throw new Error(`meeting-session-state could not compile its module: ${advice}`, { cause: error });
  }
  loaded = true;
}

/** The calls that are not destroyed, oldest first. */
const instances = new Set();

export class Call extends BaseCall {
  constructor(options) {
    if (options?.strictMode === false) {
      console.warn('strictMode: false is deprecated, use allowMultipleCallInstances: true');
    }
    const several = options?.allowMultipleCallInstances || options?.strictMode === false;
    if (Call.getCallInstance() && !several) throw new Error('Duplicate DailyIframe instances are not allowed');
    load();
    super(options, (page) => new SessionClient(page));
    instances.add(this);
  }

  async destroy() {
    await super.destroy();
    instances.delete(this);
  }

  static createCallObject(options) {
    return new Call(options);
  }

  static getCallInstance(callClientId) {
    const live = [...instances].filter((call) => !call.isDestroyed());
    return live.find((call) => !callClientId || call.callClientId === callClientId);
  }

  static version() {
    return PACKAGE_VERSION;
  }

  /** What Daily asks about media is `false` here; `supported` says whether this package can run. */
  static supportedBrowser() {
    const agent = globalThis.navigator?.userAgent ?? '';
    const known = [['Edg', 'Edge'], ['Firefox'], ['Chrome'], ['Version', 'Safari']];
    const [token, name = token] = known.find(([token]) => agent.includes(`${token}/`)) ?? ['', 'Unknown'];
    return {
      supported: typeof WebAssembly === 'object' && typeof WebSocket === 'function',
      mobile: /Mobi|Android/.test(agent),
      name,
      version: new RegExp(`${token}/([\\d.]+)`).exec(agent)?.[1] ?? '',
      supportsFullscreen: false,
      supportsScreenShare: false,
      supportsSfu: true,
      supportsVideoProcessing: false,
      supportsAudioProcessing: false,
    };
  }
}

export const { createCallObject, getCallInstance, supportedBrowser, version } = Call;

export default Call;
