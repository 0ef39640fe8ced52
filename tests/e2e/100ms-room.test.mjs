// 100ms's entry in real pages on a real server: joining and leaving, and what is refused without a room.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, LOST_CONNECTION } from './support/browsers.mjs';
import { NOT_CONNECTED, hmsPeers, serveHms } from './support/hms.mjs';
import { eventually } from './support/peers.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

const served = serveHms();

for (const name of BROWSERS) {
  describe(`100ms's entry joins and leaves, in ${name}`, { concurrency: 3 }, () => {
    const { meet, open, url } = hmsPeers(served, name);

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
      const proxy = await startProxy(test, served.server);
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
      const proxy = await startProxy(test, served.server);
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
      const proxy = await startProxy(test, served.server);
      const closed = proxy.sessionUrl('room');
      await proxy.close();
      const full = await startServer({ host: '0.0.0.0' });
      atEnd(test, () => full.stop());
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
  });
}
