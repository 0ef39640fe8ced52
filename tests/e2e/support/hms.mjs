// What the tests of 100ms's entry share: pages with a store, and what 100ms's exceptions say.

import { after, before } from 'node:test';

import { launch, openPage } from './browsers.mjs';
import { servePage } from './bundle.mjs';
import { eventually, until } from './peers.mjs';
import { startServer } from './server.mjs';

/** The longest session data and app message, in units. */
export const MAX_DATA = 102_400;
export const MAX_MESSAGE = 4_096;
/** What 100ms's exceptions say of the kinds of failure that there are. */
export const NOT_CONNECTED = { code: 6000, name: 'NotConnected' };
export const CONNECTION_LOST = { code: 1003, name: 'WebSocketConnectionLost' };
export const INVALID = { code: 6013, name: 'ValidationFailed' };
export const TOO_LARGE = { code: 413, name: 'ServerErrors' };
/** Long enough for something to arrive that should not. */
export const QUIET_MS = 300;
export const RECONNECT_MS = 20_000;

/** One server for a file of tests, and the site whose page has the store; both are there when the tests run. */
export function serveHms() {
  const served = {};
  before(async () => {
    served.server = await startServer();
    served.site = await servePage('100ms-peer.js');
  });
  after(async () => {
    served.site?.close();
    await served.server?.stop();
  });
  return served;
}

/** A browser for a group of tests, as `served` from above: how they open pages and bring them together. */
export function hmsPeers(served, name) {
  let browser;
  before(async () => (browser = await launch(name)));
  after(() => browser?.close());
  const url = (room) => served.server.sessionUrl(`100ms-${name}-${room}`);
  const open = (test, options) => openHms(test, browser, served.site, options);
  const meet = async (test, room, names, options) => {
    const peers = await Promise.all(names.map(() => open(test, options)));
    for (const [index, peer] of peers.entries()) await peer.join(url(room), { userName: names[index] });
    for (const peer of peers) await eventually(() => peer.names(), names);
    return peers;
  };
  return { url, open, meet };
}

/** Opens a page with 100ms's entry in it, for the length of one test. */
export async function openHms(test, browser, site, options) {
  const page = await openPage(test, browser, site.url, options);
  await until(() => page.evaluate(() => window.ready));
  return new HmsPeer(page);
}

/** A page with a store. What tests evaluate finds what `pages/100ms-peer.js` puts into `window`. */
class HmsPeer {
  constructor(page) {
    this.page = page;
  }

  evaluate(work, ...args) {
    return this.page.evaluate(work, ...args);
  }

  join(initEndpoint, options = {}) {
    return this.evaluate((config) => hmsActions.join(config), { authToken: '', initEndpoint, ...options });
  }

  metadata() {
    return this.evaluate(() => hmsStore.getState(HMS.selectSessionMetadata));
  }

  id() {
    return this.evaluate(() => hmsStore.getState(HMS.selectLocalPeerID));
  }

  /** The names of all peers, sorted. */
  names() {
    return this.evaluate(() =>
      hmsStore
        .getState(HMS.selectPeers)
        .map(({ name }) => name)
        .sort(),
    );
  }

  /** The messages in the store, without what differs from run to run, and from peer to peer. */
  messages() {
    return this.evaluate(() =>
      hmsStore
        .getState(HMS.selectHMSMessages)
        .map(({ id, time, senderUserId, recipientPeer, recipientRoles, ...message }) => ({
          ...message,
          ...(recipientPeer && { recipientPeer }),
          ...(recipientRoles && { recipientRoles }),
        })),
    );
  }

  /** The notifications so far, as JSON would carry them. */
  async notifications() {
    // As text, because one object in two places does not come out of every browser.
    return JSON.parse(await this.evaluate(() => JSON.stringify(records.notifications)));
  }

  /** The notifications about peers in short. */
  async told() {
    return (await this.notifications()).map(({ type, data }) => `${type} ${[data].flat().map(({ name }) => name)}`);
  }

  /** Forgets the states and notifications so far. */
  forget() {
    return this.evaluate(() => void Object.assign(records, { states: [], notifications: [] }));
  }
}
