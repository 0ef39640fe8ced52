// "Updates are batched and synced at most once per second", counted on the wire. The times are those of the page that
// sends: on their way to the proxy two updates may come closer to each other, or further apart.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { BROWSERS, launch } from './support/browsers.mjs';
import { eventually, openPeer, pause, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

const INTERVAL_MS = 1_000;
/** Longer than an interval, so what waited for its end has been sent. */
const QUIET_MS = 1_500;

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

for (const name of BROWSERS) {
  describe(`one sync a second, in ${name}`, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());

    let rooms = 0;
    /** Ana behind the proxy, and Bo not, in a new session. */
    async function start(test) {
      const room = `${name}-${(rooms += 1)}`;
      const proxy = await startProxy(test, server);
      const [ana, bo] = await Promise.all([1, 2].map(() => openPeer(test, browser, server)));
      await ana.join(proxy.sessionUrl(room));
      await bo.join(server.sessionUrl(room));
      await noteUpdates(ana);
      return { proxy, ana, bo };
    }

    it('sends a burst of 100 calls as two updates: the first at once, the rest a second later', async (test) => {
      const { proxy, ana, bo } = await start(test);
      const sentAtOnce = await ana.evaluate(() => {
        for (let count = 1; count <= 100; count++) {
          call.setMeetingSessionData({ count, [`key${count % 3}`]: count }, 'shallow-merge');
        }
        return sent.length;
      });
      assert.equal(sentAtOnce, 1);
      for (const peer of [ana, bo]) await eventually(() => peer.data(), { count: 100, key0: 99, key1: 100, key2: 98 });
      // An update more would come a second after the second one.
      await pause(QUIET_MS);
      const sent = await updates(ana, proxy);
      assert.equal(sent.length, 2);
      assert.deepEqual(sent[0].set, { count: 1, key1: 1 });
      assertOneASecond(sent);
      assert.equal(await bo.revision(), 2);
      // Everybody has seen two changes, and the empty state of the join.
      for (const peer of [ana, bo]) assert.equal((await peer.events('meeting-session-state-updated')).length, 3);
    });

    it('sends what is called every 10 ms for 3 s once a second, and the last value wins', async (test) => {
      const { proxy, ana, bo } = await start(test);
      const count = await ana.evaluate(
        () =>
          new Promise((resolve) => {
            let count = 0;
            const timer = setInterval(() => {
              call.setMeetingSessionData({ count: (count += 1) });
              // The fourth comes after 3 s.
              if (sent.length < 4) return;
              clearInterval(timer);
              resolve(count);
            }, 10);
          }),
      );
      for (const peer of [ana, bo]) await eventually(() => peer.data(), { count });
      await pause(QUIET_MS);
      const sent = await updates(ana, proxy);
      // At 0, 1, 2 and 3 s, and the rest after that.
      assert.ok(sent.length === 4 || sent.length === 5, `${sent.length} updates were sent`);
      assertOneASecond(sent);
      const took = sent[3].time - sent[0].looked;
      assert.ok(took >= 3 * INTERVAL_MS, `four updates were sent within ${took} ms`);
      assert.deepEqual(sent.at(-1).set, { count });
      assert.equal(await ana.revision(), await bo.revision());
    });

    it('sends at once again after a quiet second, and nothing for a merge of nothing', async (test) => {
      const { proxy, ana, bo } = await start(test);
      for (const value of [1, 2]) {
        const sent = await ana.evaluate((value) => {
          call.setMeetingSessionData({ value });
          return window.sent.length;
        }, value);
        assert.equal(sent, value, `update ${value} was not sent at once`);
        await eventually(() => bo.data(), { value });
        // What is not answered holds the next one back.
        await eventually(() => pending(ana), 0);
        await ana.set({}, 'shallow-merge');
        await pause(QUIET_MS);
      }
      assert.equal((await updates(ana, proxy)).length, 2);
    });
  });
}

describe('several who write at the same time', () => {
  let browsers;
  before(async () => (browsers = await Promise.all(BROWSERS.map(launch))));
  after(() => Promise.all((browsers ?? []).map((browser) => browser.close())));

  it('end with the same data everywhere, whatever the order was', async (test) => {
    const url = server.sessionUrl('conflict');
    const [chromium, firefox] = browsers;
    const peers = await Promise.all([chromium, chromium, firefox].map((browser) => openPeer(test, browser, server)));
    for (const peer of peers) await peer.join(url);
    await Promise.all(
      peers.map((peer, writer) =>
        peer.evaluate(
          (writer) =>
            new Promise((resolve) => {
              let count = 0;
              const timer = setInterval(() => {
                count += 1;
                const data = { shared: `${writer} ${count}`, [`of${writer}`]: count };
                call.setMeetingSessionData(data, count % 10 === writer ? 'replace' : 'shallow-merge');
                if (count < 60) return;
                clearInterval(timer);
                call.setMeetingSessionData({ [`last${writer}`]: true }, 'shallow-merge');
                resolve();
              }, 40);
            }),
          writer,
        ),
      ),
    );
    const states = () =>
      Promise.all(peers.map(async (peer) => [await peer.revision(), await peer.data(), await peer.summary()]));
    for (const peer of peers) await eventually(() => pending(peer), 0);
    // Everything has arrived when nothing has changed for longer than a sync interval.
    let last;
    await until(async () => {
      const before = last;
      last = await states();
      await pause(QUIET_MS);
      return isDeepStrictEqual(before, last);
    });
    const [first, ...others] = last;
    assert.ok(first[0] >= 6, `only ${first[0]} revisions`);
    for (const other of others) assert.deepEqual(other, first);
  });
});

/**
 * Has a page keep each update that it sends as `sent`: with the `time` when it does, and when it last `looked` at the
 * clock before, by which it decides that the time has come. A busy machine may stop it between the two.
 */
function noteUpdates(peer) {
  return peer.evaluate(() => {
    window.sent = [];
    let looked;
    const { now } = Date;
    Date.now = () => (looked = now());
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
      const message = JSON.parse(text);
      if (message.type === 'update') sent.push({ ...message, looked, time: now() });
      send.call(this, text);
    };
  });
}

/** The updates that a page has noted; nothing else than these went over the wire. */
async function updates(peer, proxy) {
  const noted = await peer.evaluate(() => sent);
  const onTheWire = () => proxy.sent().filter(({ type }) => type === 'update');
  await eventually(onTheWire, noted.map(({ looked, time, ...message }) => message));
  return noted;
}

/** How many writes of a page have no answer. */
function pending(peer) {
  return peer.evaluate(() => call.meetingSessionSaving().pending);
}

function assertOneASecond(sent) {
  for (const [index, { time }] of sent.entries()) {
    if (index === 0) continue;
    const gap = time - sent[index - 1].looked;
    assert.ok(gap >= INTERVAL_MS, `updates ${index} and ${index + 1} were sent ${gap} ms apart`);
  }
}
