// What a session is to those in it: data, participants, messages, beginning and end.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { BROWSERS, launch } from './support/browsers.mjs';
import { eventually, joinPeers, openPeer, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

const STATE = 'meeting-session-state-updated';

/** The events of a first join, in order. */
const JOIN_EVENTS = [
  'loading',
  'loaded',
  'joining-meeting',
  'joined-meeting',
  'participant-counts-updated',
  'meeting-session-summary-updated',
  'meeting-session-updated',
  STATE,
];

let server;
before(async () => (server = await startServer()));
after(() => server?.stop());

for (const name of BROWSERS) {
  describe(`a session, in ${name}`, { concurrency: 2 }, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());

    let rooms = 0;
    const newUrl = () => server.sessionUrl(`${name}-${(rooms += 1)}`);
    const open = (test, options) => openPeer(test, browser, server, options);
    const join = (test, url, names, options) => joinPeers(test, browser, server, url, names, options);

    it('gives what one of three writes to all of them as one event, the writer included', async (test) => {
      const peers = await join(test, newUrl(), ['Ana', 'Bo', 'Cy']);
      for (const peer of peers) await peer.forget();
      const data = { pinned: 'Hello', list: [1, { deep: null }], 'é😀': true };
      const before = await peers[0].evaluate((data) => {
        call.setMeetingSessionData(data);
        return call.meetingSessionState().data;
      }, data);
      assert.deepEqual(before, {}, 'nothing changes before the server has answered');

      for (const peer of peers) {
        await eventually(() => peer.data(), data);
        assert.deepEqual(await peer.actions(), [STATE]);
        const [event] = await peer.events();
        assert.deepEqual(event.meetingSessionState, { data, topology: 'sfu' });
        assert.equal(await peer.revision(), 1);
      }
    });

    it('starts empty, with the events of a join in their order', async (test) => {
      const ana = await open(test);
      assert.equal(await ana.meetingState(), 'new');
      const participants = await ana.join(newUrl(), { userName: 'Ana', userData: { role: 'host' } });
      assert.deepEqual(Object.keys(participants), ['local']);
      assert.equal(participants.local.user_name, 'Ana');
      assert.deepEqual(participants.local.userData, { role: 'host' });
      assert.deepEqual(await ana.actions(), JOIN_EVENTS);
      assert.deepEqual(await ana.data(), {});
      assert.equal(await ana.revision(), 0);
      const { id } = await ana.summary();
      assert.match(id, /^[0-9a-f]+$/);
      assert.deepEqual((await ana.events('meeting-session-summary-updated'))[0].meetingSession, { id });
    });

    it('gives a late joiner the data inside joined-meeting, and then exactly one event of it', async (test) => {
      const url = newUrl();
      const [ana] = await join(test, url, ['Ana']);
      await ana.set({ pinned: 'Hello' });
      await eventually(() => ana.revision(), 1);

      const bo = await open(test);
      await bo.evaluate(() => call.on('joined-meeting', () => (window.found = call.meetingSessionState())));
      await bo.join(url, { userName: 'Bo' });
      assert.deepEqual(await bo.evaluate(() => window.found), { data: { pinned: 'Hello' }, topology: 'sfu' });
      // What Ana writes next would overtake nothing, so an extra event would be here by then.
      await ana.set({ pinned: 'Bye' });
      await eventually(() => bo.data(), { pinned: 'Bye' });
      const datas = (await bo.events(STATE)).map((event) => event.meetingSessionState.data);
      assert.deepEqual(datas, [{ pinned: 'Hello' }, { pinned: 'Bye' }]);
      assert.deepEqual((await bo.actions()).slice(0, JOIN_EVENTS.length), JOIN_EVENTS);
    });

    it('replaces and merges exactly as the examples of the documentation', async (test) => {
      const [ana, bo] = await join(test, newUrl(), ['Ana', 'Bo']);
      const everybodyHas = async (data) => {
        for (const peer of [ana, bo]) await eventually(() => peer.data(), data);
      };
      const finland = { address: { country: 'Finland' } };
      await ana.set(finland);
      await everybodyHas(finland);
      await bo.set({ code: '358' }, 'replace');
      await everybodyHas({ code: '358' });

      await ana.set(finland, 'replace');
      await everybodyHas(finland);
      await bo.set({ code: '358' }, 'shallow-merge');
      await everybodyHas({ address: { country: 'Finland' }, code: '358' });
      await ana.set({ address: { city: 'Helsinki' } }, 'shallow-merge');
      await everybodyHas({ address: { city: 'Helsinki' }, code: '358' });
    });

    it('deletes a key that is merged as undefined, and keeps null', async (test) => {
      const [ana, bo] = await join(test, newUrl(), ['Ana', 'Bo']);
      await ana.set({ a: 1, b: 2, c: 3 });
      await eventually(() => bo.data(), { a: 1, b: 2, c: 3 });
      await bo.evaluate(() => call.setMeetingSessionData({ a: undefined, b: null }, 'shallow-merge'));
      for (const peer of [ana, bo]) {
        await eventually(() => peer.data(), { b: null, c: 3 });
        assert.deepEqual(await peer.evaluate(() => Object.keys(call.meetingSessionState().data).sort()), ['b', 'c']);
      }
    });

    it('refuses a merge whose result is too large, and tells only the writer', async (test) => {
      const [ana, bo] = await join(test, newUrl(), ['Ana', 'Bo']);
      await ana.set({ a: 'x'.repeat(60_000) });
      await eventually(() => bo.revision(), 1);
      await bo.set({ b: 'x'.repeat(60_000) }, 'shallow-merge');
      const [error] = await until(async () => {
        const errors = await bo.events('nonfatal-error');
        return errors.length && errors;
      });
      const size = JSON.stringify({ a: 'x'.repeat(60_000), b: 'x'.repeat(60_000) }).length;
      assert.equal(error.type, 'meeting-session-data-error');
      assert.equal(error.errorMsg, `Meeting session data is too large (${size} characters). Maximum size suppported is 102400.`);
      assert.deepEqual(error.details, { code: 'too_large', size });

      await bo.set({ b: 'small' }, 'shallow-merge');
      await eventually(() => ana.evaluate(() => call.meetingSessionState().data.b), 'small');
      assert.equal(await ana.revision(), 2);
      assert.deepEqual(await ana.events('nonfatal-error'), []);
    });

    it('delivers app messages to all others, to one, or to some', async (test) => {
      const peers = await join(test, newUrl(), ['Ana', 'Bo', 'Cy']);
      const [ana, bo, cy] = peers;
      const [anaId, boId, cyId] = await Promise.all(peers.map((peer) => peer.id()));
      const send = (data, to) => ana.evaluate((data, to) => call.sendAppMessage(data, to) === call, data, to);
      assert.ok(await send({ to: 'all' }, '*'));
      await send('Bo alone', boId);
      await send(['both'], [boId, cyId]);
      const received = async (peer) =>
        (await peer.events('app-message')).map(({ data, fromId }) => [data, fromId]);
      await eventually(() => received(bo), [[{ to: 'all' }, anaId], ['Bo alone', anaId], [['both'], anaId]]);
      await eventually(() => received(cy), [[{ to: 'all' }, anaId], [['both'], anaId]]);
      // The sender would have got its own by now, for Bo's answer comes after it.
      await bo.evaluate((id) => call.sendAppMessage('got it', id), anaId);
      await eventually(() => received(ana), [['got it', boId]]);
    });

    it('tells who joins, changes and leaves, and how many there are', async (test) => {
      const url = newUrl();
      const [ana] = await join(test, url, ['Ana']);
      await ana.forget();
      const bo = await open(test);
      await bo.join(url, { userName: 'Bo' });
      const boId = await bo.id();
      await eventually(() => ana.actions(), ['participant-joined', 'participant-counts-updated']);
      assert.deepEqual(await ana.counts(), { present: 2, hidden: 0 });
      const [{ participant }, { participantCounts }] = await ana.events();
      assert.deepEqual(participantCounts, { present: 2, hidden: 0 });
      assert.deepEqual([participant.session_id, participant.user_name, participant.local], [boId, 'Bo', false]);

      await Promise.all([ana.forget(), bo.forget()]);
      const set = await bo.evaluate(async () => [await call.setUserName('Bob'), await call.setUserData({ hand: true })]);
      assert.deepEqual(set, [{ userName: 'Bob' }, { userData: { hand: true } }]);
      for (const [peer, local] of [[ana, false], [bo, true]]) {
        await eventually(() => peer.actions(), ['participant-updated', 'participant-updated']);
        const last = (await peer.events())[1].participant;
        assert.deepEqual([last.user_name, last.userData, last.local], ['Bob', { hand: true }, local]);
      }

      await ana.forget();
      await bo.evaluate(() => call.leave());
      await eventually(() => ana.actions(), ['participant-left', 'participant-counts-updated']);
      assert.equal((await ana.events())[0].participant.session_id, boId);
      assert.deepEqual(await ana.names(), ['Ana']);
    });

    it('goes on without one who leaves, who finds it again as another participant', async (test) => {
      const url = newUrl();
      const [ana, bo] = await join(test, url, ['Ana', 'Bo']);
      const [firstId, session] = [await bo.id(), await bo.summary()];
      await bo.forget();
      // What is set right before leaving is still sent, although its second has not come.
      await bo.evaluate(() => {
        call.setMeetingSessionData({ first: 1 }, 'shallow-merge');
        call.setMeetingSessionData({ second: 2 }, 'shallow-merge');
        return call.leave();
      });
      assert.equal((await bo.actions()).at(-1), 'left-meeting');
      assert.equal(await bo.meetingState(), 'left-meeting');
      assert.deepEqual(await bo.evaluate(() => [call.participants(), call.participantCounts()]), [{}, { present: 0, hidden: 0 }]);
      await eventually(() => ana.data(), { first: 1, second: 2 });
      await eventually(() => ana.names(), ['Ana']);

      await bo.forget();
      await bo.join(url, { userName: 'Bo again' });
      assert.deepEqual(await bo.actions(), JOIN_EVENTS);
      assert.deepEqual(await bo.data(), { first: 1, second: 2 });
      assert.deepEqual(await bo.summary(), session);
      assert.notEqual(await bo.id(), firstId);
    });

    it('ends with the last one: who joins next finds a new and empty session', async (test) => {
      const url = newUrl();
      const [ana, bo] = await join(test, url, ['Ana', 'Bo']);
      await ana.set({ kept: true });
      await eventually(() => bo.data(), { kept: true });
      const before = await bo.summary();
      for (const peer of [ana, bo]) await peer.evaluate(() => call.leave());
      // The next join comes over another connection, which may be faster.
      const room = new URL(url).pathname.slice(1);
      await until(() => server.log.some((line) => line.includes('session ended') && line.includes(`"${room}"`)));

      await ana.join(url);
      assert.deepEqual(await ana.data(), {});
      assert.equal(await ana.revision(), 0);
      assert.notEqual((await ana.summary()).id, before.id);
    });
  });
}

