// Connections that are lost: cut, silent, or never made.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { BROWSERS, LOST_CONNECTION, launch } from './support/browsers.mjs';
import { eventually, openPeer, pause, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

const STATE = 'meeting-session-state-updated';
const allow = LOST_CONNECTION;

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

// Most of these tests wait for clocks; together they wait once.
describe('a connection', { concurrency: BROWSERS.length }, () => {
  for (const name of BROWSERS) {
    describe(`in ${name}`, { concurrency: 4 }, () => {
      let browser;
      before(async () => (browser = await launch(name)));
      after(() => browser?.close());

      let rooms = 0;
      /** Ana behind the proxy, and Bo not, in a session of their own. */
      async function start(test) {
        const room = `${name}-${(rooms += 1)}`;
        const proxy = await startProxy(test, server);
        const [ana, bo] = await Promise.all([1, 2].map(() => openPeer(test, browser, server, { allow })));
        await ana.join(proxy.sessionUrl(room), { userName: 'Ana' });
        await bo.join(server.sessionUrl(room), { userName: 'Bo' });
        await eventually(() => ana.names(), ['Ana', 'Bo']);
        await Promise.all([ana.forget(), bo.forget()]);
        return { proxy, ana, bo };
      }

      // First, because it takes longest.
      it('that falls silent is noticed within half a minute', async (test) => {
        const { proxy, ana, bo } = await start(test);
        proxy.stall();
        await ana.set({ written: 'in the tunnel' });
        await eventually(() => connectionEvents(ana), ['interrupted'], 60_000);
        proxy.heal();
        await eventually(() => connectionEvents(ana), ['interrupted', 'connected'], 30_000);
        for (const peer of [ana, bo]) await eventually(() => peer.data(), { written: 'in the tunnel' });
        // Bo's own connection is as silent as that, but for one ping; a busy machine may be late with it.
        const seen = (await bo.actions()).filter((action) => action !== 'network-connection');
        assert.deepEqual(seen, [STATE]);
      });

      it('is restored by itself, and what was set meanwhile is sent once and in order', async (test) => {
        const { proxy, ana, bo } = await start(test);
        await ana.set({ kept: 1, gone: 1, late: 1 });
        await eventually(() => bo.revision(), 1);
        await eventually(() => ana.revision(), 1);
        const id = await ana.id();

        proxy.refuse();
        await eventually(() => connectionEvents(ana), ['interrupted']);
        await ana.evaluate(() => {
          call.setMeetingSessionData({ order: 'first', a: 1 }, 'shallow-merge');
          call.setMeetingSessionData({ order: 'second', b: 2, gone: undefined }, 'shallow-merge');
          call.setMeetingSessionData({ order: 'last', late: undefined }, 'shallow-merge');
        });
        await bo.set({ meanwhile: true }, 'shallow-merge');
        await eventually(() => bo.revision(), 2);
        // Lost, but in the meeting, with what was last known.
        assert.equal(await ana.meetingState(), 'joined-meeting');
        assert.deepEqual(await ana.data(), { kept: 1, gone: 1, late: 1 });
        assert.deepEqual(await ana.names(), ['Ana', 'Bo']);

        proxy.heal();
        const expected = { kept: 1, order: 'last', a: 1, b: 2, meanwhile: true };
        for (const peer of [ana, bo]) await eventually(() => peer.data(), expected);
        assert.deepEqual(await connectionEvents(ana), ['interrupted', 'connected']);
        const [, sent, ...more] = updates(proxy);
        assert.deepEqual(more, []);
        assert.deepEqual(sent.set, { order: 'last', a: 1, b: 2 });
        assert.deepEqual(sent.delete.sort(), ['gone', 'late']);
        assert.equal(await bo.revision(), 3);
        assert.equal(await ana.revision(), 3);
        // To the others, nothing has happened.
        assert.equal(await ana.id(), id);
        assert.deepEqual([...new Set(await bo.actions())], [STATE]);
        assert.deepEqual([...new Set(await ana.actions())].sort(), [STATE, 'network-connection'].sort());
      });

      it('that breaks with a write under way loses nothing', async (test) => {
        const { proxy, ana, bo } = await start(test);
        proxy.stall({ only: 'sent' });
        await ana.set({ written: 1 });
        await pause(200);
        proxy.cut();
        proxy.heal();
        for (const peer of [ana, bo]) await eventually(() => peer.data(), { written: 1 });
        assert.equal(updates(proxy).length, 1);
        assert.deepEqual(await bo.actions(), [STATE]);
      });

      it('that breaks with the answer to a write under way repeats the write, which is applied once', async (test) => {
        const { proxy, ana, bo } = await start(test);
        proxy.stall({ only: 'received' });
        await ana.set({ written: 1 });
        await eventually(() => bo.data(), { written: 1 });
        await bo.set({ written: 2 });
        await eventually(() => bo.data(), { written: 2 });
        proxy.cut();
        proxy.heal();
        await eventually(() => ana.data(), { written: 2 });
        await until(() => updates(proxy).length === 2);
        const [first, again] = updates(proxy);
        assert.deepEqual(again, first);
        // Had it been applied again, this write would get the revision after that.
        await ana.set({ written: 3 });
        for (const peer of [ana, bo]) await eventually(() => peer.data(), { written: 3 });
        assert.deepEqual(await Promise.all([ana.revision(), bo.revision()]), [3, 3]);
        assert.deepEqual(await bo.actions(), [STATE, STATE, STATE]);
      });

      for (const [event, what] of [
        ['online', 'the network comes back'],
        ['visibilitychange', 'the page becomes visible'],
        ['pageshow', 'the page is shown again'],
      ]) {
        it(`is restored at once when ${what}`, async (test) => {
          const { proxy, ana } = await start(test);
          // Without timers nothing but the event can end the wait for the next attempt.
          await ana.evaluate(() => (window.setTimeout = () => 0));
          proxy.refuse();
          await eventually(() => connectionEvents(ana), ['interrupted']);
          proxy.heal();
          await pause(500);
          assert.deepEqual(await connectionEvents(ana), ['interrupted']);
          await ana.evaluate((event) => {
            const target = event === 'visibilitychange' ? document : window;
            target.dispatchEvent(new Event(event, { bubbles: true }));
          }, event);
          await eventually(() => connectionEvents(ana), ['interrupted', 'connected']);
        });
      }

      it('that cannot be made for 15 s fails the first join with an event', async (test) => {
        const ana = await openPeer(test, browser, server, { allow });
        const unused = await startProxy(test, server);
        await unused.close();
        const started = performance.now();
        const rejection = await rejected(ana, unused.sessionUrl('nobody'));
        const took = performance.now() - started;
        assert.ok(took > 14_000 && took < 40_000, `it took ${took} ms`);
        assert.ok(rejection.isErrorEvent, 'join rejects with the very event');
        const [event] = await ana.events('error');
        assert.equal(event.error.type, 'connection-error');
        assert.match(event.errorMsg, /nobody: no session server answered within 15 seconds/);
        assert.equal(await ana.meetingState(), 'error');
        // And it can try again.
        await ana.join(server.sessionUrl(`${name}-again`));
        assert.equal(await ana.meetingState(), 'joined-meeting');
      });

      it('that is made late joins all the same', async (test) => {
        const ana = await openPeer(test, browser, server, { allow });
        const proxy = await startProxy(test, server);
        proxy.refuse();
        const joined = ana.join(proxy.sessionUrl(`${name}-late`));
        await until(() => proxy.connections >= 3);
        proxy.heal();
        await joined;
        assert.deepEqual(await connectionEvents(ana), []);
      });
    });
  }
});

/** What the page was told about its connection. */
async function connectionEvents(peer) {
  return (await peer.events('network-connection')).map((event) => event.event);
}

/** The updates that pages behind the proxy have sent. */
function updates(proxy) {
  return proxy.sent().filter((message) => message.type === 'update');
}

/** Joins in vain and resolves to what `join` rejects with. */
function rejected(peer, url) {
  return peer.evaluate(async (url) => {
    let last;
    call.on('error', (event) => (last = event));
    const rejection = await call.join({ url }).then(() => undefined, (reason) => reason);
    return { isErrorEvent: rejection === last && rejection.action === 'error' };
  }, url);
}
