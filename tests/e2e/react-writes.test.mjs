// The React entry's hooks for writes that are answered, on pages, with every version of React that it is for.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { LOST_CONNECTION } from './support/browsers.mjs';
import { eventually, pause, until } from './support/peers.mjs';
import { QUIET_MS, REACTS, RECONNECT_MS, servePages, startBoth, text } from './support/react.mjs';
import { startProxy } from './support/wire.mjs';

/** The longest session data, in units. */
const MAX_DATA = 102_400;

const SAVED = '0 none All changes saved';

const both = startBoth();

for (const [version, alias] of Object.entries(REACTS)) {
  describe(`writes with meeting-session-state/react and ${version}`, { concurrency: 2 }, () => {
    const openEmpty = servePages(both, 'react-page.jsx', { alias });

    /** Opens a page that shows the session and is joined. Unless allowed, it may neither warn nor report an error. */
    async function open(test, props, { allow } = {}) {
      const page = await openEmpty(test, { allow, warnings: true });
      await page.evaluate((props) => App.show(props), props);
      if (props.url) await until(async () => (await text(page, '#view'))?.includes('"connected"'));
      return page;
    }

    it('counts what several add at once, and its functions stay the same', async (test) => {
      const url = both.newUrl();
      const pages = [await open(test, { url, userName: 'Ana', strict: true }), await open(test, { url, userName: 'Bo' })];
      const add = async () => {
        const writers = [...App.writers];
        const one = () => App.transact((draft) => void (draft.count = (draft.count ?? 0) + 1), { attempts: 100 });
        const results = await Promise.all(Array.from({ length: 10 }, one));
        return { results: new Set(results.map(({ status }) => status)).size, same: writers.every((one) => App.writers.has(one)) };
      };
      const ends = await Promise.all(pages.map((page) => page.evaluate(add)));
      assert.deepEqual(ends, Array(2).fill({ results: 1, same: true }));
      for (const page of pages) {
        await eventually(async () => JSON.parse(await text(page, '#view')).data, { count: 20 });
        await eventually(() => text(page, '#saving'), SAVED);
        assert.equal(await text(page, '#writer'), 'answered none');
      }
      // In StrictMode the first render is made twice, with functions of its own.
      assert.equal(await pages[1].evaluate(() => App.writers.size), 2);
    });

    it('shows that a write is not answered, why it failed, and forgets that with the next', async (test) => {
      const proxy = await startProxy(test, both.server);
      const room = both.newRoom();
      const ana = await open(test, { url: proxy.sessionUrl(room), userName: 'Ana' });
      const bo = await open(test, { url: both.server.sessionUrl(room), userName: 'Bo' });
      const merge = { mergeStrategy: 'shallow-merge' };
      assert.deepEqual(await ana.evaluate((options) => App.update({ a: 1 }, options), merge), { revision: 1, status: 'applied' });
      await eventually(() => text(ana, '#writer'), 'answered none');

      proxy.stall({ only: 'received' });
      await ana.evaluate((options) => void (App.first = App.update({ a: 2 }, options)), merge);
      await ana.evaluate((options) => void (App.second = App.update({ b: 2 }, options)), merge);
      await eventually(() => text(ana, '#writer'), 'pending none');
      await eventually(() => text(ana, '#saving'), '2 none 2 pending');
      proxy.heal();
      assert.deepEqual(await ana.evaluate(() => Promise.all([App.first, App.second])), [
        { revision: 2, status: 'applied' },
        { revision: 3, status: 'applied' },
      ]);
      await eventually(() => text(ana, '#writer'), 'answered none');

      // Bo is first, which Ana does not know.
      proxy.stall({ only: 'received' });
      await bo.evaluate((options) => App.update({ a: 'Bo' }, options), merge);
      await ana.evaluate((options) => void App.update({ a: 'Ana' }, { ...options, ifUnchanged: ['a'] }), merge);
      await eventually(() => text(ana, '#writer'), 'pending none');
      proxy.heal();
      // Nobody handles the rejection, and the page reports none.
      await eventually(() => text(ana, '#writer'), 'answered conflict');
      await eventually(() => text(ana, '#saving'), SAVED);
      proxy.stall({ only: 'received' });
      await ana.evaluate((options) => void App.update({ a: 'Ana' }, options), merge);
      await eventually(() => text(ana, '#writer'), 'pending none');
      proxy.heal();
      await eventually(() => text(ana, '#writer'), 'answered none');

      // Who awaits it hears of it too; and of several, one that failed stays in sight.
      const codes = await ana.evaluate(async () => {
        const code = (write) => write.then(() => 'done', (error) => error.code);
        return Promise.all([code(App.update([])), code(App.update({ a: 3 }))]);
      });
      assert.deepEqual(codes, ['invalid_argument', 'done']);
      await eventually(() => text(ana, '#writer'), 'answered invalid_argument');
    });

    it('says what is not saved yet, and what cannot be', async (test) => {
      const proxy = await startProxy(test, both.server);
      const url = proxy.sessionUrl(both.newRoom());
      const ana = await open(test, { url, userName: 'Ana', strict: true }, { allow: LOST_CONNECTION });
      await eventually(() => text(ana, '#saving'), SAVED);
      proxy.refuse();
      await until(async () => (await text(ana, '#view')).includes('"reconnecting"'));
      await ana.evaluate(() => {
        App.set({ a: 1 }, 'shallow-merge');
        App.set({ b: 1 }, 'shallow-merge');
        App.update({ c: 1 }, { mergeStrategy: 'shallow-merge' });
      });
      await eventually(() => text(ana, '#saving'), '2 none 2 pending');
      proxy.heal();
      await eventually(() => text(ana, '#saving'), SAVED, RECONNECT_MS);
      assert.deepEqual(JSON.parse(await text(ana, '#view')).data, { a: 1, b: 1, c: 1 });

      // It is short enough for an update, and the data with it in is not.
      await ana.evaluate((length) => App.set({ d: 'x'.repeat(length) }, 'shallow-merge'), MAX_DATA - '{"d":""}'.length);
      const size = MAX_DATA + '"a":1,"b":1,"c":1,'.length;
      const tooLarge = `Meeting session data is too large (${size} characters). Maximum size suppported is 102400.`;
      await eventually(() => text(ana, '#saving'), `0 too_large Not sent: ${tooLarge}`);
      await ana.evaluate(() => App.set({ d: 'short' }, 'shallow-merge'));
      await eventually(() => text(ana, '#saving'), SAVED);
    });

    it('that is unmounted during a write warns of nothing, and the write is made', async (test) => {
      const proxy = await startProxy(test, both.server);
      const url = proxy.sessionUrl(both.newRoom());
      const page = await openEmpty(test);
      const warnings = [];
      page.on('console', (message) => warnings.push(message.text()));
      await page.evaluate(() => App.makeCall());
      await page.evaluate((props) => App.show(props), { withCall: true });
      await page.evaluate((url) => App.call.join({ url }).then(() => {}), url);
      proxy.stall({ only: 'received' });
      await page.evaluate(() => void (App.written = App.update({ a: 1 })));
      await page.evaluate(() => void (App.refused = App.update({ a: 2 }, { ifRevision: 7 })));
      await eventually(() => text(page, '#writer'), 'pending none');
      await page.evaluate(() => App.unmount());
      proxy.heal();
      assert.deepEqual(await page.evaluate(() => App.written), { revision: 1, status: 'applied' });
      assert.equal(await page.evaluate(() => App.refused.catch((error) => error.code)), 'conflict');
      await pause(QUIET_MS);
      assert.deepEqual(warnings, []);
    });

    it('has nothing to save without a call, and rejects a write', async (test) => {
      const ana = await open(test, { call: null });
      assert.equal(await text(ana, '#saving'), SAVED);
      const codes = await ana.evaluate(async () => {
        const code = (write) => write.catch(({ name, code, message }) => [name, code, message]);
        return [await code(App.transact(() => {})), await code(App.update({}))];
      });
      const why = 'needs a call: the <SessionProvider> has not got one, or not made it yet';
      assert.deepEqual(codes, [
        ['SessionError', 'not_joined', `transact() ${why}`],
        ['SessionError', 'not_joined', `updateMeetingSessionData() ${why}`],
      ]);
      await eventually(() => text(ana, '#writer'), 'answered not_joined');
      // And so does a call that is not joined.
      await ana.evaluate(() => App.makeCall());
      await ana.evaluate((props) => App.show(props), { withCall: true });
      assert.equal(await ana.evaluate(() => App.transact(() => {}).catch((error) => error.code)), 'not_joined');
      assert.equal(await text(ana, '#saving'), SAVED);
    });
  });
}
