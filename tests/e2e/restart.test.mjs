// Servers that are killed, stopped and started again while pages are in a session.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, LOST_CONNECTION, launch } from './support/browsers.mjs';
import { eventually, joinPeers, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

const allow = LOST_CONNECTION;
/** How long a reconnect may take: a random pause of up to a few seconds, and a server that is started meanwhile. */
const RECONNECT_MS = 20_000;

describe('a server', { concurrency: BROWSERS.length }, () => {
  for (const name of BROWSERS) {
    it(`that is killed and started again begins new sessions, which pages are told once, in ${name}`, async (test) => {
      const { browser, server, restart } = await start(test, name);
      const [ana, bo] = await joinPeers(test, browser, server, server.sessionUrl('room'), ['Ana', 'Bo'], { allow });
      await ana.set({ old: true });
      await eventually(() => bo.data(), { old: true });
      const [before, anaId] = [await ana.summary(), await ana.id()];
      await Promise.all([ana.forget(), bo.forget()]);

      await server.kill();
      await eventually(async () => (await ana.actions()).at(-1), 'network-connection');
      // Two writes that can never take effect: they were made for a session that is gone.
      await ana.set({ meanwhile: 1 });
      await ana.set({ more: 2 }, 'shallow-merge');
      assert.deepEqual(await ana.data(), { old: true });
      assert.equal(await ana.meetingState(), 'joined-meeting');
      await restart();
      for (const peer of [ana, bo]) {
        await eventually(async () => (await peer.events('session-reset')).length, 1, RECONNECT_MS);
        await eventually(() => peer.names(), ['Ana', 'Bo'], RECONNECT_MS);
      }

      const after = await ana.summary();
      assert.notEqual(after.id, before.id);
      assert.deepEqual(await bo.summary(), after);
      for (const peer of [ana, bo]) {
        assert.deepEqual(await peer.data(), {});
        assert.equal(await peer.revision(), 0);
        assert.equal(await peer.meetingState(), 'joined-meeting');
        // Up to the reset, the order is fixed; participants that come later are told later.
        const actions = await peer.actions();
        const upTo = actions.slice(0, actions.indexOf('session-reset') + 1);
        const participants = upTo.filter((action) => action.startsWith('participant-'));
        assert.deepEqual(upTo, [
          'network-connection',
          'network-connection',
          'access-state-updated',
          ...(peer === ana ? ['nonfatal-error'] : []),
          'meeting-session-summary-updated',
          'meeting-session-updated',
          ...participants,
          'meeting-session-state-updated',
          'session-reset',
        ]);
        const [state] = await peer.events('meeting-session-state-updated');
        assert.deepEqual(state.meetingSessionState, { data: {}, topology: 'sfu' });
      }
      const errors = await ana.events('nonfatal-error');
      assert.deepEqual(errors.map(({ type, details }) => [type, details]), [
        ['meeting-session-data-error', { code: 'session_reset' }],
      ]);
      assert.notEqual(await ana.id(), anaId);

      await ana.set({ after: true });
      for (const peer of [ana, bo]) {
        await eventually(() => peer.data(), { after: true });
        assert.equal((await peer.events('session-reset')).length, 1);
      }
    });

    it(`that is told to stop ends with code 0, and its pages go on with the next one, in ${name}`, async (test) => {
      const { browser, server, restart } = await start(test, name);
      const [ana, bo] = await joinPeers(test, browser, server, server.sessionUrl('room'), ['Ana', 'Bo'], { allow });
      const started = performance.now();
      // Fails when the exit code is another one.
      await server.stop();
      assert.ok(performance.now() - started < 20_000, 'it waited for its clients');
      for (const peer of [ana, bo]) {
        await until(async () => (await peer.events('network-connection')).length === 1);
      }
      await restart();
      for (const peer of [ana, bo]) {
        await eventually(async () => (await peer.events('session-reset')).length, 1, RECONNECT_MS);
      }
      await ana.set({ after: true });
      await eventually(() => bo.data(), { after: true });
    });
  }
});

/** A browser and a server, and a function that starts another server on the same port. */
async function start(test, name) {
  let server = await startServer();
  atEnd(test, () => server.kill());
  const browser = await launch(name);
  atEnd(test, () => browser.close());
  const restart = async () => (server = await startServer({ port: server.port }));
  return { browser, server, restart };
}
