// The real, unmodified @daily-co/daily-react over our `Call`, in the three ways in which an application can do that.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { atEnd } from './support/at-end.mjs';
import { LOST_CONNECTION, launch, openPage } from './support/browsers.mjs';
import { servePage } from './support/bundle.mjs';
import { eventually, until } from './support/peers.mjs';
import { startServer } from './support/server.mjs';
import { startProxy } from './support/wire.mjs';

const require = createRequire(import.meta.url);
const path = (file) => fileURLToPath(new URL(`../../${file}`, import.meta.url));
/** Our package in the place of Daily's, as a bundler's alias puts it there. */
const ALIAS = { '@daily-co/daily-js': path('dist/index.js') };
/** This build requires daily-js and takes no heed of a default export. */
const COMMON_JS = { ...ALIAS, '@daily-co/daily-react': path('node_modules/@daily-co/daily-react/dist/index.js') };

/** How long a reconnect may take: a random pause of up to a few seconds, and a server that is started meanwhile. */
const RECONNECT_MS = 20_000;

const NOT_JOINED = {
  topology: 'none',
  networkTopology: 'none',
  local: '',
  ids: [],
  remote: [],
  screens: [],
  permissions: [null, false, false],
  meetingError: null,
  nonFatalError: null,
};
const NOBODY = { present: 0, hidden: 0 };

let browser;
before(async () => (browser = await launch('chromium')));
after(() => browser.close());

