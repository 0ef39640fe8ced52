// Real browsers and pages: Chromium over its own protocol, the stock Firefox over WebDriver BiDi.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import puppeteer from 'puppeteer-core';

import { find } from '../../../scripts/browsers.mjs';

import { atEnd } from './at-end.mjs';

/** The browsers that every end-to-end test runs in. */
export const BROWSERS = ['chromium', 'firefox'];

/**
 * What the browsers themselves report when a server cannot be reached, for `allow`: of a WebSocket, and of the demo's
 * icon, which Chromium loads after the page, and again when a join has changed the page's address.
 */
export const LOST_CONNECTION = [
  /WebSocket connection to /,
  /connection to (the server at )?ws:/,
  /^console: Failed to load resource: net::ERR_\w+ https?:\S+\/-\/demo\/icon\.svg$/,
];

const webdriver = JSON.parse(readFileSync(new URL('../../../webdriver.json', import.meta.url), 'utf8'));

/** How long a browser may take to start; Puppeteer's own limit is too short for a busy machine. */
export const LAUNCH_MS = 120_000;

/** What Puppeteer starts Chromium with so that pages live as they never do for people. */
const SHELTER = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-back-forward-cache',
];

/**
 * Starts a browser; close it with `browser.close()`.
 *
 * Its pages are sheltered from what tests do not expect: timers of hidden pages that hardly run, and a back/forward
 * cache. With `shelter: false` they live as people's do, except that hidden pages of Chromium come to the last stage of
 * throttling, one timer a minute, after ten seconds instead of five minutes.
 */
export function launch(name, { shelter = true } = {}) {
  if (name === 'firefox') {
    return puppeteer.launch({
      browser: 'firefox',
      executablePath: find('FIREFOX'),
      timeout: LAUNCH_MS,
      extraPrefsFirefox: shelter && {
        'dom.min_background_timeout_value': 4,
        'dom.timeout.enable_budget_timer_throttling': false,
      },
    });
  }
  const { args } = webdriver['goog:chromeOptions'];
  const unsheltered = ['--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/10'];
  return puppeteer.launch({
    executablePath: find('CHROME'),
    timeout: LAUNCH_MS,
    args: shelter ? args : [...args, ...unsheltered],
    ignoreDefaultArgs: shelter ? [] : SHELTER,
    // Through a pipe, because a browser whose pipe breaks ends by itself.
    pipe: true,
  });
}

/**
 * Opens a page for the length of one test, with storage of its own.
 *
 * The test fails when the page has logged an error or let an exception escape, unless one of `allow` (regular
 * expressions) matches it; with `warnings` also when it has warned. The page has these problems as `page.problems`, to
 * look at them earlier.
 */
export async function openPage(test, browser, url, { allow = [], warnings = false } = {}) {
  const context = await browser.createBrowserContext();
  // A window and not a tab: of the tabs of one window all but one are hidden.
  const page = await context.newPage({ type: 'window' });
  const problems = collectProblems(page, warnings ? ['error', 'warn'] : ['error']);
  atEnd(test, async () => {
    // A test may have closed the browser, or its own hooks before this one.
    await context.close().catch((error) => {
      if (browser.connected) throw error;
    });
    const unexpected = problems.filter((problem) => !allow.some((pattern) => pattern.test(problem)));
    assert.deepEqual(unexpected, [], 'the page reported errors');
  });
  await page.goto(url);
  return Object.assign(page, { problems });
}

function collectProblems(page, types) {
  const problems = [];
  page.on('console', (message) => {
    if (types.includes(message.type())) problems.push(`console: ${message.text()} ${message.location()?.url ?? ''}`.trim());
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.stack ?? error}`));
  return problems;
}
