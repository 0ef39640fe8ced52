// The proxy that the other tests count and break connections with, tried on real pages and a stub of a server.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { describe, it, before, after } from 'node:test';

import { BROWSERS, LOST_CONNECTION, launch, openPage } from './support/browsers.mjs';
import { startProxy } from './support/wire.mjs';

const GREETING = '{"hello":"é😀"}';

/** Accepts every WebSocket, greets it with one frame, and reads nothing. */
function startStub() {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<title>stub</title>'));
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    const payload = Buffer.from(GREETING);
    socket.write(Buffer.concat([Buffer.from([0x81, payload.length]), payload]));
    socket.on('error', () => socket.destroy()).resume();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

for (const name of BROWSERS) {
  describe(`the proxy, with ${name}`, () => {
    let browser, stub, port;
    before(async () => {
      [browser, stub] = await Promise.all([launch(name), startStub()]);
      port = stub.address().port;
    });
    after(async () => {
      await browser?.close();
      stub?.closeAllConnections();
      stub?.close();
    });

    const open = (test, options) => openPage(test, browser, `http://127.0.0.1:${port}/`, options);

    /** Connects and resolves to the first message, or the close code. */
    const connect = (page, url) =>
      page.evaluate(
        (url) =>
          new Promise((resolve) => {
            window.socket = new WebSocket(url);
            window.whenClosed = new Promise((done) => (window.socket.onclose = (event) => done(event.code)));
            window.whenClosed.then(resolve);
            window.socket.onmessage = (event) => resolve(event.data);
          }),
        url,
      );

    it('reads text frames of every length in both directions', async (test) => {
      const proxy = await startProxy(test, { port });
      const page = await open(test);
      assert.equal(await connect(page, proxy.sessionUrl('room')), GREETING);
      const lengths = [0, 125, 126, 65_535, 65_536, 300_000];
      await page.evaluate((lengths) => lengths.forEach((n) => window.socket.send(JSON.stringify('é'.repeat(n)))), lengths);
      await waitFor(() => proxy.sent().length === lengths.length);
      assert.deepEqual(proxy.sent().map((text) => text.length), lengths);
      assert.deepEqual(proxy.received(), [JSON.parse(GREETING)]);
      assert.equal(proxy.connections, 1);
    });

    it('cuts, refuses, stalls and heals connections', async (test) => {
      const proxy = await startProxy(test, { port });
      const page = await open(test, { allow: LOST_CONNECTION });
      const url = proxy.sessionUrl('room');
      await connect(page, url);
      proxy.cut();
      assert.equal(await page.evaluate(() => window.whenClosed), 1006);

      proxy.refuse();
      assert.equal(await connect(page, url), 1006);

      proxy.stall();
      const late = connect(page, url);
      assert.equal(await Promise.race([late, pause(500).then(() => 'nothing')]), 'nothing');
      proxy.heal();
      assert.equal(await late, GREETING);

      proxy.stall();
      await page.evaluate(() => window.socket.send('"during the stall"'));
      await pause(200);
      assert.deepEqual(proxy.sent(), []);
      proxy.heal();
      await waitFor(() => proxy.sent().length === 1);
    });

    it('fails a test whose page reports an error', async () => {
      const cleanups = [];
      const page = await open({ after: (cleanup) => cleanups.push(cleanup) });
      await page.evaluate(() => {
        console.error('logged');
        setTimeout(() => {
          throw new Error('escaped');
        });
      });
      await waitFor(() => page.problems.length === 2);
      await assert.rejects(cleanups[0](), /logged[^]*escaped/);
    });
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function waitFor(condition) {
  for (let waited = 0; !condition(); waited += 20) {
    assert.ok(waited < 30_000, `waited 30 s for ${condition}`);
    await pause(20);
  }
}
