// What the tests of the React entries share: the versions of React, and rendering on a server.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { build } from 'esbuild';

import { atEnd } from './at-end.mjs';

const path = (file) => fileURLToPath(new URL(file, import.meta.url));
const react19 = (name) => path(`../../react-19/node_modules/${name}`);

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
