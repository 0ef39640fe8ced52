// The demo when two people change the same thing: votes, the pinned message, and what is said of who changed what.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { BROWSERS, LOST_CONNECTION, launch } from './support/browsers.mjs';
import { meet, openDemo } from './support/demo.mjs';
import { eventually } from './support/peers.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

const ROUNDS = 30;

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

for (const name of BROWSERS) {
  describe(`the demo when two change the same, in ${name}`, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());
    const pair = (test, room) => meet(test, browser, server, `${name}-${room}`, ['Ana', 'Bo']);

    /** Ana directly at the server, and Bo behind a proxy that can hold up what he hears. */
    async function apart(test, room) {
      const proxy = await startProxy(test, server);
      const [ana] = await meet(test, browser, server, `${name}-${room}`, ['Ana']);
      const bo = await openDemo(test, browser, { url: `http://127.0.0.1:${proxy.port}` }, `/${name}-${room}?name=Bo`, {
        allow: LOST_CONNECTION,
      });
      for (const demo of [ana, bo]) await eventually(() => demo.text('#participant-count'), '2');
      return { ana, bo, proxy };
    }

    async function pin(demo, text) {
      await demo.fill('#pinned-input', text);
      await demo.click('#pinned-save');
    }

    /** Bo has the form open with "Old", and Ana has pinned "Hers" meanwhile. */
    async function disagree(ana, bo) {
      await pin(ana, 'Old');
      await bo.click('#pinned-edit');
      await bo.fill('#pinned-input', 'His');
      await ana.click('#pinned-edit');
      await pin(ana, 'Hers');
      await eventually(() => ana.text('#pinned-text'), 'Hers');
    }

    it('loses no vote when both vote at the same moment, again and again', async (test) => {
      const [ana, bo] = await pair(test, 'votes');
      await ana.click('#poll-save');
      for (const demo of [ana, bo]) await eventually(() => demo.sees('#poll-options'), true);
      const vote = (demo, nth) =>
        demo.page.evaluate((nth) => document.querySelectorAll('#poll-options button')[nth].click(), nth);
      for (let round = 0; round < ROUNDS; round += 1) {
        // Each changes their vote in each round, so both votes count whatever was before.
        const counts = [0, 1, 2].map((nth) => ((nth - round + 300) % 3 < 2 ? '1 vote, 50%' : '0 votes, 0%'));
        await Promise.all([vote(ana, round % 3), vote(bo, (round + 1) % 3)]);
        for (const demo of [ana, bo]) {
          await eventually(() => demo.texts('.votes'), counts);
          await eventually(() => demo.sees('[aria-busy]'), false);
        }
      }
      // Each vote was a revision: none was merged with, or lost to, the other's.
      assert.equal(await ana.text('#data-revision'), `revision ${1 + 2 * ROUNDS}`);
    });

    it('says at each key who changed it last, when, and which revision that was', async (test) => {
      const [ana, bo] = await pair(test, 'writers');
      const stamp = async (demo) =>
        (await demo.texts('[data-key="pinned"] .stamp'))[0]?.replace(/\d+:[\d:.]+( [AP]M)?/, 'T');
      await pin(ana, 'Hello');
      await eventually(() => ana.text('#pinned-text'), 'Hello');
      await eventually(() => stamp(ana), 'you T revision 1');
      await eventually(() => stamp(bo), 'Ana T revision 1');
      await bo.click('#pinned-edit');
      await pin(bo, 'Bye');
      await eventually(() => stamp(bo), 'you T revision 2');
      await eventually(() => stamp(ana), 'Bo T revision 2');
      await bo.click('#leave');
      await eventually(() => ana.text('#participant-count'), '1');
      assert.equal(await stamp(ana), 'Bo T revision 2', 'who has left is still known to who has met him');
      const cleo = await openDemo(test, browser, server, `/${name}-writers?name=Cleo`);
      await eventually(() => stamp(cleo), 'somebody who has left T revision 2');
    });

    it('does not overwrite a message that has changed since the form was opened, but asks', async (test) => {
      const [ana, bo] = await pair(test, 'overwrite');
      await disagree(ana, bo);
      await eventually(async () => (await bo.data()).pinned.text, 'Hers');
      await bo.press('Enter');
      await eventually(() => bo.text('#pinned-refused'), 'Not saved: Ana changed the message while you were writing.');
      assert.equal(await bo.text('#pinned-theirs'), 'Hers');
      assert.equal(await bo.focused(), 'pinned-refusal');
      assert.equal(await bo.value('#pinned-input'), 'His');
      assert.equal((await ana.data()).pinned.text, 'Hers');

      await bo.press('Tab', 'Enter');
      for (const demo of [ana, bo]) await eventually(() => demo.text('#pinned-text'), 'His');
      assert.equal(await bo.sees('#pinned-refusal'), false);
      await eventually(() => bo.focused(), 'pinned-edit');
    });

    it('offers to take theirs, also when it is that the message is gone', async (test) => {
      const [ana, bo] = await pair(test, 'take');
      await disagree(ana, bo);
      await eventually(async () => (await bo.data()).pinned.text, 'Hers');
      await bo.click('#pinned-save');
      await bo.click('#pinned-take');
      await eventually(() => bo.text('#pinned-text'), 'Hers');
      assert.equal(await bo.sees('#pinned-refusal'), false);

      await bo.click('#pinned-edit');
      await bo.fill('#pinned-input', 'His');
      await ana.click('#pinned-clear');
      await eventually(() => bo.data(), {});
      await bo.click('#pinned-save');
      await eventually(() => bo.text('#pinned-refused'), 'Not saved: Ana removed the message while you were writing.');
      await bo.click('#pinned-take');
      await eventually(() => bo.focused(), 'pinned-input');
      assert.equal(await bo.value('#pinned-input'), '');
      assert.deepEqual(await bo.data(), {});
    });

    it('is refused by the server when the other change has not arrived yet', async (test) => {
      const { ana, bo, proxy } = await apart(test, 'race');
      await pin(ana, 'Old');
      await bo.click('#pinned-edit');
      await bo.fill('#pinned-input', 'His');
      proxy.stall({ only: 'received' });
      await ana.click('#pinned-edit');
      await pin(ana, 'Hers');
      await eventually(() => ana.text('#pinned-text'), 'Hers');
      await bo.click('#pinned-save');
      // Bo's page knows nothing of it, and shows that it waits.
      await eventually(() => bo.text('#saving'), '1 pending');
      assert.equal(await bo.sees('#pinned-refusal'), false);
      assert.equal(await bo.attribute('#pinned-save', 'aria-busy'), 'true');
      proxy.heal();
      await eventually(() => bo.text('#pinned-refused'), 'Not saved: Ana changed the message while you were writing.');
      assert.equal(await bo.text('#saving'), 'All changes saved');
      assert.equal((await ana.data()).pinned.text, 'Hers');
    });

    it('says what is not saved: pending while the connection is lost, and why when it cannot be', async (test) => {
      const { ana, bo, proxy } = await apart(test, 'saving');
      assert.equal(await bo.text('#saving'), 'All changes saved');
      await ana.click('#poll-save');
      await eventually(() => bo.sees('#poll-options'), true);
      proxy.refuse();
      await eventually(() => bo.sees('#lost'), true);
      await bo.click('#poll-options button');
      await eventually(() => bo.text('#saving'), '1 pending');
      assert.equal(await bo.attribute('#poll-options button', 'aria-busy'), 'true');
      proxy.heal();
      // By now the pauses between two attempts may be long.
      await bo.page.evaluate(() => dispatchEvent(new Event('online')));
      await eventually(() => bo.text('#saving'), 'All changes saved');
      for (const demo of [ana, bo]) await eventually(async () => (await demo.texts('.votes'))[0], '1 vote, 100%');

      await bo.page.evaluate(() => {
        const large = { large: 'x'.repeat(102_380) };
        document.querySelector('#editor-json').value = JSON.stringify(large);
      });
      await bo.click('#editor-write');
      await eventually(() => bo.text('#saving'), 'Not sent: the data would be too large');
      assert.equal(await bo.text('#editor-error'), 'Not written: the data would be too large');
      await bo.fill('#editor-json', '{ "small": 1 }');
      await bo.click('#editor-write');
      await eventually(() => bo.text('#saving'), 'All changes saved');
    });

    it('writes JSON only if nothing has changed since, if that is asked for', async (test) => {
      const [ana, bo] = await pair(test, 'revision');
      await bo.click('#editor-conditional');
      assert.equal(await bo.text('#editor-revision'), 'revision 0');
      await pin(ana, 'Hello');
      await eventually(() => bo.text('#pinned-text'), 'Hello');
      await bo.click('#editor-write');
      const refusal = 'Not written: the data has changed and is at revision 1, "pinned" by Ana. Write again to go ahead.';
      await eventually(() => bo.text('#editor-error'), refusal);
      await bo.click('#editor-write');
      await eventually(async () => Object.keys(await ana.data()), ['pinned', 'address']);
    });
  });
}
