// Node requires ES modules since 20.19.

const check = require('./checks.cjs');

check(require);
