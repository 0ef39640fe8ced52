// Runs a test by its name: the only file here that the page imports by itself.
//
// The server of wasm-bindgen's test runner may leave a request unanswered when several connections come at once, so the
// files are imported one after the other, those that others import first.

const IMPORTED_BY_OTHERS = [
  ...['errors', 'address', 'convert', 'draft', 'emitter', 'page', 'shallow', 'subscribe', 'call'].map((name) => `../../js/${name}.js`),
  './support.js',
];

/** Runs the test `name` of a file. `environment` is what `setUp` in support.js takes. */
export async function run(file, name, ...environment) {
  for (const path of IMPORTED_BY_OTHERS) await import(path);
  const { setUp } = await import('./support.js');
  setUp(...environment);
  const tests = await import(`./${file}.js`);
  await tests[name]();
}
