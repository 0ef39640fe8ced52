// 100ms's entry in real pages on a real server: versions of keys, and writes that are based on one.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, LOST_CONNECTION } from './support/browsers.mjs';
import { CONNECTION_LOST, INVALID, QUIET_MS, RECONNECT_MS, hmsPeers, serveHms } from './support/hms.mjs';
import { eventually, pause, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

const CONFLICT = { code: 409, name: 'ServerErrors', action: 'set-metadata', isTerminal: false, isError: true, isHMS: true };

const served = serveHms();

for (const name of BROWSERS) {
  describe(`100ms's entry knows versions, in ${name}`, { concurrency: 3 }, () => {
    const { meet, open, url } = hmsPeers(served, name);

    it('tells of each key its version, and who changed it when', async (test) => {
      const [ana, bo] = await meet(test, 'entries', ['Ana', 'Bo']);
      const [anaId, boId] = [await ana.id(), await bo.id()];
      const began = Date.now();
      await bo.evaluate(() => hmsActions.sessionStore.observe(['count', 'other', 'constructor']));
      assert.equal(await entry(bo, 'count'), 'nothing');
      assert.equal(await entry(bo, 'constructor'), 'nothing');

      await ana.evaluate(() => hmsActions.sessionStore.set('count', 1));
      const first = { value: 1, version: 1, updatedBy: anaId };
      for (const peer of [ana, bo]) await eventually(() => entry(peer, 'count'), first);
      await bo.evaluate(() => hmsActions.sessionStore.set('other', { a: [1] }));
      await bo.evaluate(() => hmsActions.setSessionMetadata('pinned'));
      await eventually(() => entry(ana, 'default'), { value: 'pinned', version: 3, updatedBy: boId });
      await bo.evaluate(() => hmsActions.sessionStore.set('count', 2));
      for (const peer of [ana, bo]) await eventually(() => entry(peer, 'count'), { value: 2, version: 4, updatedBy: boId });
      // Not observed, and not set here.
      assert.equal(await entry(ana, 'other'), 'nothing');

      const at = await ana.evaluate(() => hmsStore.getState(HMS.selectSessionStoreEntry('count')).updatedAt.getTime());
      // Both clocks are this machine's.
      assert.ok(at >= began - 1 && at <= Date.now() + 1, `${at - began} ms after the beginning`);

      const late = await open(test);
      await late.evaluate(() => hmsActions.sessionStore.observe(['count', 'other']));
      await late.join(url('entries'), { userName: 'Late' });
      assert.deepEqual(await entry(late, 'count'), { value: 2, version: 4, updatedBy: boId });
      assert.deepEqual(await entry(late, 'other'), { value: { a: [1] }, version: 2, updatedBy: boId });

      // What is observed no more stays as it was, and what is deleted has no version.
      await late.evaluate(() => hmsActions.sessionStore.unobserve('other'));
      await bo.evaluate(() => hmsActions.sessionStore.set('other', 'new'));
      await bo.evaluate(() => hmsActions.sessionStore.set('count'));
      await eventually(() => entry(late, 'count'), 'nothing');
      assert.equal((await entry(late, 'other')).version, 2);
      await late.evaluate(() => hmsActions.leave());
      assert.equal(await entry(late, 'other'), 'nothing');
    });

    it('gives the same entry until something about the key changes', async (test) => {
      const [ana, bo] = await meet(test, 'identity', ['Ana', 'Bo']);
      const found = await ana.evaluate(async () => {
        const { set } = hmsActions.sessionStore;
        const read = (key) => hmsStore.getState(HMS.selectSessionStoreEntry(key));
        await set('a', { x: 1 });
        const before = read('a');
        window.calls = 0;
        hmsStore.subscribe(() => (window.calls += 1), HMS.selectSessionStoreEntry('a'));
        await set('b', 1);
        await set('a', { x: 1 });
        await hmsActions.populateSessionMetadata();
        const same = read('a') === before && window.calls === 0;
        await set('a', { x: 2 });
        const { value, updatedAt } = read('a');
        return { same, calls: window.calls, frozen: Object.isFrozen(read('a')), x: value.x, date: updatedAt instanceof Date };
      });
      assert.deepEqual(found, { same: true, calls: 1, frozen: true, x: 2, date: true });
      await bo.evaluate(() => hmsActions.sessionStore.set('a', { x: 3 }));
      await eventually(() => ana.evaluate(() => window.calls), 2);
    });

    it('sets a key only at the version that it is based on, and says who was first', async (test) => {
      const [ana, bo] = await meet(test, 'conflict', ['Ana', 'Bo']);
      for (const peer of [ana, bo]) await peer.evaluate(() => hmsActions.sessionStore.observe('pinned'));
      assert.equal(await setAt(ana, 'pinned', 'A', 0), 'done');
      await eventually(async () => (await entry(bo, 'pinned')).version, 1);
      assert.equal(await setAt(bo, 'pinned', 'B', 1), 'done');
      await eventually(async () => (await entry(ana, 'pinned')).version, 2);

      // Known here, without asking the server.
      const known = await ana.evaluate(async () => {
        const error = await hmsActions.sessionStore.set('pinned', 'C', { ifVersion: 1 }).catch((error) => error);
        const { code, retryable, revision, current, changedKeys, name } = error.nativeError;
        return { text: `${error}`, native: { code, retryable, revision, current, changedKeys, name } };
      });
      assert.deepEqual(known, {
        text: 'ServerErrors 409: Bo changed "pinned" first',
        native: {
          name: 'SessionError',
          code: 'conflict',
          retryable: true,
          revision: 2,
          current: { pinned: 'B' },
          changedKeys: ['pinned'],
        },
      });
      assert.deepEqual(await setAt(ana, 'pinned', 'C', 1), { ...CONFLICT, description: 'Bo changed "pinned" first' });
      assert.deepEqual(await setAt(ana, 'pinned', 'C', 0), { ...CONFLICT, description: 'Bo changed "pinned" first' });
      assert.equal((await entry(ana, 'pinned')).value, 'B');

      // Of a key that is gone too, and one that was never there.
      await bo.evaluate(() => hmsActions.sessionStore.set('pinned'));
      await eventually(() => entry(ana, 'pinned'), 'nothing');
      assert.deepEqual(await setAt(ana, 'pinned', 'C', 2), { ...CONFLICT, description: 'Bo changed "pinned" first' });
      assert.deepEqual(await setAt(ana, 'never', 1, 2), { ...CONFLICT, description: 'Somebody changed "never" first' });
      assert.equal(await setAt(ana, 'pinned', 'D', 0), 'done');

      // A deletion has a condition too, and the metadata is a key like others.
      const deleted = (version) =>
        ana.evaluate((ifVersion) => outcome(hmsActions.sessionStore.set('pinned', undefined, { ifVersion })), version);
      const { version } = await entry(ana, 'pinned');
      assert.equal((await deleted(version - 1)).code, 409);
      assert.equal(await deleted(version), 'done');
      assert.equal(await setAt(ana, 'default', 'metadata', 0), 'done');
      await eventually(() => bo.metadata(), 'metadata');

      // The name while the peer is there, and its id when it has left.
      const boId = await bo.id();
      await bo.evaluate(() => hmsActions.changeName('Bo Lee'));
      await bo.evaluate(() => hmsActions.sessionStore.set('by', 'Bo'));
      await eventually(() => ana.names(), ['Ana', 'Bo Lee']);
      assert.equal((await setAt(ana, 'by', 1, 0)).description, 'Bo Lee changed "by" first');
      await bo.evaluate(() => hmsActions.leave());
      await eventually(() => ana.names(), ['Ana']);
      assert.equal((await setAt(ana, 'by', 1, 0)).description, `${boId} changed "by" first`);
    });

    it('has exactly one winner when peers race from the same version', async (test) => {
      const names = ['Ana', 'Bo', 'Cy'];
      const peers = await meet(test, 'race', names);
      for (const peer of peers) await peer.evaluate(() => hmsActions.sessionStore.observe('seat'));
      for (let round = 0; round < 10; round += 1) {
        const version = round && (await entry(peers[0], 'seat')).version;
        for (const peer of peers) await eventually(async () => (await entry(peer, 'seat')).version ?? 0, version);
        const outcomes = await Promise.all(peers.map((peer, index) => setAt(peer, 'seat', `${names[index]} ${round}`, version)));
        const winners = names.filter((_, index) => outcomes[index] === 'done');
        assert.equal(winners.length, 1, JSON.stringify(outcomes));
        for (const outcome of outcomes.filter((one) => one !== 'done')) {
          assert.deepEqual(outcome, { ...CONFLICT, description: `${winners[0]} changed "seat" first` });
        }
        for (const peer of peers) await eventually(async () => (await entry(peer, 'seat')).value, `${winners[0]} ${round}`);
      }
    });

    it('loses no change of a list when each is made again after a conflict', async (test) => {
      const peers = await meet(test, 'list', ['Ana', 'Bo']);
      const add = (mark) =>
        Promise.all(
          Array.from({ length: 10 }, async (_, index) => {
            for (;;) {
              const { value = [], version = 0 } = hmsStore.getState(HMS.selectSessionStoreEntry('list')) ?? {};
              const added = [...value, mark + index];
              const ended = await outcome(hmsActions.sessionStore.set('list', added, { ifVersion: version }));
              if (ended === 'done') return;
              if (ended.code !== 409) throw new Error(ended.description);
            }
          }),
        ).then(() => {});
      for (const peer of peers) await peer.evaluate(() => hmsActions.sessionStore.observe('list'));
      await Promise.all(peers.map((peer, index) => peer.evaluate(add, 'ab'[index])));
      const expected = [...'ab'].flatMap((mark) => Array.from({ length: 10 }, (_, index) => mark + index));
      for (const peer of peers) await eventually(async () => (await entry(peer, 'list')).value.toSorted(), expected);
    });

    it('refuses what is no version, and writes without a condition when none is given', async (test) => {
      const [ana] = await meet(test, 'invalid', ['Ana']);
      const refused = await ana.evaluate(async () => {
        const outcomes = [];
        for (const ifVersion of [-1, 1.5, '1', null, undefined, NaN]) {
          outcomes.push(await outcome(hmsActions.sessionStore.set('a', 1, { ifVersion })));
        }
        return outcomes;
      });
      for (const { code, name, description } of refused) {
        assert.deepEqual({ code, name }, INVALID);
        assert.match(description, /^ifVersion must be a version/);
      }
      await ana.evaluate(() => hmsActions.sessionStore.set('a', 1));
      await ana.evaluate(() => hmsActions.sessionStore.set('a', 2, {}));
      await ana.evaluate(() => hmsActions.sessionStore.set('a', 3, undefined));
      await ana.evaluate(() => hmsActions.sessionStore.set('a', 4, null));
      assert.equal((await entry(ana, 'a')).value, 4);
    });
  });
}

describe("100ms's entry and versions when the session begins anew", () => {
  const { open } = hmsPeers(served, BROWSERS[0]);

  it('takes the versions of the new session', async (test) => {
    let own = await startServer();
    atEnd(test, () => own.kill());
    const ana = await open(test, { allow: LOST_CONNECTION });
    await ana.join(own.sessionUrl('anew'), { userName: 'Ana' });
    await ana.evaluate(() => hmsActions.sessionStore.set('a', 1));
    await ana.evaluate(() => hmsActions.sessionStore.set('b', 1));
    await own.kill();
    await until(() => ana.evaluate(() => hmsStore.getState(HMS.selectRoomState) === 'Reconnecting'));
    const { code, name } = await setAt(ana, 'a', 2, 1);
    assert.deepEqual({ code, name }, CONNECTION_LOST);
    own = await startServer({ port: own.port });
    await eventually(() => ana.evaluate(() => hmsStore.getState(HMS.selectRoomState)), 'Connected', RECONNECT_MS);
    await eventually(() => entry(ana, 'a'), 'nothing');
    // Nobody has changed it: it is not there.
    assert.equal((await setAt(ana, 'a', 2, 1)).description, 'Somebody changed "a" first');
    assert.equal(await setAt(ana, 'a', 2, 0), 'done');
    assert.deepEqual(await entry(ana, 'a'), { value: 2, version: 1, updatedBy: await ana.id() });
    await pause(QUIET_MS);
  });
});

/** A key's entry without its date, or 'nothing'. */
function entry(peer, key) {
  return peer.evaluate((key) => {
    const found = hmsStore.getState(HMS.selectSessionStoreEntry(key));
    if (!found) return 'nothing';
    const { updatedAt, ...entry } = found;
    return entry;
  }, key);
}

/** Sets a key at a version; resolves to what came of it. */
function setAt(peer, key, value, ifVersion) {
  return peer.evaluate(
    (key, value, options) => outcome(hmsActions.sessionStore.set(key, value, options)),
    key,
    value,
    { ifVersion },
  );
}
