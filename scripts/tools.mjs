// The command-line tools that are installed once per user, most of them built from Rust source.

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

import { Failure, root, run, step } from './run.mjs';

/** Outside the checkout, so that a second clone and a `cargo clean` don't cost the minutes again. */
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'meeting-session-state', 'tools');

/** Tools in the cache come first: they have exactly the versions asked for. Debian keeps nginx from users' PATH. */
export const path = [join(cache, 'bin'), process.env.PATH, '/usr/sbin'].join(delimiter);

const WASM_PACK_VERSION = '0.15.1';
const GECKODRIVER_VERSION = '0.37.1';

/** wasm-pack, and the wasm-bindgen that it calls. */
export async function installWasmTools() {
  await install({ crate: 'wasm-pack', version: WASM_PACK_VERSION });
  // The tool and the crate must be the same version to the last digit, or they don't understand each other.
  await install({ crate: 'wasm-bindgen-cli', command: 'wasm-bindgen', version: lockedVersion('wasm-bindgen') });
}

/** The driver of Firefox, where the system has none. Any version of it drives any Firefox of today. */
export async function installGeckodriver() {
  if (await versionOf('geckodriver')) return;
  await install({ crate: 'geckodriver', version: GECKODRIVER_VERSION });
}

/**
 * Debian's nginx, for root. The package is unpacked and not installed, since that would start a server on port 80; the
 * libraries that it needs are on every Debian that has the package openssl.
 */
export async function installNginx() {
  await step('Fetching nginx', async () => {
    const folder = join(cache, 'nginx');
    await mkdir(folder, { recursive: true });
    await run('apt-get', ['update']);
    // It can only be downloaded into the current directory.
    await run('sh', ['-c', 'cd "$1" && apt-get download nginx && dpkg-deb --extract nginx_*.deb .', 'sh', folder]);
    await mkdir(join(cache, 'bin'), { recursive: true });
    await copyFile(join(folder, 'usr/sbin/nginx'), join(cache, 'bin/nginx'));
    await rm(folder, { recursive: true });
  });
}

/** The first x.y.z in what `command --version` prints; undefined if there is no such command. */
export async function versionOf(command) {
  try {
    return (await run(command, ['--version'], { env: { ...process.env, PATH: path } })).match(/\d+\.\d+\.\d+/)?.[0];
  } catch {
    return undefined;
  }
}

async function install({ crate, command = crate, version }) {
  if ((await versionOf(command)) === version) return;
  await step(`Installing ${crate} ${version} (about two minutes, once)`, async () => {
    const args = ['install', '--root', cache, `${crate}@${version}`];
    // A target directory that outlives an interruption, so that the next installation resumes.
    const target = join(cache, 'build', crate);
    const env = { ...process.env, CARGO_TARGET_DIR: target };
    try {
      await run('cargo', [...args, '--locked'], { env });
    } catch (error) {
      // A registry mirror may lack the newest versions that the tool's own lock file names; older ones do as well.
      if (!error.output?.includes('failed to select a version')) throw error;
      await run('cargo', args, { env });
    }
    rmSync(target, { recursive: true, force: true });
  });
  if ((await versionOf(command)) !== version) {
    throw new Failure(`${crate} ${version} was installed in ${cache}, but \`${command} --version\` doesn't say so.`);
  }
}

function lockedVersion(crate) {
  const lock = join(root, 'Cargo.lock');
  const version = existsSync(lock) && readFileSync(lock, 'utf8').match(`name = "${crate}"\nversion = "(.+)"`)?.[1];
  if (!version) throw new Failure(`Cargo.lock doesn't name ${crate}: run \`git checkout Cargo.lock\`.`);
  return version;
}
