// Pages with one call object each, and what tests ask of them.

import assert from 'node:assert/strict';

import { openPage } from './browsers.mjs';

/**
 * How long `eventually` and `until` wait unless told otherwise: long for a machine that stands still for seconds, but
 * less than the 30 s after which server and client notice by themselves what they were not told.
 */
const PATIENCE_MS = 25_000;
const POLL_MS = 25;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Waits until `read()` gives `expected`; fails with the difference when a read that began after the deadline does not.
 */
export async function eventually(read, expected, patience = PATIENCE_MS) {
  for (const end = Date.now() + patience; ; await pause(POLL_MS)) {
    // One that began before may give what was true long ago, if the machine was busy meanwhile.
    const last = Date.now() > end;
    const actual = await read();
    try {
      return assert.deepEqual(actual, expected);
    } catch (error) {
      if (last) throw error;
    }
  }
}

/** Waits until `condition()` is true, and resolves to what it gave; fails like `eventually`. */
export async function until(condition, patience = PATIENCE_MS) {
  for (const end = Date.now() + patience; ; await pause(POLL_MS)) {
    const last = Date.now() > end;
    const result = await condition();
    if (result) return result;
    assert.ok(!last, `waited ${patience} ms for ${condition}`);
  }
}

/**
 * Opens a page of `server` with a call in it, for the length of one test.
 *
 * It is a page of plain text, so nothing but the call runs in it.
 */
export async function openPeer(test, browser, server, options) {
  const page = await openPage(test, browser, `${server.url}/healthz`, options);
  const peer = new Peer(page);
  await peer.create();
  return peer;
}

/** Opens a page for each of these names and joins them all, in this order. */
export async function joinPeers(test, browser, server, url, names, options) {
  const peers = await Promise.all(names.map(() => openPeer(test, browser, server, options)));
  for (const [index, peer] of peers.entries()) await peer.join(url, { userName: names[index] });
  // Then everybody has heard of everybody, and no event is still on its way.
  for (const peer of peers) await eventually(() => peer.counts(), { present: names.length, hidden: 0 });
  return peers;
}

/** A page with a call in it. What tests evaluate finds it as `call`. */
export class Peer {
  constructor(page) {
    this.page = page;
  }

  /** Makes the call and keeps its events, each with the time of day; needed anew after a reload. */
  create() {
    return this.page.evaluate(async () => {
      const names =
        'loading loaded joining-meeting joined-meeting left-meeting call-instance-destroyed participant-joined ' +
        'participant-updated participant-left participant-counts-updated meeting-session-summary-updated ' +
        'meeting-session-updated meeting-session-state-updated app-message network-connection nonfatal-error error ' +
        'access-state-updated session-reset';
      window.Module = await import(`${location.origin}/-/module/index.js`);
      window.call = window.Module.createCallObject();
      window.events = [];
      for (const name of names.split(' ')) {
        // As text at once, so that what it says is not what its objects became later.
        window.call.on(name, (event) => window.events.push({ time: Date.now(), text: JSON.stringify(event) }));
      }
    });
  }

  /** Runs a function in the page. */
  evaluate(work, ...args) {
    return this.page.evaluate(work, ...args);
  }

  /** Joins and resolves to what `join` resolves to. */
  join(url, options = {}) {
    return this.evaluate((properties) => call.join(properties), { url, ...options });
  }

  /** Writes session data. Puppeteer drops `undefined` on the way into the page; such data must be made there. */
  set(data, strategy) {
    return this.evaluate((data, strategy) => call.setMeetingSessionData(data, strategy ?? undefined), data, strategy);
  }

  data() {
    return this.evaluate(() => call.meetingSessionState().data);
  }

  revision() {
    return this.evaluate(() => call.meetingSessionRevision());
  }

  counts() {
    return this.evaluate(() => call.participantCounts());
  }

  meetingState() {
    return this.evaluate(() => call.meetingState());
  }

  summary() {
    return this.evaluate(() => call.meetingSessionSummary());
  }

  /** The id of this participant. */
  id() {
    return this.evaluate(() => call.participants().local.session_id);
  }

  /** The names of all participants, sorted. */
  names() {
    return this.evaluate(() => Object.values(call.participants()).map((one) => one.user_name).sort());
  }

  /** The events so far, or those of one name: each as JSON would carry it, with its `time` of day. */
  async events(name) {
    const kept = await this.evaluate(() => window.events);
    const events = kept.map(({ time, text }) => ({ ...JSON.parse(text), time }));
    return name ? events.filter((event) => event.action === name) : events;
  }

  /** The names of the events so far. */
  async actions() {
    return (await this.events()).map((event) => event.action);
  }

  /** Forgets the events so far. */
  forget() {
    return this.evaluate(() => void (window.events = []));
  }
}
