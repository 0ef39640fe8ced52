// "Updates are batched and synced at most once per second", counted on the wire.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

import { BROWSERS, launch } from './support/browsers.mjs';
import { eventually, openPeer, pause, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

const INTERVAL_MS = 1_000;
/** By how much two frames may come closer at the proxy than they were sent, when one of them was delayed on its way. */
const JITTER_MS = 150;
/** What a frame that was sent at once may take from the test to the proxy, on a machine that has other things to do. */
const AT_ONCE_MS = 400;

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
      return { proxy, ana, bo };
    }

    it('sends a burst of 100 calls as two updates: the first at once, the rest a second later', async (test) => {
      const { proxy, ana, bo } = await start(test);
      const started = performance.now();
      await ana.evaluate(() => {
        for (let count = 1; count <= 100; count++) {
          call.setMeetingSessionData({ count, [`key${count % 3}`]: count }, 'shallow-merge');
        }
      });
      for (const peer of [ana, bo]) await eventually(() => peer.data(), { count: 100, key0: 99, key1: 100, key2: 98 });
      // An update more would come a second after the second one.
      await pause(INTERVAL_MS + AT_ONCE_MS);
      const sent = updates(proxy);
      assert.equal(sent.length, 2);
      assert.deepEqual(sent[0].set, { count: 1, key1: 1 });
      assert.ok(sent[0].time - started < AT_ONCE_MS, `the first came after ${sent[0].time - started} ms`);
      assertOneASecond(sent);
      assert.ok(sent[1].time - sent[0].time < INTERVAL_MS + AT_ONCE_MS);
      assert.equal(await bo.revision(), 2);
      // Everybody has seen two changes, and the empty state of the join.
      for (const peer of [ana, bo]) assert.equal((await peer.events('meeting-session-state-updated')).length, 3);
    });

    it('sends what is called every 10 ms for 3 s once a second, and the last value wins', async (test) => {
      const { proxy, ana, bo } = await start(test);
      const count = await ana.evaluate(
        () =>
          new Promise((resolve) => {
            const end = performance.now() + 3_000;
            let count = 0;
            const timer = setInterval(() => {
              call.setMeetingSessionData({ count: (count += 1) });
              if (performance.now() < end) return;
              clearInterval(timer);
              resolve(count);
            }, 10);
          }),
      );
      assert.ok(count > 150, `only ${count} calls were made`);
      for (const peer of [ana, bo]) await eventually(() => peer.data(), { count });
      await pause(INTERVAL_MS + AT_ONCE_MS);
      const sent = updates(proxy);
      // At 0, 1, 2 and 3 s, and the rest after that.
      assert.ok(sent.length === 4 || sent.length === 5, `${sent.length} updates were sent`);
      assertOneASecond(sent);
      assert.deepEqual(sent.at(-1).set, { count });
      assert.equal(await ana.revision(), await bo.revision());
    });

    it('sends at once again after a quiet second, and nothing for a merge of nothing', async (test) => {
      const { proxy, ana, bo } = await start(test);
      for (const value of [1, 2]) {
        const started = performance.now();
        await ana.set({ value });
        await until(() => updates(proxy).length === value);
        const took = updates(proxy).at(-1).time - started;
        assert.ok(took < AT_ONCE_MS, `update ${value} came after ${took} ms`);
        await eventually(() => bo.data(), { value });
        await ana.set({}, 'shallow-merge');
        await pause(INTERVAL_MS + JITTER_MS);
      }
      assert.equal(updates(proxy).length, 2);
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
    // Everything is sent when nothing has changed for longer than a sync interval.
    let last;
    await until(async () => {
      const before = last;
      last = await states();
      await pause(INTERVAL_MS + AT_ONCE_MS);
      return isDeepStrictEqual(before, last);
    });
    const [first, ...others] = last;
    assert.ok(first[0] >= 6, `only ${first[0]} revisions`);
    for (const other of others) assert.deepEqual(other, first);
  });
});

/** The updates that a page has sent, with the time of each. */
function updates(proxy) {
  return proxy.frames
    .filter((frame) => frame.direction === 'sent')
    .map((frame) => ({ ...JSON.parse(frame.text), time: frame.time }))
    .filter((message) => message.type === 'update');
}

function assertOneASecond(sent) {
  for (const [index, { time }] of sent.entries()) {
    if (index === 0) continue;
    const gap = time - sent[index - 1].time;
    assert.ok(gap >= INTERVAL_MS - JITTER_MS, `updates ${index} and ${index + 1} came ${gap} ms apart`);
  }
}
