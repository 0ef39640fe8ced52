import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { defineConfig } from 'vite';

const root = join(import.meta.dirname, 'src');
const pages = readdirSync(root).filter((name) => name.endsWith('.html'));

export default defineConfig({
  root,
  build: { outDir: '../dist', rollupOptions: { input: pages.map((name) => join(root, name)) } },
});
