// A proxy between page and server that counts what really went over the wire, and breaks connections in the ways that
// networks do. Bytes pass unchanged; the proxy only reads along.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import { atEnd } from './at-end.mjs';
import { FrameReader } from './frames.mjs';

/**
 * Starts a proxy in front of `server` (as `startServer` gives it), for the length of one test.
 *
 * A page that joins `proxy.sessionUrl(name)` goes through it.
 */
export async function startProxy(test, server) {
  const proxy = new WireProxy(server.port);
  await proxy.listen();
  atEnd(test, () => proxy.close());
  return proxy;
}

class WireProxy {
  #targetPort;
  #listener = createServer((socket) => this.#accept(socket));
  /** The open sockets, each with the direction of what comes from it. */
  #sockets = new Map();
  #state = 'open';
  #waiting = [];

  /**
   * Every text message so far: `{ time, direction, text }`, the time in milliseconds of `performance.now()`, the
   * direction 'sent' or 'received' as the page sees it.
   */
  frames = [];
  /** How many TCP connections pages have made so far. */
  connections = 0;
  /** How many milliseconds later one side hears that the other has ended or broken its connection. */
  lag = 0;

  constructor(targetPort) {
    this.#targetPort = targetPort;
  }

  async listen() {
    this.#listener.listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
    this.port = this.#listener.address().port;
  }

  /** The address of a session through this proxy, as `join` takes it. */
  sessionUrl(name) {
    return `ws://127.0.0.1:${this.port}/${name}`;
  }

  /** What pages have sent, parsed as JSON; with `since` only what came at that time or later. */
  sent(since = 0) {
    return this.#messages('sent', since);
  }

  /** What the server has sent to pages, parsed as JSON. */
  received(since = 0) {
    return this.#messages('received', since);
  }

  /** Breaks all connections, like a router that restarts; new ones work. With `lag` the servers hear of it that later. */
  cut() {
    for (const [socket, direction] of this.#sockets) {
      if (!this.lag || direction === 'sent') socket.resetAndDestroy();
    }
  }

  /** Breaks all connections and refuses new ones until `heal`, like a server that is down. */
  refuse() {
    this.#state = 'refusing';
    this.cut();
  }

  /**
   * Lets nothing through and breaks nothing, like a phone in a tunnel, until `heal`; with `only` nothing in that
   * direction, 'sent' or 'received' as the page sees it. With `renew` connections that are made later work.
   */
  stall({ only, renew = false } = {}) {
    if (!renew) this.#state = 'stalling';
    for (const [socket, direction] of this.#sockets) if (!only || direction === only) socket.pause();
  }

  /** Ends `refuse` or `stall`; what was on its way during a stall arrives. */
  heal() {
    this.#state = 'open';
    for (const socket of this.#sockets.keys()) socket.resume();
    for (const socket of this.#waiting.splice(0)) this.#join(socket);
  }

  /** Ends the proxy and its connections. */
  async close() {
    this.#listener.close();
    for (const socket of [...this.#sockets.keys(), ...this.#waiting]) socket.destroy();
    if (this.#listener.listening) await once(this.#listener, 'close');
  }

  #messages(direction, since) {
    return this.frames
      .filter((frame) => frame.direction === direction && frame.time >= since)
      .map((frame) => JSON.parse(frame.text));
  }

  #accept(socket) {
    this.connections += 1;
    socket.on('error', () => socket.destroy());
    if (this.#state === 'refusing') socket.resetAndDestroy();
    else if (this.#state === 'stalling') this.#waiting.push(socket.pause());
    else this.#join(socket);
  }

  /** Connects a page's socket to the server and passes on what comes. */
  #join(page) {
    if (page.destroyed) return;
    const server = connect(this.#targetPort, '127.0.0.1');
    this.#forward(page, server, 'sent');
    this.#forward(server, page, 'received');
    page.resume();
  }

  #forward(from, to, direction) {
    const reader = new FrameReader((text) => this.frames.push({ time: performance.now(), direction, text }));
    this.#sockets.set(from, direction);
    from.setNoDelay();
    from.on('data', (chunk) => {
      reader.push(chunk);
      to.write(chunk);
    });
    from.on('end', () => this.#later(() => to.end()));
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      // A broken connection is broken for the other side too; one that ended in order has been ended already.
      if (from.errored || !from.readableEnded) this.#later(() => to.destroy());
    });
  }

  #later(work) {
    if (this.lag) setTimeout(work, this.lag);
    else work();
  }
}
