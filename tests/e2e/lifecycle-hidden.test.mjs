// Pages that hardly run, or not at all: hidden tabs, frozen ones, and machines that sleep.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, launch } from './support/browsers.mjs';
import { connection, failures, meetBehindProxy, merge, presence, sameData } from './support/lifecycle.mjs';
import { eventually, pause, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

/** What needs no timer takes no longer than this; the timers of a hidden page of Chromium run once a minute. */
const SOON_MS = 15_000;
/** The server asks a silent page for a sign of life within 25 s, and a busy machine gets the answer by then. */
const ASKED_MS = 45_000;
/** A hidden page is back within this time: one that waited for a timer a minute would not be, three times in a row. */
const BACK_MS = 30_000;
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

        let wake = await writeAndStop({ proxy, ana, bo }, 'first', () => sleep(alone));
        proxy.cut();
        await merge(bo, { bo: 1 });
        await pause(3_000);
        wake();
        const data = { first: 1, first2: 2, bo: 1 };
        await sameData([ana, bo], data);
        assert.deepEqual(await connection(ana), ['interrupted', 'connected']);

        await eventually(() => ana.evaluate(() => call.meetingSessionSaving().pending), 0);
        await pause(1_000);
        wake = await writeAndStop({ proxy, ana, bo }, 'second', () => sleep(alone));
        await pause(GIVEN_UP_MS);
        await merge(bo, { bo: 2 });
        wake();
        // The second half of what was written then is too old by now, and its writer is told.
        await sameData([ana, bo], { ...data, second: 1, bo: 2 });
        await eventually(() => failures(ana), ['expired']);
        assert.deepEqual(await connection(ana), ['interrupted', 'connected', 'interrupted', 'connected']);
        assert.deepEqual(await presence(bo), []);
        assert.equal(await ana.id(), anaId);
        const [longest, second] = pauses(await ticks());
        assert.ok(longest >= GIVEN_UP_MS - 500 && second >= 2_900, `it slept for ${longest} and ${second} ms`);
      });

      it('in a hidden tab answers, receives and writes although timers hardly run', async (test) => {
        const { proxy, url, ana, bo } = await startAlone(test, { shelter: false });
        await hideWhileLoading(ana);
        await ana.create();
        await ana.join(url, { userName: 'Ana' });
        // Somebody else than before, if all that took longer than a page may be away.
        const anaId = await ana.id();
        await until(() => bo.evaluate((id) => id in call.participants(), anaId));
        await bo.forget();
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
          await sameData([ana, bo], { first: 3, second: 3, round }, BACK_MS);
        }
        proxy.refuse();
        await pause(3_000);
        proxy.heal();
        await merge(bo, { round: 'last' });
        await sameData([ana, bo], { first: 3, second: 3, round: 'last' }, BACK_MS);
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
        const { proxy, ana, bo, anaId } = await meetBehindProxy(test, browser, server);
        const ticks = await countTicks(ana);
        const thaw = await writeAndStop({ proxy, ana, bo }, 'first', () => freeze(ana));
        for (let round = 1; round <= 5; round++) await merge(bo, { round });
        await pause(5_000);
        await thaw();
        await sameData([ana, bo], { first: 1, first2: 2, round: 5 });
        assert.deepEqual([await presence(bo), await failures(ana)], [[], []]);
        assert.equal(await ana.id(), anaId);
        const [longest] = pauses(await ticks());
        assert.ok(longest >= 4_900, `it was frozen for ${longest} ms`);
      });

      it('that is frozen until the server gives it up is the same participant when it goes on', async (test) => {
        const { proxy, ana, bo, anaId } = await meetBehindProxy(test, browser, server);
        const thaw = await writeAndStop({ proxy, ana, bo }, 'first', () => freeze(ana));
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

/**
 * Writes two keys at once and stops the page, as `stop` does, with the second not sent: it has to wait for the answer to
 * the first, which comes while the page is stopped. Resolves to what `stop` gave.
 */
async function writeAndStop({ proxy, ana, bo }, key, stop) {
  proxy.stall({ only: 'received', renew: true });
  await ana.evaluate((key) => {
    call.setMeetingSessionData({ [key]: 1 }, 'shallow-merge');
    call.setMeetingSessionData({ [`${key}2`]: 2 }, 'shallow-merge');
  }, key);
  await until(async () => (await bo.data())[key] === 1);
  const goOn = await stop();
  proxy.heal();
  return goOn;
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

/** The pauses between these times, longest first. */
function pauses(times) {
  return times
    .slice(1)
    .map((time, index) => time - times[index])
    .sort((one, other) => other - one);
}
