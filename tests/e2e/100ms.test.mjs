// 100ms's entry in real pages on a real server: the samples of 100ms's page about session metadata, and what an
// application written for 100ms relies on beyond them.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { BROWSERS, launch, LOST_CONNECTION, openPage } from './support/browsers.mjs';
import { servePage } from './support/bundle.mjs';
import { eventually, pause, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

/** The longest session data and app message, in units. */
const MAX_DATA = 102_400;
const MAX_MESSAGE = 4_096;
/** What 100ms's exceptions say of the kinds of failure that there are. */
const NOT_CONNECTED = { code: 6000, name: 'NotConnected' };
const CONNECTION_LOST = { code: 1003, name: 'WebSocketConnectionLost' };
const INVALID = { code: 6013, name: 'ValidationFailed' };
const TOO_LARGE = { code: 413, name: 'ServerErrors' };
/** Long enough for something to arrive that should not. */
const QUIET_MS = 300;
const RECONNECT_MS = 20_000;

let server;
let site;
before(async () => {
  server = await startServer();
  site = await servePage('100ms-peer.js');
});
after(async () => {
  site?.close();
  await server?.stop();
});

it('makes a store where there is no browser, for pages that a server renders', async () => {
  const { HMSReactiveStore, createDefaultStoreState, selectIsConnectedToRoom } =
    await import('meeting-session-state/100ms');
  const hms = new HMSReactiveStore();
  assert.deepEqual(hms.getStore().getState(), createDefaultStoreState());
  assert.equal(hms.getStore().getState(selectIsConnectedToRoom), false);
  hms.getStore().subscribe(() => {}, selectIsConnectedToRoom)();
  const initEndpoint = 'ws://127.0.0.1:1/room';
  await assert.rejects(hms.getActions().join({ userName: 'Node', initEndpoint }), {
    code: 6013,
    description: /needs a browser/,
  });
});

for (const name of BROWSERS) {
  describe(`100ms's entry, in ${name}`, { concurrency: 3 }, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());
    const url = (room) => server.sessionUrl(`100ms-${name}-${room}`);
    const open = (test, options) => openHms(test, browser, options);
    const meet = async (test, room, names, options) => {
      const peers = await Promise.all(names.map(() => open(test, options)));
      for (const [index, peer] of peers.entries()) await peer.join(url(room), { userName: names[index] });
      for (const peer of peers) await eventually(() => peer.names(), names);
      return peers;
    };

    // ------------------------------------------------------------------------------------------ session metadata

    it('runs the samples of 100ms: setting, refreshing and reading, and a late joiner', async (test) => {
      const [ana, bo, late] = await Promise.all([open(test), open(test), open(test)]);
      for (const peer of [ana, bo, late]) await peer.evaluate(() => samples.startRefreshing());
      await ana.join(url('samples'), { userName: 'Ana' });
      await bo.join(url('samples'), { userName: 'Bo' });
      const read = (peer) => peer.evaluate(() => samples.sessionMetadata());
      for (const data of ['any-data', 'any-string-here', { hello: 'world' }, 42, null, ['a', { b: 1 }], false, '']) {
        await ana.evaluate((data) => samples.setSessionMetadata(data), data);
        assert.deepEqual(await read(ana), data);
        await eventually(() => read(bo), data);
        assert.deepEqual(await bo.evaluate(() => hmsStore.getState(HMS.selectSessionStore('default'))), data);
      }
      await bo.evaluate(() => samples.setSessionMetadata({ pinned: 'Bo: hi' }));
      assert.deepEqual(await read(bo), { pinned: 'Bo: hi' });
      await late.join(url('samples'), { userName: 'Late' });
      assert.deepEqual(await read(late), { pinned: 'Bo: hi' });
      await eventually(() => read(ana), { pinned: 'Bo: hi' });
    });

    it('updates the others without a refresh, and an unchanged value changes nothing', async (test) => {
      const [ana, bo] = await meet(test, 'push', ['Ana', 'Bo']);
      await ana.evaluate(() => hmsActions.setSessionMetadata({ pinned: 'Ana: hi', by: ['ana'] }));
      await eventually(() => bo.metadata(), { pinned: 'Ana: hi', by: ['ana'] });
      assert.deepEqual(
        (await bo.notifications()).filter(({ type }) => type === 'NEW_MESSAGE'),
        [],
      );
      const same = await bo.evaluate(async () => {
        const before = hmsStore.getState();
        await hmsActions.populateSessionMetadata();
        await hmsActions.setSessionMetadata({ pinned: 'Ana: hi', by: ['ana'] });
        return before === hmsStore.getState();
      });
      assert.equal(same, true);
    });

    it('has everything in the one state change that says connected', async (test) => {
      const [ana] = await meet(test, 'join', ['Ana']);
      await ana.evaluate(async () => {
        await hmsActions.setSessionMetadata('pinned');
        await hmsActions.sessionStore.set('spotlight', { peer: 'ana' });
        await hmsActions.sessionStore.set('other', 1);
      });
      const bo = await open(test);
      await bo.evaluate(async () => {
        await hmsActions.sessionStore.observe('spotlight');
        hmsStore.subscribe(
          (isConnected) => (window.seen = [isConnected, hmsStore.getState()]),
          HMS.selectIsConnectedToRoom,
        );
      });
      await bo.join(url('join'), { userName: 'Bo', metaData: '{"seat":4}' });
      const { states, seen } = await bo.evaluate(() => {
        const { room, sessionMetadata, sessionStore, peers, roles } = window.seen[1];
        const local = HMS.selectLocalPeer(window.seen[1]);
        const states = records.states.map((state) => [
          state.room.roomState,
          state.room.isConnected,
          state.sessionMetadata ?? 'nothing',
        ]);
        const names = room.peers.map((id) => peers[id].name);
        return {
          states,
          seen: { first: window.seen[0], room, sessionMetadata, sessionStore, local, names, roles: Object.keys(roles) },
        };
      });
      assert.deepEqual(states.slice(0, 2), [
        ['Connecting', false, 'nothing'],
        ['Connected', true, 'pinned'],
      ]);
      assert.ok(states.slice(2).every(([roomState, isConnected]) => roomState === 'Connected' && isConnected));
      assert.equal(seen.first, true);
      assert.deepEqual(seen.sessionStore, { default: 'pinned', spotlight: { peer: 'ana' } });
      assert.deepEqual(seen.names.sort(), ['Ana', 'Bo']);
      assert.equal(seen.room.id, `100ms-${name}-join`);
      assert.equal(seen.room.name, seen.room.id);
      assert.match(seen.room.sessionId, /^[0-9a-f]{16}$/);
      assert.equal(seen.room.localPeer, seen.local.id);
      const { id, customerUserId, joinedAt, ...local } = seen.local;
      assert.ok(id && customerUserId && joinedAt);
      assert.deepEqual(local, {
        name: 'Bo',
        roleName: 'participant',
        isLocal: true,
        auxiliaryTracks: [],
        metadata: '{"seat":4}',
        groups: [],
        isHandRaised: false,
        type: 'regular',
      });
      assert.deepEqual(seen.roles, ['participant']);
    });

    it('stores null, and deletes what is set to undefined or to nothing', async (test) => {
      const [ana, bo] = await meet(test, 'delete', ['Ana', 'Bo']);
      await ana.evaluate(() => hmsActions.setSessionMetadata(null));
      await eventually(() => bo.metadata(), null);
      await ana.evaluate(async () => {
        await hmsActions.setSessionMetadata();
        window.data = [hmsStore.getState().sessionMetadata, 'default' in hmsStore.getState().sessionStore];
      });
      assert.deepEqual(await ana.evaluate(() => [typeof window.data[0], window.data[1]]), ['undefined', false]);
      await eventually(() => bo.evaluate(() => typeof hmsStore.getState().sessionMetadata), 'undefined');
      const late = await open(test);
      await late.join(url('delete'));
      assert.equal(await late.evaluate(() => hmsStore.getState().sessionMetadata === undefined), true);
    });

    it('rejects what cannot be set, and changes nothing', async (test) => {
      const [ana, bo] = await meet(test, 'refused', ['Ana', 'Bo']);
      await ana.evaluate(() => hmsActions.setSessionMetadata('before'));
      await eventually(() => bo.metadata(), 'before');
      const outcomes = await ana.evaluate(async (max) => {
        const before = hmsStore.getState();
        const cycle = {};
        cycle.self = cycle;
        // `{"default":"…"}` around the text makes it one unit too long.
        const values = [cycle, 10n, () => {}, Symbol('s'), 'x'.repeat(max + 1 - '{"default":""}'.length)];
        const outcomes = [];
        for (const value of values) outcomes.push(await outcome(hmsActions.setSessionMetadata(value)));
        outcomes.push(await outcome(hmsActions.sessionStore.set('more', 'x'.repeat(max - 20))));
        return { outcomes, unchanged: before === hmsStore.getState() };
      }, MAX_DATA);
      const [first, ...rest] = [INVALID, INVALID, INVALID, INVALID, TOO_LARGE, TOO_LARGE].map((kind, index) => {
        const { description, action, ...outcome } = outcomes.outcomes[index];
        assert.ok(description.length > 20, description);
        assert.deepEqual(outcome, { ...kind, isTerminal: false, isError: true, isHMS: true });
        return description;
      });
      assert.match(first, /must be serializable to JSON/);
      assert.match(rest[3], /too large \(102401 characters\)/);
      assert.equal(outcomes.unchanged, true);
      await ana.evaluate(() => hmsActions.setSessionMetadata('after'));
      await eventually(() => bo.metadata(), 'after');
      assert.deepEqual(await bo.evaluate(() => records.states.map((one) => one.sessionMetadata).filter(Boolean)), [
        'before',
        'after',
      ]);
    });

    it('sends writes at once, several in a row, and each promise resolves when the own state shows it', async (test) => {
      const [ana, bo] = await meet(test, 'writes', ['Ana', 'Bo']);
      const { shown, took } = await ana.evaluate(async () => {
        const started = performance.now();
        const shown = [];
        for (let count = 1; count <= 20; count++) {
          await hmsActions.setSessionMetadata(count);
          shown.push(hmsStore.getState().sessionMetadata);
        }
        return { shown, took: performance.now() - started };
      });
      assert.deepEqual(
        shown,
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      // One a second, as on Daily's face, would take 19 s.
      assert.ok(took < 10_000, `20 writes took ${took} ms`);
      await eventually(() => bo.metadata(), 20);
      const all = await ana.evaluate(() =>
        Promise.all([1, 2, 3].map((one) => hmsActions.sessionStore.set(`key${one}`, one))).then(
          () => hmsStore.getState().sessionStore,
        ),
      );
      assert.deepEqual(all, { default: 20, key1: 1, key2: 2, key3: 3 });
    });

    // ------------------------------------------------------------------------------------------ session store

    it('shows the keys that are observed or set, and follows them', async (test) => {
      const [ana, bo] = await meet(test, 'store', ['Ana', 'Bo']);
      const sessionStore = (peer) => peer.evaluate(() => hmsStore.getState(HMS.selectSessionStore()));
      await ana.evaluate(async () => {
        await hmsActions.sessionStore.set('a', { n: 1 });
        await hmsActions.sessionStore.set('b', 2);
        await hmsActions.sessionStore.set('c', 'text');
      });
      assert.deepEqual(await sessionStore(ana), { a: { n: 1 }, b: 2, c: 'text' });
      await pause(QUIET_MS);
      assert.deepEqual(await sessionStore(bo), {});
      // The values are there when `observe` resolves.
      assert.deepEqual(
        await bo.evaluate(() =>
          hmsActions.sessionStore.observe(['a', 'b', 'missing']).then(() => hmsStore.getState().sessionStore),
        ),
        { a: { n: 1 }, b: 2 },
      );
      await bo.evaluate(() => hmsActions.sessionStore.observe('a'));

      const kept = await bo.evaluate(async () => {
        window.before = hmsStore.getState(HMS.selectSessionStore('a'));
        window.calls = [];
        hmsStore.subscribe((b, was) => window.calls.push([b, was]), HMS.selectSessionStore('b'));
        return window.before.n;
      });
      assert.equal(kept, 1);
      await ana.evaluate(async () => {
        await hmsActions.sessionStore.set('b', 3);
        await hmsActions.sessionStore.set('missing', true);
        await hmsActions.sessionStore.set('a');
      });
      await eventually(() => sessionStore(bo), { b: 3, missing: true });
      assert.deepEqual(await bo.evaluate(() => window.calls), [[3, 2]]);
      assert.deepEqual(await sessionStore(ana), { b: 3, c: 'text', missing: true });

      // As in 100ms, observing is no counting: one `unobserve` ends it, and what was known stays.
      await bo.evaluate(() => hmsActions.sessionStore.unobserve(['b', 'unknown']));
      await ana.evaluate(() => hmsActions.sessionStore.set('b', 4));
      await ana.evaluate(() => hmsActions.sessionStore.set('missing', null));
      await eventually(() => sessionStore(bo), { b: 3, missing: null });
      await bo.evaluate(() => hmsActions.sessionStore.observe('b'));
      assert.deepEqual(await sessionStore(bo), { b: 4, missing: null });
      // Setting does not need observing.
      await bo.evaluate(() => hmsActions.sessionStore.set('c', 'new'));
      assert.deepEqual(await sessionStore(bo), { b: 4, c: 'new', missing: null });
      await eventually(() => sessionStore(ana), { b: 4, c: 'new', missing: null });
    });

    it('takes keys with special names', async (test) => {
      const [ana, bo] = await meet(test, 'keys', ['Ana', 'Bo']);
      const keys = ['__proto__', 'constructor', '7', 'a.b', 'größe'];
      await bo.evaluate((keys) => hmsActions.sessionStore.observe(keys), keys);
      await ana.evaluate(async (keys) => {
        for (const key of keys) await hmsActions.sessionStore.set(key, { of: key });
      }, keys);
      const read = (peer) =>
        peer.evaluate((keys) => keys.map((key) => hmsStore.getState(HMS.selectSessionStore(key)).of), keys);
      assert.deepEqual(await read(ana), keys);
      await eventually(() => bo.evaluate(() => Object.keys(hmsStore.getState().sessionStore).length), keys.length);
      assert.deepEqual(await read(bo), keys);
    });

    // ------------------------------------------------------------------------------------------ store

    it('has a store that React and selectors can build on', async (test) => {
      const [ana, bo] = await meet(test, 'traps', ['Ana', 'Bo']);
      const found = await ana.evaluate(async () => {
        const { getState, subscribe } = { ...hmsStore };
        const { onNotification } = hmsNotifications;
        const { setSessionMetadata, sessionStore, changeName } = hmsActions;
        const found = { plain: Object.getPrototypeOf(hmsStore) === Object.prototype };
        found.sameState = getState() === getState() && getState() === hmsStore.getState();
        found.sameObjects =
          hms.getStore() === hmsStore &&
          hms.getActions() === hmsActions &&
          hms.getHMSActions() === hmsActions &&
          hms.getNotifications() === hmsNotifications;

        const before = getState();
        const renamed = [];
        const off = onNotification(({ data }) => renamed.push(data.name), 'NAME_UPDATED');
        await changeName('Ana Lima');
        off();
        await changeName('Ana');
        const afterwards = getState();
        found.renamed = renamed;
        const { localPeer } = before.room;
        found.newAlongThePath =
          before !== afterwards &&
          before.peers !== afterwards.peers &&
          before.peers[localPeer] !== afterwards.peers[localPeer];
        found.oldUntouched = before.peers[localPeer].name;
        const other = before.room.peers.find((id) => id !== localPeer);
        found.restKept =
          before.peers[other] === afterwards.peers[other] &&
          before.room === afterwards.room &&
          before.roles === afterwards.roles &&
          before.messages === afterwards.messages;

        await setSessionMetadata({ deep: { er: [1] } });
        await sessionStore.set('kept', { x: 1 });
        const kept = getState().sessionStore.kept;
        const metadata = getState().sessionMetadata;
        await sessionStore.set('another', 1);
        found.valuesKept = kept === getState().sessionStore.kept && metadata === getState().sessionMetadata;
        found.frozen = [
          getState(),
          getState().room,
          getState().room.peers,
          metadata,
          metadata.deep.er,
          getState().peers[localPeer],
        ].every(Object.isFrozen);

        // Equality is shallow by default, so a new but equal array is no change; whoever wants another one says so.
        const calls = { names: 0, strict: 0, first: 0, part: [] };
        const offs = [
          subscribe(
            () => (calls.names += 1),
            (state) => state.room.peers.map((id) => state.peers[id].isLocal),
          ),
          subscribe(
            () => (calls.strict += 1),
            (state) => [state.room.id],
            Object.is,
          ),
          subscribe((now, was) => calls.part.push([now, was]), HMS.selectSessionMetadata),
        ];
        subscribe(() => (calls.first += 1), HMS.selectRoomState);
        await setSessionMetadata('one');
        await setSessionMetadata('two');
        for (const off of offs) off();
        await setSessionMetadata('three');
        found.calls = calls;

        hms.triggerOnSubscribe();
        hms.triggerOnSubscribe();
        found.triggered = [];
        subscribe((now, was) => found.triggered.push([now, was ?? 'nothing']), HMS.selectSessionMetadata)();
        await setSessionMetadata('four');
        return found;
      });
      assert.deepEqual(found, {
        plain: true,
        sameState: true,
        sameObjects: true,
        renamed: ['Ana Lima'],
        newAlongThePath: true,
        oldUntouched: 'Ana',
        restKept: true,
        valuesKept: true,
        frozen: true,
        calls: {
          names: 0,
          strict: 2,
          first: 0,
          part: [
            ['one', { deep: { er: [1] } }],
            ['two', 'one'],
          ],
        },
        triggered: [['three', 'nothing']],
      });
      // Two stores on a page do not displace each other's selections, and one that makes an array keeps it.
      const selections = await bo.evaluate(async (url) => {
        const second = new HMS.HMSReactiveStore();
        await second.getActions().join({ userName: 'Bo too', authToken: '', initEndpoint: url });
        const [a, b] = [hmsStore, second.getStore()];
        while (a.getState(HMS.selectPeerCount) < 3) await new Promise((resolve) => setTimeout(resolve, 10));
        const selectors = [HMS.selectPeers, HMS.selectRemotePeers, HMS.selectHMSMessages, HMS.selectBroadcastMessages];
        const rounds = [1, 2].map(() => selectors.map((selector) => [a.getState(selector), b.getState(selector)]));
        const same = rounds[0].every(
          (pair, index) => pair[0] === rounds[1][index][0] && pair[1] === rounds[1][index][1],
        );
        const before = a.getState(HMS.selectPeers);
        await second.getActions().leave();
        return { same, before: before.map((peer) => peer.name) };
      }, url('traps'));
      assert.deepEqual(selections.same, true);
      assert.deepEqual(
        selections.before.filter((one) => one.startsWith('Bo')),
        ['Bo', 'Bo too'],
      );
    });

    it('goes on when a subscriber or a notification handler throws', async (test) => {
      const ana = await open(test, { allow: [/my own mistake/] });
      await ana.evaluate(() => {
        hmsStore.subscribe(() => {
          throw new Error('my own mistake');
        });
        hmsNotifications.onNotification(() => {
          throw new Error('my own mistake');
        });
        window.seen = [];
        hmsStore.subscribe((data) => window.seen.push(data), HMS.selectSessionMetadata);
        hmsNotifications.onNotification(({ type }) => window.seen.push(type));
      });
      const bo = await open(test);
      await bo.join(url('throws'), { userName: 'Bo' });
      await ana.join(url('throws'), { userName: 'Ana' });
      await bo.evaluate(() => hmsActions.setSessionMetadata('on'));
      await eventually(() => ana.evaluate(() => window.seen), ['PEER_LIST', 'on']);
    });

    // ------------------------------------------------------------------------------------------ messages

    it('carries messages to everybody, to one peer and to roles', async (test) => {
      const [ana, bo, cy] = await meet(test, 'messages', ['Ana', 'Bo', 'Cy']);
      for (const peer of [ana, bo, cy]) await peer.forget();
      const boId = await bo.id();
      await ana.evaluate(async (boId) => {
        await hmsActions.sendBroadcastMessage('to all');
        await hmsActions.sendDirectMessage('to Bo', boId);
        await hmsActions.sendGroupMessage('to the role', ['participant', 'nobody'], 'role-talk');
        hmsActions.sendMessage('the old way');
      }, boId);
      const anaId = await ana.id();
      const broadcast = {
        message: 'to all',
        type: 'chat',
        sender: anaId,
        senderName: 'Ana',
        senderRole: 'participant',
        ignored: false,
      };
      const [toAll, old] = [broadcast, { ...broadcast, message: 'the old way' }];
      const direct = { ...broadcast, message: 'to Bo', recipientPeer: boId };
      const group = {
        ...broadcast,
        message: 'to the role',
        type: 'role-talk',
        recipientRoles: ['participant', 'nobody'],
      };
      const marked = (messages, read) => messages.map((message) => ({ ...message, read }));
      await eventually(() => bo.messages(), marked([toAll, direct, group, old], false));
      await eventually(() => cy.messages(), marked([toAll, group, old], false));
      assert.deepEqual(await ana.messages(), marked([toAll, direct, group, old], true));

      const told = await bo.notifications();
      assert.deepEqual(
        told.map(({ type, message, severity }) => [type, message, severity]),
        Array(4).fill(['NEW_MESSAGE', '', 'info']),
      );
      assert.deepEqual(await ana.notifications(), []);
      assert.deepEqual(
        told.map(({ id }) => id),
        [1, 2, 3, 4].map((one) => one + told[0].id - 1),
      );
      const shapes = await bo.evaluate(() => {
        const messages = hmsStore.getState(HMS.selectHMSMessages);
        const told = records.notifications.map(({ data }) => data);
        return {
          dates: messages.every(({ time }) => time instanceof Date && Math.abs(time - Date.now()) < 60_000),
          ids: new Set(messages.map(({ id }) => id)).size,
          same: told.every((one, index) => one === messages[index]),
        };
      });
      assert.deepEqual(shapes, { dates: true, ids: 4, same: true });

      // Reading.
      const counts = await bo.evaluate(() => {
        const counts = [];
        const count = () =>
          counts.push([
            hmsStore.getState(HMS.selectUnreadHMSMessagesCount),
            hmsStore.getState(HMS.selectHMSMessagesCount),
          ]);
        count();
        const [first] = hmsStore.getState(HMS.selectHMSMessages);
        hmsActions.setMessageRead(true, first.id);
        counts.push(hmsStore.getState(HMS.selectMessageByMessageID(first.id)).read);
        count();
        hmsActions.setMessageRead(true);
        count();
        hmsActions.setMessageRead(false, first.id);
        hmsActions.setMessageRead(false, 'unknown');
        count();
        return counts;
      });
      assert.deepEqual(counts, [[4, 4], true, [3, 4], [0, 4], [1, 4]]);
    });

    it('notifies of ignored messages but keeps them out of the store', async (test) => {
      const [ana, bo] = await meet(test, 'ignored', ['Ana', 'Bo']);
      for (const peer of [ana, bo]) {
        await peer.evaluate(() => {
          hmsActions.ignoreMessageTypes(['metadata']);
          hmsActions.ignoreMessageTypes(['emoji', 'metadata']);
        });
        await peer.forget();
      }
      await ana.evaluate(async () => {
        await hmsActions.sendBroadcastMessage('refresh', 'metadata');
        await hmsActions.sendBroadcastMessage('smile', 'emoji');
        await hmsActions.sendBroadcastMessage('hello');
      });
      await eventually(
        async () => (await bo.notifications()).map(({ data }) => [data.message, data.ignored]),
        [
          ['refresh', true],
          ['smile', true],
          ['hello', false],
        ],
      );
      for (const peer of [ana, bo])
        assert.deepEqual(
          (await peer.messages()).map(({ message }) => message),
          ['hello'],
        );
      await bo.evaluate(() => hmsActions.ignoreMessageTypes(['chat'], true));
      await ana.evaluate(() =>
        Promise.all(['emoji', 'chat'].map((type) => hmsActions.sendBroadcastMessage('again', type))),
      );
      await eventually(async () => (await bo.notifications()).length, 5);
      assert.deepEqual(
        (await bo.messages()).map(({ type }) => type),
        ['chat', 'emoji'],
      );
    });

    it('sends a message to one peer to nobody else when there is no such peer', async (test) => {
      const [ana, bo] = await meet(test, 'nobody', ['Ana', 'Bo']);
      const outcomes = await ana.evaluate(() =>
        Promise.all([undefined, null, '', 'unknown'].map((id) => outcome(hmsActions.sendDirectMessage('secret', id)))),
      );
      for (const { code, name, description } of outcomes) {
        assert.deepEqual({ code, name }, INVALID);
        assert.match(description, /peer not present in the room/);
      }
      await ana.evaluate(() => hmsActions.sendBroadcastMessage('for all', null));
      const messages = () =>
        bo.evaluate(() => hmsStore.getState(HMS.selectHMSMessages).map(({ message, type }) => [message, type]));
      await eventually(messages, [['for all', 'chat']]);
    });

    it('leaves a join that could not begin, and one that has only begun', async (test) => {
      const ana = await open(test, { allow: LOST_CONNECTION });
      const seen = await ana.evaluate(async (initEndpoint) => {
        const left = [];
        const stop = hmsNotifications.onNotification(() => left.push(outcome(hmsActions.leave())), 'ERROR');
        const nowhere = await outcome(hmsActions.join({ userName: 'Ana' }));
        stop();
        const leave = (roomState) => roomState === 'Connecting' && left.push(outcome(hmsActions.leave()));
        const unsubscribe = hmsStore.subscribe(leave, HMS.selectRoomState);
        const begun = await outcome(hmsActions.join({ userName: 'Ana', initEndpoint }));
        unsubscribe();
        const state = hmsStore.getState(HMS.selectRoomState);
        return { left: await Promise.all(left), nowhere: nowhere.code, begun: begun.code, state };
      }, url('not-begun'));
      assert.deepEqual(seen, { left: ['done', 'done'], nowhere: 6013, begun: 6000, state: 'Disconnected' });
      await ana.join(url('not-begun'), { userName: 'Ana' });
      assert.deepEqual(await ana.names(), ['Ana']);
    });

    it('follows the keys that were observed before a join that failed', async (test) => {
      const [ana, bo] = await Promise.all([open(test), open(test)]);
      await bo.evaluate(async () => {
        await hmsActions.sessionStore.observe('topic');
        await outcome(hmsActions.join({ userName: 'Bo' }));
      });
      await ana.join(url('failed'), { userName: 'Ana' });
      await bo.join(url('failed'), { userName: 'Bo' });
      await ana.evaluate(() => hmsActions.sessionStore.set('topic', 'cats'));
      await eventually(() => bo.evaluate(() => hmsStore.getState(HMS.selectSessionStore('topic'))), 'cats');
    });

    it('is never cut off for writing and refreshing as fast as it is answered', async (test) => {
      const [ana, bo] = await meet(test, 'fast', ['Ana', 'Bo']);
      const written = await ana.evaluate(async () => {
        const end = performance.now() + 15_000;
        let written = 0;
        while (performance.now() < end) await samples.setSessionMetadata((written += 1));
        return written;
      });
      assert.ok(written > 200, `${written} writes`);
      await eventually(() => bo.metadata(), written);
      const connections = (await ana.notifications()).filter(({ type }) => /RECONNECT/.test(type));
      assert.deepEqual(connections, []);
    });

    it('rejects messages that cannot be sent', async (test) => {
      const [ana, bo] = await meet(test, 'bad-messages', ['Ana', 'Bo'], { allow: [/Message data too large/] });
      await bo.forget();
      const outcomes = await ana.evaluate(async (max) => {
        const room = '{"message":"","type":"chat"}'.length;
        const { localPeer } = hmsStore.getState().room;
        const attempts = [
          hmsActions.sendBroadcastMessage(' \u200b\n'),
          hmsActions.sendBroadcastMessage({ an: 'object' }),
          hmsActions.sendDirectMessage('me', localPeer),
          hmsActions.sendDirectMessage('nobody', 'unknown'),
          hmsActions.sendGroupMessage('hello', ['host']),
          hmsActions.sendGroupMessage('hello', []),
          hmsActions.sendBroadcastMessage('x'.repeat(max - room + 1)),
          hmsActions.sendBroadcastMessage('x'.repeat(max - room)),
        ];
        return Promise.all(attempts.map(outcome));
      }, MAX_MESSAGE);
      assert.equal(outcomes.pop(), 'done');
      assert.deepEqual(
        outcomes.map(({ code }) => code),
        [6013, 6013, 6013, 6013, 6013, 6013, 413],
      );
      assert.equal(outcomes[0].description, 'Empty message not allowed');
      await eventually(
        async () => (await bo.messages()).map(({ message }) => message.length),
        [MAX_MESSAGE - '{"message":"","type":"chat"}'.length],
      );
      assert.equal((await ana.messages()).length, 1);
    });

    // ------------------------------------------------------------------------------------------ peers

    it('tells of peers that come, change and leave', async (test) => {
      const ana = await open(test);
      await ana.join(url('peers'), { userName: 'Ana', metaData: { a: 1 } });
      assert.deepEqual(await ana.notifications(), []);
      const bo = await open(test);
      await bo.join(url('peers'), { userName: 'Bo' });
      await eventually(() => ana.told(), ['PEER_JOINED Bo']);
      assert.deepEqual(await bo.told(), ['PEER_LIST Ana']);

      const [anaId, boId] = [await ana.id(), await bo.id()];
      assert.deepEqual(
        await bo.evaluate(
          (id) =>
            [HMS.selectPeerByID(id), HMS.selectPeerNameByID(id), HMS.selectPeerMetadata(id)]
              .map((one) => hmsStore.getState(one))
              .map((one) => one.metadata ?? one),
          anaId,
        ),
        ['{"a":1}', 'Ana', { a: 1 }],
      );
      await bo.evaluate(() => hmsActions.changeName('Bo B'));
      assert.equal(await bo.evaluate(() => hmsStore.getState(HMS.selectLocalPeerName)), 'Bo B');
      await bo.evaluate(() => hmsActions.changeMetadata({ hand: true }));
      assert.equal(await bo.evaluate(() => hmsStore.getState(HMS.selectLocalPeer).metadata), '{"hand":true}');
      await bo.evaluate(() => hmsActions.changeMetadata('plain'));
      await bo.evaluate(() => hmsActions.changeMetadata(''));
      const changes = ['NAME_UPDATED Bo B', 'METADATA_UPDATED Bo B', 'METADATA_UPDATED Bo B', 'METADATA_UPDATED Bo B'];
      await eventually(() => ana.told(), ['PEER_JOINED Bo', ...changes]);
      assert.deepEqual(await bo.told(), ['PEER_LIST Ana', ...changes]);
      assert.deepEqual(
        (await ana.notifications()).map(({ data }) => data.metadata),
        ['', '', '{"hand":true}', 'plain', ''],
      );

      const refused = await bo.evaluate(() =>
        Promise.all(
          [
            hmsActions.changeName('x'.repeat(257)),
            hmsActions.changeMetadata('x'.repeat(4_097)),
            hmsActions.changeName(7),
            hmsActions.changeMetadata({ n: 10n }),
          ].map(outcome),
        ),
      );
      for (const { code, description } of refused) assert.deepEqual([code, description.length > 10], [6013, true]);
      await bo.evaluate(() => hmsActions.leave());
      await eventually(() => ana.told(), ['PEER_JOINED Bo', ...changes, 'PEER_LEFT Bo B']);
      assert.deepEqual(await ana.names(), ['Ana']);
      assert.equal(await ana.evaluate((id) => id in hmsStore.getState().peers, boId), false);
      assert.equal(await ana.evaluate(() => hmsStore.getState(HMS.selectPeerCount)), 1);
    });

    // ------------------------------------------------------------------------------------------ lifecycle

    it('resets the store on leave and leaves the session as it was; the same objects join again', async (test) => {
      const [ana, bo] = await meet(test, 'leave', ['Ana', 'Bo']);
      await ana.evaluate(async () => {
        await hmsActions.setSessionMetadata('pinned');
        await hmsActions.sessionStore.set('mine', 1);
        await hmsActions.sessionStore.observe('his');
        await hmsActions.sendBroadcastMessage('hello');
      });
      await ana.forget();
      await ana.evaluate(() => hmsActions.leave());
      const left = await ana.evaluate(() => ({
        state: hmsStore.getState(),
        expected: HMS.createDefaultStoreState(),
        metadata: 'sessionMetadata' in hmsStore.getState(),
      }));
      assert.deepEqual(left.state, left.expected);
      assert.equal(left.metadata, false);
      assert.deepEqual(await ana.evaluate(() => records.states.map(({ room }) => [room.roomState, room.isConnected])), [
        ['Disconnecting', true],
        ['Disconnected', false],
      ]);
      await bo.evaluate(() => hmsActions.sessionStore.set('his', 2));
      assert.equal(await bo.metadata(), 'pinned');

      await ana.forget();
      await ana.join(url('leave'), { userName: 'Ana again' });
      assert.deepEqual(await ana.evaluate(() => hmsStore.getState().sessionStore), { default: 'pinned' });
      assert.deepEqual(await ana.evaluate(() => hmsStore.getState().messages), { byID: {}, allIDs: [] });
      await bo.evaluate(() => hmsActions.setSessionMetadata('still'));
      await eventually(() => ana.metadata(), 'still');
      // Nothing of the last join is used again.
      await ana.evaluate(() => hmsActions.leave());
      await ana.join(url('leave'));
      assert.equal(await ana.evaluate(() => hmsStore.getState(HMS.selectLocalPeerName)), '');
    });

    it('rejects what needs a room while there is none', async (test) => {
      const ana = await open(test);
      const attempts = () =>
        ana.evaluate(() => {
          const { sessionStore, ...actions } = hmsActions;
          const names = [
            'setSessionMetadata',
            'populateSessionMetadata',
            'sendBroadcastMessage',
            'sendDirectMessage',
            'sendGroupMessage',
            'changeName',
            'changeMetadata',
          ];
          return Promise.all([
            ...names.map((name) => outcome(actions[name]('x', ['y']))),
            outcome(sessionStore.set('key', 1)),
          ]);
        });
      const check = (outcomes) => {
        for (const { code, name, description } of outcomes) {
          assert.deepEqual({ code, name }, NOT_CONNECTED);
          assert.match(description, /needs a room/);
        }
      };
      check(await attempts());
      await ana.join(url('no-room'));
      await ana.evaluate(() => hmsActions.leave());
      check(await attempts());
      // And while a room is being joined.
      const during = await ana.evaluate(async (initEndpoint) => {
        const joining = hmsActions.join({ userName: 'Ana', authToken: '', initEndpoint });
        const during = await Promise.all([
          outcome(hmsActions.setSessionMetadata(1)),
          outcome(hmsActions.populateSessionMetadata()),
        ]);
        await joining;
        return during;
      }, url('no-room'));
      assert.equal(during[0].code, 6000);
      assert.equal(await ana.evaluate(() => hmsStore.getState().sessionMetadata === undefined), true);
    });

    it('ignores a second join, and joins again while it still leaves', async (test) => {
      const [ana, bo] = await meet(test, 'twice', ['Ana', 'Bo'], { allow: LOST_CONNECTION });
      await ana.join(url('twice-other'), { userName: 'Other' });
      assert.deepEqual(await ana.names(), ['Ana', 'Bo']);
      // As an effect of React's runs in development: join, leave, join, without waiting.
      const outcomes = await bo.evaluate(async (initEndpoint) => {
        await hmsActions.leave();
        const join = () => outcome(hmsActions.join({ userName: 'Bo', authToken: '', initEndpoint }));
        const steps = [join(), outcome(hmsActions.leave()), join()];
        return Promise.all(steps);
      }, url('twice'));
      assert.deepEqual([outcomes[0].code, ...outcomes.slice(1)], [6000, 'done', 'done']);
      assert.equal(await bo.evaluate(() => hmsStore.getState(HMS.selectRoomState)), 'Connected');
      await eventually(() => ana.names(), ['Ana', 'Bo']);
      await bo.evaluate(() => hmsActions.setSessionMetadata('here'));
      await eventually(() => ana.metadata(), 'here');
      assert.deepEqual(
        (await bo.notifications()).filter(({ type }) => type === 'ERROR'),
        [],
      );
      // Leaving while it joins ends outside.
      const ended = await bo.evaluate(async (initEndpoint) => {
        await hmsActions.leave();
        const joining = outcome(hmsActions.join({ userName: 'Bo', authToken: '', initEndpoint }));
        const twice = await Promise.all([hmsActions.leave(), hmsActions.leave()]);
        return [(await joining).code, twice.length, hmsStore.getState(HMS.selectRoomState)];
      }, url('twice'));
      assert.deepEqual(ended, [6000, 2, 'Disconnected']);
      await eventually(() => ana.names(), ['Ana']);
    });

    it('joins anew while the last write of the room that it leaves waits for its answer', async (test) => {
      const proxy = await startProxy(test, server);
      const [ana, bo] = await Promise.all([open(test), open(test)]);
      await ana.join(proxy.sessionUrl(`100ms-${name}-leaving`), { userName: 'Ana' });
      await bo.join(url('leaving'), { userName: 'Bo' });
      proxy.stall({ only: 'received' });
      const { during, after } = await ana.evaluate(async (initEndpoint) => {
        const write = outcome(hmsActions.setSessionMetadata('last'));
        const leaving = outcome(hmsActions.leave());
        const during = hmsStore.getState(HMS.selectRoomState);
        await hmsActions.join({ userName: 'Ana anew', authToken: '', initEndpoint });
        const after = [await leaving, (await write).code, hmsStore.getState(HMS.selectRoomState)];
        return { during, after };
      }, url('leaving'));
      assert.equal(during, 'Disconnecting');
      assert.deepEqual(after, ['done', 1003, 'Connected']);
      await eventually(() => ana.names(), ['Ana anew', 'Bo']);
      await bo.evaluate(() => hmsActions.setSessionMetadata('new'));
      await eventually(() => ana.metadata(), 'new');
    });

    it('sends the token that it is given, or the one in the address', async (test) => {
      const proxy = await startProxy(test, server);
      const ana = await open(test);
      for (const authToken of ['', 'mine', '']) {
        await ana.join(`${proxy.sessionUrl('token')}?t=of-the-address`, { authToken });
        await ana.evaluate(() => hmsActions.leave());
      }
      const joins = proxy.sent().filter(({ type }) => type === 'join');
      assert.deepEqual(
        joins.map(({ token }) => token),
        ['of-the-address', 'mine', 'of-the-address'],
      );
    });

    it('rejects a join that fails, tells so, and can join afterwards', async (test) => {
      const ana = await open(test, { allow: LOST_CONNECTION });
      const proxy = await startProxy(test, server);
      const closed = proxy.sessionUrl('room');
      await proxy.close();
      const full = await startServer({ host: '0.0.0.0' });
      test.after(() => full.stop());
      const cases = [
        [undefined, 6013, /initEndpoint must be the address/],
        ['not an address', 6013, /must be the address of a session/],
        [full.sessionUrl('room'), 403, /does not allow pages from/],
        [closed, 2003, /^No connection to /],
      ];
      for (const [initEndpoint, code, description] of cases) {
        await ana.forget();
        const failed = await ana.evaluate(
          (initEndpoint) =>
            outcome(hmsActions.join({ userName: 'Ana', authToken: '', initEndpoint: initEndpoint ?? undefined })),
          initEndpoint,
        );
        assert.deepEqual([failed.code, failed.isTerminal, failed.isError, failed.action], [code, true, true, 'JOIN']);
        assert.match(failed.description, description);
        assert.deepEqual(
          await ana.evaluate(() => records.states.map(({ room, errors }) => [room.roomState, errors.length])),
          [
            ['Connecting', 0],
            ['Failed', 1],
            ['Disconnected', 0],
          ],
        );
        const told = await ana.notifications();
        assert.deepEqual(
          told.map(({ type, severity }) => [type, severity]),
          [['ERROR', 'error']],
        );
      }
      await ana.join(url('after-failure'), { userName: 'Ana' });
      assert.deepEqual(await ana.names(), ['Ana']);
    });

    // ------------------------------------------------------------------------------------------ Daily's face

    it('shares session, people and messages with a participant on Daily’s face', async (test) => {
      const ana = await open(test, { allow: [/Ignoring unrecognized/] });
      await ana.join(url('interop'), { userName: 'Ana', metaData: '{"a":1}' });
      await ana.evaluate(async () => {
        await hmsActions.setSessionMetadata('pinned');
        await hmsActions.sessionStore.set('poll', { yes: 1 });
      });
      const bo = await open(test);
      await bo.evaluate(async (url) => {
        window.call = Daily.createCallObject();
        window.appMessages = [];
        call.on('app-message', ({ data }) => window.appMessages.push(data));
        await call.join({ url, userName: 'Bo', userData: { seat: 4 } });
      }, url('interop'));
      const data = () => bo.evaluate(() => call.meetingSessionState().data);
      assert.deepEqual(await data(), { default: 'pinned', poll: { yes: 1 } });
      const userData = await bo.evaluate(() => Object.values(call.participants()).find((one) => !one.local).userData);
      assert.equal(userData, '{"a":1}');
      await eventually(() => ana.names(), ['Ana', 'Bo']);
      assert.equal(await ana.evaluate(() => hmsStore.getState(HMS.selectRemotePeers)[0].metadata), '{"seat":4}');

      await bo.evaluate(() => call.setMeetingSessionData({ default: { pinned: 2 }, poll: { yes: 2 }, hidden: 1 }));
      await eventually(() => ana.evaluate(() => hmsStore.getState().sessionStore), {
        default: { pinned: 2 },
        poll: { yes: 2 },
      });
      assert.deepEqual(await ana.metadata(), { pinned: 2 });
      await ana.evaluate(() => hmsActions.setSessionMetadata());
      await eventually(data, { poll: { yes: 2 }, hidden: 1 });
      // `replace` clears what 100ms's face wrote too.
      await pause(1_000);
      await bo.evaluate(() => call.setMeetingSessionData({}));
      await eventually(() => ana.evaluate(() => hmsStore.getState().sessionStore), {});

      await ana.forget();
      await ana.evaluate(async () => {
        await hmsActions.sendBroadcastMessage('refresh', 'metadata');
        await hmsActions.sendDirectMessage('psst', hmsStore.getState(HMS.selectRemotePeers)[0].id);
        await hmsActions.sendGroupMessage('all of you', ['participant']);
      });
      const boId = await bo.evaluate(() => call.participants().local.session_id);
      await eventually(
        () => bo.evaluate(() => window.appMessages),
        [
          { message: 'refresh', type: 'metadata' },
          { message: 'psst', type: 'chat', recipientPeer: boId },
          { message: 'all of you', type: 'chat', recipientRoles: ['participant'] },
        ],
      );
      const sent = [{ wave: true }, 'text', null, { message: 'hi', type: 'emoji' }, { message: 7, type: 'number' }];
      await bo.evaluate((sent) => sent.forEach((one) => call.sendAppMessage(one)), sent);
      await eventually(
        async () => (await ana.notifications()).map(({ data }) => [data.message, data.type, data.senderName]),
        [
          [{ wave: true }, 'chat', 'Bo'],
          ['text', 'chat', 'Bo'],
          [null, 'chat', 'Bo'],
          ['hi', 'emoji', 'Bo'],
          [{ message: 7, type: 'number' }, 'chat', 'Bo'],
        ],
      );
    });

    // ------------------------------------------------------------------------------------------ connection

    it('rejects writes and messages while the connection is lost, and goes on afterwards', async (test) => {
      const proxy = await startProxy(test, server);
      const [ana, bo] = await Promise.all([open(test, { allow: LOST_CONNECTION }), open(test)]);
      await ana.join(proxy.sessionUrl(`100ms-${name}-lost`), { userName: 'Ana' });
      await bo.join(url('lost'), { userName: 'Bo' });
      await ana.evaluate(() => hmsActions.setSessionMetadata('before'));
      await eventually(() => ana.names(), ['Ana', 'Bo']);
      await ana.forget();
      proxy.refuse();
      await until(() => ana.evaluate(() => hmsStore.getState(HMS.selectRoomState) === 'Reconnecting'));
      const lost = await ana.evaluate(async () => {
        const outcomes = await Promise.all(
          [
            hmsActions.setSessionMetadata('lost'),
            hmsActions.sessionStore.set('key', 'lost'),
            hmsActions.sendBroadcastMessage('lost'),
            hmsActions.changeName('lost'),
          ].map(outcome),
        );
        // Reading goes on.
        await hmsActions.populateSessionMetadata();
        await hmsActions.sessionStore.observe('key');
        return {
          outcomes,
          isConnected: hmsStore.getState(HMS.selectIsConnectedToRoom),
          metadata: hmsStore.getState().sessionMetadata,
        };
      });
      for (const { code, name, description } of lost.outcomes) {
        assert.deepEqual({ code, name }, CONNECTION_LOST);
        assert.match(description, /connection is lost/);
      }
      assert.equal(lost.isConnected, true);
      assert.equal(lost.metadata, 'before');
      await bo.evaluate(() => hmsActions.sessionStore.set('key', 'meanwhile'));
      proxy.heal();
      await eventually(() => ana.evaluate(() => hmsStore.getState(HMS.selectRoomState)), 'Connected', RECONNECT_MS);
      await eventually(() => ana.evaluate(() => hmsStore.getState().sessionStore), {
        default: 'before',
        key: 'meanwhile',
      });
      const told = await ana.notifications();
      assert.deepEqual(
        told.map(({ type, severity, data }) => [type, severity, data && data.code]),
        [
          ['RECONNECTING', 'error', 1003],
          ['RECONNECTED', 'info', null],
        ],
      );
      assert.deepEqual(
        await ana.evaluate(() =>
          hmsStore.getState(HMS.selectErrors).map(({ code, timestamp }) => [code, timestamp instanceof Date]),
        ),
        [[1003, true]],
      );
      await ana.evaluate(() => hmsActions.setSessionMetadata('after'));
      await eventually(() => bo.metadata(), 'after');
      assert.deepEqual(await bo.messages(), []);
      assert.equal(await ana.evaluate(() => records.states.every(({ room }) => room.isConnected)), true);
    });

    it('settles what is in flight when the connection breaks, and when the room is left', async (test) => {
      const proxy = await startProxy(test, server);
      const [ana, bo] = await Promise.all([open(test, { allow: LOST_CONNECTION }), open(test)]);
      await ana.join(proxy.sessionUrl(`100ms-${name}-flight`), { userName: 'Ana' });
      await bo.join(url('flight'), { userName: 'Bo' });
      // The server gets the write, the answer does not arrive, and after the reconnect it does.
      proxy.stall({ only: 'received' });
      await ana.evaluate(() => void (window.write = outcome(hmsActions.setSessionMetadata('in flight'))));
      await eventually(() => bo.metadata(), 'in flight');
      proxy.heal();
      proxy.cut();
      assert.equal(await ana.evaluate(() => window.write), 'done');
      assert.equal(await ana.metadata(), 'in flight');
      await eventually(() => ana.evaluate(() => hmsStore.getState(HMS.selectRoomState)), 'Connected', RECONNECT_MS);

      proxy.stall();
      await ana.evaluate(() => {
        window.writes = Promise.all(
          [
            hmsActions.setSessionMetadata('lost'),
            hmsActions.sessionStore.set('a', 1),
            hmsActions.changeName('Nobody'),
          ].map(outcome),
        );
        window.left = hmsActions.leave();
      });
      const outcomes = await ana.evaluate(() => window.left.then(() => window.writes));
      for (const one of outcomes) assert.ok([6000, 1003].includes(one.code), JSON.stringify(one));
      assert.deepEqual(
        await ana.evaluate(() => [hmsStore.getState().sessionStore, hmsStore.getState(HMS.selectRoomState)]),
        [{}, 'Disconnected'],
      );
      proxy.heal();
    });
  });

  describe(`100ms's entry and a server that is started anew, in ${name}`, () => {
    it('has a state that fits together at every moment', async (test) => {
      let restarted = await startServer();
      test.after(() => restarted.kill());
      const browser = await launch(name);
      test.after(() => browser.close());
      const url = restarted.sessionUrl('room');
      const [ana, bo] = await Promise.all([1, 2].map(() => openHms(test, browser, { allow: LOST_CONNECTION })));
      await ana.join(url, { userName: 'Ana' });
      await bo.join(url, { userName: 'Bo' });
      await eventually(() => ana.names(), ['Ana', 'Bo']);
      await ana.evaluate(() => hmsActions.setSessionMetadata('old'));
      await bo.evaluate(() => hmsActions.sessionStore.observe('key'));
      await eventually(() => bo.metadata(), 'old');
      const [session, id] = [await ana.evaluate(() => hmsStore.getState(HMS.selectSessionId)), await ana.id()];

      await restarted.kill();
      for (const peer of [ana, bo])
        await eventually(() => peer.evaluate(() => hmsStore.getState(HMS.selectRoomState)), 'Reconnecting');
      restarted = await startServer({ port: restarted.port });
      for (const peer of [ana, bo]) {
        await eventually(() => peer.evaluate(() => hmsStore.getState(HMS.selectRoomState)), 'Connected', RECONNECT_MS);
        await eventually(() => peer.names(), ['Ana', 'Bo'], RECONNECT_MS);
        assert.equal(await peer.evaluate(() => hmsStore.getState().sessionMetadata === undefined), true);
        const broken = await peer.evaluate(() =>
          records.states
            .filter(({ room }) => room.isConnected)
            .filter(({ room, peers }) => {
              const ids = Object.keys(peers);
              const local = ids.filter((id) => peers[id].isLocal);
              return (
                ids.length !== room.peers.length ||
                !room.peers.every((id) => peers[id]) ||
                local.length !== 1 ||
                local[0] !== room.localPeer
              );
            })
            .map(({ room, peers }) => ({ room, peers })),
        );
        assert.deepEqual(broken, []);
      }
      const after = await ana.evaluate(() => hmsStore.getState(HMS.selectSessionId));
      assert.notEqual(after, session);
      assert.equal(await bo.evaluate(() => hmsStore.getState(HMS.selectSessionId)), after);
      assert.notEqual(await ana.id(), id);
      await ana.evaluate(() => hmsActions.sessionStore.set('key', 'new'));
      await ana.evaluate(() => hmsActions.setSessionMetadata('new'));
      await eventually(() => bo.evaluate(() => hmsStore.getState().sessionStore), { default: 'new', key: 'new' });
    });
  });
}

