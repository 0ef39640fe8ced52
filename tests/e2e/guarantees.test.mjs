// docs/guarantees.md names a test or a check for each guarantee: every one of them must be there.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const root = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/guarantees.md', root), 'utf8');
const sections = page.split(/^## /m).slice(1);
const named = [...page.matchAll(/^- `([^`]+)`: `([^`]+)`$/gm)].map(([, file, name]) => ({ file, name }));

test('every guarantee has a section, and what shows it or the word that it is not there yet', () => {
  const numbers = sections.flatMap((section) => section.match(/^[^.]*/)[0].match(/\d+/g).map(Number));
  assert.deepEqual(numbers, Array.from({ length: 20 }, (_, index) => index + 1));
  for (const section of sections) assert.match(section, /^- `.*`$|^Not there yet\.$/m, section.split('\n')[0]);
});

test('what shows the guarantees exists', async () => {
  for (const { file, name } of named) {
    const text = await readFile(new URL(file, root), 'utf8');
    assert.ok(text.includes(name), `${file} has no ${name}`);
  }
});
