// The demo's second view, built with the 100ms entry, beside the first one: both are in the same session.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, LOST_CONNECTION, launch } from './support/browsers.mjs';
import { openDemo } from './support/demo.mjs';
import { eventually } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

const VIEW = '/-/demo/100ms.html';
/** The longest session data, in characters. */
const MAX_DATA = 102_400;
const RECONNECT_MS = 20_000;

const daily = (room, name) => `/${room}?name=${name}`;
const hms = (room, name) => `${VIEW}?room=${room}&name=${name}`;

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

for (const name of BROWSERS) {
  describe(`the demo's 100ms view, in ${name}`, { concurrency: 2 }, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());
    const open = (test, path, options) => openDemo(test, browser, server, path, options);

    /** Ana in the Daily view and Bo in the 100ms view of one room. */
    const pair = (test, room) =>
      meet(test, browser, server, [daily(`${name}-${room}`, 'Ana'), hms(`${name}-${room}`, 'Bo')]);
    /** Writes JSON in the Daily view. */
    const write = async (demo, json) => {
      await demo.fill('#editor-json', json);
      await demo.click('#editor-write');
    };

    it('is joined by its form, and stays joined over a reload', async (test) => {
      const bo = await open(test, VIEW);
      assert.match(await bo.value('#join-room'), /^[a-z]+-[a-z]+$/);
      await bo.click('#join-submit');
      assert.equal(await bo.sees('#meeting'), false, 'a name is required');

      await bo.page.goto(`${server.url}${VIEW}?room=${name}-form`);
      assert.equal(await bo.value('#join-room'), `${name}-form`);
      assert.equal(await bo.focused(), 'join-name');
      await bo.fill('#join-name', 'Bo');
      await bo.click('#join-submit');
      await eventually(() => bo.text('#room'), `${name}-form`);
      assert.equal(await bo.text('#connection'), 'Connected');
      assert.deepEqual(await bo.texts('#participants .who'), ['Bo you']);

      await bo.page.goto(server.url + hms(`${name}-form`, 'Bob'));
      await eventually(async () => (await bo.texts('#participants .who'))[0], 'Bob you');
      // Who copies the address is not Bob.
      await eventually(() => new URL(bo.page.url()).search, `?room=${name}-form`);
      await bo.page.reload();
      await eventually(async () => (await bo.texts('#participants .who'))[0], 'Bob you');
    });

    it('says why it cannot join', async (test) => {
      const bo = await open(test, hms(`${name}-refused`, 'B'.repeat(300)));
      await eventually(async () => /^User name, .* too large/.test(await bo.text('#join-status')), true);
      assert.equal(await bo.sees('#meeting'), false);
      await bo.fill('#join-name', 'Bo');
      await bo.click('#join-submit');
      await eventually(() => bo.text('#participant-count'), '1');
    });

    it('is opened from the Daily view and leads back to it, below any path', async (test) => {
      const linked = (demo, link) => demo.page.evaluate((link) => document.querySelector(link).href, link);
      for (const prefix of ['', '/team/one']) {
        const room = `${name}-links${prefix.length}`;
        const ana = await open(test, prefix + daily(room, 'Ana'));
        await eventually(() => ana.text('#participant-count'), '1');
        const there = await linked(ana, '#open-100ms');
        assert.equal(there, server.url + prefix + hms(room, 'Mika'));
        assert.equal(await ana.attribute('#open-100ms', 'target'), '_blank');

        const mika = await open(test, there.slice(server.url.length));
        for (const demo of [ana, mika]) await eventually(() => demo.text('#participant-count'), '2');
        assert.equal(await linked(mika, '#open-daily'), `${server.url}${prefix}/${room}`);
      }
    });

    it('shows what the Daily view pins, and the other way round', async (test) => {
      const [ana, bo] = await pair(test, 'pinned');
      assert.equal(await bo.sees('#pinned-quote'), false);
      await ana.fill('#pinned-input', 'Hello <b>everybody</b>');
      await ana.click('#pinned-save');
      await eventually(() => bo.text('#pinned-text'), 'Hello <b>everybody</b>');
      assert.equal(await bo.text('#pinned-by'), 'Ana');

      await bo.fill('#pinned-input', 'Bye');
      await bo.click('#pinned-save');
      for (const demo of [ana, bo]) await eventually(() => demo.text('#pinned-text'), 'Bye');
      for (const demo of [ana, bo]) assert.equal(await demo.text('#pinned-by'), 'Bo');
      assert.deepEqual(await ana.data(), { pinned: { text: 'Bye', by: 'Bo' } });
      assert.equal(await bo.value('#pinned-input'), '');

      await bo.fill('#pinned-input', 'Half a sent');
      await ana.click('#pinned-clear');
      await eventually(() => bo.sees('#pinned-quote'), false);
      await bo.type('ence');
      await bo.press('Enter');
      for (const demo of [ana, bo]) await eventually(() => demo.text('#pinned-text'), 'Half a sentence');

      await bo.click('#pinned-clear');
      for (const demo of [ana, bo]) await eventually(() => demo.sees('#pinned-text'), false);
      assert.deepEqual(await ana.data(), {});
    });

    it('shows nothing as pinned that has another form', async (test) => {
      const [ana, bo] = await pair(test, 'form');
      await ana.fill('#pinned-input', 'Hello');
      await ana.click('#pinned-save');
      await eventually(() => bo.text('#pinned-text'), 'Hello');
      await write(ana, '{ "pinned": { "text": 5 } }');
      await eventually(() => bo.sees('#pinned-quote'), false);
    });

    it('shows the participants of both views, and puts one in the spotlight of both', async (test) => {
      const [ana, bo] = await pair(test, 'people');
      assert.deepEqual(await bo.texts('#participants .who'), ['Bo you', 'Ana']);
      await ana.click('#rename');
      await ana.fill('#rename-input', 'Anna');
      await ana.click('#rename-save');
      await eventually(() => bo.texts('#participants .who'), ['Bo you', 'Anna']);

      const second = '#participants li:nth-child(2) [data-part="spotlight"]';
      await bo.click(second);
      await eventually(() => ana.text('#stage-note'), 'You are in the spotlight');
      await eventually(() => bo.attribute(second, 'aria-pressed'), 'true');
      await ana.click('#stage-clear');
      await eventually(() => bo.attribute(second, 'aria-pressed'), 'false');
      await bo.click(second);
      await eventually(() => bo.attribute(second, 'aria-pressed'), 'true');
      await bo.click(second);
      await eventually(() => ana.data(), {});

      await ana.click('#leave');
      await eventually(() => bo.texts('#participants .who'), ['Bo you']);
      await eventually(async () => (await bo.toasts()).includes('Anna left.'), true);
    });

    it('sets the session metadata, which the Daily view has under `default`', async (test) => {
      const [ana, bo] = await pair(test, 'metadata');
      assert.equal(await bo.text('#metadata-none'), 'Nothing is set.');
      await bo.fill('#metadata-input', 'recording: <i>off</i>');
      await bo.click('#metadata-save');
      await eventually(() => bo.text('#metadata-value'), 'recording: <i>off</i>');
      await eventually(() => ana.data(), { default: 'recording: <i>off</i>' });
      assert.equal(await bo.sees('#metadata-none'), false);

      await write(ana, '{ "default": { "recording": [1, null] } }');
      await eventually(() => bo.text('#metadata-value'), JSON.stringify({ recording: [1, null] }, null, 2));
      await write(ana, '{ "default": null }');
      await eventually(() => bo.text('#metadata-value'), 'null');

      await bo.click('#metadata-clear');
      await eventually(() => bo.sees('#metadata-none'), true);
      await eventually(() => ana.data(), {});
    });

    it('says that a write was refused, and keeps what was typed', async (test) => {
      const [ana, bo] = await pair(test, 'too-large');
      await bo.page.evaluate((size) => {
        document.querySelector('#metadata-input').value = 'x'.repeat(size);
      }, MAX_DATA);
      await bo.click('#metadata-save');
      await eventually(async () => /^Meeting session data is too large/.test(await bo.text('.toast.error')), true);
      assert.equal((await bo.value('#metadata-input')).length, MAX_DATA);
      assert.equal(await bo.sees('#metadata-none'), true);
      await bo.click('.toast.error button');
      assert.equal(await bo.sees('.toast.error'), false);

      await bo.fill('#metadata-input', 'short');
      await bo.click('#metadata-save');
      await eventually(() => ana.data(), { default: 'short' });
    });

    it('has a chat, and shows who waves in the Daily view', async (test) => {
      const room = `${name}-chat`;
      const [ana, bo, cy] = await meet(test, browser, server, [daily(room, 'Ana'), hms(room, 'Bo'), hms(room, 'Cy')]);
      await bo.fill('#chat-input', 'Hello <b>Cy</b>');
      await bo.press('Enter');
      await eventually(async () => (await cy.texts('#messages li')).length, 1);
      await cy.fill('#chat-input', 'Hello Bo');
      await cy.click('#chat-send');
      await ana.click('#wave');
      for (const demo of [bo, cy]) {
        await eventually(() => demo.texts('.message > :last-child'), ['Hello <b>Cy</b>', 'Hello Bo']);
        assert.deepEqual(await demo.texts('.sender'), ['Bo', 'Cy']);
        await eventually(async () => (await demo.toasts()).includes('Ana waves.'), true);
      }
      assert.equal(await bo.value('#chat-input'), '');
      assert.deepEqual(await ana.data(), {}, 'messages are not kept');
    });

    it('shows the newest message of many, except to who reads older ones', async (test) => {
      const [, bo] = await pair(test, 'many');
      const fromEnd = () =>
        bo.page.evaluate(() => {
          const { scrollHeight, scrollTop, clientHeight } = document.querySelector('#chat-log');
          return Math.round(scrollHeight - scrollTop - clientHeight);
        });
      const send = async (count) => {
        for (let sent = 0; sent < count; sent++) {
          await bo.fill('#chat-input', `Message ${sent}`);
          await bo.press('Enter');
        }
      };
      await send(12);
      await eventually(async () => (await bo.texts('#messages li')).length, 12);
      assert.equal(await fromEnd(), 0);
      await bo.page.evaluate(() => document.querySelector('#chat-log').scrollTo(0, 0));
      await send(1);
      await eventually(async () => (await bo.texts('#messages li')).length, 13);
      assert.equal(await bo.page.evaluate(() => document.querySelector('#chat-log').scrollTop), 0);
    });

    it('shows everything to who joins late, or leaves and joins again', async (test) => {
      const room = `${name}-late`;
      const [ana, bo] = await pair(test, 'late');
      await ana.click('#participants li [data-part="spotlight"]');
      await ana.fill('#pinned-input', 'Since the beginning');
      await ana.click('#pinned-save');
      await eventually(() => bo.text('#pinned-text'), 'Since the beginning');
      await bo.fill('#metadata-input', 'set by Bo');
      await bo.click('#metadata-save');
      await eventually(async () => Object.keys(await ana.data()).sort(), ['default', 'pinned', 'spotlight']);

      const cy = await open(test, hms(room, 'Cy'));
      await eventually(() => cy.texts('#participants .who'), ['Cy you', 'Ana', 'Bo']);
      const seesAll = async () => {
        assert.equal(await cy.text('#pinned-text'), 'Since the beginning');
        assert.equal(await cy.text('#metadata-value'), 'set by Bo');
        assert.deepEqual(await cy.texts('#participants li:has([aria-pressed="true"]) .name'), ['Ana']);
      };
      await seesAll();

      await cy.click('#leave');
      await eventually(() => cy.text('#join-status'), `You left ${room}.`);
      assert.equal(await cy.sees('#meeting'), false);
      await eventually(() => cy.focused(), 'join-submit');
      await eventually(() => bo.text('#participant-count'), '2');
      await bo.fill('#chat-input', 'While Cy was away');
      await bo.press('Enter');
      await cy.click('#join-submit');
      await eventually(() => cy.texts('#participants .who'), ['Cy you', 'Ana', 'Bo']);
      await seesAll();
      assert.deepEqual(await cy.texts('#messages li'), []);

      // Another room has other data.
      await cy.click('#leave');
      await cy.fill('#join-room', `${room}-other`);
      await cy.click('#join-submit');
      await eventually(() => cy.text('#room'), `${room}-other`);
      assert.deepEqual(await cy.texts('#participants .who'), ['Cy you']);
      assert.equal(await cy.sees('#pinned-quote'), false);
      assert.equal(await cy.sees('#metadata-none'), true);
    });

    it('says that the connection is lost, refuses to write, and goes on when it is back', async (test) => {
      let ownServer = await startServer();
      atEnd(test, () => ownServer.kill());
      const paths = [daily('room', 'Ana'), hms('room', 'Bo')];
      const [ana, bo] = await meet(test, browser, ownServer, paths, { allow: LOST_CONNECTION });
      await ana.fill('#pinned-input', 'Old');
      await ana.click('#pinned-save');
      await eventually(() => bo.text('#pinned-text'), 'Old');

      await ownServer.kill();
      await eventually(() => bo.text('#connection'), 'Reconnecting…');
      assert.equal(await bo.text('#pinned-text'), 'Old');
      await bo.fill('#pinned-input', 'Too early');
      await bo.press('Enter');
      await eventually(async () => /since the connection is lost/.test(await bo.text('.toast.error')), true);
      assert.equal(await bo.value('#pinned-input'), 'Too early');

      ownServer = await startServer({ port: ownServer.port });
      await eventually(() => bo.text('#connection'), 'Connected', RECONNECT_MS);
      // It is a new session.
      await eventually(() => bo.sees('#pinned-quote'), false);
      await eventually(() => ana.text('#participant-count'), '2', RECONNECT_MS);
      await bo.press('Enter');
      for (const demo of [ana, bo]) await eventually(() => demo.text('#pinned-text'), 'Too early');
    });
  });

  // Alone, because keys go to the window in front.
  describe(`the demo's 100ms view without a mouse, in ${name}`, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());

    it('can be used from joining to leaving', async (test) => {
      const room = `${name}-keys`;
      const ana = await openDemo(test, browser, server, daily(room, 'Ana'));
      const bo = await openDemo(test, browser, server, `${VIEW}?room=${room}`);
      await bo.page.bringToFront();
      await bo.type('Bo');
      await bo.press('Enter');
      await eventually(() => bo.text('#participant-count'), '2');
      await eventually(() => bo.focused(), 'room');

      await bo.tabTo('pinned-save');
      // With nothing pinned there is nothing to clear: the first participant is next.
      await bo.press('Tab', ' ');
      await eventually(() => ana.text('#stage-name'), 'Bo');
      await bo.tabTo('pinned-input', { back: true });
      await bo.type('By keyboard');
      await bo.press('Enter');
      await eventually(() => ana.text('#pinned-text'), 'By keyboard');
      assert.equal(await bo.focused(), 'pinned-input');
      await bo.tabTo('pinned-clear');
      await bo.press('Enter');
      await eventually(() => ana.sees('#pinned-quote'), false);
      // The button is gone, and the focus is on what is left.
      await eventually(() => bo.focused(), 'pinned-input');

      await bo.tabTo('metadata-input');
      await bo.type('typed');
      await bo.tabTo('metadata-save');
      await bo.press('Enter');
      await eventually(async () => (await ana.data()).default, 'typed');
      await bo.tabTo('chat-input');
      await bo.type('Anybody here?');
      await bo.press('Enter');
      await eventually(() => bo.texts('.message > :last-child'), ['Anybody here?']);

      await bo.tabTo('leave', { back: true });
      await bo.press('Enter');
      await eventually(() => bo.focused(), 'join-submit');
      await eventually(() => ana.text('#participant-count'), '1');
    });
  });
}

/** Opens these paths, all of one room, and waits until everybody sees everybody. */
async function meet(test, browser, server, paths, options) {
  const demos = [];
  for (const path of paths) {
    demos.push(await openDemo(test, browser, server, path, options));
    for (const demo of demos) await eventually(() => demo.text('#participant-count'), `${demos.length}`);
  }
  return demos;
}
