// The React entry, on pages and on a server, with every version of React that it is for.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { LOST_CONNECTION } from './support/browsers.mjs';
import { eventually, openPeer, pause, until } from './support/peers.mjs';
import { QUIET_MS, REACTS, RECONNECT_MS, renderOnServer, servePages, startBoth, tag, text } from './support/react.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

const IDLE = { status: 'idle', data: {}, topology: 'none', people: [] };

const both = startBoth();

for (const [version, alias] of Object.entries(REACTS)) {
  describe(`meeting-session-state/react with ${version}`, { concurrency: 2 }, () => {
    const openEmpty = servePages(both, 'react-page.jsx', { alias });

    /** Opens a page, and shows the session in it if there are props. The page may warn only of what is allowed. */
    async function open(test, props, { allow } = {}) {
      const page = await openEmpty(test, { allow, warnings: true });
      if (props) await show(page, props);
      return page;
    }

    it('shows everybody the same, a late joiner too', async (test) => {
      const url = both.newUrl();
      const ana = await open(test);
      // A call of the application does not stand in the way of the provider's.
      await ana.evaluate(() => App.makeCall());
      await show(ana, { url, userName: 'Ana' });
      await connected(ana, ['Ana']);
      const bo = await open(test, { url, userName: 'Bo' });
      await connected(bo, ['Bo', 'Ana']);

      await ana.evaluate(() => App.set({ pinned: 'Hello', title: 'Standup' }));
      await ana.evaluate(() => App.set({ votes: [1, 2] }, 'shallow-merge'));
      const data = { pinned: 'Hello', title: 'Standup', votes: [1, 2] };
      const cy = await open(test);
      for (const page of [ana, bo]) await eventually(async () => (await view(page)).data, data);
      await show(cy, { url, userName: 'Cy' });
      await eventually(() => view(cy), { status: 'connected', data, topology: 'sfu', people: ['Cy', 'Ana', 'Bo'] });
      await connected(ana, ['Ana', 'Bo', 'Cy']);
      await connected(bo, ['Bo', 'Ana', 'Cy']);
      assert.equal(await text(cy, '#pinned'), '"Hello"');
      assert.equal(await text(cy, '#fresh'), '["Standup",[1,2],["Standup",[1,2]]]');

      await cy.evaluate(() => App.set({ pinned: undefined }, 'shallow-merge'));
      for (const page of [ana, bo, cy]) await eventually(() => text(page, '#pinned'), 'nothing');
    });

    it('renders a component again only when what it shows has changed', async (test) => {
      const url = both.newUrl();
      const [ana, bo] = [await open(test, { url, userName: 'Ana' }), await open(test, { url, userName: 'Bo' })];
      for (const page of [ana, bo]) await until(async () => (await view(page)).people.length === 2);
      await bo.evaluate(() => App.set({ pinned: { by: 'Bo' }, title: 'Standup', votes: [1] }));
      await until(async () => (await view(ana)).data.title);
      const renders = () => ana.evaluate(() => App.renders);
      const since = async (before) => {
        await pause(QUIET_MS);
        const now = await renders();
        return Object.keys(now).filter((name) => now[name] > before[name]);
      };

      let before = await renders();
      await bo.evaluate(() => App.set({ other: true }, 'shallow-merge'));
      await until(async () => (await view(ana)).data.other);
      assert.deepEqual((await since(before)).sort(), ['View', 'Voters']);

      before = await renders();
      await bo.evaluate(() => App.set({ votes: [1, 2] }, 'shallow-merge'));
      await until(async () => (await view(ana)).data.votes.length === 2);
      assert.deepEqual((await since(before)).sort(), ['Fresh', 'View', 'Voters']);
      assert.equal(await text(ana, '#voters'), '2');

      before = await renders();
      await bo.evaluate(() => App.send('wave'));
      await until(() => ana.evaluate(() => App.messages.length));
      assert.deepEqual(await since(before), []);

      before = await renders();
      await show(bo, { url, userName: 'Bo Lee' });
      await until(async () => (await view(ana)).people.includes('Bo Lee'));
      assert.deepEqual((await since(before)).sort(), ['People', 'View']);

      // The provider itself renders, with the same user data in another object.
      before = await renders();
      await show(ana, { url, userName: 'Ana' });
      assert.deepEqual(await since(before), []);
    });

    it('keeps what has not changed the same, from hook to hook and from render to render', async (test) => {
      const url = both.newUrl();
      const ana = await open(test, { url, userName: 'Ana' });
      await connected(ana, ['Ana']);
      await ana.evaluate(() => App.set({ pinned: 'Hello' }));
      await until(async () => (await view(ana)).data.pinned);
      const selected = await ana.evaluate(() => App.selected.size);
      await tag(ana, 'second');
      await ana.evaluate(() => App.again());
      await pause(QUIET_MS);
      assert.equal(await ana.evaluate(() => App.functions.size), 2);
      assert.equal(await ana.evaluate(() => App.selected.size), selected);
      // Before the join, and after it.
      assert.deepEqual(await ana.evaluate(() => App.peopleSeen.map((people) => people.length)), [0, 1]);
    });

    it('has one participant and no warning in StrictMode, and none after it is unmounted', async (test) => {
      const url = both.newUrl();
      const watcher = await openPeer(test, both.browser, both.server);
      await watcher.join(url);
      const ana = await open(test, { url, userName: 'Ana', strict: true });
      await until(async () => (await view(ana)).status === 'connected');
      await ana.evaluate(() => App.set({ pinned: 'Hello' }));
      await eventually(() => watcher.data(), { pinned: 'Hello' });
      await pause(QUIET_MS);
      assert.equal((await watcher.events('participant-joined')).length, 1);
      assert.deepEqual(await watcher.counts(), { present: 2, hidden: 0 });

      await ana.evaluate(() => App.unmount());
      await eventually(async () => (await watcher.events('participant-left')).length, 1);
      await show(ana, { url, userName: 'Ana again', strict: true });
      await until(async () => (await view(ana)).data.pinned === 'Hello');
      await eventually(() => watcher.names(), ['', 'Ana again']);
      await eventually(async () => (await watcher.events('participant-joined')).length, 2);
    });

    it('listens to a given call once, and not at all after it is unmounted', async (test) => {
      const url = both.newUrl();
      const ana = await open(test);
      await ana.evaluate(() => App.makeCall());
      await show(ana, { withCall: true, strict: true });
      await ana.evaluate((url) => App.call.join({ url, userName: 'Ana' }).then(() => {}), url);
      await connected(ana, ['Ana']);
      const listeners = () => ana.evaluate(() => App.call.eventNames().map((name) => App.call.listenerCount(name)));
      assert.ok((await listeners()).length > 0);
      assert.deepEqual(new Set(await listeners()), new Set([1]));

      await ana.evaluate(() => App.unmount());
      assert.deepEqual(await listeners(), []);
      // It is the application's call, and goes on.
      assert.equal(await ana.evaluate(() => App.call.meetingState()), 'joined-meeting');
      await show(ana, { withCall: true });
      await connected(ana, ['Ana']);
    });

    it('shows a call that comes later, leaves and joins again', async (test) => {
      const url = both.newUrl();
      const ana = await open(test, { call: null });
      await eventually(() => view(ana), IDLE);
      assert.match(await refusal(ana, () => App.set({})), /^setMeetingSessionData\(\) needs a call/);
      assert.match(await refusal(ana, () => App.send('wave')), /^sendAppMessage\(\) needs a call/);
      await ana.evaluate(() => App.makeCall());
      await show(ana, { withCall: true });
      await eventually(() => view(ana), IDLE);

      const join = () => ana.evaluate((url) => App.call.join({ url, userName: 'Ana' }).then(() => {}), url);
      const bo = await open(test, { url, userName: 'Bo' });
      await connected(bo, ['Bo']);
      await bo.evaluate(() => App.set({ pinned: 'Hello' }));
      await join();
      await eventually(() => view(ana), {
        status: 'connected',
        data: { pinned: 'Hello' },
        topology: 'sfu',
        people: ['Ana', 'Bo'],
      });
      await ana.evaluate(() => App.call.leave());
      await eventually(() => view(ana), { ...IDLE, status: 'left' });
      assert.equal(await text(ana, '#pinned'), 'nothing');
      await connected(bo, ['Bo']);
      await join();
      await eventually(async () => (await view(ana)).data, { pinned: 'Hello' });
      await connected(bo, ['Bo', 'Ana']);

      // And back to none.
      await show(ana, { call: null });
      await eventually(() => view(ana), IDLE);
    });

    it('leaves and joins when its address becomes another, and only then', async (test) => {
      const [url, other] = [both.newUrl(), both.newUrl()];
      const bo = await open(test, { url, userName: 'Bo' });
      await connected(bo, ['Bo']);
      const ana = await open(test, { url, userName: 'Ana', userData: { role: 'host' } });
      await connected(ana, ['Ana', 'Bo']);
      await eventually(() => text(bo, '#people'), 'Bo:undefined,Ana:{"role":"host"}');
      const joins = [];
      const client = await ana.createCDPSession();
      await client.send('Network.enable');
      client.on('Network.webSocketCreated', ({ url }) => joins.push(url));

      await show(ana, { url, userName: 'Ana Lima', userData: { role: 'guest' } });
      await eventually(() => text(bo, '#people'), 'Bo:undefined,Ana Lima:{"role":"guest"}');
      await show(ana, { url });
      await eventually(() => text(bo, '#people'), 'Bo:undefined,:null');
      assert.deepEqual(joins, []);

      await show(ana, { url: other, userName: 'Ana' });
      await connected(ana, ['Ana']);
      await connected(bo, ['Bo']);
      assert.deepEqual(joins, [other]);
      await show(ana, { url: null });
      await eventually(() => view(ana), IDLE);
      await show(ana, { url, userName: 'Ana' });
      await connected(bo, ['Bo', 'Ana']);
    });

    it('tells a name that changed while it was joining', async (test) => {
      const url = both.newUrl();
      const bo = await open(test, { url, userName: 'Bo' });
      await connected(bo, ['Bo']);
      const ana = await open(test);
      // In the status 'joining' the name is on its way already.
      await whileJoining(ana, { url, userName: 'First' }, { url, userName: 'Second' });
      await connected(bo, ['Bo', 'Second']);
    });

    it('passes messages on to the handler of the newest render', async (test) => {
      const url = both.newUrl();
      const ana = await open(test, { url, userName: 'Ana' });
      const bo = await open(test, { url, userName: 'Bo' });
      const cy = await open(test);
      await cy.evaluate(() => App.makeCall());
      await show(cy, { withCall: true });
      await cy.evaluate((url) => App.call.join({ url, userName: 'Cy' }).then(() => {}), url);
      for (const page of [ana, bo, cy]) await until(async () => (await view(page)).people.length === 3);
      const [anaId, cyId] = await cy.evaluate(() => {
        const ids = Object.values(App.call.participants());
        return ['Ana', 'Cy'].map((name) => ids.find((one) => one.user_name === name).session_id);
      });

      await ana.evaluate(() => App.send({ wave: 1 }));
      await tag(cy, 'second');
      assert.equal(await cy.evaluate(() => App.call.listenerCount('app-message')), 1);
      await ana.evaluate((cyId) => App.send('only you', cyId), cyId);
      await until(async () => (await messages(cy)).length === 2);
      assert.deepEqual(await messages(bo), [{ data: { wave: 1 }, fromId: anaId, tag: 'first' }]);
      assert.deepEqual((await messages(cy)).at(-1), { data: 'only you', fromId: anaId, tag: 'second' });
      assert.deepEqual(await messages(ana), []);
    });

    it('says that a lost connection is being restored, and then what is true', async (test) => {
      let own = await startServer();
      atEnd(test, () => own.kill());
      const url = own.sessionUrl('room');
      const options = { allow: LOST_CONNECTION };
      const ana = await open(test, { url, userName: 'Ana' }, options);
      await connected(ana, ['Ana']);
      const bo = await open(test, { url, userName: 'Bo' }, options);
      await connected(bo, ['Bo', 'Ana']);
      await bo.evaluate(() => App.set({ pinned: 'Hello' }));
      await until(async () => (await view(ana)).data.pinned);
      const cy = await open(test, { url, userName: 'Cy', bare: true }, options);
      await connected(ana, ['Ana', 'Bo', 'Cy']);

      await own.kill();
      const lost = { status: 'reconnecting', data: { pinned: 'Hello' }, topology: 'sfu', people: ['Ana', 'Bo', 'Cy'] };
      await eventually(() => view(ana), lost);
      // A component that has not been there before knows too.
      await cy.evaluate(() => App.setLate(true));
      await eventually(() => text(cy, '#late'), 'reconnecting');
      own = await startServer({ port: own.port });
      for (const page of [ana, bo]) {
        await eventually(async () => (await view(page)).status, 'connected', RECONNECT_MS);
        await eventually(async () => (await view(page)).people.toSorted(), ['Ana', 'Bo', 'Cy'], RECONNECT_MS);
        assert.deepEqual((await view(page)).data, {});
      }
      assert.equal((await view(ana)).people[0], 'Ana');
      await bo.evaluate(() => App.set({ pinned: 'Again' }));
      await eventually(() => text(ana, '#pinned'), '"Again"');
    });

    it('is connected by a join after a leave without a connection', async (test) => {
      const proxy = await startProxy(test, both.server);
      const url = proxy.sessionUrl('without-connection');
      const ana = await open(test, undefined, { allow: LOST_CONNECTION });
      await ana.evaluate(() => App.makeCall());
      await show(ana, { withCall: true });
      const join = () => ana.evaluate((url) => App.call.join({ url, userName: 'Ana' }).then(() => {}), url);
      await join();
      proxy.refuse();
      await eventually(async () => (await view(ana)).status, 'reconnecting');
      await ana.evaluate(() => App.call.leave());
      await eventually(async () => (await view(ana)).status, 'left');
      proxy.heal();
      await join();
      await eventually(async () => (await view(ana)).status, 'connected');
    });

    it('shows a join that fails, and tells onError if there is one', async (test) => {
      const refusing = await startServer({ host: '0.0.0.0' });
      atEnd(test, () => refusing.stop());
      const [url, refused] = [both.newUrl(), refusing.sessionUrl('room')];
      const failed = { ...IDLE, status: 'error' };
      const ana = await open(test, { url: refused, strict: true }, { allow: LOST_CONNECTION });
      await eventually(() => view(ana), failed);
      await eventually(() => ana.evaluate(() => App.errors.length), 1);
      const [error] = await ana.evaluate(() => App.errors);
      assert.match(error.message, /^The session server does not allow pages from .*: start it with --allow-origin/);
      assert.equal(error.action, 'error');

      await show(ana, { url: 'nonsense' });
      await eventually(() => ana.evaluate(() => App.errors.length), 2);
      assert.match((await ana.evaluate(() => App.errors))[1].message, /^The url must be the address of a session/);
      await eventually(() => view(ana), failed);
      await show(ana, { url: both.newUrl(), userName: 'x'.repeat(257) });
      await eventually(() => ana.evaluate(() => App.errors.length), 3);
      await eventually(() => view(ana), failed);

      // Another address is another try.
      await show(ana, { url, userName: 'Ana' });
      await connected(ana, ['Ana']);
      await show(ana, { url, userName: 'x'.repeat(257) });
      await eventually(() => ana.evaluate(() => App.errors.length), 4);
      await connected(ana, ['Ana']);

      // Without a handler it is only shown: nothing escapes, or the page would report it.
      const bo = await open(test, { url: refused, silent: true }, { allow: LOST_CONNECTION });
      await eventually(() => view(bo), failed);
      await show(bo, { url: 'nonsense', silent: true });
      await eventually(() => view(bo), failed);
      await pause(QUIET_MS);
    });

    it('that is unmounted while it joins reports nothing and joins nothing', async (test) => {
      const url = both.newUrl();
      const watcher = await openPeer(test, both.browser, both.server);
      await watcher.join(url);
      // The browser itself warns of a socket that is closed before it is open.
      const ana = await open(test, undefined, { allow: LOST_CONNECTION });
      await whileJoining(ana, { url, userName: 'Ana' }, null);
      await pause(QUIET_MS);
      assert.deepEqual(await watcher.names(), ['']);
      assert.deepEqual(await ana.evaluate(() => App.errors), []);
    });

    it('renders on a server without WebAssembly or WebSocket, and takes that over in the browser', async (test) => {
      const { html, withoutCall, refusals, early } = await renderOnServer(test, 'react-server.jsx', alias);
      assert.equal(html, withoutCall);
      assert.match(html, /&quot;status&quot;:&quot;idle&quot;,&quot;data&quot;:\{\},/);
      assert.match(html, /<output id="writer">answered none<\/output><output id="saving">0 none All changes saved<\/output>/);
      assert.match(early, /^setMeetingSessionData\(\) needs a call/);
      assert.deepEqual(Object.keys(refusals).sort(), [
        'useAppMessage',
        'useConnectionStatus',
        'useMeetingSessionState',
        'useParticipants',
        'useSaving',
        'useSetMeetingSessionData',
        'useTransact',
        'useUpdateMeetingSessionData',
      ]);
      for (const [hook, message] of Object.entries(refusals)) {
        assert.match(message, new RegExp(`^${hook}\\(\\) needs a <SessionProvider>`));
      }

      const url = both.newUrl();
      const bo = await open(test, { url, userName: 'Bo' });
      await connected(bo, ['Bo']);
      await bo.evaluate(() => App.set({ pinned: 'Hello' }));
      const ana = await open(test);
      await ana.evaluate((html, props) => App.hydrate(html, props), html, { url, userName: 'Ana', strict: true });
      await connected(ana, ['Ana', 'Bo']);
      assert.equal(await text(ana, '#pinned'), '"Hello"');
      assert.ok(await ana.evaluate(() => document.getElementById('view') === App.served), 'it was not rendered anew');

      // A call that is joined before the page is hydrated shows no earlier than that.
      const cy = await open(test);
      await cy.evaluate((url) => {
        App.makeCall();
        return App.call.join({ url, userName: 'Cy' }).then(() => {});
      }, url);
      await cy.evaluate((html) => App.hydrate(html, { withCall: true }), html);
      await connected(cy, ['Cy', 'Bo', 'Ana']);
      assert.ok(await cy.evaluate(() => document.getElementById('view') === App.served), 'it was not rendered anew');
    });
  });
}

function show(page, props) {
  return page.evaluate((props) => App.show(props), props);
}

/** Shows these props, and while it says that it is joining others in their place, or nothing with `null`. */
function whileJoining(page, props, next) {
  return page.evaluate(async (props, next) => {
    // At once when it shows: a join on this machine may be over by the next frame.
    const seen = new Promise((resolve) => {
      const joining = () => document.getElementById('view')?.textContent.includes('joining');
      new MutationObserver((_, observer) => {
        if (!joining()) return;
        observer.disconnect();
        if (next) App.show(next);
        else App.unmount();
        resolve();
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    App.show(props);
    await seen;
  }, props, next);
}

/** What the page shows of the session. */
async function view(page) {
  return JSON.parse((await text(page, '#view')) ?? 'null');
}

/** Waits until the page shows that it is connected to these participants, in this order. */
async function connected(page, people) {
  const read = async () => {
    const now = await view(page);
    return [now?.status, now?.people];
  };
  await eventually(read, ['connected', people]);
}

function messages(page) {
  return page.evaluate(() => App.messages);
}

/** What a function in the page throws. */
async function refusal(page, work) {
  return page.evaluate(work).then(() => 'nothing', (error) => error.message);
}
