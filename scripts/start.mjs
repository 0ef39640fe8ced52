// `npm start`: from a fresh clone to a running server, whose first line is the address of the demo.
//
// Arguments after `--` go to the server: npm start -- --listen 127.0.0.1:9000
//
// package.json says `exec node` because npm's shell would end at a Ctrl-C before this script has.

import { build, buildServer, serverBinary } from './build.mjs';
import { Failure, exit, main, onStop, start, step } from './run.mjs';
import { setUp } from './setup.mjs';

await main(async () => {
  const env = await setUp();
  await build(env);
  await step('Building the server (a few minutes the first time)', () => buildServer(env));
  await serve(env);
});

/** Runs the server until it ends; being told to stop is its normal end. */
async function serve(env) {
  const server = start(serverBinary, process.argv.slice(2), { env, stdio: ['ignore', 'inherit', 'inherit'] });
  let stopping = false;
  onStop(() => {
    stopping = true;
    server.kill('SIGTERM');
  });
  const { code } = await exit(server);
  if (code !== 0 && !stopping) throw new Failure('The server ended by itself.');
}
