import { readdirSync } from 'node:fs';
import { basename } from 'node:path';

const pages = readdirSync('src').filter((name) => name.endsWith('.js'));

export default {
  mode: 'production',
  entry: Object.fromEntries(pages.map((name) => [basename(name, '.js'), `./src/${name}`])),
};
