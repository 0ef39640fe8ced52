// What the package weighs: its files, each entry with what it imports, and what bundlers make of it.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { root } from '../../scripts/run.mjs';
import { ENTRIES, specifier } from './entries.mjs';

/**
 * Prints the sizes of the package whose package.json is `manifest`.
 *
 * `bundled` has, for each kind of project that bundles, the scripts of the page of the default entry.
 */
export function printSizes({ exports }, bundled) {
  heading('each file');
  const files = readdirSync(join(root, 'dist')).filter((name) => name.endsWith('.js'));
  for (const name of files) line(`dist/${name}`, [read(`./dist/${name}`)]);
  heading('what a page loads');
  for (const entry of Object.values(ENTRIES)) {
    line(specifier(entry), [...withImports(exports[entry].default)].map(read));
  }
  if (Object.keys(bundled).length > 0) heading('the page of the default entry');
  for (const [kind, scripts] of Object.entries(bundled)) line(kind, scripts);
  console.log();
}

/** A file of the package, as package.json names it, and those of its files that it imports. */
function withImports(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  for (const [, name] of read(path).toString().matchAll(/\b(?:from|import)\s*["']\.\/([^"']+)["']/g)) {
    withImports(`./dist/${name}`, found);
  }
  return found;
}

function read(path) {
  return readFileSync(join(root, path));
}

function heading(text) {
  console.log(`\n  ${text.padEnd(40)}${'bytes'.padStart(10)}${'gzip -9'.padStart(10)}`);
}

function line(name, files) {
  const raw = files.reduce((sum, bytes) => sum + bytes.length, 0);
  const gzip = files.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);
  console.log(`  ${name.padEnd(40)}${raw.toLocaleString('en').padStart(10)}${gzip.toLocaleString('en').padStart(10)}`);
}
