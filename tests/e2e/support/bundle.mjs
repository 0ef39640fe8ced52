// Pages that are bundled as an application's are, with esbuild, and served from an origin of their own.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

/** Where the sources of these pages are. */
const PAGES = fileURLToPath(new URL('../pages/', import.meta.url));

const HTML = '<!doctype html><meta charset="utf-8"><title>test page</title><div id="root"></div><script type="module" src="/page.js"></script>';

/**
 * Bundles `tests/e2e/pages/<name>` and serves it until `close()`; `url` is where. With `source` that is its text.
 *
 * `alias` has other modules stand in for the ones that the page imports, as a bundler's option of that name does;
 * `define` replaces global expressions, given as JavaScript text. `meeting-session-state` and its other entries are
 * those in `dist/`.
 */
export async function servePage(name, { source, alias = {}, define = {} } = {}) {
  const { outputFiles } = await build({
    ...(source ? { stdin: { contents: source, resolveDir: PAGES, loader: 'jsx' } } : { entryPoints: [join(PAGES, name)] }),
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    alias,
    define: { 'process.env.NODE_ENV': '"development"', ...define },
    logLevel: 'silent',
  });
  const listener = createServer(({ url }, response) => {
    const script = url === '/page.js';
    const found = script || /^\/(\?|$)/.test(url);
    response.writeHead(found ? 200 : 204, { 'content-type': script ? 'text/javascript' : 'text/html' });
    response.end(script ? outputFiles[0].text : found ? HTML : undefined);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    url: `http://127.0.0.1:${listener.address().port}/`,
    close() {
      listener.closeAllConnections();
      listener.close();
    },
  };
}
