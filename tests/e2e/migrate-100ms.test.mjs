// The samples of docs/migrate-from-100ms.md, as they stand there but for the address of the server.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { atEnd } from './support/at-end.mjs';
import { launch, openPage } from './support/browsers.mjs';
import { servePage } from './support/bundle.mjs';
import { diffs, fenced, press, read, shown } from './support/guide.mjs';
import { eventually, openPeer } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guide = await read('docs/migrate-from-100ms.md');

const [metadata, sessionStore, versions] = fenced(guide, 'js');
const [withOurHooks, withTheirHooks] = fenced(guide, 'jsx');
const [alias, define] = fenced(guide, 'json').map((text) => JSON.parse(text));

let browser, server, folder;
let files = 0;
before(async () => {
  [browser, server] = [await launch('chromium'), await startServer()];
  await mkdir(join(root, 'target'), { recursive: true });
  // Below the root, where imports find what is installed there.
  folder = await mkdtemp(join(root, 'target/migrate-100ms-'));
});
after(async () => {
  await browser.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Opens a page that runs this code with another session, for the length of one test. */
async function open(test, session, code, options = {}) {
  const file = join(folder, `${(files += 1)}.jsx`);
  await writeFile(file, code.replaceAll('ws://localhost:7880/standup', server.sessionUrl(session)));
  const site = await servePage('react-sdk-sample.jsx', { ...options, alias: { ...options.alias, 'the-sample': file } });
  atEnd(test, () => site.close());
  return openPage(test, browser, site.url);
}

test('the code after the change is the code before it but for the import and the address', () => {
  const [removed, added] = diffs(guide);
  assert.equal(added.length, 3);
  for (const line of added) assert.ok(`${metadata}${withOurHooks}`.split('\n').includes(line), line);
  const changes = [
    ['@100mslive/hms-video-store', 'meeting-session-state/100ms'],
    ['authToken', "initEndpoint: 'ws://localhost:7880/standup'"],
    ['@100mslive/react-sdk', 'meeting-session-state/100ms/react'],
  ];
  assert.deepEqual(removed.map((line, index) => line.replace(...changes[index])), added);
});

test('the plain samples share their data with late joiners and with the other face', async (test) => {
  const ana = await open(test, 'plain', `${metadata}${sessionStore}`);
  await eventually(() => shown(ana), 'Hello');
  await eventually(() => ana.title(), '1 say yes');
  const reader = `${metadata}${sessionStore}`.replace(/^await .*\b(set|send)\w*\(.*$/gm, '');
  const late = await open(test, 'plain', reader);
  await eventually(() => shown(late), 'Hello');
  await eventually(() => late.title(), '1 say yes');

  const peer = await openPeer(test, browser, server);
  await peer.join(server.sessionUrl('plain'));
  const data = { default: 'Hello', poll: { yes: 1 } };
  assert.deepEqual(await peer.data(), data);
  assert.ok(guide.includes(`\`{ default: 'Hello', poll: { yes: 1 } }\``));
  await peer.set({ default: 'from the other face', poll: { yes: 2 } });
  for (const page of [ana, late]) {
    await eventually(() => shown(page), 'from the other face');
    await eventually(() => page.title(), '2 say yes');
  }
});

test('the sample with versions counts one of two votes and says who was first', async (test) => {
  const page = await open(test, 'versions', `${metadata}${sessionStore}${versions}`);
  await eventually(() => page.title(), '2 say yes; counted; 409: Ana changed "poll" first');
});

test('the React samples show each other what is pinned', async (test) => {
  const unchanged = withOurHooks.replaceAll('meeting-session-state/100ms/react', '@100mslive/react-sdk');
  const [ana, bo] = [await open(test, 'react', withOurHooks), await open(test, 'react', unchanged, { alias })];
  const cy = await open(test, 'react', withTheirHooks, { define });
  for (const page of [ana, bo]) {
    await eventually(() => shown(page), 'Join');
    await press(page, 'Join');
  }
  for (const page of [ana, bo]) await eventually(() => shown(page), 'Nothing is pinned Pin for 2');
  await ana.focus('input');
  await ana.keyboard.type('Standup at 10');
  await press(ana, 'Pin');
  await eventually(() => shown(bo), 'Standup at 10 Pin for 2');
  await press(cy, 'Join');
  await eventually(() => shown(cy), 'Standup at 10');
  await eventually(() => shown(bo), 'Standup at 10 Pin for 3');
});
