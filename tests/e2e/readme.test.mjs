// The README's JavaScript examples, run in their order in one page. Their comments are assertions:
// `// Current data: X` sets the data up, `// New data: X` awaits it, and `expression;  // 'text'` compares.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { launch, openPage } from './support/browsers.mjs';
import { servePage } from './support/bundle.mjs';
import { eventually } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
const fenced = (language) => [...readme.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code]) => code);
const blocks = fenced('js');

/** A block as code that throws when one of its comments is not true. */
function checked(code) {
  return code
    .replace(/^\/\/ Current data: (.*)$/gm, 'await given($1);')
    .replace(/^\/\/ New data: (.*)$/gm, 'await data($1);')
    .replace(/^(call\..*?);\s*\/\/ ('[^']*')$/gm, 'await same(() => $1, $2);')
    .replace(/^import (.*) from 'meeting-session-state';$/gm, "const $1 = await import('/-/module/index.js');");
}

test('the examples of the README do what they say', async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const browser = await launch('chromium');
  t.after(() => browser.close());
  const page = await openPage(t, browser, `${server.url}/healthz`);

  const [first, ...rest] = blocks.map(checked);
  const script = `(async () => {
    const same = async (read, expected) => {
      const text = JSON.stringify(expected);
      for (let tries = 0; JSON.stringify(read()) !== text; tries += 1) {
        if (tries === 100) throw new Error(JSON.stringify(read()) + ' instead of ' + text);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const sorted = (data) => Object.fromEntries(Object.entries(data).sort());
    const data = (expected) => same(() => sorted(call.meetingSessionState().data), sorted(expected));
    const given = async (start) => { call.setMeetingSessionData(start); await data(start); };
    ${first}
    await data({ pinned: 'Hello' });
    ${rest.map((block) => `{\n${block}\n}`).join('\n')}
    await call.destroy();
    return 'done';
  })()`;
  const address = server.url.replace('http', 'ws');
  assert.equal(blocks.length > 6, true);
  assert.equal(await page.evaluate(script.replaceAll('ws://localhost:7880', address)), 'done');
});

test('the React example of the README does what it says', async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const browser = await launch('chromium');
  t.after(() => browser.close());
  const [example, ...others] = fenced('jsx');
  assert.deepEqual(others, []);
  const mount = "import { createRoot } from 'react-dom/client';\ncreateRoot(document.getElementById('root')).render(<App />);";
  const source = `${example.replace('ws://localhost:7880', server.url)}\n${mount}`;
  const bundled = await servePage('the README', { source });
  t.after(() => bundled.close());

  const pages = [];
  for (const _ of ['Ana', 'Bo']) pages.push(await openPage(t, browser, bundled.url));
  const texts = () => Promise.all(pages.map((page) => page.evaluate(() => document.querySelector('button')?.innerText)));
  await eventually(texts, ['Nothing pinned', 'Nothing pinned']);
  await eventually(async () => {
    await pages[0].evaluate(() => document.querySelector('button').click());
    return texts();
  }, ['Hello', 'Hello']);
});
