// What the tests of the documents share: the examples in them, and what pages with these show.

import { readFile } from 'node:fs/promises';

const root = new URL('../../../', import.meta.url);

/** The text of a document, by its path below the root. */
export function read(path) {
  return readFile(new URL(path, root), 'utf8');
}

/** The blocks of code in this language. */
export function fenced(text, language) {
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code]) => code);
}

/** The lines that the diffs take away, and those that they add. */
export function diffs(text) {
  const lines = fenced(text, 'diff').flatMap((diff) => diff.trim().split('\n'));
  return ['-', '+'].map((sign) => lines.filter((line) => line.startsWith(sign)).map((line) => line.slice(1)));
}

/** What a page shows, in one line. */
export function shown(page) {
  return page.evaluate(() => document.body.innerText.replace(/\s+/g, ' ').trim());
}

/** Presses the first button whose text begins so. */
export function press(page, label) {
  return page.evaluate((label) => {
    [...document.querySelectorAll('button')].find((button) => button.innerText.startsWith(label)).click();
  }, label);
}
