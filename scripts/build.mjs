// Builds dist/, which is what the npm package publishes: one minified ES module for each entry and two that they share,
// one of them with the wasm inlined, and their types.

import { copyFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { inflate } from '../js/inflate.js';
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

/**
 * What is bundled, by its name in dist/: the source, and what of the others it imports instead of containing it.
 *
 * The wasm has a file of its own because its text and code have nothing in common: gzip, which finds one code for what
 * stands together, needs 1.8 KB less for them apart.
 */
const MODULES = {
  wasm: { source: 'target/browser/bytes.js' },
  core: { source: 'js/core.js', shares: { 'target/browser/bytes.js': 'wasm' } },
  index: { source: 'js/index.js', shares: { 'js/core.js': 'core' } },
  '100ms': { source: 'js/100ms/index.js', shares: { 'js/core.js': 'core' } },
  '100ms-react': { source: 'js/100ms/react.js', shares: { 'js/100ms/index.js': '100ms' }, client: true },
  react: { source: 'js/react.js', shares: { 'js/core.js': 'core' }, client: true },
};

/** The entries, by what an application imports, with the modules that a page loads for it. */
const ENTRIES = {
  'meeting-session-state': ['index', 'core', 'wasm'],
  'meeting-session-state/100ms': ['100ms', 'core', 'wasm'],
  'meeting-session-state/100ms/react': ['100ms-react', '100ms', 'core', 'wasm'],
  'meeting-session-state/react': ['react', 'core', 'wasm'],
};

const glue = join(root, 'target/browser');
const wasmFile = join(glue, 'meeting_session_state_bg.wasm');
const glueFile = join(glue, 'meeting_session_state.js');
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
  await step('Bundling dist/', bundle);
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
  // -aimfs, -ocimfs: the largest functions that are inlined always, and when called once; with these the sum deflates
  // best. -lmu: addresses below 1024 are where the stack would end just before it overflows, 1 MB down.
  const inlining = ['-aimfs=4', '-ocimfs=0'];
  const passes = ['-Oz', '--converge', ...inlining, '-lmu', '--strip-debug', '--strip-producers'];
  await run(wasmOpt, [...passes, wasmFile, '-o', wasmFile], { env });
  const renamed = await run(wasmOpt, ['--minify-imports-and-exports-and-modules', wasmFile, '-o', wasmFile], { env });
  await renameInGlue(JSON.parse(renamed));
}

/** The glue with the short names that the optimiser gave to imports and exports; the long ones are 1.3 KB (gzip). */
async function renameInGlue({ imports, exports }) {
  let code = await readFile(glueFile, 'utf8');
  for (const [, name, short] of imports) {
    if (!code.includes(` ${name}: function`)) throw new Error(`${glueFile} has no import ${name}`);
    code = code.replace(` ${name}: function`, ` ${short}: function`);
  }
  for (const [name, short] of exports) code = code.replaceAll(new RegExp(`\\bwasm\\.${name}\\b`, 'g'), `wasm.${short}`);
  // All imports are from the module that the optimiser calls "a".
  await writeFile(glueFile, code.replace('"./meeting_session_state_bg.js":', '"a":'));
}

/**
 * Inlines the wasm and bundles.
 *
 * Deflated and then base64: gzip takes the base64 out again, so the download grows by 1 % and the inflater, where plain
 * base64 hides from gzip most of what it could save. Zopfli takes a second and deflates 5 % better than zlib.
 */
