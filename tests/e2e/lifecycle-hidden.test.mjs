// Pages that hardly run, or not at all: hidden tabs, frozen ones, and machines that sleep.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, launch } from './support/browsers.mjs';
import { connection, failures, meetBehindProxy, merge, presence, sameData } from './support/lifecycle.mjs';
import { eventually, pause, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

/** What needs no timer takes no longer than this. */
const SOON_MS = 1_500;
/** The server asks a silent page for a sign of life within this time. */
const ASKED_MS = 26_000;
/** The server gives up a page that answers nothing within this time. */
const GIVEN_UP_MS = 36_500;

let server;
before(async () => (server = await startServer({ args: ['--grace', '60s'] })));
after(() => server?.stop());

// Most of these wait for half a minute and more; all together wait once.
describe('a page', { concurrency: BROWSERS.length }, () => {
  for (const name of BROWSERS) {
    describe(`in ${name}`, { concurrency: 5 }, () => {
      let browser;
      before(async () => (browser = await launch(name)));
      after(() => browser?.close());
      /** Ana alone in a browser of her own. */
      const startAlone = async (test, options) => {
        const alone = await launch(name, options);
        atEnd(test, () => alone.close());
        return { alone, ...(await meetBehindProxy(test, alone, server, { watcher: browser })) };
      };

      it('whose machine sleeps is back when it wakes, with all that it missed', async (test) => {
        const { alone, proxy, ana, bo, anaId } = await startAlone(test);
        const ticks = await countTicks(ana);

        await writeTwice(ana, 'first');
        let wake = sleep(alone);
        proxy.cut();
        await merge(bo, { bo: 1 });
        await pause(3_000);
        wake();
        const data = { first: 1, first2: 2, bo: 1 };
        await sameData([ana, bo], data);
        assert.deepEqual(await connection(ana), ['interrupted', 'connected']);

        await pause(1_000);
        await writeTwice(ana, 'second');
        wake = sleep(alone);
        await pause(GIVEN_UP_MS);
        await merge(bo, { bo: 2 });
        wake();
        // The second half of what was written then is too old by now, and its writer is told.
        await sameData([ana, bo], { ...data, second: 1, bo: 2 });
        await eventually(() => failures(ana), ['expired']);
        assert.deepEqual(await connection(ana), ['interrupted', 'connected', 'interrupted', 'connected']);
        assert.deepEqual(await presence(bo), []);
        assert.equal(await ana.id(), anaId);
        assert.equal(longPauses(await ticks()).length, 2, 'it slept twice');
      });

      it('in a hidden tab answers, receives and writes although timers hardly run', async (test) => {
        const { proxy, url, ana, bo, anaId } = await startAlone(test, { shelter: false });
        await hideWhileLoading(ana);
        await ana.create();
        await ana.join(url, { userName: 'Ana' });
        const ticks = await countTicks(ana);
        await until(() => proxy.sent().some(({ type }) => type === 'pong'), ASKED_MS);

        // The second part has to wait until a second has passed, which no timer says.
        await ana.evaluate(() => {
          call.on('app-message', ({ data }) => {
            call.setMeetingSessionData({ first: data }, 'shallow-merge');
            call.setMeetingSessionData({ second: data }, 'shallow-merge');
          });
        });
        for (let round = 1; round <= 3; round++) {
          await bo.evaluate((round) => call.sendAppMessage(round), round);
          await eventually(() => bo.evaluate(() => call.meetingSessionState().data.first), round, SOON_MS);
          await pause(1_200);
          await merge(bo, { round });
          await sameData([ana, bo], { first: round, second: round, round }, SOON_MS);
          await pause(1_200);
        }
        assert.deepEqual([await connection(ana), await failures(ana)], [[], []]);

        // A lost connection is no message, and the pause before the next attempt is a timer.
        for (let round = 4; round <= 6; round++) {
          proxy.cut();
          await merge(bo, { round });
          await sameData([ana, bo], { first: 3, second: 3, round }, 5_000);
        }
        proxy.refuse();
        await pause(3_000);
        proxy.heal();
        await merge(bo, { round: 'last' });
        await sameData([ana, bo], { first: 3, second: 3, round: 'last' }, 10_000);
        assert.equal((await connection(ana)).length, 8);
        assert.deepEqual(await presence(bo), []);
        assert.equal(await ana.id(), anaId);
        const times = await ticks();
        const seconds = Math.round((times.at(-1) - times[0]) / 1_000);
        test.diagnostic(`an interval of 100 ms ran ${times.length} times in ${seconds} s`);
        assert.ok(times.length < 2 * seconds, 'the page was not hidden');
      });

      if (name === 'firefox') return; // It freezes no pages.

      it('that is frozen for a while catches up, and nobody has noticed', async (test) => {
        const { ana, bo, anaId } = await meetBehindProxy(test, browser, server);
        const ticks = await countTicks(ana);
        await writeTwice(ana, 'first');
        await bo.forget();
        const thaw = await freeze(ana);
        for (let round = 1; round <= 5; round++) await merge(bo, { round });
        await pause(5_000);
        await thaw();
        await sameData([ana, bo], { first: 1, first2: 2, round: 5 });
        assert.deepEqual([await presence(bo), await failures(ana)], [[], []]);
        assert.equal(await ana.id(), anaId);
        assert.equal(longPauses(await ticks()).length, 1, 'it was frozen');
      });

      it('that is frozen until the server gives it up is the same participant when it goes on', async (test) => {
        const { proxy, ana, bo, anaId } = await meetBehindProxy(test, browser, server);
        await writeTwice(ana, 'first');
        const thaw = await freeze(ana);
        await pause(GIVEN_UP_MS);
        await merge(bo, { bo: 1 });
        await thaw();
        await sameData([ana, bo], { first: 1, bo: 1 });
        assert.equal(proxy.connections, 2);
        assert.deepEqual([await presence(bo), await failures(ana)], [[], ['expired']]);
        assert.deepEqual(await connection(ana), ['interrupted', 'connected']);
        assert.equal(await ana.id(), anaId);
      });
    });
  }
});

/** Writes two keys at once, of which the second has to wait for a second; returns when the first has arrived. */
function writeTwice(peer, key) {
  return peer.evaluate(async (key) => {
    const arrived = new Promise((resolve) => call.once('meeting-session-state-updated', resolve));
    call.setMeetingSessionData({ [key]: 1 }, 'shallow-merge');
    call.setMeetingSessionData({ [`${key}2`]: 2 }, 'shallow-merge');
    await arrived;
  }, key);
}

/**
 * Reloads a page and hides it behind another tab of its window. From a page that is hidden before it has settled
 * Chromium takes its timers after ten seconds, from others after a minute.
 */
async function hideWhileLoading({ page }) {
  const other = await page.browserContext().newPage({ type: 'tab' });
  await page.bringToFront();
  await page.reload();
  await other.bringToFront();
  await eventually(() => page.evaluate(() => document.visibilityState), 'hidden');
}

/** Freezes a page; returns what lets it go on. */
async function freeze({ page }) {
  const devtools = await page.createCDPSession();
  await devtools.send('Page.setWebLifecycleState', { state: 'frozen' });
  return () => devtools.send('Page.setWebLifecycleState', { state: 'active' });
}

/** Stops all processes of a browser, which are a group of their own; returns what lets them go on. */
function sleep(browser) {
  const { pid } = browser.process();
  process.kill(-pid, 'SIGSTOP');
  return () => process.kill(-pid, 'SIGCONT');
}

/** Starts an interval of 100 ms in a page; returns what resolves to the times at which it ran. */
async function countTicks({ page }) {
  await page.evaluate(() => {
    window.ticks = [performance.now()];
    setInterval(() => ticks.push(performance.now()), 100);
  });
  return () => page.evaluate(() => ticks);
}

/** The pauses between these times that are longer than two seconds. */
function longPauses(times) {
  return times.map((time, index) => time - times[index - 1]).filter((pause) => pause > 2_000);
}
