// Fifty clients add to one number, and nothing is lost.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { launch, openPage } from './support/browsers.mjs';
import { startServer } from './support/server.mjs';

const CLIENTS = 50;
const ADDITIONS = 200;

describe('a counter that fifty clients add to', () => {
  let server, browser;
  before(async () => ([server, browser] = await Promise.all([startServer(), launch('chromium')])));
  after(() => Promise.all([browser?.close(), server?.stop()]));

  it('ends at exactly the number of additions', { timeout: 240_000 }, async (test) => {
    const page = await openPage(test, browser, `${server.url}/healthz`);
    page.setDefaultTimeout(0);
    const { data, attempts, conflicts, seconds } = await page.evaluate(count, server.sessionUrl('counter'), CLIENTS, ADDITIONS);
    const successes = CLIENTS * ADDITIONS;
    assert.deepEqual(data, Array(CLIENTS).fill({ count: successes }));
    const rate = (number) => number.toFixed(1);
    test.diagnostic(
      `${successes} additions by ${CLIENTS} clients in ${rate(seconds)} s: ${rate(attempts / successes)} attempts ` +
        `per addition, of which the application repeated ${conflicts}`,
    );
  });
});

/** In the page: all clients add at the same time, each in a loop of its own that repeats what met a conflict. */
async function count(url, clients, additions) {
  const { createCallObject } = await import(`${location.origin}/-/module/index.js`);
  const calls = Array.from({ length: clients }, () => createCallObject({ url, allowMultipleCallInstances: true }));
  await Promise.all(calls.map((call) => call.join()));
  let [attempts, conflicts] = [0, 0];
  const add = (data) => {
    attempts += 1;
    data.count = (data.count ?? 0) + 1;
  };
  const began = performance.now();
  const work = calls.map(async (call) => {
    for (let done = 0; done < additions; ) {
      try {
        await call.transact(add);
        done += 1;
      } catch (error) {
        if (!error.retryable) throw error;
        conflicts += 1;
      }
    }
  });
  await Promise.all(work);
  const seconds = (performance.now() - began) / 1000;
  // Whoever was ready before the others has not seen the end yet.
  await Promise.all(calls.map((call) => call.flush()));
  const data = calls.map((call) => call.meetingSessionState().data);
  await Promise.all(calls.map((call) => call.destroy()));
  return { data, attempts, conflicts, seconds };
}
