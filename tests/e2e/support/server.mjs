// The real server as a child process: started on a free port, stopped or killed, its log kept.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { serverBinary } from '../../../scripts/build.mjs';

/** The first line that the server prints, when it accepts connections. */
const READY = /^listening on http:\/\/[\d.]+:(\d+)$/;

/** How long a server may take to start, and to stop after it was told to. */
const PATIENCE_MS = 60_000;

const alive = new Set();
// A test that throws before its cleanup must not leave a server behind.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/**
 * Starts the server, by default on any free loopback port, and resolves when it is ready.
 *
 * `args` are further arguments of the server.
 */
export async function startServer({ host = '127.0.0.1', port = 0, args = [] } = {}) {
  const child = spawn(serverBinary, ['--listen', `${host}:${port}`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  alive.add(child);
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? code));
  }).finally(() => alive.delete(child));

  const log = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const lines = createInterface({ input: child.stdout });
  const timeout = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const first = await Promise.race([once(lines, 'line').then(([line]) => line), ended]);
  clearTimeout(timeout);
  const ready = String(first).match(READY);
  if (!ready) {
    child.kill('SIGKILL');
    throw new Error(`the server did not say that it listens but: ${first}\n${log.join('\n')}`);
  }
  return new Server(child, Number(ready[1]), log, ended);
}

/** A running server. */
class Server {
  #child;
  #ended;

  constructor(child, port, log, ended) {
    this.#child = child;
    this.#ended = ended;
    /** The port that it listens on, to start another one there after this one was killed. */
    this.port = port;
    /** The address of the demo page. */
    this.url = `http://127.0.0.1:${port}`;
    /** The lines of its log so far. */
    this.log = log;
  }

  /** The address of a session, as `join` takes it. */
  sessionUrl(name) {
    return `ws://127.0.0.1:${this.port}/${name}`;
  }

  /** Asks the server to stop and resolves when it has; it must end with exit code 0. */
  async stop() {
    const timeout = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    this.#child.kill('SIGTERM');
    const how = await this.#ended;
    clearTimeout(timeout);
    if (how !== 0) throw new Error(`the server did not stop cleanly but ended with ${how}\n${this.log.join('\n')}`);
  }

  /** Ends the server as a crash does, without a last word to anybody. */
  async kill() {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