describe('a session of a Chromium page and a Firefox page', () => {
  let browsers;
  before(async () => (browsers = await Promise.all(BROWSERS.map(launch))));
  after(() => Promise.all((browsers ?? []).map((browser) => browser.close())));

  it('has the same data, text for text, in both', async (test) => {
    const [ana, bo] = await Promise.all(browsers.map((browser) => openPeer(test, browser, server)));
    for (const [peer, userName] of [[ana, 'Ana'], [bo, 'Bo']]) await peer.join(server.sessionUrl('both'), { userName });
    const text = (peer) => peer.evaluate(() => JSON.stringify(call.meetingSessionState().data));
    for (const writer of [ana, bo]) {
      const written = await writer.evaluate((index) => {
        const data = JSON.parse('{"__proto__":{"a":1},"lone":"\\ud800","tiny":5e-324,"big":9007199254740993,"é😀":[-0.5,1e21]}');
        call.setMeetingSessionData({ ...data, ['__proto__']: { a: index } });
        return JSON.stringify({ ...data, ['__proto__']: { a: index } });
      }, writer === ana ? 1 : 2);
      for (const peer of [ana, bo]) await eventually(async () => JSON.parse(await text(peer)), JSON.parse(written));
      assert.equal(await text(ana), await text(bo));
    }
    await bo.evaluate(() => call.sendAppMessage('hello from Firefox'));
    await eventually(async () => (await ana.events('app-message')).map(({ data }) => data), ['hello from Firefox']);
    assert.equal((await ana.summary()).id, (await bo.summary()).id);
  });
});
