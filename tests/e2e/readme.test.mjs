// The examples of README.md and docs/writes.md: those in JavaScript in their order in one page, those in React bundled.
//
// Their comments are assertions: `// Current data: X` sets the data up, `// New data: X` awaits it, and
// `expression;  // X` compares, where X is a text, an array or an object. All must be reached.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { launch, openPage } from './support/browsers.mjs';
import { servePage } from './support/bundle.mjs';
import { fenced, read } from './support/guide.mjs';
import { eventually } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

const [readme, writes] = await Promise.all(['README.md', 'docs/writes.md'].map(read));

/** A block as code that throws when one of its comments is not true. */
function checked(code) {
  return code
    .replace(/^\/\/ Current data: (.*)$/gm, 'await given($1);')
    .replace(/^\/\/ New data: (.*)$/gm, 'await data($1);')
    .replace(/^( *)(\w[^;=]*);\s*\/\/ ('[^']*'|\{.*\}|\[.*\])$/gm, '$1await same(() => $2, $3);')
    .replace(/^import (.*) from 'meeting-session-state';$/gm, "const $1 = await import('/-/module/index.js');");
}

/** Runs the blocks one after the other, the first of which makes `call`, and checks each of their comments. */
async function run(t, blocks) {
  const server = await startServer();
  atEnd(t, () => server.stop());
  const browser = await launch('chromium');
  atEnd(t, () => browser.close());
  const page = await openPage(t, browser, `${server.url}/healthz`);

  const [first, ...rest] = blocks.map(checked);
  const script = `(async () => {
    let passed = 0;
    const same = async (read, expected) => {
      const text = JSON.stringify(expected);
      for (let tries = 0; JSON.stringify(read()) !== text; tries += 1) {
        if (tries === 600) throw new Error(JSON.stringify(read()) + ' instead of ' + text);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      passed += 1;
    };
    const sorted = (data) => Object.fromEntries(Object.entries(data).sort());
    const data = (expected) => same(() => sorted(call.meetingSessionState().data), sorted(expected));
    const given = async (start) => { call.setMeetingSessionData(start); await data(start); };
    ${first}
    ${rest.map((block) => `{\n${block}\n}`).join('\n')}
    await call.destroy();
    return passed;
  })()`;
  const comments = [first, ...rest].join('\n').match(/await (same|given|data)\(/g).length;
  assert.equal(await page.evaluate(script.replaceAll('ws://localhost:7880', server.url.replace('http', 'ws'))), comments);
}

/** Two pages that show the App of an example. */
async function twoPages(t, example) {
  const server = await startServer();
  atEnd(t, () => server.stop());
  const browser = await launch('chromium');
  atEnd(t, () => browser.close());
  const mount = "import { createRoot } from 'react-dom/client';\ncreateRoot(document.getElementById('root')).render(<App />);";
  const source = `${example.replace('ws://localhost:7880', server.url)}\n${mount}`;
  const bundled = await servePage('an example', { source });
  atEnd(t, () => bundled.close());
  return Promise.all(['Ana', 'Bo'].map(() => openPage(t, browser, bundled.url)));
}

/** What each page has in its elements of this kind. */
const texts = (pages, selector) =>
  Promise.all(pages.map((page) => page.evaluate((selector) => {
    return [...document.querySelectorAll(selector)].map(({ innerText }) => innerText);
  }, selector)));

const click = (page, index = 0) => page.evaluate((index) => document.querySelectorAll('button')[index].click(), index);

test('the examples of the README do what they say', async (t) => {
  const [first, ...rest] = fenced(readme, 'js');
  await run(t, [`${first}\n// New data: { pinned: 'Hello' }`, ...rest]);
});

test('the examples about writes do what they say', async (t) => {
  await run(t, fenced(writes, 'js'));
});

test('the React example of the README does what it says', async (t) => {
  const [example, ...others] = fenced(readme, 'jsx');
  assert.deepEqual(others, []);
  const pages = await twoPages(t, example);
  await eventually(() => texts(pages, 'button'), [['Nothing pinned'], ['Nothing pinned']]);
  await eventually(async () => {
    await click(pages[0]);
    return texts(pages, 'button');
  }, [['Hello'], ['Hello']]);
});

test('the React example about writes does what it says', async (t) => {
  const [example, ...others] = fenced(writes, 'jsx');
  assert.deepEqual(others, []);
  const pages = await twoPages(t, example);
  const shown = async () => (await texts(pages, 'button, p')).map((page) => page.join(', '));
  const both = (text) => eventually(shown, [text, text]);
  await both('Tea: 0, Reset, All changes saved');
  await Promise.all([...pages, ...pages].map((page) => click(page)));
  await both('Tea: 4, Reset, All changes saved');
  await click(pages[1], 1);
  await both('Tea: 0, Reset, All changes saved');
});
