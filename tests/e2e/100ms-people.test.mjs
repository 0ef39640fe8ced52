// 100ms's entry in real pages on a real server: messages and peers.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { BROWSERS } from './support/browsers.mjs';
import { INVALID, MAX_MESSAGE, hmsPeers, serveHms } from './support/hms.mjs';
import { eventually, pause } from './support/peers.mjs';

const served = serveHms();

for (const name of BROWSERS) {
  describe(`100ms's entry carries messages and knows its peers, in ${name}`, { concurrency: 3 }, () => {
    const { meet, open, url } = hmsPeers(served, name);

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
  });
}
