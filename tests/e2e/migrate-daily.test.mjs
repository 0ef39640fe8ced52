// The samples of docs/migrate-from-daily.md, as they stand there but for the address of the server.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { atEnd } from './support/at-end.mjs';
import { launch, openPage } from './support/browsers.mjs';
import { servePage } from './support/bundle.mjs';
import { diffs, fenced, press, read, shown } from './support/guide.mjs';
import { eventually } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guide = await read('docs/migrate-from-daily.md');

const [plain] = fenced(guide, 'js');
const [withAlias, withCallObject] = fenced(guide, 'jsx');
const [alias, compiler] = fenced(guide, 'json').map((text) => JSON.parse(text));

let browser, server, folder;
before(async () => {
  [browser, server] = [await launch('chromium'), await startServer()];
  // Below the root, where imports find what is installed there.
  folder = await mkdtemp(join(root, 'target/migrate-daily-'));
});
after(async () => {
  await browser.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

const here = (code) => code.replaceAll('ws://localhost:7880', server.sessionUrl('').slice(0, -1));

/** Serves a sample that exports `App` as a page. */
async function serve(test, name, code, alias) {
  const file = join(folder, name);
  await writeFile(file, here(code));
  const site = await servePage('daily-migrate.jsx', { alias: { ...alias, 'the-sample': file } });
  atEnd(test, () => site.close());
  return site;
}

test('the code after the change is the code before it but for the import and the address', () => {
  const [removed, added] = diffs(guide);
  assert.equal(added.length, 2);
  for (const line of added) assert.ok(plain.split('\n').includes(line), line);
  const original = removed.map((line) => line.replace('@daily-co/daily-js', 'meeting-session-state'));
  assert.deepEqual(
    original.map((line) => line.replace('https://example.daily.co', 'ws://localhost:7880')),
    added,
  );
});

test('the plain sample shows the late joiner what is pinned', async (test) => {
  const module = "const $1 = (await import('/-/module/index.js')).default;";
  const code = here(plain).replace(/^import (.*) from 'meeting-session-state';$/m, module);
  const run = `(async () => { ${code}; window.call = call; })()`;
  const ana = await openPage(test, browser, `${server.url}/healthz`);
  await ana.evaluate(run);
  await eventually(() => shown(ana), 'Hello');
  const bo = await openPage(test, browser, `${server.url}/healthz`);
  await bo.evaluate(run.replace(/call\.setMeetingSessionData.*/, ''));
  await eventually(() => shown(bo), 'Hello');
  for (const page of [ana, bo]) await page.evaluate(() => call.destroy());
});

test('the samples for daily-react show each other what is pinned', async (test) => {
  const sites = [await serve(test, 'alias.jsx', withAlias, alias), await serve(test, 'call.jsx', withCallObject)];
  const [ana, bo] = [await openPage(test, browser, sites[0].url), await openPage(test, browser, sites[1].url)];
  await eventually(() => shown(bo), 'Join Nothing is pinned');
  for (const page of [ana, bo]) await press(page, 'Join');
  await eventually(() => shown(ana), 'Nothing is pinned Pin for 2');
  await ana.focus('input');
  await ana.keyboard.type('Standup at 10');
  await press(ana, 'Pin');
  await eventually(() => shown(bo), 'Join Standup at 10');
});

test('the compiler options of the guide let the sample for daily-react compile', async () => {
  const project = join(folder, 'types');
  await mkdir(join(project, 'node_modules'), { recursive: true });
  await symlink(root, join(project, 'node_modules/meeting-session-state'));
  // Daily has no type of this name.
  const onlyOurs = "export type { SessionResetEvent } from '@daily-co/daily-js';\n";
  await writeFile(join(project, 'app.tsx'), onlyOurs + withAlias);
  const usual = { strict: true, noEmit: true, jsx: 'react-jsx', module: 'ESNext', moduleResolution: 'bundler' };
  const compilerOptions = { ...usual, target: 'ES2022', types: [], ...compiler.compilerOptions };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.tsx'] }));
  await promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['--project', project]);
});
