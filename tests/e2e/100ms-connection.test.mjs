// 100ms's entry in real pages on a real server: a connection that is lost, and a server that is started anew.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, launch, LOST_CONNECTION } from './support/browsers.mjs';
import { CONNECTION_LOST, RECONNECT_MS, hmsPeers, openHms, serveHms } from './support/hms.mjs';
import { eventually, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

const served = serveHms();

for (const name of BROWSERS) {
  describe(`100ms's entry survives its connection, in ${name}`, { concurrency: 3 }, () => {
    const { open, url } = hmsPeers(served, name);

    it('rejects writes and messages while the connection is lost, and goes on afterwards', async (test) => {
      const proxy = await startProxy(test, served.server);
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
      const proxy = await startProxy(test, served.server);
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
      atEnd(test, () => restarted.kill());
      const browser = await launch(name);
      atEnd(test, () => browser.close());
      const url = restarted.sessionUrl('room');
      const [ana, bo] = await Promise.all([1, 2].map(() => openHms(test, browser, served.site, { allow: LOST_CONNECTION })));
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
