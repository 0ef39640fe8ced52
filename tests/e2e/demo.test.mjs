// The demo, used by its buttons and its keyboard in two windows.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, LOST_CONNECTION, launch } from './support/browsers.mjs';
import { meet, openDemo } from './support/demo.mjs';
import { eventually } from './support/peers.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

for (const name of BROWSERS) {
  describe(`the demo, in ${name}`, { concurrency: 2 }, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());
    const open = (test, path, options) => openDemo(test, browser, server, path, options);
    const pair = (test, room) => meet(test, browser, server, `${name}-${room}`, ['Ana', 'Bo']);

    it('is joined by its form, and left and joined again', async (test) => {
      const ana = await open(test);
      assert.match(await ana.value('#join-room'), /^[a-z]+-[a-z]+$/);
      await ana.click('#join-submit');
      assert.equal(await ana.sees('#meeting'), false, 'a name is required');
      await ana.fill('#join-name', 'Ana');
      await ana.fill('#join-room', `${name}-form`);
      await ana.click('#join-submit');
      await eventually(() => ana.text('#room'), `${name}-form`);
      assert.equal(await ana.text('#connection'), 'Connected');
      assert.deepEqual(await ana.texts('#participants .who'), ['Ana you']);
      await eventually(() => new URL(ana.page.url()).pathname, `/${name}-form`);

      await ana.click('#leave');
      await eventually(() => ana.text('#join-status'), `You left ${name}-form.`);
      assert.equal(await ana.sees('#meeting'), false);
      assert.equal(await ana.value('#join-name'), 'Ana');
      await ana.click('#join-submit');
      await eventually(() => ana.text('#participant-count'), '1');
    });

    it('takes the room from a deep link, joins at once with a name, and stays joined over a reload', async (test) => {
      const linked = await open(test, `/${name}-link`);
      assert.equal(await linked.value('#join-room'), `${name}-link`);
      assert.equal(await linked.focused(), 'join-name');

      const named = await open(test, `/${name}-link?name=Bo`);
      await eventually(() => named.texts('#participants .who'), ['Bo you']);
      // Who copies the address is not Bo.
      await eventually(() => new URL(named.page.url()).search, '');
      await named.page.reload();
      await eventually(() => named.text('#room'), `${name}-link`);
      assert.equal((await named.texts('#participants .who'))[0], 'Bo you');
    });

    it('pins a message for everybody, which anybody edits and clears', async (test) => {
      const [ana, bo] = await pair(test, 'pinned');
      await ana.fill('#pinned-input', 'Hello <b>everybody</b>');
      await ana.click('#pinned-save');
      for (const demo of [ana, bo]) await eventually(() => demo.text('#pinned-text'), 'Hello <b>everybody</b>');
      assert.equal(await bo.text('#pinned-by'), 'Ana');

      await bo.click('#pinned-edit');
      assert.equal(await bo.value('#pinned-input'), 'Hello <b>everybody</b>');
      await bo.fill('#pinned-input', 'Bye');
      await bo.click('#pinned-save');
      for (const demo of [ana, bo]) await eventually(() => demo.text('#pinned-text'), 'Bye');

      await ana.click('#pinned-clear');
      for (const demo of [ana, bo]) await eventually(() => demo.sees('#pinned-text'), false);
    });

    it('keeps what one is typing when another pins something first', async (test) => {
      const [ana, bo] = await pair(test, 'typing');
      await bo.fill('#pinned-input', 'Half a sent');
      await ana.fill('#pinned-input', 'Quick');
      await ana.click('#pinned-save');
      await eventually(() => bo.data(), { pinned: { text: 'Quick', by: 'Ana' } });
      await bo.type('ence');
      assert.equal(await bo.value('#pinned-input'), 'Half a sentence');
      // Neither text is lost: Bo is asked.
      await bo.click('#pinned-save');
      await eventually(() => bo.text('#pinned-refused'), 'Not saved: Ana pinned a message while you were writing.');
      await bo.click('#pinned-overwrite');
      for (const demo of [ana, bo]) await eventually(() => demo.text('#pinned-text'), 'Half a sentence');
    });

    it('puts one participant in the spotlight, under the name that they have now', async (test) => {
      const [ana, bo] = await pair(test, 'spotlight');
      const ofBo = '#participants li:nth-child(2) [data-part="spotlight"]';
      await ana.click(ofBo);
      for (const demo of [ana, bo]) await eventually(() => demo.text('#stage-name'), 'Bo');
      assert.equal(await bo.text('#stage-note'), 'You are in the spotlight');
      await eventually(() => ana.attribute(ofBo, 'aria-pressed'), 'true');

      await bo.click('#rename');
      await bo.fill('#rename-input', 'Bob');
      await bo.click('#rename-save');
      await eventually(() => ana.text('#stage-name'), 'Bob');
      await eventually(() => ana.texts('#participants .who'), ['Ana you', 'Bob']);

      await bo.click('#wave');
      await eventually(async () => (await ana.toasts()).includes('Bob waves.'), true);
      await bo.click('#stage-clear');
      for (const demo of [ana, bo]) await eventually(() => demo.text('#stage-name'), 'Nobody is in the spotlight');
    });

    it('counts the votes of both in a poll', async (test) => {
      const [ana, bo] = await pair(test, 'poll');
      await ana.fill('#poll-form-question', 'Lunch?');
      await ana.fill('#poll-form-options', 'Soup\nBread\n\nSoup');
      await ana.click('#poll-save');
      for (const demo of [ana, bo]) {
        await eventually(() => demo.text('#poll-question'), 'Lunch?');
        assert.deepEqual(await demo.texts('#poll-options li'), ['Soup 0 votes, 0%', 'Bread 0 votes, 0%']);
      }
      const vote = (option) => `#poll-options li:nth-child(${option}) [data-part="vote"]`;
      await ana.click(vote(1));
      await bo.click(vote(2));
      const eachOne = ['Soup 1 vote, 50%', 'Bread 1 vote, 50%'];
      for (const demo of [ana, bo]) await eventually(async () => tidy(await demo.texts('#poll-options li')), eachOne);
      assert.equal(await bo.attribute(vote(2), 'aria-pressed'), 'true');
      // To choose another one moves the vote, to choose it again withdraws it.
      await bo.click(vote(1));
      for (const demo of [ana, bo]) await eventually(async () => (await demo.texts('.votes'))[0], '2 votes, 100%');
      await ana.click(vote(1));
      for (const demo of [ana, bo]) await eventually(async () => (await demo.texts('.votes'))[0], '1 vote, 100%');

      await bo.click('#poll-end');
      for (const demo of [ana, bo]) {
        await eventually(() => demo.sees('#poll-question'), false);
        assert.deepEqual(await demo.data(), {});
      }
    });

    it('writes JSON with every strategy, says what is wrong with it, and lists the revisions', async (test) => {
      const [ana, bo] = await pair(test, 'editor');
      const write = async (demo, json, strategy) => {
        await demo.fill('#editor-json', json);
        await demo.click(`#strategy-${strategy}`);
        await demo.click('#editor-write');
      };
      const bothSee = async (data) => {
        for (const demo of [ana, bo]) await eventually(() => demo.data(), data);
      };
      await write(ana, '{"address":{"country":"Finland"}}', 'replace');
      await bothSee({ address: { country: 'Finland' } });
      await write(bo, '{"code":"358"}', 'shallow-merge');
      await bothSee({ address: { country: 'Finland' }, code: '358' });
      await write(ana, '{"address":{"city":"Helsinki"}}', 'shallow-merge');
      await bothSee({ address: { city: 'Helsinki' }, code: '358' });
      await eventually(() => bo.text('#data-revision'), 'revision 3');
      const changes = async (demo) => (await demo.texts('#revisions li')).map((text) => text.replace(/ [\d:.]+( [AP]M)?/, ''));
      const expected = ['3 changed address', '2 added code', '1 added address', '0 the data as we found it'];
      for (const demo of [ana, bo]) assert.deepEqual(await changes(demo), expected);

      await write(ana, '{ broken', 'replace');
      assert.match(await ana.text('#editor-error'), /^Not valid JSON: ./);
      assert.equal(await ana.attribute('#editor-json', 'aria-invalid'), 'true');
      await ana.click('#editor-load');
      assert.equal(await ana.sees('#editor-error'), false);
      assert.deepEqual(JSON.parse(await ana.value('#editor-json')), { address: { city: 'Helsinki' }, code: '358' });
      assert.deepEqual(await ana.data(), await bo.data());

      await write(bo, '{"address":{"city":null,"zip":"00100"}}', 'merge-patch');
      await bothSee({ address: { zip: '00100' }, code: '358' });
      await bo.click('#data-entries [data-key="code"] [data-part="remove"]');
      await bothSee({ address: { zip: '00100' } });
      await write(ana, '{}', 'replace');
      await bothSee({});
    });

    it('says in place that a list is no session data', async (test) => {
      const ana = await open(test, `/${name}-list?name=Ana`);
      await ana.fill('#editor-json', '[1]');
      await ana.click('#editor-write');
      await eventually(() => ana.text('#editor-error'), 'Not written: Meeting session data must be a plain (map-like) object');
    });

    it('opens a second participant beside the first, who leaves when it is closed', async (test) => {
      const proxy = await startProxy(test, server);
      const ana = await openDemo(test, browser, { url: `http://127.0.0.1:${proxy.port}` }, `/${name}-beside?name=Ana`);
      await ana.click('#open-second');
      await eventually(() => ana.texts('#participants .who'), ['Ana you', 'Mika']);
      const frame = ana.page.frames().find((frame) => frame.parentFrame());
      await frame.evaluate(() => {
        document.querySelector('#pinned-input').value = 'From beside';
        document.querySelector('#pinned-save').click();
      });
      await eventually(() => ana.text('#pinned-text'), 'From beside');
      assert.equal(await ana.text('#pinned-by'), 'Mika');
      await ana.click('#close-second');
      await eventually(() => ana.texts('#participants .who'), ['Ana you']);
      // At once, not after the seconds that a page has which is lost.
      assert.equal(proxy.sent().find(({ type }) => /^(leave|away)$/.test(type)).type, 'leave');
      await eventually(() => ana.sees('iframe'), false);
      await eventually(() => ana.focused(), 'open-second');
    });

    it('closes a second participant that waits for an answer only when it has left', async (test) => {
      const proxy = await startProxy(test, server);
      const room = `/${name}-beside-unanswered`;
      const ana = await openDemo(test, browser, { url: `http://127.0.0.1:${proxy.port}` }, `${room}?name=Ana`);
      await ana.click('#open-second');
      await eventually(() => ana.texts('#participants .who'), ['Ana you', 'Mika']);
      const frame = ana.page.frames().find((frame) => frame.parentFrame());
      proxy.stall({ only: 'received' });
      await frame.evaluate(() => {
        document.querySelector('#pinned-input').value = 'Unanswered';
        document.querySelector('#pinned-save').click();
      });
      await ana.click('#close-second');
      assert.equal(await ana.sees('iframe'), false);
      await eventually(() => proxy.sent().some((message) => message.type === 'leave'), true);
      await eventually(() => ana.page.frames().length, 1);
      proxy.heal();
      await eventually(() => ana.texts('#participants .who'), ['Ana you']);
      assert.equal(await ana.text('#pinned-text'), 'Unanswered');
    });

    it('loses nothing that is being typed when the server is killed and started again', async (test) => {
      let ownServer = await startServer();
      atEnd(test, () => ownServer.kill());
      const [ana, bo] = await meet(test, browser, ownServer, 'room', ['Ana', 'Bo'], { allow: LOST_CONNECTION });
      await bo.fill('#pinned-input', 'Old');
      await bo.click('#pinned-save');
      await eventually(() => ana.text('#pinned-text'), 'Old');
      await ana.fill('#editor-json', '{"half":');
      await ana.click('#pinned-edit');
      await ana.fill('#pinned-input', 'Being ty');

      await ownServer.kill();
      await eventually(() => ana.text('#connection'), 'Reconnecting…');
      await ana.type('ped');
      assert.equal(await ana.text('#room'), 'room');
      assert.deepEqual(await ana.data(), { pinned: { text: 'Old', by: 'Bo' } });
      ownServer = await startServer({ port: ownServer.port });
      for (const demo of [ana, bo]) {
        await eventually(() => demo.text('#connection'), 'Connected', 20_000);
        await eventually(() => demo.data(), {});
        await eventually(async () => (await demo.texts('#participants .who')).length, 2, 20_000);
      }
      await ana.type(' on');
      assert.equal(await ana.value('#pinned-input'), 'Being typed on');
      await eventually(() => ana.focused(), 'pinned-input');
      assert.equal(await ana.value('#editor-json'), '{"half":');
      await ana.press('Enter');
      await eventually(() => bo.text('#pinned-text'), 'Being typed on');
    });
  });

  describe(`the demo on a phone, in ${name}`, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());

    it('says where one looks that the connection is lost, and keeps what is written until it is there', async (test) => {
      const proxy = await startProxy(test, server);
      // Short, so that the texts in the bar are what decides over its lines.
      const path = `/${name[0]}`;
      const bo = await openDemo(test, browser, server, `${path}?name=Bo`);
      const options = { viewport: { width: 375, height: 740 }, allow: LOST_CONNECTION };
      const ana = await openDemo(test, browser, { url: `http://127.0.0.1:${proxy.port}` }, `${path}?name=Ana`, options);
      await bo.fill('#pinned-input', 'Old');
      await bo.click('#pinned-save');
      for (const demo of [ana, bo]) await eventually(() => demo.text('#pinned-text'), 'Old');
      await bo.click('#poll-save');
      await eventually(() => ana.sees('#poll-edit'), true);
      assert.equal(await ana.sees('#lost'), false);

      proxy.refuse();
      await eventually(() => ana.sees('#lost'), true);
      await ana.click('#pinned-edit');
      await ana.fill('#pinned-input', 'New');
      const main = () => ana.page.evaluate(() => document.querySelector('main.columns').offsetTop);
      const before = await main();
      await ana.click('#pinned-save');
      await eventually(() => ana.text('#saving'), '1 pending');
      assert.equal(await main(), before, 'what is under the thumb stays there');
      await ana.click('#poll-edit');
      await ana.fill('#poll-form-question', 'And now?');
      await ana.click('#poll-save');
      const top = () => ana.page.evaluate(() => Math.round(document.querySelector('#lost').getBoundingClientRect().top));
      assert.equal(await top(), 0, 'it is at the top of the screen, although the page is scrolled');
      // Nothing is shown as done, and nothing that was typed is gone.
      assert.deepEqual([await ana.value('#pinned-input'), await ana.sees('#pinned-form')], ['New', true]);
      assert.deepEqual([await ana.value('#poll-form-question'), await ana.sees('#poll-form')], ['And now?', true]);

      proxy.heal();
      // By now the pauses between two attempts may be long.
      await ana.page.evaluate(() => dispatchEvent(new Event('online')));
      for (const demo of [ana, bo]) {
        await eventually(() => demo.text('#pinned-text'), 'New');
        await eventually(() => demo.text('#poll-question'), 'And now?');
      }
      assert.equal(await ana.sees('#lost'), false);
    });
  });

  // Alone, because keys go to the window in front.
  describe(`the demo without a mouse, in ${name}`, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());

    it('can be used from joining to leaving', async (test) => {
      const bo = await openDemo(test, browser, server, `/${name}-keys?name=Bo`);
      const ana = await openDemo(test, browser, server);
      await ana.page.bringToFront();
      await ana.type('Ana');
      await ana.tabTo('join-room');
      await ana.press('Home');
      await ana.page.keyboard.down('Shift');
      await ana.press('End');
      await ana.page.keyboard.up('Shift');
      await ana.type(`${name}-keys`);
      await ana.press('Enter');
      await eventually(() => ana.text('#participant-count'), '2');
      await eventually(() => ana.focused(), 'room');

      await ana.tabTo('pinned-input');
      await ana.type('By keyboard');
      await ana.press('Enter');
      await eventually(() => bo.text('#pinned-text'), 'By keyboard');
      // The field is gone, and the focus is on what took its place.
      await eventually(() => ana.focused(), 'pinned-edit');
      await ana.press('Enter');
      await eventually(() => ana.focused(), 'pinned-input');
      await ana.type(', too');
      await ana.press('Enter');
      await eventually(async () => (await bo.text('#pinned-text')).includes(', too'), true);

      await ana.tabTo('rename');
      await ana.press(' ');
      await eventually(() => ana.focused(), 'rename-input');
      await ana.type('Anna');
      await ana.press('Enter');
      await eventually(() => ana.focused(), 'rename');
      await eventually(() => bo.texts('#participants .who'), ['Bo you', 'Anna']);

      await ana.tabTo('poll-save');
      await ana.press('Enter');
      for (const demo of [ana, bo]) await eventually(() => demo.sees('#poll-question'), true);

      await ana.tabTo('strategy-shallow-merge');
      await ana.press('ArrowDown', 'Enter');
      await eventually(() => bo.data(), { address: { country: 'Finland' } });

      // Forwards, Tab would lead through the browser's own buttons first.
      await ana.tabTo('leave', { back: true });
      await ana.press('Enter');
      await eventually(() => ana.focused(), 'join-submit');
      await eventually(() => bo.text('#participant-count'), '1');
    });
  });
}

/** Without the mark that shows which option one has chosen, which not every browser counts as text. */
function tidy(texts) {
  return texts.map((text) => text.replace(' ✓', ''));
}
