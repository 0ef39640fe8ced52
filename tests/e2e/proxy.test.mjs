// The README's nginx configuration and the command that goes with it, as they stand there, with a real nginx: only the
// ports and the certificate are others.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';

import puppeteer from 'puppeteer-core';

import { find } from '../../scripts/browsers.mjs';
import { atEnd } from './support/at-end.mjs';
import { LAUNCH_MS, LOST_CONNECTION } from './support/browsers.mjs';
import { meet, openDemo } from './support/demo.mjs';
import { fenced, read } from './support/guide.mjs';
import { replaceEach, startNginx } from './support/nginx.mjs';
import { eventually, pause, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

/** Longer than nginx lets a connection be without data from the server. */
const IDLE_MS = 65_000;

/** How long a reconnect may take. */
const RECONNECT_MS = 20_000;

/** The address that browsers have here. */
const CLIENT = '127.0.0.9';

const readme = await read('README.md');
const [site] = fenced(readme, 'nginx');
const [command] = fenced(readme, 'sh').filter((code) => code.includes('--trusted-proxy'));
const [, host] = site.match(/server_name (\S+);/);

const allow = LOST_CONNECTION;

let server;
before(async () => (server = await startServer({ args: command.trim().split(' ').slice(1) })));
after(() => server?.stop());

// Most of the time they wait.
describe('behind nginx as in the README', { concurrency: 3 }, () => {
  it('a connection without messages outlives the time that nginx gives it', async (test) => {
    const { open } = await start(test);
    const ana = await open('/idle?name=Ana');
    await eventually(() => ana.text('#connection'), 'Connected');
    await pause(IDLE_MS);
    assert.equal(await ana.text('#connection'), 'Connected');
    await pin(ana, 'Still here');
    assert.equal(joins('idle').length, 1, server.log.join('\n'));
  });

  it('the demo opens below the prefix, and pages see what others write', async (test) => {
    const { open, browser, url } = await start(test);
    const [ana, bo] = await meet(test, browser, { url }, 'standup', ['Ana', 'Bo'], { allow });
    await pin(ana, 'Hello');
    await eventually(() => bo.text('#pinned-text'), 'Hello');
    await eventually(() => bo.page.url(), `${url}/standup`);
    // The log names the client and not the proxy.
    await eventually(() => joins('standup').length, 2);
    for (const line of joins('standup')) assert.match(line, new RegExp(`\\baddress=${CLIENT}\\b`));

    // The other view, and the page without a session in its address.
    const cem = await open('/-/demo/100ms.html?room=standup&name=Cem');
    await eventually(() => ana.text('#participant-count'), '3');
    const dora = await open('/');
    await dora.fill('#join-name', 'Dora');
    await dora.fill('#join-room', 'standup');
    await dora.click('#join-submit');
    await eventually(() => dora.text('#pinned-text'), 'Hello');
    await eventually(() => dora.page.url(), `${url}/standup`);
    assert.deepEqual([cem, dora].flatMap(({ page }) => page.problems), []);
  });

  it('clients are there again after nginx was reloaded and after it was stopped', async (test) => {
    const { nginx, open } = await start(test);
    const ana = await open('/restarted?name=Ana');
    await eventually(() => ana.text('#connection'), 'Connected');

    nginx.reload();
    const bo = await open('/restarted?name=Bo');
    await pin(bo, 'Reloaded');
    await eventually(() => ana.text('#pinned-text'), 'Reloaded', RECONNECT_MS);

    await nginx.stop();
    for (const demo of [ana, bo]) await eventually(() => demo.text('#connection'), 'Reconnecting…');
    await nginx.start();
    for (const demo of [ana, bo]) await eventually(() => demo.text('#connection'), 'Connected', RECONNECT_MS);
    await ana.click('#pinned-edit');
    await pin(ana, 'Stopped and started');
    await eventually(() => bo.text('#pinned-text'), 'Stopped and started');
    assert.equal(await bo.text('#participant-count'), '2');
  });
});

/** nginx in front of the server, and a browser to which it is `https://app.example.com`. */
async function start(test) {
  const nginx = await startNginx(test, replaceEach(site, [['127.0.0.1:7880', `127.0.0.1:${server.port}`]]));
  const port = await forward(test, nginx);
  const { args } = JSON.parse(await readFile(new URL('../../webdriver.json', import.meta.url), 'utf8'))['goog:chromeOptions'];
  const browser = await puppeteer.launch({
    executablePath: find('CHROME'),
    timeout: LAUNCH_MS,
    args: [...args, `--host-resolver-rules=MAP ${host}:443 127.0.0.1:${port}`],
    acceptInsecureCerts: true,
    pipe: true,
  });
  atEnd(test, () => browser.close());
  const url = `https://${host}${site.match(/location (\S+)\/ /)[1]}`;
  return { nginx, browser, url, open: (path) => openDemo(test, browser, { url }, path, { allow }) };
}

/** Passes connections on to nginx as if they came from `CLIENT`, since a browser cannot choose its address. */
async function forward(test, nginx) {
  const listener = createServer((browser) => {
    const proxy = connect({ port: nginx.port, host: '127.0.0.1', localAddress: CLIENT });
    browser.pipe(proxy).pipe(browser);
    browser.on('error', () => proxy.destroy());
    proxy.on('error', () => browser.destroy());
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  atEnd(test, () => listener.close());
  return listener.address().port;
}

async function pin(demo, text) {
  await demo.fill('#pinned-input', text);
  await demo.click('#pinned-save');
  await eventually(() => demo.text('#pinned-text'), text);
}

/** The lines of the server's log that say that somebody joins this session. */
function joins(session) {
  return server.log.filter((line) => line.includes(' joins ') && line.includes(`session="${session}"`));
}
