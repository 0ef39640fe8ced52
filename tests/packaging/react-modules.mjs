// React as ES modules, which npm doesn't have: a page without a bundler gets them from a CDN that makes them like this.

import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { build } from 'esbuild';

const MODULES = { react: 'react.js', 'react-dom/client': 'react-dom-client.js' };

/** Writes the project's React to its `vendor`; resolves to what an import map has to say about it. */
export async function addReactModules(project) {
  const require = createRequire(project.path('package.json'));
  mkdirSync(project.path('vendor'));
  for (const [module, file] of Object.entries(MODULES)) {
    const names = Object.keys(require(module)).join(', ');
    writeFileSync(project.path('vendor', file), `import whole from '${module}';\nexport const { ${names} } = whole;\n`);
  }
  await build({
    absWorkingDir: project.directory,
    entryPoints: Object.values(MODULES).map((file) => `vendor/${file}`),
    outdir: 'vendor',
    allowOverwrite: true,
    bundle: true,
    // Both have to share one React.
    splitting: true,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  });
  return Object.fromEntries(Object.entries(MODULES).map(([module, file]) => [module, `/vendor/${file}`]));
}
