// `npm test`: sets up what is missing and runs everything, stopping at the first failure.
//
// During development `npm test -- <step>…` runs only the steps named, which then use what earlier runs have built.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { startServer } from '../tests/e2e/support/server.mjs';
import { build, buildServer } from './build.mjs';
import { Failure, main, root, run, step } from './run.mjs';
import { setUp } from './setup.mjs';

/** The browser tests have the server's address compiled in, so it never changes: another would recompile them. */
const TEST_PORT = 7899;

const MODULE = 'meeting-session-state';
const WASM = ['--target', 'wasm32-unknown-unknown', '-p', MODULE];
const NATIVE = ['--workspace', '--exclude', MODULE];
/** Tested in release, by a step of its own. */
const SIMULATOR = ['--exclude', 'meeting-session-sim'];

/** Each step: its name on the command line, what is printed, and what it does. */
const STEPS = [
  ['format', 'Checking the format (cargo fmt)', (env) => cargo(env, 'fmt', '--all', '--check')],
  ['clippy', 'Linting native code (clippy)', (env) => clippy(env, NATIVE)],
  ['clippy-wasm', 'Linting the browser module (clippy)', (env) => clippy(env, WASM)],
  ['docs', 'Checking the documentation (cargo doc)', docs],
  ['native', 'Testing native code (cargo test)', (env) => run('cargo', ['test', '--locked', ...NATIVE, ...SIMULATOR], { env, stream: true })],
  ['sim', 'Simulating sessions, networks and faults (2,000 seeds, and the seeded bugs)', simulate],
  ['build', 'Building the package', build],
  ['server', 'Building the server', buildServer],
  ['chaos', 'Killing, freezing and cutting off real servers (chaos)', chaos],
  ['types', 'Checking the types (tsc)', types],
  ['chrome', 'Testing the browser module in Chrome (wasm-pack test)', (env) => testInBrowser(env, 'chrome')],
  ['firefox', 'Testing the browser module in Firefox (wasm-pack test)', (env) => testInBrowser(env, 'firefox')],
  ['e2e', 'Testing real pages on a real server (node --test)', endToEnd],
  ['packaging', 'Testing the packed package in projects of several kinds', packaging],
];

await main(async () => {
  const steps = choose(process.argv.slice(2));
  const machine = await step('Setting up', () => setUp({ tests: true }));
  const env = { ...machine, MEETING_SESSION_TEST_URL: `ws://127.0.0.1:${TEST_PORT}` };
  for (const [index, [, title, work]] of steps.entries()) {
    await step(`[${index + 1}/${steps.length}] ${title}`, () => work(env));
  }
  console.log(`\nAll ${steps.length} steps passed.`);
});

function choose(names) {
  if (names.length === 0) return STEPS;
  const known = STEPS.map(([name]) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Failure(`No such step: ${unknown.join(', ')}. The steps are: ${known.join(', ')}.`);
  return STEPS.filter(([name]) => names.includes(name));
}

function cargo(env, ...args) {
  return run('cargo', args, { env });
}

function clippy(env, packages) {
  return cargo(env, 'clippy', '--quiet', '--locked', ...packages, '--all-targets', '--', '-D', 'warnings');
}

async function docs(env) {
  const strict = { ...env, RUSTDOCFLAGS: '-D warnings' };
  await cargo(strict, 'doc', '--quiet', '--locked', '--no-deps', ...NATIVE);
  await cargo(strict, 'doc', '--quiet', '--locked', '--no-deps', ...WASM);
}

/** In release, since it runs hours of simulated time: once as it is, once with each seeded bug. */
async function simulate(env) {
  const test = ['test', '--quiet', '--locked', '--release', '-p', 'meeting-session-sim'];
  await run('cargo', test, { env, stream: true });
  await run('cargo', [...test, '--features', 'mutants', '--test', 'mutants', '--', '--nocapture'], { env, stream: true });
}

/** With the server that the step before has built. Its own tests run with the other native ones. */
function chaos(env) {
  return run('cargo', ['run', '--quiet', '--locked', '--release', '-p', 'meeting-session-chaos'], { env, stream: true });
}

/** Each tsconfig is one way of compiling: against our types, and the same application against Daily's. */
async function types(env) {
  const directory = 'tests/types';
  const projects = readdirSync(join(root, directory)).filter((name) => /^tsconfig.*\.json$/.test(name));
  if (projects.length === 0) throw new Failure(`There is no tsconfig.json in ${directory}.`);
  for (const project of projects) {
    await run('node_modules/.bin/tsc', ['--noEmit', '--project', join(directory, project)], { env });
  }
}

/** Runs the tests of the root package in one browser, while a server runs for those that connect. */
async function testInBrowser(env, browser) {
  await checkPortFree(TEST_PORT);
  const server = await startServer({ port: TEST_PORT });
  try {
    // The test runner takes the first driver that any variable names, so it must see only the one that is meant.
    const { CHROMEDRIVER, GECKODRIVER, ...rest } = env;
    const driver = browser === 'chrome' ? ['--chromedriver', CHROMEDRIVER] : ['--geckodriver', GECKODRIVER];
    await run('wasm-pack', ['test', '--mode', 'no-install', '--headless', `--${browser}`, ...driver, '.', '--locked'], {
      env: {
        ...rest,
        WASM_BINDGEN_TEST_TIMEOUT: '300',
        // For the driver to listen; 5 unless set.
        WASM_BINDGEN_TEST_DRIVER_TIMEOUT: '60',
        WASM_BINDGEN_TEST_WEBDRIVER_JSON: capabilitiesFile(env, browser),
      },
      stream: true,
    });
  } finally {
    await server.stop();
  }
}

/** webdriver.json with the browser that was found, which the driver might not find by itself. */
function capabilitiesFile({ CHROME, FIREFOX }, browser) {
  const chromeOptions = JSON.parse(readFileSync(join(root, 'webdriver.json'), 'utf8'))['goog:chromeOptions'];
  const capabilities =
    browser === 'chrome'
      ? { 'goog:chromeOptions': { ...chromeOptions, binary: CHROME } }
      : { 'moz:firefoxOptions': { binary: FIREFOX } };
  const file = join(root, `target/webdriver-${browser}.json`);
  writeFileSync(file, JSON.stringify(capabilities));
  return file;
}

function checkPortFree(port) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () => reject(new Failure(`The tests need port ${port} of this machine: end what listens there.`)));
    probe.listen(port, '127.0.0.1', () => probe.close(resolve));
  });
}

async function endToEnd(env) {
  const directory = 'tests/e2e';
  const files = readdirSync(join(root, directory)).filter((name) => name.endsWith('.test.mjs'));
  if (files.length === 0) throw new Failure(`There is no test in ${directory}.`);
  // One file at a time: the tests measure times, and two browsers already fill a small machine.
  // The limit is not only that of a test: node 20 takes it for the total of a file, too.
  await run('node', ['--test', '--test-concurrency=1', '--test-timeout=900000', ...files.map((name) => join(directory, name))], { env, stream: true });
}

/** Some kinds of projects; `node scripts/packaging.mjs` runs all. */
function packaging(env) {
  return run('node', ['scripts/packaging.mjs', '--short'], { env, stream: true });
}
