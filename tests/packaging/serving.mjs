// How the pages of a project get to a browser: its own server, or files as they are.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

import { Failure, exit, start } from '../../scripts/run.mjs';
import { environment } from './project.mjs';

/** How long a project's own server may take to say where it listens. */
const PATIENCE_MS = 60_000;

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript' };

/**
 * Serves the files of a directory until `close()`; `url` is where.
 *
 * `scripts` has the bytes of every script that was asked for, by path.
 */
export async function serveFiles(directory) {
  const scripts = new Map();
  const listener = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const bytes = await readFile(join(directory, pathname)).catch(() => undefined);
    if (extname(pathname) === '.js' && bytes) scripts.set(pathname, bytes);
    response.writeHead(bytes ? 200 : 404, { 'content-type': TYPES[extname(pathname)] ?? 'text/plain' });
    response.end(bytes);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `http://127.0.0.1:${listener.address().port}`,
    scripts,
    close() {
      listener.closeAllConnections();
      listener.close();
    },
  };
}

/**
 * Runs an npm script of a project that serves its pages, until `close()`; `url` is where.
 *
 * `output()` is what it has printed so far.
 */
export async function serveWith(project, script) {
  const child = start('npm', ['--prefix', project.directory, 'run', script], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = exit(child);
  let output = '';
  const url = await new Promise((resolve, reject) => {
    const fail = (how) => reject(new Failure(`${output}\n\`npm run ${script}\` ${how} without saying where it listens`));
    setTimeout(fail, PATIENCE_MS, `has run for ${PATIENCE_MS / 1000} s`).unref();
    ended.then(() => fail('has ended'), reject);
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding('utf8').on('data', (text) => {
        output += text;
        const said = /Local:\s+(http:\/\/[\d.]+:\d+)/.exec(output);
        if (said) resolve(said[1]);
      });
    }
  });
  return {
    url,
    output: () => output,
    async close() {
      // npm, its shell and the server are one group, and it may have ended by itself.
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}
