// Documents that go away and come back: out of the back/forward cache, as reloads, as copies of a tab.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';

import { BROWSERS, launch } from './support/browsers.mjs';
import { openDemo } from './support/demo.mjs';
import {
  AWAY_MS,
  connection,
  EARLY_MS,
  failures,
  LATEST_MS,
  meetBehindProxy,
  merge,
  PATIENT_MS,
  presence,
  sameData,
  startPatientServer,
} from './support/lifecycle.mjs';
import { eventually, joinPeers, pause, Peer, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

/** Long enough for one who has not come back to the patient server to have left it. */
const GIVEN_UP_MS = PATIENT_MS + 1_500;

let server, patient;
before(async () => {
  server = await startServer();
  patient = await startPatientServer();
});
after(async () => {
  await server?.stop();
  await patient?.stop();
});

describe('a page', { concurrency: BROWSERS.length }, () => {
  for (const name of BROWSERS) {
    describe(`in ${name}`, { concurrency: 4 }, () => {
      let browser;
      // With the back/forward cache.
      before(async () => (browser = await launch(name, { shelter: false })));
      after(() => browser?.close());
      const start = (test, at = server) => meetBehindProxy(test, browser, at);

      it('that comes back in time was never away', async (test) => {
        const { proxy, url, ana, bo, anaId } = await start(test, patient);
        await writeAndGo(ana);
        await eventually(() => bo.data(), { first: 1, second: 2 });
        await pause(1_000);
        await merge(bo, { bo: 1 });
        await ana.page.goBack();
        if (name === 'firefox') {
          // It keeps no page with a WebSocket in its cache.
          await ana.create();
          await ana.join(url, { userName: 'Ana' });
        } else {
          await eventually(() => connection(ana), ['interrupted', 'connected']);
        }
        assert.deepEqual(await ana.evaluate(() => Object.keys(sessionStorage)), [], 'a copy of the tab would find it');
        assert.equal(await sameData([ana, bo], { first: 1, second: 2, bo: 1 }), 3);
        // An `away` that was not taken back would end it by now.
        await pause(GIVEN_UP_MS);
        await merge(ana, { back: true });
        assert.equal(await sameData([ana, bo], { first: 1, second: 2, bo: 1, back: true }), 4);
        assert.deepEqual([await presence(bo), await failures(ana)], [[], []]);
        assert.equal(await ana.id(), anaId);
        assert.equal(joins(proxy), 2);
      });

      // Firefox would load it anew.
      if (name === 'chromium') {
        it('that comes back late has left, and joins again by itself', async (test) => {
          const { ana, bo, anaId } = await start(test);
          const gone = Date.now();
          await writeAndGo(ana);
          await assertLeftAfter(bo, gone);
          await pause(1_000);
          await merge(bo, { bo: 1 });

          await ana.page.goBack();
          await sameData([ana, bo], { first: 1, second: 2, bo: 1 });
          // It may have gone before the answer to its last write came.
          assert.ok(['', 'unknown'].includes(String(await failures(ana))));
          // That it is somebody new, the application is told.
          const told = (await ana.actions()).filter((action) => /^(network|access|left|error)/.test(action));
          assert.deepEqual(told, ['network-connection', 'network-connection', 'access-state-updated']);
          assert.notEqual(await ana.id(), anaId);
          await eventually(() => presence(bo), ['left Ana', 'joined Ana']);
          await merge(ana, { again: true });
          await sameData([ana, bo], { first: 1, second: 2, bo: 1, again: true });
        });
      }

      for (const joined of [true, false]) {
        const when = joined ? 'after it has joined' : 'while it joins for the first time';
        it(`that is reloaded twenty times as fast as can be, ${when}, is one participant`, async (test) => {
          const room = `${name}-reloads-${joined}`;
          const [bo] = await joinPeers(test, browser, patient, patient.sessionUrl(room), ['Bo']);
          // The demo joins by itself.
          const ana = await openDemo(test, browser, patient, joined ? `/${room}?name=Ana` : '/healthz');
          if (joined) await eventually(() => bo.names(), ['Ana', 'Bo']);
          else await enter(ana, room);
          for (let round = 1; round <= 20; round++) {
            await pause(20 + 40 * (round % 5));
            await reload(ana);
            // It has 25 seconds to come back, which on a busy machine are soon over.
            if (round % 5) continue;
            await eventually(() => ana.texts('#participants .who').catch(() => 'not loaded'), ['Ana you', 'Bo']);
          }
          // Those that nobody came back for would have left by now.
          await pause(GIVEN_UP_MS);
          assert.deepEqual(await presence(bo), ['joined Ana']);
          assert.deepEqual(await bo.names(), ['Ana', 'Bo']);
        });
      }

      it('that is reloaded right after a write, or while the connection is down, loses nothing', async (test) => {
        const { proxy, url, ana, bo, anaId } = await start(test, patient);
        const writeAndReload = () => {
          call.setMeetingSessionData({ first: 1 }, 'shallow-merge');
          call.setMeetingSessionData({ second: 2 }, 'shallow-merge');
          call.updateMeetingSessionData({ third: 3 }, { mergeStrategy: 'shallow-merge' });
          call.setMeetingSessionData({ fourth: 4 }, 'shallow-merge');
          setTimeout(() => location.reload());
        };
        await Promise.all([ana.page.waitForNavigation(), ana.evaluate(writeAndReload)]);
        await ana.create();
        await ana.join(url, { userName: 'Ana' });
        assert.equal(await ana.id(), anaId);
        const data = { first: 1, second: 2, third: 3, fourth: 4 };
        const revision = await sameData([ana, bo], data);

        proxy.refuse();
        await eventually(() => connection(ana), ['interrupted']);
        await merge(bo, { bo: 1 });
        await ana.page.reload();
        await ana.create();
        const joined = ana.join(url, { userName: 'Ana' });
        await pause(1_000);
        proxy.heal();
        await joined;
        assert.equal(await ana.id(), anaId);
        assert.equal(await sameData([ana, bo], { ...data, bo: 1 }), revision + 1);
        assert.deepEqual(await presence(bo), []);
      });

      it('that leaves as it goes away comes back from a reload', async (test) => {
        const { url, ana, bo, anaId } = await start(test, patient);
        await leaveWithThePage(ana);
        await ana.page.reload();
        await ana.create();
        await ana.join(url, { userName: 'Ana' });
        assert.equal(await ana.id(), anaId);
        assert.deepEqual(await presence(bo), []);
      });

      it('that leaves as it goes away is gone five seconds after the end', async (test) => {
        const { ana, bo } = await start(test);
        await leaveWithThePage(ana);
        const closed = Date.now();
        await ana.page.close({ runBeforeUnload: true });
        await assertLeftAfter(bo, closed);
      });

      it('that is duplicated is two participants, who leave each other alone', async (test) => {
        const { proxy, url, ana, bo, anaId } = await start(test);
        const old = secretOf(proxy);
        proxy.cut();
        await eventually(() => connection(ana), ['interrupted', 'connected']);
        // What came with the first join is void after the second.
        await leaveBehind(ana, url, `${anaId} ${old} 1 `);
        const copy = await duplicate(ana);
        await copy.join(url, { userName: 'Copy' });
        assert.notEqual(await copy.id(), anaId);
        await merge(copy, { by: 'the copy' });
        await pause(1_500);
        await sameData([ana, bo, copy], { by: 'the copy' });
        assert.deepEqual(await presence(bo), ['joined Copy']);
        assert.deepEqual([await connection(ana), await connection(copy)], [['interrupted', 'connected'], []]);
        assert.equal(await ana.id(), anaId);
        assert.equal(joins(proxy), 3);
      });

      it('whose secret is stolen is superseded, says so, and does not come back', async (test) => {
        const { proxy, url, ana, bo, anaId } = await start(test);
        await leaveBehind(ana, url, `${anaId} ${secretOf(proxy)} 1 `);
        const thief = await duplicate(ana);
        await thief.join(url, { userName: 'Ana' });
        assert.equal(await thief.id(), anaId);
        await until(async () => (await ana.meetingState()) === 'error');
        const [error] = await ana.events('error');
        assert.equal(error.error.type, 'ejected');
        assert.equal((await ana.actions()).at(-1), 'left-meeting');

        // Longer than any pause before a reconnect would be now.
        await pause(2_000);
        assert.equal(joins(proxy), 2);
        await merge(thief, { by: 'the thief' });
        await sameData([bo, thief], { by: 'the thief' });
        assert.deepEqual([await presence(bo), await connection(ana), await connection(thief)], [[], [], []]);
      });
    });
  }
});

/** Waits until Ana has left before the eyes of this one: five seconds after she went. */
async function assertLeftAfter(peer, gone) {
  await eventually(() => presence(peer), ['left Ana']);
  const [{ time }] = await peer.events('participant-left');
  const took = time - gone;
  assert.ok(took >= AWAY_MS - EARLY_MS && took < LATEST_MS, `it took ${took} ms`);
}

/** Has an application's handler leave when the page goes away. */
function leaveWithThePage(peer) {
  return peer.evaluate(() => addEventListener('pagehide', () => call.leave()));
}

/** Writes twice at once, of which the second would have to wait, and goes to another page. */
async function writeAndGo({ page }) {
  await page.evaluate(() => {
    call.setMeetingSessionData({ first: 1 }, 'shallow-merge');
    call.setMeetingSessionData({ second: 2 }, 'shallow-merge');
  });
  await page.goto(new URL('/-/demo/icon.svg', page.url()).href);
}

/** Has a page load itself anew, without waiting for it. One that is just being replaced can take no order. */
function reload({ page }) {
  return page.evaluate(() => void setTimeout(() => location.reload())).catch(() => {});
}

/** Has a page load the demo, which joins this room, and waits no longer than until it begins. */
async function enter({ page }, room) {
  await page.evaluate((path) => void setTimeout(() => location.assign(path)), `/${room}?name=Ana`);
  await until(() => page.evaluate((room) => location.pathname.endsWith(room), room).catch(() => false));
}

/** How often pages behind the proxy have asked to join. */
function joins(proxy) {
  return proxy.sent().filter(({ type }) => type === 'join').length;
}

/** The secret that the last answer to a join had in it. */
function secretOf(proxy) {
  return proxy.received().findLast(({ type }) => type === 'joined').secret;
}

/** Puts into a page's storage what a document leaves there when it goes away. */
function leaveBehind({ page }, url, identity) {
  return page.evaluate((key, identity) => sessionStorage.setItem(key, identity), `meeting-session-state ${url}`, identity);
}

/** Duplicates a tab as browsers do: the other one has the address and a copy of the session storage. */
async function duplicate({ page }) {
  const opened = once(page, 'popup');
  await page.evaluate(() => void window.open(location.href));
  const [copy] = await opened;
  const peer = new Peer(copy);
  await until(() => copy.evaluate(() => document.readyState === 'complete' && location.protocol === 'http:').catch(() => false));
  await peer.create();
  return peer;
}
