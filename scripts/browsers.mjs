// The browsers that the tests run in, their drivers, nginx and openssl: found through the environment or PATH, installed on Debian.

import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { Failure, run, step } from './run.mjs';
import { installGeckodriver, installNginx, path, versionOf } from './tools.mjs';

/** For each environment variable that names a program: the names it goes by, and Debian's package of it. */
const PROGRAMS = {
  CHROME: { names: ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'], debian: 'chromium' },
  CHROMEDRIVER: { names: ['chromedriver'], debian: 'chromium-driver' },
  FIREFOX: { names: ['firefox-esr', 'firefox'], debian: 'firefox-esr' },
  GECKODRIVER: { names: ['geckodriver'] },
  // Not NGINX, which nginx itself reads for something else.
  NGINX_BINARY: { names: ['nginx'] },
  OPENSSL: { names: ['openssl'], debian: 'openssl' },
};

/** Where a program is: what its variable says, else the first of its names on PATH, else undefined. */
export function find(variable) {
  if (process.env[variable]) return process.env[variable];
  for (const name of PROGRAMS[variable].names) {
    for (const directory of path.split(delimiter)) {
      const file = join(directory, name);
      if (isExecutable(file)) return file;
    }
  }
  return undefined;
}

/** Sees to it that the programs are there; resolves to the environment variables that name them. */
export async function installBrowsers() {
  await installFromDebian();
  if (!find('GECKODRIVER')) await installGeckodriver();
  if (!find('NGINX_BINARY') && isDebian() && process.getuid() === 0) await installNginx();
  const found = Object.fromEntries(Object.keys(PROGRAMS).map((variable) => [variable, find(variable)]));
  const missing = Object.keys(found).filter((variable) => !found[variable]);
  if (missing.length > 0) {
    throw new Failure(
      `The tests need Chromium or Chrome, its chromedriver, Firefox, nginx and openssl; not found: ${missing.join(', ')}. ` +
        'Install them (on Debian: `sudo apt-get install chromium chromium-driver firefox-esr nginx openssl`), or set ' +
        'these environment variables to the programs.',
    );
  }
  await checkSameMajor(found);
  return found;
}

async function installFromDebian() {
  const packages = Object.keys(PROGRAMS)
    .filter((variable) => PROGRAMS[variable].debian && !find(variable))
    .map((variable) => PROGRAMS[variable].debian);
  if (packages.length === 0 || !isDebian() || process.getuid() !== 0) return;
  await step(`Installing ${packages.join(', ')} (one to three minutes, once)`, async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update'], { env });
    // Without the recommended packages, which are a desktop's; but pages need a font.
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages, 'fonts-liberation'], { env });
  });
}

/** A driver refuses a browser of another major version with an error that nobody understands. */
async function checkSameMajor({ CHROME, CHROMEDRIVER }) {
  const [browser, driver] = (await Promise.all([versionOf(CHROME), versionOf(CHROMEDRIVER)])).map((v) => v?.split('.')[0]);
  if (browser !== driver) {
    throw new Failure(`${CHROME} is version ${browser} but ${CHROMEDRIVER} is ${driver}: install a pair of the same version.`);
  }
}

function isDebian() {
  try {
    return /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
