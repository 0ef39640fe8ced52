// 100ms's entry in real pages on a real server: session metadata and the session store: setting, reading, following, selecting.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { BROWSERS } from './support/browsers.mjs';
import { INVALID, MAX_DATA, QUIET_MS, TOO_LARGE, hmsPeers, serveHms } from './support/hms.mjs';
import { eventually, pause } from './support/peers.mjs';

const served = serveHms();

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
  describe(`100ms's entry writes and shows data, in ${name}`, { concurrency: 3 }, () => {
    const { meet, open, url } = hmsPeers(served, name);

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
      assert.ok(took < 18_000, `20 writes took ${took} ms`);
      await eventually(() => bo.metadata(), 20);
      const all = await ana.evaluate(() =>
        Promise.all([1, 2, 3].map((one) => hmsActions.sessionStore.set(`key${one}`, one))).then(
          () => hmsStore.getState().sessionStore,
        ),
      );
      assert.deepEqual(all, { default: 20, key1: 1, key2: 2, key3: 3 });
    });

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
        // A slow machine gets more time to write so often.
        while (performance.now() < end || written <= 200) await samples.setSessionMetadata((written += 1));
        return written;
      });
      await eventually(() => bo.metadata(), written);
      const connections = (await ana.notifications()).filter(({ type }) => /RECONNECT/.test(type));
      assert.deepEqual(connections, []);
    });
  });
}
