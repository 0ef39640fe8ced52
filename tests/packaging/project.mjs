// Projects as users have them, in a directory of their own: with the package installed from its tarball.

import { cpSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { root, run } from '../../scripts/run.mjs';
import { ENTRIES, PACKAGE } from './entries.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Outside the checkout, so that no project finds a package in a node_modules above it. */
const work = realpathSync(mkdtempSync(join(tmpdir(), `${PACKAGE}-packaging-`)));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

/** Without colours, because what servers print is read. */
export const environment = { ...process.env, NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1' };
// The tools set it themselves, and React would be another one than the one that was meant.
delete environment.NODE_ENV;
delete environment.FORCE_COLOR;

/** Packs the built package as `npm publish` does; resolves to the tarball. */
export async function pack() {
  await run('npm', ['pack', root, '--ignore-scripts', '--pack-destination', work]);
  return join(work, readdirSync(work).find((name) => name.endsWith('.tgz')));
}

/**
 * Makes a copy of a project for a kind and installs what its lock file names, and then the tarball.
 *
 * After a change of a version in a project, `npm install --package-lock-only` there writes its lock file.
 */
export async function makeProject(kind, name, tarball) {
  const project = new Project(join(work, kind));
  cpSync(join(here, 'projects', name), project.directory, {
    recursive: true,
    // What somebody left who ran npm there.
    filter: (file) => !file.endsWith('node_modules'),
  });
  const quick = ['--prefer-offline', '--no-audit', '--no-fund'];
  await project.npm('ci', '--include=dev', ...quick);
  // The lock file cannot name a tarball that is packed anew each time. A peer dependency that doesn't fit fails here.
  await project.npm('install', tarball, '--include=dev', '--no-save', '--no-package-lock', ...quick);
  return project;
}

class Project {
  constructor(directory) {
    this.directory = directory;
  }

  /** Runs npm in the project; resolves to what it printed. */
  npm(...args) {
    return run('npm', ['--prefix', this.directory, ...args], { env: environment });
  }

  /** The path of a file in the project. */
  path(...names) {
    return join(this.directory, ...names);
  }

  /** What the package.json of the installed package says. */
  manifest() {
    return JSON.parse(readFileSync(this.path('node_modules', PACKAGE, 'package.json'), 'utf8'));
  }

  /** Writes the scripts of the pages to a folder. */
  addScripts(folder) {
    cpSync(join(here, 'src'), this.path(folder), { recursive: true, filter: (file) => !file.endsWith('.html') });
  }

  /** Writes an HTML file for each page to a folder that is there; `head` is put into all of them. */
  addPages(folder, head = '') {
    const page = readFileSync(join(here, 'src', 'page.html'), 'utf8').replace('</head>', `${head}</head>`);
    for (const name of Object.keys(ENTRIES)) {
      writeFileSync(this.path(folder, `${name}.html`), page.replace('ENTRY', name));
    }
  }
}
