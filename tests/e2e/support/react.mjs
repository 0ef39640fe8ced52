// What the tests of React on pages share: a browser, a server and pages, the versions of React, and rendering on a server.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { build } from 'esbuild';

import { atEnd } from './at-end.mjs';
import { launch, openPage } from './browsers.mjs';
import { servePage } from './bundle.mjs';
import { AWAY_MS, EARLY_MS, LATEST_MS } from './lifecycle.mjs';
import { eventually } from './peers.mjs';
import { startServer } from './server.mjs';

/** How long a reconnect may take: a random pause of up to a few seconds, and a server that is started meanwhile. */
export const RECONNECT_MS = 20_000;
/** Long enough for whatever would still come to have come. */
export const QUIET_MS = 300;

const path = (file) => fileURLToPath(new URL(file, import.meta.url));
const react19 = (name) => path(`../../react-19/node_modules/${name}`);

/** One browser and one server for a file of tests, both there when the tests run, and sessions that no other test has. */
export function startBoth() {
  let rooms = 0;
  const newRoom = () => `react-${(rooms += 1)}`;
  const both = { newRoom, newUrl: () => both.server.sessionUrl(newRoom()) };
  before(async () => {
    both.browser = await launch('chromium');
    both.server = await startServer();
  });
  after(async () => {
    await both.browser?.close();
    await both.server?.stop();
  });
  return both;
}

/** Serves a page of `pages/` to a group of tests, as `servePage` does; returns what opens it, with the query `?…`. */
export function servePages(both, name, options) {
  let site;
  before(async () => (site = await servePage(name, options)));
  after(() => site?.close());
  return (test, { query = '', ...allowed } = {}) => openPage(test, both.browser, `${site.url}${query}`, allowed);
}

export function text(page, selector) {
  return page.evaluate((selector) => document.querySelector(selector)?.textContent, selector);
}

/** Renders the component that handles messages or events again, with another handler. */
export async function tag(page, text) {
  await page.evaluate((text) => App.setTag(text), text);
  await eventually(() => page.evaluate(() => App.tag), text);
}

/**
 * Reloads these pages, named as their participants, none of which joins again: the watcher hears that each leaves after
 * the five seconds that a reload has.
 */
export async function reloadAndStayAway(pages, watcher) {
  const gone = {};
  for (const [name, page] of Object.entries(pages)) {
    gone[name] = Date.now();
    await page.reload();
  }
  await eventually(() => watcher.names(), ['']);
  for (const { time, participant } of await watcher.events('participant-left')) {
    const took = time - gone[participant.user_name];
    assert.ok(took >= AWAY_MS - EARLY_MS && took < LATEST_MS, `${participant.user_name} left after ${took} ms`);
  }
}

// ------------------------------------------------------------------------------- the chat of 100ms's pinned message

/** Writes a message in the chat. */
export async function say(page, message) {
  await page.type('#chat input', message);
  await page.keyboard.press('Enter');
}

/** The messages of the chat, each with its sender. */
export function chat(page) {
  const read = (all) => all.map((one) => [...one.querySelectorAll('b, span')].map((part) => part.textContent).join(' '));
  return page.$$eval('#chat > p', read);
}

export function pinned(page) {
  return text(page, '#pinned span');
}

/** Presses the first button of this selector. */
export function press(page, selector) {
  return page.$eval(selector, (button) => button.click());
}

// ------------------------------------------------------------------------------------------------ versions and servers

/** Every version of React that the entries are for, as the bundler's `alias`. */
export const REACTS = {
  'React 18': {},
  'React 19': { react: react19('react'), 'react-dom': react19('react-dom') },
};

/** Runs a file of `pages/` in a process that can neither compile a module nor connect; resolves to the JSON it prints. */
export async function renderOnServer(test, page, alias) {
  const directory = await mkdtemp(`${tmpdir()}/react-server-`);
  atEnd(test, () => rm(directory, { recursive: true }));
  const outfile = `${directory}/server.cjs`;
  const options = { bundle: true, platform: 'node', format: 'cjs', jsx: 'automatic', logLevel: 'silent' };
  await build({ entryPoints: [path(`../pages/${page}`)], outfile, alias, ...options });
  const script = `delete globalThis.WebAssembly; delete globalThis.WebSocket; require(${JSON.stringify(outfile)})`;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--eval', script]);
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}
