// 100ms's React hooks as this package has them, with every version of React that they are for: the example of 100ms's
// page after a change of its import line, and each hook.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { startPatientServer } from './support/lifecycle.mjs';
import { eventually, openPeer, pause, until } from './support/peers.mjs';
import {
  chat,
  pinned,
  press,
  QUIET_MS,
  REACTS,
  reloadAndStayAway,
  renderOnServer,
  say,
  servePages,
  startBoth,
  tag,
  text,
} from './support/react.mjs';

/** The change of the import line. */
const CHANGED_IMPORT = { '@100mslive/react-sdk': 'meeting-session-state/100ms/react' };

const both = startBoth();

for (const [version, alias] of Object.entries(REACTS)) {
  describe(`the pinned message of 100ms's page, with ${version}`, { concurrency: 2 }, () => {
    const openRoom = servePages(both, 'pinned-message-page.jsx', { alias: { ...alias, ...CHANGED_IMPORT } });

    function open(test, url, name, ...flags) {
      const parameters = new URLSearchParams([['url', url], ['name', name], ...flags.map((flag) => [flag, ''])]);
      return openRoom(test, { query: `?${parameters}` });
    }

    for (const when of ['when it is mounted', 'later']) {
      it(`is still there after a reload by the only peer, which joins ${when}`, async (test) => {
        // On a slow machine a reload may take longer than the five seconds that it has by default.
        const patient = await startPatientServer();
        atEnd(test, () => patient.stop());
        const url = patient.sessionUrl('room');
        // Later, the provider's handlers for the end of the page come before those of the call.
        const ana = await open(test, url, 'Ana', 'own', 'strict', ...(when === 'later' ? ['wait'] : []));
        const joinLater = async () => {
          if (when !== 'later') return;
          await until(() => ana.evaluate(() => Boolean(Room.join)));
          await ana.evaluate(() => Room.join());
        };
        await joinLater();
        await ana.waitForSelector('#chat input');
        await ana.evaluate(() => Room.actions.setSessionMetadata('kept'));
        const id = () => ana.evaluate(() => Room.store.getState().room.localPeer);
        const before = await id();
        await ana.reload();
        await joinLater();
        await eventually(() => pinned(ana), 'kept');
        assert.equal(await id(), before);
      });
    }

    for (const flags of [[], ['own'], ['own', 'strict']]) {
      const how = { '': 'a store that is given', own: 'a store of its own', 'own,strict': 'its own in StrictMode' }[flags];
      it(`is there for two peers and a late joiner, with ${how}`, async (test) => {
        const url = both.newUrl();
        const ana = await open(test, url, 'Ana', ...flags);
        const bo = await open(test, url, 'Bo', ...flags);
        for (const page of [ana, bo]) await page.waitForSelector('#chat input');
        await say(ana, 'Lunch at noon');
        for (const page of [ana, bo]) await eventually(() => chat(page), ['Ana Lunch at noon']);
        assert.equal(await pinned(bo), undefined);

        await press(bo, '#chat button');
        for (const page of [ana, bo]) await eventually(() => pinned(page), 'Ana: Lunch at noon');
        const cy = await open(test, url, 'Cy', ...flags);
        await eventually(() => pinned(cy), 'Ana: Lunch at noon');
        // Not one render as of a room without it.
        const shown = await cy.evaluate(() => Room.shown.filter((one) => one.isConnected));
        assert.deepEqual(shown.filter((one) => one.metadata !== 'Ana: Lunch at noon'), []);
        assert.deepEqual(await chat(cy), []);

        // Neither who is not there any more nor another one's message is in the way.
        await ana.evaluate(() => Room.unmount());
        await ana.close();
        await say(cy, 'Lunch at one');
        await eventually(() => chat(bo), ['Ana Lunch at noon', 'Cy Lunch at one']);
        await press(cy, '#chat button');
        for (const page of [bo, cy]) await eventually(() => pinned(page), 'Cy: Lunch at one');
        await press(bo, '#chat button');
        for (const page of [bo, cy]) await eventually(() => pinned(page), 'Ana: Lunch at noon');

        await press(cy, '#pinned button');
        for (const page of [bo, cy]) await eventually(() => pinned(page), undefined);
        assert.equal(await bo.evaluate(() => Room.store.getState().sessionMetadata), null);
        for (const page of [bo, cy]) assert.equal(await page.evaluate(() => Room.error), undefined);
      });
    }

    it('is shown to the others without a refresh message, and to the other face', async (test) => {
      const url = both.newUrl();
      const [ana, bo] = [await open(test, url, 'Ana'), await open(test, url, 'Bo')];
      for (const page of [ana, bo]) await page.waitForSelector('#chat input');
      await ana.evaluate(() => Room.actions.setSessionMetadata('without a word'));
      await eventually(() => pinned(bo), 'without a word');
      const peer = await openPeer(test, both.browser, both.server);
      await peer.join(url);
      assert.deepEqual(await peer.data(), { default: 'without a word' });
      await peer.evaluate(() => call.setMeetingSessionData({ default: 'from Daily' }, 'shallow-merge'));
      for (const page of [ana, bo]) await eventually(() => pinned(page), 'from Daily');
    });
  });

  describe(`meeting-session-state/100ms/react with ${version}`, { concurrency: 2 }, () => {
    const openEmpty = servePages(both, 'own-100ms-page.jsx', { alias });

    /** Opens a page with these props of the provider, and joins if there is a name. The page must not warn. */
    async function open(test, url, name, props = {}) {
      const page = await openEmpty(test);
      const warnings = [];
      // Looks before the page is closed, which makes it leave: that warns where nothing is joined.
      atEnd(test, () => assert.deepEqual(warnings, []));
      page.on('console', (message) => message.type() === 'warn' && warnings.push(message.text()));
      await page.evaluate((props) => App.show(props), props);
      await page.waitForSelector('#local');
      if (name) await join(page, url, name);
      return page;
    }

    it('renders a component again only when what it selects has changed', async (test) => {
      const url = both.newUrl();
      const ana = await open(test, url, 'Ana');
      const bo = await open(test, url, 'Bo');
      await eventually(() => text(ana, '#people'), 'Ana,Bo');
      await ana.evaluate(() => App.actions.sessionStore.observe('votes'));
      await bo.evaluate(() => App.actions.sessionStore.set('votes', [1, 2]));
      await eventually(() => text(ana, '#local'), '["Ana",null,2]');
      const since = async (before) => {
        await pause(QUIET_MS);
        const now = await ana.evaluate(() => App.renders);
        return Object.keys(now).filter((name) => now[name] > before[name]);
      };

      let before = await ana.evaluate(() => App.renders);
      await bo.evaluate(() => App.actions.sessionStore.set('other', 1));
      await ana.evaluate(() => App.actions.sessionStore.observe('other'));
      // The equality of its own takes this for no change.
      await bo.evaluate(() => App.actions.sessionStore.set('votes', [2, 3]));
      await until(() => ana.evaluate(() => App.store.getState().sessionStore.votes[0] === 2));
      assert.deepEqual(await since(before), []);

      before = await ana.evaluate(() => App.renders);
      await bo.evaluate(() => App.actions.setSessionMetadata({ pinned: true }));
      await eventually(() => text(ana, '#local'), '["Ana",{"pinned":true},2]');
      assert.deepEqual(await since(before), ['Local']);

      before = await ana.evaluate(() => App.renders);
      await bo.evaluate(() => App.actions.changeName('Bo Lee'));
      await eventually(() => text(ana, '#people'), 'Ana,Bo Lee');
      assert.deepEqual((await since(before)).sort(), ['Notifications', 'People']);

      before = await ana.evaluate(() => App.renders);
      assert.equal(await text(ana, '#seat'), '[null,0]');
      await ana.evaluate(() => App.actions.sessionStore.observe('seat'));
      await bo.evaluate(() => App.actions.sessionStore.set('seat', 'Bo', { ifVersion: 0 }));
      await until(async () => (await text(ana, '#seat')).startsWith('["Bo",'));
      assert.deepEqual(await since(before), ['Seat']);
      before = await ana.evaluate(() => App.renders);
      await bo.evaluate(() => App.actions.sessionStore.set('seat', 'Bo'));
      await bo.evaluate(() => App.actions.sessionStore.set('other', 2));
      await until(() => ana.evaluate(() => App.store.getState().sessionStore.other === 2));
      assert.deepEqual(await since(before), []);
    });

    it('sends custom events to the others and to the sender, and not to the chat', async (test) => {
      const url = both.newUrl();
      const [ana, bo, cy] = [await open(test, url, 'Ana'), await open(test, url, 'Bo'), await open(test, url, 'Cy')];
      for (const page of [ana, bo, cy]) await until(async () => (await text(page, '#people')).split(',').length === 3);
      const boId = await bo.evaluate(() => App.store.getState().room.localPeer);

      await ana.evaluate(() => App.wave({ hand: ['left'] }));
      await ana.evaluate(() => App.say('hello'));
      await ana.evaluate(() => App.sendUnheard(1));
      for (const page of [ana, bo, cy]) {
        await eventually(() => events(page), [
          { type: 'WAVE', data: { hand: ['left'] }, tag: 'first' },
          { type: 'SAY', data: 'hello', tag: 'first' },
        ]);
      }
      for (const page of [ana, bo, cy]) await tag(page, 'second');
      await ana.evaluate((peerId) => App.wave(0, { peerId }), boId);
      for (const page of [ana, bo]) {
        await eventually(async () => (await events(page)).at(-1), { type: 'WAVE', data: 0, tag: 'second' });
      }
      await ana.evaluate(() => App.wave(undefined, { roleNames: Object.keys(App.store.getState().roles) }));
      await eventually(async () => (await events(cy)).at(-1), { type: 'WAVE', data: '', tag: 'second' });
      assert.equal((await events(cy)).length, 3);
      for (const page of [ana, bo, cy]) {
        assert.deepEqual(await page.evaluate(() => App.store.getState().messages.allIDs), []);
        assert.equal(await page.evaluate(() => App.senders.size), 1);
      }
    });

    it('tells handleError of an event that cannot be sent or read', async (test) => {
      const url = both.newUrl();
      const [ana, bo] = [await open(test, url), await open(test, url, 'Bo')];
      await ana.evaluate(() => App.wave('too early'));
      assert.deepEqual(await ana.evaluate(() => App.errors.map((one) => one.method)), ['sendCustomEvent']);
      assert.deepEqual(await events(ana), []);
      await join(ana, url, 'Ana');
      await eventually(() => text(bo, '#people'), 'Bo,Ana');
      await bo.evaluate(() => App.actions.sendBroadcastMessage('no JSON', 'WAVE'));
      const methods = () => ana.evaluate(() => App.errors.map((one) => one.method));
      await eventually(methods, ['sendCustomEvent', 'handleCustomEvent']);
      assert.deepEqual(await events(ana), []);
    });

    it('shows the latest notification of the types that are asked for', async (test) => {
      const url = both.newUrl();
      const ana = await open(test, url, undefined, { withStore: true });
      assert.equal(await text(ana, '#notifications'), '[null,null,null]');
      await join(ana, url, 'Ana');
      await tag(ana, 'second');
      const bo = await open(test, url, 'Bo');
      await eventually(() => text(ana, '#notifications'), '["PEER_JOINED",["PEER_JOINED","Bo"],null]');
      await bo.evaluate(() => App.actions.sendBroadcastMessage('hello'));
      await eventually(() => text(ana, '#notifications'), '["NEW_MESSAGE",["PEER_JOINED","Bo"],"hello"]');
      await bo.evaluate(() => App.actions.leave());
      await eventually(() => text(ana, '#notifications'), '["PEER_LEFT",["PEER_LEFT","Bo"],"hello"]');
      // Three hooks for notifications and three for events, of which each has subscribed once over all renders.
      assert.equal(await ana.evaluate(() => App.subscriptions), 6);
      await ana.evaluate(() => App.unmount());
      assert.equal(await ana.evaluate(() => App.listening), 0);
    });

    it('uses the parts that it is given, and introduces itself to them', async (test) => {
      const url = both.newUrl();
      const ana = await open(test, url, 'Ana', { withStore: true });
      assert.deepEqual(
        await ana.evaluate(() => ['actions', 'store', 'notifications'].filter((part) => App[part] !== App.given[part])),
        [],
      );
      const [framework] = await ana.evaluate(() => App.frameworks);
      assert.equal(framework.type, 'react-web');
      assert.match(framework.version, new RegExp(`^${version.split(' ')[1]}\\.`));
      assert.match(framework.sdkVersion, /^\d+\.\d+\.\d+$/);
      // The application joined and may go on without these components.
      await ana.evaluate(() => App.unmount());
      await pause(QUIET_MS);
      assert.equal(await ana.evaluate(() => App.given.store.getState().room.isConnected), true);

    });

    it('makes a store of its own without them, and ends with it when it gets some', async (test) => {
      const url = both.newUrl();
      const ana = await open(test, url, undefined, { withStore: true });
      await ana.evaluate(() => App.show({}));
      await until(() => ana.evaluate(() => App.store !== App.given.store));
      await join(ana, url, 'Ana');
      const bo = await open(test, url, 'Bo');
      await eventually(() => text(ana, '#people'), 'Ana,Bo');
      await ana.evaluate(() => App.show({ withStore: true }));
      await eventually(() => text(ana, '#people'), '');
      await eventually(() => text(bo, '#people'), 'Bo');
      // One that has not joined has nothing to leave.
      const cy = await open(test, url, undefined, { strict: true });
      await cy.evaluate(() => App.unmount());
      await pause(QUIET_MS);
    });

    it('leaves the room of its own store when it is unmounted, in StrictMode too', async (test) => {
      const url = both.newUrl();
      const watcher = await openPeer(test, both.browser, both.server);
      await watcher.join(url);
      for (const strict of [false, true]) {
        const ana = await open(test, url, 'Ana', { strict });
        await eventually(() => watcher.names(), ['', 'Ana']);
        await ana.evaluate(() => App.show({ leaveOnUnload: false }));
        await ana.evaluate(() => App.unmount());
        if (!strict) {
          await pause(QUIET_MS);
          assert.deepEqual(await watcher.names(), ['', 'Ana']);
          await ana.evaluate(() => App.actions.leave());
        }
        await eventually(() => watcher.names(), ['']);
      }
    });

    it('leaves a moment after the page has gone away', async (test) => {
      const url = both.newUrl();
      const watcher = await openPeer(test, both.browser, both.server);
      await watcher.join(url);
      const ana = await open(test, url, 'Ana');
      const bo = await open(test, url, 'Bo', { leaveOnUnload: false });
      const cy = await open(test, url, 'Cy', { withStore: true });
      await eventually(() => watcher.names(), ['', 'Ana', 'Bo', 'Cy']);
      await reloadAndStayAway({ Ana: ana, Bo: bo, Cy: cy }, watcher);
    });

    it('renders on a server without WebAssembly or WebSocket, and takes that over in the browser', async (test) => {
      const { html, refusals } = await renderOnServer(test, 'own-100ms-server.jsx', alias);
      assert.match(html, /<output id="local">\[null,null,null\]<\/output>/);
      assert.deepEqual(Object.keys(refusals).sort(), [
        'useCustomEvent',
        'useHMSActions',
        'useHMSNotifications',
        'useHMSStore',
        'useHMSVanillaNotifications',
        'useHMSVanillaStore',
      ]);
      for (const [hook, message] of Object.entries(refusals)) {
        assert.match(message, new RegExp(`^${hook}\\(\\) needs an <HMSRoomProvider>`));
      }
      const ana = await openEmpty(test);
      await ana.evaluate((html) => App.hydrate(html, { strict: true }), html);
      await until(() => ana.evaluate(() => App.actions));
      await join(ana, both.newUrl(), 'Ana');
      await eventually(() => text(ana, '#people'), 'Ana');
      assert.ok(await ana.evaluate(() => document.getElementById('local') === App.served), 'it was not rendered anew');
    });
  });
}

function join(page, initEndpoint, userName) {
  return page.evaluate((config) => App.actions.join(config), { initEndpoint, userName });
}

function events(page) {
  return page.evaluate(() => App.events);
}
