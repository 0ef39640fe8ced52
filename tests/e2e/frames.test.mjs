// A page and a frame in it, both in the same session: the frame shares the tab's storage, and goes away with the page.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';

import { launch } from './support/browsers.mjs';
import { eventually, joinPeers, pause } from './support/peers.mjs';
import { presence } from './support/lifecycle.mjs';
import { startServer } from './support/server.mjs';

let server;
let browser;
before(async () => {
  // Time for a slow machine to come back; the frame, which does not, is gone after it.
  server = await startServer({ args: ['--away-grace', '15s'] });
  browser = await launch('chromium');
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

it('a page with a second participant in a frame is the same participant after a reload', async (test) => {
  const url = server.sessionUrl('framed');
  const [bo, ana] = await joinPeers(test, browser, server, url, ['Bo', 'Ana']);
  await ana.evaluate(async (url) => {
    const frame = document.createElement('iframe');
    frame.src = location.href;
    const loaded = new Promise((resolve) => (frame.onload = resolve));
    document.body.append(frame);
    await loaded;
    const script = frame.contentDocument.createElement('script');
    script.type = 'module';
    script.textContent = `import { createCallObject } from '/-/module/index.js';
      createCallObject().join({ url: '${url}', userName: 'Framed' });`;
    frame.contentDocument.body.append(script);
  }, url);
  await eventually(() => bo.names(), ['Ana', 'Bo', 'Framed']);
  const before = await ana.id();
  await ana.page.reload();
  await ana.create();
  await ana.join(url, { userName: 'Ana' });
  const id = await ana.id();
  assert.equal(id, before);
  const seen = ['joined Ana', 'joined Framed', 'left Framed'];
  await eventually(() => presence(bo), seen);
  // An `away` of Ana that counted would end her at about the same time.
  await pause(1_500);
  assert.deepEqual(await presence(bo), seen);
});
