// What has to be true of the package where there is no browser, however it is loaded.

const assert = require('node:assert/strict');

const { exports: published, name, version } = require('meeting-session-state/package.json');

const specifiers = Object.keys(published)
  .filter((entry) => entry !== './package.json')
  .map((entry) => entry.replace('.', name));

/** Loads every entry with `load`, sees that nothing has happened, and then that they can be used. */
module.exports = async function check(load) {
  const { WebAssembly } = globalThis;
  // A server that renders pages may have nothing to compile with, and an import compiles nothing.
  delete globalThis.WebAssembly;
  const before = state();
  const modules = {};
  for (const specifier of specifiers) modules[specifier] = await load(specifier);
  assert.deepEqual(state(), before);
  globalThis.WebAssembly = WebAssembly;

  await checkDefault(modules[name]);
  await check100ms(modules[`${name}/100ms`]);
  const { HMSRoomProvider, useHMSStore } = modules[`${name}/100ms/react`];
  const { SessionProvider, useMeetingSessionState } = modules[`${name}/react`];
  for (const one of [HMSRoomProvider, useHMSStore, SessionProvider, useMeetingSessionState]) {
    assert.equal(typeof one, 'function');
  }
};

/** What an import could change: globals, and what keeps the process alive. */
function state() {
  return [Object.getOwnPropertyNames(globalThis), process.getActiveResourcesInfo()];
}

async function checkDefault({ default: Daily, createCallObject }) {
  assert.equal(Daily.version(), version);
  assert.equal(Daily.supportedBrowser().supported, false);
  const call = createCallObject();
  assert.equal(Daily.getCallInstance(), call);
  assert.equal(call.meetingState(), 'new');
  await assert.rejects(call.join({ url: 'ws://127.0.0.1:1/nobody' }), { message: 'join() needs a browser' });
  await call.destroy();
  assert.equal(Daily.getCallInstance(), undefined);
}

async function check100ms({ HMSReactiveStore, selectIsConnectedToRoom, selectSessionMetadata }) {
  const hms = new HMSReactiveStore();
  const store = hms.getStore();
  const joining = hms.getActions().join({ userName: 'Ana', initEndpoint: 'ws://127.0.0.1:1/nobody' });
  await assert.rejects(joining, { description: /needs a browser/ });
  assert.equal(Boolean(store.getState(selectIsConnectedToRoom)), false);
  assert.equal(store.getState(selectSessionMetadata), undefined);
}
