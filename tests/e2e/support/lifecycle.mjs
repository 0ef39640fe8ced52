// What tests of connections that come and go share: one page behind a proxy, and another that watches.

import assert from 'node:assert/strict';

import { LOST_CONNECTION } from './browsers.mjs';
import { eventually, joinPeers, openPeer } from './peers.mjs';
import { startServer } from './server.mjs';
import { startProxy } from './wire.mjs';

/** How long a participant stays whose page went away, and at a server that gives a slow machine more time for a reload. */
export const AWAY_MS = 5_000;
export const PATIENT_MS = 25_000;
/** What a clock may be off by, and how late on a slow machine others may hear of it: sooner than of a lost connection. */
export const EARLY_MS = 50;
export const LATEST_MS = 20_000;

let rooms = 0;

export function startPatientServer() {
  return startServer({ args: ['--away-grace', `${PATIENT_MS}ms`] });
}

/**
 * Ana behind a proxy, and Bo not, who watches, in a session of their own. Bo may live in another browser, the `watcher`.
 */
export async function meetBehindProxy(test, browser, server, { watcher = browser } = {}) {
  const room = `lifecycle-${(rooms += 1)}`;
  const proxy = await startProxy(test, server);
  const [bo] = await joinPeers(test, watcher, server, server.sessionUrl(room), ['Bo']);
  const ana = await openPeer(test, browser, server, { allow: LOST_CONNECTION });
  const url = proxy.sessionUrl(room);
  await ana.join(url, { userName: 'Ana' });
  for (const peer of [ana, bo]) await eventually(() => peer.names(), ['Ana', 'Bo']);
  for (const peer of [ana, bo]) await peer.forget();
  return { proxy, url, room, ana, bo, anaId: await ana.id() };
}

/** Writes by merge; without a strategy nothing else is written in these tests. */
export function merge(peer, data) {
  return peer.set(data, 'shallow-merge');
}

/** Waits until all these have this data at the same revision. */
export async function sameData(peers, data, patience) {
  for (const peer of peers) await eventually(() => peer.data(), data, patience);
  const revisions = await Promise.all(peers.map((peer) => peer.revision()));
  assert.equal(new Set(revisions).size, 1, `revisions ${revisions}`);
  return revisions[0];
}

/** Who came and went before the eyes of this one: 'joined Ana', 'left Ana'. */
export async function presence(peer) {
  const events = (await peer.events()).filter(({ action }) => /^participant-(joined|left)$/.test(action));
  return events.map(({ action, participant }) => `${action.slice('participant-'.length)} ${participant.user_name}`);
}

/** What this one was told about its connection: 'interrupted', 'connected'. */
export async function connection(peer) {
  return (await peer.events('network-connection')).map(({ event }) => event);
}

/** The codes of the writes that this one was told have failed. */
export async function failures(peer) {
  return (await peer.events('nonfatal-error')).map(({ details }) => details.code);
}

/** What the updates that pages sent through the proxy set, in their order. */
export function sentData(proxy) {
  return proxy
    .sent()
    .filter(({ type }) => type === 'update')
    .map(({ set }) => set);
}
