// The package as applications get it: the tarball, what importing it does, and the statics of its entry.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

import { atEnd } from './support/at-end.mjs';
import { BROWSERS, launch, openPage } from './support/browsers.mjs';
import { eventually, openPeer } from './support/peers.mjs';
import { startServer } from './support/server.mjs';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** The files of the tarball that `npm publish` would send. */
let files;
let server;
before(async () => {
  [files, server] = await Promise.all([pack(), startServer()]);
});
after(() => server?.stop());

describe('the tarball', () => {
  it('holds the module, its types and what describes them, and nothing else', async () => {
    const entries = ['100ms-react', '100ms', 'index', 'react'].flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
    const types = (await readdir(join(root, 'js/types'), { recursive: true })).filter((name) => name.endsWith('.d.ts'));
    const shared = ['dist/core.js', 'dist/wasm.js', ...types.map((name) => `dist/types/${name}`)];
    const expected = ['LICENSE', 'README.md', ...entries, ...shared, 'package.json'].sort();
    assert.deepEqual([...files.keys()].sort(), expected);
  });

  it('holds every file that its package.json names', () => {
    const { exports, main, module, types, dependencies } = JSON.parse(files.get('package.json'));
    const exported = Object.values(exports).flatMap((one) => (typeof one === 'string' ? one : Object.values(one)));
    const named = [main, module, types, ...exported];
    for (const path of named) assert.ok(files.has(path.replace('./', '')), path);
    assert.equal(dependencies, undefined);
  });

  it('can be imported where there is no browser and no WebAssembly', async () => {
    const script = `
      delete globalThis.WebAssembly;
      const { default: Daily, ...named } = await import(${JSON.stringify(`file://${root}dist/index.js`)});
      const supported = Daily.supportedBrowser().supported;
      console.log(JSON.stringify([Object.keys(named).sort(), Daily.version(), supported, Daily.getCallInstance() ?? null]));
    `;
    const { stdout } = await run('node', ['--input-type=module', '--eval', script]);
    const names = ['Call', 'SessionError', 'createCallObject', 'getCallInstance', 'supportedBrowser', 'version'];
    assert.deepEqual(JSON.parse(stdout), [names, manifest.version, false, null]);
  });
});

for (const name of BROWSERS) {
  describe(`the module, in ${name}`, () => {
    let browser;
    before(async () => (browser = await launch(name)));
    after(() => browser?.close());

    /** A page that serves the packed module as a static file, with this Content-Security-Policy. */
    async function openStatic(test, { csp, allow } = {}) {
      const http = createServer((request, response) => {
        const module = files.get(`dist${request.url}`);
        if (csp) response.setHeader('content-security-policy', csp);
        response.setHeader('content-type', module ? 'text/javascript' : 'text/html; charset=utf-8');
        response.end(module ?? '<!doctype html><title>static</title><link rel="icon" href="data:,">');
      });
      http.listen(0, '127.0.0.1');
      await once(http, 'listening');
      atEnd(test, () => http.close() && http.closeAllConnections());
      return openPage(test, browser, `http://127.0.0.1:${http.address().port}/`, { allow });
    }

    it('joins a session from a plain page of a static server', async (test) => {
      const page = await openStatic(test, { csp: "script-src 'self' 'wasm-unsafe-eval'" });
      const ana = await openPeer(test, browser, server);
      const url = server.sessionUrl(`static-${name}`);
      await ana.join(url, { userName: 'Ana' });
      const joined = await page.evaluate(async (url) => {
        const { default: Daily } = await import('/index.js');
        const call = Daily.createCallObject({ url, userName: 'Bo' });
        await call.join();
        call.setMeetingSessionData({ from: 'static' });
        return Object.values(call.participants()).map((one) => one.user_name).sort();
      }, url);
      assert.deepEqual(joined, ['Ana', 'Bo']);
      await eventually(() => ana.data(), { from: 'static' });
    });

    it('does nothing when it is imported, and compiles once, with the first call', async (test) => {
      const page = await openStatic(test);
      const seen = await page.evaluate(async () => {
        const seen = [];
        const watch = (object, name, kind = 'apply') => {
          const handler = { [kind]: (...args) => seen.push(name) && Reflect[kind](...args) };
          object[name] = new Proxy(object[name], handler);
        };
        for (const name of ['compile', 'compileStreaming', 'instantiate', 'instantiateStreaming']) watch(WebAssembly, name);
        watch(WebAssembly, 'Module', 'construct');
        for (const name of ['addEventListener', 'setTimeout', 'setInterval', 'fetch']) watch(window, name);
        watch(window, 'WebSocket', 'construct');
        const globals = Object.keys(window);
        const { createCallObject } = await import('/index.js');
        const imported = [...seen, ...Object.keys(window).filter((key) => !globals.includes(key))];
        createCallObject();
        createCallObject({ allowMultipleCallInstances: true });
        return { imported, created: seen };
      });
      assert.deepEqual(seen, { imported: [], created: ['Module'] });
    });

    it('says what to do where the policy of the page forbids WebAssembly', async (test) => {
      // Browsers themselves report the violation too.
      const page = await openStatic(test, { csp: "script-src 'self'", allow: [/Content.Security.Policy|wasm-unsafe-eval/i] });
      const errors = await page.evaluate(async () => {
        const { createCallObject, getCallInstance } = await import('/index.js');
        const attempt = () => {
          try {
            createCallObject();
          } catch (error) {
            return [error.constructor === Error, error.message, error.cause?.name];
          }
        };
        return [attempt(), attempt(), getCallInstance() === undefined];
      });
      const message =
        "meeting-session-state could not compile its module: the page's Content-Security-Policy must allow script-src 'wasm-unsafe-eval'";
      const expected = [true, message, 'CompileError'];
      assert.deepEqual(errors, [expected, expected, true]);
    });

    it('allows one call at a time, unless it is told otherwise', async (test) => {
      const page = await openStatic(test);
      const seen = await page.evaluate(async () => {
        const warnings = [];
        console.warn = (text) => warnings.push(text);
        const { default: Daily, Call } = await import('/index.js');
        const create = (options) => {
          try {
            return Daily.createCallObject(options);
          } catch (error) {
            return error.message;
          }
        };
        const first = create();
        const refused = [create(), create({ allowMultipleCallInstances: false })];
        const second = create({ allowMultipleCallInstances: true });
        const unwarned = warnings.length;
        const third = create({ strictMode: false });
        const found = {
          first: Daily.getCallInstance() === first,
          byId: [first, second, third].every((call) => Daily.getCallInstance(call.callClientId) === call),
          unknown: Daily.getCallInstance('another') ?? null,
          ids: new Set([first, second, third].map((call) => call.callClientId)).size,
          isCall: first instanceof Call && Daily === Call,
        };
        const { callClientId } = first;
        await first.destroy();
        const afterOne = [
          Daily.getCallInstance() === second,
          Daily.getCallInstance(callClientId) ?? null,
          first.isDestroyed(),
          first.callClientId ?? null,
        ];
        await second.destroy();
        await third.destroy();
        const afterAll = [Daily.getCallInstance() ?? null, create() === Daily.getCallInstance()];
        return { refused, unwarned, warnings, found, afterOne, afterAll };
      });
      const duplicate = 'Duplicate DailyIframe instances are not allowed';
      assert.deepEqual(seen, {
        refused: [duplicate, duplicate],
        unwarned: 0,
        warnings: ['strictMode: false is deprecated, use allowMultipleCallInstances: true'],
        found: { first: true, byId: true, unknown: null, ids: 3, isCall: true },
        afterOne: [true, null, true, null],
        afterAll: [null, true],
      });
    });

    it('carries the statics on its default export, and knows its version and browser', async (test) => {
      const page = await openStatic(test);
      const seen = await page.evaluate(async () => {
        const { default: Daily, ...named } = await import('/index.js');
        const same = Object.keys(named).filter((name) => Daily[name] && named[name] === Daily[name]).sort();
        return { same, version: Daily.version(), browser: Daily.supportedBrowser() };
      });
      assert.deepEqual(seen.same, ['createCallObject', 'getCallInstance', 'supportedBrowser', 'version']);
      assert.equal(seen.version, manifest.version);
      const { name: browserName, version, supported, mobile, supportsSfu } = seen.browser;
      assert.deepEqual([supported, mobile, supportsSfu], [true, false, true]);
      // Of the rest of the version browsers tell pages only zeros.
      const [, major] = /\/(\d+)\./.exec(await browser.version());
      assert.match(version, new RegExp(`^${major}(\\.\\d+)+$`));
      assert.equal(browserName, name === 'firefox' ? 'Firefox' : 'Chrome');
    });
  });
}

/** Packs the package as `npm publish` does; resolves to its files by path. */
async function pack() {
  const directory = await mkdtemp(join(tmpdir(), 'meeting-session-pack-'));
  try {
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory], { cwd: root });
    const [tarball] = await readdir(directory);
    return untar(gunzipSync(await readFile(join(directory, tarball))));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The files of a tar archive by path, without the `package/` that all of them begin with. */
function untar(bytes) {
  const files = new Map();
  const text = (from, to) => bytes.toString('latin1', from, to).replace(/\0.*$/s, '');
  for (let at = 0; bytes[at] !== 0; ) {
    const size = parseInt(text(at + 124, at + 136), 8);
    const isFile = ['0', ''].includes(text(at + 156, at + 157));
    if (isFile) files.set(text(at, at + 100).replace('package/', ''), bytes.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