async function bundle() {
  const esbuild = await import('esbuild');
  await rm(next, { recursive: true, force: true });
  await mkdir(next, { recursive: true });
  const wasm = await readFile(wasmFile);
  const inlined = await deflated(wasm);
  if (!wasm.equals(inflate(Buffer.from(inlined, 'base64'), wasm.length))) throw new Error('js/inflate.js cannot read the wasm');
  await writeFile(join(glue, 'bytes.js'), `export const length = ${wasm.length};\nexport const deflated = '${inlined}';\n`);
  const exported = {};
  for (const [name, { source, shares = {}, client = false }] of Object.entries(MODULES)) {
    const { outputFiles, metafile } = await esbuild.build({
      absWorkingDir: root,
      entryPoints: [source],
      bundle: true,
      write: false,
      metafile: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      // Chrome 114 and the like; but no top-level await, which some bundlers cannot take.
      target: 'es2022',
      supported: { 'top-level-await': false },
      define: { PACKAGE_VERSION: JSON.stringify(manifest.version) },
      external: ['react'],
      plugins: [shared(shares)],
      // Tells Next that these parts of a page run in the browser too.
      banner: client ? { js: '"use client";' } : {},
      legalComments: 'none',
      logLevel: 'silent',
    }).catch(failWith(esbuild));
    exported[name] = Object.values(metafile.outputs)[0].exports;
    // In what runs in the browser too, Next's webpack wants every export named.
    const named = (_, other) => `export{${exported[other]}}from"./${other}.js"`;
    await writeFile(join(next, `${name}.js`), outputFiles[0].text.replace(/export\*from"\.\/(\w+)\.js"/, named));
    if (!['core', 'wasm'].includes(name)) await copyFile(join(root, `js/${name}.d.ts`), join(next, `${name}.d.ts`));
  }
  await cp(join(root, 'js/types'), join(next, 'types'), { recursive: true });

  await rm(previous, { recursive: true, force: true });
  await rename(dist, previous).catch(ignoreMissing);
  await rename(next, dist);
  await rm(previous, { recursive: true, force: true });
}

/** Has a module import these sources from the module beside it that contains them. */
function shared(sources) {
  const paths = new Map(Object.entries(sources).map(([source, name]) => [join(root, source), `./${name}.js`]));
  return {
    name: 'shared',
    setup(builder) {
      builder.onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
        const found = paths.get(join(resolveDir, path));
        return found && { path: found, external: true };
      });
    },
  };
}

/** The wasm deflated, in base64. */
async function deflated(wasm) {
  const { deflateAsync } = (await import('@gfx/zopfli')).default;
  return Buffer.from(await deflateAsync(wasm, {})).toString('base64');
}

/** Importing must do nothing, so that a server that renders pages can: here in a process that has no WebAssembly. */
async function checkImport() {
  const imports = Object.keys(MODULES).map((name) => `await import(${JSON.stringify(`file://${dist}/${name}.js`)})`);
  await run('node', ['--input-type=module', '--eval', `delete globalThis.WebAssembly; ${imports.join(';')}`]);
}

async function checkSize() {
  const wasm = await readFile(wasmFile);
  const modules = {};
  for (const name of Object.keys(MODULES)) modules[name] = await readFile(join(dist, `${name}.js`));
  const line = (name, raw, zipped) => console.log(`  ${name.padEnd(38)}${bytes(raw)}${bytes(zipped)}`);
  console.log(`\n  ${'size in bytes'.padEnd(38)}${'raw'.padStart(10)}${'gzip -9'.padStart(10)}`);
  for (const [name, code] of Object.entries(modules)) line(`dist/${name}.js`, code.length, gzip(code));
  line('the wasm as a file of its own', wasm.length, gzip(wasm));
  const sum = (names, size) => names.reduce((total, name) => total + size(modules[name]), 0);
  console.log('\n  what a page loads for');
  for (const [entry, names] of Object.entries(ENTRIES)) {
    line(`  ${entry}`, sum(names, (code) => code.length), sum(names, gzip));
  }
  const loaded = sum(ENTRIES[manifest.name], gzip);
  console.log(`  budget of the first: ${bytes(BUDGET_GZIP).trim()} gzip -9\n`);
  if (loaded > BUDGET_GZIP) {
    throw new Failure(`The default entry is ${loaded - BUDGET_GZIP} bytes over its budget of ${BUDGET_GZIP} (gzip -9).`);
  }
}

function gzip(content) {
  return gzipSync(content, { level: 9 }).length;
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
