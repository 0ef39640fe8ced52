import { readdirSync } from 'node:fs';

import commonjs from '@rollup/plugin-commonjs';
import resolve from '@rollup/plugin-node-resolve';
import replace from '@rollup/plugin-replace';
import terser from '@rollup/plugin-terser';

const pages = readdirSync('src').filter((name) => name.endsWith('.js'));

export default {
  input: pages.map((name) => `src/${name}`),
  output: { dir: 'dist' },
  plugins: [
    resolve({ browser: true }),
    // What React, which is CommonJS, needs.
    commonjs(),
    replace({ 'process.env.NODE_ENV': '"production"', preventAssignment: true }),
    terser(),
  ],
};
