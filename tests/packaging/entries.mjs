// What the package publishes, and the pages that exercise it: one for each entry.

import assert from 'node:assert/strict';

export const PACKAGE = 'meeting-session-state';

/** Each page by its name in `src`, and the entry that it imports, as package.json's `exports` names it. */
export const ENTRIES = {
  index: '.',
  '100ms': './100ms',
  '100ms-react': './100ms/react',
  react: './react',
};

/** Fails unless every entry of the package has a page and every page an entry. */
export function checkEntries({ exports }) {
  const published = Object.keys(exports).filter((entry) => entry !== './package.json');
  const known = Object.values(ENTRIES).sort();
  assert.deepEqual(published.sort(), known, 'package.json and tests/packaging/entries.mjs name different entries');
}

/** What an application writes to import an entry. */
export function specifier(entry) {
  return entry.replace('.', PACKAGE);
}
