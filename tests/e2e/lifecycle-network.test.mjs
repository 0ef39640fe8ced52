// Networks that fail in the ways that neither side is told of, and what the others in the session see of it: nothing,
// as long as the page comes back in time.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, launch } from './support/browsers.mjs';
import { connection, failures, meetBehindProxy, merge, presence, sameData, sentData } from './support/lifecycle.mjs';
import { eventually, pause, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

/** How long either side waits for a word of the other; the server looks every five seconds. */
const SILENCE_MS = 30_000;
const CHECK_MS = 5_000;
/** How long a participant is kept without a connection by the server of one of the tests. */
const GRACE_MS = 3_000;
/** By how much a moment may be off on a machine that has other things to do. */
const TOLERANCE_MS = 3_000;

let server;
before(async () => (server = await startServer({ args: ['--grace', '60s'] })));
after(() => server?.stop());

// The first three wait for half a minute; all together wait once.
describe('a network', { concurrency: BROWSERS.length }, () => {
  for (const name of BROWSERS) {
    describe(`in ${name}`, { concurrency: 8 }, () => {
      let browser;
      before(async () => (browser = await launch(name)));
      after(() => browser?.close());
      const start = (test) => meetBehindProxy(test, browser, server);

      it('that swallows both directions costs the participant its place, and no write unsaid', async (test) => {
        const strict = await startServer({ args: ['--grace', `${GRACE_MS}ms`] });
        atEnd(test, () => strict.stop());
        const { proxy, ana, bo, anaId } = await meetBehindProxy(test, browser, strict);
        const stalled = Date.now();
        proxy.stall();
        await merge(ana, { swallowed: true });
        const gone = SILENCE_MS + CHECK_MS + GRACE_MS + TOLERANCE_MS;
        await eventually(() => presence(bo), ['left Ana'], gone);
        const [left] = await bo.events('participant-left');
        assert.ok(left.time - stalled > SILENCE_MS + GRACE_MS - TOLERANCE_MS, `it took ${left.time - stalled} ms`);
        await eventually(() => connection(ana), ['interrupted']);
        await merge(ana, { after: 'the tunnel' });

        proxy.heal();
        await sameData([ana, bo], { after: 'the tunnel' }, 20_000);
        // Nobody knows what became of the first write, which is what its writer is told; it is not applied late.
        assert.deepEqual(await failures(ana), ['unknown']);
        assert.deepEqual(await connection(ana), ['interrupted', 'connected']);
        assert.deepEqual(await presence(bo), ['left Ana', 'joined Ana']);
        assert.deepEqual(await presence(ana), []);
        assert.notEqual(await ana.id(), anaId);
        for (const peer of [ana, bo]) assert.deepEqual(await peer.names(), ['Ana', 'Bo']);
      });

      it('that swallows what the server says is noticed within half a minute, and nothing is lost', async (test) => {
        const { proxy, ana, bo, anaId } = await start(test);
        const stalled = Date.now();
        proxy.stall({ only: 'received', renew: true });
        await merge(ana, { ana: 1 });
        await eventually(() => bo.data(), { ana: 1 });
        await merge(bo, { bo: 1 });
        await until(async () => (await connection(ana)).length > 0, SILENCE_MS + TOLERANCE_MS);
        const [{ time }] = await ana.events('network-connection');
        assert.ok(time - stalled > SILENCE_MS - TOLERANCE_MS, `it took ${time - stalled} ms`);

        assert.equal(await sameData([ana, bo], { ana: 1, bo: 1 }), 2, 'the write was repeated and not applied again');
        assert.deepEqual(await connection(ana), ['interrupted', 'connected']);
        assert.equal(await ana.id(), anaId);
        assert.deepEqual([await presence(bo), await failures(ana)], [[], []]);
        // The answers that come late, on the old connection, mean nothing any more.
        proxy.heal();
        await merge(ana, { ana: 2 });
        assert.equal(await sameData([ana, bo], { ana: 2, bo: 1 }), 3);
      });

      it('that is away for longer than half a minute does not get what was written before that', async (test) => {
        const { proxy, ana, bo, anaId } = await start(test);
        proxy.refuse();
        await eventually(() => connection(ana), ['interrupted']);
        await merge(ana, { mute: 'everyone' });
        await pause(SILENCE_MS - 2_000);
        assert.deepEqual(await failures(ana), []);
        await merge(ana, { hand: 'up' });
        await eventually(() => failures(ana), ['expired'], TOLERANCE_MS + 2_000);

        proxy.heal();
        // By now the pauses between two attempts are long.
        await ana.evaluate(() => dispatchEvent(new Event('online')));
        assert.equal(await sameData([ana, bo], { hand: 'up' }, 20_000), 1);
        assert.deepEqual(sentData(proxy), [{ hand: 'up' }]);
        assert.deepEqual([await presence(bo), await failures(ana)], [[], ['expired']]);
        assert.equal(await ana.id(), anaId);
      });

      it('that is away while the machine sleeps does not get what was written before that', async (test) => {
        const { proxy, ana, bo } = await start(test);
        proxy.refuse();
        await eventually(() => connection(ana), ['interrupted']);
        await merge(ana, { mute: 'everyone' });
        // What a page finds when it wakes: an hour has passed by the date, and no time by `performance.now()`.
        await ana.evaluate(() => {
          const { now } = Date;
          Date.now = () => now() + 3_600_000;
        });
        proxy.heal();
        await eventually(() => failures(ana), ['expired'], 20_000);
        await merge(ana, { awake: true });
        assert.equal(await sameData([ana, bo], { awake: true }, 20_000), 1);
        assert.deepEqual(sentData(proxy), [{ awake: true }]);
      });

      it('that comes back is used at once, and what was typed meanwhile arrives once and in order', async (test) => {
        const { proxy, ana, bo, anaId } = await start(test);
        // Without timers nothing but the event can end the wait for the next attempt.
        await ana.evaluate(() => (window.setTimeout = () => 0));
        proxy.refuse();
        await ana.page.setOfflineMode(true);
        await eventually(() => ana.evaluate(() => navigator.onLine), false);
        await eventually(() => connection(ana), ['interrupted']);
        for (const typed of ['h', 'he', 'hel']) await merge(ana, { typed });
        await merge(bo, { bo: 1 });
        await pause(1_000);
        proxy.heal();
        await pause(1_000);
        assert.deepEqual(await connection(ana), ['interrupted']);

        await ana.page.setOfflineMode(false);
        await eventually(() => connection(ana), ['interrupted', 'connected'], 2_000);
        assert.equal(await sameData([ana, bo], { bo: 1, typed: 'hel' }), 2);
        assert.deepEqual(await typedBefore(bo), ['hel']);
        assert.deepEqual(sentData(proxy), [{ typed: 'hel' }]);
        assert.deepEqual([await presence(bo), await failures(ana)], [[], []]);
        assert.equal(await ana.id(), anaId);
      });

      it('that the browser takes away and gives back loses nothing, whatever it did to the socket', async (test) => {
        const { proxy, ana, bo, anaId } = await start(test);
        await ana.page.setOfflineMode(true);
        await merge(ana, { typed: 'h' });
        await merge(ana, { typed: 'he' });
        await merge(bo, { bo: 1 });
        await pause(2_500);
        await merge(ana, { typed: 'hel' });
        await ana.page.setOfflineMode(false);

        await sameData([ana, bo], { bo: 1, typed: 'hel' }, 12_000);
        await pause(1_500);
        const seen = await typedBefore(bo);
        assert.deepEqual(seen, ['h', 'he', 'hel'].filter((typed) => seen.includes(typed)), 'in order, and each once');
        assert.deepEqual([await presence(bo), await failures(ana)], [[], []]);
        assert.equal(await ana.id(), anaId);
        const sent = sentData(proxy).map(({ typed }) => typed);
        assert.deepEqual(sent, [...new Set(sent)], 'nothing is repeated that was answered');
      });

      it('that tells the server late that a connection has ended does not undo the next one', async (test) => {
        const { proxy, ana, bo, anaId } = await start(test);
        proxy.lag = 2_000;
        for (let round = 1; round <= 3; round++) {
          proxy.cut();
          await merge(ana, { round });
          await sameData([ana, bo], { round }, 12_000);
        }
        // By now the server has heard of the last of them.
        await pause(proxy.lag + 500);
        await merge(bo, { still: 'there' });
        await sameData([ana, bo], { round: 3, still: 'there' });
        assert.equal((await connection(ana)).length, 6);
        assert.deepEqual([await presence(bo), await failures(ana)], [[], []]);
        assert.equal(await ana.id(), anaId);
      });

      it('that delivers the last words of a document after the next has joined changes nothing', async (test) => {
        const { proxy, url, ana, bo, anaId } = await start(test);
        proxy.stall({ only: 'sent', renew: true });
        await ana.page.reload();
        await ana.create();
        await ana.join(url, { userName: 'Ana' });
        assert.equal(await ana.id(), anaId);
        // `away`, and that the connection has ended.
        proxy.heal();
        await pause(1_000);
        await merge(ana, { still: 'there' });
        await sameData([ana, bo], { still: 'there' });
        // An `away` that counted would end it after five seconds.
        await pause(6_000);
        assert.deepEqual([await presence(bo), await connection(ana)], [[], []]);
      });
    });
  }
});

/** The values of `typed` that this one has been shown, one after the other. */
async function typedBefore(peer) {
  const values = (await peer.events('meeting-session-state-updated'))
    .map(({ meetingSessionState }) => meetingSessionState.data.typed)
    .filter((value) => value);
  return values.filter((value, index) => value !== values[index - 1]);
}
