// Builds dist/, which is what the npm package publishes: the wasm module inlined in one minified ES module, and its types.

import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';

import { Failure, isMain, main, root, run, step } from './run.mjs';
import { setUp } from './setup.mjs';

/**
 * The most that the default entry may weigh, gzip -9.
 *
 * Measured the same way, Yjs with its WebSocket provider is 28 KB, Liveblocks' client 58 KB and daily-js 73 KB: above
 * 40 KB this package is no longer a small addition to a page.
 */
const BUDGET_GZIP = 40_000;

const BINARYEN_MAJOR = '132';

const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

const glue = join(root, 'target/browser');
const wasmFile = join(glue, 'meeting_session_state_bg.wasm');
const entry = join(root, 'js/index.js');
const dist = join(root, 'dist');
const next = join(root, 'target/dist-next');
const previous = join(root, 'target/dist-previous');

/** Where `buildServer` puts the server. */
export const serverBinary = join(root, 'target/release/meeting-session-server');

/** Builds the server, which holds the demo page and what `build` has made. */
export async function buildServer(env) {
  await run('cargo', ['build', '--quiet', '--release', '--locked', '-p', 'meeting-session-server'], { env });
}

/** Builds dist/ and checks its size. Needs what `setUp` installs, and its environment. */
export async function build(env) {
  await step('Compiling the browser module to wasm', () => compile(env));
  await step('Optimising the wasm', () => optimise(env));
  await step('Bundling dist/index.js', bundle);
  await checkImport();
  await checkSize();
}

async function compile(env) {
  const args = ['build', '--target', 'web', '--no-pack', '--no-typescript', '--no-gitignore', '--mode', 'no-install'];
  const names = ['--out-dir', 'target/browser', '--out-name', 'meeting_session_state'];
  await run('wasm-pack', [...args, ...names, '--profile', 'wasm', '.', '--locked'], { env });
}

/** Always with the pinned npm package: the wasm-opt of a distribution may be years old and break the module silently. */
async function optimise(env) {
  const wasmOpt = join(root, 'node_modules/.bin/wasm-opt');
  const version = await run(wasmOpt, ['--version'], { env });
  if (!version.includes(`version ${BINARYEN_MAJOR}`)) {
    throw new Failure(`node_modules has ${version.trim()} instead of version ${BINARYEN_MAJOR}: run \`npm ci\`.`);
  }
  // No --all-features: the module names the features that it uses, and with more of them no engine loads the result.
  await run(wasmOpt, ['-Oz', '-ocimfs=0', '--strip-debug', '--strip-producers', wasmFile, '-o', wasmFile], { env });
}

/**
 * Inlines the wasm and bundles.
 *
 * Deflated and then base64: gzip takes the base64 out again, so the download grows by 2 % and the inflater, where plain
 * base64 hides from gzip most of what it could save.
 */
async function bundle() {
  const esbuild = await import('esbuild');
  await rm(next, { recursive: true, force: true });
  await mkdir(next, { recursive: true });
  await writeFile(join(glue, 'bytes.js'), bytesModule(await readFile(wasmFile)));
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: join(next, 'index.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    // Chrome 114 and the like; but no top-level await, which some bundlers cannot take.
    target: 'es2022',
    supported: { 'top-level-await': false },
    define: { PACKAGE_VERSION: JSON.stringify(manifest.version) },
    legalComments: 'none',
    logLevel: 'silent',
  }).catch(failWith(esbuild));
  await copyFile(join(root, 'js/index.d.ts'), join(next, 'index.d.ts'));

  await rm(previous, { recursive: true, force: true });
  await rename(dist, previous).catch(ignoreMissing);
  await rename(next, dist);
  await rm(previous, { recursive: true, force: true });
}

function bytesModule(wasm) {
  const base64 = deflateRawSync(wasm, { level: 9 }).toString('base64');
  return `import { inflateSync } from 'fflate';
/** The bytes of the wasm module. */
export function wasmBytes() {
  const deflated = Uint8Array.from(atob('${base64}'), (char) => char.charCodeAt(0));
  return inflateSync(deflated, { out: new Uint8Array(${wasm.length}) });
}
`;
}

/** Importing must do nothing, so that a server that renders pages can: here in a process that has no WebAssembly. */
async function checkImport() {
  const script = `delete globalThis.WebAssembly; await import(${JSON.stringify(`file://${dist}/index.js`)})`;
  await run('node', ['--input-type=module', '--eval', script]);
}

async function checkSize() {
  const js = await readFile(join(dist, 'index.js'));
  const wasm = await readFile(wasmFile);
  const inlined = deflateRawSync(wasm, { level: 9 }).toString('base64');
  const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;
  const line = (name, raw, zipped) => console.log(`  ${name.padEnd(34)}${bytes(raw)}${bytes(zipped)}`);
  console.log(`\n  ${'size in bytes'.padEnd(34)}${'raw'.padStart(10)}${'gzip -9'.padStart(10)}`);
  line('dist/index.js', js.length, gzip(js));
  line('  of which inlined wasm', inlined.length, gzip(inlined));
  line('  of which JavaScript', js.length - inlined.length, gzip(js) - gzip(inlined));
  line('the wasm as a file of its own', wasm.length, gzip(wasm));
  console.log(`  budget: ${bytes(BUDGET_GZIP).trim()} gzip -9\n`);
  if (gzip(js) > BUDGET_GZIP) {
    throw new Failure(`dist/index.js is ${gzip(js) - BUDGET_GZIP} bytes over its budget of ${BUDGET_GZIP} (gzip -9).`);
  }
}

function bytes(count) {
  return count.toLocaleString('en').padStart(10);
}

function failWith(esbuild) {
  return async ({ errors }) => {
    throw new Failure((await esbuild.formatMessages(errors, { kind: 'error' })).join('').trim());
  };
}

function ignoreMissing(error) {
  if (error.code !== 'ENOENT') throw error;
}

if (isMain(import.meta)) await main(async () => build(await setUp()));
