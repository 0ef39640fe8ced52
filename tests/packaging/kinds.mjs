// The kinds of projects, and what is done with each after the package has been installed in it.

import assert from 'node:assert/strict';

import { ENTRIES, PACKAGE, specifier } from './entries.mjs';
import { addReactModules } from './react-modules.mjs';
import { serveFiles, serveWith } from './serving.mjs';

/**
 * What each kind does with its project, which is in `projects` under the same name or under that of `project`.
 *
 * `share(address)` opens a page for two participants.
 */
export const KINDS = {
  plain: { work: plain },
  'vite-8': { work: viteWithTypes },
  'vite-7': { work: vite },
  webpack: { work: bundle },
  esbuild: { work: bundle },
  rollup: { work: bundle },
  next: { work: next },
  'next-webpack': { work: nextWithWebpack, project: 'next' },
  node: { work: node },
};

/** Those that every `npm test` runs. */
export const SHORT = ['plain', 'vite-8', 'webpack', 'next'];

/** Files as they are, with an import map. */
async function plain(project, share) {
  const { exports } = project.manifest();
  const ours = Object.values(ENTRIES).map((entry) => [
    specifier(entry),
    exports[entry].default.replace('.', `/node_modules/${PACKAGE}`),
  ]);
  const imports = { ...Object.fromEntries(ours), ...(await addReactModules(project)) };
  project.addScripts('.');
  project.addPages('.', `<script type="importmap">${JSON.stringify({ imports })}</script>`);
  return shareFiles(project.directory, share);
}

/** Vite's development server, which bundles dependencies by themselves, and then its build. */
async function vite(project, share) {
  project.addScripts('src');
  project.addPages('src');
  const server = await serveWith(project, 'dev');
  try {
    for (const page of Object.keys(ENTRIES)) await share(`${server.url}/${page}.html`);
  } finally {
    await server.close();
  }
  await project.npm('run', 'build');
  return shareFiles(project.path('dist'), share);
}

/** The same, and TypeScript finds the types of every entry. */
async function viteWithTypes(project, share) {
  await project.npm('run', 'types');
  return vite(project, share);
}

/** A bundler that makes one script for each page. */
async function bundle(project, share) {
  project.addScripts('src');
  await project.npm('run', 'build');
  project.addPages('dist');
  return shareFiles(project.path('dist'), share);
}

/** Next bundles with Turbopack unless told otherwise. */
async function next(project, share) {
  await project.npm('run', 'build');
  await shareRendered(project, share);
}

async function nextWithWebpack(project, share) {
  await project.npm('run', 'build-webpack');
  await shareRendered(project, share);
}

/** Next renders each page on the server first; two of them import our components there. */
async function shareRendered(project, share) {
  const server = await serveWith(project, 'start');
  try {
    for (const page of Object.keys(ENTRIES)) {
      const address = `${server.url}/${page === 'index' ? '' : page}`;
      const html = await (await fetch(`${address}?url=ws://127.0.0.1:1/nobody&userName=Ana`)).text();
      assert.match(html, /<p id="pinned">joining<\/p>/, `${address} is not rendered on the server`);
      await share(address);
    }
  } finally {
    await server.close();
  }
  // The signs that it puts before errors and warnings.
  assert.doesNotMatch(server.output(), /[⨯⚠]/);
}

/** Where there is no browser: each entry is imported and required. */
async function node(project) {
  await project.npm('run', 'import');
  await project.npm('run', 'require');
}

/** Serves a directory and opens each page in it; resolves to the scripts that the page of the default entry loaded. */
async function shareFiles(directory, share) {
  const site = await serveFiles(directory);
  try {
    const loaded = {};
    for (const page of Object.keys(ENTRIES)) {
      site.scripts.clear();
      await share(`${site.url}/${page}.html`);
      loaded[page] = [...site.scripts.values()];
    }
    return loaded.index;
  } finally {
    site.close();
  }
}
