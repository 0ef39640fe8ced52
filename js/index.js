// The package's default entry: `Call` with the statics of Daily's factory.

import { Call as BaseCall, connect, SessionError } from './core.js';

/** The calls that are not destroyed, oldest first. */
const instances = new Set();

export class Call extends BaseCall {
  constructor(options) {
    if (options?.strictMode === false) {
      console.warn('strictMode: false is deprecated, use allowMultipleCallInstances: true');
    }
    const several = options?.allowMultipleCallInstances || options?.strictMode === false;
    if (Call.getCallInstance() && !several) throw new Error('Duplicate DailyIframe instances are not allowed');
    super(options, connect);
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

export { SessionError };

export default Call;