for (const { way, provider, alias } of [
  { way: 'with a call object of ours, beside the real daily-js', provider: 'call' },
  { way: 'with a url, and daily-js aliased to us', provider: 'url', alias: ALIAS },
  { way: 'with a url, and daily-js aliased to us, as CommonJS', provider: 'url', alias: COMMON_JS },
]) {
  describe(`daily-react ${way}`, { concurrency: 2 }, () => {
    it('shows everybody what they share, from before the first join to after the last', async (test) => {
      const { open } = await start(test, alias);
      const [ana, bo] = [await open('Ana', { provider }), await open('Bo', { provider })];
      assert.deepEqual(await view(ana), { state: 'new', ...NOT_JOINED, counts: NOBODY });
      // The way is the one that is meant: only a provider that makes the call uses Daily's statics.
      const callIsOurs = provider === 'call';
      assert.equal(await ana.evaluate(() => App.Daily.getCallInstance() === App.daily), !callIsOurs);
      const { version } = require(callIsOurs ? '@daily-co/daily-js/package.json' : '../../package.json');
      assert.equal(await ana.evaluate(() => App.Daily.version()), version);

      await join(ana);
      const { local: anaId, session } = await view(ana);
      const alone = {
        state: 'joined-meeting',
        session,
        data: {},
        topology: 'sfu',
        networkTopology: 'sfu',
        local: anaId,
        ids: [anaId],
        remote: [],
        screens: [],
        counts: { present: 1, hidden: 0 },
        permissions: [true, true, false],
        meetingError: null,
        nonFatalError: null,
      };
      await eventually(() => view(ana), alone);
      assert.match(session, /./);
      const states = new Set(await ana.evaluate(() => App.views.map(({ state }) => state)));
      assert.deepEqual([...states].slice(-2), ['joining-meeting', 'joined-meeting']);
      await eventually(() => people(ana), ['Ana, no color, off off']);

      await write(ana, { pinned: 'one', kept: [1] });
      await eventually(() => view(ana), { ...alone, data: { pinned: 'one', kept: [1] } });

      // A late joiner sees it in the first view in which it is joined.
      await join(bo);
      const { local: boId } = await view(bo);
      const [first] = await bo.evaluate(() => App.views.filter(({ state }) => state === 'joined-meeting'));
      assert.deepEqual(first.data, { pinned: 'one', kept: [1] });
      const both = { ...alone, data: first.data, ids: [anaId, boId], counts: { present: 2, hidden: 0 } };
      await eventually(() => view(ana), { ...both, remote: [boId] });
      await eventually(() => view(bo), { ...both, local: boId, remote: [anaId] });

      // Every update is rendered: a state that was changed in place would not be.
      for (const pinned of ['two', 'three']) {
        await write(bo, { pinned }, 'shallow-merge');
        for (const page of [ana, bo]) {
          await eventually(async () => (await view(page)).data, { pinned, kept: [1] });
        }
      }
      await bo.evaluate(() => App.daily.setMeetingSessionData({ pinned: undefined, more: {} }, 'shallow-merge'));
      await eventually(async () => (await view(ana)).data, { kept: [1], more: {} });

      await ana.evaluate((id) => App.sendAppMessage({ wave: 1 }, id), boId);
      await bo.evaluate(() => App.sendAppMessage('back'));
      await eventually(() => bo.evaluate(() => App.messages), [{ data: { wave: 1 }, fromId: anaId }]);
      await eventually(() => ana.evaluate(() => App.messages), [{ data: 'back', fromId: boId }]);

      await bo.evaluate(() => App.daily.setUserName('Bo Berg'));
      await bo.evaluate(() => App.daily.setUserData({ color: 'teal' }));
      for (const page of [ana, bo]) {
        await eventually(() => people(page), ['Ana, no color, off off', 'Bo Berg, teal, off off']);
      }

      await ana.evaluate(() => App.daily.leave());
      await eventually(() => view(bo).then(({ ids, counts }) => [ids, counts.present]), [[boId], 1]);
      await eventually(() => people(bo), ['Bo Berg, teal, off off']);
      // daily-react itself does not reset its counts when a call is left.
      await eventually(() => view(ana).then(({ counts, ...rest }) => rest), { state: 'left-meeting', ...NOT_JOINED });

      await join(ana);
      const again = await view(ana);
      assert.notEqual(again.local, anaId);
      const rest = { data: { kept: [1], more: {} }, ids: [boId, again.local] };
      await eventually(() => view(ana), { ...both, ...rest, local: again.local, remote: [boId] });
      await eventually(() => view(bo), { ...both, ...rest, local: boId, remote: [again.local] });
      await eventually(() => people(ana), ['Bo Berg, teal, off off', 'Ana, no color, off off']);

      await ana.evaluate(() => App.daily.destroy());
      await eventually(() => view(bo).then(({ ids }) => ids), [boId]);
      await eventually(() => view(ana).then(({ counts, ...rest }) => rest), { state: 'new', ...NOT_JOINED });
      // A provider that made the call makes another one.
      await eventually(() => ana.evaluate(() => App.daily?.isDestroyed()), callIsOurs);
    });

    it('tells of writes that fail, and goes on', async (test) => {
      const { open } = await start(test, alias);
      const page = await open('Ana', { provider });
      await join(page);
      await write(page, { a: 'x'.repeat(60_000) });
      // Each fits, but not both.
      await write(page, { b: 'x'.repeat(60_000) }, 'shallow-merge');
      const errorMsg = 'Meeting session data is too large (120015 characters). Maximum size suppported is 102400.';
      await until(() => page.evaluate(() => App.writeErrors.length > 0));
      const [{ callClientId, ...error }, ...more] = await page.evaluate(() => App.writeErrors);
      assert.deepEqual(more, []);
      assert.equal(callClientId, await page.evaluate(() => App.daily.callClientId));
      const details = { code: 'too_large', size: 120_015 };
      assert.deepEqual(error, { action: 'nonfatal-error', type: 'meeting-session-data-error', errorMsg, details });
      await eventually(() => view(page).then(({ nonFatalError }) => nonFatalError), { ...error, callClientId });

      await write(page, { c: 1 });
      await eventually(() => view(page).then(({ data, meetingError }) => [data, meetingError]), [{ c: 1 }, null]);
    });

    it('tells of a server that refuses the page', async (test) => {
      // Only a server for other machines is choosy about the pages of this one.
      const { open } = await start(test, alias, { host: '0.0.0.0' });
      const page = await open('Ana', { provider });
      const rejection = await page.evaluate(() => App.daily.join().catch((event) => JSON.stringify(event)));
      const { action, error, errorMsg } = JSON.parse(rejection);
      assert.match(errorMsg, /^The session server does not allow pages from .*: start it with --allow-origin /);
      assert.deepEqual([action, error], ['error', { type: 'not-allowed', msg: errorMsg }]);
      await eventually(() => view(page).then(({ meetingError }) => meetingError), JSON.parse(rejection));
      assert.equal((await view(page)).state, 'error');
    });

    it('follows when the server is killed and started again', async (test) => {
      const { open, kill, restart } = await start(test, alias);
      const pages = [await open('Ana', { provider }), await open('Bo', { provider })];
      for (const page of pages) await join(page);
      const [ana, bo] = pages;
      await write(ana, { old: true });
      for (const page of pages) {
        await eventually(() => view(page).then(({ data, ids }) => [data, ids.length]), [{ old: true }, 2]);
      }
      await until(async () => (await people(ana)).length === 2);
      const bothPeople = await people(ana);
      const before = await view(ana);

      await kill();
      await until(() => ana.evaluate(() => App.events.includes('network-connection')));
      assert.deepEqual(await view(ana), before);
      await restart();
      for (const page of pages) {
        await until(() => page.evaluate(() => App.events.includes('session-reset')), RECONNECT_MS);
      }
      const id = (page) => page.evaluate(() => App.daily.participants().local.session_id);
      const [anaId, boId] = [await id(ana), await id(bo)];
      for (const [page, own, other] of [[ana, anaId, boId], [bo, boId, anaId]]) {
        // Who came back first is up to chance, and so is the order.
        const ids = (one) => [one.local, ...one.ids.filter((id) => id !== one.local), ...one.remote];
        await eventually(async () => ids(await view(page)), [own, other, other]);
        await eventually(() => view(page).then(({ counts }) => counts.present), 2);
        await eventually(async () => (await people(page)).sort(), bothPeople);
        const { state, data } = await view(page);
        assert.deepEqual([state, data], ['joined-meeting', {}]);
      }
      assert.notEqual((await view(ana)).session, before.session);
      await write(bo, { after: true });
      await eventually(() => view(ana).then(({ data }) => data), { after: true });
    });
  });
}

