// What becomes of a participant whose page goes away, and which pages may join at all.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, LOST_CONNECTION, launch } from './support/browsers.mjs';
import { AWAY_MS, EARLY_MS, LATEST_MS, PATIENT_MS, startPatientServer } from './support/lifecycle.mjs';
import { eventually, joinPeers, openPeer } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

let server, patient;
before(async () => {
  server = await startServer();
  patient = await startPatientServer();
});
after(async () => {
  await server?.stop();
  await patient?.stop();
});

for (const name of BROWSERS) {
  describe(`a page, in ${name}`, { concurrency: 3 }, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());
    const url = (room) => server.sessionUrl(`${name}-${room}`);
    const patientUrl = (room) => patient.sessionUrl(`${name}-${room}`);

    it('that is reloaded is the same participant, and stays it', async (test) => {
      const [ana, bo, cy] = await joinPeers(test, browser, patient, patientUrl('away'), ['Ana', 'Bo', 'Cy']);
      await bo.set({ kept: true });
      await eventually(() => ana.data(), { kept: true });
      await ana.forget();
      const [boId, cyId] = [await bo.id(), await cy.id()];
      await bo.page.reload();
      await bo.create();
      await bo.join(patientUrl('away'), { userName: 'Bo again' });
      assert.equal(await bo.id(), boId);
      assert.deepEqual(await bo.data(), { kept: true });
      assert.deepEqual(await bo.names(), ['Ana', 'Bo again', 'Cy']);

      // When Cy, who goes later, has left, Bo would have left too if the reload had not brought him back.
      await cy.page.close({ runBeforeUnload: true });
      await eventually(() => ana.names(), ['Ana', 'Bo again'], PATIENT_MS + LATEST_MS);
      assert.deepEqual((await ana.events('participant-left')).map(({ participant }) => participant.session_id), [cyId]);
      assert.deepEqual(await ana.events('participant-joined'), []);
    });

    it('that is closed leaves after five seconds', async (test) => {
      const [ana, cy] = await joinPeers(test, browser, server, url('closed'), ['Ana', 'Cy']);
      const gone = Date.now();
      await cy.page.close({ runBeforeUnload: true });
      await eventually(() => ana.names(), ['Ana']);
      const [{ time }] = await ana.events('participant-left');
      const took = time - gone;
      assert.ok(took >= AWAY_MS - EARLY_MS && took < LATEST_MS, `it took ${took} ms`);
    });

    it('that is reloaded many times in a row is the same participant all the time', async (test) => {
      const [ana, bo] = await joinPeers(test, browser, patient, patientUrl('again'), ['Ana', 'Bo']);
      const boId = await bo.id();
      await ana.forget();
      for (let round = 0; round < 10; round++) {
        await bo.page.reload();
        await bo.create();
        await bo.join(patientUrl('again'), { userName: 'Bo' });
        assert.equal(await bo.id(), boId);
      }
      await bo.set({ still: 'Bo' });
      await eventually(() => ana.data(), { still: 'Bo' });
      assert.deepEqual((await ana.actions()).filter((action) => /joined|left/.test(action)), []);
    });

    it('has nothing in its storage that a duplicated tab could take, while it is open', async (test) => {
      const [ana] = await joinPeers(test, browser, server, url('duplicate'), ['Ana']);
      await ana.page.reload();
      await ana.create();
      await ana.join(url('duplicate'), { userName: 'Ana' });
      assert.deepEqual(await ana.evaluate(() => ({ ...sessionStorage })), {});
    });

    it('that is reloaded by the only participant is in the same session again', async (test) => {
      const [ana] = await joinPeers(test, browser, patient, patientUrl('reload'), ['Ana']);
      await ana.set({ kept: true });
      await eventually(() => ana.data(), { kept: true });
      const session = await ana.summary();
      await ana.page.reload();
      await ana.create();
      await ana.join(patientUrl('reload'), { userName: 'Ana' });
      assert.deepEqual(await ana.data(), { kept: true });
      assert.deepEqual(await ana.summary(), session);
    });

    it('that navigates away still sends what was set just before', async (test) => {
      const [ana, bo] = await joinPeers(test, browser, server, url('pagehide'), ['Ana', 'Bo']);
      await bo.evaluate((elsewhere) => {
        call.setMeetingSessionData({ first: 1 }, 'shallow-merge');
        call.setMeetingSessionData({ second: 2 }, 'shallow-merge');
        location.href = elsewhere;
      }, server.url);
      await eventually(() => ana.data(), { first: 1, second: 2 });
    });

    it('of another origin is refused with a sentence, and joins where it is allowed', async (test) => {
      const page = await serveModule(test);
      const refusing = await startServer({ host: '0.0.0.0' });
      atEnd(test, () => refusing.stop());
      const allowing = await startServer({ host: '0.0.0.0', args: ['--allow-origin', page.url] });
      atEnd(test, () => allowing.stop());

      const ana = await openPeer(test, browser, page, { allow: LOST_CONNECTION });
      const rejection = await ana.evaluate(
        (url) => call.join({ url }).then(() => 'joined', ({ action, errorMsg, error }) => ({ action, errorMsg, error })),
        refusing.sessionUrl('room'),
      );
      const errorMsg = `The session server does not allow pages from ${page.url}: start it with --allow-origin ${page.url}`;
      assert.deepEqual(rejection, { action: 'error', errorMsg, error: { type: 'not-allowed', msg: errorMsg } });
      await eventually(() => refusing.log.some((line) => line.includes('--allow-origin')), true);

      await ana.join(allowing.sessionUrl('room'));
      assert.equal(await ana.meetingState(), 'joined-meeting');
      // A server's own page needs no permission.
      const bo = await openPeer(test, browser, allowing, { allow: LOST_CONNECTION });
      await bo.join(allowing.sessionUrl('room'));
      await eventually(() => ana.counts(), { present: 2, hidden: 0 });
    });
  });
}

/** Serves the built module from an origin of its own, at the paths where a session server has it. */
async function serveModule(test) {
  const http = createServer(async (request, response) => {
    const isModule = request.url.startsWith('/-/module/');
    const text = isModule ? await fetch(server.url + request.url).then((module) => module.text()) : 'ok';
    response.setHeader('content-type', isModule ? 'text/javascript' : 'text/plain').end(text);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  atEnd(test, () => http.close() && http.closeAllConnections());
  return { url: `http://127.0.0.1:${http.address().port}` };
}
