// The real, unmodified @100mslive/react-sdk, its provider, hooks and selectors, over the store, the actions and the
// notifications of our 100ms entry.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { atEnd } from './support/at-end.mjs';
import { LOST_CONNECTION } from './support/browsers.mjs';
import { eventually, openPeer, pause, until } from './support/peers.mjs';
import {
  chat,
  pinned,
  press,
  QUIET_MS,
  RECONNECT_MS,
  reloadAndStayAway,
  say,
  servePages,
  startBoth,
} from './support/react.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

const OLD = fileURLToPath(new URL('../../node_modules/react-sdk-0.11', import.meta.url));
const VERSIONS = {
  '0.11.0': { alias: { '@100mslive/react-sdk': OLD } },
  // This one was published without a value for that.
  '0.13.0': { define: { 'process.env.REACT_SDK_VERSION': '"0.13.0"' } },
};

const both = startBoth();

for (const [version, options] of Object.entries(VERSIONS)) {
  describe(`the pinned message of 100ms's page with react-sdk ${version}`, { concurrency: 2 }, () => {
    const openRoom = servePages(both, 'react-sdk-pinned.jsx', options);

    /** Opens the application and joins. */
    async function open(test, url, name, flags = [], allow = []) {
      const parameters = [['url', url], ['name', name], ...flags.map((flag) => [flag, ''])];
      const page = await openRoom(test, { query: `?${new URLSearchParams(parameters)}`, allow });
      await page.waitForSelector('#outside');
      await page.evaluate(() => Room.join());
      await page.waitForSelector('#chat input');
      return page;
    }

    for (const flags of [[], ['strict'], ['silent', 'strict'], ['wrapped']]) {
      it(`is there for everybody, ${flags.join(' and ') || 'as it is'}`, async (test) => {
        const url = both.newUrl();
        const [ana, bo] = [await open(test, url, 'Ana', flags), await open(test, url, 'Bo', flags)];
        await say(ana, 'Lunch at noon');
        for (const page of [ana, bo]) await eventually(() => chat(page), ['Ana Lunch at noon']);
        assert.equal(await pinned(bo), undefined);

        await press(bo, '#chat button');
        for (const page of [ana, bo]) await eventually(() => pinned(page), 'Ana: Lunch at noon');
        // The calls of the page, in its order: populate after joining, the refresh, populate on hearing of that.
        await eventually(() => called(bo), ['populate', 'send refresh']);
        const heard = flags.includes('silent') ? [] : ['populate'];
        const byAna = ['populate', 'send Lunch at noon', ...heard];
        await eventually(() => called(ana), byAna);

        // A late joiner is never shown a room without it, and does not get the chat of before.
        const cy = await open(test, url, 'Cy', flags);
        await eventually(() => pinned(cy), 'Ana: Lunch at noon');
        assert.deepEqual(await metadataWhileConnected(cy), ['Ana: Lunch at noon']);
        assert.deepEqual(await chat(cy), []);

        await press(cy, '#pinned button');
        for (const page of [ana, bo, cy]) await eventually(() => pinned(page), undefined);

        // After a leave nothing of the room is left; the name of who has left is still on the message.
        await bo.evaluate(() => Room.set('kept'));
        for (const page of [ana, bo, cy]) await eventually(() => pinned(page), 'kept');
        // Who hears of a refresh only after leaving would populate without a room, and the page would report that.
        await eventually(() => called(ana), [...byAna, ...heard]);
        await ana.evaluate(() => Room.leave());
        await ana.waitForSelector('#outside');
        assert.equal(await ana.evaluate(() => Room.shown.at(-1).metadata), undefined);
        await press(bo, '#chat button');
        await eventually(() => pinned(cy), 'Ana: Lunch at noon');
        await eventually(() => called(cy), ['populate', 'send refresh', ...heard]);

        await ana.evaluate(() => void (Room.shown = []));
        await ana.evaluate(() => Room.join());
        await eventually(() => pinned(ana), 'Ana: Lunch at noon');
        assert.deepEqual(await metadataWhileConnected(ana), ['Ana: Lunch at noon']);
        await eventually(() => called(ana), [...byAna, ...heard, 'populate']);

        // In another room there is another message, from the first moment on.
        await ana.evaluate(() => Room.leave().then(() => (Room.shown = [])));
        await ana.evaluate((url) => Room.join(url), both.newUrl());
        await ana.waitForSelector('#chat input');
        assert.deepEqual(await metadataWhileConnected(ana), ['nothing']);
        assert.equal(await pinned(ana), undefined);
      });
    }

    it('follows when the server is killed and started again', async (test) => {
      let own = await startServer();
      atEnd(test, () => own.kill());
      const url = own.sessionUrl('room');
      const ana = await open(test, url, 'Ana', ['strict'], LOST_CONNECTION);
      const bo = await open(test, url, 'Bo', [], LOST_CONNECTION);
      await say(ana, 'Old');
      await eventually(() => chat(bo), ['Ana Old']);
      await press(bo, '#chat button');
      for (const page of [ana, bo]) await eventually(() => pinned(page), 'Ana: Old');

      await own.kill();
      await pause(QUIET_MS);
      for (const page of [ana, bo]) assert.equal(await pinned(page), 'Ana: Old');
      own = await startServer({ port: own.port });
      // The session began anew, and the application was never told that it is outside.
      for (const page of [ana, bo]) {
        const room = () => page.evaluate(() => Room.store.getState().room);
        await eventually(async () => [(await room()).roomState, (await room()).peers.length], ['Connected', 2], RECONNECT_MS);
        await eventually(() => pinned(page), undefined);
        const connected = await page.evaluate(() => Room.shown.map((one) => one.isConnected));
        assert.equal(connected.indexOf(false, connected.indexOf(true)), -1);
      }
      await say(ana, 'New');
      await eventually(async () => (await chat(bo)).at(-1), 'Ana New');
      await press(bo, '#chat p:last-of-type button');
      for (const page of [ana, bo]) await eventually(() => pinned(page), 'Ana: New');
    });
  });

  describe(`react-sdk ${version}`, { concurrency: 2 }, () => {
    const openEmpty = servePages(both, 'react-sdk-page.jsx', options);

    /** Opens a page and makes a room in it with these properties, and joins if there is a name. */
    async function open(test, { url, name, allow, ...properties } = {}) {
      const page = await openEmpty(test, { allow });
      await page.evaluate((properties) => Page.mount(properties), properties);
      await until(() => page.evaluate(() => Page.rooms[0].ready));
      await page.evaluate(() => void ([window.room] = Page.rooms));
      if (name) await join(page, url, name);
      return page;
    }

    it("runs the samples of 100ms's page", async (test) => {
      const url = both.newUrl();
      const pages = [await open(test), await open(test), await open(test, { wrapped: true })];
      for (const page of pages) await page.evaluate(() => room.samples.startRefreshing());
      const [ana, bo, late] = pages;
      await join(ana, url, 'Ana');
      await join(bo, url, 'Bo');
      const read = (page) => page.evaluate(() => room.samples.sessionMetadata());
      for (const data of ['any-data', 'any-string-here', { hello: 'world' }, 42, null, ['a', { b: 1 }], false, '']) {
        await ana.evaluate((data) => room.samples.setSessionMetadata(data), data);
        assert.deepEqual(await read(ana), data);
        for (const page of [ana, bo]) {
          await eventually(() => read(page), data);
          await eventually(() => page.evaluate(() => room.metadata), data);
        }
      }
      await bo.evaluate(() => room.samples.setSessionMetadata({ by: 'Bo' }));
      await join(late, url, 'Late');
      assert.deepEqual(await read(late), { by: 'Bo' });
      for (const page of pages) assert.deepEqual(await page.evaluate(() => room.compared.differences), []);
    });

    it('selects at every moment what our own selectors do', async (test) => {
      const proxy = await startProxy(test, both.server);
      const room = both.newRoom();
      const ana = await open(test, { strict: true, allow: LOST_CONNECTION });
      const bo = await open(test);
      await join(ana, proxy.sessionUrl(room), 'Ana');
      await join(bo, both.server.sessionUrl(room), 'Bo');
      await eventually(() => peers(ana), ['Ana', 'Bo']);
      const settled = async () => {
        for (const page of [ana, bo]) await eventually(() => page.evaluate(() => window.room.stale()), []);
      };
      await settled();

      await ana.evaluate(async () => {
        const { actions } = window.room.given;
        await actions.sessionStore.observe(['poll', 'missing']);
        await actions.setSessionMetadata({ pinned: 'one' });
        await actions.changeName('Ana Lima');
        await actions.changeMetadata('{"seat":4}');
      });
      await bo.evaluate(async () => {
        const { actions, store } = window.room.given;
        const [other] = store.getState(Page.SDK.selectRemotePeers);
        await actions.sessionStore.set('poll', { yes: 1 });
        await actions.setSessionMetadata({ pinned: 'two' });
        await actions.sendBroadcastMessage('hello');
        await actions.sendDirectMessage('psst', other.id);
        await actions.sendGroupMessage('all of you', ['participant']);
      });
      await eventually(() => ana.evaluate(() => window.room.given.store.getState(Page.SDK.selectHMSMessagesCount)), 3);
      await settled();
      await ana.evaluate(() => {
        const { actions, store } = window.room.given;
        actions.setMessageRead(true, store.getState(Page.SDK.selectMessageIDsInOrder)[0]);
      });
      await settled();
      assert.deepEqual(await ana.evaluate(() => {
        const { SDK, rooms: [{ given: { store } }] } = Page;
        const [other] = store.getState(SDK.selectRemotePeers);
        const read = (...names) => names.map((name) => store.getState(SDK[name]));
        return {
          counts: read('selectUnreadHMSMessagesCount', 'selectBroadcastMessagesUnreadCount', 'selectPeerCount'),
          metadata: store.getState(SDK.selectPeerMetadata(store.getState(SDK.selectLocalPeerID))),
          // Real selectors that we have none of.
          roles: [store.getState(SDK.selectLocalPeerRole).name, ...read('selectAvailableRoleNames')],
          ofBo: store.getState(SDK.selectMessagesByPeerID(other.id)).map(({ message }) => message),
          ofRole: store.getState(SDK.selectMessagesByRole('participant')).map(({ message }) => message),
          people: store.getState(SDK.selectPeersByRole('participant')).map(({ name }) => name),
          type: store.getState(SDK.selectPeerTypeByID(other.id)),
          mayPublish: Object.values(store.getState(SDK.selectIsAllowedToPublish)).some(Boolean),
        };
      }), {
        counts: [2, 0, 2],
        metadata: { seat: 4 },
        roles: ['participant', ['participant']],
        ofBo: ['psst'],
        ofRole: ['all of you'],
        people: ['Ana Lima', 'Bo'],
        type: 'regular',
        mayPublish: false,
      });

      proxy.cut();
      await until(() => ana.evaluate(() => window.room.given.store.getState(Page.SDK.selectErrors).length > 0));
      const roomState = () => ana.evaluate(() => window.room.given.store.getState(Page.SDK.selectRoomState));
      await eventually(roomState, 'Connected', RECONNECT_MS);
      await settled();
      await bo.evaluate(() => window.room.given.actions.leave());
      await eventually(() => peers(ana), ['Ana Lima']);
      await settled();
      await ana.evaluate(() => window.room.given.actions.leave());
      await settled();

      const compared = await ana.evaluate(() => {
        const { states, differences, results } = window.room.compared;
        const one = Object.keys(results).filter((name) => results[name].size < 2);
        const roomStates = [...results.selectRoomState].map((text) => JSON.parse(text));
        return { states, differences, one, roomStates, selectors: Object.keys(results).length };
      });
      assert.deepEqual(compared.differences, []);
      assert.deepEqual(compared.one, [], 'each of these has given the same all the time');
      assert.deepEqual(compared.roomStates, ['Disconnected', 'Connecting', 'Connected', 'Reconnecting', 'Disconnecting']);
      assert.ok(compared.states > 15 && compared.selectors > 30, JSON.stringify(compared));
      assert.deepEqual(await bo.evaluate(() => window.room.compared.differences), []);
    });

    it('has the enums and the first state that we have', async (test) => {
      const page = await open(test);
      const { missing, others, states } = await page.evaluate(() => {
        const { SDK, OURS } = Page;
        const enums = Object.keys(OURS).filter((name) => name.startsWith('HMS') && typeof OURS[name] === 'object');
        // An enum of numbers has the way back too.
        const values = (from, name) =>
          Object.keys(from[name]).filter((key) => !/^\d+$/.test(key)).map((key) => `${name}.${key}=${from[name][key]}`);
        const [real, ours] = [SDK, OURS].map((from) => enums.flatMap((name) => values(from, name)));
        return {
          missing: real.filter((one) => !ours.includes(one)),
          others: ours.filter((one) => !real.includes(one)),
          states: [SDK, OURS].map((from) => JSON.stringify(from.createDefaultStoreState())),
        };
      });
      const names = ['TRACK_INTERRUPTION_START', 'TRACK_INTERRUPTION_END'];
      const newer = names.map((name) => `HMSNotificationTypes.${name}=${name}`);
      assert.deepEqual({ missing, others }, { missing: [], others: version === '0.11.0' ? newer : [] });
      assert.equal(states[0], states[1]);
    });

    it('gives the actions, the store and the notifications that it was given', async (test) => {
      const page = await open(test, { url: both.newUrl(), name: 'Ana' });
      const found = await page.evaluate(() => {
        const { hooks, given, frameworks } = room;
        return {
          actions: hooks.actions === given.actions,
          notifications: hooks.notifications === given.notifications,
          // The provider spreads the store and makes a function of it.
          state: hooks.store.getState() === given.store.getState(),
          name: hooks.store.getState(Page.SDK.selectLocalPeerName),
          stats: hooks.stats === undefined,
          framework: frameworks.at(-1),
        };
      });
      assert.match(found.framework.version, /^18\./);
      const framework = { type: 'react-web', version: found.framework.version, sdkVersion: version };
      assert.deepEqual(found, { actions: true, notifications: true, state: true, name: 'Ana', stats: true, framework });
      const subscribed = await page.evaluate(async () => {
        const calls = [];
        const listener = (now, before) => calls.push([now, before ?? 'nothing']);
        const stop = room.hooks.store.subscribe(listener, Page.SDK.selectSessionMetadata);
        await room.hooks.actions.setSessionMetadata(1);
        stop();
        await room.hooks.actions.setSessionMetadata(2);
        return calls;
      });
      assert.deepEqual(subscribed, [[1, 'nothing']]);
    });

    it('renders when what is selected has changed, and not else', async (test) => {
      const url = both.newUrl();
      const [ana, bo] = [await open(test, { url, name: 'Ana' }), await open(test, { url, name: 'Bo' })];
      await bo.evaluate(() => room.given.actions.setSessionMetadata({ pinned: { by: ['Bo'] } }));
      await eventually(() => ana.evaluate(() => room.metadata), { pinned: { by: ['Bo'] } });
      const before = await ana.evaluate(() => room.renders);
      await ana.evaluate(() => room.given.actions.populateSessionMetadata());
      await bo.evaluate(async () => {
        const { actions } = room.given;
        await actions.setSessionMetadata({ pinned: { by: ['Bo'] } });
        await actions.sendBroadcastMessage('refresh', 'metadata');
        await actions.changeName('Bo Berg');
        await actions.sessionStore.set('poll', 1);
      });
      await eventually(() => peers(ana), ['Ana', 'Bo Berg']);
      await pause(QUIET_MS);
      assert.equal(await ana.evaluate(() => room.renders), before);
      for (const count of [1, 2, 3]) {
        await bo.evaluate((count) => room.given.actions.setSessionMetadata({ count }), count);
        await eventually(() => ana.evaluate(() => room.metadata), { count });
      }
      assert.equal(await ana.evaluate(() => room.renders), before + 3);
    });

    it('shows versions, by the selector that only this package has', async (test) => {
      const url = both.newUrl();
      const [ana, bo] = [await open(test, { url, name: 'Ana' }), await open(test, { url, name: 'Bo' })];
      await ana.evaluate(() => room.given.actions.sessionStore.observe('poll'));
      await bo.evaluate(() => room.given.actions.sessionStore.set('poll', { yes: 1 }, { ifVersion: 0 }));
      await eventually(() => ana.evaluate(() => [room.version?.value, room.version?.version]), [{ yes: 1 }, 1]);
      const renders = await ana.evaluate(() => room.versionRenders);
      await bo.evaluate(() => room.given.actions.setSessionMetadata('another key'));
      await eventually(() => ana.evaluate(() => room.metadata), 'another key');
      assert.equal(await ana.evaluate(() => room.versionRenders), renders);
      const refused = await bo.evaluate(() =>
        room.given.actions.sessionStore.set('poll', 2, { ifVersion: 0 }).catch(({ code, description }) => [code, description]),
      );
      assert.deepEqual(refused, [409, 'Bo changed "poll" first']);
    });

    it('hears of peers and messages', async (test) => {
      const url = both.newUrl();
      const ana = await open(test, { url, name: 'Ana', strict: true });
      const bo = await open(test, { url, name: 'Bo' });
      const latest = () =>
        ana.evaluate(() => Object.values(room.notified).map((one) => one && [one.type, one.data.name ?? one.data.message]));
      await eventually(latest, [['PEER_JOINED', 'Bo'], ['PEER_JOINED', 'Bo'], null]);
      await bo.evaluate(() => room.given.actions.sendBroadcastMessage('hello'));
      await eventually(latest, [['NEW_MESSAGE', 'hello'], ['PEER_JOINED', 'Bo'], ['NEW_MESSAGE', 'hello']]);
      await bo.evaluate(() => room.given.actions.leave());
      await eventually(latest, [['PEER_LEFT', 'Bo'], ['PEER_LEFT', 'Bo'], ['NEW_MESSAGE', 'hello']]);
      // One's own messages are no news.
      await ana.evaluate(() => room.given.actions.sendBroadcastMessage('alone'));
      await pause(QUIET_MS);
      assert.deepEqual((await latest()).at(-1), ['NEW_MESSAGE', 'hello']);
    });

    it('sends custom events, which are not for the chat', async (test) => {
      const url = both.newUrl();
      const pages = [];
      for (const name of ['Ana', 'Bo', 'Cy']) pages.push(await open(test, { strict: true }));
      const [ana, bo, cy] = pages;
      await ana.evaluate(() => room.sendEvent('too early'));
      const early = await ana.evaluate(() => room.errors);
      assert.equal(early.length, 1);
      assert.match(early[0], /^sendCustomEvent: .*needs a room that is joined/);
      for (const [index, page] of pages.entries()) await join(page, url, ['Ana', 'Bo', 'Cy'][index]);
      await eventually(() => peers(ana), ['Ana', 'Bo', 'Cy']);

      await ana.evaluate(() => room.sendEvent({ to: 'all' }));
      const heard = (page) => page.evaluate(() => room.heard.map(({ to }) => to));
      for (const page of pages) await eventually(() => heard(page), ['all']);
      await ana.evaluate(() => {
        const { store } = room.given;
        const { id: peerId } = store.getState(Page.SDK.selectPeers).find((one) => one.name === 'Bo');
        return room.sendEvent({ to: 'Bo' }, { peerId });
      });
      await ana.evaluate(() => room.sendEvent({ to: 'role' }, { roleNames: ['participant'] }));
      for (const page of [ana, bo]) await eventually(() => heard(page), ['all', 'Bo', 'role']);
      await eventually(() => heard(cy), ['all', 'role']);
      for (const page of pages) {
        assert.equal(await page.evaluate(() => room.given.store.getState(Page.SDK.selectHMSMessagesCount)), 0);
      }
    });

    it('may have two providers on one page', async (test) => {
      const url = both.newUrl();
      const page = await open(test, { url, name: 'Ana' });
      await page.evaluate(() => Page.mount({ strict: true }));
      await until(() => page.evaluate(() => Page.rooms[1].ready));
      await join(page, url, 'Bo', 1);
      await page.evaluate(() => Page.rooms[0].given.actions.setSessionMetadata('from Ana'));
      await eventually(() => page.evaluate(() => Page.rooms.map(({ metadata }) => metadata)), ['from Ana', 'from Ana']);
      const names = () => page.evaluate(() => Page.rooms.map(({ shown }) => shown.selectLocalPeerName));
      await eventually(names, ['Ana', 'Bo']);
      await page.evaluate(() => Page.rooms[0].given.actions.leave());
      await eventually(names, [null, 'Bo']);
      await page.evaluate(() => Page.rooms[1].given.actions.setSessionMetadata('for Bo'));
      const metadata = () => page.evaluate(() => Page.rooms.map(({ metadata }) => metadata ?? 'nothing'));
      await eventually(metadata, ['nothing', 'for Bo']);
      assert.deepEqual(await page.evaluate(() => Page.rooms.flatMap(({ compared }) => compared.differences)), []);
    });

    it('leaves a moment after the page has gone away', async (test) => {
      const url = both.newUrl();
      const watcher = await openPeer(test, both.browser, both.server);
      await watcher.join(url);
      const ana = await open(test, { url, name: 'Ana' });
      const bo = await open(test, { url, name: 'Bo', leaveOnUnload: false });
      const cy = await open(test, { url, name: 'Cy', wrapped: true });
      await eventually(() => watcher.names(), ['', 'Ana', 'Bo', 'Cy']);
      await reloadAndStayAway({ Ana: ana, Bo: bo, Cy: cy }, watcher);
    });

    it('knows what is in the room and that there is no media, and asks nobody else', async (test) => {
      const page = await open(test);
      const url = both.newUrl();
      await page.evaluate((url) => {
        room.url = url;
        room.setMore(true);
      }, url);
      await eventually(() => page.evaluate(() => room.more && [room.more.isConnected, room.more.people]), [false, []]);
      // The hook for previews joins too.
      await page.evaluate(() => room.join());
      await eventually(() => page.evaluate(() => room.more), {
        people: ['Dee'],
        name: 'Dee',
        peerCount: 1,
        rolesWithParticipants: ['participant'],
        byRole: { participant: 1 },
        enableJoin: false,
        isConnected: true,
        media: [false, false, false, false, false],
        toggles: 0,
        screenSharingPeerId: null,
        recording: {
          isServerRecordingOn: false,
          isBrowserRecordingOn: false,
          isHLSRecordingOn: false,
          isStreamingOn: false,
          isHLSRunning: false,
          isRTMPRunning: false,
          isRecordingOn: false,
        },
        devices: { audioOutput: [] },
        tiles: [],
        autoplay: '',
      });
      const asked = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
      assert.deepEqual(asked.filter((one) => !one.startsWith(page.url())), []);
    });

    it("lets 100ms's own HMSReactiveStore tell a new subscriber what there is", async (test) => {
      for (const triggered of [false, true]) {
        const page = await open(test, { url: both.newUrl(), name: 'Ana', wrapped: true, triggered });
        const found = await page.evaluate(() => {
          const { hms, own } = room;
          const calls = [];
          hms.getStore().subscribe((isConnected) => calls.push(isConnected), Page.SDK.selectIsConnectedToRoom);
          return { calls, same: [hms.getActions() === own.getActions(), hms.getHMSActions() === own.getActions()] };
        });
        assert.deepEqual(found, { calls: triggered ? [true] : [], same: [true, true] });
      }
    });
  });
}

function join(page, initEndpoint, userName, index = 0) {
  const join = (index, config) => Page.rooms[index].given.actions.join(config);
  return page.evaluate(join, index, { userName, authToken: '', initEndpoint });
}

/** The names of the peers that the page shows, in its order. */
function peers(page) {
  return page.evaluate(() => room.shown.selectPeers.map(({ name }) => name));
}

/** What the application has called so far. */
function called(page) {
  return page.evaluate(() => Room.called);
}

/** The metadata of the states and renders that were of a joined room, each once. */
function metadataWhileConnected(page) {
  return page.evaluate(() => [...new Set(Room.shown.filter((one) => one.isConnected).map((one) => one.metadata ?? 'nothing'))]);
}
