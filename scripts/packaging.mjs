// The package in the wild: packed, installed in a project of each kind, built, and opened by two participants.
//
// `node scripts/packaging.mjs [kind…]` takes all kinds, or those named, or with `--short` those of every `npm test`.
// It needs what `npm run build` and the build of the server have made.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { launch } from '../tests/e2e/support/browsers.mjs';
import { startServer } from '../tests/e2e/support/server.mjs';
import { checkEntries } from '../tests/packaging/entries.mjs';
import { KINDS, SHORT } from '../tests/packaging/kinds.mjs';
import { shareState } from '../tests/packaging/participants.mjs';
import { makeProject, pack } from '../tests/packaging/project.mjs';
import { printSizes } from '../tests/packaging/sizes.mjs';
import { serverBinary } from './build.mjs';
import { Failure, main, root, step } from './run.mjs';

await main(async () => {
  const kinds = choose(process.argv.slice(2));
  const missing = [join(root, 'dist'), serverBinary].filter((path) => !existsSync(path));
  if (missing.length > 0) throw new Failure(`Not built yet: ${missing.join(', ')}. Run \`npm test -- build server\`.`);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  checkEntries(manifest);

  const tarball = await step('Packing', pack);
  const bundled = await withBrowserAndServer((share) => runKinds(kinds, tarball, share));
  printSizes(manifest, bundled);
  console.log(`All ${kinds.length} kinds passed.`);
});

function choose(names) {
  const known = Object.keys(KINDS);
  if (names.length === 0) return known;
  if (names.length === 1 && names[0] === '--short') return SHORT;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Failure(`No such kind: ${unknown.join(', ')}. The kinds are: ${known.join(', ')}.`);
  return names;
}

/** Resolves to the scripts that the page of the default entry loads, for each kind that has nothing else in them. */
async function runKinds(kinds, tarball, share) {
  const loaded = {};
  for (const [index, kind] of kinds.entries()) {
    const title = `[${index + 1}/${kinds.length}] ${kind}`;
    const { work, project: name = kind } = KINDS[kind];
    const project = await step(`${title}: installing`, () => makeProject(kind, name, tarball));
    const scripts = await step(`${title}: running`, () => work(project, share));
    if (scripts) loaded[kind] = scripts;
  }
  return loaded;
}

/** Runs `work` with a function that opens a page for two participants of a session that is new each time. */
async function withBrowserAndServer(work) {
  const server = await startServer();
  const browser = await launchBrowser();
  let sessions = 0;
  try {
    return await work((address) => shareState(browser, address, server.sessionUrl(`packaging-${(sessions += 1)}`)));
  } finally {
    await browser.close();
    await server.stop();
  }
}

/** Puppeteer would end this process at a signal, and leave behind what else it has started. */
async function launchBrowser() {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const ours = signals.flatMap((signal) => process.listeners(signal));
  const browser = await launch('chromium');
  for (const signal of signals) {
    for (const listener of process.listeners(signal)) if (!ours.includes(listener)) process.off(signal, listener);
  }
  return browser;
}