describe('daily-react', { concurrency: 2 }, () => {
  it('may be mounted in the middle of a call', async (test) => {
    const { open } = await start(test);
    const page = await open('Ana', { provider: 'call' });
    await join(page);
    await write(page, { before: 1 });
    await eventually(() => view(page).then(({ data }) => data), { before: 1 });
    await page.evaluate(() => App.setMounted(false));
    await eventually(() => view(page), null);
    assert.deepEqual(await page.evaluate(() => App.call.eventNames()), []);

    await page.evaluate(() => App.setMounted(true));
    // daily-react asks for participants, but waits for an event that tells it the rest. So it is with Daily.
    await eventually(() => people(page), ['Ana, no color, off off']);
    const { state, data } = await view(page);
    assert.deepEqual([state, data], ['new', undefined]);
    await write(page, { after: 2 }, 'shallow-merge');
    await eventually(() => view(page).then(({ data }) => data), { before: 1, after: 2 });
    assert.equal(await page.evaluate(() => App.call.meetingState()), 'joined-meeting');
  });

  it('makes a new call when the properties of its provider change, and when it is mounted again', async (test) => {
    const { open } = await start(test, ALIAS);
    const page = await open('Ana');
    const rename = () => App.setUserName('Ana Lima');
    const mountAgain = () => {
      App.setMounted(false);
      setTimeout(() => App.setMounted(true));
    };
    for (const change of [rename, mountAgain]) {
      await join(page);
      await page.evaluate(() => void (App.old = App.daily));
      await page.evaluate(change);
      await until(() => page.evaluate(() => App.old.isDestroyed() && App.daily?.isDestroyed() === false));
      await eventually(() => view(page).then(({ state, ids }) => [state, ids]), ['new', []]);
    }
    await join(page);
    await eventually(() => people(page), ['Ana Lima, no color, off off']);
    assert.equal(await page.evaluate(() => App.Daily.getCallInstance() === App.daily), true);
  });

  it('may use the call in its handlers in every way', async (test) => {
    const { open } = await start(test);
    const page = await open('Ana', { provider: 'call' });
    await page.evaluate(() => {
      App.read = [];
      App.onEvent['joined-meeting'] = () => {
        const nothing = () => {};
        App.daily.on('app-message', nothing).off('app-message', nothing);
        App.daily.setMeetingSessionData({ from: 'joined-meeting' });
      };
      App.onEvent['meeting-session-state-updated'] = ({ meetingSessionState }) => {
        const { daily } = App;
        const { local } = daily.participants();
        App.read.push([daily.meetingSessionState() === meetingSessionState, daily.meetingState(), local.user_name]);
        if (!meetingSessionState.data.count) daily.setMeetingSessionData({ count: 1 }, 'shallow-merge');
      };
    });
    await join(page);
    await eventually(() => view(page).then(({ data }) => data), { from: 'joined-meeting', count: 1 });
    const read = await page.evaluate(() => App.read);
    assert.deepEqual(read.at(-1), [true, 'joined-meeting', 'Ana']);
  });

  it('goes on after a handler that throws', async (test) => {
    const { open } = await start(test);
    const page = await open('Ana', { provider: 'call', allow: [/a handler's mistake/] });
    await join(page);
    await page.evaluate(() => {
      App.seen = [];
      App.call.on('meeting-session-state-updated', (event) => App.seen.push(event.meetingSessionState.data));
      App.onEvent['meeting-session-state-updated'] = () => {
        App.onEvent = {};
        throw new Error("a handler's mistake");
      };
    });
    await write(page, { a: 1 });
    // daily-react skips its other handlers of this event itself; those that the call has are called.
    await eventually(() => page.evaluate(() => App.seen), [{ a: 1 }]);
    assert.ok(page.problems.some((problem) => problem.includes("a handler's mistake")), 'the error is reported');
    await write(page, { b: 2 }, 'shallow-merge');
    await eventually(() => view(page).then(({ data }) => data), { a: 1, b: 2 });
  });

  it('follows when its participant was given up and comes back as another one', async (test) => {
    const { open, server } = await start(test, {}, { args: ['--grace', '1s'] });
    const proxy = await startProxy(test, server);
    const ana = await open('Ana', { provider: 'call', url: proxy.sessionUrl('room') });
    const bo = await open('Bo', { provider: 'call' });
    for (const page of [ana, bo]) await join(page);
    const [{ local: oldId }, { local: boId }] = [await view(ana), await view(bo)];

    proxy.refuse();
    await eventually(() => view(bo).then(({ ids }) => ids), [boId]);
    proxy.heal();
    await until(async () => (await view(ana)).local !== oldId, RECONNECT_MS);
    const { local: anaId } = await view(ana);
    // It is the same session, with nobody new to Ana but herself.
    assert.equal(await ana.evaluate(() => App.events.includes('session-reset')), false);
    await eventually(() => view(bo).then(({ ids }) => ids), [boId, anaId]);
    await eventually(() => view(ana).then(({ ids, remote }) => [ids, remote]), [[boId, anaId], [boId]]);
    await eventually(() => people(ana), ['Bo, no color, off off', 'Ana, no color, off off']);
  });
});

/**
 * A server and a site with the page, and functions that open it with a name, and that kill the server and start another
 * one on the same port.
 */
async function start(test, alias, options) {
  let server = await startServer(options);
  atEnd(test, () => server.kill());
  const site = await servePage('daily-react-page.jsx', { alias });
  atEnd(test, () => site.close());
  return {
    server,
    async open(name, { provider = 'url', url = server.sessionUrl('room'), allow = LOST_CONNECTION } = {}) {
      const parameters = new URLSearchParams({ provider, url, name });
      const page = await openPage(test, browser, `${site.url}?${parameters}`, { allow });
      await until(() => page.evaluate(() => Boolean(App.daily)));
      return page;
    },
    kill: () => server.kill(),
    restart: async () => (server = await startServer({ port: server.port })),
  };
}

/** What the hooks returned last; null while nothing is mounted. */
function view(page) {
  return page.evaluate(() => JSON.parse(document.querySelector('pre')?.textContent ?? 'null'));
}

/** What is rendered of each participant. */
function people(page) {
  return page.evaluate(() => [...document.querySelectorAll('li')].map((one) => one.textContent));
}

/** Joins and waits until the page shows that. */
async function join(page) {
  await page.evaluate(() => App.daily.join().then(() => {}));
  await until(async () => (await view(page)).state === 'joined-meeting');
}

function write(page, data, strategy = 'replace') {
  return page.evaluate((data, strategy) => App.daily.setMeetingSessionData(data, strategy), data, strategy);
}
