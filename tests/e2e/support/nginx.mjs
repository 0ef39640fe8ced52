// nginx as a child process, with the site that a configuration describes on a loopback port.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';

import { find } from '../../../scripts/browsers.mjs';
import { atEnd } from './at-end.mjs';
import { until } from './peers.mjs';

const run = promisify(execFile);

/** What nginx would write elsewhere than in its folder. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

const alive = new Set();
// Told to stop and not killed, so that the workers go with the master.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGTERM');
});

/**
 * Starts nginx for the length of one test, with `site`, a text as in a file of `sites-available`.
 *
 * Only what a machine has once is replaced in it: the port 443 and the files of the certificate, by free and new ones.
 */
export async function startNginx(test, site) {
  const folder = await mkdtemp(`${tmpdir()}/nginx-`);
  atEnd(test, () => rm(folder, { recursive: true }));
  const name = site.match(/server_name (\S+);/)[1];
  await makeCertificate(folder, name);
  const port = await freePort();
  const local = replaceEach(site, [
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    [/ssl_certificate +\S+;/, `ssl_certificate ${folder}/certificate.pem;`],
    [/ssl_certificate_key +\S+;/, `ssl_certificate_key ${folder}/key.pem;`],
  ]);
  await writeFile(`${folder}/nginx.conf`, `
    daemon off;
    worker_processes 1;
    pid ${folder}/pid;
    ${process.getuid() === 0 ? 'user root;' : ''}
    events {}
    http {
      access_log off;
      ${TEMPORARY.map((what) => `${what}_temp_path ${folder}/${what};`).join('\n')}
      ${local}
    }`);
  const nginx = new Nginx(folder, port);
  await nginx.check();
  await nginx.start();
  atEnd(test, () => nginx.stop());
  return nginx;
}

/** A text with these parts replaced, each of which it must have once. */
export function replaceEach(text, replacements) {
  for (const [part, replacement] of replacements) {
    assert.equal(text.split(part).length, 2, `${part} stands once in ${text}`);
    text = text.replace(part, replacement);
  }
  return text;
}

class Nginx {
  #args;
  #child;
  #ended;

  constructor(folder, port) {
    this.#args = ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', 'stderr'];
    this.port = port;
    /** What it has written to its error log. */
    this.log = '';
  }

  /** `nginx -t`: fails with what nginx says against its configuration, and with what it warns of. */
  async check() {
    const { stderr } = await run(find('NGINX_BINARY'), ['-t', ...this.#args]);
    assert.match(stderr, /test is successful/);
    assert.doesNotMatch(stderr, /\[(warn|error|alert|emerg)\]/);
  }

  async start() {
    this.#child = spawn(find('NGINX_BINARY'), this.#args, { stdio: ['ignore', 'ignore', 'pipe'] });
    alive.add(this.#child);
    this.#ended = once(this.#child, 'close').finally(() => alive.delete(this.#child));
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.log += text));
    await until(() => this.#accepts());
  }

  /** Has new workers take over; the old ones stay until their connections end. */
  reload() {
    this.#child.kill('SIGHUP');
  }

  /** Ends nginx and all connections at once. */
  async stop() {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  async #accepts() {
    const socket = connect(this.port, '127.0.0.1');
    const outcome = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)])
      .catch(() => false);
    socket.destroy();
    return outcome;
  }
}

/** A certificate that nobody trusts. */
async function makeCertificate(folder, name) {
  const files = ['-keyout', `${folder}/key.pem`, '-out', `${folder}/certificate.pem`];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  await run(find('OPENSSL'), ['req', '-x509', '-nodes', '-days', '2', '-subj', `/CN=${name}`, ...curve, ...files]);
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