/** Opens a page with 100ms's entry in it, for the length of one test. */
async function openHms(test, browser, options) {
  const page = await openPage(test, browser, site.url, options);
  await until(() => page.evaluate(() => window.ready));
  return new HmsPeer(page);
}

/** A page with a store. What tests evaluate finds what `pages/100ms-peer.js` puts into `window`. */
class HmsPeer {
  constructor(page) {
    this.page = page;
  }

  evaluate(work, ...args) {
    return this.page.evaluate(work, ...args);
  }

  join(initEndpoint, options = {}) {
    return this.evaluate((config) => hmsActions.join(config), { authToken: '', initEndpoint, ...options });
  }

  metadata() {
    return this.evaluate(() => hmsStore.getState(HMS.selectSessionMetadata));
  }

  id() {
    return this.evaluate(() => hmsStore.getState(HMS.selectLocalPeerID));
  }

  /** The names of all peers, sorted. */
  names() {
    return this.evaluate(() =>
      hmsStore
        .getState(HMS.selectPeers)
        .map(({ name }) => name)
        .sort(),
    );
  }

  /** The messages in the store, without what differs from run to run, and from peer to peer. */
  messages() {
    return this.evaluate(() =>
      hmsStore
        .getState(HMS.selectHMSMessages)
        .map(({ id, time, senderUserId, recipientPeer, recipientRoles, ...message }) => ({
          ...message,
          ...(recipientPeer && { recipientPeer }),
          ...(recipientRoles && { recipientRoles }),
        })),
    );
  }

  /** The notifications so far, as JSON would carry them. */
  async notifications() {
    // As text, because one object in two places does not come out of every browser.
    return JSON.parse(await this.evaluate(() => JSON.stringify(records.notifications)));
  }

  /** The notifications about peers in short. */
  async told() {
    return (await this.notifications()).map(({ type, data }) => `${type} ${[data].flat().map(({ name }) => name)}`);
  }

  /** Forgets the states and notifications so far. */
  forget() {
    return this.evaluate(() => void Object.assign(records, { states: [], notifications: [] }));
  }
}
