// Networks that fail in the ways that neither side is told of, and what the others in the session see of it: nothing,
// as long as the page comes back in time.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, launch } from './support/browsers.mjs';
import { connection, failures, meetBehindProxy, merge, presence, sameData, sentData } from './support/lifecycle.mjs';
import { eventually, pause, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

/** How long either side waits for a word of the other. */
const SILENCE_MS = 30_000;
/** How old a write becomes that cannot be sent. */
const EXPIRY_MS = 30_000;
/** How long a participant is kept without a connection by the server of one of the tests. */
const GRACE_MS = 3_000;
/** By how much the clocks of two processes may differ, and the end of a silence be rounded. */
const ROUNDING_MS = 100;
/** When the end of a silence is noticed, at the latest; the server looks every five seconds. */
const NOTICED_MS = 60_000;

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
        proxy.stall();
        const silence = silentSince(proxy, 'sent');
        await merge(ana, { swallowed: true });
        await eventually(() => presence(bo), ['left Ana'], NOTICED_MS);
        const [left] = await bo.events('participant-left');
        assert.ok(left.time - silence >= SILENCE_MS + GRACE_MS - ROUNDING_MS, `it took ${left.time - silence} ms`);
        await eventually(() => connection(ana), ['interrupted']);
        await merge(ana, { after: 'the tunnel' });

        proxy.heal();
        await sameData([ana, bo], { after: 'the tunnel' });
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
        proxy.stall({ only: 'received', renew: true });
        const silence = silentSince(proxy, 'received');
        await merge(ana, { ana: 1 });
        await eventually(() => bo.data(), { ana: 1 });
        await merge(bo, { bo: 1 });
        await until(async () => (await connection(ana)).length > 0, NOTICED_MS);
        const [{ time }] = await ana.events('network-connection');
        assert.ok(time - silence >= SILENCE_MS - ROUNDING_MS, `it took ${time - silence} ms`);

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
        const written = await ana.evaluate(() => {
          const now = Date.now();
          call.setMeetingSessionData({ mute: 'everyone' }, 'shallow-merge');
          return now;
        });
        await pause(EXPIRY_MS / 2);
        await merge(ana, { hand: 'up' });
        await eventually(() => failures(ana), ['expired'], 40_000);
        const [{ time }] = await ana.events('nonfatal-error');
        assert.ok(time - written >= EXPIRY_MS, `it took ${time - written} ms`);

        proxy.heal();
        // By now the pauses between two attempts are long.
        await ana.evaluate(() => dispatchEvent(new Event('online')));
        assert.equal(await sameData([ana, bo], { hand: 'up' }), 1);
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
        await eventually(() => failures(ana), ['expired']);
        await merge(ana, { awake: true });
        assert.equal(await sameData([ana, bo], { awake: true }), 1);
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
        await eventually(() => connection(ana), ['interrupted', 'connected']);
        assert.equal(await sameData([ana, bo], { bo: 1, typed: 'hel' }), 2);
        assert.deepEqual(await typedBefore(bo), ['hel']);
        assert.deepEqual(sentData(proxy), [{ typed: 'hel' }]);
        assert.deepEqual([await presence(bo), await failures(ana)], [[], []]);
        assert.equal(await ana.id(), anaId);
      });

      it('that the browser takes away and gives back loses nothing, whatever it did to the socket', async (test) => {
        const { ana, bo, anaId } = await start(test);
        await noteMessages(ana);
        await ana.page.setOfflineMode(true);
        await merge(ana, { typed: 'h' });
        await merge(ana, { typed: 'he' });
        await merge(bo, { bo: 1 });
        await pause(2_500);
        await merge(ana, { typed: 'hel' });
        await ana.page.setOfflineMode(false);

        await sameData([ana, bo], { bo: 1, typed: 'hel' });
        await pause(1_500);
        const seen = await typedBefore(bo);
        assert.deepEqual(seen, ['h', 'he', 'hel'].filter((typed) => seen.includes(typed)), 'in order, and each once');
        assert.deepEqual([await presence(bo), await failures(ana)], [[], []]);
        assert.equal(await ana.id(), anaId);
        const sent = distinctUpdates(await ana.evaluate(() => messages)).map(({ set }) => set.typed);
        assert.deepEqual(sent, ['h', 'he', 'hel'].filter((typed) => sent.includes(typed)), 'in order, and each once');
      });

      it('that tells the server late that a connection has ended does not undo the next one', async (test) => {
        const { proxy, ana, bo, anaId } = await start(test);
        proxy.lag = 2_000;
        for (let round = 1; round <= 3; round++) {
          proxy.cut();
          await merge(ana, { round });
          await sameData([ana, bo], { round });
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

/** When the last message in this direction came that the proxy let through, as `Date.now()` says it. */
function silentSince(proxy, direction) {
  return performance.timeOrigin + proxy.frames.findLast((frame) => frame.direction === direction).time;
}

/** Has a page keep what it sends and receives from now on as `messages`: each as text, with its `direction`. */
function noteMessages(peer) {
  return peer.evaluate(() => {
    window.messages = [];
    const sockets = new WeakSet();
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
      messages.push({ direction: 'sent', text });
      if (!sockets.has(this)) {
        sockets.add(this);
        // Captured: before the client hears of it.
        this.addEventListener('message', ({ data }) => messages.push({ direction: 'received', text: data }), true);
      }
      send.call(this, text);
    };
  });
}

/**
 * The updates that a page sent, each once. One may be sent again, word for word, on a later connection, as long as the
 * page has seen no answer to it.
 */
function distinctUpdates(messages) {
  const updates = new Map();
  const answered = new Set();
  let joins = 0;
  for (const { direction, text } of messages) {
    const message = JSON.parse(text);
    if (message.type === 'join') joins += 1;
    if (direction === 'received' && message.type === 'result') answered.add(message.seq);
    if (message.type !== 'update') continue;
    const before = updates.get(message.seq);
    if (before) {
      assert.equal(text, before.text, 'what is sent again is word for word what was sent before');
      assert.ok(joins > before.joins, `sent twice on one connection: ${text}`);
      assert.ok(!answered.has(message.seq), `sent again after the answer: ${text}`);
    }
    updates.set(message.seq, { text, joins });
  }
  return [...updates.values()].map(({ text }) => JSON.parse(text));
}
