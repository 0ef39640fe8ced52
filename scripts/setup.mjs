// What a fresh machine lacks: checked, and installed where that is possible without asking.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { installBrowsers } from './browsers.mjs';
import { Failure, root, run, step } from './run.mjs';
import { installWasmTools, path, versionOf } from './tools.mjs';

const NODE_MAJOR = 20;
const WASM_TARGET = 'wasm32-unknown-unknown';

/**
 * Makes the machine ready to build, and with `tests` to run the tests too.
 *
 * Resolves to the environment that every later command runs in.
 */
export async function setUp({ tests = false } = {}) {
  checkNode();
  await checkRust();
  await installWasmTarget();
  if (tests) await installRustComponents();
  await installWasmTools();
  await installNodeModules('.');
  if (tests) await installNodeModules('tests/react-19');
  const browsers = tests ? await installBrowsers() : {};
  // The paths below target/ are used by name, so a target directory of the user's own would hide the results.
  return { ...process.env, ...browsers, PATH: path, CARGO_TARGET_DIR: join(root, 'target') };
}

function checkNode() {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR) {
    throw new Failure(`Node ${NODE_MAJOR} or newer is needed, this is ${process.versions.node}: install it from https://nodejs.org.`);
  }
}

async function checkRust() {
  const [rustc, cargo, cc] = await Promise.all([versionOf('rustc'), versionOf('cargo'), versionOf('cc')]);
  const wanted = readFileSync(join(root, 'Cargo.toml'), 'utf8').match(/^rust-version = "(.+)"$/m)[1];
  if (!rustc || !cargo) {
    throw new Failure(`Rust ${wanted} or newer is needed (rustc and cargo): install it from https://rustup.rs.`);
  }
  if (rustc.localeCompare(wanted, 'en', { numeric: true }) < 0) {
    throw new Failure(`Rust ${wanted} or newer is needed, this is ${rustc}: run \`rustup update stable\` (https://rustup.rs).`);
  }
  if (!cc) {
    throw new Failure(
      'Rust needs a C compiler to link with, and there is no `cc`: install build-essential (Debian, Ubuntu: ' +
        '`sudo apt-get install build-essential`) or Xcode\'s command line tools (macOS: `xcode-select --install`).',
    );
  }
}

async function installWasmTarget() {
  const sysroot = (await run('rustc', ['--print', 'sysroot'])).trim();
  if (existsSync(join(sysroot, 'lib', 'rustlib', WASM_TARGET))) return;
  await rustup(['target', 'add', WASM_TARGET]);
}

async function installRustComponents() {
  if ((await versionOf('rustfmt')) && (await versionOf('cargo-clippy'))) return;
  await rustup(['component', 'add', 'rustfmt', 'clippy']);
}

async function rustup(args) {
  if (!(await versionOf('rustup'))) {
    throw new Failure(`\`rustup ${args.join(' ')}\` is needed, and there is no rustup: install it from https://rustup.rs.`);
  }
  await step(`Adding ${args.slice(2).join(' and ')} to Rust`, () => run('rustup', args));
}

/** Installs what the lock file in this folder says, unless it is there already. */
async function installNodeModules(folder) {
  const installed = join(root, folder, 'node_modules', '.package-lock.json');
  const lock = join(root, folder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  await step(`Installing the npm packages of ${folder === '.' ? 'the project' : folder} (npm ci)`, () =>
    run('npm', ['ci', '--prefix', folder, '--include=dev', '--no-audit', '--no-fund']),
  );
}
